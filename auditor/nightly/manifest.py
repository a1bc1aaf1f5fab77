"""The manifest of a run: everything that decided what it found, and digests of what came out.

Two runs whose manifests agree in all but the run's own name and hours must have found the same.
It holds no patient data: files are named by their digest, secrets are said to be set or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import date  # noqa: TC003 - read when a manifest is read back
from typing import TYPE_CHECKING, Any, ClassVar

from auditor.errors import LedgerError
from auditor.tomlfile import adapter_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import polars as pl

    from auditor.reference.interface import Release

FORM = 1
"""Version of the manifest's own form."""
FINDINGS_DOMAIN = "auditor findings 1"
HISTORY_DOMAIN = "auditor history 1"
_FORBID: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file of claims."""

    __pydantic_config__: ClassVar = _FORBID

    sha256: str
    bytes: int
    lines: int
    """Read from it; -1 where it was not counted by file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One release of a reference table."""

    __pydantic_config__: ClassVar = _FORBID

    kind: str
    label: str
    sha256: str
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file that the run wrote."""

    __pydantic_config__: ClassVar = _FORBID

    name: str
    """Within the folder of the outputs; our own, so it holds nobody's name."""
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """How far the memory reached when the run began."""

    __pydantic_config__: ClassVar = _FORBID

    run: int
    """The newest run that was looked back at, as the ledger counts them; 0: none was."""
    lines: int
    """Stored by all of them, those that ended since included."""
    digest: str
    """Over their segments' digests; of no run that of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The programs that did the work."""

    __pydantic_config__: ClassVar = _FORBID

    auditor: str
    rules: str
    """Version of the rule set."""
    polars: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run was given, with what it worked and what came out."""

    __pydantic_config__: ClassVar = _FORBID

    run_id: str
    feed: str
    as_of: date
    started_at: str
    """UTC, ISO."""
    ended_at: str
    inputs: tuple[Input, ...]
    """In the order in which they were read: it decides which version of a claim stands."""
    reference: tuple[Table, ...]
    configuration: dict[str, Any]
    """auditor.nightly.effective: every setting that the feed was audited with."""
    history: Watermark
    versions: Versions
    findings: int
    findings_digest: str
    """`digest_of_findings`."""
    outputs: tuple[Output, ...]
    layout: str | None = None
    """The layout file, whole: it holds headers and no claims. None: columns were recognised."""
    layout_sha256: str | None = None
    decisions: str | None = None
    """Digest of the reviewers' decisions that were looked at; None: no ledger was asked."""
    version: int = 1
    """Of the run: 2 and more are audits of the same files anew."""
    rerun_of: str | None = None
    """Run id of the version before."""
    form: int = FORM

    @property
    def configuration_sha256(self) -> str:
        """Digest of the configuration."""
        return _sha256(_canonical(self.configuration))

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, ASCII, one line break at the end."""
        told = asdict(self) | {"configuration_sha256": self.configuration_sha256}
        return json.dumps(told, indent=2, sort_keys=True, default=str) + "\n"

    @property
    def sha256(self) -> str:
        """Digest of the whole manifest."""
        return _sha256(self.to_json())


def from_json(text: str) -> Manifest:
    """The manifest that `to_json` wrote.

    Raises LedgerError where it is none, was changed, or comes from a newer version of auditor.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import

    try:
        found = json.loads(text)
        if isinstance(found, dict) and isinstance(found.get("form"), int) and found["form"] > FORM:
            raise LedgerError(
                f"The manifest was written by a newer auditor (form {found['form']}; this one"
                f" knows {FORM}).",
                next_step="Update auditor.",
            )
        digest = found.pop("configuration_sha256")
        manifest = adapter_of(Manifest).validate_json(json.dumps(found), strict=True)
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise _damaged() from None
    if digest != manifest.configuration_sha256:
        raise _damaged()
    return manifest


def write(manifest: Manifest, folder: Path) -> Path:
    """Write `manifest` to FOLDER/<run id>.json, for its owner alone and onto the disk."""
    path = folder / f"{manifest.run_id}.json"
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
        file.write(manifest.to_json())
        file.flush()
        os.fsync(file.fileno())
    return path


def tables(releases: Iterable[Release]) -> tuple[Table, ...]:
    """The releases of a reference, in a total order."""
    told = [Table(kind=r.kind, label=r.label, sha256=r.sha256, used=r.used) for r in releases]
    return tuple(sorted(told, key=lambda t: (t.kind, t.label, t.sha256)))


def versions() -> Versions:
    """Those of this process."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    from auditor import RULE_SET_VERSION, __version__  # noqa: PLC0415 - as above

    python = ".".join(map(str, sys.version_info[:3]))
    return Versions(
        auditor=__version__, rules=RULE_SET_VERSION, polars=pl.__version__, python=python
    )


def outputs(folder: Path) -> tuple[Output, ...]:
    """The files below `folder`, by name."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = path.relative_to(folder).as_posix()
        found.append(Output(name=name, sha256=digest, bytes=path.stat().st_size))
    return tuple(found)


def watermark(ledger: sqlite3.Connection, runs: Collection[int]) -> Watermark:
    """What the ledger's segments say of `runs`, those that a run looks back at."""
    told = ledger.execute("SELECT run, lines, ended, digest FROM segments ORDER BY run")
    rows = [row for row in told if row[0] in runs]
    text = "\n".join([HISTORY_DOMAIN, *(" ".join(map(str, row)) for row in rows)])
    return Watermark(
        run=rows[-1][0] if rows else 0, lines=sum(row[1] for row in rows), digest=_sha256(text)
    )


def digest_of_findings(findings: pl.DataFrame) -> str:
    """SHA-256 over what `findings` (schemas.Findings) say, in 64 hex digits.

    Columns in their order, rows in theirs, run_id left out: the manifest names the run. Each
    value is its text with its length before it, as in `5:77002`, and a missing one `-`, so that
    two tables of one digest are one table. Amounts and units are whole numbers of their smallest
    part. Neither the form of a file nor the version of a library has a part in it.
    """
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    names = [name for name in findings.columns if name != "run_id"]
    head = "\x1f".join([FINDINGS_DOMAIN, *names, str(findings.height)])
    digest = hashlib.sha256(head.encode() + b"\n")
    if not names:
        return digest.hexdigest()
    rows = pl.concat_str(_measured(name, findings.schema[name]) for name in names)
    for part in findings.iter_slices(50_000):
        digest.update("\n".join(part.select(rows).to_series()).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _measured(name: str, kind: pl.DataType) -> pl.Expr:
    """The canonical text of a column, its length in bytes before it."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    column = pl.col(name)
    if isinstance(kind, pl.Decimal):
        column = column.to_physical()
    elif isinstance(kind, pl.Date):
        column = column.dt.to_string("iso")
    text = column.cast(pl.String)
    told = pl.concat_str(text.str.len_bytes(), pl.lit(":"), text)
    return told.fill_null("-")


def _canonical(plain: object) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged() -> LedgerError:
    return LedgerError(
        "The manifest is damaged, or was changed since it was written.",
        next_step="Bring back a copy of it from a backup.",
    )
