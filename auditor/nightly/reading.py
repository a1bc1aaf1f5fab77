"""The files of one feed, read together; one that cannot be read does not keep the others back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import AuditorError, ConfigError, InputRejected, LayoutDiffers, SheetUnclear
from auditor.nightly import inbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from auditor.config import Settings
    from auditor.intake.interface import Intake, IntakeOptions
    from auditor.intake.layout import Layout
    from auditor.nightly.inbox import Waiting


_LOOK = (
    "`auditor layout detect FILE` shows what is in it; say sheet or columns of the feed in the"
    " configuration accordingly."
)
_ANEW = (
    "A feed's layout is the one that its settings name (layout = ...), else the one that its first"
    " run wrote into state/layouts; `auditor nightly rerun RUN --with-later` audits nights anew."
)


class Taken(NamedTuple):
    """A file that is to be audited."""

    waiting: Waiting
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.waiting.path

    def told(self) -> str:
        """Which file it is, and when it was modified; its name may be a patient's."""
        written = datetime.fromtimestamp(self.waiting.written, UTC)
        return f"file {self.sha256[:12]} ({written:%Y-%m-%d %H:%M:%S} UTC)"


class Refused(NamedTuple):
    """A file that stays in the inbox, and why."""

    taken: Taken
    error: AuditorError

    def told(self) -> str:
        """The reason in words; the file by its digest, for names may be a patient's.

        What to do about a layout is told once, of the feed, with its place. Titles of sheets, and
        what stands where a header should, are not told either.
        """
        what, then = self.error.what, self.error.next_step
        if isinstance(self.error, LayoutDiffers):
            then = ""
        elif isinstance(self.error, SheetUnclear):
            what, then = "Which sheet of the workbook to read is not clear.", _LOOK
        elif isinstance(self.error, ConfigError):
            then = _LOOK
        return f"File {self.taken.sha256[:12]}: {what} {then}".rstrip()


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a feed's files."""

    intake: Intake | None
    """None: no file could be read."""
    taken: tuple[Taken, ...]
    """The files in it, in the order in which they arrived."""
    refused: tuple[Refused, ...]
    layout: Layout | None
    """What the files were held to."""
    layout_text: str | None
    """The same as it is written."""
    to_pin: str | None
    """The layout file that later files of the feed are to be held to; None: there is one, the
    format itself says what everything is, or tonight's files differ."""

    def unread(self) -> tuple[str, ...]:
        """What the layout leaves unread though it looks like something wanted, each said once."""
        files = () if self.intake is None else self.intake.files
        return tuple(dict.fromkeys(f"{text} {_ANEW}" for file in files for text in file.unread))

    def several(self) -> tuple[str, ...]:
        """Which files of a snapshot feed hold the same claims, and which of them was the later one.

        Nobody can see from the outside what decided; where it was wrong a person should know.
        """
        from auditor.history.overlap import repeated  # noqa: PLC0415 - heavy
        from auditor.intake.opening import names_of  # noqa: PLC0415 - as above

        if self.intake is None or len(self.taken) == 1:
            return ()
        claims, among = repeated(self.intake.lines)
        if not claims:
            return ()
        names = names_of([each.path for each in self.taken])
        of_name = dict(zip(names, self.taken, strict=True))
        *earlier, last = [of_name[name].told() for name in among]
        said = "1 claim is" if claims == 1 else f"{claims:,} claims are"
        text = (
            f"{said} in {len(among)} of tonight's files, and the one that was modified last counts:"
            f" {last} was taken as the later one, after {', then '.join(reversed(earlier))}. Where"
            " the older export won so, the next one that holds these claims puts it right."
        )
        return (text,)


class Moved(AuditorError):  # noqa: N818 - says what happened, like its fellows
    """A file was written to while it was read: it was not complete."""


