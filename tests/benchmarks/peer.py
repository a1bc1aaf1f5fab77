"""The rules of `peer.sql` in DuckDB, as a process of its own: claims and tables in, findings out.

python peer.py --claims claims.csv --tables tables.json --out findings.parquet [--steps]

The claims may be the same texts as Parquet.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
POLICY = HERE.parents[1] / "auditor" / "reference" / "policy"

POLICY_VIEWS = {
    "em_codes": "SELECT code_low, coalesce(code_high, code_low) AS code_high, visit, soft,"
    " TRY_CAST(effective AS DATE) AS effective, TRY_CAST(deletion AS DATE) AS deletion"
    " FROM {em_codes}",
    "lab_codes": "SELECT code_low, code_high FROM {lab}",
    "facility": "SELECT pos FROM {place_of_service} WHERE facility = '1'",
    "overnight": "SELECT code FROM {infusion_addons}",
}
"""Facts from the policy manual; one list of codes serves both sides."""


def text(value: object) -> str:
    """`value` as a text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def csv(path: Path) -> str:
    """A CSV file as a table of texts."""
    return f"read_csv({text(path)}, header = true, all_varchar = true, delim = ',', quote = '\"')"


def claims(path: Path) -> str:
    """The claim file as a table of texts."""
    return f"read_parquet({text(path)})" if path.suffix == ".parquet" else csv(path)


def table(pieces: list[dict[str, Any]]) -> str:
    """The rows of a reference table, those of every release."""
    parts = []
    for piece in pieces:
        paths = ", ".join(text(path) for path in piece["paths"])
        dates = ""
        if piece["valid_from"] is not None:
            end = "NULL" if piece["valid_to"] is None else text(piece["valid_to"])
            dates = f", DATE {text(piece['valid_from'])} AS valid_from, {end}::DATE AS valid_to"
        parts.append(f"SELECT *{dates} FROM read_parquet([{paths}])")
    return " UNION ALL BY NAME ".join(parts)


def main() -> None:
    """Read, judge, write; with --steps the seconds of each statement go to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", action="store_true")
    given = parser.parse_args()
    names = {"ptp": "ptp_table", "aoc": "aoc_table", "mue": "mue_table", "fees": "fee_table"}
    tables = json.loads(given.tables.read_text(encoding="utf-8"))
    sources = {path.stem: csv(path) for path in POLICY.glob("*.csv")}
    statements = [f"CREATE VIEW file_line AS FROM {claims(given.claims)}"]
    statements += [f"CREATE VIEW {names[name]} AS {table(tables[name])}" for name in names]
    statements += [
        f"CREATE VIEW {name} AS {query.format(**sources)}" for name, query in POLICY_VIEWS.items()
    ]
    statements += (HERE / "peer.sql").read_text(encoding="utf-8").split(";\n")
    statements.append(f"COPY written TO {text(given.out)} (FORMAT parquet)")
    connection = duckdb.connect()
    for statement in statements:
        started, cpu = time.perf_counter(), time.process_time()
        if statement.strip():
            connection.execute(statement)
        if given.steps:
            words = [line for line in statement.splitlines() if line.startswith(("CREATE", "COPY"))]
            took, worked = time.perf_counter() - started, time.process_time() - cpu
            print(f"{took:7.3f} s {worked:7.3f} CPU {' '.join(words)[:60]}", file=sys.stderr)  # noqa: T201 - a script


if __name__ == "__main__":
    main()
