"""Sheet Input: how each file was read, what was rejected, set aside or repaired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from auditor.report import words
from auditor.report.sheet import Book, Column, Sheet
from auditor.report.words import number

if TYPE_CHECKING:
    from auditor.intake.interface import FileRead
    from auditor.report.view import View
    from auditor.result import AuditResult

WIDTHS = (32, 10, 22, 44, 66)
_LOOKS = ("wrapped", "count", "wrapped", "wrapped", "grey")
REPAIRS_SHOWN = 1_000
REASONS_SHOWN = 50
UNWRITTEN = (
    " The others were not written, because a file beside this workbook would not be encrypted:"
    " audit fewer files at a time."
)

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}

SET_ASIDE_MEANING = {
    "institutional": "A facility's line; this audit is for professional claims.",
    "void": "The claim was taken back, or takes another one back.",
    "superseded": "A newer claim replaces this one.",
    "seen before": "The same line came in an earlier file.",
}


def write(book: Book, view: View) -> None:
    """Write the sheet with the first rejected rows of the view."""
    result, cap, companion = view.result, view.rejected_cap, view.names.rejected
    sheet = Sheet(book, "Input", WIDTHS, freeze="A2")
    sheet.add(["Input: how the files were read"], ["section"], height=24)
    if again := words.judged_again(result):
        sheet.paragraph(again, "soft", 1, len(WIDTHS))
    _files(sheet, result.files)
    _rejected_reasons(sheet, result)
    _set_aside(sheet, result)
    _repairs_by_kind(sheet, result)
    _mapping(sheet, result.files)
    _rejected(sheet, result.rejected, cap, companion)
    _repairs(sheet, result.repairs)


def _section(sheet: Sheet, title: str, text: str = "") -> None:
    sheet.skip()
    sheet.add([title], ["section"], height=22)
    if text:
        sheet.paragraph(text, "soft", 1, len(WIDTHS))


def _columns(**values: str | pl.Expr) -> list[Column]:
    """Columns from header=expression; the widths are the sheet's. `_` in a header is a blank."""
    return [
        Column(header.replace("_", " "), width, look, pl.col(v) if isinstance(v, str) else v)
        for (header, v), width, look in zip(values.items(), WIDTHS, _LOOKS, strict=False)
    ]


def _files(sheet: Sheet, files: tuple[FileRead, ...]) -> None:
    _section(sheet, "Files")
    frame = pl.DataFrame(
        [
            (
                f.name,
                f.rows,
                f.encoding + (f", {SEPARATORS.get(f.delimiter, f.delimiter)}" * bool(f.delimiter)),
                "\n".join(f.notes),
                f.sha256,
            )
            for f in files
        ],
        schema={
            "name": pl.String,
            "rows": pl.Int64,
            "form": pl.String,
            "notes": pl.String,
            "sha": pl.String,
        },
        orient="row",
    )
    columns = _columns(File="name", Rows="rows", Format="form", Remarks="notes", Fingerprint="sha")
    sheet.listing(columns, frame)


def _rejected_reasons(sheet: Sheet, result: AuditResult) -> None:
    if result.rejected.is_empty():
        _section(sheet, "Rejected", "No row was rejected.")
        return
    grouped = _grouped(result.rejected, "source_file", "reasons")
    _section(
        sheet,
        "Rejected, by reason",
        f"{number(result.rejected.height, 'rejected row')}: these could not be read as a claim"
        " line and were not audited. Each one is listed with its values further down. Correct the"
        " values where the export is made, or say with --map which column holds the field, and"
        " audit the file again: until then nothing is known of these services."
        + _left_out(grouped.height, REASONS_SHOWN, "reasons"),
    )
    columns = _columns(File="source_file", Rows="n", _=pl.lit(""), Reasons="reasons")
    sheet.listing(columns, grouped.head(REASONS_SHOWN))


def _set_aside(sheet: Sheet, result: AuditResult) -> None:
    if result.set_aside.is_empty():
        _section(sheet, "Set aside", "No line was set aside.")
        return
    _section(sheet, "Set aside", "Lines that were understood and, on purpose, not audited.")
    meaning = pl.col("reason").replace_strict(SET_ASIDE_MEANING, default="")
    columns = _columns(File="source_file", Lines="n", Reason="reason", What_it_means=meaning)
    sheet.listing(columns, _grouped(result.set_aside, "source_file", "reason"))


