"""Old lines in the store of audited lines: how many there are, and forgetting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.nightly.retention import Counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    import polars as pl


class Stored:
    """The store as `auditor.history` keeps it (retention.Lines).

    The age of a line is that of the last of its dates of service and receipt: what is billed late
    is kept as long as what is billed at once.
    """

    def patients(self, folder: Path, runs: Sequence[int]) -> Iterable[str]:
        """The ids of all patients in the store of a feed, as they are written there."""
        found = [
            lines.select("patient_id").unique().collect().to_series()
            for lines in _lines(folder, runs)
        ]
        return {patient for part in found for patient in part}

    def count(
        self, folder: Path, runs: Sequence[int], before: date, keep: frozenset[str]
    ) -> Counted | None:
        """The lines of `runs` that `forget` would remove; None where there is none."""
        import polars as pl  # noqa: PLC0415 - importing this module stays cheap

        last = pl.max_horizontal("received_date", "service_date_from", "service_date_to")
        held = pl.Series(sorted(keep), dtype=pl.String).implode()
        counted = [
            lines.select("patient_id", day=last)
            .filter(pl.col("day") < before, ~pl.col("patient_id").is_in(held))
            .select(pl.len(), first=pl.col("day").min(), last=pl.col("day").max())
            .collect()
            .row(0)
            for lines in _lines(folder, runs)
        ]
        some = [row for row in counted if row[0]]
        if not some:
            return None
        numbers, first, newest = zip(*some, strict=True)
        return Counted(sum(numbers), min(first), max(newest))

    def forget(self, folder: Path, runs: Sequence[int], before: date, keep: frozenset[str]) -> int:
        """Remove these lines; answers how many. Killed anywhere, it may be done again."""
        from auditor.history.upkeep import forget, sweep  # noqa: PLC0415 - loads polars

        sweep(folder, runs)
        return forget(folder, before, keep)


def _lines(folder: Path, runs: Sequence[int]) -> Iterable[pl.LazyFrame]:
    from auditor.history.files import LINES, of_runs, parts_of, scan  # noqa: PLC0415 - loads polars

    if not folder.is_dir():
        return
    for part in parts_of(folder, runs):
        yield of_runs(scan(folder, LINES, part), part)
