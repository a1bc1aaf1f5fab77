"""What the tables say of the asked codes, two by two, whether or not a rule found anything."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from auditor.asking.answers import AddOn, Edit, Pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from auditor.asking.encounters import Encounter
    from auditor.reference.interface import Reference, Release

_NOT_APPLICABLE = 9
"""Modifier indicator of edits that were deleted on the day they began."""


class _Key(NamedTuple):
    """Two codes of one encounter on one day, in the order asked."""

    enc: int
    day: date
    first: str
    second: str


def together(
    encounters: Sequence[Encounter], reference: Reference, met: pl.DataFrame
) -> dict[int, list[Pair]]:
    """Encounter -> what the tables say of each two of its codes of one day.

    `met`: the pairs that the audit saw meet (auditor.asking.judged.Judged.pairs).
    """
    keys = [key for number, each in enumerate(encounters) for key in _keys(number, each)]
    if not keys:
        return {}
    asked = pl.DataFrame(
        {
            "a": [k.first for k in keys] + [k.second for k in keys],
            "b": [k.second for k in keys] + [k.first for k in keys],
        }
    ).unique()
    codes = asked["a"].unique().sort()
    edits = _by_pair(
        reference.ptp(codes).join(asked, left_on=["column1", "column2"], right_on=["a", "b"])
    )
    addons = _by_pair(
        reference.addons(codes).join(asked, left_on=["addon", "primary"], right_on=["a", "b"])
    )
    releases = reference.release("ptp-practitioner"), reference.release("aoc")
    separated = _separated(met)
    found: dict[int, list[Pair]] = {}
    for key in keys:
        pair = _pair(key, edits, addons, releases, separated)
        found.setdefault(key.enc, []).append(pair)
    return found


def _keys(number: int, asked: Encounter) -> Iterable[_Key]:
    by_day: dict[date, dict[str, None]] = {}
    for line in asked.lines:
        by_day.setdefault(asked.day_of(line), {})[line.code] = None
    for day, codes in by_day.items():
        yield from (_Key(number, day, a, b) for a, b in combinations(codes, 2))


def _by_pair(rows: pl.DataFrame) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(column 1 or add-on, column 2 or primary) -> rows."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows.sort("effective").iter_rows(named=True):
        pair = tuple(row.values())[:2]
        found.setdefault((pair[0], pair[1]), []).append(row)
    return found


class _Met(NamedTuple):
    """What became of the lines of a pair that met: as in Edit."""

    separated: bool | None = None
    weak: bool = False
    by: tuple[str, ...] = ()


def _separated(met: pl.DataFrame) -> dict[tuple[int, str, str], _Met]:
    """(encounter, column 1, column 2) -> whether modifiers separate all that met, and which."""
    found: dict[tuple[int, str, str], _Met] = {}
    for row in met.iter_rows(named=True):
        key = (row["enc"], row["other_code"], row["code"])
        by = (
            *(f"{row['other_code']}-{m}" for m in row["on_column1"].split()),
            *(f"{row['code']}-{m}" for m in row["on_column2"].split()),
        )
        last = found.get(key, _Met(separated=True))
        found[key] = _Met(
            bool(last.separated and row["separated"]),
            last.weak or row["weak"],
            (*last.by, *(word for word in by if word not in last.by)),
        )
    return found


def _pair(
    key: _Key,
    edits: dict[tuple[str, str], list[dict[str, Any]]],
    addons: dict[tuple[str, str], list[dict[str, Any]]],
    releases: tuple[Release | None, Release | None],
    separated: dict[tuple[int, str, str], _Met],
) -> Pair:
    both = ((key.first, key.second), (key.second, key.first))
    rows = [row for pair in both for row in edits.get(pair, ())]
    rows = [row for row in rows if row["modifier_indicator"] != _NOT_APPLICABLE]
    now = [row for row in rows if _in_force(row, key.day)]
    past = [row for row in rows if row["deletion"] is not None and row["deletion"] < key.day]
    ptp, aoc = releases
    # the starter set is a small part of the table: that it holds no edit says nothing
    speaks = ptp if ptp is not None and (now or not ptp.starter) else None
    tied = [row for pair in both for row in addons.get(pair, ()) if _in_force(row, key.day)]
    return Pair(
        first=key.first,
        second=key.second,
        day=key.day,
        edits=tuple(_edit(row, key.enc, separated) for row in now),
        ended=None
        if now or not past
        else _edit(max(past, key=lambda r: r["deletion"]), key.enc, {}),
        add_ons=tuple(
            AddOn(**{n: row[n] for n in ("addon", "primary", "edit_type", "effective", "deletion")})
            for row in tied
        ),
        ptp_release=speaks.label if speaks else None,
        ptp_vouches_to=speaks.vouches_to if speaks else None,
        aoc_release=aoc.label if aoc else None,
    )


def _edit(
    row: dict[str, Any],
    enc: int,
    separated: dict[tuple[int, str, str], _Met],
) -> Edit:
    met = separated.get((enc, row["column1"], row["column2"]), _Met())
    names = ("column1", "column2", "modifier_indicator", "effective", "deletion")
    return Edit(**{name: row[name] for name in names}, **met._asdict())


def _in_force(row: dict[str, Any], day: date) -> bool:
    """A row applies from its first to its last day, both included (schemas.reference)."""
    first, last = row["effective"], row["deletion"]
    return bool(first <= day and first != last and (last is None or day <= last))
