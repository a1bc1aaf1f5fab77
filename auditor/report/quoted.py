"""Known identifiers that a text quotes, replaced whole.

A text is not cut at random: '31' is an identifier in 'line 2 of claim 31' and not in '31 units'.
So a short number counts as one only behind a word that says so; longer ones, and those with
letters, wherever they stand by themselves; and what holds blanks or signs, as it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BORN = "(birth date left out)"
_TOKEN = re.compile(r"\w(?:[\w./#@-]*\w)?")
_PLAIN = re.compile(r"\w(?:[\w./#@-]*\w)?\Z")
_AFTER_WORD = re.compile(r"(?i)\b(claims?|patients?|account|member)(:? '?)(\w(?:[\w./#@-]*\w)?)")
_BORN = re.compile(r"(?i)\b(born on|birth date:?) \d[\d/.-]*\d")
# What has the form of a code, a date or a small number says something else in most texts.
_COMMON = re.compile(r"(?:[A-Z0-9]\d{3}[A-Z0-9]|\d{1,4}|\d{4}-\d\d-\d\d)\Z")
_SMALL = re.compile(r"(?:\d{1,3}|\d{4}-\d\d-\d\d)\Z")
"""The same for a text of the identifier's own line, where a code is less likely meant."""
_SHORTEST_SIGNS = 3


class Quoted:
    """What is known, and what stands in its place."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """Take identifier -> replacement."""
        self._known = known
        self._signs = {
            text: word
            for text, word in known.items()
            if len(text.strip()) >= _SHORTEST_SIGNS and not _PLAIN.match(text)
        }
        """Those that are not one word."""
        self._done: dict[str, str] = {}

    def replaced(self, text: str) -> str:
        """One text."""
        return self.column(pl.Series([text])).item()  # type: ignore[no-any-return] # a text

    def column(
        self,
        texts: pl.Series,
        own: Sequence[pl.Series] = (),
        born: pl.Series | None = None,
    ) -> pl.Series:
        """A column of texts; nulls stay.

        `own` are identifiers of each row, which count where they stand by themselves even when
        they look like a common word; `born` is a date as a text that is left out.
        """
        if self._signs:
            texts = texts.str.replace_many(self._signs, leftmost=True)
        done: list[str | None] = []
        for text, *mine in zip(texts, *own, strict=True):
            done.append(None if text is None else self._one(text, mine))
        if born is not None:
            pairs = zip(done, born, strict=True)
            done = [t if not t or not day else t.replace(day, BORN) for t, day in pairs]
        return pl.Series(texts.name, done, dtype=pl.String)

    def _one(self, text: str, own: Sequence[str | None]) -> str:
        for mine in own:
            if mine and mine in text and not _SMALL.match(mine):
                text = _replaced_alone(text, mine, self._known[mine])
        done = self._done.get(text)
        if done is None:
            done = _AFTER_WORD.sub(self._after_word, text)
            if not self._known.keys().isdisjoint(_TOKEN.findall(done)):
                done = _TOKEN.sub(self._token, done)
            done = self._done[text] = _BORN.sub(rf"\1 {BORN}", done)
        return done

    def _after_word(self, found: re.Match[str]) -> str:
        return found[1] + found[2] + self._known.get(found[3], found[3])

    def _token(self, found: re.Match[str]) -> str:
        token = found[0]
        return token if _COMMON.match(token) else self._known.get(token, token)


def _replaced_alone(text: str, old: str, new: str) -> str:
    """`text` with `new` for `old` where no letter or digit goes on at its ends.

    By hand, because a pattern for each finding's ids would take longer than all else.
    """
    made, at = [], 0
    while (found := text.find(old, at)) >= 0:
        end = found + len(old)
        joined = (_letter(text[found - 1 : found]) and _letter(old[0])) or (
            _letter(text[end : end + 1]) and _letter(old[-1])
        )
        made += [text[at:found], old if joined else new]
        at = end
    return "".join([*made, text[at:]])


def _letter(character: str) -> bool:
    """Whether it is part of a word."""
    return character.isalnum() or character == "_"
