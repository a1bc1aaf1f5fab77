"""docs/coder-questions.md shows what the commands answer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coder-questions.md"
QUESTION = re.compile(r"^```text\n\$ auditor ([^\n]+)\n.*?^```$", re.MULTILINE | re.DOTALL)


def test_the_answers_are_those_of_the_commands(
    run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    text = PAGE.read_text(encoding="utf-8")

    def answered(found: re.Match[str]) -> str:
        told = run(*shlex.split(found[1]))
        assert told.code == 0, told.err
        assert not told.err
        return f"```text\n$ auditor {found[1]}\n{told.out}```"

    assert len(QUESTION.findall(text)) >= 12
    golden(PAGE, QUESTION.sub(answered, text))
