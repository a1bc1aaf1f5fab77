"""The settings in force as lines of a configuration file, each with where it comes from."""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auditor import config
from auditor.cli import output, passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import typer

_OPTIONS = {"columns": "map_"}
"""Setting -> parameter of the command, where that has another name."""
_DEFAULT = "default"
_EVERY = ", for every feed"
_SECRETS = (
    (passwords.VARIABLE, "password_file"),
    (passwords.REDACT_KEY.variable, "redact_key_file"),
    (passwords.REPORT_PASSWORD.variable, "report_password_file"),
    ("AUDITOR_SMTP_PASSWORD", "nightly.mail.password_file"),
    ("AUDITOR_WEBHOOK_TOKEN", "nightly.webhook.token_file"),
)
"""Variable that holds a password or key -> the setting it goes before."""


class Origins:
    """Where settings come from."""

    def __init__(self, ctx: typer.Context, file: Path | None) -> None:
        """Ask `ctx` about options, and read again what `file` says itself."""
        self.said: Mapping[str, Any] = {} if file is None else config.said(file)
        self.file = "" if file is None else file.name
        self.ctx = ctx
        self.options = {option.name: option for option in ctx.command.params}

    def of(self, *place: str) -> str:
        """The option, variable or file that a setting comes from, or that it is the default."""
        option = self._option(place[0])
        if option and not (len(place) > 1 and self._only_in_file(place)):
            return option
        return self.in_file(*place)

    def in_file(self, *place: str) -> str:
        """The file, where it says the setting; else that it is the default."""
        found: Any = self.said
        for part in place:
            if not isinstance(found, dict) or part not in found:
                return _DEFAULT
            found = found[part]
        return self.file

    def of_feed(self, *place: str) -> str:
        """As `in_file` of a setting of a feed, which may be what the file says of every feed."""
        own = self.in_file(*place)
        _, feed, *rest = place
        if own != _DEFAULT:
            return own
        if rest[0] == "limits":
            if self.in_file("feeds", feed, "limits") != _DEFAULT:
                return _DEFAULT  # a feed's own limits replace all of them
            rest = ["nightly", *rest]
        whole = self.in_file(*rest)
        return whole if whole == _DEFAULT else whole + _EVERY

    def _option(self, name: str) -> str:
        """The option that `name` was set with, or its variable; '' for neither."""
        parameter = _OPTIONS.get(name, name)
        source = self.ctx.get_parameter_source(parameter)
        if source is None or parameter not in self.options:
            return ""
        option = self.options[parameter]
        variable = option.envvar if isinstance(option.envvar, str) else ""
        return {"COMMANDLINE": option.opts[0], "ENVIRONMENT": variable}.get(source.name, "")

    def _only_in_file(self, place: tuple[str, ...]) -> bool:
        """Whether an entry of a table to which an option adds is the file's own."""
        mapped = self.ctx.params.get(_OPTIONS.get(place[0], place[0])) or ()
        return not any(pair.partition("=")[0].strip() == place[1] for pair in mapped)


def toml(settings: config.Settings, filed: config.Settings, origins: Origins) -> Iterator[str]:
    """`settings` as lines of a configuration file; its feeds as `filed` alone says them."""
    unset: list[str] = []
    yield "# The settings in force; after each, where it comes from."
    yield from _table((), _values(settings) | {"feeds": {}}, origins.of, unset)
    if filed.feeds:
        unset.remove("[feeds]")
    yield ""
    yield from _secrets()
    yield from _not_set(unset)
    if filed.feeds:
        yield ""
        yield "# What 'auditor nightly' audits each feed with: what the file says, and neither"
        yield "# options nor variables of 'auditor audit'."
    for name in filed.feeds:
        lacking: list[str] = []
        yield from _table(("feeds", name), _of_feed(filed, name), origins.of_feed, lacking)
        yield from _not_set(lacking)


def _of_feed(filed: config.Settings, name: str) -> dict[str, Any]:
    """What the feed `name` is audited with: all settings that a feed may have."""
    feed, whole = filed.feeds[name], _values(config.of_feed(filed, name))
    told = {key: whole.get(key, value) for key, value in _values(feed).items()}
    if feed.limits is None and filed.nightly is not None:
        told["limits"] = filed.nightly.limits
    return told


def _table(
    place: tuple[str, ...],
    values: Mapping[str, Any],
    origin: Callable[..., str],
    unset: list[str],
) -> Iterator[str]:
    """One table with those in it; what has no value is added to `unset`, by its dotted name."""
    tables: dict[str, Mapping[str, Any]] = {}
    lines: list[str] = []
    of_feed = place[:1] == ("feeds",)
    above = place[2:] if of_feed else place
    for name, value in values.items():
        dotted = ".".join((*above, name))
        if is_dataclass(value):
            tables[name] = _values(value)
        elif isinstance(value, dict) and value:
            tables[name] = value
        elif isinstance(value, dict) or (value is None and name in _TABLES):
            unset.append(f"[{dotted}]")
        elif value is None or (value == () and (of_feed or not place)):
            unset.append(dotted)
        else:
            lines.append(f"{_key(name)} = {_text(_safe(name, value))}  # {origin(*place, name)}")
    if place and lines:
        yield ""
        yield f"[{'.'.join(map(_key, place))}]"
    yield from lines
    for name, table in tables.items():
        yield from _table((*place, name), table, origin, unset)


_TABLES = ("nightly", "mail", "webhook", "limits")
"""Tables that are None where the file has none."""


def _secrets() -> Iterator[str]:
    """Variables that hold a password or key; their values are shown nowhere."""
    for variable, setting in _SECRETS:
        if os.environ.get(variable):
            yield f"# {variable} is set; it goes before a configuration file's {setting}."


def _not_set(unset: list[str]) -> Iterator[str]:
    if unset:
        for line in output.wrapped(f"Not set: {', '.join(unset)}.", 2).splitlines():
            yield f"#{line[1:]}"


def _values(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    return {each.name: getattr(settings, each.name) for each in fields(settings)}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _safe(name: str, value: object) -> object:
    """`value`, but of an address only where it leads: the rest of it may be a secret."""
    if name != "url" or not isinstance(value, str):
        return value
    parts = urlsplit(value)
    host = parts.netloc.rpartition("@")[2]
    whole = parts.path in ("", "/") and not parts.query and host == parts.netloc
    return value if whole else f"{parts.scheme}://{host}/..."


def _text(value: object) -> str:
    """A value as TOML writes it, which for texts, numbers and lists is JSON but for DEL."""
    if isinstance(value, Path):
        value = str(value.absolute())
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
