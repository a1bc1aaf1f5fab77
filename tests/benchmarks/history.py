"""The store of earlier lines as it grows: a night against none, ten, thirty, ninety nights.

    python tests/benchmarks/history.py [--lines N] [--stored N ...] [--patients N] [--keep DIR]

Generates one month of claims, and from it as many nights as are asked for: other claims, other
patients of the same population, a window of thirty days that moves by a day from night to night.
Each night is stored as the nightly run stores it. Then one more night, of whose lines a tenth came
the night before and a hundredth came changed, is resolved and staged against the stored ones, in a
process of its own: seconds without imports and reading, and peak memory as a whole.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from run import SHARED, measured, say, script, store, work_folder

LIMIT, TIMES = 20.0, (0, 10, 30, 90)
"""To reach: seconds of resolve and stage over the largest store; and nights stored."""


def main() -> None:
    """Make the nights that are missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="of a night (1000000)")
    parser.add_argument("--stored", type=int, nargs="+", default=TIMES, help="nights (0 10 30 90)")
    parser.add_argument("--patients", type=int, default=4_500_000, help="of the population")
    parser.add_argument("--reference", type=Path, help="store of imported CMS tables")
    parser.add_argument("--starter", action="store_true", help="use the built-in starter set")
    parser.add_argument("--keep", type=Path, help="folder to keep the nights in, and to add to")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    given = parser.parse_args()
    rows = []
    with work_folder(given.keep) as work:
        place = store(given.reference, work, starter=given.starter or not SHARED.is_dir())
        size = ("--lines", given.lines, "--seed", 7, "--store", place, "--work", work)
        if not (work / "claims.csv").is_file():
            measured(script("generate", *size), work)
        nights = ("--work", work, "--patients", given.patients)
        for stored in sorted(given.stored):
            cost = measured(script("history_nights", *nights, "--upto", stored), work)
            say(f"{stored} nights stored ({cost.seconds:.0f} s)")
            told = ("--work", work, "--runs", stored, "--store", place)
            cost = measured(script("history_night", *told), work)
            text = (work / "output.txt").read_text(encoding="utf-8")
            rows.append(json.loads(text.splitlines()[-1]) | {"peak": cost.peak})
    show(rows)
    if given.out is not None:
        given.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def show(rows: list[dict[str, float]]) -> None:
    """The figures as a small table."""
    names = ("stored", "fresh", "seen", "ended", "again", "context")
    say("".join(f"{name:>12}" for name in (*names, "resolve s", "stage s", "CPU s", "peak GiB")))
    for row in rows:
        counts = "".join(f"{int(row[name]):12,}" for name in names)
        seconds = "".join(f"{row[name]:12.2f}" for name in ("resolve", "stage", "cpu"))
        say(f"{counts}{seconds}{row['peak'] / 2**30:12.2f}")
    last = rows[-1]["resolve"] + rows[-1]["stage"]
    say(f"to reach   {LIMIT:.0f} s: {'reached' if last <= LIMIT else 'not reached'} ({last:.1f} s)")


if __name__ == "__main__":
    main()
