"""What the decisions in the ledger mean for the findings of a run.

A decision stands while the facts that were judged are the facts of the finding, until the day it
was given for, and while no other reviewer says otherwise. The newest decision of each reviewer
counts. Decisions of a later day than the run's `as_of` are not looked at, so that a run for an
earlier day comes out as it would have then.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import seal
from auditor.ledger.dispositions import same_person
from schemas import Standing, Unmatched, dtypes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

_Row = dict[str, Any]

_WORDS: Mapping[str, str] = {
    "tier": "tier",
    "code": "code",
    "modifiers": "modifiers",
    "units": "units",
    "charge_amount": "charge",
    "amount_at_risk": "amount at risk",
    "counterpart_code": "counterpart",
}
_CANONICAL = "canonical "
CORRECTED_DAYS = 30
"""Days that `corrected` stands while the finding is still made, where no other day was named."""
_CONSULTED = (
    "finding_id",
    "fingerprint",
    "disposition",
    "reason",
    "reviewer",
    "decided_on",
    "valid_until",
    "rule_id",
    "claim_id",
    "line_number",
    "service_date",
    "also",
    *_WORDS,
)


def consulted(history: pl.DataFrame, claims: pl.Series, as_of: date) -> pl.DataFrame:
    """The rows of `history` (schemas.Dispositions) that can matter to a run as of `as_of`.

    These are the newest decision of each reviewer about a finding of one of `claims` (claim ids),
    or of a claim that the ledger does not know.
    """
    if history.is_empty():  # a big batch has many claims to spell out
        return history
    mine = claims.to_frame("claim_id").select(seal.text("claim_id")).unique().to_series()
    known = seal.text("claim_id").is_in(mine.implode()) | pl.col("claim_id").is_null()
    found = history.filter(pl.col("decided_on") <= as_of, known)
    newest = [row["disposition_id"] for rows in _by_finding(found).values() for row in rows]
    return found.filter(pl.col("disposition_id").is_in(pl.Series(newest, dtype=pl.Int64).implode()))


def digest(consulted: pl.DataFrame) -> str:
    """Names what `consulted` says: where it is equal, a run gives the same output."""
    rows = consulted.select(pl.col(_CONSULTED).cast(pl.String).fill_null("\x00"))
    texts = sorted("\x1f".join(row) for row in rows.iter_rows())
    return blake2b("\x1e".join(texts).encode(), digest_size=16).hexdigest()


def standing(findings: pl.DataFrame, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """schemas.Standing: one row a finding that any decision is about, in the findings' order.

    `findings` is schemas.Findings, `history` schemas.Dispositions.
    """
    own = findings.join(history.select("finding_id").unique(), on="finding_id", how="semi")
    own = _canonical(own).with_columns(seal.fingerprints(own))
    decided = _by_finding(_canonical(history).filter(pl.col("decided_on") <= as_of))
    told = (
        _settled(now, decided[now["finding_id"]], as_of)
        for now in own.iter_rows(named=True)
        if now["finding_id"] in decided
    )
    return pl.DataFrame(list(told), schema=dtypes(Standing), orient="row")


def standing_alone(history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """schemas.Standing where no run says what the facts are now: those last judged are taken."""
    found = history.filter(pl.col("decided_on") <= as_of)
    told = (_settled(rows[-1], rows, as_of) for rows in _by_finding(found).values())
    return pl.DataFrame(list(told), schema=dtypes(Standing), orient="row").sort("finding_id")


def unmatched(
    findings: pl.DataFrame,
    history: pl.DataFrame,
    claims: pl.Series,
    as_of: date,
    rules: Collection[str] | None = None,
) -> pl.DataFrame:
    """schemas.Unmatched: decisions about one of `claims` (claim ids) whose finding is gone.

    `rules` are the ids of the rules that ran (None: all): a rule that did not run made no finding
    go away. Decisions about other claims are left alone, for an export holds other days.
    """
    found = consulted(history, claims, as_of).filter(pl.col("claim_id").is_not_null())
    if rules is not None:
        found = found.filter(pl.col("rule_id").is_in(list(rules)) | pl.col("rule_id").is_null())
    gone = found.join(findings.select("finding_id"), on="finding_id", how="anti")
    names = [name for name in dtypes(Unmatched) if name != "told"]
    heads = _heads(gone, findings)
    told = [
        {name: rows[-1][name] for name in names} | {"told": _gone(rows[-1], heads.get(finding_id))}
        for finding_id, rows in _by_finding(gone).items()
    ]
    frame = pl.DataFrame(told, schema=dtypes(Unmatched), orient="row")
    return frame.sort("rule_id", "claim_id", "line_number", "finding_id")


def _canonical(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the canonical text of each fact beside it: what is equal did not change."""
    return frame.with_columns(seal.FACTS[name].alias(_CANONICAL + name) for name in _WORDS)


def _by_finding(history: pl.DataFrame) -> dict[str, list[_Row]]:
    """Finding id -> the newest decision of each reviewer, the newest of all last."""
    newest: defaultdict[str, dict[str, _Row]] = defaultdict(dict)
    for row in history.sort("decided_on", "disposition_id").iter_rows(named=True):
        of_finding = newest[row["finding_id"]]
        person = same_person(row["reviewer"])
        of_finding.pop(person, None)  # so that the order is that of the newest ones
        of_finding[person] = row
    return {finding_id: list(rows.values()) for finding_id, rows in newest.items()}


