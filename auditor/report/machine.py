"""The outputs for programs: all findings as Parquet, CSV or JSON lines, and the run's figures.

docs/findings.md describes both. They are written anew at each run, whole or not at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
from polars.io.plugins import register_io_source

import auditor
from auditor.ahead import ahead
from auditor.errors import ReportError
from auditor.report import ages, figures, place, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from auditor.comparing import Comparison
    from auditor.reference.interface import Release
    from auditor.result import Audited
    from auditor.rules.options import RuleOptions

# What a spreadsheet takes for a formula at the start of a cell, and the two characters that some
# skip before looking for one (OWASP, "CSV Injection").
_FORMULA_START = r"^([=+\-@\t\r])"
TABLE_CHANGES = 100
"""So many table rows behind changed findings are in the summary file, the commonest first."""
SUFFIXES = (".parquet", ".csv", ".jsonl")

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def csv_safe(frame: Frame) -> Frame:
    """`frame` with an apostrophe before every text that a spreadsheet would take for a formula.

    Numbers stay as they are: a negative amount is no formula.
    """
    return frame.with_columns(pl.col(pl.String).str.replace(_FORMULA_START, "'$1"))


def write_findings(result: Audited, path: Path | str) -> Path:
    """Write all findings (schemas.Findings) to `path`, in the form its suffix names.

    .parquet keeps every type; .csv is UTF-8 with a comma, texts protected by `csv_safe`; .jsonl
    has one object a line, amounts and units as decimal texts. A file at `path` is replaced.

    Raises ReportError for another suffix, or where the place cannot be written.
    """
    path = Path(path)
    form = path.suffix.lower()
    if form not in SUFFIXES or path.is_dir():
        raise ReportError(
            f"Findings are written as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.",
            where=str(path),
            next_step="Give the file one of these endings.",
        )
    figures.reconcile(result)  # before anything is written
    with place.workroom(path) as room:
        made = room / f"findings{form}"
        _stream(ahead(result.pieces()), made)
        place.replace(made, path)
    return path


def _stream(pieces: Iterator[pl.DataFrame], made: Path) -> None:
    """Write `pieces`, of which there is one at least, one below the other to `made`.

    A few of them are held at a time. Equal pieces give equal bytes, however many processors there
    are: the row groups of a Parquet file end where pieces end.
    """
    first = next(pieces)

    def source(*_: object) -> Iterator[pl.DataFrame]:
        """All of them: nobody asks for some columns or rows only."""
        yield first
        yield from pieces

    frame = register_io_source(source, schema=first.schema)
    if made.suffix == ".parquet":
        # A lower level than polars' own takes two thirds of the time, and no more room.
        frame.sink_parquet(made, maintain_order=True, compression_level=1)
    elif made.suffix == ".csv":
        csv_safe(frame).sink_csv(made, maintain_order=True)
    else:
        frame.sink_ndjson(made, maintain_order=True)


def write_table(frame: pl.DataFrame, path: Path | str) -> Path:
    """Write `frame` to `path` as CSV, texts protected by `csv_safe`; a file there is replaced.

    Raises ReportError where the place cannot be written.
    """
    path = Path(path)
    with place.workroom(path) as room:
        made = room / "table.csv"
        csv_safe(frame).write_csv(made)
        place.replace(made, path)
    return path


def write_summary(result: Audited, path: Path | str) -> Path:
    """Write the figures of the run to `path` as JSON with sorted keys; a file there is replaced.

    It holds no patient data: counts, sums, rules, releases and options. Input files are named by
    their digest alone, because file names may hold names.

    Raises ReportError where the place cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise ReportError(
            "The summary is a file.", where=str(path), next_step="Give it a file name."
        )
    text = json.dumps(summary(result), indent=2, sort_keys=True) + "\n"
    with place.workroom(path) as room:
        made = room / "summary.json"
        made.write_text(text, encoding="ascii", newline="\n")
        place.replace(made, path)
    return path


