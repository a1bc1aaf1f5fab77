"""All that the loaded tables know of one code, or of one modifier, on one date.

    card = code("77002", load_reference(), date(2026, 3, 2))
    card.units[0].value
    json.dumps(card.as_json())

The tables and the rules are those of the night (auditor.auditing.audit), so the answers are too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.asking import card_tables as tables
from auditor.asking.card_facts import Facts, facts
from auditor.asking.card_history import history
from auditor.asking.card_kinds import kind
from auditor.asking.card_modifiers import About, advice
from auditor.asking.card_parts import Card, Guide, Related
from auditor.asking.card_places import places
from auditor.asking.card_policies import policies
from auditor.asking.card_rules import Asked, touching
from auditor.asking.card_standing import not_known, standing
from auditor.asking.descriptors import described
from auditor.asking.guidance import topics_of
from auditor.asking.nearest import nearest

if TYPE_CHECKING:
    from datetime import date

    from auditor.asking.card_parts import State
    from auditor.reference.interface import Reference

_CODE = re.compile(r"\b(?:[A-Z][0-9]{4}|[0-9]{5})\b")
_OUT_OF_USE = frozenset(("COD-1", "COD-2", "COD-3"))
MOST = 12
"""So many pairs of each column are listed where nobody asks for all of them."""


def code(
    word: str,
    reference: Reference,
    day: date,
    *,
    with_: str | None = None,
    most: int | None = MOST,
) -> Card:
    """All that the tables of `reference` know of the code `word` (CPT or HCPCS) on `day`.

    `with_`: another code, of which the card tells what the tables say of the two together.
    `most`: so many pairs of each column and indicator are listed (None: all); they are counted in
    any case. A code that no table knows has a card too: its state is "unknown", with the nearest.
    Raises ReferenceDataError where a stored table cannot be read.
    """
    name = word.strip().upper()
    rows = tables.read(name, reference, day)
    known = facts(name, day, reference)
    fees, addon = tables.fees(rows), tables.addon(rows)
    pairs, units = tables.pairs(rows, most), tables.units(rows)
    state, told = standing(rows, fees, reference)
    unpaid = tables.unpaid(name, reference, day)
    release = reference.release("ptp-practitioner")
    asked = Asked(
        known,
        fees,
        pairs[0],
        units,
        state == "in use",
        _starter(reference),
        bool(unpaid),
        release.vouches_to if release is not None else day,
    )
    found, every = touching(asked, reference)
    about = About(known, fees, addon, pairs[0], units, found)
    lives = state in {"in use", "doubtful"}
    if not lives:  # of a code that is not in use the rule that says so is what matters
        found = tuple(rule for rule in found if rule.id in _OUT_OF_USE)
    return Card(
        code=name,
        date=day,
        state=state,
        standing=told,
        kind=kind(name),
        descriptor=described(name, reference),
        guidance=_guidance(name),
        fees=fees,
        addon=addon,
        pairs=pairs,
        unpaid=unpaid,
        beside=tables.beside(rows, with_.strip().upper(), reference) if with_ else None,
        units=units,
        modifiers=advice(about) if lives else (),
        places=places(about, reference) if lives else (),
        rules=found,
        every_line=every,
        policies=policies(known) if lives else (),
        related=_related(name, known),
        history=history(rows, reference),
        not_known=not_known(rows, known, reference, state),
        nearest=_nearest(name, state, reference),
        successors=reference.successors(name),
    )


def _nearest(name: str, state: State, reference: Reference) -> tuple[str, ...]:
    """Codes written alike where no table knows the code; of one that ended its neighbors."""
    if state == "in use":
        return ()
    found = nearest(name, reference)
    return found if state == "unknown" else tuple(c for c in found if c[:-1] == name[:-1])


def _starter(reference: Reference) -> frozenset[str]:
    """Kinds of which only the starter set, or nothing, is there."""
    return frozenset(
        kind
        for kind in tables.TITLE
        if (release := reference.release(kind)) is None or release.starter
    )


def _guidance(name: str) -> tuple[Guide, ...]:
    return tuple(
        Guide(id=topic.id, title=topic.title, text=topic.text, citation=topic.citation)
        for topic in topics_of(name)
    )


def _related(name: str, known: Facts) -> tuple[Related, ...]:
    """Codes of the same question, by the topics and by the tables; each once."""
    found: dict[str, Related] = {}
    for topic in topics_of(name):
        for other, text in topic.related:
            if other != name:
                found.setdefault(other, Related(code=other, text=text, source=topic.citation))
    for row in known.own("medicare_codes"):
        for other in _CODE.findall(row["use"]):
            more = "" if row["use"] == other else f": {row['use']}"
            text = f"what Medicare takes in its place{more}"
            found.setdefault(other, Related(code=other, text=text, source=row["source"]))
    return tuple(found.values())
