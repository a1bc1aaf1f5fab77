"""The short notation for claim lines in rule examples and test cases.

`CODE[-MOD-MOD] [key=value ...]`, one line a string; what is not said takes its default::

    99213-25
    20610-RT units=1 pos=22 dos=2025-11-03 claim=C2 npi=1222222220

Keys: claim, line, patient, npi, billing, tax, spec, dos, to, dates (line or claim), pos, units,
charge, allowed, paid, status (paid or denied), lob, payer, seq, freq, orig, icn, received, birth,
sex, dx (several joined by +), ptr (pointers), ref (referring NPI), clia, ndc, note, file, row. A
value of `-` is blank.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULTS = {
    "claim": "C1",
    "patient": "P1",
    "npi": "1111111112",
    "billing": "1999999992",
    "tax": "G1",
    "spec": "207Q00000X",
    "dos": "2025-11-03",
    "pos": "11",
    "units": "1",
    "charge": "100",
    "lob": "medicare",
    "freq": "1",
    "file": "example.csv",
}
_TEXT = {
    "claim": "claim_id",
    "patient": "patient_id",
    "npi": "rendering_npi",
    "billing": "billing_npi",
    "tax": "tax_id",
    "spec": "specialty",
    "pos": "place_of_service",
    "lob": "line_of_business",
    "payer": "payer",
    "seq": "payer_sequence",
    "freq": "claim_frequency",
    "orig": "original_claim_id",
    "icn": "payer_claim_id",
    "status": "paid_status",
    "sex": "patient_sex",
    "ptr": "diagnosis_pointers",
    "ref": "referring_npi",
    "clia": "clia_number",
    "ndc": "ndc",
    "note": "claim_note",
    "file": "source_file",
}
_CENTS = {"charge": "charge_amount", "allowed": "allowed_amount", "paid": "paid_amount"}
_DATES = {
    "dos": "service_date_from",
    "to": "service_date_to",
    "received": "received_date",
    "birth": "patient_birth_date",
}
_NUMBERS = {"line": "line_number", "row": "source_row"}


def parse_line(text: str, number: int) -> dict[str, Any]:
    """One line of the notation as a dict of claim-line values; `number` is its 1-based place."""
    head, *pairs = text.split()
    given = dict(DEFAULTS) | dict(p.split("=", 1) for p in pairs)
    code, *modifiers = head.split("-")
    line: dict[str, Any] = {
        "claim_dates": given.pop("dates", "line") == "claim",
        "code": code,
        "modifiers": " ".join(modifiers),
        "diagnoses": "",
        "line_key": number - 1,
        "line_number": number,
        "source_row": number + 1,
    }
    for key, value in given.items():
        blank = value == "-"
        if key in _TEXT:
            line[_TEXT[key]] = None if blank else value
        elif key in _CENTS:
            line[_CENTS[key]] = None if blank else int(Decimal(value) * 100)
        elif key in _DATES:
            line[_DATES[key]] = None if blank else date.fromisoformat(value)
        elif key in _NUMBERS:
            line[_NUMBERS[key]] = None if blank else int(value)
        elif key == "dx":
            line["diagnoses"] = "" if blank else value.replace("+", " ")
        elif key == "units":
            line["units"] = None if blank else int(Decimal(value) * 1000)
        else:
            message = f"unknown key {key!r} in claim line {text!r}"
            raise ValueError(message)
    line.setdefault("service_date_to", line["service_date_from"])
    return line


def claim_lines(texts: Iterable[str]) -> pl.DataFrame:
    """Lines of the notation as a schemas.ClaimLines table."""
    from schemas import ClaimLines, dtypes  # noqa: PLC0415 - pandera only when it is needed

    types = dtypes(ClaimLines)
    rows = [parse_line(text, n) for n, text in enumerate(texts, start=1)]
    return pl.DataFrame(rows, schema=types)
