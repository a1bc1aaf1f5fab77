"""What a worker tells of a claim file beside its lines, and how the files come together again.

As JSON and tables: what comes from a cluster is read here and never run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import errors
from auditor.engine.whole import Census
from auditor.errors import AuditorError, InputRejected
from auditor.intake.part import Part
from auditor.intake.reader import Met, together
from auditor.parts.room import file_told, told_file
from auditor.spark import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.intake.interface import Intake, IntakeOptions
    from auditor.spark.rows import Named

FILE, CLAIMS = "file", "claims"
_TABLES = ("spoken", "rejected", "set_aside", "repairs")
_CLAIMS = {"claim_id": pl.String, "original_claim_id": pl.String}


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of all files together, without their lines."""

    intake: Intake
    census: Census
    offsets: tuple[int, ...]
    """Of each file: how many claim lines are in the files before it."""
    claims: pl.DataFrame
    """claim_id, original_claim_id, where they were asked for."""


def error(problem: AuditorError) -> bytes:
    """A problem as a worker tells it."""
    told = [type(problem).__name__, problem.what, problem.where, problem.next_step]
    return json.dumps(told).encode()


def told(sources: Sequence[Part], census: Census) -> bytes:
    """A file as a worker tells it."""
    found = {
        "sources": [
            {
                "file": told_file(each.file),
                "fields": sorted(each.fields),
                "mapped": sorted(each.mapped),
                "title": each.title,
            }
            for each in sources
        ],
        "census": census.told(),
    }
    return json.dumps(found).encode()


def tables(sources: Sequence[Part]) -> dict[str, pl.DataFrame]:
    """The tables of a file, by the names that `joined` knows them by."""
    return {
        f"{number}/{name}": getattr(each, name)
        for number, each in enumerate(sources)
        for name in _TABLES
    }


def joined(found: Sequence[Named], files: int, options: IntakeOptions) -> Told:
    """All files together, out of what workers told of them.

    Raises what the first file that is no good raises when one machine reads it.
    """
    by_file: list[dict[str, bytes]] = [{} for _ in range(files)]
    for each in found:
        by_file[each.file][each.name if each.kind != "error" else "error"] = each.data
    met, parts = Met(), list[Part]()
    census, offsets, claims = Census(), list[int](), [pl.DataFrame(schema=_CLAIMS)]
    for of_file in by_file:
        if "error" in of_file:
            raise _problem(json.loads(of_file["error"]))
        if FILE not in of_file:
            raise InputRejected(
                "A claim file was there when the files were listed, and not when they were read.",
                next_step="Say the same again when nobody writes there.",
            )
        about = json.loads(of_file[FILE])
        for number, source in enumerate(about["sources"]):
            part = _part(number, source, of_file)
            met.add(part.file.sha256, part.title, part.file.name)
            parts.append(part)
        offsets.append(census.lines)
        census += Census.of(about["census"])
        if CLAIMS in of_file:
            claims.append(rows.unpacked(of_file[CLAIMS]))
    intake = together(parts, options)
    return Told(intake, census, tuple(offsets), pl.concat(claims).unique())


def _part(number: int, told: dict[str, Any], tables: dict[str, bytes]) -> Part:
    return Part(
        lines=[],
        **{name: rows.unpacked(tables[f"{number}/{name}"]) for name in _TABLES},
        file=file_told(told["file"]),
        fields=frozenset(told["fields"]),
        mapped=frozenset(told["mapped"]),
        title=told["title"],
    )


def _problem(told: list[str]) -> AuditorError:
    name, what, where, next_step = told
    kind = getattr(errors, name, AuditorError)
    if not (isinstance(kind, type) and issubclass(kind, AuditorError)):
        kind = AuditorError
    return kind(what, where=where, next_step=next_step)
