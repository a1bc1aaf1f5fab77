"""Every rule against its case file: what it must flag and, as long a list, what it must not.

A case: `lines` in the notation of auditor.rules.notation; `expect` = ["2 certain", ...]: the
lines (by place, from 1) that carry the rule, as headline or in `also`, with the tier of that
headline. Nothing else may carry it. Further, where they matter:

    headline     ["2 PTP-0"]  the finding that the line shows
    also         ["2 MUE-2"]  what that finding holds besides
    present      ["PTP-2"]    rules that some finding of the batch carries
    absent       ["GLB-25"]   rules that no finding of the batch carries
    counterpart  ["2 45380"]  the code the rule's own finding names beside the line
    message      ["45378"]    parts of the message of the rule's own findings
    rejected     rows that could not be placed: {claim, patient, date}
    reference    tables in place of those of the file
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from oracle.harness import Found, found, rejected_rows, run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
TABLES = ("ptp", "aoc", "mue", "fees", "hcpcs")


def every_case() -> Iterator[Any]:
    for path in sorted(HERE.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in data["case"]:
            tables = {**data["reference"], **case.get("reference", {})}
            yield pytest.param(path.stem, tables, case, id=f"{path.stem}-{case['name']}")


@pytest.mark.parametrize(("rule", "tables", "case"), list(every_case()))
def test_case(rule: str, tables: dict[str, Any], case: dict[str, Any]) -> None:
    lines = claim_lines(case["lines"])
    result = run(lines, memory_reference(**tables), rejected_rows(case.get("rejected", ())))
    findings = found(result, lines)
    carrying = {f"{f.line + 1} {f.tier}" for f in findings if rule in {f.rule, *f.also}}
    assert carrying == set(case["expect"]), told(findings)
    headlines = {f"{f.line + 1} {f.rule}" for f in findings}
    assert set(case.get("headline", ())) <= headlines, told(findings)
    besides = {f"{f.line + 1} {other}" for f in findings for other in f.also}
    assert set(case.get("also", ())) <= besides, told(findings)
    anywhere = {other for f in findings for other in (f.rule, *f.also)}
    assert set(case.get("present", ())) <= anywhere, told(findings)
    assert not set(case.get("absent", ())) & anywhere, told(findings)
    own = [f for f in findings if f.rule == rule]
    named = {f"{f.line + 1} {f.counterpart}" for f in own}
    assert set(case.get("counterpart", ())) <= named, told(findings)
    for part in case.get("message", ()):
        assert own, told(findings)
        assert all(part in f.message for f in own), told(findings)


def told(findings: list[Found]) -> str:
    return "\n".join(
        f"line {f.line + 1}: {f.rule} {f.tier} also {sorted(f.also)} {f.message}" for f in findings
    )


@pytest.mark.parametrize("path", sorted(HERE.glob("*.toml")), ids=lambda p: p.stem)
def test_as_many_must_not_as_must(path: Path) -> None:
    cases = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    names = [case["name"] for case in cases]
    assert len(names) == len(set(names))
    flagged = [case for case in cases if case["expect"]]
    clean = [case for case in cases if not case["expect"]]
    assert len(flagged) >= 6
    assert len(clean) >= len(flagged)
    for case in cases:
        assert case["name"].startswith("fail-" if case["expect"] else "pass-")
