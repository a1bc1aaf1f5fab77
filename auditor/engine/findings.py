"""From hits to findings: one headline a denied line, money, identities, a total order."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.engine.credits import MAY_BE_TAKEN_BACK, other_doubt, own_doubt
from auditor.engine.hits import REVIEW, TIER_NAMES
from auditor.engine.money import at_risk
from auditor.engine.rebilled import rebilled
from auditor.rules import catalogue
from schemas import SeparablePairs, empty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.engine.state import State
    from auditor.result import AuditOptions

SCHEMA_VERSION = 1
LEDGER = "PTP-BYP"
"""The rule whose pairs are handed over, met or separated."""
_RULES: dict[str, pl.DataType | type[pl.DataType]] = {
    "rule_id": pl.String,
    "rule_name": pl.String,
    "precedence": pl.Int32,
    "denies": pl.Boolean,
    "amount": pl.String,
    "citation": pl.String,
    "speaks": pl.Boolean,
    "best": pl.String,
    "shape": pl.String,
    "profiles": pl.List(pl.String),
}


class Assembled(NamedTuple):
    """What an audit found, and where."""

    findings: pl.DataFrame
    """schemas.Findings."""
    places: pl.DataFrame
    """row, other: for each finding the place of its line, and of its counterpart or null, among
    the lines that were looked at; of a part of a batch their line_key."""
    pairs: pl.DataFrame
    """schemas.SeparablePairs."""


def assemble(state: State, chosen: frozenset[str], options: AuditOptions) -> Assembled:
    """The findings of the hits of the `chosen` rules."""
    hits = state.judged().filter(pl.col("rule_id").is_in(chosen))
    hits = _held_down(hits, options).join(_rule_table(), on="rule_id")
    # What denies a line that was denied, corrected and billed again is told on the new claim.
    settled = pl.col("row").is_in(rebilled(state).implode())
    hits = _headlines(hits.filter(~(pl.col("denies") & settled)))
    pairs = _pairs(state, chosen).filter(~settled)
    lines = state.batch.raw
    frame = pl.concat([hits, lines.drop("row")[hits["row"]]], how="horizontal")
    named = ["claim_id", "line_number"]
    other = pl.concat([lines.select(named), state.abroad.select(named)])
    other = other.rename({name: f"counterpart_{name}" for name in named})
    frame = (
        frame.with_columns([other[c][frame["other"]].alias(c) for c in other.columns])
        if frame.height
        else frame.with_columns(
            counterpart_claim_id=pl.lit(None, pl.String),
            counterpart_line_number=pl.lit(None, pl.Int32),
        )
    )
    frame = frame.with_columns(at_home=pl.col("line_of_business").is_in(pl.col("profiles")))
    frame = _releases(frame, state)
    frame = _why_review(frame, state)
    frame = _old_tables(frame, options.rules.release_gap_review)
    frame = at_risk(frame, state)
    frame = _identify(frame, state)
    findings, places = _finish(frame, options)
    return Assembled(findings, state.named(places), state.named(pairs))


def _pairs(state: State, chosen: frozenset[str]) -> pl.DataFrame:
    """The pairs that the ledger rule counts, of audited lines; none where it does not run."""
    if LEDGER not in chosen - state.silent:
        return empty(SeparablePairs)
    return state.pairs.filter(pl.col("row") < state.batch.audited_rows)


def _held_down(hits: pl.DataFrame, options: AuditOptions) -> pl.DataFrame:
    """Tiers that the configuration holds a rule to; it only ever weakens."""
    held = {rule: TIER_NAMES.index(tier) for rule, tier in options.rules.tiers.items()}
    if not held:
        return hits.with_columns(held=pl.lit(value=False))
    most = pl.col("rule_id").replace_strict(held, default=0, return_dtype=pl.UInt8)
    return hits.with_columns(tier=pl.max_horizontal("tier", most), held=pl.col("tier") < most)


def _old_tables(frame: pl.DataFrame, most: int | None) -> pl.DataFrame:
    """Findings of a release that is too old for the operator are review, and say so."""
    if most is None:
        return frame
    old = (pl.col("release_gap_quarters") > most) & (pl.col("tier") < REVIEW)
    return frame.with_columns(
        tier=pl.when(old).then(pl.lit(REVIEW, pl.UInt8)).otherwise("tier"),
        message=pl.when(old)
        .then(
            pl.concat_str(
                "message",
                pl.format(
                    " Review: the table is {} quarters older than the service.",
                    "release_gap_quarters",
                ),
            )
        )
        .otherwise("message"),
    )


@cache
def _rule_table() -> pl.DataFrame:
    """What the assembly needs of each rule."""
    rows = [
        (
            r.id,
            r.name,
            r.precedence,
            r.denies,
            r.amount,
            r.citation,
            r.speaks_in_also,
            r.tier,
            r.shape,
            list(r.profiles),
        )
        for r in catalogue()
    ]
    return pl.DataFrame(rows, schema=_RULES, orient="row")


def _headlines(hits: pl.DataFrame) -> pl.DataFrame:
    """Findings that deny one line become one: the highest in rank, with the strongest tier.

    A rule that the operator holds to a weaker tier does not head the findings of those he does
    not: its name above a stronger tier would say that the setting has no effect. Where another
    rule's tier is the stronger one, the message says what that rule found: a row that is certain
    must say what proves it.
    """
    denying = hits.filter("denies").with_columns(twice=pl.col("row").is_duplicated())
    alone = denying.filter(~pl.col("twice")).with_columns(also=pl.lit(""))
    denying = denying.filter("twice").sort("row", "held", "precedence", "tier")
    also = denying.group_by("row", maintain_order=True).agg(
        also=pl.col("rule_id").slice(1).unique(maintain_order=True).str.join(" "),
        added=pl.col("message").slice(1).filter(pl.col("speaks").slice(1)).str.join(" "),
        advice=pl.col("remedy").slice(1).filter(pl.col("speaks").slice(1)).str.join(" "),
        strongest=pl.col("tier").min(),
        proof=pl.col("message")
        .filter((pl.col("tier") == pl.col("tier").min()) & ~pl.col("speaks"))
        .first(),
    )
    proof = pl.when(pl.col("tier") > pl.col("strongest")).then("proof")
    added = pl.when(pl.col("added") != "").then("added")
    heads = denying.unique("row", keep="first", maintain_order=True).join(also, on="row")
    heads = heads.with_columns(
        tier=pl.col("strongest"),
        message=pl.concat_str("message", added, proof, separator=" ", ignore_nulls=True),
        remedy=pl.when(pl.col("advice") != "").then("advice").otherwise("remedy"),
    ).drop("strongest", "added", "advice", "proof")
    others = hits.filter(~pl.col("denies")).with_columns(also=pl.lit(""))
    kept = [*hits.columns, "also"]
    return pl.concat([each.select(kept) for each in (heads, alone, others)])


def _why_review(frame: pl.DataFrame, state: State) -> pl.DataFrame:
    """Say what lowers a finding that would be certain, where the rule's own words do not."""
    place = state.lines["row"].search_sorted(frame["row"])  # lines leave voided rows out
    known = state.lines["s1_known"][place]
    loose = state.lines["loose"][place]
    business = pl.col("line_of_business")
    reason = (
        pl.when(own_doubt(state.batch))
        .then(pl.lit(f" Review: {MAY_BE_TAKEN_BACK.format('this line, or units of it,')}."))
        .when(other_doubt(state.batch))
        .then(pl.lit(f" Review: {MAY_BE_TAKEN_BACK.format('the other line')}."))
        .when(business.is_in(["unknown", "commercial"]) & ~pl.col("at_home"))
        .then(
            pl.when(business == "unknown")
            .then(pl.lit(" Review: the line does not say that Medicare pays."))
            .otherwise(pl.lit(" Review: the plan decides whether it uses Medicare's edits."))
        )
        .when((pl.col("shape") != "line") & ~known)
        .then(pl.lit(" Review: the rendering NPI is missing, and the billing NPI stands in."))
        .when((pl.col("shape") != "line") & loose)
        .then(pl.lit(" Review: the claim replaces or voids one that is not in these files."))
        .otherwise(pl.lit(""))
    )
    lowered = (pl.col("tier") == REVIEW) & (pl.col("best") == "certain")
    return frame.with_columns(
        message=pl.when(lowered).then(pl.concat_str("message", reason)).otherwise("message")
    )


