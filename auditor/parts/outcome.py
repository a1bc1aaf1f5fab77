"""What the audit of one part leaves on the disk, and how the parts come together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import disk
from auditor.engine import coverage
from auditor.engine.findings import in_order
from auditor.practice import added, practice
from schemas import ClaimLines, Findings, SeparablePairs, UnjudgedCodes, dtypes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.result import AuditResult

Stacked = Callable[[str], pl.DataFrame]
"""Answers, under its name, a table of all parts: theirs below one another."""
FINDINGS = "findings"
_ROWS = 1 << 14
_BUSINESS = {"line_of_business": pl.String, "lines": pl.Int64}
_DAY = ("payer", "patient_id", "service_date_from")
"""What a report shows together."""


def write(result: AuditResult, folder: Path, *, shown: bool = True) -> None:
    """Write what is kept of `result`, the audit of a part, into `folder`, which is there.

    shown: with the lines that a report shows, as in `tables`; else what `figures` answers alone.
    """
    found = tables(result) if shown else figures(result)
    for name, table in found.items():
        # Findings are read in stretches, and a whole group of rows is read for each.
        rows = _ROWS if name == FINDINGS else None
        path = folder / f"{name}.parquet"
        options = {"compression": "lz4", "statistics": False, "row_group_size": rows}
        disk.write_parquet(table, path, **options)


def figures(result: AuditResult) -> dict[str, pl.DataFrame]:
    """What is kept of `result` where nobody asks for its lines, by name."""
    gone = result.lines["line_key"].gather(result.lines_gone)
    stands = ~pl.col("line_key").is_in(gone.implode())
    days = result.lines.lazy().filter(stands).group_by(day="service_date_from")
    return {
        FINDINGS: result.findings,
        "tally": result.tally,
        "coverage": result.coverage,
        "table_coverage": result.table_coverage,
        "unjudged_codes": result.unjudged_codes,
        "set_aside": result.set_aside.with_columns(gone.alias("line_key")),
        "days": days.agg(lines=pl.len()).collect(),
        "business": pl.DataFrame(
            list(result.lines_by_business.items()), schema=_BUSINESS, orient="row"
        ),
    }


def tables(result: AuditResult) -> dict[str, pl.DataFrame]:
    """What is kept of `result`, the audit of a part, by name."""
    gone = result.lines["line_key"].gather(result.lines_gone)
    stands = ~pl.col("line_key").is_in(gone.implode())
    return figures(result) | {
        FINDINGS: pl.concat([result.findings, result.places], how="horizontal"),
        "pairs": result.pairs,
        "lines": _shown(result).with_columns(stands=stands),
        "practice": practice(result.lines.filter(stands)),
    }


def _shown(result: AuditResult) -> pl.DataFrame:
    """The lines of days on which something was found or compared."""
    rows = [result.places["row"], result.places["other"], result.pairs["row"]]
    marked = pl.concat(rows).drop_nulls().unique()
    days = result.lines.filter(pl.col("line_key").is_in(marked.implode())).select(_DAY).unique()
    return result.lines.join(days, on=_DAY, how="semi", nulls_equal=True, maintain_order="left")


def joined(stacked: Stacked, lines_of: Callable[[pl.Series], pl.DataFrame]) -> dict[str, Any]:
    """What the audits of all parts say together: the fields of AuditResult that are made of it.

    stacked: answers, under its name, the `tables` of all parts below one another. lines_of:
    answers the lines of some keys, whatever part they are in.
    """
    lines = stacked("lines")
    findings = in_order(stacked(FINDINGS))
    # A line of another part that a finding names was not seen where the finding was made.
    named = findings.select(line_key=pl.col("other").drop_nulls().unique())
    away = named.join(lines, on="line_key", how="anti")["line_key"]
    if len(away):
        lines = pl.concat([lines, lines_of(away).with_columns(stands=pl.lit(value=True))])
    lines = lines.sort("line_key")
    place = lines.select("line_key", place=pl.int_range(pl.len(), dtype=pl.UInt32))
    pairs = stacked("pairs").sort("row", "other")
    return in_figures(stacked) | {
        "findings": findings.select(list(dtypes(Findings))),
        "places": _placed(findings.select("row", "other"), place),
        "pairs": _placed(pairs, place).select(list(dtypes(SeparablePairs))),
        "lines": lines.select(list(dtypes(ClaimLines))),
        "lines_of_files": lines.height,
        "lines_gone": (~lines["stands"]).arg_true().alias("row"),
        "practice": added(stacked("practice")),
    }


def in_figures(stacked: Stacked) -> dict[str, Any]:
    """What the audits of all parts say together in figures: fields of Audited."""
    days = stacked("days").group_by("day").agg(pl.col("lines").sum()).sort("day")
    business = stacked("business").group_by("line_of_business").agg(pl.col("lines").sum())
    return {
        "coverage": coverage.added(stacked("coverage")),
        "table_coverage": coverage.added(stacked("table_coverage")),
        "unjudged_codes": _most(stacked("unjudged_codes")),
        "set_aside": stacked("set_aside").sort("line_key").drop("line_key"),
        "days": days,
        "first_service_date": days["day"].min(),
        "last_service_date": days["day"].max(),
        "lines_audited": days["lines"].sum(),
        "lines_by_business": dict(business.sort("line_of_business").iter_rows()),
    }


def read(folders: Sequence[Path]) -> Stacked:
    """What `write` wrote into `folders`, as `joined` asks for it."""
    return lambda name: pl.concat(
        [pl.read_parquet(folder / f"{name}.parquet") for folder in folders]
    )


def _most(codes: pl.DataFrame) -> pl.DataFrame:
    """Of each table the codes on most lines."""
    kinds = {words: kind for kind, words in coverage.KINDS.items()}
    kind = pl.col("reference").replace(kinds)
    codes = codes.group_by("reference", "code", "reason").agg(pl.col("lines").sum())
    ordered = codes.sort(kind, "lines", "code", "reason", descending=[False, True, False, False])
    return (
        ordered.group_by("reference", maintain_order=True)
        .head(coverage.MOST)
        .select(list(dtypes(UnjudgedCodes)))
    )


def _placed(named: pl.DataFrame, place: pl.DataFrame) -> pl.DataFrame:
    """`named` (row and other, as line keys) by the places of the lines in the report."""
    for column in ("row", "other"):
        keyed = place.rename({"line_key": column})
        named = named.join(keyed, on=column, how="left", maintain_order="left")
        named = named.drop(column).rename({"place": column})
    return named
