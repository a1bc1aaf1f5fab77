"""Sheet Claim lines: what stands around each finding, so that nobody opens another system.

One heading a patient and day, its lines below in claim order; what is flagged, or is what a
finding points to, says so in words and in its look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from auditor.report.context import SET_ASIDE_WORDS
from auditor.report.figures import TIERS
from auditor.report.grid import MOST_LINKS
from auditor.report.sheet import Column, Sheet
from auditor.report.style import MARKED
from auditor.report.view import Caps, view_of
from auditor.report.words import number

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View
    from auditor.result import AuditResult

TITLE = "Claim lines"
HEADING = "heading"
"""The look of a group's heading, in the column `mark`."""
EVERY = 2**31
"""More lines than any run has."""
LAST_PRINTED = "Stands"
"""On paper the columns after it would make the rest too small to read."""


def _cents(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64) / 100


def _line(header: str, width: float, look: str, value: str | pl.Expr) -> Column:
    """A column whose cells look as their line is marked; blank in a group's heading."""
    looks = {mark: f"{look} {mark}" for mark in MARKED} | {HEADING: "lines"}
    shown = pl.col(value) if isinstance(value, str) else value
    return Column(header, width, look, shown, looks, pl.col("mark"))


COLUMNS = (
    replace(
        _line("Group", 8, "text", "title"),
        looks={mark: f"text {mark}" for mark in MARKED} | {HEADING: "lines link"},
        link=pl.when(pl.col("mark") == HEADING).then("finding_place"),
    ),
    _line("Marked", 32, "key", "marked"),
    replace(
        _line("Claim", 18, "wrapped", "claim_id"),
        looks={mark: f"wrapped {mark}" for mark in MARKED}
        | {f"{mark} link": f"link {mark}" for mark in MARKED}
        | {HEADING: "lines"},
        by=pl.when(pl.col("finding_place").is_not_null() & (pl.col("mark") != HEADING))
        .then(pl.col("mark") + " link")
        .otherwise("mark"),
        link=pl.when(pl.col("mark") != HEADING).then("finding_place"),
    ),
    _line("Line", 6, "number", "line_number"),
    _line("Date of service", 11, "date", "service_date_from"),
    _line("Through", 11, "date", "through"),
    _line("POS", 6, "text", "place_of_service"),
    _line("Code", 9, "key", "code"),
    _line("Modifiers", 11, "text", "modifiers"),
    _line("Units", 7, "number", pl.col("units").cast(pl.Float64) / 1000),
    _line("Diagnoses", 22, "wrapped", "diagnoses"),
    _line("Pointers", 9, "text", "diagnosis_pointers"),
    _line("Rendering NPI", 13, "text", "rendering_npi"),
    _line("Specialty", 24, "wrapped", "specialty"),
    _line("Charge", 12, "money", _cents("charge_amount")),
    _line("Allowed", 12, "money", _cents("allowed_amount")),
    _line("Paid", 12, "money", _cents("paid_amount")),
    _line("Payer says", 10, "text", "paid_status"),
    _line("Stands", 20, "wrapped", "stands"),
    _line("Billing NPI", 13, "text", "billing_npi"),
    _line("Payer", 18, "wrapped", "payer"),
    _line("Payer sequence", 11, "text", "payer_sequence"),
    _line("Patient", 16, "wrapped", "patient_id"),
    _line("Received", 11, "date", "received_date"),
    _line("NDC", 14, "text", "ndc"),
    _line("Note on the claim", 26, "wrapped", "claim_note"),
    _line("File", 26, "wrapped", "source_file"),
    _line("Row", 8, "number", "source_row"),
)
_NUMBERS = {c.header: n for n, c in enumerate(COLUMNS)}
_OPTIONAL = {
    "Through": "through",
    "POS": "place_of_service",
    "Diagnoses": "diagnoses",
    "Pointers": "diagnosis_pointers",
    "Specialty": "specialty",
    "Charge": "charge_amount",
    "Allowed": "allowed_amount",
    "Paid": "paid_amount",
    "Payer says": "paid_status",
    "Stands": "stands",
    "Billing NPI": "billing_npi",
    "Payer": "payer",
    "Payer sequence": "payer_sequence",
    "Received": "received_date",
    "NDC": "ndc",
    "Note on the claim": "claim_note",
}
"""Columns that hide where no line has anything in them."""


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    sheet = Sheet(book, TITLE, [c.width for c in COLUMNS], freeze="E3")
    sheet.add([_note(view)], ["note"], height=20)
    rows = rows_of(view)
    sheet.table("ClaimLines", COLUMNS, rows)
    for header, name in _OPTIONAL.items():
        values = rows[name]
        if not (values.is_not_null() & (values.cast(pl.String) != "")).any():
            sheet.ws.column_dimensions[sheet.letters[_NUMBERS[header]]].hidden = True
    sheet.print_columns(sheet.letters[_NUMBERS[LAST_PRINTED]])


