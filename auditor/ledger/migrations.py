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


_NIGHTS = """
CREATE TABLE nights (
    night_id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    as_of TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    outcome TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    feed TEXT NOT NULL,
    as_of TEXT NOT NULL,
    version INTEGER NOT NULL,
    rerun_of INTEGER REFERENCES runs,
    reason TEXT,
    recorded_at TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    figures TEXT NOT NULL,
    manifest TEXT NOT NULL,
    folder TEXT NOT NULL,
    CHECK ((rerun_of IS NULL) = (reason IS NULL))
) STRICT;

CREATE TABLE run_files (
    run INTEGER NOT NULL REFERENCES runs,
    feed TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    archived TEXT NOT NULL,
    PRIMARY KEY (run, sha256)
) STRICT;

CREATE TABLE files_again (
    again_id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs,
    seen_at TEXT NOT NULL
) STRICT;

CREATE TABLE run_steps (
    run INTEGER NOT NULL REFERENCES runs,
    step TEXT NOT NULL CHECK (step IN ('published', 'archived', 'told')),
    done_at TEXT NOT NULL,
    PRIMARY KEY (run, step)
) STRICT;

CREATE TABLE segments (
    run INTEGER PRIMARY KEY REFERENCES runs,
    feed TEXT NOT NULL,
    lines INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    digest TEXT NOT NULL,
    base INTEGER REFERENCES runs
) STRICT;

CREATE TABLE findings (
    finding INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    finding_id TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs,
    first_seen TEXT NOT NULL,
    story_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    line_number INTEGER,
    patient_id TEXT NOT NULL,
    rendering_npi TEXT,
    payer TEXT,
    service_date TEXT NOT NULL,
    code TEXT NOT NULL,
    UNIQUE (feed, finding_id)
) STRICT;

CREATE TABLE finding_events (
    event_id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    finding INTEGER NOT NULL REFERENCES findings,
    event TEXT NOT NULL CHECK (event IN ('new', 'changed', 'resolved', 'reopened')),
    tier TEXT NOT NULL,
    modifiers TEXT NOT NULL,
    units INTEGER,
    charge_amount INTEGER,
    amount_at_risk INTEGER,
    amount_basis TEXT NOT NULL,
    counterpart_claim_id TEXT,
    counterpart_line_number INTEGER,
    counterpart_code TEXT,
    also TEXT NOT NULL,
    runs_found INTEGER NOT NULL,
    why TEXT,
    CHECK ((event = 'resolved') = (why IS NOT NULL))
) STRICT;

CREATE TABLE finding_tallies (
    run INTEGER NOT NULL REFERENCES runs,
    rule_id TEXT NOT NULL,
    rendering_npi TEXT,
    tier TEXT NOT NULL,
    amount_basis TEXT NOT NULL,
    new INTEGER NOT NULL,
    reopened INTEGER NOT NULL,
    resolved INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    new_at_risk INTEGER NOT NULL,
    opened_at_risk INTEGER NOT NULL
) STRICT;

CREATE TABLE deliveries (
    delivery_id INTEGER PRIMARY KEY,
    night_id INTEGER NOT NULL REFERENCES nights,
    feed TEXT NOT NULL,
    run_id TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'webhook')),
    attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 0),
    attempted_at TEXT NOT NULL,
    delivered INTEGER NOT NULL CHECK (delivered IN (0, 1)),
    reached TEXT NOT NULL DEFAULT '[]',
    detail TEXT NOT NULL,
    CHECK (attempt > 0 OR delivered = 0)
) STRICT;

CREATE TABLE holds (
    hold_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('run', 'patient')),
    what TEXT NOT NULL,
    held INTEGER NOT NULL CHECK (held IN (0, 1)),
    reason TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at TEXT NOT NULL
) STRICT;

CREATE TABLE purges (
    purge_id INTEGER PRIMARY KEY,
    batch TEXT NOT NULL,
    purged_at TEXT NOT NULL,
    purged_by TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('archive', 'outputs', 'ledger', 'history')),
    what TEXT NOT NULL,
    older_than TEXT NOT NULL,
    items INTEGER NOT NULL
) STRICT;

CREATE INDEX runs_by_feed ON runs (feed, run);
CREATE INDEX run_files_by_content ON run_files (feed, sha256);
CREATE INDEX findings_by_run ON findings (run);
CREATE INDEX findings_of_stories ON findings (feed, story_id) WHERE story_id <> finding_id;
CREATE INDEX finding_events_by_finding ON finding_events (finding);
CREATE INDEX finding_events_by_run ON finding_events (run);
CREATE INDEX finding_tallies_by_run ON finding_tallies (run);
CREATE INDEX deliveries_by_night ON deliveries (night_id, feed, run_id, kind);
CREATE UNIQUE INDEX deliveries_due ON deliveries (night_id, feed, run_id, kind)
WHERE attempt = 0;
"""

