"""The ledger as a list of what stands, and as files for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import place
from auditor.report.machine import csv_safe
from auditor.review.standing import standing_alone

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path


def listed(
    history: pl.DataFrame, as_of: date, states: Collection[str] = (), rules: Collection[str] = ()
) -> pl.DataFrame:
    """What stands of each finding in `history` (schemas.Dispositions), as far as it alone tells.

    Columns: those of schemas.Standing, and rule_id, claim_id, line_number, service_date and code
    of the newest decision. `states` and `rules` (ids or families, in any case) narrow it.
    """
    facts = ["rule_id", "claim_id", "line_number", "service_date", "code"]
    newest = history.sort("decided_on", "disposition_id").unique("finding_id", keep="last")
    found = standing_alone(history, as_of).join(
        newest.select("finding_id", *facts), on="finding_id", how="left", maintain_order="left"
    )
    if states:
        found = found.filter(pl.col("state").is_in(list(states)))
    if rules:
        wanted = [rule.upper() for rule in rules]
        rule = pl.col("rule_id").str.to_uppercase()
        family = rule.str.split("-").list.first()
        found = found.filter(rule.is_in(wanted) | family.is_in(wanted))
    return found.sort("rule_id", "finding_id", nulls_last=True)


def write_history(history: pl.DataFrame, path: Path) -> None:
    """Write `history` to `path`: .parquet keeps types, .csv is protected, else JSON lines.

    Raises ReportError where the place cannot be written.
    """
    form = path.suffix.lower()
    with place.workroom(path) as room:
        made = room / f"history{form}"
        if form == ".parquet":
            history.write_parquet(made)
        elif form == ".csv":
            csv_safe(history).write_csv(made)
        else:
            history.write_ndjson(made)
        place.replace(made, path)
