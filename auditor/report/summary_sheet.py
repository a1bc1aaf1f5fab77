"""Sheet Summary: what was audited, what needs action, what needs a look, how much, what is open.

Columns B to H hold everything; A and I are margins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import auditor
from auditor.report import figures, words
from auditor.report.chart import families_chart
from auditor.report.figures import MONEY_BASES, TIERS
from auditor.report.findings_sheet import shown_of
from auditor.report.sheet import Book, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.report.view import View
    from auditor.result import AuditResult

WIDTHS = (2, 44, 19, 19, 19, 19, 19, 19, 2)
LAST = 8
LAST_PRINTED = "I"
GAPS_SHOWN = 8
"""Reasons for what was not judged; the sheet Coverage has all."""
_ANSWER_POINTS = 26


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    result = view.result
    sheet = Sheet(book, "Summary", WIDTHS)
    _head(sheet, result, view)
    _glance(sheet, result)
    _families(sheet, result)
    _gaps(sheet, result)
    _rules(sheet, result)
    _lines(sheet, result)
    _business(sheet, result)
    _releases(sheet, result)
    _run(sheet, result)
    sheet.print_columns(LAST_PRINTED)


def _head(sheet: Sheet, result: AuditResult, view: View) -> None:
    sheet.spans((2, 2, "Claim audit", "title"), height=32)
    served = words.span(result.first_service_date, result.last_service_date)
    files = words.number(len({f.name for f in result.files}), "file")
    lines = words.number(result.lines_audited, "claim line")
    read = words.number(result.lines_read, "line")
    dates = f", services of {served}" if served else ""
    _text(sheet, f"Audited: {lines} of {read} read from {files}{dates}.")
    if view.names.findings:
        _text(
            sheet,
            f"{shown_of(result.findings.height, view.cap)} All of them are in"
            f" {view.names.findings}, beside this workbook.",
        )
    for note in (*figures.warnings(result), *result.notes):
        _text(sheet, note)
    made = f"As of {result.options.as_of.isoformat()}. Confidential: contains patient data."
    if view.names.supersedes:
        made += f" This report supersedes {view.names.supersedes}, which was left as it was."
    _text(sheet, made, "soft")


def _glance(sheet: Sheet, result: AuditResult) -> None:
    """Findings, claims and money of each tier, and what could not be judged."""
    _section(sheet, "At a glance")
    sheet.spans((5, 7, "Estimated amount at risk, taken from", "group"))
    names = ["", "Findings", "Claims", "Allowed", "Paid", "Charge", "Without amount"]
    _header(sheet, names, range(3, LAST + 1))
    findings, claims = figures.by_tier(result.findings), figures.claims_by_tier(result.findings)
    sums = {
        (tier, basis): (count, amount)
        for tier, basis, count, amount in figures.amounts(result.findings).iter_rows()
    }
    for tier in TIERS:
        money = [float(sums.get((tier, basis), (0, 0))[1]) for basis in MONEY_BASES]
        bases = ("not determined",) if tier == "info" else ("not determined", "none")
        without = sum(sums.get((tier, basis), (0, 0))[0] for basis in bases)
        sheet.spans(
            (2, 2, words.TIER_ANSWER[tier], f"big {tier}"),
            (3, 3, findings[tier], "big count"),
            (4, 4, claims[tier], "mid count"),
            *((n, n, amount, "mid money") for n, amount in enumerate(money, start=5)),
            (LAST, LAST, without, "side count"),
            height=_ANSWER_POINTS,
        )
    sheet.spans(
        (2, 2, "Could not be judged", "big open"),
        (3, LAST, _open(result), "mid text"),
        height=_ANSWER_POINTS,
    )
    _text(sheet, words.TIER_MEANING, "soft")
    _text(sheet, words.MONEY_MEANING, "soft")


def _open(result: AuditResult) -> str:
    """In a sentence, what could not be judged."""
    gaps = figures.not_judged(result.coverage).filter(state="not judged")
    rejected = sum(f.rejected for f in result.files)
    told = []
    if rejected:
        told.append(f"{words.number(rejected, 'line')} could not be read and were rejected.")
    if not gaps.is_empty():
        rules = words.number(len(set(" ".join(gaps["rules"]).split())), "rule")
        told.append(f"{rules} could not judge every line. The reasons are below.")
    return " ".join(told) or "Nothing: every rule judged every line it is for."


def _families(sheet: Sheet, result: AuditResult) -> None:
    """Findings by kind of rule: a small table, and the chart of it on its right."""
    _section(sheet, "Findings by kind of rule")
    frame = figures.by_family(result.findings)
    if frame.is_empty():
        _text(sheet, "No findings.")
        return
    _header(sheet, ["Kind of rule", *TIERS], range(3, 6))
    head = sheet.row
    for family, *counts in frame.iter_rows():
        sheet.add([None, words.family(family), *counts], ["", "wrapped", *["count"] * 3])
    longest = max(sum(counts) for _, *counts in frame.iter_rows())
    total = figures.by_tier(result.findings)
    told = "Bar chart of the findings by kind of rule, stacked by tier: " + ", ".join(
        f"{total[tier]:,} {tier}" for tier in TIERS
    )
    rows = families_chart(sheet, head, sheet.row, longest, told)
    sheet.skip(max(0, rows - (sheet.row - head)))


def _gaps(sheet: Sheet, result: AuditResult) -> None:
    """What could not be judged and why, most lines first."""
    _section(sheet, "What could not be judged, or only with caution")
    gaps = figures.not_judged(result.coverage)
    rejected = sum(f.rejected for f in result.files)
    if gaps.is_empty() and not rejected:
        _text(sheet, "Every rule judged every line it is for.")
        return
    _gap(sheet, ("", "Why", "Rules", "Lines"), ("head", "head", "head number"))
    if rejected:
        why = "No claim line could be read from them; the sheet Input lists each with its reasons."
        _gap(sheet, ("Rejected", why, "all", rejected))
    for state, reason, rules, lines in gaps.head(GAPS_SHOWN).iter_rows():
        _gap(sheet, (str(state).capitalize(), reason, rules, lines))
    more = gaps.height - GAPS_SHOWN
    rest = f" {words.number(more, 'more reason')} there." if more > 0 else ""
    _text(
        sheet,
        "What a rule could not judge is neither clean nor flagged by it. Lines: the most for any"
        f" one of the rules. The sheet Coverage has every rule.{rest}",
        "soft",
    )


def _gap(
    sheet: Sheet,
    values: tuple[str, str, str, int | str],
    looks: tuple[str, str, str] = ("strong", "wrapped", "count"),
) -> None:
    state, why, rules, lines = values
    first, middle, last = looks
    sheet.spans(
        (2, 2, state, first),
        (3, 5, why, middle),
        (6, 7, rules, middle),
        (LAST, LAST, lines, last),
    )


def _rules(sheet: Sheet, result: AuditResult) -> None:
    frame = figures.by_rule(result.findings)
    if frame.is_empty():
        return
    _section(sheet, "Findings by rule")
    _header(sheet, ["Rule", *TIERS], range(3, 6))
    for rule, name, *counts in frame.iter_rows():
        shown = f"{rule}  {name}"
        sheet.add([None, shown, *counts], ["", "wrapped", *["count"] * 3])


def _lines(sheet: Sheet, result: AuditResult) -> None:
    """Read = audited + set aside + rejected, file by file."""
    _section(sheet, "Lines read, and what became of them")
    counts = figures.reconcile(result)
    names = ["File", "Rows in the file", "Lines read", "Audited", "Set aside", "Rejected"]
    _header(sheet, names, range(3, 8))
    for c in counts:
        values = [c.rows, c.lines_read, c.audited, c.set_aside, c.rejected]
        sheet.add([None, c.name, *values], ["", "wrapped", *["count"] * 5])
    totals = [
        sum(c.rows for c in counts),
        result.lines_read,
        result.lines_audited,
        sum(c.set_aside for c in counts),
        sum(c.rejected for c in counts),
    ]
    sheet.add([None, "All files", *totals], ["", "strong", *["total"] * 5])
    by_reason = dict(result.set_aside["reason"].value_counts().sort("reason").iter_rows())
    told = ", ".join(f"{n:,} {reason}" for reason, n in by_reason.items())
    _text(
        sheet,
        "Lines read = audited + set aside + rejected, for every file. A row may hold several"
        f" lines.{f' Set aside: {told}.' if told else ''}",
        "soft",
    )


def _business(sheet: Sheet, result: AuditResult) -> None:
    _section(sheet, "Line of business")
    sheet.spans(
        (2, 2, "Line of business", "head"),
        (3, 3, "Lines", "head number"),
        (4, LAST, "How they are judged", "head"),
    )
    for business, lines in sorted(result.lines_by_business.items()):
        if lines:
            sheet.spans(
                (2, 2, business, "strong"),
                (3, 3, lines, "count"),
                (4, LAST, words.BUSINESS_MEANING.get(business, ""), "wrapped"),
            )


def _releases(sheet: Sheet, result: AuditResult) -> None:
    """The reference tables, and what to do where only the starter set served."""
    _section(sheet, "Reference tables")
    starter = [words.KINDS.get(r.kind, r.kind) for r in result.releases if r.starter and r.used]
    if starter and not any("starter set" in note for note in result.notes):
        _text(sheet, words.STARTER_ADVICE.format(kinds=", ".join(starter)))
    sheet.spans(
        (2, 2, "Table", "head"),
        (3, 3, "Kind of set", "head"),
        (4, 4, "Rows", "head number"),
        (5, 5, "In force from", "head"),
        (6, 6, "Vouches to", "head"),
        (7, LAST, "Release, and remarks", "head"),
    )
    for r in result.releases:
        kind = "not used" if not r.used else "starter" if r.starter else "full"
        sheet.spans(
            (2, 2, words.KINDS.get(r.kind, r.kind), "wrapped"),
            (3, 3, kind, "wrapped" if kind == "full" else "review"),
            (4, 4, r.rows, "count"),
            (5, 5, r.effective, "date"),
            (6, 6, r.vouches_to, "date"),
            (7, LAST, f"{r.label}. {r.note}".rstrip(". ") + ".", "wrapped"),
        )


def _run(sheet: Sheet, result: AuditResult) -> None:
    options = result.options
    _section(sheet, "This run")
    asked = {
        "Run": options.run_id,
        "As of": options.as_of.isoformat(),
        "Program": f"auditor {auditor.__version__}, rule set {auditor.RULE_SET_VERSION}",
        "Rules asked for": ", ".join(sorted(options.select)) or "all",
        "Rules left out": ", ".join(sorted(options.ignore)) or "none",
        "Sheets": "Findings: one row a finding. Input: how the files were read, rejected rows and"
        " repairs. Coverage: what each rule judged. Rules: what each rule flags and why.",
    }
    for name, value in asked.items():
        sheet.spans((2, 2, name, "strong"), (3, LAST, value, "wrapped"))


def _text(sheet: Sheet, text: str, look: str = "lead") -> None:
    sheet.paragraph(text, look, 2, LAST)


def _section(sheet: Sheet, title: str) -> None:
    sheet.skip()
    sheet.spans((2, 2, title, "section"), height=22)


def _header(sheet: Sheet, names: Sequence[str], numbers: Sequence[int]) -> None:
    """A header row from column B on; `numbers` are the columns (2..) that hold figures."""
    looks = ["head number" if n in numbers else "head" for n in range(2, len(names) + 2)]
    sheet.add([None, *names], ["", *looks])
