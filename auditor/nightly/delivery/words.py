"""One feed's night in words: counts, sums, rules, the report's place. Never a claim or a patient.

What is told is picked one by one: a figure that is added to an outcome is told only where
somebody says so here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from auditor.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.nightly.delivery.interface import Pending
    from auditor.nightly.outcome import FeedOutcome, Figures

Status = Literal["done", "incomplete", "failed"]
TIERS = ("certain", "review", "info")
MONEY_BASES = ("allowed", "paid", "charge")
"""The bases that carry an amount; amounts are never added across them."""
RULES_NAMED = 5
"""Rules whose new findings are told one by one, the most frequent first."""
_DONE = frozenset({ExitCode.DONE, ExitCode.FINDINGS})
_WARNINGS = {
    "late": "missing file",
    "short": "short file",
    "rejected": "rejected lines",
    "drift": "unusual figures",
    "files": "files",
    "reference": "reference tables",
    "day": "earlier day",
    "delivery": "delivery",
}
_LONGEST_SUBJECT = 150
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with rows below it; the cells of a row are a label and what is said of it."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def status(outcome: FeedOutcome) -> Status:
    """How the night of a feed ended, in one word."""
    if outcome.error is None and outcome.exit_code in _DONE:
        return "done"
    incomplete = outcome.error is None and outcome.exit_code == ExitCode.INCOMPLETE
    return "incomplete" if incomplete else "failed"


def headline(outcome: FeedOutcome) -> str:
    """The worst first, in a few words."""
    parts = {"done": [], "incomplete": ["INCOMPLETE"], "failed": ["FAILED"]}[status(outcome)]
    if outcome.figures is not None:
        parts.append(_new(outcome.figures))
    elif status(outcome) != "failed":
        # what did not come says more than that the night is incomplete without it
        parts = ["no file came"]
        if outcome.waiting:
            parts = ["no complete file came"]
        elif outcome.again:
            parts = ["no new file came"]
    warned = len(outcome.warnings) + (1 if _too_old(outcome) else 0)
    if warned and parts[0] != "FAILED":
        parts.append(counted(warned, "warning"))
    return ", ".join(parts)


def subject(item: Pending) -> str:
    """The mail's subject: one line of printable characters, `auditor FEED DAY: HEADLINE`."""
    # a word that looks encoded (RFC 2047) could hold a line end
    feed = clean(item.feed).replace("=?", "= ?")
    rest = f"{item.as_of}: {headline(item.outcome)}"
    over = len(f"auditor {feed} {rest}") - _LONGEST_SUBJECT
    if over > 0:
        feed = feed[: -over - 3] + "..."
    return f"auditor {feed} {rest}"


def sections(item: Pending, note: str = "") -> tuple[Section, ...]:
    """Everything the mail says, in its order; `note` is about the workbook that is sent along."""
    outcome, found = item.outcome, []
    if outcome.error is not None:
        found.append(Section("What failed", ((outcome.error,),)))
    if outcome.warnings or _too_old(outcome):
        found.append(Section("To look at", tuple(_warnings(outcome))))
    if outcome.figures is not None:
        found += _figures(outcome.figures)
    found.append(Section("Files", tuple(_files(outcome))))
    if outcome.folder is not None or note:
        place = () if outcome.folder is None else ((str(outcome.folder),),)
        found.append(Section("Report", (*place, *(((note,),) if note else ()))))
    return tuple(
        Section(s.title, tuple(tuple(clean(cell) for cell in row) for row in s.rows)) for s in found
    )


def closing(item: Pending) -> tuple[str, ...]:
    """The mail's last lines."""
    said = []
    if item.attempts:
        said.append("This message is late: it could not be delivered before.")
    if item.outcome.figures is not None:
        said.append(
            "Certain: the table or definition alone proves it. Review: the record, payer policy or"
            " data that is not on the claim decides. Amounts are estimates for review, counted once"
            " a line and never added across rows or columns."
        )
    run = f", run {clean(item.outcome.run_id)}" if item.outcome.run_id else ""
    said.append(f"Sent by auditor{run}. This message holds counts only: no claim, no patient.")
    return tuple(said)


