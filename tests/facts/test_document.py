"""docs/starter-set.md tells the truth about the tables beside it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Table = Callable[[str], list[dict[str, str]]]
ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "auditor" / "reference" / "policy"


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docs" / "starter-set.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["ptp", "aoc", "mue", "fees"])
def test_the_row_counts_are_those_of_the_tables(starter: Table, text: str, name: str) -> None:
    told = re.search(rf"^\| `{name}\.csv` \| (\d+) \|", text, re.MULTILINE)
    assert told is not None
    assert int(told[1]) == len(starter(name))


def test_every_policy_table_is_named_once_and_no_other(text: str) -> None:
    section = text.split("## Policy tables")[1]
    told = re.findall(r"^\| `(\w+)\.csv` \|", section, re.MULTILINE)
    assert sorted(told) == sorted(path.stem for path in POLICY.glob("*.csv"))


def test_the_owner_of_cpt_is_named(text: str) -> None:
    assert "American Medical Association" in text
    assert "no CPT descriptor text" in text
