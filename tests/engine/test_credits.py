"""Credits that match no line, what they make uncertain, and where a minus sign tells none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from oracle.harness import run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines

if TYPE_CHECKING:
    from auditor.result import AuditResult

TABLES = memory_reference(
    ptp=[("45380", "45378", 0)],
    mue=[("97110", 6, 3)],
    fees=[("99002", "", "B"), ("45378", "", "A"), ("45380", "", "A")],
)
RULES = ("PTP-0", "STA-B", "MUE-3")
CREDIT = (
    "not judged: a credit (charge or units below 0) that matches no billed line: it claims no"
    " service"
)
SHAKEN = (
    "judged with caution: at most at review: a credit of the same code and day matches no billed"
    " line, and may take the line back"
)
BESIDE = (
    "judged with caution: a credit of the patient that day matches no billed line: what it takes"
    " back is not known"
)


def counts(result: AuditResult, rule: str) -> dict[str, int]:
    rows = result.coverage.filter(pl.col("rule_id") == rule)
    return {f"{s}: {r}": n for s, r, n in rows.select("state", "reason", "lines").rows()}


def found(*texts: str, untold: bool = False) -> list[tuple[int, str, str]]:
    """Row, rule and tier of the findings."""
    lines = claim_lines(texts)
    if untold:
        lines = lines.with_columns(sign_untold=pl.lit(value=True))
    findings = run(lines, TABLES, select=RULES).findings.sort("source_row", "rule_id")
    return findings.select(pl.col("source_row") - 1, "rule_id", "tier").rows()


def test_an_unmatched_credit_and_what_it_makes_uncertain_are_told() -> None:
    lines = (
        "45380",
        "45378-59",
        "45380 claim=C2 charge=-100",
        "99213 dos=2025-11-04",
        "99213 dos=2025-11-04 claim=C3 npi=1222222220",
    )
    result = run(claim_lines(lines), TABLES)
    pairs = counts(result, "PTP-0")
    assert pairs == {CREDIT: 1, SHAKEN: 1, BESIDE: 1, "judged: ": 2}
    alone = counts(result, "STA-I")  # a rule on single lines: no other line matters to it
    assert (alone[CREDIT], alone[SHAKEN], BESIDE in alone) == (1, 1, False)
    assert CREDIT not in counts(result, "COD-1")  # how the line is written
    told = result.coverage.group_by("rule_id").agg(pl.col("lines").sum())
    assert set(told["lines"]) == {len(lines)}


def test_a_matched_credit_leaves_nothing_uncertain() -> None:
    lines = ("45380", "45380 charge=-100", "45378-59")
    assert set(counts(run(claim_lines(lines), TABLES), "PTP-0")) == {"judged: "}


def test_where_the_sign_tells_nothing_lines_are_judged_as_billed() -> None:
    """Each is found as if its charge, or its units, had no sign."""
    signed = (
        ("45380 charge=-100", "45378-59 charge=-100"),
        ("45380 units=-1", "45378-59 units=-1"),
        ("99002 charge=-100",),
        ("97110-GP units=-7",),
    )
    for texts in signed:
        plain = [text.replace("=-", "=") for text in texts]
        assert found(*plain)
        assert found(*texts, untold=True) == found(*plain)
        assert not found(*texts)


def test_where_the_sign_tells_nothing_amounts_are_those_billed() -> None:
    lines = claim_lines(["45380 charge=-100", "45378-59 charge=-250"])
    lines = lines.with_columns(sign_untold=pl.lit(value=True))
    (finding,) = run(lines, TABLES, select=RULES).findings.rows(named=True)
    assert (finding["amount_at_risk"], finding["charge_amount"]) == (250, 250)


def test_pairs_cancel_each_other_whatever_the_sign_tells() -> None:
    texts = ("45380 charge=-100", "45380 charge=100", "45378-59 charge=-100")
    assert not found(*texts, untold=True)


def test_the_words_say_what_a_credit_lowers() -> None:
    lines = ("45380", "45378-59", "45378 claim=C2 units=-1 charge=-100")
    (finding,) = run(claim_lines(lines), TABLES, select=RULES).findings.rows(named=True)
    assert finding["message"].endswith(
        " Review: a credit of the same code and day matches no billed line, and may take this line,"
        " or units of it, back."
    )


def test_a_denied_claim_with_a_credit_was_denied_whole() -> None:
    """45380 was denied and billed again: nothing of the first claim is told but its credit."""
    lines = (
        "45380 claim=C1 status=denied",
        "45378-59 claim=C1 status=denied",
        "99213 claim=C1 charge=-100",
        "45380 claim=C2",
    )
    assert not [rule for _, rule, _ in found(*lines) if rule.startswith("PTP")]
