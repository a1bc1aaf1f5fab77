"""What an audit hands to the report and to the command line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.rules.options import RuleOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from auditor.comparing import Comparison
    from auditor.engine.clock import Part
    from auditor.intake.interface import FileRead
    from auditor.ledger.life import Life
    from auditor.reference.interface import Release


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What the operator asked for; `as_of` supplies today everywhere."""

    as_of: date
    run_id: str
    select: frozenset[str] = frozenset()
    """Rule ids or families (AOC) to run; empty: all."""
    ignore: frozenset[str] = frozenset()
    rules: RuleOptions = RuleOptions()  # noqa: RUF009 - frozen, so sharing it is safe
    """Tiers, thresholds and keys that the configuration sets."""
    exported: bool = True
    """The lines were exported as files, so that one defect of most of them is the export's and is
    told once. False: they were typed as questions, and each stands for itself."""
    covered: bool = True
    """Tell what was judged and what was not (AuditResult.coverage and its kin); False: nobody
    asks, and those tables are empty."""


def _nothing() -> pl.Series:
    """No line."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    return pl.Series("row", dtype=pl.UInt32)


def no_versions() -> pl.DataFrame:
    """No line of an earlier night."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    return pl.DataFrame(schema={"version": pl.UInt64, "reason": pl.String})


def _nowhere() -> pl.DataFrame:
    """Places of nothing."""
    return _nothing().to_frame().with_columns(other="row")


