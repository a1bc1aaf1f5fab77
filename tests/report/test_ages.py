"""How old the tables are for the claims, and the files to fetch, in every output that says so."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from openpyxl import load_workbook

from auditor.report import summary, write_report
from auditor.report.ages import late
from schemas import ClaimLines, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Release
    from auditor.result import AuditResult
    from tests.report.conftest import Make

PTP = "ccipra-v313r...-f1 to -f4 (2025Q4)"
MUE = "MCR_MUE_PractitionerServices_Eff_"
MUE_Q3 = f"{MUE}07-01-2025 (2025Q3)"


def quarter(make: type[Make], kind: str, first: date, last: date, **values: object) -> Release:
    label = f"{kind} {first.year}Q{(first.month + 2) // 3}"
    return make.release(kind, label=label, effective=first, vouches_to=last, **values)


def result_of(
    make: type[Make], days: list[date], *releases: Release, as_of: date = date(2026, 1, 2)
) -> AuditResult:
    """A result whose lines are of these days, judged by these releases."""
    schema = dtypes(ClaimLines)
    lines = pl.DataFrame({"service_date_from": days}).select(
        (
            pl.col(name) if name == "service_date_from" else pl.lit(None)
        ).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )  # fmt: skip
    made = make.result(
        releases=releases, lines=lines, lines_of_files=len(days), last_service_date=max(days)
    )
    return dataclasses.replace(made, options=dataclasses.replace(made.options, as_of=as_of))


Q1, Q3, Q2_26 = (
    (date(2025, 1, 1), date(2025, 3, 31)),
    (date(2025, 7, 1), date(2025, 9, 30)),
    (date(2026, 4, 1), date(2026, 6, 30)),
)
NOV, AUG, MAR = date(2025, 11, 4), date(2025, 8, 5), date(2025, 3, 31)
# kinds and quarters of releases, days of service, (label, lines, last day, files) of each warning
CASES = {
    "within the quarter": ([("ptp-practitioner", Q1)], [MAR], []),
    "one day past it": (
        [("ptp-practitioner", Q1)],
        [MAR, date(2025, 4, 1)],
        [("ptp-practitioner 2025Q1", 1, date(2025, 4, 1), ["ccipra-v311r...-f1 to -f4 (2025Q2)"])],
    ),
    "of rows with dates the latest file tells all": (
        [("ptp-practitioner", Q1)],
        [AUG, NOV, NOV],
        [("ptp-practitioner 2025Q1", 3, NOV, [PTP])],
    ),
    "of rows without dates each quarter has its file": (
        [("mue-practitioner", Q1)],
        [AUG, NOV, NOV],
        [("mue-practitioner 2025Q1", 3, NOV, [f"{MUE}10-01-2025 (2025Q4)", MUE_Q3])],
    ),
    "between two releases": (
        [("mue-practitioner", Q1), ("mue-practitioner", Q2_26)],
        [MAR, AUG, date(2026, 5, 1)],
        [("mue-practitioner 2025Q1", 1, AUG, [MUE_Q3])],
    ),
    "rows with dates judge by the newest release": (
        [("aoc", Q1), ("aoc", Q3)],
        [AUG],
        [],
    ),
    "before the first release nothing is judged": ([("fee-schedule", Q2_26)], [AUG], []),
    "other tables than a professional claim's": ([("mue-hospital", Q1)], [NOV], []),
    "the fee schedule and HCPCS": (
        [("fee-schedule", Q3), ("hcpcs", Q3)],
        [NOV],
        [
            ("fee-schedule 2025Q3", 1, NOV, ["PPRRVU2025_Oct (2025Q4)"]),
            ("hcpcs 2025Q3", 1, NOV, ["HCPC2025_OCT_ANWEB (2025Q4)"]),
        ],
    ),
    "a date after the audit is a mistake of the claim": (
        [("ptp-practitioner", Q1)],
        [MAR, date(2052, 3, 3)],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_which_files_to_fetch(make: type[Make], case: str) -> None:
    kinds, days, told = CASES[case]
    as_of = date(2026, 7, 1)
    releases = [quarter(make, kind, *span) for kind, span in kinds]
    found = late(result_of(make, days, *releases, as_of=as_of))
    assert [(old.label, old.lines, old.last, old.names) for old in found] == told


def test_starter_and_idle_releases_are_not_told_of(make: type[Make]) -> None:
    starter = quarter(make, "aoc", *Q1, starter=True)
    idle = quarter(make, "ptp-practitioner", *Q1, used=False, note="incomplete")
    assert late(result_of(make, [NOV], starter, idle)) == []


def test_lines_that_were_set_aside_need_no_table(make: type[Make]) -> None:
    result = result_of(make, [MAR, NOV], quarter(make, "aoc", *Q1))
    assert len(late(result)) == 1
    gone = pl.Series("row", [1], dtype=pl.UInt32)
    assert late(dataclasses.replace(result, lines_gone=gone)) == []


def test_without_lines_the_last_date_of_service_tells(make: type[Make]) -> None:
    release = quarter(make, "aoc", *Q1)
    result = make.result(releases=(release,), last_service_date=NOV)
    result = dataclasses.replace(
        result,
        lines=result.lines.clear(),
        options=dataclasses.replace(result.options, as_of=date(2026, 1, 2)),
    )
    (old,) = late(result)
    assert (old.lines, old.last) == (None, NOV)
    assert "; services are later, the last of 2025-11-04," in old.told()
    assert late(dataclasses.replace(result, last_service_date=None)) == []


def test_what_is_said(make: type[Make]) -> None:
    (old,) = late(result_of(make, [NOV], quarter(make, "ptp-practitioner", *Q1)))
    assert old.told() == (
        "ptp-practitioner 2025Q1 speaks for services to 2025-03-31; 1 audited line is later, the"
        " last of 2025-11-04, and the table that judged it may be out of date. Fetch from the CMS"
        f" web site, and load with `auditor reference import`: {PTP}."
    )


def test_many_quarters_are_counted(make: type[Make]) -> None:
    days = [date(year, month, 1) for year in (2023, 2024) for month in (1, 4, 7, 10)]
    release = quarter(make, "mue-practitioner", date(2022, 10, 1), date(2022, 12, 31))
    (old,) = late(result_of(make, days, release))
    assert len(old.names) == 8
    assert old.files.endswith("04-01-2024 (2024Q2) and those of 5 earlier quarters")


def test_the_summary_file_names_them(make: type[Make]) -> None:
    told = summary(result_of(make, [NOV, NOV], quarter(make, "ptp-practitioner", *Q1)))
    (old,) = told["releases_too_old"]
    assert old["fetch"] == [PTP]
    assert (old["kind"], old["lines"]) == ("ptp-practitioner", 2)
    assert (old["vouches_to"], old["last_service_date"]) == ("2025-03-31", "2025-11-04")
    assert told["releases"][0]["age_quarters"] == 3
    within = summary(result_of(make, [MAR], quarter(make, "ptp-practitioner", *Q1)))
    assert within["releases_too_old"] == []
    assert within["releases"][0]["age_quarters"] == 0


@pytest.mark.parametrize(("day", "said"), [(NOV, True), (MAR, False)])
def test_the_sheet_names_them_in_one_sentence(
    make: type[Make], tmp_path: Path, day: date, *, said: bool
) -> None:
    result = result_of(make, [day], quarter(make, "ptp-practitioner", *Q1))
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules)
    cells = [c for row in load_workbook(path)["Summary"].iter_rows(values_only=True) for c in row]
    named = [c for c in cells if isinstance(c, str) and "CMS web site" in c]
    assert len(named) == said
    assert not said or named[0].endswith(f"{PTP}.")
