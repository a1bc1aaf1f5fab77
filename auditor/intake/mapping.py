"""Which column holds which field, and whether a row is one line or several.

Names and values decide together: a name makes a column a candidate, its rank says how good a one,
and values of another kind (see values) rule it out. A choice is made only where it is clear: a
better rank, the only column whose values fit, or columns that say the same. Everything else is an
error that names the candidates and how to say which one is meant.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from auditor.errors import ConfigError, InputRejected
from auditor.intake import code_columns, likeness, list_columns, missing, names
from auditor.intake.choosing import Choosing, Problem
from auditor.intake.columns import Columns, bare
from auditor.intake.sample import HALF

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

__all__ = ["Columns", "decide", "fits", "offered", "resolve"]

_NOT_QUITE_PATIENTS = {
    "SUBSCRIBER": "members of one family may share it",
    "PATIENTACC": "one patient may have several",
    "PATACC": "one patient may have several",
    "ACC": "one patient may have several",
}
_IDS = ("claim_id", "patient_id")
_LOOKED_AT = 100
"""Columns of unknown names that are looked at for what is missing."""


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
    decided = decide(header, cells, mapped, where)
    if decided.problems:
        raise decided.problems[0].error
    return decided.columns


def decide(
    header: Sequence[str], cells: pl.DataFrame, mapped: Mapping[str, str], where: str
) -> Choosing:
    """As resolve, but what cannot be decided is handed back as `problems`, the first first.

    Raises ConfigError for what the operator said wrongly.
    """
    choosing = Choosing(tuple(header), cells, where)
    _mapped(choosing, mapped)
    if not choosing.settled("code"):
        code_columns.find(choosing)
    # The ids first: an ICN is the claim id only where nothing better is.
    for name in ("claim_id", "patient_id", "service_date_from"):
        _single(choosing, name)
    for name in sorted(names.FIELDS - {*names.LISTS, *names.REQUIRED}):
        _single(choosing, name)
    choosing.columns.settle_dates()
    _shared_ids(choosing)
    for name in names.LISTS:
        list_columns.find(choosing, name)
    _required(choosing)
    _warn(choosing)
    return choosing


def unread(
    header: Sequence[str], cells: pl.DataFrame, columns: Columns, where: str
) -> tuple[str, ...]:
    """What a layout, of which `columns` are, leaves unread though it looks like something wanted.

    Names that say too little are believed where the values prove them: where a column had none
    when the layout was made, nobody could know what it is, and from then on nothing is read of it.
    """
    choosing = Choosing(tuple(header), cells, where)
    used = columns.used()
    choosing.taken.update(place for places in used.values() for place in places)
    found = []
    for name in sorted(choosing.candidates):
        if name in used and name not in names.LISTS:
            continue
        places = [p for p, m in choosing.free(name) if m.weak and not choosing.sample.blank(p)]
        if places:
            one = len(places) == 1
            found.append(
                f"Column{'' if one else 's'} {choosing.quoted(places)} {'is' if one else 'are'}"
                f" named like the {missing.word(name)} and {'holds' if one else 'hold'} such"
                " values, but the layout reads nothing from there (perhaps nothing stood there when"
                f" it was made): the lines are judged without. Name the column{'' if one else 's'}"
                f" under {name} in the layout, or renew it (auditor layout detect FILE --write),"
                " and audit again."
            )
    return tuple(found)


# --- what the operator said


def _mapped(choosing: Choosing, mapped: Mapping[str, str]) -> None:
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
            parts = [column] if _named(choosing, column) else column.split(",")
            places = [_place(choosing, part.strip(), name) for part in parts]
            found = [place for place in places if place is not None]
            if len(found) == len(places):
                choosing.columns.lists[name] = found
        else:
            place = _place(choosing, column, name)
            if place is not None:
                choosing.columns.single[name] = place


def _named(choosing: Choosing, column: str) -> list[int]:
    header = choosing.columns.names
    exact = [place for place, name in enumerate(header) if name == column]
    plain = names.plain(column)
    return exact or [p for p, name in enumerate(header) if plain and names.plain(name) == plain]


def _place(choosing: Choosing, column: str, name: str) -> int | None:
    """The column that the operator means; None where several are called so."""
    places = _named(choosing, column)
    if len(places) == 1:
        return choosing.take(places[0])
    if places:
        choosing.undecided(name, places)
        return None
    header = choosing.columns.names
    close = difflib.get_close_matches(column, header, 3, 0.5)
    known = ", ".join(close or header[: missing.NAMED_AT_MOST])
    raise ConfigError(
        f"There is no column '{column}' for --map {name}={column}.",
        where=choosing.where,
        next_step=f"Did you mean: {known}?" if close else f"Its columns are: {known}.",
    )


# --- single fields


def _single(choosing: Choosing, name: str) -> None:
    """Find the one column of `name`; in a wide file, also those of its lines."""
    if choosing.settled(name):
        return
    free = choosing.free(name)
    if name == "service_date_to" and not _from_says_little(choosing):
        # A To beside a DOS may end anything; beside a From that is the date of service it ends it.
        free = [(p, m) for p, m in free if not m.weak or _ends_the_service(choosing, p)]
    if choosing.columns.slots:
        _of_lines(choosing, name, [(p, m) for p, m in free if m.number is not None])
        free = [(p, m) for p, m in free if m.number is None]
    elif {m.number for _, m in free} - {None} == {1}:  # UNITS_1 without a UNITS_2 is a single one
        free = [(p, m) for p, m in free if m.number is None] or free
    else:
        free = [(p, m) for p, m in free if m.number is None]
    place = choosing.pick(name, free)
    if place is not None:
        choosing.columns.single[name] = choosing.take(place)


def _from_says_little(choosing: Choosing) -> bool:
    """Whether the first day of service is read from a column that is called From alone."""
    place = choosing.columns.single.get("service_date_from")
    found = choosing.candidates.get("service_date_from", [])
    return any(match.weak for at, match in found if at == place)


def _ends_the_service(choosing: Choosing, place: int) -> bool:
    """Whether a To beside a DOS is its last day: in most lines the same day, as most services have.

    No authorization and no coverage ends so. Where a From stands there as well, both may be the
    claim's. What is not sure is said: without it three days of visits are three units of one day.
    """
    start = choosing.columns.single.get("service_date_from")
    if start is None or any(
        match.weak and at not in choosing.taken
        for at, match in choosing.candidates.get("service_date_from", [])
    ):
        return False
    column = choosing.sample.column
    same = likeness.same(column(start), column(place))
    if same is None:
        return False
    if same >= HALF:
        return True
    header = choosing.columns.names
    choosing.warn(
        f"Column '{header[place]}' may hold the last day of service: beside '{header[start]}' its"
        " name says too little, and it was not read as that. If it does, say"
        f" --map service_date_to='{header[place]}'."
    )
    return False


def _of_lines(choosing: Choosing, name: str, numbered: list[tuple[int, names.Match]]) -> None:
    """The columns of `name` in a wide file: one for each line, all of them judged together."""
    slots = choosing.columns.slots
    numbered = [(place, match) for place, match in numbered if match.number in slots]
    places = [place for place, _ in numbered]
    if places and choosing.sample.judge(name, places).other:
        choosing.rejected.setdefault(name, []).extend(places)
        text = f"{choosing.unlike(name, places)}: they were not read as that."
        choosing.not_read(text, places)
        return
    for slot in sorted(slots):
        own = [(place, match) for place, match in numbered if match.number == slot]
        picked = choosing.pick(name, own, tested=False)
        if picked is not None:
            slots[slot][name] = [choosing.take(picked)]


def _shared_ids(choosing: Choosing) -> None:
    """Say so where several patients, or one visit alone, go by what stands for the patient."""
    if "patient_id" in choosing.columns.single:
        header = choosing.columns.names[choosing.columns.single["patient_id"]]
        plain = names.plain(header)
        for start, said in _NOT_QUITE_PATIENTS.items():
            if plain.startswith(start):
                choosing.note(f"Patients are told apart by '{header}': {said}.")


# --- what may have been missed


def _warn(choosing: Choosing) -> None:
    """Say loudly what was left unread although it looks like something that is wanted."""
    for text, places in choosing.left_out.items():
        if not choosing.taken.issuperset(places):  # read as something else, none is lost
            choosing.warn(text)
    for name in names.NPIS:
        for place, match in choosing.candidates.get(name, []):
            # Those of listed names that say too little, as Provider, are no promise of an NPI.
            if match.by_words and not choosing.columns.has(name) and place not in choosing.taken:
                _unproved(choosing, name, place)
    if not choosing.columns.has("rendering_npi"):
        _unread_npis(choosing)


def _unproved(choosing: Choosing, name: str, place: int) -> None:
    judged = choosing.sample.judge(name, [place], proof=True)
    if judged.filled and (judged.share or 0) < HALF:
        choosing.warn(
            f"Column {choosing.quoted([place])} is named like the {missing.word(name)}, but less"
            " than half of its values look like one: it was not read as that."
        )


def _unread_npis(choosing: Choosing) -> None:
    """The rules on practitioners go without them, so this is no small matter."""
    header = choosing.columns.names
    unknown = [
        place
        for place, name in enumerate(header)
        if place not in choosing.taken
        and not names.matches(bare(name))
        and not names.of_another(bare(name))
    ]
    found = [place for place in unknown[:_LOOKED_AT] if choosing.sample.holds_npis(place)]
    if not found:
        return
    said = f"--map rendering_npi='{header[found[0]]}'"
    choosing.warn(
        f"No rendering NPI was read, but column {choosing.quoted(found)} holds NPIs: if they are"
        f" the rendering practitioners', say {said}."
        if len(found) == 1
        else f"No rendering NPI was read, but columns {choosing.quoted(found)} hold NPIs: if those"
        f" of one are the rendering practitioners', say so, for example {said}."
    )


# --- required fields


def _required(choosing: Choosing) -> None:
    """Keep as problems the required fields that have no column, those of other values first."""
    absent = [name for name in names.REQUIRED if not choosing.settled(name)]
    if not any(choosing.settled(name) for name in names.PRACTITIONER):
        unlike = [name for name in names.PRACTITIONER if name in choosing.rejected]
        absent.append(unlike[0] if unlike else "rendering_npi")
    for name in absent:
        if name in choosing.rejected:
            places = choosing.rejected[name]
            error = InputRejected(
                f"{choosing.unlike(name, places)}.",
                where=choosing.where,
                next_step=f"Name the right column with --map {name}=COLUMN; if it is this one,"
                f" say so: --map {name}='{choosing.columns.names[places[0]]}'.",
            )
            choosing.problems.append(Problem((name,), undecided=False, error=error))
    left = [name for name in absent if name not in choosing.rejected]
    if left:
        hints = {name: offered(choosing, name) for name in left}
        error = missing.refuse(left, choosing.columns.names, hints, choosing.where)
        choosing.problems.append(Problem(tuple(left), undecided=False, error=error))


def offered(choosing: Choosing, name: str) -> list[str]:
    """The headers that no field is read from and whose values could be required field `name`."""
    free = [n for n in range(len(choosing.columns.names)) if n not in choosing.taken]
    choosing.sample.expect(free[:_LOOKED_AT])
    shown = []
    for place in free[:_LOOKED_AT]:
        share = choosing.sample.judge(name, [place]).share or 0
        if name == "code":
            fitting = choosing.sample.kind_of_code([place]) == "hcpcs"
        else:
            fitting = share > HALF
        if name in _IDS and choosing.sample.checked([place]):
            fitting = False  # numbers with a right check digit are practitioners, not patients
        if fitting:
            shown.append(choosing.columns.names[place])
    return shown
