"""Figures of the bypass ledger: which modifier separated which pair, and how often beside others.

A pair is a column 2 line and a column 1 code of indicator 1 that met on one patient, practitioner
and day (schemas.SeparablePairs). Practitioners differ in the pairs they meet: most visits beside a
procedure carry 25, few procedures carry 59. So a rate is held against what the whole batch does on
the same pairs of codes, and not against its rate over all pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.rates import beyond_chance, share

if TYPE_CHECKING:
    from auditor.result import AuditResult

LEAST_PAIRS = 20
"""Fewer pairs of one practitioner say nothing about a habit."""
SIDES = "side or digit"
KINDS = {
    "25": ("25",),
    "24, 57": ("24", "57"),
    "59": ("59",),
    "XE, XS, XP, XU": ("XE", "XS", "XP", "XU"),
    "58, 78, 79": ("58", "78", "79"),
    "91": ("91",),
    SIDES: (),
}
"""Modifiers that are counted together; the first that fits counts, and what fits none is a side."""
ABOVE, BELOW, ALIKE = "Above the batch", "Below the batch", "No clear difference"
FEW, NOBODY = "Too few pairs to judge", "No NPI: not judged"
ORDER = (ABOVE, ALIKE, BELOW, FEW, NOBODY)
"""Practitioners stand in this order."""


def met(result: AuditResult) -> pl.DataFrame:
    """result.pairs with rendering_npi of the column 2 line, code1, code2 and kind (of KINDS).

    `kind` is null where nothing separates the two. Without rows where nobody knows the pairs.
    """
    pairs, lines = result.pairs, result.lines
    if pairs.is_empty() or lines.is_empty():
        return result.pairs.clear().with_columns(
            pl.lit(None, pl.String).alias(name)
            for name in ("rendering_npi", "code1", "code2", "kind")
        )
    told = pl.concat_str("on_column1", "on_column2", separator=" ").str.split(" ")
    kind = pl.lit(list(KINDS)[-1])
    for name, modifiers in reversed(list(KINDS.items())[:-1]):
        fits = told.list.eval(pl.element().is_in(list(modifiers))).list.any()
        kind = pl.when(fits).then(pl.lit(name)).otherwise(kind)
    texts = ["on_column1", "on_column2"]
    kinds = pairs.select(texts).unique().with_columns(kind=kind)
    return (
        pairs.with_columns(
            rendering_npi=lines["rendering_npi"].gather(pairs["row"]),
            code1=lines["code"].gather(pairs["other"]),
            code2=lines["code"].gather(pairs["row"]),
        )
        .join(kinds, on=texts, how="left", maintain_order="left")
        .with_columns(kind=pl.when("separated").then("kind"))
    )


def by_practitioner(pairs: pl.DataFrame) -> pl.DataFrame:
    """One row a rendering NPI (null: none) of `pairs`, as `met` answers them, those above first.

    rendering_npi, compared (a word of ORDER), met, separated, rate, expected (the batch's rate on
    the same pairs of codes), weak, and a count for each of KINDS. Marked only from LEAST_PAIRS
    pairs on.
    """
    codes = ["code1", "code2"]
    batch = pairs.group_by(codes).agg(usual=pl.col("separated").sum() / pl.len())
    table = (
        pairs.join(batch, on=codes, how="left")
        .group_by("rendering_npi")
        .agg(
            pl.len().cast(pl.Int64).alias("met"),
            pl.col("separated").sum().cast(pl.Int64),
            # Rounded: a float sum depends on the order of its rows in the last digits.
            pl.col("usual").mean().round(9).alias("expected"),
            pl.col("weak").sum().cast(pl.Int64),
            *((pl.col("kind") == k).sum().cast(pl.Int64).alias(k) for k in KINDS),
        )
        .with_columns(rate=share(pl.col("separated"), pl.col("met")))
    )
    beyond = beyond_chance(pl.col("separated"), pl.col("met"), pl.col("expected"))
    table = table.with_columns(
        compared=pl.when(pl.col("rendering_npi").is_null())
        .then(pl.lit(NOBODY))
        .when(pl.col("met") < LEAST_PAIRS)
        .then(pl.lit(FEW))
        .otherwise(beyond.replace_strict({1: ABOVE, 0: ALIKE, -1: BELOW}))
    )
    rank = pl.col("compared").replace_strict(ORDER, range(len(ORDER)))
    return table.sort(rank, -pl.col("separated"), "met", "rendering_npi").select(
        "rendering_npi", "compared", "met", "separated", "rate", "expected", "weak", *KINDS
    )


def by_pair(pairs: pl.DataFrame, practitioners: pl.DataFrame) -> pl.DataFrame:
    """One row a practitioner, pair of codes and modifiers that separate it, of `pairs`.

    In the order of `practitioners` (as `by_practitioner` answers them), the most frequent first:
    rendering_npi, code1, code2, modifiers (in words, with the code each stands on), separated,
    met (by the practitioner, of these codes), rate, expected (the batch's share of these codes
    that these modifiers separate), weak, and example (the place of the first column 2 line).
    """
    codes, how = ["code1", "code2"], ["on_column1", "on_column2"]
    who = "rendering_npi"
    apart = pairs.filter("separated")
    counted = apart.group_by(who, *codes, *how).agg(
        pl.len().cast(pl.Int64).alias("separated"),
        pl.col("weak").sum().cast(pl.Int64),
        pl.col("row").min().alias("example"),
    )
    own = pairs.group_by(who, *codes).agg(pl.len().cast(pl.Int64).alias("met"))
    all_met = pairs.group_by(codes).agg(pl.len().alias("of"))
    all_so = apart.group_by(*codes, *how).agg(pl.len().alias("so"))
    order = practitioners.select(who).with_row_index("order")
    said = [
        pl.when(pl.col(column) != "").then(pl.format("{} on {}", pl.col(column), pl.col(code)))
        for column, code in zip(how, codes, strict=True)
    ]
    return (
        counted.join(own, on=[who, *codes], nulls_equal=True)
        .join(all_met, on=codes)
        .join(all_so, on=[*codes, *how])
        .join(order, on=who, nulls_equal=True)
        .with_columns(
            rate=share(pl.col("separated"), pl.col("met")),
            expected=share(pl.col("so"), pl.col("of")),
            modifiers=pl.concat_str(said, separator=", ", ignore_nulls=True),
        )
        .sort("order", -pl.col("separated"), *codes, *how)
        .select(who, *codes, "modifiers", "separated", "met", "rate", "expected", "weak", "example")
    )
