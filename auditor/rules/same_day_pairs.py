"""Which E/M services one practitioner cannot bill on one day, as pairs of codes.

From the policy table em_same_day, and from the categories of which one code a day pays. In each
pair `kept` stays and `denied` is included in it, as in the CMS pair table, so that a pair that
both name is told of the same line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.policies import spread

if TYPE_CHECKING:
    from auditor.engine.codes import CodeFacts
    from auditor.reference.interface import Reference

_PER_DAY = (
    "hospital_initial",
    "hospital_subsequent",
    "hospital_same_day",
    "hospital_discharge",
    "nursing_initial",
    "nursing_subsequent",
    "nursing_discharge",
)
"""Paid by the day: of two codes the higher one stays, and no modifier separates them."""
_PER_VISIT = ("office", "home", "emergency")
"""Paid by the visit: 25 may separate two codes, except two for a new patient."""
_EYE = {"92004": "1", "92014": "2", "92002": "3", "92012": "4"}
"""Eye visits in the order in which the CMS table keeps them."""
PAIR = (
    "denied",
    "kept",
    "indicator",
    "effective",
    "deletion",
    "effective_",
    "deletion_",
    "said",
)

_SCHEMA = dict(zip(PAIR, (*[pl.String] * 3, *[pl.Date] * 4, pl.String), strict=True))


def same_day_pairs(facts: CodeFacts, reference: Reference) -> pl.DataFrame:
    """PAIR for the batch's codes: both in force on days that the four dates allow."""
    pairs = [_by_category(facts.rows.of("em_codes")), _by_row(facts.codes, reference)]
    return pl.concat(pairs).unique(["denied", "kept"], keep="first", maintain_order=True)


def _by_category(em: pl.DataFrame) -> pl.DataFrame:
    """Two codes of one category, of which the higher stays; new before established.

    A code is paired with itself too: the same visit twice.
    """
    if em.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    em = em.filter(pl.col("category").is_in([*_PER_DAY, *_PER_VISIT, "eye"]))
    new = pl.col("patient_type").eq_missing("new")
    rank = (
        pl.when(pl.col("category") == "eye")
        .then(pl.col("code").replace(_EYE))
        .otherwise(pl.concat_str(new.cast(pl.Int8), "code"))
    )
    em = em.select("category", "code", "effective", "deletion", new=new, rank=rank)
    pairs = em.join(em, on="category", suffix="_").filter(pl.col("rank") <= pl.col("rank_"))
    open_ = pl.col("category").is_in(_PER_VISIT) & ~(pl.col("new") & pl.col("new_"))
    return pairs.select(
        denied="code",
        kept="code_",
        indicator=pl.when(open_).then(pl.lit("1")).otherwise(pl.lit("0")),
        effective="effective",
        deletion="deletion",
        effective_="effective_",
        deletion_="deletion_",
        said=pl.format("{} and {}: one a day ({})", "code", "code_", "category"),
    ).sort("denied", "kept")


def _by_row(codes: pl.Series, reference: Reference) -> pl.DataFrame:
    """Rows of em_same_day, without those of 99211, G0102 and of two codes of one category."""
    rows = (
        reference.policy("em_same_day")
        .filter(
            ~pl.col("code_low").is_in(["99211", "G0102"]),
            pl.col("keep").is_in(["a", "b"]),
            ~(
                (pl.col("code_low") <= "99215")
                & (pl.col("code_low") >= "99202")
                & (pl.col("code_low_b") >= "99202")
                & (pl.col("code_low_b") <= "99215")
            ),
        )
        .with_row_index("n")
    )
    dates = pl.col("effective", "deletion").str.to_date("%Y-%m-%d")
    first = spread(rows.with_columns(dates), codes).select(
        "n", "keep", "indicator", "effective", "deletion", a="code"
    )
    if first.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    other = rows.select("n", code_low="code_low_b", code_high="code_high_b")
    second = spread(other, codes).select("n", b="code")
    pairs = first.join(second, on="n").filter(pl.col("a") != pl.col("b"))
    keeps_a = pl.col("keep") == "a"
    return pairs.sort("n", "a", "b").select(
        denied=pl.when(keeps_a).then("b").otherwise("a"),
        kept=pl.when(keeps_a).then("a").otherwise("b"),
        indicator="indicator",
        effective="effective",
        deletion="deletion",
        effective_=pl.lit(None, pl.Date),
        deletion_=pl.lit(None, pl.Date),
        said=pl.format("{} and {}: one of them a day", "a", "b"),
    )
