"""The audit against polars and DuckDB on one machine, in one run.

    python tests/benchmarks/run.py [--lines N] [--seed N] [--runs N] [--reference DIR] [--keep DIR]

Generates a claim file, then measures whole processes, in turns: the audit; (a) polars reading the
file as text; (b) the pair, unit and add-on rules as SQL in DuckDB; then (c) these three kinds of
rule alone in the auditor, on lines that were validated before, and (d) in DuckDB, both out of
Parquet. The results of the audit and of (b), and of (c) and (d), must be equal: exit code 1 where
they are not. See docs/performance.md.
"""

# Nothing heavy is imported here. A child starts out with the memory of its parent, and that counts
# in the child's peak: a parent that had loaded polars would hide what the children need.
from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared" / "cms"
AS_OF = "2026-01-05"
AUDIT, READER, PEER = "auditor", "(a) polars reads", "(b) DuckDB SQL"
KINDS, PEER_KINDS = "(c) three kinds alone", "(d) DuckDB, Parquet"
LIMIT, MEMORY = 1.5, 1.5
"""To reach: times (b), and GiB."""
FASTER = 1.5
"""To reach: how many times as fast as (d) is (c)."""
SLOWEST = 12
"""Rules that are shown."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took, from start to end."""

    seconds: float
    cpu: float
    """User and system seconds together."""
    peak: int
    """Bytes of resident memory at the most."""


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)  # noqa: T201 - what the benchmark is for


