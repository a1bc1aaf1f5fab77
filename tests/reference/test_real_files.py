"""The real CMS files beside the checkout: every row of them comes in, and quickly."""

from __future__ import annotations

import csv
import re
import shutil
import time
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.reference import load_reference
from auditor.reference.changes import changes
from auditor.reference.choosing import pair, tables
from auditor.reference.containers import members
from auditor.reference.importer import import_files
from auditor.reference.recognise import find_tables
from auditor.reference.tables import MODELS

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.importer import Outcome

pytestmark = pytest.mark.shared

ROWS = {
    "AOC 2025Q4 r1": 8615,
    "PTP practitioner 2024Q3 (v302r0)": 2_546_017,
    "PTP hospital 2024Q3 (v302r0)": 1_775_818,
    "MUE practitioner 2024Q3": 14_677,
    "MUE practitioner 2026Q2": 15_095,
    "MUE hospital 2026Q2": 15_045,
    "MUE DME 2026Q2": 3083,
    "Fee schedule 2025Q4": 19_090,
    "HCPCS Level II 2025Q4": 8846,  # 8,463 codes and 383 modifiers
}
CHANGES = {"MUE DME 2025Q4 changes": 32, "PTP hospital 2025Q4 changes": 1984}


@pytest.fixture(scope="module")
def imported(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Outcome], float]:
    """The whole folder of real files in one import, and the processor's seconds it took."""
    store = tmp_path_factory.mktemp("real") / "store"
    started = time.process_time()
    outcomes = import_files([shared / "cms"], store)
    return store, outcomes, time.process_time() - started


def test_every_row_comes_in(imported: tuple[Path, list[Outcome], float]) -> None:
    store, outcomes, _ = imported
    releases = [release for release in load_reference(store).releases() if not release.starter]
    assert {release.label: release.rows for release in releases} == ROWS
    assert all(release.used for release in releases)
    assert sum(outcome.unparsed for outcome in outcomes) == 0
    assert [o.file for o in outcomes if o.result == "skipped"] == ["README.md"]
    kept: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.result == "kept as change file":
            kept[outcome.release] = kept.get(outcome.release, 0) + outcome.rows
    assert kept == CHANGES


def test_twins_hold_the_same_rows_and_a_part_gives_way(
    imported: tuple[Path, list[Outcome], float], shared: Path
) -> None:
    store, outcomes, _ = imported
    result = {outcome.file: outcome.result for outcome in outcomes}
    twins = {
        file.split(" [", maxsplit=1)[0].rsplit("/", 1)[-1]
        for file, what in result.items()
        if what == "same rows already loaded"
    }
    assert {"AOC_V2025Q4_01-MCR.txt", "PPRRVU2025_Oct.txt"} <= twins
    assert "MCR_MUE_PractitionerServices_Eff_04-01-2026.xlsx" in twins
    # The part sorts before the whole in the folder; the other way round it is covered.
    [again] = import_files([shared / "cms" / "ccipra-v302r0-f4.first60k.xlsx"], store)
    assert (again.result, again.rows) == ("already covered", 60_000)


def test_again_is_a_no_op(imported: tuple[Path, list[Outcome], float], shared: Path) -> None:
    store, _, _ = imported
    before = (store / "manifest.json").read_bytes()
    outcomes = import_files([shared / "cms"], store)
    assert {o.result for o in outcomes} == {
        "same rows already loaded",
        "already covered",
        "skipped",
    }
    assert (store / "manifest.json").read_bytes() == before


def test_practitioner_pairs_are_imported_and_opened_in_time(
    imported: tuple[Path, list[Outcome], float],
) -> None:
    store, outcomes, seconds = imported
    # The processor's time, shared out by the clock: a busy machine must not fail this test.
    pairs = sum(o.seconds for o in outcomes if o.recognised.startswith("PTP practitioner"))
    assert seconds * pairs / sum(o.seconds for o in outcomes) < 15
    paths = next((store / "tables" / "ptp-practitioner").iterdir())
    column = pl.scan_parquet(paths / "*.parquet").select(pl.col("column1").unique().sort())
    codes = column.collect().to_series().gather_every(7).head(1500)
    assert codes.len() == 1500
    quickest = min(_opening(store, codes) for _ in range(3))
    assert quickest < 0.5


def _opening(store: Path, codes: pl.Series) -> float:
    started = time.process_time()
    load_reference(store).ptp(codes)
    return time.process_time() - started


def test_what_an_audit_gets_fits_the_models(imported: tuple[Path, list[Outcome], float]) -> None:
    reference = load_reference(imported[0])
    codes = pl.Series(["77002", "20610", "99213", "76942", "71046", "27130", "J1100"])
    for kind, table in (
        ("ptp-practitioner", reference.ptp(codes)),
        ("aoc", reference.addons(codes)),
        ("mue-practitioner", reference.mue(codes)),
        ("fee-schedule", reference.fees(codes)),
        ("hcpcs", reference.hcpcs()),
    ):
        MODELS[kind].validate(table)
        assert table.height


