"""The sheet Findings against openpyxl's write-only mode writing the same styled cells, in one run.

    python tests/benchmarks/report.py [--findings N] [--runs N] [--full]

Each is written in a process of its own, in turns: seconds (imports and the made-up findings apart),
peak memory of the whole process and size of the file. --full also writes as many findings as a
sheet of Excel has rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from typing import TYPE_CHECKING, Any

from run import measured, say, script, work_folder

if TYPE_CHECKING:
    from pathlib import Path

FASTER, MEMORY = 5.0, 500
"""To reach: times openpyxl, and MiB."""
FULL = 1_048_574
"""Findings of a full sheet: a note and the header stand above them."""
NAMES = {
    "sheet": "sheet Findings",
    "openpyxl": "openpyxl write-only",
    "report": "whole workbook",
}


def main() -> None:
    """Write, read what was told, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--full", action="store_true")
    given = parser.parse_args()
    told: dict[str, list[dict[str, Any]]] = {what: [] for what in NAMES}
    with work_folder(None) as work:
        for _ in range(given.runs):
            for what, runs in told.items():
                runs.append(_written(work, what, given.findings))
        rows = [(NAMES[what], _median(runs)) for what, runs in told.items()]
        if given.full:
            rows.append((f"sheet, {FULL:,} findings", _written(work, "sheet", FULL)))
    say(f"{'':28}{'cells':>12}{'seconds':>10}{'cells/s':>12}{'peak MiB':>10}{'file MiB':>10}")
    for name, run in rows:
        say(
            f"{name:28}{run['cells']:12,.0f}{run['seconds']:10.2f}"
            f"{run['cells'] / run['seconds']:12,.0f}{run['peak']:10.0f}{run['size']:10.1f}"
        )
    ratio = rows[1][1]["seconds"] / rows[0][1]["seconds"]
    say(f"faster than openpyxl's write-only mode: {ratio:.1f} times (to reach: {FASTER:g})")
    say(f"peak of the sheet: {rows[0][1]['peak']:.0f} MiB (to stay under: {MEMORY})")


def _written(work: Path, what: str, count: int) -> dict[str, Any]:
    out = work / f"{what}.xlsx"
    out.unlink(missing_ok=True)
    measured([*script("writing", what), count, out], work)
    told: dict[str, Any] = json.loads((work / "output.txt").read_text())
    return told


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


if __name__ == "__main__":
    sys.exit(main())
