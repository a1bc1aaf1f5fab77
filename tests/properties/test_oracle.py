"""The auditor and the oracle agree on every batch; and what must not matter does not.

A disagreement prints the batch in the notation of the rules' examples.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
from batches import PRACTITIONERS, Lost, Raw, batches, frame, lost_lines
from compare import Bag, content, difference, notation, of_auditor, of_oracle
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from oracle.harness import found, rejected_rows, run
from oracle.oracle import JUDGED, judge
from oracle.tables import tables
from polars.testing import assert_frame_equal
from tables import AOC, FAMILIES, FEES, MUE, PTP

from auditor.reference import memory_reference

STRANGERS = ("1333333338", "1888888884", "1999999992")
REFERENCE = memory_reference(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)
TABLES = tables(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)


def rounds(many: int) -> settings:
    """A third of so many examples; with --run-long so many times what the profile asks for.

    A quick run shows the first disagreement as it is; a long one takes minutes to make it small.
    """
    name = settings.get_current_profile_name()
    times = max(1, settings.get_profile(name).max_examples // 25)
    phases = [Phase.explicit, Phase.generate] + ([Phase.shrink] if times > 1 else [])
    return settings(max_examples=many * times if times > 1 else max(3, many // 3), phases=phases)


class Night(NamedTuple):
    """A batch, and what of it could not be placed."""

    rows: list[Raw]
    lost: list[Lost]

    def __repr__(self) -> str:
        return f"\n{notation(self.rows)}\nlost: {self.lost}\n"


@st.composite
def nights(draw: st.DrawFn) -> Night:
    rows = draw(batches(FAMILIES))
    return Night(rows, draw(lost_lines(rows)))


def rejected(lost: Sequence[Lost]) -> pl.DataFrame:
    return rejected_rows(
        [
            {"claim": claim, "patient": patient, "date": day and day.isoformat()}
            for claim, patient, day in lost
        ]
    )


def audited(lines: pl.DataFrame, rows: Sequence[Raw], lost: Sequence[Lost] = ()) -> Bag:
    return of_auditor(rows, found(run(lines, REFERENCE, rejected(lost)), lines))


def agree(night: Night) -> None:
    rows, lost = night
    lines = frame(rows)
    findings = found(run(lines, REFERENCE, rejected(lost)), lines)
    verdict = judge(rows, TABLES, lost)
    ours, theirs = of_auditor(rows, findings), of_oracle(rows, verdict.findings)
    assert not difference(ours, theirs)
    named = {(f.key, f.rule): f.counterparts for f in verdict.findings if f.counterparts}
    for f in findings:
        if (f.line, f.rule) in named:
            assert f.counterpart in named[f.line, f.rule]


def shuffled(rows: Sequence[Raw], order: random.Random) -> list[Raw]:
    mixed = list(rows)
    order.shuffle(mixed)
    return mixed


@rounds(60)
@given(nights())
def test_auditor_and_oracle_agree(night: Night) -> None:
    agree(night)


@rounds(5)
@given(nights(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(night: Night, order: random.Random) -> None:
    rows, lost = night
    mixed = shuffled(rows, order)
    before, after = audited(frame(rows), rows, lost), audited(frame(mixed), mixed, lost)
    assert not difference(before, after)


@rounds(5)
@given(nights(), st.integers(1, 7))
def test_files_and_chunks_change_nothing(night: Night, size: int) -> None:
    """The same lines from many files, in a table of as many chunks, some of them empty."""
    rows, lost = night
    whole = frame(rows)
    parts = [whole[start : start + size] for start in range(0, len(rows), size)]
    named = [part.with_columns(source_file=pl.lit(f"f{n % 3}.csv")) for n, part in enumerate(parts)]
    pieces = pl.concat([named[0].clear(), *named, named[0].clear()], rechunk=False)
    before, after = audited(whole, rows, lost), audited(pieces, rows, lost)
    assert not difference(before, after)


@rounds(5)
@given(nights(), batches(FAMILIES, largest=4))
def test_other_patients_change_nothing(night: Night, others: list[Raw]) -> None:
    """Of another practice: who else bills under a number does matter to a line without its own."""
    rows, lost = night
    strangers = [as_stranger(row) for row in others]
    together = [*strangers, *rows]
    before = audited(frame(rows), rows, lost)
    after = audited(frame(together), together, lost)
    theirs = {content(row) for row in strangers}
    ours = Counter({key: n for key, n in after.items() if key[0] not in theirs})
    assert not difference(before, ours)


def as_stranger(row: Raw) -> Raw:
    npis: dict[str | None, str] = dict(zip(PRACTITIONERS, STRANGERS, strict=True))
    return row | {
        "patient_id": f"S{row['patient_id']}",
        "claim_id": f"S{row['claim_id']}",
        "rendering_npi": npis.get(row["rendering_npi"]),
        "billing_npi": npis.get(row["billing_npi"], STRANGERS[0]),
        "original_claim_id": row["original_claim_id"] and f"S{row['original_claim_id']}",
        "payer_claim_id": row["payer_claim_id"] and f"S{row['payer_claim_id']}",
    }


@rounds(5)
@given(nights())
def test_once_more_is_the_same_to_the_last_cell(night: Night) -> None:
    rows, lost = night
    lines = frame(rows)
    first, second = (run(lines, REFERENCE, rejected(lost)) for _ in range(2))
    assert_frame_equal(first.findings, second.findings)
    assert_frame_equal(first.coverage, second.coverage)


@rounds(5)
@given(nights())
def test_a_patients_name_is_only_a_name(night: Night) -> None:
    """Renamed patients: the ids of findings change with the name, and nothing else."""
    rows, lost = night
    new = {"P1": "zoë 77", "P2": "A-2"}
    renamed = [row | {"patient_id": new[str(row["patient_id"])]} for row in rows]
    lost_too = [(claim, new.get(patient or "", patient), day) for claim, patient, day in lost]
    first = run(frame(rows), REFERENCE, rejected(lost)).findings
    second = run(frame(renamed), REFERENCE, rejected(lost_too)).findings
    ids = ("finding_id", "story_id")
    order = ["source_row", "rule_id"]
    assert_frame_equal(
        first.drop(*ids).with_columns(pl.col("patient_id").replace(new)).sort(order),
        second.drop(*ids).sort(order),
    )
    assert set(first["finding_id"]).isdisjoint(second["finding_id"])


@rounds(5)
@given(nights())
def test_every_finding_has_its_own_id_and_its_line(night: Night) -> None:
    rows, lost = night
    findings = run(frame(rows), REFERENCE, rejected(lost)).findings
    assert findings["finding_id"].is_unique().all()
    assert findings.select("source_row", "rule_id").is_unique().all()


@rounds(5)
@given(nights(), st.sampled_from(sorted(JUDGED)))
def test_a_rule_selected_alone_judges_as_among_all(night: Night, rule: str) -> None:
    """Selection chooses what is told, never what is payable."""
    rows, lost = night
    lines = frame(rows)
    everything = found(run(lines, REFERENCE, rejected(lost)), lines)
    alone = found(run(lines, REFERENCE, rejected(lost), select=[rule]), lines)
    assert {f.rule for f in alone} <= {rule}
    carrying = {f.line for f in everything if rule in {f.rule, *f.also}}
    assert {f.line for f in alone} == carrying
