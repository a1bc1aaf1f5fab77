"""Sheet Summary: the night on one printed page.

What was audited, what needs action, what it may cost, which rules and practitioners it comes
from, what could not be judged, and what the tables are that decided. Columns B to H hold it; what
the charts draw stands to the right of the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.practice import MONEY_BASES
from auditor.report import charts, copies, figures, night_parts, nights, words
from auditor.report.figures import TIERS
from auditor.report.findings_sheet import shown_of, whole_set
from auditor.report.sheet import Sheet, place_of
from auditor.report.summary_parts import files, gaps, releases
from auditor.tally import tally

if TYPE_CHECKING:
    import polars as pl

    from auditor.report.sheet import Book
    from auditor.report.view import View

WIDTHS = (2, 42, 13, 13, 13, 17, 17, 17, 2, 4, 36, 12, 12, 4, 20, 10, 10)
LAST = 8
LAST_PRINTED = "I"
FAMILIES_SHOWN = 8
NOTES_SHOWN = 4
_ANSWER_POINTS = 24


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    sheet = Sheet(book, "Summary", WIDTHS, upright=True)
    sheet.ws.page_setup.fitToHeight = 1
    _head(sheet, view)
    life = view.result.life
    if life is None:
        _glance(sheet, view, view.result.findings, "At a glance")
    else:
        _glance(sheet, view, nights.fresh(view.result, life), "New tonight")
        night_parts.earlier_findings(sheet, view.result, life)
        night_parts.clock(sheet, view.result, life)
    basis = figures.leading_basis(view.result.tally)
    _families(sheet, view, basis)
    charts.side_by_side(sheet, view, basis)
    if not view.result.part:
        gaps(sheet, view)
    releases(sheet, view)
    files(sheet, view)
    sheet.print_columns(LAST_PRINTED)


def _head(sheet: Sheet, view: View) -> None:
    result = view.result
    sheet.spans((2, 5, "Claim audit", "title"), (6, LAST, _made(view), "right note"), height=30)
    served = words.span(result.first_service_date, result.last_service_date)
    count = words.number(len({f.name for f in result.files}), "file")
    lines = words.number(result.lines_audited, "claim line")
    read = words.number(result.lines_read, "line")
    dates = f", services of {served}" if served else ""
    _text(sheet, f"Audited: {lines} of {read} read from {count}{dates}.")
    if again := words.judged_again(result):
        _text(sheet, again)
    if whole := whole_set(view):
        _text(sheet, f"{shown_of(result.findings.height, view.cap)}{whole}")
    for text in copies.told(view):
        _text(sheet, text)
    notes = [*figures.warnings(result), *result.notes]
    for note in notes[:NOTES_SHOWN]:
        _text(sheet, note, "small")
    if len(notes) > NOTES_SHOWN:
        more = words.number(len(notes) - NOTES_SHOWN, "more remark")
        _text(sheet, f"{more} on the sheet About.", "small")


def _made(view: View) -> str:
    return f"As of {view.result.options.as_of.isoformat()}. Decision support, no payment decision."


def _glance(sheet: Sheet, view: View, findings: pl.DataFrame, title: str) -> None:
    """Findings, claims and money of each tier, and what could not be judged."""
    sheet.section(title, LAST)
    sheet.spans((5, 7, "Estimated amount at risk, taken from", "group"))
    names = ["", "Findings", "Claims", "Allowed", "Paid", "Charge", "Without amount"]
    sheet.header(2, names, range(3, LAST + 1))
    sums_of = tally(findings)
    counts, claims = figures.by_tier(sums_of), figures.claims_by_tier(findings)
    sums = {
        (tier, basis): (count, amount)
        for tier, basis, count, amount in figures.amounts(sums_of).iter_rows()
    }
    for tier in TIERS:
        money = [float(sums.get((tier, basis), (0, 0))[1]) for basis in MONEY_BASES]
        bases = ("not determined",) if tier == "info" else ("not determined", "none")
        without = sum(sums.get((tier, basis), (0, 0))[0] for basis in bases)
        sheet.spans(
            (2, 2, words.TIER_ANSWER[tier], f"big {tier}"),
            (3, 3, counts[tier], "big count"),
            (4, 4, claims[tier], "mid count"),
            *((n, n, amount, "mid money") for n, amount in enumerate(money, start=5)),
            (LAST, LAST, without, "side count"),
            height=_ANSWER_POINTS,
        )
        sheet.link(2, place_of("Findings"))
    sheet.spans(
        (2, 2, "Could not be judged", "big open"),
        (3, LAST, _open(view), "mid text"),
        height=_ANSWER_POINTS,
    )
    if not view.result.part:
        sheet.link(2, place_of("Coverage"))
    if view.result.consulted:
        sheet.spans((2, 2, "Decided before", "big open"), (3, LAST, _decided(view), "mid text"))
        sheet.link(2, place_of("Decisions"))
    _text(sheet, words.GLANCE_MEANING, "small")


def _decided(view: View) -> str:
    """In a sentence, what stands of the reviewers' decisions."""
    meaning = words.DECISIONS
    if view.result.life is not None:  # what is new stands above, and little of it was decided
        meaning = meaning | {"standing": words.SETTLED_TONIGHT}
    told = [
        f"{_of_tiers(view, state) or format(count, ',')} {meaning[state]}"
        for state, count in view.result.decisions.items()
        if count
    ]
    if not told:
        return "None of these findings."
    of = "Of all that was judged tonight: " if view.result.life is not None else ""
    return f"{of}{'; '.join(told)}."


