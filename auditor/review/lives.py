"""Decisions and the life of findings told together: neither says what the other contradicts.

A decision settles a finding for the reviewers; whether the finding is still made, the life of it
says (auditor.ledger.life). So a finding may be open and settled, or closed and never decided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from auditor.review.standing import last_said, standing

if TYPE_CHECKING:
    from auditor.ledger.life import Life


def decided(life: Life, stored: pl.DataFrame) -> Life:
    """`life` with what `stored` (schemas.Dispositions) says of what is carried on or closed."""
    carried = _of(life.carried, stored)
    told = standing(life.carried, carried, life.as_of).select(
        "finding_id", decided="state", decision="told"
    )
    closed = last_said(_of(life.closed, stored), life.as_of)
    return replace(life, carried=_with(life.carried, told), closed=_with(life.closed, closed))


def agreeing(unmatched: pl.DataFrame, life: Life) -> pl.DataFrame:
    """schemas.Unmatched without what is only carried on, and with the reason where it is closed.

    A decision whose finding was not made tonight is not unmatched where the finding stands open.
    """
    why = life.closed.select("finding_id", "why")
    gone = unmatched.join(life.carried, on="finding_id", how="anti", maintain_order="left")
    known = gone.join(why, on="finding_id", how="left", maintain_order="left")
    said = known.select(pl.format("{} decided on {}: {}. {}", *_SAID, "why")).to_series()
    return gone.with_columns(told=pl.coalesce(said, "told"))


_SAID = ("reviewer", "decided_on", "disposition")


def _of(findings: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    return stored.join(findings, on="finding_id", how="semi", maintain_order="left")


def _with(findings: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """`findings` with the columns of `told` in the place of their own."""
    bare = findings.drop(name for name in told.columns if name != "finding_id")
    joined = bare.join(told, on="finding_id", how="left", maintain_order="left")
    return joined.select(findings.columns)
