"""What is judged in parts of whole patients is what one audit of all lines says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from batches import Lost, Raw, batches, frame, lost_lines
from divided import assert_same, both, spilled
from hypothesis import given
from hypothesis import strategies as st
from oracle.harness import check_digit, isolate, rejected_rows
from tables import FAMILIES
from test_oracle import REFERENCE, rejected, rounds

from auditor.auditing import audit
from auditor.parts import run as runner
from auditor.reference import load_reference, memory_reference
from auditor.rules.notation import claim_lines

CASES = Path(__file__).resolve().parents[1] / "rules"


def every_case() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines of all cases of all rules, each with patients of its own, and their lost rows."""
    frames, lost = [], []
    for file in sorted(CASES.glob("*.toml")):
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]:
            number = len(frames)
            frames.append(isolate(claim_lines(case["lines"]), number))
            lost += [
                {k: v if k == "date" else f"{number:04d}-{v}" for k, v in row.items()}
                for row in case.get("rejected", ())
            ]
    return numbered(pl.concat(frames, rechunk=True)), rejected_rows(lost)


def numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines as one file has them."""
    return lines.with_columns(
        source_row=pl.int_range(pl.len(), dtype=pl.UInt32) + 2,
        line_key=pl.int_range(pl.len(), dtype=pl.UInt32),
    )


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 - a Reference
    return load_reference(tmp_path_factory.mktemp("store"))


def test_the_cases_of_all_rules(starter: Any, tmp_path: Path) -> None:  # noqa: ANN401 - as above
    lines, lost = every_case()
    one, parts, told = both(lines, starter, tmp_path, 4, rejected=lost, slab=2000)
    assert one.findings["rule_id"].n_unique() > 80
    assert one.set_aside.height > 5
    assert_same(one, parts, told)


def masked(count: int) -> list[str]:
    return [f"99213 npi=9{n:09} claim=C{n} patient=P{n}" for n in range(count)]


MANY = 120
LIST = memory_reference(fees=[("99213",), ("99214",)])
WHOLE = {
    "NPI-1 of the export": masked(MANY),
    "NPI-1 of some numbers": [
        *(f"99213 npi=1234567890 claim=C{n % 40} patient=P{n % 40}" for n in range(MANY)),
        *(f"99213 npi={check_digit(f'1{n:08}')} claim=D{n} patient=Q{n}" for n in range(MANY)),
    ],
    "NPI-2 of the export": [
        "99213 npi=1111111112 claim=D1 patient=Q1",
        *(f"99213 npi=- claim=C{n} patient=P{n}" for n in range(MANY)),
    ],
    "NPI-2 of some claims": [
        *(f"99213 npi=1111111112 claim=D{n} patient=Q{n}" for n in range(MANY)),
        *(f"99213 npi=- claim=C{n} patient=P{n}" for n in range(9)),
    ],
    "NPI-2 of practices of one": [f"99213 npi=- claim=C{n} patient=P{n}" for n in range(30)],
    "COD-2 of the export": [f"99123 dos=2025-11-03 claim=C{n} patient=P{n}" for n in range(MANY)],
    "COD-4 of the export": [f"99213 dx=1{n:03} claim=C{n} patient=P{n}" for n in range(MANY)],
    "COD-5 of the export": [f"99213 dx=M1711 ptr=M claim=C{n} patient=P{n}" for n in range(MANY)],
    "DAT-1 of the export": [
        f"99213 dos=2025-12-10 received=2025-12-01 claim=C{n} patient=P{n}" for n in range(MANY)
    ],
    "DAT-4 of the export": [f"99213 dos=2026-03-10 claim=C{n} patient=P{n}" for n in range(MANY)],
    "TFL-1 of the export": [
        f"99213 dos=2024-03-10 received=2025-12-01 claim=C{n} patient=P{n}" for n in range(MANY)
    ],
    "EM-IMD of patients in several parts": [
        f"97110-GP claim=C{n} patient=P{n} units={1 + n % 2}" for n in range(60)
    ],
    "QW-1 where another patient's line tells": [
        "87880-QW clia=11D2222222 claim=C0 patient=P0",
        *(f"87880 clia=11D2222222 claim=C{n} patient=P{n}" for n in range(1, 9)),
    ],
    "ANE-3 where other patients' lines tell": [
        "00840-QK pos=22 units=60 patient=P1 claim=C1",
        "00840-QX pos=22 units=60 patient=P2 claim=C2 npi=1222222220",
        *(f"00840-QX pos=22 units=60 patient=P{n} claim=C{n}" for n in range(3, 9)),
    ],
    "a number that stands for a crowd": [
        *(f"99213 patient=CROWD birth=19{n % 90 + 10}-01-01 claim=C{n}" for n in range(260)),
        *(f"99213 patient=P{n} claim=D{n}" for n in range(260)),
    ],
    "laboratories that give their number": [
        "87880-90 pos=81 claim=C1 patient=P1 clia=11D2222222",
        *(f"80053-90 pos=81 claim=C{n} patient=P{n}" for n in range(2, 9)),
    ],
}
"""Batches in which the lines of other patients decide, with a word of which rule."""


@pytest.mark.parametrize("name", WHOLE)
def test_what_the_whole_batch_decides(
    name: str,
    starter: Any,  # noqa: ANN401 - as above
    tmp_path: Path,
) -> None:
    lines = numbered(claim_lines(WHOLE[name]))
    one, parts, told = both(lines, LIST if name.startswith("COD-2") else starter, tmp_path, 3)
    rule = name.split(maxsplit=1)[0]
    if "-" in rule and "practices" not in name:
        assert rule in set(one.findings["rule_id"])
    assert_same(one, parts, told)


@st.composite
def nights(draw: st.DrawFn) -> tuple[list[Raw], list[Lost]]:
    rows = draw(batches(FAMILIES))
    return rows, draw(lost_lines(rows))


@rounds(15)
@given(made=nights(), count=st.integers(2, 4), slab=st.integers(1, 30))
def test_random_batches(made: tuple[list[Raw], list[Lost]], count: int, slab: int) -> None:
    rows, lost = made
    with TemporaryDirectory() as name:
        lines, room = frame(rows), Path(name)
        one, parts, told = both(lines, REFERENCE, room, count, rejected=rejected(lost), slab=slab)
        assert_same(one, parts, told)


def test_parts_that_were_done_are_not_done_again(
    starter: Any,  # noqa: ANN401 - as above
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = numbered(claim_lines([f"77002 claim=C{n} patient=P{n}" for n in range(40)]))
    done: list[int] = []

    def breaks(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as audit's own
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(given[0].lines.height)
        return audit(*given, **named)

    monkeypatch.setattr(runner, "audit", breaks)
    with pytest.raises(KeyboardInterrupt):
        both(lines, starter, tmp_path, 4)
    assert len(done) == 2
    assert len(list((tmp_path / "found").glob("?"))) == 2
    monkeypatch.setattr(runner, "count", None)  # nothing is counted again
    done.clear()
    done.append(0)
    monkeypatch.setattr(runner, "audit", lambda *a, **k: done.append(1) or audit(*a, **k))
    (tmp_path / "lines").rename(tmp_path / "kept")
    one, parts, told = both(lines, starter, tmp_path, 4)
    # the two that were left, and all four without the lines
    assert sum(done) == 2 + 4
    assert_same(one, parts, told)


def test_a_file_that_begins_anew_is_taken_once(tmp_path: Path) -> None:
    from auditor.parts.spill import Spill

    lines = numbered(claim_lines([f"99213 claim=C{n} patient=P{n}" for n in range(30)]))
    spill = Spill(tmp_path / "lines", 3, slab=5)
    spill.begin()
    spill.add(lines.drop("line_key").head(10))
    spill.done()
    spill.begin()
    spill.add(lines.drop("line_key").slice(10, 20))
    spill.begin()  # dates turn out to be written the other way round
    spill.add(lines.drop("line_key").slice(10, 20))
    spill.done()
    parts = spill.parts()
    assert parts.census.lines == 30
    read = pl.concat([parts.read(n) for n in range(3)]).sort("line_key")
    assert read.equals(lines)
    for n in range(3):
        keys = parts.read(n)["line_key"]
        assert keys.is_sorted()
    assert spilled(lines, tmp_path / "other", 3, 1000).census.lines == 30
