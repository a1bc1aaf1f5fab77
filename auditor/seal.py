"""What ties a reviewer's decision to a finding: the fingerprint of its facts, and a check value.

The workbook's column `Check` holds `<fingerprint>-<place>-<seal>`, in hex digits:

- **fingerprint** (16): what was judged. Where one of these facts changes, a decision about the
  finding no longer stands: rule, tier, code, modifiers, units, charge, amount at risk and the
  counterpart's code.
- **place** (8): whose line it is: claim, line number, patient, date of service; and the other
  rules that deny it (the column Also). One rule more opens a decision again and one fewer does
  not, so they are no part of the fingerprint.
- **seal** (8): ties both to the finding id, so that an id moved to another row is seen.

Each is BLAKE2b over the UTF-8 bytes of a domain word and the canonical texts of its facts, joined
by the unit separator U+001F. This is an integrity check against columns that were sorted apart,
cells that were edited and ids that were copied wrong. It is not a signature: who knows this page
can make a check value.

A fact has the same canonical text whether it was read in a claim or in a cell of a spreadsheet
that wrote the workbook anew:

- text: without control characters and without blanks at the ends, each run of blanks one blank,
  of the first 16,000 characters (a cell holds no more of some texts), without the `_x005F` by
  which a workbook escapes (ECMA-376 part 1, 22.9.2.19); a whole number in digits is written
  without leading zeros and without `.0`, since spreadsheets take codes for numbers;
- units: thousandths; amounts: cents, both as whole numbers;
- date: `YYYY-MM-DD`;
- absent: nothing, like an empty text.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEPARATOR = "\x1f"
FACTS_DOMAIN = "auditor finding facts 1"
PLACE_DOMAIN = "auditor finding place 1"
SEAL_DOMAIN = "auditor finding seal 1"
PATTERN = r"^([0-9a-f]{16})-([0-9a-f]{8})-([0-9a-f]{8})$"
"""A whole check value: fingerprint, place, seal."""

_LONGEST = 16_000
# What the report takes out of a cell, and what stands for a blank in one (auditor/report/text.py).
_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{FFFE}\x{FFFF}]"
_BLANKS = r"[\s\x{00A0}]+"
_WHOLE_NUMBER = r"^0*([0-9]+?)(?:\.0+)?$"


def text(name: str) -> pl.Expr:
    """The canonical text of a column of texts."""
    kept = (
        pl.col(name)
        .str.replace_all(r"\r\n?", "\n")
        .str.replace_all(_CONTROL, "")
        .str.replace_all("_x005F", "", literal=True)
        .str.slice(0, _LONGEST)
        .str.replace_all(_BLANKS, " ")
        .str.strip_chars(" ")
    )
    return kept.str.replace(_WHOLE_NUMBER, "$1").fill_null("")


def _scaled(name: str, places: int) -> pl.Expr:
    """A decimal as a whole number of its smallest part."""
    whole = pl.col(name).cast(pl.Decimal(18, places)).to_physical().cast(pl.Int64)
    return whole.cast(pl.String).fill_null("")


def _plain(name: str) -> pl.Expr:
    """A date in ISO form, or a whole number."""
    return pl.col(name).cast(pl.String).fill_null("")


FACTS: Mapping[str, pl.Expr] = {
    "rule_id": text("rule_id"),
    "tier": text("tier"),
    "code": text("code"),
    "modifiers": text("modifiers"),
    "units": _scaled("units", 3),
    "charge_amount": _scaled("charge_amount", 2),
    "amount_at_risk": _scaled("amount_at_risk", 2),
    "counterpart_code": text("counterpart_code"),
}
"""Column of schemas.Findings -> its canonical text, in the order of the fingerprint."""
PLACE: Mapping[str, pl.Expr] = {
    "claim_id": text("claim_id"),
    "line_number": _plain("line_number"),
    "patient_id": text("patient_id"),
    "service_date": _plain("service_date"),
    "also": text("also"),
}
"""The same for the place."""


def fingerprints(findings: pl.DataFrame) -> pl.Series:
    """The fingerprint of each finding's facts: 16 hex digits, by row.

    `findings` needs the columns of FACTS, typed as in schemas.Findings (units with three places,
    amounts in dollars with two).
    """
    return _digests("fingerprint", FACTS_DOMAIN, FACTS, findings, size=8)


def places(findings: pl.DataFrame) -> pl.Series:
    """The digest of claim, line, patient and date of each finding: 8 hex digits, by row.

    `findings` needs the columns of PLACE, typed as in schemas.Findings.
    """
    return _digests("place", PLACE_DOMAIN, PLACE, findings, size=4)


def seals(sealed: pl.DataFrame) -> pl.Series:
    """The seal over the texts finding_id, fingerprint and place: 8 hex digits, by row."""
    names = ("finding_id", "fingerprint", "place")
    return _digests("seal", SEAL_DOMAIN, {name: pl.col(name) for name in names}, sealed, size=4)


def checks(findings: pl.DataFrame) -> pl.Series:
    """What the column `Check` holds: `<fingerprint>-<place>-<seal>`, by row.

    `findings` needs finding_id and the columns of FACTS and PLACE, typed as in schemas.Findings.
    """
    parts = findings.select("finding_id").with_columns(fingerprints(findings), places(findings))
    parts = parts.with_columns(seals(parts))
    joined = pl.concat_str("fingerprint", "place", "seal", separator="-")
    return parts.select(check=joined).to_series()


def _digests(
    name: str, domain: str, texts: Mapping[str, pl.Expr], frame: pl.DataFrame, *, size: int
) -> pl.Series:
    joined = frame.select(pl.concat_str(pl.lit(domain), *texts.values(), separator=SEPARATOR))
    return pl.Series(name, list(_hexes(joined.to_series(), size)), dtype=pl.String)


def _hexes(texts: Iterable[str], size: int) -> Iterable[str]:
    return (blake2b(text.encode(), digest_size=size).hexdigest() for text in texts)
