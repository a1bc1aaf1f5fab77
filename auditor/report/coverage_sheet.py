"""Sheet Coverage: what each rule judged, what it could not judge, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import words
from auditor.report.sheet import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.report.sheet import Book
    from auditor.report.view import View

STATES = ("not judged", "judged with caution", "judged")
STATE_LOOKS = {"not judged": "review", "judged with caution": "info"}
MEANING = (
    "One row a rule: how many audited lines it judged, judged with caution (later than the table"
    " release speaks for, or at a lowered tier) and could not judge. A line that a rule could not"
    " judge is neither clean nor flagged by it. The lines of a rule may be fewer than all: most"
    " rules are for some codes only."
)


def write(book: Book, view: View) -> None:
    """Write the sheet: what could not be judged first, most lines first."""
    columns = (
        Column("Rule", 11, "link", pl.col("rule_id"), link=pl.col("place")),
        Column("Name", 30, "wrapped", pl.col("name")),
        Column("State", 19, "wrapped", pl.col("state"), _LOOKS),
        Column("Judged", 11, "count", pl.col("judged")),
        Column("With caution", 11, "count", pl.col("caution")),
        Column("Not judged", 11, "count", pl.col("not_judged")),
        Column("First date judged", 12, "date", pl.col("first_date")),
        Column("Last date judged", 12, "date", pl.col("last_date")),
        Column("Why not, or with caution", 80, "wrapped", pl.col("why")),
    )
    sheet = Sheet(book, "Coverage", [c.width for c in columns], freeze="C4")
    sheet.add(["Coverage: what each rule judged, and what it could not"], ["section"], height=24)
    nothing = "" if view.result.judged else f" {words.NOTHING_AUDITED}"
    again = view.result.lines_again
    more = f" {words.number(again, 'line')} of earlier nights count here too." if again else ""
    sheet.paragraph(MEANING + nothing + more, "soft", 1, len(columns))
    sheet.table("Coverage", columns, by_rule(view))


def by_rule(view: View) -> pl.DataFrame:
    """One row a rule: rule_id, name, place, state, judged, caution, not_judged, why, dates.

    place is its row on Rules as links name it; judged, caution and not_judged count lines;
    first_date and last_date are those of the lines that were judged.
    """
    names = {rule.id: rule.name for rule in view.rules}
    rows = {rule.id: view.rule_place(rule.id) for rule in view.rules}
    noun = pl.when(pl.col("lines") == 1).then(pl.lit("line")).otherwise(pl.lit("lines"))
    told = pl.format("{} ({} {})", "reason", "lines", noun).filter(pl.col("reason") != "")
    # Two tables may lack a code for the same reason.
    same = view.result.coverage.group_by("rule_id", "state", "reason").agg(
        pl.col("lines").sum(), pl.col("first_date").min(), pl.col("last_date").max()
    )
    frame = same.sort(
        pl.col("state").replace_strict(STATES, range(len(STATES))),
        -pl.col("lines").cast(pl.Int64),
        "reason",
    )
    return (
        frame.group_by("rule_id", maintain_order=True)
        .agg(
            *(_lines(s).alias(n) for s, n in zip(STATES, _NAMES, strict=True)),
            pl.col("first_date").filter(_seen()).min(),
            pl.col("last_date").filter(_seen()).max(),
            why=told.str.join("\n"),
        )
        .with_columns(
            name=_known(names, ""),
            place=_known(rows, None),
            state=pl.when(pl.col("not_judged") > 0)
            .then(
                pl.when(pl.sum_horizontal("judged", "caution") > 0)
                .then(pl.lit("partly judged"))
                .otherwise(pl.lit(STATES[0]))
            )
            .when(pl.col("caution") > 0)
            .then(pl.lit(STATES[1]))
            .otherwise(pl.lit(STATES[2])),
        )
        .sort("not_judged", "caution", "rule_id", descending=[True, True, False])
    )


_LOOKS = {"not judged": "certain", "partly judged": "review", "judged with caution": "info"}
_NAMES = ("not_judged", "caution", "judged")


def _lines(state: str) -> pl.Expr:
    return pl.col("lines").filter(pl.col("state") == state).sum().cast(pl.Int64)


def _seen() -> pl.Expr:
    return pl.col("state") != STATES[0]


def _known(of_rule: Mapping[str, str | None], default: str | None) -> pl.Expr:
    return pl.col("rule_id").replace_strict(of_rule, default=default, return_dtype=pl.String)
