"""Of rules that are chosen the others that nobody hears need not run: the findings are the same."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from oracle.harness import isolate, rejected_rows

from auditor.auditing import audit
from auditor.engine import judge
from auditor.intake.interface import Intake
from auditor.reference import load_reference
from auditor.result import AuditOptions
from auditor.rules import Stage, catalogue, modules
from auditor.rules.notation import claim_lines
from schemas import ClaimLines, Repairs, SetAside, dtypes, empty

if TYPE_CHECKING:
    from types import ModuleType

    from auditor.reference.interface import Reference

CASES = Path(__file__).resolve().parents[1] / "rules"
FEW = (Stage.ADD_ONS, Stage.AFTER, Stage.DUPLICATES, Stage.PAIRS, Stage.UNITS)
ALWAYS = ("PTP-0", "PTP-1", "MUE-0", "MUE-2")
"""Rules whose cases are in every batch: what they deny is heard by others."""


def asked() -> list[object]:
    """Every module; those that are no others' ears or mouths in the long rounds alone."""
    marks = {True: (), False: (pytest.mark.long,)}
    every = enumerate(modules())
    return [
        pytest.param(
            m, id=m.__name__.rsplit(".", 1)[-1], marks=marks[m.STAGE in FEW or n % 12 == 0]
        )
        for n, m in every
    ]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return load_reference(tmp_path_factory.mktemp("store"))


def batch(rules: list[str]) -> Intake:
    """The cases of `rules`, each with patients of its own."""
    frames, lost = [], []
    for rule in dict.fromkeys(rules):
        told = tomllib.loads((CASES / f"{rule}.toml").read_text(encoding="utf-8"))
        for case in told["case"]:
            number = len(frames)
            frames.append(isolate(claim_lines(case["lines"]), number))
            lost += [
                {k: v if k == "date" else f"{number:04d}-{v}" for k, v in row.items()}
                for row in case.get("rejected", ())
            ]
    lines = pl.concat(frames, rechunk=True).with_columns(
        source_row=pl.int_range(pl.len(), dtype=pl.UInt32) + 2,
        line_key=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    return Intake(
        lines=lines,
        rejected=rejected_rows(lost),
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=(),
        fields_present=frozenset(dtypes(ClaimLines)),
    )


def own_tables(rules: list[str]) -> bool:
    """Whether a case file of `rules` brings tables, which the built-in set does not hold."""
    files = (CASES / f"{rule}.toml" for rule in rules)
    return any("reference" in tomllib.loads(file.read_text(encoding="utf-8")) for file in files)


@pytest.mark.parametrize("module", asked())
def test_chosen_rules_find_what_they_find_among_all(
    module: ModuleType, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [rule.id for rule in module.RULES]
    lines = batch([*ids, *ALWAYS])
    options = AuditOptions(date(2026, 1, 5), "run", select=frozenset(ids))
    few = audit(lines, reference, options)
    finders, by_line = judge._finders, judge._line_rules  # noqa: SLF001 - all of them, to compare with
    monkeypatch.setattr(judge, "_finders", lambda _: finders(None))
    monkeypatch.setattr(judge, "_line_rules", lambda _: by_line(None))
    every = audit(lines, reference, options)
    assert few.findings.equals(every.findings)
    assert few.coverage.equals(every.coverage)
    assert few.pairs.equals(every.pairs)
    assert set(few.findings["rule_id"]) <= set(ids)
    assert few.findings.height > 0 or own_tables(ids)


def test_what_is_heard_is_evaluated() -> None:
    heard = judge._finders(frozenset({"AOC-1"}))  # noqa: SLF001 - what is left out is the point
    assert heard[Stage.PAIRS]
    assert heard[Stage.UNITS]
    assert not heard[Stage.POLICY]
    assert [r.id for r in judge._line_rules(frozenset({"AOC-1"}))] == ["MUE-0"]  # noqa: SLF001 - as above
    alone = judge._finders(frozenset({"PTP-1"}))  # noqa: SLF001 - as above
    assert not alone[Stage.UNITS]
    assert not alone[Stage.ADD_ONS]
    every = sum(map(len, judge._finders(None).values()))  # noqa: SLF001 - as above
    assert every == sum(map(len, judge._finders(frozenset(r.id for r in catalogue())).values()))  # noqa: SLF001 - as above
    assert sum(map(len, alone.values())) < every / 10
