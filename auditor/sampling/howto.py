"""The words of the sheet How to: for somebody who knows coding and not statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.sampling.interface import Design

_WHAT = """
{sampled:,} claim lines, drawn at random from {lines:,} lines that the audit had something to say
about.{strata} Chance alone decided which: that is why what you find in these lines can be carried
over to all of them.

A finding is a question, not a verdict. Some of these lines will turn out to be right as billed.
Say so where it is so: the sheet is worth nothing if only errors are looked for.
"""
_STRATA = " They were drawn apart from each of {count} strata (by {by})."
_DO = """
Read the record of the line on the sheet Sample, as you would for any audit. The columns to fill in
are yellow, and their headers end in (fill in).

{paid}Should be: the amount that should have been {examined} for this line, in dollars. The same
amount as {Examined} if the line is right. 0 if nothing should have been {examined}. More than
{Examined} if too little was {examined}: such lines count too, against the others.

In error: yes if the line is wrong in any way, no if it is right. A line can be in error with the
same amount (a wrong modifier that pays alike). Where you say no, Should be may stay empty.

Difference may stay empty: the program works it out. If you fill it in, it is {Examined} less
Should be, and the program checks it.

Reason, Reviewer, Reviewed on: for whoever reads this after you.

If the record cannot be found, do not guess and do not skip to another line: leave the line empty
and say so in Reason. The program names the lines without an answer, and whoever runs it decides
what they count as.
"""
_PAID = """Paid: what the payer paid for this line, from the remittance advice. 0 if it paid
nothing.

"""
_NOT = """
Do not delete rows and do not put other lines in their place: then it is no random sample any more.
You may sort, filter, hide columns, widen them and save with another name, also with LibreOffice.

When you sort, sort whole rows. Do not change what is not yellow: every row carries a check, and the
program refuses a row that no longer fits it, naming row and column.

Do not draw again until you like the sample. The seed ({seed}) and the method are on the sheet Frame
so that anybody can draw the same lines again.

This file names patients. Treat it as the records it came from.
"""
_AFTER = """
Give the file back to whoever runs the program: auditor estimate FILE.xlsx says how many lines, and
how much money, are in error, and within which limits.

What comes out is about the {lines:,} lines on the sheet Frame and about no other lines: lines that
the audit had nothing to say about were never in the drum. It is an estimate that helps to decide,
not a payment decision.
"""
_TEXTS = {
    "What this is": _WHAT,
    "What to do, line by line": _DO,
    "What not to do": _NOT,
    "Afterwards": _AFTER,
}
SECTIONS = tuple(_TEXTS)


def paragraphs(section: str, design: Design) -> list[str]:
    """The paragraphs of a section."""
    examined = "paid" if design.basis == "paid" else "billed"
    strata = _STRATA.format(count=len(design.strata), by=design.by)
    text = _TEXTS[section].format(
        sampled=design.sampled,
        lines=design.lines,
        seed=design.seed,
        strata=strata if len(design.strata) > 1 else "",
        examined=examined,
        Examined=examined.capitalize(),
        paid=_PAID if design.basis == "paid" else "",
    )
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]
