"""The closing summary of an audit, in plain text and without a word from a claim."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from auditor.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.cli.run import Done, Request
    from auditor.comparing import Comparison
    from auditor.result import Audited

_PADDING = 2
_ROWS = 10
"""So many changed table rows are printed; --compare-out has them all."""
_WITHOUT_AMOUNT = {"none": "without amount"}


def lines_text(done: Done, request: Request) -> Iterator[str]:
    """The whole summary; some of its texts hold line breaks."""
    from auditor.report.figures import warnings

    result = done.result
    more = f" and {len(request.inputs) - 1} more" if len(request.inputs) > 1 else ""
    settings = f", with the settings of {request.settings}" if request.settings else ""
    yield f"Audited {request.inputs[0].name}{more} as of {request.as_of}{settings}"
    yield ""
    yield from _section("Lines", _lines(result, request))
    yield from _findings(result)
    yield from _decisions(result, request)
    yield from _section("Amount at risk (an estimate for review)", _amounts(result))
    yield from _section("Coverage", _coverage(result))
    yield from _section("Reference", [("", text) for text in reference(result)])
    if result.comparison is not None:
        yield from compared(result.comparison, request)
    yield from _section("Notes", [("", note) for note in (*warnings(result), *result.notes)])
    if done.written or done.published:
        # not wrapped: a path stays whole, so that it can be copied
        yield "Written"
        yield from (f"{' ' * _PADDING}{path}" for path in done.written)
        if done.published:
            yield f"{' ' * _PADDING}{done.published} (by the cluster)"
        wanted = request.report
        if wanted is not None and done.written[0].name.startswith(f"{wanted.stem} ("):
            text = (
                f"{wanted.name} was left as it was: it is an earlier report, or open in another"
                " program."
            )
            yield output.wrapped(text, _PADDING)
        yield ""
    yield f"Done in {done.seconds:.1f} s (run {result.options.run_id})"


def money(result: Audited) -> dict[str, list[str]]:
    """Of each tier its amounts by basis; never one sum of all, and info findings carry none."""
    from auditor.practice import MONEY_BASES
    from auditor.report.figures import amounts

    texts: dict[str, list[str]] = {}
    for tier, basis, _, amount in amounts(result.tally).rows():
        if tier != "info" and basis in MONEY_BASES:
            texts.setdefault(tier, []).append(f"{basis} {amount:,.2f}")
    return texts


def reference(result: Audited) -> list[str]:
    """The releases that judged, and how old those are that judged the last services.

    What to do about the starter set stands in the result's notes.
    """
    from auditor.report import ages, words
    from auditor.report.figures import decided

    last = result.last_service_date
    judging = {r.label for r, _ in decided(result.releases, last)}
    texts = []
    for release in result.releases:
        if not release.used or release.starter:
            continue
        text = f"{release.label}, {release.rows:,} rows"
        if release.label in judging:
            text += f", for services to {release.vouches_to}"
            age = words.age(release.vouches_to, last)
            text += f"; {age}" if age else ""
        texts.append(text)
    starters = sorted({r.kind for r in result.releases if r.used and r.starter})
    if starters:
        texts.append(f"Starter set only for {', '.join(starters)}")
    return texts + [f"Warning: {old.told()}" for old in ages.late(result)]


def compared(comparison: Comparison, request: Request) -> Iterator[str]:
    """What the other tables would have found, by rule, and the table rows behind it."""
    yield output.wrapped(f"Compared with the tables in {request.compare_reference}")
    counts = comparison.counts
    same = (
        f"{comparison.same:,} {'finding is' if comparison.same == 1 else 'findings are'} the same"
    )
    if comparison.findings.is_empty():
        yield output.wrapped(f"No finding appears, disappears or changes; {same}.", _PADDING)
        yield ""
        return
    rows = [["", *counts, ""]]
    rows += [[rule, *map(_number, of), name] for rule, name, *of in comparison.by_rule().rows()]
    rows.append(["all", *map(_number, counts.values()), ""])
    for line in output.table(rows, right=frozenset({1, 2, 3})).splitlines():
        yield f"{' ' * _PADDING}{line}"
    yield output.wrapped(f"{same} with both.", _PADDING)
    told = comparison.table_changes()
    if not told.is_empty():
        yield output.wrapped("Rows behind them, in the tables used -> in the others:", _PADDING)
    for rule, change, text, findings in told.head(_ROWS).rows():
        yield output.wrapped(f"{rule} {change} ({findings:,}): {text}", 2 * _PADDING)
    if told.height > _ROWS:
        yield output.wrapped(f"and {told.height - _ROWS:,} more", 2 * _PADDING)
    yield ""


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield title
    label = max(len(name) for name, _ in rows)
    indent = _PADDING + (label + 2 if label else 0)
    for name, text in rows:
        yield output.wrapped(text, indent, f"{' ' * _PADDING}{name}" if name else None)
    yield ""


def _lines(result: Audited, request: Request) -> list[tuple[str, str]]:
    reasons = Counter[str](dict(result.set_aside["reason"].value_counts().iter_rows()))
    rejected = sum(file.rejected for file in result.files)
    why_rejected = "each with its reasons on the sheet Input" if rejected and request.report else ""
    rows = [
        ("read", result.lines_read, ""),
        ("audited", result.lines_audited, ""),
        ("set aside", reasons.total(), ", ".join(f"{n:,} {r}" for r, n in sorted(reasons.items()))),
        ("rejected", rejected, why_rejected),
    ]
    if result.lines_again:
        rows.append(("again", result.lines_again, "of earlier nights, judged again"))
    size = max(len(f"{number:,}") for _, number, _ in rows)
    return [
        (name, f"{number:>{size},}" + (f"  ({why})" if why else "")) for name, number, why in rows
    ]


def _findings(result: Audited) -> Iterator[str]:
    from auditor.report.figures import TIERS, by_rule, by_tier

    if not result.found:
        yield from _section("Findings", [("", "none")])
        return
    tally = result.tally
    rows = [["", *TIERS, ""]]
    rows += [[rule, *map(_number, of), name] for rule, name, *of in by_rule(tally).rows()]
    rows.append(["all", *map(_number, by_tier(tally).values()), ""])
    yield "Findings"
    for line in output.table(rows, right=frozenset({1, 2, 3})).splitlines():
        yield f"{' ' * _PADDING}{line}"
    yield ""


_MEANINGS = {
    "standing": "decided, and off the worklist",
    "reopened": "decided, but what was judged has changed since",
    "expired": "decided for a time that is over",
    "disputed": "reviewers disagree",
    "pending": "records are asked for",
    "unmatched": "decided about claims of these files, and no longer found",
}


def _decisions(result: Audited, request: Request) -> Iterator[str]:
    """Findings by what stands of the decisions about them; nothing without a ledger."""
    counts = result.decisions
    if not counts:
        return
    size = max(len(f"{n:,}") for n in counts.values())
    told = [(state, f"{n:>{size},}  ({_MEANINGS[state]})") for state, n in counts.items() if n]
    *rows, blank = _section("Decisions of reviewers", told or [("", "none about these claims")])
    yield from rows
    # not wrapped: a path stays whole; of several ledgers the reader sees which one was asked
    yield f"{' ' * _PADDING}Ledger: {request.ledger}"
    yield blank


def _number(number: int) -> str:
    return f"{number:,}" if number else "-"


def _amounts(result: Audited) -> list[tuple[str, str]]:
    """The amounts of each tier, and how many of its findings have none and why."""
    from auditor.practice import MONEY_BASES
    from auditor.report.figures import amounts

    texts = money(result)
    for tier, basis, findings, _ in amounts(result.tally).rows():
        if tier != "info" and basis not in MONEY_BASES:
            why = _WITHOUT_AMOUNT.get(basis, basis)
            texts.setdefault(tier, []).append(f"{findings:,} {why}")
    return [(tier, "; ".join(parts)) for tier, parts in texts.items()]


def _coverage(result: Audited) -> list[tuple[str, str]]:
    from auditor.report.figures import not_judged

    if not result.judged:
        return [("", "no line was audited, so no rule judged anything")]
    return [
        (state, f"{reason.rstrip('.')} ({lines:,} {'line' if lines == 1 else 'lines'}): {rules}")
        for state, reason, rules, lines in not_judged(result.coverage).rows()
    ] or [("", "every rule judged every line it is about")]