PIECE = 1 << 18
"""Findings that are handed on together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited(ABC):
    """What is told of an audit without a look at its lines: what came of all of them, in figures.

    read = audited + set aside + rejected, per file and in all. The findings come one after the
    other; an AuditResult has them, and the lines, in memory.
    """

    coverage: pl.DataFrame
    """schemas.Coverage."""
    rejected: pl.DataFrame
    """schemas.RejectedRows."""
    set_aside: pl.DataFrame
    """schemas.SetAside, intake's and the audit's together."""
    repairs: pl.DataFrame
    """schemas.Repairs."""
    files: tuple[FileRead, ...]
    lines_read: int
    lines_audited: int
    lines_by_business: dict[str, int]
    """Audited lines by line of business (medicare, medicaid, commercial, unknown)."""
    first_service_date: date | None
    last_service_date: date | None
    releases: tuple[Release, ...]
    options: AuditOptions
    notes: tuple[str, ...]
    """Whole-run remarks in plain words, e.g. that the line of business is unknown."""
    table_coverage: pl.DataFrame = field(default_factory=lambda: _empty("TableCoverage"))
    """schemas.TableCoverage."""
    unjudged_codes: pl.DataFrame = field(default_factory=lambda: _empty("UnjudgedCodes"))
    """schemas.UnjudgedCodes."""
    lines_of_earlier: int = 0
    """How many lines came in earlier nights to be judged again."""
    lines_again: int = 0
    """Lines of earlier nights that stand and were judged again; findings and coverage are of these
    and of the files' lines."""
    lines_gone_before: pl.DataFrame = field(default_factory=no_versions)
    """version, reason (void, superseded; in a night also changed, no longer in the claim): lines of
    earlier nights that stand no longer since tonight's."""
    days: pl.DataFrame | None = None
    """day, lines: how many judged lines each date of service has, where no lines in memory tell."""
    consulted: bool = False
    """Whether a ledger of decisions was looked at."""
    comparison: Comparison | None = None
    """What other reference tables would have found; None where none were asked about."""
    life: Life | None = None
    """What the run means for the findings of its feed; None where there is no memory of nights."""
    timings: tuple[Part, ...] = ()
    """What each stage and each rule took; they differ from run to run and go into no output."""

    @property
    @abstractmethod
    def tally(self) -> pl.DataFrame:
        """auditor.tally of all findings."""

    @abstractmethod
    def pieces(self) -> Iterator[pl.DataFrame]:
        """schemas.Findings in total order: tier, amount, rule, file, row.

        Frames of PIECE rows, the last of what is left; one without rows where nothing was found.
        """

    @property
    @abstractmethod
    def open_tiers(self) -> frozenset[str]:
        """The tiers of the findings that no standing decision takes off the worklist."""

    @property
    @abstractmethod
    def decisions(self) -> dict[str, int]:
        """Findings by what stands of the decisions about them; empty without a ledger.

        `standing`, `reopened`, `expired`, `disputed`, `pending`, and `unmatched` decisions.
        """

    @property
    def found(self) -> int:
        """How many findings there are."""
        return int(self.tally["findings"].sum())

    @property
    def judged(self) -> int:
        """Lines that stand and were judged: findings and coverage are of these."""
        return self.lines_audited + self.lines_again


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult(Audited):
    """Everything the outputs show, in memory."""

    findings: pl.DataFrame
    """schemas.Findings, in total order: tier, amount, rule, file, row."""
    standing: pl.DataFrame = field(default_factory=lambda: _empty("Standing"))
    """schemas.Standing: what the reviewers' decisions in the ledger mean for these findings."""
    unmatched: pl.DataFrame = field(default_factory=lambda: _empty("Unmatched"))
    """schemas.Unmatched: decisions about claims of this batch whose findings are gone."""
    lines: pl.DataFrame = field(default_factory=lambda: _empty("ClaimLines"))
    """schemas.ClaimLines: what was looked at, the lines of the files first, then those of earlier
    nights that were judged again, then the history."""
    lines_of_files: int = 0
    """How many of `lines` are the files' own; after them come those of earlier nights."""
    lines_gone: pl.Series = field(default_factory=_nothing)
    """Places in `lines` of those that the audit set aside (void, superseded), sorted."""
    places: pl.DataFrame = field(default_factory=_nowhere)
    """row, other: for each finding, in their order, the place in `lines` of its line and of its
    counterpart (null: none); without rows where nobody knows."""
    redacted: bool = False
    """Whether patient identifiers are pseudonyms (auditor.report.redact)."""
    part: str = ""
    """Whose lines alone these are, in words; '' for those of everybody (auditor.report.split)."""
    card: pl.DataFrame | None = None
    """Of a part: its row of the scorecard of all lines, beside the batch's rates."""
    practice: pl.DataFrame | None = None
    """auditor.practice of all lines that were judged, where `lines` does not hold them all."""
    pairs: pl.DataFrame = field(default_factory=lambda: _empty("SeparablePairs"))
    """schemas.SeparablePairs; without rows where PTP-BYP did not run, or no pair met."""

    @property
    def tally(self) -> pl.DataFrame:
        """auditor.tally of all findings."""
        from auditor.tally import tally  # noqa: PLC0415 - importing this module stays cheap

        return tally(self.findings)

    def pieces(self) -> Iterator[pl.DataFrame]:
        """The findings, PIECE after PIECE."""
        for start in range(0, max(self.findings.height, 1), PIECE):
            yield self.findings.slice(start, PIECE)

    @property
    def found(self) -> int:
        """How many findings there are."""
        return self.findings.height

    @property
    def open_findings(self) -> pl.DataFrame:
        """The findings that no standing decision takes off the worklist, in their order."""
        settled = self.standing.filter(self.standing["state"] == "standing")
        return self.findings.join(
            settled.select("finding_id"), on="finding_id", how="anti", maintain_order="left"
        )

    @property
    def open_tiers(self) -> frozenset[str]:
        """The tiers of the open findings."""
        return frozenset(self.open_findings["tier"].unique())

    @property
    def decisions(self) -> dict[str, int]:
        """Findings by what stands of the decisions about them; empty without a ledger."""
        if not self.consulted:
            return {}
        from schemas.review import STATES  # noqa: PLC0415 - importing this module stays cheap

        counts = dict(self.standing["state"].value_counts().iter_rows())
        told = {state: counts.get(state, 0) for state in STATES}
        return told | {"unmatched": self.unmatched.height}


def _empty(model: str) -> pl.DataFrame:
    """An empty table of the model of this name."""
    import schemas  # noqa: PLC0415 - importing this module stays cheap

    return schemas.empty(getattr(schemas, model))