def _settled(now: _Row, rows: Sequence[_Row], as_of: date) -> _Row:
    """What stands about one finding; `rows` as in `_by_finding`."""
    same = [row for row in rows if row["fingerprint"] == now["fingerprint"]]
    live = [row for row in same if (until := _until(row)) is None or until >= as_of]
    if len({row["disposition"] for row in live}) > 1:
        return _disputed(now, live)
    if live and (more := _more_rules(live, now)):
        told = f"{_said(live[-1])} Since then the line is also found by {', '.join(more)}."
        return _one(now, "reopened", live[-1], told)
    if live:
        state = "pending" if live[-1]["disposition"] == "needs records" else "standing"
        return _one(now, state, live[-1], _stands(live[-1]))
    if same:
        row = same[-1]
        told = f"{_said(row)} That was valid until {row['valid_until']}."
        if row["valid_until"] is None:
            told = f"{_said(row)} {CORRECTED_DAYS} days later the finding is still there."
        return _one(now, "expired", row, told)
    return _one(now, "reopened", rows[-1], f"{_said(rows[-1])} {_changes(rows[-1], now)}")


def _until(row: _Row) -> date | None:
    """Last day on which a decision stands; None: without end.

    A claim that was corrected comes corrected some day; where it does not, nobody corrected it.
    """
    until: date | None = row["valid_until"]
    if until is None and row["disposition"] == "corrected":
        decided: date = row["decided_on"]
        return decided + timedelta(days=CORRECTED_DAYS)
    return until


def _more_rules(rows: Sequence[_Row], now: _Row) -> list[str]:
    """Rules that deny the line now and did not when it was decided: nobody has judged these.

    Fewer of them change nothing: a run of some rules alone would open every decision.
    """
    known = {rule for row in rows for rule in (row["also"] or "").split()}
    if any(row["also"] is None for row in rows):  # the workbook did not prove the column
        return []
    return [rule for rule in (now["also"] or "").split() if rule not in known]


def _one(now: _Row, state: str, row: _Row, told: str) -> _Row:
    names = ("disposition", "reason", "reviewer", "decided_on", "valid_until")
    kept = {name: row[name] for name in names}
    return {"finding_id": now["finding_id"], "state": state, **kept, "told": told}


def _disputed(now: _Row, live: Sequence[_Row]) -> _Row:
    newest = live[-1]
    joined = {
        "disposition": " / ".join(row["disposition"] for row in live),
        "reason": " / ".join(row["reason"] or "-" for row in live)
        if any(row["reason"] for row in live)
        else None,
        "reviewer": " / ".join(row["reviewer"] for row in live),
        "valid_until": None,
    }
    told = "Reviewers disagree. " + " ".join(map(_said, live))
    return _one(now, "disputed", newest | joined, told)


def last_said(history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """finding_id, decision: the newest decision about each finding in `history`, in a sentence."""
    found = history.filter(pl.col("decided_on") <= as_of)
    told = [(name, _said(rows[-1])) for name, rows in _by_finding(found).items()]
    return pl.DataFrame(told, schema={"finding_id": pl.String, "decision": pl.String}, orient="row")


def _said(row: _Row) -> str:
    return f"{row['reviewer']} decided on {row['decided_on']}: {row['disposition']}."


def _stands(row: _Row) -> str:
    if row["disposition"] == "needs records":
        return (
            f"{row['reviewer']} asked for records on {row['decided_on']}; nothing is decided yet."
        )
    until = f" Valid until {row['valid_until']}." if row["valid_until"] else ""
    still = " The finding is still there." if row["disposition"] == "corrected" else ""
    return _said(row) + still + until


def _changes(before: _Row, now: _Row) -> str:
    """'Since then it changed: units 1 -> 2.', as far as the ledger knows the facts."""
    if before["rule_id"] is None:  # none of the facts was proved when it was stored
        return "What was judged has changed since."
    changed = ", ".join(_differences(before, now))
    return f"Since then it changed: {changed}." if changed else "What was judged has changed since."


def _differences(before: _Row, now: _Row) -> Iterator[str]:
    for name, word in _WORDS.items():
        if before[_CANONICAL + name] != now[_CANONICAL + name]:
            yield f"{word} {_shown(name, before[name])} -> {_shown(name, now[name])}"


def _shown(name: str, value: Any) -> str:  # noqa: ANN401 - a text or a decimal
    if value is None or value == "":
        return "none"
    return f"{value.normalize():f}" if name == "units" else str(value)


def _heads(gone: pl.DataFrame, findings: pl.DataFrame) -> dict[str, str]:
    """Finding id -> the rule under which the line is told now, where it covers the rule of old."""
    line = ("claim_id", "line_number", "service_date", "code")
    now = findings.select(*line, "also", head="rule_id").filter(pl.col("also") != "")
    found = gone.select("finding_id", "rule_id", *line).join(now, on=line, nulls_equal=True)
    covered = found.filter(pl.col("also").str.split(" ").list.contains(pl.col("rule_id")))
    return dict(covered.select("finding_id", "head").iter_rows())


def _gone(row: _Row, head: str | None) -> str:
    if head is not None:
        return f"{_said(row)} The line is told under {head} now, which names this rule in Also."
    if row["disposition"] == "corrected":
        return f"{_said(row)} The finding is gone."
    return f"{_said(row)} The finding is no longer made: the claim, a table or a rule has changed."
