"""What the operator reads when a command fails, and the exit code that goes with it.

A foreseen problem is told in two sentences. Of an unforeseen one only its type, our module and
line and the run id are told: libraries quote cell values in their messages, and those may be
patient data. The rest goes to a debug file that the operator asked for.
"""

from __future__ import annotations

import errno
import os
import traceback
from typing import TYPE_CHECKING

import typer

from auditor.cli import output
from auditor.errors import AuditorError, ExitCode, our_place

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.cli.session import Session

_PLAIN = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "it is no whole "
    "number",
}
"""What the library that reads options says, in the words of who types them."""


def explain(error: BaseException, session: Session) -> int:
    """Tell the operator of `error` on standard error; answers the exit code."""
    if isinstance(error, typer.Abort) and isinstance(error.__cause__, EOFError):
        # Typer takes every one for Ctrl-D at a question; of those it tells without a cause.
        error = error.__cause__
    if isinstance(error, AuditorError):
        output.complain(f"Error: {error}")
        return int(error.exit_code)
    if isinstance(error, typer.TyperException):
        output.complain(usage(error))
        return ExitCode.USAGE
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        said = "Interrupted. No output was left half-written."
        if session.left is not None and session.left.is_dir():
            said += (
                f" What was read and judged so far lies in {session.left}, which holds claim lines:"
                " the same command goes on from there; to give up, remove the folder."
            )
        output.complain(said)
        return ExitCode.INTERRUPTED
    if reader_gone(error):
        return ExitCode.DONE
    output.complain(unforeseen(error, session))
    return ExitCode.INTERNAL


def usage(error: typer.TyperException) -> str:
    """What is wrong with the command line and where its help is."""
    if type(error).__name__ == "NoArgsIsHelpError":  # a command that needs more: its help
        return error.format_message()
    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "auditor"
    message = " ".join(error.format_message().split())
    for theirs, ours in _PLAIN.items():
        message = message.replace(theirs, ours)
    end = "" if message.endswith((".", "?")) else "."
    return f"Error: {message}{end} See '{command} --help'."


def reader_gone(error: BaseException) -> bool:
    """Whether the reader of our output closed it; Typer makes a SystemExit of that."""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    return isinstance(cause, OSError) and cause.errno == errno.EPIPE


def unforeseen(error: BaseException, session: Session) -> str:
    """Of an error that nobody foresaw: its type, our place and the run, never its message."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.errno:
        name += f" {errno.errorcode.get(error.errno, error.errno)}"
    head = f"Internal error: {name} in {our_place(error)} (run {session.run_id})."
    if isinstance(error, MemoryError):
        head += " Memory ran out: audit fewer files at a time."
    if session.debug_file is None:
        return (
            f"{head} What it says is withheld, because it may quote a claim;"
            " run again with --debug-file FILE, or AUDITOR_DEBUG_FILE set, to have it there."
        )
    try:
        write_debug(session.debug_file, error, session.run_id)
    except OSError as problem:
        reason = errno.errorcode.get(problem.errno or 0, "unknown")
        return f"{head} The debug file {session.debug_file} could not be written ({reason})."
    return f"{head} The details are in {session.debug_file}, which may hold patient data."


def write_debug(path: Path, error: BaseException, run_id: str) -> None:
    """Append the traceback to a file that its owner alone can read."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
        path.chmod(0o600)
        file.write(f"run {run_id}\n")
        file.writelines(traceback.format_exception(error))
