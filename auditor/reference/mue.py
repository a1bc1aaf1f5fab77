"""Medically unlikely edits: three service types, CSV and workbook.

Nothing inside the table dates it: its release is in its name. A value of 0 means never payable
for that provider type, not "no limit". The adjudication indicator is the first character of its
cell. [NCCI policy manual, ch. I.V]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.layout import CODE, Header, Layout, code, number, squeeze, text
from auditor.reference.names import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence

_SERVICES = {"practitioner": "practitioner", "hospital": "hospital", "dme": "dme"}

LAYOUT = Layout(
    columns={
        "code": code("code"),
        "mue_value": number("value", pl.UInt32),
        "mai": text("mai").str.slice(0, 1).cast(pl.UInt8, strict=False),
        "rationale": text("rationale"),
    },
    ok=(
        code("code").str.contains(CODE)
        & number("value", pl.UInt32).is_not_null()
        & text("mai").str.contains(r"^[123]\b")
    ),
    unique=("code",),
)

CHANGES = Layout(
    columns={"code": code("code"), "mue_value": number("value", pl.UInt32)},
    ok=code("code").str.contains(CODE) & number("value", pl.UInt32).is_not_null(),
)


def header(head: Sequence[Sequence[str]]) -> Header | None:
    """The header, if `head` is the beginning of an MUE table or of an MUE change file."""
    for number_, record in enumerate(head):
        cells = [squeeze(cell) for cell in record]
        if cells[:1] != ["hcpcscptcode"] or len(cells) < 2 or "muevalue" not in cells[1]:  # noqa: PLR2004 - code and value
            continue
        columns = {"code": 0, "value": 1}
        for position, cell in enumerate(cells):
            if "adjudicationindicator" in cell:
                columns["mai"] = position
            elif "rationale" in cell:
                columns["rationale"] = position
        provider = next((who for word, who in _SERVICES.items() if word in cells[1]), None)
        # Medicaid's table has a rationale and no adjudication indicator.
        medicaid = "rationale" in columns and "mai" not in columns
        hints = Hints(provider=provider, medicaid=True if medicaid else None)
        return Header("mue", number_ + 1, columns, "mai" not in columns and not medicaid, hints)
    return None
