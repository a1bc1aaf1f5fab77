"""Codes and identifiers: kept as text, what a spreadsheet did to them undone and noted."""

from __future__ import annotations

import polars as pl

from auditor.intake.distinct import Normal, clean, kinds, through

_POINT_ZERO = r"^(-?[0-9]+)\.0+$"
_SHORT = r"^(?:[1-9]|1[0-9])[0-9]{2}$"
_WITH_MODIFIER = r"^([A-Z0-9]{5})\s*[-:,/ ]\s*([A-Z0-9]{2}(?:[-:,/ ]?[A-Z0-9]{2}){0,4})$"
# 99213.0 and 100.0 are a spreadsheet's numbers; 250.00 is an ICD-9 code, or a price.
_CODE_ZERO = r"^(?:([0-9]{5})\.0+|([0-9]+)\.0)$"
_TIMES = r"\sX[0-9]"  # 99213 x2 says how often; 99213-X1 has a modifier
# "99213 - Office visit, est", "J1100: DEXA": a separator with a blank, then a word.
_WITH_TEXT = (
    r"(?s)^([0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})(?:[-:,;/|]+\s|\s)[-:,;/|\s]*(?:[(\[]\s*)?"
    r"([A-Z]{3,})(?:[^A-Z0-9].*)?$"
)
_SAYS_MODIFIER = r"\bMOD(?:S|IFIERS?)?\b"  # 99213 with modifier 25: not for the cutting
# Modifiers of letters that are seen packed: of all there are, TEST and SCAN could be made.
_LETTERED = (
    r"^(?:LT|RT|TC|QW|G[ACNOPTXYZ]|AS|KX|NU|RR|UE|Q[KXYZ]|AA|AD|J[WZ]|SG|X[EPSU]|L[CD]|RC|FA|TA"
    r"|CR){2,5}$"
)
_NO_MODIFIER = r"^0{1,2}(?:\.0+)?$"
_NOTHING = r"(?i:^(?:[(<]?null[)>]?|\\n|#?n/a|nan|none)$)"
_DIRTY = rf"^$|^\s|\s$|^=|^'|[\x00-\x1f\x7f]|\.0+$|^[-.]+$|[eE]\+|{_NOTHING}"
SHORTENED = "a spreadsheet shortened this number; its last digits are lost"
_DIGITS_KEPT = 15  # significant digits of a spreadsheet's number (IEEE 754 double)


def procedure(values: pl.Series) -> pl.DataFrame:
    """Distinct procedure codes; also column `modifiers`, what stood behind the code ('' for none).

    Upper case; `99213.0` loses the .0; 100 to 1999 get back the zeros that a number lost, since
    the CPT codes of digits alone that begin with 0 are those of anesthesia, 00100 to 01999 (a code
    that kept one zero was never a number, and 9921 is a code cut short); `99213-25` is split,
    and a description behind the code is cut off. Anything else stays as it is, for COD-1 to judge.
    """
    frame = (
        values.alias("raw")
        .to_frame()
        .with_columns(text=clean(pl.col("raw")))
        .with_columns(upper=pl.col("text").str.to_uppercase())
    )
    upper = pl.col("upper")
    word = upper.str.extract(_WITH_TEXT, 2)
    alone = upper.str.ends_with(word)
    described = (
        word.is_not_null()
        & ~(alone & word.str.contains(_LETTERED))
        & ~upper.str.contains(_SAYS_MODIFIER)
    ).fill_null(value=False)
    frame = frame.with_columns(
        code=pl.when(described)
        .then(upper.str.extract(_WITH_TEXT, 1))
        .otherwise(upper.str.replace(_CODE_ZERO, "${1}${2}")),
        point=upper.str.contains(_CODE_ZERO),
        described=described,
    )
    code, text = pl.col("code"), pl.col("text")
    lower = pl.when("described").then(~text.str.starts_with(code)).otherwise(text != upper)
    short = pl.col("code").str.contains(_SHORT)
    split = pl.col("code").str.contains(_WITH_MODIFIER) & ~pl.col("code").str.contains(_TIMES)
    return frame.select(
        "raw",
        value=pl.when(short)
        .then(pl.col("code").str.zfill(5))
        .when(split)
        .then(pl.col("code").str.extract(_WITH_MODIFIER, 1))
        .otherwise("code"),
        modifiers=pl.when(split)
        .then(pl.col("code").str.extract(_WITH_MODIFIER, 2))
        .otherwise(pl.lit("")),
        kind=kinds(
            (lower, "upper-cased"),
            (pl.col("point"), ".0 removed"),
            (short, "leading zeros restored"),
            (split, "modifier split from the code"),
            (pl.col("described"), "text behind the code cut off"),
        ),
    )


