"""Cents and fractions of a unit reach the findings as they stood on the claim."""

from __future__ import annotations

from decimal import Decimal

import pytest
from oracle.harness import run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines

REFERENCE = memory_reference(mue=[("97110", 6, 3)])


def only(*lines: str) -> dict[str, object]:
    findings = run(claim_lines(lines), REFERENCE).findings
    return findings.filter(findings["rule_id"] == "MUE-3").row(0, named=True)


@pytest.mark.parametrize("charge", ["145.36", "0.05", "1545.99", "1234567.89"])
def test_a_charge_keeps_its_cents(charge: str) -> None:
    told = only(f"97110-GP units=7 charge={charge}")
    assert told["charge_amount"] == told["amount_at_risk"] == Decimal(charge)


def test_allowed_comes_before_paid_and_charge() -> None:
    told = only("97110-GP units=7 charge=145.36 paid=80.11 allowed=99.49")
    assert (told["amount_at_risk"], told["amount_basis"]) == (Decimal("99.49"), "allowed")


def test_a_line_paid_nothing_has_nothing_at_risk() -> None:
    told = only("97110-GP units=7 charge=145.36 paid=0")
    assert (told["amount_at_risk"], told["amount_basis"]) == (Decimal(0), "paid zero")


@pytest.mark.parametrize("units", ["7", "7.5", "12.125"])
def test_units_keep_their_fractions(units: str) -> None:
    assert only(f"97110-GP units={units}")["units"] == Decimal(units)


def test_a_reversal_nets_within_its_claim_code_and_date() -> None:
    lines = claim_lines(
        [
            "97110-GP units=8 charge=100.10 claim=C1",
            "97110-GP units=-1 charge=-40.05 claim=C1",
            "97110-GP units=7 charge=100.10 claim=C2 patient=P2",
        ]
    )
    findings = run(lines, REFERENCE).findings
    netted = {
        row["claim_id"]: row["amount_at_risk"]
        for row in findings.filter(findings["rule_id"] == "MUE-3").iter_rows(named=True)
        if row["units"] > 0
    }
    assert netted == {"C1": Decimal("60.05"), "C2": Decimal("100.10")}


def test_a_reversal_of_another_patient_nets_nothing() -> None:
    """Some offices number the claims of each patient from 1."""
    lines = claim_lines(
        [
            "97110-GP units=7 charge=100.10 claim=1 patient=P1",
            "97110-GP units=-1 charge=-40.05 claim=1 patient=P2",
        ]
    )
    findings = run(lines, REFERENCE).findings
    told = findings.filter(findings["rule_id"] == "MUE-3", findings["patient_id"] == "P1")
    assert told["amount_at_risk"].to_list() == [Decimal("100.10")]


def test_a_claim_sent_twice_is_one_story_and_never_two_patients() -> None:
    twice = (
        f"{code} patient={patient} claim={claim} line={n} charge=80"
        for patient in ("P1", "P2")
        for claim in ("1", "2")
        for n, code in enumerate(("99213", "93000"), start=1)
    )
    findings = run(claim_lines([*twice]), REFERENCE).findings
    repeats = findings.filter(findings["rule_id"] == "DUP-1")
    assert repeats.height == 4
    assert repeats.select("patient_id", "story_id").unique().height == 2
    assert repeats["story_id"].n_unique() == 2


def test_of_several_findings_on_a_line_one_counts_the_amount() -> None:
    findings = run(claim_lines(["97110-GP-GP units=7 charge=145.36"]), REFERENCE).findings
    assert dict(zip(findings["rule_id"], findings["amount_at_risk"], strict=True)) == {
        "MUE-3": Decimal("145.36"),
        "MOD-DUP": Decimal(0),
    }
