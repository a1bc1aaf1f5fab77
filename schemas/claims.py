"""Claim lines as the audit sees them, and the rows that did not become one.

Types that matter: money is integer cents, units are integer thousandths (no float is ever
summed, so totals do not depend on the order of rows), dates are calendar dates, codes and
identifiers are text. Modifiers and diagnoses are joined by one space, in the order of the claim.
"""

import pandera.polars as pa
import polars as pl


class ClaimLines(pa.DataFrameModel):
    """One professional service line; required of an export: claim, patient, date, code."""

    source_file: pl.String = pa.Field(description="File name, and [sheet] for a workbook")
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    line_key: pl.UInt32 = pa.Field(description="Dense, 0-based, unique over the batch")
    claim_id: pl.String
    line_number: pl.Int32 = pa.Field(nullable=True)
    patient_id: pl.String
    patient_birth_date: pl.Date = pa.Field(nullable=True)
    patient_sex: pl.String = pa.Field(nullable=True)
    payer: pl.String = pa.Field(nullable=True)
    payer_sequence: pl.String = pa.Field(nullable=True, description="primary, secondary ...")
    line_of_business: pl.String = pa.Field(
        isin=["medicare", "medicaid", "commercial", "unknown"],
        description="Selects the rule profile; unknown where neither file nor operator says",
    )
    claim_frequency: pl.String = pa.Field(nullable=True, description="1 original, 7, 8")
    original_claim_id: pl.String = pa.Field(nullable=True)
    payer_claim_id: pl.String = pa.Field(
        nullable=True, description="The payer's control number of this claim (ICN, DCN, TCN)"
    )
    rendering_npi: pl.String = pa.Field(nullable=True)
    billing_npi: pl.String = pa.Field(nullable=True)
    referring_npi: pl.String = pa.Field(nullable=True)
    tax_id: pl.String = pa.Field(nullable=True)
    specialty: pl.String = pa.Field(nullable=True)
    clia_number: pl.String = pa.Field(nullable=True)
    service_date_from: pl.Date
    service_date_to: pl.Date = pa.Field(description="Equal to service_date_from when absent")
    claim_dates: pl.Boolean = pa.Field(
        description="The two dates are the whole claim's, because the file does not date the line"
    )
    received_date: pl.Date = pa.Field(nullable=True)
    place_of_service: pl.String = pa.Field(nullable=True, description="Two digits")
    code: pl.String = pa.Field(description="CPT or HCPCS, upper case; form not yet judged")
    modifiers: pl.String = pa.Field(description="Upper case, space-joined, '' for none")
    units: pl.Int64 = pa.Field(nullable=True, description="Thousandths of a unit")
    charge_amount: pl.Int64 = pa.Field(nullable=True, description="Cents")
    allowed_amount: pl.Int64 = pa.Field(nullable=True, description="Cents")
    paid_amount: pl.Int64 = pa.Field(nullable=True, description="Cents")
    paid_status: pl.String = pa.Field(nullable=True, isin=["paid", "denied"])
    diagnoses: pl.String = pa.Field(description="Without dots, space-joined, '' for none")
    diagnosis_pointers: pl.String = pa.Field(nullable=True)
    ndc: pl.String = pa.Field(nullable=True)
    claim_note: pl.String = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


class RejectedRows(pa.DataFrameModel):
    """A line that could not be placed: nothing of it is lost, and the reasons are named.

    claim_id, patient_id and service_date carry what could be read, because a rule that rests on
    the absence of a line is lowered to review where the missing line might be this one.
    """

    source_file: pl.String
    source_row: pl.UInt32
    claim_id: pl.String = pa.Field(nullable=True)
    patient_id: pl.String = pa.Field(nullable=True)
    service_date: pl.Date = pa.Field(nullable=True)
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

    source_file: pl.String
    source_row: pl.UInt32
    claim_id: pl.String = pa.Field(nullable=True)
    reason: pl.String = pa.Field(isin=["institutional", "void", "superseded", "seen before"])

    class Config:
        """Exactly these columns."""

        strict = True


class Repairs(pa.DataFrameModel):
    """A value that was changed or emptied on the way in, with what stood there."""

    source_file: pl.String
    source_row: pl.UInt32
    field: pl.String = pa.Field(description="Canonical column name")
    kind: pl.String = pa.Field(description="What was done, in plain words")
    raw: pl.String
    value: pl.String = pa.Field(nullable=True, description="Null: the value was emptied")

    class Config:
        """Exactly these columns."""

        strict = True
