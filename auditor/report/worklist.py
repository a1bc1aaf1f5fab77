"""The claims to look at, in the order to take them, and the order of the findings that follows.

Work is a claim with a finding that is certain or review and still open. Claims come by their
strongest tier, then by amount at risk, then by age: what is proved before what is not, and of the
like the dearest and then the oldest first. Where earlier nights are known, claims with something
new come before all others. An order by amount compares amounts of different bases
for want of a better one; none is ever added to another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.practice import MONEY_BASES
from auditor.report import seen
from auditor.report.figures import TIERS

if TYPE_CHECKING:
    from datetime import date

CLAIM = ("payer", "patient_id", "claim_id")
"""What tells one claim: claim ids of two payers or patients may be alike."""
REASONS = 3
"""Reasons that a claim's row tells; the others are counted."""
NAMES = 3
"""Practitioners that a claim's row names; the others are counted."""
LONGEST = 240
"""Letters of one reason."""

_INFO = TIERS.index("info")
# Of what tells nothing of money, what may still have some at stake is taken first.
_UNDETERMINED = ("not determined", "counted in another finding")


def ranked(found: pl.DataFrame) -> pl.DataFrame:
    """`found` with rank (of its tier, certain 0) and claim (a number for payer, patient, claim).

    Claims are numbered as they first appear.
    """
    claims = found.select(CLAIM).unique(maintain_order=True).with_row_index("claim")
    return found.join(
        claims, on=CLAIM, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(rank=pl.col("tier").replace_strict(TIERS, range(len(TIERS))).cast(pl.UInt8))


def claims_of(found: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The claims to look at, one row each, in the order to take them.

    `found` has schemas.Findings' columns, those of `ranked`, `open` (whether it waits for a
    decision), `decision` (what was decided of it before, or null), `received` (the day its
    claim was received, or null), and those of auditor.report.seen. Answers

    - claim: its number in `found`; order: its place, from 1
    - payer, patient_id, claim_id; rank and tier: the strongest among what is open
    - first_date, last_date: of service; days: from the last of them to `as_of`; received
    - npis: rendering NPIs, joined by a comma
    - findings, certain: how many are open, and how many of these are certain
    - amount: at risk of the strongest tier in its main basis (null: none is determined), and
      basis: of what, in words
    - why: the reasons in words; decision: what was decided before of what is open again
    - fresh, seen, first_seen, since: of auditor.report.seen, over what is open
    """
    work = found.filter(pl.col("open") & (pl.col("rank") < _INFO))
    basis = pl.col("amount_basis").replace_strict(
        MONEY_BASES, range(len(MONEY_BASES)), default=None, return_dtype=pl.UInt8
    )
    work = work.with_columns(basis=basis, strong=pl.col("rank") == pl.min("rank").over("claim"))
    main = pl.col("basis").filter("strong").min()
    counted = pl.col("strong") & (pl.col("basis") == main)
    claims = work.group_by("claim").agg(
        *(pl.col(name).first() for name in CLAIM),
        pl.col("rank").min(),
        first_date=pl.col("service_date").min(),
        last_date=pl.col("service_date").max(),
        received=pl.col("received").max(),
        npi=pl.col("rendering_npi").drop_nulls().unique().sort(),
        findings=pl.len(),
        certain=(pl.col("rank") == 0).sum(),
        amount=pl.when(main.is_not_null()).then(pl.col("amount_at_risk").filter(counted).sum()),
        counted=counted.sum(),
        main=main,
        bases=pl.col("amount_basis").filter("strong").unique().sort(),
        decision=pl.col("decision").drop_nulls().unique(maintain_order=True).head(REASONS),
        **seen.OF_CLAIM,
    )
    told = claims.join(_whys(work), on="claim", how="left").with_columns(
        tier=pl.col("rank").replace_strict(range(len(TIERS)), TIERS, return_dtype=pl.String),
        days=(pl.lit(as_of) - pl.col("last_date")).dt.total_days(),
        npis=_names(pl.col("npi")),
        decision=pl.when(pl.col("decision").list.len() > 0).then(
            pl.col("decision").list.join("\n")
        ),
    )
    told = seen.in_words(told, as_of).with_columns(basis=_basis())
    undetermined = pl.col("basis").is_in(_UNDETERMINED)
    standing = (
        pl.when(pl.col("amount") > 0).then(0).when(undetermined).then(1).otherwise(2).alias("left")
    )
    return (
        told.sort(
            "fresh",
            "rank",
            standing,
            -pl.col("amount"),
            "last_date",
            "payer",
            "patient_id",
            "claim_id",
            nulls_last=[False, False, False, True, False, False, False, False],
        )
        .drop("npi", "main", "bases", "counted")
        .with_row_index("order", offset=1)
    )


def in_order(found: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """`found` claim by claim as in `claims`, then what is decided, then what is for information.

    Within a claim new ones come first, of the like certain ones, and findings of one story stand
    together.
    """
    order = found.select("claim").join(
        claims.select("claim", "order"), on="claim", how="left", maintain_order="left"
    )["order"]
    waiting = pl.col("open") & (pl.col("rank") < _INFO)
    stage = pl.when(waiting).then(0).when(pl.col("rank") < _INFO).then(1).otherwise(2)
    nth = pl.int_range(pl.len(), dtype=pl.UInt32)
    return (
        found.with_columns(order, stage=stage.cast(pl.UInt8), nth_=nth)
        .with_columns(story=pl.min("nth_").over("claim", "story_id"))
        # What is for information stays as it came: nobody works it off claim by claim.
        .sort(
            "stage",
            pl.when(pl.col("stage") < 2).then("order"),  # noqa: PLR2004 - the last of the stages
            "fresh",
            "rank",
            pl.when(pl.col("stage") == 0).then("story"),
            "nth_",
            nulls_last=True,
        )
        .drop("order", "stage", "nth_", "story")
    )


def first_of(found: pl.DataFrame, cap: int) -> pl.DataFrame:
    """The first `cap` of `found`; never a weaker one where a stronger one must stay out."""
    if found.height <= cap:
        return found
    kept = found.select(
        pl.col("rank").rank("ordinal") <= cap  # ties in the order they come
    ).to_series()
    return found.filter(kept)


def _basis() -> pl.Expr:
    """'allowed, 2 certain findings; 1 more not added', or why there is no amount."""
    none = (
        pl.when(pl.col("bases").list.contains("not determined"))
        .then(pl.lit("not determined"))
        .otherwise(
            pl.when(pl.col("bases").list.contains("counted in another finding"))
            .then(pl.lit("counted in another finding"))
            .otherwise(pl.col("bases").list.join(", ").replace("none", "no amount"))
        )
    )
    named = pl.col("main").replace_strict(
        range(len(MONEY_BASES)), MONEY_BASES, default=None, return_dtype=pl.String
    )
    some = pl.format("{}, {} {} {}", named, "counted", "tier", _word("counted", "finding"))
    left = pl.col("findings") - pl.col("counted")
    more = pl.when(left > 0).then(pl.format("; {} more not added", left)).otherwise(pl.lit(""))
    return pl.when(named.is_null()).then(none).otherwise(pl.concat_str(some, more))


def _word(count: str, one: str) -> pl.Expr:
    return pl.when(pl.col(count) == 1).then(pl.lit(one)).otherwise(pl.lit(one + "s"))


def _names(names: pl.Expr) -> pl.Expr:
    """Some of a list of names, joined, and how many more there are."""
    more = names.list.len().cast(pl.Int64) - NAMES
    return pl.concat_str(
        names.list.head(NAMES).list.join(", "),
        pl.when(more > 0).then(pl.format(" and {} more", more)).otherwise(pl.lit("")),
    )


def _whys(work: pl.DataFrame) -> pl.DataFrame:
    """claim, why: each rule's first finding of a claim in words, and where else it stands.

    'Line 2: Add-on 77002 has no primary (AOC-1; also line 3).' Only the first sentence of
    a message: the others tell what was expected, and stand in Findings.
    """
    sentence = pl.coalesce(
        pl.col("message").str.extract(r"(?s)^(.+?)\.(?:\s+['A-Z0-9]|\s*$)"), "message"
    )
    short = pl.when(sentence.str.len_chars() > LONGEST).then(
        pl.concat_str(sentence.str.slice(0, LONGEST), pl.lit(" ..."))
    )
    named = sentence.str.contains(pl.col("code"), literal=True)
    where = pl.coalesce(
        pl.when(named).then(pl.format("Line {}", "line_number")),
        pl.format("Line {} ({})", "line_number", "code"),
        pl.when(~named).then("code"),
    )
    told = pl.concat_str(where, pl.coalesce(short, sentence), separator=": ", ignore_nulls=True)
    by_rule = (
        work.with_row_index("nth_")
        .sort("claim", "rank", "nth_")
        .select(
            "claim",
            "rule_id",
            "line_number",
            told=told,
            weaker=pl.when(pl.col("strong")).then(pl.lit("")).otherwise(pl.lit(", review")),
        )
        .group_by("claim", "rule_id", maintain_order=True)
        .agg(
            pl.col("told", "weaker").first(),
            lines=pl.col("line_number").slice(1).drop_nulls().unique(maintain_order=True),
            lone=pl.col("line_number").first(),
        )
        .with_columns(lines=pl.col("lines").list.set_difference(pl.concat_list("lone")))
    )
    others = pl.col("lines").list.sort().cast(pl.List(pl.String))
    many = pl.col("lines").list.len() > 1
    also = (
        pl.when(pl.col("lines").list.len() == 0)
        .then(pl.lit(""))
        .otherwise(
            pl.format(
                "; also line{} {}",
                pl.when(many).then(pl.lit("s")).otherwise(pl.lit("")),
                _names(others),
            )
        )
    )
    return (
        by_rule.with_columns(told=pl.format("{} ({}{}{}).", "told", "rule_id", "weaker", also))
        .group_by("claim")
        .agg(
            why=pl.col("told").head(REASONS).str.join("\n"),
            more=pl.max_horizontal(pl.len().cast(pl.Int64) - REASONS, pl.lit(0)),
        )
        .select(
            "claim",
            why=pl.when(pl.col("more") > 0)
            .then(pl.format("{}\nand {} more {}", "why", "more", _word("more", "reason")))
            .otherwise("why"),
        )
    )
