"""`auditor trend`: the nights on the terminal and in a file."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from auditor.cli.trend import NIGHTS
from auditor.ledger import opened
from schemas import Trend
from tests.ledger.nights import FIRST, finding, night

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Three nights of one feed and two of another."""
    path = tmp_path / "l.sqlite"
    one, two = finding(1), finding(2, rule_id="PTP-1", amount_basis="charge", rendering_npi=None)
    three = finding(3, tier="review", amount_at_risk=Decimal("1234.50"))
    info = finding(4, tier="info", amount_at_risk=Decimal(0), amount_basis="none")
    with opened(path) as connection:
        night(connection, 0, [one, two, three, info])
        night(connection, 1, [one], looked=[two])
        night(connection, 2, [two, three], looked=[one])
        night(connection, 1, [finding(9)], feed="hospital")
        night(connection, 2, feed="hospital")
    return path


@pytest.mark.usefixtures("ledger")
def test_what_is_printed(run: Callable[..., Any], golden: Callable[[Path, str], None]) -> None:
    shown = []
    for args in (
        (),
        ("--feed", "clinic", "--since", "2026-11-02"),
        ("--by", "rule"),
        ("--by", "amount", "--feed", "clinic"),
        ("--by", "practitioner"),
        ("--feed", "ward"),
        ("--by", "rules"),
        ("--since", "2027-01-01"),
        ("--out", "t.xlsx"),
    ):
        told = run("trend", *args, "--ledger", "l.sqlite")
        shown.append(f"$ auditor trend {' '.join(args)}\n{told.out}{told.err}[{told.code}]\n")
        for hidden in ("1234567893", "P1", "C1", f"{1:032x}"):
            assert hidden not in told.out + told.err
    golden(SNAPSHOTS / "trend.txt", "\n".join(shown))


@pytest.mark.parametrize(
    ("by", "column"), [("rule", "rule_id"), ("practitioner", "rendering_npi"), ("amount", None)]
)
@pytest.mark.usefixtures("ledger")
def test_a_file_has_every_night(
    run: Callable[..., Any], tmp_path: Path, by: str, column: str | None
) -> None:
    told = run("trend", "--by", by, "--out", "t.csv", "--ledger", "l.sqlite")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("Wrote ")
    path = tmp_path / "t.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = pl.read_csv(path, infer_schema=False)
    assert found.columns == list(Trend.to_schema().columns)
    assert set(found["feed"]) == {"clinic", "hospital"}
    named = {c for c in ("rule_id", "rendering_npi") if found[c].null_count() < found.height}
    assert named == ({column} if column else set())
    assert found["new"].cast(pl.Int32).sum() == 5
    again = run("trend", "--by", by, "--out", "t.csv", "--ledger", "l.sqlite", "--feed", "clinic")
    assert again.code == 0, "a file there is replaced"
    assert pl.read_csv(path)["new"].sum() == 4


def test_many_nights_are_told_in_short(run: Callable[..., Any], tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as connection:
        for number in range(NIGHTS + 2):
            night(connection, number, [finding(1)])
    told = run("trend", "--ledger", "l.sqlite")
    assert told.out.startswith(f"The last {NIGHTS} of {NIGHTS + 2} rows.\n")
    assert FIRST.isoformat() not in told.out


def test_without_a_ledger_or_a_night_it_is_said(run: Callable[..., Any], tmp_path: Path) -> None:
    told = run("trend", "--ledger", "l.sqlite")
    assert (told.code, told.out) == (3, "")
    assert "There is no ledger here." in told.err
    with opened(tmp_path / "l.sqlite"):
        pass
    told = run("trend", "--ledger", "l.sqlite")
    assert (told.code, told.out.splitlines()[0]) == (0, "No night fits.")
