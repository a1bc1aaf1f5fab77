"""Why a line is not judged by a rule or a table, or only with caution: a ladder of reasons."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from auditor.engine.credits import BY_UNITS, FORM, MAY_BE_TAKEN_BACK, OWN_ACCOUNT
from auditor.rules import catalogue
from auditor.rules.interface import ADD_ON_TABLE_BEGINS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from auditor.engine.state import State
    from auditor.reference.interface import Release
    from auditor.rules import Rule

Ladder: TypeAlias = "tuple[tuple[str, pl.Expr], ...]"
"""(state: reason, condition over kinds) in the order in which they are tried."""

KINDS = {
    "aoc": "add-on edits",
    "ptp-practitioner": "code pairs",
    "mue-practitioner": "unit limits",
    "fee-schedule": "fee schedules",
    "hcpcs": "HCPCS codes",
}
"""Kinds of reference table in a reader's words."""
JUDGED, NOT, CAUTION = "judged", "not judged", "judged with caution"
_BY_RELEASE = {
    "mue-practitioner": ("mue_release", pl.col("mai").is_null(), "MUE table"),
    "fee-schedule": ("fee_release", ~pl.col("fee_known"), "fee schedule"),
}
"""Tables without row dates: the column that names a line's release, absence, and words."""
_BLANKS = {
    "patient_birth_date": "the line has no birth date",
    "patient_sex": "the line does not tell the sex",
    "received_date": "the line has no receipt date",
    "place_of_service": "the line has no place of service",
    "units": "the line has no units",
    "charge_amount": "the line has no charge",
    "specialty": "the line tells no specialty",
    "clia_number": "the line has no CLIA number",
}
"""Columns whose blank cells keep a line rule from judging, and how that is said."""
_FEW = 100
"""One line in so many does not count for how far the lines at hand reach back."""
_CREDIT = "a credit (charge or units below 0) that matches no billed line: it claims no service"
_BESIDE_CREDIT = (
    "a credit of the patient that day matches no billed line: what it takes back is not known"
)
_NO_DIAGNOSIS = "the line has no diagnosis"


def missing_columns(rule: Rule, present: frozenset[str]) -> list[str]:
    """Columns without which `rule` is not evaluated and which no file has.

    The billing NPI may stand in for the rendering NPI (SPEC 2.2).
    """
    stand_in = {"rendering_npi"} if "billing_npi" in present else set()
    return [c for c in rule.columns if c not in present | stand_in]


def _asked_cells(rule: Rule) -> tuple[str, ...]:
    """Columns whose blank cell keeps `rule` from judging the line."""
    asked = rule.columns if rule.shape == "line" else rule.cells
    return tuple(c for c in asked if c in _BLANKS or c == "diagnoses")


def reach(state: State) -> date | None:
    """The day before which there is next to nothing: one old claim is no history."""
    counted = state.whole("reach", lambda: state.lines.group_by("date").len("lines"), by_day)
    counted = counted.sort("date")
    if counted.is_empty():
        return None
    before = counted["lines"].cum_sum() > counted["lines"].sum() // _FEW
    day: date = counted["date"].filter(before)[0]
    return day


def by_day(counted: pl.DataFrame) -> pl.DataFrame:
    """date, lines: the lines of each day over all parts."""
    return counted.group_by("date").agg(pl.col("lines").sum())


