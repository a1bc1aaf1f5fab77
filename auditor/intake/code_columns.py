"""The procedure code: one column, two that share the work, or a numbered column for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import InputRejected
from auditor.intake import likeness
from auditor.intake.choosing import Problem
from auditor.intake.sample import HALF

if TYPE_CHECKING:
    from auditor.intake.choosing import Candidate, Choosing

_STRONG = 1  # ranks whose single column beats numbered columns beside it


class _Group(NamedTuple):
    """Columns that are one choice: a single one, or all of one numbered name."""

    members: tuple[Candidate, ...]

    @property
    def places(self) -> list[int]:
        return [place for place, _ in self.members]

    @property
    def rank(self) -> int:
        return self.members[0][1].rank

    @property
    def numbered(self) -> bool:
        return self.members[0][1].number is not None


def find(choosing: Choosing) -> None:
    """Choose the code column, or the numbered code columns of a wide file."""
    groups = _groups(choosing)
    groups = [g for g in groups if not all(map(choosing.sample.blank, g.places))] or groups
    kinds = [choosing.sample.kind_of_code(group.places) for group in groups]
    left = [group for group, kind in zip(groups, kinds, strict=True) if kind != "icd"]
    if groups and not left:
        _refuse_icd(choosing, groups)
        return
    good = _hcpcs(choosing, left)
    # One column beats numbered ones beside it (CPT4_1 to CPT4_3 are side columns of CPT).
    single = [g for g in good if not g.numbered and g.rank <= _STRONG]
    chosen = single or good
    best = min((group.rank for group in chosen), default=0)
    chosen = [group for group in chosen if group.rank == best]
    if not chosen:
        return
    wide = [group for group in chosen if len(group.members) > 1]
    if not wide:
        _single(choosing, [member for group in chosen for member in group.members])
    elif len(chosen) > 1:
        choosing.undecided("code", [place for group in chosen for place in group.places])
    else:
        for place, match in sorted(wide[0].members, key=lambda member: member[1].number or 0):
            choosing.columns.slots[match.number or 0] = {"code": [choosing.take(place)]}


def _groups(choosing: Choosing) -> list[_Group]:
    """The candidates, those of one numbered name together."""
    groups: dict[str, dict[int, Candidate]] = {}
    for place, match in choosing.free("code"):
        key = f"#{place}" if match.number is None else match.stem
        groups.setdefault(key, {})[match.number or 0] = (place, match)
    return [_Group(tuple(members.values())) for members in groups.values()]


def _hcpcs(choosing: Choosing, groups: list[_Group]) -> list[_Group]:
    """Those of `groups` that hold procedure codes as far as can be seen; the others are said."""
    sample = choosing.sample
    hcpcs = [group for group in groups if sample.kind_of_code(group.places) == "hcpcs"]
    left = hcpcs or [g for g in groups if not sample.judge("code", g.places).other]
    # Side columns need no remark: only one that might have been read instead.
    best = min((group.rank for group in left), default=None)
    for group in groups:
        if group not in left and (best is None or group.rank <= best):
            choosing.leave_out("code", group.places)
    return left


def _single(choosing: Choosing, members: list[Candidate]) -> None:
    members.sort(key=lambda member: (member[1].order, choosing.columns.names[member[0]]))
    places = [place for place, _ in members if not choosing.sample.blank(place)]
    shared = _shared(choosing, places)
    first = places[0] if shared else choosing.pick("code", members, tested=False)
    if first is None:
        return
    choosing.columns.single["code"] = choosing.take(first)
    if shared:
        choosing.columns.fallbacks["code"] = [choosing.take(place) for place in places[1:]]
        choosing.note(
            f"Columns {choosing.quoted(places)} were read together as code: of each line the first"
            " that is filled."
        )


def _shared(choosing: Choosing, places: list[int]) -> bool:
    """Whether `places` hold the codes of different lines: CPT here, HCPCS there."""
    columns = [choosing.sample.column(place) for place in places]
    return (
        len(places) > 1
        and all((choosing.sample.judge("code", [p]).share or 0) >= HALF for p in places)
        and not all(likeness.equal(columns[0], column) for column in columns[1:])
        and likeness.side_by_side(columns)
    )


def _refuse_icd(choosing: Choosing, groups: list[_Group]) -> None:
    held = choosing.quoted(place for group in groups for place in group.places)
    error = InputRejected(
        f"The procedure columns {held} hold ICD procedure codes, not CPT or HCPCS codes.",
        where=choosing.where,
        next_step="Export the CPT/HCPCS code of each line, or name its column with"
        " --map code=COLUMN.",
    )
    choosing.problems.append(Problem(("code",), undecided=False, error=error))
