"""Where the rules are silent on a line, and a coder might take that for clean.

What no rule judges, because a claim does not say it or no table at hand tells it: the payer's own
tables, the container of a drug, the laboratory's certificate, a 59 that separates nothing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from auditor.asking.answers import Unjudged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import polars as pl

    from auditor.asking.answers import LineAnswer
    from auditor.asking.encounters import Encounter
    from auditor.reference.interface import Reference

_WASTE_SINCE = date(2023, 7, 1)
_HOSPITAL = ("19", "21", "22", "23")
"""Places where a hospital's staff gives drugs and its laboratory does tests."""
_DRUGS = (("J0120", "J3590"), ("J9000", "J9999"))


_SEPARATE = frozenset({"59", "XE", "XS", "XP", "XU"})


class Silence:
    """What the tables say of the codes asked about, looked up all at once."""

    def __init__(self, codes: pl.Series, reference: Reference) -> None:
        """Look `codes` up."""
        self._waived = _within(codes, reference.policy("clia_waived").filter(qw="needs"))
        pairs = reference.release("ptp-practitioner")
        self._pairs_to = None if pairs is None or pairs.starter else pairs.vouches_to
        self._single = _within(codes, reference.policy("single_dose_drugs"))

    def of(self, asked: Encounter, lines: Sequence[LineAnswer]) -> Iterator[Unjudged]:
        """What nobody judged of the lines of `asked`, in sentences."""
        if asked.payer == "medicaid":
            yield Unjudged(
                what="Medicaid has code pairs and unit limits of its own, which are not at hand: "
                "neither was judged. A PTP edit named here is Medicare's."
            )
        if asked.payer in ("medicare", None):
            yield from self._drugs(asked, lines)
            yield from self._tests(asked, lines)
            yield from self._separated(lines)

    def _drugs(self, asked: Encounter, lines: Sequence[LineAnswer]) -> Iterator[Unjudged]:
        if asked.pos in _HOSPITAL:
            return
        bare = [
            line.code
            for line in lines
            if any(low <= line.code <= high for low, high in _DRUGS)
            and line.code not in self._single
            and line.day >= _WASTE_SINCE
            and not {"JW", "JZ", "GX", "GY"} & set(line.modifiers)
        ]
        told = {line.code for line in lines if "JW" in line.modifiers}
        codes = [code for code in dict.fromkeys(bare) if code not in told]
        if codes:
            yield Unjudged(
                what=f"Whether {_listed(codes)} came from a single-dose container stands in no "
                "table at hand. From such a container Medicare wants JW on a line for what was "
                "thrown away, or JZ where nothing was.",
                rules=("DRG-1",),
            )

    def _tests(self, asked: Encounter, lines: Sequence[LineAnswer]) -> Iterator[Unjudged]:
        if asked.pos in _HOSPITAL:
            return
        codes = [
            line.code
            for line in lines
            if line.code in self._waived and not {"QW", "90"} & set(line.modifiers)
        ]
        if codes:
            yield Unjudged(
                what="Nobody said what CLIA certificate the laboratory has. With a certificate of "
                f"waiver Medicare pays {_listed(dict.fromkeys(codes))} with QW only, and only "
                "where the kit is a waived one.",
                rules=("QW-1",),
            )

    def _separated(self, lines: Sequence[LineAnswer]) -> Iterator[Unjudged]:
        """Modifiers that separate, where no edit is known and the table is not that of the day."""
        told = [found for line in lines for found in line.findings]
        joined = {f.other_line for f in told if f.rule_id.startswith("PTP-")}
        for line in lines:
            carried = [each for each in line.modifiers if each in _SEPARATE]
            named = {f.rule_id for f in line.findings if f.rule_id.startswith(("PTP-", "MOD-59"))}
            whole = self._pairs_to is not None and line.day <= self._pairs_to
            if carried and not whole and not named and line.line not in joined:
                yield Unjudged(
                    what=f"Whether {_listed(carried)} on {line.code} has an edit to separate was "
                    f"not judged: that takes the whole table of pairs of {line.day}.",
                    rules=("PTP-4",),
                )


def _within(codes: pl.Series, table: pl.DataFrame) -> frozenset[str]:
    """The `codes` that a table of stretches names."""
    stretches = list(table.select("code_low", "code_high").iter_rows())
    return frozenset(c for c in codes if any(low <= c <= high for low, high in stretches))


def _listed(words: Iterable[str]) -> str:
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last
