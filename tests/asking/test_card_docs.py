"""docs/questions.md names every key of a card, and its example runs."""

import re
from pathlib import Path

import pytest

from auditor.asking.card_parts import (
    Advice,
    Beside,
    Card,
    Fees,
    ModifierCard,
    Pair,
    Pairs,
    Primary,
    RuleLine,
    Units,
)

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "questions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "part", [Card, ModifierCard, Fees, Primary, Pairs, Pair, Beside, Units, Advice, RuleLine]
)
def test_every_key_is_named(part: type) -> None:
    missing = [name for name in part.__dataclass_fields__ if f"`{name}`" not in TEXT]  # type: ignore[attr-defined] # a dataclass
    assert not missing


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [e for e in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "card" in e]
    exec(example, {})  # noqa: S102 - the document's own example
    told = capsys.readouterr().out
    assert told.startswith("in use A\n77002 is the add-on\n")
    assert "True 26" in told
