"""The measures in words and tables: for the terminal, as Markdown, and as JSON for programs.

Counts, amounts and rules only; no claim, patient or practitioner is named.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from auditor.sampling import book

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.sampling.attribute import RateLimits
    from auditor.sampling.interface import Design
    from auditor.sampling.outcome import Outcome
    from auditor.sampling.variable import Estimate, Limits

SUFFIXES = (".json", ".md")
OIG = 90.0
"""Percent: the two-sided interval whose lower limit the OIG uses, and CMS's one-sided one."""


@dataclass(frozen=True, slots=True)
class Section:
    """A title, facts below it, and a table whose first row is its header (or no row)."""

    title: str
    facts: tuple[tuple[str, str], ...]
    table: tuple[tuple[str, ...], ...] = ()


def sections(outcome: Outcome) -> list[Section]:
    """The whole of it, in the order of reading."""
    told = [_what(outcome), _rate(outcome)]
    if len(outcome.strata) > 1:
        told.append(_strata(outcome))
    told += [_total(outcome), _ratio(outcome)]
    return told


def label(design: Design, number: int) -> str:
    """What a stratum is called where no practitioner may be named."""
    return design.strata[number - 1].name if design.by == "rule" else f"stratum {number}"


def _what(outcome: Outcome) -> Section:
    design = outcome.design
    by = f", drawn by {design.by}" if design.by else ""
    return Section(
        "Sample",
        (
            (
                "drawn",
                f"{design.sampled:,} of {design.lines:,} claim lines{by}, seed {design.seed}",
            ),
            ("answered", f"{design.sampled - outcome.unanswered:,}"),
            ("examined", "the amount billed" if design.basis == "charge" else "the amount paid"),
        ),
    )


def _rate(outcome: Outcome) -> Section:
    rate = outcome.rate
    facts = [
        ("in the sample", f"{rate.errors:,} of {rate.sampled:,}"),
        ("estimated rate", percent(rate.rate)),
    ]
    apart = len(outcome.strata) > 1
    how = (
        f"approximate (Student's t, {rate.df} degrees of freedom); beside them wide ones, which are"
        " never too narrow (exact in each stratum, together by Bonferroni)"
        if apart
        else "exact for a finite number of lines (hypergeometric); beside them those of Clopper and"
        " Pearson (C-P), for an endless number"
    )
    facts.append(("limits", how))
    name = "wide" if apart else "C-P"
    lines = ("lines from", "lines to")
    other = (f"{name} from", f"{name} to")
    more = (*other, *lines) if apart else (*lines, *other)
    table: list[tuple[str, ...]] = [("confidence", "from", "to", *more)]
    table += [(level(each.confidence), *_rate_row(each, rate.lines)) for each in rate.limits]
    return Section("Lines in error", tuple(facts), tuple(table))


def _rate_row(each: RateLimits, lines: int) -> tuple[str, ...]:
    counts = (f"{each.lines_low:,}", f"{each.lines_high:,}")
    exact = (percent(each.lines_low / lines), percent(each.lines_high / lines))
    if each.endless:
        return (*exact, *counts, *map(percent, each.endless))
    usual = tuple(map(percent, each.approximate)) if each.approximate else ("-", "-")
    return (*usual, *exact, *counts)


def _strata(outcome: Outcome) -> Section:
    table = [("stratum", "lines", "answered", "in error")]
    table += [
        (label(outcome.design, n), f"{s.lines:,}", f"{s.sampled:,}", f"{s.errors:,}")
        for n, s in enumerate(outcome.strata, start=1)
    ]
    return Section("Strata", (), tuple(table))


def _total(outcome: Outcome) -> Section:
    found = outcome.money
    total = found.total
    examined = "billed" if outcome.design.basis == "charge" else "paid"
    over, under, all_of_it = map(
        dollars, map(float, (found.overpaid, found.underpaid, found.examined))
    )
    facts = [
        ("in the sample", f"{over} too much, {under} too little, of {all_of_it} {examined}"),
        ("", f"{found.nonzero:,} lines with a difference"),
        ("point estimate", f"{dollars(total.point)} (difference estimator)"),
        *_spread(total, dollars),
    ]
    for each in total.limits:
        if each.confidence == OIG:
            facts += [
                (
                    "lower limit",
                    f"{dollars(each.low)} of the two-sided 90% interval, which the OIG uses",
                ),
                ("", f"{dollars(each.one_sided_low)} one-sided at 90%, which CMS contractors use"),
            ]
    return Section("Money in error, net, in the frame", tuple(facts), _limits(total, dollars))


