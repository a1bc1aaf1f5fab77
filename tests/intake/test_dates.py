"""Dates: their forms, which number is the day, which century is meant."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from auditor.errors import InputRejected
from auditor.intake import dates

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def value(table: pl.DataFrame) -> object:
    return table["value"][0]


def text(cell: str) -> pl.Series:
    return pl.Series([cell], dtype=pl.String)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("20080101", "2008-01-01"),
        ("2018-06-10", "2018-06-10"),
        ("2018/6/1", "2018-06-01"),
        ("30-May-2015", "2015-05-30"),
        ("27-OCT-1999", "1999-10-27"),
        ("1 Sept 2023", "2023-09-01"),
        ("Oct 22, 2023", "2023-10-22"),
        ("10/22/2023", "2023-10-22"),
        ("4/25/2021", "2021-04-25"),
        ("4.25.2021", "2021-04-25"),
        ("10222023", "2023-10-22"),
        ("20080101.0", "2008-01-01"),
        ("2125-10-05 00:00:00", "2125-10-05"),
        ("2018-06-10T23:59:59.999Z", "2018-06-10"),
        ("2018-06-10T23:59:59-05:00", "2018-06-10"),
        ("10/22/2023 11:59 PM", "2023-10-22"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_forms_of_dates(line: Callable[..., dict[str, object]], cell: str, found: str) -> None:
    assert str(line({"DOS": cell})["service_date_from"]) == found


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "the date of service is missing"),
        ("00000000", "the date of service is missing"),
        ("2023-02-30", "the date of service cannot be read"),
        ("13/13/2023", "the date of service cannot be read"),
        ("March", "the date of service cannot be read"),
        ("45356", "the date of service cannot be read"),
        ("1850-01-01", "the date of service is not in the years 1900 to 2200"),
        ("3024-03-05", "the date of service is not in the years 1900 to 2200"),
    ],
)
def test_what_is_no_date_of_service(read: Callable[..., Intake], cell: str, reason: str) -> None:
    intake = read(f"{HEADER}\n{ROW.replace('2024-03-05', cell)}\n{ROW}\n")
    assert intake.rejected.select("source_row", "reasons").rows() == [(2, reason)]
    assert intake.lines["source_row"].to_list() == [3]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["03/04/2024", "03/25/2024"], ["2024-03-04", "2024-03-25"]),
        (["03/04/2024", "25/03/2024"], ["2024-04-03", "2024-03-25"]),
        (["03/03/2024", "2024-03-05"], ["2024-03-03", "2024-03-05"]),
        (["3.4.2024", "25.3.2024"], ["2024-04-03", "2024-03-25"]),
    ],
)
def test_the_file_decides_day_or_month_first(
    read: Callable[..., Intake], cells: list[str], found: list[str]
) -> None:
    rows = [ROW.replace("2024-03-05", cell) for cell in cells]
    intake = read("\n".join([HEADER, *rows]) + "\n")
    assert list(map(str, intake.lines["service_date_from"])) == found


def test_a_column_that_shows_nothing_follows_the_files_others(
    read: Callable[..., Intake],
) -> None:
    rows = [ROW.replace("2024-03-05", "03/04/2024,25/04/2024")]
    intake = read("\n".join([HEADER.replace("DOS", "DOS,DOS To"), *rows]) + "\n")
    assert str(intake.lines["service_date_from"][0]) == "2024-04-03"
    assert any("day/month/year" in note for note in intake.files[0].notes)


def dated(cells: list[str]) -> str:
    return "\n".join([HEADER, *(ROW.replace("2024-03-05", cell) for cell in cells)]) + "\n"


def test_an_order_that_nothing_shows_is_asked_for(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected) as error:
        read(dated(["03/04/2024", "03/05/2024", "03/03/2024", "2024-03-05"][:3]))
    assert str(error.value) == (
        "claims.csv: Nothing shows whether the day or the month comes first in column 'DOS': 2 of 3"
        " dates can be read both ways, and none only one way. Say it: --date-order month-first or"
        " --date-order day-first (or date_order in the configuration or in a layout)."
    )


@pytest.mark.parametrize(("order", "month"), [("month-first", 3), ("day-first", 4)])
def test_the_order_that_the_operator_says(
    read: Callable[..., Intake], order: str, month: int
) -> None:
    intake = read(dated(["03/04/2024"]), date_order=order)
    assert intake.lines["service_date_from"].dt.month().to_list() == [month]


def test_the_order_that_the_operator_says_beats_the_files(read: Callable[..., Intake]) -> None:
    intake = read(dated(["03/04/2024", "03/25/2024", "25/03/2024"]), date_order="month-first")
    assert intake.rejected["source_row"].to_list() == [4]


def test_a_few_dates_that_could_be_either_are_rejected(read: Callable[..., Intake]) -> None:
    intake = read(dated(["2024-03-04", "2024-03-05", "03/04/2024", "03/03/2024"]))
    assert intake.rejected.select("source_row", "reasons", "column", "value").rows() == [
        (
            4,
            "which is the day and which the month of the date of service cannot be told",
            "DOS",
            "03/04/2024",
        )
    ]
    assert str(intake.lines["service_date_from"][2]) == "2024-03-03"


def test_dates_of_birth_that_could_be_either_are_emptied(read: Callable[..., Intake]) -> None:
    rows = [ROW.replace("2024-03-05", f"2024-03-05,{dob}") for dob in ("03/04/1950", "07/07/1950")]
    intake = read("\n".join([HEADER.replace("DOS", "DOS,DOB"), *rows]) + "\n")
    assert intake.lines["patient_birth_date"].to_list() == [None, date(1950, 7, 7)]
    assert intake.repairs.select("source_row", "kind").rows() == [
        (2, "day and month cannot be told apart: emptied")
    ]


def test_one_contrary_date_does_not_turn_a_week_round(read: Callable[..., Intake]) -> None:
    week = [*["11/03/2025", "11/04/2025"] * 6, "13/11/2025"]
    with pytest.raises(InputRejected, match="12 of 13 dates can be read both ways"):
        read(dated(week))
    intake = read(dated([*week, "11/25/2025"]))
    assert set(map(str, intake.lines["service_date_from"])) == {
        "2025-11-03", "2025-11-04", "2025-11-25",
    }  # fmt: skip
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (
            14,
            "the date of service has day and month the other way round than the file's other dates",
        )
    ]
    [warning] = intake.files[0].warnings
    assert warning == (
        "Dates (service date from) come in both orders. They were read as month/day/year (1 can"
        " only be that); not read: 1 that can only be day/month."
    )
    assert set(intake.files[0].warnings) <= set(intake.files[0].notes)


@pytest.mark.parametrize(
    ("births", "found"), [(["12/16/1942", "05/20/1943"], 11), (["16/12/1942", "20/05/1943"], 3)]
)
def test_dates_of_birth_tell_how_the_services_are_dated(
    read: Callable[..., Intake], births: list[str], found: int
) -> None:
    rows = [ROW.replace("2024-03-05", f"11/03/2025,{birth}") for birth in births]
    intake = read("\n".join([HEADER.replace("DOS", "DOS,DOB"), *rows]) + "\n")
    assert intake.lines["service_date_from"].dt.month().to_list() == [found] * 2
    assert intake.lines["patient_birth_date"].dt.year().to_list() == [1942, 1943]


def test_another_date_of_the_other_order_is_emptied(read: Callable[..., Intake]) -> None:
    births = ["12/16/1942", "05/20/1943", "20/05/1943"]
    rows = [ROW.replace("2024-03-05", f"11/03/2025,{birth}") for birth in births]
    intake = read("\n".join([HEADER.replace("DOS", "DOS,DOB"), *rows]) + "\n")
    assert intake.rejected.is_empty()
    assert intake.lines["patient_birth_date"].is_null().to_list() == [False, False, True]
    assert intake.repairs.select("source_row", "field", "kind").rows() == [
        (
            4,
            "patient_birth_date",
            "day and month the other way round than in the file's other dates: emptied",
        )
    ]


def test_days_first_without_separators(read: Callable[..., Intake]) -> None:
    intake = read(dated(["03112025", "25112025", "20251127"]))
    found = [str(day) for day in intake.lines["service_date_from"]]
    assert found == ["2025-11-03", "2025-11-25", "2025-11-27"]


def test_months_first_is_no_warning(read: Callable[..., Intake]) -> None:
    assert read(dated(["11/25/2025", "11/03/2025"])).files[0].warnings == ()


def test_a_column_in_both_orders_rejects_the_fewer(read: Callable[..., Intake]) -> None:
    cells = ["03/25/2024", "03/26/2024", "25/03/2024"]
    intake = read("\n".join([HEADER, *(ROW.replace("2024-03-05", c) for c in cells)]) + "\n")
    assert intake.rejected["source_row"].to_list() == [4]
    [warning] = intake.files[0].warnings
    assert warning == (
        "Dates (service date from) come in both orders. They were read as month/day/year (2 can"
        " only be that); not read: 1 that can only be day/month."
    )


def test_day_numbers_count_where_the_column_is_otherwise_dates(
    read: Callable[..., Intake],
) -> None:
    rows = [ROW.replace("2024-03-05", cell) for cell in ("2024-03-04", "2024-03-06", "45356")]
    intake = read("\n".join([HEADER, *rows]) + "\n")
    assert str(intake.lines["service_date_from"][2]) == "2024-03-05"


@pytest.mark.parametrize("cell", ["03/05/24", "05-MAR-24", "5MAR24", "Mar 5, 24"])
def test_a_two_digit_year_needs_a_pivot(read: Callable[..., Intake], cell: str) -> None:
    content = dated([f'"{cell}"', f'"{cell}"', "2024-03-05"])
    with pytest.raises(InputRejected) as error:
        read(content, date_order="month-first")
    assert str(error.value) == (
        "claims.csv: The dates of column 'DOS' have two-digit years (2 of 3). Say which century is"
        " meant: --year-pivot 70 reads 00 to 69 as 20xx and 70 to 99 as 19xx (or year_pivot in the"
        " configuration or in a layout)."
    )
    intake = read(content, date_order="month-first", year_pivot=70)
    assert intake.lines["service_date_from"].to_list() == [date(2024, 3, 5)] * 3
    intake = read(content, date_order="month-first", year_pivot=20)
    assert intake.lines["service_date_from"][0] == date(1924, 3, 5)


def test_a_few_two_digit_years_are_rejected_one_by_one(read: Callable[..., Intake]) -> None:
    intake = read(dated(["03/15/2024", "03/16/2024", "03/17/24"]))
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (4, "the date of service has a two-digit year")
    ]


def test_nobody_is_born_after_the_service(line: Callable[..., dict[str, object]]) -> None:
    def born(cell: str) -> object:
        found = line({"DOB": cell}, date_order="month-first", year_pivot=70)
        return found["patient_birth_date"]

    assert born("03/05/42") == date(1942, 3, 5)
    assert born("03/05/10") == date(2010, 3, 5)


def test_a_two_digit_year_of_birth_without_a_pivot_is_emptied(
    read: Callable[..., Intake],
) -> None:
    row = ROW.replace("2024-03-05", "2024-03-05,03/15/42")
    intake = read("\n".join([HEADER.replace("DOS", "DOS,DOB"), row]) + "\n")
    assert intake.lines["patient_birth_date"].to_list() == [None]
    assert intake.repairs["kind"].to_list() == [
        "a two-digit year, and no pivot to read it by: emptied"
    ]


def test_the_last_day_is_the_first_where_absent(line: Callable[..., dict[str, object]]) -> None:
    assert line()["service_date_to"] == date(2024, 3, 5)
    assert line({"DOS To": "2024-03-07"})["service_date_to"] == date(2024, 3, 7)
    assert line({"DOS To": ""})["service_date_to"] == date(2024, 3, 5)


def test_a_blank_line_date_is_the_claims(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("DOS", "LINE_1ST_EXPNS_DT,CLM_FROM_DT")
    rows = [
        ROW.replace("2024-03-05", cells)
        for cells in (",20240301", ",20240302", "oops,20240301", ",")
    ]
    intake = read("\n".join([head, *rows]) + "\n")
    assert intake.lines["service_date_from"].to_list() == [date(2024, 3, 1), date(2024, 3, 2)]
    assert intake.repairs.select("field", "kind", "raw").rows() == [
        ("service_date_from", "blank line date: the claim's date was used", f"2024-03-0{n}")
        for n in (1, 2)
    ]
    assert intake.rejected["reasons"].to_list() == [
        "the date of service cannot be read",
        "the date of service is missing",
    ]


@given(day=st.dates(date(1900, 1, 1), date(2200, 12, 31)), first=st.booleans())
def test_every_day_is_read_in_every_form(day: date, *, first: bool) -> None:
    slashed = "%d/%m/%Y" if first else "%m/%d/%Y"
    forms = [day.strftime(f) for f in ("%Y-%m-%d", "%Y%m%d", "%d-%b-%Y", slashed, "%b %d, %Y")]
    table = dates.parse(pl.Series(forms), dates.Reading(day_first=first))
    assert table["value"].to_list() == [day] * len(forms)
    serial = str((day - date(1899, 12, 30)).days)
    if len(serial) == 5:
        table = dates.parse(text(serial), dates.Reading(day_zero=date(1899, 12, 30)))
        assert value(table) == day


PLAIN = st.builds(
    lambda year, month, day, form: form.format(year, month, day),
    st.sampled_from([0, 1899, 1900, 1999, 2000, 2024, 2200, 2201]),
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from(["{:04}-{:02}-{:02}", "{:04}{:02}{:02}"]),
)


@given(
    cells=st.lists(st.one_of(PLAIN, st.dates(date(1900, 1, 1)).map(str)), min_size=1, max_size=4),
    order=st.sampled_from([True, False, None]),
    pivot=st.sampled_from([None, 50]),
)
def test_dates_that_begin_with_the_year_are_judged_as_among_others(
    cells: list[str], *, order: bool | None, pivot: int | None
) -> None:
    reading = dates.Reading(order, None, pivot)
    alone, among = pl.Series(cells), pl.Series([*cells, "somewhen"])
    others = dates.parse(among, reading).head(len(cells))
    assert_frame_equal(dates.parse(alone, reading), others)
    assert_frame_equal(dates.shapes(alone), dates.shapes(among).head(len(cells)))


@pytest.mark.parametrize("zero", ["\N{ARABIC-INDIC DIGIT ZERO}", "\N{FULLWIDTH DIGIT ZERO}"])
def test_digits_of_another_script_are_no_date(read: Callable[..., Intake], zero: str) -> None:
    other = "03/04/2024".translate({ord(str(n)): chr(ord(zero) + n) for n in range(10)})
    intake = read(dated(["13/04/2024", "14/04/2024", other]))
    assert intake.lines["service_date_from"].to_list() == [date(2024, 4, 13), date(2024, 4, 14)]
    assert intake.rejected["reasons"].to_list() == ["the date of service cannot be read"]
    assert intake.rejected["value"].to_list() == [other]


def test_each_column_goes_by_what_it_shows_itself(read: Callable[..., Intake]) -> None:
    births = ["12/25/1960", "11/30/1961", "07/19/1962", "02/28/1970"]
    days = ["04/11/2024", "04/11/2024", "05/11/2024", "13/11/2024"]
    rows = [
        ROW.replace("2024-03-05", f"{day},{dob}") for day, dob in zip(days, births, strict=True)
    ]
    intake = read("\n".join([HEADER.replace("DOS", "DOS,DOB"), *rows]) + "\n")
    assert intake.lines["service_date_from"].dt.month().to_list() == [11] * 4
    assert intake.lines["patient_birth_date"].dt.year().to_list() == [1960, 1961, 1962, 1970]
    assert intake.files[0].warnings == (
        "Dates (service date from) were read as day/month/year (1 can only be that).",
    )


def test_columns_of_other_orders_settle_nothing_for_a_third(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("DOS", "DOS,DOB,Received Date")
    row = ROW.replace("2024-03-05", "03/04/2024,12/25/1960,25/04/2024")
    with pytest.raises(InputRejected, match="whether the day or the month comes first"):
        read(f"{head}\n{row}\n")


@pytest.mark.parametrize(
    ("cells", "found"), [(["45299", "45300"], True), (["24065", "24066"], False)]
)
def test_a_column_of_nothing_but_day_numbers(
    read: Callable[..., Intake], cells: list[str], *, found: bool
) -> None:
    if not found:  # the year and the day of the year, as some mainframes write it
        with pytest.raises(InputRejected):
            read(dated(cells))
        return
    intake = read(dated(cells))
    assert [str(day) for day in intake.lines["service_date_from"]] == ["2024-01-08", "2024-01-09"]
    assert set(intake.repairs["kind"]) == {"a spreadsheet's day number"}


@pytest.mark.parametrize(
    ("order", "cells", "refused"),
    [
        ("month-first", ["13/04/2024", "14/04/2024", "03/04/2024", "04/14/2024"], True),
        ("month-first", ["13/04/2024", "04/14/2024", "03/04/2024"], False),
        ("day-first", ["13/04/2024", "03/04/2024"], False),
        ("day-first", ["04/13/2024", "03/04/2024", "03/05/2024"], True),
    ],
)
def test_dates_that_contradict_what_was_said_refuse_the_file(
    read: Callable[..., Intake], order: str, cells: list[str], *, refused: bool
) -> None:
    if refused:
        with pytest.raises(InputRejected, match=f"are not {order}, as was said"):
            read(dated(cells), date_order=order)
    else:
        notes = read(dated(cells), date_order=order).files[0].notes
        assert f"Dates such as 03/04/2024 were read {order}, as was said." in notes


def test_what_was_said_of_the_century_is_told(read: Callable[..., Intake]) -> None:
    notes = read(dated(["03/15/24"]), year_pivot=70).files[0].notes
    assert "Two-digit years below 70 were read as 20xx, the others as 19xx, as was said." in notes
