"""What every table says of a code, worked out once per code and epoch.

An epoch is a stretch of days in which none of the tables without pair rows changes. A million
lines hold a few thousand codes and a handful of epochs, so the facts are found on that small
table and gathered to the lines by index; no line is joined against a reference table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import date

    from auditor.reference.interface import Reference
    from auditor.rules import CodePolicy

NEVER_PAYS = ("B", "I", "N", "P")
"""Fee schedule status codes of a line that Medicare never pays by itself (SPEC 7.3)."""


@dataclass(frozen=True, slots=True)
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

    def epoch_of(self, days: pl.Series) -> pl.Series:
        """The epoch index of each date."""
        return self.table_of_days(days)

    def table_of_days(self, days: pl.Series) -> pl.Series:
        """Epoch index by search in the sorted list of first days."""
        starts = pl.Series(self.epochs, dtype=pl.Date)
        return (starts.search_sorted(days, side="right").cast(pl.Int64) - 1).cast(pl.UInt32)


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
    names = sorted({"em_codes", *(policy.table for policy in policies)})
    rows = dict(
        zip(names, pl.collect_all([_ranges(n, codes, reference) for n in names]), strict=True)
    )
    fees = reference.fees(codes)
    mue = reference.mue(codes)
    addons = reference.addons(codes).filter(
        # Withdrawn on its own first day; an end of the code or the primary that day is no
        # withdrawal, and the row applies for that one day.
        pl.col("edit_deletion").is_null() | (pl.col("edit_deletion") != pl.col("effective"))
    )
    therapy = _dated(reference.policy("therapy").lazy(), "from", "to").collect()
    epochs = _epochs(
        first,
        last,
        [
            (fees, "valid_from", "valid_to"),
            (mue, "valid_from", "valid_to"),
            (addons, "effective", "deletion"),
            (therapy, "effective", "deletion"),
            *((table, "effective", "deletion") for table in rows.values()),
        ],
    )
    # One query: what follows is many small joins, and each one by itself costs its start.
    grid = (
        pl.LazyFrame({"code": codes})
        .join(
            pl.LazyFrame({"day": epochs}, schema={"day": pl.Date}),
            how="cross",
            maintain_order="left_right",
        )
        .with_row_index("ce")
        .collect()
        .lazy()
    )
    facts = _add_fees(grid, grid, fees.lazy())
    facts = _add_mue(facts, grid, mue.lazy())
    facts = _add_addons(facts, grid, addons.lazy())
    facts = _add_em(facts, grid, rows["em_codes"].lazy())
    facts = _add_therapy(facts, grid, therapy.lazy())
    facts = _add_laterality(facts, codes, reference)
    for policy in policies:
        facts = _add_policy(facts, grid, policy, rows[policy.table].lazy())
    laboratory = spread(reference.policy("lab"), codes)["code"].unique()
    table = (
        facts.sort("ce")
        .with_columns(
            form_ok=_form_ok(reference),
            always_therapy=pl.col("therapy").is_not_null(),
            sided=pl.col("sides").is_not_null(),
            hint_never_pays=pl.col("status").is_null()
            & pl.col("status_hint").is_in([*NEVER_PAYS, "T"]).fill_null(value=False),
            is_lab=pl.col("code").is_in(laboratory.implode()),
        )
        .collect()
    )
    return CodeFacts(codes, epochs, table, addons)


def in_force(day: str, start: str, end: str) -> pl.Expr:
    """True when the row from `start` to `end` (null: open) applies on `day`, both ends included."""
    return (pl.col(start).fill_null(pl.date(1, 1, 1)) <= pl.col(day)) & (
        pl.col(end).is_null() | (pl.col(day) <= pl.col(end))
    )


def _dated(table: pl.LazyFrame, start: str, end: str) -> pl.LazyFrame:
    """A policy table with its two date columns as `effective` and `deletion` dates."""
    return table.with_columns(
        effective=pl.col(start).str.to_date("%Y-%m-%d"),
        deletion=pl.col(end).str.to_date("%Y-%m-%d"),
    )


def _ranges(name: str, codes: pl.Series, reference: Reference) -> pl.LazyFrame:
    """A policy table of code ranges spread over the batch's codes (SPEC 2.5)."""
    return _spread(_dated(reference.policy(name).lazy(), "effective", "deletion"), codes)


def policy_rows(name: str, codes: pl.Series, reference: Reference) -> pl.DataFrame:
    """Rows of the policy table `name` once for each of `codes` in their range.

    Columns: code, effective and deletion as dates (null: open), and the table's own as text.
    """
    return _ranges(name, codes, reference).collect()


def spread(table: pl.DataFrame, codes: pl.Series) -> pl.DataFrame:
    """Rows of `table` (code_low, code_high) once for each of `codes` that lies in the range.

    Codes compare as text, within one form only: five digits, or the same letter and four digits.
    """
    return _spread(table.lazy(), codes).collect()


def _spread(table: pl.LazyFrame, codes: pl.Series) -> pl.LazyFrame:
    """`spread`, as part of a larger query."""
    form = r"\d"
    left = pl.LazyFrame({"code": codes}).with_columns(
        shape=pl.col("code").str.replace_all(form, "9")
    )
    right = table.with_columns(shape=pl.col("code_low").str.replace_all(form, "9"))
    return (
        left.join(right, on="shape", maintain_order="left_right")
        .filter(pl.col("code").is_between("code_low", "code_high"))
        .drop("shape")
    )


