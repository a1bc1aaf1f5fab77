"""The recipe of docs/sampling.md, followed in plain Python from the CSV file: the same lines."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest

from auditor.sampling import draw, frame, worksheet
from auditor.sampling.source import read_findings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from tests.sampling.conftest import Make

SEED = 48151623


def lines_of(path: Path) -> dict[str, tuple[str, str]]:
    """Line id -> rule of the leading finding and practitioner, of every line in the frame."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = defaultdict(list)
    for row in rows:
        lines[row["source_file"], row["source_row"], row["line_number"]].append(row)
    told = {}
    for own in lines.values():
        shown = [row for row in own if row["tier"] in {"certain", "review"}]
        denied = any(row["amount_basis"] in {"already denied", "paid zero"} for row in own)
        if not shown or denied or not own[0]["charge_amount"]:
            continue

        def strength(row: dict[str, str]) -> tuple[bool, float, str, str]:
            amount = float(row["amount_at_risk"] or -1)
            return row["tier"] != "certain", -amount, row["rule_id"], row["finding_id"]

        first = min(shown, key=strength)
        line_id = min(row["finding_id"] for row in own)
        told[line_id] = (first["rule_id"], first["rendering_npi"] or "(no practitioner)")
    return told


def key(line_id: str) -> str:
    return hashlib.blake2b(f"{SEED}|{line_id}".encode(), digest_size=16).hexdigest()


@pytest.mark.parametrize("by", [None, "rule", "practitioner"])
def test_the_same_lines_by_hand(
    make: type[Make],
    written: Callable[[pl.DataFrame, str], Path],
    tmp_path: Path,
    as_of: date,
    by: str | None,
) -> None:
    found = make.many(150)
    odd = pl.int_range(pl.len())
    found = found.with_columns(
        tier=pl.when(odd % 17 == 0).then(pl.lit("info")).otherwise("tier"),
        amount_basis=pl.when(odd % 23 == 0).then(pl.lit("paid zero")).otherwise("amount_basis"),
        charge_amount=pl.when(odd % 29 == 0).then(None).otherwise("charge_amount"),
    )
    path = written(found, ".csv")
    source = read_findings(path)
    built = frame.build(source.frame, by=by)
    sample, design = draw.draw(
        built,
        size=40,
        seed=SEED,
        by=by,
        basis="charge",
        sha256=source.sha256,
    )
    made = worksheet.write_worksheet(sample, design, tmp_path / "w.xlsx", as_of=as_of)
    sheet = openpyxl.load_workbook(made)["Sample"]
    at = {str(cell.value): cell.column for cell in sheet[1]}
    told = [sheet.cell(row, at["Line id"]).value for row in range(2, sheet.max_row + 1)]

    lines = lines_of(path)
    assert len(lines) == design.lines
    assert hashlib.sha256(path.read_bytes()).hexdigest() == design.findings_sha256
    strata = defaultdict(list)
    for line_id, (rule, practitioner) in lines.items():
        strata[{"rule": rule, "practitioner": practitioner}.get(by or "", "")].append(line_id)
    by_hand = []
    for stratum, name in zip(design.strata, sorted(strata), strict=True):
        assert stratum.lines == len(strata[name])
        by_hand += sorted(strata[name], key=key)[: stratum.sampled]
    assert told == by_hand
    assert len(told) == 40
