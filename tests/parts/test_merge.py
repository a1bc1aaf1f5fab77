"""Findings of parts, each in order, come out as one order, a few at a time."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from auditor.engine.findings import in_order
from auditor.parts.merge import merged
from auditor.parts.run import OnDisk
from auditor.report import write_findings
from auditor.result import AuditOptions, AuditResult
from auditor.tally import KEY, added, tally
from schemas import Coverage, Findings, RejectedRows, Repairs, SetAside, dtypes, empty

if TYPE_CHECKING:
    from pathlib import Path


def made(count: int, *, ties: bool = False) -> pl.DataFrame:
    """So many findings in order; ties: all alike but for their id, or for line and id."""
    draw = random.Random(count)  # noqa: S311 - made-up claims, no secret
    rows = []
    for n in range(count):
        tier = "review" if ties else draw.choice(["certain", "review", "info"])
        none = tier == "info" or (not ties and draw.random() < 0.2)
        rows.append(
            {
                "finding_id": f"{n * 7919 % 10_007:032x}",
                "rule_id": "PTP-1" if ties else draw.choice(["PTP-1", "AOC-1"]),
                "rule_name": "a-rule",
                "tier": tier,
                "source_file": "=a.csv",
                "source_row": 2 if ties else n,
                "claim_id": "C1" if ties else f"C{draw.randrange(9)}",
                "line_number": None if n % 2 or ties else draw.randrange(3),
                "patient_id": f"P{n}",
                "amount_at_risk": None if none else Decimal(0 if ties else draw.randrange(4)),
                "amount_basis": "none" if none else draw.choice(["allowed", "charge"]),
                "message": 'said "so", and\nso',
                "first_seen": date(2026, 1, 5),
            }
        )
    return in_order(pl.DataFrame(rows, schema=dtypes(Findings), orient="row"))


def divided(found: pl.DataFrame, folder: Path, *shares: int) -> tuple[Path, ...]:
    """Files with the findings of parts: in each group of sum(shares) rows so many for each."""
    place = pl.int_range(pl.len()) % sum(shares)
    paths, start = [], 0
    for part, share in enumerate(shares):
        path = folder / f"{part}.parquet"
        mine = found.filter(place.is_between(start, start + share, closed="left"))
        mine.write_parquet(path, row_group_size=4)
        paths.append(path)
        start += share
    return tuple(paths)


@pytest.mark.parametrize("most", [1, 2, 7, 50, 199, 200, 201, 100_000])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("shares", [(1,), (1, 1, 1), (5, 0, 1, 0)])
def test_pieces_are_the_whole_order(
    most: int, shares: tuple[int, ...], tmp_path: Path, *, ties: bool
) -> None:
    found = made(200, ties=ties)
    pieces = list(merged(divided(found, tmp_path, *shares), most))
    assert [piece.height for piece in pieces[:-1]] == [most] * (len(pieces) - 1)
    assert 0 < pieces[-1].height <= most
    assert_frame_equal(pl.concat(pieces), found)


def test_of_nothing_comes_a_piece_without_rows(tmp_path: Path) -> None:
    (piece,) = merged(divided(made(0), tmp_path, 1, 1), 10)
    assert piece.is_empty()
    assert piece.schema == pl.Schema(dtypes(Findings))


def test_what_is_held_does_not_grow_with_the_findings(tmp_path: Path) -> None:
    """A stretch is cut where the rows are: also where all of them are tied but for the last."""
    from auditor.parts.merge import _stretches

    for ties in (False, True):
        files = divided(made(3000, ties=ties), tmp_path, 2, 1, 1)
        sizes = [stretch.height for stretch in _stretches(files, 100)]
        assert max(sizes) <= 200
        assert sum(sizes) == 3000


def result(found: pl.DataFrame | tuple[Path, ...]) -> AuditResult | OnDisk:
    """An audit of no lines with these findings."""
    given: dict[str, Any] = {
        "coverage": empty(Coverage),
        "rejected": empty(RejectedRows),
        "set_aside": empty(SetAside),
        "repairs": empty(Repairs),
        "files": (),
        "lines_read": 0,
        "lines_audited": 0,
        "lines_by_business": {},
        "first_service_date": None,
        "last_service_date": None,
        "releases": (),
        "options": AuditOptions(date(2026, 1, 5), "r"),
        "notes": (),
    }
    if isinstance(found, pl.DataFrame):
        return AuditResult(findings=found, **given)
    sums = added(pl.concat(tally(pl.read_parquet(path)) for path in found))
    return OnDisk(sums=sums, findings_in=found, **given)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("count", [0, 1, 64, 65, 200])
def test_files_have_the_same_bytes(
    suffix: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.result.PIECE", 64)
    monkeypatch.setattr("auditor.parts.run.PIECE", 64)
    found = made(count)
    files = divided(found, tmp_path, 2, 1, 3)
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    write_findings(result(found), one)
    write_findings(result(files), other)
    assert one.read_bytes() == other.read_bytes()
    if suffix == "parquet":
        assert_frame_equal(pl.read_parquet(one), found)


def test_tallies_add_up() -> None:
    found = made(300)
    halves = [tally(half) for half in (found.head(120), found.tail(180))]
    whole = added(pl.concat(halves))
    assert_frame_equal(whole, tally(found))
    for row in whole.iter_rows(named=True):
        mine = found.filter(pl.col(name) == row[name] for name in KEY)
        amounts = [each for each in mine["amount_at_risk"] if each is not None]
        assert (row["findings"], row["amounts"]) == (mine.height, len(amounts))
        assert row["amount"] == sum(amounts, Decimal(0))
    assert whole["findings"].sum() == 300
    assert tally(made(0)).is_empty()
    assert tally(made(0)).schema == whole.schema