def _tokens(text: pl.Expr) -> pl.Expr:
    """The modifiers of one cell, space-joined.

    Two characters each, apart or packed without separators. Text that holds no modifier at all
    stays one token, so that a rule can flag it.
    """
    apart = text.str.replace_all(r"[\s,;|/:\-+&]+", " ").str.strip_chars()
    whole = apart.str.replace_all(" ", "")
    packed = whole.str.contains(
        r"^(?:[0-9][0-9]|[A-Z][A-Z0-9]|[0-9]P){2,5}$"
    ) & ~apart.str.contains(" ")
    word = whole.is_in(["LEFT", "BOTH"])
    any_two = apart.str.contains(r"(?:^| )[A-Z0-9]{2}(?: |$)")
    return (
        pl.when(packed & ~word)
        .then(whole.str.replace_all(r"(..)", "${1} ").str.strip_chars())
        .when(any_two)
        .then(apart)
        .otherwise(whole)
    )


def modifier(values: pl.Series) -> pl.DataFrame:
    """Distinct modifier cells, one or several in each; 00 and 0 are how some exports say none."""
    frame = values.alias("raw").to_frame().with_columns(text=clean(pl.col("raw")))
    frame = frame.with_columns(upper=pl.col("text").str.to_uppercase())
    point = pl.col("upper").str.contains(r"^[0-9]{2}\.0+$")
    frame = frame.with_columns(
        point=point, value=_tokens(pl.col("upper").str.replace(r"^([0-9]{2})\.0+$", "${1}"))
    )
    none = pl.col("upper").str.contains(_NO_MODIFIER)
    value = pl.when((pl.col("value") != "") & ~none).then("value")
    return frame.select(
        "raw",
        value=value,
        kind=pl.when(~none).then(
            kinds(
                (pl.col("text") != pl.col("upper"), "upper-cased"),
                (pl.col("point"), ".0 removed"),
                (pl.col("value").str.contains(" ", literal=True), "packed modifiers split"),
                (
                    pl.col("text").str.contains(r"\s") & ~pl.col("value").str.contains(" "),
                    "blanks removed",
                ),
            )
        ),
    )


def diagnosis(values: pl.Series) -> pl.DataFrame:
    """Distinct diagnosis cells: upper case, dots out, several in a cell space-joined."""
    text = clean(pl.col("raw")).str.to_uppercase().str.replace_all(".", "", literal=True)
    spaced = text.str.replace_all(r"[\s,;|/:^~]+", " ").str.strip_chars()
    value = pl.when(spaced != "").then(spaced)
    frame = values.alias("raw").to_frame()
    return frame.select("raw", value=value, kind=pl.lit(None, pl.String))


def pointer(values: pl.Series) -> pl.DataFrame:
    """Distinct diagnosis pointers: upper case, space-joined, AB as A B."""
    text = clean(pl.col("raw")).str.to_uppercase().str.replace_all(r"[\s,;|/:\-]+", " ")
    letters = text.str.contains(r"^[A-L]{2,12}$")
    value = (
        pl.when(letters)
        .then(text.str.replace_all(r"(.)", "${1} ").str.strip_chars())
        .otherwise(text.str.strip_chars().str.replace(_POINT_ZERO, "${1}"))
    )
    frame = values.alias("raw").to_frame()
    return frame.select("raw", value=value, kind=pl.lit(None, pl.String))


