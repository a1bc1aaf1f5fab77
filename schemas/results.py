"""What an audit hands over: findings and coverage. Findings are a public, stable contract."""

from typing import Annotated

import pandera.polars as pa
import polars as pl

SCHEMA_VERSION = 1
TIERS = ["certain", "review", "info"]


class Findings(pa.DataFrameModel):
    """One row a finding, in a total order; docs/findings.md says the same in words."""

    finding_id: pl.String = pa.Field(
        description="32 hexadecimal digits; the same fact has the same id from night to night"
    )
    story_id: pl.String = pa.Field(
        description="Shared by the findings of one cause: the finding_id of one of them"
    )
    rule_id: pl.String = pa.Field(
        description="The rule, as in docs/rules.md (AOC-1); never used again for another rule"
    )
    rule_name: pl.String = pa.Field(description="The defect in words (orphan-add-on)")
    tier: pl.String = pa.Field(
        isin=TIERS,
        description="certain: the published table or definition alone proves it; review: it needs "
        "the record, the payer's policy or data that is not on the claim; info: a ledger entry, "
        "nothing is wrong",
    )
    source_file: pl.String = pa.Field(
        description="File name, and [sheet] for a workbook; (run ID) where an earlier night's"
    )
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    claim_id: pl.String = pa.Field(description="Claim number, as in the file")
    line_number: pl.Int32 = pa.Field(
        nullable=True, description="The file's own; of a wide row the place in it"
    )
    patient_id: pl.String = pa.Field(description="Patient identifier, as in the file")
    rendering_npi: pl.String = pa.Field(
        nullable=True, description="NPI of the practitioner, as in the file"
    )
    payer: pl.String = pa.Field(
        nullable=True, description="Name or id of the payer, as in the file"
    )
    service_date: pl.Date = pa.Field(description="First day of the service")
    code: pl.String = pa.Field(description="CPT or HCPCS Level II code, upper case")
    modifiers: pl.String = pa.Field(
        description="Modifiers in the order of the claim, upper case, joined by one space; "
        "empty text for none"
    )
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True, description="Units of service")
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars charged for the line"
    )
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True,
        description="US dollars; an estimate for review; empty where it could not be determined",
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
        ],
        description="What the amount at risk was taken from, or why there is none",
    )
    counterpart_claim_id: pl.String = pa.Field(
        nullable=True, description="Claim of the line it collides with or needs"
    )
    counterpart_line_number: pl.Int32 = pa.Field(nullable=True, description="Number of that line")
    counterpart_code: pl.String = pa.Field(nullable=True, description="Code of that line")
    message: pl.String = pa.Field(description="What is wrong, in a sentence or two, with the codes")
    remedy: pl.String = pa.Field(description="What to do")
    citation: pl.String = pa.Field(description="The manual, table or regulation behind the rule")
    table_release: pl.String = pa.Field(
        nullable=True, description="Release of the CMS table that decided"
    )
    table_row: pl.String = pa.Field(nullable=True, description="The deciding row and its dates")
    release_gap_quarters: pl.Int32 = pa.Field(
        description="Quarters between the end of what the release vouches for and the "
        "service; 0: within it"
    )
    also: pl.String = pa.Field(
        description="Ids of other rules that deny the same line, joined by one space; "
        "empty text for none"
    )
    first_seen: pl.Date = pa.Field(description="Day of the first run that found it")
    run_id: pl.String = pa.Field(description="The run that wrote the row")
    schema_version: pl.Int32 = pa.Field(description="Version of this table's form: 1")

    class Config:
        """Exactly these columns."""

        strict = True


