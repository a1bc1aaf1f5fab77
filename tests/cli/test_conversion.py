"""Words of the command line become what Typer makes of them; most questions load no pydantic."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from auditor.cli.app import app
from auditor.cli.commands import LazyGroup
from auditor.cli.conversion import plainly

WORDS = [
    "", "a", "A b", " 5", "5", "0", "007", "-1", "+3", "1_000", "1e3", "2.0", "130",
    "999999999", "9999999999", "\u0665", "2026-03-02", "2026-02-30", "2026-3-2", "0000-01-01",
    "20260302", "true", "-", "~", "file", "gone/file", "folder", "x\u00e9",
]  # fmt: skip
"""Among them a file, a folder, and a digit of another script."""


def parameters(command: Any, path: str = "auditor") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Typer's classes are private
    yield from ((f"{path} {each.name}", each) for each in command.params)
    for name, below in getattr(command, "commands", {}).items():
        yield from parameters(below, f"{path} {name}")


PARAMETERS = dict(parameters(typer.main.get_command(app)))
KINDS = {
    (str(kind.annotation), kind.parameter_info.min, kind.parameter_info.max): each
    for each in PARAMETERS.values()
    if (kind := each.type_descriptor)
}
"""One parameter of each type."""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)


def made(coerce: Callable[..., Any], parameter: Any, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    """The value and its type, or the error in words."""
    context = typer.Context(typer.main.get_command(app))
    try:
        given = coerce(value, param=parameter, ctx=context)
    except typer.BadParameter as error:
        return "refused", error.message
    except TypeError as error:  # what Typer lets pass of a default that is no day
        return "no text", str(error)
    parts = given if isinstance(given, list) else [given]
    return given, type(given), [type(each) for each in parts]


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_word_becomes_what_typer_makes_of_it(kind: tuple[Any, ...]) -> None:
    parameter = KINDS[kind]
    quick = parameter.get_runtime_param()
    theirs = quick.theirs()
    many = parameter.multiple or parameter.nargs == -1
    values = [
        None,
        *([[word, "z"], [word]][n % 2] if many else word for n, word in enumerate(WORDS)),
    ]
    if many:
        values += [(), ("a", "b"), "a"]
    else:
        values += [3, True, parameter.default]
    for value in values:
        assert made(quick.coerce, parameter, value) == made(theirs.coerce, parameter, value), value


def test_these_types_are_converted_here() -> None:
    """Else the comparison above would hold for a conversion that leaves all to Typer."""
    info = typer.Option()
    assert plainly("a", str, info) == "a"
    assert plainly("gone", Path, info) == Path("gone")
    assert plainly(("a", "b"), list[str], info) == ["a", "b"]
    assert plainly("12", int, info) == 12
    assert plainly("12", int, typer.Option(max=11)) is None
    assert plainly("x", int, info) is None
    day = typer.Option(formats=["%Y-%m-%d"])
    assert plainly("2026-03-02", datetime, day) == datetime(2026, 3, 2)  # noqa: DTZ001 - a calendar date
    assert plainly("2026-02-30", datetime, day) is None
    assert plainly("2026-03-02", datetime, typer.Option(formats=["%d-%m-%Y"])) is None
    assert plainly("yes", bool, info) is None


@pytest.mark.parametrize(
    "more",
    [{"exists": True}, {"dir_okay": False}, {"parser": str.upper}, {"resolve_path": True}],
    ids=str,
)
def test_a_parameter_that_asks_for_more_is_left_to_typer(more: dict[str, Any]) -> None:
    assert plainly("gone", Path, typer.Option(**more)) is None


def test_every_parameter_of_every_command_is_converted_here() -> None:
    assert len(PARAMETERS) > 150
    for name, each in PARAMETERS.items():
        assert hasattr(each.get_runtime_param(), "theirs"), name
    assert isinstance(typer.main.get_command(app), LazyGroup)


QUESTIONS = [
    ["check", "20610-RT", "77002-26", "--pos", "22", "--date", "2026-03-02", "--age", "50"],
    ["code", "77002", "--date", "2026-03-02"],
    ["search", "flu", "shot"],
    ["rules", "PTP-0"],
]
SAY = """
import json, sys
from auditor.cli import main
for args in json.loads(sys.argv[1]):
    code = main(args)
    print()
    print("SEEN", json.dumps([code, "polars" in sys.modules, "pydantic" in sys.modules]))
"""


def test_questions_are_answered_without_pydantic(start: Callable[..., Any], tmp_path: Path) -> None:
    """It takes longer to import than a question has: a parameter that needs it is seen here."""
    asked = [[*words, "--reference", str(tmp_path)] for words in QUESTIONS[:3]] + QUESTIONS[3:]
    done = start(tmp_path, json.dumps(asked), code=SAY)
    said = [line for line in done.stdout.splitlines() if line.startswith(b"SEEN")]
    assert [json.loads(line.removeprefix(b"SEEN ")) for line in said] == [[0, True, False]] * 4
