"""What a person waits for: `auditor check`, `code`, `search`, help and a small file, as processes.

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

from run import machine, measured, say, script, store, work_folder

LIMITS = {
    "check": 0.5,
    "code": 0.5,
    "search": 0.5,
    "--help": 0.25,
    "check --help": 0.35,
    "audit": 1.0,
}
"""To reach: seconds of each on a quiet machine."""
SMALL = 1_000
"""Claim lines of the small file."""
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
        measured(
            script("generate", "--lines", SMALL, "--seed", 7, "--store", place, "--work", work),
            work,
        )
        program = [sys.executable, "-m", "auditor"]
        commands = {FLOOR: [sys.executable, "-c", LIBRARIES]} | {
            name: [*program, name, *words, "--reference", place]
            for name, words in QUESTIONS.items()
        }
        commands |= {name: [*program, *name.split()] for name in ("--help", "check --help")}
        commands["audit"] = [
            *(*program, "audit", work / "claims.csv", "--reference", place, "--no-report"),
            *("--no-ledger", "--findings", work / "findings.parquet"),
        ]
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
    say(
        f"{'':18}{'seconds':>9}{'processor s':>13}{'least':>8}{'times the libraries':>21}"
        f"{'to reach':>10}"
    )
    for name, each in figures.items():
        ratio = each["processor"] / floor["processor"]
        say(
            f"{name:18}{each['seconds']:9.2f}{each['processor']:13.2f}{each['least']:8.2f}"
            f"{ratio:21.2f}{LIMITS.get(name, ''):>10}"
        )
    say("to reach: seconds on a quiet machine")
    if given.out:
        given.out.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
