"""Claims of a group that do not name who rendered the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.identities import PLACEHOLDERS
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import first_of_claims, most, once_for_all

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


def find(state: State) -> pl.DataFrame:
    """NPI-2."""
    standing = state.batch.standing()
    named = pl.col("rendering_npi").is_not_null() & ~pl.col("rendering_npi").str.contains(
        PLACEHOLDERS
    )
    known = pl.col("billing_npi").is_not_null() & ~pl.col("billing_npi").str.contains(PLACEHOLDERS)
    missing = ~named.fill_null(value=False) & known.fill_null(value=False)
    lines = (
        state.batch.tonight()
        .filter(missing)
        .select("row", "billing_npi", "rendering_npi")
        .collect()
    )
    if lines.is_empty():
        return no_hits()
    groups = (
        standing.filter(named, pl.col("rendering_npi") != pl.col("billing_npi"))
        .group_by("billing_npi")
        .agg(others=pl.col("rendering_npi").n_unique())
        .collect()
    )
    found = lines.join(groups, on="billing_npi")
    if found.is_empty():
        return no_hits()
    firsts = first_of_claims(state, found)
    claims = state.batch.tonight().select(pl.struct("patient_id", "payer", "claim_id").n_unique())
    in_all = claims.collect().item()
    if most(state, firsts.height, in_all):
        return once_for_all(
            state,
            firsts,
            ("NPI-2", REVIEW),
            f"{firsts.height:,} of {in_all:,} claims do not name who rendered the service (this is "
            "the first): the export leaves the rendering NPI out.",
            "Export the rendering NPI of each line. Until then the billing NPI stands in, and "
            "findings that compare lines are review.",
        )
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
