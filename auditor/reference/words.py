"""What a user's own files say of codes in words: descriptors, and the codes that follow others.

The words belong to those who wrote them (those of CPT to the AMA). They are kept beside the table
of the release that brought them, are shown to the user whose file they came in, and go nowhere
else: no rule, finding, report or log reads this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ReferenceDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from auditor.reference.interface import Kind

LONG, SHORT, SUCCESSOR = "long", "short", "successor"
SHAPE = {"code": pl.String, "kind": pl.String, "text": pl.String, "source": pl.String}
"""Of a stored file; `kind` is one of the three above, `source` the file on the user's disk."""
DESCRIPTORS = {"code": pl.String, "text": pl.String, "release": pl.String, "source": pl.String}
"""Of what `descriptors` answers."""
WORDED: frozenset[Kind] = frozenset({"fee-schedule", "hcpcs"})
"""Kinds of table whose CMS files carry words."""


def gathered(columns: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """One frame of SHAPE but `source`, of several with code, kind and text; blanks left out.

    Of several texts of one code and kind the first stays; a code may have several successors.
    """
    names = ["code", "kind", "text"]
    frame = pl.concat([each.select(names) for each in columns]) if columns else None
    if frame is None:
        return pl.DataFrame(schema={name: SHAPE[name] for name in names})
    frame = frame.with_columns(pl.col("text").str.replace_all(r"\s+", " ").str.strip_chars())
    frame = frame.filter(pl.col("text").fill_null("") != "", pl.col("code").is_not_null())
    return frame.collect().pipe(_first).sort(names)


def joined(words: pl.DataFrame) -> pl.DataFrame:
    """`words` of SHAPE with one text for a code and kind, the first."""
    return words.pipe(_first).sort(list(SHAPE))


def _first(frame: pl.DataFrame) -> pl.DataFrame:
    several = pl.when(pl.col("kind") == SUCCESSOR).then(pl.col("text"))
    return (
        frame.with_columns(several=several)
        .unique(["code", "kind", "several"], keep="first", maintain_order=True)
        .drop("several")
    )


class Words:
    """The words of every release that brought some, newest release first; read when asked for."""

    def __init__(
        self,
        frame: Callable[[], pl.LazyFrame] | None = None,
        *,
        key: str = "",
        folder: Path | None = None,
        lacking: Sequence[str] = (),
    ) -> None:
        """Keep what to read: a frame of SHAPE, `release`, and `rank` (0 for the newest).

        `key` differs where the words differ; `folder` is the store they lie in, if any; `lacking`
        names the releases that were imported before words were kept.
        """
        self._frame = frame
        self.key = key
        self.folder = folder
        self.lacking = tuple(lacking)

    def descriptors(self, codes: pl.Series | None = None) -> pl.DataFrame:
        """One descriptor of each of `codes` that has any (of every code, for None), in order.

        The longer of two, then that of the newest release; columns as in DESCRIPTORS.
        """
        if self._frame is None:
            return pl.DataFrame(schema=DESCRIPTORS)
        frame = self._frame().filter(pl.col("kind") != SUCCESSOR)
        if codes is not None:
            frame = frame.filter(pl.col("code").is_in(codes.cast(pl.String).unique().implode()))
        found = _collected(frame.sort("code", pl.col("kind") != LONG, "rank"))
        return found.unique("code", keep="first", maintain_order=True).select(list(DESCRIPTORS))

    def successors(self, code: str) -> tuple[str, ...]:
        """The codes that the newest release which names any gives in place of `code`."""
        if self._frame is None:
            return ()
        found = _collected(
            self._frame().filter(pl.col("kind") == SUCCESSOR, pl.col("code") == code)
        )
        newest = found.filter(pl.col("rank") == pl.col("rank").min())
        return tuple(newest["text"].sort().to_list())


def _collected(frame: pl.LazyFrame) -> pl.DataFrame:
    try:
        return frame.collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ReferenceDataError(
            f"the stored descriptions could not be read ({type(error).__name__}).",
            where="reference store",
            next_step="If an import was running, run again; else import the file again.",
        ) from None
