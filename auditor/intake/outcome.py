"""What the blocks of one file gave: the lines to whoever keeps them, all else in sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from auditor.intake import canonical as canon
from auditor.intake import gate, leftover, rejection, unfold
from auditor.intake.signs import Signs
from schemas import RejectedRows, Repairs, SetAside, dtypes, empty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.intake import steps
    from auditor.intake.interface import Keeper
    from auditor.intake.source import Body

_ROW = "source_row"
_COUNTED = (
    *("height", "rows", "read", "other_types", "blank", "totals", "repeated"),
    *("nulls", "failed", "ragged", "repaired"),
)
_LISTED = ("spoken", "rejected", "set_aside", "repairs")


@dataclass(slots=True)
class Sums:
    """What is told of the blocks of a file besides their lines; of several files' parts it adds."""

    height: int = 0
    """Lines that are audited."""
    rows: int = 0
    """Rows that are neither blank nor totals."""
    read: int = 0
    """Lines that those rows hold."""
    other_types: int = 0
    blank: int = 0
    totals: int = 0
    repeated: int = 0
    nulls: Counter[str] = field(default_factory=Counter)
    """Field -> audited lines without a value."""
    failed: Counter[str] = field(default_factory=Counter)
    """Required field -> lines that were rejected for want of it."""
    ragged: Counter[str] = field(default_factory=Counter)
    """Reason -> rows with another number of cells than the header."""
    repaired: Counter[tuple[str, str]] = field(default_factory=Counter)
    signs: Signs = field(default_factory=Signs)
    spoken: list[pl.DataFrame] = field(default_factory=list)
    """payer, line_of_business, lines."""
    rejected: list[pl.DataFrame] = field(default_factory=list)
    set_aside: list[pl.DataFrame] = field(default_factory=list)
    repairs: list[pl.DataFrame] = field(default_factory=list)

    def take(self, later: Sums, row: int) -> None:
        """Add those of blocks that come `later`, whose rows were numbered as if they began at 0.

        row: the row of the file that the first of them is.
        """
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.signs = self.signs.plus(later.signs)
        for name in _LISTED:
            getattr(self, name).extend(moved(frame, row) for frame in getattr(later, name))

    def reconciled(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """RejectedRows, SetAside, Repairs; RuntimeError where a line was lost."""
        rejected = stack(RejectedRows, self.rejected).sort(_ROW, maintain_order=True)
        aside = stack(SetAside, self.set_aside)
        audited = self.height
        if self.read != audited + aside.height + rejected.height:
            message = (
                f"{self.read} lines read are not {audited} audited + {aside.height} set aside"
                f" + {rejected.height} rejected"
            )
            raise RuntimeError(message)
        return rejected, aside, stack(Repairs, self.repairs)


def moved(frame: pl.DataFrame, rows: int) -> pl.DataFrame:
    """`frame` with its source_row, where it has one, so many rows further below."""
    return frame.with_columns(pl.col(_ROW) + rows) if _ROW in frame.columns else frame


def stack(model: type, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """`frames` under one another with the columns and types of `model`."""
    return pl.concat([empty(model), *(frame.select(list(dtypes(model))) for frame in frames)])


class Outcome:
    """What the blocks of one file gave so far."""

    def __init__(self, plan: steps.Plan, keeper: Keeper | None) -> None:
        """Nothing yet; keeper: takes the lines, else they are held."""
        self.plan = plan
        self.keeper = keeper
        self.lines: list[pl.DataFrame] = []
        self.sums = Sums()
        if keeper is not None:
            keeper.begin()

    def add(self, body: Body) -> None:
        """Read one block."""
        sums = self.sums
        gate.raw(body.cells)
        plan, columns = replace(self.plan, numbers=body.numbers), self.plan.columns
        left = leftover.find(body.cells, columns)
        cells, rows = body.cells, body.rows
        if left.keep is not None:
            cells, rows = cells.filter(left.keep), rows.filter(left.keep)
        ragged, trailers = leftover.ragged_totals(body.ragged, columns)
        sums.blank += left.blank + body.blank
        sums.totals += left.totals + trailers
        sums.repeated += left.repeated
        sums.rows += cells.height + len(ragged)
        size = max(gate.BATCH // max(len(columns.slots), 1), 1)
        for offset in range(0, cells.height, size):
            self._batch(cells.slice(offset, size), rows.slice(offset, size), plan)
        if ragged:
            sums.rejected.append(rejection.ragged(ragged, columns, plan))
            sums.ragged += Counter(row.reason for row in ragged)
            sums.read += len(ragged)

    def _batch(self, cells: pl.DataFrame, rows: pl.Series, plan: steps.Plan) -> None:
        sums = self.sums
        raw = unfold.lines_of(cells, plan.columns)
        done = canon.canonical(raw, rows, plan)
        sums.read += raw.height
        sums.other_types += done.other_types
        sums.failed += done.failed
        self._keep(done.lines)
        sums.set_aside.append(done.set_aside)
        sums.repairs.append(done.repairs)
        sums.repaired += done.repaired
        if done.rejected.height:
            sums.rejected.append(rejection.with_raw(done.rejected, cells, plan))
        if plan.columns.slots:
            bare = rejection.without_lines(raw, cells, rows, plan)
            sums.read += bare.height
            sums.rejected.append(bare)

    def _keep(self, lines: pl.DataFrame) -> None:
        """Count the lines of a batch, and hold them or hand them on."""
        sums = self.sums
        sums.height += lines.height
        sums.nulls.update(lines.null_count().row(0, named=True))
        sums.signs = sums.signs.add(lines)
        if self.plan.payers is not None:
            sums.spoken.append(lines.group_by("payer", "line_of_business").len("lines"))
        if self.keeper is None:
            self.lines.append(lines)
        else:
            self.keeper.add(lines)
