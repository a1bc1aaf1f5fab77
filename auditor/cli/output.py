"""Printing that works on a terminal or pipe of any encoding and width.

The program's own texts are plain ASCII. What comes from outside (file names, sheet names, the
texts of rules) may hold more: a character that the stream cannot show becomes the nearest ASCII,
else its escape. Nothing here raises because a reader went away.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.status import Status

_PLAIN = {
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2022": "*", "\u00b7": "*",
    "\u2192": "->", "\u2264": "<=", "\u2265": ">=", "\u2260": "<>", "\u00d7": "x",
    "\u00a7": "sec.",
}  # fmt: skip
# A name may hold an escape sequence that would move the cursor or change the terminal's title.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
NARROWEST, WIDEST = 40, 100
_turning: list[Status] = []


def ascii_fallback(error: UnicodeError) -> tuple[str, int]:
    """Error handler for encoding: the nearest ASCII of what the stream cannot show."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_nearest(c) for c in text), error.end


def _nearest(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    parts = unicodedata.normalize("NFKD", character)
    plain = parts.encode("ascii", "ignore").decode("ascii")
    return plain or character.encode("ascii", "backslashreplace").decode("ascii")


def prepare() -> None:
    """Make standard output and error unable to fail on a character."""
    codecs.register_error("auditor", ascii_fallback)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="auditor")


def say(text: str = "") -> None:
    """Print to standard output.

    Nothing happens where its reader is gone. Raises ReportError where it cannot be written for
    another reason: a full disk must not pass for a clean run.
    """
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Print to standard error."""
    _write(sys.stderr, text)


def flush() -> None:
    """Hand over what is still buffered, so that the interpreter's own exit cannot fail on it.

    Raises ReportError as `say` does.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError as error:
                _give_up(stream, error)


def silence(stream: TextIO) -> None:
    """Send the rest of `stream` nowhere: its reader is gone (`auditor rules | head -1`)."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # a stream without a file behind it: nothing to redirect
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def plain(text: str) -> str:
    """A text of outside without what would move the cursor or change the terminal's title."""
    return _CONTROL.sub("?", text)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # started without one, as a service may be
        return
    try:
        stream.write(plain(text) + "\n")
    except OSError as error:
        _give_up(stream, error)


def _give_up(stream: TextIO, error: OSError) -> None:
    silence(stream)
    if stream is sys.stdout and not isinstance(error, BrokenPipeError):
        raise ReportError(
            f"Standard output cannot be written ({error.strerror}).",
            next_step="Free space where it is sent to, or send it elsewhere.",
        ) from None


def width() -> int:
    """Columns to fill: the terminal's, within reason; 80 where there is none."""
    return max(NARROWEST, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))


def wrapped(text: str, indent: int = 0, first: str | None = None) -> str:
    """`text` broken to the width, `indent` blanks before each line (or `first` before the first).

    A word longer than a line (a path, mostly) stays whole, so that it can be copied.
    """
    blank = " " * indent
    return textwrap.fill(
        text,
        width(),
        initial_indent=blank if first is None else first.ljust(indent),
        subsequent_indent=blank,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Rows as columns two blanks apart; columns in `right` are aligned to the right."""
    kept = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(size) if place in right else cell.ljust(size)
            for place, (cell, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in kept
    ]
    return "\n".join(lines)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """What is being done, on standard error and only where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console

    # the spinner `line` is plain ASCII, so it turns on a terminal of any encoding
    with Console(stderr=True, highlight=False, markup=False).status(
        "Starting", spinner="line"
    ) as status:
        _turning.append(status)
        try:
            yield status.update
        finally:
            _turning.remove(status)


@contextmanager
def still() -> Iterator[None]:
    """Nothing turns on standard error meanwhile, so that a question can be put there."""
    for status in _turning:
        status.stop()
    try:
        yield
    finally:
        for status in _turning:
            status.start()