class ComparedFindings(pa.DataFrameModel):
    """Findings that other reference tables would make or not make on the same claims.

    Findings that are alike with both are not here. Columns that begin with other_ tell of the
    tables compared with, those of the same name without it of the tables that the audit used.
    """

    change: pl.String = pa.Field(
        isin=["appears", "disappears", "changes"],
        description="appears: found with the other tables alone; disappears: not found with them; "
        "changes: found with both, with another tier or amount",
    )
    finding_id: pl.String = pa.Field(description="As in the findings")
    rule_id: pl.String = pa.Field(description="The rule")
    rule_name: pl.String = pa.Field(description="The defect in words")
    source_file: pl.String = pa.Field(description="File name, and [sheet] for a workbook")
    source_row: pl.UInt32 = pa.Field(description="1-based row in the file as a person sees it")
    claim_id: pl.String = pa.Field(description="Claim number, as in the file")
    line_number: pl.Int32 = pa.Field(nullable=True, description="As in the findings")
    service_date: pl.Date = pa.Field(description="First day of the service")
    code: pl.String = pa.Field(description="CPT or HCPCS Level II code, upper case")
    modifiers: pl.String = pa.Field(description="As in the findings")
    counterpart_code: pl.String = pa.Field(
        nullable=True, description="Code of the line it collides with or needs"
    )
    tier: pl.String = pa.Field(nullable=True, isin=TIERS, description="Empty: not found")
    other_tier: pl.String = pa.Field(nullable=True, isin=TIERS, description="Empty: not found")
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars; an estimate for review"
    )
    other_amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars; an estimate for review"
    )
    amount_basis: pl.String = pa.Field(nullable=True, description="As in the findings")
    other_amount_basis: pl.String = pa.Field(nullable=True, description="As in the findings")
    table_release: pl.String = pa.Field(nullable=True, description="Release that decided")
    other_table_release: pl.String = pa.Field(nullable=True, description="Release that decided")
    table_row: pl.String = pa.Field(nullable=True, description="The deciding row and its dates")
    other_table_row: pl.String = pa.Field(
        nullable=True, description="The deciding row and its dates"
    )
    table_change: pl.String = pa.Field(
        description="What the rows behind the finding say on the day of service in the tables used "
        "and, after ->, in the others; empty text where they say the same, or no CMS table decides"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class TableCoverage(pa.DataFrameModel):
    """What each kind of reference table judged, and what it could not judge and why."""

    reference: pl.String = pa.Field(description="Kind of table in words")
    state: pl.String = pa.Field(
        isin=["judged", "not judged", "judged with caution"],
        description="Whether the tables of this kind judged the lines",
    )
    reason: pl.String = pa.Field(description="Why not, or why with caution; empty text for judged")
    lines: pl.UInt32 = pa.Field(description="Number of lines for which that is so")
    first_date: pl.Date = pa.Field(
        nullable=True, description="Earliest first day of service among them"
    )
    last_date: pl.Date = pa.Field(
        nullable=True, description="Latest first day of service among them"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class UnjudgedCodes(pa.DataFrameModel):
    """The codes on most lines that a kind of table did not judge."""

    reference: pl.String = pa.Field(description="Kind of table in words")
    code: pl.String = pa.Field(description="CPT or HCPCS Level II code, upper case")
    reason: pl.String = pa.Field(description="Why it was not judged")
    lines: pl.UInt32 = pa.Field(description="Number of lines with the code")

    class Config:
        """Exactly these columns."""

        strict = True


class Coverage(pa.DataFrameModel):
    """What each rule judged, and what it could not judge and why."""

    rule_id: pl.String = pa.Field(description="The rule, as in docs/rules.md")
    state: pl.String = pa.Field(
        isin=["judged", "not judged", "judged with caution"],
        description="Whether the rule judged the lines",
    )
    reason: pl.String = pa.Field(description="Why not, or why with caution; empty text for judged")
    lines: pl.UInt32 = pa.Field(description="Number of lines for which that is so")
    first_date: pl.Date = pa.Field(
        nullable=True, description="Earliest first day of service among them"
    )
    last_date: pl.Date = pa.Field(
        nullable=True, description="Latest first day of service among them"
    )

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
