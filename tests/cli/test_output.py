"""Printing on every kind of stream: encodings, widths, readers that go away, no stream at all."""

import codecs
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import output

SAY = "import sys; from auditor.cli import output; output.prepare(); output.say(sys.argv[1])"


@pytest.fixture(autouse=True)
def registered() -> None:
    output.prepare()


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("Pe\u00f1a", "utf-8", "Pe\u00f1a"),
        ("Pe\u00f1a", "cp1252", "Pe\u00f1a"),
        ("Pe\u00f1a", "ascii", "Pena"),
        ("units \u2265 2 \u2014 see \u00a7 4", "ascii", "units >= 2 - see sec. 4"),
        ("a\u2192b \u2018c\u2019", "ascii", "a->b 'c'"),
        ("\u0141\u00f3d\u017a \u4e2d", "ascii", "\\u0141odz \\u4e2d"),
        ("caf\udce9.csv", "utf-8", "caf\\udce9.csv"),  # a file name that is not UTF-8
    ],
)
def test_what_a_stream_cannot_show_becomes_the_nearest_ascii(
    text: str, encoding: str, shown: str
) -> None:
    assert text.encode(encoding, "auditor").decode(encoding) == shown


def test_the_fallback_is_for_printing_only() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", "auditor")
    assert codecs.lookup_error("auditor") is output.ascii_fallback


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "utf-16"},
    ],
    ids=lambda env: "-".join(env.values()),
)
def test_any_encoding_prints(env: dict[str, str], program: Callable[..., Any]) -> None:
    done = program("a \u2265 \u4e2d b", code=SAY, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.replace(b"\x00", b"").strip().endswith(b" b")


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("a\x1b]0;title\x07b\x9bc\td\ne")
    assert capsys.readouterr().out == "a?]0;title?b?c\td\ne\n"


def test_no_standard_streams_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    output.prepare()
    output.say("nobody hears this")
    output.complain("nor this")
    output.flush()
    with output.progress() as step:
        step("nor this")


@pytest.mark.parametrize("args", [("rules",), ("--help",), ("audit", "--help")], ids=" ".join)
def test_a_reader_that_went_away_is_no_error(
    args: tuple[str, ...], program: Callable[..., Any]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = program(*args, stdout=writing, env={"PYTHONUNBUFFERED": "1"})
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_went_away_before_the_last_flush_is_no_error(
    program: Callable[..., Any],
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = program("rules", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_does_not_pass_for_a_clean_run(
    unbuffered: str, program: Callable[..., Any]
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    done = program("rules", stdout=full, env={"PYTHONUNBUFFERED": unbuffered})
    os.close(full)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: Standard output cannot be written (No space left")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(("columns", "used"), [("10", 40), ("60", 60), ("500", 100), ("0", 80)])
def test_the_width_keeps_within_reason(
    columns: str, used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert output.width() == used


def test_wrapping_keeps_long_words_and_hyphens_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "reports/" + "long-name-" * 6 + ".xlsx"
    told = output.wrapped(f"The workbook lies at {path} now.", 4, "  *")
    assert told == f"  * The workbook lies at\n    {path}\n    now."


def test_a_table_aligns_its_columns() -> None:
    told = output.table([("a", "1", "x"), ("bbb", "1,000", "")], right=frozenset({1}))
    assert told == "a        1  x\nbbb  1,000"


def test_progress_is_silent_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with output.progress() as step:
        step("Reading")
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_progress_shows_on_a_terminal_and_only_on_standard_error(
    encoding: str, program: Callable[..., Any]
) -> None:
    code = (
        "import os, pty, sys; from subprocess import PIPE, run\n"
        "mine, theirs = pty.openpty()\n"
        "child = 'import time\\nfrom auditor.cli import output\\noutput.prepare()\\n'"
        "'with output.progress() as step:\\n step(\"Reading\"); time.sleep(0.3)'\n"
        "env = os.environ | {'TERM': 'xterm', 'PYTHONIOENCODING': sys.argv[1]}\n"
        "done = run([sys.executable, '-c', child], stderr=theirs, stdout=PIPE, env=env)\n"
        "print(done.returncode, done.stdout, b'Reading' in os.read(mine, 10000))\n"
    )
    done = program(encoding, code=code)
    assert done.stdout == b"0 b'' True\n"
