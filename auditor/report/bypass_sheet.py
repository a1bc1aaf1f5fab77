"""Sheets Bypass ledger and Bypass pairs: which modifier separated which pair, beside the batch.

Both are protected, so that their rows stay where they are and the one can lead to the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from auditor.report import bypass
from auditor.report.rates import LEAST_CASES
from auditor.report.sheet import Book, Column, Sheet
from auditor.report.words import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.report.view import View

LEDGER, PAIRS = "Bypass ledger", "Bypass pairs"
MOST = 20_000
RULE = "PTP-BYP"
LOOKS = {bypass.ABOVE: "review", bypass.FEW: "grey", bypass.NOBODY: "grey"}
PURPOSE = (
    "A ledger, and no list of errors: a modifier may separate two codes of a pair (modifier"
    " indicator 1) where the record supports it."
)
NO_NPI = "no rendering NPI"


def _count(header: str, width: float, name: str) -> Column:
    return Column(header, width, "count", pl.col(name))


def _rate(header: str, width: float, name: str) -> Column:
    return Column(header, width, "percent", pl.col(name))


_NPI = pl.col("rendering_npi").fill_null(NO_NPI)
OF_PRACTITIONERS = (
    Column("Rendering NPI", 16, "link", _NPI, link=pl.col("place")),
    Column("Compared with the batch", 26, "text", pl.col("compared"), LOOKS),
    _count("Pairs met", 9, "met"),
    _count("Separated", 11, "separated"),
    _rate("Rate", 9, "rate"),
    _rate("Batch's rate, same pairs", 12, "expected"),
    _count("Ask for the record", 12, "weak"),
    *(_count(f"By {kind}", 11, kind) for kind in bypass.KINDS),
)
OF_PAIRS = (
    Column("Rendering NPI", 16, "text", _NPI),
    Column("Column 1", 10, "text", pl.col("code1")),
    Column("Column 2", 10, "text", pl.col("code2")),
    Column("Separated by", 32, "wrapped", pl.col("modifiers")),
    _count("Pairs met", 9, "met"),
    _count("Separated so", 11, "separated"),
    _rate("Rate", 9, "rate"),
    _rate("Batch's rate", 9, "expected"),
    _count("Ask for the record", 12, "weak"),
    Column("Example claim", 22, "link", pl.col("claim_id"), link=pl.col("place")),
)
_FIRST_PAIR = 4
"""Row of the first pair on its sheet: title, note and header stand above it."""


def write(book: Book, view: View) -> None:
    """Write the sheet of practitioners and, where something was separated, that of pairs."""
    sheet = Sheet(book, LEDGER, [c.width for c in OF_PRACTITIONERS])
    sheet.add(["Bypass ledger: pairs of codes that a modifier kept apart"], ["section"], height=24)
    pairs = bypass.met(view.result)
    sheet.paragraph(PURPOSE, "soft", 1, len(OF_PRACTITIONERS))
    if pairs.is_empty():
        sheet.paragraph(_nothing(view), "lead", 1, len(OF_PRACTITIONERS))
        return
    practitioners = bypass.by_practitioner(pairs)
    listed = bypass.by_pair(pairs, practitioners)
    for sentence in _meaning(pairs, practitioners.height):
        sheet.paragraph(sentence, "soft", 1, len(OF_PRACTITIONERS))
    sheet.skip()
    _table(sheet, "BypassPractitioners", OF_PRACTITIONERS, _linked(practitioners, listed))
    if not listed.is_empty():
        _write_pairs(book, view, listed)


def _write_pairs(book: Book, view: View, listed: pl.DataFrame) -> None:
    """Write the sheet of pairs."""
    sheet = Sheet(book, PAIRS, [c.width for c in OF_PAIRS])
    sheet.add(["Bypass pairs: what separated which codes"], ["section"], height=24)
    note = (
        f"In the order of the sheet {LEDGER}; a list to sample records from. Rate: separated by"
        " exactly these modifiers, out of the practitioner's pairs of these two codes. Batch's"
        f" rate: the same of all practitioners.{_capped(listed.height, 'row')}"
    )
    sheet.paragraph(note, "soft", 1, len(OF_PAIRS))
    _table(sheet, "BypassPairs", OF_PAIRS, _examples(listed.head(MOST), view))


def _table(sheet: Sheet, name: str, columns: Sequence[Column], frame: pl.DataFrame) -> None:
    """Write `frame`; the column that leads to `place` looks so where there is one."""
    head = sheet.row + 1
    frame = frame.head(MOST)
    lost = frame.filter(pl.col("place").is_null())
    shown = [c if c.link is None else _plain(c, lost) for c in columns]
    sheet.table(name, shown, frame)
    sheet.ws.freeze_panes = f"B{head + 1}"


def _plain(column: Column, lost: pl.DataFrame) -> Column:
    """`column`, with the values of the rows `lost`, which lead nowhere, in plain looks."""
    return replace(column, looks=dict.fromkeys(lost.select(column.value).to_series(), "text"))


def _linked(practitioners: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """`practitioners` with the place of their first row on the sheet of pairs, or null."""
    first = (
        listed.head(MOST)
        .with_row_index("row", offset=_FIRST_PAIR)
        .group_by("rendering_npi")
        .agg(place=pl.format(f"'{PAIRS}'!A{{}}", pl.col("row").min()))
    )
    return practitioners.join(
        first, on="rendering_npi", how="left", nulls_equal=True, maintain_order="left"
    )


def _meaning(pairs: pl.DataFrame, practitioners: int) -> Iterator[str]:
    """What the sheet shows and what it does not say, a sentence or two a row."""
    met, apart = pairs.height, int(pairs["separated"].sum())
    yield (
        "Pairs met: each column 2 line with each column 1 code of the same patient, practitioner"
        " and day, separated or not. Of"
        f" {number(met, 'pair')} met, {apart:,} were separated ({apart / met:.1%})."
    )
    yield (
        "Batch's rate: what all practitioners of these files together do on the same pairs of"
        " codes. So a practice is not marked for the kind of work it does."
    )
    yield (
        f"Above or below: at least {bypass.LEAST_PAIRS} pairs (for above, {LEAST_CASES} of them"
        " separated), and the 99% interval (Wilson) around the practitioner's rate leaves the"
        " batch's rate out. About 1 in 200 is above by chance alone."
    )
    yield (
        "Ask for the record: the modifier does not prove two places or encounters, or the NCCI"
        f" manual warns about it on this pair (rule PTP-2).{_capped(practitioners, 'practitioner')}"
    )


def _nothing(view: View) -> str:
    """Why there is nothing to show."""
    result = view.result
    if not result.findings.filter(pl.col("rule_id") == RULE).is_empty():
        return (
            "The pairs behind these findings are not known, so no rate can be stated. The sheet"
            f" Findings lists what rule {RULE} found."
        )
    states = result.coverage.filter(pl.col("rule_id") == RULE)["state"]
    if states.is_empty():
        return f"Rule {RULE} was not asked for in this run, so nothing is known of pairs."
    if (states == "not judged").all():
        return f"Rule {RULE} could not judge any of these lines; the sheet Coverage says why."
    return "No two codes of a pair that a modifier may separate met in these files."


def _capped(count: int, one: str) -> str:
    """A sentence where the sheet cannot hold all."""
    return f" The sheet holds the first {MOST:,} of {number(count, one)}." if count > MOST else ""


def _examples(listed: pl.DataFrame, view: View) -> pl.DataFrame:
    """`listed` with claim_id of the example and its place on the sheet Claim lines, or null."""
    listed = listed.with_columns(claim_id=view.result.lines["claim_id"].gather(listed["example"]))
    rows = view.result.places["row"]
    found = view.findings.filter(pl.col("rule_id") == RULE, pl.col("place").is_not_null())
    if rows.is_empty() or found.is_empty():
        return listed.with_columns(place=pl.lit(None, pl.String))
    places = found.select(example=rows.gather(found["nth"]), place="place").unique("example")
    return listed.join(places, on="example", how="left", maintain_order="left")
