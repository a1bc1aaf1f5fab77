"""What decisions mean for a later run: standing, reopened, expired, disputed, pending, gone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import seal
from auditor.review import standing, unmatched
from auditor.review.standing import CORRECTED_DAYS, consulted, digest, standing_alone
from schemas import Dispositions, Standing, Unmatched, dtypes
from tests.review.conftest import finding, findings

if TYPE_CHECKING:
    import random

NIGHT = date(2026, 11, 25)
_FACTS = (*seal.FACTS, "claim_id", "line_number", "service_date", "also")


def decided(number: int = 1, **values: object) -> dict[str, Any]:
    """A stored decision about `finding(number)`; facts among `values` are those it was made on."""
    facts = {name: values.pop(name) for name in _FACTS if name in values}
    judged = finding(number, **facts)
    plain = {
        "finding_id": judged["finding_id"],
        "fingerprint": seal.fingerprints(findings([judged]))[0],
        "disposition": "agree",
        "reason": None,
        "reviewer": "Ann Lee",
        "decided_on": date(2026, 11, 20),
        "valid_until": None,
        **{name: judged[name] for name in _FACTS},
        "imported_by": "operator",
        "imported_as_of": NIGHT,
        "imported_at": "2026-11-25T02:00:00+00:00",
        "workbook_sha256": "a" * 64,
    }
    return plain | values


def history(*rows: dict[str, Any]) -> pl.DataFrame:
    numbered = [row | {"disposition_id": n} for n, row in enumerate(rows, start=1)]
    return pl.DataFrame(numbered, schema=dtypes(Dispositions), orient="row")


def now(*rows: dict[str, Any], as_of: date = NIGHT, **values: object) -> list[tuple[str, str]]:
    """(state, told) of `finding(1)`, with these facts tonight."""
    found = standing(findings([finding(1, **values)]), history(*rows), as_of)
    Standing.validate(found)
    return found.select("state", "told").rows()


RISK = {"disposition": "accepted risk", "reason": "small", "valid_until": date(2026, 11, 30)}
BOB = {"reviewer": "Bob Ray", "decided_on": date(2026, 11, 21), "disposition": "disagree"}


@pytest.mark.parametrize(
    ("rows", "state", "told"),
    [
        ([decided()], "standing", "Ann Lee decided on 2026-11-20: agree."),
        (
            [decided(**RISK)],
            "standing",
            "Ann Lee decided on 2026-11-20: accepted risk. Valid until 2026-11-30.",
        ),
        (
            [decided(disposition="corrected")],
            "standing",
            "Ann Lee decided on 2026-11-20: corrected. The finding is still there.",
        ),
        (
            [decided(disposition="needs records")],
            "pending",
            "Ann Lee asked for records on 2026-11-20; nothing is decided yet.",
        ),
        (
            [decided(), decided(**BOB)],
            "disputed",
            (
                "Reviewers disagree. Ann Lee decided on 2026-11-20: agree."
                " Bob Ray decided on 2026-11-21: disagree."
            ),
        ),
        (
            [decided(**RISK, decided_on=date(2026, 11, 1)), decided()],
            "standing",
            "Ann Lee decided on 2026-11-20: agree.",
        ),
        (
            [decided(), decided(reviewer="Bob Ray", decided_on=date(2026, 11, 21))],
            "standing",
            "Bob Ray decided on 2026-11-21: agree.",
        ),
        # the same reviewer changed her mind: the newest counts, and is no dispute
        (
            [decided(), decided(reviewer="ann  LEE", disposition="disagree")],
            "standing",
            "ann  LEE decided on 2026-11-20: disagree.",
        ),
        # stored later, decided earlier
        (
            [decided(), decided(disposition="disagree", decided_on=date(2026, 11, 1))],
            "standing",
            "Ann Lee decided on 2026-11-20: agree.",
        ),
        (
            [decided(valid_until=date(2026, 11, 24))],
            "expired",
            "Ann Lee decided on 2026-11-20: agree. That was valid until 2026-11-24.",
        ),
        ([decided(valid_until=NIGHT)], "standing", None),
        # what has expired disputes nothing
        ([decided(valid_until=date(2026, 11, 24)), decided(**BOB)], "standing", None),
        # and neither does what was said of other facts
        ([decided(units=Decimal(9)), decided(**BOB)], "standing", None),
        (
            [decided(units=Decimal(1), modifiers="", amount_at_risk=None)],
            "reopened",
            (
                "Ann Lee decided on 2026-11-20: agree. Since then it changed:"
                " modifiers none -> RT 59, units 1 -> 1.5, amount at risk none -> 75.25."
            ),
        ),
        (
            [decided(code="100", charge_amount=Decimal(0))],
            "reopened",
            "Ann Lee decided on 2026-11-20: agree. Since then it changed: charge 0.00 -> 1120.50.",
        ),
        (
            [decided(fingerprint="f" * 16) | dict.fromkeys(_FACTS)],
            "reopened",
            "Ann Lee decided on 2026-11-20: agree. What was judged has changed since.",
        ),
    ],
)
def test_one_finding(rows: list[dict[str, Any]], state: str, told: str | None) -> None:
    ((state_now, told_now),) = now(*rows)
    assert state_now == state
    assert told in (None, told_now)


def test_a_rule_that_nobody_has_judged_opens_the_finding_again() -> None:
    said = "Ann Lee decided on 2026-11-20: agree."
    more = f"{said} Since then the line is also found by MUE-2, STA-B."
    assert now(decided(also="PTP-1"), also="PTP-1 MUE-2 STA-B") == [("reopened", more)]
    assert now(decided(also="PTP-1 MUE-2"), also="MUE-2")[0][0] == "standing", "fewer judge less"
    assert now(decided(also="PTP-1"), also="PTP-1") == [("standing", said)]
    # who decided after the other rule came has judged it too
    assert now(decided(), decided(reviewer="Bob", also="MUE-2"), also="MUE-2")[0][0] == "standing"
    # the workbook did not prove what else was found
    assert now(decided() | {"also": None}, also="MUE-2")[0][0] == "standing"


def test_corrected_stands_while_the_correction_may_still_come() -> None:
    day = NIGHT - timedelta(days=CORRECTED_DAYS)
    said = f"Ann Lee decided on {day}: corrected."
    row = decided(disposition="corrected", decided_on=day)
    assert now(row) == [("standing", f"{said} The finding is still there.")]
    late = now(row, as_of=NIGHT + timedelta(days=1))
    assert late == [("expired", f"{said} 30 days later the finding is still there.")]
    named = decided(disposition="corrected", decided_on=day, valid_until=date(2027, 2, 1))
    assert now(named, as_of=date(2027, 1, 31))[0][0] == "standing"


def test_a_dispute_shows_both_and_merges_neither() -> None:
    both = history(decided(reason="seen"), decided(**BOB))
    (row,) = standing(findings([finding()]), both, NIGHT).rows(named=True)
    assert (row["disposition"], row["reviewer"]) == ("agree / disagree", "Ann Lee / Bob Ray")
    assert (row["reason"], row["decided_on"]) == ("seen / -", date(2026, 11, 21))


def test_a_decision_of_a_later_day_than_the_run_is_not_looked_at() -> None:
    assert now(decided(), as_of=date(2026, 11, 19)) == []
    assert now(decided(), decided(**BOB), as_of=date(2026, 11, 20))[0][0] == "standing"


def test_findings_without_a_decision_have_no_row() -> None:
    both = findings([finding(1), finding(2)])
    assert standing(both, history(decided(2)), NIGHT)["finding_id"].to_list() == [
        finding(2)["finding_id"]
    ]
    assert standing(both, history(), NIGHT).schema == pl.Schema(dtypes(Standing))


def test_a_rule_that_another_covers_now_is_told_with_it() -> None:
    judged = finding(1)
    same = {name: judged[name] for name in ("claim_id", "line_number", "service_date", "code")}
    other = finding(2, rule_id="MUE-2", also=f"STA-B {judged['rule_id']}", **same)
    claims = pl.Series([judged["claim_id"]])
    (row,) = unmatched(findings([other]), history(decided()), claims, NIGHT).rows(named=True)
    assert row["told"] == (
        "Ann Lee decided on 2026-11-20: agree."
        " The line is told under MUE-2 now, which names this rule in Also."
    )
    apart = finding(2, rule_id="MUE-2", also="STA-B", **same)
    (row,) = unmatched(findings([apart]), history(decided()), claims, NIGHT).rows(named=True)
    assert "no longer made" in row["told"]


def test_gone_findings_of_claims_at_hand_are_told() -> None:
    rows = history(
        decided(1, disposition="corrected"),
        decided(2),
        decided(2, **BOB),
        decided(3),  # its finding is there
        decided(4),  # its claim is not in this batch
        decided(5, rule_id="PTP-0"),  # its rule did not run
        decided(6) | {"claim_id": None},  # nobody knows its claim
    )
    claims = pl.Series([finding(n)["claim_id"] for n in (1, 2, 3, 5, 99)])
    found = unmatched(findings([finding(3)]), rows, claims, NIGHT, frozenset({"AOC-1"}))
    Unmatched.validate(found)
    assert found.select("claim_id", "reviewer", "told").rows() == [
        (
            finding(1)["claim_id"],
            "Ann Lee",
            "Ann Lee decided on 2026-11-20: corrected. The finding is gone.",
        ),
        (
            finding(2)["claim_id"],
            "Bob Ray",
            (
                "Bob Ray decided on 2026-11-21: disagree. The finding is no longer made: the"
                " claim, a table or a rule has changed."
            ),
        ),
    ]
    assert unmatched(findings([finding(3)]), rows, claims, NIGHT).height == 3


def test_a_claim_id_that_lost_its_zeros_in_a_spreadsheet_is_the_same_claim() -> None:
    rows = history(decided(1, claim_id="2500000001"))
    assert unmatched(findings([]), rows, pl.Series(["002500000001"]), NIGHT).height == 1


def test_the_ledger_alone_tells_what_does_not_need_tonights_facts() -> None:
    rows = history(decided(1), decided(1, **BOB), decided(2, valid_until=date(2026, 11, 24)))
    rows = pl.concat([rows, history(decided(3, units=Decimal(1)), decided(3))])
    assert standing_alone(rows, NIGHT)["state"].to_list() == ["disputed", "expired", "standing"]


def test_the_digest_names_what_counts_and_nothing_else() -> None:
    claims = pl.Series([finding(1)["claim_id"]])

    def named(*rows: dict[str, Any], as_of: date = NIGHT) -> str:
        return digest(consulted(history(*rows), claims, as_of))

    nothing = named()
    one = named(decided(1))
    assert one != nothing
    assert named(decided(4)) == nothing, "another claim's"
    assert named(decided(1), decided(4)) == one
    assert named(decided(1), as_of=date(2026, 11, 1)) == nothing
    assert (
        named(decided(1, disposition="disagree"), decided(1, decided_on=date(2026, 11, 20))) == one
    )
    assert named(decided(1, reason="x")) != one
    assert named(decided(1, reason="")) != one
    assert named(decided(1, imported_at="2027", workbook_sha256="b" * 64)) == one


_SAID = st.fixed_dictionaries(
    {
        "disposition": st.sampled_from(["agree", "disagree", "needs records", "corrected"]),
        "reviewer": st.sampled_from(["Ann", "Bob"]),
        "decided_on": st.dates(date(2026, 11, 10), date(2026, 11, 28)),
        "valid_until": st.none() | st.dates(date(2026, 11, 20), date(2026, 12, 5)),
        "units": st.sampled_from([Decimal("1.5"), Decimal(2)]),
    }
)


@given(st.lists(_SAID, max_size=6), st.randoms(use_true_random=False))
def test_the_state_is_that_of_the_definition(
    said: list[dict[str, Any]], rng: random.Random
) -> None:
    """A plain restatement of docs/reviews.md, one finding at a time."""
    rows = [decided(1, **each) for each in said]
    newest = {}
    for n, each in enumerate(said):
        if each["decided_on"] <= NIGHT:
            before = newest.get(each["reviewer"])
            if before is None or (each["decided_on"], n) > before[0]:
                newest[each["reviewer"]] = ((each["decided_on"], n), each)
    same = [
        e for _, e in sorted(newest.values(), key=lambda v: v[0]) if e["units"] == Decimal("1.5")
    ]
    live = [e for e in same if e["valid_until"] is None or e["valid_until"] >= NIGHT]
    if not newest:
        want = []
    elif len({e["disposition"] for e in live}) > 1:
        want = ["disputed"]
    elif live:
        want = ["pending" if live[-1]["disposition"] == "needs records" else "standing"]
    else:
        want = ["expired" if same else "reopened"]
    found = history(*rows)
    order = list(range(found.height))
    rng.shuffle(order)
    tonight = findings([finding(1)])
    assert standing(tonight, found[order], NIGHT)["state"].to_list() == want
    assert standing(tonight, consulted(found, tonight["claim_id"], NIGHT), NIGHT).equals(
        standing(tonight, found, NIGHT)
    )
