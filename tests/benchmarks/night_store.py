"""An office after so many nights, for night.py.

python night_store.py --work DIR --store DIR --office DIR --nights N --patients N --still-open 1
"""

from __future__ import annotations

import argparse
import os
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from auditor.auditing import audit
from auditor.history.files import ENDED, INDEX, KINDS, LINES, REJECTED, path_of, write
from auditor.history.index import write_index
from auditor.history.staging import placed
from auditor.history.upkeep import compact
from auditor.intake import IntakeOptions, read_claims
from auditor.ledger import known, life, open_copy, runs, store, trend
from auditor.reference import load_reference
from auditor.result import AuditOptions
from schemas import EndedLines, RejectedKeys, dtypes, empty

if TYPE_CHECKING:
    import sqlite3

LAST = 91
"""Tonight's number; stored nights are those before it."""
TONIGHT = date(2025, 12, 12)
"""The day of that night, a month of claims behind it received."""
CONFIG = """
reference = "{reference}"

[nightly]
stable_seconds = 0

[feeds.clinic]
files = "*.csv"
mode = "snapshot"
line_of_business = "medicare"
"""
FILE = {
    "claims": ["claim_number", "original_claim_number", "payer_claim_control_number"],
    "dates": ["service_date_from", "service_date_to", "received_date"],
    "units": ["units"],
}
LINE = {
    "claims": ["claim_id", "original_claim_id", "payer_claim_id"],
    "dates": ["service_date_from", "service_date_to", "received_date"],
    "units": ["units"],
}
FINDING = {
    "claims": ["claim_id", "counterpart_claim_id"],
    "dates": ["service_date"],
}


def night(
    month: pl.DataFrame, names: dict[str, list[str]], number: int, patients: int
) -> pl.DataFrame:
    """What `month` (claims with the names of columns in `names`) is in one night.

    Claims of their own; its patients anywhere in a population; four fifths of the services in the
    last two weeks, and all moved by a day from night to night.
    """
    person = pl.col("patient_id").hash(number) % patients
    first = date(2025, 11, 1)

    def moved(name: str) -> pl.Expr:
        day = (pl.col(name) - pl.lit(first)).dt.total_days()
        recent = 16 + (day - 6) * 14 // 24
        late = day * 16 // 6
        there = pl.when(day >= 30).then(day).when(day >= 6).then(recent).otherwise(late)
        return (pl.lit(first) + pl.duration(days=there + number - LAST)).cast(pl.Date).alias(name)

    return month.with_columns(
        pl.col(names["claims"]) + pl.lit(f"-{number}"),
        *(moved(name) for name in names["dates"]),
        patient_id=pl.lit("P") + person.cast(pl.String).str.zfill(8),
    )


def tonight(month: pl.DataFrame, patients: int) -> pl.DataFrame:
    """Tonight's file: a tenth of it are claims of the night before, some of them changed."""
    before, now = (night(month, FILE, n, patients) for n in (LAST - 1, LAST))
    share = pl.col("claim_number").hash(1) % 1000
    changed = share < 10
    units = pl.when(changed).then(pl.lit("2")).otherwise("units")
    again = before.filter(share < 100).with_columns(units=units)
    return pl.concat([again, now.filter(share >= 100)])


def evidence(month: pl.DataFrame, pool: Path, number: int, patients: int) -> None:
    """The files of one stored night, as `stage` writes them, without the digest."""
    if all(path_of(pool, kind, str(number)).is_file() for kind in KINDS):
        return
    lines = night(month, LINE, number, patients)
    since = pl.repeat(number, lines.height, dtype=pl.UInt64, eager=True)
    lines = placed(lines.with_columns(source_file=pl.lit(f"night-{number}.csv")), since, number)
    ended = empty(EndedLines).with_columns(run=pl.lit(number, pl.UInt64))
    told = pl.DataFrame(schema={"run": pl.UInt64} | dtypes(RejectedKeys) | {"cleared": pl.Boolean})
    write(ended, path_of(pool, ENDED, str(number)))
    write(told, path_of(pool, REJECTED, str(number)))
    write(lines, path_of(pool, LINES, str(number)))
    write_index(lines, path_of(pool, INDEX, str(number)))


