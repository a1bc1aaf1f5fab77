"""The whole way from an export's texts: read, normalised and judged twice, by two hands."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from batches import Raw, batches
from compare import difference, notation, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.harness import AS_OF, found
from oracle.oracle import judge
from tables import FAMILIES
from test_oracle import REFERENCE, TABLES, rounds

from auditor import audit, read_claims
from auditor.intake.interface import IntakeOptions
from auditor.result import AuditOptions

HEADERS = {
    "claim_id": "Claim Number",
    "line_number": "Line No",
    "patient_id": "Member ID",
    "payer": "Payer",
    "payer_sequence": "payer_sequence",
    "line_of_business": "Line of Business",
    "claim_frequency": "claim_frequency",
    "original_claim_id": "original_claim_id",
    "payer_claim_id": "payer_claim_id",
    "rendering_npi": "Rendering NPI",
    "billing_npi": "Billing NPI",
    "tax_id": "Tax ID",
    "specialty": "specialty",
    "service_date_from": "DOS From",
    "service_date_to": "DOS To",
    "received_date": "received_date",
    "place_of_service": "POS",
    "code": "CPT",
    "modifiers": "Modifiers",
    "units": "Units",
    "charge_amount": "Charge",
    "paid_status": "paid_status",
}
DAYS = ("service_date_from", "service_date_to", "received_date")


class Export(list[Raw]):
    """Rows that print themselves in the notation of the rules' examples."""

    def __repr__(self) -> str:
        return f"\n{notation(self)}\n"


@st.composite
def exports(draw: st.DrawFn) -> Export:
    """A batch as different systems write it: one form of date, of code, of modifier a file."""
    rows = draw(batches(FAMILIES, largest=6))
    american = draw(st.booleans())
    packed = draw(st.sampled_from([" ", ",", ", "]))
    numeric = draw(st.booleans())
    lower = draw(st.booleans())
    written = []
    for row in rows:
        texts = dict(row)
        for name in DAYS:
            if american and row[name]:
                year, month, day = str(row[name]).split("-")
                texts[name] = f"{month}/{day}/{year}"
        texts["modifiers"] = packed.join(str(row["modifiers"]).split())
        if lower:
            texts["modifiers"] = packed.join(str(row["modifiers"]).lower().split())
            texts["line_of_business"] = str(row["line_of_business"]).title()
        if numeric and str(row["code"]).isdigit():
            texts["code"] = f"{int(str(row['code']))}.0"
        if numeric and row["units"]:
            texts["units"] = f"{float(str(row['units'])):.1f}"
        if numeric and row["charge_amount"]:
            texts["charge_amount"] = f"${float(str(row['charge_amount'])):,.2f}"
        written.append({name: texts[name] for name in HEADERS})
    return Export(written)


def write(rows: Sequence[Raw], path: Path) -> None:
    table = pl.DataFrame(
        [{HEADERS[name]: value for name, value in row.items()} for row in rows],
        schema=dict.fromkeys(HEADERS.values(), pl.String),
    )
    table.write_csv(path)


def as_said(rows: Sequence[Raw]) -> IntakeOptions:
    """The operator says what comes first in 11/04/2025 where no date of the file shows it."""
    days = [str(row["service_date_from"]) for row in rows]
    shown = any("/" not in day or int(day.split("/")[1]) > 12 for day in days)
    return IntakeOptions() if shown else IntakeOptions(date_order="month-first")


@rounds(8)
@given(exports())
def test_a_file_is_judged_as_the_oracle_judges_its_texts(rows: Export) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        write(rows, path)
        intake = read_claims([path], as_said(rows))
    assert intake.lines.height == len(rows)
    result = audit(intake, REFERENCE, AuditOptions(as_of=AS_OF, run_id="test"))
    verdict = judge(rows, TABLES)
    ours = of_auditor(rows, found(result, intake.lines))
    assert not difference(ours, of_oracle(rows, verdict.findings))
    assert result.set_aside.height == len(verdict.standing.void | verdict.standing.superseded)
