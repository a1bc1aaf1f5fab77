"""Federal workdays, held against calendars of the years that surprise."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.rules.workdays import next_workday


@pytest.mark.parametrize(
    ("day", "workday"),
    [
        ("2026-03-10", "2026-03-10"),  # a Tuesday
        ("2026-03-08", "2026-03-09"),  # a Sunday
        ("2026-03-07", "2026-03-09"),  # a Saturday
        ("2026-01-01", "2026-01-02"),  # New Year on a Thursday
        ("2021-12-31", "2022-01-03"),  # New Year of 2022 observed in the old year
        ("2023-01-01", "2023-01-03"),  # New Year on a Sunday, observed on Monday
        ("2026-01-19", "2026-01-20"),  # third Monday of January
        ("2026-02-16", "2026-02-17"),  # third Monday of February
        ("2026-05-25", "2026-05-26"),  # last Monday of May
        ("2027-05-31", "2027-06-01"),  # last Monday of a May that has five
        ("2026-06-19", "2026-06-22"),  # 19 June, a Friday
        ("2020-06-19", "2020-06-19"),  # before it was a holiday
        ("2026-07-03", "2026-07-06"),  # 4 July on a Saturday, observed on Friday
        ("2026-09-07", "2026-09-08"),  # first Monday of September
        ("2026-10-12", "2026-10-13"),  # second Monday of October
        ("2026-11-11", "2026-11-12"),
        ("2026-11-26", "2026-11-27"),  # fourth Thursday of November
        ("2026-12-25", "2026-12-28"),  # a Friday
    ],
)
def test_next_workday(day: str, workday: str) -> None:
    assert next_workday(date.fromisoformat(day)) == date.fromisoformat(workday)
