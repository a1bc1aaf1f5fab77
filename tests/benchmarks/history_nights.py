"""Stored nights for history.py: python history_nights.py --work DIR --patients N --upto N."""

import argparse
from pathlib import Path

import polars as pl

from auditor.history.files import ENDED, INDEX, LINES, REJECTED, path_of, write
from auditor.history.index import write_index
from auditor.history.staging import placed
from auditor.intake import IntakeOptions, read_claims
from schemas import EndedLines, RejectedKeys, dtypes, empty

NOBODY = "^UNKNOWN$"


def night(month: pl.DataFrame, number: int, patients: int) -> pl.DataFrame:
    """The lines of one night: `month` with claims and dates of its own, and other patients."""
    person = pl.col("patient_id").hash(number) % patients
    claims = ["claim_id", "original_claim_id", "payer_claim_id"]
    dates = ["service_date_from", "service_date_to", "received_date"]
    return month.with_columns(
        pl.col(claims) + pl.lit(f"-{number}"),
        pl.col(dates) + pl.duration(days=number),
        patient_id=pl.lit("P") + person.cast(pl.String).str.zfill(8),
        source_file=pl.lit(f"night-{number}.csv"),
    )


def overlapping(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """`now`, a tenth of it replaced by whole claims of `before`, some of them changed."""
    share = pl.col("claim_id").hash(1) % 1000
    again = before.filter(share < 100)
    changed = share < 10
    again = again.with_columns(
        units=pl.when(changed).then(pl.col("units") + 1000).otherwise("units")
    )
    both = pl.concat([again, now.filter(share >= 100)])
    return both.with_columns(
        source_file=pl.lit("tonight.csv"), line_key=pl.int_range(pl.len(), dtype=pl.UInt32)
    )


def main() -> None:
    """Store the nights that are not there yet, and write tonight's lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--patients", type=int, required=True)
    parser.add_argument("--upto", type=int, required=True)
    given = parser.parse_args()
    folder = given.work / "history"
    folder.mkdir(exist_ok=True)
    month_file = given.work / "month.parquet"
    if not month_file.is_file():
        options = IntakeOptions(line_of_business="medicare")
        read_claims([given.work / "claims.csv"], options).lines.write_parquet(month_file)
    month = pl.read_parquet(month_file)
    ended = empty(EndedLines)
    told = pl.DataFrame(schema={"run": pl.UInt64} | dtypes(RejectedKeys) | {"cleared": pl.Boolean})
    for run in range(1, given.upto + 1):
        if all(path_of(folder, k, str(run)).is_file() for k in (LINES, INDEX, ENDED, REJECTED)):
            continue
        # What `stage` does, without the digest: it would be half of the time.
        lines = night(month, run, given.patients)
        since = pl.repeat(run, lines.height, dtype=pl.UInt64, eager=True)
        lines = placed(lines, since, run)
        write(ended.with_columns(run=pl.lit(run, pl.UInt64)), path_of(folder, ENDED, str(run)))
        write(told, path_of(folder, REJECTED, str(run)))
        write(lines, path_of(folder, LINES, str(run)))
        write_index(lines, path_of(folder, INDEX, str(run)))
    before = night(month, given.upto, given.patients)
    tonight = overlapping(before, night(month, given.upto + 1, given.patients))
    tonight.write_parquet(given.work / "tonight.parquet")


if __name__ == "__main__":
    main()