def _releases(frame: pl.DataFrame, state: State) -> pl.DataFrame:
    """table_release and release_gap_quarters of each finding."""
    reference = state.batch.reference
    known = {(r.kind, r.label): r.vouches_to for r in reference.releases()}
    kinds = sorted(frame["kind"].drop_nulls().unique())
    newest = {k: r for k in kinds if (r := reference.release(k)) is not None}
    known |= {(k, r.label): r.vouches_to for k, r in newest.items()}
    label = pl.coalesce(
        "release",
        pl.col("kind").replace_strict(
            {k: r.label for k, r in newest.items()}, default=None, return_dtype=pl.String
        ),
    )
    # By kind and label: the starter tables share a label and not a quarter.
    until = pl.concat_str("kind", pl.lit(" "), label).replace_strict(
        {f"{k} {name}": day for (k, name), day in known.items()},
        default=None,
        return_dtype=pl.Date,
    )
    gap = _quarter(pl.col("service_date_from")) - _quarter(until)
    return frame.with_columns(
        table_release=label,
        release_gap_quarters=pl.max_horizontal(gap, pl.lit(0)).fill_null(0).cast(pl.Int32),
    )


def _quarter(day: pl.Expr) -> pl.Expr:
    """Quarters since the year 0."""
    return day.dt.year().cast(pl.Int32) * 4 + day.dt.quarter().cast(pl.Int32)


