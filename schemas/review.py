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

    finding_id: pl.String = pa.Field(str_matches=r"^[0-9a-f]{32}$")
    fingerprint: pl.String = pa.Field(str_matches=r"^[0-9a-f]{16}$")
    disposition: pl.String = pa.Field(isin=DISPOSITIONS)
    reason: pl.String = pa.Field(nullable=True)
    reviewer: pl.String
    decided_on: pl.Date
    dated: pl.Boolean = pa.Field(description="The workbook itself said when it was decided")
    valid_until: pl.Date = pa.Field(nullable=True)
    rule_id: pl.String = pa.Field(nullable=True)
    tier: pl.String = pa.Field(nullable=True)
    claim_id: pl.String = pa.Field(nullable=True)
    line_number: pl.Int32 = pa.Field(nullable=True)
    service_date: pl.Date = pa.Field(nullable=True)
    code: pl.String = pa.Field(nullable=True)
    modifiers: pl.String = pa.Field(nullable=True)
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True)
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(nullable=True)
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(nullable=True)
    counterpart_code: pl.String = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


class Dispositions(pa.DataFrameModel):
    """The ledger's history: every decision ever imported, in the order in which it was stored."""

    disposition_id: pl.Int64 = pa.Field(
        description="Counts up in the order of storing", unique=True
    )
    finding_id: pl.String
    fingerprint: pl.String = pa.Field(description="Of the facts that were judged; auditor/seal.py")
    disposition: pl.String = pa.Field(isin=DISPOSITIONS)
    reason: pl.String = pa.Field(nullable=True)
    reviewer: pl.String = pa.Field(description="As typed in the workbook, or --by")
    decided_on: pl.Date
    valid_until: pl.Date = pa.Field(nullable=True)
    replaces: pl.Int64 = pa.Field(
        nullable=True, description="disposition_id of the reviewer's decision before this one"
    )
    old_disposition: pl.String = pa.Field(nullable=True, description="What that one said")
    old_reason: pl.String = pa.Field(nullable=True)
    old_valid_until: pl.Date = pa.Field(nullable=True)
    rule_id: pl.String = pa.Field(nullable=True)
    tier: pl.String = pa.Field(nullable=True)
    claim_id: pl.String = pa.Field(nullable=True)
    line_number: pl.Int32 = pa.Field(nullable=True)
    service_date: pl.Date = pa.Field(nullable=True)
    code: pl.String = pa.Field(nullable=True)
    modifiers: pl.String = pa.Field(nullable=True)
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True)
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(nullable=True)
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(nullable=True)
    counterpart_code: pl.String = pa.Field(nullable=True)
    imported_by: pl.String = pa.Field(description="User of the operating system")
    imported_as_of: pl.Date = pa.Field(description="--as-of of the import, else its day")
    imported_at: pl.String = pa.Field(description="The clock's moment, in UTC")
    workbook_sha256: pl.String

    class Config:
        """Exactly these columns."""

        strict = True


class Standing(pa.DataFrameModel):
    """What stands of the decisions about the findings of a run: one row a finding that has any.

    Only `standing` takes a finding off the worklist.
    """

    finding_id: pl.String = pa.Field(unique=True)
    state: pl.String = pa.Field(isin=STATES)
    disposition: pl.String = pa.Field(description="The newest that counts; disputed: joined by /")
    reason: pl.String = pa.Field(nullable=True)
    reviewer: pl.String = pa.Field(description="Disputed: both, joined by /")
    decided_on: pl.Date
    valid_until: pl.Date = pa.Field(nullable=True)
    told: pl.String = pa.Field(description="One plain sentence")

    class Config:
        """Exactly these columns."""

        strict = True


class Unmatched(pa.DataFrameModel):
    """Decisions about claims of the run whose findings are no longer made: one row a finding."""

    finding_id: pl.String = pa.Field(unique=True)
    rule_id: pl.String = pa.Field(nullable=True)
    claim_id: pl.String
    line_number: pl.Int32 = pa.Field(nullable=True)
    service_date: pl.Date = pa.Field(nullable=True)
    code: pl.String = pa.Field(nullable=True)
    disposition: pl.String = pa.Field(isin=DISPOSITIONS)
    reason: pl.String = pa.Field(nullable=True)
    reviewer: pl.String
    decided_on: pl.Date
    valid_until: pl.Date = pa.Field(nullable=True)
    told: pl.String = pa.Field(description="One plain sentence")

    class Config:
        """Exactly these columns."""

        strict = True
