"""Findings from night to night, against cases with names and against a slow model in Python."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ExitCode, LedgerError
from auditor.ledger import known, opened
from auditor.ledger.closing import ENDS, UNNAMED
from auditor.ledger.life import record, settle
from auditor.ledger.store import transaction
from schemas import CarriedFindings, ClosedFindings, FindingLife
from tests.ledger import nights
from tests.ledger.nights import FIRST, finding, night

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.ledger.life import Life


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "ledger.sqlite") as connection:
        yield connection


def states(life: Life) -> list[str]:
    return life.findings["state"].to_list()


def checked(life: Life) -> Life:
    FindingLife.validate(life.findings)
    ClosedFindings.validate(life.closed)
    CarriedFindings.validate(life.carried)
    return life


def test_new_standing_resolved_reopened(ledger: sqlite3.Connection) -> None:
    one = finding(1)
    first = checked(night(ledger, 0, [one]))
    assert first.findings.rows() == [(one["finding_id"], "new", False, FIRST, 0, 1)]
    second = checked(night(ledger, 2, [one]))
    assert second.findings.rows() == [(one["finding_id"], "standing", False, FIRST, 2, 2)]
    third = checked(night(ledger, 5, looked=[one]))
    (closed,) = third.closed.rows(named=True)
    same = ("finding_id", "rule_id", "tier", "claim_id", "line_number", "patient_id", "code")
    assert {n: closed[n] for n in same} == {n: one[n] for n in same}
    assert (closed["units"], closed["amount_at_risk"]) == (Decimal("1.500"), Decimal("75.25"))
    assert (closed["first_seen"], closed["days"], closed["runs_found"]) == (FIRST, 5, 2)
    assert (closed["told_in"], closed["told_on"]) == ("2026-11-03-00000002", date(2026, 11, 3))
    fourth = checked(night(ledger, 60, [one]))
    assert fourth.findings.rows() == [(one["finding_id"], "reopened", False, FIRST, 60, 3)]
    assert fourth.closed.is_empty()
    assert [row[0] for row in ledger.execute("SELECT event FROM finding_events")] == [
        "new",
        "resolved",
        "reopened",
    ]


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("tier", "review", True),
        ("modifiers", "59", True),
        ("units", Decimal("2.000"), True),
        ("units", None, True),
        ("charge_amount", Decimal("120.51"), True),
        ("amount_at_risk", None, True),
        ("amount_basis", "paid", True),
        ("counterpart_code", "20610", True),
        ("also", "PTP-1", True),
        # what a decision does not rest on either changes nothing
        ("counterpart_claim_id", "C9", False),
        ("message", "other words", False),
        ("source_row", 99, False),
    ],
)
def test_what_counts_as_a_change(
    ledger: sqlite3.Connection, name: str, value: object, *, changed: bool
) -> None:
    night(ledger, 0, [finding()])
    life = night(ledger, 1, [finding(**{name: value})])
    assert (states(life), life.findings["changed"].to_list()) == (["standing"], [changed])
    events = [row[0] for row in ledger.execute("SELECT event FROM finding_events")]
    assert events == ["new", "changed"] if changed else ["new"]
    carried = night(ledger, 2).carried.row(0, named=True)
    if name in carried:
        assert carried[name] == value, "what was found last is what is told"


@pytest.mark.parametrize(
    ("why", "again", "ran", "lasting", "number", "told"),
    [
        # judged again and not found
        (None, True, True, False, 1, UNNAMED),
        (None, False, True, False, 1, None),
        (None, True, False, False, 1, None),
        (None, True, True, True, 1, None),
        # the line is gone: no rule need have run
        ("void", False, False, True, 1, "The claim was voided."),
        ("void", True, False, True, None, "The claim was voided."),
        ("superseded", False, False, True, 1, "The claim was replaced by a newer one."),
        ("no longer in the claim", True, False, True, 1, "The line is no longer in the claim."),
        ("no longer in the claim", False, False, True, None, "The line is no longer in the claim."),
        # a newer version stands there: the rule must have looked at it
        ("superseded", True, False, False, 1, None),
        ("superseded", True, True, True, 1, "The claim was replaced by a newer one."),
        ("no longer in the claim", True, False, False, None, None),
        ("changed", True, False, False, 1, None),
        (
            "changed",
            False,
            True,
            True,
            1,
            "The line was changed, and the rule finds nothing on it as it is now.",
        ),
    ],
)
def test_what_closes_a_finding_and_what_is_said(  # noqa: PLR0913 - the columns of the table
    ledger: sqlite3.Connection,
    why: str | None,
    number: int | None,
    told: str | None,
    *,
    again: bool,
    ran: bool,
    lasting: bool,
) -> None:
    one = finding(line_number=number)
    night(ledger, 0, [one])
    life = night(
        ledger,
        1,
        looked=[one] if again else [],
        gone=[one | {"why": why}] if why else [],
        ran=["AOC-1"] if ran else ["PTP-1"],
        lasting=["AOC-1"] if lasting else [],
    )
    assert life.closed["why"].to_list() == ([told] if told else [])
    assert life.carried.height == (0 if told else 1)


@pytest.mark.parametrize(
    "other",
    [
        {"claim_id": "C2"},
        {"patient_id": "P2"},
        {"service_date": date(2026, 10, 9)},
    ],
)
def test_a_line_that_was_not_judged_keeps_its_finding(
    ledger: sqlite3.Connection, other: dict[str, Any]
) -> None:
    night(ledger, 0, [finding()])
    life = night(ledger, 40, looked=[finding() | other], gone=[finding() | other | {"why": "void"}])
    assert life.closed.is_empty()
    carried = checked(life).carried.row(0, named=True)
    assert (carried["days"], carried["first_seen"], carried["decided"]) == (40, FIRST, None)


def test_another_line_of_the_claim_that_ended_ends_nothing(ledger: sqlite3.Connection) -> None:
    one = finding()
    night(ledger, 0, [one])
    gone = [one | {"line_number": 2, "why": "void"}, one | {"code": "99213", "why": "void"}]
    assert night(ledger, 1, gone=gone).closed.is_empty()


def test_what_is_told_under_another_rule_is_said(ledger: sqlite3.Connection) -> None:
    one = finding()
    night(ledger, 0, [one])
    head = finding() | {"finding_id": "f" * 32, "rule_id": "PTP-1", "also": "MUE-2 AOC-1"}
    life = night(ledger, 1, [head])
    words = "The line is told under PTP-1 now, which names this rule in Also."
    assert life.closed["why"].to_list() == [words]
    assert states(life) == ["new"]
    back = night(ledger, 2, [one], gone=[head | {"why": "changed"}])
    assert states(back) == ["reopened"]
    assert back.closed["why"].to_list() == [
        "The line was changed, and the rule finds nothing on it as it is now."
    ]
    again = night(ledger, 3, [head], gone=[one | {"why": "changed"}])
    assert again.closed["why"].to_list() == [f"The line was changed. {words}"]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("void", "The claim with the code it was held against, 20610, was voided."),
        (
            "superseded",
            "The claim with the code it was held against, 20610, was replaced by a newer one.",
        ),
        (
            "no longer in the claim",
            "The line it was held against, 20610, is no longer in its claim.",
        ),
        ("changed", "The line it was held against, 20610, was changed."),
    ],
)
def test_what_became_of_the_counterpart_is_said(
    ledger: sqlite3.Connection, why: str, told: str
) -> None:
    met = {
        "counterpart_claim_id": "C7",
        "counterpart_line_number": 3,
        "counterpart_code": "20610",
    }
    one = finding(**met)
    night(ledger, 0, [one])
    other = one | {"claim_id": "C7", "line_number": 3, "code": "20610", "why": why}
    assert night(ledger, 1, looked=[one], gone=[other]).closed["why"].to_list() == [told]


def test_feeds_know_nothing_of_each_other(ledger: sqlite3.Connection) -> None:
    night(ledger, 0, [finding(1)])
    other = night(ledger, 0, [finding(1)], looked=[finding(2)], feed="hospital")
    assert states(other) == ["new"]
    assert night(ledger, 1, looked=[finding(1)]).closed.height == 1
    assert states(night(ledger, 1, [finding(1)], feed="hospital")) == ["standing"]


def test_figures_are_those_of_the_night(ledger: sqlite3.Connection) -> None:
    night(ledger, 0, [finding(1), finding(2), finding(3, tier="review")])
    night(ledger, 1, looked=[finding(2)])
    found = [
        finding(1),
        finding(2),
        finding(4, rule_id="PTP-1", amount_at_risk=Decimal("-0.10")),
        finding(5, rule_id="PTP-1", amount_at_risk=Decimal("10.05")),
        finding(6, rule_id="MUE-2", tier="review", amount_basis="charge"),
        finding(7, tier="info", amount_at_risk=None, amount_basis="none"),
    ]
    life = night(ledger, 2, found)
    assert life.figures() == {
        "new": {"certain": 2, "review": 1, "info": 1},
        "reopened": 1,
        "standing": 1,
        "resolved": 0,
        "open": {"certain": 4, "review": 2, "info": 1},
        "new_at_risk": {"certain": {"allowed": "9.95"}, "review": {"charge": "75.25"}},
        "by_rule": {"AOC-1": 1, "MUE-2": 1, "PTP-1": 2},
    }
    dated = life.dated(nights.frame(found))
    assert dated["first_seen"].to_list() == [FIRST, FIRST, *[date(2026, 11, 3)] * 4]


def test_nothing_is_written_before_it_is_recorded(ledger: sqlite3.Connection) -> None:
    before = list(ledger.iterdump())
    life = settle(
        ledger,
        "clinic",
        nights.frame([finding()]),
        judged=nights.judged([finding()]),
        ended=nights.ended([]),
        ran=(),
        lasting=(),
        as_of=FIRST,
    )
    assert list(ledger.iterdump()) == before
    with transaction(ledger):
        record(ledger, life, nights.add_run(ledger, "clinic", FIRST))
    kept = list(ledger.iterdump())
    # what it rests on is no longer so
    with pytest.raises(LedgerError, match="Another run") as told, transaction(ledger):
        record(ledger, life, nights.add_run(ledger, "clinic", FIRST))
    assert told.value.exit_code == ExitCode.INTERNAL
    assert list(ledger.iterdump()) == kept


def test_an_empty_feed_and_an_empty_night(ledger: sqlite3.Connection) -> None:
    life = checked(night(ledger, 0))
    assert life.findings.is_empty()
    assert life.figures()["open"] == {"certain": 0, "review": 0, "info": 0}


def test_more_findings_than_one_question_takes(ledger: sqlite3.Connection) -> None:
    found = [finding(n) for n in range(1, 60)]
    night(ledger, 0, found)
    night(ledger, 1, looked=found)
    ledger.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 12)
    assert set(states(night(ledger, 2, found))) == {"reopened"}


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_what_is_open_comes_back_as_it_was_a_piece_at_a_time(
    ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    texts = ('"', "\\", "two\nlines", "\x00null", "\x1f", "\U0001f9be", "{}", "[1,2]", "null", "01")
    found = [
        finding(n, claim_id=text, patient_id=text, service_date=FIRST)
        for n, text in enumerate(texts, start=1)
    ]
    night(ledger, 0, found)
    monkeypatch.setattr(known, "_PIECE", piece)
    carried = night(ledger, 1).carried
    assert carried["claim_id"].to_list() == list(texts)
    assert carried["patient_id"].to_list() == list(texts)
    assert carried["told_in"].unique().to_list() == ["2026-11-01-00000001"]


def test_a_run_for_an_earlier_day_counts_no_days(ledger: sqlite3.Connection) -> None:
    night(ledger, 10, [finding()])
    assert night(ledger, 3, [finding()]).findings["days"].to_list() == [0]


# ---- random nights against a slow model -----------------------------------------------------


@dataclass
class Known:
    """What the model keeps of a finding."""

    first: date
    runs: int
    row: dict[str, Any]
    open: bool = True


@dataclass
class Model:
    """The rules of the life of a finding, one finding at a time."""

    known: dict[str, Known] = field(default_factory=dict)

    def night(  # noqa: PLR0913 - the parts of a night
        self,
        as_of: date,
        *,
        found: list[dict[str, Any]],
        looked: list[dict[str, Any]],
        gone: list[dict[str, Any]],
        ran: set[str],
        lasting: set[str],
    ) -> tuple[dict[str, tuple[Any, ...]], set[str], set[str]]:
        told = {}
        tonight = {row["finding_id"] for row in found}
        for row in found:
            old = self.known.get(row["finding_id"])
            state = "new" if old is None else "standing" if old.open else "reopened"
            facts = ("tier", "modifiers", "amount_at_risk", "also")
            changed = state == "standing" and any(old.row[n] != row[n] for n in facts)
            first = as_of if old is None else old.first
            runs = 1 if old is None else old.runs + 1
            self.known[row["finding_id"]] = Known(first, runs, row)
            told[row["finding_id"]] = (state, changed, first, runs)
        closed = set()
        for name, old in self.known.items():
            if name not in tonight and old.open and self._ends(old, looked, gone, ran, lasting):
                old.open = False
                closed.add(name)
        carried = {n for n, old in self.known.items() if old.open and n not in tonight}
        return told, closed, carried

    @staticmethod
    def _ends(
        old: Known,
        looked: list[dict[str, Any]],
        gone: list[dict[str, Any]],
        ran: set[str],
        lasting: set[str],
    ) -> bool:
        row = old.row
        day = [row[n] for n in ("claim_id", "patient_id", "service_date")]
        again = any(
            [o[n] for n in ("claim_id", "patient_id", "service_date")] == day for o in looked
        )
        line = ("claim_id", "line_number", "patient_id", "service_date", "code")
        whys = [g["why"] for g in gone if all(g[n] == row[n] for n in line)]
        why = min(whys, key=ENDS.index, default=None)
        if why == "void":
            return True
        if why == "superseded" and not again:
            return True
        if why == "no longer in the claim" and (row["line_number"] is not None or not again):
            return True
        if row["rule_id"] not in ran:
            return False
        return why is not None or (again and row["rule_id"] not in lasting)


# Three claims of two lines, three rules: 18 findings that come and go, the last claim's lines have
# no number.
PLACES = [(claim, line, rule) for claim in (1, 2, 3) for line in (1, 2) for rule in range(3)]
_NUMBERS = st.sets(st.integers(0, len(PLACES) - 1))


def place(number: int, **values: object) -> dict[str, Any]:
    claim, line, rule = PLACES[number]
    plain = {
        "claim_id": f"C{claim}",
        "patient_id": "P1",
        "line_number": line if claim < 3 else None,
        "code": "77002" if line == 1 else "99213",
        "rule_id": nights.RULES[rule],
    }
    return finding(number + 1, **(plain | values))


@st.composite
def a_night(draw: st.DrawFn) -> dict[str, Any]:
    found = [
        place(
            number,
            tier=draw(st.sampled_from(["certain", "certain", "review"])),
            amount_at_risk=draw(st.sampled_from([None, Decimal("10.00"), Decimal("20.01")])),
            rendering_npi=draw(st.sampled_from(["1111111111", None])),
        )
        for number in sorted(draw(_NUMBERS))
    ]
    ends = st.dictionaries(st.integers(0, len(PLACES) - 1), st.sampled_from(ENDS), max_size=5)
    return {
        "found": found,
        "looked": [place(n) for n in sorted(draw(_NUMBERS))] + found,
        "gone": [place(n) | {"why": why} for n, why in draw(ends).items()],
        "ran": draw(st.sets(st.sampled_from(nights.RULES))) | {f["rule_id"] for f in found},
        "lasting": draw(st.sampled_from([set(), {"MUE-2"}])),
    }


@contextmanager
def a_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path_factory.mktemp("life") / "l.sqlite") as connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


@given(st.lists(a_night(), min_size=1, max_size=6))
def test_random_nights_are_as_the_model_has_them(
    tmp_path_factory: pytest.TempPathFactory, several: list[dict[str, Any]]
) -> None:
    model = Model()
    with a_ledger(tmp_path_factory) as ledger:
        for number, each in enumerate(several):
            life = checked(night(ledger, number, **each))
            told, closed, carried = model.night(FIRST + timedelta(days=number), **each)
            now = life.findings
            assert told == {
                row["finding_id"]: (
                    row["state"],
                    row["changed"],
                    row["first_seen"],
                    row["runs_found"],
                )
                for row in now.iter_rows(named=True)
            }
            assert set(life.closed["finding_id"]) == closed
            assert set(life.carried["finding_id"]) == carried
            assert life.closed["why"].null_count() == 0
            _ledger_agrees(ledger, model)


def _ledger_agrees(ledger: sqlite3.Connection, model: Model) -> None:
    """What is open is what the events say, and the tallies add up to it."""
    newest = """
        SELECT finding_id, e.tier, e.amount_at_risk FROM finding_events AS e
        JOIN findings USING (finding)
        WHERE event_id IN (SELECT max(event_id) FROM finding_events GROUP BY finding)
        AND event <> 'resolved'
    """
    by_events = set(ledger.execute(newest))
    held = set(ledger.execute("SELECT finding_id, tier, amount_at_risk FROM open_findings"))
    assert by_events == held
    assert {row[0] for row in held} == {n for n, old in model.known.items() if old.open}
    counted = """
        SELECT rule_id, rendering_npi, tier, amount_basis, {}, {} FROM {} GROUP BY 1, 2, 3, 4
        HAVING {} <> 0 ORDER BY 1, 2, 3, 4
    """
    tallies = counted.format("sum(opened)", "sum(opened_at_risk)", "finding_tallies", "sum(opened)")
    opened_now = counted.format(
        "count(*)", "coalesce(sum(amount_at_risk), 0)", "open_findings", "count(*)"
    )
    assert ledger.execute(tallies).fetchall() == ledger.execute(opened_now).fetchall()


def test_events_and_tallies_are_only_ever_added(ledger: sqlite3.Connection) -> None:
    night(ledger, 0, [finding()])
    for table in ("findings", "finding_events", "finding_tallies"):
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET run = run"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                ledger.execute(change)
    assert ledger.execute("SELECT count(*) FROM finding_events").fetchone() == (1,)
