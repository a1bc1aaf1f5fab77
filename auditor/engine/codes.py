"""What every table says of a code, worked out once per code and epoch.

An epoch is a stretch of days in which none of the tables without pair rows changes. A million
lines hold a few thousand codes and a handful of epochs, so the facts are found on that small
table and gathered to the lines by index; no line is joined against a reference table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import polars as pl

from auditor.engine.policies import PolicyRows, in_force
from auditor.rules.interface import CodePolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from auditor.reference.interface import Reference

NEVER_PAYS = ("B", "I", "N", "P")
"""Fee schedule status codes of a line that Medicare never pays by itself (SPEC 7.3)."""

_ALWAYS = (
    CodePolicy(table="therapy", columns=(("therapy", "discipline_modifiers"),)),
    CodePolicy(table="laterality", columns=(("sides", "any_of"), ("sides_tier", "severity"))),
    CodePolicy(table="lab", flag="is_lab"),
)
"""What the enrichment itself asks of policy tables: the discipline modifiers that an always-therapy
code takes; the modifiers one of which a sided code should carry, and the finding's tier; whether
the code is a laboratory's."""

_FEW = 100
"""Texts up to which each is looked up by itself."""


_Made = TypeVar("_Made")


@dataclass(frozen=True)
class CodeFacts:
    """The table of codes by epochs, and how to find a line's row in it."""

    codes: pl.Series
    """Distinct codes, sorted; a code's place is its index."""
    epochs: list[date]
    """First day of each epoch; the first entry is the batch's earliest date."""
    table: pl.DataFrame
    """One row a code and epoch, at index code * len(epochs) + epoch."""
    addons: pl.DataFrame
    """schemas.AddOnEdits of the batch's add-on codes, rows that can apply."""
    rows: PolicyRows
    """The rows of every policy table of codes that name one of `codes`."""
    _made: dict[str, object] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], _Made]) -> _Made:
        """What `make` makes of these codes and their reference alone, by the `name` of that.

        Parts of a batch have the same facts, so that all but the first find it made.
        """
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]  # type: ignore[return-value]

    def holds(self, *codes: str) -> bool:
        """True where one of `codes` is among the batch's: rules on few codes ask this first."""
        return not self._held.isdisjoint(codes)

    @cached_property
    def _held(self) -> frozenset[str]:
        return frozenset(self.codes)

    def index_of(self, texts: pl.Series) -> pl.Series:
        """Index of each code text, null where the batch does not hold it."""
        if (
            len(texts) <= _FEW
        ):  # a query over a few texts takes ten times as long as looking them up
            found = [self._places.get(text) for text in texts]
            return pl.Series(texts.name, found, dtype=pl.UInt32)
        return texts.replace_strict(
            self.codes,
            pl.int_range(len(self.codes), dtype=pl.UInt32, eager=True),
            default=None,
            return_dtype=pl.UInt32,
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.codes)}

    @cached_property
    def addon_pairs(self) -> pl.DataFrame:
        """c, primary_c, effective, deletion: rows of `addons` whose primary is there too."""
        return self.addons.select(
            "effective",
            "deletion",
            c=self.index_of(self.addons["addon"]),
            primary_c=self.index_of(self.addons["primary"]),
        ).filter(pl.col("primary_c").is_not_null())

    def epoch_of(self, days: pl.Series) -> pl.Series:
        """The epoch index of each date."""
        return (self._starts.search_sorted(days, side="right").cast(pl.Int64) - 1).cast(pl.UInt32)

    @cached_property
    def _starts(self) -> pl.Series:
        return pl.Series(self.epochs, dtype=pl.Date)


