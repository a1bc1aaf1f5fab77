"""Panels broken up: every component billed by itself, and the panel's own code nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.policies import in_force, policy_rows
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_NOT_FOR = {"80050": ("medicare", "unknown")}
"""Medicare does not pay 80050 (status N, MUE 0), so it is never a suggestion there."""
RULES = (
    Rule(
        id="LAB-1",
        name="panel-broken-up",
        tier="review",
        shape="day",
        precedence=85,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        amount="not determined",
        flags="Every component of a laboratory panel on lines of their own, on one day by one "
        "laboratory or practitioner, where the panel's own code is not billed. Of several panels "
        "that fit, the largest; no line is counted for two.",
        why="Where every test of a panel was done, the panel's code describes them; separate "
        "codes may be paid at more than the panel.",
        not_flagged="A panel of which one component is missing; lines with 91, 59, an X modifier, "
        "76 or 77; components of a panel that is billed that day (LAB-2); another laboratory or "
        "day; lines the payer denied. 80050 is never suggested to Medicare.",
        remedy="Report the panel in place of its components, if they were ordered and done "
        "together.",
        citation="NCCI Policy Manual ch. I N, ch. X C",
        example_flag=("82465", "83718", "84478"),
        example_ok=("80061",),
    ),
)


def find(state: State) -> pl.DataFrame:
    """One hit a line, one story a panel."""
    batch = state.batch
    rows = batch.reference.policy("lab_panels")
    codes = pl.concat([rows["code_low"], rows["component"]]).unique()
    index = pl.DataFrame({"c": batch.code_index(codes), "code": codes}).drop_nulls()
    # A test that stands alone on its day is no panel.
    asked = ("row", "day", "date", "days", "c", "lob", "dup", "live", "denied", "has_repeat")
    lines = state.lines_with(index["c"], *asked).filter(
        pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live") & ~pl.col("denied"),
        ~pl.col("has_repeat"),
    )
    if lines.is_empty():
        return no_hits()
    lines = state.by_day(lines).join(index, on="c").drop("c", "days")
    panels = policy_rows("lab_panels", rows["code_low"].unique(), batch.reference)
    sizes = panels.group_by("code").agg(size=_size()).sort("size", "code", descending=[True, False])
    # Most days have fewer of these tests than the smallest panel has.
    lines = lines.filter(pl.len().over("day") >= sizes["size"].min())
    if lines.is_empty():
        return no_hits()
    left = _without_billed(lines, panels)
    found = []
    for panel in sizes["code"]:
        met = _whole(left, panels.filter(pl.col("code") == panel), _NOT_FOR.get(panel, ()))
        if met.is_empty():
            continue
        found.append(met.with_columns(panel=pl.lit(panel)))
        left = left.join(met.select("row", "day"), on=["row", "day"], how="anti")
    return _told(pl.concat(found), state) if found else no_hits()


def _size() -> pl.Expr:
    """How many tests a panel needs: each that is needed in all cases, and one of each group."""
    return (pl.col("membership") == "all").sum() + pl.col("option_group").drop_nulls().n_unique()


def _without_billed(lines: pl.DataFrame, panels: pl.DataFrame) -> pl.DataFrame:
    """The lines that are no part of a panel billed on their day: those are LAB-2's."""
    billed = lines.join(panels.select("code", "component").unique(), on="code").select(
        "day", code="component"
    )
    return lines.join(billed, on=["day", "code"], how="anti")


def _whole(left: pl.DataFrame, panel: pl.DataFrame, not_for: tuple[str, ...]) -> pl.DataFrame:
    """Lines of days that hold the whole panel: what is needed, and an option of each group."""
    lines = left.filter(~pl.col("lob").is_in([*not_for]))
    met = lines.join(
        panel.select("component", "membership", "option_group", "option", "effective", "deletion"),
        left_on="code",
        right_on="component",
    ).filter(in_force("date", "effective", "deletion"))
    needed = panel.filter(pl.col("membership") == "all").height
    always = met.filter(pl.col("membership") == "all")
    days = (
        always.group_by("day")
        .agg(n=pl.col("code").n_unique())
        .filter(pl.col("n") == needed)
        .select("day")
    )
    chosen = [always]
    options = panel.filter(pl.col("membership") == "one_of")
    for group in sorted(options["option_group"].unique()):
        wanted = options.filter(pl.col("option_group") == group)
        full = wanted.group_by("option").agg(wants=pl.len())
        there = met.filter(pl.col("option_group") == group)
        best = (
            there.group_by("day", "option")
            .agg(n=pl.col("code").n_unique())
            .join(full, on="option")
            .filter(pl.col("n") == pl.col("wants"))
            .sort("day", "option")
            .unique("day", keep="first", maintain_order=True)
        )
        days = days.join(best, on="day", how="semi")
        chosen.append(there.join(best, on=["day", "option"], how="semi"))
    return (
        pl.concat(chosen)
        .join(days, on="day", how="semi")
        .select("row", "day", "date", "code")
        .unique(["row", "day"])
    )


def _told(found: pl.DataFrame, state: State) -> pl.DataFrame:
    """Hits: the first line of a panel is the root of its story."""
    found = found.join(places(state.batch, found["row"]), on="row")
    found = found.sort("day", "panel", "place").with_columns(
        root=pl.col("row").first().over("day", "panel"),
        tests=pl.col("code").unique().sort().str.join(", ").over("day", "panel"),
    )
    # Of a line that spans days the first whole panel is told.
    found = found.sort("row", "date").unique("row", keep="first", maintain_order=True)
    return hits(
        found,
        "LAB-1",
        tier=REVIEW,
        root=pl.col("root"),
        message=pl.format(
            "{} is billed by itself on {}, and so is every other test of panel {}: {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("panel"),
            pl.col("tests"),
        ),
        remedy=pl.format(
            "Report {} in place of its components, if they were ordered and done together.",
            pl.col("panel"),
        ),
        table_row=pl.format("panel {}: {}", pl.col("panel"), pl.col("tests")),
    )
