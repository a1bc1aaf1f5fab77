"""The kinds of payer that rules differ by, and what to say to a word that is none of them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final, Literal, get_args

LineOfBusiness = Literal["medicare", "medicaid", "commercial"]
BUSINESSES: Final[tuple[LineOfBusiness, ...]] = get_args(LineOfBusiness)
_KNOWN: Final = f"Known are {', '.join(BUSINESSES)}."
_OTHERS: Final = (
    "Known are medicare (original Medicare alone), medicaid and commercial (private plans). For "
    "another payer, such as Medicare Advantage or TRICARE, leave it out: rules of Medicare alone "
    "then say 'needs a look' (review) at most."
)
_SLIP = 0.8
"""How like a known word another must be to be a slip of it: medicar, and not tricare."""


def business(word: str) -> LineOfBusiness | None:
    """The kind of payer that `word` names, in any case; None for any other word."""
    folded = word.strip().casefold()
    return next((known for known in BUSINESSES if known == folded), None)


def unknown(word: str) -> tuple[str, str]:
    """What to say to a `word` that names no kind of payer, and what to do.

    A slip (medicar) is told what was meant. Another payer's name, as like as it may be (tricare,
    medicare advantage), is none: who took Medicare for it would be told Medicare's own rules.
    """
    near = meant(word)
    what = f"'{word}' is no kind of payer that this program knows."
    return (f"{what} Did you mean {near}?", _KNOWN) if near else (what, _OTHERS)


def meant(word: str) -> str:
    """The kind of payer that `word` is a slip of, or ''."""
    folded = word.strip().casefold()
    if not re.fullmatch(r"[a-z]+", folded):  # several words name a payer
        return ""
    return next(iter(get_close_matches(folded, BUSINESSES, n=1, cutoff=_SLIP)), "")
