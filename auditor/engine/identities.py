"""Who and what a line belongs to, as keys: patient, payer, practitioner, group, claim.

Keys are small integers counted apart for each column; null where lines cannot be joined by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.payers import payer_key, sequence_key

if TYPE_CHECKING:
    from auditor.engine.versions import Versions

PLACEHOLDERS = (
    r"(?i)^(?:UNKNOWN|UNK|N/?A|NONE|NULL|TEST|DUMMY|SELF[ -]?PAY|CASH|X{3,}|0+|1{7,}|2{7,}|3{7,}"
    # what a spreadsheet leaves of a long number: 1.23457E+11, and ##### of a narrow column
    r"|4{7,}|5{7,}|6{7,}|7{7,}|8{7,}|9{7,}|#+|\d(?:\.\d+)?E\+\d+)$"
)
"""Texts that stand for nobody, or for several: never joined."""
_SMALL = 1 << 24
"""From here on keys are counted anew, so that they and those of practitioner, day and code fit into
one integer."""
_REVERSED = (
    "patient_id",
    "claim_id",
    "code",
    "modifiers",
    "service_date_from",
    "service_date_to",
    "charge_amount",
    "units",
)


def identities(
    raw: pl.DataFrame, *, rendering_read: bool, groups: pl.Series
) -> dict[str, pl.Series]:
    """Patient and practitioner keys as small integers; null where they cannot be joined.

    s1 is the rendering NPI, or the billing NPI where that is not known, numbered as `billing`.
    `rendering_read`: the files have a column of rendering NPIs. Where they have none, whether a
    billing NPI is one practitioner's cannot be known. `groups`: billing NPIs that are not one's.
    """
    person = _known(_numbered(raw["patient_id"])[0])
    # NPIs of both columns are numbered together: one stands in for the other.
    texts = raw["rendering_npi"], raw["billing_npi"], groups
    rendering, billed, several = _numbered(*texts)
    npi, billing = _known(rendering), _known(billed)
    s1_known = npi.is_not_null()
    if rendering_read:
        s1_known |= rendering.is_null() & _solo(billing, several)
    return {
        "patient": _apart(person, raw),
        "person": person,
        "s1": npi.zip_with(npi.is_not_null(), billing),
        "s1_known": s1_known,
        "tax": _index(raw["tax_id"]),
        "billing": billing,
        "specialty": _index(raw["specialty"]),
    }


def _apart(person: pl.Series, raw: pl.DataFrame) -> pl.Series:
    """`person` by payer: a secondary claim repeats the primary's lines and is judged apart."""
    for key in (payer_key(raw), sequence_key(raw)):
        if key is not None:
            place = _index(raw.select(key).to_series())
            person = person * (place.max() + 1) + place  # type: ignore[operator]
            if (person.max() or 0) >= _SMALL:  # type: ignore[operator]
                person = person.rank("dense").cast(pl.Int64)
    return person


def cancelled(raw: pl.DataFrame, gone: pl.Series) -> pl.Expr:
    """Lines that a reversal on the same claim takes back, and the reversal itself.

    A reversal repeats code, dates and modifiers with the opposite charge, or the opposite units.
    gone: rows of claims that are void or replaced. With them their reversals are gone, and take
    nothing back of a replacement that keeps the number of its claim.
    """
    stands = ~pl.col("row").is_in(gone.implode()) if len(gone) else pl.lit(value=True)
    back = (pl.col("charge_amount") < 0) | (pl.col("units") < 0)
    columns = ["row", "line_number", *_REVERSED]
    reversals = raw.lazy().filter(back.fill_null(value=False), stands).select(columns).collect()
    if reversals.is_empty():
        return pl.lit(value=False)
    key = [k for k in _REVERSED if k not in ("charge_amount", "units")]
    reversals = reversals.sort("line_number").with_columns(
        nth=pl.int_range(pl.len()).over(_REVERSED)
    )
    billed = (
        raw.lazy()
        .join(reversals.lazy().select("claim_id").unique(), on="claim_id", how="semi")
        .filter(~back.fill_null(value=False), stands)
        .select(columns)
        .sort("line_number")
        .collect()
        .with_columns(nth=pl.int_range(pl.len()).over(_REVERSED))
    )
    pairs = reversals.join(billed, on=[*key, "nth"], suffix="_", nulls_equal=True).filter(
        pl.col("charge_amount").abs().eq_missing(pl.col("charge_amount_").abs()),
        pl.col("units").abs().eq_missing(pl.col("units_").abs()),
    )
    rows = pl.concat([pairs["row"], pairs["row_"]]).unique()
    return pl.col("row").is_in(rows.implode())


def _solo(billing: pl.Series, groups: pl.Series) -> pl.Series:
    """True where the billing NPI stands in for a missing rendering NPI without doubt (SPEC 2.2).

    That is a solo practice: no other rendering NPI appears under it in the batch, which is what
    `groups` tells. A placeholder in the place of the rendering NPI is not missing: it hides
    somebody.
    """
    return billing.is_not_null() & ~billing.is_in(_number(groups).implode())


def _known(texts: pl.Series) -> pl.Series:
    """Numbered `texts` as integers, null for placeholders (looked for among the distinct)."""
    distinct = texts.unique()
    nobody = distinct.filter(distinct.cast(pl.String).str.contains(PLACEHOLDERS))
    number = _number(texts)
    return number.set(number.is_in(_number(nobody).implode()), None) if len(nobody) else number


def _index(texts: pl.Series) -> pl.Series:
    """A small integer for each distinct text, counted apart for each column."""
    return _number(_numbered(texts)[0])


def _numbered(*texts: pl.Series) -> list[pl.Series]:
    """`texts`, each distinct one with a small integer that is the same in all of them."""
    own = pl.Categorical(pl.Categories.random())
    # At once: polars forgets a numbering with the last series that has it.
    return [each.cast(own) for each in texts]


def _number(texts: pl.Series) -> pl.Series:
    """The integers of numbered `texts`."""
    return texts.to_physical().cast(pl.Int64)


def loose(versions: Versions) -> dict[str, pl.Expr]:
    """loose: the line's claim replaces or voids one that is not in the batch; claim: its index.

    A finding that needs a loose claim and another one is review, because the one may be the
    other's replacement (SPEC 1). Lines of patients without changed claims have index -1.
    """
    if versions.claims.is_empty():
        return {"loose": pl.lit(value=False), "claim": pl.lit(-1, pl.Int64)}
    row, claim = versions.claims["row"], versions.claims["claim"].cast(pl.Int64)
    rows = versions.claims.filter("loose")["row"].implode()
    return {
        "loose": pl.col("row").is_in(rows),
        "claim": pl.col("row").replace_strict(row, claim, default=-1, return_dtype=pl.Int64),
    }
