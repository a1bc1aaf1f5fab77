"""The pair, unit and add-on rules alone, on lines that were read and validated before.

    python kinds.py --lines lines.parquet --store DIR --out findings.parquet --as-of 2026-01-05

The rules are those of peer.sql (compare.RULES); coverage is not told. A process of its own, whose
imports count: (d), DuckDB on the same lines as Parquet, has few.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path


def main() -> None:
    """Read the lines, judge, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    given = parser.parse_args()

    import polars as pl
    from compare import RULES

    from auditor.auditing import audit
    from auditor.intake.interface import Intake
    from auditor.reference import load_reference
    from auditor.result import AuditOptions
    from schemas import RejectedRows, Repairs, SetAside, empty

    lines = pl.read_parquet(given.lines)
    intake = Intake(
        lines=lines,
        rejected=empty(RejectedRows),
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=(),
        fields_present=frozenset(c.name for c in lines if c.null_count() < lines.height),
    )
    options = AuditOptions(given.as_of, "benchmark", select=frozenset(RULES), covered=False)
    audit(intake, load_reference(given.store), options).findings.write_parquet(given.out)


if __name__ == "__main__":
    main()
