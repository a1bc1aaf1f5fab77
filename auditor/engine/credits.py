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
MAY_BE_TAKEN_BACK = "a credit of the same code and day matches no billed line, and may take {} back"


def credit() -> pl.Expr:
    """A charge or units below zero, in a file whose signs tell something (of raw lines)."""
    negative = (pl.col("charge_amount") < 0) | (pl.col("units") < 0)
    return negative.fill_null(value=False) & ~pl.col("sign_untold").fill_null(value=False)


def taken_back(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `shaken`, `beside_credit` and `firm` to enriched lines.

    beside_credit: the patient has an unmatched credit on a day of the line. shaken: those of its
    code may take it back: they are not all for less, and none is another practitioner's. firm: who
    billed the line is known, and it stands.
    """
    unmatched = lines.filter("credit", ~pl.col("cancelled"), pl.col("patient").is_not_null())
    if unmatched.is_empty():
        return lines.with_columns(
            shaken=pl.lit(value=False), beside_credit=pl.lit(value=False), firm="s1_known"
        )
    near = lines.filter(
        ~pl.col("credit") & ~pl.col("cancelled"),
        pl.col("patient").is_in(unmatched["patient"].unique().implode()),
    )
    near, back = _each_day(near), _each_day(unmatched)
    beside = near.join(back, on=["patient", "on"], how="semi")["row"].unique().implode()
    taken = _taken(near, back).implode()
    return lines.with_columns(
        shaken=pl.col("row").is_in(taken), beside_credit=pl.col("row").is_in(beside)
    ).with_columns(firm=pl.col("s1_known") & ~pl.col("shaken"))


def _taken(near: pl.DataFrame, back: pl.DataFrame) -> pl.Series:
    """Rows of the lines `near` that credits of the code, `back`, may take back.

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
    return sums.filter(~for_less.fill_null(value=False))["row"]


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


def held_down(hits: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """`hits`, at review where they would deny a line that a credit may take back."""
    if batch.shaken.is_empty():
        return hits
    soft = pl.col("row").is_in(batch.shaken.implode()) & pl.col("rule_id").is_in(_denying())
    return hits.with_columns(tier=at_least(pl.col("tier"), REVIEW, soft))


@cache
def _denying() -> list[str]:
    """The rules that deny a line, but for those of OWN_ACCOUNT."""
    return [r.id for r in catalogue() if r.denies and r.id not in OWN_ACCOUNT]
