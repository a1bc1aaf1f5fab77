"""Rows as the case files and memory_reference take them, as the oracle's own rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from oracle.model import OPEN, AddOn, Fee, Limit, Pair, Tables

START = "1996-01-01"
Row = Sequence[Any] | Mapping[str, Any]
COLUMNS = {
    "ptp": "column1 column2 modifier_indicator effective deletion",
    "aoc": "addon primary edit_type effective deletion edit_deletion",
    "mue": "code mue_value mai valid_from valid_to",
    "fees": "code component status pctc global_days multiple bilateral assistant cosurgeon team "
    "valid_from valid_to",
}


def _named(kind: str, rows: Iterable[Row]) -> list[dict[str, Any]]:
    columns = COLUMNS[kind].split()
    return [
        dict(row) if isinstance(row, Mapping) else dict(zip(columns, row, strict=False))
        for row in rows
    ]


def _day(row: Mapping[str, Any], name: str, default: date) -> date:
    value = row.get(name)
    return default if value is None else date.fromisoformat(str(value))


def tables(
    ptp: Iterable[Row] = (),
    aoc: Iterable[Row] = (),
    mue: Iterable[Row] = (),
    fees: Iterable[Row] = (),
    vouches_to: str | None = None,
) -> Tables:
    start = date.fromisoformat(START)
    return Tables(
        pairs=tuple(
            Pair(
                r["column1"],
                r["column2"],
                r.get("modifier_indicator", 1),
                _day(r, "effective", start),
                _day(r, "deletion", OPEN),
            )
            for r in _named("ptp", ptp)
        ),
        addons=tuple(
            AddOn(
                r["addon"],
                r["primary"],
                r.get("edit_type", 1),
                _day(r, "effective", start),
                _day(r, "deletion", OPEN),
                _day(r, "edit_deletion", _day(r, "deletion", OPEN))
                if "edit_deletion" not in r or r["edit_deletion"] is not None
                else OPEN,
            )
            for r in _named("aoc", aoc)
        ),
        limits=tuple(
            Limit(
                r["code"],
                r.get("mue_value", 1),
                r.get("mai", 3),
                _day(r, "valid_from", start),
                _day(r, "valid_to", OPEN),
            )
            for r in _named("mue", mue)
        ),
        fees=tuple(
            Fee(
                r["code"],
                r.get("status", "A"),
                r.get("pctc", "0"),
                r.get("global_days", "XXX"),
                r.get("bilateral", "0"),
                _day(r, "valid_from", start),
                _day(r, "valid_to", OPEN),
                r.get("multiple", "0"),
                r.get("assistant", "0"),
                r.get("cosurgeon", "0"),
                r.get("team", "0"),
            )
            for r in _named("fees", fees)
            if r.get("component", "") == ""
        ),
        vouches_to=OPEN if vouches_to is None else date.fromisoformat(vouches_to),
    )
