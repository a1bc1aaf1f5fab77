"""A small office: its folders, its exports and its nights."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from auditor import config
from auditor.nightly.about import Night, Secrets
from auditor.nightly.night import perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from auditor.nightly.outcome import NightOutcome

HEADER = (
    "Claim Number", "Line", "Patient ID", "Service Date", "To Date", "CPT/HCPCS", "Modifiers",
    "Units", "Charge", "Rendering NPI", "POS", "Payer Type", "Bill Frequency", "Original Ref No",
    "Received Date",
)  # fmt: skip
CONFIG = """
reference = "{reference}"

[nightly]
stable_seconds = 0

[feeds.clinic]
files = "clinic*.csv"
mode = "{mode}"
line_of_business = "medicare"
"""
NPI = "1234567893"


def line(code: str, claim: str = "C1", number: int | str = 1, **about: str) -> tuple[str, ...]:
    """One row of an export; `about`: patient, dos, to, mods, units, charge, npi, pos ..."""
    dos = about.get("dos", "2025-11-03")
    return (
        claim,
        str(number),
        about.get("patient", "P1"),
        dos,
        about.get("to", dos),
        code,
        about.get("mods", ""),
        about.get("units", "1"),
        about.get("charge", "100.00"),
        about.get("npi", NPI),
        about.get("pos", "11"),
        "Medicare",
        about.get("freq", "1"),
        about.get("orig", ""),
        about.get("received", ""),
    )


def export(rows: Iterable[tuple[str, ...]]) -> bytes:
    """The rows as the office's system writes them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return text.getvalue().encode()


def _no_password(_settings: config.Settings) -> Callable[[str], str | None]:
    return lambda _name: None


@dataclass
class Office:
    """One configuration and its folders."""

    root: Path
    reference: Path
    mode: str = "delta"
    text: str = CONFIG
    report: bool = False
    """Whether its nights write the workbook: half of what a small one takes."""
    errors: list[BaseException] = field(default_factory=list)
    """What nobody foresaw."""

    def __post_init__(self) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "inbox").mkdir(exist_ok=True)
        self.file.write_text(self.text.format(reference=self.reference, mode=self.mode))

    @property
    def file(self) -> Path:
        return self.root / "auditor.toml"

    def copy(self, to: Path) -> Office:
        """The same office elsewhere."""
        shutil.copytree(self.root, to)
        return Office(to, self.reference, self.mode, self.text, self.report)

    def drop(self, rows: Iterable[tuple[str, ...]], name: str = "clinic.csv") -> Path:
        """Put an export into the inbox."""
        path = self.root / "inbox" / name
        path.write_bytes(export(rows))
        return path

    def at(self, day: str, **about: object) -> Night:
        """The night of `day`."""
        return Night(
            settings=config.load(self.file),
            as_of=date.fromisoformat(day),
            now=datetime.fromisoformat(f"{day}T03:00:00").replace(tzinfo=UTC),
            secrets=Secrets(of_inputs=_no_password, of_report=lambda _: "a long password"),
            debug=self.errors.append,
            **{"report": self.report} | about,  # type: ignore[arg-type]
        )

    def night(self, day: str = "2025-11-10", **about: object) -> NightOutcome:
        """Run the night of `day`; an error that nobody foresaw is raised."""
        outcome = perform(self.at(day, **about))
        if self.errors:
            raise self.errors[0]
        return outcome

    def files(self) -> dict[str, list[str]]:
        """What lies where, without what belongs to SQLite and the lock."""
        return {
            name: sorted(
                p.relative_to(self.root / name).as_posix()
                for p in (self.root / name).rglob("*")
                if p.is_file() and not p.name.startswith(("ledger.sqlite", "lock"))
            )
            for name in ("inbox", "outbox", "archive", "state")
        }
