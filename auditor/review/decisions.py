"""What reviewers wrote, as decisions; what cannot be taken for one, with its place and reason."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from auditor.errors import InputRejected
from auditor.ledger.dispositions import same_person
from auditor.review import cells, grids, tables, verify
from auditor.review.tables import ANSWERS
from schemas import Decisions, dtypes
from schemas.review import DISPOSITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from auditor.review.tables import Row
    from auditor.review.verify import Checked

_OWNER_FILE = "~$"
_COMPARED = ("fingerprint", "disposition", "reason", "decided_on", "valid_until")


class Problem(NamedTuple):
    """A row that was not stored, and why; nothing in it quotes a cell."""

    sheet: str
    """'' for a CSV copy."""
    row: int
    column: str
    """'' for the row as a whole."""
    why: str

    def __str__(self) -> str:
        """Where and why, in one line."""
        sheet = f"sheet {self.sheet}, " if self.sheet else ""
        column = f", {self.column}" if self.column else ""
        return f"{sheet}row {self.row:,}{column}: {self.why}"


@dataclass(frozen=True, slots=True)
class ReviewOptions:
    """What the one who imports adds to what the reviewers wrote."""

    as_of: date
    """What counts as today: when decisions without a date were made; none is later."""
    by: str | None = None
    """The reviewer where the workbook names none."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was read from one workbook."""

    name: str
    sha256: str
    tables: int
    decisions: pl.DataFrame
    """schemas.Decisions."""
    problems: tuple[Problem, ...]
    """In the order of the sheets and rows."""
    double: int
    """Rows that say what another row says already."""


class _Answer(NamedTuple):
    row: Row
    values: dict[str, Any]


