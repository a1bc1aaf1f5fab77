"""Practitioners and patients: invented, with identifiers that pass their own checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from dice import Dice
    from plan import Plan

PAYERS = ("MEDICARE PART B NORTH", "MEDICARE PART B SOUTH", "MEDICARE PART B WEST")


# Room for the people of one batch of the file; numbers go round in ranges of their own, by steps
# that share no factor with the length of the range, so that none comes twice.
SEATS, PRACTICES = 10_000, 2_000
PATIENTS = 9_999_991


def practitioners(dice: Dice, plan: Plan, n: int, batch: int = 0) -> pl.DataFrame:
    """At least `n` practitioners, sorted by specialty: group (specialty index), weight,
    rendering_npi, billing_npi, tax_id, specialty_code, partner (row of another of the group).

    Those of another batch have other numbers."""
    # as many of a specialty as the visits that name it ask for, and never fewer than two
    demand = (
        plan.seen_by.with_columns(share=1 / pl.len().over("group"))
        .join(
            plan.visits.with_row_index("kind").select(
                group=pl.col("kind").cast(pl.Int64), asked="weight"
            ),
            on="group",
        )
        .group_by("specialty")
        .agg(asked=(pl.col("share") * pl.col("asked")).sum())
        .sort("specialty")
        .with_columns(many=(pl.col("asked") / pl.col("asked").sum() * n).ceil().clip(lower_bound=2))
    )
    people = demand.select(pl.col("specialty").repeat_by(pl.col("many").cast(pl.Int64))).explode(
        "specialty", empty_as_null=False
    )
    n = people.height
    # groups of four on average, most of one specialty: the order of those who sit together
    wander = dice.coin("practice of several specialties", n, 0.15)
    seat = pl.Series(people["specialty"].cast(pl.Float64)) + dice.uniform("seat", n)
    anywhere = dice.uniform("seat anywhere", n) * len(plan.specialties)
    people = people.with_columns(
        seat=pl.select(pl.when(wander).then(anywhere).otherwise(seat)).to_series()
    ).sort("seat")
    people = people.with_columns(
        practice=dice.coin("new practice", n, 0.25).cast(pl.Int64).cum_sum()
    ).with_row_index("sat")
    people = people.with_columns(
        within=pl.int_range(pl.len()).over("practice"), size=pl.len().over("practice")
    ).with_columns(
        next_sat=pl.col("sat").cast(pl.Int64)
        - pl.col("within")
        + (pl.col("within") + 1) % pl.col("size").cast(pl.Int64)
    )
    if batch and (people.height > SEATS or int(people["practice"].max() or 0) >= PRACTICES):
        message = f"a batch of {people.height} practitioners is too large"
        raise RuntimeError(message)
    people = people.sort("specialty", "sat").with_row_index("row")
    place = people.select(next_sat=pl.col("sat").cast(pl.Int64), partner="row")
    people = people.join(place, on="next_sat", how="left", maintain_order="left")
    seat_number = pl.col("sat").cast(pl.Int64) + batch * SEATS
    practice = pl.col("practice") + batch * PRACTICES
    return people.select(
        group="specialty",
        weight=0.3 + dice.uniform("busy", n),
        rendering_npi=_npi(100_000_000 + _round(seat_number * 7_919 + 13, 90_000_000, batch)),
        billing_npi=_npi(190_000_000 + _round(practice * 4_003 + 7, 10_000_000, batch)),
        tax_id=(_round(practice * 9_973, 500_000_000, batch) + 410_000_000).cast(pl.String),
        specialty_code=pl.lit(pl.Series(plan.specialties)).gather(pl.col("specialty")),
        partner="partner",
    )


def _round(number: pl.Expr, length: int, batch: int) -> pl.Expr:
    """`number` within a range of this length; a file of one batch may be of any size."""
    return number % length if batch else number


def _npi(base: pl.Expr) -> pl.Expr:
    """Nine digits with their check digit: Luhn over 80840 and the number."""
    total = pl.lit(24)  # what the prefix adds
    for place in range(9):
        digit = base // 10**place % 10
        if place % 2 == 0:
            digit = digit * 2 - pl.when(digit * 2 > 9).then(9).otherwise(0)
        total += digit
    return (base * 10 + (10 - total % 10) % 10).cast(pl.String)


def patient_id(number: pl.Expr, batch: int = 0) -> pl.Expr:
    """An identifier in no order that means anything; that of another batch is longer."""
    scrambled = number * 64_927 % PATIENTS + batch * 10_000_000
    return pl.concat_str(pl.lit("P"), scrambled.cast(pl.String).str.zfill(7))


def payer(number: pl.Expr) -> pl.Expr:
    """One payer a patient."""
    return pl.lit(pl.Series(PAYERS)).gather(number % len(PAYERS))
