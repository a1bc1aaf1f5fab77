"""A feed's outcome out of the ledger, where it lies as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from auditor.errors import ExitCode
from auditor.nightly.outcome import FeedOutcome, Figures, Warned


def of_night(outcome: str) -> dict[str, FeedOutcome]:
    """Feed -> its outcome, from what `json.dumps(NightOutcome.plain())` wrote.

    What a newer version told beside that is left out. Raises ValueError where it is none.
    """
    try:
        return {told["feed"]: of_feed(told) for told in json.loads(outcome)["feeds"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(type(error).__name__) from None


def of_feed(told: dict[str, Any]) -> FeedOutcome:
    """The outcome of one feed from its plain form; KeyError, TypeError, ValueError for another."""
    values = _known(FeedOutcome, told)
    values["exit_code"] = ExitCode(values["exit_code"])
    if (figures := values.get("figures")) is not None:
        figures = _known(Figures, figures)
        figures["releases_too_old"] = tuple(figures.get("releases_too_old", ()))
        values["figures"] = Figures(**figures)
    if values.get("folder") is not None:
        values["folder"] = Path(values["folder"])
    values["warnings"] = tuple(Warned(**_known(Warned, w)) for w in values.get("warnings", ()))
    return FeedOutcome(**values)


def _known(model: type[Any], told: dict[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(model)}
    return {name: value for name, value in told.items() if name in names}
