"""What the sheets show, worked out once: the findings in order, and where things stand.

Every sheet gets this one view, so that they agree: a claim's place in the Worklist is the order of
its findings in Findings, and links lead where the rows are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.report import context, seen, worklist
from auditor.report.sheet import place_of
from auditor.seal import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.result import AuditResult
    from auditor.rules import Rule

FIRST_FINDING = FIRST_CLAIM = FIRST_LINE = 3
"""Row of the first entry on Findings, Worklist and Claim lines: a note and the header stand above
it."""
FIRST_RULE = 4
"""Row of the first rule on the sheet Rules."""
STATES = {
    "standing": "Settled",
    "reopened": "Open again, because it changed",
    "expired": "Open again, because the decision ran out",
    "disputed": "Open",
    "pending": "Open",
}
"""How each state of a decision begins its sentence; the sheet Findings greys what is settled."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How many rows the long sheets hold; what is more stands beside the workbook."""

    findings: int
    rejected: int
    lines: int = context.LINES


@dataclass(frozen=True, slots=True)
class Names:
    """Names of files that the workbook speaks of; '' for none."""

    supersedes: str = ""
    """The report before this one."""
    findings: str = ""
    """The file beside the workbook that has all findings."""
    rejected: str = ""
    """The file beside the workbook that has all rejected rows."""
    lines: str = ""
    """The file beside the workbook that has the lines around all findings."""
    still_open: str = ""
    """The file beside the workbook that has all findings carried on from earlier nights."""
    closed: str = ""
    """The file beside the workbook that has all findings that were closed."""
    held: tuple[str, ...] = ()
    """Names that this report would have, were they not open in another program."""


@dataclass(frozen=True, slots=True)
class View:
    """One report, before it is a workbook."""

    result: AuditResult
    rules: Sequence[Rule]
    findings: pl.DataFrame
    """schemas.Findings, `cap` of them at most, in the order of the sheet (auditor.report.worklist),
    and

    - nth: their place in result.findings (and in result.places)
    - check: the column Check (auditor.seal)
    - decision: what was decided of it before, in a sentence; null for nothing
    - open: whether it still waits for a decision; one for information never does
    - place: the place of its line on the sheet Claim lines, as links name it; null for none
    - life, fresh, days: what auditor.report.seen says of it
    """
    worklist: pl.DataFrame
    """The claims to look at, in order (auditor.report.worklist.claims_of), and

    - lines_place: where its lines begin on the sheet Claim lines; null: not there
    - finding_place: its first finding on the sheet Findings; null: not there
    """
    context: context.Context
    """The lines around the findings. Its groups have besides

    - place: of its heading, a row number on the sheet Claim lines
    - finding_place: its first finding on the sheet Findings; null: not there

    and its lines finding_place (of the line's own first finding).
    """
    cap: int
    rejected_cap: int
    names: Names

    def rule_place(self, rule_id: str) -> str | None:
        """Where the rule stands on the sheet Rules; None where it does not."""
        row = next((n for n, r in enumerate(self.rules, FIRST_RULE) if r.id == rule_id), None)
        return None if row is None else f"'Rules'!A{row}"


def view_of(
    result: AuditResult,
    rules: Sequence[Rule],
    caps: Caps,
    names: Names = Names(),
) -> View:
    """Work out what the sheets show."""
    found = worklist.ranked(_findings(result))
    claims = worklist.claims_of(found, result.options.as_of)
    found = worklist.in_order(found, claims)
    around = context.around(result, found, caps.lines)
    kept = worklist.first_of(found, caps.findings).with_row_index("at", offset=FIRST_FINDING)
    places = kept.select("nth", finding_place=_place("Findings", "A", "at"))
    around, of_finding = _placed(around, found, result)
    around = around._replace(
        groups=around.groups.join(places, on="nth", how="left", maintain_order="left"),
        lines=around.lines.join(places, on="nth", how="left", maintain_order="left"),
    )
    kept = kept.join(of_finding, on="nth", how="left", maintain_order="left")
    # A claim leads to the group and to the row of its first finding.
    first = (
        found.unique("claim", keep="first", maintain_order=True)
        .select("claim", "nth")
        .join(of_finding.select("nth", lines_place="heading"), on="nth", how="left")
        .join(places, on="nth", how="left")
        .drop("nth")
    )
    return View(
        result,
        rules,
        kept.drop("at", "heading", "rank", "claim", "received"),
        claims.join(first, on="claim", how="left", maintain_order="left"),
        around,
        caps.findings,
        caps.rejected,
        names,
    )


def _findings(result: AuditResult) -> pl.DataFrame:
    """All findings as they come, with nth, check, decision, open and received."""
    found = result.findings
    decided = found.select("finding_id").join(
        result.standing.select("finding_id", "state", "told"),
        on="finding_id",
        how="left",
        maintain_order="left",
    )
    received = pl.Series("received", [None], pl.Date).new_from_index(0, found.height)
    if result.places.height:
        received = result.lines["received_date"].gather(result.places["row"]).alias("received")
    return found.with_columns(
        checks(found).alias("check"),
        received,
        decided.select(decision=pl.format("{}: {}", _state(), "told")).to_series(),
        decided["state"].ne_missing("standing").alias("open"),
        *seen.of_findings(result),
        nth=pl.int_range(pl.len(), dtype=pl.UInt32),
    ).with_columns(open=pl.col("open") & (pl.col("tier") != "info"))


def _state() -> pl.Expr:
    """What became of a decision, in a word or two: the reader sees first whether it holds."""
    return pl.col("state").replace_strict(STATES, return_dtype=pl.String)


def _placed(
    around: context.Context, found: pl.DataFrame, result: AuditResult
) -> tuple[context.Context, pl.DataFrame]:
    """Groups and lines with their rows on the sheet; and nth, place and heading of each finding.

    Each group's heading stands above its lines, so a line stands as many rows lower as there are
    headings up to its own.
    """
    lines = around.lines.with_columns(
        at=pl.int_range(pl.len(), dtype=pl.UInt32) + pl.col("group") + FIRST_LINE
    )
    heads = lines.group_by("group").agg(place=pl.col("at").min() - 1)
    groups = around.groups.join(heads, on="group", how="left", maintain_order="left")
    own = lines.filter(~pl.col("foreign")).select("row", "group", "at").join(heads, on="group")
    rows = result.places["row"] if result.places.height else pl.Series("row", [], pl.UInt32)
    of_finding = (
        found.select("nth")
        .join(rows.to_frame().with_row_index("nth"), on="nth", how="inner")
        .join(own, on="row", how="inner")
        .select(
            "nth",
            place=_place("Claim lines", "C", "at"),
            heading=_place("Claim lines", "A", "place"),
        )
    )
    return around._replace(groups=groups, lines=lines), of_finding


def _place(sheet: str, letter: str, row: str) -> pl.Expr:
    """The place in this workbook as links name it, of a row whose number stands in `row`."""
    return pl.format("{}{}", pl.lit(place_of(sheet, letter)), row)
