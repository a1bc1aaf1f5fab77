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
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from auditor.engine.identities import PLACEHOLDERS

if TYPE_CHECKING:
    from auditor.engine.known import Known
    from auditor.rules.options import RuleOptions

Join = Callable[[pl.DataFrame], pl.DataFrame]
"""From the counts of several parts, stacked, to those of all parts."""
AT_ONCE = 2_000_000
"""Rows of counts that are held at once, about."""
_SEED = 7_129
"""Of the hash that divides counts."""
_MOST_CODES = 50_000
"""More distinct codes than that are no procedure codes, and are not told of all lines."""


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
    codes: pl.Series | None = field(default_factory=lambda: pl.Series("code", [], pl.String))
    """Distinct codes, sorted; None: too many to be told."""
    first: date | None = None
    """The first day of a service; None: no line has one."""
    last: date | None = None
    """The last, spans included."""

    def __add__(self, other: Census) -> Census:
        """That of the lines of both."""
        return Census(
            self.lines + other.lines,
            self.numbered or other.numbered,
            self.laboratories or other.laboratories,
            pl.concat([self.groups, other.groups]).unique().sort(),
            _all_codes(self.codes, other.codes),
            min(filter(None, (self.first, other.first)), default=None),
            max(filter(None, (self.last, other.last)), default=None),
        )

    def told(self) -> dict[str, Any]:
        """What `of` makes the same of, as JSON has it."""
        return {
            "lines": self.lines,
            "numbered": self.numbered,
            "laboratories": self.laboratories,
            "groups": self.groups.to_list(),
            "codes": None if self.codes is None else self.codes.to_list(),
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Census:
        """The census of `told`."""
        return cls(
            told["lines"],
            told["numbered"],
            told["laboratories"],
            pl.Series("billing_npi", told["groups"], pl.String),
            None if told["codes"] is None else pl.Series("code", told["codes"], pl.String),
            None if told["first"] is None else date.fromisoformat(told["first"]),
            None if told["last"] is None else date.fromisoformat(told["last"]),
        )


def _all_codes(one: pl.Series | None, other: pl.Series | None) -> pl.Series | None:
    """The codes of both, where they can be told."""
    if one is None or other is None:
        return None
    both = pl.concat([one, other]).unique().sort()
    return both if len(both) <= _MOST_CODES else None


@dataclass(frozen=True)
class Whole:
    """What a part is told of all parts."""

    census: Census
    counts: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Of each name under which a rule counts what all parts count; none while they are counting."""
    known: Known | None = None
    """What was worked out of this part before."""


def census(lines: pl.DataFrame) -> Census:
    """That of `lines` (schemas.ClaimLines; NPIs, codes, dates and two numbers are looked at)."""
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
    codes = lines["code"].unique().sort()
    first, last = lines["service_date_from"].min(), lines["service_date_to"].max()
    return Census(
        lines.height,
        lines["payer_claim_id"].null_count() < lines.height,
        lines["clia_number"].null_count() < lines.height,
        groups,
        codes if len(codes) <= _MOST_CODES else None,
        first,  # type: ignore[arg-type]
        max(filter(None, (last, lines["service_date_from"].max())), default=None),
    )
