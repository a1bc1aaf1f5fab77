"""A hundred million lines against ten million: whether time is linear and memory bounded.

    python tests/benchmarks/full.py [--lines N N] [--reference DIR] [--work DIR] [--out FILE.json]

Generates a claim file of each length, audits it out of the disk in a process of its own, findings
and figures written and no workbook, and removes the file before the next is made. The first is
judged by DuckDB as well (the pair, unit and add-on rules), and the findings of both sides must be
equal; so must those of these three kinds of rule alone, on lines that were validated and divided
before, and of DuckDB on the same lines as Parquet. A longer file begins with the first one where
that has whole millions of lines: what is found on these lines must be equal, too, in every column.
Exit code 1 where anything is not. Every process reads its file from the disk: a short one would
else be in the system's memory still and a long one not. Says beforehand what disk it needs. See
docs/performance.md.
"""

# Nothing heavy is imported here: see run.py.
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from memory import watched
from run import AS_OF, FASTER, Cost, machine, measured, median, say, script, store, work_folder

LINEAR, MEMORY = 1.1, 6.0
"""To reach: times the lines' own ratio (ten times the lines in eleven times the time), and GiB."""
PIECE = 1_000_000
"""Lines that generate.py makes at one time, of which longer files are made (its BATCH)."""
_PARTS = 12
"""Of the three kinds alone."""
BYTES_A_LINE = {"claim file": 195, "parts": 55, "findings": 20}
"""On the disk at once, a little more than was measured; findings in their parts and written."""