def summary(result: Audited) -> dict[str, Any]:
    """The figures of the run as plain values; amounts are decimal texts in dollars."""
    counts = figures.reconcile(result)
    tally = result.tally
    rules = figures.by_rule(tally)
    options = result.options
    decided = {"decisions": result.decisions} if result.consulted else {}
    compared = {} if result.comparison is None else {"comparison": _compared(result.comparison)}
    lived = {} if result.life is None else {"life": result.life.figures()}
    return (
        decided
        | compared
        | lived
        | {
            "amount_at_risk": _amounts(tally),
            "coverage": [
                row | {"first_date": _iso(row["first_date"]), "last_date": _iso(row["last_date"])}
                for row in result.coverage.iter_rows(named=True)
            ],
            "coverage_by_table": [
                row | {"first_date": _iso(row["first_date"]), "last_date": _iso(row["last_date"])}
                for row in result.table_coverage.iter_rows(named=True)
            ],
            "codes_not_judged": result.unjudged_codes.rows(named=True),
            "files": [
                {
                    "sha256": list(c.sha256),
                    "rows": c.rows,
                    "read": c.lines_read,
                    "audited": c.audited,
                    "set_aside": c.set_aside,
                    "rejected": c.rejected,
                }
                for c in counts
            ],
            "findings": {
                "total": result.found,
                "by_tier": figures.by_tier(tally),
                "by_rule": {
                    rule: dict(zip(figures.TIERS, tiers, strict=True))
                    for rule, _, *tiers in rules.iter_rows()
                },
            },
            "line_of_business": dict(result.lines_by_business),
            "lines": {
                "read": result.lines_read,
                "audited": result.lines_audited,
                "set_aside": result.set_aside.height,
                "set_aside_by_reason": dict(result.set_aside["reason"].value_counts().iter_rows()),
                "rejected": sum(c.rejected for c in counts),
            }
            | _earlier(result),
            "notes": list(result.notes),
            "options": {
                "as_of": options.as_of.isoformat(),
                "run_id": options.run_id,
                "select": sorted(options.select),
                "ignore": sorted(options.ignore),
                "rules": _plain(options.rules),
            },
            "releases": [_release(r, result.last_service_date) for r in result.releases],
            "releases_too_old": [
                {
                    "kind": old.kind,
                    "label": old.label,
                    "vouches_to": _iso(old.vouches_to),
                    "last_service_date": _iso(old.last),
                    "lines": old.lines,
                    "fetch": old.names,
                    "advice": old.told(),
                }
                for old in ages.late(result)
            ],
            "service_dates": {
                "first": _iso(result.first_service_date),
                "last": _iso(result.last_service_date),
            },
            "schema_version": 1,
            "version": {"auditor": auditor.__version__, "rule_set": auditor.RULE_SET_VERSION},
        }
    )


def _earlier(result: Audited) -> dict[str, int]:
    """Lines of earlier nights; nothing where none came along."""
    if not result.lines_of_earlier and result.lines_gone_before.is_empty():
        return {}
    return {"judged_again": result.lines_again, "gone_before": result.lines_gone_before.height}


def _release(release: Release, last: date | None) -> dict[str, Any]:
    """One release, and how many quarters older than the `last` service it is."""
    return {
        "kind": release.kind,
        "label": release.label,
        "effective": _iso(release.effective),
        "vouches_to": _iso(release.vouches_to),
        "age_quarters": words.quarters_after(release.vouches_to, last),
        "rows": release.rows,
        "sha256": release.sha256,
        "source": release.source,
        "starter": release.starter,
        "used": release.used,
        "note": release.note,
    }


def _compared(comparison: Comparison) -> dict[str, Any]:
    """What other tables would have found, in figures."""
    told = comparison.table_changes()
    return {
        "findings": comparison.counts | {"same": comparison.same},
        "by_rule": {
            row["rule_id"]: {change: row[change] for change in comparison.counts}
            for row in comparison.by_rule().iter_rows(named=True)
        },
        "table_changes": told.head(TABLE_CHANGES).rows(named=True),
        "table_changes_in_all": told.height,
        "releases": [
            {"kind": r.kind, "label": r.label, "sha256": r.sha256, "starter": r.starter}
            for r in comparison.releases
            if r.used
        ],
    }


def _amounts(tally: pl.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Tier -> basis -> number of findings and their sum; never a sum over tiers or bases."""
    told: dict[str, dict[str, dict[str, Any]]] = {tier: {} for tier in figures.TIERS}
    for tier, basis, count, amount in figures.amounts(tally).iter_rows():
        told[tier][basis] = {"findings": count, "amount": f"{amount:.2f}"}
    return told


def _plain(options: RuleOptions) -> dict[str, Any]:
    """The settings of the rules that are not the rules' own, as JSON takes them."""
    told: dict[str, Any] = json.loads(json.dumps(options.changed(), default=sorted))
    return told


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
