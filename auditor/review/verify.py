"""Are the facts beside a decision the ones that the finding had? The check value tells.

A row passes where its seal belongs to its finding id and, as far as the columns are there, where
some honest reading of its cells gives the fingerprint and the place of its check value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import seal
from auditor.review import cells
from auditor.review.tables import FACTS, PLACE
from schemas import Findings, dtypes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from auditor.review.tables import Row

_FINDING_ID = re.compile(r"[0-9a-f]{32}")
_MOST_READINGS = 256
"""Of one row: each cell has one or two."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A row and what its check value says."""

    row: Row
    finding_id: str = ""
    fingerprint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts and place, typed as in schemas.Findings; only what the check value proves."""
    column: str = ""
    """Where the trouble is; '' with a `why` for the row as a whole."""
    why: str = ""
    """'' where the row is as it was written."""


def check(rows: Sequence[Row], day_zero: date) -> list[Checked]:
    """Each row with what its check value says of it."""
    found = [_keys(row) for row in rows]
    sealed = pl.DataFrame(
        [(c.finding_id, c.fingerprint, _parts(c.row)[1]) for c in found],
        schema=dict.fromkeys(("finding_id", "fingerprint", "place"), pl.String),
        orient="row",
    )
    seals = seal.seals(sealed)
    found = [
        each
        if each.why or _parts(each.row)[2] == wanted
        else Checked(
            each.row,
            column="Check",
            why="the check does not belong to the finding id: cells were moved, sorted apart from"
            " their row, or typed over",
        )
        for each, wanted in zip(found, seals, strict=True)
    ]
    right = [each for each in found if not each.why]
    facts = _proved(right, FACTS, seal.fingerprints, 0, day_zero)
    places = _proved(right, PLACE, seal.places, 1, day_zero)
    told = (_told(*each) for each in zip(right, facts, places, strict=True))
    return [each if each.why else next(told) for each in found]


def _keys(row: Row) -> Checked:
    """Finding id and check value as such."""
    finding_id = row.one("finding_id").lower()
    if not finding_id:
        return Checked(row, column="Finding id", why="the row has no finding id")
    if not _FINDING_ID.fullmatch(finding_id):
        return Checked(row, column="Finding id", why="this is no finding id (32 hex digits)")
    if not _parts(row)[2]:
        return Checked(row, column="Check", why="the row has no whole check value")
    return Checked(row, finding_id, _parts(row)[0])


def _parts(row: Row) -> tuple[str, str, str]:
    """Fingerprint, place and seal of the check value; empty where it is none."""
    found = re.fullmatch(seal.PATTERN, row.one("check").lower())
    return found.groups() if found else ("", "", "")  # type: ignore[return-value]  # three groups


def _told(right: Checked, facts: dict[str, Any] | None, place: dict[str, Any] | None) -> Checked:
    why = (
        "what stands in this row is not what the finding said: one of {} was changed, or sorted"
        " apart from its finding id"
    )
    if facts is None:
        return Checked(right.row, why=why.format(", ".join(FACTS.values())))
    if place is None:
        return Checked(right.row, why=why.format(", ".join(PLACE.values())))
    return Checked(right.row, right.finding_id, right.fingerprint, facts | place)


def _proved(
    rows: Sequence[Checked],
    headers: Mapping[str, str],
    digest: Callable[[pl.DataFrame], pl.Series],
    part: int,
    day_zero: date,
) -> list[dict[str, Any] | None]:
    """Of each row the reading that its check value proves.

    {} where one of the columns is not there, None where no reading fits.
    """
    tried: list[dict[str, Any]] = []
    whole = [all(name in each.row.cells for name in headers) for each in rows]
    for number, each in enumerate(rows):
        if whole[number]:
            columns = [_readings(each.row, name, day_zero) for name in headers]
            tried += [
                {"number": number, "wanted": _parts(each.row)[part]}
                | dict(zip(headers, values, strict=True))
                for values in islice(product(*columns), _MOST_READINGS)
            ]
    types = {name: kind for name, kind in dtypes(Findings).items() if name in headers}
    frame = pl.DataFrame(
        tried, schema={"number": pl.UInt32, "wanted": pl.String, **types}, orient="row"
    )
    fitting = frame.filter(digest(frame) == frame["wanted"]).unique("number", keep="first")
    proved = {row.pop("number"): row for row in fitting.drop("wanted").iter_rows(named=True)}
    return [proved.get(number) if all_ else {} for number, all_ in enumerate(whole)]


def _readings(row: Row, name: str, day_zero: date) -> list[Any]:
    """What the cells under a header may mean; [] where they cannot be what they should."""
    return [value for cell in row.cells[name] for value in _of_cell(cell or "", name, day_zero)]


def _of_cell(text: str, name: str, day_zero: date) -> list[Any]:
    if name in ("units", "charge_amount", "amount_at_risk", "line_number"):
        if not text.strip():
            return [None]
        if name == "line_number":
            return [int(n) for n in cells.numbers(text, 0) if abs(n) < 1 << 31]
        found = cells.numbers(text, 3 if name == "units" else 2)
        return [n for n in found if abs(n) < 10**14]
    if name == "service_date":
        return list(cells.dates(text, day_zero))
    if name == "counterpart_code":
        return list(cells.codes(text.strip()))
    return [text]
