"""Good files spoiled row by row, cell by cell, column by column: what was good stays good.

Beside the reconciliation an own count with the csv module says how many lines there are.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import AuditorError
from auditor.intake import Intake, read_claims

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ["Claim ID", "Line", "Patient ID", "Rendering NPI", "DOS", "CPT", "Mod", "Units", "Charge"]
CELLS = st.sampled_from(
    [
        *("", " ", "x", "0", "-", "NULL", "99213", "2024-03-05", "31/31/2024", "1e5", "=1+1", '"'),
        *("a,b", "two\nlines", "\t", "é", "\x00", "Total", "12345678901234567890", "9" * 400),
    ]
)


class Damage(NamedTuple):
    """One wound: which row and column, what is done there, and with what."""

    row: int
    column: int
    kind: str
    cell: str


ROW_DAMAGE = st.builds(
    Damage,
    st.integers(0, 19),
    st.integers(0, 8),
    st.sampled_from(["cell", "cut", "insert", "delete", "twice", "blank", "total", "swap"]),
    CELLS,
)
COLUMN_DAMAGE = st.builds(
    Damage,
    st.just(0),
    st.integers(0, 8),
    st.sampled_from(["drop", "rename", "double", "move", "empty", "fill"]),
    CELLS,
)


def table() -> list[list[str]]:
    """Twenty good lines."""
    return [
        [f"C{n}", "1", f"P{n % 4}", "1234567893", f"2024-03-{n + 1:02d}", "99213", "25", "1", "9.5"]
        for n in range(20)
    ]


def spoiled(rows: list[list[str]], damage: list[Damage]) -> tuple[list[list[str]], set[int]]:
    """(the rows with their wounds, which of the twenty were hurt)."""
    rows = [list(row) for row in rows]
    after: dict[int, list[list[str]]] = {}
    for wound in damage:
        if wound.kind in ADDED:
            after.setdefault(wound.row, []).append(added(wound))
        else:
            hurt(rows[wound.row], wound)
    wounded = {wound.row for wound in damage if wound.kind not in ADDED}
    return [line for n, row in enumerate(rows) for line in (row, *after.get(n, ()))], wounded


ADDED = {"twice", "blank", "total"}


def added(wound: Damage) -> list[str]:
    """A row that stands behind another one."""
    if wound.kind == "twice":
        return table()[wound.row]
    return [""] * wound.column if wound.kind == "blank" else ["Total", *[""] * 7, "190.00"]


def hurt(row: list[str], wound: Damage) -> None:
    """Do it to one row."""
    if wound.kind == "cell":
        row[wound.column : wound.column + 1] = [wound.cell] * (wound.column < len(row))
    elif wound.kind == "cut":
        del row[wound.column :]
    elif wound.kind == "insert":
        row.insert(wound.column, wound.cell)
    elif wound.kind == "delete":
        del row[wound.column : wound.column + 1]
    else:
        row.reverse()


def text(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def read(path: Path, content: str) -> Intake | None:
    """What comes of `content`, reconciled; None where it is refused, in words."""
    path.write_text(content, encoding="utf-8", newline="")
    intake, refused = None, None
    try:
        intake = read_claims([path])
    except AuditorError as error:
        refused = error
    if intake is None:
        assert refused is not None
        assert refused.what
        assert refused.next_step
        assert "P1" not in str(refused)
        return None
    (file,) = intake.files
    assert file.lines_read == (
        intake.lines.height + intake.rejected.height + intake.set_aside.height
    )
    return intake


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spoiled") / "claims.csv"


@given(damage=st.lists(ROW_DAMAGE, max_size=8))
def test_rows_that_were_not_hurt_are_audited(place: Path, damage: list[Damage]) -> None:
    rows, wounded = spoiled(table(), damage)
    intake = read(place, text(HEADER, rows))
    if intake is None:
        assert len(wounded) > 0
        return
    good = {f"C{n}" for n in range(20)} - {f"C{n}" for n in wounded}
    audited = intake.lines.filter(intake.lines["claim_id"].is_in(sorted(good)))
    assert set(audited["claim_id"]) == good
    extra = sum(wound.kind == "twice" and wound.row not in wounded for wound in damage)
    assert audited.height >= len(good) + extra
    assert set(audited.select("code", "modifiers", "units", "charge_amount").rows()) == {
        ("99213", "25", 1000, 950)
    }


@given(damage=st.lists(ROW_DAMAGE, max_size=8))
def test_every_row_is_audited_or_rejected_or_said_to_be_left_out(
    place: Path, damage: list[Damage]
) -> None:
    rows, _ = spoiled(table(), damage)
    content = text(HEADER, rows)
    intake = read(place, content)
    if intake is None:
        return
    (file,) = intake.files
    left_out = sum(
        int(note.split()[2].replace(",", "")) for note in file.notes if note.startswith("Left out:")
    )
    # A blank row is no record to the csv module where it is an empty line.
    records = len(list(csv.reader(io.StringIO(content.replace("\x00", ""))))) - 1
    assert file.lines_read + left_out == records
    assert intake.rejected["reasons"].str.len_chars().min() != 0
    assert intake.lines["source_row"].is_unique().all()
    rejected = set(intake.rejected["source_row"])
    assert rejected.isdisjoint(intake.lines["source_row"])
    assert max([*rejected, *intake.lines["source_row"]], default=2) <= records + 1


@given(damage=st.lists(COLUMN_DAMAGE, min_size=1, max_size=3))
def test_columns_that_were_changed_are_refused_or_read(place: Path, damage: list[Damage]) -> None:
    columns = [[name, *(row[n] for row in table())] for n, name in enumerate(HEADER)]
    for wound in damage:
        at = min(wound.column, len(columns) - 1)
        if wound.kind == "drop" and len(columns) > 1:
            del columns[at]
        elif wound.kind == "rename":
            columns[at][0] = wound.cell
        elif wound.kind == "double":
            columns.insert(at, list(columns[at]))
        elif wound.kind == "move":
            columns.append(columns.pop(at))
        elif wound.kind == "empty":
            columns[at][1:] = [""] * 20
        elif wound.kind == "fill":
            columns[at][1:] = [wound.cell] * 20
    rows = [list(row) for row in zip(*columns, strict=True)]
    intake = read(place, text(rows[0], rows[1:]))
    if intake is not None and set(intake.lines["claim_id"]) == {f"C{n}" for n in range(20)}:
        # No column was taken for another: what is read is what stood there, or nothing.
        assert set(intake.lines["code"]) <= {"99213", *(w.cell.strip().upper() for w in damage)}
