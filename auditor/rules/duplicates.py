"""Exact duplicates: the same line twice is set aside before anything else is judged on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.status import TRACKING

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.DUPLICATES
RULES = (
    Rule(
        id="DUP-1",
        name="exact-duplicate",
        tier="certain",
        shape="day",
        precedence=10,
        denies=True,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=(
            "patient_id",
            "service_date_from",
            "code",
            "modifiers",
            "units",
            "charge_amount",
        ),
        tables=(),
        flags="A line that repeats an earlier one: same patient, payer, practitioner, code, "
        "dates, place, modifiers (in any order, one written twice counting once), units and "
        "charge. The later line is flagged; later means received later, then claim id, then line "
        "number.",
        why="Payers deny an exact duplicate, and a duplicate that is paid is an overpayment.",
        not_flagged="Lines with a repeat or separation modifier (76, 77, 91, 59, XE, XS, XP, XU); "
        "a replacement or void claim (frequency 7 or 8) beside another claim; denied lines, "
        "which may be billed again; lines that a reversal takes back; drugs of different NDC; "
        "lines that differ in any of the fields above. A copy that asks for no payment (a charge "
        "of 0 or one cent) or that the payer priced at nothing is set aside and not told.",
        remedy="Void the repeated line, or report a repeat modifier if the record shows that the "
        "service was done again.",
        citation="CMS MM8121 (exact duplicate claims)",
        example_flag=("71046 claim=C1", "71046 claim=C2"),
        example_ok=("71046 claim=C1", "71046-76 claim=C2"),
    ),
)

_FURTHER_VACCINE = {"90471": "90472", "90473": "90474"}
"""The add-on for each vaccine after the first of the day."""


def story_of_claims(patient: str, claim: pl.Expr, other: pl.Expr) -> pl.Expr:
    """The root of a repeated line: a claim sent twice is one story, whatever its lines.

    Lines that one claim repeats in itself have each their own story. `patient`: the column that
    tells whose the lines are, because some offices number the claims of each patient from 1.
    """
    first = pl.col("row").min().over(patient, claim, other)
    return pl.when(claim != other).then(first)


def find(state: State) -> pl.DataFrame:
    """Later lines of groups that are equal in every field; also names them in `state`."""
    if "DUP-1" in state.silent:
        return no_hits()
    raw = state.batch.raw
    lines = (
        state.batch.lines.lazy()
        .filter(
            pl.col("day").is_not_null() & (pl.col("n_day") > 1),
            ~pl.col("has_repeat"),
            ~pl.col("denied") & ~pl.col("cancelled") & ~pl.col("credit"),
        )
        .select("row", "day", "c", "ce", "m", "firm", "frequency", "is_em", "is_lab")
        .collect()
    )
    # Cheap first: only codes that stand twice on the day can repeat.
    lines = lines.filter(state.batch.day_code().is_duplicated())
    if lines.is_empty():
        return no_hits()
    rows = lines["row"]
    fields = raw.select(
        "claim_id",
        "payer_claim_id",
        "allowed_amount",
        "paid_amount",
        "line_number",
        "received_date",
        "service_date_to",
        "place_of_service",
        "units",
        "charge_amount",
        "ndc",
        "source_file",
        "source_row",
    )[rows]
    mods = state.batch.mods["sorted_mods"][lines["m"]].alias("sorted_mods")
    # Claims of which one may replace the other never duplicate each other; lines of one claim may.
    changed = pl.col("frequency").is_in(["7", "8"]).fill_null(value=False)
    key = [
        "own_claim",
        "day",
        "c",
        "service_date_to",
        "place_of_service",
        "sorted_mods",
        "units",
        "charge_amount",
        "ndc",
    ]
    lines = pl.concat([lines, fields, mods.to_frame()], how="horizontal").with_columns(
        own_claim=pl.when(changed).then(
            pl.concat_str("claim_id", pl.col("payer_claim_id").fill_null(""))
        )
    )
    lines = lines.with_columns(state.batch.sent_of(rows)).sort(
        "sent",
        "received_date",
        "claim_id",
        "line_number",
        "source_file",
        "source_row",
        nulls_last=False,
    )
    first = (
        lines.group_by(key, maintain_order=True)
        .agg(other=pl.col("row").first(), n=pl.len())
        .filter(pl.col("n") > 1)
    )
    # Neither allowed nor paid may be a denial without the word, after which billing again is right.
    unpaid = (pl.col("allowed_amount") == 0) & (pl.col("paid_amount") == 0)
    known = pl.col("firm") & ~unpaid.fill_null(value=False)
    earlier_known = (known.cast(pl.Int32).cum_sum() - known.cast(pl.Int32)).over(key) > 0
    later = (
        lines.with_columns(sure=known & earlier_known)
        .join(first, on=key, nulls_equal=True, maintain_order="left")
        .filter(pl.col("row") != pl.col("other"))
        .with_columns(tier=pl.when("sure").then(CERTAIN).otherwise(REVIEW))
    )
    state.duplicates = later["row"]
    nothing = unpaid | (pl.col("charge_amount") <= TRACKING)
    later = later.filter(~nothing.fill_null(value=False))
    texts = raw.select(code="code", dos="service_date_from", whose="patient_id")[later["row"]]
    table = state.batch.facts.table
    sides = table.select(sides="bilateral")[later["ce"]]
    first_of = raw.select(claim="claim_id", number="line_number")[later["other"]]
    later = pl.concat(
        [
            later.select("row", "other", "tier", "is_em", "is_lab", "claim_id"),
            texts,
            first_of,
            sides,
        ],
        how="horizontal",
    )
    return hits(
        later,
        "DUP-1",
        tier=pl.col("tier"),
        other=pl.col("other"),
        other_code=pl.col("code"),
        root=story_of_claims("whose", pl.col("claim_id"), pl.col("claim")),
        message=pl.format(
            "{} on {} repeats line {} of claim {} in every field that a payer compares.",
            pl.col("code"),
            pl.col("dos"),
            pl.col("number").cast(pl.String).fill_null("?"),
            pl.col("claim"),
        ),
        remedy=pl.when(pl.col("is_em"))
        .then(
            pl.lit(
                "Void this line, unless the record shows two visits of the day; then say so to the "
                "payer, because no repeat modifier fits a visit."
            )
        )
        .when(pl.col("is_lab"))
        .then(pl.lit("Void this line; if the test was repeated for care, report 91 on it."))
        .when(pl.col("code").is_in([*_FURTHER_VACCINE]))
        .then(
            pl.format(
                "Void this line. If the record shows another vaccine, report its administration "
                "as {}.",
                pl.col("code").replace(_FURTHER_VACCINE),
            )
        )
        .when(pl.col("sides").is_in(["1", "3"]))
        .then(
            pl.lit(
                "Void this line. If the record shows both sides, report 50 on one line, or LT and "
                "RT where the payer wants two; if the service was done again, report 76 on this "
                "one."
            )
        )
        .otherwise(
            pl.lit(
                "Void this line. If the record shows more units, report them on one line; if the "
                "service was done again, report 76 on this one."
            )
        ),
    )
