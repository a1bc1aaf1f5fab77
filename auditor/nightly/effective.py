"""The settings that a run of a feed is made with: told plainly for its manifest, and taken back.

Secrets, and where they lie, are only said to be set.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.tomlfile import adapter_of

if TYPE_CHECKING:
    from auditor.config import Settings
    from auditor.nightly.manifest import Manifest

_SECRET = frozenset(
    {"password_file", "redact_key_file", "report_password_file", "token_file", "url", "user"}
)
# Of a webhook the address itself is often the secret.
_JUDGING = (
    "line_of_business",
    "select",
    "ignore",
    "sheet",
    "columns",
    "date_order",
    "year_pivot",
    "payers",
    "tiers",
    "adopted",
    "same_practitioner",
    "thresholds",
    "timely_filing_days",
    "specialties",
)
"""The settings that decide what is found, apart from paths."""


def effective(settings: Settings, feed: str) -> dict[str, Any]:
    """Every setting that `feed` is audited and told with, in plain form.

    Secrets, and where they lie, are only said to be set; tables are lists of pairs, because of
    payers' patterns the first that fits counts.
    """
    from auditor import config  # noqa: PLC0415 - the settings import this package

    own = config.of_feed(settings, feed)
    told = {f.name: _plain(f.name, getattr(own, f.name)) for f in fields(own) if f.name != "feeds"}
    return told | {"feed": _plain("feed", settings.feeds[feed])}


def settings_of(manifest: Manifest, now: Settings) -> Settings:
    """`now` with what decided the findings of the run; paths and secrets stay those of `now`.

    The feed is taken as the manifest tells it, also where the file names it no longer.
    """
    from auditor.config import Settings  # noqa: PLC0415 - the settings import this package
    from auditor.nightly.settings import Feed  # noqa: PLC0415 - as above

    said = {name: manifest.configuration.get(name) for name in _JUDGING}
    tables = {f.name for f in fields(Settings) if f.default_factory is dict}
    plain = {n: dict(v) if n in tables else v for n, v in said.items() if v is not None}
    of_run = adapter_of(Settings).validate_json(json.dumps(plain))
    known = manifest.configuration["feed"]
    feed = now.feeds.get(manifest.feed) or Feed(files=known["files"], mode=known["mode"])
    # what the feed said itself is in the settings of the run already
    bare = replace(
        feed, mode=known["mode"], line_of_business=None, select=(), ignore=(), sheet=None,
        columns={}, date_order=None, year_pivot=None,
    )  # fmt: skip
    return replace(
        now,
        **{name: getattr(of_run, name) for name in _JUDGING},
        feeds={**now.feeds, manifest.feed: bare},
    )


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - a setting, or a table of them
    if name in _SECRET:
        return "set" if value is not None else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return [[key, _plain("", each)] for key, each in value.items()]
    if isinstance(value, tuple):
        return [_plain("", each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(f.name, getattr(value, f.name)) for f in fields(value)}
    return value
