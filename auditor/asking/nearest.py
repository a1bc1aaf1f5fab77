"""Known codes that are written like a word that is none: where a key was missed or hit twice."""

from __future__ import annotations

from string import ascii_uppercase, digits
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.reference.interface import Reference

MOST = 6
_MODIFIER, _CODE = 2, 5
"""Characters of a modifier and of a code."""
_ALIKE = frozenset(
    frozenset(pair) for pair in ("0O", "1I", "1L", "2Z", "5S", "8B", "6G", "0D", "0Q", "UV")
)
"""Characters that are read for each other."""
_KEYS = (
    "1234567890",
    "QWERTYUIOP",
    "ASDFGHJKL",
    "ZXCVBNM",
    "789",
    "456",
    "123",
    "741",
    "852",
    "963",
)
"""Neighbors on a keyboard and on its number pad."""


def nearest(word: str, reference: Reference, most: int = MOST) -> tuple[str, ...]:
    """Up to `most` codes or modifiers of the tables that are written like `word`, likeliest first.

    One character other, two swapped, one missing or one too many. Two characters are looked up
    among modifiers. `word` itself is never among them.
    """
    ranked: dict[str, tuple[int, int]] = {}
    for candidate, rank in _candidates(word.strip().upper()):
        ranked[candidate] = min(rank, ranked.get(candidate, rank))
    ranked.pop(word.strip().upper(), None)
    if not ranked:
        return ()
    known = _known(pl.Series("code", sorted(ranked), dtype=pl.String), reference)
    return tuple(sorted(known, key=lambda code: (ranked[code], code))[:most])


def _candidates(word: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Words that differ by one slip, with how likely the slip is: kind, then place from the end."""
    size = len(word)
    wanted = _MODIFIER if size <= _MODIFIER else _CODE
    if size == wanted:
        yield from _other(word)
    elif size == wanted + 1:
        yield from _without(word)
    elif size == wanted - 1:
        yield from _more(word)


def _other(word: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Two characters swapped, or one another one."""
    for at, old in enumerate(word):
        after = len(word) - at
        beside = word[at + 1 : at + 2]
        if beside and beside != old:
            yield word[:at] + beside + old + word[at + 2 :], (0, after)
        for new in _fitting(old):
            yield word[:at] + new + word[at + 1 :], (_slip(old, new), after)


def _without(word: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """One character too many; most likely one that was hit twice."""
    for at, each in enumerate(word):
        doubled = at > 0 and each == word[at - 1]
        yield word[:at] + word[at + 1 :], (0 if doubled else 1, len(word) - at)


def _more(word: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """One character missing."""
    for at in range(len(word) + 1):
        for new in digits + ascii_uppercase:
            yield word[:at] + new + word[at:], (0 if new in digits else 1, len(word) - at)


def _fitting(old: str) -> Iterator[str]:
    for new in digits + ascii_uppercase:
        if new != old and (new.isdigit() == old.isdigit() or frozenset((old, new)) in _ALIKE):
            yield new


def _slip(old: str, new: str) -> int:
    """How likely `new` was meant: 1 read alike, 2 the key beside it, 3 another one."""
    if frozenset((old, new)) in _ALIKE:
        return 1
    beside = any(old + new in row or new + old in row for row in _KEYS)
    return 2 if beside else 3


def _known(candidates: pl.Series, reference: Reference) -> set[str]:
    """Those of `candidates` that a table knows."""
    found: set[str] = set()
    for table in (reference.fees(candidates), reference.mue(candidates)):
        found.update(table["code"])
    found.update(reference.addons(candidates)["addon"])
    hcpcs = reference.hcpcs()
    found.update(hcpcs.filter(pl.col("code").is_in(candidates.implode()))["code"])
    for name, column in (("modifiers", "modifier"), ("em_codes", "code_low")):
        listed = reference.policy(name)[column]
        found.update(listed.filter(listed.is_in(candidates.implode())))
    return found