def code_facts(
    codes: pl.Series,
    first: date,
    last: date,
    reference: Reference,
    policies: tuple[CodePolicy, ...] = (),
) -> CodeFacts:
    """Facts on `codes` (distinct, sorted) for service dates from `first` to `last`.

    `policies`: what the rules ask of further policy tables.
    """
    rows = PolicyRows(codes, reference)
    fees = reference.fees(codes)
    mue = reference.mue(codes)
    addons = reference.addons(codes).filter(
        # Withdrawn on its own first day; an end of the code or the primary that day is no
        # withdrawal, and the row applies for that one day.
        pl.col("edit_deletion").is_null() | (pl.col("edit_deletion") != pl.col("effective"))
    )
    epochs = _epochs(
        first,
        last,
        [
            (fees, "valid_from", "valid_to"),
            (mue, "valid_from", "valid_to"),
            (addons, "effective", "deletion"),
            (rows.found, "effective", "deletion"),
        ],
    )
    grid = (
        pl.DataFrame({"code": codes})
        .join(
            pl.DataFrame({"day": epochs}, schema={"day": pl.Date}),
            how="cross",
            maintain_order="left_right",
        )
        .with_row_index("ce")
    )
    applying = rows.at(epochs)
    facts = _add_fees(grid, fees)
    facts = _add_mue(facts, grid, mue)
    facts = _add_addons(facts, grid, addons)
    facts = _add_em(facts, applying.rows("em_codes"))
    asked = (*_ALWAYS, *policies)
    table = facts.with_columns(**applying.columns(asked)).with_columns(
        form_ok=_form_ok(reference),
        always_therapy=pl.col("therapy").is_not_null(),
        sided=pl.col("sides").is_not_null(),
        hint_never_pays=pl.col("status").is_null()
        & pl.col("status_hint").is_in([*NEVER_PAYS, "T"]).fill_null(value=False),
    )
    return CodeFacts(codes, epochs, table, addons, rows)


class _Asked(NamedTuple):
    """What facts were worked out of."""

    codes: pl.Series
    first: date
    last: date
    policies: tuple[CodePolicy, ...]


_LAST: WeakKeyDictionary[Reference, tuple[_Asked, CodeFacts]] = WeakKeyDictionary()
"""The facts that `facts_again` answered last."""


def facts_again(
    codes: pl.Series,
    first: date,
    last: date,
    reference: Reference,
    policies: tuple[CodePolicy, ...] = (),
) -> CodeFacts:
    """As `code_facts`; asked the same as last time it answers the same object."""
    asked = _Asked(codes, first, last, policies)
    known = _LAST.get(reference)
    if known is not None and asked.codes.equals(known[0].codes) and asked[1:] == known[0][1:]:
        return known[1]
    facts = code_facts(*asked[:3], reference, policies)
    _LAST[reference] = asked, facts
    return facts


def _epochs(first: date, last: date, tables: list[tuple[pl.DataFrame, str, str]]) -> list[date]:
    """First days of the stretches in which no row of `tables` begins or ends."""
    held = [each for each in tables if each[0].height]
    if not held:
        return [first]
    begins = pl.concat([table[start].rename("day") for table, start, _ in held])
    ends = pl.concat([table[end].rename("day") for table, _, end in held])
    days = pl.concat([begins, ends.dt.offset_by("1d")]).unique()
    return [first, *days.filter((days > first) & (days <= last)).sort()]


