"""What changed for a code over the loaded releases, and by the dates of rows."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.asking import card_indicators as words
from auditor.asking.card_parts import Change, Witness
from auditor.asking.card_tables import named
from auditor.asking.card_words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.asking.card_tables import Rows
    from auditor.reference.interface import Kind, Reference

_NAMED = 6
"""So many codes of a change are named."""
_RECENT = timedelta(days=731)
"""Row dates within two years before the end of the release are recent."""


class _What(NamedTuple):
    """Rows with dates of their own: their table, and what one and several are called."""

    kind: Kind
    one: str
    several: str


_PAIRS = _What("ptp-practitioner", "pair", "pairs")
_PRIMARIES = _What("aoc", "primary", "primaries")
_SUPPORTED = _What("aoc", "add-on that it supports", "add-ons that it supports")


def history(rows: Rows, reference: Reference) -> tuple[Change, ...]:
    """Changes between releases first, then what row dates tell, newest first in each table."""
    return (
        *_code(rows),
        *_fees(rows),
        *_units(rows),
        *_dated(rows, rows.pairs, reference, _PAIRS),
        *_dated(rows, rows.addons, reference, _PRIMARIES),
        *_dated(rows, rows.supports, reference, _SUPPORTED),
    )


def _code(rows: Rows) -> Iterator[Change]:
    for row in rows.hcpcs.iter_rows(named=True):
        end = f", valid to {row['deletion']}" if row["deletion"] else ", without an end"
        begin = (
            f"HCPCS Level II has it from {row['effective']}"
            if row["effective"]
            else ("HCPCS Level II has it")
        )
        yield Change(
            text=f"{begin}{end}.",
            witness=Witness(
                table=rows.labels["hcpcs"], first=row["effective"], last=row["deletion"]
            ),
        )


def _fees(rows: Rows) -> Iterator[Change]:
    whole = rows.fees.filter(pl.col("component") == "").sort("valid_from")
    for old, new in pairwise(whole.iter_rows(named=True)):
        changed = [
            f"{words.TITLES[name].lower()} {old[name] or 'blank'} to {new[name] or 'blank'}"
            for name in words.FIELDS
            if old[name] != new[name]
        ]
        if changed:
            yield Change(
                text=f"Fee schedule: {listed(changed)}.",
                witness=Witness(table=named(new["release"]), first=new["valid_from"]),
            )


def _units(rows: Rows) -> Iterator[Change]:
    settings = (
        ("practitioner", rows.units),
        ("hospital", rows.hospital_units),
        ("supplier", rows.supplier_units),
    )
    for setting, frame in settings:
        for old, new in pairwise(frame.sort("valid_from").iter_rows(named=True)):
            was, now = (f"{row['mue_value']} (MAI {row['mai']})" for row in (old, new))
            if was != now:
                yield Change(
                    text=f"Unit limit, {setting}: {was} in {named(old['release'])}, {now} in"
                    f" {named(new['release'])}.",
                    witness=Witness(table=named(new["release"]), first=new["valid_from"]),
                )


def _dated(rows: Rows, frame: pl.DataFrame, reference: Reference, what: _What) -> Iterator[Change]:
    """Rows that began or ended in the two years before the end of the newest release."""
    release = reference.release(what.kind)
    if release is None or release.starter or frame.is_empty():
        return
    since = release.vouches_to - _RECENT
    columns = [c for c in ("column1", "column2", "addon", "primary") if c in frame.columns]
    for column, verb in (("effective", "began"), ("deletion", "ended")):
        recent = frame.filter(pl.col(column).is_between(since, release.vouches_to)).sort(
            column, *columns, descending=[True] + [False] * len(columns)
        )
        if recent.is_empty():
            continue
        others = [
            next(value for value in row if value != rows.code)
            for row in recent.select(columns).unique(maintain_order=True).iter_rows()
        ]
        named = (
            listed(others[:_NAMED])
            if len(others) <= _NAMED
            else (f"{', '.join(others[:_NAMED])} and {len(others) - _NAMED:,} more")
        )
        newest = recent[column][0]
        count = f"{recent.height:,} {what.one if recent.height == 1 else what.several}"
        yield Change(
            text=f"Since {since} {count} {verb}, the last on {newest}: {named}.",
            witness=Witness(table=release.label, first=since, last=release.vouches_to),
        )
