"""Where files lie when nobody says: reports, the packaged sample."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

PROJECT = "claim-auditor"
SAMPLE = "clinic_week.csv"
_PACKAGE = Path(__file__).resolve().parents[1]


def checkout() -> Path | None:
    """The checkout of this project that we stand in or run from; None for an installed program."""
    return next((f for f in (Path.cwd(), _PACKAGE.parent) if _is_checkout(f)), None)


def reports_folder() -> Path:
    """The folder of reports nobody named a place for; made, for its owner alone, if need be."""
    here = checkout()
    if here is not None:
        return _short(here / "reports")
    from platformdirs import user_data_path

    folder = user_data_path("auditor", appauthor=False) / "reports"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder for reports cannot be made ({type(error).__name__}).",
            where=str(folder),
            next_step="Name another place with --report FILE.xlsx.",
        ) from None
    return folder


def report_name(inputs: Sequence[Path], as_of: date) -> str:
    """The workbook's name: of the first input, how many more, and the date."""
    more = f"-and-{len(inputs) - 1}-more" if len(inputs) > 1 else ""
    return f"{inputs[0].stem}{more}-{as_of.isoformat()}.xlsx"


def sample() -> Path:
    """The sample export: in a checkout beside the package, in a wheel inside it."""
    for folder in (_PACKAGE.parent / "sample_claims", _PACKAGE / "_samples"):
        if (folder / SAMPLE).is_file():
            return _short(folder / SAMPLE)
    raise ConfigError(
        f"the sample {SAMPLE} is not part of this installation.",
        next_step="Install the program again, or audit a file of your own: auditor audit FILE.",
    )


def _is_checkout(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    if not ((folder / "reports").is_dir() and project.is_file()):
        return False
    try:
        found = tomllib.loads(project.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # somebody else's file: not ours to complain of
        return False
    name: object = found.get("project", {}).get("name")
    return name == PROJECT


def _short(path: Path) -> Path:
    """`path` as seen from the current folder, where it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
