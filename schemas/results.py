"""What an audit hands over: findings and coverage. Findings are a public, stable contract."""

from typing import Annotated

import pandera.polars as pa
import polars as pl

SCHEMA_VERSION = 1
TIERS = ["certain", "review", "info"]


class Findings(pa.DataFrameModel):
    """One row a finding, in a total order; docs/findings.md says the same in words."""

    finding_id: pl.String = pa.Field(description="Stable from night to night for one fact")
    story_id: pl.String = pa.Field(description="Shared by the findings of one cause")
    rule_id: pl.String
    rule_name: pl.String
    tier: pl.String = pa.Field(isin=TIERS)
    source_file: pl.String
    source_row: pl.UInt32
    claim_id: pl.String
    line_number: pl.Int32 = pa.Field(nullable=True)
    patient_id: pl.String
    rendering_npi: pl.String = pa.Field(nullable=True)
    payer: pl.String = pa.Field(nullable=True)
    service_date: pl.Date
    code: pl.String
    modifiers: pl.String
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True)
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(nullable=True)
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True,
        description="An estimate for review; null: not determined",
    )
    amount_basis: pl.String = pa.Field(
        isin=[
            "allowed",
            "paid",
            "charge",
            "already denied",
            "paid zero",
            "not determined",
            "counted in another finding",
            "none",
        ]
    )
    counterpart_claim_id: pl.String = pa.Field(nullable=True)
    counterpart_line_number: pl.Int32 = pa.Field(nullable=True)
    counterpart_code: pl.String = pa.Field(nullable=True)
    message: pl.String
    remedy: pl.String
    citation: pl.String
    table_release: pl.String = pa.Field(nullable=True)
    table_row: pl.String = pa.Field(nullable=True, description="The deciding row and its dates")
    release_gap_quarters: pl.Int32 = pa.Field(
        description="Quarters between the end of what the release vouches for and the service"
    )
    also: pl.String = pa.Field(description="Other rules that deny the same line, space-joined")
    first_seen: pl.Date
    run_id: pl.String
    schema_version: pl.Int32

    class Config:
        """Exactly these columns."""

        strict = True


class TableCoverage(pa.DataFrameModel):
    """What each kind of reference table judged, and what it could not judge and why."""

    reference: pl.String = pa.Field(description="Kind of table in words")
    state: pl.String = pa.Field(isin=["judged", "not judged", "judged with caution"])
    reason: pl.String = pa.Field(description="'' for judged")
    lines: pl.UInt32
    first_date: pl.Date = pa.Field(nullable=True)
    last_date: pl.Date = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


class UnjudgedCodes(pa.DataFrameModel):
    """The codes on most lines that a kind of table did not judge."""

    reference: pl.String = pa.Field(description="Kind of table in words")
    code: pl.String
    reason: pl.String
    lines: pl.UInt32

    class Config:
        """Exactly these columns."""

        strict = True


class Coverage(pa.DataFrameModel):
    """What each rule judged, and what it could not judge and why."""

    rule_id: pl.String
    state: pl.String = pa.Field(isin=["judged", "not judged", "judged with caution"])
    reason: pl.String = pa.Field(description="'' for judged")
    lines: pl.UInt32
    first_date: pl.Date = pa.Field(nullable=True)
    last_date: pl.Date = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


class SeparablePairs(pa.DataFrameModel):
    """The PTP pairs of indicator 1 that met among the audited lines, separated or not.

    One row a column 2 line and column 1 code: what rates of bypasses are counted over. Lines that
    the payer denied and that were billed again are left out, because the new claim tells of them.
    """

    row: pl.UInt32 = pa.Field(description="Place of the column 2 line in AuditResult.lines")
    other: pl.UInt32 = pa.Field(description="Place of the column 1 line")
    separated: pl.Boolean = pa.Field(description="Whether a modifier separates the two")
    weak: pl.Boolean = pa.Field(description="It does, and an auditor asks for the record (PTP-2)")
    on_column1: pl.String = pa.Field(
        description="The modifiers that separate, on the column 1 line, space-joined; '' for none"
    )
    on_column2: pl.String = pa.Field(description="The same, on the column 2 line")

    class Config:
        """Exactly these columns."""

        strict = True
