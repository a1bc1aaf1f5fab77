"""Words of the command line made into what commands take, without pydantic where that is plain.

Typer converts every option, given or not, by pydantic, which takes longer to import and to
prepare than most questions take to answer. An option that was not given is None whatever its
type; text is the word itself; a path, a whole number and a day are written as Python reads them.
All else (a word that is no number, a file that may not be read, a flag's environment variable)
goes to Typer's own conversion, so that every refusal is Typer's.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_OTHERS = ("parser", "path_type", "clamp", "exists", "writable", "resolve_path", "allow_dash")
"""Settings of a parameter that make more of a word than its type says."""


def quicken(command: Any) -> None:  # noqa: ANN401 - Typer's classes of commands are private
    """Let the parameters of `command` and of the commands below it convert plain words here.

    A later Typer without `get_runtime_param` would convert all as it does; a test tells.
    """
    for parameter in command.params:
        _quicken(parameter)
    command.get_help_option = partial(_help_option, command.get_help_option)
    for below in getattr(command, "commands", {}).values():
        quicken(below)


def _help_option(theirs: Callable[[Any], Any], ctx: Any) -> Any:  # noqa: ANN401 - as above
    """--help, which Typer adds when a command is asked for its parameters."""
    option = theirs(ctx)
    if option is not None and not isinstance(option.get_runtime_param, _Asked):
        _quicken(option)
    return option


def _quicken(parameter: Any) -> None:  # noqa: ANN401 - as above
    parameter.get_runtime_param = _Asked(_Words(parameter, parameter.get_runtime_param))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What Typer asks for the conversion of a parameter before it uses it."""

    words: _Words

    def __call__(self) -> _Words:
        return self.words


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in for Typer's conversion of one parameter."""

    parameter: Any
    theirs: Callable[[], Any]

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - as Typer has it
        """The value that the command is called with; raises what Typer raises."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind = self.parameter.type_descriptor
        made = plainly(value, kind.annotation, kind.parameter_info)
        return self.theirs().coerce(value, param=param, ctx=ctx) if made is None else made


def plainly(value: Any, annotation: Any, info: Any) -> Any:  # noqa: ANN401 - any option's
    """What `value` is as `annotation` (`info`: Typer's settings); None where it is not plain."""
    if any(getattr(info, name, None) for name in _OTHERS) or not (info.file_okay and info.dir_okay):
        return None
    if annotation in (list[str], list[Path]):
        if not isinstance(value, list | tuple):
            return None
        (of,) = annotation.__args__
        made = [_one(each, of, info) for each in value]
        return None if None in made else made
    return _one(value, annotation, info)


def _one(word: Any, kind: Any, info: Any) -> Any:  # noqa: ANN401 - as above
    """One word; None where it is not plain."""
    if kind is int and (type(word) is int or (type(word) is str and _WHOLE.fullmatch(word))):
        number = int(word)
        low, high = info.min, info.max
        within = (low is None or low <= number) and (high is None or number <= high)
        return number if within else None
    if type(word) is str and kind is datetime:
        iso = info.formats and info.formats[0] == "%Y-%m-%d" and _DAY.fullmatch(word)
        with suppress(ValueError):  # a day that no month has
            return datetime.fromisoformat(word) if iso else None
    elif type(word) is str and kind is Path:
        return Path(word) if os.access(word, os.R_OK) or not os.path.lexists(word) else None
    return word if type(word) is str and kind is str else None
