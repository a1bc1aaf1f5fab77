"""A reference made from a few rows, for tests and for trying a rule.

Every argument is a frame or a list of rows; a row is a tuple in the order named below, the rest
filled with defaults, or a mapping by column name. Dates may be ISO text.

    memory_reference(ptp=[("20610", "99213", 1)], aoc=[("77002", "20610")], mue=[("77002", 1, 2)])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor.reference.interface import Release
from auditor.reference.kinds import TITLES
from auditor.reference.tables import MODELS, TableReference
from auditor.reference.words import Words
from schemas import dtypes

if TYPE_CHECKING:
    from auditor.reference.interface import Kind

Rows = pl.DataFrame | Sequence[tuple[Any, ...] | Mapping[str, Any]]

START = date(1996, 1, 1)
VOUCHES_TO = date(2099, 12, 31)

DEFAULTS: dict[Kind, dict[str, Any]] = {
    "ptp-practitioner": {
        "column1": None,
        "column2": None,
        "modifier_indicator": 1,
        "effective": START,
        "deletion": None,
        "rationale": "Misuse of Column Two code with Column One code",
    },
    "aoc": {
        "addon": None,
        "primary": None,
        "edit_type": 1,
        "effective": START,
        "deletion": None,
        "edit_deletion": None,
        "note": None,
    },
    "mue-practitioner": {
        "code": None,
        "mue_value": 1,
        "mai": 3,
        "valid_from": START,
        "valid_to": None,
        "rationale": "Clinical: Data",
        "release": None,
    },
    "fee-schedule": {
        "code": None,
        "component": "",
        "status": "A",
        "pctc": "0",
        "global_days": "XXX",
        "multiple": "0",
        "bilateral": "0",
        "assistant": "0",
        "cosurgeon": "0",
        "team": "0",
        "valid_from": START,
        "valid_to": None,
        "release": None,
    },
    "hcpcs": {
        "code": None,
        "kind": "procedure",
        "effective": START,
        "deletion": None,
        "coverage": None,
    },
}
"""Column -> default, in the order in which a tuple gives them."""


def memory_reference(  # noqa: PLR0913 - one argument a table, each by name
    *,
    ptp: Rows | None = None,
    aoc: Rows | None = None,
    mue: Rows | None = None,
    fees: Rows | None = None,
    hcpcs: Rows | None = None,
    words: Iterable[tuple[str, str, str]] = (),
    starter: bool = False,
    vouches_to: date | str = VOUCHES_TO,
) -> TableReference:
    """A reference of these tables; the policy tables are the real ones.

    A table not given is unknown: `release(kind)` is None and its frame is empty. A table given,
    be it without rows, has one release that vouches to `vouches_to`. Tuples:
    ptp (column1, column2, modifier_indicator, effective, deletion, rationale);
    aoc (addon, primary, edit_type, effective, deletion, edit_deletion, note), where edit_deletion
    follows deletion unless given; mue (code, mue_value, mai, valid_from, valid_to);
    fees (code, component, status, pctc, global_days, multiple, bilateral, assistant, cosurgeon,
    team, valid_from, valid_to); hcpcs (code, kind, effective, deletion, coverage).
    words (code, 'long', 'short' or 'successor', text), as if a user's file `memory` had them.
    """
    given: dict[Kind, Rows | None] = {
        "ptp-practitioner": ptp,
        "aoc": aoc,
        "mue-practitioner": mue,
        "fee-schedule": fees,
        "hcpcs": hcpcs,
    }
    last = date.fromisoformat(vouches_to) if isinstance(vouches_to, str) else vouches_to
    frames: dict[Kind, pl.LazyFrame] = {}
    releases = []
    for kind, rows in given.items():
        if rows is None:
            continue
        frame = _frame(kind, rows)
        frames[kind] = frame.lazy()
        releases.append(
            Release(
                kind=kind,
                label=_label(kind),
                effective=START,
                vouches_to=last,
                rows=frame.height,
                sha256="0" * 64,
                source="memory",
                starter=starter,
                used=True,
                note="",
            )
        )
    return TableReference(frames, releases, _words(list(words)))


def _words(rows: list[tuple[str, str, str]]) -> Words:
    names = ["code", "kind", "text"]
    frame = pl.LazyFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    frame = frame.with_columns(source=pl.lit("memory"), release=pl.lit("memory"), rank=pl.lit(0))
    return Words((lambda: frame) if rows else None, key=str(rows) if rows else "")


def _label(kind: Kind) -> str:
    return f"{TITLES[kind]} test"


def _frame(kind: Kind, rows: Rows) -> pl.DataFrame:
    """The rows as a frame of the kind's model."""
    types = dtypes(MODELS[kind])
    if isinstance(rows, pl.DataFrame):
        return rows.select(pl.col(name).cast(dtype) for name, dtype in types.items())
    defaults = DEFAULTS[kind] | ({"release": _label(kind)} if "release" in types else {})
    records = []
    for row in rows:
        values = dict(row) if isinstance(row, Mapping) else dict(zip(defaults, row, strict=False))
        if unknown := values.keys() - defaults.keys():
            message = f"no column {sorted(unknown)} in {kind}"
            raise ValueError(message)
        record = defaults | values
        if kind == "aoc" and "edit_deletion" not in values:
            record["edit_deletion"] = record["deletion"]
        records.append(
            {
                name: date.fromisoformat(value)
                if types[name] == pl.Date and isinstance(value := record[name], str)
                else record[name]
                for name in types
            }
        )
    return pl.DataFrame(records, schema=types)
