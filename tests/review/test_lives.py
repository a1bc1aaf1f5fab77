"""What reviewers decided and what became of the findings do not contradict each other."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from auditor.ledger import opened
from auditor.review import Consulted, applied
from auditor.seal import fingerprints
from schemas import Dispositions, dtypes
from tests.ledger import nights
from tests.ledger.nights import finding

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.ledger.life import Life
    from auditor.result import AuditResult

DAY = date(2026, 11, 1)


def said(number: int, disposition: str, fingerprint: str) -> dict[str, Any]:
    """A decision about finding `number`."""
    return dict.fromkeys(dtypes(Dispositions)) | {
        "disposition_id": number,
        "finding_id": f"{number:032x}",
        "fingerprint": fingerprint,
        "disposition": disposition,
        "reviewer": "Ann",
        "decided_on": DAY,
        "rule_id": "AOC-1",
        "claim_id": f"C{number}",
        "line_number": 1,
        "service_date": date(2026, 10, 1),
        "code": "77002",
        "imported_by": "x",
        "imported_as_of": DAY,
        "imported_at": "x",
        "workbook_sha256": "x",
    }


@pytest.fixture
def life(tmp_path: Path) -> Life:
    """One finding is found again, one is closed, two are carried on."""
    with opened(tmp_path / "l.sqlite") as ledger:
        every = [finding(n) for n in range(1, 5)]
        nights.night(ledger, 0, every)
        return nights.night(ledger, 1, every[:1], gone=[every[1] | {"why": "void"}])


def with_life(life: Life) -> AuditResult:
    from auditor.result import AuditOptions, AuditResult
    from schemas import Coverage, RejectedRows, Repairs, SetAside, empty

    return AuditResult(
        findings=nights.frame([finding(1)]),
        coverage=empty(Coverage),
        rejected=empty(RejectedRows),
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=(),
        lines_read=0,
        lines_audited=0,
        lines_by_business={},
        first_service_date=None,
        last_service_date=None,
        releases=(),
        options=AuditOptions(as_of=life.as_of, run_id=""),
        notes=(),
        life=life,
    )


def test_what_is_closed_carried_on_or_found_again_is_told_once(life: Life) -> None:
    (mark,) = fingerprints(nights.frame([finding(1)]))
    stored = [
        said(1, "agree", mark),
        said(2, "corrected", mark),
        said(3, "agree", mark),
        said(9, "disagree", mark),
    ]
    history = pl.DataFrame(stored, schema=dtypes(Dispositions), orient="row")
    claims = pl.Series("claim_id", [f"C{n}" for n in (1, 2, 3, 9)])
    result = applied(with_life(life), Consulted(history, claims, "d", stored=history))
    assert result.standing["finding_id"].to_list() == [f"{1:032x}"]
    assert result.open_findings.is_empty()
    # 3 is only carried on, and so not unmatched; 9 is nothing that the nights know
    assert dict(result.unmatched.select("claim_id", "told").iter_rows()) == {
        "C2": "Ann decided on 2026-11-01: corrected. The claim was voided.",
        "C9": (
            "Ann decided on 2026-11-01: disagree. The finding is no longer made: the claim, a table"
            " or a rule has changed."
        ),
    }
    told = result.life
    assert told is not None
    assert dict(told.carried.select("claim_id", "decided").iter_rows()) == {
        "C3": "standing",
        "C4": None,
    }
    assert told.closed["decision"].to_list() == ["Ann decided on 2026-11-01: corrected."]


def test_without_decisions_the_life_is_as_it_was(life: Life) -> None:
    result = with_life(life)
    none = pl.DataFrame(schema=dtypes(Dispositions))
    told = applied(result, Consulted(none, pl.Series("claim_id", ["C1"]), "d"))
    assert told.life is not None
    for name in ("closed", "carried", "findings"):
        assert getattr(told.life, name).equals(getattr(life, name))
    assert dataclasses.replace(told, life=None).life is None
