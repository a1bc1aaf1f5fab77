"""Where the missing primary of an orphan add-on may be: a partner, the day before, a rejected row.

Each makes AOC-1 review instead of certain (SPEC 3.3); for 99292 a payable 99291 by a partner of
the same group and specialty makes it no finding (NCCI manual ch. I W).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, DENIALS, REVIEW
from auditor.engine.order import places
from auditor.engine.partners import (
    KEYS,
    one_group,
    one_physician,
    others,
    someone_else,
    strangers,
)
from auditor.rules.add_on_table import listed_pairs

if TYPE_CHECKING:
    from auditor.engine.state import State

_WORDS = {
    "payer": " {} by the same practitioner that day was billed to another payer.",
    "partner": " {} is there by another practitioner of the group.",
    "perhaps": " {} is there by another practitioner, and the file does not say whether they are "
    "partners.",
    "before": " {} is there by the same practitioner on the day before.",
    "shift": " {} is there by another practitioner on the day before.",
}


_WHO = ("row", "day", "date", "days", "c", "ce", "person", "patient", "pos", *KEYS)
_DOUBT = ("has_tc", "firm", "vague")
_RANK = {"payer": 0, "partner": 1, "before": 2, "shift": 3, "perhaps": 4}


def around(
    addons: pl.DataFrame, state: State, code: int | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The add-on lines day by day with who bills them, and the lines of their patients.

    code: the one whose lines are asked for, None: all lines.
    """
    own = state.lines_at(addons["row"].unique().sort(), *_WHO, *_DOUBT, "live", "dup")
    own = own.filter(pl.col("patient").is_not_null() & pl.col("live") & ~pl.col("dup"))
    own = state.by_day(own).join(addons.select("row", "day"), on=["row", "day"], how="semi")
    # By person, whatever the payer: the words say where the primary was billed.
    near = pl.col("person").is_in(own["person"].unique().implode())
    patients = (
        state.lines.lazy()
        .filter(pl.lit(value=True) if code is None else pl.col("c") == code)
        .filter(pl.col("patient").is_not_null() & pl.col("live") & ~pl.col("dup") & near)
        .select(*_WHO, "pays_as_primary", "addon")
        .collect()
    )
    patients = state.by_day(patients)
    there = others(
        patients,
        person="person",
        patient_="patient",
        date="date",
        near_row="row",
        primary_c="c",
        pos_="pos",
        pays_="pays_as_primary",
        addon_="addon",
    )
    return own, there


