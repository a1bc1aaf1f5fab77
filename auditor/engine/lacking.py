"""Lines beside which one may be missing, because a row of their claim or day was rejected."""

from __future__ import annotations

import polars as pl

LONGEST_SPAN = 366
"""A span over a year meets other lines on its first day only."""


def lacking(raw: pl.DataFrame, rejected: pl.DataFrame) -> pl.Series:
    """Rows of a claim or patient-day that has a rejected line: it may be the one that is missed.

    A rejected row is known by its first day alone, and may span as many days as the line does: on
    whichever of the line's days it begins, the whole line is held to lack it.
    """
    if rejected.is_empty():
        return pl.Series(dtype=pl.UInt32)
    claims = rejected.filter(pl.col("claim_id").is_not_null()).select("claim_id").unique()
    days = (
        rejected.filter(pl.col("patient_id").is_not_null(), pl.col("service_date").is_not_null())
        .select("patient_id", day="service_date")
        .unique()
    )
    # A rejected line without a date may belong to any day of its patient.
    strays = rejected.filter(pl.col("service_date").is_null()).select("patient_id")
    strays = strays.drop_nulls().unique()
    ids = raw.select("row", "claim_id", "patient_id", day="service_date_from")
    found = [
        ids.join(claims, on="claim_id", how="semi"),
        ids.join(days, on=["patient_id", "day"], how="semi"),
        ids.join(strays, on="patient_id", how="semi"),
        _later_days(raw, days).join(days, on=["patient_id", "day"], how="semi"),
    ]
    return pl.concat([each["row"] for each in found]).unique()


def _later_days(raw: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """row, patient_id, day of the days after their first of lines that span several."""
    first, last = pl.col("service_date_from"), pl.col("service_date_to")
    length = (last - first).dt.total_days()
    spans = raw.lazy().filter(length.is_between(1, LONGEST_SPAN - 1)).collect()
    spans = spans.select("row", "patient_id", "service_date_from", "service_date_to").join(
        days.select("patient_id").unique(), on="patient_id", how="semi"
    )
    each = pl.date_ranges(first + pl.duration(days=1), last)
    return spans.select("row", "patient_id", day=each).explode("day", empty_as_null=False)
