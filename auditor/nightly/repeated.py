"""What was told already of many lines at once: an NPI, an export. It is not told anew each night.

Such a finding stands on the first of its lines, and tonight that is another line; the one of the
earlier night is still open and says the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from auditor.result import AuditResult

_OPEN = """
SELECT rule_id, story_id, finding_id
FROM findings AS f
WHERE feed = ? AND story_id <> finding_id AND {which} IN ({named})
AND rule_id IN ({rules}) AND run NOT IN ({without})
AND (
    SELECT event FROM finding_events AS e WHERE e.finding = f.finding AND e.run < ?
    ORDER BY event_id DESC LIMIT 1
) <> 'resolved'
"""


def without_repeated(  # noqa: PLR0913 - whose findings, and when
    result: AuditResult,
    ledger: sqlite3.Connection,
    feed: str,
    rules: Collection[str],
    run: int,
    *,
    without: Collection[int] = (),
) -> AuditResult:
    """`result` without findings of `rules` whose story another open finding of `feed` tells.

    As the ledger had it before `run`; what the runs `without` were the first to find, the earlier
    versions of this one, tells nothing.
    """
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    from auditor.ledger.known import MOST_PLACES, parts  # noqa: PLC0415 - as above

    asked = sorted(rules)
    ours = result.findings.filter(pl.col("rule_id").is_in(asked))
    rows = {
        row
        for which in ("story_id", "finding_id")
        for some in parts(ours[which].unique().sort().to_list(), MOST_PLACES)
        for row in ledger.execute(
            _OPEN.format(
                which=which, named=_places(some), rules=_places(asked), without=_places(without)
            ),
            (feed, *some, *asked, *without, run),
        )
    }
    told = pl.DataFrame(
        sorted(rows),
        schema=dict.fromkeys(("rule_id", "story_id", "finding_id"), pl.String),
        orient="row",
    )
    if told.is_empty():
        return result
    again = result.findings.with_row_index("_place").join(told, on=["rule_id", "story_id"])
    # the same finding found once more stands; another one of its story is a repetition
    known = pl.col("_place").is_in(
        result.findings.with_row_index("_place")
        .join(told, on="finding_id", how="semi")["_place"]
        .implode()
    )
    drop = again.filter(~known)["_place"].unique()
    if drop.is_empty():
        return result
    keep = ~pl.int_range(result.findings.height, dtype=pl.UInt32, eager=True).is_in(drop.implode())
    places = result.places.filter(keep) if result.places.height else result.places
    return replace(result, findings=result.findings.filter(keep), places=places)


def _places(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
