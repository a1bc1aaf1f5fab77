"""Reading alone, format by format, against polars reading the CSV as text in the same run.

    python tests/benchmarks/intake.py [--lines N] [--few N] [--many N] [--runs N] [--keep DIR]

Generates a claim file of --lines lines, and its first --few lines as workbook, Parquet, 837P and
fixed-width text; each is read in a process of its own: seconds of `read_claims` (imports apart) and
peak memory. --many repeats the CSV to that many lines, for the memory of a large file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from run import measured, say, script, work_folder

HERE = Path(__file__).resolve().parent
LIMIT, MEMORY = 4.0, 4.0
"""To reach: times polars, and GiB for ten million lines."""


def main() -> None:
    """Make the files, read them, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=100_000)
    parser.add_argument("--many", type=int, default=0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with work_folder(given.keep) as work:
        csv = _csv(work, given.lines)
        files = {"CSV": csv, "CSV in gzip": _gzipped(csv), **_few(work, given.few)}
        rows = []
        for name, path in files.items():
            layout = work / "fixed.toml" if name == "fixed width" else None
            rows.append((name, *_median(work, path, layout, given.runs)))
        polars = statistics.median(
            measured(script("reader", csv), work).seconds for _ in range(given.runs)
        )
        inner = statistics.median(
            _told(work, csv, "--polars")["seconds"] for _ in range(given.runs)
        )
        if given.many:
            many = _many(work, csv, given.lines, given.many)
            rows.append((f"CSV, {given.many:,} lines", *_median(work, many, None, 1)))
    say(f"{'':24}{'lines':>12}{'seconds':>10}{'lines/s':>12}{'peak GiB':>10}")
    for name, lines, seconds, peak in rows:
        say(f"{name:24}{lines:12,}{seconds:10.2f}{lines / seconds:12,.0f}{peak:10.2f}")
    ratio = rows[0][2] / inner
    say(f"polars reads the CSV as text in {inner:.2f} s ({polars:.2f} s as a whole process)")
    say(f"CSV, ratio to polars: {ratio:.2f} (to reach: {LIMIT})")


def _csv(work: Path, lines: int) -> Path:
    store = work / "empty-store"
    store.mkdir(exist_ok=True)
    measured(
        script("generate", "--lines", lines, "--seed", 7, "--store", store, "--work", work), work
    )
    return work / "claims.csv"


def _gzipped(csv: Path) -> Path:
    path = csv.with_suffix(".csv.gz")
    with gzip.open(path, "wb", compresslevel=6) as out:
        out.write(csv.read_bytes())
    return path


def _few(work: Path, lines: int) -> dict[str, Path]:
    """The first lines in other formats; made by a script of its own, to keep memory apart."""
    measured(script("formats", work / "claims.csv", lines), work)
    return {
        "xlsx": work / "claims.xlsx",
        "Parquet": work / "claims.parquet",
        "837P": work / "claims.837",
        "fixed width": work / "claims.txt",
    }


def _many(work: Path, csv: Path, lines: int, many: int) -> Path:
    path = work / "many.csv"
    measured(script("formats", csv, lines, "--many", many, path), work)
    return path


def _median(work: Path, path: Path, layout: Path | None, runs: int) -> tuple[int, float, float]:
    told = [_told(work, path, *([layout] if layout else [])) for _ in range(runs)]
    seconds = statistics.median(t["seconds"] for t in told)
    return told[0]["lines"], seconds, max(t["peak"] for t in told)


def _told(work: Path, path: Path, *more: object) -> dict[str, Any]:
    """What one reading process says of itself."""
    measured([sys.executable, HERE / "reading.py", path, *more], work)
    return json.loads((work / "output.txt").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
