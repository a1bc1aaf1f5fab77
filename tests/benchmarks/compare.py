"""Whether auditor and SQL found the same: each rule, tier, claim and line of the rules both judge.

    python compare.py --audit audit.parquet --peer peer.parquet
    python compare.py --audit audit.parquet --beginning shorter.parquet --lines 2000

A rule counts where it is the headline and where it stands in `also`; the tier is the headline's.
Where a rule that the SQL does not have denies the same line, the line's one finding has the
strongest tier of all: it may be certain there while the SQL, which knows less, says review.
Or whether the audit of a longer file says of its first lines what the audit of these lines alone
said, all rules and every column: no line of the rest has anything to do with them.
Prints the counts as JSON, and up to ten differences of each side; exits with 1 if they differ.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import polars as pl

RULES = (
    "DUP-1",
    "STA-B",
    "PTP-0",
    "PTP-1",
    "MUE-0",
    "MUE-1",
    "MUE-2",
    "MUE-3",
    "AOC-1",
    "AOC-6",
)
KEY = ["rule_id", "tier", "claim_id", "line_number"]
LINE = ["rule_id", "claim_id", "line_number"]


def judged(findings: pl.DataFrame) -> pl.DataFrame:
    """KEY of every finding on RULES, those in `also` included; lifted: another rule denies too."""
    rules = pl.concat_str(["rule_id", "also"], separator=" ").str.strip_chars().str.split(" ")
    return (
        findings.select(
            rules.alias("rule_id"),
            *KEY[1:],
            lifted=rules.list.eval(~pl.element().is_in(RULES)).list.any(),
        )
        .explode("rule_id", empty_as_null=False)
        .filter(pl.col("rule_id").is_in(RULES))
        .unique(KEY)
        .sort(KEY)
    )


def unlifted(audit: pl.DataFrame, peer: pl.DataFrame) -> pl.DataFrame:
    """`audit` with the weaker tier that `peer` has where a rule lifted it that `peer` lacks."""
    review = peer.filter(pl.col("tier") == "review").select(*LINE, weaker="tier")
    met = audit.join(review, on=LINE, how="left", nulls_equal=True)
    told = pl.when("lifted").then(pl.coalesce("weaker", "tier")).otherwise("tier")
    return met.with_columns(tier=told).drop("weaker")


def begun(longer: Path, shorter: Path, lines: int) -> dict[str, object]:
    """How the findings on the first `lines` of `longer` differ from all those of `shorter`."""
    alone = pl.read_parquet(shorter).drop("run_id")
    header = 1
    first = pl.scan_parquet(longer).filter(pl.col("source_row") <= lines + header)
    there = first.drop("run_id").collect()
    lost = alone.join(there, on=alone.columns, how="anti", nulls_equal=True)
    more = there.join(alone, on=alone.columns, how="anti", nulls_equal=True)
    return {
        "compared": alone.height,
        "only_shorter": lost.select(KEY).head(10).rows(),
        "only_longer": more.select(KEY).head(10).rows(),
        "differing": lost.height + more.height,
    }


def main() -> None:
    """Compare two files of findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audit", type=Path, required=True)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--beginning", type=Path)
    parser.add_argument("--lines", type=int)
    given = parser.parse_args()
    if given.peer is None:
        answer = begun(given.audit, given.beginning, given.lines)
        print(json.dumps(answer))  # noqa: T201 - a script
        sys.exit(1 if answer["differing"] else 0)
    whole = pl.read_parquet(given.audit)
    peer = judged(pl.read_parquet(given.peer))
    audit = unlifted(judged(whole), peer)
    only_audit = audit.join(peer, on=KEY, how="anti", nulls_equal=True)
    only_peer = peer.join(audit, on=KEY, how="anti", nulls_equal=True)
    counts = dict(audit.group_by("rule_id").len().sort("rule_id").iter_rows())
    answer = {
        "findings": whole.height,
        "compared": audit.height,
        "by_rule": counts,
        "only_audit": only_audit.head(10).rows(),
        "only_peer": only_peer.head(10).rows(),
        "differing": only_audit.height + only_peer.height,
    }
    print(json.dumps(answer))  # noqa: T201 - a script
    sys.exit(1 if answer["differing"] else 0)


if __name__ == "__main__":
    main()