def _repairs_by_kind(sheet: Sheet, result: AuditResult) -> None:
    if result.repairs.is_empty():
        _section(sheet, "Repairs", "Every value was read as it stands.")
        return
    example = pl.format("row {}: {}", "source_row", _change())
    counts = [
        (file.name, field, kind, count)
        for file in result.files
        for (field, kind), count in file.repaired.items()
    ]
    keys = ("source_file", "field", "kind")
    counted = pl.DataFrame(
        counts, dict.fromkeys(keys, pl.String) | {"counted": pl.Int64}, orient="row"
    )
    grouped = (
        result.repairs.group_by(keys, maintain_order=True)
        .agg(pl.len().alias("listed").cast(pl.Int64), example.first().alias("example"))
        .join(counted, on=keys, how="left", maintain_order="left")
        .with_columns(n=pl.coalesce("counted", "listed"))
        .sort("source_file", -pl.col("n"), "field", "kind")
    )
    _section(
        sheet, "Repairs, by kind", "Values that were changed or emptied on the way in, counted."
    )
    columns = _columns(
        File="source_file",
        Values="n",
        Field=_field(grouped),
        What_was_done="kind",
        First_one="example",
    )
    sheet.listing(columns, grouped)


def _mapping(sheet: Sheet, files: tuple[FileRead, ...]) -> None:
    _section(sheet, "Columns read")
    rows = [
        (f.name, f.header_row or None, words.field(field), header)
        for f in files
        for field, header in f.mapping.items()
    ]
    schema = {"file": pl.String, "row": pl.Int64, "field": pl.String, "header": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    columns = _columns(File="file", Header_row="row", Field="field", Column_in_the_file="header")
    sheet.listing(columns, frame)
    for f in files:
        unknown = [header for header in f.unused if header not in f.unneeded]
        if unknown:
            text = (
                f"Not recognised in {f.name}, so not read: {', '.join(unknown)}. Where a field"
                " stands in one of them, say so: --map FIELD=COLUMN, for example"
                " --map charge_amount=COLUMN."
            )
            sheet.paragraph(text, "soft", 1, len(WIDTHS))
        if f.unneeded:
            text = f"Recognised in {f.name}, but not needed: {', '.join(f.unneeded)}."
            sheet.paragraph(text, "soft", 1, len(WIDTHS))


def _rejected(sheet: Sheet, rejected: pl.DataFrame, cap: int, companion: str) -> None:
    if rejected.is_empty():
        return
    whole = f" All of them are in {companion}, beside this workbook." if companion else ""
    if rejected.height > cap and not companion:
        whole = UNWRITTEN
    _section(
        sheet,
        "Rejected rows, one by one",
        "The row is the file's own. Values as they stand in the file; blank cells are left out."
        + _left_out(rejected.height, cap, "rows")
        + whole,
    )
    shown = rejected.head(cap).with_columns(
        pl.Series("raw", [_plain(raw) for raw in rejected.head(cap)["raw"]], dtype=pl.String)
    )
    columns = _columns(
        File="source_file", Row="source_row", Claim="claim_id", Reasons=_told(), Values="raw"
    )
    sheet.listing(columns, shown)


def _told() -> pl.Expr:
    """The reasons, and below them the columns they are about with what stands there."""
    values = (
        pl.col("value")
        .str.split("; ")
        .list.eval(pl.when(pl.element() == "").then(pl.lit("(blank)")).otherwise(pl.element()))
    )
    about = pl.format(
        "\n{}: {}", pl.col("column").str.split("; ").list.join(" / "), values.list.join(" / ")
    )
    return pl.concat_str("reasons", about.fill_null(""))


def _repairs(sheet: Sheet, repairs: pl.DataFrame) -> None:
    if repairs.is_empty():
        return
    _section(
        sheet,
        "Repairs, one by one",
        "What stood in the file, and what was read."
        + _left_out(repairs.height, REPAIRS_SHOWN, "repairs"),
    )
    columns = _columns(
        File="source_file",
        Row="source_row",
        Field=_field(repairs),
        What_was_done="kind",
        Change=_change(),
    )
    sheet.listing(columns, repairs.head(REPAIRS_SHOWN))


def _field(repairs: pl.DataFrame) -> pl.Expr:
    """The field in words."""
    told = {name: words.field(name) for name in repairs["field"].unique()}
    return pl.col("field").replace_strict(told, return_dtype=pl.String)


def _change() -> pl.Expr:
    """'213 -> 00213', '99X -> (emptied)'."""
    return pl.format("{} -> {}", "raw", pl.col("value").fill_null("(emptied)"))


def _grouped(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """`keys` and n, the number of rows; the most frequent of each file first."""
    first, *rest = keys
    counted = frame.group_by(keys).agg(pl.len().alias("n"))
    return counted.sort(first, -pl.col("n").cast(pl.Int64), *rest)


def _left_out(total: int, shown: int, what: str) -> str:
    return f" The first {shown:,} of {total:,} {what} are shown." if total > shown else ""


def _plain(raw: str) -> str:
    """A JSON object as 'header: value; ...', without blanks; anything else as it stands."""
    try:
        values = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(values, dict):
        return raw
    return "; ".join(f"{name}: {v}" for name, v in values.items() if v not in (None, ""))
