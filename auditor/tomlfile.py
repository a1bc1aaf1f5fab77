"""TOML files that people write: read whole, every problem of one told at once.

Used for the configuration and for layouts; what may stand in them is a dataclass.
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Model = TypeVar("Model")

# pydantic speaks of Python's types; the reader of these lines writes TOML
_PLAIN = {
    "string_type": "a text in double quotes",
    "path_type": "a path in double quotes",
    "tuple_type": "a list of texts in square brackets",
    "dict_type": "a table of texts",
}


class Kind(NamedTuple):
    """What a file is called in messages."""

    name: str
    """configuration file, layout"""
    option: str
    """The option that names it."""
    docs: str


def load(path: Path, model: type[Model], kind: Kind) -> Model:
    """The file at `path` as a `model`; ConfigError names the file and every problem."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"The {kind.name} does not exist.",
            where=str(path),
            next_step=f"Check the path given with {kind.option}.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The {kind.name} cannot be read ({type(error).__name__}).",
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
    # pydantic takes about 70 ms to import; a run without such a file saves them
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - see above

    try:
        return TypeAdapter(model).validate_python(found)
    except ValidationError as error:
        problems = list(_problems(error.errors(), model))
    raise problem(path, problems, kind)


def problem(path: Path, problems: list[str], kind: Kind) -> ConfigError:
    """The error for what is wrong in the file at `path`."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError(
        f"{count} in the {kind.name.removesuffix(' file')}: {'; '.join(problems)}.",
        where=str(path),
        next_step=f"Mend it; {kind.docs} lists every setting.",
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' where a known word is close to `word`, else ''."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[close[0]]}?" if close else ""


def hint(word: str, known: Iterable[str]) -> str:
    """' (did you mean X?)' where a known word is close to `word`, else ''."""
    close = did_you_mean(word, known).strip(" ?").removeprefix("Did you mean ")
    return f" (did you mean {close}?)" if close else ""


def _problems(errors: Iterable[Any], model: type) -> Iterator[str]:
    known = [f.name for f in fields(model)]
    for error in errors:
        place = ".".join(str(part) for part in error["loc"])
        if error["type"] == "unexpected_keyword_argument":
            yield f"{place} is no setting" + hint(place, known)
        else:
            if error["type"] == "missing":
                yield f"{place} is missing"
                continue
            plain = _PLAIN.get(error["type"]) or error["msg"].removeprefix("Input should be ")
            yield f"{place} must be {plain}"
