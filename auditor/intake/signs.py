"""Minus signs before charges and units: of a credit, or the habit of an export.

A line whose charge or units are below zero takes something back and claims no service
(auditor.engine.credits). An export that writes every charge so would pass as clean; so where most
lines of a file carry the sign it tells nothing, and they are audited as billed lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANY = 50
"""From so many amounts on, a negative majority is the export's habit; fewer may well be one day's
credits."""
COLUMNS = ("charge_amount", "units")


class Signs(NamedTuple):
    """Of each of COLUMNS the cells that are not zero, and those below; of blocks they add up."""

    charges: int = 0
    charges_below: int = 0
    units: int = 0
    units_below: int = 0

    def add(self, lines: pl.DataFrame) -> Signs:
        """These and those of `lines` (schemas.ClaimLines)."""
        counted = lines.select(
            expression
            for name in COLUMNS
            for expression in (
                (pl.col(name) != 0).sum().alias(name),
                (pl.col(name) < 0).sum().alias(f"{name} below"),
            )
        ).row(0)
        return self.plus(Signs(*counted))

    def plus(self, other: Signs) -> Signs:
        """Those of both."""
        return Signs(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def untold(self) -> bool:
        """Whether the sign tells no credit in this file."""
        return any(filled >= MANY and below * 2 > filled for _, filled, below in self._each())

    def warnings(self, mapping: Mapping[str, str]) -> Iterator[str]:
        """A remark for each column most of whose amounts are below zero."""
        for name, filled, below in self._each():
            if below * 2 <= filled:
                continue
            said = f"Column '{mapping.get(name, name)}' ({name}): {below:,} of {filled:,} values"
            if self.untold:
                yield (
                    f"{said} are below zero, so the minus sign was not taken to mark credits: all"
                    " lines were audited as billed, but for pairs that cancel each other. If these"
                    " are reversals, audit them together with the lines that they take back."
                )
            else:
                yield (
                    f"{said} are below zero: those lines were taken for credits, which claim no"
                    " service, and were not judged (see Coverage). If the export writes every"
                    " value so, have it written without the sign."
                )

    def _each(self) -> tuple[tuple[str, int, int], tuple[str, int, int]]:
        return (
            (COLUMNS[0], self.charges, self.charges_below),
            (COLUMNS[1], self.units, self.units_below),
        )
