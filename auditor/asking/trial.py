"""What is put to the audit for a question: the lines as asked, and the same a little changed.

Every case (an encounter as asked, with one modifier more, with a line less ...) is a patient and a
claim of its own, with practitioners of its own, so that no rule sees two of them together and one
audit judges all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.asking.encounters import TRACKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.asking.encounters import Encounter
    from auditor.reference.interface import Reference

ASKED, WITHOUT, ADD, DROP, UNITS = "asked", "without", "add", "drop", "units"
WAYS = (WITHOUT, DROP, ADD, UNITS)
AGE, SEX, PAYER, DX, SPECIALTY, BEFORE = "age", "sex", "payer", "dx", "specialty", "before"
PROBES = {
    AGE: ("0", "110"),
    SEX: ("F", "M"),
    PAYER: ("medicare",),
    DX: ("R69", "Z1211", "I739"),
    SPECIALTY: ("65", "207Q00000X"),
    BEFORE: ("27447", "99213"),
}
"""Values that are tried for what a coder did not say: a rule that would look at the lines finds
something with one of them. Not medical advice, and never shown as an answer."""
PRACTITIONER = "practitioner"
"""Findings of SPECIALTY that compare practitioners."""

_CENTS_PER_UNIT = 10
"""Cents for a thousandth of a unit: nobody said a charge, so that a unit costs the same on every
line, and a line that is typed twice is the same line twice."""
_MOST_MODIFIERS = 4
_MOST_UNITS_TRIED = 12
_THOUSAND = 1000
_TOKEN = 3
"""Characters of a modifier and the blank before it."""
_FIRST_NPI = 100_000_000
_PER_CASE = 64
_PREFIX_SUM = 24
"""Luhn sum of the prefix 80840 before an NPI (45 CFR 162.406)."""
_DAYS_BEFORE = 30
_TRIED = (
    ("distinct", ""),
    ("component", "26 TC"),
    ("global", "24 25 57 58 78 79"),
    ("repeat", "76 77"),
    ("lab", "91 QW"),
    ("therapy", "GP GO GN"),
    ("anesthesia_pricing", "AA AD QK QX QY QZ"),
    ("drug", "JW JZ"),
    ("active treatment", "AT"),
    ("class findings", "Q7 Q8 Q9"),
    ("equipment", "NU RR UE"),
    ("screening", "PT 33"),
    ("both sides", "50"),
)
"""Modifiers that are tried on every code, by what they are for; `distinct` are those of the table.
Sides, digits and vessels are tried on the codes that take them alone."""


class Trial(NamedTuple):
    """Cases, and their lines."""

    cases: pl.DataFrame
    """case, enc, kind, line (the one changed; null), value."""
    rows: pl.DataFrame
    """case, enc, line (null: a line that only the case has), who, and what schemas.ClaimLines
    has; the place of a row is that of the line in the audit."""


def asked_lines(encounters: Sequence[Encounter]) -> pl.DataFrame:
    """One row a line of the encounters: enc, line, who, group and what is known of it."""
    rows = [
        (
            number,
            place,
            each.practitioners.index(line.practitioner),
            each.practitioners.index(line.practitioner)
            if line.practitioner in each.other_groups
            else -1,
            line.code,
            " ".join(line.modifiers),
            int(line.units * _THOUSAND),
            each.day_of(line),
            each.pos,
            each.born,
            each.sex,
            each.payer or "unknown",
            " ".join(each.diagnoses),
            each.specialty_of(line.practitioner),
        )
        for number, each in enumerate(encounters)
        for place, line in enumerate(each.lines)
    ]
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "enc": pl.UInt32,
            "line": pl.UInt32,
            "who": pl.Int64,
            "group": pl.Int64,
            "code": pl.String,
            "mods": pl.String,
            "units": pl.Int64,
            "day": pl.Date,
            "pos": pl.String,
            "birth": pl.Date,
            "sex": pl.String,
            "lob": pl.String,
            "dx": pl.String,
            "specialty": pl.String,
        },
    )


def as_asked(lines: pl.DataFrame) -> pl.DataFrame:
    """The case of each encounter as it was asked: enc, kind, line, value."""
    nothing = pl.lit(None, pl.UInt32)
    return (
        lines.select("enc")
        .unique(maintain_order=True)
        .select("enc", kind=pl.lit(ASKED), line=nothing, value=pl.lit(""))
    )


def changed(lines: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """The cases of `lines` with one thing changed: enc, kind, line, value."""
    alone = pl.len().over("enc") == 1
    at = lines.with_columns(tokens=pl.col("mods").str.split(" "), alone=alone)
    without = at.filter(~pl.col("alone")).select(
        "enc", "line", kind=pl.lit(WITHOUT), value=pl.lit("")
    )
    dropped = (
        at.filter(pl.col("mods") != "")
        .select("enc", "line", kind=pl.lit(DROP), value=pl.col("tokens").list.unique())
        .explode("value", empty_as_null=False)
    )
    added = (
        at.join(_candidates(lines["code"].unique(), reference), on="code", how="inner")
        .filter(
            ~pl.col("tokens").list.contains(pl.col("modifier")),
            pl.col("tokens").list.len() < _MOST_MODIFIERS,
        )
        .select("enc", "line", kind=pl.lit(ADD), value="modifier")
    )
    parts = [without, dropped, added, _fewer(lines, reference)]
    return pl.concat(p.select("enc", "kind", "line", "value") for p in parts)


def probed(encounters: Sequence[Encounter]) -> pl.DataFrame:
    """The cases that say what a coder left open: enc, kind, line, value."""
    rows = [
        (number, kind, None, value)
        for number, each in enumerate(encounters)
        for kind, values in PROBES.items()
        if _open(each, kind)
        for value in values
    ]
    schema = {"enc": pl.UInt32, "kind": pl.String, "line": pl.UInt32, "value": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _open(asked: Encounter, kind: str) -> bool:
    """Whether the encounter leaves open what a probe of `kind` would say."""
    return {
        AGE: asked.born is None,
        SEX: asked.sex is None,
        PAYER: asked.payer != "medicare",
        DX: not asked.diagnoses,
        SPECIALTY: any(asked.specialty_of(name) is None for name in asked.practitioners),
        BEFORE: all(asked.day_of(line) == asked.day for line in asked.lines),
    }[kind]


def trial(lines: pl.DataFrame, cases: pl.DataFrame) -> Trial:
    """The rows of all `cases`; cases are numbered in their order."""
    cases = cases.with_row_index("case")
    joined = cases.rename({"line": "target"}).join(
        lines, on="enc", how="inner", maintain_order="left_right"
    )
    rows = pl.concat([_changed_rows(joined), _rows_before(joined)]).sort(
        "case", "day", "line", nulls_last=False, maintain_order=True
    )
    return Trial(cases, rows)


def _candidates(codes: pl.Series, reference: Reference) -> pl.DataFrame:
    """code, modifier: what is tried on each of `codes`."""
    table = reference.policy("modifiers")
    distinct = table.filter(pl.col("category") == "distinct", pl.col("ncci_bypass") == "1")
    general = [*distinct["modifier"], *(m for _, each in _TRIED for m in each.split())]
    found = [codes.to_frame("code").join(pl.DataFrame({"modifier": general}), how="cross")]
    sides = reference.policy("laterality").select("code_low", "code_high", "any_of")
    for low, high, tokens in sides.iter_rows():
        mine = codes.filter((codes >= low) & (codes <= high))
        if len(mine):
            wanted = pl.DataFrame({"modifier": tokens.split()})
            found.append(mine.to_frame("code").join(wanted, how="cross"))
    return pl.concat(found).unique(maintain_order=True)


def _fewer(lines: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """The lines of several units with fewer: any number up to a dozen, and the limits."""
    many = lines.filter(pl.col("units") > _THOUSAND)
    schema = {"enc": pl.UInt32, "kind": pl.String, "line": pl.UInt32, "value": pl.String}
    if many.is_empty():
        return pl.DataFrame(schema=schema)
    limits = reference.mue(many["code"].unique()).select("code", pl.col("mue_value").cast(pl.Int64))
    small = pl.DataFrame({"number": range(1, _MOST_UNITS_TRIED + 1)})
    numbers = pl.concat(
        [
            many.join(small, how="cross"),
            many.join(limits.rename({"mue_value": "number"}), on="code"),
        ]
    ).filter(pl.col("number") > 0, pl.col("number") * _THOUSAND < pl.col("units"))
    return numbers.select(
        "enc", "line", kind=pl.lit(UNITS), value=pl.col("number").cast(pl.String)
    ).unique(maintain_order=True)


def _changed_rows(joined: pl.DataFrame) -> pl.DataFrame:
    """The lines of the encounters, each changed as its case says."""
    kind, value = pl.col("kind"), pl.col("value")
    here = (pl.col("line") == pl.col("target")).fill_null(value=False)
    rows = joined.filter(~((kind == WITHOUT) & here))
    added = pl.concat_str("mods", "value", separator=" ").str.strip_chars()
    padded = pl.concat_str(pl.lit(" "), "mods", pl.lit(" "))
    found = padded.str.find(pl.concat_str(pl.lit(" "), "value", pl.lit(" ")), literal=True)
    kept = pl.concat_str(padded.str.slice(0, found), padded.str.slice(found + _TOKEN))
    kept = kept.str.strip_chars()
    years = pl.when(kind == AGE).then(value).cast(pl.Int32)
    born = pl.concat_str(
        (pl.col("day").dt.year() - years - 1).cast(pl.String), pl.col("day").dt.strftime("-%m-01")
    ).str.to_date("%Y-%m-%d", strict=False)
    return rows.with_columns(
        mods=pl.when(here & (kind == ADD))
        .then(added)
        .when(here & (kind == DROP))
        .then(kept)
        .otherwise("mods"),
        units=pl.when(here & (kind == UNITS))
        .then(pl.when(kind == UNITS).then(value).cast(pl.Int64) * _THOUSAND)
        .otherwise("units"),
        birth=pl.when(kind == AGE).then(born).otherwise("birth"),
        sex=pl.when(kind == SEX).then(value).otherwise("sex"),
        lob=pl.when(kind == PAYER).then(value).otherwise("lob"),
        dx=pl.when(kind == DX).then(value).otherwise("dx"),
        specialty=pl.when(kind == SPECIALTY)
        .then(pl.coalesce("specialty", "value"))
        .otherwise("specialty"),
    )


def _rows_before(joined: pl.DataFrame) -> pl.DataFrame:
    """A service some days before by the practitioner of the first line, where a case wants one."""
    first = joined.filter((pl.col("kind") == BEFORE) & (pl.col("line") == 0))
    return first.with_columns(
        line=pl.lit(None, pl.UInt32),
        code=pl.col("value"),
        mods=pl.lit(""),
        units=pl.lit(_THOUSAND, pl.Int64),
        day=pl.col("day") - timedelta(days=_DAYS_BEFORE),
    )


def claim_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` of a trial as schemas.ClaimLines, in their order."""
    from schemas import ClaimLines, dtypes  # noqa: PLC0415 - importing this module stays cheap

    number = pl.col("case").cast(pl.Int64) * _PER_CASE + pl.col("who") * 2 + _FIRST_NPI
    group = pl.col("case").cast(pl.Int64) * _PER_CASE + _FIRST_NPI + 1
    group += pl.when(pl.col("group") >= 0).then(pl.col("group") * 2).otherwise(0)
    # Columns of their own: each digit of an NPI asks for its number again.
    rows = rows.with_columns(rendering=number, billing=group)
    case = pl.col("case").cast(pl.String)
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    given = {
        "source_file": pl.lit("question"),
        "source_row": place + 1,
        "line_key": place,
        "claim_id": pl.concat_str(
            pl.lit("C"), case, pl.lit("-"), "who", pl.lit("-"), pl.col("day").dt.strftime("%Y%m%d")
        ),
        "line_number": pl.int_range(1, pl.len() + 1).over("case", "who", "day"),
        "patient_id": pl.concat_str(pl.lit("P"), case),
        "patient_birth_date": pl.col("birth"),
        "patient_sex": pl.col("sex"),
        "line_of_business": pl.col("lob"),
        "rendering_npi": npi(pl.col("rendering")),
        "billing_npi": npi(pl.col("billing")),
        "tax_id": pl.concat_str(pl.lit("T"), pl.col("billing").cast(pl.String)),
        "specialty": pl.col("specialty"),
        "service_date_from": pl.col("day"),
        "service_date_to": pl.col("day"),
        "claim_dates": pl.lit(value=False),
        "place_of_service": pl.col("pos"),
        "code": pl.col("code"),
        "modifiers": pl.col("mods"),
        "units": pl.col("units"),
        "charge_amount": pl.when(~pl.col("code").str.contains(TRACKING))
        .then(pl.col("units") * _CENTS_PER_UNIT)
        .otherwise(0),
        "diagnoses": pl.col("dx"),
    }
    return rows.select(
        given.get(name, pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in dtypes(ClaimLines).items()
    )


def npi(number: pl.Expr) -> pl.Expr:
    """The NPI of nine digits and their Luhn check digit, as text."""
    total: pl.Expr = pl.lit(_PREFIX_SUM, pl.Int64)
    for place in range(9):
        digit = number // 10**place % 10
        doubled = digit * 2
        total += (doubled // 10 + doubled % 10) if place % 2 == 0 else digit
    return (number * 10 + (10 - total % 10) % 10).cast(pl.String)


def fields(rows: pl.DataFrame) -> frozenset[str]:
    """The claim-line columns that a file with these lines would have."""
    always = {
        *("claim_id", "line_number", "patient_id", "line_of_business", "rendering_npi"),
        *("billing_npi", "tax_id", "service_date_from", "service_date_to", "place_of_service"),
        *("code", "modifiers", "units", "charge_amount"),
    }
    sometimes = {"patient_birth_date": "birth", "patient_sex": "sex", "specialty": "specialty"}
    said = {name for name, of in sometimes.items() if rows[of].null_count() < rows.height}
    return frozenset(always | said | ({"diagnoses"} if (rows["dx"] != "").any() else set()))
