"""The benchmark at a small size: the generator's promises, and both sides finding the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytestmark = pytest.mark.usefixtures("unmeasured")

HERE = Path(__file__).parent


def start(name: str, *arguments: object) -> str:
    command = [sys.executable, HERE / f"{name}.py", *arguments]
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder and the figures of a run of three thousand lines on the starter set."""
    work = tmp_path_factory.mktemp("bench")
    figures = work / "figures.json"
    size = ("--lines", 3000, "--runs", 1, "--reads", 1, "--starter")
    start("run", *size, "--keep", work, "--out", figures)
    return work, json.loads(figures.read_text(encoding="utf-8"))


def test_both_sides_find_the_same(bench: tuple[Path, dict[str, Any]]) -> None:
    _, figures = bench
    assert figures["differing"] == 0
    assert figures["kinds"]["differing"] == 0
    assert figures["kinds"]["compared"] >= figures["compared"] > 0
    # the comparison is about something: every family is there
    assert {"PTP-1", "MUE-2", "AOC-1", "AOC-6"} <= figures["by_rule"].keys()


def test_every_process_is_measured_as_a_whole(bench: tuple[Path, dict[str, Any]]) -> None:
    _, figures = bench
    assert len(figures["costs"]) == 5
    for cost in figures["costs"].values():
        assert cost["seconds"] > 0
        assert cost["cpu"] > 0
        assert cost["peak"] > 20 << 20  # no Python with polars or DuckDB in it is smaller


