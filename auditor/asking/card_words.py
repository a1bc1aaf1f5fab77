"""Small words that the parts of a card share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Cells = dict[str, str]
"""A row of a policy table: column -> text, blank for an empty cell."""


def listed(words: Iterable[str], link: str = "and") -> str:
    """'a, b and c', each once, in their order."""
    unique = list(dict.fromkeys(words))
    if len(unique) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {link} {unique[-1]}"


def spoken(word: str) -> str:
    """A cell as a reader says it: without underscores."""
    return word.replace("_", " ")


def span(row: Cells, suffix: str = "") -> str:
    """The range of codes of a row."""
    low, high = row[f"code_low{suffix}"], row[f"code_high{suffix}"]
    return low if low == high else f"{low}-{high}"


def sentences(texts: Iterable[str]) -> str:
    """The texts one after the other, each once."""
    return " ".join(dict.fromkeys(text for text in texts if text))


def separates(indicator: str) -> str:
    """What a modifier indicator means, in the middle of a sentence."""
    return {"0": "no modifier separates them", "1": "a modifier may separate them"}.get(
        indicator, ""
    )
