"""`auditor demo`: audit the packaged sample and say in a few lines what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from auditor.cli import output, places
from auditor.cli.given import today
from auditor.cli.run import Done, Request, perform
from auditor.cli.summary import money

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 5


def demo(ctx: typer.Context) -> None:
    """Audit the sample export that comes with the program."""
    inputs, as_of = (places.sample(),), today()
    request = Request(inputs=inputs, as_of=as_of, report=places.default_report(inputs, as_of))
    for text in lines_text(perform(request, ctx.obj)):
        output.say(text)


def lines_text(done: Done) -> Iterator[str]:
    """What was found and where it stands."""
    from auditor.report.figures import by_rule, by_tier

    result = done.result
    rules = by_rule(result.tally).rows()
    tiers = ", ".join(f"{n} {tier}" for tier, n in by_tier(result.tally).items())
    most = sorted(rules, key=lambda row: -(row[2] + row[3]))[:_MOST]  # certain and review
    yield output.wrapped(
        "Audited the sample, one clinic week of invented claims:"
        f" {result.lines_read} lines, {result.found} findings ({tiers})."
    )
    yield output.wrapped(f"Most often: {', '.join(f'{row[0]} {row[1]}' for row in most)}.")
    for tier, amounts in money(result).items():
        yield output.wrapped(f"At risk, an estimate ({tier}): {', '.join(amounts)}.")
    yield f"Workbook: {done.written[0]}"
    yield "Next: auditor audit YOUR_FILE, auditor rules, auditor --help"
