"""Which row is the header: not a title, not a line of data, not the names of groups."""

from __future__ import annotations

import pytest

from auditor.intake import header
from auditor.intake.header import Record

NAMES = ("Claim ID", "Patient ID", "Rendering NPI", "DOS", "CPT", "Units", "Charge", "Status")
LINE = ("C1", "P1", "1234567893", "2024-03-05", "99213", "1", "120.00", "Paid")


def rows(*cells: tuple[str, ...]) -> list[Record]:
    return [Record(row, each) for row, each in enumerate(cells, start=1)]


def found(*cells: tuple[str, ...]) -> int | None:
    best = header.find(rows(*cells))
    return None if best is None else best.record.row


@pytest.mark.parametrize(
    "above",
    [
        ("Charges by Rendering Provider",),
        ("Claim detail", "", "", "", "", "", "", ""),
        ("Payer:", "Aetna", "Received Date:", "2024-04-01", "", "", "", ""),
        ("Claim", "Patient", "Provider", "Service", "", "Charge", "", ""),  # names of groups
        ("Claim", "", "", "Procedure", "", "Units", "", "Charges"),
        ("Run", "2024-04-01 10:00", "Page", "1", "", "", "", ""),
        ("", "", "", "", "", "", "", ""),
    ],
)
def test_what_stands_above_is_not_the_header(above: tuple[str, ...]) -> None:
    assert found(above, NAMES, LINE) == 2
    assert found(above, above, ("",), NAMES, LINE, LINE) == 4


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        ("C1", "P1", "1234567893", "03/05/2024", "G0008", "Paid", "Denied", "Void"),
        ("7", "8", "1234567893", "20240305", "99213", "Primary Payer", "Paid", "Denied"),
        ("C1", "P1", "x", "05-MAR-2024", "99213", "$12.00", "Paid", "Commercial", "Void", "Plan"),
    ],
)
def test_a_line_of_data_is_no_header(line: tuple[str, ...]) -> None:
    assert found(line, line) is None
    assert found(NAMES, line, line) == 1


def test_a_header_with_numbers_in_it_is_one() -> None:
    assert found((*NAMES, "DX", "2", "3", "4"), LINE) == 1
    assert found((*NAMES, "2023", "2024"), LINE) == 1


def test_of_equal_rows_the_fullest_and_then_the_first() -> None:
    assert found(NAMES, LINE, NAMES) == 1
    assert found(NAMES[:4], (*NAMES[:4], "Remark A", "Remark B"), LINE) == 2


def test_names_that_say_little_do_not_make_a_header() -> None:
    assert found(("Patient", "Provider", "Status"), LINE) is None
    assert found(("Claim ID", "Patient", "CPT"), LINE) == 1


def test_only_the_first_thirty_rows_are_looked_at() -> None:
    assert found(*[("Report",)] * 29, NAMES) == 30
    assert found(*[("Report",)] * 30, NAMES) is None


def test_what_the_operator_names_counts() -> None:
    cells = ("Fall", "Person", "Arzt", "Tag", "Leistung")
    assert header.find(rows(cells)) is None
    best = header.find(rows(("Bericht",), cells), ("Fall", "leistung", "Tag"))
    assert best is not None
    assert (best.record.row, best.score) == (2, 3)


def test_thousands_of_columns() -> None:
    wide = (*NAMES, *(f"Unknown column {n}" for n in range(4_992)))
    best = header.find(rows(("Report",), wide, *[LINE * 625] * 28))
    assert best is not None
    assert (best.record.row, best.score) == (2, 8 - 1)  # Status says little
    assert len(set(header.unique(["Mod"] * 5_000))) == 5_000


def test_long_cells_are_no_names() -> None:
    assert header.score(("CPT " * 50_000, "Claim ID" + " " * 200, "DOS")) == 1
