"""The files of a run, read from the archive as they were read from the inbox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.nightly import inbox
from auditor.nightly.places import HEAD
from auditor.nightly.reading import Read, Taken, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from auditor.config import Settings
    from auditor.intake.interface import Intake
    from auditor.intake.layout import Layout
    from auditor.ledger.runs import RunFile
    from auditor.nightly.manifest import Manifest
    from auditor.nightly.places import Places


def found(places: Places, files: Sequence[RunFile], manifest: Manifest) -> tuple[Taken, ...]:
    """The `files` of a run in the archive, in the order in which its `manifest` read them.

    Raises InputRejected where one is not there any more, or is another one by now.
    """
    known = {file.sha256: file for file in files}
    return tuple(
        _found(places, known.get(each.sha256), each.sha256, manifest.feed)
        for each in manifest.inputs
    )


def _found(places: Places, file: RunFile | None, sha256: str, feed: str) -> Taken:
    if file is None or not file.archived:
        raise InputRejected(
            f"File {sha256[:HEAD]} of the run was purged from the archive.",
            next_step="Without it the run cannot be audited again. `auditor purge` went by"
            " [nightly.retention].",
        )
    path = places.archive / file.archived
    try:
        about = path.lstat()
        digest = inbox.digest(path)
    except OSError as error:
        raise InputRejected(
            f"File {sha256[:HEAD]} of the run cannot be read in the archive"
            f" ({error.strerror or type(error).__name__}).",
            where=str(path.parent),
            next_step="Bring it back from a backup.",
        ) from None
    if digest != sha256:
        raise InputRejected(
            f"File {sha256[:HEAD]} of the run was changed in the archive: its SHA-256 is another"
            " one.",
            where=str(path.parent),
            next_step="Bring it back from a backup; nothing was audited.",
        )
    waiting = inbox.Waiting(
        path=path,
        feed=feed,
        size=about.st_size,
        touched=about.st_mtime,
        state=inbox.state_of(about),
        complete=True,
    )
    return Taken(waiting, sha256)


def read(
    taken: Sequence[Taken],
    settings: Settings,
    layout: tuple[Layout, str] | None,
    password: Callable[[str], str | None] | None,
) -> Read:
    """Read `taken` with the `settings` of their feed, under the names that they came with.

    `layout`: what they are held to, and the same as it is written; None: columns are recognised.
    Raises InputRejected where a file cannot be read, ConfigError where the layout is no good.
    """
    from auditor.intake import read_claims  # noqa: PLC0415 - heavy

    options = options_of(settings, None if layout is None else layout[0], password)
    intake = read_claims([each.path for each in taken], options)
    for each in taken:
        if not inbox.untouched(each.waiting):
            raise InputRejected(
                f"File {each.sha256[:HEAD]} was changed in the archive while it was read.",
                next_step="Bring it back from a backup; nothing was audited.",
            )
    held, text = (None, None) if layout is None else layout
    return Read(_named(intake, taken), tuple(taken), (), held, text, None)


def _named(intake: Intake, taken: Sequence[Taken]) -> Intake:
    """`intake` with the names of the inbox in the place of those of the archive."""
    from auditor.intake.opening import names_of  # noqa: PLC0415 - heavy

    stored = names_of([each.path for each in taken])
    heads = {f"{each.sha256[:HEAD]}-" for each in taken}

    def own(name: str) -> str:
        head = next((n for n in stored if name.startswith(n)), None)
        return name if head is None or head[: HEAD + 1] not in heads else name[HEAD + 1 :]

    def renamed(frame: pl.DataFrame) -> pl.DataFrame:
        column = frame["source_file"]
        names = column.unique().to_list()
        if not names:
            return frame
        told = column.replace_strict(names, [own(n) for n in names], return_dtype=column.dtype)
        return frame.with_columns(told)

    return replace(
        intake,
        lines=renamed(intake.lines),
        rejected=renamed(intake.rejected),
        set_aside=renamed(intake.set_aside),
        repairs=renamed(intake.repairs),
        files=tuple(replace(file, name=own(file.name)) for file in intake.files),
    )
