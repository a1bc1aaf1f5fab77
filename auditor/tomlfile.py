"""TOML files that people write: read whole, every problem of one told at once.

Used for the configuration and for layouts; what may stand in them is a dataclass.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_type_hints

from auditor.errors import ConfigError
from auditor.payers import BUSINESSES, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pydantic import TypeAdapter

Model = TypeVar("Model")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}

# pydantic speaks of Python's types; the reader of these lines writes TOML
_PLAIN = {
    "string_type": "a text in double quotes",
    "path_type": "a path in double quotes",
    "tuple_type": "a list of texts in square brackets",
    "dict_type": "a table of texts",
    "dataclass_type": "a table",
    "int_type": "a whole number",
}


class Kind(NamedTuple):
    """What a file is called in messages."""

    name: str
    """configuration file, layout"""
    option: str
    """The option that names it."""
    docs: str


class FileProblems(ConfigError):  # noqa: N818 - it names what is in the file
    """What is wrong with a file that could be read, each problem with its dotted place."""

    def __init__(self, path: Path, problems: list[str], kind: Kind) -> None:
        """Tell all of `problems` in one sentence, and keep them apart for a list."""
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            f"{count} in the {kind.name.removesuffix(' file')}: {'; '.join(problems)}.",
            where=str(path),
            next_step=f"Mend it; {kind.docs} lists every setting.",
        )
        self.problems = tuple(problems)


def load(
    path: Path,
    model: type[Model],
    kind: Kind,
    check: Callable[[Model], Iterable[str]] | None = None,
) -> Model:
    """The file at `path` as a `model`; ConfigError names the file and every problem.

    `check` names the problems that the types do not; it is asked even where the types found some,
    about what is left.
    """
    return of_text(_text(path, kind), path, model, kind, check)


def of_text(
    text: str,
    path: Path,
    model: type[Model],
    kind: Kind,
    check: Callable[[Model], Iterable[str]] | None = None,
) -> Model:
    """As `load`, of a text; `path` is what messages call it."""
    found = _parsed(text, path)
    model_, problems = _validated(found, model)
    if model_ is not None and check is not None:
        problems += check(model_)
    if problems or model_ is None:
        raise FileProblems(path, problems, kind)
    return model_


def parsed(path: Path, kind: Kind) -> dict[str, Any]:
    """What stands in the TOML file at `path`, whatever it is; ConfigError where it is no TOML."""
    return _parsed(_text(path, kind), path)


def _text(path: Path, kind: Kind) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
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


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"This is not valid TOML: {str(error).rstrip('.')}.",
            where=str(path),
            next_step="Texts stand in double quotes, lists in square brackets.",
        ) from None


def _validated(found: dict[str, Any], model: type[Model]) -> tuple[Model | None, list[str]]:
    """`found` as a `model` without what is wrong in it, and what that is."""
    # pydantic takes about 70 ms to import; a run without such a file saves them
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    adapter, problems = adapter_of(model), list[str]()
    for _ in range(2):
        try:
            # As JSON, because strict there means TOML's types: "720" and true are no numbers, but
            # a list is a tuple. A date of TOML, which JSON lacks, becomes what nothing accepts.
            text = json.dumps(found, default=lambda date: {str(date): None})
            return adapter.validate_json(text, strict=True), problems
        except ValidationError as error:
            problems += [] if problems else _problems(error.errors(), model)
            for each in error.errors():
                _take_out(found, each["loc"])
    return None, problems


def adapter_of(model: type[Model]) -> TypeAdapter[Model]:
    """What reads JSON as the dataclass `model`; made once, which takes longer than any file."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - slow to import

    if model not in _ADAPTERS:
        _ADAPTERS[model] = TypeAdapter(model)
    return _ADAPTERS[model]


def _take_out(found: Any, place: Iterable[int | str]) -> None:  # noqa: ANN401 - what TOML holds
    """Remove what stands at `place`; of a list or union the whole setting."""
    table, last = None, ""
    for part in place:
        if not isinstance(found, dict):
            break
        if part not in found:  # taken out already
            return
        table, last, found = found, str(part), found[part]
    if table is not None:
        del table[last]


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
    for error in errors:
        *above, last = error["loc"]
        place = ".".join(str(part) for part in error["loc"])
        choices = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        if error["type"] == "unexpected_keyword_argument":
            here = _at(model, above)
            deeper = _below(here, str(last))
            yield f"{place} is no setting" + (
                f": it belongs under [{'.'.join(map(str, (*above, deeper)))}]"
                if deeper
                else hint(str(last), _settings(here))
            )
        elif error["type"] == "missing":
            yield f"{place} is missing"
        else:
            plain = _PLAIN.get(error["type"]) or error["msg"].removeprefix("Input should be ")
            if Path in get_args(_at(model, error["loc"])):
                plain = _PLAIN["path_type"]
            said = error["input"] if isinstance(error["input"], str) and choices else ""
            yield f"{place} must be {plain}" + _hint(said, choices)


def _hint(word: str, choices: Sequence[str]) -> str:
    """As hint; of payers only slips, as one payer's name is often like another's."""
    if {*choices} != {*BUSINESSES}:
        return hint(word, choices)
    near = meant(word)
    return f" (did you mean {near}?)" if near else " (leave any other payer out)" if word else ""


def _at(model: Any, place: Iterable[int | str]) -> Any:  # noqa: ANN401 - any annotation
    """The annotation at `place` of a `model`; None where it has none."""
    for part in place:
        arms = [arm for arm in get_args(model) if arm is not type(None)]
        # of X | None pydantic names no arm
        if isinstance(model, UnionType) and len(arms) == 1 and is_dataclass(arms[0]):
            model = arms[0]
        if is_dataclass(model):
            model = get_type_hints(model).get(str(part))
        else:  # a dict's values, a tuple's items, or the arm of a union that pydantic names
            inner = [arm for arm in get_args(model) if arm is not type(None)]
            named = [arm for arm in inner if getattr(arm, "__name__", "") == part]
            model = (named or inner or [None])[-1]
    return model


def _below(model: Any, setting: str) -> str | None:  # noqa: ANN401 - any annotation
    """The table of `model` that has such a setting: its heading was forgotten."""
    tables = (arm for arm in (model, *get_args(model)) if is_dataclass(arm))
    below = ((n, table) for table in tables for n, table in get_type_hints(table).items())
    return next((name for name, table in below if setting in _settings(table)), None)


def _settings(model: Any) -> list[str]:  # noqa: ANN401 - any annotation
    tables = (arm for arm in (model, *get_args(model)) if is_dataclass(arm))  # X, or X | None
    return [f.name for table in tables for f in fields(table)]
