"""Threads for large batches: of a small one they would only wait for each other."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from polars import thread_pool_size

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = 1_000
"""Lines up to which one thread is the quickest."""
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


def workers(lines: int, most: int) -> Executor:
    """What works on a batch of so many lines: `most` threads, or the caller's own for few lines.

    Where polars may use one thread (POLARS_MAX_THREADS), its caller is one of several processes.
    """
    return ThreadPoolExecutor(most) if lines > FEW and thread_pool_size() > 1 else _AtOnce()


class _AtOnce(Executor):
    """Does what is submitted before it answers; an error is raised there and then."""

    def submit(
        self, fn: Callable[_Given, _Answer], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Answer]:
        """The future of what is done already."""
        done: Future[_Answer] = Future()
        done.set_result(fn(*args, **kwargs))
        return done
