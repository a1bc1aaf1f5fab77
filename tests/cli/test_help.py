"""What the commands say of themselves, whole; and that saying it loads nothing heavy."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from auditor import RULE_SET_VERSION, __version__
from auditor.cli.app import app

SNAPSHOTS = Path(__file__).parent / "snapshots"
HEAVY = {"fastexcel", "openpyxl", "pandas", "pandera", "polars", "pyarrow", "pydantic", "lxml"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - Typer's class of commands is private
    yield path
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from commands(below, (*path, name))


COMMANDS = list(commands(typer.main.get_command(app)))


def test_the_commands_are_these() -> None:
    assert {path[0] for path in COMMANDS if path} == {
        "audit", "check", "code", "config", "demo", "estimate", "hold", "layout", "nightly",
        "purge", "reference", "reproduce", "review", "rules", "sample", "search", "trend",
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: "-".join(path) or "auditor")
def test_help(
    path: tuple[str, ...], run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    told = run(*path, "--help")
    assert (told.code, told.err) == (0, "")
    assert told.out.isascii()
    golden(SNAPSHOTS / f"help-{'-'.join(path) or 'auditor'}.txt", told.out)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: "-".join(path) or "auditor")
def test_every_option_has_a_help_text(path: tuple[str, ...], run: Callable[..., Any]) -> None:
    lines = run(*path, "--help").out.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.match(r"  -", line):
            told = re.split(r"\s{2,}", line.strip(), maxsplit=1)[1:]
            assert told or below.startswith(" " * 10), line


def test_without_a_command_the_help_is_shown_and_the_code_is_2(run: Callable[..., Any]) -> None:
    told = run()
    assert (told.code, told.out) == (2, "")
    assert told.err == run("--help").out


def test_version_names_the_program_and_the_rules(run: Callable[..., Any]) -> None:
    told = run("--version")
    assert (told.code, told.err) == (0, "")
    assert told.out == f"auditor {__version__}, rule set {RULE_SET_VERSION}\n"


LIGHT = [(), ("--version",), *[(*path, "--help") for path in COMMANDS]]
SAY = """
import json, sys
from auditor.cli import main
for args in json.loads(sys.argv[1]):
    code = main(args)
    print()
    print("SEEN", json.dumps([args, code, sorted({m.split(".")[0] for m in sys.modules})]))
"""
Seen = dict[tuple[str, ...], tuple[int, list[str]]]


@pytest.fixture(scope="module")
def seen(start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Arguments -> exit code, and what is imported after them, all in one process of their own.

    What one of them imports stays for those behind it: the first that fails is the one.
    """
    done = start(tmp_path_factory.mktemp("light"), json.dumps(LIGHT), code=SAY)
    said = [line.removeprefix(b"SEEN ") for line in done.stdout.splitlines() if b"SEEN" in line]
    return {tuple(args): (code, modules) for args, code, modules in map(json.loads, said)}


@pytest.mark.parametrize("args", LIGHT, ids=" ".join)
def test_nothing_heavy_is_imported(args: tuple[str, ...], seen: Seen) -> None:
    code, modules = seen[args]
    assert code == (0 if args else 2)
    assert {"auditor", "typer"} <= set(modules)
    assert HEAVY & set(modules) == set()
