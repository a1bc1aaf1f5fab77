"""`auditor demo` and the sample it audits, whole."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import places

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty checkout, so that nothing is written into the real one."""
    (tmp_path / "auditor").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "claim-auditor"\n')
    return tmp_path


def test_the_demo_and_a_second_one_that_leaves_the_first_workbook_alone(
    run: Callable[..., Any], golden: Callable[[Path, str], None], here: Path
) -> None:
    told = run("demo")
    assert (told.code, told.err) == (0, "")
    (workbook,) = (here / "reports").iterdir()
    assert re.fullmatch(r"clinic_week-\d{4}-\d\d-\d\d\.xlsx", workbook.name)
    text = told.out.replace("\\", "/").replace(workbook.stem, "clinic_week-DATE")
    golden(SNAPSHOTS / "demo.txt", text)
    assert " (2).xlsx" not in told.out
    content = workbook.read_bytes()
    assert " (2).xlsx" in run("demo").out
    assert workbook.read_bytes() == content


def test_the_audit_of_the_sample(
    run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    told = run("audit", str(places.sample()), "--no-report", "--as-of", "2026-11-21")
    assert (told.code, told.err) == (0, "")
    text = re.sub(
        r"Done in [\d.]+ s \(run (\S+)-[0-9a-f]{8}\)", r"Done in N s (run \1-X)", told.out
    )
    golden(SNAPSHOTS / "audit-sample.txt", text)
