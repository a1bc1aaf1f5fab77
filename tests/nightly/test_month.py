"""A month of nights comes to what one audit of the month says, and tells nothing twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.auditing import audit
from auditor.intake import IntakeOptions, read_claims
from auditor.ledger import store
from auditor.reference import load_reference
from auditor.result import AuditOptions
from auditor.rules import catalogue
from tests.nightly.month import (
    FIRST,
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
    from collections.abc import Sequence
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

    def run(self, files: Files, missed: Sequence[int] = ()) -> None:
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
        last = pl.DataFrame(rows, schema=["finding_id", "run_id"], orient="row")
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
    missed: Sequence[int] = (),
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


def shuffled(files: Files, seed: int) -> Files:
    """The rows of each file in another order."""
    dice = Random(seed)  # noqa: S311 - a sample
    return [dice.sample(rows, len(rows)) for rows in files]


@pytest.fixture(scope="module")
def month() -> list[dict[str, tuple[Row, ...]]]:
    return Clinic(Random(SEED), Size()).month()  # noqa: S311 - a sample


def test_thirty_exports_of_a_month(
    month: list[dict[str, tuple[Row, ...]]], reference: Path, tmp_path: Path
) -> None:
    files = to_date(month)
    found = proved(files, files[-1], tmp_path, reference)
    print(sum(found.values()), Counter(f[0] for f in found), len(files[-1]))


def test_only_changed_claims(
    month: list[dict[str, tuple[Row, ...]]], reference: Path, tmp_path: Path
) -> None:
    files = changed_claims(month)
    proved(files, to_date(month)[-1], tmp_path, reference)


def test_missed_and_shuffled(
    month: list[dict[str, tuple[Row, ...]]], reference: Path, tmp_path: Path
) -> None:
    files = to_date(month)
    proved(shuffled(files, 1), files[-1], tmp_path, reference, missed=(4, 10, 11, 12))


def test_only_changed_lines(reference: Path, tmp_path: Path) -> None:
    month = Clinic(Random(SEED), Size(by_line=True)).month()  # noqa: S311 - a sample
    whole = to_date(month)[-1]
    proved(changed_lines(month), whole, tmp_path, reference, mode="delta")
