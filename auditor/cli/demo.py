"""`auditor demo`: audit the packaged sample and say in a few lines what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from auditor.cli import output, places
from auditor.cli.audit import today
from auditor.cli.run import Done, Request, perform
from auditor.cli.summary import TIERS, amounts, counts

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 5


def demo(ctx: typer.Context) -> None:
    """Audit the sample export that comes with the program."""
    request = Request(inputs=(places.sample(),), as_of=today())
    for text in lines_text(perform(request, ctx.obj)):
        output.say(output.wrapped(text))


def lines_text(done: Done) -> Iterator[str]:
    """What was found and where it stands."""
    result = done.result
    by_rule = counts(result)
    tiers = ", ".join(
        f"{sum(found.get(tier, 0) for found in by_rule.values())} {tier}" for tier in TIERS
    )
    yield (
        f"Audited the sample, one clinic week of invented claims: {result.lines_read} lines,"
        f" {result.findings.height} findings ({tiers}) of {len(by_rule)} rules."
    )
    totals = [f"{a.tier} {a.total:,.2f}" for a in amounts(result) if a.total is not None]
    yield f"Estimated amount at risk: {', '.join(totals) or 'none'}."
    names = dict(result.findings.select("rule_id", "rule_name").unique().rows())
    most = sorted(by_rule, key=lambda rule: (-sum(by_rule[rule].values()), rule))[:_MOST]
    yield f"Most often: {', '.join(f'{rule} {names[rule]}' for rule in most)}."
    yield f"Workbook: {done.written[0]}"
    yield "Next: auditor audit YOUR_FILE, auditor rules, auditor --help"
