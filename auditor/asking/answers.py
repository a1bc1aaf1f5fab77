"""The answer to a question, as plain values: what a command prints and `--json` hands out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from auditor import RULE_SET_VERSION, __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from auditor.asking.encounters import Encounter, Rejected

SCHEMA_VERSION = 1
VERDICTS = {
    "certain": "certain problem",
    "review": "needs a look",
    "info": "for information",
    "none": "nothing found",
}
"""Tier -> how it is said; `none`: no rule found anything on the line."""
LEAVE_OFF, ADD, REMOVE, UNITS = "leave off", "add modifier", "remove modifier", "lower units"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A change of one line that clears a finding and brings no other: it was tried."""

    action: str
    """leave off, add modifier, remove modifier or lower units."""
    line: int
    """The line to change, from 1."""
    modifier: str = ""
    units: int | None = None
    proper: str = ""
    """When that is proper, to be held against the record; '': the guidance has no entry."""
    citation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One finding on a line, as the audit makes it."""

    rule_id: str
    rule_name: str
    tier: str
    message: str
    remedy: str
    citation: str
    table_release: str | None
    table_row: str | None
    also: tuple[str, ...]
    """Other rules that deny the same line."""
    other_line: int | None
    """The line that it collides with or needs, from 1."""
    ways: tuple[Way, ...] = ()
    topics: tuple[str, ...] = ()
    """Guidance about both codes of a pair: `auditor search TOPIC`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What was found on one line of the question."""

    line: int
    """From 1."""
    code: str
    modifiers: tuple[str, ...]
    units: float
    day: date
    practitioner: str
    """'' for the practitioner of all lines without a name."""
    verdict: str
    """certain, review, info or none: the strongest tier on the line."""
    findings: tuple[Told, ...]

    @property
    def service(self) -> str:
        """Code and modifiers: 77002-26."""
        return "-".join((self.code, *self.modifiers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A PTP edit of two codes on the day."""

    column1: str
    column2: str
    modifier_indicator: int
    effective: date
    deletion: date | None
    separated: bool | None
    """Whether modifiers of these lines separate it now; None: the lines do not meet."""
    weak: bool = False
    """It does, and an auditor asks for the record all the same (PTP-2)."""
    by: tuple[str, ...] = ()
    """The modifiers that separate: 97140-59."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """A row of the add-on table that ties two of the asked codes on the day."""

    addon: str
    primary: str
    edit_type: int
    effective: date
    deletion: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What the tables say of two of the codes together."""

    first: str
    second: str
    day: date
    edits: tuple[Edit, ...]
    """In force on the day."""
    ended: Edit | None
    """The edit that ended last, where none is in force."""
    add_ons: tuple[AddOn, ...]
    ptp_release: str | None
    """None: no edit was found, and no whole table of pairs is at hand."""
    ptp_vouches_to: date | None
    """Last day of the release's quarter; a later day is judged by it all the same."""
    aoc_release: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Something about these lines that nobody looked at, or only with old tables."""

    what: str
    """In a sentence."""
    options: tuple[str, ...] = ()
    """The options that would give what is missing."""
    rules: tuple[str, ...] = ()
    """The rules that would then look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All about one encounter."""

    asked: Encounter
    lines: tuple[LineAnswer, ...]
    together: tuple[Pair, ...]
    unjudged: tuple[Unjudged, ...]
    notes: tuple[str, ...] = ()
    """What was taken for granted, in sentences."""

    @property
    def verdict(self) -> str:
        """The strongest tier of all lines."""
        return next(t for t in VERDICTS if t == "none" or any(x.verdict == t for x in self.lines))

    def as_json(self) -> dict[str, Any]:
        """Plain values under stable keys (docs/questions.md)."""
        asked = self.asked
        return {
            "question": " ".join(line.text for line in asked.lines),
            "place": asked.place,
            "date": asked.day.isoformat(),
            "pos": asked.pos,
            "age": asked.age,
            "birth": asked.birth and asked.birth.isoformat(),
            "sex": asked.sex,
            "payer": asked.payer,
            "diagnoses": list(asked.diagnoses),
            "assumed": sorted(asked.assumed),
            "verdict": self.verdict,
            **{
                name: [_plain(asdict(each)) for each in getattr(self, name)]
                for name in ("lines", "together", "unjudged")
            },
            "notes": list(self.notes),
        }


def in_words(rule_name: str) -> str:
    """A rule's name without its hyphens: orphan add-on."""
    return rule_name.replace("-", " ").replace("add on", "add-on")


def document(answers: Sequence[Answer], rejected: Sequence[Rejected] = ()) -> dict[str, Any]:
    """The one object of `auditor check --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "auditor": __version__,
        "rule_set": RULE_SET_VERSION,
        "answers": [answer.as_json() for answer in answers],
        "rejected": [{"place": each.place, "reason": each.reason} for each in rejected],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a dataclass
    """`value` with what JSON knows."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
