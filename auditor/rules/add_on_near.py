"""Where the missing primary of an orphan add-on may be: a partner, the day before, a rejected row.

Each makes AOC-1 review instead of certain (SPEC 3.3); for 99292 a payable 99291 by a partner of
the same group and specialty makes it no finding (NCCI manual ch. I W).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW
from auditor.engine.order import places
from auditor.rules.add_on_days import DENIALS, listed_pairs

if TYPE_CHECKING:
    from auditor.engine.state import State

_WORDS = {
    "partner": " {} is there by another practitioner of the group.",
    "perhaps": " {} is there by another practitioner, and the file does not say whether they are "
    "partners.",
    "before": " {} is there by the same practitioner on the day before.",
}


def near(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, ce, date, tier, near_row, near_code, near (a sentence) of what stays flagged."""
    batch = state.batch
    lines = state.lines.filter(pl.col("patient").is_not_null() & pl.col("live") & ~pl.col("dup"))
    own = batch.by_day(lines.join(orphans.select("row").unique(), on="row", how="semi")).join(
        orphans.select("row", "day"), on=["row", "day"], how="semi"
    )
    patients = lines.join(own.select("patient").unique(), on="patient", how="semi")
    patients = batch.by_day(patients)
    wanted = own.select("row", "day", "date", "c", "patient", "s1", "s2", "s3", "group", "pos")
    around = patients.select(
        "patient",
        "date",
        near_row="row",
        primary_c="c",
        s1_="s1",
        s2_="s2",
        s3_="s3",
        group_="group",
        pos_="pos",
        pays_="pays_as_primary",
    )
    other = pl.col("s1").is_null() | pl.col("s1_").is_null() | (pl.col("s1") != pl.col("s1_"))
    same_day = listed_pairs(wanted.join(around, on=["patient", "date"]).filter(other), state)
    same_day = same_day.with_columns(
        near=pl.when(
            (pl.col("s2") == pl.col("s2_"))
            | (pl.col("s3") == pl.col("s3_"))
            | (pl.col("group") == pl.col("group_"))
        )
        .then(pl.lit("partner"))
        # Unknown group on either side: nobody can say that they are strangers.
        .when(pl.col("group").is_null() | pl.col("group_").is_null())
        .then(pl.lit("perhaps"))
    ).filter(pl.col("near").is_not_null())
    excused = _critical_care(same_day, own, state)
    day_before = _day_before(wanted, around, state)
    found = pl.concat(
        [same_day.select("row", "day", "primary_c", "near_row", "near"), day_before],
    ).join(excused, on=["row", "day"], how="anti")
    found = found.join(places(batch, found["near_row"]), left_on="near_row", right_on="row")
    rank = pl.col("near").replace_strict({"partner": 0, "before": 1, "perhaps": 2})
    best = (
        found.sort("row", rank, "place")
        .unique(["row", "day"], keep="first", maintain_order=True)
        .with_columns(
            near_code=pl.lit(batch.facts.codes.cast(pl.String)).gather(pl.col("primary_c"))
        )
    )
    kept = (
        orphans.join(excused, on=["row", "day"], how="anti")
        .join(
            best.select("row", "day", "near_row", "near_code", "near"),
            on=["row", "day"],
            how="left",
        )
        .join(own.select("row", "day", "has_tc", "s1_known"), on=["row", "day"], how="left")
    )
    lacking = batch.lacking.implode()
    doubt = (
        pl.col("near").is_not_null()
        | pl.col("has_tc")
        | ~pl.col("s1_known")
        | pl.col("row").is_in(lacking)
    )
    sentence = pl.lit("")
    for kind, words in _WORDS.items():
        sentence = (
            pl.when(pl.col("near") == kind)
            .then(pl.format(words, pl.col("near_code")))
            .otherwise(sentence)
        )
    sentence = (
        pl.when(pl.col("row").is_in(lacking))
        .then(
            pl.concat_str(
                sentence,
                pl.lit(" A rejected line of this patient-day or claim may be the primary."),
            )
        )
        .otherwise(sentence)
    )
    return kept.select(
        "row",
        "day",
        "ce",
        "date",
        tier=pl.when(doubt).then(REVIEW).otherwise(CERTAIN),
        near_row="near_row",
        near_code="near_code",
        near=sentence,
    )


def _critical_care(same_day: pl.DataFrame, own: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day of 99292 lines that a partner's payable 99291 excuses."""
    second_code, first_code = state.batch.code_index(pl.Series(["99292", "99291"]))
    if second_code is None or first_code is None:
        return own.select("row", "day").clear()
    denied = state.hits_of(*DENIALS)["row"].implode()
    second = own.filter(pl.col("c") == second_code).select("row", "day")
    return (
        same_day.join(second, on=["row", "day"], how="semi")
        .filter(
            pl.col("s2").is_not_null() & (pl.col("s2") == pl.col("s2_")),
            pl.col("primary_c") == first_code,
            pl.col("pays_") & ~pl.col("near_row").is_in(denied),
        )
        .select("row", "day")
        .unique()
    )


def _day_before(wanted: pl.DataFrame, around: pl.DataFrame, state: State) -> pl.DataFrame:
    """A listed primary by the same practitioner one day earlier, where care may run overnight.

    Both lines in a facility, except infusion and labor add-ons, which run past midnight anywhere.
    """
    reference = state.batch.reference
    facility = reference.policy("place_of_service").filter(pl.col("facility") == "1")["pos"]
    exempt = state.batch.code_index(reference.policy("infusion_addons")["code"]).drop_nulls()
    earlier = around.select(
        "patient",
        "near_row",
        "primary_c",
        "pos_",
        s1="s1_",
        date=pl.col("date") + pl.duration(days=1),
    )
    inside = pl.col("pos").is_in(facility.implode()) & pl.col("pos_").is_in(facility.implode())
    met = wanted.join(earlier, on=["patient", "date", "s1"]).filter(
        pl.col("c").is_in(exempt.implode()) | inside
    )
    return listed_pairs(met, state).select(
        "row", "day", "primary_c", "near_row", near=pl.lit("before")
    )
