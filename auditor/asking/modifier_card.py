"""All that the loaded tables know of one modifier on one date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from auditor.asking.card_parts import (
    Conflict,
    Guide,
    ModifierCard,
    Policy,
    Related,
    RuleLine,
    Witness,
)
from auditor.asking.card_rules import line
from auditor.asking.card_words import listed
from auditor.asking.descriptors import described
from auditor.asking.guidance import modifiers, topics
from auditor.asking.nearest import nearest
from auditor.rules.interface import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from auditor.asking.card_parts import State
    from auditor.reference.interface import Reference

_SEPARATES = {
    "global": "It may separate a visit, or a service of a global period, from another service of"
    " the day, where the pair has modifier indicator 1.",
    "distinct": "It may separate a pair of modifier indicator 1, where the record shows a separate"
    " service and no other modifier says it better.",
    "anatomic": "It may separate a pair of modifier indicator 1, where the other line is of another"
    " side, digit, eyelid or vessel.",
    "lab": "It may separate a pair of modifier indicator 1 of laboratory tests, where the test was"
    " repeated for a further result.",
}
_ORDER = {
    "pricing": "It prices the line, so it stands first.",
    "payment": "It changes payment; where it stands is left open.",
    "statistical": "It stands after modifiers that price the line.",
    "informational": "It informs only, and stands after all others.",
}
_TABLES = {
    "laterality": ("any_of", "expected on"),
    "therapy": ("discipline_modifiers", "needed on the always-therapy codes"),
    "therapy_class": ("discipline_modifiers", "under a therapy plan of care on"),
    "telehealth_never": ("unless_modifier", "makes a reading from afar possible on"),
}
"""Policy table -> column that names modifiers, and what it says of the codes of the row."""
_PLACES = re.compile(
    r"\((?:[0-9]{2}(?:, | and | or | to )?)+\)|\bplace of service [^.]*"
    r"|\bplaces?\b[^;.]*|\b[0-9]+ to [0-9]+"
)
"""Numbers in a rule's text that are places of service, ages or ranges and no modifiers."""
_RANGES = 12
"""So many ranges of codes are named."""


def modifier(word: str, reference: Reference, day: date) -> ModifierCard:
    """All that the tables of `reference` know of the modifier `word` on `day`.

    One that no table knows has a card too: its state is "unknown", with the nearest. Raises
    ReferenceDataError where a stored table cannot be read.
    """
    name = word.strip().upper()
    own = reference.policy("modifiers").filter(pl.col("modifier") == name)
    row = own.row(0, named=True) if own.height else None
    state, standing, witnesses = _standing(name, row, reference, day)
    guide = modifiers().get(name)
    about = [topic for topic in topics() if name in topic.modifiers]
    bypasses = None if row is None else row["ncci_bypass"] == "1"
    return ModifierCard(
        modifier=name,
        date=day,
        state=state,
        standing=standing,
        title=guide.title if guide else "",
        descriptor=described(name, reference),
        proper=guide.proper if guide else "",
        not_proper=guide.not_proper if guide else "",
        citation=guide.citation if guide else "",
        bypasses=bypasses,
        separates=_separates(row, bypasses),
        order=_order(name, reference),
        conflicts=tuple(_conflicts(name, reference)),
        codes=tuple(_codes(name, reference)),
        rules=_rules(name) if state == "in use" else (),
        related=_related(name, reference) if row is not None else (),
        guidance=tuple(
            Guide(id=t.id, title=t.title, text=t.text, citation=t.citation) for t in about
        ),
        nearest=nearest(name, reference) if state != "in use" else (),
        not_known=_not_known(guide is None, row is None),
        witnesses=witnesses,
    )


def _standing(
    name: str, row: dict[str, str] | None, reference: Reference, day: date
) -> tuple[State, str, tuple[Witness, ...]]:
    """State on the date: by the user's HCPCS file where it has it, else by the built-in table."""
    release = reference.release("hcpcs")
    found = reference.naming("hcpcs", name).filter(pl.col("kind") == "modifier")
    if release is not None and found.height:
        kept = found.row(-1, named=True)
        first, last, label = kept["effective"], kept["deletion"], release.label
    elif row is not None:
        first, last = (_day(row[c]) for c in ("effective", "deletion"))
        label = f"built-in table of modifiers: {row['source']}"
    else:
        return "unknown", f"No loaded table knows the modifier {name}.", ()
    witness = Witness(table=label, first=first, last=last)
    if first is not None and day < first:
        return "not yet", f"Its first day is {first} ({label}).", (witness,)
    if last is not None and last < day:
        return "ended", f"Its last day was {last} ({label}).", (witness,)
    since = f", from {first} on" if first else ""
    return "in use", f"Valid on {day}{since} ({label}).", (witness,)