def main() -> None:
    """Check the disk, then measure one length after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--lines",
        type=int,
        nargs="+",
        default=(10_000_000, 100_000_000),
        help="(10000000 100000000)",
    )
    parser.add_argument("--lines-a-part", type=int, help="of a part (as `auditor audit` divides)")
    parser.add_argument("--seed", type=int, default=7, help="of the generator (7)")
    parser.add_argument("--runs", type=int, default=3, help="of the three kinds alone (3)")
    parser.add_argument("--reference", type=Path, help="store of imported CMS tables")
    parser.add_argument("--starter", action="store_true", help="use the built-in starter set")
    parser.add_argument("--work", type=Path, help="folder with room for the files; a new one in it")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    given = parser.parse_args()
    if not hasattr(os, "wait4"):
        sys.exit("the benchmark needs os.wait4, which Windows lacks")
    lengths = sorted(given.lines)
    with work_folder(None, given.work) as work:
        room(lengths[-1], work)
        place = store(given.reference, work, starter=given.starter)
        rows = [audited(lines, place, work, given) for lines in lengths]
    show(rows)
    if given.out is not None:
        told = {"machine": machine(), "rows": rows}
        given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if any(row.get("differing") for row in rows) else 0)


def room(lines: int, work: Path) -> None:
    """Say what disk so many lines take; exit where it is not there."""
    need, free = lines * sum(BYTES_A_LINE.values()), shutil.disk_usage(work).free
    told = ", ".join(f"{name} {lines * size / 1e9:,.1f}" for name, size in BYTES_A_LINE.items())
    say(f"disk       {need / 1e9:,.1f} GB at most ({told}); {free / 1e9:,.1f} GB free in {work}")
    if need > free:
        sys.exit("not enough: name a folder with room (--work DIR), or fewer lines (--lines)")


def audited(lines: int, place: Path, work: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The figures of one length; its files are gone afterwards."""
    size = ("--lines", lines, "--seed", given.seed, "--store", place, "--work", work)
    made = measured(script("generate", *size), work)
    claims, found, summary = (work / name for name in ("claims.csv", "found.parquet", "told.json"))
    told = f"{lines:,} lines, {claims.stat().st_size / 1e9:,.2f} GB"
    say(f"claims     {told}, made in {made.seconds:.0f} s with {made.peak / 2**30:.1f} GiB")
    parts = ("--parts", -(-lines // given.lines_a_part)) if given.lines_a_part else ()
    on_the_disk_alone(claims)
    with watched() as seen:
        cost = measured(
            [
                *(sys.executable, "-m", "auditor", "audit", claims, "--reference", place),
                *("--line-of-business", "medicare", "--as-of", AS_OF, "--no-ledger", "--no-report"),
                *("--findings", found, "--summary", summary, "--timings", *parts),
            ],
            work,
        )
    peak = max(seen.peak, cost.peak)  # several processes, each with its own
    stages = timings((work / "output.txt").read_text(encoding="utf-8"))
    say(f"audited    in {cost.seconds:.0f} s, {cost.cpu:.0f} of CPU, {peak / 2**30:.2f} GiB")
    figures = json.loads(summary.read_text(encoding="ascii"))
    if figures["lines"]["read"] != lines:
        sys.exit(f"{figures['lines']['read']:,} lines were read of {lines:,}")
    row = {"lines": lines, "stages": stages, "findings": figures["findings"]["total"]}
    row |= {"seconds": cost.seconds, "cpu": cost.cpu, "peak": peak}
    shortest = work / "shortest.parquet"
    if lines == min(given.lines):
        row |= beside(claims, found, work)
        row["kinds"] = alone(claims, place, work, parts[1] if parts else _PARTS, given.runs)
        row["differing"] += row["kinds"]["differing"]
        found.rename(shortest)
    elif min(given.lines) % PIECE == 0:
        row |= agreed(found, shortest, min(given.lines))
    for path in (claims, found, summary):
        path.unlink(missing_ok=True)
    return row


def on_the_disk_alone(path: Path) -> None:
    """Have the system forget what it holds of a file in memory, where it can be asked to."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timings(text: str) -> dict[str, float]:
    """Stage -> seconds, of what --timings says."""
    table = text.partition("STAGE ")[2].split("\n\n")[0]
    found = re.finditer(r"(?m)^([a-z ]+?) +([0-9.]+)(?: +[0-9,]+)?$", table)
    return {stage: float(seconds) for stage, seconds in (each.groups() for each in found)}


def beside(claims: Path, found: Path, work: Path) -> dict[str, Any]:
    """What DuckDB takes for its rules on the same file, and whether it found the same."""
    tables, out = work / "tables.json", work / "peer.parquet"
    on_the_disk_alone(claims)
    peer = measured(script("peer", "--claims", claims, "--tables", tables, "--out", out), work)
    say(f"DuckDB     in {peer.seconds:.0f} s, {peer.cpu:.0f} of CPU, {peer.peak / 2**30:.2f} GiB")
    told = compared("--audit", found, "--peer", out)
    say(f"compared   {told['compared']:,} findings of the rules that both judge: {same(told)}")
    return {
        "differing": told["differing"],
        "compared": told["compared"],
        "duckdb": {"seconds": peer.seconds, "cpu": peer.cpu, "peak": peer.peak},
    }


def alone(claims: Path, place: Path, work: Path, parts: int, runs: int) -> dict[str, Any]:
    """What the three kinds of rule take alone, and what they take DuckDB; in turns, medians."""
    folder, texts = work / "divided", work / "texts.parquet"
    own, out, tables = work / "kinds.parquet", work / "peer-kinds.parquet", work / "tables.json"
    source = ("--claims", claims, "--texts", texts, "--parts", parts)
    measured(script("kinds_parts", "divide", "--folder", folder, *source), work)
    told = ("--folder", folder, "--store", place, "--out", own, "--as-of", AS_OF)
    commands = {
        "auditor": script("kinds_parts", "judge", *told),
        "duckdb": script("peer", "--claims", texts, "--tables", tables, "--out", out),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            for file in (texts, *folder.rglob("*.parquet")):
                on_the_disk_alone(file)
            with watched() as seen:
                cost = measured(command, work)
            costs[name].append(replace(cost, peak=max(cost.peak, seen.peak)))
            shutil.rmtree(folder / "judged", ignore_errors=True)
    same_found = compared("--audit", own, "--peer", out)
    shutil.rmtree(folder)
    texts.unlink()
    answer: dict[str, Any] = {name: median(runs) for name, runs in costs.items()}
    answer["faster"] = answer["duckdb"]["seconds"] / answer["auditor"]["seconds"]
    for name, cost in costs.items():
        each = ", ".join(f"{run.seconds:.1f}" for run in cost)
        say(f"three kinds alone, {name}: {each} s, {answer[name]['cpu']:.1f} of CPU")
    say(f"compared   {same_found['compared']:,} of them: {same(same_found)}")
    return answer | {key: same_found[key] for key in ("differing", "compared")}


def agreed(found: Path, shortest: Path, lines: int) -> dict[str, Any]:
    """Whether the same was found on the first lines as in the file that has no others."""
    told = compared("--audit", found, "--beginning", shortest, "--lines", lines)
    say(f"compared   {told['compared']:,} findings on the first {lines:,} lines: {same(told)}")
    return {"differing": told["differing"], "compared": told["compared"]}


def compared(*words: object) -> dict[str, Any]:
    """What compare.py answers."""
    done = subprocess.run(
        [str(word) for word in script("compare", *words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        sys.exit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def same(told: dict[str, Any]) -> str:
    """In words."""
    return f"{told['differing']:,} of them differ" if told["differing"] else "equal"


def show(rows: list[dict[str, Any]]) -> None:
    """The figures as one table, and whether they are what is to be reached."""
    say(f"machine    {machine()}")
    say("")
    heads = ("lines", "findings", "seconds", "CPU s", "peak GiB", "x lines", "x seconds", "x CPU")
    say("".join(f"{head:>13}" for head in heads))
    first = rows[0]
    for row in rows:
        ratios = "".join(f"{row[key] / first[key]:13.2f}" for key in ("lines", "seconds", "cpu"))
        say(
            f"{row['lines']:13,}{row['findings']:13,}{row['seconds']:13.1f}{row['cpu']:13.1f}"
            f"{row['peak'] / 2**30:13.2f}{ratios}"
        )
    duck = first["duckdb"]
    numbers = f"{duck['seconds']:13.1f}{duck['cpu']:13.1f}{duck['peak'] / 2**30:13.2f}"
    say(f"{'DuckDB, part':>26}{numbers}")
    say("")
    say("stages     seconds, and times those of the first")
    for stage, seconds in rows[-1]["stages"].items():
        before = first["stages"].get(stage, 0)
        say(f"  {stage:20}{seconds:10.1f}" + (f"{seconds / before:10.2f}" if before else ""))
    last = rows[-1]
    most = LINEAR * last["lines"] / first["lines"]
    for name, key in (("seconds", "seconds"), ("CPU seconds", "cpu")):
        ratio = last[key] / first[key]
        told = "reached" if ratio <= most else "not reached"
        say(f"to reach   at most {most:.1f} times in {name}: {told} ({ratio:.2f})")
    peak = max(row["peak"] for row in rows) / 2**30
    told = "reached" if peak < MEMORY else "not reached"
    say(f"to reach   under {MEMORY} GiB: {told} ({peak:.2f})")
    faster = first["kinds"]["faster"]
    told = "reached" if faster >= FASTER else "not reached"
    say(f"to reach   three kinds alone {FASTER} times as fast as DuckDB: {told} ({faster:.2f})")


if __name__ == "__main__":
    main()
