"""Physician fee schedule relative value file (PPRRVU): indicators only, no amounts.

CSV and workbook have a header stacked over several rows and gain columns over the years, so a
column is found by the joined text above it. The text is fixed-width, after some HDR lines.
Indicators are text: a workbook's number 9 is the indicator 9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.layout import CODE, Header, Layout, absent, code, squeeze, text
from auditor.reference.names import Hints, merge, read_name
from auditor.reference.words import SHORT, gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

FIXED = {
    "code": (1, 5),
    "component": (6, 7),
    "status": (58, 58),
    "pctc": (103, 103),
    "global_days": (104, 106),
    "multiple": (116, 116),
    "bilateral": (117, 117),
    "assistant": (118, 118),
    "cosurgeon": (119, 119),
    "team": (120, 120),
}
WORDS_FIXED = {"short": (8, 57)}
_HDR = re.compile(rb"(?:HDR[^\n]*\n)+")
_LINE = re.compile(rb"[A-Z0-9]{5}(?:  |26|TC|53).{50}[A-Z].{44}.(?:\d{3}|XXX|YYY|ZZZ|MMM)")

_ENDS = {
    "status": "statuscode",
    "pctc": "pctcind",
    "global_days": "globdays",
    "multiple": "multproc",
    "bilateral": "bilatsurg",
    "assistant": "asstsurg",
    "cosurgeon": "cosurg",
    "team": "teamsurg",
}
_INDICATORS = ("multiple", "bilateral", "assistant", "cosurgeon", "team")
_DAYS = text("global_days")


def _words(raw: pl.DataFrame) -> pl.DataFrame:
    """The descriptors, which the rows of a code's components repeat."""
    if "short" not in raw.columns:
        return gathered([])
    rows = raw.lazy().select(code("code"), kind=pl.lit(SHORT), text=pl.col("short"))
    return gathered([rows.filter(pl.col("code").str.contains(CODE))])


LAYOUT = Layout(
    columns={
        "code": code("code"),
        "component": text("component").fill_null("").str.to_uppercase(),
        "status": text("status"),
        "pctc": text("pctc"),
        # A workbook's number 0 is the global period 000.
        "global_days": pl.when(_DAYS.str.contains(r"^\d+$"))
        .then(_DAYS.str.zfill(3))
        .otherwise(_DAYS),
        **{name: pl.when(~absent(name)).then(text(name)) for name in _INDICATORS},
    },
    ok=pl.all_horizontal(
        code("code").str.contains(CODE),
        text("component").fill_null("").str.to_uppercase().is_in(["", "26", "TC", "53"]),
        text("status").str.contains(r"^[A-Z]$"),
        text("pctc").str.contains(r"^\d$"),
        _DAYS.str.contains(r"^(\d{1,3}|XXX|YYY|ZZZ|MMM)$"),
    ),
    unique=("code", "component"),
    words=_words,
)


def is_fixed(data: bytes) -> bool:
    """True for the beginning of the fixed-width text."""
    return _LINE.match(data, header_end(data)) is not None


def header_end(data: bytes) -> int:
    """Position after the HDR lines."""
    found = _HDR.match(data)
    return found.end() if found else 0


def header(head: Sequence[Sequence[str]]) -> Header | None:
    """The header, if `head` is the beginning of a relative value file."""
    for number_, record in enumerate(head):
        if [squeeze(cell) for cell in record[:2]] != ["hcpcs", "mod"]:
            continue
        stacked = [
            squeeze("".join(rows[position] for rows in head[: number_ + 1] if position < len(rows)))
            for position in range(len(record))
        ]
        columns = {"code": 0, "component": 1}
        for name, end in _ENDS.items():
            found = [i for i, heading in enumerate(stacked) if heading.endswith(end)]
            if len(found) != 1:
                return None
            columns[name] = found[0]
        described = [i for i, heading in enumerate(stacked) if heading.endswith("description")]
        if described:
            columns["short"] = described[0]
        titles = [read_name(cell) for row in head[:number_] for cell in row if len(cell) > 20]  # noqa: PLR2004 - longer than any heading
        effective = merge(titles).effective
        return Header("fee-schedule", number_ + 1, columns, hints=Hints(effective=effective))
    return None
