"""DAT-4 of a file most of which lies in the future: one finding, not thousands."""

from __future__ import annotations

import pytest
from oracle.harness import run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines


@pytest.mark.parametrize(("future", "past", "findings"), [(49, 0, 49), (26, 24, 1), (25, 25, 25)])
def test_a_file_that_was_shifted_is_one_finding(future: int, past: int, findings: int) -> None:
    texts = [f"99213 dos=2027-01-05 claim=C{n} patient=P{n}" for n in range(future)]
    texts += [f"99213 dos=2026-01-05 claim=D{n} patient=Q{n}" for n in range(past)]
    found = run(claim_lines(texts), memory_reference(), select=["DAT-4"]).findings
    assert found.height == findings
    if findings == 1:
        assert found["message"][0].startswith(
            "26 of 50 lines are dated after the day of the audit, 2026-02-01"
        )
