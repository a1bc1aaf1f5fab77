"""How many units of an add-on a day can hold, and what must or must not stand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.partners import KEYS, others, someone_else, strangers
from auditor.engine.policies import in_force
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import DOUBT, unsure

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.ADD_ONS
_PAIRS = ("PTP-0", "PTP-1")
_ORDER = {"also_requires": 0, "not_with": 1, "sum_max": 2, "max_units": 3}
RULES = (
    Rule(
        id="AOC-5",
        name="add-on-unit-relation",
        tier="certain",
        shape="day",
        precedence=45,
        denies=True,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=(
            "patient_id",
            "rendering_npi",
            "service_date_from",
            "code",
            "units",
        ),
        tables=(),
        flags="An add-on that breaks a relation of its own: the third level (64492, 64495) "
        "without the second (64491, 64494); 17003 with 17004; 95885 and 95886 together over four "
        "limbs; more units a day than the table of unit relations allows, where no unit limit of "
        "CMS applies.",
        why="Such codes count levels, limbs or lesions: the next one presupposes the one before, "
        "and the count cannot exceed what the body or the code holds.",
        not_flagged="Units of a code for which a unit limit (MUE) is in force, because that rule "
        "judges them; codes that need one of a list of visits (AOC-1 judges them); lines that do "
        "not pay by themselves. It is review where two encounters of a day are possible, for all "
        "ceilings of units, where a partner may have the missing code, and where the "
        "practitioner is not known.",
        remedy="Correct the units, add the missing code, or remove the add-on, as the record "
        "shows.",
        citation="CPT add-on instructions, by number; NCCI Policy Manual ch. IX G 3, ch. XI N 6, V "
        "14; the policy table of unit relations",
        example_flag=("64490-RT", "64492-RT"),
        example_ok=("64490-RT", "64491-RT", "64492-RT"),
    ),
)
_LINE = (
    *("row", "day", "date", "days", "span", "c", "ce", "units", "lob", "patient", "claim"),
    *("firm", "loose", "vague", "component", "pctc", "mue_value", "live", "dup"),
    *("pays_as_primary", "has_repeat", *KEYS),
)


_NOTHING = pl.DataFrame(
    schema={
        "row": pl.UInt32,
        "date": pl.Date,
        "rule": pl.String,
        "value": pl.String,
        "with_code": pl.String,
        "other": pl.UInt32,
        "other_code": pl.String,
        "first": pl.String,
        "tier": pl.UInt8,
        "message": pl.String,
        "remedy": pl.String,
        "root": pl.UInt32,
    }
)
"""What `_shown` gives where nothing is to be shown."""


def find(state: State) -> pl.DataFrame:
    """Hits of every relation; a line is told its first one."""
    batch = state.batch
    rules = batch.facts.rows.of("addon_units")
    rules = rules.filter(pl.col("rule") != "only_with")
    if rules.is_empty():
        return no_hits()
    codes = pl.concat([rules["code"], rules["with_code"]]).drop_nulls().unique()
    everyone = state.lines_of(pl.col("code").is_in(codes.implode()), *_LINE).filter(
        pl.col("patient").is_not_null() & pl.col("live") & ~pl.col("dup")
    )
    if everyone.is_empty():
        return no_hits()
    everyone = state.with_facts(state.by_day(everyone), "code")
    lines = everyone.filter(pl.col("day").is_not_null())
    judged = lines.filter("pays_as_primary").join(
        rules.select("code", "rule", "value", "with_code", "confidence", "effective", "deletion"),
        on="code",
    )
    judged = judged.filter(in_force("date", "effective", "deletion"))
    related = {str(key[0]): part for key, part in judged.partition_by("rule", as_dict=True).items()}
    said = []
    if "also_requires" in related:
        said.append(_missing(related["also_requires"], everyone, state))
    if "not_with" in related:
        said.append(_excluded(related["not_with"], lines, state))
    if "sum_max" in related:
        said.append(_sums(related["sum_max"], lines, state))
    if "max_units" in related:
        said.append(_ceilings(related["max_units"], state))
    if all(each.is_empty() for each in said):
        return no_hits()
    found = pl.concat(said)
    order = pl.col("rule").replace_strict(_ORDER, return_dtype=pl.Int8)
    found = found.sort("row", "tier", order, "date").unique(
        "row", keep="first", maintain_order=True
    )
    return hits(
        found,
        "AOC-5",
        tier=pl.col("tier"),
        other=pl.col("other"),
        other_code=pl.col("other_code"),
        root=pl.col("root"),
        message=pl.col("message"),
        remedy=pl.col("remedy"),
        table_row=pl.format(
            "{}: {} {}",
            pl.col("first"),
            pl.col("rule").str.replace("_", " "),
            pl.concat_str("value", "with_code", separator=" ", ignore_nulls=True),
        ),
    )


def _shown(
    found: pl.DataFrame,
    *,
    tier: pl.Expr,
    message: pl.Expr,
    remedy: pl.Expr | str,
    root: pl.Expr | None = None,
) -> pl.DataFrame:
    """The columns that all relations answer with; `other` and `other_code` are there already."""
    return found.rechunk().select(
        "row",
        "date",
        "rule",
        "value",
        "with_code",
        "other",
        "other_code",
        first=pl.col("first") if "first" in found.columns else pl.col("code"),
        tier=tier.cast(pl.UInt8),
        message=message,
        remedy=remedy if isinstance(remedy, pl.Expr) else pl.lit(remedy),
        root=pl.lit(None, pl.UInt32) if root is None else root,
    )


def _missing(judged: pl.DataFrame, everyone: pl.DataFrame, state: State) -> pl.DataFrame:
    """also_requires: the code that must stand beside, on any claim of the day."""
    there = everyone.select("day", with_code="code").unique()
    judged = judged.join(there, on=["day", "with_code"], how="anti")
    # On the same day by somebody who may be a partner: the record decides.
    partners = others(everyone, patient="patient", date="date", with_code="code")
    near = judged.join(partners, on=["patient", "date", "with_code"]).filter(
        someone_else() & ~strangers()
    )
    judged = judged.join(
        near.select("row", "date", partner=pl.lit(value=True)).unique(),
        on=["row", "date"],
        how="left",
    ).with_columns(
        pl.col("partner").fill_null(value=False),
        lacking=pl.col("row").is_in(state.batch.lacking.implode()),
        other=pl.lit(None, pl.UInt32),
        other_code=pl.col("with_code"),
    )
    doubt = (
        pl.col("partner")
        | pl.col("lacking")
        | pl.col("vague")
        | pl.col("loose")
        | ~pl.col("firm")
        | (pl.col("confidence") != "high")
    )
    return _shown(
        judged,
        tier=pl.when(doubt).then(REVIEW).otherwise(CERTAIN),
        message=pl.format(
            "{} on {} needs {} beside it as well, and the practitioner has none that day.{}{}",
            pl.col("code"),
            pl.col("date"),
            pl.col("with_code"),
            pl.when("partner")
            .then(pl.lit(" Another practitioner of the group may have it."))
            .otherwise(pl.lit("")),
            pl.when("lacking")
            .then(pl.lit(" A rejected line of this patient-day or claim may be it."))
            .otherwise(pl.lit("")),
        ),
        remedy=pl.format(
            "Add {} if the record shows it, else report {} in place of {}.",
            pl.col("with_code"),
            pl.col("with_code"),
            pl.col("code"),
        ),
    )


def _excluded(judged: pl.DataFrame, lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """not_with: a code that says the same, or more."""
    there = lines.filter("pays_as_primary").select(
        "day",
        with_code="code",
        other="row",
        repeat_="has_repeat",
        **{f"{name}_": pl.col(name) for name in DOUBT},
    )
    met = judged.join(there, on=["day", "with_code"]).filter(
        # Where two encounters are possible a modifier that says so is believed.
        (pl.col("confidence") == "high") | ~(pl.col("has_repeat") | pl.col("repeat_"))
    )
    doubt = (pl.col("confidence") != "high") | unsure()
    met = met.with_columns(tier=pl.when(doubt).then(REVIEW).otherwise(CERTAIN))
    met = met.join(places(state.batch, met["other"]), left_on="other", right_on="row")
    met = met.sort("row", "tier", "date", "place").unique("row", keep="first", maintain_order=True)
    return _shown(
        met.with_columns(other_code="with_code"),
        tier=pl.col("tier"),
        message=pl.format(
            "{} is not reported with {}, which is there on {}.",
            pl.col("code"),
            pl.col("with_code"),
            pl.col("date"),
        ),
        remedy=pl.format("Remove {}.", pl.col("code")),
    )


def _sums(judged: pl.DataFrame, lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """sum_max: units of two codes together, on lines that no pair denies."""
    denied = state.hits_of(*_PAIRS)["row"].implode()
    relation = ["day", "part", "rule", "value", "with_code", "confidence"]
    judged = _counted(judged).with_columns(first="code")
    keys = judged.select(*relation, "first").unique()
    second = _counted(lines.filter("pays_as_primary")).join(
        keys, left_on=["day", "part", "code"], right_on=["day", "part", "with_code"]
    )
    second = second.with_columns(with_code="code")
    members = pl.concat([judged.select(second.columns), second])
    members = members.filter(~pl.col("row").is_in(denied))
    return _over(
        members,
        ["day", "part", "first", "with_code"],
        state,
        tier=pl.when((pl.col("confidence") == "high") & ~pl.col("doubt"))
        .then(CERTAIN)
        .otherwise(REVIEW),
        message=pl.format(
            "{} units of {} and {} together on {} exceed the limit of {}.",
            pl.col("total"),
            pl.col("first"),
            pl.col("with_code"),
            pl.col("date"),
            pl.col("value"),
        ),
    )


def _ceilings(judged: pl.DataFrame, state: State) -> pl.DataFrame:
    """max_units: a day's ceiling, where no unit limit of CMS is judged.

    The ceilings are what CMS allows now; for other dates and payers they are a hint: review.
    """
    denied = state.hits_of(*_PAIRS)["row"].implode()
    free = pl.col("mue_value").is_null() | (pl.col("lob") == "medicaid")
    judged = judged.filter(free, ~pl.col("row").is_in(denied))
    if judged.is_empty():
        return _NOTHING
    members = _counted(judged)
    return _over(
        members.with_columns(first="code"),
        ["day", "part", "first"],
        state,
        tier=pl.lit(REVIEW),
        message=pl.format(
            "{} units of {} on {} exceed {}, the most that a day is expected to hold.",
            pl.col("total"),
            pl.col("first"),
            pl.col("date"),
            pl.col("value"),
        ),
    )


def _counted(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with `up` and `down`, units a day rounded both ways, and `part`: 26 and TC apart."""
    whole, half = 2000 * pl.col("span").cast(pl.Int64), 1000 * pl.col("span").cast(pl.Int64)
    splits = pl.col("pctc").is_null() | (pl.col("pctc") == "1")
    return lines.filter(pl.col("units").is_not_null()).with_columns(
        up=(2 * pl.col("units") + half).floordiv(whole),
        down=-((half - 2 * pl.col("units")).floordiv(whole)),
        part=pl.when(splits).then(pl.col("component")).otherwise(0),
    )


