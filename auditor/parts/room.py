"""The folder in which an audit in parts works.

It is named after the work, so that the same call finds what an earlier one that was broken off had
done and goes on from there. What lies in it are claim lines: it is its owner's alone, and it goes
when the audit has ended well.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import disk
from auditor.engine.whole import Census
from auditor.errors import AuditorError, ConfigError
from auditor.intake.interface import FileRead, Intake
from auditor.lock import held, locked
from auditor.parts.spill import Base, Parts
from schemas import ClaimLines, empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PRIVATE = 0o700
_READ = "read.json"
_NAME = re.compile(r"[0-9a-f]{16}")
_TABLES = ("rejected", "set_aside", "repairs")
_GOES_ON = "goes on where this one stopped; to give up, remove the folder: it holds claim lines."
_BUSY = "Another audit of the same files is at work there."


@dataclass(frozen=True, slots=True)
class Room:
    """The folder of one work."""

    folder: Path

    @property
    def lines(self) -> Path:
        """Where the claim lines lie, part by part."""
        return self.folder / "lines"

    def read_before(self) -> bool:
        """Whether an earlier call read the files to their end."""
        return (self.folder / _READ).is_file()

    def kept(self) -> tuple[Intake, Parts] | None:
        """What an earlier call read to its end; None where none did, and then nothing is left."""
        if not self.read_before():
            shutil.rmtree(self.lines, ignore_errors=True)
            return None
        told = json.loads((self.folder / _READ).read_text(encoding="utf-8"))
        tables = {name: pl.read_parquet(self.folder / f"{name}.parquet") for name in _TABLES}
        intake = Intake(
            lines=empty(ClaimLines),
            files=tuple(file_told(each) for each in told["files"]),
            fields_present=frozenset(told["fields"]),
            notes=tuple(told["notes"]),
            **tables,
        )
        bases = {int(slab): Base(*base) for slab, base in told["bases"].items()}
        return intake, Parts(self.lines, told["parts"], Census.of(told["census"]), bases)

    def left(self) -> list[Path]:
        """The folders beside it with claim lines of audits that were broken off."""
        beside = self.folder.parent
        return sorted(
            told.parent
            for told in beside.glob(f"*/{_READ}")
            if _NAME.fullmatch(told.parent.name) and told.parent != self.folder
            if not held(beside / f"{told.parent.name}.lock")
        )

    def keep(self, intake: Intake, parts: Parts) -> None:
        """Remember what was read."""
        for name in _TABLES:
            disk.write_parquet(getattr(intake, name), self.folder / f"{name}.parquet")
        told = {
            "files": [told_file(each) for each in intake.files],
            "fields": sorted(intake.fields_present),
            "notes": intake.notes,
            "parts": parts.count,
            "census": parts.census.told(),
            "bases": parts.bases,
        }
        begun = self.folder / f"{_READ}.begun"
        begun.write_text(json.dumps(told), encoding="utf-8")
        begun.replace(self.folder / _READ)


@contextmanager
def room(parent: Path, work: Sequence[str]) -> Iterator[Room]:
    """The folder in `parent` for what `work` names; it is gone after a good end.

    Raises Locked where another process works in it, ConfigError where it cannot be made, and
    AuditorError where the disk does not hold what is written.
    """
    name = hashlib.blake2b("\n".join([pl.__version__, *work]).encode(), digest_size=8).hexdigest()
    folder = parent / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
    except OSError as error:
        raise ConfigError(
            f"The folder for the parts cannot be made ({_reason(error)}).",
            where=str(parent),
            next_step="Name another with --work DIR.",
        ) from None
    with locked(parent / f"{name}.lock", _BUSY, "An audit in parts is at work"):
        try:
            yield Room(folder)
        except OSError as error:
            begun = Room(folder).read_before()
            raise AuditorError(
                f"The parts could not be written or read ({_reason(error)}).",
                where=str(folder),
                next_step="Free space on the disk, or name another folder with --work DIR. The same"
                f" command {_GOES_ON if begun else 'begins anew: nothing was left there.'}",
            ) from None
        finally:
            # Lines of files that were not read to their end serve nobody.
            if not (folder / _READ).is_file():
                shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    (parent / f"{name}.lock").unlink(missing_ok=True)
    if not any(parent.iterdir()):
        parent.rmdir()


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).rstrip(".")


def told_file(file: FileRead) -> dict[str, Any]:
    """A FileRead as JSON has it."""
    repaired = [[field, kind, count] for (field, kind), count in file.repaired.items()]
    return asdict(file) | {"mapping": dict(file.mapping), "repaired": repaired}


def file_told(told: dict[str, Any]) -> FileRead:
    """The FileRead of `told_file`."""
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    repaired = {(field, kind): count for field, kind, count in told["repaired"]}
    return FileRead(**(told | lists | {"repaired": repaired}))