def options_of(
    settings: Settings, layout: Layout | None, password: Callable[[str], str | None] | None
) -> IntakeOptions:
    """How the files of a feed with `settings` are read (auditor.config.of_feed).

    A layout that is not of the settings is the one to which the feed's first run pinned it: it has
    the columns that the settings name.
    """
    from auditor.intake import IntakeOptions  # noqa: PLC0415 - heavy

    pinned = layout is not None and settings.layout is None
    return IntakeOptions(
        settings.sheet,
        {} if pinned else settings.columns,
        settings.line_of_business,
        date_order=settings.date_order,
        year_pivot=settings.year_pivot,
        layout=layout,
        password=password,
        payers=settings.payers,
    )


def read(
    taken: Sequence[Taken],
    settings: Settings,
    pinned: Path,
    password: Callable[[str], str | None] | None,
) -> Read:
    """Read `taken` with the `settings` of their feed (auditor.config.of_feed).

    `pinned` is the layout file of a feed without one of its own, where it exists already. Raises
    ConfigError for a layout or configuration that is no good.
    """
    from auditor.intake import load_layout  # noqa: PLC0415 - heavy

    named = settings.layout or (pinned if pinned.is_file() else None)
    layout = None if named is None else load_layout(named)
    if layout is not None and settings.layout is None:
        _check_columns(settings, layout, pinned)
    options = options_of(settings, layout, password)
    intake, good, refused = _readable(taken, options)
    for each in good:
        if not inbox.untouched(each.waiting):
            raise Moved(
                f"File {each.sha256[:12]} was written to while it was read.",
                next_step="It is taken when it is complete: next time. Where exports take long,"
                " raise stable_seconds or use ready = 'marker'.",
            )
    to_pin = _to_pin(good, options) if named is None and intake is not None else None
    text = None if named is None else named.read_text(encoding="utf-8-sig")
    return Read(intake, tuple(good), tuple(refused), layout, text, to_pin)


def _readable(
    taken: Sequence[Taken], options: IntakeOptions
) -> tuple[Intake | None, list[Taken], list[Refused]]:
    """What the files hold that can be read, these, and the others."""
    from auditor.intake import read_claims  # noqa: PLC0415 - heavy

    try:
        return read_claims([t.path for t in taken], options), list(taken), []
    except (InputRejected, ConfigError) as problem:
        if not _of_file(problem):
            raise
    good, refused = list[Taken](), list[Refused]()
    for each in taken:
        try:
            read_claims([each.path], options)
        except (InputRejected, ConfigError) as error:
            if not _of_file(error):
                raise
            refused.append(Refused(each, error))
        else:
            good.append(each)
    return read_claims([t.path for t in good], options) if good else None, good, refused


def _of_file(error: AuditorError) -> bool:
    """Whether the error is about one file, and not about the settings of all."""
    return isinstance(error, InputRejected) or bool(error.where)


def _check_columns(settings: Settings, layout: Layout, pinned: Path) -> None:
    """Raise ConfigError where the settings name other columns than the layout of the first run."""
    from auditor.intake.names import plain  # noqa: PLC0415 - heavy

    for name, said in settings.columns.items():
        if layout.lines and name not in layout.columns:
            continue  # it stands once for each line of a row
        place = layout.columns.get(name, ())
        held = {plain(str(p)) for p in (place if isinstance(place, tuple) else (place,))}
        if plain(said) not in held and not {plain(part) for part in said.split(",")} <= held:
            raise ConfigError(
                f"The configuration reads {name} from column '{said}', and the layout that the"
                " feed's first run made does not.",
                where=str(pinned),
                next_step="Where the configuration is right, remove the layout: the next night"
                " makes it anew. Else take the column out of the configuration.",
            )


def _to_pin(taken: Sequence[Taken], options: IntakeOptions) -> str | None:
    """The layout that all of the files have."""
    from auditor.intake.detect import detect  # noqa: PLC0415 - heavy

    texts = set[str]()
    for each in taken:
        found = detect(each.path, options)
        if len(found) != 1 or not found[0].text or found[0].problems:
            return None
        # without the comment, which names the file
        lines = found[0].text.splitlines(keepends=True)
        texts.add("".join(line for line in lines if not line.startswith("#")))
    return texts.pop() if len(texts) == 1 else None
