"""What CMS's tables say of one code on one date: fee schedule, add-ons, pairs, units."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from auditor.asking import card_indicators as words
from auditor.asking.card_kinds import section
from auditor.asking.card_parts import (
    AddOn,
    Beside,
    Fees,
    Indicator,
    Pair,
    Pairs,
    Primary,
    Units,
    Witness,
)
from auditor.engine.codes import NEVER_PAYS
from auditor.reference.starter import LABEL

if TYPE_CHECKING:
    from datetime import date

    from auditor.reference.interface import Kind, Reference

CONTRACTOR = "CCCCC"
"""Where a primary code would stand: the contractor decides."""
STARTER = "built-in starter set"
_NEVER = 9
"""Modifier indicator of rows that never applied."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row that names the code, by kind of table; read once."""

    code: str
    day: date
    fees: pl.DataFrame
    addons: pl.DataFrame
    """As the add-on."""
    supports: pl.DataFrame
    """As the primary."""
    pairs: pl.DataFrame
    hospital_pairs: pl.DataFrame
    units: pl.DataFrame
    hospital_units: pl.DataFrame
    supplier_units: pl.DataFrame
    hcpcs: pl.DataFrame
    labels: dict[str, str]
    """Kind -> label of the newest release that judges; '' for none."""

    def dated(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of `frame` in force on the date."""
        return frame.filter(in_force(frame, self.day))


def read(code: str, reference: Reference, day: date) -> Rows:
    """All rows of CMS tables that name `code`."""
    edits = reference.naming("aoc", code)
    # A row withdrawn on its own first day never applied (auditor.engine.codes).
    edits = edits.filter(
        pl.col("edit_deletion").is_null() | (pl.col("edit_deletion") != pl.col("effective"))
    )
    kinds: tuple[Kind, ...] = (
        "aoc", "ptp-practitioner", "ptp-hospital", "mue-practitioner", "mue-hospital", "mue-dme",
        "fee-schedule", "hcpcs",
    )  # fmt: skip
    labels: dict[str, str] = {kind: _label(reference, kind) for kind in kinds}
    return Rows(
        code,
        day,
        reference.naming("fee-schedule", code),
        edits.filter(pl.col("addon") == code),
        edits.filter(pl.col("primary") == code),
        _applied(reference.naming("ptp-practitioner", code)),
        _applied(reference.naming("ptp-hospital", code)),
        reference.naming("mue-practitioner", code),
        reference.naming("mue-hospital", code),
        reference.naming("mue-dme", code),
        reference.naming("hcpcs", code).filter(pl.col("kind") == "procedure"),
        labels,
    )


def in_force(frame: pl.DataFrame, day: date) -> pl.Expr:
    """True for rows of `frame` that apply on `day`, both ends included."""
    first = "effective" if "effective" in frame.columns else "valid_from"
    last = "deletion" if "deletion" in frame.columns else "valid_to"
    return (pl.col(first).is_null() | (pl.col(first) <= day)) & (
        pl.col(last).is_null() | (pl.col(last) >= day)
    )


def fees(rows: Rows) -> Fees | None:
    """The fee schedule's row on the date, else that of the next later release."""
    whole = rows.fees.filter(pl.col("component") == "").sort("valid_from")
    now = rows.dated(whole)
    shown = now if now.height else whole.filter(pl.col("valid_from") > rows.day).head(1)
    if shown.is_empty():
        return None
    row = shown.row(-1, named=True)
    others = rows.fees.filter(pl.col("component") != "", pl.col("valid_from") == row["valid_from"])[
        "component"
    ]
    return Fees(
        indicators=tuple(
            Indicator(name=name, value=row[name], meaning=words.meaning(name, row[name]))
            for name in words.FIELDS
            if row[name]
        ),
        components=tuple(others.unique().sort()),
        in_force=bool(now.height),
        witness=Witness(table=named(row["release"]), first=row["valid_from"], last=row["valid_to"]),
    )


def addon(rows: Rows) -> AddOn:
    """Primaries of the code, and the add-ons that it supports, in force on the date."""
    own = rows.dated(rows.addons)
    open_list = own.filter((pl.col("primary") == CONTRACTOR) | (pl.col("edit_type") > 1)).height > 0
    types = own["edit_type"].unique().sort().to_list()
    return AddOn(
        primaries=_primaries(own.filter(pl.col("primary") != CONTRACTOR), "primary", rows),
        contractor=open_list,
        meanings=tuple(words.EDIT_TYPES[each] for each in types),
        supports=_primaries(rows.dated(rows.supports), "addon", rows),
    )


def pairs(rows: Rows, most: int | None = None) -> tuple[Pairs, ...]:
    """Pairs in force on the date: of practitioners always, of hospitals where a table is loaded.

    `most`: so many of each column and modifier indicator are listed; None: all. They are counted
    in any case.
    """
    found = [_pairs(rows, rows.pairs, "practitioner", most)]
    if rows.labels["ptp-hospital"]:
        found.append(_pairs(rows, rows.hospital_pairs, "hospital", most))
    return tuple(found)


def units(rows: Rows) -> tuple[Units, ...]:
    """Unit limits in every loaded release: practitioner, then hospital and supplier."""
    settings: tuple[tuple[Literal["practitioner", "hospital", "supplier"], pl.DataFrame], ...] = (
        ("practitioner", rows.units),
        ("hospital", rows.hospital_units),
        ("supplier", rows.supplier_units),
    )
    return tuple(
        Units(
            setting=setting,
            value=row["mue_value"],
            mai=row["mai"],
            meaning=words.MAI[row["mai"]],
            in_force=_within(row["valid_from"], row["valid_to"], rows.day),
            witness=Witness(
                table=named(row["release"]), first=row["valid_from"], last=row["valid_to"]
            ),
        )
        for setting, frame in settings
        for row in frame.sort(in_force(frame, rows.day), "valid_from", descending=True).iter_rows(
            named=True
        )
    )


def unpaid(code: str, reference: Reference, day: date) -> str:
    """Why `code` never pays by itself on `day`: its status or a limit of 0; '' where it may.

    A column 1 line that does not pay denies nothing (docs/order-of-judgement.md).
    """
    codes = pl.Series("code", [code], dtype=pl.String)
    fees_ = reference.fees(codes).filter(pl.col("component") == "")
    status = fees_.filter(in_force(fees_, day))["status"].to_list()
    if status and status[-1] in (*NEVER_PAYS, "T"):
        return f"status {status[-1]}"
    limits = reference.mue(codes)
    zero = limits.filter(in_force(limits, day), pl.col("mue_value") == 0).height
    return "unit limit 0" if zero else ""


def beside(rows: Rows, other: str, reference: Reference) -> Beside:
    """What the tables say of the code together with `other`."""
    edits = _of(rows, _both(rows.pairs, other), "ptp-practitioner")
    now = next((pair for pair in edits if pair.in_force), None)
    own = rows.dated(rows.addons.filter(pl.col("primary") == other))
    theirs = rows.dated(rows.supports.filter(pl.col("addon") == other))
    if own.height:
        found, addon_of = _primaries(own, "primary", rows), rows.code
    else:
        found, addon_of = _primaries(theirs, "addon", rows), other if theirs.height else ""
    return Beside(
        code=other,
        pairs=edits,
        unpaid="" if now is None else unpaid(now.column1, reference, rows.day),
        hospital=_of(rows, _both(rows.hospital_pairs, other), "ptp-hospital"),
        addon=found,
        addon_of=addon_of,
    )


def _label(reference: Reference, kind: Kind) -> str:
    release = reference.release(kind)
    if release is None:
        return ""
    return f"{STARTER}, {TITLE[kind]}" if release.starter else release.label


def named(release: str | None) -> str:
    """The release of a row, as a reader knows it."""
    return STARTER if release == LABEL else release or ""


TITLE: dict[Kind, str] = {
    "aoc": "add-on codes",
    "ptp-practitioner": "pairs of practitioners",
    "ptp-hospital": "pairs of hospitals",
    "mue-practitioner": "unit limits of practitioners",
    "mue-hospital": "unit limits of hospitals",
    "mue-dme": "unit limits of suppliers",
    "fee-schedule": "physician fee schedule",
    "hcpcs": "HCPCS Level II codes",
}
"""What a coder calls each kind of table."""


def _applied(frame: pl.DataFrame) -> pl.DataFrame:
    """Without rows that never applied: indicator 9, or ended on their first day."""
    return frame.filter(
        pl.col("modifier_indicator") != _NEVER,
        pl.col("deletion").is_null() | (pl.col("effective") != pl.col("deletion")),
    )


def _primaries(frame: pl.DataFrame, column: str, rows: Rows) -> tuple[Primary, ...]:
    return tuple(
        Primary(
            code=row[column],
            edit_type=row["edit_type"],
            witness=Witness(table=rows.labels["aoc"], first=row["effective"], last=row["deletion"]),
        )
        for row in frame.sort(column, "effective")
        .unique(column, keep="last", maintain_order=True)
        .iter_rows(named=True)
    )


def _pairs(
    rows: Rows, frame: pl.DataFrame, setting: Literal["practitioner", "hospital"], most: int | None
) -> Pairs:
    now = rows.dated(frame)
    pays = _ordered(now.filter(pl.col("column1") == rows.code), "column2")
    denied = _ordered(now.filter(pl.col("column2") == rows.code), "column1")
    kind = f"ptp-{setting}"
    counts = [
        side.filter(pl.col("modifier_indicator") == number).height
        for side in (pays, denied)
        for number in (0, 1)
    ]
    return Pairs(
        setting=setting,
        pays_0=counts[0],
        pays_1=counts[1],
        denied_0=counts[2],
        denied_1=counts[3],
        pays_over=_sections(pays["column2"]),
        denied_by=_sections(denied["column1"]),
        as_column1=_of(rows, _first(pays, most), kind),
        as_column2=_of(rows, _first(denied, most), kind),
        starter=rows.labels[kind].startswith(STARTER),
        witness=Witness(table=rows.labels[kind]),
    )


def _within(first: date | None, last: date | None, day: date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _sections(codes: pl.Series) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(map(section, codes)).most_common())


def _ordered(frame: pl.DataFrame, other: str) -> pl.DataFrame:
    """By modifier indicator and the other code; anesthesia and lettered codes after the rest.

    What an office bills comes first so, where the first few are shown alone.
    """
    late = pl.col(other).str.contains("^0|[A-Z]$")
    return frame.sort("modifier_indicator", late, other)


def _first(frame: pl.DataFrame, most: int | None) -> pl.DataFrame:
    """The first `most` of each modifier indicator."""
    if not most:  # a group's head of none would be a row of nulls
        return frame if most is None else frame.clear()
    return frame.group_by("modifier_indicator", maintain_order=True).head(most)


def _both(frame: pl.DataFrame, other: str) -> pl.DataFrame:
    named = frame.filter((pl.col("column1") == other) | (pl.col("column2") == other))
    return named.sort("effective", descending=True)


def _of(rows: Rows, frame: pl.DataFrame, kind: str) -> tuple[Pair, ...]:
    return tuple(
        Pair(
            column1=column1,
            column2=column2,
            indicator=indicator,
            in_force=_within(first, last, rows.day),
            witness=Witness(table=rows.labels[kind], first=first, last=last),
        )
        for column1, column2, indicator, first, last in frame.select(
            "column1", "column2", "modifier_indicator", "effective", "deletion"
        ).iter_rows()
    )
