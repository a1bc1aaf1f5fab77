"""One implementation of the Reference protocol, over any source of frames.

The store hands it scans of Parquet files, the starter set and the tests hand it small frames;
the cutting down to the codes of an audit is the same for all.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.errors import ReferenceDataError
from auditor.reference.kinds import KINDS
from auditor.reference.policy import policy_table
from auditor.reference.words import Words
from schemas import AddOnEdits, FeeSchedule, HcpcsCodes, MueValues, PtpEdits, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.reference.interface import Kind, Release

MODELS = {
    "aoc": AddOnEdits,
    "ptp-practitioner": PtpEdits,
    "ptp-hospital": PtpEdits,
    "mue-practitioner": MueValues,
    "mue-hospital": MueValues,
    "mue-dme": MueValues,
    "fee-schedule": FeeSchedule,
    "hcpcs": HcpcsCodes,
}
"""The model of each kind's table as an audit sees it."""
NAMES = {"aoc": ("addon", "primary")} | dict.fromkeys(
    ("ptp-practitioner", "ptp-hospital"), ("column1", "column2")
)
"""The columns that name codes, where it is not `code` alone."""

_FEW = 200
"""Codes up to which their rows are kept: a question asks for those of the same codes four times,
and rules ask for few codes in every part of a batch."""
_KEPT = 1_000
"""Codes whose rows are kept together."""


class _Known(NamedTuple):
    """What was read last of a table: every row of these codes, in the table's order."""

    codes: frozenset[str]
    rows: pl.DataFrame


class TableReference:
    """The tables of `frames`, each of the columns of its model, and the releases they come from.

    A kind without a frame is an empty table. Nothing is read before it is asked for.
    """

    def __init__(
        self,
        frames: Mapping[Kind, pl.LazyFrame],
        releases: Iterable[Release],
        words: Words | None = None,
    ) -> None:
        """Keep the frames, and put the releases in their fixed order."""
        self._frames = dict(frames)
        self._known: dict[tuple[Kind, tuple[str, ...]], _Known] = {}
        self.words = words or Words()
        self._releases = tuple(
            sorted(releases, key=lambda r: (KINDS.index(r.kind), r.effective, r.label, r.source))
        )

    def ptp(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.PtpEdits, practitioner: rows with both column 1 and column 2 in `codes`."""
        return self._cut("ptp-practitioner", ("column1", "column2"), codes)

    def addons(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.AddOnEdits: every row whose add-on is in `codes` (all its primaries)."""
        return self._cut("aoc", ("addon",), codes)

    def mue(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.MueValues, practitioner, of every loaded release."""
        return self._cut("mue-practitioner", ("code",), codes)

    def fees(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.FeeSchedule of every loaded release, valid_from and valid_to set."""
        return self._cut("fee-schedule", ("code",), codes)

    def hcpcs(self) -> pl.DataFrame:
        """schemas.HcpcsCodes of the newest release, whole."""
        return self._cut("hcpcs", (), None)

    def naming(self, kind: Kind, code: str) -> pl.DataFrame:
        """Every row of `kind` that names `code` in any of its code columns, in order."""
        frame = self._frames.get(kind)
        if frame is None:
            return empty(MODELS[kind])
        columns = NAMES.get(kind, ("code",))
        # Each column by itself: the parquet reader looks codes up in one, and reads the other
        # columns of the rows found alone. A row that an earlier column found is not found twice.
        found = [
            frame.filter(
                pl.col(column) == code, *(pl.col(other).ne_missing(code) for other in columns[:n])
            )
            for n, column in enumerate(columns)
        ]
        return self._collected(kind, pl.concat(found)).sort(pl.all())

    def codes(self, kind: Kind) -> pl.Series:
        """Every code that a row of `kind` names in any of its code columns, sorted."""
        frame = self._frames.get(kind)
        if frame is None:
            return pl.Series("code", [], pl.String)
        named = [frame.select(code=column) for column in NAMES.get(kind, ("code",))]
        return pl.concat(named).unique().sort("code").collect()["code"]

    def descriptors(self, codes: pl.Series) -> pl.DataFrame:
        """code, text, release and source of each of `codes` that a user's file describes."""
        return self.words.descriptors(codes)

    def successors(self, code: str) -> tuple[str, ...]:
        """The codes that a user's file gives in place of `code`, where its table says it ended.

        Of a code that is still valid the cross reference names what came before it, so it is no
        successor; and none is a code that had ended by then as well.
        """
        ended = self._ended(code)
        if ended is None:
            return ()
        named = self.words.successors(code)
        return tuple(n for n in named if (end := self._ended(n)) is None or end > ended)

    def policy(self, name: str) -> pl.DataFrame:
        """A built-in policy table (auditor/reference/policy/NAME.csv), all columns text."""
        return policy_table(name)

    def release(self, kind: Kind) -> Release | None:
        """The newest release of `kind` that judges; None where nothing of the kind is known."""
        used = [release for release in self._releases if release.kind == kind and release.used]
        return used[-1] if used else None

    def releases(self) -> tuple[Release, ...]:
        """Every release known, by kind and date."""
        return self._releases

    def is_starter(self, kind: Kind) -> bool:
        """True where `kind` is served by the built-in starter set."""
        release = self.release(kind)
        return release is not None and release.starter

    def _ended(self, code: str) -> date | None:
        """The last valid day of a Level II code or modifier that has ended."""
        end = self.naming("hcpcs", code)["deletion"].max()
        return end if isinstance(end, date) else None

    def _cut(self, kind: Kind, keys: tuple[str, ...], codes: pl.Series | None) -> pl.DataFrame:
        frame = self._frames.get(kind)
        if frame is None:
            return empty(MODELS[kind])
        if codes is None:
            return self._collected(kind, frame)
        wanted = pl.lit(codes.cast(pl.String).unique().implode())
        holding = [pl.col(key).is_in(wanted) for key in keys]
        if len(codes) > _FEW:
            return self._collected(kind, frame.filter(holding))
        asked = frozenset(codes)
        known = self._known.get((kind, keys))
        if known is None or not asked <= known.codes:
            held = asked if known is None else asked | known.codes
            held = held if len(held) <= _KEPT else asked
            rows = pl.lit(pl.Series(sorted(held), dtype=pl.String).implode())
            frame = frame.filter(pl.col(key).is_in(rows) for key in keys)
            known = _Known(held, self._collected(kind, frame))
            self._known[kind, keys] = known
        return known.rows if asked == known.codes else known.rows.filter(holding)

    @staticmethod
    def _collected(kind: Kind, frame: pl.LazyFrame) -> pl.DataFrame:
        try:
            return frame.collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            # The library's message may quote paths and values; its type is enough to look it up.
            what = f"the stored table {kind!r} could not be read ({type(error).__name__})."
            raise ReferenceDataError(
                what,
                where="reference store",
                next_step="If an import was running, run again; "
                "else import the CMS files again into an empty folder.",
            ) from None
