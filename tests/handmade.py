"""Findings made by hand, for the tests of what is made from findings."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from schemas import Findings, dtypes


def finding(number: int = 1, **values: object) -> dict[str, Any]:
    """One plain finding as a dict; `values` replace its own."""
    plain = {
        "finding_id": f"{number:032x}",
        "story_id": f"{number:032x}",
        "rule_id": "AOC-1",
        "rule_name": "orphan-add-on",
        "tier": "certain",
        "source_file": "march.csv",
        "source_row": number + 1,
        "claim_id": f"2025{number:012d}",
        "line_number": 1,
        "patient_id": f"00{number:09d}",
        "rendering_npi": "1234567893",
        "payer": "PAYER1",
        "service_date": date(2025, 3, 10),
        "code": "77002",
        "modifiers": "RT 59",
        "units": Decimal("1.500"),
        "charge_amount": Decimal("120.50"),
        "amount_at_risk": Decimal("75.25"),
        "amount_basis": "allowed",
        "counterpart_claim_id": None,
        "counterpart_line_number": None,
        "counterpart_code": None,
        "message": "Add-on 77002 has no qualifying primary.",
        "remedy": "Add the missing primary, correct the practitioner or date, or remove it.",
        "citation": "NCCI Policy Manual ch. I R, W",
        "table_release": "AOC 2025Q1",
        "table_row": "77002 with 20610, type 1, from 2013-04-01",
        "release_gap_quarters": 0,
        "also": "",
        "first_seen": date(2026, 11, 21),
        "run_id": "r1",
        "schema_version": 1,
    }
    return plain | values


def findings(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dtypes(Findings), orient="row")
