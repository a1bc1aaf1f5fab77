"""The tables of the ledger, step by step. A step that was published is never changed."""

APPLICATION_ID = 0x41554454
"""`AUDT`: what an SQLite file says of itself that is a ledger of ours."""

_DISPOSITIONS = """
CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,
    applied_at TEXT NOT NULL
) STRICT;

CREATE TABLE imports (
    import_id INTEGER PRIMARY KEY,
    workbook_sha256 TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    imported_as_of TEXT NOT NULL,
    imported_at TEXT NOT NULL
) STRICT;

CREATE TABLE dispositions (
    disposition_id INTEGER PRIMARY KEY,
    import_id INTEGER NOT NULL REFERENCES imports,
    replaces INTEGER REFERENCES dispositions,
    finding_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    disposition TEXT NOT NULL CHECK (
        disposition IN ('agree', 'disagree', 'needs records', 'corrected', 'accepted risk')
    ),
    reason TEXT,
    reviewer TEXT NOT NULL,
    decided_on TEXT NOT NULL,
    valid_until TEXT,
    rule_id TEXT,
    tier TEXT,
    claim_id TEXT,
    line_number INTEGER,
    service_date TEXT,
    code TEXT,
    modifiers TEXT,
    units TEXT,
    charge_amount TEXT,
    amount_at_risk TEXT,
    counterpart_code TEXT,
    also TEXT,
    CHECK (disposition <> 'accepted risk' OR (reason IS NOT NULL AND valid_until > decided_on))
) STRICT;

CREATE INDEX dispositions_by_finding ON dispositions (finding_id);
CREATE INDEX imports_by_workbook ON imports (workbook_sha256);
"""


def _append_only(table: str) -> str:
    """Triggers that refuse to change or delete a row of `table`."""
    return "".join(
        f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} BEGIN"
        " SELECT RAISE(ABORT, 'the ledger is append-only'); END;\n"
        for what in ("UPDATE", "DELETE")
    )


STEPS: tuple[str, ...] = (
    _DISPOSITIONS + "".join(map(_append_only, ("schema_version", "imports", "dispositions"))),
)
"""Step n brings the tables from version n-1 to version n, in one transaction."""
