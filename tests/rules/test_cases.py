"""Every rule against its case file: what it must flag and, as long a list, what it must not.

A case: `lines` in the notation of auditor.rules.notation; `expect` = ["2 certain", ...]: the
lines (by place, from 1) that carry the rule, as headline or in `also`, with the tier of that
headline. Nothing else may carry it. Further, where they matter:

    headline     ["2 PTP-0"]  the finding that the line shows
    also         ["2 MUE-2"]  what that finding holds besides
    present      ["PTP-2"]    rules that some finding of the batch carries
    absent       ["GLB-25"]   rules that no finding of the batch carries
    counterpart  ["2 45380"]  the code the rule's own finding names beside the line
    message      ["45378"]    parts of message or remedy of the rule's own findings
    rejected     rows that could not be placed: {claim, patient, date}
    history      earlier lines, looked at and not audited
    options      auditor.rules.options.RuleOptions, as a table
    columns      the only columns that the files have
    reference    tables in place of those of the file; false: such a table is not loaded
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from oracle.harness import Found, found, isolate, rejected_rows, run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines
from auditor.rules.options import RuleOptions

HERE = Path(__file__).parent
OF_ITS_OWN = {"reference", "history", "options", "columns"}
"""What a case has that keeps it out of the one batch of its file."""
FILES = sorted(HERE.glob("*.toml"))


@cache
def case_file(rule: str) -> dict[str, Any]:
    """Tables of the file (`reference`) and its cases (`case`)."""
    return tomllib.loads((HERE / f"{rule}.toml").read_text(encoding="utf-8"))


def every_case() -> list[Any]:
    return [
        pytest.param(path.stem, number, id=f"{path.stem}-{case['name']}")
        for path in FILES
        for number, case in enumerate(case_file(path.stem)["case"])
    ]


@cache
def together(rule: str) -> dict[int, list[Found]]:
    """Findings of all cases of a file that need no tables of their own, judged in one batch.

    Each case has patients, claims and practitioners of its own, so that they do not meet.
    """
    data = case_file(rule)
    cases = {n: case for n, case in enumerate(data["case"]) if not OF_ITS_OWN & case.keys()}
    frames, rejected, places = [], [], []
    for number, case in cases.items():
        lines = isolate(claim_lines(case["lines"]), number)
        frames.append(lines)
        places += [(number, line) for line in range(lines.height)]
        rejected += [
            {k: v if k == "date" else f"{number:04d}-{v}" for k, v in row.items()}
            for row in case.get("rejected", ())
        ]
    batch = pl.concat(frames, rechunk=True).with_columns(
        source_row=pl.int_range(pl.len(), dtype=pl.UInt32) + 2,
        line_key=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    result = run(batch, memory_reference(**data["reference"]), rejected_rows(rejected))
    apart: dict[int, list[Found]] = {number: [] for number in cases}
    for finding in found(result, batch):
        number, line = places[finding.line]
        apart[number].append(replace(finding, line=line))
    return apart


def alone(rule: str, number: int) -> list[Found]:
    """Findings of one case, judged by itself."""
    data = case_file(rule)
    case = data["case"][number]
    lines = claim_lines(case["lines"])
    tables = {**data["reference"], **case.get("reference", {})}
    reference = memory_reference(**{k: rows for k, rows in tables.items() if rows is not False})
    result = run(
        lines,
        reference,
        rejected_rows(case.get("rejected", ())),
        history=claim_lines(case["history"]) if "history" in case else None,
        options=RuleOptions(**case.get("options", {})),
        columns=case.get("columns"),
    )
    return found(result, lines)


@pytest.mark.parametrize(("rule", "number"), every_case())
def test_case(rule: str, number: int) -> None:
    case = case_file(rule)["case"][number]
    check(rule, case, alone(rule, number) if OF_ITS_OWN & case.keys() else together(rule)[number])


@pytest.mark.long
@pytest.mark.parametrize(("rule", "number"), every_case())
def test_case_alone(rule: str, number: int) -> None:
    check(rule, case_file(rule)["case"][number], alone(rule, number))


def check(rule: str, case: dict[str, Any], findings: list[Found]) -> None:
    """Raise AssertionError, with all that was found, where `case` expects something else."""
    told = "\n".join(
        f"line {f.line + 1}: {f.rule} {f.tier} also {sorted(f.also)} {f.text}" for f in findings
    )
    carrying = {f"{f.line + 1} {f.tier}" for f in findings if rule in {f.rule, *f.also}}
    assert carrying == set(case["expect"]), told
    headlines = {f"{f.line + 1} {f.rule}" for f in findings}
    assert set(case.get("headline", ())) <= headlines, told
    besides = {f"{f.line + 1} {other}" for f in findings for other in f.also}
    assert set(case.get("also", ())) <= besides, told
    anywhere = {other for f in findings for other in (f.rule, *f.also)}
    assert set(case.get("present", ())) <= anywhere, told
    assert not set(case.get("absent", ())) & anywhere, told
    own = [f for f in findings if f.rule == rule]
    named = {f"{f.line + 1} {f.counterpart}" for f in own}
    assert set(case.get("counterpart", ())) <= named, told
    for part in case.get("message", ()):
        assert own, told
        assert all(part in f.text for f in own), told


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_as_many_must_not_as_must(path: Path) -> None:
    cases = case_file(path.stem)["case"]
    names = [case["name"] for case in cases]
    assert len(names) == len(set(names))
    flagged = [case for case in cases if case["expect"]]
    clean = [case for case in cases if not case["expect"]]
    assert len(flagged) >= 3
    assert len(clean) >= len(flagged)
    for case in cases:
        assert case["name"].startswith("fail-" if case["expect"] else "pass-")
