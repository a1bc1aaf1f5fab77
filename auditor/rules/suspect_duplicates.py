"""Lines that may repeat an earlier one: the same service that day, or spans that overlap.

Only lines that nothing tells apart are compared: the same component, side, digit, discipline and
role (modifiers of `_APART`), and no repeat modifier on either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.modifiers import ANATOMIC
from auditor.engine.order import BY
from auditor.rules.duplicates import story_of_claims
from auditor.rules.interface import Rule, Stage
from auditor.rules.status import asks_for_payment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.engine.state import State

STAGE = Stage.POLICY
_APART = (
    *("26", "TC", "50", *ANATOMIC),
    *("GP", "GO", "GN", "CQ", "CO", "JW", "JZ", "NU", "RR", "UE"),
    *("GA", "GX", "GY", "GZ", "SL"),
    *("54", "55", "56", "62", "66", "80", "81", "82", "AS"),
    *("UN", "UP", "UQ", "UR", "US"),
)
"""Modifiers that make two lines of one code two services: part, place, discipline, assistant, role,
what is covered of it, who supplied it, and how many patients a portable x-ray trip served."""
_PROGRAM = r"^(?:U[1-9A-D]|H[A-Z])$"
"""Modifiers that say which service of a state's programme it was: group, level of staff, waiver."""
_BY_ALL_MODIFIERS = r"^(?:0[0-9]{4}|A0[0-9]{3})$"
"""Anesthesia (who did what) and ambulance (from where to where): any other modifier tells apart."""
_DRUG = r"^[JQ][0-9]{4}$"
_BY_THE_MONTH = r"^[ABEKLV][0-9]{4}$"
_TEAM = ("62", "66")
_CROWD = 500
"""Lines of one patient, practitioner and code above which spans are not compared."""
_ALL = ("medicare", "medicaid", "commercial", "unknown")
RULES = (
    Rule(
        id="DUP-2",
        name="suspect-duplicate",
        tier="review",
        shape="day",
        precedence=140,
        denies=True,
        profiles=_ALL,
        columns=(
            "patient_id",
            "rendering_npi",
            "service_date_from",
            "code",
            "modifiers",
            "units",
            "charge_amount",
        ),
        tables=(),
        flags="A line of the same patient, payer, practitioner, code and dates as an earlier one, "
        "where charge, units or modifiers differ, or, on another claim, the place alone; and one "
        "that repeats in every field a line of a colleague of the group. The later line is "
        "flagged; later means received later, then claim id, then line number.",
        why="Payers hold such a line for a person to decide; paid twice it is an overpayment.",
        not_flagged="Lines with a repeat or separation modifier (76, 77, 91, 59, XE, XS, XP, XU); "
        "lines that differ in side, digit, component (26, TC), therapy discipline or assistant "
        "(CQ, CO), JW, rental, surgical role, coverage (GA, GX, GY, GZ), SL or a state's own "
        "modifier (U1 to UD, HA to HZ); units over lines of one claim at one price a unit; "
        "anesthesia and ambulance with different modifiers; lines of one drug on one claim "
        "(vials); a replacement or void claim beside another claim; colleagues of known different "
        "specialties, visits of colleagues whose specialty is unknown, co-surgeons; denied lines, "
        "lines that a reversal takes back, zero units, charges of 0 or one cent; exact repeats "
        "(DUP-1).",
        remedy="Void the line if it repeats the earlier one, or report a repeat modifier if the "
        "record shows that the service was done again.",
        citation="CMS 100-04 ch. 1 s. 120 (suspect duplicates); MM8121",
        example_flag=("71046 claim=C1", "71046 claim=C2 charge=90"),
        example_ok=("71046 claim=C1", "71046-76 claim=C2 charge=90"),
    ),
    Rule(
        id="DUP-3",
        name="overlapping-spans",
        tier="review",
        shape="span",
        precedence=141,
        denies=True,
        profiles=_ALL,
        columns=(
            "patient_id",
            "rendering_npi",
            "service_date_from",
            "service_date_to",
            "code",
            "modifiers",
        ),
        tables=(),
        flags="A line whose dates of service overlap those of an earlier line of the same patient, "
        "payer, practitioner and code, without being the same, where one of the two spans several "
        "days. The later line is flagged, as with DUP-2.",
        why="The days that both lines cover are billed twice.",
        not_flagged="Spans that follow each other; the same dates on both lines (DUP-1, DUP-2); "
        "equipment and supplies whose periods share the day between them; files that date claims "
        "and not lines; and all that DUP-2 leaves out.",
        remedy="Correct the dates or the units, or void the line that repeats the other.",
        citation="CMS 100-04 ch. 1 s. 120 (suspect duplicates); MM8121",
        example_flag=(
            "99232 pos=21 dos=2025-11-03 to=2025-11-07 units=5",
            "99232 pos=21 dos=2025-11-06 to=2025-11-08 units=3 claim=C2",
        ),
        example_ok=(
            "99232 pos=21 dos=2025-11-03 to=2025-11-05 units=3",
            "99232 pos=21 dos=2025-11-06 to=2025-11-08 units=3 claim=C2",
        ),
    ),
)
_LINE = (
    *("row", "day", "date", "days", "patient", "s1", "c", "ce", "m", "pos", "units"),
    *("charge", "frequency", "vague", "tax", "billing", "specialty", "is_em"),
)
_RAW = ("claim_id", "line_number", "service_date_to", "ndc", "payer_claim_id", "received_date")


