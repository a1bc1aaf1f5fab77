"""The documents say what the commands do: every setting, variable, option and exit code."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from auditor.config import Settings
from auditor.errors import ExitCode
from auditor.nightly.settings import Change, Feed, Limits, Mail, Nightly, Retention, Webhook

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")


def test_every_exit_code_is_explained_once() -> None:
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE) == [str(int(c)) for c in ExitCode]


TABLES = {
    "nightly": Nightly,
    "nightly.limits": Limits,
    "nightly.mail": Mail,
    "nightly.webhook": Webhook,
    "nightly.retention": Retention,
    "feeds.NAME": Feed,
}
NIGHT = [
    (table, each.name)
    for table, model in TABLES.items()
    for each in fields(model)
    if f"{table}.{each.name}" not in TABLES
]


@pytest.mark.parametrize(("table", "setting"), NIGHT)
def test_every_setting_of_a_night_is_explained(table: str, setting: str) -> None:
    head = rf"^\| `\[{table}\]` \| what.*?\n\n"
    (rows,) = re.findall(head, CONFIGURATION, flags=re.MULTILINE | re.DOTALL)
    assert any(f"`{setting}`" in row.split("|")[1] for row in rows.strip().splitlines())


@pytest.mark.parametrize("name", [f.name for f in fields(Change)])
def test_every_figure_that_may_drift_is_explained(name: str) -> None:
    (row,) = re.findall(r"^\| `change` \|.*$", CONFIGURATION, re.MULTILINE)
    assert f"`{name}`" in row


def links(path: Path) -> list[tuple[Path, str]]:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text)
    return [((path.parent / name).resolve() if name else path, mark) for name, mark in found]


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")], ids=lambda p: p.name
)
def test_links_lead_somewhere(path: Path) -> None:
    for target, mark in links(path):
        assert target.exists(), target
        if mark:
            heads = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in heads}
            assert mark in anchors, f"{target.name}#{mark}"


@pytest.mark.parametrize("setting", [f.name for f in fields(Settings)])
def test_every_setting_is_explained(setting: str) -> None:
    assert f"`[{setting}]`" in CONFIGURATION or f"| `{setting}` |" in CONFIGURATION


def test_the_environment_variables_are_those_of_the_help(run: Callable[..., Any]) -> None:
    shown = set(re.findall(r"AUDITOR_[A-Z_]+", run("audit", "--help").out))
    assert len(shown) > 5
    # the debug file's variable serves every command, so it is no option's own; the others are
    # secrets of a night, which no option names
    others = {"AUDITOR_DEBUG_FILE", "AUDITOR_SMTP_PASSWORD", "AUDITOR_WEBHOOK_TOKEN"}
    assert set(re.findall(r"AUDITOR_[A-Z_]+", CONFIGURATION)) == shown | others


def test_every_option_of_audit_is_explained(run: Callable[..., Any]) -> None:
    options = set(re.findall(r"^  (--[a-z-]+)", run("audit", "--help").out, flags=re.MULTILINE))
    assert {option for option in options if option not in CONFIGURATION} == set()


def test_the_example_of_a_configuration_file_is_valid(tmp_path: Path) -> None:
    from auditor import config

    (example,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, flags=re.DOTALL)
    path = tmp_path / "auditor.toml"
    path.write_text(example, encoding="utf-8")
    assert config.load(path).select == ("AOC", "PTP", "MUE-2")