# `base` of a segment is the newest of the runs that its run looked back at; none: it was the first.

# Units are thousandths, amounts cents, as whole numbers: sums in SQL are exact. `opened` and
# `opened_at_risk` of a tally say by how much the open findings of its kind became more or fewer.
_OPEN_FINDINGS = """
CREATE TABLE open_findings (
    finding INTEGER PRIMARY KEY REFERENCES findings,
    feed TEXT NOT NULL,
    finding_id TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    line_number INTEGER,
    patient_id TEXT NOT NULL,
    rendering_npi TEXT,
    payer TEXT,
    service_date TEXT NOT NULL,
    code TEXT NOT NULL,
    tier TEXT NOT NULL,
    modifiers TEXT NOT NULL,
    units INTEGER,
    charge_amount INTEGER,
    amount_at_risk INTEGER,
    amount_basis TEXT NOT NULL,
    counterpart_claim_id TEXT,
    counterpart_line_number INTEGER,
    counterpart_code TEXT,
    also TEXT NOT NULL,
    runs_found INTEGER NOT NULL,
    last_run INTEGER NOT NULL REFERENCES runs
) STRICT;

CREATE INDEX open_findings_by_feed ON open_findings (feed);
"""
# What findings and finding_events say of what is open, kept apart so that a night reads one run of
# pages instead of a row here and a row there: the one table whose rows change and go.
_OF_NIGHTS = (
    "nights",
    "runs",
    "run_files",
    "files_again",
    "run_steps",
    "segments",
    "findings",
    "finding_events",
    "finding_tallies",
    "deliveries",
    "holds",
    "purges",
)


def _append_only(table: str) -> str:
    """Triggers that refuse to change or delete a row of `table`."""
    return "".join(
        f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} BEGIN"
        " SELECT RAISE(ABORT, 'the ledger is append-only'); END;\n"
        for what in ("UPDATE", "DELETE")
    )


_BY_DAY = f"""
CREATE TABLE findings_by_number (
    finding INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    finding_id TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs,
    first_seen TEXT NOT NULL,
    story_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    line_number INTEGER,
    patient_id TEXT NOT NULL,
    rendering_npi TEXT,
    payer TEXT,
    service_date TEXT NOT NULL,
    code TEXT NOT NULL
) STRICT;

INSERT INTO findings_by_number SELECT * FROM findings ORDER BY finding;
DROP TABLE findings;
ALTER TABLE findings_by_number RENAME TO findings;

CREATE UNIQUE INDEX findings_by_day ON findings (service_date, finding_id, feed);
CREATE INDEX findings_by_run ON findings (run);
CREATE INDEX findings_of_stories ON findings (feed, story_id) WHERE story_id <> finding_id;
CREATE INDEX findings_with_stories ON findings (feed, finding_id) WHERE story_id <> finding_id;
{_append_only("findings")}
"""
# Ids are hashes: an index that begins with them is touched all over by every night, and grows with
# the years. A finding's day is part of its id, and a night's days are recent ones.
STEPS: tuple[str, ...] = (
    _DISPOSITIONS + "".join(map(_append_only, ("schema_version", "imports", "dispositions"))),
    _NIGHTS + _OPEN_FINDINGS + "".join(map(_append_only, _OF_NIGHTS)),
    _BY_DAY,
)
"""Step n brings the tables from version n-1 to version n, in one transaction.

References are looked at when all is done, so a step may drop a table and make it anew.
"""
