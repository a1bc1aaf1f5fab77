"""Which column holds which field, and whether a row is one line or several.

A choice is made only where it is clear: a better rank of name, or columns that say the same.
Everything else is an error that names the candidates and how to say which one is meant.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from auditor.errors import ConfigError, InputRejected
from auditor.intake import likeness, missing, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from auditor.intake.names import Match

_FREE = frozenset({"claim_note"})  # the first of several will do: no rule depends on it
_NOT_QUITE_PATIENTS = {
    "SUBSCRIBER": "members of one family may share it",
    "PATIENTACC": "one patient may have several",
    "ACC": "one patient may have several",
}
_IDS = frozenset({"claim_id", "patient_id"})

Candidate = tuple[int, "Match"]


@dataclass(slots=True)
class Columns:
    """The columns of one file, by field. Places count the file's columns from 0."""

    names: tuple[str, ...]
    single: dict[str, int] = field(default_factory=dict)
    """Fields with one column, the same for every line of a row."""
    lists: dict[str, list[int]] = field(default_factory=dict)
    """modifiers, diagnoses and diagnosis_pointers: their columns in order."""
    slots: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    """Of a wide file: line number -> field -> its columns. Empty where a row is a line."""
    notes: list[str] = field(default_factory=list)
    claim_dates: bool = False
    """The dates of service are read from the claim's dates."""
    cents: frozenset[str] = frozenset()
    """Amount fields that count cents, whatever their columns are called."""

    def settle_dates(self) -> None:
        """Claim dates serve where a file has no line dates; both ends from the same level."""
        single = self.single
        if not self.has("service_date_from") and "claim_date_from" in single:
            single["service_date_from"] = single.pop("claim_date_from")
            self.claim_dates = True
            self.notes.append(
                "The file dates claims and not lines: where a claim covers several days, findings "
                "that compare lines of one day are at most at review."
            )
            if "service_date_to" not in single and "claim_date_to" in single:
                single["service_date_to"] = single.pop("claim_date_to")
        single.pop("claim_date_to", None)

    def used(self) -> dict[str, list[int]]:
        """Field -> its columns, each once."""
        found = {name: [place] for name, place in self.single.items()}
        for name, places in self.lists.items():
            found.setdefault(name, []).extend(places)
        for slot in self.slots.values():
            for name, places in slot.items():
                found.setdefault(name, []).extend(places)
        return found

    def mapping(self) -> dict[str, str]:
        """Field -> header or headers, for the report."""
        used = sorted(self.used().items())
        return {name: ", ".join(self.names[place] for place in places) for name, places in used}

    def unused(self) -> tuple[str, ...]:
        """Headers that no field is read from."""
        used = {place for places in self.used().values() for place in places}
        return tuple(name for place, name in enumerate(self.names) if place not in used)

    def unneeded(self) -> tuple[str, ...]:
        """Those of `unused` whose names are known."""
        return tuple(name for name in self.unused() if names.matches(_bare(name)))

    def has(self, name: str) -> bool:
        """Whether any column was found for field `name`."""
        return name in self.single or name in self.lists or self._slotted(name)

    def _slotted(self, name: str) -> bool:
        return any(name in slot for slot in self.slots.values())


def fits(header: Sequence[str], mapped: Mapping[str, str]) -> bool:
    """Whether names alone offer every required field; used to tell the sheets of a workbook."""
    known = {match.field for name in header for match in names.matches(name)}
    plain = {names.plain(name) for name in header}
    known |= {name for name, column in mapped.items() if names.plain(column) in plain}
    if "claim_date_from" in known:
        known.add("service_date_from")
    return known.issuperset(names.REQUIRED) and not known.isdisjoint(names.PRACTITIONER)


def resolve(
    header: Sequence[str], cells: pl.DataFrame, mapped: Mapping[str, str], where: str
) -> Columns:
    """Find the columns of every field.

    `header` holds one unique name a column of `cells` (all String, columns '0', '1' ...),
    `mapped` what the operator said (field -> header). Raises ConfigError for a field or header
    in `mapped` that does not exist, InputRejected where a required field has no column or where
    columns cannot be told apart.
    """
    return _Resolver(tuple(header), cells, where).run(mapped)


