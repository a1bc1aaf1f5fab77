"""What is known of a whole batch, where a part of it is judged.

Nearly every rule judges a patient by that patient's own lines, so a batch may be judged in parts
of whole patients, of any size. A few rules need more: a number that stands on many claims, the day
of a practitioner, a file most of whose dates are wrong. These count first and judge then. What they
count of one part is a small table, the tables of all parts are joined, and each part is judged by
the joined ones. A batch that is judged at once is one part and goes the same way. The lines of a
part stand in the order of their line_key, which is that of the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.engine.identities import PLACEHOLDERS

if TYPE_CHECKING:
    from auditor.rules.options import RuleOptions

Join = Callable[[pl.DataFrame], pl.DataFrame]
"""From the counts of several parts, stacked, to those of all parts."""
AT_ONCE = 2_000_000
"""Rows of counts that are held at once, about."""
_SEED = 7_129
"""Of the hash that divides counts."""


class Joining(NamedTuple):
    """How counts come together that are many, where the batch is large."""

    join: Join
    fewer: Join | None = None
    """From the counts of some parts, stacked, to fewer rows that say the same to `join`."""
    by: str | None = None
    """A column: rows that differ in it do not need each other, so that they may be joined apart."""
    kept: Callable[[pl.DataFrame, RuleOptions], pl.DataFrame] | None = None
    """What parts need to be told of what was joined."""


def joined(how: Joining, counts: Sequence[pl.LazyFrame], options: RuleOptions) -> pl.DataFrame:
    """What `counts`, one table of each part, are together."""
    if how.by is None:
        return how.join(pl.concat(_few(how, counts)))
    rows = sum(each.select(pl.len()).collect().item() for each in counts)
    divisions = max(-(-rows // AT_ONCE), 1)
    division = pl.col(how.by).hash(_SEED) % divisions
    found = []
    for number in range(divisions):
        mine = pl.concat(each.filter(division == number) for each in counts)
        together = how.join(mine.collect())
        found.append(together if how.kept is None else how.kept(together, options))
    return pl.concat(found)


def _few(how: Joining, counts: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """`counts`, made fewer where they are many and can be."""
    held, height = list[pl.DataFrame](), 0
    for each in counts:
        held.append(each.collect())
        height += held[-1].height
        if how.fewer is not None and height > AT_ONCE:
            held, height = [how.fewer(pl.concat(held))], 0
    return held


@dataclass(frozen=True)
class Census:
    """What must be known of all lines before the first is enriched; it adds up."""

    lines: int = 0
    numbered: bool = False
    """Some line carries the payer's number of its claim."""
    laboratories: bool = False
    """Some line carries the number of a laboratory (CLIA)."""
    groups: pl.Series = field(default_factory=lambda: pl.Series("billing_npi", [], pl.String))
    """Billing NPIs under which somebody else renders: no practice of one. Sorted."""

    def __add__(self, other: Census) -> Census:
        """That of the lines of both."""
        return Census(
            self.lines + other.lines,
            self.numbered or other.numbered,
            self.laboratories or other.laboratories,
            pl.concat([self.groups, other.groups]).unique().sort(),
        )


@dataclass(frozen=True)
class Whole:
    """What a part is told of all parts."""

    census: Census
    counts: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Of each name under which a rule counts what all parts count; none while they are counting."""


def census(lines: pl.DataFrame) -> Census:
    """That of `lines` (schemas.ClaimLines; the NPIs and the two numbers are looked at)."""
    groups = (
        lines.lazy()
        .filter(
            ~pl.col("rendering_npi").str.contains(PLACEHOLDERS),
            pl.col("rendering_npi") != pl.col("billing_npi"),
        )
        .select(pl.col("billing_npi").unique().sort())
        .collect()
        .to_series()
    )
    return Census(
        lines.height,
        lines["payer_claim_id"].null_count() < lines.height,
        lines["clia_number"].null_count() < lines.height,
        groups,
    )
