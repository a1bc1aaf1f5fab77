"""Which of the tests coverage looks at.

To look at every line that runs takes half as long again, and most of the 11,000 tests run lines
that others have run before them, to see that they say the right thing of one more case. So coverage
looks where files, commands, questions and nights are put through the whole program, and at the
cases of one function until some in a row have run no new line or branch. It rests during everything
else: the other rooms, which run as well whenever the whole does; nights that are killed or made
again at every point; and random rounds, as what they reach a case with a name must reach too. What
is not looked at can only make the figure too low.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOMS = frozenset({"asking", "cli", "intake", "nightly", "reference"})
"""Folders of tests that coverage looks at."""
LONG = frozenset({"test_killed.py", "test_killed_again.py", "test_month.py", "test_reproduce.py"})
"""Modules of theirs that it does not."""
CASES = 2
"""Cases of a function in a row that run nothing new, and the others are not looked at."""
_PROCESSES = "COVERAGE_PROCESS_CONFIG"
"""Coverage's word to programs that a test starts."""


class Measured:
    """A plugin of pytest that lets coverage rest during the other tests."""

    def __init__(self, tests: Path) -> None:
        """Begin, for the tests below the folder `tests`."""
        self._tests = tests
        self._idle: dict[str, int] = {}
        """Function -> its last cases in a row that ran nothing new."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Look at one test with its fixtures, or do not."""
        trace = sys.gettrace()
        if not hasattr(trace, "data"):  # one of another kind, and quicker
            return (yield)
        function = item.nodeid.partition("[")[0]
        if self._of_interest(item) and self._idle.get(function, 0) < CASES:
            before = _seen(trace)
            try:
                return (yield)
            finally:
                idle = _seen(trace) == before
                self._idle[function] = self._idle.get(function, 0) + 1 if idle else 0
        threads = threading.gettrace()
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv(_PROCESSES, raising=False)
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type] # None is nothing
            try:
                return (yield)
            finally:
                threading.settrace(threads)  # type: ignore[arg-type] # the same
                sys.settrace(trace)

    def _of_interest(self, item: pytest.Item) -> bool:
        room = item.path.relative_to(self._tests).parts[0]
        random = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        return room in ROOMS and item.path.name not in LONG and not random


def _seen(trace: Any) -> int:  # noqa: ANN401 - coverage has several kinds
    """How many lines or branches were run so far: coverage keeps a set of them for each file."""
    return sum(map(len, list(trace.data.values())))