def excused(addons: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day of 99292 lines with a payable 99291 by a partner of the same specialty."""
    second, first = state.batch.code_index(pl.Series(["99292", "99291"]))
    if second is None or first is None:
        return addons.select("row", "day").clear()
    table = state.batch.facts.table["code"]
    own, there = around(addons.filter(table[addons["ce"]] == "99292"), state, first)
    denied = state.hits_of(*DENIALS)["row"].implode()
    met = (
        own.select("row", "day", "person", "patient", "date", *KEYS)
        .join(
            there.filter(pl.col("pays_"), ~pl.col("near_row").is_in(denied)),
            on=["person", "date"],
        )
        .filter(pl.col("patient") == pl.col("patient_"))
    )
    return met.filter(someone_else() & one_physician()).select("row", "day").unique()


def near(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, ce, date, tier, near_row, near_code, near (a sentence) of the orphans."""
    batch = state.batch
    own, there = around(orphans, state)
    wanted = own[["row", "day", "date", "c", "person", "patient", "pos", *KEYS]]
    found = _found(wanted, there, state)
    newer = _past_the_file(wanted, there, state)
    if found.is_empty():
        nothing = {name: pl.lit(None, pl.String) for name in ("near_code", "near")}
        kept = orphans.with_columns(near_row=pl.lit(None, pl.UInt32), **nothing)
    else:
        kept = orphans.join(_best(found, state), on=["row", "day"], how="left")
    kept = kept.join(own[["row", "day", "has_tc", "firm", "vague"]], on=["row", "day"], how="left")
    kept = kept.join(newer, on=["row", "day"], how="left")
    lacking = batch.lacking.implode()
    doubt = (
        pl.col("near").is_not_null()
        | pl.col("has_tc")
        | pl.col("vague")
        | ~pl.col("firm")
        | pl.col("row").is_in(lacking)
        | pl.col("file_ends").is_not_null()
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
    sentence = (
        pl.when(pl.col("file_ends").is_not_null())
        .then(
            pl.format(
                "{} The newest add-on file loaded ends on {}; a later one may list a primary of "
                "the day.",
                sentence,
                pl.col("file_ends"),
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


def _found(wanted: pl.DataFrame, there: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, primary_c, near_row, near: every listed primary that may be the missing one."""
    met = listed_pairs(wanted.join(there, on=["person", "date"]), state)
    day_before = _day_before(wanted, there, state)
    if met.is_empty():
        return day_before
    same_payer = pl.col("patient") == pl.col("patient_")
    same_day = met.filter(same_payer & someone_else() & ~strangers()).with_columns(
        # Without a group on either side nobody can say that they are strangers.
        near=pl.when(one_group()).then(pl.lit("partner")).otherwise(pl.lit("perhaps"))
    )
    elsewhere = met.filter(~same_payer & (pl.col("s1") == pl.col("s1_"))).with_columns(
        near=pl.lit("payer")
    )
    same_day = pl.concat([same_day, elsewhere]).select(day_before.columns)
    return pl.concat([same_day, day_before])


def _best(found: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, near_row, near_code, near: the one of each orphan that is told."""
    found = found.join(places(state.batch, found["near_row"]), left_on="near_row", right_on="row")
    rank = pl.col("near").replace_strict(_RANK)
    best = (
        found.sort("row", rank, "place")
        .unique(["row", "day"], keep="first", maintain_order=True)
        .with_columns(near_code=pl.lit(state.batch.facts.codes).gather(pl.col("primary_c")))
    )
    return best[["row", "day", "near_row", "near_code", "near"]]


def _day_before(wanted: pl.DataFrame, there: pl.DataFrame, state: State) -> pl.DataFrame:
    """A listed primary one day earlier, where care may run overnight.

    By the same practitioner where both lines are in a facility. Infusions and labor run past
    midnight anywhere, and the next shift of the group may give what follows.
    """
    reference = state.batch.reference
    facility = reference.policy("place_of_service").filter(pl.col("facility") == "1")["pos"]
    exempt = state.batch.code_index(reference.policy("infusion_addons")["code"]).drop_nulls()
    earlier = there.with_columns(date=pl.col("date") + pl.duration(days=1))
    inside = pl.col("pos").is_in(facility.implode()) & pl.col("pos_").is_in(facility.implode())
    overnight = pl.col("c").is_in(exempt.implode())
    same = (pl.col("s1") == pl.col("s1_")).fill_null(value=False)
    met = (
        wanted.join(earlier, on=["person", "date"])
        .filter(pl.col("patient") == pl.col("patient_"))
        .filter((same & (inside | overnight)) | (overnight & someone_else() & ~strangers()))
        .with_columns(near=pl.when(same).then(pl.lit("before")).otherwise(pl.lit("shift")))
    )
    return listed_pairs(met, state).select("row", "day", "primary_c", "near_row", "near")


def _past_the_file(wanted: pl.DataFrame, there: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, file_ends of orphans later than the add-on file that are not alone on their day.

    That a code is not listed is proved by a file of the day only: G2211 took the home visits as
    primaries with 2026, and every file of 2025 calls it an orphan there.
    """
    release = state.batch.reference.release("aoc")
    if release is None:
        return wanted.select("row", "day", file_ends=pl.lit(None, dtype=pl.Date)).clear()
    beside = there.filter(pl.col("pays_"), ~pl.col("addon_")).select(
        "person", "date", "patient_", s1="s1_"
    )
    return (
        wanted.filter(pl.col("date") > pl.lit(release.vouches_to))
        .join(beside, on=["person", "date", "s1"])
        .filter(pl.col("patient") == pl.col("patient_"))
        .select("row", "day", file_ends=pl.lit(release.vouches_to))
        .unique()
    )