def find(state: State) -> pl.DataFrame:
    """Both rules."""
    lines = (
        state.lines.lazy()
        .filter(
            pl.col("day").is_not_null(),
            ~pl.col("has_repeat") & ~pl.col("denied") & ~pl.col("dup") & pl.col("live"),
            asks_for_payment(),
        )
        .select("row", "date", "days", "patient", "s1", "c", "vague")
        .collect()
    )
    found = []
    if "DUP-2" not in state.silent:
        found.append(_same_day(state, lines))
    if "DUP-3" not in state.silent:
        found.append(_overlapping(state, lines))
    return pl.concat(found) if found else no_hits()


_TELLS = pl.element().is_in(list(_APART)) | pl.element().str.contains(_PROGRAM)


def _telling(state: State, rows: pl.Series) -> pl.DataFrame:
    """Lines with what tells them apart (apart, own_claim), their code, raw columns and age."""
    lines = state.lines_at(rows, *_LINE)
    mods = state.batch.mods.with_columns(
        telling=pl.col("tokens")
        .list.eval(pl.element().filter(_TELLS).unique().sort())
        .list.join(" "),
    )
    lines = state.with_facts(lines, "code")
    lines = lines.with_columns(
        *(mods[n][lines["m"]] for n in ("telling", "sorted_mods")),
        *(state.batch.raw[n][lines["row"]] for n in _RAW),
        team=pl.col("m").is_in(state.modifiers(*_TEAM).implode()),
    )
    order = state.batch.raw.select("row", *BY)[lines["row"]]
    order = order.with_columns(lines["received_date"], state.batch.sent_of(lines["row"]))
    order = order.sort("sent", "received_date", *BY, nulls_last=False).select("row")
    changed = pl.col("frequency").is_in(["7", "8"]).fill_null(value=False)
    return (
        lines.join(order.with_row_index("age"), on="row")
        .with_columns(
            apart=pl.when(pl.col("code").str.contains(_BY_ALL_MODIFIERS))
            .then("sorted_mods")
            .otherwise("telling"),
            claim=pl.concat_str("claim_id", pl.col("payer_claim_id").fill_null(""), separator=" "),
            changed=changed,
        )
        .with_columns(own_claim=pl.when("changed").then("claim"))
    )


