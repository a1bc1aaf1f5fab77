"""Findings made by hand, for tests of what comes back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas import Findings, dtypes


def finding(number: int = 1, **values: object) -> dict[str, Any]:
    """One plain finding as a dict; `values` replace its own."""
    plain = {
        "finding_id": f"{number:08x}" + "c0ffee" * 4,
        "story_id": f"{number:08x}" + "c0ffee" * 4,
        "rule_id": "AOC-1",
        "rule_name": "orphan-add-on",
        "tier": "certain",
        "source_file": "march.csv",
        "source_row": number + 1,
        "claim_id": f"0025{number:08d}",
        "line_number": 2,
        "patient_id": f"00{number:07d}",
        "rendering_npi": "1234567893",
        "payer": "PAYER1",
        "service_date": date(2025, 3, 10),
        "code": "00100",
        "modifiers": "RT 59",
        "units": Decimal("1.500"),
        "charge_amount": Decimal("1120.50"),
        "amount_at_risk": Decimal("75.25"),
        "amount_basis": "allowed",
        "counterpart_claim_id": "C7",
        "counterpart_line_number": 1,
        "counterpart_code": "20610",
        "message": "What is wrong.",
        "remedy": "What to do.",
        "citation": "Manual",
        "table_release": None,
        "table_row": None,
        "release_gap_quarters": 0,
        "also": "",
        "first_seen": date(2026, 11, 21),
        "run_id": "r1",
        "schema_version": 1,
    }
    return plain | values


def findings(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """schemas.Findings of these rows."""
    return pl.DataFrame(list(rows), schema=dtypes(Findings), orient="row")


class Made:
    """The builders of this file, as a fixture hands them over."""

    finding = staticmethod(finding)
    findings = staticmethod(findings)


@pytest.fixture
def made() -> type[Made]:
    return Made