def measured(command: Sequence[object], folder: Path) -> Cost:
    """Run `command` to its end in `folder`; its output is kept beside, and shown if it fails."""
    log = folder / "output.txt"
    own = {key: value for key, value in os.environ.items() if not key.startswith("AUDITOR_")}
    with log.open("wb") as stream:
        started = time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env=own,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        say(log.read_text(encoding="utf-8", errors="replace"))
        sys.exit(f"failed with {child.returncode}: {' '.join(str(word) for word in command)}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def script(name: str, *arguments: object) -> list[object]:
    """The command that runs one of the scripts beside this one."""
    return [sys.executable, HERE / f"{name}.py", *arguments]


@contextlib.contextmanager
def work_folder(keep: Path | None, within: Path | None = None) -> Iterator[Path]:
    """Where everything is written: a folder of its own, gone at the end unless it is to be kept.

    within: the folder to make it in; None: the system's temporary one.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="auditor-benchmark-", dir=within) as name:
        yield Path(name).resolve()


def store(given: Path | None, work: Path, *, starter: bool) -> Path:
    """The reference store: the one named, else one imported from the CMS files, else an empty one.

    The import is kept in the system's temporary folder, under a name that stands for the files
    and for the importers' own code; it gets that name when it is complete.
    """
    if given is not None:
        return given.resolve()
    if starter or not SHARED.is_dir():
        say("reference  the built-in starter set: name a store of CMS files with --reference")
        empty = work / "empty-store"
        empty.mkdir(exist_ok=True)
        return empty
    digest = hashlib.sha256()
    for path in sorted(path for path in SHARED.rglob("*") if path.is_file()):
        digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    for path in sorted((ROOT / "auditor" / "reference").glob("*.py")):
        digest.update(path.read_bytes())
    place = Path(tempfile.gettempdir()) / f"auditor-benchmark-store-{digest.hexdigest()[:16]}"
    if place.is_dir():
        say(f"reference  imported earlier: {place}")
        return place
    fresh = Path(tempfile.mkdtemp(prefix=f"{place.name}-"))
    command = [sys.executable, "-m", "auditor", "reference", "import", SHARED, "--reference", fresh]
    cost = measured(command, work)
    fresh.rename(place)
    say(f"reference  imported in {cost.seconds:.1f} s ({cost.cpu:.1f} s of CPU): {place}")
    return place


def run(given: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Everything, in order; answers the figures. Exits where the results differ."""
    place = store(given.reference, work, starter=given.starter)
    arguments = ("--lines", given.lines, "--seed", given.seed, "--store", place, "--work", work)
    cost = measured(script("generate", *arguments), work)
    claims, tables = work / "claims.csv", work / "tables.json"
    size = claims.stat().st_size
    say(f"claims     {given.lines:,} lines, {size / 1e6:,.0f} MB, made in {cost.seconds:.1f} s")
    found, peer = work / "audit.parquet", work / "peer.parquet"
    commands = {
        AUDIT: [
            *(sys.executable, "-m", "auditor", "audit", claims, "--reference", place),
            *("--line-of-business", "medicare", "--findings", found, "--no-report"),
            *("--as-of", AS_OF),
        ],
        READER: script("reader", claims),
        PEER: script("peer", "--claims", claims, "--tables", tables, "--out", peer),
    }
    costs: dict[str, list[Cost]] = defaultdict(list)
    for turn in range(max(given.runs, given.reads)):
        for name, command in commands.items():
            if turn < (given.reads if name == READER else given.runs):
                costs[name].append(measured(command, work))
    measured(script("stages", *commands_of_stages(claims, place, work)), work)
    took = json.loads((work / "output.txt").read_text(encoding="utf-8").splitlines()[-1])
    own, theirs = work / "kinds.parquet", work / "peer-kinds.parquet"
    alone = ("--lines", work / "lines.parquet", "--store", place, "--out", own, "--as-of", AS_OF)
    texts = ("--claims", work / "texts.parquet", "--tables", tables, "--out", theirs)
    kinds = {KINDS: script("kinds", *alone), PEER_KINDS: script("peer", *texts)}
    for _ in range(given.runs):
        for name, command in kinds.items():
            costs[name].append(measured(command, work))
    same = compared(own, theirs)
    return {
        "lines": given.lines,
        "seed": given.seed,
        "machine": machine(),
        "costs": {name: median(runs) for name, runs in costs.items()},
        **took,
        "kinds": {key: same[key] for key in ("compared", "differing")},
        **compared(found, peer),
    }


def compared(found: Path, peer: Path) -> dict[str, Any]:
    """What compare.py says of the findings of both sides."""
    command = [sys.executable, HERE / "compare.py", "--audit", found, "--peer", peer]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: PLW1510 - looked at here
    if done.returncode not in {0, 1}:
        sys.exit(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def commands_of_stages(claims: Path, place: Path, work: Path) -> tuple[object, ...]:
    """Arguments of stages.py."""
    out = work / "stages.parquet"
    return ("--claims", claims, "--store", place, "--out", out, "--as-of", AS_OF)


def median(runs: list[Cost]) -> dict[str, float]:
    """Each figure's median over the runs, and how many they were."""
    return {
        "runs": len(runs),
        "seconds": statistics.median(cost.seconds for cost in runs),
        "cpu": statistics.median(cost.cpu for cost in runs),
        "peak": statistics.median(cost.peak for cost in runs),
    }


def machine() -> str:
    """Cores, memory and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("polars", "duckdb"))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f} at the end; "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}"
    )


def show(figures: dict[str, Any]) -> None:
    """The figures as a small table."""
    costs = figures["costs"]
    say(f"machine    {figures['machine']}")
    say("")
    say(f"{'median':22}{'runs':>6}{'seconds':>10}{'CPU s':>10}{'peak GiB':>10}")
    for name, cost in costs.items():
        say(
            f"{name:22}{cost['runs']:6}{cost['seconds']:10.2f}{cost['cpu']:10.2f}"
            f"{cost['peak'] / 2**30:10.2f}"
        )
    for other in (READER, PEER):
        ratio = {key: costs[AUDIT][key] / costs[other][key] for key in ("seconds", "cpu", "peak")}
        say(
            f"{'  auditor / ' + other[:3]:28}{ratio['seconds']:9.2f}x{ratio['cpu']:9.2f}x"
            f"{ratio['peak']:9.2f}x"
        )
    reached = (
        costs[AUDIT]["seconds"] <= LIMIT * costs[PEER]["seconds"]
        and costs[AUDIT]["peak"] < MEMORY * 2**30
    )
    goal = f"at most {LIMIT} times (b) and under {MEMORY} GiB"
    say(f"to reach   {goal}: {'reached' if reached else 'not reached'}")
    faster = costs[PEER_KINDS]["seconds"] / costs[KINDS]["seconds"]
    told = "reached" if faster >= FASTER else "not reached"
    say(f"to reach   (c) {FASTER} times as fast as (d): {told} ({faster:.2f} in seconds)")
    say("")
    say("stages of the audit, one run through the library:")
    for stage, seconds in figures["stages"].items():
        say(f"  {stage:26}{seconds:8.2f} s")
    say("")
    say(f"the {SLOWEST} slowest rules of it (three threads: they overlap):")
    slowest = sorted(figures["rules"].items(), key=lambda each: -each[1])[:SLOWEST]
    for rule, seconds in slowest:
        say(f"  {rule:26}{seconds:8.2f} s")
    say("")
    rules = ", ".join(f"{rule} {count:,}" for rule, count in figures["by_rule"].items())
    say(f"findings   {figures['findings']:,} in all; {figures['compared']:,} compared with (b):")
    say(f"           {rules}")
    if figures["differing"]:
        say(f"DIFFERENT  {figures['differing']:,} of them; rule, tier, claim, line of the first:")
        for side in ("only_audit", "only_peer"):
            for row in figures[side]:
                say(f"           {side} {row}")
    else:
        say("equal      the same rule, tier, claim and line on both sides")
    kinds = figures["kinds"]
    equal = f"{kinds['differing']:,} DIFFERENT" if kinds["differing"] else "equal"
    say(f"(c), (d)   {kinds['compared']:,} findings compared, {equal}")


def main() -> None:
    """Read the arguments, run, show."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000, help="claim lines (1000000)")
    parser.add_argument("--seed", type=int, default=7, help="of the generator (7)")
    parser.add_argument("--runs", type=int, default=3, help="of the audit and of (b) (3)")
    parser.add_argument("--reads", type=int, default=5, help="runs of (a) (5)")
    parser.add_argument("--reference", type=Path, help="store of imported CMS tables")
    parser.add_argument("--starter", action="store_true", help="use the built-in starter set")
    parser.add_argument("--keep", type=Path, help="folder to keep the files in")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    given = parser.parse_args()
    if not hasattr(os, "wait4"):
        sys.exit("the benchmark needs os.wait4, which Windows lacks")
    with work_folder(given.keep) as work:
        figures = run(given, work)
    show(figures)
    if given.out is not None:
        given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if figures["differing"] or figures["kinds"]["differing"] else 0)


if __name__ == "__main__":
    main()
