"""CMS reference tables as the store keeps them.

Tables with row dates (PTP, add-on edits) hold every row of their release; a row applies when
effective <= date of service <= deletion (null: open), both ends included, effective <> deletion.
Tables without row dates (MUE, fee schedule) apply from valid_from to valid_to, which come from
the releases loaded: valid_to is the day before the next loaded release, null for the newest.
"""

import pandera.polars as pa
import polars as pl

CODE = r"^[A-Z0-9]{5}$"


class PtpEdits(pa.DataFrameModel):
    """Procedure-to-procedure edits (NCCI column 1 / column 2), practitioner or hospital."""

    column1: pl.String = pa.Field(str_matches=CODE)
    column2: pl.String = pa.Field(str_matches=CODE)
    effective: pl.Date
    deletion: pl.Date = pa.Field(nullable=True)
    modifier_indicator: pl.UInt8 = pa.Field(isin=[0, 1, 9])
    rationale: pl.String = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


class AddOnEdits(pa.DataFrameModel):
    """Add-on code edits: an add-on code, one of its primaries, the type of the row."""

    addon: pl.String = pa.Field(str_matches=CODE)
    primary: pl.String = pa.Field(str_matches=CODE, description="CCCCC: contractor-defined")
    edit_type: pl.UInt8 = pa.Field(isin=[1, 2, 3])
    effective: pl.Date
    deletion: pl.Date = pa.Field(
        nullable=True, description="Earliest of the edit's, the add-on's and the primary's end"
    )
    edit_deletion: pl.Date = pa.Field(nullable=True, description="The edit's own deletion date")
    note: pl.String = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True


class MueValues(pa.DataFrameModel):
    """Medically Unlikely Edit values of one release and service type."""

    code: pl.String = pa.Field(str_matches=CODE)
    mue_value: pl.UInt32
    mai: pl.UInt8 = pa.Field(isin=[1, 2, 3], description="MUE adjudication indicator")
    rationale: pl.String = pa.Field(nullable=True)
    valid_from: pl.Date
    valid_to: pl.Date = pa.Field(nullable=True)
    release: pl.String

    class Config:
        """Exactly these columns."""

        strict = True


class FeeSchedule(pa.DataFrameModel):
    """Physician fee schedule indicators (PPRRVU), one row a code and component.

    component is '' for the global row, else 26, TC or 53. Indicators are text.
    """

    code: pl.String = pa.Field(str_matches=CODE)
    component: pl.String = pa.Field(isin=["", "26", "TC", "53"])
    status: pl.String
    pctc: pl.String
    global_days: pl.String
    multiple: pl.String = pa.Field(nullable=True)
    bilateral: pl.String = pa.Field(nullable=True)
    assistant: pl.String = pa.Field(nullable=True)
    cosurgeon: pl.String = pa.Field(nullable=True)
    team: pl.String = pa.Field(nullable=True)
    valid_from: pl.Date
    valid_to: pl.Date = pa.Field(nullable=True)
    release: pl.String

    class Config:
        """Exactly these columns."""

        strict = True


class HcpcsCodes(pa.DataFrameModel):
    """HCPCS Level II codes and modifiers with their term of life."""

    code: pl.String = pa.Field(description="Five characters, or two for a modifier")
    kind: pl.String = pa.Field(isin=["procedure", "modifier"])
    effective: pl.Date = pa.Field(nullable=True, description="ADD DT: first valid day")
    deletion: pl.Date = pa.Field(nullable=True, description="TERM DT: last valid day")
    coverage: pl.String = pa.Field(nullable=True)

    class Config:
        """Exactly these columns."""

        strict = True
