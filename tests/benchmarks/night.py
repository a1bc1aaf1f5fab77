"""A whole night, inbox to report, with and without a store of earlier lines.

    python tests/benchmarks/night.py [--lines N] [--nights N ...] [--reference DIR] [--keep DIR]

Generates one month of claims and makes nights of it: other claims, other patients of a population
that comes again and again, services mostly of the last two weeks. Each night is stored as the
nightly run stores it, with the findings that the audit makes of it in the ledger. Then one more
night, of whose claims a tenth came the night before and a hundredth came changed, is run by
`auditor.nightly.night.perform`, in a process of its own: seconds from lock to delivery, by stage,
without imports, and peak memory of the process. See docs/performance.md.
"""

# Nothing heavy is imported here: see run.py.
from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

from run import machine, measured, say, script, store, work_folder

TIMES = 2.0
"""To reach: a night with the largest store, against one without."""
STAGES = (
    "hash",
    "intake",
    "resolve",
    "audit",
    "life",
    "decisions",
    "workbook",
    "findings",
    "stage",
    "commit",
    "publish",
    "merge",
)


def main() -> None:
    """Make the nights that are missing, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=100_000, help="of a night (100000)")
    parser.add_argument("--nights", type=int, nargs="+", default=(0, 90), help="stored (0 90)")
    parser.add_argument("--population", type=float, default=4.5, help="patients a line (4.5)")
    parser.add_argument(
        "--still-open", type=float, default=0.1, help="share of earlier findings that are (0.1)"
    )
    parser.add_argument("--reference", type=Path, help="store of imported CMS tables")
    parser.add_argument("--starter", action="store_true", help="use the built-in starter set")
    parser.add_argument("--keep", type=Path, help="folder to keep the nights in, and to add to")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    given = parser.parse_args()
    named = given.reference or os.environ.get("AUDITOR_REFERENCE")
    rows = []
    with work_folder(given.keep) as work:
        place = store(None if named is None else Path(named), work, starter=given.starter)
        size = ("--lines", given.lines, "--seed", 7, "--store", place, "--work", work)
        if not (work / "claims.csv").is_file():
            measured(script("generate", *size), work)
        for nights in sorted(given.nights):
            office = work / f"office-{nights}"
            shutil.rmtree(office, ignore_errors=True)
            about = ("--work", work, "--store", place, "--office", office)
            about += ("--still-open", given.still_open)
            patients = round(given.lines * given.population)
            cost = measured(
                script("night_store", *about, "--nights", nights, "--patients", patients), work
            )
            say(f"{nights} nights stored ({cost.seconds:.0f} s)")
            cost = measured(script("night_run", "--office", office), work)
            text = (work / "output.txt").read_text(encoding="utf-8")
            rows.append(json.loads(text.splitlines()[-1]) | {"peak": cost.peak, "nights": nights})
            shutil.rmtree(office)
    show(rows)
    if given.out is not None:
        told = {"lines": given.lines, "machine": machine(), "nights": rows}
        given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def show(rows: list[dict[str, Any]]) -> None:
    """The figures as small tables."""
    say(f"machine    {machine()}")
    say("")
    say(f"{'':22}" + "".join(f"{row['nights']:>8} nights" for row in rows))
    for name in ("stored", "opened", "read", "seen", "again", "context", "found"):
        say(f"{name:22}" + "".join(f"{row[name]:>15,}" for row in rows))
    say(f"{'seconds, CPU seconds':22}")
    for name in STAGES:
        took = ((row["stages"].get(name, 0), row["stages_cpu"].get(name, 0)) for row in rows)
        say(f"{name:22}" + "".join(f"{wall:>8.2f}{cpu:>7.2f}" for wall, cpu in took))
    say(f"{'in all':22}" + "".join(f"{row['seconds']:>8.2f}{row['cpu']:>7.2f}" for row in rows))
    say(f"{'peak GiB':22}" + "".join(f"{row['peak'] / 2**30:>15.2f}" for row in rows))
    first, last = rows[0], rows[-1]
    for name in ("seconds", "cpu"):
        ratio = last[name] / first[name]
        told = "reached" if ratio < TIMES else "not reached"
        say(f"to reach   under {TIMES} times in {name}: {told} ({ratio:.2f})")


if __name__ == "__main__":
    main()
