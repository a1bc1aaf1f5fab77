"""Voids and replacements, resolved before any line is compared with another (SPEC 1).

A claim of frequency 8 is dropped together with the claim it names; one that names none at all (its
status is void) asks for no payment and is dropped alone. Of the replacements (frequency 7) of one
original only the newest is kept. A claim that names one which is not in the batch is kept and
called unresolved. `original_claim_id` is the payer's control number, so it is looked up among
`payer_claim_id`, and among `claim_id` where the lines have no such number at all. Where that finds
nothing, a void or replacement that keeps the claim id and the first day of another claim of the
patient and payer means that one: exports rarely carry the payer's number of a claim that was not
paid yet, and the void that follows does.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from auditor.engine.payers import payer_key, sequence_key

CLAIM = (
    "patient_id",
    "payer",
    "payer_sequence",
    "claim_id",
    "claim_frequency",
    "original_claim_id",
    "payer_claim_id",
)
"""What tells one claim: a replacement often keeps the claim id of its original and changes the
rest, and a secondary claim repeats the primary's number."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Which lines are set aside, and which claims name an original that is not there."""

    gone: pl.Series
    """Rows (0-based places in the lines) of voided and superseded claims, sorted."""
    set_aside: pl.DataFrame
    """source_file, source_row, claim_id, reason ('void' or 'superseded')."""
    claims: pl.DataFrame
    """row, claim, loose of the patients that have a changed claim: the index of each line's claim,
    and whether it names an original that is not in the batch. Findings that need such a claim and
    another one are review."""


def resolve(
    lines: pl.DataFrame, sent: pl.Series | None = None, *, numbered: bool = False
) -> Versions:
    """Find the voided and superseded claims among `lines` (schemas.ClaimLines).

    `sent`: when each line was sent, more is later; it decides where the dates of receipt do not.
    `numbered`: lines that are not here carry payer's numbers, whether or not these do.
    """
    later = pl.col("claim_frequency").is_in(["7", "8"])
    nothing = lines.head(0).select("source_file", "source_row", "claim_id", reason=pl.lit("void"))
    if not lines.select(later.any()).item():
        return Versions(pl.Series(dtype=pl.UInt32), nothing, pl.DataFrame())
    # Only the few patients with a changed claim are looked at, not the whole batch.
    patients = lines.filter(later)["patient_id"].unique()
    ids = lines.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        *CLAIM,
        "received_date",
        "service_date_from",
        sent=pl.lit(0, pl.Int64) if sent is None else sent,
    )
    ids = ids.filter(pl.col("patient_id").is_in(patients.implode()))
    payer, place = payer_key(ids), sequence_key(ids)
    ids = ids.with_columns(
        payer=pl.lit("") if payer is None else payer,
        payer_sequence=pl.lit("primary") if place is None else place,
    )
    claims = (
        ids.group_by(CLAIM)
        .agg(pl.col("received_date", "sent").max(), begins=pl.col("service_date_from").min())
        .sort(CLAIM, nulls_last=False)
        .with_row_index("claim")
    )
    changes = claims.filter(later)
    numbered = numbered or lines["payer_claim_id"].null_count() < lines.height
    named = _named(changes, claims, "payer_claim_id" if numbered else "claim_id")
    named = pl.concat(
        [named, _of_own_id(changes.join(named, left_on="claim", right_on="by", how="anti"), claims)]
    )
    nameless = (pl.col("claim_frequency") == "8") & pl.col("original_claim_id").is_null()
    unresolved = changes.filter(~nameless).join(named, left_on="claim", right_on="by", how="anti")
    sevens = changes.filter(pl.col("claim_frequency") == "7")
    older = _beaten(sevens, named)
    eights = changes.filter(pl.col("claim_frequency") == "8")
    naming = eights.join(named, left_on="claim", right_on="by", how="semi")
    voids = pl.concat([naming, changes.filter(nameless)])
    voided = named.join(voids, left_on="by", right_on="claim", how="semi")
    reasons = pl.concat(
        [
            voids.select("claim", _reason=pl.lit("void")),
            voided.select(claim="original", _reason=pl.lit("void")),
            older.select("claim", _reason=pl.lit("superseded")),
            named.select(claim="original", _reason=pl.lit("superseded")),
        ]
    ).unique("claim", keep="first", maintain_order=True)
    gone = claims.join(reasons, on="claim").select(*CLAIM, "_reason")
    rows = ids.join(gone, on=CLAIM, nulls_equal=True).sort("row")
    aside = lines.select("source_file", "source_row", "claim_id")[rows["row"]]
    aside = aside.with_columns(rows["_reason"].alias("reason"))
    indexed = ids.join(claims.select("claim", *CLAIM), on=CLAIM, nulls_equal=True)
    loose = pl.col("claim").is_in(unresolved["claim"].implode())
    return Versions(rows["row"], aside, indexed.select("row", "claim", loose=loose))


