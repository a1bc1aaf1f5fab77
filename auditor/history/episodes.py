"""Which stored lines must be judged again, and which are looked at beside them.

An episode is what a patient's days hold together: a run of days with at most one empty day between
two of them, because rules compare lines of a day, of neighbouring days and of one stay. Whatever is
new or gone in an episode may change the verdict on each of its lines. Causes reach further: a
surgery into its global days, a visit into the three years of a new patient (`Reach`). And claims
are tied: a void or a replacement takes out what it names, on whatever day that was. Where such a
claim, or what it may take out, is touched, the episodes of all that are tied to it are judged
again; where one of them is merely judged, the others are looked at, so that it is known whether it
stands.

Days of a patient are one number here, patient times 2^24 plus day, so that a running maximum over
sorted rows never passes from one patient to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.history.index import AFRESH, numbers, patient_hash, payerless, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.history.interface import Reach

GAP = 2
"""Days from the last of an episode to the next: one empty day is bridged."""
CROWD, BUSY = 10_000, 10
"""Stored lines, and lines a day, above which a patient id stands for many: nobody's lines are
judged again because of it, and memory stays bounded whatever the export does with unknown ids."""
_PATIENT, _DAY_ZERO = 1 << 24, 1 << 22
"""Room for a patient's days, and what makes them positive (1970 is day 0)."""
DAYS = {
    "patient": pl.UInt64,
    "first": pl.Int32,
    "last": pl.Int32,
    "code": pl.String,
    "afresh": pl.Boolean,
    "payerless": pl.Boolean,
    "own": pl.UInt32,
    "icn": pl.UInt32,
    "names": pl.UInt32,
    "version": pl.UInt64,
    "part": pl.UInt32,
    "touched": pl.Boolean,
    "fresh": pl.Boolean,
}
"""Columns of what is looked at. touched: new or ended tonight, or a day whose rejected rows are
other ones; fresh: of tonight; version and part are null for all that is not a standing line."""


class Selected(NamedTuple):
    """version, part of stored lines."""

    again: pl.DataFrame
    context: pl.DataFrame


def touched(
    fresh: pl.DataFrame, gone: pl.DataFrame, texts: pl.DataFrame, other: pl.DataFrame, nobody: str
) -> pl.DataFrame:
    """What touches days: patient, first, last, code, afresh, fresh; of no patient like `nobody`.

    fresh: schemas.ClaimLines. gone: index rows of the lines that end, or whose claim `other` names;
    their patients stand in `texts` (version, patient_id). other: schemas.RejectedKeys that are new
    or hold no longer; one without a date may be of any day of its patient: first and last are null.
    """
    somebody = ~pl.col("patient_id").str.contains(nobody)
    placeless = texts.filter(~somebody)["version"].implode()
    afresh = pl.col("claim_frequency").is_in(AFRESH).fill_null(value=False)
    day = pl.col("service_date").to_physical()
    return pl.concat(
        [
            fresh.lazy()
            .filter(somebody)
            .select(
                patient_hash(),
                *spans(),
                "code",
                payerless(),
                *numbers(),
                afresh=afresh,
                fresh=pl.lit(value=True),
            ),
            gone.lazy()
            .filter(~pl.col("version").is_in(placeless))
            .select(
                *("patient", "first", "last", "code", "afresh", "payerless"),
                *("own", "icn", "names"),
            ),
            other.lazy().filter(somebody).select(patient_hash(), first=day, last=day),
        ],
        how="diagonal",
    ).collect()