def _same_day(state: State, lines: pl.DataFrame) -> pl.DataFrame:
    """DUP-2."""
    # Cheap first: only codes that stand twice on a day of the patient can repeat.
    patient_day = pl.col("patient") * 2**16 + pl.col("date").cast(pl.Int32)
    n_codes = state.batch.n_codes
    lines = lines.filter((patient_day * n_codes + pl.col("c")).is_duplicated())
    if lines.is_empty():
        return no_hits()
    lines = _telling(state, lines["row"]).with_columns(
        group=pl.coalesce(pl.col("tax") * 2, pl.col("billing") * 2 + 1)
    )
    service = ["c", "service_date_to", "own_claim"]
    exact = [*service, "pos", "sorted_mods", "units", "charge"]
    same_claim = pl.col("claim") == pl.col("claim_")
    drug = pl.col("code").str.contains(_DRUG)
    other_product = (pl.col("ndc") != pl.col("ndc_")).fill_null(value=False)
    differs = pl.any_horizontal(
        pl.col(n).ne_missing(pl.col(n + "_")) for n in ("units", "charge", "sorted_mods")
    )
    # Units of one service over lines of one claim, at one price: for MUE and not a repeat.
    price = pl.col("charge") * pl.col("units_") == pl.col("charge_") * pl.col("units")
    split = same_claim & (pl.col("units") != pl.col("units_")) & price
    here = _pairs(lines, ["day", *service, "apart", "pos"]).filter(
        differs,
        ~(drug & (same_claim | other_product)),
        ~split.fill_null(value=False),
    )
    elsewhere = _pairs(lines, ["day", *(k for k in exact if k != "pos")]).filter(
        ~same_claim, (pl.col("pos") != pl.col("pos_")).fill_null(value=False)
    )
    elsewhere = elsewhere.filter(~(drug & other_product))
    grouped = lines.filter(~pl.col("team"), pl.col("group").is_not_null())
    colleague = _pairs(grouped, ["patient", "date", "group", *exact]).filter(
        pl.col("s1") != pl.col("s1_"),
        # Two colleagues see a patient on one day as a rule: only one specialty is suspicious.
        (pl.col("specialty") == pl.col("specialty_")).fill_null(~pl.col("is_em")),
    )
    found = pl.concat([here, elsewhere, colleague]).sort("row", "age_")
    found = found.unique("row", keep="first", maintain_order=True)
    return hits(
        found,
        "DUP-2",
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code"),
        root=story_of_claims("patient", pl.col("claim_id"), pl.col("claim_id_")),
        message=pl.format(
            "{} on {} may repeat line {} of claim {}{}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("line_number_").cast(pl.String).fill_null("?"),
            pl.col("claim_id_"),
            _difference(),
        ),
        remedy="Void the line if it repeats the earlier one; if the record shows that the service "
        "was done again, report the repeat modifier that fits.",
    )


def _pairs(lines: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Each line with every earlier one of the same `key`, suffixed `_`."""
    lines = lines.filter(pl.struct(*key).is_duplicated())
    told = (
        *("row", "age", "s1", "pos", "units", "charge", "sorted_mods", "specialty", "ndc"),
        *("claim", "claim_id", "line_number", "date", "days"),
    )
    earlier = lines.select(*key, *(pl.col(n).alias(n + "_") for n in told))
    met = lines.join(earlier, on=key, nulls_equal=True).filter(pl.col("age_") < pl.col("age"))
    return met.select(*lines.columns, *(n + "_" for n in told))


def _difference() -> pl.Expr:
    """In what the two lines differ, in words."""
    differing = pl.concat_list(
        pl.when(pl.col(name).ne_missing(pl.col(name + "_"))).then(pl.lit(said))
        for name, said in (
            ("charge", "charge"),
            ("units", "units"),
            ("sorted_mods", "modifiers"),
            ("pos", "place of service"),
        )
    ).list.drop_nulls()
    return (
        pl.when(pl.col("s1") != pl.col("s1_"))
        .then(pl.lit(", by a colleague of the group, in every other field"))
        .otherwise(pl.format("; it differs in {}", differing.list.join(", ")))
    )


def _overlapping(state: State, lines: pl.DataFrame) -> pl.DataFrame:
    """DUP-3."""
    if not state.batch.has_spans:
        return no_hits()
    lines = lines.filter(~pl.col("vague").fill_null(value=False))
    spans = lines.filter(pl.col("days") > 1)
    who = ["patient", "s1", "c"]
    lines = lines.join(spans.select(who).unique(), on=who, how="semi")
    lines = lines.filter(pl.len().over(who).is_between(2, _CROWD))
    if lines.is_empty():
        return no_hits()
    lines = _telling(state, lines["row"])
    met = _pairs(lines, [*who, "apart", "own_claim"])
    end, end_ = (pl.col("date" + s) + pl.duration(days=pl.col("days" + s) - 1) for s in ("", "_"))
    met = met.with_columns(end=end, end_=end_)
    first, last = pl.max_horizontal("date", "date_"), pl.min_horizontal("end", "end_")
    shared = pl.col("code").str.contains(_BY_THE_MONTH) & (first == last)
    found = met.filter(
        first <= last,
        (pl.col("date") != pl.col("date_")) | (pl.col("end") != pl.col("end_")),
        ~(shared & ((pl.col("date") == pl.col("end_")) | (pl.col("date_") == pl.col("end")))),
    )
    found = found.sort("row", "age_").unique("row", keep="first", maintain_order=True)
    return hits(
        found,
        "DUP-3",
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code"),
        message=pl.format(
            "{} from {} to {} overlaps line {} of claim {}, from {} to {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("end"),
            pl.col("line_number_").cast(pl.String).fill_null("?"),
            pl.col("claim_id_"),
            pl.col("date_"),
            pl.col("end_"),
        ),
        remedy="Correct the dates or the units, or void the line that repeats the other.",
    )
