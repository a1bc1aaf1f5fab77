"""The documents say what the commands do: every setting, variable, option and exit code."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from auditor.config import Settings
from auditor.errors import ExitCode

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")


def test_every_exit_code_is_explained_once() -> None:
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE) == [str(int(c)) for c in ExitCode]


@pytest.mark.parametrize("setting", [f.name for f in fields(Settings)])
def test_every_setting_is_explained(setting: str) -> None:
    assert f"`[{setting}]`" in CONFIGURATION or f"| `{setting}` |" in CONFIGURATION


def test_the_environment_variables_are_those_of_the_help(run: Callable[..., Any]) -> None:
    shown = set(re.findall(r"AUDITOR_[A-Z_]+", run("audit", "--help").out))
    assert len(shown) > 5
    # the debug file's variable serves every command, so it is no option's own
    assert set(re.findall(r"AUDITOR_[A-Z_]+", CONFIGURATION)) == shown | {"AUDITOR_DEBUG_FILE"}


def test_every_option_of_audit_is_explained(run: Callable[..., Any]) -> None:
    options = set(re.findall(r"^  (--[a-z-]+)", run("audit", "--help").out, flags=re.MULTILINE))
    assert {option for option in options if option not in CONFIGURATION} == set()


def test_the_example_of_a_configuration_file_is_valid(tmp_path: Path) -> None:
    from auditor import config

    (example,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, flags=re.DOTALL)
    path = tmp_path / "auditor.toml"
    path.write_text(example, encoding="utf-8")
    assert config.load(path).select == ("AOC", "PTP", "MUE-2")
