"""One audit through the library, timed by stage and rule; prints JSON: stages, rules -> seconds.

python stages.py --claims claims.csv --store DIR --out findings.parquet --as-of 2026-01-05

Beside --out it leaves the same lines for kinds.py and peer.py: lines.parquet as they were
validated, texts.parquet as the file has them.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path


def main() -> None:
    """Run the stages of `auditor audit` one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    given = parser.parse_args()
    marks = [("", time.perf_counter())]

    def mark(stage: str) -> None:
        marks.append((stage, time.perf_counter()))

    from auditor.auditing import audit
    from auditor.intake import read_claims
    from auditor.intake.interface import IntakeOptions
    from auditor.reference import load_reference
    from auditor.report import write_findings
    from auditor.result import AuditOptions

    mark("imports")
    intake = read_claims([given.claims], IntakeOptions(line_of_business="medicare"))
    mark("intake")
    reference = load_reference(given.store)
    mark("reference opened")
    result = audit(intake, reference, AuditOptions(given.as_of, "benchmark"))
    mark("rules and findings")
    write_findings(result, given.out)
    mark("output")
    stages = {stage: end - marks[i][1] for i, (stage, end) in enumerate(marks[1:])}
    rules = {p.name: p.seconds for p in result.timings if p.stage in {"join rules", "line rule"}}
    print(json.dumps({"stages": stages, "rules": rules}))  # noqa: T201 - a script

    import polars as pl

    intake.lines.write_parquet(given.out.with_name("lines.parquet"))
    texts = pl.scan_csv(given.claims, infer_schema=False)
    texts.sink_parquet(given.out.with_name("texts.parquet"))


if __name__ == "__main__":
    main()
