"""`auditor nightly init`: what it writes, that it is whole and valid, and what it leaves alone."""

import re
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from auditor import config
from auditor.cli.nightly.init import filled
from auditor.errors import ConfigError
from auditor.nightly.settings import Nightly

SNAPSHOTS = Path(__file__).parent / "snapshots"
FEED = "clinic"
TEXT = filled(FEED, "clinic_*.csv", "snapshot", None)
NEEDS = {
    f"feeds.{FEED}.recipients": ("nightly.mail.host", "nightly.mail.sender"),
    f"feeds.{FEED}.attach": (f"feeds.{FEED}.encrypt", f"feeds.{FEED}.recipients"),
    "nightly.mail.password_file": ("nightly.mail.user",),
    f"feeds.{FEED}.encrypt": ("report_password_file",),
}
"""Settings that say nothing without others."""


@dataclass(frozen=True)
class Line:
    """A setting or the heading of a table in the template."""

    number: int
    place: str
    commented: bool
    heading: "Line | None" = None
    """The heading above a setting."""


def lines() -> Iterator[Line]:
    heading = None
    for number, text in enumerate(TEXT.splitlines()):
        if found := re.fullmatch(r"(#?)\[([\w.-]+)\]", text):
            heading = Line(number, found[2], bool(found[1]))
            yield heading
        elif found := re.match(r'(#?)("[^"]+"|[\w-]+) = ', text):
            table = f"{heading.place}." if heading else ""
            yield Line(number, table + found[2], bool(found[1]), heading)
        else:
            assert text in ("", "#") or re.match(r"# \S", text), text


LINES = list(lines())
BY_PLACE = {line.place: line for line in LINES}


def settings(model: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - any annotation
    """The dotted places of all settings below `model`; a table of free words is one of them."""
    hints = get_type_hints(model)
    for each in fields(model):
        hint, here = hints[each.name], f"{place}{each.name}"
        inner = [arm for arm in (hint, *get_args(hint)) if is_dataclass(arm)]
        if inner and hint.__class__.__name__ == "GenericAlias":  # name -> table
            yield from settings(inner[0], f"{here}.{FEED}.")
        elif inner:
            yield from settings(inner[0], f"{here}.")
        else:
            yield here


def with_(*places: str) -> str:
    """The template with these settings in force, and what they need."""
    told = TEXT.splitlines()
    todo, done = list(places), set[str]()
    while todo:
        place = todo.pop()
        if place in done:
            continue
        done.add(place)
        line = BY_PLACE[place]
        todo += NEEDS.get(place, ())
        if line.heading is not None and line.heading.commented:
            todo.append(line.heading.place)
        todo += required(place)
        told[line.number] = told[line.number].removeprefix("#")
    return "\n".join(told)


def required(table: str) -> list[str]:
    """The settings of a table that have no default."""
    model: Any = config.Settings
    for part in table.split("."):
        hint = get_type_hints(model).get(part, model) if is_dataclass(model) else model
        model = next((a for a in (hint, *get_args(hint)) if is_dataclass(a)), hint)
    if not is_dataclass(model) or table not in BY_PLACE:
        return []
    return [
        f"{table}.{f.name}"
        for f in fields(model)
        if f.default is MISSING and f.default_factory is MISSING
    ]


def load(folder: Path, text: str) -> config.Settings:
    path = folder / "auditor.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize("place", sorted(settings(config.Settings)))
def test_every_setting_that_there_is_stands_in_the_file(place: str) -> None:
    assert place in BY_PLACE


def test_no_place_is_said_twice() -> None:
    assert len(BY_PLACE) == len(LINES)
    assert sum(line.commented for line in LINES) > 50


@pytest.mark.parametrize("place", [line.place for line in LINES if line.commented])
def test_each_line_may_be_put_in_force(place: str, tmp_path: Path) -> None:
    assert load(tmp_path, with_(place)) is not None


def test_all_lines_may_be_put_in_force_at_once(tmp_path: Path) -> None:
    told = load(tmp_path, with_(*BY_PLACE))
    assert told.nightly is not None
    assert told.nightly.mail is not None
    assert told.nightly.webhook is not None
    assert told.feeds[FEED].limits is not None
    assert told.feeds[FEED].limits.change.lines is not None
    assert told.payers
    assert told.thresholds.release_gap_review == 2


def test_what_is_in_force_is_what_holds_without_it(tmp_path: Path) -> None:
    told = load(tmp_path, TEXT)
    bare = f'reference = "reference"\n[nightly]\n[feeds.{FEED}]\nfiles="clinic_*.csv"\n'
    assert load(tmp_path, bare + 'mode = "snapshot"') == told


def test_the_file_and_its_folders(
    run: Callable[..., Any], golden: Callable[[Path, str], None], tmp_path: Path
) -> None:
    told = run(
        "nightly", "init", "srv", "--feed", "east", "--files", 'a "b" *.csv', "--mode", "Delta",
        "--line-of-business", "medicare",
    )  # fmt: skip
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "nightly-init.txt", told.out)
    srv = tmp_path / "srv"
    folders = {"inbox", "outbox", "archive", "state", "reference"}
    assert {path.name for path in srv.iterdir()} == folders | {"auditor.toml"}
    if sys.platform != "win32":
        assert {stat.S_IMODE((srv / f).stat().st_mode) for f in folders} == {0o700}
        assert stat.S_IMODE((srv / "auditor.toml").stat().st_mode) == 0o600
    settings = config.load(srv / "auditor.toml")
    assert settings.nightly == Nightly(
        **{f: srv / f for f in ("inbox", "outbox", "archive", "state")}
    )
    feed = settings.feeds["east"]
    assert (feed.files, feed.mode, feed.line_of_business) == ('a "b" *.csv', "delta", "medicare")
    assert list(settings.feeds) == ["east"]
    assert run("config", "check", "srv/auditor.toml").code == 0


