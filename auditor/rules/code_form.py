"""Codes and identifiers whose form alone proves them wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, hits, no_hits
from auditor.engine.whole import Joining
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import FIRST, ORDER, first_row, joined, most, once_for_all, tally

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
RULES = (
    Rule(
        id="COD-1",
        name="malformed-code",
        tier="certain",
        shape="line",
        precedence=1,
        denies=False,
        profiles=_ALL,
        columns=("code",),
        tables=(),
        flags="A procedure code that has the form of no code set: neither five digits, nor four "
        "digits with F, T, U, M or A, nor a letter with four digits.",
        why="A payer's front end rejects the claim before it is judged.",
        not_flagged="Codes of a valid form, whether or not they are in force on the date.",
        remedy="Correct the code from the record; look for a lost leading zero or a cut character.",
        citation="CPT and HCPCS Level II code formats",
        example_flag=("9921",),
        example_ok=("99213",),
        when=lambda: ~pl.col("form_ok"),
        says=lambda: {
            "message": pl.format(
                "'{}' does not have the form of any CPT or HCPCS code.", pl.col("code")
            ),
            "remedy": pl.lit(
                "Correct the code from the record; look for a lost leading zero or a cut character."
            ),
        },
    ),
    Rule(
        id="NPI-1",
        name="invalid-npi",
        tier="certain",
        shape="line",
        precedence=90,
        denies=False,
        profiles=_ALL,
        columns=("rendering_npi",),
        tables=(),
        whole_batch=True,
        amount="none",
        flags="A rendering or billing NPI that is not ten digits beginning with 1 or 2, or whose "
        "check digit is wrong. One finding a number, on the first claim that carries it; it "
        "says how many do. Where over half of 50 or more numbers are wrong, one finding "
        "says so for all: the export masks them.",
        why="A number that fails its check digit belongs to nobody; the claim is rejected, and "
        "rules that compare practitioners cannot be trusted on it.",
        not_flagged="Blank numbers and placeholders; numbers whose check digit is right, whether "
        "or not they are registered.",
        remedy="Correct the NPI in the practice system's provider file.",
        citation="NPI standard, 45 CFR 162.406 (ISO Luhn check digit over 80840 and the NPI)",
        example_flag=("99213 npi=1234567890",),
        example_ok=("99213 npi=1234567893",),
    ),
)


def _numbers(counted: pl.DataFrame) -> pl.DataFrame:
    """wrong, judged: how many different numbers fail, of how many in the roles that have such."""
    by_role = counted.unique(["role", "npi"]).group_by("role")
    roles = by_role.agg(wrong=pl.col("bad").sum(), judged=pl.len())
    return roles.filter(pl.col("wrong") > 0).select(pl.col("wrong", "judged").sum().cast(pl.Int64))


def _by_number(counted: pl.DataFrame) -> pl.DataFrame:
    """Of each wrong number: claims, lines, and role and FIRST of the line that tells it.

    Where both roles carry the same wrong number it is one defect: the rendering one is told.
    """
    ordered = counted.sort("npi", pl.col("role") != "rendering", *FIRST, nulls_last=False)
    return ordered.group_by("npi", maintain_order=True).agg(
        pl.col("claims", "lines").sum(), pl.col("role", *FIRST).first()
    )


COUNTS = {
    "NPI-1 numbers": Joining(_numbers, fewer=pl.DataFrame.unique),
    "NPI-1 lines": joined,
    "NPI-1": _by_number,
}


def find(state: State) -> pl.DataFrame:
    """NPI-1: the first line that carries a wrong number (COD-1 is a line rule)."""
    raw = state.batch.tonight()
    roles = (("rendering_npi", "rendering"), ("billing_npi", "billing"))
    distinct = [
        raw.select(pl.lit(role).alias("role"), npi=pl.col(column).drop_nulls().unique())
        for column, role in roles
    ]
    numbers = pl.concat(pl.collect_all(distinct))
    numbers = numbers.with_columns(bad=~_valid(numbers["npi"]))
    bad = numbers.filter("bad")["npi"].unique().implode()
    if numbers["bad"].any() or not state.alone:
        carrying = [
            raw.filter(pl.col(column).is_in(bad)).select(
                "row", *ORDER, npi=column, role=pl.lit(role)
            )
            for column, role in roles
        ]
        return _told(state, numbers, pl.concat(pl.collect_all(carrying)))
    return no_hits()


def _counted(state: State, lines: pl.DataFrame) -> pl.DataFrame:
    """Of each wrong number that `lines` carry: claims, lines, and the first line of these."""
    each = lines.group_by("npi").agg(
        claims=pl.struct("patient_id", "claim_id").n_unique(), lines=pl.col("row").n_unique()
    )
    keyed = lines.sort(pl.col("role") != "rendering", *ORDER, "row", nulls_last=False).unique(
        "npi", keep="first", maintain_order=True
    )
    mine = keyed.with_columns(state.batch.keys_of(keyed["row"])).join(each, on="npi")
    return mine.drop("row")


def _told(state: State, numbers: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """What is said of the `lines` that carry a wrong one of the `numbers`."""
    counts = state.whole("NPI-1 numbers", lambda: numbers, _numbers)
    bad_numbers, numbers_in_all = counts.row(0)
    first = state.whole("NPI-1 lines", lambda: tally(state, lines["row"], lines.height), joined)
    firsts = state.whole("NPI-1", lambda: _counted(state, lines), _by_number)
    if most(state, bad_numbers, numbers_in_all):
        return once_for_all(
            first_row(state, first),
            ("NPI-1", CERTAIN),
            message=(
                f"{bad_numbers:,} of the {numbers_in_all:,} different NPIs fail their check digit "
                "(this is the first line with one): the numbers were masked, cut or made up on "
                "export."
            ),
            remedy=(
                "Export the file with the real NPIs. Until then no finding that compares "
                "practitioners is better than these numbers."
            ),
        )
    firsts = firsts.with_columns(state.batch.rows_of(firsts["key"])).drop_nulls("row")
    return hits(
        firsts,
        "NPI-1",
        tier=CERTAIN,
        message=pl.format(
            "The {} NPI {} fails its check digit or is not an NPI.{}",
            pl.col("role"),
            pl.col("npi"),
            pl.when(pl.col("lines") > 1)
            .then(
                pl.format(
                    " It stands on {} lines (claims: {}); this is the first.",
                    pl.col("lines"),
                    pl.col("claims"),
                )
            )
            .otherwise(pl.lit("")),
        ),
        fact=pl.col("npi"),
        remedy=pl.lit(
            "Correct the number in the provider file of the practice system, and on every claim "
            "that carries it."
        ),
    )


def _valid(numbers: pl.Series) -> pl.Series:
    """The Luhn test over 80840 and the NPI, on distinct numbers; placeholders pass here."""
    placeholder = numbers.is_in(["UNKNOWN", "0", "0000000000", "9999999999", "NA", "N/A"])
    # Where the form is right the number is read whole: digit by digit takes five times as long.
    formed = numbers.str.contains(r"^[12][0-9]{9}$").fill_null(value=False)
    frame = numbers.set(~formed, None).cast(pl.Int64).to_frame("npi")
    total = pl.lit(24)  # what the constant prefix 80840 adds to the sum
    for place in range(10):  # from the right: the check digit itself, then every other one doubled
        digit = pl.col("npi") // 10**place % 10
        if place % 2:
            digit = digit * 2 - 9 * (digit > 4).cast(pl.Int64)  # noqa: PLR2004 - Luhn: above 9
        total = total + digit
    right = frame.select(npi=(total % 10 == 0).fill_null(value=False)).to_series()
    return right | placeholder