def _money(cents: str) -> pl.Expr:
    """Integer cents as a decimal with two places."""
    # The scale comes first: a decimal without places stays without them when it is divided.
    return (pl.col(cents).cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))


def _identify(frame: pl.DataFrame, state: State) -> pl.DataFrame:
    """finding_id and story_id; docs/findings.md gives the canonical string.

    The identity names the fact and not where it was read: neither file nor row, neither
    counterpart nor release, and only a hash that stays the same over libraries and years.
    """
    ordinal = _ordinals(frame, state)
    parts = [
        pl.col("rule_id"),
        pl.col("payer"),
        pl.col("payer_sequence"),
        pl.col("patient_id"),
        pl.coalesce("rendering_npi", "billing_npi"),
        pl.col("service_date_from").dt.to_string("%Y-%m-%d"),
        pl.col("claim_id"),
        ordinal,
        pl.col("code"),
    ]
    texts = frame.select(pl.concat_str([p.fill_null("") for p in parts], separator="|")).to_series()
    frame = frame.with_columns(_text=texts)
    twice = frame["_text"].is_duplicated()
    if twice.any():  # a claim that repeats a line number: tell its lines apart by their values
        received = state.batch.raw["received_date"][frame["row"]].alias("received")
        frame = frame.with_columns(state.batch.sent_of(frame["row"]), received)
        values = ("modifiers", "units", "charge_amount", "message")
        # In one file as night by night: who came first has the number without an addition.
        frame = frame.sort("_text", *values, "sent", "received", "source_row")
        nth = pl.int_range(pl.len()).over("_text")
        more = pl.when(nth > 0).then(pl.format("|{}", nth + 1)).otherwise(pl.lit(""))
        frame = frame.with_columns(_text=pl.concat_str("_text", more))
    frame = frame.with_columns(finding_id=pl.Series(_digests(frame["_text"]), dtype=pl.String))
    frame = frame.with_columns(_stories(frame))
    if frame["fact"].null_count() == frame.height:
        return frame
    # What is told once of many lines has one story, on whichever of them it is told each night.
    facts = frame.select(pl.concat_str("rule_id", "fact", separator="|")).to_series()
    told = [None if f is None else blake2b(f.encode(), digest_size=16).hexdigest() for f in facts]
    story = pl.coalesce(pl.Series(told, dtype=pl.String), "story_id")
    return frame.with_columns(story_id=story)


