"""The configuration file: what may stand in it, and every problem of one told at once.

A TOML file, `--config FILE`, else AUDITOR_CONFIG, else `auditor.toml` in the current folder.
A flag beats an environment variable, which beats the file, which beats the default
(docs/configuration.md).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LineOfBusiness = Literal["medicare", "medicaid", "commercial"]
FailOn = Literal["certain", "review"]
DEFAULT_NAME = "auditor.toml"
# pydantic speaks of Python's types; the reader of these lines writes TOML
_PLAIN = {
    "string_type": "a text in double quotes",
    "path_type": "a path in double quotes",
    "tuple_type": "a list of texts in square brackets",
    "dict_type": "a table of texts",
}
_NEXT_STEP = "Mend it; docs/configuration.md lists every setting."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a configuration file; each has a flag of the same meaning."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    reference: Path | None = None
    """Folder of the reference store; a relative one is relative to the file's folder."""
    line_of_business: LineOfBusiness | None = None
    """Of every line that does not say so itself."""
    select: tuple[str, ...] = ()
    """Rule ids, names or families to run; empty: all."""
    ignore: tuple[str, ...] = ()
    """Rule ids, names or families to leave out."""
    fail_on: FailOn | None = None
    """Weakest tier of finding that makes the exit code 1."""
    sheet: str | None = None
    """Worksheet to read from workbooks, or a pattern that several fit."""
    password_file: Path | None = None
    """File whose first line opens workbooks with a password; relative to the file's folder."""
    columns: dict[str, str] = field(default_factory=dict)
    """Canonical field -> header in the file."""


def find(named: Path | None) -> Path | None:
    """The configuration file to read: the one named, else ./auditor.toml where there is one."""
    if named is not None:
        return named
    beside = Path(DEFAULT_NAME)
    return beside if beside.is_file() else None


def load(path: Path) -> Settings:
    """The settings in the TOML file `path`; ConfigError names the file and every problem."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "The configuration file does not exist.",
            where=str(path),
            next_step="Check the path given with --config.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The configuration file cannot be read ({type(error).__name__}).",
            where=str(path),
            next_step="It must be a text file in UTF-8 that you may read.",
        ) from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"This is not valid TOML: {str(error).rstrip('.')}.",
            where=str(path),
            next_step="Texts stand in double quotes, lists in square brackets.",
        ) from None
    settings = _validated(found, path)
    beside = {
        name: path.parent / given.expanduser()
        for name in ("reference", "password_file")
        if (given := getattr(settings, name)) is not None
    }
    return replace(settings, **beside)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' where a known word is close to `word`, else ''."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[close[0]]}?" if close else ""


def _validated(found: dict[str, Any], path: Path) -> Settings:
    # pydantic takes about 70 ms to import; a run without a configuration file saves them
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - see above

    try:
        return TypeAdapter(Settings).validate_python(found)
    except ValidationError as error:
        problems = list(_problems(error.errors()))
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise ConfigError(
        f"{count} in the configuration: {'; '.join(problems)}.",
        where=str(path),
        next_step=_NEXT_STEP,
    )


def _problems(errors: Iterable[Any]) -> Iterator[str]:
    known = [f.name for f in fields(Settings)]
    for error in errors:
        place = ".".join(str(part) for part in error["loc"])
        if error["type"] == "unexpected_keyword_argument":
            close = did_you_mean(place, known).strip(" ?").removeprefix("Did you mean ")
            yield f"{place} is no setting" + (f" (did you mean {close}?)" if close else "")
        else:
            plain = _PLAIN.get(error["type"]) or error["msg"].removeprefix("Input should be ")
            yield f"{place} must be {plain}"
