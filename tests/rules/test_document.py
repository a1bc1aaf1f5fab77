"""docs/rules.md says what the declarations say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from auditor.rules.pages import markdown

if TYPE_CHECKING:
    import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


def test_the_document_is_made_from_the_declarations(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden", default=False):
        DOCUMENT.write_text(markdown(), encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == markdown()