def test_the_next_steps_are_commands_that_there_are(run: Callable[..., Any]) -> None:
    told = run("nightly", "init").out
    commands = re.findall(r": auditor ([a-z ]+[a-z])", told)
    assert commands == ["config check auditor", "reference import", "nightly"]
    for command in ("config check", "reference import", "nightly"):
        options = re.findall(rf"auditor {command} .*?(--[a-z-]+)", told)
        shown = run(*command.split(), "--help").out
        assert all(option in shown for option in options)


def test_nothing_is_written_over(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text("# mine", encoding="utf-8")
    told = run("nightly", "init")
    assert (told.code, told.out) == (2, "")
    assert "'auditor.toml' is there already." in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["auditor.toml"]
    assert (tmp_path / "auditor.toml").read_text(encoding="utf-8") == "# mine"


def test_folders_that_are_there_are_taken_as_they_are(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox").chmod(0o770)
    (tmp_path / "inbox" / "march.csv").write_text("x", encoding="utf-8")
    assert run("nightly", "init").code == 0
    assert (tmp_path / "inbox" / "march.csv").read_text(encoding="utf-8") == "x"
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "inbox").stat().st_mode) == 0o770


def test_a_folder_that_cannot_be_made_leaves_no_file(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "outbox").write_text("a file", encoding="utf-8")
    told = run("nightly", "init")
    assert (told.code, told.out) == (2, "")
    assert "could not be written" in told.err
    assert not (tmp_path / "auditor.toml").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"feed": "a.b"}, "'a.b' cannot name a feed."),
        ({"feed": ""}, "'' cannot name a feed."),
        ({"feed": "-a"}, "'-a' cannot name a feed."),
        ({"feed": "a b\n"}, "letters, digits, - and _ only"),
        ({"files": "in/*.csv"}, "without a folder"),
        ({"files": " "}, "is no pattern"),
        ({"mode": "snapsht"}, "Did you mean snapshot?"),
        ({"line_of_business": "medicar"}, "Did you mean medicare?"),
    ],
)
def test_what_cannot_stand_in_the_file(options: dict[str, str], told: str) -> None:
    plain = {"feed": "x", "files": "*", "mode": "delta", "line_of_business": None}
    with pytest.raises(ConfigError) as caught:
        filled(**(plain | options))  # type: ignore[arg-type]
    assert told in str(caught.value)
