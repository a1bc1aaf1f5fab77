"""The configuration file: what may stand in it, and every problem of one told at once.

A TOML file, `--config FILE`, else AUDITOR_CONFIG, else `auditor.toml` in the current folder.
A flag beats an environment variable, which beats the file, which beats the default
(docs/configuration.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from auditor import payers, tomlfile
from auditor.nightly.settings import Feed, Nightly
from auditor.rules.options import RuleOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

LineOfBusiness = payers.LineOfBusiness
FailOn = Literal["certain", "review"]
DateOrder = Literal["month-first", "day-first"]
MOST_PIVOT = 99
"""Two digits."""
DEFAULT_NAME = "auditor.toml"
_KIND = tomlfile.Kind("configuration file", "--config", "docs/configuration.md")
LEDGER = "ledger.sqlite"
"""Name of the ledger in the state folder of a nightly run."""
_FORBID: dict[str, str] = {"extra": "forbid"}
_DEFAULT = RuleOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Numbers that findings depend on; auditor.rules.options says what each is."""

    __pydantic_config__: ClassVar = _FORBID

    minutes_per_day: int = _DEFAULT.minutes_per_day
    stronger_minutes_per_day: int = _DEFAULT.stronger_minutes_per_day
    therapy_units_per_day: int = _DEFAULT.therapy_units_per_day
    implausible_day_lines: int = _DEFAULT.implausible_day_lines
    release_gap_review: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a configuration file."""

    __pydantic_config__: ClassVar = _FORBID

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
    redact_key_file: Path | None = None
    """File whose first line is the key of redacted copies; relative to the file's folder."""
    report_password_file: Path | None = None
    """File whose first line is the password of encrypted reports; relative as above."""
    columns: dict[str, str] = field(default_factory=dict)
    """Canonical field -> header in the file."""
    layout: Path | None = None
    """The layout that the claim files must have; a relative path as with `reference`."""
    date_order: DateOrder | None = None
    """Of dates written with numbers alone, such as 03/04/2024."""
    year_pivot: int | None = None
    """Two-digit years below it are 20xx, the others 19xx."""
    ledger: Path | None = None
    """The ledger with the reviewers' decisions; a relative path as with `reference`."""
    payers: dict[str, LineOfBusiness] = field(default_factory=dict)
    """Payer's name in the files, or a pattern with * -> line of business."""
    tiers: dict[str, str] = field(default_factory=dict)
    """Rules by id, name or family -> the tier that their findings are at most."""
    adopted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Line of business -> rules that it adopted."""
    same_practitioner: dict[str, str] = field(default_factory=dict)
    """Rules by id, name or family -> who counts as the same practitioner."""
    thresholds: Thresholds = Thresholds()
    timely_filing_days: dict[str, int] = field(default_factory=dict)
    """Line of business -> days from service to receipt."""
    specialties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """A kind of practitioner -> specialty codes and taxonomies beyond the built-in ones."""
    nightly: Nightly | None = None
    """The unattended run; None: this file is not about one. Paths as with `reference`."""
    feeds: dict[str, Feed] = field(default_factory=dict)
    """Name -> an export that the unattended run takes from its inbox."""


def find(named: Path | None) -> Path | None:
    """The configuration file to read: the one named, else ./auditor.toml where there is one."""
    if named is not None:
        return named
    beside = Path(DEFAULT_NAME)
    return beside if beside.is_file() else None


def load(path: Path) -> Settings:
    """The settings in the TOML file `path`; ConfigError names the file and every problem."""
    check = partial(_problems, folder=path.parent)
    settings: Settings = _beside(tomlfile.load(path, Settings, _KIND, check), path.parent)
    if settings.nightly is not None and settings.ledger is None:
        # one ledger for the night and for the reviewers, who name this file too
        return replace(settings, ledger=settings.nightly.state / LEDGER)
    return settings


def of_feed(settings: Settings, name: str) -> Settings:
    """The settings that the feed `name` is audited with: its own, else those of the whole file."""
    feed = settings.feeds[name]
    own = {f.name for f in fields(Settings)} & {f.name for f in fields(Feed)}
    said = {n: value for n in own if (value := getattr(feed, n)) not in (None, (), {})}
    return replace(settings, **said | {"columns": settings.columns | feed.columns})


def _beside(table: Any, folder: Path) -> Any:  # noqa: ANN401 - a table of settings, or a value
    """`table` with its paths, and those of tables in it, as seen from `folder`."""
    if isinstance(table, Path):
        return folder / table.expanduser()
    if isinstance(table, dict):
        return {name: _beside(value, folder) for name, value in table.items()}
    if not is_dataclass(table) or isinstance(table, type):
        return table
    return replace(
        table, **{f.name: _beside(getattr(table, f.name), folder) for f in fields(table)}
    )


def said(path: Path) -> dict[str, Any]:
    """What stands in the TOML file `path`, without what it leaves to the defaults."""
    return tomlfile.parsed(path, _KIND)


def _problems(settings: Settings, folder: Path) -> Iterator[str]:
    if settings.year_pivot is not None and not 0 <= settings.year_pivot <= MOST_PIVOT:
        yield f"year_pivot must be from 0 to {MOST_PIVOT}"
    if settings.columns:
        from auditor.intake.names import FIELDS  # noqa: PLC0415 - as below

        for name in settings.columns:
            if name not in FIELDS:
                yield f"columns.{name} is no field" + tomlfile.hint(name, FIELDS)
    # what the words stand for is known to the rules, which a file without such words leaves alone
    from auditor import rulewords  # noqa: PLC0415 - see above

    yield from rulewords.problems(settings)
    if settings.nightly is not None or settings.feeds:
        from auditor.nightly import problems  # noqa: PLC0415 - most files are not about a night

        yield from problems.problems(settings, folder)
    for name, feed in settings.feeds.items():
        words = Settings(select=feed.select, ignore=feed.ignore)
        yield from (f"feeds.{name}.{problem}" for problem in rulewords.problems(words))
