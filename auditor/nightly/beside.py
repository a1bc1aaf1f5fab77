"""What a run says of lines beside tonight's own: those of earlier nights, and those that fell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    import polars as pl

    from auditor.history.interface import Tonight
    from auditor.result import AuditResult


def named(stored: pl.DataFrame, ledger: sqlite3.Connection) -> pl.DataFrame:
    """`stored` lines with the run in source_file: every night's export may have the same name."""
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    from auditor.engine.history import NIGHT_BITS  # noqa: PLC0415 - as above

    runs = ledger.execute("SELECT run, run_id FROM runs").fetchall()
    ids = pl.DataFrame(runs, schema={"_run": pl.UInt64, "_id": pl.String}, orient="row")
    named = stored.with_columns(_run=pl.col("version") // 2**NIGHT_BITS)
    named = named.join(ids, on="_run", how="left", maintain_order="left").rechunk()
    said = pl.format("{} (run {})", "source_file", "_id")
    return named.with_columns(source_file=pl.coalesce(said, "source_file")).drop("_run", "_id")


def came(result: AuditResult) -> pl.DataFrame:
    """patient_id, service_date, code of tonight's own lines that stand."""
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    lines = result.lines.select(
        "patient_id", "code", pl.col("service_date_from").alias("service_date")
    )
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    stands = (row < result.lines_of_files) & ~row.is_in(result.lines_gone.implode())
    return lines.filter(stands)


def ended(tonight: Tonight, result: AuditResult) -> pl.DataFrame:
    """The lines of earlier nights that stand no longer as they were, and why."""
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    columns = ("claim_id", "line_number", "patient_id", "service_date", "code", "why")
    stored = pl.concat([tonight.again, tonight.context])
    gone = result.lines_gone_before.rename({"reason": "why"})
    taken_out = stored.join(gone, on="version").rename({"service_date_from": "service_date"})
    ended = tonight.ended.rename({"service_date_from": "service_date"})
    return pl.concat([ended.select(columns), taken_out.select(columns)])


def ran(result: AuditResult) -> frozenset[str]:
    """The rules that could judge a line tonight; where no line stood, all that were asked."""
    from auditor.auditing import choose  # noqa: PLC0415 - heavy things stay out of --help

    coverage = result.coverage
    if coverage.is_empty():
        return choose(result.options.select, result.options.ignore)
    return frozenset(coverage.filter(coverage["state"] != "not judged")["rule_id"])


def lasting() -> frozenset[str]:
    """The rules that judge a whole export, of which a night sees a part."""
    from auditor.rules import catalogue  # noqa: PLC0415 - heavy things stay out of --help

    return frozenset(rule.id for rule in catalogue() if rule.whole_batch)
