"""Guidance in the project's own words: by topic, and by modifier when each is proper.

Two files beside this module hold it, guidance_topics.toml and guidance_modifiers.toml. Every entry
names its source; no text of a code's descriptor stands in them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is to be known of some codes that belong together."""

    id: str
    """In kebab case, for ever: imaging-guidance."""
    title: str
    text: str
    """A few sentences in plain words; paragraphs are parted by a blank line."""
    codes: tuple[tuple[str, str], ...] = ()
    """(first, last) of each stretch of codes that it is about, both included."""
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


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic, in the order of its file."""
    return tuple(
        Topic(**{name: _frozen(value) for name, value in each.items()})
        for each in _read("guidance_topics.toml")["topic"]
    )


@cache
def modifiers() -> dict[str, ModifierGuide]:
    """Modifier -> its guide."""
    return {
        name: ModifierGuide(modifier=name, **{n: _frozen(v) for n, v in each.items()})
        for name, each in _read("guidance_modifiers.toml").items()
    }


def topics_of(code: str) -> tuple[Topic, ...]:
    """The topics about `code`, narrowest first."""
    found = [t for t in topics() if any(low <= code <= high for low, high in t.codes)]
    return tuple(sorted(found, key=_breadth))


def _breadth(topic: Topic) -> int:
    """About how many codes it is about: enough to tell a code of its own from a whole family."""
    return sum(1 if low == high else _number(high) - _number(low) + 1 for low, high in topic.codes)


def _number(code: str) -> int:
    return int("".join(c for c in code if c.isdigit()) or 0)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))


def _frozen(value: Any) -> Any:  # noqa: ANN401 - whatever TOML gives
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
