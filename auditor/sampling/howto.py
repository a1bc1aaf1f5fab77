"""The words of the sheet How to: for somebody who knows coding and not statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.sampling.interface import Design

SECTIONS = ("What this is", "What to do, line by line", "What not to do", "Afterwards")


def paragraphs(section: str, design: Design) -> list[str]:
    """The paragraphs of a section."""
    return {
        SECTIONS[0]: _what(design),
        SECTIONS[1]: _do(design),
        SECTIONS[2]: _not(design),
        SECTIONS[3]: _after(design),
    }[section]


def _what(design: Design) -> list[str]:
    strata = (
        f" They were drawn apart from each of {len(design.strata)} strata (by {design.by})."
        if len(design.strata) > 1
        else ""
    )
    return [
        f"{design.sampled:,} claim lines, drawn at random from {design.lines:,} lines that the"
        f" audit had something to say about.{strata} Chance alone decided which: that is why what"
        " you find in these lines can be carried over to all of them.",
        "A finding is a question, not a verdict. Some of these lines will turn out to be right as"
        " billed. Say so where it is so: the sheet is worth nothing if only errors are looked for.",
    ]


def _do(design: Design) -> list[str]:
    paid = design.basis == "paid"
    first = (
        [
            "Paid: what the payer paid for this line, from the remittance advice. 0 if it paid"
            " nothing."
        ]
        if paid
        else []
    )
    examined = "paid" if paid else "billed"
    return [
        "Read the record of the line on the sheet Sample, as you would for any audit. The columns"
        " to fill in are yellow, and their headers end in (fill in).",
        *first,
        f"Should be: the amount that should have been {examined} for this line, in dollars. The same"
        f" amount as {examined.capitalize()} if the line is right. 0 if nothing should have been"
        f" {examined}. More than {examined.capitalize()} if too little was {examined}: such lines"
        " count too, against the others.",
        "In error: yes if the line is wrong in any way, no if it is right. A line can be in error"
        " with the same amount (a wrong modifier that pays alike). Where you say no, Should be may"
        " stay empty.",
        "Difference may stay empty: the program works it out. If you fill it in, it is"
        f" {examined.capitalize()} less Should be, and the program checks it.",
        "Reason, Reviewer, Reviewed on: for whoever reads this after you.",
        "If the record cannot be found, do not guess and do not skip to another line: leave the"
        " line empty and say so in Reason. The program names the lines without an answer, and"
        " whoever runs it decides what they count as.",
    ]


def _not(design: Design) -> list[str]:
    return [
        "Do not delete rows and do not put other lines in their place: then it is no random sample"
        " any more. You may sort, filter, hide columns, widen them and save with another name, also"
        " with LibreOffice.",
        "When you sort, sort whole rows. Do not change what is not yellow: every row carries a"
        " check, and the program refuses a row that no longer fits it, naming row and column.",
        f"Do not draw again until you like the sample. The seed ({design.seed}) and the method are"
        " on the sheet Frame so that anybody can draw the same lines again.",
        "This file names patients. Treat it as the records it came from.",
    ]


def _after(design: Design) -> list[str]:
    return [
        "Give the file back to whoever runs the program: auditor estimate FILE.xlsx says how many"
        " lines, and how much money, are in error, and within which limits.",
        f"What comes out is about the {design.lines:,} lines on the sheet Frame and about no other"
        " lines: lines that the audit had nothing to say about were never in the drum. It is an"
        " estimate that helps to decide, not a payment decision.",
    ]
