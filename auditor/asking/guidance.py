"""Guidance in the project's own words: by topic, by modifier when each is proper, and the places.

Files beside this module hold it, guidance_topics.toml, guidance_modifiers.toml and
guidance_places.toml. Every entry of the first two names its source, and "professional knowledge"
there says that it was read in no published text. No text of a code's descriptor stands in them.
"""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_POLICY = _HERE.parent / "reference" / "policy"  # not by import: that loads polars


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is to be known of some codes that belong together."""

    id: str
    """In kebab case, for ever: imaging-guidance."""
    title: str
    text: str
    """A few sentences in plain words; paragraphs are parted by a blank line."""
    codes: tuple[tuple[str, str], ...] = ()
    """(first, last) of each stretch of codes that it is about, both included; those of `tables`
    are among them."""
    tables: tuple[str, ...] = ()
    """Policy tables whose codes it is about; `em_codes visit=1`: those of such rows alone."""
    related: tuple[tuple[str, str], ...] = ()
    """(code, what it is for, in our own words): which of them fits what was done."""
    modifiers: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Ids of the rules that judge by it."""
    words: tuple[str, ...] = ()
    """What people call it: synonyms, abbreviations; for search alone."""
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifierGuide:
    """When a modifier is proper."""

    modifier: str
    title: str
    """What it says, in a few words of our own."""
    proper: str
    """When it is proper, in a sentence or two that a coder can hold against the record."""
    not_proper: str = ""
    """The misuse that is seen most."""
    words: tuple[str, ...] = field(default=())
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of service."""

    pos: str
    """Its two digits."""
    name: str
    words: tuple[str, ...] = ()


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic, in the order of its file."""
    return tuple(_topic(each) for each in _read("guidance_topics.toml")["topic"])


@cache
def modifiers() -> dict[str, ModifierGuide]:
    """Modifier -> its guide."""
    return {
        name: ModifierGuide(modifier=name, **{n: _frozen(v) for n, v in each.items()})
        for name, each in _read("guidance_modifiers.toml").items()
    }


@cache
def places() -> dict[str, Place]:
    """Place of service -> what it is called, by the code set of CMS."""
    return {
        pos: Place(pos=pos, **{n: _frozen(v) for n, v in each.items()})
        for pos, each in _read("guidance_places.toml").items()
    }


@cache
def _stretches() -> dict[str, list[tuple[str, str, int]]]:
    """Form of code -> every stretch of such codes: its two ends, its topic's place in `topics`.

    A stretch stays in one form of code.
    """
    found: dict[str, list[tuple[str, str, int]]] = {}
    for place, topic in enumerate(topics()):
        for low, high in topic.codes:
            found.setdefault(_form(low), []).append((low, high, place))
    return found


@cache
def _breadths() -> dict[str, int]:
    """Topic -> its breadth."""
    return {topic.id: breadth(topic) for topic in topics()}


def topics_of(code: str) -> tuple[Topic, ...]:
    """The topics about `code`: first those that say what it is for, then the narrowest."""
    stretches = _stretches().get(_form(code), ())
    places = sorted({place for low, high, place in stretches if low <= code <= high})
    found, broad = [topics()[place] for place in places], _breadths()
    return tuple(sorted(found, key=lambda t: (code not in dict(t.related), broad[t.id])))


def _topic(given: dict[str, Any]) -> Topic:
    topic = {name: _frozen(value) for name, value in given.items()}
    own = topic.get("codes", ())
    more = (pair for table in topic.get("tables", ()) for pair in _codes_of(table))
    return Topic(**topic | {"codes": tuple(dict.fromkeys((*own, *more)))})


def _codes_of(said: str) -> list[tuple[str, str]]:
    """The stretches of codes of a policy table; of `TABLE COLUMN=VALUE` those rows alone."""
    name, _, only = said.partition(" ")
    column, _, value = only.partition("=")
    with (_POLICY / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if not only or row[column] == value]
    return [
        (row.get("code_low") or row["code"], row.get("code_high") or row["code"]) for row in rows
    ]


def _form(code: str) -> str:
    return re.sub("[0-9]", "9", code)


def breadth(topic: Topic) -> int:
    """About how many codes it is about: enough to tell a code of its own from a whole family."""
    return sum(_number(high) - _number(low) + 1 for low, high in topic.codes)


def _number(code: str) -> int:
    return int("".join(c for c in code if c.isdigit()) or 0)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


def _frozen(value: Any) -> Any:  # noqa: ANN401 - whatever TOML gives
    """Lists as tuples; texts as paragraphs, whatever lines they were written in."""
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, str):
        return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", value))
    return value