def _of_tiers(view: View, state: str) -> str:
    """'5 certain, 3 review': findings in this state by tier; '' for decisions without a finding."""
    of = view.result.standing.filter(state=state).select("finding_id")
    counts = figures.by_tier(tally(view.result.findings.join(of, on="finding_id", how="semi")))
    return ", ".join(f"{count:,} {tier}" for tier, count in counts.items() if count)


def _open(view: View) -> str:
    """In a sentence, what could not be judged."""
    if view.result.part:
        return "Told in the report of all lines, by rule and not by practitioner."
    uncovered = figures.not_judged(view.result.coverage).filter(state="not judged")
    rejected = sum(f.rejected for f in view.result.files)
    told = []
    if rejected:
        told.append(f"{words.number(rejected, 'line')} could not be read and were rejected.")
    if not uncovered.is_empty():
        rules = words.number(len(set(" ".join(uncovered["rules"]).split())), "rule")
        told.append(f"{rules} could not judge every line. The reasons are below.")
    if not view.result.judged:
        told.append(words.NOTHING_AUDITED)
    return " ".join(told) or "Nothing: every rule judged every line it is for."


def _families(sheet: Sheet, view: View, basis: str) -> None:
    """Findings by kind of rule, with what is at risk."""
    of = ", of the lines judged tonight" if view.result.life else ""
    sheet.section(f"Findings by kind of rule{of}", LAST)
    frame = figures.by_family(view.result.findings, basis)
    if frame.is_empty():
        _text(sheet, "No findings.")
        return
    sheet.spans((6, 7, f"Estimated at risk, by {basis} amount", "group"))
    names = ["Kind of rule", "Certain", "Review", "Info", "Certain", "Review"]
    sheet.header(2, names, range(3, 8))
    for row in frame.head(FAMILIES_SHOWN).iter_rows():
        _family(sheet, words.family(row[0]), row[1:])
    rest = frame.slice(FAMILIES_SHOWN)
    if not rest.is_empty():
        sums = rest.drop("family").sum().row(0)
        _family(sheet, f"{words.number(rest.height, 'more kind')} of rule", sums)


def _family(sheet: Sheet, name: str, found: tuple[Any, ...]) -> None:
    certain, review, info, *money = found
    sheet.add(
        [None, name, certain, review, info, *(float(m) for m in money)],
        ["", "wrapped", *["count"] * 3, *["money or dash"] * 2],
    )


def _text(sheet: Sheet, text: str, look: str = "lead") -> None:
    sheet.paragraph(text, look, 2, LAST)
