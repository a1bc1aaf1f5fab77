"""The reviewers' decisions: appended, never changed, each with the one it replaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from auditor.ledger.store import now, transaction
from schemas import Dispositions, dtypes

if TYPE_CHECKING:
    import sqlite3
    from datetime import date

_FACTS = (
    "rule_id",
    "tier",
    "claim_id",
    "line_number",
    "service_date",
    "code",
    "modifiers",
    "units",
    "charge_amount",
    "amount_at_risk",
    "counterpart_code",
    "also",
)
_COLUMNS = (
    "import_id",
    "replaces",
    "finding_id",
    "fingerprint",
    "disposition",
    "reason",
    "reviewer",
    "decided_on",
    "valid_until",
    *_FACTS,
)
_INSERT = (
    f"INSERT INTO dispositions ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"
)
_BEFORE = """
SELECT disposition_id, reviewer, decided_on, workbook_sha256,
       fingerprint, disposition, reason, valid_until
FROM dispositions JOIN imports USING (import_id)
WHERE finding_id = ?
ORDER BY decided_on, disposition_id
"""
_HISTORY = f"""
SELECT new.disposition_id, new.finding_id, new.fingerprint, new.disposition, new.reason,
       new.reviewer, new.decided_on, new.valid_until, new.replaces,
       old.disposition AS old_disposition, old.reason AS old_reason,
       old.valid_until AS old_valid_until,
       {", ".join(f"new.{name}" for name in _FACTS)},
       imported_by, imported_as_of, imported_at, workbook_sha256
FROM dispositions AS new
JOIN imports USING (import_id)
LEFT JOIN dispositions AS old ON old.disposition_id = new.replaces
ORDER BY new.disposition_id
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """One workbook that decisions come from, and who brings them when."""

    workbook_sha256: str
    imported_by: str
    """User of the operating system."""
    as_of: date
    """What counts as today; the clock's moment is stored beside it."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an import did."""

    new: int
    """First decisions of a reviewer about a finding."""
    changed: int
    """Decisions in the place of an earlier one of the same reviewer."""
    known: int
    """Decisions that the ledger had already."""
    seen_before: bool
    """Decisions from the very same workbook were stored earlier."""


class _Before(NamedTuple):
    """A stored decision, as far as a new one is compared with it."""

    disposition_id: int
    reviewer: str
    decided_on: str
    workbook_sha256: str
    content: list[Any]


def append(ledger: sqlite3.Connection, decisions: pl.DataFrame, imported: Imported) -> Appended:
    """Store what `decisions` (schemas.Decisions) say that the ledger does not, in one transaction.

    A decision is known where the reviewer's newest one about the finding says the same, or where
    it came from this very workbook before; one that the workbook does not date is compared
    without its date. An older one that arrives late is stored, and does not become the newest.
    """
    counts = {"new": 0, "changed": 0, "known": 0}
    texts = decisions.with_columns(
        pl.col("decided_on", "valid_until", "service_date").cast(pl.String),
        pl.col("units", "charge_amount", "amount_at_risk").cast(pl.String),
    )
    digest = imported.workbook_sha256
    with transaction(ledger):
        seen = ledger.execute(
            "SELECT count(*) FROM imports WHERE workbook_sha256 = ?", (digest,)
        ).fetchone()
        import_id = None
        for row in texts.iter_rows(named=True):
            before = _before(ledger, row["finding_id"], row["reviewer"])
            if _is_known(before, row, digest):
                counts["known"] += 1
                continue
            import_id = import_id or _begin(ledger, imported)
            earlier = [b for b in before if b.decided_on <= row["decided_on"]]
            row |= {
                "import_id": import_id,
                "replaces": earlier[-1].disposition_id if earlier else None,
            }
            ledger.execute(_INSERT, [row[name] for name in _COLUMNS])
            counts["changed" if before else "new"] += 1
    return Appended(**counts, seen_before=bool(seen[0]))


def history(ledger: sqlite3.Connection) -> pl.DataFrame:
    """schemas.Dispositions: everything ever imported."""
    types = dtypes(Dispositions)
    whole = (pl.Int64(), pl.Int32())
    stored = {name: kind if kind in whole else pl.String() for name, kind in types.items()}
    rows = ledger.execute(_HISTORY).fetchall()
    frame = pl.DataFrame(rows, schema=stored, orient="row")
    return frame.with_columns(
        pl.col(name).str.to_date() if kind == pl.Date() else pl.col(name).cast(kind)
        for name, kind in types.items()
    )


def same_person(reviewer: str) -> str:
    """What two spellings of one reviewer's name have in common: case and blanks do not count."""
    return " ".join(reviewer.split()).casefold()


def _begin(ledger: sqlite3.Connection, imported: Imported) -> int | None:
    values = (imported.workbook_sha256, imported.imported_by, str(imported.as_of), now())
    return ledger.execute(
        "INSERT INTO imports (workbook_sha256, imported_by, imported_as_of, imported_at)"
        " VALUES (?, ?, ?, ?)",
        values,
    ).lastrowid


def _before(ledger: sqlite3.Connection, finding_id: str, reviewer: str) -> list[_Before]:
    """The reviewer's earlier decisions about a finding, the newest last."""
    rows = ledger.execute(_BEFORE, (finding_id,))
    found = [_Before(number, who, day, digest, said) for number, who, day, digest, *said in rows]
    return [b for b in found if same_person(b.reviewer) == same_person(reviewer)]


def _is_known(before: list[_Before], row: dict[str, Any], digest: str) -> bool:
    said = [row[name] for name in ("fingerprint", "disposition", "reason", "valid_until")]
    alike = [b for b in before if b.content == said]
    if any(b.workbook_sha256 == digest for b in alike):
        return True
    newest = before[-1:]
    if not row["dated"]:
        return any(b.content == said for b in newest)
    late = any(row["decided_on"] < b.decided_on for b in newest)
    return any(b.decided_on == row["decided_on"] for b in (alike if late else newest) if b in alike)
