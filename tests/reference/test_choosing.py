"""Two releases found by what somebody calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError
from auditor.reference.choosing import newest, pair, tables
from auditor.reference.importer import Request, import_files

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Kind
    from tests.reference.conftest import Make

DAY = "2 Date of Service Edit: Policy"
FILES = {
    "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv": 1,
    "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv": 2,
}
OLD, NEW = "MUE practitioner 2024Q3", "MUE practitioner 2026Q2"


@pytest.fixture(scope="module")
def full(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two MUE releases, three AOC files of which two are of one quarter, and half a PTP release."""
    inbox, store = tmp_path_factory.mktemp("inbox"), tmp_path_factory.mktemp("store")
    for name, limit in FILES.items():
        (inbox / name).write_bytes(make.mue([("10060", limit, DAY, "x")]))
    for name in ("AOC_V2024Q3-MCR", "AOC_V2026Q2-MCR", "AOC_V2026Q2_01-MCR"):
        (inbox / f"{name}.txt").write_bytes(
            make.aoc([("1", "77002", "", "20610", "", "2013001", "", "")])
        )
    row = ("10060", "99213", "", "20200101", "*", "1", "")
    (inbox / "ccipra-v302r0-f1.TXT").write_bytes(make.ptp([row]))
    outcomes = import_files([inbox], store, Request(None, None, replace=False), lambda _: None)
    assert {o.result for o in outcomes} == {"imported", "superseded"}
    return store


@pytest.mark.parametrize(
    ("names", "kind", "labels"),
    [
        ((OLD, NEW), None, (OLD, NEW)),
        (("mue PRACTITIONER 2024q3", "mue-practitioner 2026Q2"), None, (OLD, NEW)),
        ((OLD, "2026Q2"), None, (OLD, NEW)),
        (("2024q3", "2026q2"), "mue-practitioner", (OLD, NEW)),
        (("mue practitioner 2024", "MUE"), None, (OLD, NEW)),
        (("MUE practitioner 2026", OLD), None, (NEW, OLD)),
        (("AOC 2026Q2", "AOC 2026Q2 r1"), None, ("AOC 2026Q2", "AOC 2026Q2 r1")),
        # of one quarter the last revision is meant
        (("AOC 2024Q3", "2026Q2"), None, ("AOC 2024Q3", "AOC 2026Q2 r1")),
    ],
)
def test_names(full: Path, names: tuple[str, str], kind: Kind | None, labels: object) -> None:
    _, found = tables(full)
    assert tuple(t.label for t in pair(names, (found, found), kind)) == labels


@pytest.mark.parametrize(
    ("names", "kind", "said"),
    [
        (("2024Q3", "2026Q2"), None, "may stand for several releases: AOC 2024Q3, MUE"),
        (("MUE practitioner", "2026Q2"), "aoc", "No release is called 'MUE practitioner' among"),
        (("2031Q1", NEW), None, f"There are: AOC 2024Q3, .*{NEW}"),
        ((OLD, "AOC 2024Q3"), None, "different kinds: MUE practitioner 2024Q3; AOC 2024Q3"),
        ((OLD, OLD), None, "are the same release. Name two"),
        (("PTP practitioner 2024Q3", "starter set"), None, "is not whole .incomplete: parts 1 of"),
        (("", NEW), None, "No release is called ''"),
    ],
)
def test_names_that_do_not_do(
    full: Path, names: tuple[str, str], kind: Kind | None, said: str
) -> None:
    _, found = tables(full)
    with pytest.raises(ConfigError, match=said):
        pair(names, (found, found), kind)


def test_the_newest_of_each_kind_without_halves_and_starter(full: Path) -> None:
    assert {k: t.label for k, t in newest(tables(full)[1]).items()} == {
        "aoc": "AOC 2026Q2 r1",
        "mue-practitioner": NEW,
    }


def test_a_release_and_the_starter_set_may_be_laid_side_by_side(full: Path) -> None:
    _, found = tables(full)
    _, other = tables(None)
    aoc, starter = pair(("AOC 2026Q2 r1", "starter set"), (found, other))
    assert starter.starter
    assert aoc.rows().collect().height == 1
    assert starter.rows().collect().height > 1
