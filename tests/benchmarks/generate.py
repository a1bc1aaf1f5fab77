"""One month of professional claim lines, invented, seeded, plausible; as a CSV file.

    python generate.py --lines 1000000 --seed 7 --store DIR --work DIR [--batch 1000000]

Writes `claims.csv` and `tables.json` (the reference files that the SQL reads) into --work. Every
patient, practitioner and claim is invented. Visits, modifiers and mistakes are drawn from
`visits.toml`; the rarer codes from the fee schedule, the pairs and the add-on edits of the store.
The same seed and store give the same bytes.

A file of more lines than a batch has is written batch after batch, so that any length takes the
memory of one: about 1.6 GiB a million lines. Each batch has patients, practitioners and claims of
its own.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from dice import Dice
from people import patient_id, payer, practitioners
from plan import Plan, load_plan
from tables import Piece, frame, pieces

MONTH = (date(2025, 11, 1), date(2025, 11, 30))
WEEKEND = 0.15
"""Visits on a Saturday or Sunday, against a weekday."""
BATCH = 1_000_000
CLAIMS = 10**10
"""Between the numbers of a claim in one batch and in the next."""
LINES_A_PATIENT = 6.7
LINES_A_PRACTITIONER = 333
DENIED = 0.015
ALONE = 0.03
"""Chance that a line which goes with another stays where that one is missing."""
SPLIT = 0.04
"""Chance that a line after the first is billed on a claim of its own."""
# What becomes of a claim, by one draw from [0, 1)
REPLACED, REPLACED_TWICE, VOIDED, SENT_AGAIN = 0.010, 0.012, 0.016, 0.020
DIAGNOSES = (
    "I10",
    "E11.9",
    "E78.5",
    "Z00.00",
    "M54.50",
    "M17.11",
    "M25.561",
    "R07.9",
    "J44.9",
    "N18.31",
    "F41.1",
    "K21.9",
    "I48.91",
    "Z12.31",
    "L57.0",
    "H25.13",
)
COLUMNS = (
    "claim_number",
    "line_number",
    "patient_id",
    "payer_name",
    "line_of_business",
    "claim_frequency_code",
    "original_claim_number",
    "payer_claim_control_number",
    "received_date",
    "service_date_from",
    "service_date_to",
    "place_of_service",
    "procedure_code",
    "modifier_1",
    "modifier_2",
    "modifier_3",
    "modifier_4",
    "units",
    "charge_amount",
    "allowed_amount",
    "line_status",
    "rendering_npi",
    "billing_npi",
    "tax_id",
    "specialty_code",
    "diagnosis_1",
    "diagnosis_2",
    "diagnosis_3",
    "diagnosis_4",
)


def claim_file(lines: int, dice: Dice, drawn: dict[str, pl.DataFrame], batch: int) -> pl.DataFrame:
    """`lines` claim lines, in the order of the file; drawn: what the visits draw codes from."""
    plan = load_plan(frozenset(name for name, table in drawn.items() if table.is_empty()))
    made = _with_revisions(dice, _first_claims(dice, plan, drawn, lines, batch))
    made = _texts(made, batch)
    # Whole visits to just under the number asked for, and a few of one line to fill it up.
    sizes = made.group_by("visit").len().sort("visit")
    kept = sizes.filter(pl.col("len").cum_sum() <= lines)
    singles = sizes.filter(pl.col("len") == 1, pl.col("visit") > (kept["visit"].max() or -1))
    extra = singles.head(lines - int(kept["len"].sum()))
    wanted = pl.concat([kept["visit"], extra["visit"]])
    made = made.filter(pl.col("visit").is_in(wanted.implode()))
    if made.height != lines:
        message = f"{made.height} lines were made where {lines} were asked for"
        raise RuntimeError(message)
    return made.sort("received_date", "claim_number", "line_number").select(COLUMNS)


def _drawn_tables(dice: Dice, tables: dict[str, list[Piece]]) -> dict[str, pl.DataFrame]:
    """What `@pair.column1` and its like in `visits.toml` stand for."""
    day = pl.lit(MONTH[0])

    def applies(start: str, end: str) -> pl.Expr:
        return (pl.col(start) <= day) & (pl.col(end).is_null() | (pl.col(end) >= day))

    paid = (
        frame(tables["fees"])
        .filter(applies("valid_from", "valid_to"), pl.col("component") == "")
        .filter(pl.col("status") == "A", pl.col("code").str.contains(r"^\d{5}$"))
        .select("code", "global_days")
        .collect()
    )
    codes = paid["code"].implode()
    services = paid.filter(pl.col("global_days").is_in(["000", "010", "090", "XXX"]))
    pairs = (
        frame(tables["ptp"])
        .filter(applies("effective", "deletion"), pl.col("modifier_indicator") < 2)
        .filter(pl.col("column1").is_in(codes), pl.col("column2").is_in(codes))
        .select("column1", "column2")
        .collect()
    )
    families = (
        frame(tables["aoc"])
        .filter(applies("effective", "deletion"), pl.col("edit_type") == 1)
        .filter(pl.col("addon").is_in(codes), pl.col("primary").is_in(codes))
        .select("addon", "primary")
        .collect()
    )
    return {
        "service": _some(dice, services.select("code"), 2_500),
        "pair": _some(dice, pairs, 3_000),
        "family": _some(dice, families, 1_500),
    }


def _some(dice: Dice, table: pl.DataFrame, n: int) -> pl.DataFrame:
    """`n` rows of `table`, or all, in a drawn order."""
    table = table.unique().sort(table.columns)
    order = dice.uniform("rows of " + " ".join(table.columns), table.height)
    return table.with_columns(order=order).sort("order").drop("order").head(n)


def _first_claims(
    dice: Dice, plan: Plan, drawn: dict[str, pl.DataFrame], lines: int, batch: int
) -> pl.DataFrame:
    """More than `lines` lines, as they were billed first: no replacements, voids and copies."""
    people = practitioners(dice, plan, lines // LINES_A_PRACTITIONER, batch)
    visits = _visits(dice, plan, people, lines)
    made = visits.join(plan.slots, on="kind", maintain_order="left")
    made = made.filter(dice.coin("line is there", made.height, made["chance"]))
    made = made.filter(_accompanied(made) | dice.coin("alone all the same", made.height, ALONE))
    n = made.height
    made = _services(dice, plan, drawn, made)
    partner = people["partner"].gather(made["practitioner"])
    swapped = dice.coin("by a partner", n, made["partner"])
    late = dice.coin("a day late", n, made["late"])
    apart = dice.coin("on a claim of its own", n, SPLIT) & (made["position"] > 0)
    made = made.with_columns(
        practitioner=pl.when(swapped).then(partner).otherwise("practitioner"),
        service_date_from=pl.col("date") + pl.duration(days=pl.col("after") + late.cast(pl.Int64)),
        claim=pl.col("visit") * 2 + (apart | swapped).cast(pl.Int64),
    )
    who = people.select("rendering_npi", "billing_npi", "tax_id", "specialty_code")
    made = pl.concat([made, who[made["practitioner"]]], how="horizontal")
    denied = dice.coin("denied", n, DENIED)
    made = made.with_columns(
        line_number=pl.int_range(1, pl.len() + 1).over("claim"),
        service_date_to=pl.col("service_date_from") + pl.duration(days=pl.col("days") - 1),
        line_status=pl.when(denied).then(pl.lit("denied")).otherwise(pl.lit("paid")),
        allowed=pl.when(denied).then(0).otherwise(pl.col("charge") * 45 // 100),
    )
    return made.with_columns(
        received_date=pl.col("service_date_to").max().over("visit")
        + pl.duration(days=2 + pl.col("visit") % 17),
        kind_of_claim=pl.lit("1"),
        original=pl.lit(None, pl.Int64),
    )


def _accompanied(made: pl.DataFrame) -> pl.Series:
    """Whether the line that each line goes with, if any, is there."""
    place = made["visit"] * 64 + made["position"]
    partner = made["visit"] * 64 + made["with"] - 1
    return (made["with"] == 0) | partner.is_in(place.implode())


def _visits(dice: Dice, plan: Plan, people: pl.DataFrame, lines: int) -> pl.DataFrame:
    """visit, kind, patient, practitioner (row of `people`), pos, date, pick (for drawn codes)."""
    n = int(lines / _lines_a_visit(plan) * 1.02) + 60
    nobody = pl.zeros(n, pl.Int64, eager=True)
    kind = dice.choice("kind", nobody, plan.visits)
    specialty = plan.seen_by["specialty"].gather(dice.choice("seen by", kind, plan.seen_by))
    practitioner = dice.choice("practitioner", specialty, people)
    first, last = MONTH
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    calendar = pl.DataFrame(
        {
            "group": [0] * len(days),
            "weight": [1.0 if day.isoweekday() <= 5 else WEEKEND for day in days],
            "day": days,
        }
    )
    patients = max(1, round(lines / LINES_A_PATIENT))
    return pl.DataFrame(
        {
            "visit": pl.int_range(n, eager=True),
            "kind": kind.cast(pl.Int64),
            # some patients come far more often than others
            "patient": (dice.uniform("patient", n) ** 1.5 * patients).cast(pl.Int64),
            "practitioner": practitioner.cast(pl.UInt32),
            "pos": plan.places["pos"].gather(dice.choice("pos", kind, plan.places)),
            "date": calendar["day"].gather(dice.choice("day", nobody, calendar)),
            "pick": dice.uniform("pick", n) ** 2,
        }
    )


def _lines_a_visit(plan: Plan) -> float:
    """Lines that a visit has on average; no line goes with one that goes with another itself."""
    other = plan.slots.select("kind", (pl.col("position") + 1).alias("with"), base="chance")
    slots = plan.slots.join(other, on=["kind", "with"], how="left")
    share = pl.col("chance") * pl.col("base").fill_null(1.0)
    by_kind = slots.group_by("kind").agg(chance=share.sum()).sort("kind")
    weight = plan.visits["weight"]
    return float((by_kind["chance"] * weight).sum()) / float(weight.sum())


def _services(
    dice: Dice, plan: Plan, drawn: dict[str, pl.DataFrame], made: pl.DataFrame
) -> pl.DataFrame:
    """Add procedure_code, mods, units and charge (cents) to the lines `made`."""
    slot = made["slot"]
    made = made.with_columns(
        procedure_code=plan.codes["value"].gather(dice.choice("code", slot, plan.codes)),
        mods=plan.modifiers["value"].gather(dice.choice("modifiers", slot, plan.modifiers)),
        units=plan.units["value"].gather(dice.choice("units", slot, plan.units)).cast(pl.Int64),
    )
    code = pl.col("procedure_code")
    for table, rows in drawn.items():
        for column in rows.columns:
            if rows.height:
                row = (pl.col("pick") * rows.height).cast(pl.UInt32)
                value = pl.lit(rows[column]).gather(row)
                code = (
                    pl.when(pl.col("procedure_code") == f"@{table}.{column}")
                    .then(value)
                    .otherwise(code)
                )
    made = made.with_columns(procedure_code=code)
    prices = made.select(pl.col("procedure_code").unique().sort())
    prices = prices.with_columns(
        price=((dice.uniform("price", prices.height) ** 3 * 60_000) + 1_500).cast(pl.Int64)
    )
    made = made.join(prices, on="procedure_code", maintain_order="left")
    level = 80 + pl.col("practitioner").cast(pl.Int64) * 37 % 80  # percent, the practice's own
    return made.with_columns(charge=pl.col("price") * level // 100 * pl.col("units"))


def _with_revisions(dice: Dice, first: pl.DataFrame) -> pl.DataFrame:
    """The lines with the replacements, voids and second copies of some claims beside them."""
    claims = first.select(pl.col("claim").unique().sort())
    fate = dice.uniform("fate", claims.height)
    claims = claims.with_columns(fate=fate, serial=pl.int_range(pl.len()) + 2_000_000_000)
    # the second replacement names, as practices differ, the original or the first replacement
    again = claims.filter(pl.col("fate").is_between(REPLACED, REPLACED_TWICE, closed="left"))
    copies = [
        claims.filter(pl.col("fate") < REPLACED_TWICE).select(
            "claim", copy="serial", names="claim", kind_of_claim=pl.lit("7"), later=20
        ),
        again.select(
            "claim",
            copy=pl.col("serial") + 1_000_000_000,
            names=pl.when(pl.col("claim") % 4 < 2).then("claim").otherwise("serial"),
            kind_of_claim=pl.lit("7"),
            later=40,
        ),
        claims.filter(pl.col("fate").is_between(REPLACED_TWICE, VOIDED, closed="left")).select(
            "claim", copy="serial", names="claim", kind_of_claim=pl.lit("8"), later=25
        ),
        claims.filter(pl.col("fate").is_between(VOIDED, SENT_AGAIN, closed="left")).select(
            "claim",
            copy="serial",
            names=pl.lit(None, pl.Int64),
            kind_of_claim=pl.lit("1"),
            later=15,
        ),
    ]
    more = first.drop("kind_of_claim", "original").join(pl.concat(copies), on="claim")
    more = more.with_columns(
        claim="copy",
        original="names",
        received_date=pl.col("received_date") + pl.duration(days=pl.col("later")),
    ).select(first.columns)
    return pl.concat([first, more])


def _texts(made: pl.DataFrame, batch: int) -> pl.DataFrame:
    """The columns of the file; claims of another batch have longer numbers."""
    tokens = pl.when(pl.col("mods") != "").then(pl.col("mods").str.split(" "))
    modifiers = {f"modifier_{i + 1}": tokens.list.get(i, null_on_oob=True) for i in range(4)}
    n = len(DIAGNOSES)
    listed = pl.lit(pl.Series(DIAGNOSES))
    step = pl.col("visit") * 31 + pl.col("patient") * 7
    diagnoses = {
        f"diagnosis_{i + 1}": pl.when(pl.col("visit") % (i + 1) == 0).then(
            listed.gather((step + i * 5) % n)
        )
        for i in range(4)
    }

    def number(prefix: str, column: str) -> pl.Expr:
        digits = (pl.col(column) + batch * CLAIMS).cast(pl.String).str.zfill(10)
        return pl.concat_str(pl.lit(prefix), digits)

    def money(column: str) -> pl.Expr:
        cents = pl.col(column)
        rest = (cents % 100).cast(pl.String).str.zfill(2)
        return pl.concat_str((cents // 100).cast(pl.String), pl.lit("."), rest)

    return made.with_columns(
        claim_number=number("C", "claim"),
        patient_id=patient_id(pl.col("patient"), batch),
        payer_name=payer(pl.col("patient")),
        line_of_business=pl.lit("medicare"),
        claim_frequency_code="kind_of_claim",
        original_claim_number=number("25", "original"),
        payer_claim_control_number=number("25", "claim"),
        place_of_service="pos",
        charge_amount=money("charge"),
        allowed_amount=money("allowed"),
        **modifiers,
        **diagnoses,
    )


def main() -> None:
    """Write the claim file and the list of reference files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=BATCH)
    given = parser.parse_args()
    tables = pieces(given.store, given.work)
    drawn = _drawn_tables(Dice(given.seed), tables)
    with (given.work / "claims.csv").open("wb") as file:
        for batch, start in enumerate(range(0, given.lines, given.batch)):
            lines = min(given.batch, given.lines - start)
            made = claim_file(lines, Dice(given.seed, batch), drawn, batch)
            made.write_csv(file, include_header=batch == 0)
    listed = {name: [asdict(piece) for piece in table] for name, table in tables.items()}
    (given.work / "tables.json").write_text(json.dumps(listed, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
