"""Which administration code a vaccine takes: Medicare's own, and counting the components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.vaccine_lines import PRODUCT_LIKE, billed, together

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (
    CodePolicy(
        table="vaccine_products", columns=(("vac_group", "group"), ("vac_g", "medicare_admin"))
    ),
    CodePolicy(table="vaccine_components", columns=(("vac_components", "components"),)),
)
_OWN_GROUPS = ("influenza", "pneumococcal", "hepatitis_b")
_MEDICARE_AGE = 65
_ONE = 1000
_UNLISTED = "90749"
_COLUMNS = ("patient_id", "service_date_from", "code")
RULES = (
    Rule(
        id="VAC-6",
        name="medicare-vaccine-administration",
        tier="review",
        shape="day",
        precedence=89,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=(),
        flags="90460 or 90471 to 90474 on the day of an influenza, pneumococcal or hepatitis B "
        "vaccine of the same group, without G0008, G0009 or G0010 for it and without another "
        "vaccine that the code may stand for.",
        why="Medicare pays the administration of these three under codes of its own, without "
        "coinsurance; 90471 for them is denied or paid wrongly.",
        not_flagged="The G code is there; another vaccine was given that day; the vaccine of a "
        "practitioner who is not known to be of the group; other payers. Where the payer is "
        "unknown only patients of 65 and older are told.",
        remedy="Report G0008 (influenza), G0009 (pneumococcal) or G0010 (hepatitis B) in place of "
        "the code.",
        citation="NCCI Policy Manual ch. XI B 13; CMS 100-04 ch. 18 s. 10.2",
        example_flag=("90686", "90471"),
        example_ok=("90686", "G0008"),
    ),
    Rule(
        id="VAC-7",
        name="vaccine-components-over-count",
        tier="review",
        shape="day",
        precedence=88,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=(*_COLUMNS, "units"),
        tables=(),
        amount="not determined",
        flags="More units of 90461 for a patient and day than the vaccines billed by the same "
        "group have components beyond their first.",
        why="Each vaccine takes one 90460 for its first component and one 90461 for each further "
        "one.",
        not_flagged="Units that the vaccines' components cover; days without a vaccine (VAC-2); "
        "days with a vaccine that the table of vaccines does not know, or an unlisted one.",
        remedy="Count the components of each vaccine: 90461 once for each after the first.",
        citation="CPT code relation of 90460 and 90461, by number",
        example_flag=("90460", "90461", "90686"),
        example_ok=("90460", "90461 units=2", "90707"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    given = billed(state, pl.col("vac_gives"))
    if given.is_empty():
        return no_hits()
    given = state.with_facts(given, "code", "vac_family")
    vaccines = billed(state, pl.col("code").str.contains(PRODUCT_LIKE))
    vaccines = state.with_facts(
        vaccines, "code", "vac_product", "vac_group", "vac_g", "vac_components"
    )
    if vaccines.is_empty():
        return no_hits()
    return pl.concat([_own_codes(given, vaccines, state), _components(given, vaccines)])


def _own_codes(given: pl.DataFrame, vaccines: pl.DataFrame, state: State) -> pl.DataFrame:
    """VAC-6."""
    of_age = pl.col("date") >= pl.col("birth").dt.offset_by(f"{_MEDICARE_AGE}y")
    asked = (pl.col("lob") == "medicare") | (
        (pl.col("lob") == "unknown") & of_age.fill_null(value=False)
    )
    lines = given.filter(
        asked,
        ~pl.col("denied"),
        pl.col("vac_family").is_in(["standard", "counseling"]),
        pl.col("code") != "90461",
    )
    if lines.is_empty():
        return no_hits()
    met = together(
        lines,
        vaccines,
        product="code",
        wants="vac_g",
        special=pl.col("vac_group").is_in(_OWN_GROUPS).fill_null(value=False),
    )
    # Whose vaccines they are must be known; what else the code may stand for need not.
    met = met.filter(pl.col("special").all().over("row", "date"), pl.col("own"))
    own = given.filter(pl.col("vac_family") == "medicare")
    there = together(met.select(lines.columns).unique(["row", "date"]), own, wants="code").select(
        "row", "date", "wants"
    )
    met = met.join(there, on=["row", "date", "wants"], how="anti").join(
        places(state.batch, met["row_"]), left_on="row_", right_on="row"
    )
    met = met.sort("row", "date", "wants", "place")
    found = met.unique("row", keep="first", maintain_order=True)
    return hits(
        found,
        "VAC-6",
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("product"),
        message=pl.format(
            "{} is billed on {} with vaccine {}, whose administration Medicare pays as {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("product"),
            pl.col("wants"),
        ),
        remedy=pl.format("Report {} in place of {}.", pl.col("wants"), pl.col("code")),
        table_row=pl.format("{}: {}", pl.col("product"), pl.col("wants")),
    )


def _components(given: pl.DataFrame, vaccines: pl.DataFrame) -> pl.DataFrame:
    """VAC-7."""
    more = given.filter(pl.col("code") == "90461", ~pl.col("denied"), pl.col("units").is_not_null())
    if more.is_empty():
        return no_hits()
    beyond_first = pl.col("vac_components").cast(pl.Int64).fill_null(1) - 1
    covered = (
        together(
            more,
            vaccines,
            known=pl.col("vac_product") & (pl.col("code") != _UNLISTED),
            covers=pl.col("units").fill_null(_ONE) * beyond_first,
        )
        .group_by("row", "date")
        .agg(pl.col("known").all(), pl.col("covers").sum())
        .filter("known")
    )
    asked = together(more, more, units_="units").filter("own")
    asked = asked.group_by("row", "date").agg(pl.col("units_").sum())
    found = (
        more.join(covered, on=["row", "date"])
        .join(asked, on=["row", "date"])
        .filter(pl.col("units_") > pl.col("covers"))
        .sort("row", "date")
        .unique("row", keep="first", maintain_order=True)
    )
    return hits(
        found,
        "VAC-7",
        tier=REVIEW,
        message=pl.format(
            "90461 is billed for {} further components on {}; the vaccines billed that day have "
            "{}.",
            _count("units_"),
            pl.col("date"),
            _count("covers"),
        ),
        remedy=pl.lit(
            "Count the components of each vaccine: 90460 once for the first, 90461 once for each "
            "further one; or add the vaccine that is missing."
        ),
        table_row=pl.lit("components of vaccines"),
    )


def _count(thousandths: str) -> pl.Expr:
    """Units in words."""
    return (pl.col(thousandths) / _ONE).round(3).cast(pl.String).str.strip_suffix(".0")
