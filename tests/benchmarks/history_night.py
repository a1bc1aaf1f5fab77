"""One night against a store, timed, for history.py; prints JSON.

python history_night.py --work DIR --runs N --store DIR
"""

import argparse
import json
import tempfile
import time
from datetime import date
from pathlib import Path

import polars as pl
from history_nights import NOBODY

from auditor.engine.reach import reaches
from auditor.history.interface import Memory, Reach
from auditor.reference import load_reference
from schemas import RejectedRows, empty


def main() -> None:
    """Resolve and stage tonight's lines against the first runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    given = parser.parse_args()
    lines, rejected = pl.read_parquet(given.work / "tonight.parquet"), empty(RejectedRows)
    reference = load_reference(given.store)

    def told(codes: pl.Series, first: date, last: date) -> tuple[Reach, ...]:
        return tuple(Reach(*each) for each in reaches(codes, first, last, reference))

    started, cpu = time.perf_counter(), time.process_time()
    memory = Memory(given.work / "history", range(1, given.runs + 1), nobody=NOBODY)
    tonight = memory.resolve(lines, rejected, "snapshot", told)
    resolved = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=given.work) as room:
        memory.stage(tonight, given.runs + 1, Path(room))
    staged, cpu = time.perf_counter(), time.process_time() - cpu
    figures = {
        "stored": memory.standing().select(pl.len()).collect(engine="streaming").item(),
        "fresh": tonight.fresh.height,
        "seen": tonight.set_aside.height,
        "ended": tonight.ended.height,
        "again": tonight.again.height,
        "context": tonight.context.height,
        "resolve": resolved - started,
        "stage": staged - resolved,
        "cpu": cpu,
    }
    print(json.dumps(figures))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
