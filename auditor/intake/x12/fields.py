"""The columns that a professional claim file is read into, and the field that each one is."""

from __future__ import annotations

from auditor.intake.header import HeaderRow, Record
from auditor.intake.mapping import Columns

_SINGLE = {
    "claim_id": "CLM01 claim id",
    "line_number": "LX01 line number",
    "patient_id": "NM109 patient id",
    "patient_birth_date": "DMG02 birth date",
    "patient_sex": "DMG03 sex",
    "payer": "NM1*PR payer",
    "payer_sequence": "SBR01 payer sequence",
    "line_of_business": "SBR09 line of business",
    "claim_frequency": "CLM05-3 claim frequency",
    "original_claim_id": "REF*F8 original claim number",
    "rendering_npi": "NM1*82 rendering NPI",
    "billing_npi": "NM1*85 billing NPI",
    "referring_npi": "NM1*DN referring NPI",
    "tax_id": "REF*EI tax id",
    "specialty": "PRV03 taxonomy",
    "clia_number": "REF*X4 CLIA number",
    "service_date_from": "DTP*472 service date from",
    "service_date_to": "DTP*472 service date to",
    "place_of_service": "SV105 place of service",
    "code": "SV101-2 procedure",
    "units": "SV104 units",
    "charge_amount": "SV102 charge",
    "ndc": "LIN03 NDC",
    "claim_note": "NTE02 note",
}
_LISTS = {
    "modifiers": tuple(f"SV101-{n + 2} modifier {n}" for n in range(1, 5)),
    "diagnoses": ("HI diagnoses",),
    "diagnosis_pointers": ("SV107 diagnosis pointers",),
}
_SHOWN = {"qualifier": "SV101-1 code qualifier", "measure": "SV103 unit of measure"}
"""Read by no field; they stand in the raw row of a line that is rejected."""

CELLS = (
    *_SINGLE,
    *(f"{field}_{n}" for field, names in _LISTS.items() for n in range(1, len(names) + 1)),
    *_SHOWN,
)
"""The columns in order: of lists modifiers_1, modifiers_2 ..."""
NAMES = (*_SINGLE.values(), *(name for names in _LISTS.values() for name in names),
         *_SHOWN.values())  # fmt: skip
HEADER = HeaderRow(Record(0, NAMES), len(_SINGLE) + len(_LISTS))


def columns() -> Columns:
    """The column of every field."""
    places = {name: place for place, name in enumerate(NAMES)}
    return Columns(
        NAMES,
        {field: places[name] for field, name in _SINGLE.items()},
        {field: [places[name] for name in names] for field, names in _LISTS.items()},
    )
