"""What is said where there is nothing to state, and that nobody is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.sampling.outcome import conclude
from auditor.sampling.reading import read_worksheet
from auditor.sampling.telling import markdown, sections, summary
from auditor.sampling.variable import ALIKE, ALONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sampling.conftest import Make, Sheet


def test_all_right_in_every_stratum(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(60), size=20, by="rule")
    made.all_right()
    told = conclude(read_worksheet(made.save()), made.path)
    assert ALIKE in told.notes
    rate, *_ = [s for s in sections(told) if s.title == "Lines in error"]
    assert [row[1:3] for row in rate.table[1:]] == [("-", "-")] * 3
    assert all(row[3] == "0.00%" < row[4] for row in rate.table[1:])
    money, *_ = [s for s in sections(told) if s.title.startswith("Money")]
    assert money.table == ()
    assert ("standard error", "cannot be told") in money.facts
    assert summary(told)["total"]["limits"] == ()


def test_all_wholly_in_error(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(60), size=20)
    for row in range(2, 22):
        made.fill(row, should_be=0, in_error="yes")
    told = conclude(read_worksheet(made.save()), made.path)
    assert told.money.total.limits
    (rate,) = [s for s in sections(told) if s.title == "Financial error rate"]
    assert ("limits", ALIKE) in rate.facts
    assert rate.table == ()


def test_one_answer_of_a_stratum(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(60), size=8, by="rule")
    made.all_right()
    made.fill(2, in_error=None)
    told = conclude(read_worksheet(made.save()), made.path, unanswered="leave-out")
    assert ALONE in told.notes
    assert told.rate.standard_error is None


def test_uneven_differences_are_called_rough(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(90), size=30)
    made.all_right()
    made.fill(5, should_be=0, in_error="yes")
    told = conclude(read_worksheet(made.save()), made.path)
    (note,) = (note for note in told.notes if "uneven" in note)
    # one value of 30 that differs: G1 = (n - 2) / sqrt(n - 1) = 5.2, and 25 G1^2 = 675
    assert "skewness 5.2" in note
    assert "more than 675 lines" in note


def test_strata_that_differ_wildly_are_said_to(
    make: type[Make], sheet: Callable[..., Sheet]
) -> None:
    made = sheet(make.many(90), size=40, by="rule")
    made.all_right()
    made.fill(3, should_be=0, in_error="yes")
    told = conclude(read_worksheet(made.save()), made.path)
    assert any("Satterthwaite" in note for note in told.notes)


@pytest.mark.parametrize("by", [None, "practitioner"])
def test_nobody_is_named(make: type[Make], sheet: Callable[..., Sheet], by: str | None) -> None:
    made = sheet(make.many(60), size=30, by=by)
    made.all_right()
    told = conclude(read_worksheet(made.save()), made.path)
    text = markdown(told) + str(summary(told))
    for secret in ("MRN-", "1234567893", "1679576722", "march"):
        assert secret not in text
    assert text.isascii()
