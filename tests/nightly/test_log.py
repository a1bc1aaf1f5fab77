"""The log of a night: one event a line, and no text that could be of a claim."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError, ExitCode, InputRejected
from auditor.nightly.log import TEXTS, WITHHELD, Log, mark

AT = datetime(2026, 11, 22, 3, 0, 1, 23_456, tzinfo=timezone(timedelta(hours=1)))


def test_an_event_as_text() -> None:
    line = Log().line(
        "audited", at=AT, lines=1000, run="2026-11-22-0badcafe", feed="clinic", seconds=12.34567
    )
    assert line == (
        "2026-11-22T02:00:01.023Z INFO    audited feed=clinic run=2026-11-22-0badcafe lines=1000"
        " seconds=12.346"
    )


def test_an_event_as_json() -> None:
    line = Log(form="json").line(
        "late",
        level="warning",
        at=AT,
        fails=True,
        feed="clinic",
        run=None,
        code=ExitCode.INCOMPLETE,
    )
    assert list(json.loads(line).items()) == [
        ("time", "2026-11-22T02:00:01.023Z"),
        ("level", "warning"),
        ("event", "late"),
        ("feed", "clinic"),
        ("fails", True),
        ("code", 6),
    ]


@given(
    texts=st.dictionaries(st.sampled_from(("what", "message", "cell", "name", "path")), st.text()),
    feed=st.text(),
)
def test_a_text_is_withheld_unless_it_is_a_name_of_ours(texts: dict[str, str], feed: str) -> None:
    told = json.loads(Log(form="json").line("event", at=AT, feed=feed, **texts))
    assert told["feed"] == feed
    assert {told[name] for name in texts} <= {WITHHELD}
    assert not TEXTS & {"what", "message", "cell", "name", "path"}
    plain = Log().line("event", at=AT, feed=feed, **texts)
    assert plain.isascii()
    assert len(plain.splitlines()) == 1


def test_what_went_wrong_is_told_by_its_type_and_our_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        Path("Jane-Doe.csv").read_text(encoding="utf-8")
    except OSError as error:
        Log(form="json").failed("failed", error, feed="clinic")
    Log(form="json").failed(
        "refused", InputRejected("x", where="Jane-Doe.csv"), file=mark("ab" * 32)
    )
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["error"] == "FileNotFoundError"
    assert first["place"] == "no module of ours"
    assert (second["error"], second["file"]) == ("InputRejected", "abababababab")
    assert "place" not in second
    assert {first["level"], second["level"]} == {"error"}
    assert "Jane" not in json.dumps([first, second])


def test_a_file_is_added_to_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "night.log"
    log = Log(path)
    log.check()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    log.tell("began")
    log.tell("ended", code=0)
    lines = path.read_text(encoding="ascii").splitlines()
    assert [line.split()[2:] for line in lines] == [["began"], ["ended", "code=0"]]
    path.rename(tmp_path / "night.log.1")  # as logrotate does
    log.tell("again")
    assert path.read_text(encoding="ascii").endswith(" again\n")


def test_a_log_that_cannot_be_written_is_told_before_the_work_and_hinders_none(
    tmp_path: Path,
) -> None:
    log = Log(tmp_path / "none" / "night.log")
    with pytest.raises(ConfigError, match="The log cannot be written") as problem:
        log.check()
    assert str(log.path) in str(problem.value)
    log.tell("began")
    assert list(tmp_path.iterdir()) == []
    Log().check()


def test_the_moment_is_now_where_none_is_given() -> None:
    before = datetime.now(UTC)
    told = datetime.fromisoformat(json.loads(Log(form="json").line("x"))["time"])
    assert abs(told - before) < timedelta(seconds=10)
