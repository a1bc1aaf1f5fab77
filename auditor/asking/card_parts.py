"""The parts of a code's card: what each fact holds, and the same as JSON.

Every fact names its witness: the table, its release, and the dates of the row.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Literal

State = Literal["in use", "doubtful", "ended", "not yet", "unknown"]
"""doubtful: no table of the time says; unknown: no table knows it at all."""


def as_json(part: Any) -> Any:  # noqa: ANN401 - whatever a card is made of
    """`part` as JSON types: dataclasses are objects, tuples lists, dates ISO texts."""
    if is_dataclass(part):
        return {f.name: as_json(getattr(part, f.name)) for f in fields(part)}
    if isinstance(part, dict):
        return {name: as_json(value) for name, value in part.items()}
    if isinstance(part, tuple | list):
        return [as_json(each) for each in part]
    return part.isoformat() if isinstance(part, date) else part


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Where a fact stands."""

    table: str
    """Label of the release ('Fee schedule 2025Q4'), name of a policy table, or a citation."""
    first: date | None = None
    """First day of the row or release; None: the table gives none."""
    last: date | None = None
    """Last day, included; None: open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of the fee schedule."""

    name: str
    """status, pctc, global_days, multiple, bilateral, assistant, cosurgeon, team"""
    value: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """The row of the Medicare physician fee schedule."""

    indicators: tuple[Indicator, ...]
    components: tuple[str, ...]
    """Further rows of the code: 26, TC, 53."""
    in_force: bool
    """False: no loaded release covers the date, and the next later one is told."""
    witness: Witness

    def value(self, name: str) -> str:
        """The indicator called `name`; '' where the table leaves it blank."""
        return next((each.value for each in self.indicators if each.name == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """One code that supports an add-on, or one add-on that a code supports."""

    code: str
    edit_type: int
    witness: Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """What the add-on table says of the code."""

    primaries: tuple[Primary, ...]
    """Of the code as an add-on, in force on the date; without CCCCC."""
    contractor: bool
    """The contractor may accept further primaries (CCCCC, types 2 and 3)."""
    meanings: tuple[str, ...]
    """What the types of its rows mean."""
    supports: tuple[Primary, ...]
    """Add-ons that have the code as a primary, in force on the date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row of the pair table (NCCI PTP)."""

    column1: str
    column2: str
    indicator: int
    in_force: bool
    witness: Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs in force on the date that name the code, in one setting."""

    setting: Literal["practitioner", "hospital"]
    pays_0: int
    """As column 1, modifier indicator 0."""
    pays_1: int
    denied_0: int
    """As column 2, modifier indicator 0."""
    denied_1: int
    pays_over: tuple[tuple[str, int], ...]
    """As column 1: section of the other code, and how many; the most first."""
    denied_by: tuple[tuple[str, int], ...]
    as_column1: tuple[Pair, ...]
    """Indicator 0 first; in order of column 2, anesthesia and lettered codes last."""
    as_column2: tuple[Pair, ...]
    starter: bool
    """Only the built-in starter set is there: a pair that is not in it is not judged."""
    witness: Witness

    @property
    def count(self) -> int:
        """All of them."""
        return self.pays_0 + self.pays_1 + self.denied_0 + self.denied_1


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the tables say of the code together with another one."""

    code: str
    pairs: tuple[Pair, ...]
    """Every row of the two, also ended ones; practitioner."""
    hospital: tuple[Pair, ...]
    unpaid: str
    """Why column 1 of the pair in force never pays, so that it denies nothing; '' where it may."""
    addon: tuple[Primary, ...]
    """Add-on rows in force in which one of the two is the primary of the other."""
    addon_of: str
    """Which of the two is the add-on; '' where neither is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """A limit of units of service (MUE) in one release."""

    setting: Literal["practitioner", "hospital", "supplier"]
    value: int
    mai: int
    meaning: str
    in_force: bool
    witness: Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A modifier, or several of one use, and whether it belongs on the code."""

    modifiers: tuple[str, ...]
    fits: bool
    """True: it may belong there, where the record shows it; False: it does not."""
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a place of service does to the code."""

    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule that can touch the code."""

    id: str
    name: str
    tier: str
    business: tuple[str, ...]
    """Lines of business that it judges."""
    only_with_modifier: bool
    """A line without any modifier cannot break it."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a built-in policy table says of the code, in words."""

    table: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change over the loaded releases."""

    text: str
    witness: Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A code that belongs to the same question, and what it is for."""

    code: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Guidance in the project's own words."""

    id: str
    title: str
    text: str
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What a user's own file calls a code; it belongs to whoever wrote it."""

    text: str
    release: str
    source: str
    """Name of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that the loaded tables know of one code on one date."""

    code: str
    date: date
    state: State
    standing: str
    """The state in a sentence, with what shows it."""
    kind: str
    """What sort of code it is, in our own words."""
    descriptor: Descriptor | None
    """From the user's own file; None where none has it."""
    guidance: tuple[Guide, ...]
    fees: Fees | None
    addon: AddOn
    pairs: tuple[Pairs, ...]
    unpaid: str
    """Why the code never pays by itself, so that as column 1 it denies nothing; '' where it may."""
    beside: Beside | None
    units: tuple[Units, ...]
    modifiers: tuple[Advice, ...]
    places: tuple[Place, ...]
    rules: tuple[RuleLine, ...]
    every_line: int
    """How many rules look at any line, whatever its code; they are not in `rules`."""
    policies: tuple[Policy, ...]
    related: tuple[Related, ...]
    history: tuple[Change, ...]
    not_known: tuple[str, ...]
    nearest: tuple[str, ...]
    """Of a code that is not in use: known codes that are written alike."""
    successors: tuple[str, ...]
    """Of a code that ended: those that the user's own file names in its place."""

    def as_json(self) -> dict[str, Any]:
        """The card as JSON types (docs/questions.md)."""
        return {"type": "code", **as_json(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A modifier that does not stand beside another on a line."""

    modifier: str
    tier: str
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifierCard:
    """All that the loaded tables know of one modifier on one date."""

    modifier: str
    date: date
    state: State
    standing: str
    title: str
    """What it says, in our own words; '' where no guidance is written yet."""
    descriptor: Descriptor | None
    """From the user's own file; None where none has it."""
    proper: str
    not_proper: str
    citation: str
    bypasses: bool | None
    """Whether it may separate a pair of indicator 1 (NCCI); None: the table lacks it."""
    separates: str
    order: str
    conflicts: tuple[Conflict, ...]
    codes: tuple[Policy, ...]
    """Policy tables that ask for it on certain codes."""
    rules: tuple[RuleLine, ...]
    """Rules whose description speaks of it."""
    related: tuple[Related, ...]
    guidance: tuple[Guide, ...]
    nearest: tuple[str, ...]
    not_known: tuple[str, ...]
    witnesses: tuple[Witness, ...]

    def as_json(self) -> dict[str, Any]:
        """The card as JSON types (docs/questions.md)."""
        return {"type": "modifier", **as_json(self)}