def test_a_difference_is_told_and_fails(bench: tuple[Path, dict[str, Any]]) -> None:
    work, _ = bench
    peer = pl.read_parquet(work / "peer.parquet")
    ptp = peer["rule_id"] == "PTP-1"
    peer.filter(~ptp | (ptp.cum_sum() > 1)).write_parquet(work / "short.parquet")
    files = ("--audit", work / "audit.parquet", "--peer", work / "short.parquet")
    done = subprocess.run(
        [sys.executable, str(HERE / "compare.py"), *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["differing"] == 1
    assert told["only_audit"][0][0] == "PTP-1"


def test_the_same_seed_gives_the_same_file(
    bench: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    work, figures = bench
    seed = figures["seed"]
    made = []
    for other in (seed, int(str(seed)) + 1):
        folder = tmp_path / str(other)
        folder.mkdir()
        start("generate", "--lines", 3000, "--seed", other, "--store", folder, "--work", folder)
        made.append((folder / "claims.csv").read_bytes())
    first = (work / "claims.csv").read_bytes()
    assert made[0] == first
    assert made[1] != first
    assert first.count(b"\n") == 3001


@pytest.fixture(scope="module")
def batched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two batches and a little of a third."""
    folder = tmp_path_factory.mktemp("batched")
    size = ("--lines", 6007, "--batch", 3000, "--seed", 7)
    start("generate", *size, "--store", folder, "--work", folder)
    return folder / "claims.csv"


def test_the_first_batch_is_the_file_of_so_many_lines(
    bench: tuple[Path, dict[str, Any]], batched: Path
) -> None:
    work, _ = bench
    first, whole = (work / "claims.csv").read_bytes(), batched.read_bytes()
    assert whole.startswith(first)
    assert whole.count(b"\n") == 6008
    assert whole.count(b"claim_number") == 2  # its own column's name, and the original's: once


def test_batches_share_nobody(batched: Path) -> None:
    lines = pl.read_csv(batched, infer_schema=False).with_row_index("row")
    lines = lines.with_columns(batch=pl.col("row") // 3000)
    assert lines["batch"].n_unique() == 3
    for name in (
        "claim_number",
        "payer_claim_control_number",
        "patient_id",
        "rendering_npi",
        "billing_npi",
        "tax_id",
    ):
        each = lines.select(name, "batch").unique()
        assert not each[name].is_duplicated().any(), name
    assert not lines.select(pl.struct("claim_number", "line_number").is_duplicated().any()).item()
    assert all(map(luhn, lines["rendering_npi"].unique()))
    assert all(map(luhn, lines["billing_npi"].unique()))
    assert lines["tax_id"].str.len_chars().unique().to_list() == [9]
    named = lines["original_claim_number"].drop_nulls()
    assert named.is_in(lines["payer_claim_control_number"].implode()).all()
    # the same kinds of visit, not the same visits
    sums = lines.group_by("batch").agg(pl.col("charge_amount").cast(pl.Float64).sum())
    assert sums["charge_amount"].n_unique() == 3


def test_what_the_file_holds_is_plausible(bench: tuple[Path, dict[str, Any]]) -> None:
    work, _ = bench
    lines = pl.read_csv(work / "claims.csv", infer_schema=False)
    assert (
        lines.select(pl.struct("claim_number", "line_number").is_duplicated().any()).item() is False
    )
    npi = lines["rendering_npi"].unique()
    assert all(luhn(number) for number in npi)
    assert (lines["line_number"].cast(pl.Int32) <= 9).all()
    # every replacement and void names a claim of the file
    named = lines["original_claim_number"].drop_nulls()
    assert len(named)
    assert named.is_in(lines["payer_claim_control_number"].implode()).all()
    assert not lines["procedure_code"].str.starts_with("@").any()


def luhn(npi: str) -> bool:
    digits = [int(c) for c in reversed("80840" + npi)]
    doubled = [sum(divmod(2 * d, 10)) if i % 2 else d for i, d in enumerate(digits)]
    return len(npi) == 10 and sum(doubled) % 10 == 0


def test_what_a_longer_file_says_of_its_beginning_is_compared_in_every_column(
    bench: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    work, _ = bench
    longer = pl.read_parquet(work / "audit.parquet")
    alone = longer.filter(pl.col("source_row") <= 1001).with_columns(run_id=pl.lit("another"))
    said = pl.col("message") + pl.lit(" ")
    first = pl.int_range(pl.len()) == 0
    trials = {
        0: alone,
        1: alone.head(-1),
        2: alone.with_columns(message=pl.when(first).then(said).otherwise("message")),
    }
    assert alone.height > 10
    for differing, each in trials.items():
        each.write_parquet(tmp_path / "shorter.parquet")
        words = ("--audit", work / "audit.parquet", "--beginning", tmp_path / "shorter.parquet")
        done = subprocess.run(
            [sys.executable, *map(str, (HERE / "compare.py", *words, "--lines", 1000))],
            capture_output=True,
            text=True,
            check=False,
        )
        told = json.loads(done.stdout)
        assert (told["differing"], told["compared"]) == (differing, each.height)
        assert done.returncode == (differing > 0)


def test_longer_files_are_made_of_pieces_that_the_benchmark_knows() -> None:
    told = [(HERE / f"{name}.py").read_text(encoding="utf-8") for name in ("generate", "full")]
    assert "\nBATCH = 1_000_000\n" in told[0]
    assert "\nPIECE = 1_000_000\n" in told[1]


def test_the_report_is_measured_against_openpyxl_writing_the_same_cells() -> None:
    lines = start("report", "--findings", 300, "--runs", 1).splitlines()
    cells = [line.split()[-5] for line in lines[1:4]]
    assert len(set(cells)) == 1
    assert int(cells[0].replace(",", "")) == 300 * 35
    assert lines[4].startswith("faster than openpyxl's write-only mode: ")


@pytest.mark.long
def test_a_night_is_measured_with_and_without_earlier_ones(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    start("night", "--lines", 2000, "--nights", 0, 3, "--starter", "--out", told)
    alone, over = json.loads(told.read_text(encoding="utf-8"))["nights"]
    assert (alone["stored"], alone["opened"], alone["seen"], alone["again"]) == (0, 0, 0, 0)
    assert over["stored"] > 3 * 1900  # what the night looks back at, not what lies about
    assert over["opened"] > 0
    assert over["seen"] > 0
    assert over["again"] > 0
    # what is timed by itself is most of the whole: nothing that it names has moved elsewhere
    for row in (alone, over):
        assert 0.6 * row["seconds"] < sum(row["stages"].values()) <= row["seconds"]
        assert {"intake", "resolve", "audit", "life", "workbook", "commit", "publish"} <= row[
            "stages"
        ].keys()


@pytest.mark.long
def test_questions_are_timed_beside_their_libraries(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    told = start("questions", "--runs", 1, "--starter", "--out", figures)
    timed = json.loads(figures.read_text(encoding="utf-8"))
    assert {"libraries alone", "check", "code", "search", "--help"} < timed.keys()
    assert all(0 < each["least"] <= each["processor"] for each in timed.values())
    assert all(name in told for name in timed)


def test_a_large_file_is_measured_against_a_smaller_one(tmp_path: Path) -> None:
    figures, work = tmp_path / "figures.json", tmp_path / "work"
    work.mkdir()
    size = ("--lines", 6000, 2000, "--lines-a-part", 1500, "--starter", "--work", work, "--runs", 1)
    told = start("full", *size, "--out", figures)
    small, large = json.loads(figures.read_text(encoding="utf-8"))["rows"]
    assert (small["lines"], large["lines"]) == (2000, 6000)
    assert small["differing"] == 0
    assert 0 < small["compared"] <= small["findings"] < large["findings"]
    for row in (small, large):
        assert row["peak"] > 20 << 20
        assert {"intake", "parts", "findings", "outputs", "whole run"} <= row["stages"].keys()
        assert 0 < row["stages"]["whole run"] < row["seconds"]
    assert "to reach   at most 3.3 times in seconds: " in told
    assert "to reach   under 6.0 GiB: reached" in told
    kinds = small["kinds"]
    assert (kinds["differing"], kinds["compared"]) == (0, small["compared"])
    assert all(kinds[side]["seconds"] > 0 for side in ("auditor", "duckdb"))
    assert "to reach   three kinds alone 1.5 times as fast as DuckDB: " in told
    assert list(work.iterdir()) == []  # no claim line is left


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no /proc here")
def test_memory_is_that_of_a_process_and_of_those_it_starts() -> None:
    holds = "held = bytearray(60 << 20); import time; time.sleep(3)"
    code = (
        f"import subprocess, sys; held = bytearray(40 << 20);"
        f" subprocess.run([sys.executable, '-c', {holds!r}], check=True)"
    )
    asked = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import subprocess, memory;"
        f" seen = memory.watched(); told = seen.__enter__();"
        f" subprocess.run([sys.executable, '-c', {code!r}], check=True);"
        f" seen.__exit__(None, None, None); print(told.peak)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert 100 << 20 < int(done.stdout) < 200 << 20


def test_a_file_larger_than_the_disk_is_refused_before_it_is_made(tmp_path: Path) -> None:
    size = ("--lines", 2000, 10**14, "--starter", "--work", tmp_path)
    done = subprocess.run(
        [sys.executable, str(HERE / "full.py"), *map(str, size)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("disk       27,000,000.0 GB at most (claim file 19,500,000.0, ")
    assert "not enough" in done.stderr
    assert list(tmp_path.iterdir()) == []
