"""`auditor code`: all that the loaded tables know of a code or a modifier."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import output
from auditor.cli.reference import named
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from auditor.asking.card_parts import Card, ModifierCard
    from auditor.reference.interface import Reference

SCHEMA_VERSION = 1
"""Of the object that --json prints (docs/questions.md)."""


def code(
    words: Annotated[
        list[str],
        typer.Argument(metavar="CODE...", help="CPT or HCPCS codes, or modifiers: 77002 59."),
    ],
    day: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="YYYY-MM-DD",
            help="Date of service [default: today].",
            show_default=False,
        ),
    ] = None,
    with_: Annotated[
        str | None,
        typer.Option("--with", metavar="CODE", help="What the tables say of it beside this code."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every pair and every primary, however many there are.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object (docs/questions.md).")
    ] = False,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="DIR",
            help="Folder of imported CMS tables; default: AUDITOR_REFERENCE, else that of"
            " auditor.toml, else the user's data folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Tell all that the loaded tables know of a code, or of a modifier.

    What it is, whether it stands alone, how many a day, what it may not go with, modifiers,
    places, rules, history. May lines go together? See 'auditor check'.
    """
    from auditor.reference.loaded import load_reference

    asked = [_word(word) for word in words]
    other = None if with_ is None else _word(with_)
    if other is not None and len(other) == 2:  # noqa: PLR2004 - two characters are a modifier
        raise ConfigError(
            f"--with wants a code, and '{other}' is a modifier.",
            next_step=f"For a modifier on a line ask: auditor check {asked[0]}-{other}.",
        )
    when = _day(day)
    tables = load_reference(named(reference))
    cards = [_card(word, tables, when, other, everything=everything) for word in asked]
    if as_json:
        told = {
            "schema_version": SCHEMA_VERSION,
            "date": when.isoformat(),
            "cards": [card.as_json() for card in cards],
        }
        output.say(json.dumps(told, indent=1))
        return
    for number, card in enumerate(cards):
        if number:
            output.say("\n")
        for text in _told(card, everything=everything):
            output.say(text)


def _day(text: str | None) -> date:
    """The day that was said, as `auditor check` reads it; else today."""
    from auditor.asking.notation import day_of, meant, shown

    if text is None:
        return date.today()  # noqa: DTZ011 - a calendar date
    found = day_of(text)
    if found is None:
        raise ConfigError(
            f"'{shown(text)}' is not a day.{meant(text)}",
            where="--date",
            next_step="Write it as 2026-03-02.",
        )
    return found


def _word(word: str) -> str:
    """A code or modifier as the tables write it; ConfigError for a whole line."""
    name = word.strip().upper()
    if not name:
        raise ConfigError("A code is empty.", next_step="Name one: auditor code 77002.")
    if "-" in name or "=" in name or " " in name:
        parts = name.replace("-", " ").replace("=", " ").split()
        raise ConfigError(
            f"'{word}' is more than a code.",
            next_step=f"One code or modifier each: auditor code {' '.join(parts[:2])}. For a line"
            " with its modifiers see 'auditor check'.",
        )
    return name


def _card(
    word: str, tables: Reference, when: date, other: str | None, *, everything: bool
) -> Card | ModifierCard:
    from auditor.asking import card
    from auditor.asking.card_kinds import is_modifier
    from auditor.asking.modifier_card import modifier

    if is_modifier(word):
        return modifier(word, tables, when)
    return card.code(word, tables, when, with_=other, most=None if everything else card.MOST)


def _told(card: Card | ModifierCard, *, everything: bool) -> list[str]:
    from auditor.asking.card_parts import Card as Code
    from auditor.cli.asking.code_words import code_text
    from auditor.cli.asking.modifier_words import modifier_text

    if isinstance(card, Code):
        return list(code_text(card, everything=everything))
    return list(modifier_text(card))
