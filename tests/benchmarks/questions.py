"""What a coder waits for: `auditor check`, `code` and `search` as whole processes.

    python tests/benchmarks/questions.py [--runs N] [--reference DIR | --starter] [--out FILE.json]

Beside them, in turns, a process that only imports the libraries that each of them needs: what is
above that is ours. One round before the first that counts writes the compiled modules, as an
installation has them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

from run import machine, measured, say, store, work_folder

LIMIT = 0.5
"""To reach: seconds of each on a quiet machine."""
FLOOR = "libraries alone"
LIBRARIES = "import polars, typer"
QUESTIONS = {
    "check": ("20610-RT", "77002-26", "--pos", "22", "--date", "2026-03-02"),
    "code": ("77002", "--date", "2026-03-02"),
    "search": ("flu", "shot"),
}


def main() -> None:
    """Ask in turns, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--starter", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with work_folder(None) as work:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(work / "compiled")
        place = store(given.reference, work, starter=given.starter)
        commands = {FLOOR: [sys.executable, "-c", LIBRARIES]} | {
            name: [sys.executable, "-m", "auditor", name, *words, "--reference", place]
            for name, words in QUESTIONS.items()
        }
        rounds = [
            {name: measured(command, work) for name, command in commands.items()}
            for _ in range(given.runs + 1)
        ][1:]
    figures = {
        name: {
            "seconds": statistics.median(each[name].seconds for each in rounds),
            "processor": statistics.median(each[name].cpu for each in rounds),
            "least": min(each[name].cpu for each in rounds),
        }
        for name in commands
    }
    floor = figures[FLOOR]
    say(machine())
    say(f"{'':18}{'seconds':>9}{'processor s':>13}{'least':>8}{'times the libraries':>21}")
    for name, each in figures.items():
        ratio = each["processor"] / floor["processor"]
        say(
            f"{name:18}{each['seconds']:9.2f}{each['processor']:13.2f}{each['least']:8.2f}"
            f"{ratio:21.2f}"
        )
    say(f"to reach: {LIMIT} seconds each on a quiet machine")
    if given.out:
        given.out.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
