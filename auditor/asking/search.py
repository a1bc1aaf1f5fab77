"""Codes, rules, modifiers, guidance and places of service, found by words."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from auditor.asking.search_documents import KINDS, Document, Kind
from auditor.asking.search_index import Index, opened
from auditor.asking.search_words import cleaned, sought, words_of
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from auditor.asking.search_words import Sought
    from auditor.reference.interface import Kind as Table
    from auditor.reference.interface import Reference

SCHEMA_VERSION = 1
"""Of the JSON; changes when a key goes or means something else."""
LIMIT = 10
Matched = Literal["name", "all words", "some words", "nothing"]
_CODE = re.compile(r"(?:[A-Z][0-9]{4}|[0-9]{4}[A-Z0-9])")
_ABOUT = frozenset({"code", "cpt", "hcpcs", "modifier", "rule", "pos", "place", "of", "service"})
"""Words that say what kind of thing the other word names: `modifier 25`, `pos 22`."""
_TABLES: tuple[tuple[Table, str], ...] = (
    ("fee-schedule", "fee schedule"),
    ("mue-practitioner", "unit limits"),
    ("hcpcs", "HCPCS Level II"),
    ("aoc", "add-on edits"),
    ("ptp-practitioner", "pair edits"),
)
_NEAREST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that was found."""

    kind: Kind
    key: str
    """What it is asked for by: 77002, AOC-1, 59, imaging-guidance, 22."""
    title: str
    """In this program's words; blank for a code of which it says nothing."""
    context: str
    """The guidance that the title of a code is from; blank for other kinds."""
    text: str
    """What is told of it, in paragraphs; blank for codes."""
    more: str
    """The command that tells more; blank where nothing does."""
    descriptor: str
    """In the words of a file that the user imported; blank where none has any."""
    descriptor_source: str
    """That file."""
    descriptor_release: str

    def as_json(self) -> dict[str, str]:
        """Every field by its name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found."""

    query: str
    matched: Matched
    """By name (a code, an id), by all of its words, by some of them only, or not at all."""
    count: int
    """How many there are; `hits` are the best of them."""
    hits: tuple[Hit, ...]
    unknown: dict[str, tuple[str, ...]]
    """Words that nothing has, each with the nearest that something has."""
    notes: tuple[str, ...]
    """What was not searched, and the like."""

    def as_json(self) -> dict[str, Any]:
        """One object of stable keys (docs/questions.md)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "query": self.query,
            "matched": self.matched,
            "count": self.count,
            "hits": [hit.as_json() for hit in self.hits],
            "unknown": {word: list(near) for word, near in self.unknown.items()},
            "notes": list(self.notes),
        }


def search(
    query: str, reference: Reference, *, kind: Kind | None = None, limit: int = LIMIT
) -> Found:
    """What the words of `query` name or describe, best first, at most `limit` of it.

    `kind` keeps to codes, rules, modifiers, guidance or places. All words are looked for first;
    only where nothing has all of them, any. Raises ConfigError for a query without a word and
    where this Python's SQLite has no full-text search; ReferenceDataError for a damaged store.
    """
    query = cleaned(query)
    if not words_of(query):
        raise ConfigError(
            "There is no word to search for.",
            next_step="Say what it is about: auditor search fluoroscopic guidance needle.",
        )
    limit = max(1, limit)
    try:
        return _answered(query, reference, kind, limit, anew=False)
    except sqlite3.DatabaseError:  # the index in the store is damaged
        return _answered(query, reference, kind, limit, anew=True)


def _answered(
    query: str, reference: Reference, kind: Kind | None, limit: int, *, anew: bool
) -> Found:
    with closing(opened(reference, anew=anew)) as index:
        named = _named(query, index, reference, kind)
        if named:
            count, documents = index.matching(_all(sought(query)), kind, limit, but=named)
            found = _ByWords("name", count, documents, {})
        else:
            found = _by_words(sought(query), index, kind, limit)
    about_codes = kind in (None, "code")
    strange = [] if named or not about_codes else _strange(query, reference)
    return Found(
        query=query,
        matched=found.matched,
        count=len(named) + found.count,
        hits=tuple(_hit(each) for each in (*named, *found.documents)[:limit]),
        unknown=found.unknown,
        notes=(*strange, *_silent(reference)) if about_codes else (),
    )


@dataclass(frozen=True, slots=True)
class _ByWords:
    matched: Matched
    count: int
    documents: list[Document]
    unknown: dict[str, tuple[str, ...]]


def _by_words(words: list[Sought], index: Index, kind: Kind | None, limit: int) -> _ByWords:
    count, documents = index.matching(_all(words), kind, limit)
    if count:
        return _ByWords("all words", count, documents, {})
    known: list[Sought] = []
    strange: list[Sought] = []
    for word in words:
        (known if index.matching(word.match, kind, 0)[0] else strange).append(word)
    unknown = _nearest(strange, index) if strange else {}
    if not known:
        return _ByWords("nothing", 0, [], unknown)
    count, documents = index.matching(" OR ".join(w.match for w in known), kind, limit)
    return _ByWords("some words", count, documents, unknown)


def _all(words: list[Sought]) -> str:
    return " AND ".join(word.match for word in words)


def _nearest(words: list[Sought], index: Index) -> dict[str, tuple[str, ...]]:
    """Each with the nearest words; what looks like a code has a note of its own."""
    vocabulary = [word for word in index.vocabulary() if word.isalpha()]
    return {
        word.typed: tuple(get_close_matches(word.typed, vocabulary, n=_NEAREST, cutoff=0.75))
        for word in words
        if not _CODE.fullmatch(word.typed.upper())
    }


def _named(query: str, index: Index, reference: Reference, kind: Kind | None) -> list[Document]:
    """What the whole query is the name of: a code, a rule, a modifier, a topic, a place."""
    told = " ".join(query.split())
    words = [word for word in told.split() if word.lower() not in _ABOUT]
    found: list[Document] = []
    for name in dict.fromkeys((told, " ".join(words))):
        if name and not found:
            found = [each for each in index.named(name) if kind in (None, each.kind)]
    asked = {word.lower() for word in told.split()} & _ABOUT
    if len(found) > 1 and asked:  # 22 is a modifier and a place
        meant = "modifier" if "modifier" in asked else "place" if asked & {"pos", "place"} else ""
        found = [each for each in found if each.kind == meant] or found
    code = " ".join(words).upper()
    if found or kind not in (None, "code") or not _CODE.fullmatch(code):
        return found
    tables = [title for table, title in _TABLES if reference.naming(table, code).height]
    if not tables:
        return []
    title = f"in the loaded tables: {', '.join(tables)}"
    return [Document("code", code, title, "", "", f"auditor code {code}")]


def _strange(query: str, reference: Reference) -> list[str]:
    """Of words that look like codes and are in no loaded table: that, and the nearest codes."""
    notes = []
    for word in query.upper().split():
        if not _CODE.fullmatch(word) or _known([word], reference):
            continue
        near = _known(_slips(word), reference)
        told = f" Near to it: {', '.join(near[:_NEAREST])}." if near else ""
        notes.append(f"No loaded table has a row on {word}.{told}")
    if notes and reference.is_starter("fee-schedule"):
        notes.append("The built-in starter set serves, and has a few hundred codes only.")
    return notes


def _known(codes: list[str], reference: Reference) -> list[str]:
    """Those of `codes` that the tables of single codes have, in their order."""
    import polars as pl  # noqa: PLC0415 - for a word that looks like a code alone

    series = pl.Series(codes, dtype=pl.String)
    known = set(reference.fees(series)["code"]) | set(reference.mue(series)["code"])
    known |= set(reference.hcpcs().filter(pl.col("code").is_in(series.implode()))["code"])
    return [code for code in codes if code in known]


def _slips(code: str) -> list[str]:
    """Codes that one slip away from `code`: two signs in the wrong order, or one other digit."""
    swapped = [
        code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        for place in range(len(code) - 1)
    ]
    other = [
        code[:place] + digit + code[place + 1 :]
        for place in reversed(range(len(code)))
        for digit in "0123456789"
    ]
    return [each for each in dict.fromkeys((*swapped, *other)) if each != code]


def _silent(reference: Reference) -> list[str]:
    """Why codes may not be found by the words of the user's files."""
    lacking = reference.words.lacking
    told = ""
    if lacking:
        told = (
            f"{', '.join(lacking)} came in before descriptions were kept: importing the same files"
            " again (auditor reference import) lets codes be found by them."
        )
    elif not reference.words.key:
        told = (
            "No file with descriptions is imported, so codes are found by this program's own"
            " words alone."
        )
    return [told] if told else []


def _hit(found: Document) -> Hit:
    return Hit(
        kind=found.kind,
        key=found.key,
        title=found.title,
        context=found.context,
        text=found.text,
        more=found.more,
        descriptor=found.descriptor,
        descriptor_source=found.source,
        descriptor_release=found.release,
    )


__all__ = ["KINDS", "LIMIT", "SCHEMA_VERSION", "Found", "Hit", "search"]
