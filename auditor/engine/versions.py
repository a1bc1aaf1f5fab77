"""Voids and replacements, resolved before any line is compared with another (SPEC 1).

A claim of frequency 8 is dropped together with the claim it names; of the replacements
(frequency 7) of one original only the newest is kept. A claim that names nothing in the batch is
kept and called unresolved. `original_claim_id` is the payer's control number, so it is looked up
among `payer_claim_id`, and among `claim_id` where the files have no such number at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_CLAIM = ["patient_id", "claim_id"]


@dataclass(frozen=True, slots=True)
class Versions:
    """Which lines stand, which are set aside, and what could not be resolved."""

    lines: pl.DataFrame
    """The claim lines that stand, with all their columns."""
    set_aside: pl.DataFrame
    """source_file, source_row, claim_id, reason ('void' or 'superseded')."""
    unresolved: pl.DataFrame
    """patient_id, claim_id of standing claims that name an original which is not in the batch;
    findings that need such a claim and another one are review."""


def resolve(lines: pl.DataFrame) -> Versions:
    """Drop voided and superseded claims from `lines` (schemas.ClaimLines)."""
    later = pl.col("claim_frequency").is_in(["7", "8"])
    none = pl.DataFrame(schema={"patient_id": pl.String, "claim_id": pl.String})
    nothing = lines.head(0).select("source_file", "source_row", "claim_id", reason=pl.lit("void"))
    if not lines.select(later.any()).item():
        return Versions(lines, nothing, none)
    patients = lines.filter(later).select("patient_id").unique()
    claims = (
        lines.join(patients, on="patient_id", how="semi")
        .group_by(_CLAIM)
        .agg(
            pl.col("claim_frequency").max(),  # 7 and 8 are said on the whole claim
            pl.col("original_claim_id").drop_nulls().min(),
            pl.col("payer_claim_id").drop_nulls().min(),
            pl.col("received_date").max(),
        )
    )
    changes = claims.filter(later)
    named = _named(changes, claims)
    unresolved = changes.join(named, left_on=_CLAIM, right_on=["patient_id", "by"], how="anti")
    newest = (
        changes.filter(pl.col("claim_frequency") == "7", pl.col("original_claim_id").is_not_null())
        .sort("received_date", "claim_id", nulls_last=False)
        .group_by("patient_id", "original_claim_id")
        .agg(pl.col("claim_id").last())
    )
    older = changes.filter(
        pl.col("claim_frequency") == "7", pl.col("original_claim_id").is_not_null()
    ).join(newest, on=["patient_id", "original_claim_id", "claim_id"], how="anti")
    voids = changes.filter(pl.col("claim_frequency") == "8").join(
        named, left_on=_CLAIM, right_on=["patient_id", "by"], how="semi"
    )
    voided = named.join(voids, left_on=["patient_id", "by"], right_on=_CLAIM, how="semi")
    reasons = (
        pl.concat(
            [
                voids.select(*_CLAIM, reason=pl.lit("void")),
                voided.select("patient_id", claim_id="original", reason=pl.lit("void")),
                older.select(*_CLAIM, reason=pl.lit("superseded")),
                named.select("patient_id", claim_id="original", reason=pl.lit("superseded")),
            ]
        )
        .unique(_CLAIM, keep="first", maintain_order=True)
        .rename({"reason": "_reason"})
    )
    marked = lines.join(reasons, on=_CLAIM, how="left", maintain_order="left")
    aside = marked.filter(pl.col("_reason").is_not_null()).select(
        "source_file", "source_row", "claim_id", reason="_reason"
    )
    standing = marked.filter(pl.col("_reason").is_null()).drop("_reason")
    return Versions(standing, aside, unresolved.select(_CLAIM))


def _named(changes: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """patient_id, by (the claim that names), original (the claim that is named)."""
    wanted = changes.filter(pl.col("original_claim_id").is_not_null()).select(
        "patient_id", by="claim_id", number="original_claim_id"
    )
    known = claims.select(
        "patient_id",
        number=pl.col(
            "claim_id"
            if claims["payer_claim_id"].null_count() == claims.height
            else "payer_claim_id"
        ),
        original="claim_id",
    )
    return (
        wanted.join(known, on=["patient_id", "number"], how="inner")
        .filter(pl.col("by") != pl.col("original"))
        .select("patient_id", "by", "original")
    )
