"""`auditor search` as it prints: whole answers, options, and the section of the documents."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
QUESTIONS = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
SHOWN = (
    ("words", ("fluoroscopic", "guidance", "needle", "--limit", "5")),
    ("modifier", ("modifier", "25", "--limit", "1")),
    ("topic", ("critical-care", "--limit", "1")),
    ("slip", ("flouroscopic", "needle", "--limit", "2")),
    ("nothing", ("vacine",)),
    ("unknown-code", ("99218",)),
    ("rules", ("assistant", "--kind", "rules", "--limit", "2")),
    ("place", ("pos", "22", "--kind", "places")),
)


@pytest.mark.parametrize(("name", "words"), SHOWN, ids=[name for name, _ in SHOWN])
def test_an_answer(
    name: str, words: tuple[str, ...], run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    told = run("search", *words)
    assert (told.code, told.err) == (0, "")
    assert told.out.isascii()
    assert max(map(len, told.out.splitlines())) <= 80
    golden(SNAPSHOTS / f"search-{name}.txt", told.out)


def test_json_is_one_object(run: Callable[..., Any]) -> None:
    told = run("search", "ear", "wax", "--json", "--limit", "2")
    answer = json.loads(told.out)
    assert (answer["schema_version"], answer["query"], answer["matched"]) == (
        1, "ear wax", "all words"
    )  # fmt: skip
    assert [hit["key"] for hit in answer["hits"]] == ["ear-wax", "69209"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("?!",), "Error: There is no word to search for."),
        (("x", "--kind", "doctors"), "--kind"),
        (("x", "--limit", "0"), "--limit"),
        (("x", "--reference", "nowhere"), "there is no such folder"),
    ],
)
def test_a_mistake_is_told(run: Callable[..., Any], words: tuple[str, ...], said: str) -> None:
    told = run("search", *words)
    assert told.code in (2, 3)
    assert told.out == ""
    assert said in told.err


def section() -> str:
    """What docs/questions.md says of search."""
    text = QUESTIONS.read_text(encoding="utf-8")
    (found,) = re.findall(r"^## `auditor search`.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def shown() -> list[tuple[str, str]]:
    """(command line, output) of every example of the section."""
    return re.findall(
        r"^```text\n\$ auditor (search [^\n]+)\n(.*?)^```", section(), re.MULTILINE | re.DOTALL
    )


@pytest.mark.parametrize(("command", "output"), shown(), ids=[line for line, _ in shown()])
def test_the_document_shows_what_is_printed(
    run: Callable[..., Any], command: str, output: str
) -> None:
    assert run(*shlex.split(command)).out == output


def test_the_example_in_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    block = r"^```python\n(.*?)^```\n\n^```\n(.*?)^```"
    ((code, expected),) = re.findall(block, section(), re.MULTILINE | re.DOTALL)
    exec(compile(code, "docs/questions.md", "exec"), {})  # noqa: S102 - the document's own lines
    assert capsys.readouterr().out == expected


def test_every_key_of_the_json_is_in_the_document(run: Callable[..., Any]) -> None:
    answer = json.loads(run("search", "needle", "--json").out)
    for key in (*answer, *answer["hits"][0]):
        assert f"`{key}`" in section()
    assert len(shown()) > 1
