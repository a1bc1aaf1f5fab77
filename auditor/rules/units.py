"""Medically Unlikely Edits (MUE): units of one code, patient, practitioner and day.

Units are integer thousandths; a span line counts units / days on each of its days, rounded half
up (NCCI manual ch. I V). Where rounding an exact half decides, the finding is review.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage, rule_of
from auditor.rules.specialties import of_kind
from auditor.rules.unit_words import credited, half_decides, row_words

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.UNITS
_MANUAL = "NCCI Policy Manual ch. I V; CMS practitioner MUE table"
_DAY_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "units")
_LINE = (
    *("row", "day", "date", "days", "span", "n_day", "c", "ce", "units", "lob", "pos", "s1_known"),
    *("loose", "claim", "vague", "mue_value", "mai", "has_jw", "pctc", "component", "credit"),
)
_NOT_DAYS = (
    "Lines already denied by the payer, exact duplicates and voids; credits (units or charge below "
    "0), whose units are taken off the day's; lines without units; Medicaid "
    "lines, whose own table is not loaded; suppliers of equipment and pharmacies (told by their "
    "specialty), for whom CMS has another table; dates and codes that no loaded MUE release has "
    "(some limits are secret)."
)
RULES = (
    Rule(
        id="MUE-0",
        name="value-zero",
        tier="certain",
        shape="line",
        precedence=70,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "service_date_from"),
        tables=("mue-practitioner",),
        flags="A line whose code has the practitioner MUE value 0. Equipment and supply codes "
        "(A4000 to A9999, B, E, K, L and V) are review: they may belong to the DME contractor.",
        why="CMS never pays the code to this type of provider: it is bundled, belongs to a "
        "facility or another payer file, or is not covered.",
        not_flagged="Lines with GX or GY (sent to be denied); status B lines at a charge of 0; "
        "lines of zero or unknown units; commercial lines, because the value often says that "
        "Medicare does not cover the code; Medicaid lines, whose own table is not loaded; dates "
        "and codes that no loaded MUE release has (some limits are secret).",
        remedy="Remove the line, or bill it where the service belongs.",
        citation=_MANUAL,
        example_flag=("96376",),
        example_ok=("36415",),
        when=lambda: pl.col("mue_value") == 0,
        refine=lambda _: (
            pl.col("mue_zero")
            & ~((pl.col("status") == "B") & (pl.col("charge") == 0)).fill_null(value=False)
        ),
        says=lambda: {
            "tier": pl.when(_equipment()).then(1).otherwise(0),
            "message": pl.format(
                "{} has the MUE value 0: Medicare never pays it to a practitioner (the table's "
                "reason: {}).{}",
                pl.col("code"),
                pl.col("mue_rationale").fill_null("none given"),
                pl.when(_equipment())
                .then(pl.lit(" Equipment and supplies have values of their own in the DME table."))
                .otherwise(pl.lit("")),
            ),
            "remedy": pl.when(_equipment())
            .then(pl.lit("If the DME contractor pays it, bill it there; else remove the line."))
            .otherwise(pl.lit("Remove the line, or bill it where the service belongs.")),
            "kind": pl.lit("mue-practitioner"),
            "release": pl.col("mue_release"),
            "table_row": row_words(pl.col("code")),
        },
    ),
    Rule(
        id="MUE-1",
        name="units-over-line-limit",
        tier="certain",
        shape="line",
        precedence=71,
        denies=True,
        profiles=("medicare",),
        review_for=("commercial", "unknown"),
        columns=("code", "units", "service_date_from"),
        tables=("mue-practitioner",),
        flags="A line whose units exceed the MUE value of a code with adjudication indicator 1.",
        why="Indicator 1 is a limit a line: all units of the line are denied.",
        not_flagged="Units split over lines with a modifier that separates them; " + _NOT_DAYS,
        remedy="Correct the units, or split them over lines with the modifier the record supports.",
        citation=_MANUAL,
        example_flag=("99486 units=5",),
        example_ok=("99486 units=4",),
    ),
    Rule(
        id="MUE-2",
        name="units-over-absolute-day-limit",
        tier="certain",
        shape="day",
        precedence=72,
        denies=True,
        profiles=("medicare",),
        review_for=("commercial", "unknown"),
        columns=_DAY_COLUMNS,
        cells=("units",),
        tables=("mue-practitioner",),
        flags="Every line of a code with adjudication indicator 2 when the units of the day, "
        "summed over all lines and claims, exceed the MUE value.",
        why="Indicator 2 is a limit by policy: all units of the day are denied, and neither a "
        "modifier nor an appeal raises it.",
        not_flagged="One line with 50 and one unit; 26 and TC lines of a code that splits, summed "
        "apart; the claim of an ambulatory surgical center itself; " + _NOT_DAYS,
        remedy="Correct the units; a bilateral procedure is one line, 50, one unit.",
        citation=_MANUAL + "; ch. III K (bilateral surgery)",
        example_flag=("29881-RT", "29881-LT"),
        example_ok=("29881-50",),
    ),
    Rule(
        id="MUE-3",
        name="units-over-clinical-day-limit",
        tier="certain",
        shape="day",
        precedence=73,
        denies=True,
        profiles=("medicare",),
        review_for=("commercial", "unknown"),
        columns=_DAY_COLUMNS,
        cells=("units",),
        tables=("mue-practitioner",),
        flags="Every line of a code with adjudication indicator 3 when the units of the day, "
        "summed over all lines and claims, exceed the MUE value.",
        why="All units of the day are denied at first; they can be paid on appeal with records.",
        not_flagged="26 and TC lines of a code that splits, summed apart; " + _NOT_DAYS + " With a "
        "JW line in the sum the finding is review.",
        remedy="Correct the units, or keep the records for an appeal.",
        citation=_MANUAL,
        example_flag=("97110-GP units=4", "97110-GP-59 units=3"),
        example_ok=("97110-GP units=6",),
    ),
)


def _equipment() -> pl.Expr:
    """Codes of equipment, supplies and orthotics, which the DME contractors judge (SPEC 5.1)."""
    return pl.col("code").str.contains(r"^(A[4-9]|[BEKLV][0-9])[0-9]{3}$")


def find(state: State) -> pl.DataFrame:
    """Hits of MUE-1, MUE-2 and MUE-3 (MUE-0 is a line rule)."""
    lines = state.lines_at(_candidates(state), *_LINE)
    # Equipment and its drugs have a table of their own.
    lines = lines.filter(~of_kind(state, "supplier", lines["row"]).fill_null(value=False))
    lines = _each_day(lines, state)
    if lines.is_empty():
        return no_hits()
    # Thousandths over days, rounded half up and half down, in integers.
    whole, half = 2000 * pl.col("span").cast(pl.Int64), 1000 * pl.col("span").cast(pl.Int64)
    # A credit takes back what it names, whichever of charge and units has the minus sign.
    size = pl.when("credit").then(pl.col("units").abs()).otherwise("units")
    lines = lines.with_columns(
        up=(2 * size + half).floordiv(whole), down=-((half - 2 * size).floordiv(whole))
    )
    return pl.concat(
        [_line_limit(lines.filter(~pl.col("credit")), state), _day_limits(lines, state)]
    )


def _candidates(state: State) -> pl.Series:
    """Rows of lines that may exceed a limit: alone, with others of their code, or beside spans."""
    span = pl.col("days") > 1
    # A credit is as large whichever of charge and units has the minus sign.
    over = pl.col("units").abs() > 1000 * pl.col("mue_value").cast(pl.Int64)
    lines = (
        state.lines.lazy()
        .filter(
            pl.col("lob") != "medicaid",
            pl.col("units").is_not_null() & ~pl.col("denied"),
            ~pl.col("dup") | (pl.col("credit") & ~pl.col("cancelled")),
            (pl.col("mue_value") > 0) | span,
        )
        .select("row", "day", "c", "n_day", span=span, over=over.fill_null(value=False))
        .collect()
    )
    together = lines.filter(pl.col("n_day") > 1, pl.col("day").is_not_null())
    together = together.filter(together.select(state.batch.day_code().is_duplicated()).to_series())
    reached = pl.col("c").is_in(lines.filter("span")["c"].unique().implode())
    rows = [together["row"], lines.filter(pl.col("over") | reached)["row"]]
    return pl.concat(rows).unique().sort()


def _each_day(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """Span lines day by day, each day at the limit of its own date; `moved` marks their codes."""
    spans = lines.filter(pl.col("days") > 1)
    if spans.is_empty():
        return lines.with_columns(moved=pl.lit(value=False))
    codes = spans["c"].unique().implode()
    table = state.batch.facts.table
    spans = state.batch.by_day(spans)
    limits = ("mue_value", "mai", "pctc")
    spans = spans.with_columns([table[n][spans["ce"]].alias(n) for n in limits])
    singles = lines.filter(pl.col("days") == 1)
    return pl.concat(
        [singles, spans.filter(pl.col("mue_value") > 0).select(lines.columns)]
    ).with_columns(moved=pl.col("c").is_in(codes))


def _line_limit(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """MUE-1."""
    over = lines.filter(pl.col("mai") == 1, pl.col("up") > pl.col("mue_value").cast(pl.Int64))
    if over.is_empty():
        return no_hits()
    over = _describe(over.sort("row", "date").unique("row", keep="first"), state)
    half = pl.col("down") <= pl.col("mue_value").cast(pl.Int64)
    return hits(
        over,
        "MUE-1",
        tier=pl.when(half | (pl.col("lob_tier") != CERTAIN)).then(REVIEW).otherwise(CERTAIN),
        message=pl.format(
            "{} units of {} on one line exceed the limit of {} a line.{}",
            pl.col("up"),
            pl.col("code"),
            pl.col("mue_value"),
            half_decides(half),
        ),
        remedy=pl.lit(
            "Correct the units, or split them over lines with the modifier that the record "
            "supports (59, XE, XS, XP, XU, 76, 77, 91 or a side)."
        ),
        kind="mue-practitioner",
        release=pl.col("mue_release"),
        table_row=row_words(pl.col("code")),
    )


def _day_limits(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """MUE-2 and MUE-3."""
    # A lone line within its limit cannot exceed it together with others: only groups of two and
    # lines over the limit are summed.
    limit, billed = pl.col("mue_value").cast(pl.Int64), ~pl.col("credit")
    alone_over = (pl.col("up") > limit) | pl.col("moved")
    some = (pl.col("n_day") > 1) | alone_over
    lines = lines.filter(pl.col("mai") > 1, pl.col("day").is_not_null(), some)
    # A center's own claim reports a bilateral procedure as two lines.
    own_claim = (pl.col("pos") == "24") & of_kind(state, "asc", lines["row"])
    lines = lines.filter(~(own_claim.fill_null(value=False) & (pl.col("mai") == 2)))  # noqa: PLR2004 - MAI 2
    repeated = state.batch.day_code().is_duplicated()
    lines = lines.filter(repeated | alone_over)
    # 26, TC and global lines of a code that splits are three services (SPEC 2.8, point 6); where
    # no fee schedule says whether it splits they are kept apart too.
    splits = pl.col("pctc").is_null() | (pl.col("pctc") == "1")
    key = ["day", "c", "part"]
    lines = lines.with_columns(part=pl.when(splits).then(pl.col("component")).otherwise(0))
    sums = (
        lines.group_by(key)
        .agg(
            gross=pl.col("up").filter(billed).sum(),
            back=pl.col("up").filter("credit").sum(),
            low=pl.col("down").filter(billed).sum(),
            value=limit.max(),
            jw=pl.col("has_jw").filter(billed).any(),
            vague_group=pl.col("vague").any(),
            sure=pl.col("down").filter(billed & pl.col("s1_known") & ~pl.col("loose")).sum(),
            members=billed.sum(),
        )
        .filter(pl.col("gross") > pl.col("value"))
        # What is left where the credits take back units, and not only money.
        .with_columns(total=pl.col("gross") - pl.col("back"), low=pl.col("low") - pl.col("back"))
    )
    if sums.is_empty():
        return no_hits()
    over = lines.filter(billed).join(sums, on=key)
    over = over.join(places(state.batch, over["row"]), on="row")
    firsts = (
        over.sort("place")
        .group_by(key)
        .agg(root=pl.col("row").first(), second=pl.col("row").get(1, null_on_oob=True))
    )
    over = over.join(firsts, on=key)
    # Over the days of a span the worst one is told, of either limit where it changes meanwhile.
    over = over.sort("row", "total", "date", descending=[False, True, False]).unique(
        ["row", "mai"], keep="first", maintain_order=True
    )
    over = _describe(over, state)
    half = (pl.col("low") <= pl.col("value")) & (pl.col("total") > pl.col("value"))
    # What is beyond doubt must exceed the limit by itself: no stand-in practitioner, and no claim
    # that may be the replacement of another one in the sum.
    alone = over.filter(pl.col("loose") & pl.col("s1_known"))
    alone = alone.group_by(*key, "claim").agg(own=pl.col("down").sum())
    over = over.join(alone, on=[*key, "claim"], how="left", nulls_equal=True)
    sure = pl.when("loose").then(pl.col("own").fill_null(0)).otherwise(pl.col("sure"))
    doubt = (
        (sure - pl.col("back") <= pl.col("value"))
        | pl.col("jw")
        | (pl.col("vague_group") & (pl.col("members") > 1))
        | ~pl.col("s1_known")
        | (pl.col("lob_tier") != CERTAIN)
    )
    over = over.with_columns(
        tier=pl.when(doubt).then(REVIEW).otherwise(CERTAIN),
        other=pl.when(pl.col("members") > 1).then(
            pl.when(pl.col("row") == pl.col("root")).then(pl.col("second")).otherwise("root")
        ),
        lines_text=pl.when(pl.col("members") > 1)
        .then(pl.format(" on {} lines", pl.col("members")))
        .otherwise(pl.lit("")),
    )
    return pl.concat([_told(over, 2, half), _told(over, 3, half)])


def _told(over: pl.DataFrame, mai: int, half: pl.Expr) -> pl.DataFrame:
    """The hits of one adjudication indicator, with their words."""
    if mai == 2:  # noqa: PLR2004 - MAI 2: absolute, by policy
        end = "the limit of {} a day is absolute.{}"
        remedy = (
            pl.when(pl.col("sided"))
            .then(
                pl.lit(
                    "A bilateral procedure is one line with 50 and one unit. Else correct the "
                    "units; no modifier or appeal raises this limit."
                )
            )
            .otherwise(pl.lit("Correct the units; no modifier or appeal raises this limit."))
        )
    else:
        end = "over {} a day all of them will deny.{}"
        remedy = pl.lit("Correct the units, or keep the records for an appeal.")
    return hits(
        over.filter(pl.col("mai") == mai),
        f"MUE-{mai}",
        tier=pl.col("tier"),
        other=pl.col("other"),
        other_code=pl.when(pl.col("members") > 1).then("code"),
        root=pl.col("root"),
        message=pl.format(
            "{} units of {} on {}{}; " + end,
            pl.col("gross"),
            pl.col("code"),
            pl.col("date"),
            pl.col("lines_text"),
            pl.col("value"),
            pl.concat_str(credited(), half_decides(half)),
        ),
        remedy=remedy,
        kind="mue-practitioner",
        release=pl.col("mue_release"),
        table_row=row_words(pl.col("code")),
    )


def _describe(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add code, release, row dates, line of business tier and whether 50 may be the cure."""
    table = state.batch.facts.table
    names = ("code", "mue_release", "mue_from", "mue_to", "mue_rationale", "bilateral")
    return lines.with_columns([table[n][lines["ce"]].alias(n) for n in names]).with_columns(
        lob_tier=business_tier(state, rule_of("MUE-2")),
        sided=(pl.col("bilateral") == "1").fill_null(value=False),
    )
