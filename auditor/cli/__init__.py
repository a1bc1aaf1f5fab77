"""The command line: the only place of the program that prints, catches and exits.

`main` is the entry point of the `auditor` script and of `python -m auditor`. Nothing heavy
(polars, pandera, openpyxl, pydantic, fastexcel) is imported until a command needs it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from auditor.errors import ExitCode, ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["main"]

_QUESTIONS = ("check", "code", "search")
MEMORY = "narenas:2,dirty_decay_ms:30000,lg_extent_max_active_fit:16"
"""What polars' allocator is told (jemalloc). By itself it gives memory back after a second and must
ask for it anew, which is half of what a large audit spends in the operating system; two arenas keep
the peak where it was. It also keeps what a large column left from columns of less than a
sixty-fourth of its size, and takes new memory for these, of which many parts make many: with 16
(a ratio of two to the sixteenth) it does not."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code (docs/exit-codes.md); never raises.

    `argv` is what follows the program's name; None takes it from the process.
    """
    try:
        if argv is not None:
            return _run(argv)
        _settle()
        code = _run(argv, own=True)
        if _one_question():
            _leave(code)
        # The process ends here: what is still alive needs no last search for cycles.
        gc.freeze()
        return code  # noqa: TRY300 - an interruption is caught up to the very end
    except KeyboardInterrupt:  # while our own modules were still loading, or at the very end
        with suppress(OSError, AttributeError):
            sys.stderr.write("Interrupted. No output was left half-written.\n")
        return ExitCode.INTERRUPTED


def _settle() -> None:
    """What holds for the whole process, and is not ours to change in somebody else's."""
    # Working files too are their owner's alone, from their first byte.
    os.umask(0o077)
    # `timeout` and service managers end a program so: it sweeps up as after Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    # Python looks for cycles each time some hundred objects more are alive, over a hundred times
    # while libraries load, and finds next to nothing: a tenth of what a short command takes.
    gc.set_threshold(50_000)
    os.environ.setdefault("_RJEM_MALLOC_CONF", MEMORY)
    if _one_question():
        from auditor.cli import processor

        processor.stay()
        # Threads that share a few lines mostly wait for each other, on any system.
        os.environ.setdefault(processor.THREADS, "1")
        # An answer is given before cycles that nobody needs any more come to anything.
        gc.disable()
    if not sys.warnoptions:
        # Libraries quote cell values in their warnings (openpyxl does, of dates out of range).
        warnings.simplefilter("ignore")


def _one_question() -> bool:
    """Whether this process was started to answer a single question."""
    asks = sys.argv[1:2] and sys.argv[1] in _QUESTIONS
    return bool(asks) and not any(word.startswith("--file") for word in sys.argv)


def _leave(code: int) -> None:
    """End the process here and now, where nobody watches how it ends.

    What was answered is written. To take everything apart that was imported, piece by piece, takes
    a twentieth of the time of a question, and nothing waits for it: no file is open, and what runs
    at the end (tools that measure) is there only where Python is watched.
    """
    if sys.gettrace() or sys.getprofile() or sys.flags.inspect:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(argv: Sequence[str] | None, *, own: bool = False) -> int:
    # Imported here, so that an interruption meanwhile finds main at work.
    from auditor.cli import output
    from auditor.cli.failures import explain
    from auditor.cli.session import Session

    output.prepare()
    session = Session.start(own=own)
    try:
        from auditor.cli.app import app

        code = app(
            args=None if argv is None else list(argv),
            prog_name="auditor",
            standalone_mode=False,
            obj=session,
        )
        output.flush()
    except BaseException as error:  # noqa: BLE001 - the one place that catches: a panic of a Rust library is no Exception, and none may end as a traceback
        code = explain(error, session)
        with suppress(ReportError):  # one error is told already
            output.flush()
    else:
        if code == ExitCode.INTERRUPTED:  # what Typer makes of Ctrl-C, without a word
            explain(KeyboardInterrupt(), session)
    return int(code or 0)