def _add_fees(grid: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    """`grid` with the fee schedule in force; status_hint where only a later release has a code."""
    columns = {
        "status": "status",
        "pctc": "pctc",
        "global_days": "global_days",
        "bilateral": "bilateral",
        "multiple": "multiple",
        "assistant": "assistant",
        "cosurgeon": "cosurgeon",
        "team": "team",
        "fee_release": "release",
    }
    if fees.is_empty():
        nothing = dict.fromkeys([*columns, "status_hint"], pl.lit(None, pl.String))
        return grid.with_columns(**nothing, reads_6=pl.lit(value=False))
    # Few columns go through the join, and the values of the rows that apply are gathered.
    dates = fees.with_row_index("fee").select("code", "fee", "component", "valid_from", "valid_to")
    rows = grid.select("ce", "code", "day").join(dates, on="code", maintain_order="left_right")
    whole = rows.filter(pl.col("component") == "")
    applies = in_force("day", "valid_from", "valid_to")
    applying = whole.filter(applies).unique("ce", keep="last").select("ce", "fee")
    later = whole.filter(pl.col("valid_from") > pl.col("day"))
    reading = fees.with_row_index("fee").filter(pl.col("component") == "26", pl.col("pctc") == "6")[
        "fee"
    ]
    six = rows.filter(applies, pl.col("fee").is_in(reading.implode()))["ce"]
    facts = grid.join(applying, on="ce", how="left", maintain_order="left")
    if later.is_empty():
        facts = facts.with_columns(hint=pl.lit(None, pl.UInt32))
    else:
        later = later.sort("ce", "valid_from").unique("ce", keep="first", maintain_order=True)
        later = later.select("ce", hint="fee")
        facts = facts.join(later, on="ce", how="left", maintain_order="left")
    return facts.with_columns(
        **{fact: pl.lit(fees[column]).gather("fee") for fact, column in columns.items()},
        status_hint=pl.lit(fees["status"]).gather("hint"),
        reads_6=pl.col("ce").is_in(six.unique().implode()),
    ).drop("fee", "hint")


def _add_mue(facts: pl.DataFrame, grid: pl.DataFrame, mue: pl.DataFrame) -> pl.DataFrame:
    """MUE value, adjudication indicator, rationale and release in force."""
    applying = (
        grid.select("ce", "code", "day")
        .join(mue, on="code")
        .filter(in_force("day", "valid_from", "valid_to"))
    )
    return facts.join(
        applying.select(
            "ce",
            "mue_value",
            "mai",
            mue_rationale="rationale",
            mue_release="release",
            mue_from="valid_from",
            mue_to="valid_to",
        ).unique("ce", keep="last"),
        on="ce",
        how="left",
        maintain_order="left",
    )


def _add_addons(facts: pl.DataFrame, grid: pl.DataFrame, addons: pl.DataFrame) -> pl.DataFrame:
    """Whether add-on rows are in force, and of which types (the type belongs to the row)."""
    flags = {"addon": None, "addon_1": 1, "addon_2": 2, "addon_3": 3}
    if addons.is_empty():
        return facts.with_columns(**dict.fromkeys(flags, pl.lit(value=False)))
    applying = (
        grid.select("ce", "code", "day")
        .join(
            addons.select("addon", "edit_type", "effective", "deletion").unique(),
            left_on="code",
            right_on="addon",
        )
        .filter(in_force("day", "effective", "deletion"))
    )
    held = {
        flag: applying["ce"] if number is None else applying.filter(edit_type=number)["ce"]
        for flag, number in flags.items()
    }
    return facts.with_columns(
        **{flag: pl.col("ce").is_in(rows.unique().implode()) for flag, rows in held.items()}
    )


def _add_em(facts: pl.DataFrame, em: pl.DataFrame) -> pl.DataFrame:
    """E/M section: is_em, is_visit, is_soft, is_new (SPEC 4.2, 6.3); `em`: rows in force."""
    flags = {
        "is_em": em["ce"],
        "is_visit": em.filter(visit="1")["ce"],
        "is_soft": em.filter(soft="1")["ce"],
        "is_new": em.filter(patient_type="new")["ce"],
    }
    if em.is_empty():
        return facts.with_columns(**dict.fromkeys(flags, pl.lit(value=False)))
    return facts.with_columns(
        **{flag: pl.col("ce").is_in(rows.unique().implode()) for flag, rows in flags.items()}
    )


def _form_ok(reference: Reference) -> pl.Expr:
    """True when the code has the form of a CPT or HCPCS code (code_formats)."""
    forms = reference.policy("code_formats")["regex"]
    return pl.any_horizontal([pl.col("code").str.contains(r) for r in forms])
