"""Sheet Bypass ledger: which modifier separated which pair, by practitioner, beside the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import bypass
from auditor.report.sheet import Book, Column, Sheet
from auditor.report.words import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.report.view import View

TITLE = "Bypass ledger"
WIDTHS = (16, 27, 9, 11, 9, 11, 10, 10, 11, 19, 9, 9, 9, 12)
MOST_PRACTITIONERS = 2_000
MOST_PAIRS = 20_000
RULE = "PTP-BYP"
LOOKS = {bypass.ABOVE: "review", bypass.FEW: "grey", bypass.NOBODY: "grey"}
KINDS = {kind: f"By {kind}" for kind in bypass.KINDS if kind != bypass.SIDES} | {
    bypass.SIDES: "By side or digit"
}
NO_NPI = "no rendering NPI"


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    sheet = Sheet(book, TITLE, WIDTHS)
    sheet.add(["Bypass ledger: pairs of codes that a modifier kept apart"], ["section"], height=24)
    pairs = bypass.met(view.result)
    if pairs.is_empty():
        _say(sheet, [_nothing(view)])
        return
    practitioners = bypass.by_practitioner(pairs)
    listed = bypass.by_pair(pairs, practitioners)
    _say(sheet, _meaning(pairs))
    sheet.skip()
    sheet.add(["By practitioner"], ["section"], height=22)
    _capped(sheet, practitioners.height, MOST_PRACTITIONERS, "practitioner")
    sheet.table("BypassPractitioners", _of_practitioners(), practitioners.head(MOST_PRACTITIONERS))
    sheet.skip()
    sheet.add(["By pair of codes and modifier: to sample records from"], ["section"], height=22)
    _capped(sheet, listed.height, MOST_PAIRS, "row")
    sheet.table("BypassPairs", _of_pairs(), _examples(listed.head(MOST_PAIRS), view))
    sheet.ws.print_title_rows = None  # two tables, two headers


def _meaning(pairs: pl.DataFrame) -> Iterator[str]:
    """What the sheet shows and what it does not say, a sentence or two a row."""
    met, apart = pairs.height, int(pairs["separated"].sum())
    yield (
        "A ledger, and no list of errors: a modifier may separate two codes of a pair (modifier"
        " indicator 1) where the record supports it."
    )
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
        f"Above or below: at least {bypass.LEAST_PAIRS} pairs, and the 99% interval (Wilson) around"
        " the practitioner's rate leaves the batch's rate out. About 1 in 200 is above by chance"
        " alone."
    )
    yield (
        "Ask for the record: the modifier does not prove two places or encounters, or the NCCI"
        " manual warns about it on this pair (rule PTP-2)."
    )


def _nothing(view: View) -> str:
    """Why there is nothing to show."""
    if not view.result.findings.filter(pl.col("rule_id") == RULE).is_empty():
        return (
            "The pairs behind these findings are not known, so no rate can be stated. The sheet"
            f" Findings lists what rule {RULE} found."
        )
    return "No two codes of a pair that a modifier may separate met in these files."


def _say(sheet: Sheet, sentences: Iterator[str] | list[str]) -> None:
    for sentence in sentences:
        sheet.paragraph(sentence, "soft", 1, len(WIDTHS))


def _capped(sheet: Sheet, count: int, most: int, one: str) -> None:
    if count > most:
        told = f"The first {most:,} of {number(count, one)}."
        _say(sheet, [f"{told} The sheet Findings and its file have all findings of {RULE}."])


def _of_practitioners() -> list[Column]:
    w = WIDTHS
    return [
        Column("Rendering NPI", w[0], "text", pl.col("rendering_npi").fill_null(NO_NPI)),
        Column("Compared with the batch", w[1], "text", pl.col("compared"), LOOKS),
        Column("Pairs met", w[2], "count", pl.col("met")),
        Column("Separated", w[3], "count", pl.col("separated")),
        Column("Rate", w[4], "percent", pl.col("rate")),
        Column("Batch's rate, same pairs", w[5], "percent", pl.col("expected")),
        *(
            Column(header, w[n], "count", pl.col(kind))
            for n, (kind, header) in enumerate(KINDS.items(), start=6)
        ),
        Column("Ask for the record", w[13], "count", pl.col("weak")),
    ]


def _of_pairs() -> list[Column]:
    w = WIDTHS
    return [
        Column("Rendering NPI", w[0], "text", pl.col("rendering_npi").fill_null(NO_NPI)),
        Column("Separated by", w[1], "wrapped", pl.col("modifiers")),
        Column("Pairs met", w[2], "count", pl.col("met")),
        Column("Separated so", w[3], "count", pl.col("separated")),
        Column("Rate", w[4], "percent", pl.col("rate")),
        Column("Batch's rate", w[5], "percent", pl.col("expected")),
        Column("Column 1", w[6], "text", pl.col("code1")),
        Column("Column 2", w[7], "text", pl.col("code2")),
        Column("Ask for the record", w[8], "count", pl.col("weak")),
        Column("Example claim", w[9], "wrapped", pl.col("claim_id"), link=pl.col("place")),
    ]


def _examples(listed: pl.DataFrame, view: View) -> pl.DataFrame:
    """`listed` with claim_id of the example and its place on the sheet Claim lines, or null."""
    listed = listed.with_columns(claim_id=view.result.lines["claim_id"].gather(listed["example"]))
    rows = view.result.places["row"]
    found = view.findings.filter(pl.col("rule_id") == RULE, pl.col("place").is_not_null())
    if rows.is_empty() or found.is_empty():
        return listed.with_columns(place=pl.lit(None, pl.String))
    places = found.select(example=rows.gather(found["nth"]), place="place").unique("example")
    return listed.join(places, on="example", how="left", maintain_order="left")
