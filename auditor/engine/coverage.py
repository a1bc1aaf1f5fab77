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
_RUNGS = 256
"""More than any ladder has reasons."""


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
    absent = {r.id: missing_columns(r, present) for r in rules}
    likeness = {r.id: reasons.likeness(r) for r in rules if not absent[r.id]}
    tables = sorted({kind for rule in rules for kind in rule.tables})
    ladders: dict[object, Ladder] = {kind: reasons.of_table(kind) for kind in tables}
    for rule in rules:
        if rule.id in likeness and likeness[rule.id] not in ladders:
            ladders[likeness[rule.id]] = (*reasons.of_rule(rule),)
    counts = _counted(reasons, ladders)
    rows: list[Mapping[str, object]] = []
    for rule in rules:
        if absent[rule.id]:
            words = f"no column was recognised for {', '.join(absent[rule.id])}"
            rows.append({"rule_id": rule.id, **_all(reasons, words)})
        else:
            rows += [{"rule_id": rule.id, **counted} for counted in counts[likeness[rule.id]]]
    by_table: list[Mapping[str, object]] = []
    codes = [_frame([], dtypes(UnjudgedCodes))]
    for kind in tables:
        words = KINDS.get(kind, kind)
        by_table += [{"reference": words, **counted} for counted in counts[kind]]
        if any(counted["state"] == NOT for counted in counts[kind]):
            codes.append(_codes(reasons, ladders[kind], words))
    return Covered(
        added(_frame(rows, dtypes(Coverage))),
        added(_frame(by_table, dtypes(TableCoverage))),
        pl.concat(codes),
    )


def added(counted: pl.DataFrame) -> pl.DataFrame:
    """Rows of schemas.Coverage or schemas.TableCoverage, lines of the same words taken together.

    Two tables may leave lines aside for the same reason, and parts of a batch always do.
    """
    by = [c for c in counted.columns if c not in ("lines", "first_date", "last_date")]
    together = counted.group_by(by).agg(
        pl.col("lines").sum(), pl.col("first_date").min(), pl.col("last_date").max()
    )
    return together.select(pl.col(name).cast(kind) for name, kind in counted.schema.items()).sort(
        by
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


def _step(ladder: Ladder) -> pl.Expr:
    """The number of the first reason of `ladder` that holds, 0: none."""
    step: pl.Expr = pl.lit(0, pl.UInt8)
    for number, (_, holds) in reversed(list(enumerate(ladder, start=1))):
        step = pl.when(holds).then(pl.lit(number, pl.UInt8)).otherwise(step)
    return step


def _counted(
    reasons: Reasons, ladders: Mapping[object, Ladder]
) -> dict[object, list[dict[str, object]]]:
    """Of each ladder: state, reason, lines, first_date and last_date of each step that lines take.

    All ladders are counted in one pass: most batches are small, and every pass has its cost.
    """
    counted: dict[object, list[dict[str, object]]] = {name: [] for name in ladders}
    if not ladders:
        return counted
    steps = [
        _step(ladder).cast(pl.UInt32) + place * _RUNGS
        for place, ladder in enumerate(ladders.values())
    ]
    table = (
        reasons.kinds.select("lines", "date", "last_date", step=pl.concat_list(steps))
        .explode("step", empty_as_null=False)
        .group_by("step")
        .agg(
            lines=pl.col("lines").sum(),
            first_date=pl.col("date").min(),
            last_date=pl.col("last_date").max(),
        )
        .sort("step")
    )
    names = list(ladders)
    words = [[f"{JUDGED}: ", *(said for said, _ in ladder)] for ladder in ladders.values()]
    for row in table.iter_rows(named=True):
        place, step = divmod(row.pop("step"), _RUNGS)
        state, reason = words[place][step].split(": ", 1)
        counted[names[place]].append({"state": state, "reason": reason, **row})
    return counted


def _codes(reasons: Reasons, ladder: Ladder, reference: str) -> pl.DataFrame:
    """schemas.UnjudgedCodes of one table: the codes on most lines that it did not judge.

    Of a part all codes are told: which are on most lines only all parts know.
    """
    most = MOST if reasons.state.alone else None
    words = dict(enumerate((said.split(": ", 1)[1] for said, _ in ladder), start=1))
    unjudged = [n for n, (said, _) in enumerate(ladder, start=1) if said.startswith(f"{NOT}: ")]
    return (
        reasons.kinds.select("code", "lines", step=_step(ladder))
        .filter(pl.col("step").is_in(unjudged))
        .group_by("code", "step")
        .agg(pl.col("lines").sum())
        .select(
            reference=pl.lit(reference),
            code="code",
            reason=pl.col("step").replace_strict(words, default="", return_dtype=pl.String),
            lines=pl.col("lines").cast(pl.UInt32),
        )
        .sort("lines", "code", "reason", descending=[True, False, False])
        .slice(0, most)
    )
