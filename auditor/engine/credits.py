"""Credits: lines that take money back and claim no service.

Some billing systems export a reversal as a line with a charge or units below zero. One that matches
a line of its claim cancels it (auditor.engine.identities.cancelled). One that matches none is set
aside as well, for nothing is claimed on it; and what it may take back is uncertain from then on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, at_least
from auditor.rules.interface import catalogue

if TYPE_CHECKING:
    from auditor.engine.batch import Batch

OWN_ACCOUNT = ("MUE-2", "MUE-3")
"""Rules that take the units of a credit off themselves, and say so."""
BY_UNITS = ("AOC-5", "EAR-1", "FOOT-2", "MUE-1")
"""Certain rules that count the units of a line, of which a credit for less takes some back."""
FORM = r"^(?:COD|DAT|NPI)-"
"""Rules on how codes, dates and identifiers are written, which is as wrong on a credit."""
MAY_BE_TAKEN_BACK = "a credit of the same code and day matches no billed line, and may take {} back"


def unsigned(raw: pl.DataFrame) -> pl.DataFrame:
    """`raw`, amounts and units without sign where that of their file tells no credit.

    Such lines are judged as billed (auditor.intake.signs), at what they would have been billed.
    """
    untold = raw["sign_untold"]
    if untold.null_count() == raw.height or not untold.any():
        return raw
    amounts = ("charge_amount", "units", "allowed_amount", "paid_amount")
    return raw.with_columns(
        pl.when(pl.col("sign_untold").fill_null(value=False))
        .then(pl.col(name).abs())
        .otherwise(name)
        .alias(name)
        for name in amounts
    )


def credit() -> pl.Expr:
    """A charge or units below zero, of lines that are `unsigned`."""
    negative = (pl.col("charge_amount") < 0) | (pl.col("units") < 0)
    return negative.fill_null(value=False)


def taken_back(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `beside_credit`, `lessened`, `shaken` and `firm` to enriched lines.

    beside_credit: the patient has an unmatched credit on a day of the line. lessened: one of its
    code that is not another practitioner's. shaken: such credits may take back the whole line,
    because together they are not for less. firm: who billed the line is known, and it stands.
    """
    unmatched = lines.filter("credit", ~pl.col("cancelled"), pl.col("patient").is_not_null())
    if unmatched.is_empty():
        nothing = ("beside_credit", "lessened", "shaken")
        return lines.with_columns(*(pl.lit(value=False).alias(n) for n in nothing), firm="s1_known")
    near = lines.filter(
        ~pl.col("credit") & ~pl.col("cancelled"),
        pl.col("patient").is_in(unmatched["patient"].unique().implode()),
    )
    near, back = _each_day(near), _each_day(unmatched)
    beside = near.join(back, on=["patient", "on"], how="semi")["row"].unique().implode()
    touched = _touched(near, back)
    rows = touched["row"].implode(), touched.filter("whole")["row"].implode()
    return lines.with_columns(
        beside_credit=pl.col("row").is_in(beside),
        lessened=pl.col("row").is_in(rows[0]),
        shaken=pl.col("row").is_in(rows[1]),
    ).with_columns(firm=pl.col("s1_known") & ~pl.col("shaken"))


def _touched(near: pl.DataFrame, back: pl.DataFrame) -> pl.DataFrame:
    """row, whole: the lines `near` of which credits of the code, `back`, may take something.

    They leave a line billed where, together, they are for less of what is known of both: charge
    and units. Both come once for each of their days.
    """
    met = near.join(back, on=["patient", "on", "c"], suffix="_").filter(
        (pl.col("s1") == pl.col("s1_")).fill_null(value=True)
    )
    met = met.unique(["row", "row_"])
    less = [
        pl.when(~pl.col(f"{what}_").has_nulls()).then(
            pl.col(f"{what}_").abs().sum() < pl.col(what).first()
        )
        for what in ("charge", "units")
    ]
    sums = met.group_by("row").agg(charge=less[0], units=less[1])
    for_less = pl.coalesce("charge", "units") & pl.coalesce("units", "charge")
    return sums.select("row", whole=~for_less.fill_null(value=False))


def _each_day(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with `on`, a day as a number: once for each of their days."""
    first = pl.col("date").cast(pl.Int32)
    wanted = ("row", "patient", "c", "s1", "charge", "units", "days")
    found = lines.select(*wanted, on=first)
    spans = found.filter(pl.col("days") > 1)
    spans = spans.with_columns(
        on=pl.int_ranges(pl.col("on"), pl.col("on") + pl.col("days"), dtype=pl.Int32)
    ).explode("on", empty_as_null=False)
    return pl.concat([found.filter(pl.col("days") == 1), spans]).drop("days")


def without_credits(hits: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """`hits`, without those that find fault with a service where a credit claims none.

    What is told once of many lines is told on whichever of them is the first.
    """
    if batch.credits.is_empty():
        return hits
    of_form = pl.col("rule_id").str.contains(FORM) | pl.col("fact").is_not_null()
    return hits.filter(of_form | ~pl.col("row").is_in(batch.credits.implode()))


def held_down(hits: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """`hits`, at review where they would deny a line that a credit may take back."""
    if batch.lessened.is_empty():
        return hits
    return hits.with_columns(tier=at_least(pl.col("tier"), REVIEW, own_doubt(batch)))


def own_doubt(batch: Batch) -> pl.Expr:
    """A credit may take back the line that a hit would deny, or units that it counts."""
    rule, row = pl.col("rule_id"), pl.col("row")
    whole = rule.is_in(_denying()) & row.is_in(batch.shaken.implode())
    return whole | (rule.is_in(BY_UNITS) & row.is_in(batch.lessened.implode()))


def other_doubt(batch: Batch) -> pl.Expr:
    """A credit may take back the other line of a hit."""
    return ~pl.col("rule_id").is_in(OWN_ACCOUNT) & pl.col("other").is_in(batch.shaken.implode())


@cache
def _denying() -> list[str]:
    """The rules that deny a line, but for those of OWN_ACCOUNT."""
    return [r.id for r in catalogue() if r.denies and r.id not in OWN_ACCOUNT]
