"""The columns of one file, by field: what detection hands to reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from auditor.intake import names


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
    """Remarks on the choice, the warnings among them."""
    warnings: list[str] = field(default_factory=list)
    """Those that the summaries repeat."""
    claim_dates: bool = False
    """The dates of service are read from the claim's dates."""
    fallbacks: dict[str, list[int]] = field(default_factory=dict)
    """Of fields in `single`: further columns, read in order where those before are empty (a HCPCS
    column beside a CPT column, each filled where the other is not)."""

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
        for part in (self.fallbacks, self.lists, *self.slots.values()):
            for name, places in part.items():
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
        return tuple(name for name in self.unused() if names.matches(bare(name)))

    def has(self, name: str) -> bool:
        """Whether any column was found for field `name`."""
        slotted = any(name in slot for slot in self.slots.values())
        return name in self.single or name in self.lists or slotted


def bare(name: str) -> str:
    """A header without the number that `header.unique` gave a repeated one."""
    stem, _, tail = name.rpartition(" (")
    return stem if stem and tail.endswith(")") and tail[:-1].isdigit() else name
