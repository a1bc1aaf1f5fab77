"""Lines of earlier nights: what the store of a feed keeps of them and hands over."""

import pandera.polars as pa
import polars as pl

from schemas.claims import ClaimLines

_VERSION = (
    "Number of the line as it stood then: run times 2^32 plus its place in the run; never reused"
)
ENDINGS = ["changed", "no longer in the claim"]


class StoredLines(ClaimLines):
    """A standing line that an earlier run audited, with source_file and source_row of then."""

    version: pl.UInt64 = pa.Field(unique=True, description=_VERSION)
    since: pl.UInt64 = pa.Field(
        description="Number of the run with which the line first came, whatever it said then: a "
        "line that is corrected, or paid, is as old as it was"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class EndedLines(pa.DataFrameModel):
    """A line of an earlier run that stands no longer from this run on."""

    version: pl.UInt64 = pa.Field(unique=True, description=_VERSION)
    why: pl.String = pa.Field(
        isin=ENDINGS,
        description="changed: the line came again with other values; no longer in the claim: the "
        "claim came again without it",
    )
    claim_id: pl.String = pa.Field(description="Claim number, as in the file")
    line_number: pl.Int32 = pa.Field(nullable=True, description="As in the claim lines")
    patient_id: pl.String = pa.Field(description="Patient identifier, as in the file")
    service_date_from: pl.Date = pa.Field(description="First day of the service")
    code: pl.String = pa.Field(description="CPT or HCPCS Level II code, upper case")

    class Config:
        """Exactly these columns."""

        strict = True


class RejectedKeys(pa.DataFrameModel):
    """What could be read of a row that was rejected: a line is missing there."""

    claim_id: pl.String = pa.Field(nullable=True, description="Claim number, if it could be read")
    patient_id: pl.String = pa.Field(
        nullable=True, description="Patient identifier, if it could be read"
    )
    service_date: pl.Date = pa.Field(
        nullable=True, description="First day of the service, if it could be read"
    )

    class Config:
        """Exactly these columns."""

        strict = True
