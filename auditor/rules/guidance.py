"""Imaging guidance billed beside a procedure that includes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.policies import in_force, spread
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_MODALITY = {"76942": "us", "77002": "fluoro", "77003": "fluoro", "77012": "ct", "77021": "mr"}
_SPINE = (("22510", "22515"), ("62263", "62327"), ("64479", "64495"), ("64633", "64636"))
"""Spinal procedures in the table of included guidance (SPEC 3.4; NCCI manual ch. VIII)."""
RULES = (
    Rule(
        id="IMG-1",
        name="guidance-included",
        tier="review",
        shape="day",
        precedence=80,
        denies=True,
        speaks_in_also=True,  # an orphan 77002 must still be told that the guidance is included
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        flags="Imaging guidance (76942, 77002, 77003, 77012, 77021) on the day of a procedure "
        "whose code includes that guidance, by the same practitioner, without 59 or an X "
        "modifier: 77002 with a procedure that includes fluoroscopy, for example.",
        why="The procedure's code already pays for the guidance.",
        not_flagged="Guidance of another kind than the one included; 59, XE, XS, XP or XU on "
        "either line; a day with another procedure that the guidance may serve; a line that a PTP "
        "finding already names (it is in that finding's 'also').",
        remedy="Remove the guidance code. For a spinal injection without included imaging the "
        "guidance code is 77003.",
        citation="NCCI Policy Manual ch. III L 19, ch. VIII, ch. IX; CPT code structure, by number",
        example_flag=("27096-RT", "77002-26"),
        example_ok=("20610-RT", "77002-26"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Guidance lines whose only possible procedure includes the guidance."""
    batch = state.batch
    index = batch.code_index(pl.Series(list(_MODALITY)))
    if index.null_count() == len(index):
        return no_hits()
    known = pl.DataFrame(
        {"c": index, "guide": list(_MODALITY), "needs": list(_MODALITY.values())}
    ).filter(pl.col("c").is_not_null())
    lines = state.lines.lazy().filter(pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live"))
    guides = (
        lines.filter(~pl.col("has_separate"), pl.col("c").is_in(known["c"].implode()))
        .collect()
        .join(known, on="c")
        .select("row", "day", "date", "guide", "needs")
    )
    if guides.is_empty():
        return no_hits()
    same = lines.filter(pl.col("day").is_in(guides["day"].unique().implode())).collect()
    same = same.with_columns(batch.facts.table["code"][same["ce"]]).select(
        "row", "day", "date", "code", "c", "has_separate", "is_em", "addon", "pays_as_primary"
    )
    table = spread(batch.reference.policy("guidance_included"), same["code"].unique())
    table = table.with_columns(pl.col("effective", "deletion").str.to_date("%Y-%m-%d")).select(
        "code", "modality", "effective", "deletion"
    )
    including = same.join(table, on="code").filter(in_force("date", "effective", "deletion"))
    if including.is_empty():
        return no_hits()
    pairs = guides.join(
        including.filter("pays_as_primary").select(
            "day", "code", "modality", "has_separate", other="row"
        ),
        on="day",
    ).filter(
        pl.col("row") != pl.col("other"),
        pl.col("modality").str.to_lowercase().str.split(" ").list.contains(pl.col("needs"))
        | pl.col("modality").is_in(["any", "by code"]),
        ~pl.col("has_separate"),
    )
    if pairs.is_empty():
        return no_hits()
    free = _other_procedures(same, including, state)
    pairs = pairs.join(free, on=["day", "guide"], how="anti")
    pairs = pairs.join(places(batch, pairs["other"]), left_on="other", right_on="row")
    found = pairs.sort("row", "code", "place").unique("row", keep="first", maintain_order=True)
    spine = (pl.col("guide") == "77002") & pl.any_horizontal(
        [pl.col("code").is_between(pl.lit(low), pl.lit(high)) for low, high in _SPINE]
    )
    return hits(
        found,
        "IMG-1",
        tier=REVIEW,
        other=pl.col("other"),
        other_code=pl.col("code"),
        message=pl.format(
            "{} is included in {} on {}; do not report it with that code.",
            pl.col("guide"),
            pl.col("code"),
            pl.col("date"),
        ),
        remedy=pl.format(
            "Remove {}, unless the record shows another procedure that it guided.{}",
            pl.col("guide"),
            pl.when(spine)
            .then(
                pl.lit(
                    " At the spine the guidance code is 77003, with procedures that do not "
                    "include imaging."
                )
            )
            .otherwise(pl.lit("")),
        ),
        table_row=pl.format("{}: includes guidance ({})", pl.col("code"), pl.col("modality")),
    )


def _other_procedures(same: pl.DataFrame, including: pl.DataFrame, state: State) -> pl.DataFrame:
    """day, guide: days on which another payable procedure may be what was guided.

    For an add-on guidance code that is one of its listed primaries; for the others any procedure
    of the surgery section.
    """
    others = same.filter("pays_as_primary").join(
        including.select("row").unique(), on="row", how="anti"
    )
    rows = state.batch.reference.addons(pl.Series(list(_MODALITY)))
    primaries = others.select("day", "code").join(
        rows.select(guide="addon", code="primary").unique(), on="code"
    )
    closed = rows["addon"].unique()
    surgical = (
        others.filter(
            pl.col("code").is_between(pl.lit("10004"), pl.lit("69990")),
            pl.col("code").str.contains("^[0-9]{5}$"),
            ~pl.col("addon"),
        )
        .select("day")
        .unique()
    )
    open_guides = pl.DataFrame(
        {"guide": [g for g in _MODALITY if g not in set(closed)]}, schema={"guide": pl.String}
    )
    return pl.concat(
        [primaries.select("day", "guide"), surgical.join(open_guides, how="cross")]
    ).unique()
