"""What the values of each field look like: whether those of a column could be its.

The tests are wide on purpose. They tell a column of another kind (a name, a date, a price), and
never judge a code or an identifier: de-identified NPIs, masked codes and ICD-9 among CPT codes
are what real exports hold, and the rules say what is wrong with them.

A digit is 0 to 9 here and in every other module that reads cells: of the digits of other scripts
polars reads no number, and a pattern that knows them takes several times as long to prepare.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import polars as pl

from auditor.intake import business, dates, names

if TYPE_CHECKING:
    from collections.abc import Mapping

Dated = Callable[[pl.Series], pl.Series]
Test = Callable[[pl.Series, Dated], pl.Series]
"""Texts (cleaned, upper case, no nulls) -> Boolean of each: it could be such a value. The other
argument tells dates: `date_like`, or something that remembers its answers."""

_HCPCS = r"^(?:[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})(?:\.0+|[-:, /].*)?$"
_SHORT = r"^(?:[1-9]|1[0-9])[0-9]{2}(?:\.0)?$"  # 00840 in a workbook is 840
_ICD_PROCEDURE = r"^(?:[0-9A-HJ-NP-Z]{7}|[0-9]{2}\.[0-9]{1,2})$"  # ICD-10-PCS, ICD-9 volume 3
_NPI = r"^[0-9]{10}(?:\.0+)?$"
_ISSUED = r"^[12][0-9]{9}(?:\.0+)?$"
_PREFIX = 24  # what 80840 before an NPI adds to its Luhn sum
_MODIFIER = r"^(?:0|[0-9]{1,2}\.0+|[A-Z0-9]{2}(?:[\s,;|/:\-+&]+[A-Z0-9]{2}){0,4}|[A-Z0-9]{4})$"
_REAL_MODIFIER = (  # the numbers that CPT has modifiers of, and what HCPCS ones look like
    r"(?:2[2-7]|3[23]|47|5[0-9]|6[236]|7[346-9]|8[0-2]|9[0-35-79]|[A-Z][A-Z0-9]|[1-8]P)"
)
_PACKED = r"^(?:[0-9][0-9]|[A-Z][A-Z0-9]|[0-9]P){3,5}$"  # and with a digit, or words would do
_PLACE = r"^[0-9]{1,2}(?:\.0+)?$"
_ICD = r"^(?:[A-Z][0-9][0-9A-Z]\.?[0-9A-Z]{0,4}|[0-9]{2,3}\.?[0-9]{0,2})(?:[\s,;|/:^~].*)?$"
_POINTER = (
    r"^(?:[A-L]{1,12}|(?:[A-L]|1[0-2]|[0-9])(?:[\s,;|/:\-]+(?:[A-L]|1[0-2]|[0-9]))*"
    r"|[0-9]{1,4}(?:\.0+)?)$"
)
_NUMBER = (
    r"^(?:USD)?[\s$(+\-]*(?:[0-9][0-9,]{0,14}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}"
    r"|[0-9][0-9.]{0,14},[0-9]{1,2})"
    r"[\s)\-]*(?:CR|USD)?$"
)
_UNITS = _NUMBER.removesuffix("$") + r"(?:\s*(?:UNITS?|UNIT\(S\)|UNT|UN|EACH|EA)\.?)?$"
_MONEY = rf"{_NUMBER}|^(?:\$\s*-+|-+\s*\$)$"
_INTEGER = r"^[0-9]{1,9}(?:\.0+)?$"
_SERIAL = r"^[2-7][0-9]{4}(?:\.[0-9]+)?$"  # a spreadsheet's day numbers of 1954 to 2119
DATED = (  # cheap to ask, and true of all that dates.parse reads
    r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|^[0-9]{8}(?:[^0-9]|$)"
    r"|^[0-9]{1,2}[-/. ]?[A-Z]{3}|^[A-Z]{3,9}[-/. ]*[0-9]"
)
_NDC = r"^[0-9\-]{8,14}(?:\.0+)?$"
_FREQUENCY = r"^0?[0-9A-Z](?:\.0+)?$"
_BILL_TYPE = r"^0?[0-9][0-9][0-9A-Z]$"
_FLAG = r"^[A-Z0-9]{1,12}(?: [A-Z]{1,12})?$"
_STATUS = r"^[A-Z][A-Z0-9 ,/&()\-]*$|^[A-Z0-9]{1,4}$"
_SHARE = 0.5


def _like(pattern: str) -> Test:
    return lambda texts, _: texts.str.contains(pattern)


def date_like(texts: pl.Series) -> pl.Series:
    """A calendar date in any order of day and month, of any century."""
    table = dates.parse(texts, dates.Reading(day_first=False, pivot=50))
    return table["value"].is_not_null() | table["kind"].eq(dates.CONTRARY).fill_null(value=False)


def _date(texts: pl.Series, dated: Dated) -> pl.Series:
    return dated(texts) | texts.str.contains(_SERIAL)


def _no_date(texts: pl.Series, dated: Dated) -> pl.Series:
    return ~dated(texts)


def _identifier(texts: pl.Series, dated: Dated) -> pl.Series:
    amount = texts.str.contains(r"^[$\-]?[0-9,]*\.[0-9]{2}$")
    return texts.str.contains(r"^\S*[0-9]\S*$") & ~amount & ~dated(texts)


def _modifiers(texts: pl.Series, _: Dated) -> pl.Series:
    packed = texts.str.contains(_PACKED) & texts.str.contains(r"[0-9]")
    return packed | texts.str.contains(_MODIFIER)


def _icd_only(texts: pl.Series, _: Dated) -> pl.Series:
    # 99213 could be ICD-9 and G4733 is ICD-10, but either could be a procedure.
    return texts.str.contains(_ICD) & ~texts.str.contains(rf"{_HCPCS}|^[0-9]+$")


def _sex(texts: pl.Series, _: Dated) -> pl.Series:
    return business.sex(texts)["value"].is_not_null()


def _claim_type(texts: pl.Series, _: Dated) -> pl.Series:
    value = business.claim_type(texts, rif=True)["value"]
    return value.is_in(["institutional", "professional"]).fill_null(value=False)


def _business(texts: pl.Series, _: Dated) -> pl.Series:
    return business.line_of_business(texts, payer=False)["value"].is_not_null()


def _known_status(texts: pl.Series, _: Dated) -> pl.Series:
    paid = business.paid_status(texts, "status")["value"].is_not_null()
    return paid | business.voided(texts, flag=False)["value"].is_not_null()


_ICD_CODE, _AMOUNT = _like(_ICD), _like(_MONEY)

_NO_DATES = (
    "claim_id", "payer_claim_id", "original_claim_id", "patient_id", "tax_id", "specialty",
    "clia_number", "payer", "payer_sequence", "line_of_business",
)  # fmt: skip
_DATES = (
    "service_date_from", "service_date_to", "claim_date_from", "claim_date_to",
    "patient_birth_date", "received_date",
)  # fmt: skip
ASK_FOR_DATES = (*_DATES, *_NO_DATES)
"""Fields whose test asks which texts are dates."""

FITS: Mapping[str, Test] = {
    **dict.fromkeys(_NO_DATES, _no_date),
    **dict.fromkeys(_DATES, _date),
    **dict.fromkeys(names.NPIS, _like(_NPI)),
    **dict.fromkeys(("diagnoses", "principal_diagnosis", "line_diagnosis"), _ICD_CODE),
    **dict.fromkeys(names.AMOUNTS, _AMOUNT),
    "units": _like(_UNITS),
    **dict.fromkeys(("paid_status", "claim_status"), _like(_STATUS)),
    "code": _like(f"{_HCPCS}|{_SHORT}"),
    "modifiers": _modifiers,
    "place_of_service": _like(_PLACE),
    "diagnosis_pointers": _like(_POINTER),
    "line_number": _like(_INTEGER),
    "patient_sex": _sex,
    "claim_frequency": _like(_FREQUENCY),
    "adjustment_type": _like(r"^0?[0-2](?:\.0+)?$"),
    "void_indicator": _like(_FLAG),
    "claim_type": _claim_type,
    "bill_type": _like(_BILL_TYPE),
    "revenue_code": _like(r"^[0-9]{1,4}(?:\.0+)?$"),
    "ndc": _like(_NDC),
    "units_sign": _like(r"^(?:[+-]|[A-Z]{1,8})$"),
}  # fmt: skip
"""By field; claim_note has none, since a remark may be anything."""

PROVES: Mapping[str, Test] = {
    **dict.fromkeys(names.NPIS, _like(_ISSUED)),
    **dict.fromkeys(("claim_id", "patient_id"), _identifier),
    "code": _like(_HCPCS),
    "modifiers": _like(rf"^{_REAL_MODIFIER}(?:[\s,;|/:\-+&]*{_REAL_MODIFIER}){{0,4}}$"),
    "claim_frequency": _like(r"^0?[178](?:\.0+)?$"),
    "diagnoses": _icd_only,
    "line_of_business": _business,
    "claim_status": _known_status,
}
"""By field, what a column must hold whose name alone says too little (CODE, STATUS, Provider);
where nothing stands here, FITS."""

TELLING = frozenset(FITS) - {
    *_NO_DATES, "paid_status", "claim_status", "void_indicator", "units_sign",
}  # fmt: skip
"""Fields whose test says what a value is, and not only what it is not."""


def checked_npi(texts: pl.Series, _: Dated) -> pl.Series:
    """An NPI whose check digit is right (Luhn, over 80840 and the number)."""
    issued = texts.str.contains(_ISSUED)
    total = pl.lit(_PREFIX)
    for at in range(10):
        digit = pl.col("npi").str.slice(at, 1).cast(pl.Int32, strict=False)
        # Every second digit counts twice, and the digits of the double are added up.
        total = total + (digit if at % 2 else digit * 2 - (digit * 2 > 9).cast(pl.Int32) * 9)  # noqa: PLR2004 -- the largest digit
    sums = texts.alias("npi").to_frame().select(total % 10 == 0).to_series()
    return issued & sums.fill_null(value=False)


def kind_of_code(texts: pl.Series) -> Literal["hcpcs", "icd", "other"]:
    """What most of the distinct texts of a procedure column look like."""
    half = len(texts) * _SHARE
    if not len(texts):
        return "other"
    if texts.str.contains(_HCPCS).sum() >= half:
        return "hcpcs"
    # Seven digits are no ICD-10-PCS code but a CPT with its modifier stuck to it.
    pcs = texts.str.contains(_ICD_PROCEDURE) & texts.str.contains(r"[A-Z.]")
    return "icd" if pcs.sum() >= half else "other"
