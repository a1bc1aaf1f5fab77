"""Two audits of the same claims, each against its own reference tables, laid side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from auditor.reference.interface import Kind, Reference, Release

CHANGES = ("appears", "disappears", "changes")
NO_ROW = "no row"
PIECES = 3
"""So many rows are told of one finding; an add-on may have hundreds of primaries."""
_BOTH = ("tier", "amount_at_risk", "amount_basis", "table_release", "table_row")
"""Columns of a finding that are told for each of the two; the first three make it another."""
_FACILITY = frozenset({"ptp-hospital", "mue-hospital", "mue-dme"})
"""Kinds that judge no professional claim."""
_DATES = ("effective", "deletion")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What other reference tables would have found on the same claims."""

    findings: pl.DataFrame
    """schemas.ComparedFindings, by rule and change."""
    same: int
    """Findings that are alike with both."""
    releases: tuple[Release, ...]
    """Of the tables compared with."""

    @property
    def counts(self) -> dict[str, int]:
        """Findings by change, every change named."""
        told = dict(self.findings["change"].value_counts().iter_rows())
        return {change: told.get(change, 0) for change in CHANGES}

    def by_rule(self) -> pl.DataFrame:
        """rule_id, rule_name, appears, disappears, changes: number of findings, in rule order."""
        import polars as pl  # noqa: PLC0415 - importing this module stays cheap

        return (
            self.findings.group_by("rule_id", "rule_name")
            .agg((pl.col("change") == c).sum().cast(pl.Int64).alias(c) for c in CHANGES)
            .sort("rule_id", "rule_name")
        )

    def table_changes(self) -> pl.DataFrame:
        """rule_id, change, table_change, findings: the rows behind them, the commonest first."""
        import polars as pl  # noqa: PLC0415 - as above

        return (
            self.findings.filter(pl.col("table_change") != "")
            .group_by("rule_id", "change", "table_change")
            .agg(findings=pl.len().cast(pl.Int64))
            .sort("findings", "rule_id", "change", "table_change", descending=[True, *[False] * 3])
        )


def compare(
    findings: pl.DataFrame,
    others: pl.DataFrame,
    reference: Reference,
    other: Reference,
    billed: pl.Series | None = None,
) -> Comparison:
    """What differs between `findings`, made with `reference`, and `others`, made with `other`.

    Both are schemas.Findings of the same claims and options. A finding is known by its
    finding_id; one of both is a change where its tier, amount or basis is another. Of many table
    rows behind one finding those that name a code `billed` in the claims are told first.
    """
    import polars as pl  # noqa: PLC0415 - as above

    from schemas import ComparedFindings, dtypes  # noqa: PLC0415 - as above

    wanted = dtypes(ComparedFindings)
    once = [c for c in wanted if c in findings.columns and c not in (*_BOTH, "finding_id")]
    here = findings.select("finding_id", *once, *_BOTH)
    there = others.select("finding_id", *once, *_BOTH)
    joined = here.join(there, on="finding_id", how="full", coalesce=True, suffix="_other")
    found, found_there = (pl.col(c).is_not_null() for c in ("tier", "tier_other"))
    other_now = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_other")) for c in _BOTH[:3])
    joined = joined.with_columns(
        pl.when(~found)
        .then(pl.lit("appears"))
        .when(~found_there)
        .then(pl.lit("disappears"))
        .when(other_now)
        .then(pl.lit("changes"))
        .alias("change"),
        *(pl.coalesce(c, f"{c}_other").alias(c) for c in once),
    ).rename({f"{c}_other": f"other_{c}" for c in _BOTH})
    changed = joined.filter(pl.col("change").is_not_null())
    told = _table_changes(changed, reference, other, billed)
    order = pl.col("change").replace_strict(CHANGES, range(len(CHANGES)))
    return Comparison(
        findings=changed.join(told, on="finding_id", how="left")
        .with_columns(pl.col("table_change").fill_null(""))
        .select(pl.col(name).cast(dtype) for name, dtype in wanted.items())
        .sort(
            "rule_id", order, "claim_id", "line_number", "source_file", "source_row", "finding_id"
        ),
        same=joined.height - changed.height,
        releases=other.releases(),
    )


def _table_changes(
    changed: pl.DataFrame, reference: Reference, other: Reference, billed: pl.Series | None
) -> pl.DataFrame:
    """finding_id, table_change: of the findings whose rows are not alike in both."""
    import polars as pl  # noqa: PLC0415 - as above

    parts = [
        _of_kind(kind, asked, reference, other)
        for kind, asked in _by_kind(changed, reference, other)
        if asked.height
    ]
    if not parts:
        return pl.DataFrame(schema={"finding_id": pl.String, "table_change": pl.String})
    codes = pl.Series([], dtype=pl.String) if billed is None else billed.unique()
    more = pl.len().cast(pl.Int64) - PIECES
    shown = pl.col("piece").head(PIECES).str.join("; ")
    return (
        pl.concat(parts)
        .sort("finding_id", ~pl.col("row_other").is_in(codes.implode()), "piece")
        .group_by("finding_id", maintain_order=True)
        .agg(
            table_change=pl.when(more > 0)
            .then(pl.format("{}; and {} more rows", shown, more))
            .otherwise(shown)
        )
    )


