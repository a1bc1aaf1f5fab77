"""A month of nights comes to what one audit of the month says, and tells nothing twice."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auditor.auditing import audit
from auditor.intake import IntakeOptions, read_claims
from auditor.ledger import store
from auditor.reference import load_reference
from auditor.result import AuditOptions
from auditor.rules import catalogue
from tests.nightly.month import (
    FIRST,
    Claims,
    Clinic,
    Files,
    Row,
    Size,
    changed_claims,
    changed_lines,
    export,
    to_date,
)
from tests.nightly.office import Office

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from auditor.nightly.outcome import Figures

SEED = 6
NOT_ALIKE = {rule.id for rule in catalogue() if rule.whole_batch} | {"ANE-3"}
"""Rules that compare patients with each other: a night knows some of them."""
SAYS = (
    "rule_id", "tier", "patient_id", "claim_id", "line_number", "service_date", "code", "modifiers",
    "amount_at_risk", "amount_basis", "counterpart_claim_id", "counterpart_line_number",
    "counterpart_code", "also", "message",
)  # fmt: skip
Told = Counter[tuple[Any, ...]]


@dataclass
class Nights:
    """An office that has its exports night by night."""

    office: Office

    def run(self, files: Files, missed: Collection[int] = ()) -> None:
        """All nights; those in `missed` (from 0) leave their files to the next."""
        waiting: list[list[Row]] = []
        for n, rows in enumerate(files):
            if rows:
                waiting.append(rows)
                (self.office.root / "inbox" / f"clinic-{n:03}.csv").write_bytes(export(rows))
            if n in missed or not waiting:
                continue
            figures = self.night(n)
            assert figures.files == len({export(rows) for rows in waiting})
            assert figures.lines_read == sum(map(len, waiting))
            waiting = []

    def night(self, n: int) -> Figures:
        """One night: everything that was read is accounted for."""
        (told,) = self.office.night(str(FIRST + timedelta(n)), report=False).feeds
        assert told.error is None
        figures = told.figures
        assert figures is not None
        assert figures.lines_read == (
            figures.lines_audited
            + figures.lines_seen_before
            + figures.lines_set_aside
            + figures.lines_rejected
        )
        return figures

    def opened(self) -> Told:
        """What is open in the end, in the words in which it was told last."""
        told = pl.concat(
            pl.read_parquet(path)
            for path in sorted((self.office.root / "outbox").glob("*/*/*-findings.parquet"))
        )
        with store.opened(self.office.root / "state" / "ledger.sqlite") as ledger:
            rows = ledger.execute(
                "SELECT finding_id, run_id FROM open_findings JOIN runs ON run = last_run"
            ).fetchall()
        last = pl.DataFrame(
            rows, schema=dict.fromkeys(("finding_id", "run_id"), pl.String), orient="row"
        )
        found = told.join(last, on=["finding_id", "run_id"], how="semi")
        assert found.height == last.height
        return said(found)

    def new_twice(self) -> list[tuple[Any, ...]]:
        """Findings on one line that were new more than once, whatever their ids."""
        with store.opened(self.office.root / "state" / "ledger.sqlite") as ledger:
            return ledger.execute(
                "SELECT rule_id, claim_id, line_number, patient_id, service_date, code, count(*)"
                " FROM finding_events JOIN findings USING (finding)"
                " WHERE event = 'new' AND line_number IS NOT NULL"
                " GROUP BY 1, 2, 3, 4, 5, 6 HAVING count(*) > 1"
            ).fetchall()

    def open_twice(self) -> list[tuple[Any, ...]]:
        """Lines of which one rule says the same thing more than once."""
        with store.opened(self.office.root / "state" / "ledger.sqlite") as ledger:
            return ledger.execute(
                "SELECT rule_id, claim_id, line_number, code, count(*) FROM open_findings"
                " WHERE line_number IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
            ).fetchall()


def said(findings: pl.DataFrame) -> Told:
    """What findings say, wherever they stood in a file."""
    alike = findings.filter(~pl.col("rule_id").is_in(NOT_ALIKE))
    return Counter(alike.select(SAYS).rows())


def one_audit(rows: list[Row], room: Path, reference: Path, as_of: date) -> Told:
    """What one audit of all lines says: each was received when it arrived."""
    path = room / "whole.csv"
    path.write_bytes(export(rows))
    intake = read_claims([path], IntakeOptions(line_of_business="medicare"))
    assert intake.lines.height + intake.rejected.height == len(rows)
    found = audit(intake, load_reference(reference), AuditOptions(as_of, "one"))
    return said(found.findings)


def assert_alike(nights: Told, one: Told) -> None:
    only = [("nights", each, n) for each, n in sorted((nights - one).items(), key=str)]
    only += [("one audit", each, n) for each, n in sorted((one - nights).items(), key=str)]
    assert not only, "\n".join(map(str, only))


def proved(  # noqa: PLR0913 - what a month is of
    files: Files,
    whole: list[Row],
    room: Path,
    reference: Path,
    *,
    mode: str = "snapshot",
    missed: Collection[int] = (),
) -> Told:
    """The nights of `files` come to what one audit of `whole` says; answers what is open."""
    nights = Nights(Office(room / "office", reference, mode=mode))
    nights.run(files, missed)
    last = FIRST + timedelta(len(files) - 1)
    found = nights.opened()
    assert_alike(found, one_audit(whole, room, reference, last))
    assert nights.new_twice() == []
    assert nights.open_twice() == []
    return found


def shuffled(files: Files, dice: Random) -> Files:
    """The rows of each file in another order."""
    return [dice.sample(rows, len(rows)) for rows in files]


def month(seed: int, **about: Any) -> list[Claims]:  # noqa: ANN401 - fields of Size
    """A month by dice."""
    return Clinic(Random(seed), Size(**about)).month()  # noqa: S311 - a sample


def test_thirty_exports_of_a_month(reference: Path, tmp_path: Path) -> None:
    """Most nights are missed, so that some take several exports; rows come in any order."""
    files = to_date(month(SEED))
    missed = set(range(29)) - {0, 1, 2, 5, 9, 10, 11, 17, 23}
    mixed = shuffled(files, Random(SEED))  # noqa: S311 - a sample
    found = proved(mixed, files[-1], tmp_path, reference, missed=missed)
    assert {"PTP-1", "AOC-1", "MUE-3", "DUP-1", "GLB-24", "EM-NEW"} <= {each[0] for each in found}


def test_exports_of_changed_lines(reference: Path, tmp_path: Path) -> None:
    nights = month(SEED, by_line=True)
    missed = set(range(29)) - {0, 3, 4, 10, 16, 22}
    found = proved(
        changed_lines(nights),
        to_date(nights)[-1],
        tmp_path,
        reference,
        mode="delta",
        missed=missed,
    )
    assert {"PTP-1", "AOC-1", "MUE-3", "DUP-1"} <= {each[0] for each in found}


@pytest.mark.long
@pytest.mark.parametrize("way", ["month-to-date", "claims", "missed", "shuffled", "lines"])
@pytest.mark.parametrize("seed", [6, 7, 8])
def test_every_night_of_a_month(way: str, seed: int, reference: Path, tmp_path: Path) -> None:
    """The same month as it may come: all of it every night, or only what changed."""
    nights = month(seed, by_line=way == "lines")
    whole = to_date(nights)
    files = {"claims": changed_claims, "lines": changed_lines}.get(way, to_date)(nights)
    if way == "shuffled":
        files = shuffled(files, Random(seed))  # noqa: S311 - a sample
    mode = "delta" if way == "lines" else "snapshot"
    missed = (10, 11, 12) if way == "missed" else ()
    proved(files, whole[-1], tmp_path, reference, mode=mode, missed=missed)


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Claims], bool]:
    """A few nights in which much happens to few patients; whether lines come one by one."""
    by_line = draw(st.booleans())
    size = Size(nights=draw(st.integers(2, 6)), patients=3, claims=4, events=6, by_line=by_line)
    return Clinic(draw(st.randoms(use_true_random=False)), size).month(), by_line


@pytest.mark.long
@settings(max_examples=100)
@given(made=months(), missed=st.sets(st.integers(0, 4)), dice=st.randoms(use_true_random=False))
def test_random_months(
    made: tuple[list[Claims], bool],
    missed: set[int],
    dice: Random,
    reference: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nights, by_line = made
    missed.discard(len(nights) - 1)
    files = changed_lines(nights) if by_line else dice.choice((to_date, changed_claims))(nights)
    # An export of which no row can be read is refused whole.
    assume(all(any(not row.bad for row in rows) for rows in files if rows))
    room = tmp_path_factory.mktemp("month")
    mode = "delta" if by_line else "snapshot"
    whole = to_date(nights)[-1]
    proved(shuffled(files, dice), whole, room, reference, mode=mode, missed=missed)
    shutil.rmtree(room)
