"""Choosing one column of several whose names fit a field: by rank of name, and by values.

Nothing is raised here. What cannot be decided is kept as a problem, so that a survey of all fields
and the refusal of a file come from one and the same decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake import likeness, missing, names, values
from auditor.intake.columns import Columns, bare
from auditor.intake.sample import FEW, HALF, MANY, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from auditor.intake.names import Match

_FREE = frozenset({"claim_note"})  # the first will do: rules ask whether there is one
_IDS = frozenset({"claim_id", "patient_id"})

Candidate = tuple[int, "Match"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the file cannot be read as it is."""

    fields: tuple[str, ...]
    undecided: bool
    """Columns that cannot be told apart; otherwise no column could be used."""
    error: InputRejected


class Choosing:
    """The columns chosen so far, and what is left to choose from."""

    def __init__(self, header: tuple[str, ...], cells: pl.DataFrame, where: str) -> None:
        """Arguments as of mapping.resolve."""
        self.columns = Columns(header)
        self.sample = Sample(cells)
        self.where = where
        self.taken: set[int] = set()
        self.problems: list[Problem] = []
        self.rejected: dict[str, list[int]] = {}
        """Field -> columns of its name whose values are something else."""
        self.left_out: dict[str, list[int]] = {}
        """Notes on columns that were not read as what they are named like -> those columns."""
        self.candidates: dict[str, list[Candidate]] = {}
        for place, name in enumerate(header):
            # The number that a repeated header was given here is not part of its name.
            for match in names.matches(bare(name)):
                self.candidates.setdefault(match.field, []).append((place, match))
        dated = (self.candidates.get(name, []) for name in values.ASK_FOR_DATES)
        self.sample.expect(place for found in dated for place, _ in found)

    def believed(self, name: str) -> list[Candidate]:
        """The candidates of `name`; where a name says too little, those whose values prove it.

        What proves M1 holds of an M2 without a value as well, so that it is read when it has one.
        """
        every = self.candidates.get(name, [])
        proved = [
            (place, match)
            for place, match in every
            if not match.weak or (self.sample.judge(name, [place], proof=True).share or 0) >= HALF
        ]
        if name not in names.LISTS or len(proved) == len(every):
            return proved
        stems = {match.stem for _, match in proved if match.number is not None}
        return [
            (place, match)
            for place, match in every
            if (place, match) in proved
            or (match.number is not None and match.stem in stems and self.sample.blank(place))
        ]

    def free(self, name: str) -> list[Candidate]:
        """Those of them that no field is read from yet."""
        return [(p, m) for p, m in self.believed(name) if p not in self.taken]

    def settled(self, name: str) -> bool:
        """Whether `name` has its columns, or a problem that says why not."""
        return self.columns.has(name) or any(name in problem.fields for problem in self.problems)

    def take(self, place: int) -> int:
        """Let no other field be read from `place`."""
        self.taken.add(place)
        return place

    def quoted(self, places: Iterable[int]) -> str:
        """Their headers for a message."""
        return ", ".join(f"'{self.columns.names[place]}'" for place in places)

    def note(self, text: str) -> None:
        """Say something of the file, once."""
        if text not in self.columns.notes:
            self.columns.notes.append(text)

    def warn(self, text: str) -> None:
        """Say something of the file that the summaries repeat."""
        self.note(text)
        if text not in self.columns.warnings:
            self.columns.warnings.append(text)

    def not_read(self, text: str, places: Sequence[int]) -> None:
        """Say that `places` are not read as what they are named like."""
        self.note(text)
        self.left_out[text] = list(places)

    # --- one of several

    def pick(
        self, name: str, candidates: Sequence[Candidate], *, tested: bool = True
    ) -> int | None:
        """The column that fits best; None for no candidate, or where the choice is open.

        Not `tested`: the values have been looked at already.
        """
        found = sorted(candidates, key=lambda c: (c[1].rank, c[1].order, self.columns.names[c[0]]))
        if len(found) > 1:
            found = [(p, m) for p, m in found if not self.sample.blank(p)] or found[:1]
        if tested:
            found = self._of_its_kind(name, found)
        if not found:
            return None
        best = found[0][1].rank
        places = [place for place, match in found if match.rank == best]
        if len(places) == 1 or name in _FREE:
            return places[0]
        return self._of_equals(name, places)

    def _of_its_kind(self, name: str, found: list[Candidate]) -> list[Candidate]:
        """Without the columns whose values are plainly something else, which is said."""
        places = [place for place, _ in found]
        other = {place for place in places if self.sample.judge(name, [place]).other}
        if other:
            self.leave_out(name, [place for place in places if place in other])
        return [(p, m) for p, m in found if p not in other]

    def leave_out(self, name: str, places: Sequence[int]) -> None:
        """Say that `places` are named like `name`, but hold something else."""
        self.rejected.setdefault(name, []).extend(places)
        for place in places:
            text = f"{self.unlike(name, [place])}: it was not read as that."
            self.not_read(text, [place])

    def unlike(self, name: str, places: Sequence[int]) -> str:
        """That the values of `places` do not look like `name`, with the figure."""
        share, word = self.sample.judge(name, places).percent, missing.word(name)
        if len(places) == 1:
            return (
                f"Column {self.quoted(places)} is named like the {word}, but {share} of its values"
                " look like one"
            )
        return (
            f"Columns {self.quoted(places)} are named like the {word}, but {share} of their values"
            " look like one"
        )

    def _of_equals(self, name: str, places: list[int]) -> int | None:
        """One of several columns of equal names: they say the same, or only one can be it."""
        same = likeness.alike if name in _IDS else likeness.equal
        first, *rest = (self.sample.column(place) for place in places)
        if all(same(first, column) for column in rest):
            read = self.columns.names[places[0]]
            also = self.quoted(places[1:])
            self.note(f"Column '{read}' was read as {name}; {also} says the same.")
            return places[0]
        clear = self.clear(name, places)
        if clear is None:
            self.undecided(name, places)
        return clear

    def clear(self, name: str, places: Sequence[int]) -> int | None:
        """The one of `places` whose values fit where those of no other do; None for none."""
        shares = {place: self.sample.judge(name, [place]).share for place in places}
        good = [place for place, share in shares.items() if share is not None and share > MANY]
        bad = [place for place, share in shares.items() if share is not None and share < FEW]
        if len(good) != 1 or len(bad) != len(places) - 1:
            return None
        self.rejected.setdefault(name, []).extend(bad)
        read = self.columns.names[good[0]]
        for place in bad:
            self.note(f"{self.unlike(name, [place])}: '{read}' was read.")
        return good[0]

    # --- what cannot be decided

    def undecided(self, name: str, places: Sequence[int]) -> None:
        """Keep as a problem that each of `places` could be `name`; no other field takes them."""
        places = sorted(places)
        self.taken.update(places)
        example = self.columns.names[places[0]]
        error = InputRejected(
            f"Columns {self.quoted(places)} could each be the {missing.word(name)}, and they"
            " differ.",
            where=self.where,
            next_step=f"Say which one with --map {name}=COLUMN, for example"
            f" --map {name}='{example}'.",
        )
        self.problems.append(Problem((name,), undecided=True, error=error))
