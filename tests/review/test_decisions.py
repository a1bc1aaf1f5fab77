"""What reviewers wrote comes home whole; what is not theirs, or not so, is told and left out."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.review import Reviewed, ReviewOptions, read_decisions
from schemas import Decisions, dtypes
from tests.review import books
from tests.review.conftest import finding, findings

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

TODAY = date(2026, 11, 25)
AGREE = {"Disposition": "agree", "Reviewer": "Ann Lee", "Decided on": date(2026, 11, 20)}


def read(path: Path, by: str | None = None, password: Any = None) -> Reviewed:  # noqa: ANN401 - a function or None
    return read_decisions(path, ReviewOptions(TODAY, by), password)


def answered(path: Path, *answers: dict[str, Any], **values: object) -> Path:
    """A workbook of one finding an answer."""
    found = findings([finding(n, **values) for n in range(1, len(answers) + 1)])
    return books.write(path, ("Findings", books.rows_of(found, dict(enumerate(answers)))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reviewed.xlsx"


def test_a_decision_comes_with_the_facts_it_was_made_on(path: Path) -> None:
    until = datetime(2027, 1, 31, 0, 0)  # noqa: DTZ001 - a cell has no zone
    answer = AGREE | {"Reason": " seen ", "Valid until": until}
    told = read(answered(path, answer, {}))
    assert (told.problems, told.tables, told.double) == ((), 1, 0)
    Decisions.validate(told.decisions)
    (row,) = told.decisions.rows(named=True)
    assert row == {
        "finding_id": finding(1)["finding_id"],
        "fingerprint": row["fingerprint"],
        "disposition": "agree",
        "reason": "seen",
        "reviewer": "Ann Lee",
        "decided_on": date(2026, 11, 20),
        "dated": True,
        "valid_until": date(2027, 1, 31),
        "rule_id": "AOC-1",
        "tier": "certain",
        "claim_id": "002500000001",
        "line_number": 2,
        "service_date": date(2025, 3, 10),
        "code": "00100",
        "modifiers": "RT 59",
        "units": Decimal("1.500"),
        "charge_amount": Decimal("1120.50"),
        "amount_at_risk": Decimal("75.25"),
        "counterpart_code": "20610",
        "also": "",
    }


@pytest.mark.parametrize("word", ["agree", " Agree ", "NEEDS\n records", "Corrected", "disagree"])
def test_words_are_taken_in_any_case(path: Path, word: str) -> None:
    told = read(answered(path, AGREE | {"Disposition": word}))
    assert told.problems == ()
    assert told.decisions["disposition"].to_list() == [" ".join(word.lower().split())]


@pytest.mark.parametrize(
    ("answer", "column", "words"),
    [
        ({"Disposition": "agre"}, "Disposition", "did you mean 'agree'?"),
        ({"Disposition": "accept risk"}, "Disposition", "did you mean 'accepted risk'?"),
        ({"Disposition": "Mr Smith"}, "Disposition", "none of agree, disagree"),
        ({"Disposition": None, "Reason": "hm"}, "Disposition", "chose no disposition"),
        ({"Reviewer": None}, "Reviewer", "--by NAME"),
        ({"Decided on": date(2026, 11, 26)}, "Decided on", "in the future"),
        ({"Decided on": "soon"}, "Decided on", "no date"),
        ({"Valid until": "when it suits"}, "Valid until", "no date"),
        ({"Valid until": date(2026, 11, 20)}, "Valid until", "not after the day"),
        (
            {"Disposition": "accepted risk", "Valid until": date(2027, 1, 1)},
            "Reason",
            "needs a reason",
        ),
        ({"Disposition": "accepted risk", "Reason": "small"}, "Valid until", "needs a day"),
    ],
)
def test_what_is_no_decision_is_reported_with_its_cell_and_not_stored(
    path: Path, answer: dict[str, Any], column: str, words: str
) -> None:
    told = read(answered(path, AGREE | answer, AGREE))
    (problem,) = told.problems
    assert (problem.sheet, problem.row, problem.column) == ("Findings", 3, column)
    assert words in problem.why
    assert "Smith" not in str(problem)
    assert str(problem).startswith("sheet Findings, row 3, ")
    assert told.decisions["finding_id"].to_list() == [finding(2)["finding_id"]]


def test_accepted_risk_with_reason_and_day_is_taken(path: Path) -> None:
    whole = {"Disposition": "Accepted risk", "Reason": "small", "Valid until": date(2027, 1, 1)}
    told = read(answered(path, AGREE | whole))
    assert told.problems == ()
    assert told.decisions["disposition"].to_list() == ["accepted risk"]


def test_the_import_supplies_the_reviewer_and_the_date(path: Path) -> None:
    told = read(answered(path, {"Disposition": "agree"}, AGREE), by=" Bob  Ray ")
    assert told.decisions["reviewer"].to_list() == ["Bob Ray", "Ann Lee"]
    assert told.decisions["decided_on"].to_list() == [TODAY, date(2026, 11, 20)]
    assert told.decisions["dated"].to_list() == [False, True]


# What changes each fact that a reader sees, as a slip of the hand would.
EDITS: dict[str, Callable[[Any], Any]] = {
    "Tier": lambda _: "review",
    "Rule": lambda _: "AOC-2",
    "Claim": lambda claim: f"{claim}1",
    "Line": lambda line: line + 1,
    "Patient": lambda _: "someone else",
    "Date of service": lambda day: day.replace(day=11),
    "Code": lambda _: "00102",
    "Modifiers": lambda _: "RT",
    "At risk (estimate)": lambda amount: amount + 0.01,
    "Counterpart": lambda _: "20611, line 1, claim C7",
    "Also": lambda _: "MUE-2",
    "Units": lambda units: units + 1,
    "Charge": lambda _: None,
    "Finding id": lambda found: "0" + found[1:-1] + "1",
    "Check": lambda check: check[:-1] + ("0" if check[-1] != "0" else "1"),
}


@pytest.mark.parametrize("header", EDITS)
def test_an_edited_cell_is_found_and_its_row_not_stored(path: Path, header: str) -> None:
    found = findings([finding(1), finding(2)])
    rows = books.rows_of(found, {0: AGREE, 1: AGREE})
    rows[0][header] = EDITS[header](rows[0][header])
    told = read(books.write(path, ("Findings", rows)))
    (problem,) = told.problems
    assert (problem.sheet, problem.row) == ("Findings", 3)
    assert told.decisions["finding_id"].to_list() == [finding(2)["finding_id"]]


@pytest.mark.parametrize("together", [("Finding id", "Check"), ("Finding id",), ("Claim",)])
def test_columns_sorted_apart_are_found(path: Path, together: tuple[str, ...]) -> None:
    found = findings([finding(1), finding(2, code="00102"), finding(3, units=Decimal(9))])
    rows = books.rows_of(found, dict.fromkeys(range(3), AGREE))
    for name in together:
        cells = [row[name] for row in rows]
        for row, cell in zip(rows, [*cells[1:], cells[0]], strict=True):
            row[name] = cell
    told = read(books.write(path, ("Findings", rows)))
    assert told.decisions.height == 0
    assert [p.row for p in told.problems] == [3, 4, 5]


def test_reviewers_columns_sorted_apart_cannot_be_told_from_other_answers(path: Path) -> None:
    """Answers belong to the row they stand in: there is nothing else to know them by."""
    found = findings([finding(1), finding(2)])
    rows = books.rows_of(found, {1: AGREE})
    told = read(books.write(path, ("Findings", rows)))
    assert told.decisions["finding_id"].to_list() == [finding(2)["finding_id"]]


def test_the_same_decision_twice_is_one(path: Path) -> None:
    rows = books.rows_of(findings([finding()]), {0: AGREE})
    told = read(books.write(path, ("Findings", rows), ("Copy", rows)))
    assert (told.decisions.height, told.problems, told.double) == (1, (), 1)


def test_different_decisions_of_one_reviewer_are_a_conflict_and_none_is_stored(path: Path) -> None:
    found = findings([finding(1), finding(2)])
    first = books.rows_of(found, {0: AGREE, 1: AGREE})
    again = books.rows_of(found, {0: AGREE | {"Disposition": "disagree", "Reviewer": "ann lee"}})
    told = read(books.write(path, ("Findings", first), ("Copy", again)))
    assert told.decisions["finding_id"].to_list() == [finding(2)["finding_id"]]
    assert [(p.sheet, p.row) for p in told.problems] == [("Findings", 3), ("Copy", 3)]
    assert "sheet Copy, row 3; none of them was stored" in told.problems[0].why


def test_two_reviewers_in_one_workbook_both_count(path: Path) -> None:
    found = findings([finding()])
    sheets = [
        (name, books.rows_of(found, {0: AGREE | {"Disposition": word, "Reviewer": name}}))
        for name, word in (("Ann", "agree"), ("Bob", "disagree"))
    ]
    told = read(books.write(path, *sheets))
    assert told.problems == ()
    assert told.decisions.select("reviewer", "disposition").rows() == [
        ("Ann", "agree"),
        ("Bob", "disagree"),
    ]


_WORDS = st.sampled_from(["agree", "disagree", "needs records", "corrected", "accepted risk"])
_CELL = st.text(
    st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20
) | st.sampled_from(["=1+1", "#N/A", "00123", "1e5", "TRUE", "2025-01-02", "two\nlines"])
_ANSWER = st.fixed_dictionaries(
    {
        "Disposition": _WORDS,
        "Reason": _CELL,
        "Reviewer": st.sampled_from(["Ann", "Bob"]),
        "Decided on": st.dates(date(2026, 1, 1), TODAY),
        "Valid until": st.dates(date(2026, 12, 1), date(2030, 1, 1)),
    }
)
_FACTS = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["00100", "99213", "J1100", "0042T", "1E234"]),
        "modifiers": st.sampled_from(["", "25", "RT 59", "1P"]),
        "claim_id": _CELL,
        "patient_id": _CELL,
        "line_number": st.none() | st.integers(0, 99),
        "units": st.none() | st.decimals(-999, 9999, places=3),
        "charge_amount": st.none() | st.decimals(-999, 99999, places=2),
        "amount_at_risk": st.none() | st.decimals(-999, 99999, places=2),
        "counterpart_code": st.sampled_from([None, "20610", "00102"]),
        "counterpart_line_number": st.none() | st.integers(1, 9),
        "service_date": st.dates(date(2001, 1, 1), date(2026, 1, 1)),
    }
)


@given(
    st.lists(st.tuples(_FACTS, st.none() | _ANSWER), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_exactly_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    given_: list[tuple[dict[str, Any], dict[str, Any] | None]],
    rng: random.Random,
) -> None:
    found = findings([finding(n, **facts) for n, (facts, _) in enumerate(given_)])
    answers = {n: answer for n, (_, answer) in enumerate(given_) if answer}
    rows = books.shuffled(books.rows_of(found, answers), rng)
    path = tmp_path_factory.mktemp("books") / "r.xlsx"
    book = openpyxl.Workbook()
    books.fill(book.active, rows, (), rng.randrange(5))
    for cells in book.active.iter_rows():
        for cell in cells:
            if cell.data_type in "fe":  # a text that looks like a formula, or like an error
                cell.data_type = "s"
    book.save(path)
    told = read(path)
    assert told.problems == ()
    want = {
        found["finding_id"][n]: (
            answer["Disposition"],
            answer["Reason"],
            answer["Reviewer"],
            answer["Decided on"],
            answer["Valid until"],
            found["units"][n],
            found["amount_at_risk"][n],
            found["line_number"][n],
        )
        for n, answer in answers.items()
    }
    names = ("disposition", "reason", "reviewer", "decided_on", "valid_until")
    names += ("units", "amount_at_risk", "line_number")
    assert {
        r["finding_id"]: tuple(r[n] for n in names) for r in told.decisions.rows(named=True)
    } == want
    assert list(told.decisions.columns) == list(dtypes(Decisions))


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    """What a reader sees of a cell, numbers without needless zeros."""
    return f"{Decimal(str(value)).normalize():f}" if isinstance(value, int | float) else str(value)


@given(st.data())
def test_any_other_value_in_a_fact_cell_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Also where numbers were saved as text: no two values that a reader tells apart are one."""
    facts = data.draw(_FACTS)
    (row,) = books.rows_of(findings([finding(1, **facts)]), {0: AGREE})
    name = data.draw(st.sampled_from([n for n in EDITS if n not in ("Finding id", "Check")]))
    other = {
        "Line": st.integers(0, 99),
        "Units": st.decimals(-999, 9999, places=3).map(float),
        "Charge": st.decimals(-999, 99999, places=2).map(float),
        "At risk (estimate)": st.decimals(-999, 99999, places=2).map(float),
        "Date of service": st.dates(date(2001, 1, 1), date(2026, 1, 1)),
        "Counterpart": st.sampled_from(["20610", "00102, line 3", "line 3"]),
    }.get(name, st.sampled_from(["00100", "99213", "A-1", "review", "RT"]))
    before, now = row[name], data.draw(st.none() | other)
    if name == "Counterpart":  # its line is no fact
        before, now = (str(v or "").partition(",")[0].replace("line 3", "") for v in (before, now))
        before = "" if before.startswith(("line ", "claim ")) else before
    as_text = data.draw(st.booleans()) and not isinstance(now, date) and now is not None
    row[name] = _plain(now) if as_text else now
    path = tmp_path_factory.mktemp("books") / "r.xlsx"
    book = openpyxl.Workbook()
    books.fill(book.active, [row], (), 0)
    for cell in book.active[2]:
        if cell.data_type in "fe":
            cell.data_type = "s"
    book.save(path)
    told = read(path)
    same = _plain("" if before is None else before) == _plain("" if now is None else now)
    assert (told.decisions.height, len(told.problems)) == ((1, 0) if same else (0, 1))
