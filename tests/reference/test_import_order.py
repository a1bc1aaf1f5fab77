"""The store ends the same whatever the order in which the files come."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.reference import load_reference
from auditor.reference.importer import import_files
from auditor.reference.listing import store_listing

if TYPE_CHECKING:
    from auditor.reference.interface import Release
    from tests.reference.conftest import Make

A = ("10060", "99213", "", "20200101", "*", "1", "Policy")
B = ("20610", "10060", "", "20200101", "*", "0", "Policy")
C = ("20610", "99213", "", "20200101", "20221231", "1", "Policy")
M1 = ("10060", 1, "2 Date of Service Edit: Policy", "x")
M2 = ("20610", 9, "3 Date of Service Edit: Clinical", "y")
AOC = ("1", "99213", "", "20610", "", "2018274", "", "")
AOC2 = ("1", "99213", "", "10060", "", "2018274", "", "")
MUE_Q2 = "MCR_MUE_PractitionerServices_Eff_04-01-2026"
CODES = pl.Series(["10060", "20610", "99213"])


def files(make: type[Make]) -> dict[str, bytes]:
    """Twins, a part before or after its whole, revisions, a change file, strangers."""
    rows = {1: [A], 2: [B], 3: [C], 4: [A, C]}
    pairs = {f"ccipra-v302r0-f{part}.TXT": make.ptp(rows[part]) for part in rows}
    return pairs | {
        "ccipra-v302r0-f4.first.xlsx": make.ptp_book([C]),
        "ccipra-v303r0-f1.TXT": make.ptp([A]),
        "AOC_V2025Q4_01-MCR.txt": make.aoc([AOC]),
        "AOC_V2025Q4_02-MCR.txt": make.aoc([AOC, AOC2]),
        "AOC_V2025Q4_01-MCR.xlsx": make.aoc_book([AOC]),
        f"{MUE_Q2}.csv": make.mue([M1, M2]),
        f"{MUE_Q2}.xlsx": make.mue_book([M1]),
        "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv": make.mue([M2]),
        "MCR_NCCI_OCE_Deletions_Eff_10-01-2025.txt": make.ptp_change([("10060", "99213", "1")]),
        "README.md": b"words",
    }


def ends(folders: list[Path], cuts: list[int], store: Path) -> tuple[object, ...]:
    """What an audit and a user see after importing in that order, in as many imports as cuts."""
    for start, end in pairwise([0, *sorted(cuts), len(folders)]):
        import_files(folders[start:end], store)
    reference = load_reference(store)
    tables = [reference.ptp(CODES), reference.addons(CODES), reference.mue(CODES)]
    manifest = (store / "manifest.json").read_text()
    parquet = sorted(
        (place.rsplit("-", 1)[0], pl.read_parquet(path).rows())
        for path in store.rglob("*.parquet")
        if (place := path.relative_to(store).as_posix()) in manifest
    )
    return (
        reference.releases(),
        [table.rows() for table in tables],
        store_listing(store)[1],
        parquet,
    )


@pytest.fixture(scope="module")
def delivery(
    make: type[Make], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Path], tuple[object, ...]]:
    """Each file in a folder of its own, so that strangers are skipped; and one way it ends."""
    home = tmp_path_factory.mktemp("delivery")
    folders = []
    for name, data in files(make).items():
        folder = home / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_bytes(data)
        folders.append(folder)
    return folders, ends(folders, [], home / "store")


def test_the_delivery_ends_as_it_should(
    delivery: tuple[list[Path], tuple[list[Release], list[list[object]], object, object]],
) -> None:
    _, (releases, (pairs, addons, limits), _, parquet) = delivery
    assert [(r.label, r.rows, r.source, r.note) for r in releases if not r.starter] == [
        ("AOC 2025Q4 r1", 1, "AOC_V2025Q4_01-MCR.txt, AOC_V2025Q4_01-MCR.xlsx",
         "superseded by r2"),
        ("AOC 2025Q4 r2", 2, "AOC_V2025Q4_02-MCR.txt", ""),
        ("PTP practitioner 2024Q3 (v302r0)", 5,
         ", ".join(f"ccipra-v302r0-f{part}.TXT" for part in (1, 2, 3, 4)), ""),
        ("PTP practitioner 2024Q4 (v303r0)", 1, "ccipra-v303r0-f1.TXT",
         "incomplete: parts 1 of 4"),
        ("MUE practitioner 2024Q3", 1, "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv", ""),
        ("MUE practitioner 2026Q2", 2, f"{MUE_Q2}.csv", ""),
    ]  # fmt: skip
    assert (len(pairs), len(addons), len(limits)) == (5, 2, 3)
    assert len(parquet) == 10  # one a part, and the change file


@given(data=st.data())
def test_order_does_not_matter(
    delivery: tuple[list[Path], tuple[object, ...]], data: st.DataObject
) -> None:
    folders, ending = delivery
    order = data.draw(st.permutations(folders))
    cuts = data.draw(st.lists(st.integers(0, len(order)), max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        assert ends(order, cuts, Path(folder) / "store") == ending
