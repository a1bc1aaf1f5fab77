"""The kinds of visit of `visits.toml` as tables that columns of visits are drawn from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

SOURCE = Path(__file__).with_name("visits.toml")
_KEYS = {"chance": 1.0, "with": 0.0, "after": 0.0, "days": 1.0, "partner": 0.0, "late": 0.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """Weighted choices: `group` counts from 0, in the order of what it belongs to."""

    visits: pl.DataFrame
    """group (0), weight: one row a kind of visit."""
    specialties: tuple[str, ...]
    """Every specialty that a kind of visit names, sorted."""
    seen_by: pl.DataFrame
    """group (kind of visit), weight, specialty (index)."""
    places: pl.DataFrame
    """group (kind of visit), weight, pos."""
    slots: pl.DataFrame
    """kind, slot (index over all), position, chance, with (1 + a position, 0: none), after, days,
    partner, late."""
    codes: pl.DataFrame
    """group (slot), weight, value."""
    modifiers: pl.DataFrame
    """group (slot), weight, value: '' or modifiers joined by one space."""
    units: pl.DataFrame
    """group (slot), weight, value: a whole number as text."""


def load_plan(without: frozenset[str] = frozenset()) -> Plan:
    """The plan of `visits.toml`, leaving out the kinds that draw from a table in `without`."""
    kinds = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["visit"]
    kinds = [kind for kind in kinds if not _draws_from(kind) & without]
    specialties = sorted({name for kind in kinds for name in kind["specialty"].split()})
    slots: list[dict[str, Any]] = []
    choices: dict[str, list[tuple[int, float, str]]] = {"codes": [], "modifiers": [], "units": []}
    for kind_number, kind in enumerate(kinds):
        for position, text in enumerate(kind["lines"]):
            parts = [part.strip() for part in text.split("|")]
            given = dict(word.split("=") for part in parts[3:] for word in part.split())
            if unknown := given.keys() - _KEYS.keys():
                message = f"{kind['name']}: unknown {sorted(unknown)}"
                raise ValueError(message)
            slot = {key: float(given.get(key, usual)) for key, usual in _KEYS.items()}
            for name, part in zip(choices, parts, strict=False):
                choices[name] += [(len(slots), *choice) for choice in _choices(part)]
            slots.append({"kind": kind_number, "slot": len(slots), "position": position, **slot})
    return Plan(
        visits=_weighted([(0, kind["weight"], kind["name"]) for kind in kinds], "name"),
        specialties=tuple(specialties),
        seen_by=_weighted(
            [
                (number, 1.0, specialties.index(name))
                for number, kind in enumerate(kinds)
                for name in kind["specialty"].split()
            ],
            "specialty",
        ),
        places=_weighted(
            [
                (number, *choice)
                for number, kind in enumerate(kinds)
                for choice in _choices(kind["pos"])
            ],
            "pos",
        ),
        slots=pl.DataFrame(slots).cast(dict.fromkeys(("with", "after", "days"), pl.Int64)),
        codes=_weighted(choices["codes"], "value"),
        modifiers=_weighted(choices["modifiers"], "value"),
        units=_weighted(choices["units"], "value"),
    )


def _draws_from(kind: dict[str, Any]) -> set[str]:
    """Names of the tables that its lines draw from: pair of `@pair.column1`."""
    words = [word for text in kind["lines"] for word in text.split() if word.startswith("@")]
    return {word[1:].split(".")[0] for word in words}


def _choices(text: str) -> list[tuple[float, str]]:
    """`RT:47 -:3` as (weight, value) each; a single choice needs no weight."""
    found = []
    for word in text.split():
        value, _, weight = word.partition(":")
        found.append((float(weight or 1), "" if value == "-" else value.replace("+", " ")))
    return found


def _weighted(rows: list[tuple[int, float, Any]], name: str) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"group": pl.Int64, "weight": pl.Float64, name: None}, orient="row"
    )