def _stories(frame: pl.DataFrame) -> pl.Series:
    """story_id: the least finding_id among the denials of one root line, else the finding's own."""
    denials = frame.filter(pl.col("denies") | pl.col("root").is_not_null()).select(
        "finding_id", "row", "denies", "root"
    )
    if denials["root"].null_count() == denials.height:
        return frame["finding_id"].alias("story_id")
    up = denials.filter("denies", pl.col("root").is_not_null(), pl.col("root") != pl.col("row"))
    up = up.select(at="row", up="root")
    links = denials.select("finding_id", at=pl.coalesce("root", "row"))
    for _ in range(4):  # a chain of add-ons is at most a few links long
        links = links.join(up, on="at", how="left").select("finding_id", at=pl.coalesce("up", "at"))
    told = links.with_columns(story_id=pl.col("finding_id").min().over("at"))
    joined = frame.select("finding_id").join(
        told.select("finding_id", "story_id"), on="finding_id", how="left", maintain_order="left"
    )
    return joined.select(story_id=pl.coalesce("story_id", "finding_id")).to_series()


def _digests(texts: Iterable[str]) -> list[str]:
    """128-bit blake2b of each text, in hex."""
    return [blake2b(t.encode(), digest_size=16).hexdigest() for t in texts]


def _ordinals(frame: pl.DataFrame, state: State) -> pl.Expr:
    """The line number; where an export has none, the ordinal among identical lines of a claim."""
    number = pl.col("line_number").cast(pl.String)
    if not frame["line_number"].has_nulls():
        return number
    raw = state.batch.raw
    same = [
        "claim_id",
        "patient_id",
        "code",
        "modifiers",
        "service_date_from",
        "units",
        "charge_amount",
    ]
    claims = frame.filter(pl.col("line_number").is_null()).select("claim_id").unique()
    lines = raw.join(claims, on="claim_id", how="semi", maintain_order="left")
    lines = lines.with_columns(state.batch.sent_of(lines["row"]))
    lines = lines.sort("sent", "source_file", "source_row")
    nth = lines.select("row", nth=pl.int_range(pl.len()).over(same) + 1)
    place = frame.select("row").join(nth, on="row", how="left", maintain_order="left")["nth"]
    texts = pl.concat_str(pl.lit("#"), pl.col("modifiers"), pl.lit("#"), pl.lit(place))
    return pl.coalesce(number, texts)


_DESCENDING = [False, True, False, False, False, False, False, False]


def _order(tier: pl.Expr) -> list[pl.Expr]:
    """The total order of findings: tier, amount, rule, claim and line, place in the files, id."""
    amount = pl.col("amount_at_risk").fill_null(-1)
    then = ("rule_id", "claim_id", "line_number", "source_file", "source_row", "finding_id")
    return [tier, amount, *map(pl.col, then)]


def in_order(findings: pl.DataFrame) -> pl.DataFrame:
    """`findings` (schemas.Findings and what stands beside it) of several parts in one order."""
    rank = pl.col("tier").replace_strict(TIER_NAMES, range(len(TIER_NAMES)), return_dtype=pl.UInt8)
    return findings.sort(_order(rank), descending=_DESCENDING)


def _finish(frame: pl.DataFrame, options: AuditOptions) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns of the contract and the places, in the total order of every output."""
    frame = frame.sort(_order(pl.col("tier")), descending=_DESCENDING)
    findings = frame.select(
        "finding_id",
        "story_id",
        "rule_id",
        "rule_name",
        tier=pl.col("tier").replace_strict(dict(enumerate(TIER_NAMES)), return_dtype=pl.String),
        source_file="source_file",
        source_row="source_row",
        claim_id="claim_id",
        line_number="line_number",
        patient_id="patient_id",
        rendering_npi="rendering_npi",
        payer="payer",
        service_date="service_date_from",
        code="code",
        modifiers="modifiers",
        units=(pl.col("units").cast(pl.Decimal(18, 3)) / 1000).cast(pl.Decimal(18, 3)),
        charge_amount=_money("charge_amount"),
        amount_at_risk=_money("amount_at_risk"),
        amount_basis="amount_basis",
        counterpart_claim_id="counterpart_claim_id",
        counterpart_line_number="counterpart_line_number",
        counterpart_code="other_code",
        message="message",
        remedy="remedy",
        citation="citation",
        table_release="table_release",
        table_row="table_row",
        release_gap_quarters="release_gap_quarters",
        also="also",
        first_seen=pl.lit(options.as_of),
        run_id=pl.lit(options.run_id),
        schema_version=pl.lit(SCHEMA_VERSION, pl.Int32),
    )
    return findings, frame.select("row", "other")
