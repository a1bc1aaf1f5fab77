"""The lines around each finding: what its patient had on its day, side by side.

A group is one patient, payer and date of service: every line of that day, of all claims and
practitioners, and below them the counterparts that stand on another day, for another payer or in
the history. A finding belongs to the one group of its own line, so a claim of several flagged days
has several. A line is in one group, and once more wherever it is the counterpart from elsewhere:
there are never more of these than findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.report.figures import TIERS

if TYPE_CHECKING:
    from auditor.result import AuditResult

LINES = 200_000
"""Lines the sheet holds: more open slowly. All of them stand beside the workbook then."""
PLAIN_LINES = 100
"""Lines without a mark that a group shows: a stand-in such as UNKNOWN has thousands a day."""
DAY = ("payer", "patient_id", "service_date_from")
"""What tells one group."""
_SHOWN_RULES = 5

SET_ASIDE_WORDS = {
    "void": "set aside: taken back",
    "superseded": "set aside: replaced",
    "seen before": "set aside: seen before",
}


class Context(NamedTuple):
    """The groups, in the order of the findings."""

    groups: pl.DataFrame
    """One row a group that is shown: group (from 1), payer, patient_id, service_date_from,
    lines and claims (of the day), shown (how many of these lines), rows (with the counterparts
    from elsewhere), rules (flagged, joined), rejected (rows of that patient and day that could not
    be read), nth (of its first finding)."""
    lines: pl.DataFrame
    """One row a line in its group, in the order shown: group, row (its place among the lines that
    were looked at), foreign (a counterpart from elsewhere), rank (strongest tier of its findings;
    null: none), marked (in words, with the tiers; null: nothing), nth (of its first finding; null:
    none)."""
    left_out: int
    """Groups that the sheet has no room for."""


def around(result: AuditResult, found: pl.DataFrame, most: int = LINES) -> Context:
    """The lines around the findings, at most `most` of them with their headings.

    `found` are findings in the order wanted with rank, rule_id and nth: their places in
    `result.places`. Without places there is no group.
    """
    if result.places.is_empty() or found.is_empty():
        return Context(_no_groups(), _no_lines(), 0)
    places = result.places[found["nth"]]
    flags = found.select("rank", "rule_id", "nth").with_columns(places)
    keys = result.lines.select(DAY)
    own = keys[flags["row"]]
    groups = own.unique(maintain_order=True).with_row_index("group", offset=1)
    flags = flags.with_columns(
        own.join(groups, on=DAY, how="left", nulls_equal=True, maintain_order="left")["group"]
    )
    # Each group takes a row and its heading: those further on have no room in any case.
    near = groups.head(max(1, most // 2))
    near_flags = flags.filter(pl.col("group") <= near.height)
    lines = _lines(keys, near, near_flags)
    lines = _marked(lines, flags, near_flags)
    lines, sizes = _thinned(_in_claim_order(lines, result.lines))
    fits = sizes.filter(pl.col("rows").cum_sum() + pl.int_range(1, pl.len() + 1) <= most)
    shown = max(1, fits.height)
    lines = lines.filter(pl.col("group") <= shown).head(most - min(shown, most - 1))
    told = _told(near_flags.filter(pl.col("group") <= shown))
    near = near.head(shown).join(sizes, on="group", maintain_order="left")
    near = near.join(told, on="group", maintain_order="left")
    return Context(_with_rejected(near, result), lines, groups.height - shown)


def _no_groups() -> pl.DataFrame:
    count, text = pl.UInt32, pl.String
    return pl.DataFrame(
        schema={
            "group": count,
            "payer": text,
            "patient_id": text,
            "service_date_from": pl.Date,
            "lines": count,
            "claims": count,
            "rows": count,
            "shown": count,
            "nth": count,
            "rules": text,
            "rejected": count,
        }
    )


def _no_lines() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "group": pl.UInt32,
            "row": pl.UInt32,
            "foreign": pl.Boolean,
            "rank": pl.UInt8,
            "nth": pl.UInt32,
            "marked": pl.String,
        }
    )


def _lines(keys: pl.DataFrame, groups: pl.DataFrame, flags: pl.DataFrame) -> pl.DataFrame:
    """group, row, foreign: the lines of each group's day, and counterparts from elsewhere."""
    day = (
        keys.with_row_index("row")
        .join(groups, on=DAY, nulls_equal=True)
        .select("group", "row", foreign=pl.lit(value=False))
    )
    elsewhere = (
        flags.select("group", row="other")
        .drop_nulls("row")
        .unique()
        .join(day, on=["group", "row"], how="anti")
        .with_columns(foreign=pl.lit(value=True))
    )
    return pl.concat([day, elsewhere])


