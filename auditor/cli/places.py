"""Where files lie when nobody says, and whether outputs can lie where they should."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError, InputRejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

PROJECT = "claim-auditor"
FORMS = {
    "--report": (".xlsx",),
    "--findings": (".parquet", ".csv", ".jsonl"),
    "--summary": (".json",),
    "--compare-out": (".csv",),
}
"""Endings that choose the form of an output."""
SAMPLE = "clinic_week.csv"
_PACKAGE = Path(__file__).resolve().parents[1]


def checkout() -> Path | None:
    """The checkout of this project that we stand in or run from; None for an installed program."""
    return next((f for f in (Path.cwd(), _PACKAGE.parent) if _is_checkout(f)), None)


def default_report(inputs: Sequence[Path], as_of: date, *, redacted: bool = False) -> Path:
    """The workbook nobody named: after the first input, how many more there are, and the date.

    A redacted one is not named after the input, whose name may be a patient's. In a checkout it
    lies in ./reports, elsewhere in the user's data folder.
    """
    more = f"-and-{len(inputs) - 1}-more" if len(inputs) > 1 else ""
    name = f"{inputs[0].stem}{more}-{as_of.isoformat()}.xlsx"
    if redacted:
        name = f"redacted-{as_of.isoformat()}.xlsx"
    here = checkout()
    if here is not None:
        return _short(here / "reports" / name)
    from platformdirs import user_data_path

    try:
        return user_data_path("auditor", appauthor=False) / "reports" / name
    except RuntimeError:  # a user without a home, as containers have them
        raise ConfigError(
            "There is no home folder to write the workbook to.",
            next_step="Name it with --report FILE.xlsx, or say --no-report.",
        ) from None


def default_ledger() -> Path | None:
    """The ledger nobody named, in the user's data folder; None for a user without a home."""
    from platformdirs import user_data_path

    try:
        return user_data_path("auditor", appauthor=False) / "ledger" / "ledger.sqlite"
    except RuntimeError:  # as above
        return None


def sample() -> Path:
    """The sample export: in a checkout beside the package, in a wheel inside it."""
    for folder in (_PACKAGE.parent / "sample_claims", _PACKAGE / "_samples"):
        if (folder / SAMPLE).is_file():
            return _short(folder / SAMPLE)
    raise ConfigError(
        f"The sample {SAMPLE} is not part of this installation.",
        next_step="Install the program again, or audit a file of your own: auditor audit FILE.",
    )


def check(inputs: Sequence[Path], outputs: Mapping[str, Path | None]) -> None:
    """Fail before the work and not after it, and never write over what is to be read.

    `outputs` is keyed by option, as the messages name it.
    """
    seen: dict[str, str] = {}
    for path in inputs:
        if (key := _identity(path)) in seen:
            raise ConfigError(
                f"'{path.name}' is named twice.",
                next_step="Name each claim file once: its lines would count as duplicates.",
            )
        if _is_folder(path):
            raise InputRejected(
                "This is a folder.", where=str(path), next_step="Name the claim files in it."
            )
        seen[key] = "the claim files"
    for option, output in outputs.items():
        if output is None:
            continue
        _check_one(option, output)
        if (key := _identity(output)) in seen:
            raise ConfigError(
                f"'{output.name}' is already one of {seen[key]}.",
                where=option,
                next_step="Name another file.",
            )
        seen[key] = "the files to write"


def _is_folder(path: Path) -> bool:
    """Whether an input is a folder; raises InputRejected where one may not even ask."""
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:  # a folder above it is closed; a NUL in the name
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputRejected(
            f"The file cannot be read ({why}).",
            where=str(path),
            next_step="Check that it exists and that you may read it.",
        ) from None


def _check_one(option: str, path: Path) -> None:
    forms = FORMS.get(option, ())
    if forms and path.suffix.lower() not in forms:
        raise ConfigError(
            f"'{path.name}' does not end in {' or '.join(forms)}.",
            where=option,
            next_step="The ending chooses the form of the file.",
        )
    if not _can_be_made(path):
        raise ConfigError(
            f"'{path}' cannot be written.",
            where=option,
            next_step="Name a file in a folder that you may write to.",
        )


def _can_be_made(path: Path) -> bool:
    try:
        above = next(folder for folder in path.absolute().parents if folder.exists())
        return above.is_dir() and os.access(above, os.W_OK) and not path.is_dir()
    except OSError:  # a name that the file system does not take
        return False


def _identity(path: Path) -> str:
    """One text for one file, however it is spelt."""
    return os.path.normcase(os.path.realpath(path))


def _is_checkout(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    try:
        if not (folder / "auditor").is_dir():
            return False
        found = tomllib.loads(project.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # somebody else's file: not ours to complain of
        return False
    about = found.get("project")
    return isinstance(about, dict) and about.get("name") == PROJECT


def _short(path: Path) -> Path:
    """`path` as seen from the current folder, where it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
