"""The payer and its place as keys: spelling apart, and a blank one filled where that is safe."""

from __future__ import annotations

import polars as pl


def payer_key(raw: pl.DataFrame) -> pl.Expr | None:
    """The payer as a key: spelling apart, and a blank one as the patient's only payer.

    None where the whole batch has one payer at most.
    """
    spelled = pl.col("payer").str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    names = raw["payer"].drop_nulls().unique().to_frame()
    if names.select(spelled.n_unique()).item() < 2:  # noqa: PLR2004 - one payer separates nobody
        return None
    named = names.with_columns(_payer=spelled)
    payers = raw.select("patient_id", "payer").join(
        named, on="payer", how="left", maintain_order="left"
    )["_payer"]
    if payers.has_nulls():
        people = pl.DataFrame({"patient_id": raw["patient_id"], "_payer": payers}).with_row_index()
        blank = people.filter(pl.col("_payer").is_null()).select("index", "patient_id")
        only = (
            people.join(blank.select("patient_id").unique(), on="patient_id", how="semi")
            .group_by("patient_id")
            .agg(
                n=pl.col("_payer").drop_nulls().n_unique(),
                only=pl.col("_payer").drop_nulls().first(),
            )
            .filter(pl.col("n") == 1)
        )
        filled = blank.join(only, on="patient_id").select("index", "only")
        payers = (
            people.join(filled, on="index", how="left", maintain_order="left")
            .select(pl.coalesce("_payer", "only", pl.lit("")))
            .to_series()
        )
    return pl.lit(payers)


def sequence_key(raw: pl.DataFrame) -> pl.Expr | None:
    """The payer's place as a key, blank as primary; None where all lines have one place."""
    place = pl.col("payer_sequence").str.strip_chars().str.to_lowercase().fill_null("primary")
    place = place.replace({"p": "primary", "1": "primary", "s": "secondary", "2": "secondary"})
    distinct = raw["payer_sequence"].unique().to_frame()
    return place if distinct.select(place.n_unique()).item() > 1 else None