def findings(month: pl.DataFrame, number: int, patients: int) -> pl.DataFrame:
    """The findings of `month` as one night has them, with the ids that the audit gives them."""
    made = night(month, FINDING, number, patients)
    parts = ["rule_id", "payer", "", "patient_id", "rendering_npi", "", "claim_id", "", "code"]
    texts: list[pl.Expr] = [pl.col(p).fill_null("") if p else pl.lit("") for p in parts]
    texts[5] = pl.col("service_date").dt.to_string("%Y-%m-%d")
    texts[7] = pl.col("line_number").cast(pl.String).fill_null("")
    text = made.select(pl.concat_str(texts, separator="|")).to_series()
    ids = [blake2b(t.encode(), digest_size=16).hexdigest() for t in text]
    made = made.with_columns(finding_id=pl.Series(ids), story_id=pl.Series(ids))
    return made.unique("finding_id", keep="first", maintain_order=True)


def remember(ledger: sqlite3.Connection, made: pl.DataFrame, number: int, lines: int) -> None:
    """One run and its findings, all of them new, as the commit writes them."""
    as_of = TONIGHT - timedelta(LAST - number)
    opened = known.open_of(ledger, "nobody")
    entries = life._entries(ledger, "clinic", known.kept(made), opened, as_of)  # noqa: SLF001 - without what is open, of which there is ever more
    not_moved = pl.lit(value=False).alias("moved")
    nothing = pl.DataFrame()
    found = life.Life(
        feed="clinic",
        as_of=as_of,
        findings=nothing,
        closed=nothing,
        carried=nothing,
        trends=trend.Trends(nothing, nothing, nothing),
        entries=entries.with_columns(not_moved),
        gone=opened.with_columns(not_moved, why=pl.lit("")).clear(),
        after=number - 1 if number - 1 in _numbers(ledger) else 0,
    )
    with store.transaction(ledger):
        ledger.execute(
            "INSERT INTO runs VALUES (?, ?, 'clinic', ?, 1, NULL, NULL, ?, 0, ?, '{}', '')",
            (number, f"{as_of}-clinic", str(as_of), store.now(), "{}"),
        )
        life.record(ledger, found, number)
        ledger.execute(
            "INSERT INTO segments (run, feed, lines, ended, digest, base)"
            " VALUES (?, 'clinic', ?, 0, 'd', (SELECT max(run) FROM segments))",
            (number, lines),
        )
        for step in runs.STEPS:
            runs.append_step(ledger, number, step)


def settle(ledger: sqlite3.Connection, still_open: float) -> None:
    """Leave open that share of the findings, of every night; the others were closed since."""
    with store.transaction(ledger):
        ledger.execute(
            "DELETE FROM open_findings WHERE (finding * 7919) % 1000 >= ?", (still_open * 1000,)
        )


def _numbers(ledger: sqlite3.Connection) -> set[int]:
    return {run for (run,) in ledger.execute("SELECT run FROM runs")}


def main() -> None:
    """Store the nights that are not there yet, and lay out the office."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("work", "store", "office"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--nights", type=int, required=True)
    parser.add_argument("--patients", type=int, required=True)
    parser.add_argument("--still-open", type=float, required=True)
    given = parser.parse_args()
    pool, office = given.work / "pool", given.office
    state = office / "state"
    for folder in (pool, office / "inbox", state / "history" / "clinic"):
        folder.mkdir(parents=True, exist_ok=True)
    (office / "auditor.toml").write_text(CONFIG.format(reference=given.store), encoding="utf-8")
    month_file, found_file = given.work / "month.parquet", given.work / "found.parquet"
    if not found_file.is_file():
        options = IntakeOptions(line_of_business="medicare")
        intake = read_claims([given.work / "claims.csv"], options)
        intake.lines.write_parquet(month_file)
        reference = load_reference(given.store)
        result = audit(intake, reference, AuditOptions(TONIGHT, "month"))
        result.findings.write_parquet(found_file)
    month = pl.read_parquet(month_file)
    raw = pl.read_csv(given.work / "claims.csv", infer_schema=False)
    raw = raw.with_columns(pl.col(FILE["dates"]).str.to_date())
    tonight(raw, given.patients).write_csv(office / "inbox" / "tonight.csv")
    found = pl.read_parquet(found_file)
    with store.opened(state / "ledger.sqlite") as ledger:
        ledger.execute("PRAGMA synchronous = OFF")  # nobody misses it after a power cut
        for number in range(LAST - given.nights, LAST):
            evidence(month, pool, number, given.patients)
            for kind in KINDS:
                made = path_of(pool, kind, str(number))
                os.link(made, state / "history" / "clinic" / made.name)
            remember(ledger, findings(found, number, given.patients), number, month.height)
        settle(ledger, given.still_open)
        open_now = known.open_of(ledger, "clinic").drop("told_in", "told_on")
        open_copy.keep(state / "open" / "clinic.parquet", open_now, ledger, "clinic")
    compact(state / "history" / "clinic", range(LAST - given.nights, LAST))


if __name__ == "__main__":
    main()