def _epochs(first: date, last: date, tables: list[tuple[pl.DataFrame, str, str]]) -> list[date]:
    """First days of the stretches in which no row of `tables` begins or ends."""
    days = {first}
    for table, start, end in tables:
        days.update(d for d in table[start].unique() if d is not None and first < d <= last)
        ends = (d + timedelta(days=1) for d in table[end].unique() if d is not None)
        days.update(d for d in ends if first < d <= last)
    return sorted(days)


def _add_fees(facts: pl.LazyFrame, grid: pl.LazyFrame, fees: pl.LazyFrame) -> pl.LazyFrame:
    """Fee schedule indicators in force; status_hint where only a later release knows the code."""
    whole = fees.filter(pl.col("component") == "")
    applying = (
        grid.select("ce", "code", "day")
        .join(whole, on="code")
        .filter(in_force("day", "valid_from", "valid_to"))
    )
    later = (
        grid.select("ce", "code", "day")
        .join(whole, on="code")
        .filter(pl.col("valid_from") > pl.col("day"))
        .sort("ce", "valid_from")
        .unique("ce", keep="first", maintain_order=True)
        .select("ce", status_hint="status")
    )
    reading = fees.filter(pl.col("component") == "26", pl.col("pctc") == "6")
    six = (
        grid.select("ce", "code", "day")
        .join(reading, on="code")
        .filter(in_force("day", "valid_from", "valid_to"))
    )
    columns = [
        "status",
        "pctc",
        "global_days",
        "bilateral",
        "multiple",
        "assistant",
        "cosurgeon",
        "team",
    ]
    return (
        facts.join(
            applying.select("ce", *columns, fee_release="release").unique("ce", keep="last"),
            on="ce",
            how="left",
        )
        .join(later, on="ce", how="left")
        .join(six.select("ce", reads_6=pl.lit(value=True)).unique("ce"), on="ce", how="left")
        .with_columns(pl.col("reads_6").fill_null(value=False))
    )


def _add_mue(facts: pl.LazyFrame, grid: pl.LazyFrame, mue: pl.LazyFrame) -> pl.LazyFrame:
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
    )


def _add_addons(facts: pl.LazyFrame, grid: pl.LazyFrame, addons: pl.LazyFrame) -> pl.LazyFrame:
    """Whether add-on rows are in force, and of which types (the type belongs to the row)."""
    applying = (
        grid.select("ce", "code", "day")
        .join(addons, left_on="code", right_on="addon")
        .filter(in_force("day", "effective", "deletion"))
    )
    types = applying.group_by("ce").agg(
        addon=pl.lit(value=True),
        **{f"addon_{n}": (pl.col("edit_type") == n).any() for n in (1, 2, 3)},
    )
    flags = ["addon", "addon_1", "addon_2", "addon_3"]
    return facts.join(types, on="ce", how="left").with_columns(pl.col(flags).fill_null(value=False))


def _add_em(facts: pl.LazyFrame, grid: pl.LazyFrame, em: pl.LazyFrame) -> pl.LazyFrame:
    """E/M section: is_em, is_visit, is_soft, is_new (SPEC 4.2, 6.3)."""
    applying = (
        grid.select("ce", "code", "day")
        .join(em, on="code")
        .filter(in_force("day", "effective", "deletion"))
    )
    said = applying.group_by("ce").agg(
        is_em=pl.lit(value=True),
        is_visit=(pl.col("visit") == "1").any(),
        is_soft=(pl.col("soft") == "1").any(),
        is_new=(pl.col("patient_type") == "new").any(),
    )
    flags = ["is_em", "is_visit", "is_soft", "is_new"]
    return facts.join(said, on="ce", how="left").with_columns(pl.col(flags).fill_null(value=False))


def _add_therapy(facts: pl.LazyFrame, grid: pl.LazyFrame, therapy: pl.LazyFrame) -> pl.LazyFrame:
    """The discipline modifiers an always-therapy code takes, null for other codes."""
    applying = (
        grid.select("ce", "code", "day")
        .join(therapy, on="code")
        .filter(in_force("day", "effective", "deletion"))
    )
    return facts.join(
        applying.select("ce", therapy="discipline_modifiers").unique("ce", keep="first"),
        on="ce",
        how="left",
    )


def _add_laterality(facts: pl.LazyFrame, codes: pl.Series, reference: Reference) -> pl.LazyFrame:
    """The modifiers one of which a sided code should carry, and the finding's tier."""
    table = _spread(reference.policy("laterality").lazy(), codes)
    return facts.join(
        table.select("code", sides="any_of", sides_tier="severity").unique("code", keep="first"),
        on="code",
        how="left",
    )


def _add_policy(
    facts: pl.LazyFrame, grid: pl.LazyFrame, policy: CodePolicy, rows: pl.LazyFrame
) -> pl.LazyFrame:
    """The facts that a rule asks of a policy table; the first row in force gives the values."""
    if policy.only is not None:
        column, values = policy.only
        rows = rows.filter(pl.col(column).is_in([*values]))
    named = [pl.col(column).alias(fact) for fact, column in policy.columns]
    flag = [pl.lit(value=True).alias(policy.flag)] if policy.flag else []
    applying = (
        grid.join(rows, on="code", maintain_order="left_right")
        .filter(in_force("day", "effective", "deletion"))
        .unique("ce", keep="first", maintain_order=True)
        .select("ce", *flag, *named)
    )
    facts = facts.join(applying, on="ce", how="left")
    if policy.flag:
        facts = facts.with_columns(pl.col(policy.flag).fill_null(value=False))
    return facts


def _form_ok(reference: Reference) -> pl.Expr:
    """True when the code has the form of a CPT or HCPCS code (code_formats)."""
    forms = reference.policy("code_formats")["regex"]
    return pl.any_horizontal([pl.col("code").str.contains(r) for r in forms])
