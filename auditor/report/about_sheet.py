"""Sheet About: how to read and how to answer, what was run on what, and what this is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

import auditor
from auditor.report import copies, figures, words
from auditor.report.about_words import ANSWERS, READING, SHEETS_TOLD, STEPS
from auditor.report.sheet import Column, Sheet, place_of

if TYPE_CHECKING:
    from auditor.reference.interface import Release
    from auditor.report.sheet import Book
    from auditor.report.view import View
    from auditor.rules.options import RuleOptions

WIDTHS = (30, 16, 13, 13, 13, 34, 66)
LAST = len(WIDTHS)


def write(book: Book, view: View) -> None:
    """Write the sheet; every sheet of the book is named with what it is for."""
    sheet = Sheet(book, "About", WIDTHS)
    sheet.add(["About this report"], ["title"], height=30)
    _pairs(sheet, "How to read it", READING)
    if copy := copies.told(view):
        _section(sheet, "This copy")
        for text in copy:
            sheet.paragraph(text, "lead", 1, LAST)
    if not view.result.redacted:
        _pairs(sheet, "How to answer", STEPS)
        _pairs(sheet, "What an answer means", ANSWERS)
    _sheets(sheet, book)
    _pairs(sheet, "This run", _run(view))
    _remarks(sheet, view)
    _business(sheet, view)
    _releases(sheet, view)
    _files(sheet, view)


def _pairs(sheet: Sheet, title: str, pairs: dict[str, str]) -> None:
    _section(sheet, title)
    for name, text in pairs.items():
        sheet.spans((1, 1, name, "strong"), (2, LAST, text, "wrapped"))


def _section(sheet: Sheet, title: str) -> None:
    sheet.skip()
    sheet.add([title], ["section"], height=22)


def _sheets(sheet: Sheet, book: Book) -> None:
    _section(sheet, "The sheets")
    for each in book.sheets:
        title = each.ws.title
        sheet.spans((1, 1, title, "link"), (2, LAST, SHEETS_TOLD.get(title, ""), "wrapped"))
        sheet.link(1, place_of(title))


def _run(view: View) -> dict[str, str]:
    options = view.result.options
    return {
        "Run": options.run_id or "unnamed",
        "As of": options.as_of.isoformat(),
        "Program": f"auditor {auditor.__version__}, rule set {auditor.RULE_SET_VERSION}",
        "Rules asked for": ", ".join(sorted(options.select)) or "all",
        "Rules left out": ", ".join(sorted(options.ignore)) or "none",
        "Settings of the rules": _settings(options.rules),
    }


def _settings(options: RuleOptions) -> str:
    """What the operator set otherwise than the rules have it."""
    changed = [
        f"{name.replace('_', ' ')}: {words.setting(value)}"
        for name, value in options.changed().items()
    ]
    return "; ".join(changed) or "as the rules have them"


def _remarks(sheet: Sheet, view: View) -> None:
    said = [f"{f.name}: {text}" for f in view.result.files for text in f.warnings]
    notes = [*said, *view.result.notes]
    if notes:
        _section(sheet, "Remarks on this run")
        for note in notes:
            sheet.paragraph(note, "lead", 1, LAST)


def _business(sheet: Sheet, view: View) -> None:
    _section(sheet, "Line of business")
    sheet.spans(
        (1, 1, "Line of business", "head"),
        (2, 2, "Lines", "head number"),
        (3, LAST, "How they are judged", "head"),
    )
    for business, lines in sorted(view.result.lines_by_business.items()):
        if lines:
            sheet.spans(
                (1, 1, business, "strong"),
                (2, 2, lines, "count"),
                (3, LAST, words.BUSINESS_MEANING.get(business, ""), "wrapped"),
            )


def _set(release: Release) -> str:
    """'starter', 'full', or that it is loaded and judges none of these lines."""
    if release.kind not in words.COVERED_AS or not (release.starter or release.used):
        return "judged nothing"
    return "starter" if release.starter else "full"


def _releases(sheet: Sheet, view: View) -> None:
    """The whole manifest of the reference tables, those that judged nothing included."""
    _section(sheet, "Reference tables")
    text = (
        "Speaks for services to: the last day of the quarter that the release was made for. Later"
        " services are judged by it all the same; their findings say how many quarters it is old."
    )
    sheet.paragraph(text, "soft", 1, LAST)
    rows = [
        (
            words.KINDS.get(r.kind, r.kind),
            _set(r),
            r.rows,
            None if r.starter else r.effective,  # each row of the starter set has its own day
            r.vouches_to,
            f"{r.label}. {r.note}".rstrip(". "),
            f"{r.source}\n{r.sha256}",
        )
        for r in view.result.releases
    ]
    names = (
        "Table",
        "Kind of set",
        "Rows",
        "In force from",
        "Speaks for services to",
        "Release",
        "Source, and its SHA-256",
    )
    looks = ("wrapped", "wrapped", "count", "date", "date", "wrapped", "grey")
    types = (pl.String, pl.String, pl.Int64, pl.Date, pl.Date, pl.String, pl.String)
    frame = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    by_kind = {"starter": "review"}
    sheet.listing(
        [
            Column(n, w, look, pl.col(n), by_kind if n == "Kind of set" else {})
            for n, w, look in zip(names, WIDTHS, looks, strict=True)
        ],
        frame,
    )


def _files(sheet: Sheet, view: View) -> None:
    _section(sheet, "Files")
    head = ("File", "Lines read", "Audited", "Set aside", "Rejected", "", "SHA-256")
    looks = ("wrapped", "count", "count", "count", "count", "wrapped", "grey")
    sheet.add(head, ["head number" if look == "count" else "head" for look in looks])
    for c in figures.reconcile(view.result):
        counts = (c.lines_read, c.audited, c.set_aside, c.rejected)
        sheet.add((c.name, *counts, "", "\n".join(c.sha256)), looks)
