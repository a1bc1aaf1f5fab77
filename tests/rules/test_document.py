"""docs/rules.md and docs/profiles.md say what the declarations say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.rules import catalogue, pages, profiles

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(
    ("name", "markdown"), [("rules.md", pages.markdown), ("profiles.md", profiles.markdown)]
)
def test_the_document_is_made_from_the_declarations(
    name: str, markdown: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    document = DOCS / name
    if request.config.getoption("--update-golden", default=False):
        document.write_text(markdown(), encoding="utf-8")
    assert document.read_text(encoding="utf-8") == markdown()


def test_every_rule_runs_for_some_line_of_business_and_no_cell_is_stronger_than_the_rule() -> None:
    strength = [profiles.SILENT, "info", "review", "certain"]
    for rule in catalogue():
        cells = [strength.index(cell) for cell in profiles.row(rule)[1:]]
        assert len(cells) == 4
        assert max(cells) == strength.index(rule.tier)


def test_a_rule_at_most_review_somewhere_is_told_so_and_silent_elsewhere() -> None:
    rules = {rule.id: rule for rule in catalogue()}
    assert profiles.row(rules["PTP-1"]) == ("PTP-1", "certain", "-", "review", "review")
    assert profiles.row(rules["DUP-1"])[1:] == ("certain",) * 4