class _Resolver:
    """The state of one resolution."""

    def __init__(self, header: tuple[str, ...], cells: pl.DataFrame, where: str) -> None:
        self.columns = Columns(header)
        self.cells = cells
        self.where = where
        self.taken: set[int] = set()
        self.fits: dict[str, list[Candidate]] = {}
        for place, name in enumerate(header):
            # The number that a repeated header was given here is not part of its name.
            for match in names.matches(_bare(name)):
                self.fits.setdefault(match.field, []).append((place, match))

    def run(self, mapped: Mapping[str, str]) -> Columns:
        self._mapped(mapped)
        if not self._has("code"):
            self._code()
        # The ids first: an ICN is the claim id only where nothing better is.
        for name in ("claim_id", "patient_id", "service_date_from"):
            self._single(name)
        for name in sorted(names.FIELDS - {*names.LISTS, *names.REQUIRED}):
            self._single(name)
        self.columns.settle_dates()
        self._shared_ids()
        for name in names.LISTS:
            self._list(name)
        absent = [name for name in names.REQUIRED if not self._has(name)]
        if not any(self._has(name) for name in names.PRACTITIONER):
            absent.append("rendering_npi")
        if absent:
            raise missing.refuse(absent, self.columns.names, self._offered(absent), self.where)
        return self.columns

    def _offered(self, absent: list[str]) -> dict[str, list[str]]:
        """Of each absent field the headers not yet used whose cells could be it."""
        free = [n for n in range(len(self.columns.names)) if n not in self.taken]
        return {
            name: [self.columns.names[n] for n in free if likeness.suits(name, self.cells[str(n)])]
            for name in absent
        }

    # --- what the operator said

    def _mapped(self, mapped: Mapping[str, str]) -> None:
        for name, column in mapped.items():
            if name not in names.FIELDS:
                close = difflib.get_close_matches(name, sorted(names.FIELDS), 3)
                known = ", ".join(close or sorted(names.FIELDS))
                raise ConfigError(
                    f"There is no field '{name}' to map a column to.",
                    next_step=f"Did you mean: {known}?" if close else f"Fields are: {known}.",
                )
            if name in names.LISTS:
                # A whole header first: one may have a comma in it.
                parts = [column] if self._found(column) else column.split(",")
                self.columns.lists[name] = [self._place(part.strip(), name) for part in parts]
            else:
                self.columns.single[name] = self._place(column, name)

    def _found(self, column: str) -> list[int]:
        header = self.columns.names
        exact = [place for place, name in enumerate(header) if name == column]
        plain = names.plain(column)
        return exact or [p for p, name in enumerate(header) if plain and names.plain(name) == plain]

    def _place(self, column: str, name: str) -> int:
        places = self._found(column)
        if len(places) == 1:
            self.taken.add(places[0])
            return places[0]
        header = self.columns.names
        if places:
            self._undecided(name, places)
        close = difflib.get_close_matches(column, header, 3, 0.5)
        known = ", ".join(close or header[: missing.NAMED_AT_MOST])
        raise ConfigError(
            f"There is no column '{column}' for --map {name}={column}.",
            where=self.where,
            next_step=f"Did you mean: {known}?" if close else f"Its columns are: {known}.",
        )

    # --- single fields

    def _has(self, name: str) -> bool:
        return self.columns.has(name)

    def _free(self, name: str) -> list[Candidate]:
        return [(p, m) for p, m in self.fits.get(name, []) if p not in self.taken]

    def _single(self, name: str) -> None:
        """Find the one column of `name`; in a wide file, also those of its lines."""
        if self._has(name):
            return
        free = self._free(name)
        if self.columns.slots:
            for slot in sorted(self.columns.slots):
                own = [(p, m) for p, m in free if m.number == slot]
                place = self._pick(name, own)
                if place is not None:
                    self._take(place)
                    self.columns.slots[slot][name] = [place]
        else:
            numbers = {m.number for _, m in free} - {None}
            if numbers == {1}:  # UNITS_1 without a UNITS_2 is a single column
                free = [(p, m) for p, m in free if m.number is None] or free
            else:
                free = [(p, m) for p, m in free if m.number is None]
        plain = [(p, m) for p, m in free if m.number is None or not self.columns.slots]
        place = self._pick(name, plain)
        if place is not None:
            self._take(place)
            self.columns.single[name] = place

    def _take(self, place: int) -> int:
        self.taken.add(place)
        return place

    def _pick(self, name: str, candidates: list[Candidate]) -> int | None:
        """The column that fits best; None for no candidate. Raises where the choice is open."""
        if len(candidates) > 1:
            filled = [(p, m) for p, m in candidates if not self._blank(p)]
            candidates = filled or candidates[:1]
        if not candidates:
            return None
        best = min(match.rank for _, match in candidates)
        places = [place for place, match in candidates if match.rank == best]
        if len(places) > 1 and name not in _FREE:
            same = likeness.alike if name in _IDS else likeness.equal
            first = self.cells[str(places[0])]
            if not all(same(first, self.cells[str(place)]) for place in places[1:]):
                self._undecided(name, places)
            also = ", ".join(self._quoted(places[1:]))
            read = self.columns.names[places[0]]
            self.columns.notes.append(f"Column '{read}' was read as {name}; {also} says the same.")
        return places[0]

    def _blank(self, place: int) -> bool:
        return likeness.blank(self.cells[str(place)])

    def _quoted(self, places: Iterable[int]) -> list[str]:
        return [f"'{self.columns.names[place]}'" for place in places]

    def _undecided(self, name: str, places: list[int]) -> NoReturn:
        columns = ", ".join(self._quoted(places))
        word = missing.WORDS.get(name, name.replace("_", " "))
        example = self.columns.names[places[0]]
        raise InputRejected(
            f"Columns {columns} could each be the {word}, and they differ.",
            where=self.where,
            next_step=f"Say which one with --map {name}=COLUMN, for example"
            f" --map {name}='{example}'.",
        )

    # --- the procedure code decides the layout

    def _code(self) -> None:
        """Find the code column, or the numbered code columns of a wide file."""
        groups: dict[str, dict[int, int]] = {}
        ranks: dict[str, int] = {}
        for place, match in self._free("code"):
            key = f"#{place}" if match.number is None else match.stem
            groups.setdefault(key, {})[match.number or 0] = place
            ranks[key] = match.rank
        groups = {
            k: g for k, g in groups.items() if not all(map(self._blank, g.values()))
        } or groups
        kinds = {
            key: likeness.procedures([self.cells[str(place)] for place in group.values()])
            for key, group in groups.items()
        }
        icd = [key for key, kind in kinds.items() if kind == "icd"]
        left = {key: group for key, group in groups.items() if key not in icd}
        if icd and not left:
            held = ", ".join(self._quoted(p for key in icd for p in groups[key].values()))
            raise InputRejected(
                f"The procedure columns {held} hold ICD procedure codes, not CPT or HCPCS codes.",
                where=self.where,
                next_step="Export the CPT/HCPCS code of each line, or name its column with"
                " --map code=COLUMN.",
            )
        good = [key for key in left if kinds[key] == "hcpcs"] or list(left)
        # One column beats numbered ones beside it (CPT4_1 to CPT4_3 are side columns of CPT).
        single = [key for key in good if key.startswith("#") and ranks[key] <= _STRONG]
        chosen = single or good
        best = min((ranks[key] for key in chosen), default=0)
        chosen = [key for key in chosen if ranks[key] == best]
        if not chosen:
            return
        if any(len(left[key]) > 1 for key in chosen) and len(chosen) > 1:
            self._undecided("code", [p for key in chosen for p in left[key].values()])
        if len(left[chosen[0]]) > 1:
            self._slots(left[chosen[0]])
            return
        every = [place for key in chosen for place in left[key].values()]
        matches = [(p, m) for p, m in self._free("code") if p in every]
        best_place = self._pick("code", matches)
        if best_place is not None:
            self.columns.single["code"] = self._take(best_place)

    def _slots(self, places: dict[int, int]) -> None:
        for slot, place in sorted(places.items()):
            self.columns.slots[slot] = {"code": [self._take(place)]}

    def _shared_ids(self) -> None:
        """Say so where several patients, or one visit alone, go by what stands for the patient."""
        if "patient_id" in self.columns.single:
            header = self.columns.names[self.columns.single["patient_id"]]
            plain = names.plain(header)
            for start, said in _NOT_QUITE_PATIENTS.items():
                if plain.startswith(start):
                    self.columns.notes.append(f"Patients are told apart by '{header}': {said}.")

    # --- modifiers, diagnoses, pointers

    def _list(self, name: str) -> None:
        if self._has(name):
            return
        free = self._free(name)
        if self.columns.slots:
            free = self._slotted(name, free)
        plain = [(p, m) for p, m in free if m.number is None]
        bare = {names.plain(_bare(self.columns.names[place])) for place, _ in plain}
        if len(plain) > 1 and len(bare) == 1:  # the same header repeated: in order
            places = [place for place, _ in plain]
        else:
            places = self._in_order(name, plain, free)
        if places:
            self.columns.lists[name] = [self._take(place) for place in places]

    def _in_order(self, name: str, plain: list[Candidate], free: list[Candidate]) -> list[int]:
        """The unnumbered column first, then the numbered ones."""
        numbered: dict[int, list[Candidate]] = {}
        for place, match in free:
            if match.number is not None:
                numbered.setdefault(match.number, []).append((place, match))
        if 1 not in numbered:
            numbered[0] = plain
        elif name == "modifiers":  # an unnumbered one would be the first, or all of them
            numbered[1] = [*plain, *numbered[1]]
        picked = [self._pick(name, candidates) for _, candidates in sorted(numbered.items())]
        return [place for place in picked if place is not None]

    def _slotted(self, name: str, free: list[Candidate]) -> list[Candidate]:
        """Hand the numbered columns of `name` to the lines of a wide row; return the others."""
        slots = self.columns.slots
        single = [(p, m) for p, m in free if m.number is not None and m.slot is None]
        double = [(p, m) for p, m in free if m.number is not None and m.slot is not None]
        rest = [(p, m) for p, m in free if m.number is None]
        if double:
            # MOD_1_2: whichever of the numbers counts the lines counts all of them.
            by_second = {m.slot for _, m in double} == slots.keys()
            by_first = {m.number for _, m in double} == slots.keys()
            named = all(m.line_named for _, m in double)
            if by_second == by_first and not named:
                self._undecided(name, [place for place, _ in double])
            for place, match in sorted(double, key=lambda c: (c[1].number or 0, c[1].slot or 0)):
                slot = match.slot if named or by_second else match.number
                slots[slot or 0].setdefault(name, []).append(self._take(place))
        elif single and name != "diagnoses":
            # Diagnoses 1 to 12 belong to the claim; MOD_1 to MOD_5 beside CPT_1 to CPT_5 to the
            # lines, one each.
            numbers = {m.number for _, m in single}
            if not numbers <= slots.keys():
                self._undecided(name, [place for place, _ in single])
            for slot in sorted(slots):
                own = self._pick(name, [(p, m) for p, m in single if m.number == slot])
                if own is not None:
                    slots[slot][name] = [self._take(own)]
        else:
            rest += single
        return rest


_STRONG = 1  # ranks of `code` whose single column beats numbered columns beside it


def _bare(name: str) -> str:
    """A header without the number that `header.unique` gave a repeated one."""
    stem, _, tail = name.rpartition(" (")
    return stem if stem and tail.endswith(")") and tail[:-1].isdigit() else name
