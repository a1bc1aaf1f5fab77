"""What becomes of lines that come again, change, vanish, and of what lies beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from history_world import Feed, Line, Missing, Mode, Night, check, one_file, said, versions

from auditor.history.interface import Reach, compact
from schemas import StoredLines

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

FIRST, SECOND, THIRD = Line(number=1), Line(number=2), Line(number=3)
BARE, OTHER = Line(number=None), Line(claim="C2", patient="P2", number=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "store"
    place.mkdir()
    return place


def reasons(feed: Feed, night: Night) -> tuple[list[Line], list[str], dict[Line, str]]:
    """New lines, why others were set aside, and which stored lines ended why."""
    standing = feed.standing()
    found = feed.look(night)
    check(found, values=True)
    ended = {standing[version]: why for version, why in found.ended.select("version", "why").rows()}
    return said(found.fresh), found.set_aside["reason"].to_list(), ended


UNITS = {"units": 5000}
CHANGED, GONE = "changed", "no longer in the claim"
CASES: dict[str, tuple[Mode, tuple[Line, ...], Night, tuple[object, object, object]]] = {
    "all of it again": (
        *("snapshot", (FIRST, SECOND), one_file(SECOND, FIRST)),
        ([], ["seen before"] * 2, {}),
    ),
    "a line changed": (
        *("snapshot", (FIRST, SECOND), one_file(FIRST, replace(SECOND, **UNITS))),
        ([replace(SECOND, **UNITS)], ["seen before"], {SECOND: CHANGED}),
    ),
    "a line vanished from its claim": (
        *("snapshot", (FIRST, SECOND), one_file(FIRST)),
        ([], ["seen before"], {SECOND: GONE}),
    ),
    "delta: what is not sent stays": (
        *("delta", (FIRST, SECOND), one_file(FIRST)),
        ([], ["seen before"], {}),
    ),
    "delta: a changed line ends the one of its number alone": (
        *("delta", (FIRST, SECOND), one_file(replace(FIRST, **UNITS))),
        ([replace(FIRST, **UNITS)], [], {FIRST: CHANGED}),
    ),
    "a claim that does not come stays": (
        *("snapshot", (FIRST, OTHER), one_file(OTHER)),
        ([], ["seen before"], {}),
    ),
    "a rejected row of the claim: what is missing may be that row": (
        *("snapshot", (FIRST, SECOND), one_file(FIRST, missing=(Missing("C1"),))),
        ([], ["seen before"], {}),
    ),
    "a rejected row of the claim: what changed ends all the same": (
        *("snapshot", (FIRST, SECOND)),
        one_file(replace(FIRST, **UNITS), missing=(Missing("C1"),)),
        ([replace(FIRST, **UNITS)], [], {FIRST: CHANGED}),
    ),
    "a rejected row that a later file made good": (
        *("snapshot", (FIRST, SECOND)),
        Night((("a.csv", (FIRST,)), ("b.csv", (FIRST,))), (Missing("C1", file=0),)),
        ([], ["superseded", "seen before"], {SECOND: GONE}),
    ),
    "a rejected row in the later file": (
        *("snapshot", (FIRST, SECOND)),
        Night((("a.csv", (FIRST,)), ("b.csv", (FIRST,))), (Missing("C1", file=1),)),
        ([], ["superseded", "seen before"], {}),
    ),
    "a rejected row that a later file of lines does not make good": (
        *("delta", (FIRST, SECOND)),
        Night((("a.csv", (FIRST,)), ("b.csv", (FIRST,))), (Missing("C1", file=0),)),
        ([], ["superseded", "seen before"], {}),
    ),
    "a rejected row of another claim": (
        *("snapshot", (FIRST, SECOND), one_file(FIRST, missing=(Missing("C9"),))),
        ([], ["seen before"], {SECOND: GONE}),
    ),
    "renumbered": (
        *("snapshot", (FIRST, SECOND), one_file(FIRST, replace(SECOND, number=3))),
        ([replace(SECOND, number=3)], ["seen before"], {SECOND: GONE}),
    ),
    "without a number: one more of the same": (
        *("delta", (BARE,), one_file(BARE, BARE)),
        ([BARE], ["seen before"], {}),
    ),
    "without a number: another content is another line": (
        *("delta", (BARE,), one_file(replace(BARE, **UNITS))),
        ([replace(BARE, **UNITS)], [], {}),
    ),
    "the patient was corrected": (
        *("delta", (FIRST,), one_file(replace(FIRST, patient="P2"))),
        ([replace(FIRST, patient="P2")], [], {FIRST: CHANGED}),
    ),
    "two files: the last version of a claim wins": (
        *("snapshot", (), Night((("a", (FIRST, SECOND)), ("b", (replace(FIRST, **UNITS),))))),
        ([replace(FIRST, **UNITS)], ["superseded"] * 2, {}),
    ),
    "two files, delta: line by line": (
        *("delta", (), Night((("a", (FIRST, SECOND)), ("b", (replace(FIRST, **UNITS),))))),
        ([SECOND, replace(FIRST, **UNITS)], ["superseded"], {}),
    ),
    "two sheets of one workbook are one file": (
        *("snapshot", (), Night((("a.xlsx [May]", (FIRST,)), ("a.xlsx [June]", (SECOND,))))),
        ([FIRST, SECOND], [], {}),
    ),
    "a placeholder's lines overlap as all others": (
        *("snapshot", (Line(patient="UNKNOWN"),), one_file(Line(patient="UNKNOWN", units=2000))),
        ([Line(patient="UNKNOWN", units=2000)], [], {Line(patient="UNKNOWN"): CHANGED}),
    ),
    "a night without a line": ("snapshot", (FIRST,), Night(()), ([], [], {})),
}


@pytest.mark.parametrize("name", CASES)
def test_overlap(folder: Path, name: str) -> None:
    mode, stored, night, wanted = CASES[name]
    feed = Feed(folder, mode)
    feed.take(one_file(*stored))
    assert reasons(feed, night) == wanted


def test_thirty_month_to_date_files(folder: Path) -> None:
    feed = Feed(folder)
    month = [Line(f"C{n}", 1, f"P{n % 7}", n // 2, "OLD", 1000 + n) for n in range(60)]
    fresh: list[Line] = []
    for day in range(30):
        found = feed.take(one_file(*month[: 2 * day + 2]))
        assert found.fresh.height == 2
        assert found.ended.is_empty()
        assert found.set_aside["reason"].to_list() == ["seen before"] * (2 * day)
        fresh += said(found.fresh)
        compact(folder, feed.runs, many=7)
    assert fresh == month
    assert sorted(feed.standing().values(), key=month.index) == month
    assert len(list(folder.glob("lines-*"))) < 10


REACH = (Reach(4, frozenset({"CUT"}), frozenset({"NEW"})),)
CUT, NEW = Line("N", day=5, code="CUT"), Line("N", day=5, code="NEW")
# stored lines of P1, a new line, those judged again, those looked at
NEAR: dict[str, tuple[tuple[Line, ...], Line, set[int], set[int]]] = {
    "the same day": ((Line(day=5),), Line("N", day=5), {0}, set()),
    "one empty day between": ((Line(day=5),), Line("N", day=7), {0}, set()),
    "two empty days between": ((Line(day=5),), Line("N", day=8), set(), set()),
    "a chain of days": (
        (Line(day=1), Line(day=3), Line(day=5)),
        Line("N", day=6),
        {0, 1, 2},
        set(),
    ),
    "a span": ((Line(day=0, length=9),), Line("N", day=11), {0}, set()),
    "a span of a year": ((Line(day=0, length=366),), Line("N", day=300), {0}, set()),
    "a span too long to be one": ((Line(day=0, length=367),), Line("N", day=300), set(), set()),
    "another patient": ((Line(day=5, patient="P2"),), Line("N", day=5), set(), set()),
    "a new cause, its last day": (
        (Line(day=9, code="NEW"),),
        CUT,
        {0},
        set(),
    ),
    "a new cause, a day more": (
        (Line(day=10, code="NEW"),),
        CUT,
        set(),
        set(),
    ),
    "a new cause of days": (
        (Line(day=11, code="NEW"),),
        Line("N", day=5, code="CUT", length=2),
        {0},
        set(),
    ),
    "an effect before its cause": (
        (Line(day=0, code="NEW"),),
        CUT,
        set(),
        set(),
    ),
    "the whole episode of the effect": (
        *((Line(day=9, code="NEW"), Line(day=11)), CUT, {0, 1}, set()),
    ),
    "a stored cause of a new effect": (
        (Line(day=1, code="CUT"),),
        NEW,
        set(),
        {0},
    ),
    "too early a cause": ((Line(day=0, code="CUT"),), NEW, set(), set()),
    "a stored cause of an effect judged again": (
        *((Line(day=2, code="CUT"), Line(day=6, code="NEW")), Line("N", day=7), {1}, {0}),
    ),
    "a stored void of another claim": (
        *((Line(day=50, frequency="8"), Line(day=90)), Line("N", day=5), set(), set()),
    ),
    "a replacement tonight of a claim that nobody knows": (
        *((Line(day=50),), Line("N", day=5, frequency="7", original="X9"), set(), set()),
    ),
    "a void tonight, and what stood beside what it takes out": (
        (Line(day=50, control="X1"), Line(day=51), Line(day=80)),
        *(Line("N", day=5, frequency="8", original="X1"), {0, 1}, set()),
    ),
    "a void tonight that names the claim by its id": (
        (Line(day=50), Line(day=80)),
        *(Line("N", day=5, frequency="8", original="S1"), {1}, set()),
    ),
    "a void tonight that keeps the claim's id": (
        (Line(day=50), Line(day=80)),
        *(Line("S1", day=5, frequency="8"), {1}, set()),
    ),
    "a stored void of what is judged again": (
        (Line(day=5, control="X1"), Line(day=50, frequency="8", original="X1"), Line(day=51)),
        *(Line("N", day=5), {0}, {1}),
    ),
    "a stored void of tonight's": (
        (Line(day=50, frequency="8", original="X1"), Line(day=51), Line(day=80)),
        *(Line("N", day=5, control="X1"), {0, 1}, set()),
    ),
    "a replacement of a replacement": (
        (
            *(Line(day=5, control="X1"), Line(day=30, frequency="7", original="X1", control="X2")),
            *(Line(day=60, frequency="7", original="X2"), Line(day=61)),
        ),
        *(Line("N", day=5), {0}, {1, 2}),
    ),
    "two replacements of a claim that nobody knows": (
        (Line(day=40, frequency="7", original="X1"), Line(day=41), Line(day=80)),
        *(Line("N", day=5, frequency="7", original="X1"), {0, 1}, set()),
    ),
    "another patient's void": (
        (Line(day=50, control="X1"), Line(day=51)),
        *(Line("N", patient="P2", day=5, frequency="8", original="X1"), set(), set()),
    ),
    "a placeholder is nobody": (
        *((Line(day=5, patient="UNKNOWN"),), Line("N", day=5, patient="UNKNOWN"), set(), set()),
    ),
}


@pytest.mark.parametrize("name", NEAR)
def test_what_is_judged_again(folder: Path, name: str) -> None:
    stored, new, again, context = NEAR[name]
    feed = Feed(folder, "delta", REACH)
    feed.take(one_file(*(replace(line, claim=f"S{n}") for n, line in enumerate(stored))))
    found = feed.look(one_file(new))
    check(found, values=True)
    assert {int(line.claim[1:]) for line in said(found.again)} == again
    assert {int(line.claim[1:]) for line in said(found.context)} == context


def test_the_old_day_of_a_line_that_ended_is_touched(folder: Path) -> None:
    feed = Feed(folder)
    beside = Line("C2", day=1)
    feed.take(one_file(Line("C1", 1), Line("C1", 2), beside))
    found = feed.look(one_file(Line("C1", 1), Line("C1", 2, day=40)))
    assert said(found.again) == [Line("C1", 1), beside]


def test_an_id_that_stands_for_many_draws_nobody_in(folder: Path) -> None:
    feed = Feed(folder, "delta", ())
    crowd = [Line(f"C{n}", 1, "WALK-IN", n % 1000) for n in range(10_001)]
    feed.take(one_file(*crowd, Line("D", 1, "P1", 5)))
    tonight = Line("E", 1, "WALK-IN", 5), Line("F", 1, "P1", 5)
    assert [line.patient for line in said(feed.look(one_file(*tonight)).again)] == ["P1"]


def test_a_row_that_is_newly_rejected_touches_its_day(folder: Path) -> None:
    feed = Feed(folder)
    feed.take(one_file(Line("C1", day=3), Line("C2", day=9)))
    night = one_file(missing=(Missing("C7", "P1", 3), Missing("C8", None, 9)))
    assert said(feed.take(night).again) == [Line("C1", day=3)]
    assert feed.look(night).again.is_empty()


def test_rejected_rows_are_remembered_until_their_claim_comes_whole(folder: Path) -> None:
    feed = Feed(folder)
    missing = (Missing("C1", "P1", 3), Missing(None, "P1", 4))
    feed.take(one_file(FIRST, replace(OTHER, patient="P1", day=3), missing=missing))
    # the same row rejected again is nothing new, and both keys matter to what is touched
    found = feed.take(one_file(FIRST, Line("C3", day=1), missing=missing[:1]))
    assert found.rejected["service_date"].dt.day().to_list() == [5, 4]
    assert found.cleared.is_empty()
    # the claim comes whole: its key goes, its day is judged again, the nameless key stays
    found = feed.take(one_file(FIRST))
    assert found.cleared["claim_id"].to_list() == ["C1"]
    assert versions(found.again) == set(feed.standing())
    found = feed.take(one_file(Line("C4", day=3)))
    assert found.cleared.is_empty()
    assert found.rejected["claim_id"].to_list() == [None]


def test_a_rejected_row_that_a_later_file_made_good_is_forgotten(folder: Path) -> None:
    feed = Feed(folder)
    missing = (Missing("C1", "P1", 3), Missing("C2", "P2", 4), Missing(None, "P1", 5))
    night = Night((("a.csv", (OTHER,)), ("b.csv", (FIRST, SECOND))), missing)
    found = feed.take(night)
    # of C2 the later file says nothing, and nobody knows what claim the third row is of
    assert found.refused["claim_id"].to_list() == [None, "C2"]
    assert feed.look(one_file(FIRST)).rejected["claim_id"].to_list() == [None]


def test_reaches_may_be_told_once_the_codes_are_known(folder: Path) -> None:
    feed = Feed(folder)
    feed.take(one_file(Line("C1", day=9, code="NEW")))
    asked: list[set[str | None]] = []

    def told(codes: pl.Series, first: object, last: object) -> tuple[Reach, ...]:
        asked.append(set(codes))
        assert str(first) < str(last)
        return REACH

    feed.reaches = told
    found = feed.look(one_file(Line("C2", day=5, code="CUT")))
    assert asked == [{"NEW", "CUT"}]
    assert said(found.again) == [Line("C1", day=9, code="NEW")]
    StoredLines.validate(found.again)