def _beaten(sevens: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """claim: replacements that are not the newest of their chain.

    A chain is tied by naming and by naming the same number; of its replacements that no other
    replaces, the one received last stands, or sent last.
    """
    chain = ["patient_id", "payer", "payer_sequence", "original_claim_id"]
    dated = sevens.filter(pl.col("original_claim_id").is_not_null())
    same = dated.select(a="claim", b=pl.col("claim").min().over(chain))
    by_seven = named.join(sevens.select("claim"), left_on="by", right_on="claim", how="semi")
    ties = pl.concat([same, by_seven.select(a="by", b="original")])
    label = pl.concat([ties.select(claim="a"), ties.select(claim="b")]).unique()
    label = label.with_columns(chain=pl.col("claim"))
    while True:  # the least index of a chain spreads over it; chains are a few claims long
        met = ties.join(label, left_on="a", right_on="claim").join(
            label, left_on="b", right_on="claim", suffix="_b"
        )
        least = pl.min_horizontal("chain", "chain_b")
        lower = (
            pl.concat([met.select(claim="a", to=least), met.select(claim="b", to=least)])
            .group_by("claim")
            .agg(pl.col("to").min())
        )
        spread = label.join(lower, on="claim").select("claim", chain="to").sort("claim")
        if spread.equals(label.sort("claim")):
            break
        label = spread
    tips = dated.join(by_seven, left_on="claim", right_on="original", how="anti")
    tips = tips.join(label, on="claim").sort(
        "received_date", "sent", "claim_id", "claim", nulls_last=False
    )
    newest = pl.int_range(pl.len()).over("chain") == pl.len().over("chain") - 1
    return tips.filter(~newest).select("claim")


def _named(changes: pl.DataFrame, claims: pl.DataFrame, own: str) -> pl.DataFrame:
    """Indices of claims: `by` names, `original` is named by the number in column `own`."""
    who = ["patient_id", "payer", "payer_sequence", "number"]
    wanted = changes.filter(pl.col("original_claim_id").is_not_null()).rename(
        {"original_claim_id": "number", "claim": "by"}
    )
    known = claims.filter(pl.col(own).is_not_null()).rename({own: "number", "claim": "original"})
    met = wanted.select(*who, "by").join(known.select(*who, "original"), on=who, nulls_equal=True)
    return met.filter(pl.col("by") != pl.col("original")).select("by", "original")


def _of_own_id(changes: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """`by` and `original` of `changes` that keep the id and first day of the claim they change.

    One that was received after the change is billed anew.
    """
    who = ["patient_id", "payer", "payer_sequence", "claim_id", "begins"]
    own = changes.select(*who, by="claim", frequency="claim_frequency", known="received_date")
    met = own.join(claims.rename({"claim": "original"}), on=who, nulls_equal=True)
    other = pl.col("claim_frequency").fill_null("1")
    means = (
        pl.when(pl.col("frequency") == "8").then(other != "8").otherwise(~other.is_in(["7", "8"]))
    )
    later = (pl.col("received_date") > pl.col("known")).fill_null(value=False)
    return met.filter(means & ~later).select("by", "original")
