"""Claim lines as the audit sees them, and the rows that did not become one.

Types that matter: money is integer cents, units are integer thousandths (no float is ever
summed, so totals do not depend on the order of rows), dates are calendar dates, codes and
identifiers are text. Modifiers and diagnoses are joined by one space, in the order of the claim.
"""

import pandera.polars as pa
import polars as pl

from schemas.tools import CENTS


class ClaimLines(pa.DataFrameModel):
    """One professional service line; required of an export: claim, patient, date, code."""

    source_file: pl.String = pa.Field(description="File name, and [sheet] for a workbook")
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    line_key: pl.UInt32 = pa.Field(description="Number of the line: 0-based, dense, unique")
    claim_id: pl.String = pa.Field(description="Claim number, as in the file; digits are text")
    line_number: pl.Int32 = pa.Field(
        nullable=True, description="The file's own; of a wide row the place in it"
    )
    patient_id: pl.String = pa.Field(description="Patient or member identifier, as in the file")
    patient_birth_date: pl.Date = pa.Field(nullable=True, description="Birth date of the patient")
    patient_sex: pl.String = pa.Field(nullable=True, description="F female, M male, U unknown")
    payer: pl.String = pa.Field(
        nullable=True, description="Name or id of the payer, as in the file"
    )
    payer_sequence: pl.String = pa.Field(
        nullable=True,
        description="Whether this payer pays first: primary, secondary, tertiary, or the file's "
        "own word in lower case",
    )
    line_of_business: pl.String = pa.Field(
        isin=["medicare", "medicaid", "commercial", "unknown"],
        description="Selects the rule profile; unknown where neither file nor operator says",
    )
    claim_frequency: pl.String = pa.Field(
        nullable=True,
        description="Claim frequency code of the 837P (CLM05-3): 1 original, 7 replacement, 8 void",
    )
    original_claim_id: pl.String = pa.Field(
        nullable=True,
        description="Of a replacement or void: the claim it is about, by the payer's control "
        "number or by its claim number",
    )
    payer_claim_id: pl.String = pa.Field(
        nullable=True, description="The payer's control number of this claim (ICN, DCN, TCN)"
    )
    rendering_npi: pl.String = pa.Field(
        nullable=True, description="NPI of the practitioner who gave the service; form not judged"
    )
    billing_npi: pl.String = pa.Field(
        nullable=True, description="NPI of the practice that bills; form not judged"
    )
    referring_npi: pl.String = pa.Field(
        nullable=True, description="NPI of the practitioner who referred or ordered"
    )
    tax_id: pl.String = pa.Field(
        nullable=True, description="Tax identification number (EIN or SSN) of the billing practice"
    )
    specialty: pl.String = pa.Field(
        nullable=True,
        description="Specialty of the rendering practitioner: Medicare specialty code, NUCC "
        "taxonomy code, or the file's own word",
    )
    clia_number: pl.String = pa.Field(
        nullable=True, description="CLIA number of the laboratory: ten characters"
    )
    service_date_from: pl.Date = pa.Field(description="First day of the service")
    service_date_to: pl.Date = pa.Field(
        description="Last day of the service; equal to service_date_from where the file has none"
    )
    claim_dates: pl.Boolean = pa.Field(
        description="The two dates are the whole claim's, because the file does not date the line"
    )
    received_date: pl.Date = pa.Field(
        nullable=True, description="Day on which the payer received the claim"
    )
    place_of_service: pl.String = pa.Field(
        nullable=True, description="CMS place of service code, two digits"
    )
    code: pl.String = pa.Field(
        description="Procedure: CPT or HCPCS Level II code, upper case; form not yet judged"
    )
    modifiers: pl.String = pa.Field(
        description="CPT and HCPCS modifiers, upper case, in the order of the claim, joined by one "
        "space; empty text for none"
    )
    units: pl.Int64 = pa.Field(
        nullable=True,
        metadata={"unit": "thousandths of a unit"},
        description="Units of service: 1500 is 1.5",
    )
    charge_amount: pl.Int64 = pa.Field(
        nullable=True, metadata=CENTS, description="What the practice charged for the line"
    )
    sign_untold: pl.Boolean = pa.Field(
        nullable=True,
        description="True: most charges (or units) of the file are below zero, so that the sign "
        "tells no credit; empty where it does",
    )
    allowed_amount: pl.Int64 = pa.Field(
        nullable=True, metadata=CENTS, description="What the payer allowed for the line"
    )
    paid_amount: pl.Int64 = pa.Field(
        nullable=True, metadata=CENTS, description="What the payer paid for the line"
    )
    paid_status: pl.String = pa.Field(
        nullable=True,
        isin=["paid", "denied"],
        description="What the payer did with the line; empty for any other status (pending)",
    )
    diagnoses: pl.String = pa.Field(
        description="ICD-10-CM codes without dots, in the order of the claim, joined by one space; "
        "empty text for none"
    )
    diagnosis_pointers: pl.String = pa.Field(
        nullable=True,
        description="Which diagnoses the line is for: letters (A is the first) or numbers, joined "
        "by one space",
    )
    ndc: pl.String = pa.Field(nullable=True, description="National Drug Code of the product")
    claim_note: pl.String = pa.Field(nullable=True, description="Free text of the claim or line")

    class Config:
        """Exactly these columns."""

        strict = True


class RejectedRows(pa.DataFrameModel):
    """A line that could not be placed: nothing of it is lost, and the reasons are named.

    claim_id, patient_id and service_date carry what could be read, because a rule that rests on
    the absence of a line is lowered to review where the missing line might be this one.
    """

    source_file: pl.String = pa.Field(description="File name, and [sheet] for a workbook")
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    claim_id: pl.String = pa.Field(nullable=True, description="Claim number, if it could be read")
    patient_id: pl.String = pa.Field(
        nullable=True, description="Patient identifier, if it could be read"
    )
    service_date: pl.Date = pa.Field(
        nullable=True, description="First day of the service, if it could be read"
    )
    reasons: pl.String = pa.Field(description="Every reason, joined by '; ', in plain words")
    column: pl.String = pa.Field(
        nullable=True, description="The column each reason is about, joined by '; '; null: the row"
    )
    value: pl.String = pa.Field(
        nullable=True, description="What stands in each of those columns, joined by '; '"
    )
    raw: pl.String = pa.Field(description="JSON object of the row's header and raw cell texts")

    class Config:
        """Exactly these columns."""

        strict = True


class SetAside(pa.DataFrameModel):
    """A line read and understood, and on purpose not audited."""

    source_file: pl.String = pa.Field(description="File name, and [sheet] for a workbook")
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    claim_id: pl.String = pa.Field(nullable=True, description="Claim number, as in the file")
    reason: pl.String = pa.Field(
        isin=["institutional", "void", "superseded", "seen before"],
        description="institutional: no professional claim; void: the claim or the void that took "
        "it back; superseded: a newer version of the claim stands; seen before: it came in an "
        "earlier file",
    )

    class Config:
        """Exactly these columns."""

        strict = True


class Repairs(pa.DataFrameModel):
    """A value that was changed or emptied on the way in, with what stood there."""

    source_file: pl.String = pa.Field(description="File name, and [sheet] for a workbook")
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    field: pl.String = pa.Field(description="Column of the claim lines that the value went to")
    kind: pl.String = pa.Field(description="What was done, in plain words")
    raw: pl.String = pa.Field(description="What stood in the cell")
    value: pl.String = pa.Field(
        nullable=True, description="What it was read as; empty: the value was emptied"
    )

    class Config:
        """Exactly these columns."""

        strict = True
