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

    column1: pl.String = pa.Field(
        str_matches=CODE, description="CPT or HCPCS code that pays where both are billed"
    )
    column2: pl.String = pa.Field(
        str_matches=CODE, description="CPT or HCPCS code that is denied beside it"
    )
    effective: pl.Date = pa.Field(description="First date of service that the pair applies to")
    deletion: pl.Date = pa.Field(
        nullable=True, description="Last date of service that it applies to; empty: open"
    )
    modifier_indicator: pl.UInt8 = pa.Field(
        isin=[0, 1, 9],
        description="0: no modifier separates the pair; 1: a modifier may; 9: the pair "
        "does not apply",
    )
    rationale: pl.String = pa.Field(
        nullable=True, description="CMS's reason for the pair, in its words"
    )

    class Config:
        """Exactly these columns."""

        strict = True


class AddOnEdits(pa.DataFrameModel):
    """Add-on code edits: an add-on code, one of its primaries, the type of the row."""

    addon: pl.String = pa.Field(str_matches=CODE, description="CPT or HCPCS add-on code")
    primary: pl.String = pa.Field(
        str_matches=CODE,
        description="CPT or HCPCS code that supports it; CCCCC: the contractor decides",
    )
    edit_type: pl.UInt8 = pa.Field(
        isin=[1, 2, 3],
        description="Who lists the primaries: 1 CMS lists all of them, 2 the contractor, 3 "
        "CMS some and the contractor the others",
    )
    effective: pl.Date = pa.Field(description="First date of service that the row applies to")
    deletion: pl.Date = pa.Field(
        nullable=True,
        description="Last date of service that it applies to: the earliest end of edit, "
        "add-on and primary; empty: open",
    )
    edit_deletion: pl.Date = pa.Field(nullable=True, description="The edit's own deletion date")
    note: pl.String = pa.Field(nullable=True, description="CMS's special instruction for the row")

    class Config:
        """Exactly these columns."""

        strict = True


class MueValues(pa.DataFrameModel):
    """Medically Unlikely Edit values of one release and service type."""

    code: pl.String = pa.Field(str_matches=CODE, description="CPT or HCPCS code")
    mue_value: pl.UInt32 = pa.Field(
        description="Most units of service that are expected, in whole units"
    )
    mai: pl.UInt8 = pa.Field(
        isin=[1, 2, 3],
        description="MUE adjudication indicator: 1 limit a line, 2 absolute limit a day, 3 "
        "clinical limit a day",
    )
    rationale: pl.String = pa.Field(
        nullable=True, description="CMS's reason for the value, in its words"
    )
    valid_from: pl.Date = pa.Field(
        description="First date of service that the row applies to: the release's first day"
    )
    valid_to: pl.Date = pa.Field(
        nullable=True,
        description="Last date of service that it applies to: the day before the next "
        "loaded release; empty: open",
    )
    release: pl.String = pa.Field(description="Label of the release, such as 2025Q4")

    class Config:
        """Exactly these columns."""

        strict = True


class FeeSchedule(pa.DataFrameModel):
    """Physician fee schedule indicators (PPRRVU), one row a code and component.

    component is '' for the global row, else 26, TC or 53. Indicators are text.
    """

    code: pl.String = pa.Field(str_matches=CODE, description="CPT or HCPCS code")
    component: pl.String = pa.Field(
        isin=["", "26", "TC", "53"],
        description="Row of the code: empty text for the global service, 26 professional, "
        "TC technical, 53 discontinued",
    )
    status: pl.String = pa.Field(
        description="MPFS status code, one letter (A active, B bundled, T paid only alone ...)"
    )
    pctc: pl.String = pa.Field(
        description="MPFS PC/TC indicator: whether the code splits into professional and "
        "technical part"
    )
    global_days: pl.String = pa.Field(
        description="MPFS global days: 000, 010, 090, MMM maternity, XXX none, YYY by the "
        "contractor, ZZZ add-on"
    )
    multiple: pl.String = pa.Field(nullable=True, description="MPFS multiple procedure indicator")
    bilateral: pl.String = pa.Field(nullable=True, description="MPFS bilateral surgery indicator")
    assistant: pl.String = pa.Field(
        nullable=True, description="MPFS assistant at surgery indicator"
    )
    cosurgeon: pl.String = pa.Field(nullable=True, description="MPFS co-surgeon indicator")
    team: pl.String = pa.Field(nullable=True, description="MPFS team surgery indicator")
    valid_from: pl.Date = pa.Field(
        description="First date of service that the row applies to: the release's first day"
    )
    valid_to: pl.Date = pa.Field(
        nullable=True,
        description="Last date of service that it applies to: the day before the next "
        "loaded release; empty: open",
    )
    release: pl.String = pa.Field(description="Label of the release, such as 2025Q4")

    class Config:
        """Exactly these columns."""

        strict = True


class HcpcsCodes(pa.DataFrameModel):
    """HCPCS Level II codes and modifiers with their term of life."""

    code: pl.String = pa.Field(
        description="HCPCS Level II code of five characters, or modifier of two"
    )
    kind: pl.String = pa.Field(isin=["procedure", "modifier"], description="What the row is of")
    effective: pl.Date = pa.Field(
        nullable=True, description="First day on which it is valid (ADD DT)"
    )
    deletion: pl.Date = pa.Field(
        nullable=True, description="Last day on which it is valid (TERM DT); empty: open"
    )
    coverage: pl.String = pa.Field(nullable=True, description="HCPCS coverage code, one letter")

    class Config:
        """Exactly these columns."""

        strict = True


class ReferenceChanges(pa.DataFrameModel):
    """What changed between two releases of one kind of table; one row a change of one row.

    A row with two values that changed has a row here for each. Texts of CMS are not compared.
    """

    kind: pl.String = pa.Field(description="Kind of table, such as ptp-practitioner")
    change: pl.String = pa.Field(
        isin=["added", "ended", "changed", "removed"],
        description="added: the row is new; ended: a row that was open has a deletion date; "
        "changed: a value is another; removed: the row is no longer listed",
    )
    code: pl.String = pa.Field(
        description="CPT or HCPCS code of the row; of a pair column 1, of an add-on edit the "
        "add-on; or a modifier"
    )
    other_code: pl.String = pa.Field(
        description="Column 2 of a pair, primary of an add-on edit, component (26, TC, 53) of a "
        "fee schedule row; else empty text"
    )
    effective: pl.Date = pa.Field(
        nullable=True, description="First day of the row, in tables whose rows carry dates"
    )
    field: pl.String = pa.Field(description="What changed, in words; empty text for a whole row")
    before: pl.String = pa.Field(
        nullable=True, description="What the earlier release says; empty for an added row"
    )
    after: pl.String = pa.Field(
        nullable=True, description="What the later release says; empty for a removed row"
    )

    class Config:
        """Exactly these columns."""

        strict = True