def days_of(touching: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """DAYS of what touches, and of the standing lines (index rows) of the same patients.

    What touches without a day touches each of these lines of its patient.
    """
    undated = pl.col("first").is_null()
    everywhere = touching.filter(undated)["patient"].unique().implode()
    flags = ("afresh", "touched", "fresh")
    many = near.group_by("patient").agg(n=pl.len(), days=pl.col("first").n_unique())
    crowds = many.filter(pl.col("n") > CROWD, pl.col("n") > BUSY * pl.col("days"))
    if crowds.height:
        near = near.join(crowds, on="patient", how="anti")
    return pl.concat(
        [
            pl.DataFrame(schema=DAYS),
            touching.filter(~undated).with_columns(touched=pl.lit(value=True)),
            near.with_columns(touched=pl.col("patient").is_in(everywhere)),
        ],
        how="diagonal",
    ).with_columns(pl.col(flags).fill_null(value=False))


def select(days: pl.DataFrame, reaches: Sequence[Reach]) -> Selected:
    """Of the stored lines among `days` (DAYS), those to judge again and those to look at.

    days: of patients who have a touched day, all standing lines and whatever is touched.
    """
    lines = _tied(_numbered(days))
    stored = pl.col("version").is_not_null()
    touch = lines.filter("touched")
    moved = pl.col("tie").is_in(touch["tie"].drop_nulls().unique().implode())
    episodes = [
        touch["episode"],
        lines.filter(moved)["episode"],
        *(_reached(lines.filter(stored), touch, r) for r in reaches),
    ]
    wanted = pl.col("episode").is_in(pl.concat(episodes).unique().implode())
    # A line without a payer counts as the patient's only payer's: which that is, all lines say.
    nameless = lines.filter("payerless")["person"].unique()
    named = lines.filter(~pl.col("payerless"), pl.col("person").is_in(nameless.implode()))
    whole = named["person"].unique().implode()
    lines = lines.with_columns(wanted=wanted | pl.col("person").is_in(whole))
    key = ["version", "part"]
    again = lines.filter(stored & pl.col("wanted")).select(key)
    left = lines.filter(stored & ~pl.col("wanted"))
    judged = lines.filter(pl.col("fresh") | (stored & pl.col("wanted")))
    looked = [left.head(0)["version"], *(_causes(left, judged, r) for r in reaches)]
    seen = pl.col("version").is_in(pl.concat(looked).unique().implode())
    ties = pl.concat([judged["tie"], left.filter(seen)["tie"]]).drop_nulls().unique()
    tied = pl.col("tie").is_in(ties.implode()).fill_null(value=False)
    return Selected(again, left.filter(seen | tied).select(key))


def _tied(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` (numbered) with tie: alike where claims may take each other out, else null.

    Lines are tied by a number that a replacement or void of their patient gives: its own, or that
    of the claim it names. What takes out a claim that takes out another is tied to both.
    """
    lines = lines.with_row_index("at")
    changes = lines.filter("afresh")
    people = lines.filter(pl.col("person").is_in(changes["person"].unique().implode()))
    key = ["person", "number"]

    def given(some: pl.DataFrame, *names: str) -> pl.DataFrame:
        each = (some.select("at", "person", number=name) for name in names)
        return pl.concat(each).drop_nulls("number")

    tying = given(changes, "own", "names").select(key).unique()
    tie = given(people, "own", "icn", "names").join(tying, on=key, how="semi")
    tie = tie.with_columns(number=pl.struct(key).rank("dense"), tie=pl.col("at"))
    while tie.height:  # the least place of what hangs together spreads over it
        of_number = pl.col("tie").min().over("number")
        spread = tie.with_columns(tie=of_number).with_columns(pl.col("tie").min().over("at"))
        if spread["tie"].equals(tie["tie"]):
            break
        tie = spread
    found = tie.select("at", "tie").unique("at", keep="any")
    return lines.join(found, on="at", how="left", maintain_order="left").drop("at")


def _numbered(days: pl.DataFrame) -> pl.DataFrame:
    """`days` sorted, with numbers: person, episode, start and end (person and day in one)."""
    lines = days.sort("patient", "first").with_columns(
        person=pl.col("patient").ne_missing(pl.col("patient").shift()).cum_sum().cast(pl.Int64)
    )
    zero = pl.col("person") * _PATIENT + _DAY_ZERO
    lines = lines.with_columns(start=zero + pl.col("first"), end=zero + pl.col("last"))
    before = pl.col("end").cum_max().shift()
    apart = (pl.col("start") - before > GAP).fill_null(value=True)
    return lines.with_columns(episode=apart.cum_sum())


def _reached(stored: pl.DataFrame, touched: pl.DataFrame, reach: Reach) -> pl.Series:
    """Episodes of the stored effects that a touched cause reaches."""
    causes = touched.filter(pl.col("code").is_in(_codes(reach.causes)))
    effects = stored.filter(pl.col("code").is_in(_codes(reach.effects)))
    met = pl.concat(
        [
            causes.select(at="start", kind=0, till=pl.col("end") + reach.days),
            effects.select("episode", "start", at="end", kind=1),
        ],
        how="diagonal",
    ).sort("at", "kind")
    till = pl.col("till").cum_max().forward_fill()
    return met.filter(pl.col("start") <= till)["episode"].unique()


def _causes(left: pl.DataFrame, judged: pl.DataFrame, reach: Reach) -> pl.Series:
    """Versions of the causes among `left` that reach an effect among `judged`."""
    causes = left.filter(pl.col("code").is_in(_codes(reach.causes)))
    effects = judged.filter(pl.col("code").is_in(_codes(reach.effects)))
    met = pl.concat(
        [
            effects.select(at="end", kind=1, begins="start"),
            causes.select("version", at="start", kind=0, till=pl.col("end") + reach.days),
        ],
        how="diagonal",
    ).sort("at", "kind", descending=True)
    begins = pl.col("begins").cum_min().forward_fill()
    return met.filter(begins <= pl.col("till"))["version"]


def _codes(codes: frozenset[str]) -> pl.Expr:
    return pl.lit(pl.Series(sorted(codes), dtype=pl.String)).implode()
