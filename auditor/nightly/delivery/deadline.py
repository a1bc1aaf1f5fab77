"""A limit for the whole of an attempt.

The timeouts of sockets count from byte to byte: a server that drips one a minute would hold the
night for ever, and so would a name server that does not answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for, in seconds."""

    answer: float = 30.0
    """For each of its answers."""
    whole: float = 180.0
    """For one attempt: a workbook of some megabytes on a slow line needs minutes."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` answers or raises; TimeoutError where it takes longer than `seconds`.

    It then goes on by itself, without a hold on the end of the program. What it sends all the
    same is sent again later, with the same Message-ID or Idempotency-Key.
    """
    answers: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
            raised.append(error)

    thread = threading.Thread(target=run, name="delivery", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not answers:
        raise TimeoutError
    return answers[0]
