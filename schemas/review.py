"""What comes back from reviewers, what stands of it, and the ledger's history."""

from typing import Annotated

import pandera.polars as pa
import polars as pl

DISPOSITIONS = ["agree", "disagree", "needs records", "corrected", "accepted risk"]
STATES = ["standing", "reopened", "expired", "disputed", "pending"]


class Decisions(pa.DataFrameModel):
    """Decisions read from one workbook whose checks are right, one row a finding and reviewer.

    The facts are those of the finding when it was judged; they are empty where the workbook no
    longer has all the columns that prove them.
    """

    finding_id: pl.String = pa.Field(
        str_matches=r"^[0-9a-f]{32}$", description="Of schemas.Findings"
    )
    fingerprint: pl.String = pa.Field(
        str_matches=r"^[0-9a-f]{16}$", description="Of the facts that were judged; auditor/seal.py"
    )
    disposition: pl.String = pa.Field(isin=DISPOSITIONS, description="The reviewer's answer")
    reason: pl.String = pa.Field(nullable=True, description="The reviewer's words")
    reviewer: pl.String = pa.Field(description="As typed in the workbook, or --by")
    decided_on: pl.Date = pa.Field(description="Day of the decision")
    dated: pl.Boolean = pa.Field(description="The workbook itself said when it was decided")
    valid_until: pl.Date = pa.Field(
        nullable=True, description="Last day on which the decision stands; empty: without end"
    )
    rule_id: pl.String = pa.Field(nullable=True, description="Rule of the finding")
    tier: pl.String = pa.Field(nullable=True, description="Tier of the finding when it was judged")
    claim_id: pl.String = pa.Field(nullable=True, description="Claim of the finding's line")
    line_number: pl.Int32 = pa.Field(nullable=True, description="Line of that claim")
    service_date: pl.Date = pa.Field(nullable=True, description="Date of service of the line")
    code: pl.String = pa.Field(nullable=True, description="CPT or HCPCS of the line")
    modifiers: pl.String = pa.Field(
        nullable=True, description="Joined by one blank, empty text for none"
    )
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True, description="Units of the line")
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="Charge of the line, dollars"
    )
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="Estimate of the finding, dollars"
    )
    counterpart_code: pl.String = pa.Field(
        nullable=True, description="CPT or HCPCS of the counterpart's line"
    )
    also: pl.String = pa.Field(
        nullable=True, description="Other rules that denied the line then, joined by one blank"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class Dispositions(pa.DataFrameModel):
    """The ledger's history: every decision ever imported, in the order in which it was stored."""

    disposition_id: pl.Int64 = pa.Field(
        description="Counts up in the order of storing", unique=True
    )
    finding_id: pl.String = pa.Field(description="Of schemas.Findings")
    fingerprint: pl.String = pa.Field(description="Of the facts that were judged; auditor/seal.py")
    disposition: pl.String = pa.Field(isin=DISPOSITIONS, description="The reviewer's answer")
    reason: pl.String = pa.Field(nullable=True, description="The reviewer's words")
    reviewer: pl.String = pa.Field(description="As typed in the workbook, or --by")
    decided_on: pl.Date = pa.Field(description="Day of the decision")
    valid_until: pl.Date = pa.Field(
        nullable=True, description="Last day on which the decision stands; empty: without end"
    )
    replaces: pl.Int64 = pa.Field(
        nullable=True, description="disposition_id of the reviewer's decision before this one"
    )
    old_disposition: pl.String = pa.Field(nullable=True, description="What that one said")
    old_reason: pl.String = pa.Field(nullable=True, description="The reason that one gave")
    old_valid_until: pl.Date = pa.Field(nullable=True, description="Until when that one was valid")
    rule_id: pl.String = pa.Field(nullable=True, description="Rule of the finding")
    tier: pl.String = pa.Field(nullable=True, description="Tier of the finding when it was judged")
    claim_id: pl.String = pa.Field(nullable=True, description="Claim of the finding's line")
    line_number: pl.Int32 = pa.Field(nullable=True, description="Line of that claim")
    service_date: pl.Date = pa.Field(nullable=True, description="Date of service of the line")
    code: pl.String = pa.Field(nullable=True, description="CPT or HCPCS of the line")
    modifiers: pl.String = pa.Field(
        nullable=True, description="Joined by one blank, empty text for none"
    )
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True, description="Units of the line")
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="Charge of the line, dollars"
    )
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="Estimate of the finding, dollars"
    )
    counterpart_code: pl.String = pa.Field(
        nullable=True, description="CPT or HCPCS of the counterpart's line"
    )
    also: pl.String = pa.Field(
        nullable=True, description="Other rules that denied the line then, joined by one blank"
    )
    imported_by: pl.String = pa.Field(description="User of the operating system")
    imported_as_of: pl.Date = pa.Field(description="--as-of of the import, else its day")
    imported_at: pl.String = pa.Field(description="The clock's moment, in UTC")
    workbook_sha256: pl.String = pa.Field(
        description="Digest of the workbook the decision came from"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class Standing(pa.DataFrameModel):
    """What stands of the decisions about the findings of a run: one row a finding that has any.

    Only `standing` takes a finding off the worklist.
    """

    finding_id: pl.String = pa.Field(unique=True, description="Of schemas.Findings")
    state: pl.String = pa.Field(
        isin=STATES, description="standing, reopened, expired, disputed or pending"
    )
    disposition: pl.String = pa.Field(description="The newest that counts; disputed: joined by /")
    reason: pl.String = pa.Field(nullable=True, description="The reviewer's words")
    reviewer: pl.String = pa.Field(description="Disputed: both, joined by /")
    decided_on: pl.Date = pa.Field(description="Day of the decision")
    valid_until: pl.Date = pa.Field(
        nullable=True, description="Last day on which the decision stands; empty: without end"
    )
    told: pl.String = pa.Field(description="One plain sentence")

    class Config:
        """Exactly these columns."""

        strict = True


class Unmatched(pa.DataFrameModel):
    """Decisions about claims of the run whose findings are no longer made: one row a finding."""

    finding_id: pl.String = pa.Field(unique=True, description="Of schemas.Findings")
    rule_id: pl.String = pa.Field(nullable=True, description="Rule of the finding")
    claim_id: pl.String = pa.Field(description="Claim of the finding's line")
    line_number: pl.Int32 = pa.Field(nullable=True, description="Line of that claim")
    service_date: pl.Date = pa.Field(nullable=True, description="Date of service of the line")
    code: pl.String = pa.Field(nullable=True, description="CPT or HCPCS of the line")
    disposition: pl.String = pa.Field(isin=DISPOSITIONS, description="The reviewer's answer")
    reason: pl.String = pa.Field(nullable=True, description="The reviewer's words")
    reviewer: pl.String = pa.Field(description="As typed in the workbook, or --by")
    decided_on: pl.Date = pa.Field(description="Day of the decision")
    valid_until: pl.Date = pa.Field(
        nullable=True, description="Last day on which the decision stands; empty: without end"
    )
    told: pl.String = pa.Field(description="One plain sentence")

    class Config:
        """Exactly these columns."""

        strict = True
