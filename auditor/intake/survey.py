"""What was recognised for each field, how surely, and what else it could have been.

Built on the very decision that reads a file (mapping.decide), so that what is shown here and what
is read can never differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from auditor.intake import mapping, names, values
from auditor.intake.sample import HALF, MANY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from auditor.errors import InputRejected
    from auditor.intake.choosing import Choosing
    from auditor.intake.columns import Columns

Surety = Literal["sure", "likely", "unsure", "unused", "missing", "undecided"]
"""How surely a field has its column. "unused": columns bear its name and none is read, which does
no harm. "missing" and "undecided" are why a file is refused: a required field without a column,
and columns that cannot be told apart."""


class Rival(NamedTuple):
    """A column that bears the field's name and is not read as it."""

    place: int
    header: str
    share: float | None
    """Of its values that could be the field's; None: nothing filled, or anything could."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One field."""

    field: str
    surety: Surety
    places: tuple[int, ...]
    """Its columns in order, from 0; of a wide file those of all lines."""
    headers: tuple[str, ...]
    share: float | None
    """Of the values of those columns that could be the field's."""
    rivals: tuple[Rival, ...]
    suggestions: tuple[str, ...] = ()
    """Of a missing field: headers of unknown names whose values could be it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A whole file."""

    findings: tuple[Finding, ...]
    """Of every field that is required or that a column bears the name of: the required first."""
    columns: Columns
    """What would be read, as far as it is decided; its notes are remarks on the choice."""
    problems: tuple[InputRejected, ...]
    """Why the file would be refused; empty where it would be read."""

    def __getitem__(self, field: str) -> Finding:
        """The finding of `field`; KeyError where the file has nothing for it."""
        for finding in self.findings:
            if finding.field == field:
                return finding
        raise KeyError(field)


def survey(
    header: Sequence[str], cells: pl.DataFrame, mapped: Mapping[str, str], where: str = ""
) -> Survey:
    """Survey a file; arguments as of mapping.resolve.

    Raises ConfigError for a field or header in `mapped` that does not exist, and nothing else.
    """
    choosing = mapping.decide(header, cells, mapped, where)
    first = (*names.REQUIRED, *names.PRACTITIONER)
    rest = sorted(names.FIELDS - set(first))
    found = [_finding(choosing, name, frozenset(mapped)) for name in (*first, *rest)]
    return Survey(
        findings=tuple(finding for finding in found if finding is not None),
        columns=choosing.columns,
        problems=tuple(problem.error for problem in choosing.problems),
    )


def _finding(choosing: Choosing, name: str, mapped: frozenset[str]) -> Finding | None:
    places = tuple(choosing.columns.used().get(name, ()))
    rivals = _rivals(choosing, name, places)
    problem = next((p for p in choosing.problems if name in p.fields), None)
    if not (places or rivals or problem):
        return None
    surety: Surety
    suggestions: tuple[str, ...] = ()
    if problem is not None:
        surety = "undecided" if problem.undecided else "missing"
        if not problem.undecided:
            suggestions = tuple(mapping.offered(choosing, name))
    elif not places:
        surety = "unused"
    else:
        surety = "sure" if name in mapped else _surety(choosing, name, places)
    return Finding(
        field=name,
        surety=surety,
        places=places,
        headers=tuple(choosing.columns.names[place] for place in places),
        share=choosing.sample.judge(name, places).share if places else None,
        rivals=rivals,
        suggestions=suggestions,
    )


def _rivals(choosing: Choosing, name: str, places: tuple[int, ...]) -> tuple[Rival, ...]:
    """Columns of the field's name that it is not read from, and that no other field needs."""
    read = {place for columns in choosing.columns.used().values() for place in columns}
    read -= set(choosing.rejected.get(name, ()))
    bearing = [
        (match.rank, match.order, choosing.columns.names[place], place)
        for place, match in choosing.believed(name)
        if place not in places and place not in read
    ]
    return tuple(
        Rival(place, header, choosing.sample.judge(name, [place]).share)
        for _, _, header, place in sorted(bearing)
    )


def _surety(choosing: Choosing, name: str, places: tuple[int, ...]) -> Surety:
    """By the share of values that fit, how much the test tells, and how good the name is."""
    share = choosing.sample.judge(name, places).share
    if share is None:
        # Nothing is filled, or the field may hold anything.
        return "likely" if name not in values.FITS else "unsure"
    if share < HALF:
        return "unsure"
    ranks = [match.rank for place, match in choosing.candidates.get(name, []) if place in places]
    telling = name in values.TELLING or min(ranks, default=1) == 0
    if name in names.NPIS:
        telling = choosing.sample.checked(places)
    claim = choosing.columns.claim_dates and name == "service_date_from"
    return "sure" if share >= MANY and telling and not claim else "likely"
