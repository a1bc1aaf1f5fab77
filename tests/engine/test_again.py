"""Lines of earlier nights that are judged again beside tonight's."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from oracle.harness import AS_OF, intake_of

from auditor.auditing import audit
from auditor.engine.history import NIGHT_BITS, Earlier
from auditor.engine.reach import reaches
from auditor.reference import memory_reference
from auditor.report.context_sheet import every_line
from auditor.report.figures import reconcile
from auditor.report.machine import summary
from auditor.report.practitioners import scorecard
from auditor.report.split import parts_of
from auditor.report.words import judged_again
from auditor.result import AuditOptions, AuditResult
from auditor.rules import catalogue
from auditor.rules.notation import claim_lines
from schemas import ClaimLines, dtypes

REFERENCE = memory_reference(
    ptp=[("45385", "45380", 1)],
    aoc=[("22552", "22551", 1, "2013-04-01")],
    fees=[
        ("27447", "", "A", "0", "090"),
        ("20610", "", "A", "0", "000"),
        ("99213", "", "A", "0", "XXX"),
    ],
)
OPTIONS = AuditOptions(as_of=AS_OF, run_id="night")
NO_KEYS = pl.DataFrame(
    schema={"claim_id": pl.String, "patient_id": pl.String, "service_date": pl.Date}
)


def lines(*written: str, night: int = 0) -> pl.DataFrame:
    """Claim lines as written, of the file and with the versions of that night (0: tonight)."""
    made = claim_lines(written).with_columns(source_file=pl.lit(f"night-{night}.csv"))
    if not night:
        return made
    return made.with_columns(
        version=pl.int_range(pl.len(), dtype=pl.UInt64) + night * 2**NIGHT_BITS,
        since=pl.lit(night, pl.UInt64),
    )


def nothing() -> pl.DataFrame:
    return lines("99213", night=1).clear()


def judged(
    tonight: pl.DataFrame,
    again: pl.DataFrame | None = None,
    context: pl.DataFrame | None = None,
    rejected: pl.DataFrame = NO_KEYS,
    groups: pl.Series | None = None,
) -> AuditResult:
    earlier = Earlier(
        nothing() if again is None else again,
        nothing() if context is None else context,
        rejected,
        groups,
    )
    return audit(intake_of(tonight), REFERENCE, OPTIONS, earlier=earlier)


def told(result: AuditResult) -> list[tuple[str, str, str]]:
    """Rule, tier and claim; without codes that these few tables do not hold."""
    known = result.findings.filter(pl.col("rule_id") != "COD-2")
    return known.select("rule_id", "tier", "claim_id").sort(pl.all()).rows()


def test_findings_are_made_on_stored_lines() -> None:
    result = judged(lines("45385 claim=C2"), lines("45380 claim=C1", night=1))
    assert told(result) == [("PTP-1", "certain", "C1")]
    pair = result.findings.with_columns(result.places["row"]).row(
        by_predicate=pl.col("rule_id") == "PTP-1", named=True
    )
    assert pair["source_file"] == "night-1.csv"
    assert result.lines["claim_id"][pair["row"]] == "C1"
    assert (result.lines_read, result.lines_audited, result.lines_again) == (1, 1, 1)
    assert result.coverage.filter(pl.col("rule_id") == "PTP-1")["lines"].sum() == 2


def test_lines_of_the_context_get_no_finding() -> None:
    result = judged(lines("45385 claim=C2"), context=lines("45380 claim=C1", night=1))
    assert told(result) == []
    assert (result.lines_again, result.lines_of_earlier) == (0, 0)


def test_a_primary_of_tonight_clears_the_orphan_of_last_night() -> None:
    orphan = lines("22552 claim=C1", night=1)
    assert told(judged(lines("99213 claim=C2 patient=P9"), orphan)) == [("AOC-1", "certain", "C1")]
    assert told(judged(lines("22551 claim=C2"), orphan)) == []


def test_the_visit_of_last_night_is_told_when_the_surgery_comes() -> None:
    visit = lines("99213 dos=2025-11-03 claim=C1", night=1)
    result = judged(lines("27447-RT dos=2025-11-04 pos=22 claim=C2"), visit)
    assert told(result) == [("GLB-57", "review", "C1")]


@pytest.mark.parametrize(
    ("nights", "repeats"), [((1, 2), "C2"), ((2, 1), "C1")], ids=["C1 first", "C2 first"]
)
def test_what_an_earlier_night_brought_is_the_original(
    nights: tuple[int, int], repeats: str
) -> None:
    """Whatever dates of receipt the lines carry."""
    stored = pl.concat(
        [
            lines("71046 claim=C1 received=2025-11-20", night=nights[0]),
            lines("71046 claim=C2 received=2025-11-10", night=nights[1]),
        ]
    )
    result = judged(lines("71046 claim=C3 received=2025-11-05"), stored)
    assert told(result) == [("DUP-1", "certain", repeats), ("DUP-1", "certain", "C3")]


def test_a_void_of_tonight_ends_a_stored_claim() -> None:
    stored = lines("45385 claim=C1 icn=N1", "45380 claim=C1 icn=N1 line=2", night=3)
    result = judged(lines("45385 claim=C9 freq=8 orig=N1"), stored)
    assert told(result) == []
    assert result.lines_gone_before.rows() == [
        (3 * 2**NIGHT_BITS, "void"),
        (3 * 2**NIGHT_BITS + 1, "void"),
    ]
    assert result.set_aside["source_file"].to_list() == ["night-0.csv"]
    assert (result.lines_read, result.lines_audited, result.lines_again) == (1, 0, 0)
    assert [c.set_aside for c in reconcile(result)] == [1]


def test_stored_lines_of_the_context_end_as_well() -> None:
    stored = lines("99213 claim=C1 icn=N1", night=1)
    result = judged(lines("99213 claim=C9 freq=7 orig=N1 charge=90"), context=stored)
    assert result.lines_gone_before["reason"].to_list() == ["superseded"]


def test_of_two_replacements_without_dates_the_one_sent_last_stands() -> None:
    stored = pl.concat(
        [
            lines("99213 claim=C1 icn=N1 received=-", night=1),
            lines("99213 claim=D9 icn=N2 freq=7 orig=N1 received=-", night=2),
        ]
    )
    result = judged(lines("99213 claim=B1 icn=N3 freq=7 orig=N1 received=-"), stored)
    assert result.lines_audited == 1
    # the original fell with the replacement of the night before
    assert result.lines_gone_before["reason"].to_list() == ["superseded"]


def test_rows_rejected_in_earlier_nights_may_be_the_missing_line() -> None:
    lost = pl.DataFrame(
        {"claim_id": [None], "patient_id": ["P1"], "service_date": [date(2025, 11, 3)]},
        schema=NO_KEYS.schema,
    )
    add_on = lines("22552 dos=2025-11-03 claim=C1")
    assert told(judged(add_on)) == [("AOC-1", "certain", "C1")]
    assert told(judged(add_on, rejected=lost)) == [("AOC-1", "review", "C1")]


def test_a_practice_that_had_two_practitioners_stays_a_group() -> None:
    pair = ("45385 npi=-", "45380 npi=- line=2")
    npi = lines(*pair)["billing_npi"]
    assert npi.null_count() == 0
    assert told(judged(lines(*pair))) == [("PTP-1", "certain", "C1")]
    assert told(judged(lines(*pair), groups=npi.unique())) == [("PTP-1", "review", "C1")]


def test_a_defect_of_tonights_export_is_told_apart_from_earlier_lines() -> None:
    stored = lines("99213 dos=2025-11-03 received=2025-11-01 claim=C1", night=1)
    tonight = lines(
        *(f"99213 dos=2025-11-04 received=2025-11-01 claim=D{n:02} patient=T{n}" for n in range(60))
    )
    result = judged(tonight, stored)
    late = result.findings.filter(pl.col("rule_id") == "DAT-1").sort("claim_id")
    assert late["claim_id"].to_list() == ["C1", "D00"]
    assert late["message"][1].startswith("60 of 60 lines were received before")
    assert late["message"][0].startswith("The date of service")


def test_rules_that_join_patients_tell_of_tonights_lines() -> None:
    stored = lines("99213 npi=1234567890 claim=C1", night=1)
    assert told(judged(lines("99213 npi=1234567890 claim=C2 patient=P2"), stored)) == [
        ("NPI-1", "certain", "C2")
    ]


def test_only_voids_tonight_and_stored_lines_judged_again() -> None:
    result = judged(
        lines("99213 claim=V1 freq=8"), lines("45385 claim=C1", "45380 claim=C2", night=1)
    )
    assert told(result) == [("PTP-1", "certain", "C2")]
    assert (result.lines_audited, result.lines_again, result.judged) == (0, 2, 2)


def test_the_figures_say_how_many_lines_of_earlier_nights_there_are() -> None:
    result = judged(lines("45385 claim=C2"), lines("45380 claim=C1", night=1))
    assert summary(result)["lines"] == {
        "read": 1,
        "audited": 1,
        "set_aside": 0,
        "set_aside_by_reason": {},
        "rejected": 0,
        "judged_again": 1,
        "gone_before": 0,
    }
    assert judged_again(result).startswith("1 line of earlier nights was judged again")
    alone = judged(lines("45385 claim=C2"))
    assert judged_again(alone) == ""
    assert "judged_again" not in summary(alone)["lines"]


def test_the_sheet_of_claim_lines_tells_where_an_earlier_line_came_from() -> None:
    result = judged(
        lines("45385 claim=C3 freq=7 orig=N1"),
        lines("45380 claim=C1", "45385 claim=C2 icn=N1", night=1),
    )
    shown = every_line(result).select("Claim", "Stands", "File", "Row").sort("Claim")
    assert shown.rows() == [
        ("C1", "earlier line, judged again", "night-1.csv", 2),
        ("C2", "set aside: replaced or taken back", "night-1.csv", 3),
        ("C3", None, "night-0.csv", 2),
    ]


def test_what_a_practitioner_is_sent_adds_up_too() -> None:
    result = judged(
        lines("45385 claim=C2"), lines("45380 claim=C1", "99213 claim=C9 npi=1222222220", night=1)
    )
    npi = result.lines["rendering_npi"][0]
    (mine,) = [p.result for p in parts_of(result, "practitioner") if p.name == npi]
    assert [c.audited for c in reconcile(mine)] == [1]
    assert (mine.lines_audited, mine.lines_again, mine.lines_of_earlier) == (1, 1, 1)
    card = scorecard(result).filter(pl.col("rendering_npi") == npi)
    assert card["lines"].to_list() == [2]


def test_the_table_is_that_of_claim_lines() -> None:
    result = judged(lines("45385 claim=C2"), lines("45380 claim=C1", night=1))
    assert result.lines.schema == pl.Schema(dtypes(ClaimLines))
    assert replace(result).lines_of_files == 1


def test_every_rule_that_looks_back_says_on_which_codes() -> None:
    far = {rule.id for rule in catalogue() if rule.looks_back}
    assert far == {"EM-NEW", "GLB-24", "GLB-78"}
    assert far == {rule.id for rule in catalogue() if rule.causes and rule.effects}
    assert far == {rule.id for rule in catalogue() if rule.causes or rule.effects}
    near = {rule.id for rule in catalogue() if rule.shape == "span"} - far
    assert near == {"DUP-3", "GLB-57"}  # spans that meet, and the day before


def test_reaches_of_codes() -> None:
    codes = pl.Series(["99213", "99203", "27447", "20610", "80053", "no code"])
    found = reaches(codes, date(2025, 1, 1), date(2025, 12, 31), REFERENCE)
    assert {r.days for r in found} == {90, 1096}
    new = next(r for r in found if r.days == 1096)
    assert new.effects == {"99203"}
    assert new.causes == {"99213", "99203", "27447", "20610"}
    visits, procedures = (r for r in found if r.days == 90)
    assert visits.causes == procedures.causes == {"27447"}
    assert visits.effects == {"99213", "99203"}
    assert procedures.effects == {"27447", "20610"}


def test_reaches_of_codes_that_meet_nobody() -> None:
    day = date(2025, 1, 1)
    assert reaches(pl.Series(["80053"]), day, day, REFERENCE) == ()
    assert reaches(pl.Series([], dtype=pl.String), day, day, REFERENCE) == ()


def test_rules_that_join_patients_deny_nothing() -> None:
    """A headline holds what denies its line: none of them may come from another night."""
    joining = {rule.id: rule.denies for rule in catalogue() if rule.whole_batch}
    assert set(joining) == {"COD-4", "EM-IMD", "NPI-1", "NPI-2", "QW-1"}
    assert not any(joining.values())
