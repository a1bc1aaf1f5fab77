"""What stands where in an audit worksheet: one list for the writer and the reader."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from auditor.sampling.interface import Basis, Design

SAMPLE, FRAME, HOW_TO = "Sample", "Frame", "How to"
"""Names of the sheets."""
FILL_IN = " (fill in)"
"""At the end of the header of every column that the reviewer fills in."""
YES, NO = "yes", "no"

NUMBER, STRATUM_NUMBER, LINE_ID, CHECK = "No.", "Stratum no.", "Line id", "Check"
BILLED, PAID, SHOULD_BE, DIFFERENCE = "Billed", "Paid", "Should be", "Difference"
IN_ERROR, REASON = "In error", "Reason"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sheet Sample."""

    header: str
    """Without `FILL_IN`."""
    width: float
    kind: Literal["text", "wrapped", "count", "number", "money", "date", "code"]
    source: str = ""
    """Column of the sample; '': filled in by the reviewer, or worked out (CHECK)."""

    @property
    def asked(self) -> bool:
        """Whether the reviewer fills it in."""
        return not self.source and self.header != CHECK


_FIRST = (
    Column(NUMBER, 8, "count", "number"),
    Column("Claim", 20, "text", "claim_id"),
    Column("Line", 8, "number", "line_number"),
    Column("Service date", 13, "date", "service_date"),
    Column("Patient", 16, "text", "patient_id"),
    Column("Practitioner", 14, "text", "rendering_npi"),
    Column("Code", 9, "text", "code"),
    Column("Modifiers", 12, "text", "modifiers"),
    Column("Units", 9, "number", "units"),
    Column("Rules", 18, "wrapped", "rules"),
    Column("What was found", 46, "wrapped", "message"),
    Column(BILLED, 13, "money", "charge_cents"),
)
_PAID = Column(PAID, 14, "money")
_LAST = (
    Column(SHOULD_BE, 14, "money"),
    Column(DIFFERENCE, 14, "money"),
    Column(IN_ERROR, 12, "text"),
    Column(REASON, 34, "wrapped"),
    Column("Reviewer", 16, "text"),
    Column("Reviewed on", 14, "date"),
    Column("Stratum", 18, "text", "stratum"),
    Column(STRATUM_NUMBER, 11, "count", "stratum_number"),
    Column("File", 24, "text", "source_file"),
    Column("Row", 9, "count", "source_row"),
    Column("Frame position", 11, "count", "position"),
    Column("Order key", 36, "code", "order_key"),
    Column(LINE_ID, 36, "code", "line_id"),
    Column(CHECK, 20, "code"),
)


def sample_columns(basis: Basis) -> tuple[Column, ...]:
    """The columns of the sheet Sample, in order."""
    return (*_FIRST, *((_PAID,) if basis == "paid" else ()), *_LAST)


def header(column: Column) -> str:
    """The header as it stands in the sheet."""
    return column.header + FILL_IN if column.asked else column.header


def row_check(
    design: Design, number: int, line_id: str, stratum: int, charge_cents: int | None
) -> str:
    """What a row must carry for its line, stratum and amount to be taken as they were written.

    It tells a slip (a column sorted alone, an amount typed over, a row of another sample); it is
    no seal against somebody who means to deceive.
    """
    billed = "" if charge_cents is None else charge_cents
    text = f"{design.sample_digest}|{number}|{line_id}|{stratum}|{billed}"
    return "c" + hashlib.blake2b(text.encode(), digest_size=7).hexdigest()


def design_check(design: Design) -> str:
    """The same for the sheet Frame; names of strata are for people and not part of it."""
    facts = asdict(design) | {
        "strata": [(s.number, s.lines, s.charge_cents, s.sampled) for s in design.strata]
    }
    text = json.dumps(facts, sort_keys=True)
    return "c" + hashlib.blake2b(text.encode(), digest_size=7).hexdigest()