def _by_kind(
    changed: pl.DataFrame, reference: Reference, other: Reference
) -> Iterator[tuple[Kind, pl.DataFrame]]:
    """Of each kind of table the findings that it decided, with either of the two.

    The release that a finding cites tells the kind; starter tables share a label, and there the
    tables that the rule declares tell it.
    """
    import polars as pl  # noqa: PLC0415 - as above

    from auditor.reference.changes import SHAPES  # noqa: PLC0415 - as above
    from auditor.rules import catalogue  # noqa: PLC0415 - as above

    known = (*reference.releases(), *other.releases())
    cited = pl.col("table_release"), pl.col("other_table_release")
    starter = {r.label for r in known if r.starter}
    for kind in SHAPES:
        if kind in _FACILITY:
            continue
        labels = [r.label for r in known if r.kind == kind and not r.starter]
        rules = [rule.id for rule in catalogue() if kind in rule.tables]
        mine = pl.any_horizontal(
            each.is_in(labels) | (each.is_in(starter) & pl.col("rule_id").is_in(rules))
            for each in cited
        )
        yield kind, changed.filter(mine.fill_null(value=False))


def _of_kind(
    kind: Kind, asked: pl.DataFrame, reference: Reference, other: Reference
) -> pl.DataFrame:
    """finding_id, row_other, piece: the rows in force on the day that are not alike in both."""
    import polars as pl  # noqa: PLC0415 - as above

    from auditor.reference.changes import (  # noqa: PLC0415 - as above
        SHAPES,
        in_force,
        row_text,
        value_text,
    )

    shape, paired = SHAPES[kind], kind.startswith("ptp")
    said = {name: word for name, word in shape.fields.items() if name not in _DATES}
    codes = pl.concat([asked["code"], asked["counterpart_code"]]).drop_nulls().unique()
    # Behind a visit after surgery stands the row of the surgery: both codes are asked about.
    counterpart = pl.col("counterpart_code")
    found = asked.select("finding_id", key_code="code", key_other=counterpart, date="service_date")
    if not paired:
        other_way = found.select(
            "finding_id", key_code="key_other", key_other="key_other", date="date"
        )
        found = pl.concat([found, other_way]).with_columns(key_other=pl.lit(""))
    found = found.drop_nulls()
    days = found.select("date", code="key_code", other_code="key_other")
    keys = ["key_code", "key_other", "date", "row_code", "row_other"]
    sides = [
        in_force(kind, _table(each, kind, codes), days).select(
            "key_code",
            "key_other",
            "date",
            row_code=shape.code,
            row_other=pl.lit("") if shape.other is None else pl.col(shape.other),
            says=row_text(shape, without=_DATES),
            **{f"is_{name}": value_text(name, name) for name in said},
        )
        for each in (reference, other)
    ]
    differ = (
        sides[0]
        .join(sides[1], on=keys, how="full", coalesce=True, suffix="_other")
        .filter(pl.col("says").ne_missing(pl.col("says_other")))
    )
    # Of a row that stands in both what is not alike, of any other one all that it says.
    fields = [
        pl.when(pl.col(f"is_{name}") != pl.col(f"is_{name}_other")).then(
            pl.format("{} {} -> {}", pl.lit(word), f"is_{name}", f"is_{name}_other")
        )
        for name, word in said.items()
    ]
    named = pl.concat_str(
        "row_code", pl.when(pl.col("row_other") != "").then("row_other"), separator="/",
        ignore_nulls=True,
    )  # fmt: skip
    pieces = differ.with_columns(
        piece=pl.concat_str(
            named,
            pl.when(pl.col("says").is_null())
            .then(pl.format("{} -> {}", pl.lit(NO_ROW), "says_other"))
            .when(pl.col("says_other").is_null())
            .then(pl.format("{} -> {}", "says", pl.lit(NO_ROW)))
            .otherwise(pl.concat_str(fields, separator=", ", ignore_nulls=True)),
            separator=": ",
        ),
    )
    met = found.join(pieces, on=["key_code", "key_other", "date"])
    return met.select("finding_id", "row_other", "piece").unique()


def _table(reference: Reference, kind: Kind, codes: pl.Series) -> pl.DataFrame:
    """The table of `kind` cut down to `codes`."""
    if kind.startswith("ptp"):
        return reference.ptp(codes)
    if kind == "aoc":
        return reference.addons(codes)
    if kind == "fee-schedule":
        return reference.fees(codes)
    return reference.hcpcs() if kind == "hcpcs" else reference.mue(codes)
