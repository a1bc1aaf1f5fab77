"""Words that decide about a line: claim type, line of business, status, frequency, sex."""

from __future__ import annotations

from typing import Literal

import polars as pl

from auditor.intake.distinct import clean

# A claim type that says institutional, in words or as the CMS claim type code of a RIF file
# (ResDAC, NCH_CLM_TYPE_CD: 10 home health to 64 Medicare Advantage inpatient).
_INSTITUTIONAL = frozenset(
    {"INSTITUTIONAL", "INST", "I", "837I", "UB", "UB04", "UB92", "CMS1450", "HCFA1450", "1450",
     "FACILITY", "FAC", "F", "HOSPITAL", "HOSP", "INPATIENT", "IP", "OUTPATIENT", "OP",
     "INPATIENTHOSPITAL", "OUTPATIENTHOSPITAL", "HOSPITALINPATIENT", "HOSPITALOUTPATIENT",
     "INPATIENTFACILITY", "OUTPATIENTFACILITY", "SNF", "SKILLEDNURSING", "HOMEHEALTH", "HHA",
     "HOSPICE", "PARTA"}
)  # fmt: skip
_PROFESSIONAL = frozenset(
    {"PROFESSIONAL", "PROF", "P", "837P", "HCFA", "HCFA1500", "CMS1500", "1500", "PHYSICIAN",
     "MEDICALPROFESSIONAL", "CARRIER", "PARTB", "PRACTITIONER", "M", "MEDICAL"}
)  # fmt: skip
_RIF_INSTITUTIONAL = ("10", "20", "30", "40", "50", "60", "61", "62", "63", "64")
_RIF_PROFESSIONAL = ("71", "72", "81", "82")

_SPECIAL_MEDICARE = (  # sold by private plans; NCCI for Medicare need not bind them
    r"\b(?:ADVANTAGE|ADV|SUPPLEMENT\w*|SUPP|MEDIGAP|HMO|PPO|PFFS|D?SNP|MA|MAPD|MA-PD|PART [CD])\b"
)
_COMMERCIAL = frozenset(
    {"COMMERCIAL", "COM", "COMM", "CML", "PRIVATE", "EXCHANGE", "MARKETPLACE", "GROUP", "ASO",
     "SELFFUNDED", "SELFINSURED", "EMPLOYER", "FULLYINSURED"}
)  # fmt: skip

# LINE_PRCSG_IND_CD of CMS carrier files (ResDAC): allowed, reprocessed and secondary payer are
# paid; benefits exhausted, noncovered, denied, invalid, CLIA, duplicate, not necessary, other,
# physician ownership and bundled are not.
_PROCESSING = {**dict.fromkeys("ARS", "paid"), **dict.fromkeys("BCDILMNOPZ", "denied")}
_STATUS = {
    **dict.fromkeys(("PAID", "P", "APPROVED", "ALLOWED", "PAIDINFULL", "PROCESSEDPAID"), "paid"),
    **dict.fromkeys(
        ("DENIED", "D", "DENY", "DENIAL", "REJECTED", "REJECT", "DISALLOWED", "NOTCOVERED",
         "NONCOVERED", "FULLYDENIED", "DENIEDINFULL"),
        "denied",
    ),
}  # fmt: skip
_VOIDED = frozenset(
    {"VOID", "VOIDED", "REVERSED", "REVERSAL", "CLAIMVOID", "CLAIMREVERSED", "VOIDREVERSAL"}
)
_YES = frozenset({"Y", "YES", "TRUE", "T", "1", "X"})
_FLAGS = frozenset(
    {"DENIED", "DENIEDFLAG", "DENIEDINDICATOR", "DENIALFLAG", "DENIALINDICATOR", "LINEDENIED"}
)
_SEQUENCE = {
    **dict.fromkeys(("P", "1", "PRIMARY", "PRI", "FIRST"), "primary"),
    **dict.fromkeys(("S", "2", "SECONDARY", "SEC", "SECOND"), "secondary"),
    **dict.fromkeys(("T", "3", "TERTIARY", "TER", "THIRD"), "tertiary"),
}
_SEX = {
    **dict.fromkeys(("M", "MALE", "MAN", "1"), "M"),
    **dict.fromkeys(("F", "FEMALE", "WOMAN", "2"), "F"),
    **dict.fromkeys(("U", "UNKNOWN", "X", "O", "OTHER", "0"), "U"),
}


def _frame(values: pl.Series) -> pl.DataFrame:
    """raw, text (cleaned, upper case) and word (letters and digits of it, '.0' taken off)."""
    text = clean(pl.col("raw")).str.to_uppercase()
    word = text.str.replace(r"\.0+$", "").str.replace_all(r"[^A-Z0-9]", "")
    return values.alias("raw").to_frame().with_columns(text=text).with_columns(word=word)


def _of(words: dict[str, str]) -> pl.Expr:
    return pl.col("word").replace_strict(words, default=None, return_dtype=pl.String)


def _table(values: pl.Series, value: pl.Expr, unknown: str = "") -> pl.DataFrame:
    """raw, value and kind; texts without a value are noted as `unknown` where it says so."""
    lost = value.is_null() & pl.col("text").is_not_null() & (unknown != "")
    return _frame(values).select("raw", value=value, kind=pl.when(lost).then(pl.lit(unknown)))


