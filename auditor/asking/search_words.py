"""A question's words as full-text search takes them: split, with their synonyms, and harmless."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MOST_WORDS = 32
"""Of a question; what comes after is not looked for."""
SHORTEST_PREFIX = 4
"""Letters from which a word stands for all that begin with it: `pt` is not `ptp`."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Sought:
    """A word of the question, or a few that are one (`x-ray`), and what stands for it."""

    typed: str
    terms: tuple[str, ...]
    """Itself and its synonyms, each of one word or several."""

    @property
    def match(self) -> str:
        """As an FTS5 expression. Every term is a quoted string of letters and digits alone."""
        return "(" + " OR ".join(map(_quoted, self.terms)) + ")"


def cleaned(question: str) -> str:
    """A question without what no text holds: halves of characters that a pipe could not decode."""
    return question.encode("utf-8", "ignore").decode()


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without accents and marks."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(kept.lower())


def sought(question: str) -> list[Sought]:
    """What is looked for: the question's words but for small ones, known phrases together."""
    words = words_of(question)[:MOST_WORDS]
    found: list[Sought] = []
    place = 0
    while place < len(words):
        length = next(n for n in (3, 2, 1) if n == 1 or _known(words, place, n))
        typed = " ".join(words[place : place + length])
        found.append(Sought(typed, (typed, *_synonyms().get(typed, ()))))
        place += length
    telling = [each for each in found if each.typed not in _small()]
    return list({each.typed: each for each in telling or found}.values())


def _known(words: list[str], place: int, length: int) -> bool:
    return place + length <= len(words) and " ".join(words[place : place + length]) in _synonyms()


def _quoted(term: str) -> str:
    last = term.rpartition(" ")[2]
    return f'"{term}"' + ("*" if len(last) >= SHORTEST_PREFIX else "")


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Word or phrase -> the others of its meanings."""
    found: dict[str, tuple[str, ...]] = {}
    for group in _file()["groups"]:
        for word in group:
            others = [each for each in group if each != word]
            found[word] = tuple(dict.fromkeys((*found.get(word, ()), *others)))
    return found


@cache
def _small() -> frozenset[str]:
    return frozenset(_file()["small"])


@cache
def _file() -> dict[str, Any]:
    path = Path(__file__).with_name("search_synonyms.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
