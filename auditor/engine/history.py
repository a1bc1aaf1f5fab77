"""Earlier lines beside tonight's: looked at by rules that compare, and not audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

_SAME = ("patient_id", "claim_id", "line_number", "service_date_from", "code", "modifiers")
"""A line of the history that agrees in these is the line itself, exported once more."""


class History(NamedTuple):
    """What of the history serves."""

    lines: pl.DataFrame
    """schemas.ClaimLines: of patients of tonight's lines, without what stands there already."""
    read: int
    repeated: int
    """Lines that tonight's files hold too."""
    first: date | None
    last: date | None


def useful(history: pl.DataFrame, tonight: pl.DataFrame) -> History:
    """The lines of `history` that can matter to `tonight`, both schemas.ClaimLines."""
    first, last = history["service_date_from"].min(), history["service_date_from"].max()
    theirs = history.join(tonight.select("patient_id").unique(), on="patient_id", how="semi")
    fresh = theirs.join(tonight.select(_SAME).unique(), on=_SAME, how="anti", nulls_equal=True)
    return History(
        fresh,
        history.height,
        theirs.height - fresh.height,
        first,  # type: ignore[arg-type]
        last,  # type: ignore[arg-type]
    )
