"""What each loop says: tables by the segment that opened the loop, to be joined to the lines.

Where a loop repeats a segment that it may have once, the first counts.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from auditor.intake.x12.loops import LEVELS, PATIENT, PROVIDER, SUBSCRIBER
from auditor.intake.x12.segments import COMPONENT, ELEMENT

_DIAGNOSES = ("BK", "BF", "ABK", "ABF")
_BUSINESS = {
    # What the code says for sure. HMO (HM), dental (17) and the programs (09, 11, CH, OF, VA, WC
    # and others) leave open who pays; there the payer's name may tell.
    **dict.fromkeys(("MA", "MB"), "Medicare"),
    "MC": "Medicaid",
    "16": "Medicare Advantage",
    **dict.fromkeys(("12", "13", "14", "15", "BL", "CI", "FI"), "Commercial"),
}
_ID, _E1, _WHO = pl.col("id"), pl.col("e1"), pl.col("who")
_CLAIM = (pl.col("claim") > 0) & (pl.col("line") == 0) & (pl.col("other") == 0)
_LINE = (pl.col("line") > 0) & (pl.col("other") == 0)
_ITSELF = pl.col("party") == 0


class Table(NamedTuple):
    """What was found, with a column `loop` that is the key."""

    loop: str
    found: pl.DataFrame


def tables(frame: pl.DataFrame, joint: str) -> list[Table]:
    """Everything that the placed segments `frame` say beside the service itself.

    `joint` is what divides the components of the file, where that is not what its ISA says.
    """
    return [*_levels(frame), *_claims(frame, joint), *_lines(frame)]


def element(number: int) -> pl.Expr:
    """An element of `text`; null where it is empty or absent."""
    return _filled(pl.col("text").str.split(ELEMENT).list.get(number, null_on_oob=True))


def component(composite: pl.Expr, number: int) -> pl.Expr:
    """A component (from 1) of a composite element; null where it is empty or absent."""
    return _filled(composite.str.split(COMPONENT).list.get(number - 1, null_on_oob=True))


def divided(composite: pl.Expr, joint: str) -> pl.Expr:
    """A composite element as `component` reads it; `joint` as in `tables`."""
    return composite.str.replace_all(joint, COMPONENT, literal=True) if joint else composite


def _filled(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.strip_chars() != "").then(text)


def _first(frame: pl.DataFrame, loop: str, when: pl.Expr, **columns: pl.Expr) -> Table:
    """The first segment of each `loop` for which `when` holds, as `columns`."""
    own = frame.filter(when, pl.col(loop) > 0)
    return Table(loop, own.unique(loop, keep="first", maintain_order=True).select(loop, **columns))


def _npi() -> pl.Expr:
    return pl.when(element(8) == "XX").then(element(9))


def _levels(frame: pl.DataFrame) -> list[Table]:
    """Billing provider, subscriber and patient."""
    above = frame.filter(pl.col("claim") == 0, pl.any_horizontal(
        (pl.col("level") > 0) & (pl.col("level") == pl.col(loop)) for loop in LEVELS
    ))  # fmt: skip
    own = {loop: above.filter(pl.col("level") == pl.col(loop)) for loop in LEVELS}
    provider, subscriber, patient = (own[loop] for loop in (PROVIDER, SUBSCRIBER, PATIENT))
    name, born, reference = _ID == "NM1", _ID == "DMG", _ID == "REF"
    birth = pl.when(_E1 == "D8").then(element(2))
    tax = reference & (_WHO == "85") & _E1.is_in(["EI", "SY"])
    business = element(9).str.strip_chars()
    payer = pl.coalesce(element(3), element(9))
    return [
        _first(provider, PROVIDER, name & (_WHO == "85"), billing_npi=_npi()),
        _first(provider, PROVIDER, tax, tax_id=element(2)),
        _first(provider, PROVIDER, (_ID == "PRV") & (_E1 == "BI"), billing_taxonomy=element(3)),
        _first(
            subscriber,
            SUBSCRIBER,
            _ID == "SBR",
            payer_sequence=element(1),
            line_of_business=business.replace_strict(
                _BUSINESS, default=None, return_dtype=pl.String
            ),
        ),
        _first(subscriber, SUBSCRIBER, name & (_WHO == "IL"), subscriber_id=element(9)),
        _first(subscriber, SUBSCRIBER, born & (_WHO == "IL"), subscriber_birth_date=birth,
               subscriber_sex=element(3)),
        _first(subscriber, SUBSCRIBER, name & (_WHO == "PR"), payer=payer),
        _first(patient, PATIENT, name & (_WHO == "QC"), dependent_id=element(9),
               first_name=element(4)),
        _first(patient, PATIENT, born & (_WHO == "QC"), dependent_birth_date=birth,
               dependent_sex=element(3)),
    ]  # fmt: skip


def _claims(frame: pl.DataFrame, joint: str) -> list[Table]:
    claim = frame.filter(_CLAIM)
    place = divided(element(5), joint)
    reference = _ITSELF & (_ID == "REF")
    return [
        _first(claim, "claim", _ID == "CLM", claim_id=element(1),
               claim_place=component(place, 1), claim_frequency=component(place, 3)),
        _first(claim, "claim", reference & (_E1 == "F8"), original_claim_id=element(2)),
        _first(claim, "claim", reference & (_E1 == "X4"), claim_clia=element(2)),
        *_practitioners(claim, "claim"),
        _diagnoses(claim.filter(_ITSELF, _ID == "HI"), joint),
        _notes(claim, "claim"),
    ]  # fmt: skip


def _lines(frame: pl.DataFrame) -> list[Table]:
    line = frame.filter(_LINE)
    day, form = element(3), element(2)
    period = day.str.split("-")
    dated = _ITSELF & (_ID == "DTP") & (_E1 == "472")
    drug = _ITSELF & (_ID == "LIN") & (element(2) == "N4")
    return [
        _first(
            line,
            "line",
            dated,
            service_date_from=pl.when(form == "RD8").then(period.list.first()).otherwise(day),
            service_date_to=pl.when(form == "RD8").then(
                _filled(period.list.get(1, null_on_oob=True))
            ),
        ),
        _first(line, "line", drug, ndc=element(3)),
        _first(line, "line", _ITSELF & (_ID == "REF") & (_E1 == "X4"), line_clia=element(2)),
        *_practitioners(line, "line"),
        _notes(line, "line"),
    ]


def _practitioners(frame: pl.DataFrame, loop: str) -> list[Table]:
    """Who rendered and who referred; a line's own practitioner stands before the claim's."""
    name = _ID == "NM1"
    return [
        _first(frame, loop, name & (_WHO == "82"), **{f"{loop}_rendered": pl.lit(value=True),
               f"{loop}_rendering": _npi()}),
        _first(frame, loop, (_ID == "PRV") & (_WHO == "82") & (_E1 == "PE"),
               **{f"{loop}_taxonomy": element(3)}),
        _first(frame, loop, name & (_WHO == "DN"), **{f"{loop}_referring": _npi()}),
    ]  # fmt: skip


def _diagnoses(frame: pl.DataFrame, joint: str) -> Table:
    """The ICD codes of each claim in their order, which the lines' pointers count by."""
    codes = frame.select("claim", e=pl.col("text").str.split(ELEMENT).list.slice(1)).explode("e")
    code = divided(pl.col("e"), joint)
    found = (
        codes.filter(component(code, 1).is_in(_DIAGNOSES))
        .group_by("claim", maintain_order=True)
        .agg(diagnoses=component(code, 2).str.strip_chars().str.join(" "))
    )
    return Table("claim", found)


def _notes(frame: pl.DataFrame, loop: str) -> Table:
    own = frame.filter(_ITSELF, _ID == "NTE", pl.col(loop) > 0)
    notes = own.group_by(loop, maintain_order=True).agg(
        element(2).str.join("; ").alias(f"{loop}_note")
    )
    return Table(loop, notes)