def rows_of(view: View) -> pl.DataFrame:
    """The rows of the sheet: headings and lines with what the columns show."""
    result, (groups, lines, _) = view.result, view.context
    names = [n for n in result.lines.columns if n not in ("line_key", "row")]
    shown = result.lines.select(names)[lines["row"]]
    stands = pl.coalesce(
        _set_aside(lines, shown, result),
        pl.when(pl.col("row") >= result.lines_of_files + result.lines_of_earlier)
        .then(pl.lit("earlier line"))
        .when(pl.col("row") >= result.lines_of_files)
        .then(pl.lit("earlier line, judged again")),
    )
    detailed = pl.concat([lines, shown], how="horizontal").with_columns(
        stands=stands,
        through=pl.when(pl.col("service_date_to") != pl.col("service_date_from")).then(
            "service_date_to"
        ),
        title=pl.col("group").cast(pl.String),
    )
    detailed = detailed.with_columns(
        mark=pl.when(pl.col("rank").is_not_null() & ~pl.col("foreign"))
        .then(pl.col("rank").replace_strict(range(len(TIERS)), TIERS, return_dtype=pl.String))
        .when(pl.col("marked").is_not_null())
        .then(pl.lit("met"))
        .when(pl.col("stands").str.starts_with("set aside"))
        .then(pl.lit("aside"))
        .otherwise(pl.lit(""))
    )
    heads = groups.select(
        "group", "finding_place", at="place", title=_title(), mark=pl.lit(HEADING)
    )
    return pl.concat([heads, detailed], how="diagonal_relaxed").sort("at")


def every_line(result: AuditResult) -> pl.DataFrame:
    """What the sheet would show if it had room for every line, without the headings."""
    rows = rows_of(view_of(result, (), Caps(0, 0, lines=EVERY)))
    lines = rows.filter(pl.col("mark") != HEADING)
    return lines.select(c.value.alias(c.header) for c in COLUMNS)


def _title() -> pl.Expr:
    """'Group 3: patient P1, 2025-03-10, PAYER1: 5 lines of 2 claims. Flagged: AOC-1'."""
    payer = pl.when(pl.col("payer") != "").then(pl.format(", {}", "payer")).otherwise(pl.lit(""))
    lines = pl.format("{} line{}", "lines", _s("lines"))
    claims = pl.format("{} claim{}", "claims", _s("claims"))
    hidden = pl.col("lines").cast(pl.Int64) - pl.col("shown")
    left = (
        pl.when(hidden > 0).then(pl.format(" ({} of them not shown)", hidden)).otherwise(pl.lit(""))
    )
    rejected = (
        pl.when(pl.col("rejected") > 0)
        .then(
            pl.format(
                " {} row{} of this patient and day could not be read: see Input.",
                "rejected",
                _s("rejected"),
            )
        )
        .otherwise(pl.lit(""))
    )
    return pl.format(
        "Group {}: patient {}, {}{}: {} of {}{}. Flagged: {}.{}",
        "group",
        "patient_id",
        pl.col("service_date_from").dt.to_string(),
        payer,
        lines,
        claims,
        left,
        "rules",
        rejected,
    )


def _s(count: str) -> pl.Expr:
    return pl.when(pl.col(count) == 1).then(pl.lit("")).otherwise(pl.lit("s"))


def _set_aside(lines: pl.DataFrame, shown: pl.DataFrame, result: AuditResult) -> pl.Series:
    """Of each line, why it was set aside, in words; null for one that was judged."""
    gone = lines["row"].is_in(result.lines_gone.implode())
    reasons = result.set_aside.unique(["source_file", "source_row"], keep="first")
    # A file of an earlier night may have had the name of one of tonight's.
    own = pl.when(lines["row"] < result.lines_of_files).then("source_file")
    told = shown.select(own, "source_row").join(
        reasons, on=["source_file", "source_row"], how="left", maintain_order="left"
    )["reason"]
    words = told.replace_strict(
        SET_ASIDE_WORDS, default="set aside: replaced or taken back", return_dtype=pl.String
    )
    return pl.select(pl.when(gone).then(words)).to_series()


def _note(view: View) -> str:
    """What the sheet holds and how to read it."""
    groups, lines, left_out = view.context
    if lines.is_empty():
        if view.result.findings.is_empty():
            return "No findings, so there is no claim to show."
        return "The claim lines of this run were not kept, so none are shown."
    shown = (
        f" The sheet has room for the first {groups.height:,} of {groups.height + left_out:,}, in"
        " the order of the Worklist."
        if left_out
        else ""
    )
    if view.names.lines:
        shown += f" All of them are in {view.names.lines}, beside this workbook."
    if lines.height > MOST_LINKS:
        shown += f" Excel has room for {MOST_LINKS:,} links, so rows further down have none."
    return (
        f"{number(groups.height, 'group')}: every line of a patient, payer and day with a finding,"
        " and the lines elsewhere that a finding points to. Marked says what is flagged"
        f" (coloured by tier) and what a finding points to (grey).{shown} A heading leads to the"
        " first finding of its group, the claim of a flagged line to that of its line."
    )
