"""Reading the findings that an audit wrote (docs/findings.md), in any of their three forms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import InputRejected
from schemas import Findings, dtypes

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".parquet", ".csv", ".jsonl")
COLUMNS = (
    "finding_id",
    "rule_id",
    "tier",
    "source_file",
    "source_row",
    "claim_id",
    "line_number",
    "patient_id",
    "rendering_npi",
    "service_date",
    "code",
    "modifiers",
    "units",
    "charge_amount",
    "amount_at_risk",
    "amount_basis",
    "message",
    "also",
    "run_id",
    "schema_version",
)
"""What a sample needs of a finding."""
_MAY_BE_EMPTY = frozenset(
    {"line_number", "rendering_npi", "units", "charge_amount", "amount_at_risk"}
)
_EMPTY_TEXT = ("modifiers", "also")
_SCHEMA_VERSION = 1
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """The findings of one file."""

    frame: pl.DataFrame
    """`COLUMNS`, in the types of schemas.Findings; at least one row, no id twice."""
    sha256: str
    """Of the file's bytes."""


def read_findings(path: Path) -> Source:
    """The findings of a .parquet, .csv or .jsonl file.

    Raises InputRejected where the file is none of them, is damaged, lacks a column, holds no
    finding or one twice.
    """
    form = path.suffix.lower()
    if form not in SUFFIXES:
        raise _refused(
            path,
            f"Findings are read from {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} files.",
            "Name the file that 'auditor audit --findings FILE' wrote.",
        )
    try:
        digest = _sha256(path)
        if path.stat().st_size == 0:
            raise _refused(path, "The file holds no finding.", "There is nothing to sample.")
        raw = _raw(path, form)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _refused(
            path,
            f"The file cannot be read ({why}).",
            "Check that it exists and that you may read it.",
        ) from None
    except pl.exceptions.PolarsError:  # its message may quote a claim
        raise _damaged(path) from None
    return Source(_checked(path, raw), digest)


def _raw(path: Path, form: str) -> pl.DataFrame:
    if form == ".parquet":
        return pl.read_parquet(path)
    if form == ".csv":
        # the apostrophe that the CSV form puts before what a spreadsheet takes for a formula
        return pl.read_csv(path, infer_schema=False).with_columns(
            pl.col(pl.String).str.replace(r"^'([=+\-@\t\r])", "$1")
        )
    whole = {"source_row", "line_number", "release_gap_quarters", "schema_version"}
    types = {
        name: pl.Int64 if name in whole else pl.String
        for name in dtypes(Findings)  # in JSON lines, dates and amounts are texts
    }
    return pl.read_ndjson(path, schema=types)


def _checked(path: Path, raw: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in COLUMNS if name not in raw.columns]
    if missing:
        raise _refused(
            path,
            f"It lacks the column {missing[0]}, which every findings file has.",
            "Name the file that 'auditor audit --findings FILE' wrote, unchanged.",
        )
    types = dtypes(Findings)
    try:
        if raw["service_date"].dtype == pl.String:
            raw = raw.with_columns(pl.col("service_date").str.to_date("%Y-%m-%d"))
        frame = raw.select(pl.col(name).cast(types[name]) for name in COLUMNS)
    except pl.exceptions.PolarsError:
        raise _damaged(path) from None
    frame = frame.with_columns(pl.col(_EMPTY_TEXT).fill_null(""))
    if frame.is_empty():
        raise _refused(path, "The file holds no finding.", "There is nothing to sample.")
    if (frame["schema_version"] != _SCHEMA_VERSION).any():
        raise _refused(
            path,
            "Its findings are of another version of the format.",
            "Audit again with this version of the program.",
        )
    for name in COLUMNS:
        if name not in _MAY_BE_EMPTY and frame[name].null_count():
            raise _refused(
                path,
                f"The column {name} is empty in {frame[name].null_count():,} of its rows.",
                "Name the file as 'auditor audit --findings FILE' wrote it.",
            )
    twice = frame.height - frame["finding_id"].n_unique()
    if twice:
        raise _refused(
            path,
            f"{twice:,} of its findings are in it twice, so a line would count twice.",
            "Sample the findings of one audit, not of several put together.",
        )
    return frame


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _damaged(path: Path) -> InputRejected:
    return _refused(
        path,
        "It is not a findings file, or it is damaged.",
        "Name the file that 'auditor audit --findings FILE' wrote, unchanged.",
    )


def _refused(path: Path, what: str, next_step: str) -> InputRejected:
    return InputRejected(what, where=str(path), next_step=next_step)