class Reasons:
    """Kinds of line, and the ladder of reasons as expressions over them."""

    def __init__(self, state: State, present: frozenset[str]) -> None:
        """Count the lines by kind."""
        self.state = state
        self.reference = state.batch.reference
        self.reach: date | None = reach(state)
        """How far the lines reach back, history included."""
        lines = state.lines
        if state.batch.has_history:
            lines = lines.filter(pl.col("row") < state.batch.audited_rows)
        blank = self._blank(lines, present)
        self._absent = frozenset(blank)
        """no_COLUMN for each column of which some line has a blank cell."""
        self.kinds = self._kinds(lines, blank)
        self._tables: dict[str, Ladder] = {}

    def _blank(self, lines: pl.DataFrame, present: frozenset[str]) -> dict[str, pl.Series]:
        """no_COLUMN for each column that rules ask for: which of `lines` have a blank cell."""
        asked = sorted(present & _BLANKS.keys() & {c for r in catalogue() for c in r.columns})
        raw = self.state.batch.raw.select("row", "diagnoses", *asked)
        if lines.height < raw.height:
            raw = raw[lines["row"]]
        blank = {f"no_{name}": raw[name].is_null() for name in asked if raw[name].has_nulls()}
        return blank | {"no_diagnoses": raw["diagnoses"] == ""}

    def _kinds(self, lines: pl.DataFrame, blank: dict[str, pl.Series]) -> pl.DataFrame:
        """One row a kind of line, with what reasons ask, `lines`, `date` (first), `last_date`."""
        cuts = pl.Series(sorted(self._cuts()), dtype=pl.Date)
        flags = lines.select(
            no_patient=pl.col("patient").is_null(),
            no_s1=pl.col("s1").is_null(),
            s1_known="s1_known",
            crowded="crowded",
            unmatched=pl.col("credit") & ~pl.col("cancelled"),
            lessened="lessened",
            shaken="shaken",
            beside_credit="beside_credit",
        ).with_columns(**blank)
        number = lines["ce"].cast(pl.Int64) * (len(cuts) + 1)
        number += cuts.search_sorted(lines["date"], side="right").cast(pl.Int64)
        business = lines["lob"].cast(pl.Enum(lines["lob"].unique().sort())).to_physical()
        number = number * 8 + business.cast(pl.Int64)
        for name in flags.columns:
            number = number * 2 + flags[name].cast(pl.Int64)
        counted = (
            lines.select("date", kind=number, place=pl.int_range(pl.len(), dtype=pl.UInt32))
            .group_by("kind")
            .agg(
                pl.col("place").first(),
                lines=pl.len(),
                date=pl.col("date").min(),
                last_date=pl.col("date").max(),
            )
            .sort("kind")
        )
        place = counted["place"]
        facts = self.state.batch.facts.table
        ce = lines["ce"][place]
        return pl.concat(
            [
                counted.drop("kind", "place"),
                lines.select("lob", "c", "mai", "fee_known")[place],
                flags[place],
                facts.select("code", "mue_release", "fee_release")[ce],
            ],
            how="horizontal",
        )

    def _cuts(self) -> Iterator[date]:
        """The days on which the answer to some reason changes."""
        day = timedelta(days=1)
        yield ADD_ON_TABLE_BEGINS
        for release in self.reference.releases():
            yield release.effective
            yield release.vouches_to + day
        for rule in catalogue():
            if rule.looks_back and self.reach is not None:
                yield self.reach + timedelta(days=rule.looks_back)

    def likeness(self, rule: Rule) -> object:
        """Rules of equal likeness have equal ladders."""
        return (
            rule.shape,
            rule.tables,
            rule.profiles,
            rule.review_for,
            rule.looks_back,
            rule.blind,
            rule.denies and rule.id not in OWN_ACCOUNT,
            rule.id in BY_UNITS,
            re.match(FORM, rule.id) is None,
            _asked_cells(rule),
        )

    def of_rule(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """The ladder of one rule."""
        scope = [*rule.profiles, *rule.review_for]
        for business, words in (
            ("medicaid", "Medicaid lines need Medicaid's own tables and rules"),
            ("commercial", "a Medicare rule, not applied to commercial lines"),
        ):
            if business not in scope:
                yield f"{NOT}: {words}", pl.col("lob") == business
        if not re.match(FORM, rule.id):
            yield (
                f"{NOT}: {_CREDIT}",
                pl.col("unmatched"),
            )
        yield from self._joins(rule)
        yield from self._blank_cells(rule)
        if rule.blind is not None:
            for words, condition in rule.blind(self.reference):
                yield f"{NOT}: {words}", condition
        for kind in rule.tables:
            yield from self.of_table(kind)
        if rule.looks_back and self.reach is not None:
            words = (
                f"the lines at hand reach back to {self.reach} only, and the rule looks back "
                f"{rule.looks_back} days: earlier services are not seen"
            )
            short = pl.col("date") < self.reach + timedelta(days=rule.looks_back)
            yield f"{CAUTION}: {words}", short
        yield from self._credits(rule)
        if rule.review_for:
            yield (
                f"{CAUTION}: at most at review where Medicare does not pay, or may not",
                pl.col("lob").is_in(rule.review_for),
            )
        if rule.shape not in ("line", "provider"):
            yield (
                f"{CAUTION}: at most at review: the billing NPI stands in for the rendering NPI",
                ~pl.col("s1_known"),
            )

    def _credits(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """What an unmatched credit makes uncertain."""
        if rule.denies and rule.id not in OWN_ACCOUNT:
            yield (
                f"{CAUTION}: at most at review: {MAY_BE_TAKEN_BACK.format('the line')}",
                pl.col("lessened" if rule.id in BY_UNITS else "shaken"),
            )
        if rule.shape != "line":
            yield (
                f"{CAUTION}: {_BESIDE_CREDIT}",
                pl.col("beside_credit"),
            )

    def _joins(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """Why a line cannot be compared with others."""
        if rule.shape == "line":
            return
        if rule.shape != "provider":
            yield f"{NOT}: the patient id is a placeholder", pl.col("no_patient")
        yield f"{NOT}: no practitioner on the line", pl.col("no_s1")
        if rule.shape == "provider":  # a group's number would sum the days of all its members
            yield f"{NOT}: the rendering NPI is missing", ~pl.col("s1_known")
        most = self.state.options.implausible_day_lines
        yield (
            f"{NOT}: implausible day (over {most:,} lines of one patient and practitioner)",
            pl.col("crowded"),
        )

    def _blank_cells(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """Cells without which the rule cannot judge the line."""
        for name in _asked_cells(rule):
            if f"no_{name}" in self._absent:
                words = _BLANKS.get(name, _NO_DIAGNOSIS)
                yield f"{NOT}: {words}", pl.col(f"no_{name}")

    def of_table(self, kind: str) -> Ladder:
        """What one kind of table does not reach."""
        if kind not in self._tables:
            self._tables[kind] = (*self._of_table(kind),)
        return self._tables[kind]

    def _of_table(self, kind: str) -> Iterator[tuple[str, pl.Expr]]:
        """`of_table`, worked out."""
        release = self.reference.release(kind)  # type: ignore[arg-type]
        if release is None:
            yield f"{NOT}: no {KINDS[kind]} are loaded", pl.lit(value=True)
            return
        if kind == "aoc":
            yield (
                f"{NOT}: before the first row of the add-on table",
                pl.col("date") < pl.lit(ADD_ON_TABLE_BEGINS),
            )
        starter = self.reference.is_starter(kind)  # type: ignore[arg-type]
        if starter:
            known = self._starter_codes(kind)
            yield (
                f"{NOT}: the starter set does not hold the code (import the CMS files)",
                ~pl.col("c").is_in(known.implode()),
            )
        column, absent, words = _BY_RELEASE.get(kind, ("", None, ""))
        if absent is not None:
            if not starter:
                yield self._by_release(kind, column, words)
            yield f"{NOT}: the code has no row in the {words} of its date", absent
        yield self._late(kind, column, release)

    def _late(self, kind: str, column: str, release: Release) -> tuple[str, pl.Expr]:
        """Later than the quarter for which the deciding release vouches.

        Where releases take turns (MUE, fee schedule) that is the one of the line's own date, which
        stays in use until the next one that is loaded.
        """
        if not column:
            return (
                f"{CAUTION}: later than the newest {KINDS[kind]} loaded ({release.label})",
                pl.col("date") > release.vouches_to,
            )
        vouches = {r.label: r.vouches_to for r in self.reference.releases() if r.kind == kind}
        until = pl.col(column).replace_strict(vouches, default=None, return_dtype=pl.Date)
        return (
            f"{CAUTION}: later than the quarter of the {KINDS[kind]} that served",
            pl.col("date") > until,
        )

    def _by_release(self, kind: str, column: str, words: str) -> tuple[str, pl.Expr]:
        """No loaded release covers the date of service at all."""
        firsts = [r.effective for r in self.reference.releases() if r.kind == kind and r.used]
        first = min(firsts) if firsts else None
        early = pl.col("date") < first if first is not None else pl.lit(value=True)
        return (
            f"{NOT}: no loaded {words} covers the date of service",
            early & pl.col(column).is_null(),
        )

    def _starter_codes(self, kind: str) -> pl.Series:
        """Indices of the batch's codes that the starter table of `kind` holds.

        A pair whose other code nobody billed holds both of its codes: they were judged by it.
        """
        held = self.reference.codes(kind)  # type: ignore[arg-type]
        return self.state.batch.code_index(held).drop_nulls()