def clean(text: str) -> str:
    """`text` on one line, without what cannot be seen or sent."""
    shown = _UNSEEN.sub(" ", text.encode("utf-8", "replace").decode())
    return shown.strip()


def counted(count: int, one: str) -> str:
    """'1 line', '2,345 lines'."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _new(figures: Figures) -> str:
    if count := figures.new.get("certain", 0):
        return counted(count, "new certain finding")
    if count := figures.new.get("review", 0):
        return f"{counted(count, 'new finding')} for review"
    return "no new findings"


def _figures(figures: Figures) -> Iterator[Section]:
    yield Section(
        "New tonight",
        tuple(
            (tier, f"{figures.new.get(tier, 0):,}", _amounts(figures.new_at_risk.get(tier, {})))
            for tier in _ordered(TIERS, {*TIERS, *figures.new})
        ),
    )
    if rules := tuple(_rules(figures.by_rule)):
        yield Section("New by rule", rules)
    opened = ", ".join(f"{tier} {figures.open[tier]:,}" for tier in _ordered(TIERS, figures.open))
    yield Section(
        "Findings in all",
        (
            ("standing", f"{figures.standing:,}", "found before and again tonight"),
            ("reopened", f"{figures.reopened:,}", "were resolved, and are found again"),
            ("resolved", f"{figures.resolved:,}", "found before and not any more"),
            ("open", f"{sum(figures.open.values()):,}", opened),
        ),
    )
    yield Section(
        "Lines",
        (
            ("read", f"{figures.lines_read:,}", ""),
            ("audited", f"{figures.lines_audited:,}", ""),
            ("seen before", f"{figures.lines_seen_before:,}", "unchanged since an earlier night"),
            ("set aside", f"{figures.lines_set_aside:,}", "void, superseded, institutional"),
            ("rejected", f"{figures.lines_rejected:,}", "could not be read as a claim line"),
        ),
    )
    yield Section(
        "Lines of earlier nights",
        (
            ("judged again", f"{figures.lines_judged_again:,}", "tonight's touch their day"),
            ("superseded", f"{figures.lines_superseded:,}", "stand no longer"),
        ),
    )


def _amounts(by_basis: Mapping[str, str]) -> str:
    """'at risk: $1,234.50 (allowed), $20.00 (charge)': each basis alone."""
    told = [f"${_grouped(by_basis[b])} ({b})" for b in MONEY_BASES if b in by_basis]
    return f"at risk: {', '.join(told)}" if told else ""


def _grouped(dollars: str) -> str:
    """Dollars as they stand in the outcome, with commas between the thousands."""
    whole, dot, cents = dollars.partition(".")
    return f"{int(whole):,}{dot}{cents}" if whole.isdigit() else dollars


def _rules(by_rule: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    ranked = sorted(((-count, rule) for rule, count in by_rule.items() if count))
    for count, rule in ranked[:RULES_NAMED]:
        yield rule, f"{-count:,}"
    if rest := ranked[RULES_NAMED:]:
        yield counted(len(rest), "other rule"), f"{-sum(count for count, _ in rest):,}"


def _warnings(outcome: FeedOutcome) -> Iterator[tuple[str, ...]]:
    for warned in sorted(outcome.warnings, key=lambda w: not w.fails):
        name = _WARNINGS.get(warned.kind, warned.kind)
        yield name + (" (makes the night incomplete)" if warned.fails else ""), warned.text
    for text in _too_old(outcome):
        yield _WARNINGS["reference"], text


def _too_old(outcome: FeedOutcome) -> tuple[str, ...]:
    """What the figures say of the tables, unless a warning says the same."""
    told = {w.text for w in outcome.warnings}
    figures = outcome.figures
    return () if figures is None else tuple(t for t in figures.releases_too_old if t not in told)


def _files(outcome: FeedOutcome) -> Iterator[tuple[str, ...]]:
    yield "taken", f"{outcome.files:,}"
    if outcome.again:
        yield "came again", f"{outcome.again:,}", "audited before, and not audited twice"
    if outcome.waiting:
        yield "left in the inbox", f"{outcome.waiting:,}", "not complete yet, or not ours to read"


def _ordered(order: tuple[str, ...], names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (order.index(n) if n in order else len(order), n))
