"""What each rule judged, and what it could not judge and why: never passed as clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.rules import catalogue
from auditor.rules.interface import ADD_ON_TABLE_BEGINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.engine.state import State
    from auditor.reference.interface import Release
    from auditor.rules import Rule

KINDS = {
    "aoc": "add-on edits",
    "ptp-practitioner": "code pairs",
    "mue-practitioner": "unit limits",
    "fee-schedule": "fee schedules",
    "hcpcs": "HCPCS codes",
}
"""Kinds of reference table in a reader's words."""
JUDGED, NOT, CAUTION = "judged", "not judged", "judged with caution"


def cover(state: State, chosen: frozenset[str], present: frozenset[str]) -> pl.DataFrame:
    """schemas.Coverage for the `chosen` rules; `present`: fields that the files had.

    The reasons of a rule are tried in order and a line counts under the first that holds, so
    that judged, judged with caution and not judged add up to the lines audited.
    """
    reasons = _Reasons(state)
    lines = reasons.lines
    rows: list[dict[str, object]] = []
    cache: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for rule in catalogue():
        if rule.id not in chosen:
            continue
        absent = missing_columns(rule, present)
        if absent:
            rows.append(
                _row(rule.id, NOT, f"no column was recognised for {', '.join(absent)}", lines)
            )
            continue
        key = (
            rule.shape,
            *rule.tables,
            "|",
            *rule.profiles,
            "|",
            *rule.review_for,
            str("units" in rule.columns),
            str("rendering_npi" in rule.columns),
        )
        if key not in cache:
            cache[key] = reasons.count(rule)
        rows += [{"rule_id": rule.id, **counted} for counted in cache[key]]
    schema = {
        "rule_id": pl.String,
        "state": pl.String,
        "reason": pl.String,
        "lines": pl.UInt32,
        "first_date": pl.Date,
        "last_date": pl.Date,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").sort("rule_id", "state", "reason")


def missing_columns(rule: Rule, present: frozenset[str]) -> list[str]:
    """Columns without which `rule` is not evaluated and which no file has.

    The billing NPI may stand in for the rendering NPI (SPEC 2.2).
    """
    stand_in = {"rendering_npi"} if "billing_npi" in present else set()
    return [c for c in rule.columns if c not in present | stand_in]


def _row(rule_id: str, state: str, reason: str, lines: pl.DataFrame) -> dict[str, object]:
    """One coverage row over all lines."""
    return {
        "rule_id": rule_id,
        "state": state,
        "reason": reason,
        "lines": lines.height,
        "first_date": lines["date"].min(),
        "last_date": lines["date"].max(),
    }


_BY_RELEASE = {
    "mue-practitioner": ("mue_release", pl.col("mai").is_null(), "MUE table"),
    "fee-schedule": ("fee_release", ~pl.col("fee_known"), "fee schedule"),
}
"""Tables without row dates: the column that names a line's release, absence, and words."""


class _Reasons:
    """The ladder of reasons, as expressions over the lines."""

    def __init__(self, state: State) -> None:
        """Gather what the ladder needs beside the enriched lines."""
        self.state = state
        table = state.batch.facts.table
        lines = state.lines
        self.lines = lines.select(
            "row",
            "date",
            "lob",
            "patient",
            "s1",
            "s1_known",
            "crowded",
            "units",
            "mai",
            "fee_known",
            "c",
            table["mue_release"].gather(lines["ce"]),
            table["fee_release"].gather(lines["ce"]),
        )
        self.reference = state.batch.reference

    def count(self, rule: Rule) -> list[dict[str, object]]:
        """state, reason, lines, first_date and last_date of one rule's ladder."""
        ladder = list(self._ladder(rule))
        step = pl.lit(0, pl.UInt8)
        for number, (_, holds) in reversed(list(enumerate(ladder, start=1))):
            step = pl.when(holds).then(pl.lit(number, pl.UInt8)).otherwise(step)
        table = (
            self.lines.lazy()
            .select("date", step=step)
            .group_by("step")
            .agg(lines=pl.len(), first_date=pl.col("date").min(), last_date=pl.col("date").max())
            .collect()
        )
        words = [f"{JUDGED}: ", *(said for said, _ in ladder)]
        counted = []
        for row in table.iter_rows(named=True):
            state, reason = words[row.pop("step")].split(": ", 1)
            counted.append({"state": state, "reason": reason, **row})
        return counted

    def _ladder(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """(state: reason, condition) in the order in which they are tried."""
        scope = [*rule.profiles, *rule.review_for]
        for business, words in (
            ("medicaid", "Medicaid lines need Medicaid's own tables and rules"),
            ("commercial", "a Medicare rule, not applied to commercial lines"),
        ):
            if business not in scope:
                yield f"{NOT}: {words}", pl.col("lob") == business
        yield from self._joins(rule)
        if "units" in rule.columns and rule.id.startswith("MUE"):
            yield f"{NOT}: the line has no units", pl.col("units").is_null()
        yield from self._tables(rule)
        if rule.review_for:
            yield (
                f"{CAUTION}: at most at review where Medicare does not pay, or may not",
                pl.col("lob").is_in(rule.review_for),
            )
        if rule.shape != "line":
            yield (
                f"{CAUTION}: at most at review: the billing NPI stands in for the rendering NPI",
                ~pl.col("s1_known"),
            )

    def _joins(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """Why a line cannot be compared with others."""
        if rule.shape == "line":
            return
        yield f"{NOT}: the patient id is a placeholder", pl.col("patient").is_null()
        yield f"{NOT}: no practitioner on the line", pl.col("s1").is_null()
        yield (
            f"{NOT}: implausible day (over 500 lines of one patient and practitioner)",
            pl.col("crowded"),
        )

    def _tables(self, rule: Rule) -> Iterator[tuple[str, pl.Expr]]:
        """What the tables do not reach."""
        for kind in rule.tables:
            release = self.reference.release(kind)  # type: ignore[arg-type]
            if release is None:
                yield f"{NOT}: no {KINDS[kind]} are loaded", pl.lit(value=True)
                continue
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
        """Indices of the batch's codes that the starter table of `kind` holds."""
        batch = self.state.batch
        codes = batch.facts.codes.cast(pl.String)
        if kind == "ptp-practitioner":
            table = self.reference.ptp(codes)
            held = pl.concat([table["column1"], table["column2"]])
        elif kind == "aoc":
            rows = self.reference.addons(codes)
            held = pl.concat([rows["addon"], rows["primary"]])
        elif kind == "mue-practitioner":
            held = self.reference.mue(codes)["code"]
        else:
            held = self.reference.fees(codes)["code"]
        return batch.code_index(held.unique()).drop_nulls()
