"""Figures and outcomes as the JSON that the ledger keeps, and back again.

A ledger outlives versions of the program. What a newer one wrote beyond what is known here is left
out; what an older one did not count yet reads as nothing found and nothing counted.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import ExitCode
from auditor.nightly.outcome import FeedOutcome, Figures, NightOutcome, Warned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOTHING = Figures(
    files=0,
    lines_read=0,
    lines_audited=0,
    lines_seen_before=0,
    lines_set_aside=0,
    lines_rejected=0,
    lines_judged_again=0,
    lines_superseded=0,
    not_judged=0.0,
    found={},
    new={},
    reopened=0,
    standing=0,
    resolved=0,
    open={},
    new_at_risk={},
)


def figures_text(figures: Figures, warnings: Iterable[Warned] = ()) -> str:
    """`figures` as JSON, with what the run warned of: the same text for the same figures."""
    told = [asdict(warned) for warned in warnings]
    return json.dumps(asdict(figures) | ({"warnings": told} if told else {}), sort_keys=True)


def warnings_of(text: str) -> tuple[Warned, ...]:
    """The warnings that `figures_text` wrote with the figures; none of a run of older versions."""
    return _warnings(json.loads(text).get("warnings", ()))


def figures_of(text: str) -> Figures:
    """The figures that `figures_text` of this or another version wrote."""
    return _figures(json.loads(text))


def night_text(night: NightOutcome) -> str:
    """`night` as JSON, the same text for the same night."""
    return json.dumps(night.plain(), sort_keys=True)


def night_of(text: str) -> NightOutcome:
    """The outcome that `night_text` of this or another version wrote."""
    told = json.loads(text)
    return NightOutcome(
        as_of=date.fromisoformat(told["as_of"]),
        started_at=told["started_at"],
        ended_at=told["ended_at"],
        feeds=tuple(_feed(each) for each in told.get("feeds", ())),
        recovered=tuple(told.get("recovered", ())),
        delivery=_warnings(told.get("delivery", ())),
    )


def code_of(number: int) -> ExitCode:
    """The exit code of this number; INTERNAL for one that only a newer version knows."""
    with suppress(ValueError):
        return ExitCode(number)
    return ExitCode.INTERNAL


def _feed(told: Mapping[str, Any]) -> FeedOutcome:
    figures, folder = told.get("figures"), told.get("folder")
    plain = _known(FeedOutcome, told) | {
        "exit_code": code_of(told["exit_code"]),
        "figures": None if figures is None else _figures(figures),
        "folder": None if folder is None else Path(folder),
        "warnings": _warnings(told.get("warnings", ())),
    }
    return FeedOutcome(**plain)


def _warnings(told: Iterable[Mapping[str, Any]]) -> tuple[Warned, ...]:
    return tuple(Warned(**_known(Warned, each)) for each in told)


def _figures(told: Mapping[str, Any]) -> Figures:
    known = _known(Figures, told)
    late = tuple(known.get("releases_too_old", ()))
    return replace(_NOTHING, **known | {"releases_too_old": late})


def _known(model: type, told: Mapping[str, Any]) -> dict[str, Any]:
    """What `told` says of the fields of the dataclass `model`."""
    return {f.name: told[f.name] for f in fields(model) if f.name in told}