def _over(
    members: pl.DataFrame, key: list[str], state: State, *, tier: pl.Expr, message: pl.Expr
) -> pl.DataFrame:
    """Lines of sums that exceed their value, each with its first line as root."""
    if members.is_empty():
        return _NOTHING
    limit = pl.col("value").cast(pl.Int64)
    sums = members.group_by(key).agg(
        total=pl.col("up").sum(),
        codes=pl.col("code").n_unique(),
        doubt=(pl.col("down").sum() <= limit.first())
        | ~pl.col("firm").all()
        | (pl.col("vague").any() & (pl.len() > 1))
        | (pl.col("loose").any() & (pl.col("claim").n_unique() > 1)),
    )
    over = members.join(sums, on=key).filter(
        pl.col("total") > limit,
        # A sum of two codes with only one of them there is that code's own limit.
        (pl.col("rule") != "sum_max") | (pl.col("codes") > 1),
    )
    if over.is_empty():
        return _NOTHING
    over = over.join(places(state.batch, over["row"]), on="row").sort("place")
    firsts = over.group_by(key, maintain_order=True).agg(
        root=pl.col("row").first(), second=pl.col("row").get(1, null_on_oob=True)
    )
    over = over.join(firsts, on=key).with_columns(
        other=pl.when(pl.col("row") == pl.col("root")).then("second").otherwise("root")
    )
    codes = state.batch.raw["code"][over["other"]]
    return _shown(
        over.with_columns(other_code=codes),
        tier=tier,
        message=message,
        remedy="Correct the units, or report the sites and sessions as the record shows them.",
        root=pl.col("root"),
    )
