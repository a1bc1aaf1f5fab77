"""A night that is killed after a run's commit: the next start tells what that run warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import ExitCode
from auditor.nightly import night as nights
from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    from pathlib import Path


class Killed(BaseException):
    """As a signal ends a process."""


def test_the_reason_of_its_exit_code(
    tmp_path: Path, reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path / "office", reference, text=CONFIG)
    office.drop([line("99213", "C1"), line("99213", "C2", dos="no day"), line("99213", "C3")])

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(nights, "strange_exports", killed)  # after the feeds, before their night
    with pytest.raises(Killed):
        office.night()
    monkeypatch.undo()
    tonight, before = office.night().feeds
    assert (tonight.run_id, before.run_id) == (None, "2025-11-10-clinic")
    assert before.exit_code == ExitCode.INCOMPLETE
    (warned,) = before.warnings
    assert (warned.kind, warned.fails) == ("rejected", True)
    assert warned.text.startswith("1 of 3 lines (33.3%) were rejected; 5.0% are allowed.")
