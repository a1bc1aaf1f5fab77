"""Text files whose lines have a fixed width: a layout says where each value stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.intake import names, records
from auditor.intake.header import HeaderRow, Record
from auditor.intake.scanning import Scan, scan
from auditor.intake.source import Body, Ragged
from auditor.intake.textfile import in_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.intake.columns import Columns
    from auditor.intake.content import Content
    from auditor.intake.layout import Layout


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A file of fixed width; see Source. Rows are lines."""

    name: str
    content: Content
    layout: Layout
    scan: Scan
    notes: tuple[str, ...] = ()
    delimiter: str = ""
    title: str = ""
    warnings: tuple[str, ...] = ()
    day_zero: None = None

    @classmethod
    def open(cls, content: Content, layout: Layout) -> FixedFile:
        """Look through `content`."""
        return cls(content.name, content, layout, scan(content))

    @property
    def sha256(self) -> str:
        """Of the file's bytes, unpacked."""
        return self.scan.sha256

    @property
    def encoding(self) -> str:
        """Of the text, and that its lines are of fixed width."""
        return f"{self.scan.encoding}, fixed width"

    @property
    def header(self) -> HeaderRow:
        """The names are the layout's; rows above the first line are skipped."""
        return HeaderRow(Record(self.layout.skip, self.layout.slice_names(), self.layout.skip), 0)

    @property
    def columns(self) -> Columns:
        """The layout's."""
        return self.layout.resolve(self.layout.slice_names())

    def head(self) -> list[Record]:
        """None is needed: the layout knows."""
        return []

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Every line below the skipped ones; those too short for a required value apart."""
        skip, row = header.record.lines, header.record.row + 1
        slices = self.layout.slices()
        needed = self._needed()
        for data in in_blocks(self.content, self.scan):
            text = records.lines_of(data, skip)
            rows = pl.int_range(row, row + len(text), dtype=pl.UInt32, eager=True)
            row, skip = row + len(text), 0
            frame = pl.DataFrame({"row": rows, "text": text.alias("text")})
            filled = frame.filter(pl.col("text").fill_null("").str.contains(r"\S"))
            short = pl.col("text").str.len_chars() < needed
            cut = filled.filter(short)
            whole = filled.filter(~short)
            cells = whole.select(
                pl.col("text")
                .str.slice(place.start - 1, place.length)
                .str.strip_chars()
                .replace("", None)
                .alias(str(n))
                for n, place in enumerate(slices)
            )
            ragged = tuple(
                Ragged(
                    n,
                    # what can be read of it, and the line as it stands
                    (*(line[p.start - 1 :][: p.length].strip() for p in slices), line),
                    f"the line has {len(line)} characters, {needed} are needed",
                )
                for n, line in cut.iter_rows()
            )
            yield Body(header.names, cells, whole["row"], ragged, frame.height - filled.height)

    def _needed(self) -> int:
        """Characters up to the first of the last required value: programs cut blanks at the end."""
        required = {*names.REQUIRED, "claim_date_from", *names.PRACTITIONER}
        starts = [
            place.start
            for _, name, place in self.layout.fields()
            if name in required and not isinstance(place, (str, int))
        ]
        return max(starts, default=1)
