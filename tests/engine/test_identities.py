"""Who is who: texts that stand for nobody, and the billing NPI in a practitioner's place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from oracle.harness import intake_of, run

from auditor import audit
from auditor.reference import memory_reference
from auditor.result import AuditOptions
from auditor.rules.notation import claim_lines

PAIR = [["20610", "99213", 1]]
NOBODY = ["UNKNOWN", "0", "000", "9999999999", "1111111", "1.23457E+11", "2E+09", "######", "XXXXX",
          "test", "SELF-PAY", "N/A"]  # fmt: skip
SOMEBODY = ["1", "P0", "10000", "999999", "1112111", "E11", "7E12", "TESTA", "X1"]


def findings(*texts: str) -> set[str]:
    lines = claim_lines(texts)
    return set(run(lines, memory_reference(ptp=PAIR), select=["PTP", "DUP"]).findings["rule_id"])


@pytest.mark.parametrize("patient", NOBODY)
def test_what_stands_for_nobody_is_never_joined(patient: str) -> None:
    word = patient.replace(" ", "")
    assert findings(f"20610-RT patient={word}", f"99213 patient={word} claim=C2") == set()


@pytest.mark.parametrize("patient", SOMEBODY)
def test_an_id_that_only_looks_odd_is_joined(patient: str) -> None:
    found = findings(f"20610-RT patient={patient}", f"99213 patient={patient} claim=C2")
    assert found == {"PTP-1"}


def tiers(read: frozenset[str], *texts: str) -> list[str]:
    intake = intake_of(claim_lines(texts))
    intake = replace(intake, fields_present=intake.fields_present - read)
    options = AuditOptions(as_of=date(2026, 2, 1), run_id="test", select=frozenset({"PTP-1"}))
    return audit(intake, memory_reference(ptp=PAIR), options).findings["tier"].to_list()


def test_a_billing_npi_stands_in_only_where_rendering_ones_were_looked_for() -> None:
    lines = ("20610-RT npi=- billing=1234567893", "99213 npi=- billing=1234567893 claim=C2")
    assert tiers(frozenset(), *lines) == ["certain"]
    assert tiers(frozenset({"rendering_npi"}), *lines) == ["review"]


def test_a_placeholder_for_the_practitioner_hides_somebody() -> None:
    lines = (
        "20610-RT npi=9999999999 billing=1234567893",
        "99213 npi=9999999999 billing=1234567893 claim=C2",
    )
    assert tiers(frozenset(), *lines) == ["review"]
