"""Lines as a coder types them: what they stand for, and how a mistake is told."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.asking.notation import AskedLine, QuestionUnclear, line_of, lines_of

LINES = [
    ("20610", AskedLine(code="20610")),
    ("20610-rt", AskedLine(code="20610", modifiers=("RT",))),
    ("97110-GP-59", AskedLine(code="97110", modifiers=("GP", "59"))),
    ("97110-GP*4", AskedLine(code="97110", modifiers=("GP",), units=Decimal(4))),
    ("97110-gpx4", AskedLine(code="97110", modifiers=("GP",), units=Decimal(4))),
    ("j1885*0.5", AskedLine(code="J1885", units=Decimal("0.5"))),
    ("99213-XS", AskedLine(code="99213", modifiers=("XS",))),
    ("0001A", AskedLine(code="0001A")),
    ("Anna:93010-26", AskedLine(code="93010", modifiers=("26",), practitioner="anna")),
    ("27447@2026-02-01", AskedLine(code="27447", day=date(2026, 2, 1))),
    (
        "bo:27447-RT*2@2026-02-01",
        AskedLine(
            code="27447",
            modifiers=("RT",),
            units=Decimal(2),
            day=date(2026, 2, 1),
            practitioner="bo",
        ),
    ),
]
MISTAKES = [
    ("2061", "'2061', character 1: a code has five letters and digits, and '2061' has 4."),
    ("20610RT", ("'20610RT', character 1: a code has five letters and digits, and '20610RT' has 7; "
     "a modifier follows a hyphen, 20610-RT.")),
    ("20610-R", "'20610-R', character 7: a modifier is two letters or digits, not 'R'."),
    ("20610-", "'20610-', character 7: a modifier is two letters or digits, not ''."),
    ("20610-RT-59-XS-76-77", ("'20610-RT-59-XS-76-77', character 18: a claim line has room for "
     "four modifiers.")),
    ("20.10", "'20.10', character 3: a code is five letters and digits, and '.' is neither."),
    ("a:20!10", "'a:20!10', character 5: a code is five letters and digits, and '!' is neither."),
    ("97110-GP*", ("'97110-GP*', character 10: a number of units is expected after the *, as in "
     "*4.")),
    ("97110*0", "'97110*0', character 7: units are more than 0 and at most 99999."),
    ("97110*-1", "'97110*-1', character 7: a number of units is expected after the *, as in *4."),
    ("27447@2/1/2026", ("'27447@2/1/2026', character 7: a day is expected after the @, as in "
     "@2026-03-02. Did you mean 2026-02-01?")),
    ("27447@13/45/2026", ("'27447@13/45/2026', character 7: a day is expected after the @, as in "
     "@2026-03-02.")),
    ("27447@2026-02-30", ("'27447@2026-02-30', character 7: a day is expected after the @, as in "
     "@2026-03-02.")),
    ("7:93010", ("'7:93010', character 1: a practitioner's name begins with a letter and "
     "has at most 20 letters and digits, as in anna:93010-26.")),
    ("anna:", ("'anna:', character 6: a code is missing; it follows the colon without a blank.")),
    ("-25", "'-25', character 1: a code is missing."),
    ("RT", ("'RT', character 1: 'RT' is no code; a modifier follows its code and a hyphen, as in "
     "20610-RT.")),
    ("advantage", ("'advantage', character 1: a code has five letters and digits, and 'ADVANTAGE' "
     "has 9.")),
]  # fmt: skip


@pytest.mark.parametrize(("word", "line"), LINES, ids=[word for word, _ in LINES])
def test_a_word_stands_for_a_line(word: str, line: AskedLine) -> None:
    assert line_of(word) == line


@pytest.mark.parametrize(("word", "said"), MISTAKES, ids=[word for word, _ in MISTAKES])
def test_a_mistake_is_told_with_word_and_place(word: str, said: str) -> None:
    with pytest.raises(QuestionUnclear) as caught:
        line_of(word)
    assert caught.value.what == said
    assert caught.value.exit_code == 2


def test_blanks_and_commas_part_lines() -> None:
    assert [line.text for line in lines_of(" 20610-RT, 77002-26,99213;\t99214 ")] == [
        "20610-RT", "77002-26", "99213", "99214",
    ]  # fmt: skip


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ASKED = st.builds(
    AskedLine,
    code=st.text(LETTERS, min_size=5, max_size=5),
    modifiers=st.lists(st.text(LETTERS, min_size=2, max_size=2), max_size=4).map(tuple),
    units=st.integers(1, 99_999_000).map(lambda n: Decimal(n) / 1000),
    day=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    practitioner=st.sampled_from(["", "anna", "dr.b_2"]),
)


@given(ASKED)
def test_what_a_line_is_written_as_is_read_as_that_line(line: AskedLine) -> None:
    assert line_of(line.text) == line
    assert line_of(line.text.lower()) == line


@given(st.text(max_size=20))
def test_any_word_is_a_line_or_a_told_mistake(word: str) -> None:
    told = ""
    try:
        line_of(word)
    except QuestionUnclear as error:
        told = error.what
    assert not told or told.startswith(f"'{word}', character ")