def _ratio(outcome: Outcome) -> Section:
    found = outcome.money
    ratio = found.ratio
    examined = "billed" if outcome.design.basis == "charge" else "paid"
    if ratio is None:
        return Section(
            "Financial error rate", (("estimated rate", f"none: nothing was {examined}"),)
        )
    facts = [
        ("estimated rate", f"{percent(ratio.point)} of the amount {examined} (ratio estimator)"),
        *_spread(ratio, percent),
    ]
    if ratio.why != found.total.why:  # what both have in common stands in the notes
        facts.append(("limits", ratio.why))
    return Section("Financial error rate", tuple(facts), _limits(ratio, percent))


def _spread(estimate: Estimate, told: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a function of a figure, dollars or percent
    if estimate.standard_error is None:
        return [("standard error", "cannot be told")]
    facts = [("standard error", told(estimate.standard_error))]
    if estimate.limits:
        effective = (
            f"; effective {estimate.satterthwaite:.1f} (Satterthwaite)"
            if estimate.satterthwaite is not None
            else ""
        )
        facts.append(("degrees of freedom", f"{estimate.df}{effective}"))
    return facts


def _limits(estimate: Estimate, told: Any) -> tuple[tuple[str, ...], ...]:  # noqa: ANN401 - as above
    if not estimate.limits:
        return ()
    head = ("confidence", "t", "precision", "from", "to", "one-sided low", "one-sided high")
    return (head, *(_row(each, told) for each in estimate.limits))


def _row(each: Limits, told: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    figures = (each.precision, each.low, each.high, each.one_sided_low, each.one_sided_high)
    return (level(each.confidence), f"{each.t_two_sided:.4f}", *(told(f) for f in figures))


def percent(share: float) -> str:
    """A share of 1 as percent."""
    return f"{share:.2%}"


def dollars(amount: float) -> str:
    """An amount in dollars."""
    return f"{amount:,.2f}"


def level(confidence: float) -> str:
    """A confidence in percent, as it is said."""
    return f"{confidence:g}%"


def markdown(outcome: Outcome) -> str:
    """The measures as a Markdown document."""
    lines = ["# Estimate from an audit sample", ""]
    for section in sections(outcome):
        lines += [f"## {section.title}", ""]
        lines += [f"- {name + ': ' if name else ''}{value}" for name, value in section.facts]
        if section.facts:
            lines.append("")
        if section.table:
            head, *rows = section.table
            lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
            lines.append("")
    lines += ["## Notes", "", *(f"- {note}" for note in outcome.notes), ""]
    lines += [f"Findings file, SHA-256: {outcome.design.findings_sha256}", ""]
    return "\n".join(lines)


def summary(outcome: Outcome) -> dict[str, Any]:
    """The measures as plain values; money in dollars, rates as shares of 1, levels in percent."""
    design, found = outcome.design, outcome.money
    return {
        "answers": {
            "drawn": design.sampled,
            "unanswered": outcome.unanswered,
            "unanswered_treated": outcome.treated,
        },
        "confidence": outcome.confidence,
        "error_rate": asdict(outcome.rate),
        "financial_error_rate": None if found.ratio is None else asdict(found.ratio),
        "frame": {
            "billed": design.charge_cents / 100,
            "findings": design.findings,
            "fingerprint": design.frame_digest,
            "left_out": [asdict(each) for each in design.left_out],
            "lines": design.lines,
            "sha256": design.findings_sha256,
        },
        "notes": list(outcome.notes),
        "sample": {
            "basis": design.basis,
            "by": design.by,
            "fingerprint": design.sample_digest,
            "lines": design.sampled,
            "method": design.method,
            "seed": design.seed,
            "version": design.version,
        },
        "in_sample": {
            "examined": float(found.examined),
            "overpaid": float(found.overpaid),
            "skewness": found.skewness,
            "underpaid": float(found.underpaid),
            "with_difference": found.nonzero,
        },
        "schema_version": 1,
        "strata": [
            {"name": label(design, n), "lines": s.lines, "answered": s.sampled, "errors": s.errors}
            for n, s in enumerate(outcome.strata, start=1)
        ],
        "total": asdict(found.total),
    }


def write_outcome(outcome: Outcome, path: Path) -> Path:
    """Write it as .json or .md, at the next free name; answers the one used.

    Raises ReportError where the place cannot be written.
    """
    text = (
        json.dumps(summary(outcome), indent=2, sort_keys=True) + "\n"
        if path.suffix.lower() == ".json"
        else markdown(outcome)
    )

    def make(made: Path) -> None:
        made.write_text(text, encoding="ascii", newline="\n")

    return book.place_made(path, make)
