"""Which open findings come to an end when a night does not make them, and why, in words.

A finding ends only where that can be proved: its line was judged again by a rule that ran and said
nothing, or the line itself is gone. Whatever was not looked at stays open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection

VOID, SUPERSEDED, LEFT, CHANGED = ENDS = (
    "void",
    "superseded",
    "no longer in the claim",
    "changed",
)
"""What may end a line; the first is told where several do."""
_OF_LINE = {
    VOID: "The claim was voided.",
    SUPERSEDED: "The claim was replaced by a newer one.",
    LEFT: "The line is no longer in the claim.",
    CHANGED: "The line was changed, and the rule finds nothing on it as it is now.",
}
_OF_COUNTERPART = {
    VOID: "The claim with the code it was held against, {}, was voided.",
    SUPERSEDED: "The claim with the code it was held against, {}, was replaced by a newer one.",
    LEFT: "The line it was held against, {}, is no longer in its claim.",
    CHANGED: "The line it was held against, {}, was changed.",
}
UNNAMED = (
    "The line did not change. Another line of the patient did, or the reference tables, the rules,"
    " their settings or the day of the audit."
)
ARRIVED = "The line did not change. Of the same patient and day came tonight: {}."
"""The rule looked again, with these beside the line, and finds nothing."""
WENT = "The line did not change. Of the same patient and day went tonight: {}."
MOVED = "The same is found tonight where the claim has the service now."
"""In the ledger alone: for a reader the finding stands, under another line number or claim."""
_CODES_SHOWN = 5
_DAY = ("claim_id", "patient_id", "service_date")
_LINE = ("claim_id", "line_number", "patient_id", "service_date", "code")


def ending(
    absent: pl.DataFrame,
    judged: pl.DataFrame,
    ended: pl.DataFrame,
    ran: Collection[str],
    lasting: Collection[str],
) -> pl.Series:
    """Which of the open findings `absent`, that tonight did not make, are closed, by row.

    The other arguments are those of auditor.ledger.life.settle. A line that is gone ends its
    findings whether or not their rule ran: nobody can act on a line that is billed no more. Where
    the claim has a newer version, or lines have no number to know them by, the rule has to have
    looked at what stands there now.
    """
    looked = judged.select(_DAY).unique().with_columns(judged=pl.lit(value=True))
    found = (
        absent.select("rule_id", *_LINE)
        .join(looked, on=_DAY, how="left", maintain_order="left")
        .with_columns(pl.col("judged").fill_null(value=False), end=_end(absent, ended))
    )
    end, again = pl.col("end"), pl.col("judged")
    gone = (
        (end == VOID)
        | ((end == SUPERSEDED) & ~again)
        | ((end == LEFT) & (pl.col("line_number").is_not_null() | ~again))
    ).fill_null(value=False)
    rule = pl.col("rule_id")
    on_it = end.is_not_null() | (again & ~rule.is_in(list(lasting)))
    return found.select(gone | (rule.is_in(list(ran)) & on_it)).to_series()


def reasons(
    closed: pl.DataFrame,
    findings: pl.DataFrame,
    ended: pl.DataFrame,
    came: pl.DataFrame | None,
    *,
    moving: bool = True,
) -> pl.Series:
    """Why each finding of `closed` is, in a sentence or two that name codes and rules alone.

    `findings` is schemas.Findings of tonight, `ended` and `came` as for
    auditor.ledger.life.settle. `moving`: lines that came or went may be why; where a run is
    audited again they are not, for they came and went before.
    """
    told = closed.select("rule_id", "counterpart_code").with_columns(
        end=_end(closed, ended), head=_heads(closed, findings), other=_counterpart(closed, ended)
    )
    end = pl.col("end")
    gone = end.replace_strict({e: _OF_LINE[e] for e in ENDS[:-1]}, default=None)
    changed = pl.when(end == CHANGED).then(pl.lit("The line was changed. "))
    head = pl.concat_str(
        changed.otherwise(pl.lit("")),
        pl.format("The line is told under {} now, which names this rule in Also.", "head"),
    )
    of_other = pl.coalesce(
        pl.when(pl.col("other") == e).then(
            pl.format(words, pl.coalesce("counterpart_code", pl.lit("a line without a code")))
        )
        for e, words in _OF_COUNTERPART.items()
    )
    of_line = pl.when(end == CHANGED).then(pl.lit(_OF_LINE[CHANGED]))
    beside = (
        pl.format(words, _beside(closed, lines))
        for words, lines in ((ARRIVED, came), (WENT, ended))
        if lines is not None and moving
    )
    named = pl.coalesce(gone, head, of_line, of_other, *beside, pl.lit(UNNAMED))
    return told.select(why=named).to_series()


def moved(new: pl.DataFrame, gone: pl.DataFrame, ended: pl.DataFrame) -> pl.DataFrame:
    """finding_id, finding: which of the findings `new` each takes the place of one of `gone`.

    The same rule finds the same code of the same patient and day on the same claim, whose line
    came with another number, practitioner or payer; or on another claim, where the closed one's
    was replaced. Where there are several, in the order of their lines.
    """
    fact = ["rule_id", "patient_id", "service_date", "code"]
    order = ["claim_id", "line_number", "modifiers", "finding_id"]
    found = [pl.DataFrame(schema={"finding_id": pl.String, "finding": pl.Int64})]
    left = gone.with_columns(end=_end(gone, ended))
    for ends, keys in (
        ((CHANGED, LEFT), [*fact, "claim_id"]),
        ((SUPERSEDED,), fact),
    ):
        some = left.filter(pl.col("end").is_in(ends))
        both = (
            each.sort(order, nulls_last=True).with_columns(_nth=pl.int_range(pl.len()).over(keys))
            for each in (new, some)
        )
        ours, theirs = both
        pairs = ours.join(theirs.select(*keys, "_nth", _old="finding"), on=[*keys, "_nth"])
        found.append(pairs.select("finding_id", finding="_old"))
        new = new.join(found[-1], on="finding_id", how="anti")
    return pl.concat(found)


def _beside(closed: pl.DataFrame, lines: pl.DataFrame) -> pl.Series:
    """The codes of `lines` of the patient and day of each of `closed`; null for none."""
    keys = ["patient_id", "service_date"]
    codes = pl.col("code").unique().sort()
    there = lines.join(closed.select(keys).unique(), on=keys, how="semi")  # few days of the night
    told = there.group_by(keys).agg(
        told=pl.when(codes.len() > _CODES_SHOWN)
        .then(pl.format("{} and more", codes.head(_CODES_SHOWN).str.join(", ")))
        .otherwise(codes.str.join(", "))
    )
    return closed.join(told, on=keys, how="left", maintain_order="left")["told"]


def _end(lines: pl.DataFrame, ended: pl.DataFrame) -> pl.Series:
    """What ended each of `lines` (the columns of _LINE); null for nothing."""
    return _match(lines.select(_LINE), ended, list(_LINE))


def _counterpart(closed: pl.DataFrame, ended: pl.DataFrame) -> pl.Series:
    """What ended the line that each finding was held against; null for nothing, or unknown."""
    others = closed.select(
        "patient_id",
        claim_id="counterpart_claim_id",
        line_number="counterpart_line_number",
        code="counterpart_code",
    )
    keys = ["claim_id", "line_number", "patient_id", "code"]
    # Without a number a line of the same code may be another one.
    return _match(others, ended.drop_nulls("line_number"), keys)


def _match(lines: pl.DataFrame, ended: pl.DataFrame, keys: list[str]) -> pl.Series:
    first = (
        ended.sort(pl.col("why").replace_strict(ENDS, range(len(ENDS)), return_dtype=pl.Int8))
        .select(*keys, end="why")
        .unique(keys, keep="first", maintain_order=True)
    )
    joined = lines.join(first, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined["end"]


def _heads(closed: pl.DataFrame, findings: pl.DataFrame) -> pl.Series:
    """The rule under which the line is told tonight, where it names the closed finding's rule."""
    now = (
        findings.filter(pl.col("also") != "")
        .select(*_LINE, head="rule_id", rule_id=pl.col("also").str.split(" "))
        .explode("rule_id", empty_as_null=False)
        .unique([*_LINE, "rule_id"], keep="first", maintain_order=True)
    )
    keys = [*_LINE, "rule_id"]
    return closed.join(now, on=keys, how="left", nulls_equal=True, maintain_order="left")["head"]
