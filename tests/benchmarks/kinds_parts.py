"""The pair, unit and add-on rules alone, on lines that lie on the disk divided by patient.

    python kinds_parts.py divide --claims claims.csv --folder DIR --parts N --texts texts.parquet
    python kinds_parts.py judge --folder DIR --store DIR --out findings.parquet --as-of 2026-01-05

`divide` reads and validates a claim file as the audit does, and leaves the same lines for peer.py
as Parquet. `judge` has the rules of peer.sql (compare.RULES) judged by as many processes as an
audit takes, whose start counts.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path


def main() -> None:
    """One of the two steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = parser.add_subparsers(required=True)
    first = steps.add_parser("divide")
    first.add_argument("--claims", type=Path, required=True)
    first.add_argument("--folder", type=Path, required=True)
    first.add_argument("--parts", type=int, required=True)
    first.add_argument("--texts", type=Path, required=True)
    first.set_defaults(step=divide)
    second = steps.add_parser("judge")
    second.add_argument("--folder", type=Path, required=True)
    second.add_argument("--store", type=Path, required=True)
    second.add_argument("--out", type=Path, required=True)
    second.add_argument("--as-of", type=date.fromisoformat, required=True)
    second.set_defaults(step=judge)
    given = parser.parse_args()
    given.step(given)


def divide(given: argparse.Namespace) -> None:
    """Read the claims into parts."""
    import polars as pl

    from auditor.intake import read_claims
    from auditor.intake.interface import IntakeOptions
    from auditor.parts.crew import begun, how_many
    from auditor.parts.readers import Readers
    from auditor.parts.room import Room
    from auditor.parts.spill import Spill

    room = Room(given.folder)
    given.folder.mkdir()
    spill = Spill(room.lines, given.parts)
    with begun(how_many(10**9, given.parts)) as crew:
        options = IntakeOptions(
            line_of_business="medicare", keeper=spill, readers=Readers(crew, spill)
        )
        intake = read_claims([given.claims], options)
    room.keep(intake, spill.parts())
    pl.scan_csv(given.claims, infer_schema=False).sink_parquet(given.texts)


def judge(given: argparse.Namespace) -> None:
    """Judge the parts, write the findings."""
    from compare import RULES

    from auditor.parts.crew import Store
    from auditor.parts.room import Room
    from auditor.parts.run import tell_parts
    from auditor.reference import load_reference
    from auditor.report import write_findings
    from auditor.result import AuditOptions

    kept = Room(given.folder).kept()
    if kept is None:
        raise SystemExit("nothing was divided there")
    intake, parts = kept
    options = AuditOptions(given.as_of, "benchmark", select=frozenset(RULES), covered=False)
    store, room = Store(given.store), given.folder / "judged"
    reference = load_reference(given.store)
    result = tell_parts(parts, intake, reference, options, room=room, store=store)
    write_findings(result, given.out)


if __name__ == "__main__":
    main()
