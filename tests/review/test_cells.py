"""What a cell may mean, in the manner of any country."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.review import cells

ZERO = date(1899, 12, 30)
NINTH = date(2026, 11, 9)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-09",
        "2026-11-09 00:00:00",
        "2026-11-9T13:05",
        " 11/9/2026 ",
        "11/09/26",
        "11-9-2026 0:00",
        "9-Nov-26",
        "9 November 2026",
        "9. Nov. 2026",
        "Nov 9, 2026",
        "November 9th, 2026",
        "46335",
        "46335.5",
    ],
)
def test_a_date_in_any_form(text: str) -> None:
    assert cells.dates(text, ZERO)[0] == NINTH


@pytest.mark.parametrize("text", ["9/11/2026", "09.11.26", "9-11-2026"])
def test_the_day_comes_first_where_it_is_said_so(text: str) -> None:
    assert cells.dates(text, ZERO, day_first=True)[0] == NINTH
    assert NINTH in cells.dates(text, ZERO)


def test_what_can_be_read_one_way_only_is_read_so() -> None:
    assert cells.dates("25/11/2026", ZERO) == [date(2026, 11, 25)]
    assert cells.dates("11/25/2026", ZERO, day_first=True) == [date(2026, 11, 25)]


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-02-30", "13/13/2026", "9 Xyz 2026", "Foo 9, 2026", "1234", "9/11"]
)
def test_what_is_no_date(text: str) -> None:
    assert cells.dates(text, ZERO) == []


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1.5", ["1.500"]),
        ("1,5", ["1.500"]),
        ("1,500", ["1500.000", "1.500"]),
        ("1.234,5", ["1234.500"]),
        ("$1,234.50", ["1234.500"]),
        ("-$3.50", ["-3.500"]),
        ("(3.50)", ["-3.500"]),
        ("\u22123,50 \u20ac", ["-3.500"]),
        ("1E3", ["1000.000"]),
        ("0.30000000000000004", ["0.300"]),
        ("1.5004", []),
        ("one", []),
        ("1,2,3.4.5", []),
        ("9" * 40, []),
    ],
)
def test_numbers(text: str, want: list[str]) -> None:
    assert cells.numbers(text, 3) == [Decimal(each) for each in want]


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("", "", []),
        ("20610", "20610", []),
        ("20610, line 2", "20610", ["20610, line 2"]),
        ("line 2, claim X", "", ["line 2", "line 2, claim X"]),
        ("A, B, line 2", "A", ["A, B", "A, B, line 2"]),
    ],
)
def test_codes_of_a_counterpart(text: str, first: str, others: list[str]) -> None:
    assert cells.codes(text) == [first, *others]


@given(st.dates(date(1900, 3, 1), date(2099, 12, 31)))
def test_every_date_is_among_its_readings(day: date) -> None:
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y"):
        assert day in cells.dates(day.strftime(form), ZERO)
    assert day in cells.dates(str((day - ZERO).days).zfill(5), ZERO)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    for found in (cells.dates(text, ZERO), cells.numbers(text, 2)):
        assert len(found) < 5
    assert cells.codes(text)
