"""The columns of enriched lines: what a line says itself, and what is known of its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.codes import NEVER_PAYS
from auditor.engine.credits import credit
from auditor.engine.lacking import LONGEST_SPAN

if TYPE_CHECKING:
    from auditor.engine.codes import CodeFacts

_FACT_FLAGS = (
    "is_lab",
    "is_em",
    "is_visit",
    "is_soft",
    "is_new",
    "addon",
    "status",
    "pctc",
    "global_days",
    "bilateral",
    "mue_value",
    "mai",
    "sided",
    "hint_never_pays",
)
_MOD_FLAGS = (
    "has_24",
    "has_25",
    "has_57",
    "has_2457",
    "has_tc",
    "has_50",
    "has_51",
    "has_separate",
    "has_repeat",
    "has_jw",
    "has_gxgy",
    "component",
)


def narrow(raw: pl.DataFrame, codes: pl.Series, mods: pl.Series) -> pl.DataFrame:
    """What each of the `raw` lines says itself."""
    return raw.select(
        "row",
        date="service_date_from",
        span=_span(),
        c=pl.col("code").cast(pl.Enum(codes)).to_physical().cast(pl.UInt32),
        m=pl.col("modifiers").cast(pl.Enum(mods)).to_physical().cast(pl.UInt32),
        units=pl.col("units"),
        pos=pl.col("place_of_service"),
        lob=pl.col("line_of_business"),
        charge=pl.col("charge_amount"),
        denied=(pl.col("paid_status") == "denied").fill_null(value=False),
        frequency=pl.col("claim_frequency"),
        birth=pl.col("patient_birth_date"),
        vague=pl.col("claim_dates") & (pl.col("service_date_to") > pl.col("service_date_from")),
        credit=credit(),
    )


def enriched(lines: pl.DataFrame, facts: CodeFacts, mods: pl.DataFrame) -> pl.DataFrame:
    """Add what is known of each line's code (at `ce`) and modifiers (at `m`)."""
    return lines.with_columns(
        *facts.table.select(_FACT_FLAGS)[lines["ce"]],
        *mods.select(_MOD_FLAGS)[lines["m"]],
    ).with_columns(
        medicare=pl.col("lob") == "medicare",
        fee_known=pl.col("status").is_not_null(),
        live=(pl.col("units").fill_null(1000) > 0) & ~pl.col("credit"),
        never_pays=pl.col("status").is_in(NEVER_PAYS).fill_null(value=False),
        mue_zero=(
            (pl.col("mue_value") == 0)
            & (pl.col("units") > 0)
            & ~pl.col("has_gxgy")
            & (pl.col("lob") != "medicaid")
        ).fill_null(value=False),
    )


def later_epochs(
    lines: pl.DataFrame, first_epoch: pl.Series, facts: CodeFacts, mods: pl.DataFrame
) -> pl.DataFrame:
    """Span lines at the facts of each epoch after their first."""
    spans = lines.with_columns(_first=first_epoch).filter(pl.col("days") > 1)
    ends = (spans["date"].cast(pl.Int32) + spans["days"] - 1).cast(pl.Date)
    spans = spans.with_columns(_last=facts.epoch_of(ends)).filter(
        pl.col("_last") > pl.col("_first")
    )
    if spans.is_empty():
        return lines.clear()
    epochs = pl.int_ranges(pl.col("_first") + 1, pl.col("_last") + 1, dtype=pl.UInt32)
    spans = spans.with_columns(_epoch=epochs).explode("_epoch", empty_as_null=False)
    spans = spans.with_columns(ce=pl.col("c") * len(facts.epochs) + pl.col("_epoch"))
    return enriched(spans, facts, mods).select(lines.columns)


def _span() -> pl.Expr:
    """Days from first to last service; reversed dates count as one day (DAT-2 names them)."""
    days = (pl.col("service_date_to") - pl.col("service_date_from")).dt.total_days() + 1
    return pl.when(days > 1).then(days).otherwise(1).cast(pl.Int32)


def days() -> pl.Expr:
    """Days on which a line meets other lines; a span over a year meets them on its first day."""
    return pl.when(pl.col("span") <= LONGEST_SPAN).then("span").otherwise(1)
