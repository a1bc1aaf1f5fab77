"""Read one claim file, and say how long it took and how much memory; for intake.py."""

import json
import resource
import sys
import time
from pathlib import Path

path, more = sys.argv[1], sys.argv[2:]
if more == ["--polars"]:
    import polars as pl

    started = time.perf_counter()
    lines = pl.read_csv(path, infer_schema=False).height
else:
    # Everything is imported before the clock starts, as in a job that reads many files.
    from auditor.intake import IntakeOptions, load_layout, read_claims, reader  # noqa: F401

    options = IntakeOptions(layout=load_layout(Path(more[0])) if more else None)
    started = time.perf_counter()
    intake = read_claims([path], options)
    lines = sum(file.lines_read for file in intake.files)
seconds = time.perf_counter() - started
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
print(json.dumps({"lines": lines, "seconds": seconds, "peak": peak}))  # noqa: T201 - its answer
