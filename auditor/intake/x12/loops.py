"""Which loop each segment stands in, found by carrying the last opening segment forward.

Everything that opens a loop closes those below it, so that nothing of one claim, subscriber,
provider or transaction reaches the next: what a segment belongs to is the number of the segment
that opened the loop, and 0 where no such loop is open.
"""

from __future__ import annotations

import polars as pl

from auditor.intake.x12.segments import ELEMENT, ENVELOPE, ID

PROVIDER, SUBSCRIBER, PATIENT = "provider", "subscriber", "patient"
LEVELS = (PROVIDER, SUBSCRIBER, PATIENT)
_CODES = {PROVIDER: ("20", ()), SUBSCRIBER: ("22", ("20",)), PATIENT: ("23", ("20", "22"))}
"""Each level: its HL03, and that of the levels that close it."""
BOUNDARIES = ("CLM", "HL", *ENVELOPE)
"""No claim goes on behind one of these."""


def placed(segments: pl.DataFrame) -> pl.DataFrame:
    """`segments` (n, text, id), with the loops they stand in.

    Added are e1 (the first element); level (the HL), provider, subscriber and patient (HL of each
    level), claim (CLM), other (SBR of another subscriber of the claim, 2320), line (LX, or SV1
    without one), party (NM1): the number n of the segment that opened the loop, 0 for none; who:
    NM101 of the party.
    """
    name = pl.col("id")
    parts = segments.with_columns(
        pl.col("text").str.split_exact(ELEMENT, 3).struct.rename_fields(["e0", "e1", "e2", "e3"])
        .alias("parts")
    ).with_columns(
        e1=pl.col("parts").struct.field("e1").fill_null(""),
        hl=pl.when(name == "HL").then(pl.col("parts").struct.field("e3").fill_null("")),
    ).drop("parts")  # fmt: skip
    outside = name.is_in(ENVELOPE)
    level = (name == "HL") | outside
    frame = parts.with_columns(
        level=_opened(name == "HL", outside),
        claim=_opened(name == "CLM", level),
        **{
            loop: _opened(pl.col("hl") == own, outside | pl.col("hl").is_in(above))
            for loop, (own, above) in _CODES.items()
        },
    )
    claim = (name == "CLM") | level
    marks = frame.filter(name.is_in(["LX", "SV1"]) | claim).select(
        "n", bare=(name == "SV1") & name.shift(1).ne_missing(pl.lit("LX", ID))
    )
    bare = pl.col("n").is_in(marks.filter("bare")["n"].implode())
    line = (name == "LX") | bare
    frame = frame.with_columns(
        other=_opened((name == "SBR") & (pl.col("claim") > 0), claim | line),
        line=_opened(line, claim),
    )
    closes = claim | line | name.is_in(["SBR", "SVD"])
    party = name == "NM1"
    return frame.with_columns(
        party=_opened(party, closes),
        who=pl.when(party).then("e1").when(closes).then(pl.lit("")).forward_fill().fill_null(""),
    ).drop("hl")


def _opened(opens: pl.Expr, closes: pl.Expr) -> pl.Expr:
    number = pl.when(opens.fill_null(value=False)).then("n")
    zero = pl.lit(0, pl.UInt32)
    return number.when(closes.fill_null(value=False)).then(zero).forward_fill().fill_null(zero)


def cut(segments: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(what is surely whole, what the claim that more may follow of begins with)."""
    last = segments.filter(pl.col("id").is_in(BOUNDARIES))["n"].max()
    first = segments["n"][0] if segments.height else 0
    at = int(last) - first if isinstance(last, int) else 0
    return segments.head(at), segments.slice(at)


def carried(frame: pl.DataFrame) -> pl.DataFrame:
    """What of `frame` (placed) the claims that follow it still need: their levels' own segments."""
    if frame.is_empty():
        return frame.select("n", "text", "id")
    last = frame.select(LEVELS).row(-1)
    open_levels = [number for number in last if number]
    own = (pl.col("claim") == 0) & pl.col("level").is_in(open_levels)
    return frame.filter(own).select("n", "text", "id")
