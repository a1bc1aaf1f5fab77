"""Import of CMS files into the store: whole or not at all, and in any order.

Everything is read and staged first; one rename of the manifest at the end makes all of it true.
What each table does to what is loaded already is told in `merging`.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.errors import ReferenceDataError
from auditor.reference.containers import members
from auditor.reference.manifest import notes
from auditor.reference.merging import Outcome, Result, merge_table
from auditor.reference.recognise import EXPECTED, NotACmsTable, find_tables
from auditor.reference.store import Store, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from auditor.reference.interface import Kind


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked of an import."""

    kind: Kind | None = None
    effective: date | None = None
    replace: bool = False
    """Take a named file's rows in place of other rows of the same part."""


def import_files(
    paths: Iterable[Path],
    folder: Path,
    request: Request | None = None,
    on_file: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Import files, archives and folders of them into the store at `folder`.

    A file named in `paths` that is unknown, damaged or contradicts the store raises
    ReferenceDataError and nothing is changed; in a folder, and in an archive beside a table, it
    is an outcome `skipped` with its reason. Locked where another import is running.
    """
    request = request or Request()
    files = list(_files(paths, folder))
    outcomes: list[Outcome] = []
    with writing(folder) as store:
        before = deepcopy(store.manifest)
        for path, direct in files:
            on_file(path.name)
            outcomes += _import_file(store, path, request, direct=direct)
        if store.manifest != before:
            store.commit()
        states = {entry.label: note for entry, note in notes(store.manifest.entries)}
    return [_last_word(outcome, states.get(outcome.release, "")) for outcome in outcomes]


def _files(paths: Iterable[Path], store: Path) -> Iterator[tuple[Path, bool]]:
    """Every file to import once, and whether it was named itself; the store's own left out."""
    seen: set[Path] = set()
    home = store.resolve()
    for path in paths:
        if not path.exists():
            raise ReferenceDataError(
                "there is no such file or folder.", where=str(path), next_step="Check the path."
            )
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            real = file.resolve()
            if file.is_file() and real not in seen and not real.is_relative_to(home):
                seen.add(real)
                yield file, not path.is_dir()


def _import_file(store: Store, path: Path, request: Request, *, direct: bool) -> list[Outcome]:
    """The tables of one file, all of them or, where it is no good, none."""
    before = deepcopy(store.manifest)
    started = time.perf_counter()
    try:
        return _import_members(store, path, request, direct=direct)
    except ReferenceDataError as error:
        if direct:
            raise
        store.manifest = before
        return [_skipped(path.name, error, time.perf_counter() - started)]


def _import_members(store: Store, path: Path, request: Request, *, direct: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    unknown: list[Outcome] = []
    started = time.perf_counter()
    for member in members(path):
        try:
            tables = find_tables(member, request.kind, request.effective)
        except NotACmsTable as error:
            if len(member.names) == 1:
                raise
            unknown.append(_skipped(member.shown, error, time.perf_counter() - started))
            started = time.perf_counter()
            continue
        for table in tables:
            outcome = merge_table(store, table, member, replace_other=request.replace and direct)
            outcomes.append(replace(outcome, seconds=time.perf_counter() - started))
            started = time.perf_counter()
    if not outcomes:
        reasons = "; ".join(sorted({outcome.note for outcome in unknown})) or "it is empty"
        what = f"the archive holds no CMS table ({reasons})."
        raise NotACmsTable(what, where=path.name, next_step=EXPECTED)
    return outcomes + unknown


def _skipped(file: str, error: ReferenceDataError, seconds: float) -> Outcome:
    return Outcome(error.where or file, "", "", "skipped", 0, 0, seconds, error.what.rstrip("."))


def _last_word(outcome: Outcome, state: str) -> Outcome:
    """What only the whole import can tell: that a release is superseded, or incomplete."""
    if outcome.result not in ("imported", "same rows already loaded", "already covered"):
        return outcome
    result: Result = outcome.result
    if state.startswith("superseded") and result == "imported":
        result = "superseded"
    note = "; ".join(filter(None, [outcome.note, state]))
    return replace(outcome, result=result, note=note)