def place(values: pl.Series) -> pl.DataFrame:
    """Distinct places of service: two digits; other text as it stands."""
    frame = values.alias("raw").to_frame().with_columns(text=clean(pl.col("raw")))
    point = pl.col("text").str.contains(_POINT_ZERO)
    bare = pl.col("text").str.replace(_POINT_ZERO, "${1}").str.to_uppercase()
    short = bare.str.contains(r"^[0-9]$")
    return frame.select(
        "raw",
        value=pl.when(short).then(bare.str.zfill(2)).otherwise(bare),
        kind=kinds((point, ".0 removed"), (short, "leading zero restored")),
    )


def npi(values: pl.Series) -> pl.DataFrame:
    """Distinct NPIs: .0 and blanks out where that leaves ten digits; else as it stands."""
    frame = values.alias("raw").to_frame().with_columns(text=clean(pl.col("raw")))
    bare = pl.col("text").str.replace_all(r"[\s\-]", "").str.replace(_POINT_ZERO, "${1}")
    mended = bare.str.contains(r"^[0-9]{10}$")
    return frame.select(
        "raw",
        value=pl.when(mended).then(bare).otherwise("text"),
        kind=kinds((mended & (bare != pl.col("text")), ".0 or blanks removed")),
    )


def tax_id(values: pl.Series) -> pl.DataFrame:
    """Distinct tax ids: nine digits without the hyphen; else as it stands."""
    text = clean(pl.col("raw")).str.replace(_POINT_ZERO, "${1}")
    value = text.str.replace(r"^([0-9]{2})-([0-9]{7})$", "${1}${2}")
    frame = values.alias("raw").to_frame()
    return frame.select("raw", value=value, kind=pl.lit(None, pl.String))


def text(values: pl.Series) -> pl.DataFrame:
    """Distinct texts: cleaned, otherwise as they stand."""
    frame = values.alias("raw").to_frame()
    return frame.select("raw", value=clean(pl.col("raw")), kind=pl.lit(None, pl.String))


def code_text(values: pl.Series) -> pl.DataFrame:
    """Distinct short codes (specialty, CLIA, NDC): cleaned, upper case, without .0."""
    cleaned = clean(pl.col("raw")).str.to_uppercase().str.replace(_POINT_ZERO, "${1}")
    frame = values.alias("raw").to_frame()
    return frame.select("raw", value=cleaned, kind=pl.lit(None, pl.String))


def ids(raw: pl.Series, *, numbers: bool = False) -> Normal:
    """Claim and patient ids: cleaned, `.0` taken off.

    There are many distinct ones and nearly all are clean, so only those that are not are looked
    at. `numbers` says that a spreadsheet stored the column as numbers; then more than 15 digits
    cannot be trusted, and the value is kept with a note that says so.
    """
    long = rf"^-?[0-9]{{{_DIGITS_KEPT + 1},}}$"
    pattern = f"{_DIRTY}|{long}" if numbers else _DIRTY
    odd = raw.str.contains(pattern)
    if not odd.any():
        return Normal(raw, None)

    def mend(values: pl.Series) -> pl.DataFrame:
        cleaned = clean(pl.col("raw"))
        value = cleaned.str.replace(_POINT_ZERO, "${1}")
        cut = cleaned.str.contains(r"^[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2}$")
        return (
            values.alias("raw")
            .to_frame()
            .select(
                "raw",
                value=value,
                kind=kinds(
                    (value != cleaned, ".0 removed"),
                    (cut, SHORTENED),
                    (
                        pl.lit(numbers) & value.str.contains(long),
                        "stored as a number of more than 15 digits; the last ones may be wrong",
                    ),
                ),
            )
        )

    fixed = through(pl.select(pl.when(odd).then(raw)).to_series(), mend)
    values = pl.select(pl.when(odd).then(fixed.values).otherwise(raw)).to_series()
    return Normal(values.alias(raw.name), fixed.repaired)