def _day(cell: str | None) -> date | None:
    from datetime import date  # noqa: PLC0415 - the module needs it for annotations alone

    return date.fromisoformat(cell) if cell else None


def _separates(row: dict[str, str] | None, bypasses: bool | None) -> str:  # noqa: FBT001 - a fact
    if row is None:
        return ""
    if not bypasses:
        return "It separates no pair of the NCCI edits."
    return _SEPARATES.get(row["category"], "It may separate a pair of modifier indicator 1.")


def _order(name: str, reference: Reference) -> str:
    found = reference.policy("modifier_class").filter(pl.col("modifier") == name)
    return _ORDER.get(found["position_class"][0] or "", "") if found.height else ""


def _conflicts(name: str, reference: Reference) -> Iterator[Conflict]:
    table = reference.policy("modifier_conflicts")
    for row in table.iter_rows(named=True):
        pair = (row["modifier_a"], row["modifier_b"])
        if name in pair:
            other = pair[1] if pair[0] == name else pair[0]
            yield Conflict(
                modifier=other, tier=row["severity"], why=row["reason"], source=row["source"]
            )


def _codes(name: str, reference: Reference) -> Iterator[Policy]:
    """Policy tables that ask for it, with the ranges of codes."""
    for table, (column, says) in _TABLES.items():
        frame = reference.policy(table)
        low, high = ("code_low", "code_high") if "code_low" in frame.columns else ("code", "code")
        held = frame.filter(
            pl.col(column).str.split(" ").list.contains(name).fill_null(value=False)
        )
        ranges = [
            a if a == b else f"{a}-{b}"
            for a, b in held.select(pl.col(low).alias("a"), pl.col(high).alias("b")).iter_rows()
        ]
        if ranges:
            more = len(ranges) - _RANGES
            named = (
                listed(ranges)
                if more <= 0
                else (f"{', '.join(ranges[:_RANGES])} and {more} more ranges")
            )
            yield Policy(
                table=table,
                text=f"{says} {named}",
                source="; ".join(held["source"].unique().sort()),
            )
    classes = reference.policy("modifier_class").filter(
        pl.col("modifier") == name, pl.col("region_class").is_not_null()
    )
    if classes.height:
        regions = reference.policy("modifier_regions").filter(
            pl.col("class") == classes["region_class"][0]
        )
        ranges = [f"{a}-{b}" for a, b in regions.select("code_low", "code_high").iter_rows()]
        yield Policy(
            table="modifier_regions",
            text=f"makes no sense on {listed(ranges)}",
            source="; ".join(regions["source"].unique().sort()),
        )


def _rules(name: str) -> tuple[RuleLine, ...]:
    """Rules whose description speaks of the modifier."""
    word = re.compile(
        rf"(?<![\w.,-]){name}(?![\w%-]|[.,][0-9]| (?:days|minutes|units|lines|or more))"
    )
    return tuple(
        line(rule, only_with_modifier=False)
        for rule in catalogue()
        if word.search(_PLACES.sub("", f"{rule.flags} {rule.not_flagged} {rule.remedy}"))
    )


def _related(name: str, reference: Reference) -> tuple[Related, ...]:
    """Other modifiers of its kind that guidance is written of."""
    table = reference.policy("modifiers")
    kinds = table.filter(pl.col("modifier") == name)["category"]
    same = table.filter(pl.col("category") == kinds[0], pl.col("modifier") != name)["modifier"]
    if kinds[0] == "other":
        return ()
    guides = modifiers()
    return tuple(
        Related(code=other, text=guides[other].title, source=guides[other].citation)
        for other in same
        if other in guides
    )


def _not_known(no_guide: bool, no_row: bool) -> tuple[str, ...]:  # noqa: FBT001 - facts
    told = []
    if no_row:
        told.append(
            "The built-in table lists the modifiers of CPT and HCPCS; a payer may have its own."
        )
    elif no_guide:
        told.append("No guidance on it is written yet: when it is proper is not told here.")
    return tuple(told)