def claim_type(values: pl.Series, *, rif: bool) -> pl.DataFrame:
    """institutional, professional, or other for a word that says neither (dental, undetermined).

    `rif`: the column holds the two-digit claim type codes of CMS research files.
    """
    institutional, professional = set(_INSTITUTIONAL), set(_PROFESSIONAL)
    if rif:
        institutional.update(_RIF_INSTITUTIONAL)
        professional.update(_RIF_PROFESSIONAL)
    word = pl.col("word")
    value = (
        pl.when(word.is_in(sorted(institutional)))
        .then(pl.lit("institutional"))
        .when(word.is_in(sorted(professional)))
        .then(pl.lit("professional"))
        .when(word.is_not_null())
        .then(pl.lit("other"))
    )
    return _table(values, value)


def bill_type(values: pl.Series) -> pl.DataFrame:
    """Institutional where a bill type code stands; zeros alone are none."""
    code = pl.col("text").str.contains(r"[1-9A-Z]")
    return _table(values, pl.when(code).then(pl.lit("institutional")))


def revenue_code(values: pl.Series) -> pl.DataFrame:
    """Institutional where a revenue code stands: three or four digits, not all of them zeros."""
    code = pl.col("text").str.contains(r"^[0-9]{3,4}(?:\.0+)?$") & pl.col("text").str.contains(
        r"^0*[1-9]"
    )
    return _table(values, pl.when(code).then(pl.lit("institutional")))


def _original(text: pl.Expr) -> pl.Expr:
    """Whether a text that names Medicare means the plan that no private insurer runs."""
    return ~text.str.contains(_SPECIAL_MEDICARE)


def private_medicare(values: pl.Series) -> pl.DataFrame:
    """True for a line-of-business word that says Medicare, run or filled up by a private plan."""
    text = pl.col("text")
    private = text.str.contains(r"\bMEDICARE\b") & ~_original(text)
    return _table(values, pl.when(private).then(pl.lit(value=True)))


def line_of_business(values: pl.Series, *, payer: bool) -> pl.DataFrame:
    """medicare, medicaid or commercial from a line-of-business word or a `payer` name."""
    text = pl.col("text")
    medicare = text.str.contains(r"\bMEDICARE\b") & _original(text)
    medicaid = text.str.contains(r"\bMEDICAID\b")
    chain = pl.when(medicaid).then(pl.lit("medicaid")).when(medicare).then(pl.lit("medicare"))
    if payer:
        return _table(values, chain.otherwise(None))
    word = pl.col("word")
    value = (
        chain.when(word.is_in(["MCD", "CAID", "CHIP"]))
        .then(pl.lit("medicaid"))
        .when(word.is_in(["MCR", "CARE", "MEDICAREFFS"]))
        .then(pl.lit("medicare"))
        .when(text.str.contains(r"\bCOMMERCIAL\b") | word.is_in(sorted(_COMMERCIAL)))
        .then(pl.lit("commercial"))
    )
    return _table(values, value)


def paid_status(values: pl.Series, kind: Literal["status", "processing", "flag"]) -> pl.DataFrame:
    """Paid or denied; any other status (pending, adjusted) is neither."""
    if kind == "flag":
        words = dict.fromkeys((*_YES, "D", "DENIED"), "denied")
        return _table(values, _of(words))
    return _table(values, _of(_PROCESSING if kind == "processing" else _STATUS))


def status_kind(plain_name: str) -> Literal["status", "processing", "flag"]:
    """How the values of a status column called `plain_name` are to be read."""
    if plain_name.startswith(("LINEPRCSGINDCD", "CLMPRCSGINDCD")):
        return "processing"
    return "flag" if plain_name in _FLAGS else "status"


def voided(values: pl.Series, *, flag: bool) -> pl.DataFrame:
    """'8' where a claim status, or a void `flag`, says that the claim is void or reversed."""
    words = _VOIDED | (_YES | {"V", "R"} if flag else frozenset())
    return _table(values, pl.when(pl.col("word").is_in(sorted(words))).then(pl.lit("8")))


def frequency(values: pl.Series) -> pl.DataFrame:
    """Claim frequency code: 1 original, 7 replacement, 8 void; 01 and 1.0 are 1."""
    word = pl.col("word").str.replace(r"^0+(.)", "${1}")
    return _table(values, word)


def adjustment(values: pl.Series) -> pl.DataFrame:
    """The frequency that a CMS claim adjustment type says: cancellation 8, adjustment 7.

    An original (0) says nothing, so that a frequency code beside it counts.
    """
    return _table(values, _of({"1": "8", "01": "8", "2": "7", "02": "7"}))


def sequence(values: pl.Series) -> pl.DataFrame:
    """primary, secondary, tertiary; other words in lower case."""
    return _table(values, pl.coalesce(_of(_SEQUENCE), pl.col("text").str.to_lowercase()))


def sex(values: pl.Series) -> pl.DataFrame:
    """M, F or U."""
    return _table(values, _of(_SEX), "not a sex that is known: emptied")
