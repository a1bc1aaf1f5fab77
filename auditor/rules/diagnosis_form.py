"""Diagnoses and the pointers to them: what their form alone proves wrong.

No list of ICD-10-CM codes is loaded, so whether a code of the right form exists, can be billed and
is in force on the date is not judged.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import (
    apart,
    first_of_claims,
    first_row,
    joined,
    most,
    once_for_all,
    tally,
)

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
ICD_10_BEGINS = date(2015, 10, 1)
"""Before this day of service diagnoses were ICD-9-CM (45 CFR 162.1002)."""
SLOTS, POINTERS = 12, 4
"""A claim has twelve places for diagnoses, and a line points to four of them at most."""
_ALL = ("medicare", "medicaid", "commercial", "unknown")
RULES = (
    Rule(
        id="COD-4",
        name="malformed-diagnosis",
        tier="certain",
        shape="line",
        precedence=5,
        denies=False,
        profiles=_ALL,
        columns=("diagnoses", "service_date_from"),
        tables=(),
        whole_batch=True,
        amount="none",
        flags="A diagnosis that does not have the form of an ICD-10-CM code (a letter, a digit, a "
        "letter or digit, then up to four more), for services from 2015-10-01 on. One finding a "
        "claim, on its first line. Where that is so of over half of the lines of a file, one "
        "finding says so for all.",
        why="A claim with an invalid diagnosis is rejected before it is judged.",
        not_flagged="Codes of the right form, whether or not they exist, can be billed or are in "
        "force on the date: no list of diagnoses is loaded; words without a digit; services "
        "before 2015-10-01, which carry ICD-9-CM.",
        remedy="Correct the diagnosis from the record.",
        citation="ICD-10-CM Official Guidelines s. I A 2 (format and structure); 45 CFR 162.1002",
        example_flag=("99213 dx=M1711X9Z",),
        example_ok=("99213 dx=M1711",),
    ),
    Rule(
        id="COD-5",
        name="pointer-without-diagnosis",
        tier="certain",
        shape="line",
        precedence=6,
        denies=False,
        profiles=_ALL,
        columns=("diagnoses", "diagnosis_pointers"),
        tables=(),
        amount="none",
        flags="A line whose claim has diagnoses and that points to none; a pointer that is neither "
        "A to L nor 1 to 12; more than four pointers; a pointer where the claim has no diagnosis. "
        "A pointer behind the claim's last diagnosis is review. Where that is so of over half of "
        "the lines, one finding says so for all.",
        why="Every line points to at least one and at most four diagnoses of its claim; a pointer "
        "to an empty place makes the line unprocessable.",
        not_flagged="Lines that point to a diagnosis the claim has; lines that carry the diagnosis "
        "itself in place of a pointer; claims with neither diagnoses nor pointers.",
        remedy="Point to the diagnosis that is the reason for the service, or add it to the claim.",
        citation="837P loop 2400 SV107, CMS-1500 item 24E (each line points to one to four "
        "diagnoses)",
        example_flag=("99213 dx=M1711 ptr=M",),
        example_ok=("99213 dx=M1711 ptr=A",),
    ),
)


COUNTS = {"COD-4": joined, "COD-5": joined}


def find(state: State) -> pl.DataFrame:
    """Both rules, over distinct texts first; a rule that lacks its columns is not tried."""
    found = []
    if "COD-4" not in state.silent:
        found.append(_malformed(state))
    if "COD-5" not in state.silent:
        found.append(_pointing_nowhere(state))
    return pl.concat(found) if found else no_hits()


def _malformed(state: State) -> pl.DataFrame:
    """COD-4."""
    form = state.batch.reference.policy("diagnosis_form")["regex"]
    raw = state.batch.tonight().filter(
        pl.col("diagnoses") != "", pl.col("service_date_from") >= ICD_10_BEGINS
    )
    texts = raw.select(pl.col("diagnoses").unique()).collect()
    code = pl.element()
    right = pl.any_horizontal([code.str.contains(f) for f in form]) | ~code.str.contains(r"[0-9]")
    texts = texts.with_columns(
        bad=pl.col("diagnoses")
        .str.split(" ")
        .list.unique(maintain_order=True)
        .list.eval(code.filter(~right))
    ).filter(pl.col("bad").list.len() > 0)
    if texts.is_empty() and state.alone:
        return no_hits()
    lines = raw.select("row", "diagnoses").join(texts.lazy(), on="diagnoses").collect()
    counted = state.whole(
        "COD-4",
        lambda: tally(state, lines["row"], raw.select(pl.len()).collect().item()),
        joined,
    )
    wrong, judged = counted.select("wrong", "judged").row(0)
    if most(state, wrong, judged):
        return once_for_all(
            first_row(state, counted),
            ("COD-4", CERTAIN),
            f"{wrong:,} of {judged:,} lines with diagnoses carry one that is not of the "
            "form of ICD-10-CM (this is the first): the export writes them in another code set or "
            "in another shape.",
            "Export the diagnoses as they were billed.",
        )
    firsts = first_of_claims(state, lines)
    return hits(
        firsts,
        "COD-4",
        tier=CERTAIN,
        message=pl.format(
            "{} not of the form of an ICD-10-CM code.",
            pl.when(pl.col("bad").list.len() > 1)
            .then(pl.format("{} are", pl.col("bad").list.join(", ")))
            .otherwise(pl.format("{} is", pl.col("bad").list.first())),
        ),
        remedy="Correct the diagnosis from the record; look for a lost or an added character.",
    )


def _pointing_nowhere(state: State) -> pl.DataFrame:
    """COD-5."""
    raw = state.batch.audited().select(
        "row",
        pointers=pl.col("diagnosis_pointers").str.replace_all(",", " ").fill_null(""),
        known=pl.when(pl.col("diagnoses") == "")
        .then(0)
        .otherwise(pl.col("diagnoses").str.count_matches(" ") + 1),
    )
    kinds = raw.select("pointers", "known").unique().collect()
    kinds = kinds.filter((pl.col("pointers") != "") | (pl.col("known") > 0))
    kinds = _judged(kinds)
    wrong = kinds.filter(pl.col("said").is_not_null())
    if wrong.is_empty() and state.alone:
        return no_hits()
    lines = raw.collect()
    found = lines.join(wrong, on=["pointers", "known"])
    told = apart(
        state, "COD-5", found, lines.join(kinds, on=["pointers", "known"], how="semi")["row"]
    )
    whole = once_for_all(
        told.first,
        ("COD-5", REVIEW),
        f"{told.wrong:,} of {told.judged:,} lines point to no diagnosis of their claim (this "
        "is the first): the export leaves pointers or diagnoses out.",
        "Export the pointers and all diagnoses of the claim.",
    )
    each = hits(
        told.each,
        "COD-5",
        tier=pl.col("tier"),
        message=pl.col("said"),
        remedy="Point to the diagnosis that is the reason for the service, or add it to the claim.",
    )
    return pl.concat([whole, each])


def _judged(kinds: pl.DataFrame) -> pl.DataFrame:
    """Distinct pointers and number of diagnoses, with what is wrong (`said`) and the tier.

    Digits without a blank are one place or several: 12 is the twelfth, or the first two.
    """
    place = pl.element()
    letter = "ABCDEFGHIJKL"
    slot = (
        pl.when(place.str.contains(r"^[A-L]$"))
        .then(place.replace_strict(list(letter), range(1, SLOTS + 1), default=None))
        .otherwise(place.str.to_integer(strict=False))
    )
    tokens = pl.when(pl.col("pointers") == "").then([]).otherwise(pl.col("pointers").str.split(" "))
    packed = pl.col("pointers").str.contains(r"^[1-9]{2,4}$")
    kinds = kinds.with_columns(tokens=tokens).with_columns(
        slots=pl.when(packed & ~_within(pl.col("pointers").str.to_integer(strict=False)))
        .then(
            pl.col("pointers").str.extract_all(r"\d").list.eval(place.str.to_integer(strict=False))
        )
        .otherwise(pl.col("tokens").list.eval(slot)),
        itself=pl.col("tokens").list.eval(place.str.contains(r"^[A-Z][0-9][0-9A-Z.]+$")).list.any(),
    )
    number = pl.col("slots").list.len()
    no_place = pl.col("slots").list.eval(place.is_null() | (place < 1) | (place > SLOTS)).list.any()
    behind = pl.col("slots").list.max() > pl.col("known")
    said = (
        pl.when(pl.col("itself"))
        .then(None)
        .when(number == 0)
        .then(pl.lit("The line points to no diagnosis."))
        .when(no_place)
        .then(
            pl.format(
                "The pointer '{}' is not a place of a diagnosis (A to L).", pl.col("pointers")
            )
        )
        .when(number > POINTERS)
        .then(pl.format("The line has {} pointers; a line has four at most.", number))
        .when(pl.col("known") == 0)
        .then(pl.format("The line points to '{}' and has no diagnosis.", pl.col("pointers")))
        .when(behind)
        .then(
            pl.format(
                "The line points to '{}' and its claim has {} {} in this file.",
                pl.col("pointers"),
                pl.col("known"),
                pl.when(pl.col("known") == 1)
                .then(pl.lit("diagnosis"))
                .otherwise(pl.lit("diagnoses")),
            )
        )
    )
    only_behind = ~no_place & (number > 0) & (number <= POINTERS) & (pl.col("known") > 0)
    return kinds.with_columns(said=said, tier=pl.when(only_behind).then(REVIEW).otherwise(CERTAIN))


def _within(number: pl.Expr) -> pl.Expr:
    """A number that is a place of one of the claim's diagnoses."""
    return (number <= SLOTS) & (number <= pl.col("known"))
