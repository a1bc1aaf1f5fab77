"""What changed between two releases of one kind of table, row by row.

A row is known by its codes, and where rows carry dates of their own (PTP, AOC) by its first day as
well: CMS keeps an ended row and gives it a deletion date. Only what an audit judges by is compared,
and no text of CMS's: a reworded rationale changes no finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ReferenceDataError
from schemas import ReferenceChanges, dtypes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from auditor.reference.interface import Kind

CHANGES = ("added", "ended", "changed", "removed")
"""In the order told. Ended: a row that was open has a deletion date now; removed: it is gone."""
KEY = ("code", "other_code", "effective")
OPEN = "open"
BLANK = "blank"
_COMPARED = "is_"
"""Before the name of a compared column: the first day may be a key and a value."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a kind are known, and what they say."""

    code: str
    other: str | None
    """Column of the second code or of the component; None: the kind has none."""
    fields: Mapping[str, str]
    """Column -> its name for a reader, of what is compared."""
    dated: bool = False
    """Rows are known by their first day too, and several of them may name the same codes."""


_MUE = Shape("code", None, {"mue_value": "MUE value", "mai": "MAI"})
_PTP = Shape(
    "column1",
    "column2",
    {"modifier_indicator": "modifier indicator", "deletion": "deletion"},
    dated=True,
)
SHAPES: dict[Kind, Shape] = {
    "aoc": Shape("addon", "primary", {"edit_type": "type", "deletion": "deletion"}, dated=True),
    "ptp-practitioner": _PTP,
    "ptp-hospital": _PTP,
    "mue-practitioner": _MUE,
    "mue-hospital": _MUE,
    "mue-dme": _MUE,
    "fee-schedule": Shape(
        "code",
        "component",
        {
            "status": "status",
            "pctc": "PC/TC",
            "global_days": "global days",
            "multiple": "multiple procedure",
            "bilateral": "bilateral",
            "assistant": "assistant at surgery",
            "cosurgeon": "co-surgeon",
            "team": "team surgery",
        },
    ),
    "hcpcs": Shape(
        "code",
        None,
        {"effective": "first day", "deletion": "deletion", "coverage": "coverage"},
    ),
}


