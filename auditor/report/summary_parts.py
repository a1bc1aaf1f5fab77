"""The lower half of the Summary: what was not judged, the tables that decided, the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report import ages, figures, words

if TYPE_CHECKING:
    from auditor.report.sheet import Sheet
    from auditor.report.view import View

LAST = 8
GAPS_SHOWN = 5
FILES_SHOWN = 4
NAMED = 3
"""So many rules are named; more are counted."""


def gaps(sheet: Sheet, view: View) -> None:
    """What could not be judged and why, most lines first."""
    sheet.section("What could not be judged, or only with caution", LAST)
    open_ = figures.not_judged(view.result.coverage)
    rejected = sum(f.rejected for f in view.result.files)
    if open_.is_empty() and not rejected:
        sheet.paragraph("Every rule judged every line it is for.", "lead", 2, LAST)
        return
    _gap(sheet, ("", "Why", "Rules", "Lines"), ("head", "head", "head number"))
    if rejected:
        why = "No claim line could be read from them; the sheet Input lists each with its reasons."
        _gap(sheet, ("Rejected", why, "all", rejected))
    for state, reason, rules, lines in open_.head(GAPS_SHOWN).iter_rows():
        _gap(sheet, (str(state).capitalize(), _sentence(reason), _rules(rules), lines))
    more = open_.height - GAPS_SHOWN
    rest = f" {words.number(more, 'more reason')} there." if more > 0 else ""
    text = (
        "What a rule could not judge is neither clean nor flagged by it. Lines: the most for any"
        f" one of the rules. The sheet Coverage has every rule.{rest}"
    )
    sheet.paragraph(text, "small", 2, LAST)


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _rules(ids: str) -> str:
    """The rules by name where they are few."""
    rules = ids.split()
    return ", ".join(rules) if len(rules) <= NAMED else words.number(len(rules), "rule")


def _gap(
    sheet: Sheet,
    values: tuple[str, str, str, int | str],
    looks: tuple[str, str, str] = ("strong", "wrapped", "count"),
) -> None:
    state, why, rules, lines = values
    first, middle, last = looks
    sheet.spans(
        (2, 2, state, first),
        (3, 6, why, middle),
        (7, 7, rules, middle),
        (LAST, LAST, lines, last),
    )


def releases(sheet: Sheet, view: View) -> None:
    """The reference tables that served, their age, and what to do where they are the starter's."""
    result = view.result
    sheet.section("Reference tables, and what they judged", LAST)
    starter = [words.KINDS.get(r.kind, r.kind) for r in result.releases if r.starter and r.used]
    if starter and not any("starter set" in note for note in result.notes):
        text = words.STARTER_ADVICE.format(kinds=", ".join(starter))
        sheet.paragraph(text, "small", 2, LAST)
    sheet.spans(
        (2, 2, "Table", "head"),
        (3, 3, "Kind of set", "head"),
        (4, 4, "Rows", "head number"),
        (5, 5, "In force from", "head"),
        (6, 6, "Speaks for services to", "head"),
        (7, LAST, "Release, and what it judged", "head"),
    )
    for release, older in figures.decided(result.releases, result.last_service_date):
        kind = "starter" if release.starter else "full"
        label = release.label + (f" and {words.number(older, 'older release')}" if older else "")
        age = words.age(release.vouches_to, result.last_service_date)
        told = [label, figures.judged_by(release.kind, result.table_coverage), age]
        sheet.spans(
            (2, 2, words.KINDS.get(release.kind, release.kind), "wrapped"),
            (3, 3, kind, "wrapped" if kind == "full" else "review"),
            (4, 4, release.rows, "count"),
            # The starter set is picked from several releases: each of its rows has its own day.
            (5, 5, "by row" if release.starter else release.effective, "date"),
            (6, 6, release.vouches_to, "date"),
            (7, LAST, "; ".join(filter(None, told)) + ".", "wrapped"),
        )
    if old := ages.late(result):
        named = "; ".join(dict.fromkeys(each.files for each in old))
        text = (
            "Some services are later than the tables speak for: fetch from the CMS web site and"
            f" load {named}."
        )
        sheet.paragraph(text, "small", 2, LAST)


def files(sheet: Sheet, view: View) -> None:
    """Read = audited + set aside + rejected, file by file, and what tells each file apart."""
    sheet.section("Lines read, and what became of them", LAST)
    counts = figures.reconcile(view.result)
    names = ["File", "Lines read", "Audited", "Set aside", "Rejected", "Rows in the file"]
    sheet.header(2, [*names, "SHA-256 (begins)"], range(3, 8))
    for c in counts[:FILES_SHOWN]:
        values = [c.lines_read, c.audited, c.set_aside, c.rejected, c.rows]
        told = ", ".join(digest[:12] for digest in c.sha256)
        sheet.add([None, c.name, *values, told], ["", "wrapped", *["count"] * 5, "wrapped"])
    rest = counts[FILES_SHOWN:]
    if rest:
        sums = [sum(getattr(c, name) for c in rest) for name in _SUMMED]
        name = f"{words.number(len(rest), 'more file')}, on the sheet Input"
        sheet.add([None, name, *sums, ""], ["", "wrapped", *["count"] * 5, "wrapped"])
    totals = [sum(getattr(c, name) for c in counts) for name in _SUMMED]
    sheet.add([None, "All files", *totals, ""], ["", "strong", *["total"] * 5, "wrapped"])
    aside = view.result.set_aside["reason"].value_counts().sort("reason")
    told = ", ".join(f"{n:,} {reason}" for reason, n in aside.iter_rows())
    text = "Lines read = audited + set aside + rejected. A row may hold several lines." + (
        f" Set aside: {told}." if told else ""
    )
    sheet.paragraph(text, "small", 2, LAST)


_SUMMED = ("lines_read", "audited", "set_aside", "rejected", "rows")
