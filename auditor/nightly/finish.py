"""What follows the commit of a run: its files get their places. Every step may be done twice.

A run that was committed is true, whatever happens now: the next night finishes what was left.
Files get their places by one rename each, so nobody sees half of one.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.errors import ReportError
from auditor.nightly import archiving
from auditor.nightly.archiving import make_folder, synced
from auditor.nightly.inbox import digest
from auditor.report.place import PRIVATE_FOLDER, WORKROOM, place_folder, settle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from auditor.nightly.places import Places

OUTPUTS, HISTORY, LAYOUT, MANIFEST = "outputs", "history", "layout.toml", "manifest.json"
"""What lies in the staging folder of a run."""
PLACED = "placed"
"""The outputs there, once their copy has its place; a night that is killed here leaves them."""


def publish(places: Places, run_id: str, feed: str, folder: str) -> None:
    """Bring what the run staged to its places; `folder` is relative to the outbox.

    Raises ReportError where the outbox cannot be written, something else has the name, or what was
    staged is gone.
    """
    staged = places.staged(run_id)
    moves = {
        staged / LAYOUT: places.layout(feed),
        staged / MANIFEST: places.manifest(run_id),
        **{made: places.history(feed) / made.name for made in _files(staged / HISTORY)},
    }
    for made, target in moves.items():
        if made.exists():
            make_folder(target.parent)
            made.replace(target)
            synced(target.parent)
    outputs, target = staged / OUTPUTS, places.outbox / folder
    if not outputs.is_dir():
        if not (staged / PLACED).is_dir() and not target.is_dir():
            raise ReportError(
                "What this run had made is gone from the staging folder, and was not published.",
                where=str(staged),
                next_step="Bring that folder back from a backup. Without one, make the folder"
                f" {target} by hand: the night then goes on without this report, and says whether"
                " the lines of the run are lost too.",
            )
        shutil.rmtree(staged, ignore_errors=True)
        return
    with _in_words(target, "The report could not be put into the outbox"):
        if not _is_ours(target, outputs):
            _place(outputs, target, run_id)
    # In one step: what is removed piece by piece would look like a report that is not placed yet.
    outputs.rename(staged / PLACED)
    shutil.rmtree(staged, ignore_errors=True)


def _place(outputs: Path, target: Path, run_id: str) -> None:
    """Copy `outputs` beside `target`, since the outbox may lie on another disk; then rename."""
    make_folder(target.parent)
    made = target.with_name(f"{WORKROOM}{run_id}")
    shutil.rmtree(made, ignore_errors=True)  # of a night that was killed here
    try:
        # a work folder stays where the file system refused to remove it
        shutil.copytree(outputs, made, ignore=shutil.ignore_patterns(f"{WORKROOM}*"))
        made.chmod(PRIVATE_FOLDER)
        for each in _files(made):
            settle(each)
        place_folder(made, target)
    except FileExistsError:
        raise ReportError(
            "The name of the report's folder is taken.",
            where=str(target),
            next_step="Move away what is there; the next night puts the report in place.",
        ) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    synced(target.parent)


def archive(places: Places, files: Iterable[tuple[str, str, str]]) -> None:
    """Move inputs out of the inbox: (name, sha256, place in the archive) of each.

    A file that is another one by now, because a new export has the same name, stays.
    """
    for name, sha256, archived in files:
        target = places.archive / archived if archived else None
        with _in_words(places.archive, "The input could not be moved to the archive"):
            archiving.archive(places.inbox, name, target, sha256)


def sweep(places: Places, keep: Collection[str]) -> None:
    """Remove what a killed night left in staging; the runs in `keep` are committed."""
    for left in places.staging.glob("*"):
        if left.is_symlink() or not left.is_dir():
            left.unlink(missing_ok=True)  # nothing of ours
        elif left.name not in keep:
            shutil.rmtree(left, ignore_errors=True)


def _is_ours(target: Path, outputs: Path) -> bool:
    """Whether what stands at `target` is what is to be put there: a step was done and not noted."""
    theirs = {
        made.relative_to(outputs): made
        for made in _files(outputs)
        if not any(part.startswith(WORKROOM) for part in made.relative_to(outputs).parts)
    }
    placed = {name: target / name for name in theirs}
    return target.is_dir() and all(
        placed[name].is_file() and digest(placed[name]) == digest(made)
        for name, made in theirs.items()
    )


def _files(folder: Path) -> list[Path]:
    """The files in `folder` and its folders."""
    return sorted(each for each in folder.rglob("*") if each.is_file())


@contextmanager
def _in_words(folder: Path, what: str) -> Iterator[None]:
    """Tell what the file system refuses at `folder`."""
    try:
        yield
    except OSError as error:
        raise ReportError(
            f"{what} ({error.strerror or type(error).__name__}).",
            where=str(folder),
            next_step="Check the permissions of inbox, outbox and archive, and the space on their"
            " disks; the next night tries again.",
        ) from None