def read_decisions(
    path: Path,
    options: ReviewOptions,
    password: Callable[[str], str | None] | None = None,
) -> Reviewed:
    """The decisions in the workbook, or CSV copy of one, at `path`.

    Every table with the headers Finding id, Check and Disposition is read, on whatever sheet and
    in whatever row its header stands, whatever else was moved, renamed, added or taken away. Rows
    in which no reviewer wrote are passed over. Raises InputRejected where the file cannot be read
    or no such table is in it.
    """
    if path.name.startswith(_OWNER_FILE):
        raise InputRejected(
            "This is the small file that Excel keeps beside a workbook while somebody has it open.",
            where=path.name,
            next_step=f"Name {path.name.removeprefix(_OWNER_FILE)} itself, once it is saved and"
            " closed: answers that are not saved yet are not in it.",
        )
    given = grids.load(path, password)
    found = [(grid, table) for grid in given.grids for table in tables.find(grid)]
    if not found:
        raise InputRejected(
            "No sheet has the columns Finding id, Check and Disposition, by which decisions are"
            " read.",
            where=given.name,
            next_step="Name the workbook with the sheet Findings that the reviewers gave back, or"
            " bring these columns back from the original.",
        )
    problems: list[Problem] = []
    answers: list[_Answer] = []
    for grid, table in found:
        if table.double:
            names = ", ".join(table.double)
            why = f"there is more than one column {names}; the table was not read"
            problems.append(Problem(table.sheet, table.header, "", why))
            continue
        checked = verify.check(list(table.answered()), grid.day_zero)
        reading = _Reading(options, grid.day_zero, _is_day_first(checked, grid.day_zero))
        for each in checked:
            answer = reading.of(each)
            if isinstance(answer, _Answer):
                answers.append(answer)
            else:
                problems += answer
    single, conflicts = _single(answers)
    problems += conflicts
    order = {sheet: n for n, sheet in enumerate(dict.fromkeys(table.sheet for _, table in found))}
    rows = [{name: a.values.get(name) for name in dtypes(Decisions)} for a in single]
    return Reviewed(
        given.name,
        given.sha256,
        len(found),
        pl.DataFrame(rows, schema=dtypes(Decisions), orient="row"),
        tuple(sorted(problems, key=lambda p: (order[p.sheet], p.row))),
        len(answers) - len(single) - len(conflicts),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the reviewer's cells of one table are read."""

    options: ReviewOptions
    day_zero: date
    day_first: bool

    def of(self, checked: Checked) -> _Answer | list[Problem]:
        """The decision of a row, or everything that is wrong with it."""
        row, wrong = checked.row, dict[str, str]()
        if checked.why:
            return [Problem(row.sheet, row.number, checked.column, checked.why)]
        values = {
            "finding_id": checked.finding_id,
            "fingerprint": checked.fingerprint,
            "disposition": self._disposition(row, wrong),
            "reason": row.one("reason") or None,
            "reviewer": self._reviewer(row, wrong),
            "decided_on": self._date(row, "decided_on", wrong) or self.options.as_of,
            "dated": bool(row.one("decided_on")),
            "valid_until": self._date(row, "valid_until", wrong),
        } | dict(checked.facts)
        self._dates_fit(values, wrong)
        if wrong:
            return [Problem(row.sheet, row.number, ANSWERS[n], why) for n, why in wrong.items()]
        return _Answer(row, values)

    def _disposition(self, row: Row, wrong: dict[str, str]) -> str:
        said = " ".join(row.one("disposition").split()).casefold()
        if said in DISPOSITIONS:
            return said
        if not said:
            wrong["disposition"] = "the reviewer wrote in this row and chose no disposition"
            return ""
        near = difflib.get_close_matches(said, DISPOSITIONS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        wrong["disposition"] = f"this is none of {', '.join(DISPOSITIONS)}{hint}"
        return ""

    def _reviewer(self, row: Row, wrong: dict[str, str]) -> str:
        said = row.one("reviewer") or (self.options.by or "").strip()
        if not said:
            wrong["reviewer"] = "no reviewer is named; write the name, or import with --by NAME"
        return " ".join(said.split())

    def _date(self, row: Row, name: str, wrong: dict[str, str]) -> date | None:
        text = row.one(name)
        found = cells.dates(text, self.day_zero, day_first=self.day_first)
        if text and not found:
            wrong[name] = "this is no date; write it as 2026-11-30"
        return found[0] if found else None

    def _dates_fit(self, values: dict[str, Any], wrong: dict[str, str]) -> None:
        decided, until = values["decided_on"], values["valid_until"]
        if decided > self.options.as_of:
            wrong.setdefault("decided_on", "the decision is dated in the future")
        if until is not None and until <= decided:
            wrong.setdefault("valid_until", "this is not after the day of the decision")
        if values["disposition"] == "accepted risk":
            if values["reason"] is None:
                wrong["reason"] = "'accepted risk' needs a reason"
            if until is None:
                wrong.setdefault(
                    "valid_until", "'accepted risk' needs a day until which it is valid"
                )


def _is_day_first(checked: Iterable[Checked], day_zero: date) -> bool:
    """Whether the dates of service, which the check values prove, put the day before the month."""
    shown = Counter[bool]()
    for each in checked:
        proved = each.facts.get("service_date")
        text = each.row.one("service_date")
        months, days = (cells.dates(text, day_zero, day_first=first) for first in (False, True))
        if proved is not None and months[:1] != days[:1]:
            shown[proved == days[0]] += 1
    return shown[True] > 0 and not shown[False]


def _single(answers: Sequence[_Answer]) -> tuple[list[_Answer], list[Problem]]:
    """One answer a finding and reviewer; where they differ none, and each row is a problem."""
    groups: defaultdict[tuple[str, str], list[_Answer]] = defaultdict(list)
    for answer in answers:
        key = (answer.values["finding_id"], same_person(answer.values["reviewer"]))
        groups[key].append(answer)
    single: list[_Answer] = []
    conflicts: list[Problem] = []
    for group in groups.values():
        first = group[0]
        if all(_content(each) == _content(first) for each in group):
            single.append(first)
        else:
            conflicts += _conflicts(group)
    return single, conflicts


def _content(answer: _Answer) -> list[Any]:
    return [answer.values[name] for name in _COMPARED]


def _conflicts(group: Sequence[_Answer]) -> Iterator[Problem]:
    for each in group:
        others = [_place(o.row, each.row) for o in group if o is not each]
        why = f"the same reviewer decides otherwise on this finding in {', '.join(others[:3])}"
        yield Problem(each.row.sheet, each.row.number, "", f"{why}; none of them was stored")


def _place(row: Row, seen_from: Row) -> str:
    sheet = f"sheet {row.sheet}, " if row.sheet != seen_from.sheet else ""
    return f"{sheet}row {row.number:,}"
