"""Claims of a group that do not name who rendered the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.whole import Joining
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import (
    FIRST,
    ORDER,
    first_of_claims,
    first_row,
    joined,
    most,
    once_for_all,
)

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
RULES = (
    Rule(
        id="NPI-2",
        name="missing-rendering-npi",
        tier="review",
        shape="line",
        precedence=92,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("rendering_npi", "billing_npi"),
        tables=(),
        whole_batch=True,
        amount="none",
        flags="A line without a rendering NPI, or with a placeholder in its place, under a billing "
        "NPI under which other lines of the files name a different rendering NPI. One finding a "
        "claim, on its first such line. Where that is so of over half of the claims, one finding "
        "says so for all.",
        why="A group names on every claim who rendered the service; without it the claim is "
        "returned as unprocessable, and rules that compare practitioners know the group only.",
        not_flagged="A billing NPI under which nobody else renders: a practice of one leaves the "
        "field blank. Whether the number is a group's is not on the claim, and the owner of a "
        "practice with an assistant may leave it blank too: so review.",
        remedy="Add the rendering NPI, unless the holder of the billing NPI rendered the service.",
        citation="837P loop 2310B, CMS-1500 item 24J; remark code N290",
        example_flag=("99213 npi=- claim=C1", "99213 npi=1111111112 claim=C2"),
        example_ok=("99213 npi=- claim=C1", "99213 npi=- claim=C2"),
    ),
)


def _groups(pairs: pl.DataFrame) -> pl.DataFrame:
    """billing_npi, others: how many render under it."""
    return pairs.group_by("billing_npi").agg(others=pl.col("rendering_npi").n_unique())


def _others(state: State) -> pl.DataFrame:
    """billing_npi, rendering_npi: each that renders under another's number, once."""
    pairs = state.batch.lines.lazy().filter(pl.col("s1") != pl.col("billing"))
    pairs = pairs.select("row", "billing", "s1").unique(["billing", "s1"])
    named = state.with_raw(pairs.collect(), "billing_npi", "rendering_npi")
    return named.select("billing_npi", "rendering_npi")


def _counted(state: State, firsts: pl.DataFrame) -> pl.DataFrame:
    """billing_npi, wrong (claims), FIRST of the first lines of claims."""
    return _by_group(
        firsts.select("billing_npi", *ORDER, state.batch.keys_of(firsts["row"]), wrong=1)
    )


def _by_group(counted: pl.DataFrame) -> pl.DataFrame:
    """The claims and the first line of each billing NPI."""
    ordered = counted.sort("billing_npi", *FIRST, nulls_last=False)
    by = ordered.group_by("billing_npi", maintain_order=True)
    return by.agg(pl.col("wrong").sum(), pl.col(FIRST).first())


COUNTS = {
    "NPI-2 others": Joining(_groups, fewer=pl.DataFrame.unique),
    "NPI-2": _by_group,
    "NPI-2 claims": pl.DataFrame.sum,
}


def find(state: State) -> pl.DataFrame:
    """NPI-2."""
    nameless = state.batch.lines.lazy().filter(~pl.col("s1_known"), pl.col("billing").is_not_null())
    lines = state.batch.of_tonight(nameless.select("row").collect())
    lines = state.with_raw(lines, "billing_npi", "rendering_npi").filter(
        pl.col("billing_npi").is_in(state.batch.groups.implode())
    )
    if lines.is_empty() and state.alone:
        return no_hits()
    groups = state.whole("NPI-2 others", lambda: _others(state), _groups)
    firsts = first_of_claims(state, lines, ("billing_npi",))
    counted = state.whole("NPI-2", lambda: _counted(state, firsts), _by_group)
    claims = state.batch.tonight().select(
        claims=pl.struct("patient_id", "payer", "claim_id").n_unique()
    )
    in_all = state.whole("NPI-2 claims", claims.collect, pl.DataFrame.sum).item()
    counted = joined(counted.join(groups, on="billing_npi", how="semi").with_columns(judged=0))
    wrong = counted["wrong"].item()
    if most(state, wrong, in_all):
        return once_for_all(
            first_row(state, counted),
            ("NPI-2", REVIEW),
            f"{wrong:,} of {in_all:,} claims do not name who rendered the service (this is "
            "the first): the export leaves the rendering NPI out.",
            "Export the rendering NPI of each line. Until then the billing NPI stands in, and "
            "findings that compare lines are review.",
        )
    firsts = firsts.join(groups, on="billing_npi", maintain_order="left")
    return hits(
        firsts,
        "NPI-2",
        tier=REVIEW,
        message=pl.format(
            "The claim names no rendering NPI{}, and under the billing NPI {} {} in these files.",
            pl.when(pl.col("rendering_npi").is_not_null())
            .then(pl.format(" ('{}' stands in its place)", pl.col("rendering_npi")))
            .otherwise(pl.lit("")),
            pl.col("billing_npi"),
            pl.when(pl.col("others") > 1)
            .then(pl.format("{} others render", pl.col("others")))
            .otherwise(pl.lit("another one renders")),
        ),
        remedy="Add the rendering NPI, unless the holder of the billing NPI rendered the service.",
    )
