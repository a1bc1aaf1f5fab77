"""The life of findings from night to night: what is new, what stands, what came to an end.

The facts of a finding that tonight did not make are those of the night that made it last.
"""

from typing import Annotated

import pandera.polars as pa
import polars as pl

from schemas.results import TIERS
from schemas.review import STATES

LIFE_STATES = ["new", "standing", "reopened"]


class FindingLife(pa.DataFrameModel):
    """What the ledger knows of each of a run's findings; as many rows, in their order."""

    finding_id: pl.String = pa.Field(unique=True, description="Of schemas.Findings")
    state: pl.String = pa.Field(
        isin=LIFE_STATES,
        description="new: no earlier run found it; standing: it was open; reopened: it was found "
        "before and closed since",
    )
    changed: pl.Boolean = pa.Field(
        description="It stands with another tier, other modifiers, units, charge, amount, basis, "
        "counterpart or other rules on the line than when it was found last"
    )
    first_seen: pl.Date = pa.Field(description="Day of the first run that found it")
    days: pl.Int32 = pa.Field(ge=0, description="Days since first_seen")
    runs_found: pl.Int32 = pa.Field(ge=1, description="Runs that found it, this one included")

    class Config:
        """Exactly these columns."""

        strict = True


class ClosedFindings(pa.DataFrameModel):
    """Findings that this run brought to an end: one row a finding, with the reason."""

    finding_id: pl.String = pa.Field(unique=True, description="Of schemas.Findings")
    rule_id: pl.String = pa.Field(description="Rule of the finding")
    tier: pl.String = pa.Field(isin=TIERS, description="Tier when it was found last")
    claim_id: pl.String = pa.Field(description="Claim of the finding's line")
    line_number: pl.Int32 = pa.Field(nullable=True, description="Line of that claim")
    patient_id: pl.String = pa.Field(description="Patient identifier, as in the file")
    rendering_npi: pl.String = pa.Field(nullable=True, description="NPI of the practitioner")
    payer: pl.String = pa.Field(nullable=True, description="Name or id of the payer")
    service_date: pl.Date = pa.Field(description="First day of the service")
    code: pl.String = pa.Field(description="CPT or HCPCS of the line")
    modifiers: pl.String = pa.Field(description="Joined by one space; empty text for none")
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True, description="Units of the line")
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars charged for the line"
    )
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars when it was found last; an estimate for review"
    )
    amount_basis: pl.String = pa.Field(description="What the amount was taken from")
    counterpart_claim_id: pl.String = pa.Field(
        nullable=True, description="Claim of the line it collided with or needed"
    )
    counterpart_line_number: pl.Int32 = pa.Field(nullable=True, description="Number of that line")
    counterpart_code: pl.String = pa.Field(nullable=True, description="Code of that line")
    also: pl.String = pa.Field(
        description="Other rules that denied the line, joined by one space; empty text for none"
    )
    first_seen: pl.Date = pa.Field(description="Day of the first run that found it")
    days: pl.Int32 = pa.Field(ge=0, description="Days since first_seen")
    runs_found: pl.Int32 = pa.Field(ge=1, description="Runs that found it")
    told_in: pl.String = pa.Field(description="Run whose report told it last")
    told_on: pl.Date = pa.Field(description="Day of that run")
    why: pl.String = pa.Field(description="Why it is closed, in plain words and without a name")
    decision: pl.String = pa.Field(
        nullable=True, description="What was decided about it last, in a sentence"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class CarriedFindings(pa.DataFrameModel):
    """Open findings about lines that this run did not judge: one row a finding."""

    finding_id: pl.String = pa.Field(unique=True, description="Of schemas.Findings")
    rule_id: pl.String = pa.Field(description="Rule of the finding")
    tier: pl.String = pa.Field(isin=TIERS, description="Tier when it was found last")
    claim_id: pl.String = pa.Field(description="Claim of the finding's line")
    line_number: pl.Int32 = pa.Field(nullable=True, description="Line of that claim")
    patient_id: pl.String = pa.Field(description="Patient identifier, as in the file")
    rendering_npi: pl.String = pa.Field(nullable=True, description="NPI of the practitioner")
    payer: pl.String = pa.Field(nullable=True, description="Name or id of the payer")
    service_date: pl.Date = pa.Field(description="First day of the service")
    code: pl.String = pa.Field(description="CPT or HCPCS of the line")
    modifiers: pl.String = pa.Field(description="Joined by one space; empty text for none")
    units: Annotated[pl.Decimal, 18, 3] = pa.Field(nullable=True, description="Units of the line")
    charge_amount: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars charged for the line"
    )
    amount_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        nullable=True, description="US dollars when it was found last; an estimate for review"
    )
    amount_basis: pl.String = pa.Field(description="What the amount was taken from")
    counterpart_claim_id: pl.String = pa.Field(
        nullable=True, description="Claim of the line it collided with or needed"
    )
    counterpart_line_number: pl.Int32 = pa.Field(nullable=True, description="Number of that line")
    counterpart_code: pl.String = pa.Field(nullable=True, description="Code of that line")
    also: pl.String = pa.Field(
        description="Other rules that denied the line, joined by one space; empty text for none"
    )
    first_seen: pl.Date = pa.Field(description="Day of the first run that found it")
    days: pl.Int32 = pa.Field(ge=0, description="Days since first_seen")
    runs_found: pl.Int32 = pa.Field(ge=1, description="Runs that found it")
    told_in: pl.String = pa.Field(description="Run whose report told it last")
    told_on: pl.Date = pa.Field(description="Day of that run")
    decided: pl.String = pa.Field(
        nullable=True, isin=STATES, description="What stands of the decisions about it"
    )
    decision: pl.String = pa.Field(nullable=True, description="The same in a sentence")

    class Config:
        """Exactly these columns."""

        strict = True


class Trend(pa.DataFrameModel):
    """Open findings over the nights of a feed, by tier and basis, and by rule or practitioner.

    Amounts are sums over findings of one tier and one basis and are never added further.
    """

    night: pl.Date = pa.Field(description="Day of the run or runs")
    feed: pl.String = pa.Field(description="Name of the feed")
    rule_id: pl.String = pa.Field(nullable=True, description="Empty: all rules together")
    rendering_npi: pl.String = pa.Field(
        nullable=True, description="Empty: all practitioners together, or none is named"
    )
    tier: pl.String = pa.Field(isin=TIERS, description="Tier of the findings")
    amount_basis: pl.String = pa.Field(description="What the amounts were taken from")
    new: pl.Int32 = pa.Field(ge=0, description="Findings that no earlier night had")
    reopened: pl.Int32 = pa.Field(ge=0, description="Findings that were closed before")
    resolved: pl.Int32 = pa.Field(ge=0, description="Findings that the night closed")
    open: pl.Int32 = pa.Field(description="Findings open after the night")
    new_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        description="US dollars of the new ones; an estimate for review"
    )
    open_at_risk: Annotated[pl.Decimal, 18, 2] = pa.Field(
        description="US dollars of those open after the night; an estimate for review"
    )

    class Config:
        """Exactly these columns."""

        strict = True
