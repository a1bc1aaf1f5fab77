"""What each rule and each table judged, and what not and why: never passed as clean.

Lines that no reason can tell apart are counted together (a kind: code and epoch, line of business,
stretch between the dates that reasons ask about, what is missing), so that a hundred rules ask a
few thousand kinds and not a million lines each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.engine.reasons import CAUTION, JUDGED, KINDS, NOT, Reasons, missing_columns
from auditor.rules import catalogue
from schemas import Coverage, TableCoverage, UnjudgedCodes, dtypes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.engine.reasons import Ladder
    from auditor.engine.state import State

__all__ = ["CAUTION", "JUDGED", "KINDS", "MOST", "NOT", "Covered", "cover", "missing_columns"]
MOST = 25
"""Codes that are told of each table, those on most lines first."""


class Covered(NamedTuple):
    """What was judged, seen from three sides."""

    rules: pl.DataFrame
    """schemas.Coverage."""
    tables: pl.DataFrame
    """schemas.TableCoverage."""
    codes: pl.DataFrame
    """schemas.UnjudgedCodes."""


def cover(state: State, chosen: frozenset[str], present: frozenset[str]) -> Covered:
    """Coverage for the `chosen` rules; `present`: fields that the files had.

    The reasons of a rule are tried in order and a line counts under the first that holds, so
    that judged, judged with caution and not judged add up to the lines audited.
    """
    reasons = Reasons(state, present)
    rules = [r for r in catalogue() if r.id in chosen]
    rows: list[Mapping[str, object]] = []
    cache: dict[object, list[dict[str, object]]] = {}
    for rule in rules:
        absent = missing_columns(rule, present)
        if absent:
            words = f"no column was recognised for {', '.join(absent)}"
            rows.append({"rule_id": rule.id, **_all(reasons, words)})
            continue
        key = reasons.likeness(rule)
        if key not in cache:
            cache[key] = _counted(reasons, reasons.of_rule(rule))
        rows += [{"rule_id": rule.id, **counted} for counted in cache[key]]
    kinds = sorted({kind for rule in rules for kind in rule.tables})
    by_table: list[Mapping[str, object]] = []
    codes = []
    for kind in kinds:
        ladder = list(reasons.of_table(kind))
        words = KINDS.get(kind, kind)
        by_table += [{"reference": words, **counted} for counted in _counted(reasons, ladder)]
        codes.append(_codes(reasons, ladder, words))
    return Covered(
        _frame(rows, dtypes(Coverage)).sort("rule_id", "state", "reason"),
        _frame(by_table, dtypes(TableCoverage)).sort("reference", "state", "reason"),
        pl.concat([_frame([], dtypes(UnjudgedCodes)), *codes]),
    )


def _frame(rows: Iterable[Mapping[str, object]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([*rows], schema=dict(schema), orient="row")


def _all(reasons: Reasons, words: str) -> dict[str, object]:
    """One row over all lines, not judged."""
    kinds = reasons.kinds
    return {
        "state": NOT,
        "reason": words,
        "lines": kinds["lines"].sum(),
        "first_date": kinds["date"].min(),
        "last_date": kinds["last_date"].max(),
    }


def _steps(reasons: Reasons, ladder: Ladder) -> pl.DataFrame:
    """Kinds with `step`, the number of the first reason that holds, 0: none."""
    step = pl.lit(0, pl.UInt8)
    for number, (_, holds) in reversed(list(enumerate(ladder, start=1))):
        step = pl.when(holds).then(pl.lit(number, pl.UInt8)).otherwise(step)
    return reasons.kinds.select("code", "lines", "date", "last_date", step=step)


def _counted(reasons: Reasons, ladder: Ladder) -> list[dict[str, object]]:
    """state, reason, lines, first_date and last_date of each step that some line takes."""
    ladder = list(ladder)
    table = (
        _steps(reasons, ladder)
        .group_by("step")
        .agg(
            lines=pl.col("lines").sum(),
            first_date=pl.col("date").min(),
            last_date=pl.col("last_date").max(),
        )
    )
    words = [f"{JUDGED}: ", *(said for said, _ in ladder)]
    counted = []
    for row in table.iter_rows(named=True):
        state, reason = words[row.pop("step")].split(": ", 1)
        counted.append({"state": state, "reason": reason, **row})
    return counted


def _codes(reasons: Reasons, ladder: Ladder, reference: str) -> pl.DataFrame:
    """schemas.UnjudgedCodes of one table: the codes on most lines that it did not judge."""
    ladder = list(ladder)
    words = dict(enumerate((said.split(": ", 1)[1] for said, _ in ladder), start=1))
    unjudged = [n for n, (said, _) in enumerate(ladder, start=1) if said.startswith(f"{NOT}: ")]
    return (
        _steps(reasons, ladder)
        .filter(pl.col("step").is_in(unjudged))
        .group_by("code", "step")
        .agg(pl.col("lines").sum())
        .sort("lines", "code", "step", descending=[True, False, False])
        .head(MOST)
        .select(
            reference=pl.lit(reference),
            code="code",
            reason=pl.col("step").replace_strict(words, default="", return_dtype=pl.String),
            lines=pl.col("lines").cast(pl.UInt32),
        )
    )
