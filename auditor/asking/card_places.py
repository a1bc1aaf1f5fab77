"""What a place of service does to a code, as far as the loaded columns let one say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.asking.card_parts import Place
from auditor.asking.card_words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.asking.card_modifiers import About
    from auditor.reference.interface import Reference


def places(about: About, reference: Reference) -> tuple[Place, ...]:
    """The statements on places, the strongest first."""
    return tuple(_places(about, reference))


def _places(about: About, reference: Reference) -> Iterator[Place]:
    pctc = about.indicator("pctc")
    fees = f"{about.schedule}, PC/TC indicator {pctc}"
    facility = reference.policy("facility_pos")
    if pctc == "1":
        by_tier = {
            tier: facility.filter(component_tier=tier)["pos"].to_list()
            for tier in ("certain", "review")
        }
        yield Place(
            text=f"In places {listed(by_tier['certain'])} the facility bills the technical part,"
            " so the practitioner adds 26.",
            source=f"{fees}; policy table facility_pos; Claims Processing Manual (100-04) ch. 13",
        )
        yield Place(
            text=f"In places {listed(by_tier['review'])} that is mostly so, and depends on who"
            " owns the equipment.",
            source=f"{fees}; policy table facility_pos; professional knowledge",
        )
    elif pctc in ("3", "4"):
        by = facility.filter(component_tier="certain")["pos"].to_list()
        yield Place(
            text=f"In places {listed(by)} the technical part is the facility's, and this code "
            + ("is that part alone" if pctc == "3" else "holds it")
            + ": a practitioner who gave the reading reports the code of the reading.",
            source=f"{fees}; policy table facility_pos; Claims Processing Manual (100-04) ch. 13",
        )
    elif pctc == "5":
        yield Place(
            text="For a hospital's patient it is not paid to a practitioner (places 19, 21, 22"
            " and 23): the hospital's staff gives it, and the hospital bills it.",
            source=fees,
        )
    if about.touched("INF-2"):
        yield Place(
            text="A practitioner does not bill it in places 19, 21, 22 and 23, nor mostly in 24:"
            " the facility does.",
            source="rule INF-2; NCCI Policy Manual ch. XI B 7",
        )
    for row in about.facts.own("pos_rules"):
        yield Place(
            text=_allowed(row["allowed_pos"].split(), reference),
            source=f"policy table pos_rules; rule EM-POS; {row['source']}",
        )
    for row in about.facts.own("telehealth_never"):
        but = row["unless_modifier"]
        yield Place(
            text="Not in places 02 and 10 (telehealth): it needs the patient and the practitioner"
            " in one room" + (f", unless {but} says that it is the reading alone." if but else "."),
            source="policy table telehealth_never; professional knowledge",
        )


_FEW = 16
"""Allowed places up to this number are named; of more the others are."""


def _allowed(allowed: list[str], reference: Reference) -> str:
    if len(allowed) <= _FEW:
        return f"Its places are {listed(allowed)}: a line in another is put up for review."
    every = reference.policy("place_of_service")["pos"].to_list()
    others = [pos for pos in every if pos not in allowed]
    return f"Not usual in places {listed(others)}: a line there is put up for review."
