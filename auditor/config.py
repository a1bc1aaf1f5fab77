"""The configuration file: what may stand in it, and every problem of one told at once.

A TOML file, `--config FILE`, else AUDITOR_CONFIG, else `auditor.toml` in the current folder.
A flag beats an environment variable, which beats the file, which beats the default
(docs/configuration.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from auditor import tomlfile
from auditor.rules.options import RuleOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

LineOfBusiness = Literal["medicare", "medicaid", "commercial"]
FailOn = Literal["certain", "review"]
DateOrder = Literal["month-first", "day-first"]
MOST_PIVOT = 99
"""Two digits."""
DEFAULT_NAME = "auditor.toml"
_KIND = tomlfile.Kind("configuration file", "--config", "docs/configuration.md")
_PATHS = (
    "reference",
    "password_file",
    "redact_key_file",
    "report_password_file",
    "layout",
    "ledger",
)
"""Settings that are relative to the folder of their file."""
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


def find(named: Path | None) -> Path | None:
    """The configuration file to read: the one named, else ./auditor.toml where there is one."""
    if named is not None:
        return named
    beside = Path(DEFAULT_NAME)
    return beside if beside.is_file() else None


def load(path: Path) -> Settings:
    """The settings in the TOML file `path`; ConfigError names the file and every problem."""
    settings = tomlfile.load(path, Settings, _KIND, _problems)
    beside = {
        name: path.parent / found.expanduser()
        for name in _PATHS
        if (found := getattr(settings, name)) is not None
    }
    return replace(settings, **beside)


def said(path: Path) -> dict[str, Any]:
    """What stands in the TOML file `path`, without what it leaves to the defaults."""
    return tomlfile.parsed(path, _KIND)


def _problems(settings: Settings) -> Iterator[str]:
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
