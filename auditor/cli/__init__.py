"""The command line: the only place of the program that prints, catches and exits.

`main` is the entry point of the `auditor` script and of `python -m auditor`. Nothing heavy
(polars, pandera, openpyxl, pydantic, fastexcel) is imported until a command needs it.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from auditor.cli import output
from auditor.cli.failures import explain
from auditor.cli.session import Session
from auditor.errors import ExitCode, ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code (docs/exit-codes.md); never raises.

    `argv` is what follows the program's name; None takes it from the process.
    """
    output.prepare()
    if argv is None and not sys.warnoptions:
        # Libraries quote cell values in their warnings (openpyxl does, of dates out of range).
        warnings.simplefilter("ignore")
    session = Session.start()
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