def test_known_rows(imported: tuple[Path, list[Outcome], float]) -> None:
    """Facts of the specification: 20610 and 77002 are no pair; 77002 is an add-on of 72."""
    reference = load_reference(imported[0])
    codes = pl.Series(["20610", "77002", "99213", "80053", "80048"])
    pairs = reference.ptp(codes).select("column1", "column2", "modifier_indicator").rows()
    assert ("20610", "77002") not in {row[:2] for row in pairs}
    assert ("80053", "80048", 0) in pairs
    primaries = reference.addons(codes).filter(
        pl.col("addon") == "77002", pl.col("deletion").is_null()
    )
    assert primaries["primary"].n_unique() >= 70
    fee = reference.fees(codes).filter(pl.col("code") == "77002").sort("component")
    assert fee.select("component", "pctc", "global_days").rows() == [
        ("", "1", "ZZZ"), ("26", "1", "ZZZ"), ("TC", "1", "ZZZ")
    ]  # fmt: skip


def test_a_raw_line_is_the_row_it_says(shared: Path) -> None:
    """Rows of the fixed-width text, cut here once more by other means."""
    archive = shared / "cms" / "add-code-edits-medicare-effective-10012025.zip"
    member = next(m for m in members(archive) if m.names[0].endswith(".txt"))
    [found] = find_tables(member, None, None)
    frame = found.read().frame
    lines = member.data.decode("latin-1").split("\r\n")[:-1]
    assert len(lines) == frame.height
    deleted = {(line[1:6], line[13:18], line[32:39]) for line in lines if line[32:39].strip()}
    ended = frame.filter(pl.col("edit_deletion").is_not_null()).select(
        "addon", "primary", pl.col("edit_deletion").dt.strftime("%Y%j")
    )
    assert set(ended.rows()) == deleted
    withdrawn = sum(line[25:32] == line[32:39] for line in lines)
    assert frame.filter(pl.col("effective") == pl.col("edit_deletion")).height == withdrawn


def test_a_cut_off_archive_changes_nothing(
    imported: tuple[Path, list[Outcome], float], shared: Path, tmp_path: Path
) -> None:
    store, _, _ = imported
    copy = tmp_path / "cut"
    copy.mkdir()
    whole = (shared / "cms" / "ccipra-v302r0-f2.zip").read_bytes()
    (copy / "ccipra-v302r0-f2.zip").write_bytes(whole[: len(whole) // 2])
    shutil.copy(shared / "cms" / "README.md", copy / "README.md")
    before = (store / "manifest.json").read_bytes()
    outcomes = import_files([copy], store)
    assert [o.result for o in outcomes] == ["skipped", "skipped"]
    assert re.search("damaged|cut off", outcomes[1].note + outcomes[0].note)
    assert (store / "manifest.json").read_bytes() == before


def mue_rows(path: Path) -> dict[str, tuple[str, str]]:
    """Code -> value and MAI of a practitioner MUE file, read without any of our code."""
    with path.open(encoding="latin-1", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) > 2]
    return {row[0]: (row[1], row[2][0]) for row in rows if re.fullmatch(r"[A-Z0-9]{5}", row[0])}


def test_what_changed_between_two_mue_releases(
    imported: tuple[Path, list[Outcome], float], shared: Path
) -> None:
    name = "MCR_MUE_PractitionerServices_Eff_{}.csv"
    old, new = (mue_rows(shared / "cms" / name.format(d)) for d in ("07-01-2024", "04-01-2026"))
    assert (len(old), len(new)) == (14_677, 15_095)
    _, stored = tables(imported[0])
    before, after = pair(("2024Q3", "MUE practitioner 2026Q2"), (stored, stored))
    found = changes(before.kind, before.rows(), after.rows())
    codes = {
        change: set(found.filter(change=change)["code"])
        for change in ("added", "removed", "changed")
    }
    assert codes == {
        "added": new.keys() - old.keys(),
        "removed": old.keys() - new.keys(),
        "changed": {code for code in old.keys() & new.keys() if old[code] != new[code]},
    }
    values = found.filter(field="MUE value").select("code", "before", "after").rows()
    assert values
    assert all((old[code][0], new[code][0]) == (a, b) for code, a, b in values)


def test_two_whole_pair_tables_are_compared_in_seconds(
    imported: tuple[Path, list[Outcome], float],
) -> None:
    _, stored = tables(imported[0])
    rows = next(t for t in stored if t.kind == "ptp-practitioner").rows()
    mine = pl.col("column1") == "20610"
    last = pl.date(2025, 12, 31)
    ended = pl.when(mine & pl.col("deletion").is_null()).then(last).otherwise("deletion")
    started = time.process_time()
    found = changes("ptp-practitioner", rows, rows.with_columns(deletion=ended))
    assert time.process_time() - started < 40  # about 4 on the machine of docs/performance.md
    wanted = rows.filter(mine, pl.col("deletion").is_null()).select("column2").unique().collect()
    assert found.height == wanted.height > 100
    assert set(found["change"]) == {"ended"}
