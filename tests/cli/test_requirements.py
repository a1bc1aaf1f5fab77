"""The pinned requirements: whole, hashed, agreeing with each other and with the project."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements.txt", "requirements-dev.txt", "requirements-spark.txt")


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[.*?\])?==(\S+)", text, flags=re.MULTILINE))


def declared(group: str | None) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {None: project["project"]["dependencies"], **project["dependency-groups"]}
    groups |= project["project"]["optional-dependencies"]
    names = {re.split(r"[\[<>=]", entry)[0] for entry in groups[group] if isinstance(entry, str)}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        (FILES[0], (None, "build")),
        (FILES[1], (None, "build", "dev")),
        (FILES[2], (None, "build", "spark", "spark-test")),
    ],
)
def test_everything_the_project_names_is_pinned(name: str, groups: tuple[str | None, ...]) -> None:
    wanted = set().union(*map(declared, groups))
    assert len(wanted) > 5
    assert wanted - set(pins(name)) == set()


@pytest.mark.parametrize("name", FILES[1:])
def test_the_rest_comes_on_top_of_the_same_versions(name: str) -> None:
    plain, more = pins(FILES[0]), pins(name)
    assert {name: more.get(name) for name in plain} == plain


@pytest.mark.parametrize("name", FILES)
def test_every_version_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    # one entry a package, but for those that newer Pythons have in another version
    assert {re.split("==", entry)[0] for entry in entries} == set(pins(name))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