def changes(
    kind: Kind,
    before: pl.LazyFrame,
    after: pl.LazyFrame,
    codes: pl.Series | None = None,
    *,
    together: bool = False,
) -> pl.DataFrame:
    """schemas.ReferenceChanges from `before` to `after`, two tables of `kind`, in a total order.

    The tables need the code columns of the kind's model, the first day of dated rows, and the
    columns that are compared. With `codes`, rows that name none of them are left out; `together`
    leaves out pairs and add-on edits of which not both codes are among them. A row that stands
    twice in a table counts once. Raises ReferenceDataError for a table that is unreadable.
    """
    shape = SHAPES[kind]
    old, new = (_rows(frame, shape, codes, together=together) for frame in (before, after))
    every = [*KEY, *_columns(shape)]
    try:
        # Most rows are alike in both: what is left after this is small, and the rest is easy.
        gone, come = pl.collect_all(
            [
                old.join(new, on=every, how="anti", nulls_equal=True).unique(),
                new.join(old, on=every, how="anti", nulls_equal=True).unique(),
            ]
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ReferenceDataError(
            f"the stored table {kind!r} could not be read ({type(error).__name__}).",
            where="reference store",
            next_step="Import the CMS files again into an empty folder.",
        ) from None
    return _told(kind, shape, gone, come)


def in_force(kind: Kind, frame: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The rows of `frame`, a table as an audit sees it, that apply to the codes `asked` about.

    `asked` has code, other_code and date. Pairs are looked up by both codes, either of them as
    column 1, add-on edits by the add-on, other tables by the code. Gives the table's columns,
    `key_code`, `key_other` and `date` as they were asked.
    """
    shape = SHAPES[kind]
    first = "effective" if "effective" in frame.columns else "valid_from"
    last = "deletion" if "deletion" in frame.columns else "valid_to"
    keys = asked.select(key_code="code", key_other="other_code", date="date").unique()
    if kind.startswith("ptp"):
        codes = ("column1", "column2")
        ways: list[dict[str, str]] = [
            dict(zip(codes, asked_as, strict=True))
            for asked_as in (("key_code", "key_other"), ("key_other", "key_code"))
        ]
    else:
        ways = [{shape.code: "key_code"}]
    found = [
        keys.join(frame, left_on=list(way.values()), right_on=list(way), coalesce=False)
        for way in ways
    ]
    return (
        pl.concat(each.select(*keys.columns, *frame.columns) for each in found)
        .filter(
            pl.col(first).is_null() | (pl.col(first) <= pl.col("date")),
            pl.col(last).is_null() | (pl.col("date") <= pl.col(last)),
        )
        .unique()
    )


def row_text(shape: Shape, prefix: str = "", without: Collection[str] = ()) -> pl.Expr:
    """What a row says in its columns, each named `prefix` and the field: 'MUE value 1; MAI 2'."""
    told = [
        pl.format("{} {}", pl.lit(word), value_text(column, f"{prefix}{column}"))
        for column, word in shape.fields.items()
        if column not in without
    ]
    return pl.concat_str(told, separator="; ")


def value_text(column: str, at: str) -> pl.Expr:
    """A value of the field `column`, found in the column `at`, as text."""
    return pl.col(at).cast(pl.String).fill_null(OPEN if column == "deletion" else BLANK)


def _columns(shape: Shape) -> list[str]:
    """The compared columns as they are called beside the key's."""
    return [f"{_COMPARED}{column}" for column in shape.fields]


def _rows(
    frame: pl.LazyFrame, shape: Shape, codes: pl.Series | None, *, together: bool
) -> pl.LazyFrame:
    """The key and the compared columns of the rows that name one of `codes`."""
    other = pl.lit("") if shape.other is None else pl.col(shape.other)
    first = pl.col("effective") if shape.dated else pl.lit(None, pl.Date)
    rows = frame.select(
        code=shape.code,
        other_code=other,
        effective=first,
        **dict(zip(_columns(shape), map(pl.col, shape.fields), strict=True)),
    )
    if codes is None:
        return rows
    wanted = pl.lit(codes.cast(pl.String).unique().implode())
    first_is, other_is = pl.col("code").is_in(wanted), pl.col("other_code").is_in(wanted)
    if not shape.dated:  # the other is a component, and no code
        return rows.filter(first_is)
    return rows.filter(first_is & other_is if together else first_is | other_is)


def _told(kind: Kind, shape: Shape, gone: pl.DataFrame, come: pl.DataFrame) -> pl.DataFrame:
    """The rows that are not alike, paired by their key, one row of the answer a change."""
    columns = _columns(shape)
    # Where one key has several rows they are paired in their order: it must only be fixed.
    sides = [
        side.sort(*KEY, *columns).with_columns(nth=pl.int_range(pl.len()).over(KEY))
        for side in (gone, come)
    ]
    both = sides[0].join(sides[1], on=[*KEY, "nth"], how="inner", nulls_equal=True, suffix="_new")
    single = [
        side.join(other, on=[*KEY, "nth"], how="anti", nulls_equal=True)
        for side, other in (sides, sides[::-1])
    ]
    told = [
        _whole(shape, single[1], "added"),
        _whole(shape, single[0], "removed"),
        *(_field(both, column, word) for column, word in shape.fields.items()),
    ]
    return (
        pl.concat(told)
        .with_columns(kind=pl.lit(kind))
        .select(pl.col(name).cast(dtype) for name, dtype in dtypes(ReferenceChanges).items())
        .sort(
            pl.col("change").replace_strict(CHANGES, range(len(CHANGES))),
            *KEY,
            "field",
            "before",
            "after",
        )
    )


def _whole(shape: Shape, rows: pl.DataFrame, change: str) -> pl.DataFrame:
    """Rows that stand in one of the two alone."""
    text, nothing = row_text(shape, _COMPARED), pl.lit(None, pl.String)
    return rows.select(
        *KEY,
        change=pl.lit(change),
        field=pl.lit(""),
        before=text if change == "removed" else nothing,
        after=text if change == "added" else nothing,
    )


def _field(both: pl.DataFrame, column: str, word: str) -> pl.DataFrame:
    """Rows of both in which one field is not what it was."""
    old, new = f"{_COMPARED}{column}", f"{_COMPARED}{column}_new"
    ended = pl.col(old).is_null() & pl.col(new).is_not_null() & pl.lit(column == "deletion")
    return both.filter(pl.col(old).ne_missing(pl.col(new))).select(
        *KEY,
        change=pl.when(ended).then(pl.lit("ended")).otherwise(pl.lit("changed")),
        field=pl.lit(word),
        before=value_text(column, old),
        after=value_text(column, new),
    )
