"""Findings made by hand, worksheets drawn from them, and reviewers who fill them in."""

import random
import sys
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # handmade

import handmade

from auditor.report.machine import csv_safe
from auditor.sampling import draw, frame, worksheet
from auditor.sampling.columns import FILL_IN
from auditor.sampling.interface import Answer, Design, Stratum

AS_OF = date(2026, 11, 22)
_RULES = ("AOC-1", "MUE-2", "PTP-0", "THR-1")


def finding(number: int = 1, **values: object) -> dict[str, Any]:
    """One plain finding; claim and patient as billing systems write them."""
    plain = {"claim_id": f"00{number:06d}", "patient_id": f"MRN-{number}"}
    return handmade.finding(number, **(plain | values))


def findings(*rows: Mapping[str, object]) -> pl.DataFrame:
    return handmade.findings(rows)


def many(count: int, seed: int = 7) -> pl.DataFrame:
    """Findings of `count` claim lines, several rules and practitioners, every tenth line twice."""
    rng = random.Random(seed)  # noqa: S311 - made-up claims, no secret
    rows = []
    for n in range(1, count + 1):
        npi = rng.choice(["1234567893", "1679576722", "1992999874", None])
        line: dict[str, object] = {
            "rendering_npi": npi,
            "charge_amount": Decimal(rng.randrange(1, 50_000)) / 100,
            "line_number": rng.choice([1, 2, None]),
            "tier": rng.choice(["certain", "review"]),
        }
        rows.append(finding(n, rule_id=rng.choice(_RULES), **line))
        if n % 10 == 0:
            other = {"rule_id": "MOD-LAT", "finding_id": f"{n:031x}f", "tier": "review"}
            rows.append(finding(n, **(line | other)))
    return findings(*rows)


def drawn(
    found: pl.DataFrame,
    *,
    size: int = 12,
    seed: int = 1,
    by: Any = None,  # noqa: ANN401 - also what mypy would not take
    basis: Any = "charge",  # noqa: ANN401 - as above
    **options: bool,
) -> tuple[pl.DataFrame, Design]:
    made = frame.build(found, by=by, basis=basis, **options)
    return draw.draw(made, size=size, seed=seed, by=by, basis=basis, sha256="ab" * 32, run_ids="r1")


def strata(*lines: int) -> list[Stratum]:
    return [Stratum(n, f"s{n}", size, 0, 0) for n, size in enumerate(lines, start=1)]


def answers(*of_strata: list[tuple[int, int]]) -> list[Answer]:
    """Answers from (examined, difference) in dollars, stratum by stratum."""
    told = [(n, x, d) for n, pairs in enumerate(of_strata, start=1) for x, d in pairs]
    return [
        Answer(number, n, x * 100, (x - d) * 100, d != 0)
        for number, (n, x, d) in enumerate(told, start=1)
    ]


class Sheet:
    """A worksheet on disk and what a reviewer does to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.sheet = self.book["Sample"]

    @property
    def columns(self) -> dict[str, int]:
        return {str(c.value).removesuffix(FILL_IN): c.column for c in self.sheet[1]}

    def fill(self, row: int, **values: object) -> None:
        """Fill in one row: should_be=0, in_error='yes' ..."""
        names = {name.casefold().replace(" ", "_"): at for name, at in self.columns.items()}
        for name, value in values.items():
            self.sheet.cell(row, names[name]).value = value

    def all_right(self) -> None:
        for row in range(2, self.sheet.max_row + 1):
            self.fill(row, in_error="no")

    def value(self, row: int, name: str) -> Any:  # noqa: ANN401 - whatever stands there
        return self.sheet.cell(row, self.columns[name]).value

    def save(self) -> Path:
        self.book.save(self.path)
        return self.path


class Make:
    """The builders, for tests: they cannot import this file by name."""

    finding = staticmethod(finding)
    findings = staticmethod(findings)
    many = staticmethod(many)
    drawn = staticmethod(drawn)
    strata = staticmethod(strata)
    answers = staticmethod(answers)


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Sheet]:
    """Draw, write the worksheet, and open it as a reviewer does."""

    def call(found: pl.DataFrame, **options: Any) -> Sheet:  # noqa: ANN401 - those of `drawn`
        sample, design = drawn(found, **options)
        return Sheet(
            worksheet.write_worksheet(sample, design, tmp_path / "sheet.xlsx", as_of=AS_OF)
        )

    return call


@pytest.fixture
def written(tmp_path: Path) -> Callable[[pl.DataFrame, str], Path]:
    """Findings as a file in one of the three forms."""

    def call(found: pl.DataFrame, form: str) -> Path:
        path = tmp_path / f"findings{form}"
        if form == ".parquet":
            found.write_parquet(path)
        elif form == ".csv":
            csv_safe(found).write_csv(path)
        else:
            found.write_ndjson(path)
        return path

    return call


@pytest.fixture(scope="session")
def as_of() -> date:
    return AS_OF
