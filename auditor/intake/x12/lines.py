"""The claim lines of placed segments: every field from the loop that says it of this line."""

from __future__ import annotations

import polars as pl

from auditor.intake.x12.fields import CELLS
from auditor.intake.x12.lookups import component, divided, element, tables
from auditor.intake.x12.loops import LEVELS
from auditor.intake.x12.segments import COMPONENT

_LOOPS = (*LEVELS, "claim", "line")
_ID = pl.col("id")
_DEPENDENT = pl.col("patient") > 0


def read(frame: pl.DataFrame, joint: str, component_mark: str) -> pl.DataFrame:
    """Each line in order: n, the number of its segment, and CELLS (all String).

    A service (SV1) is a line; so that nothing is lost, so is an LX without one, and a claim
    without either, with no code. `frame` are placed segments; `joint` as in lookups.tables;
    `component_mark` is the character that stood for our mark of components in the file.
    """
    lines = _services(frame, joint)
    for table in tables(frame, joint):
        lines = lines.join(table.found, on=table.loop, how="left")
    cells = _cells(lines).sort("n")
    # An element that is no composite may hold the mark all the same; give it back.
    return cells.with_columns(
        pl.col(CELLS).str.replace_all(COMPONENT, component_mark, literal=True)
    )


def _services(frame: pl.DataFrame, joint: str) -> pl.DataFrame:
    """n, the loops and what the SV1 says of every line."""
    heads = frame.filter(pl.col("line") == pl.col("n")).select(
        *_LOOPS, line_number=pl.when(_ID == "LX").then(element(1))
    )
    claims = frame.filter(_ID == "CLM").select(_LOOPS).join(heads, on="claim", how="anti")
    code = divided(element(1), joint)
    services = frame.filter(_ID == "SV1").select(
        "n",
        "line",
        qualifier=component(code, 1),
        code=component(code, 2),
        **{f"modifiers_{n}": component(code, n + 2) for n in range(1, 5)},
        charge_amount=element(2),
        measure=element(3),
        units=element(4),
        line_place=element(5),
        diagnosis_pointers_1=divided(element(7), joint).str.replace_all(
            COMPONENT, " ", literal=True
        ),
    )
    number = pl.when(pl.col("line") > 0).then("line").otherwise("claim")
    return (
        pl.concat([heads, claims], how="diagonal")
        .join(services, on="line", how="left")
        .with_columns(n=pl.coalesce("n", number))
    )


def _cells(lines: pl.DataFrame) -> pl.DataFrame:
    def own(name: str) -> pl.Expr:
        return pl.when(_DEPENDENT).then(f"dependent_{name}").otherwise(f"subscriber_{name}")

    # The practitioner that a line names stands in the claim's place, even without an NPI.
    rendered = pl.col("line_rendered").is_not_null()
    taxonomy = pl.when(rendered).then("line_taxonomy").otherwise("claim_taxonomy")
    note = pl.concat_str("claim_note", "line_note", separator="; ", ignore_nulls=True)
    return lines.with_columns(
        patient_id=_patient_id(),
        patient_birth_date=own("birth_date"),
        patient_sex=own("sex"),
        rendering_npi=pl.when(rendered).then("line_rendering").otherwise("claim_rendering"),
        referring_npi=pl.coalesce("line_referring", "claim_referring"),
        specialty=pl.coalesce(taxonomy, "billing_taxonomy"),
        clia_number=pl.coalesce("line_clia", "claim_clia"),
        place_of_service=pl.coalesce("line_place", "claim_place"),
        diagnoses_1="diagnoses",
        claim_note=pl.when(note != "").then(note),
    ).select("n", *CELLS)


def _patient_id() -> pl.Expr:
    """The id of the patient.

    A family shares the subscriber's id, and its members must not be taken for one: a dependent
    without an id of its own is told by the subscriber's, the birth date and the first name.
    """
    subscriber, dependent = pl.col("subscriber_id"), pl.col("dependent_id")
    name = pl.col("first_name").str.strip_chars().str.to_uppercase()
    member = pl.concat_str("dependent_birth_date", name, separator="/", ignore_nulls=True)
    member = pl.when(member == "").then(pl.lit("DEPENDENT")).otherwise(member)
    made = pl.concat_str(subscriber.str.strip_chars(), member, separator="/")
    own = pl.when(dependent.ne_missing(subscriber)).then(dependent)
    return pl.when(_DEPENDENT).then(pl.coalesce(own, made)).otherwise(subscriber)