def _marked(lines: pl.DataFrame, flags: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Add rank, nth and marked: what is flagged on a line, and whose counterpart it is there."""
    tier = pl.col("rank").replace_strict(range(len(TIERS)), TIERS, return_dtype=pl.String)
    flags = flags.with_columns(tiered=pl.format("{} ({})", "rule_id", tier))
    flagged = flags.group_by("row", maintain_order=True).agg(
        _joined("tiered").alias("flagged"), pl.col("rank").min(), pl.col("nth").first()
    )
    # Two lines of one excess are counterparts of each other: flagged says it all.
    met = (
        near.drop_nulls("other")
        .join(flags, left_on=["other", "rule_id"], right_on=["row", "rule_id"], how="anti")
        .group_by("group", row="other", maintain_order=True)
        .agg(_joined("rule_id").alias("met"))
    )
    return (
        lines.join(flagged, on="row", how="left")
        .join(met, on=["group", "row"], how="left")
        .with_columns(
            flagged=pl.when("foreign")
            .then(pl.format("flagged {} on its own day", "flagged"))
            .otherwise(pl.format("flagged {}", "flagged")),
            met=pl.format("counterpart of {}", "met"),
        )
        .with_columns(
            marked=pl.when(pl.col("flagged").is_not_null() | pl.col("met").is_not_null()).then(
                pl.when("foreign")
                .then(pl.concat_str("met", "flagged", separator="; ", ignore_nulls=True))
                .otherwise(pl.concat_str("flagged", "met", separator="; ", ignore_nulls=True))
            )
        )
        .drop("flagged", "met")
    )


def _joined(name: str) -> pl.Expr:
    """The first few of what stands in a column, each once."""
    names = pl.col(name).unique(maintain_order=True)
    some = pl.format("{} and more", names.head(_SHOWN_RULES).str.join(", "))
    return pl.when(names.len() > _SHOWN_RULES).then(some).otherwise(names.str.join(", "))


def _in_claim_order(lines: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Group by group, in claim order; counterparts from elsewhere last."""
    order = known.select("claim_id", "line_number")[lines["row"]]
    return (
        lines.with_columns(order)
        .sort("group", "foreign", "claim_id", "line_number", "row", nulls_last=True)
        .drop("line_number")
    )


def _thinned(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines without those that a large group cannot show, and the sizes of the groups.

    The sizes are group, lines, claims, rows and shown, as in Context. Marked lines stay, then
    those of claims with a marked line, then the first.
    """
    sizes = lines.group_by("group").agg(
        lines=(~pl.col("foreign")).sum().cast(pl.UInt32),
        claims=pl.col("claim_id").filter(~pl.col("foreign")).n_unique().cast(pl.UInt32),
    )
    plain = pl.col("marked").is_null()
    if int(sizes["lines"].max() or 0) > PLAIN_LINES:  # type: ignore[arg-type]
        beside = plain & (~plain).any().over("group", "claim_id")
        far = plain & ~beside
        later = beside.sum().over("group") + far.cum_sum().over("group")
        place = pl.when(beside).then(beside.cum_sum().over("group")).otherwise(later)
        lines = lines.filter(~plain | (place <= PLAIN_LINES))
    shown = lines.group_by("group").agg(
        rows=pl.len().cast(pl.UInt32), shown=(~pl.col("foreign")).sum().cast(pl.UInt32)
    )
    return lines.drop("claim_id"), sizes.join(shown, on="group").sort("group")


def _told(flags: pl.DataFrame) -> pl.DataFrame:
    """group, nth (of its first finding) and rules: what is flagged in it."""
    return flags.group_by("group").agg(
        pl.col("nth").first(),
        rules=_joined("rule_id"),
    )


def _with_rejected(groups: pl.DataFrame, result: AuditResult) -> pl.DataFrame:
    """Add rejected: rows of the patient and day that could not be read as lines."""
    day = {"patient_id": "patient_id", "service_date_from": "service_date"}
    counts = (
        result.rejected.select(**{name: pl.col(of) for name, of in day.items()})
        .drop_nulls()
        .group_by(list(day))
        .agg(rejected=pl.len().cast(pl.UInt32))
    )
    joined = groups.join(counts, on=list(day), how="left", maintain_order="left")
    return joined.with_columns(pl.col("rejected").fill_null(0))
