"""What a configuration file may say of the nightly run: folders, feeds, limits, delivery.

docs/nightly.md tells each setting in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

_FORBID: dict[str, str] = {"extra": "forbid"}
SIX_YEARS = 2192
"""Days; what 45 CFR 164.316(b)(2) asks of a covered entity's documentation."""
Mode = Literal["snapshot", "delta"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much a figure may differ from the median of the feed's last ten runs.

    As a part of that median: 0.5 allows half as much again, and down to as much divided by 1.5;
    1.0 allows twice as much, and half. Shares may fall. None: it is not looked at.
    """

    __pydantic_config__: ClassVar = _FORBID

    lines: float | None = 0.5
    rejected: float | None = 1.0
    not_judged: float | None = 0.5
    findings: float | None = 1.0
    """Findings per thousand audited lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a night of a feed is no ordinary one."""

    __pydantic_config__: ClassVar = _FORBID

    expect_by: str | None = None
    """Time of day, HH:MM, by which a file must be there; None: no file is expected."""
    expect_on: tuple[Weekday, ...] = ()
    """Days of the week on which a file is expected; empty: every day."""
    min_lines: int = 0
    max_rejected: float = 0.05
    """Share of the lines read; above it the night is incomplete (exit code 6)."""
    change: Change = Change()
    fail: tuple[Literal["late", "short", "drift"], ...] = ()
    """Which of these make the night incomplete instead of a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One export that comes again and again; what it leaves out is as in the whole file."""

    __pydantic_config__: ClassVar = _FORBID

    files: str
    """Names in the inbox, with * and ?: 'clinic_*.csv'."""
    mode: Mode
    """snapshot: the newest version of a claim replaces the earlier one whole (month-to-date
    exports); delta: a line replaces the line of its number, and other lines stay."""
    recipients: tuple[str, ...] = ()
    """Who gets the summary by mail."""
    attach: bool = False
    """Send the workbook along; only an encrypted one is ever sent."""
    encrypt: bool = False
    """Write workbooks that open with a password alone (report_password_file)."""
    limits: Limits | None = None
    """None: those of [nightly.limits]."""
    layout: Path | None = None
    line_of_business: Literal["medicare", "medicaid", "commercial"] | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Literal["certain", "review"] | None = None
    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    date_order: Literal["month-first", "day-first"] | None = None
    year_pivot: int | None = None
    password_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How the summary is sent; the password comes from AUDITOR_SMTP_PASSWORD or a file."""

    __pydantic_config__: ClassVar = _FORBID

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls"] = "starttls"
    user: str | None = None
    password_file: Path | None = None
    """File whose first line is the password; in systemd a credential."""
    ca_file: Path | None = None
    """Certificates to trust beside the system's, for a server of one's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where the summary JSON goes; a token comes from AUDITOR_WEBHOOK_TOKEN or a file."""

    __pydantic_config__: ClassVar = _FORBID

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days that each kind is kept; 0: for ever."""

    __pydantic_config__: ClassVar = _FORBID

    archive: int = SIX_YEARS
    """The exports as they came."""
    outputs: int = SIX_YEARS
    """Workbooks, findings and summaries."""
    ledger: int = SIX_YEARS
    """Runs, findings, decisions, deliveries and manifests."""
    history: int = SIX_YEARS
    """Audited lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly:
    """The folders of the nightly run and what holds for every feed."""

    __pydantic_config__: ClassVar = _FORBID

    inbox: Path = Path("inbox")
    outbox: Path = Path("outbox")
    archive: Path = Path("archive")
    state: Path = Path("state")
    """Ledger, audited lines, lock, what is being written: on a local disk."""
    ready: Literal["stable", "marker"] = "stable"
    """stable: a file is complete when nothing was added for stable_seconds; marker: when a file
    of its name and .done lies beside it."""
    stable_seconds: int = 60
    limits: Limits = Limits()
    mail: Mail | None = None
    webhook: Webhook | None = None
    retention: Retention = Retention()
