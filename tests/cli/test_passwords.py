"""Where the password of a protected workbook comes from, and that it is never told."""

import getpass
import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from auditor.cli import output, passwords
from auditor.errors import ConfigError

WORD = "s3cret Word"
ROWS = [
    ["Claim ID", "Patient ID", "Rendering NPI", "DOS", "CPT"],
    ["C1", "P1", "1234567893", "2024-03-05", "99213"],
]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passwords.VARIABLE, raising=False)


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """A workbook with a password."""
    book = openpyxl.Workbook()
    for row in ROWS:
        book.worksheets[0].append(row)
    plain, locked = io.BytesIO(), io.BytesIO()
    book.save(plain)
    OOXMLFile(plain).encrypt(WORD, locked)
    path = tmp_path / "claims.xlsx"
    path.write_bytes(locked.getvalue())
    return path


@pytest.fixture
def word_file(tmp_path: Path) -> Path:
    path = tmp_path / "word.txt"
    path.write_bytes(b"\xef\xbb\xbf" + WORD.encode() + b"\r\nsecond line\r\n")
    return path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal at which WORD is typed; answers what was shown."""
    shown: list[str] = []

    def typed(prompt: str, stream: object = None) -> str:
        assert stream is sys.stderr
        shown.append(prompt)
        return WORD

    monkeypatch.setattr(getpass, "getpass", typed)
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True, raising=False)
    return shown


def test_the_flag_wins_then_the_environment_then_the_setting_then_the_prompt(
    word_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: list[str]
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("other\n", encoding="utf-8")
    assert passwords.source(None, None)("a\x1b[2J.xlsx") == WORD
    assert terminal == ["Password of a?[2J.xlsx: "]
    assert passwords.source(None, other)("a.xlsx") == "other"
    monkeypatch.setenv(passwords.VARIABLE, "from outside")
    assert passwords.source(None, other)("a.xlsx") == "from outside"
    assert passwords.source(word_file, other)("a.xlsx") == WORD
    assert len(terminal) == 1


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> str:
        raise AssertionError

    monkeypatch.setattr(getpass, "getpass", never)
    assert passwords.source(None, None)("a.xlsx") is None
    monkeypatch.setattr(sys, "stdin", None)
    assert passwords.source(None, None)("a.xlsx") is None


@pytest.mark.usefixtures("terminal")
def test_what_cannot_be_hidden_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(*_: object, **__: object) -> str:
        warnings.warn("echo", getpass.GetPassWarning, stacklevel=1)
        return WORD

    def gone(*_: object, **__: object) -> str:
        raise EOFError

    for bad in (shown, gone):
        monkeypatch.setattr(getpass, "getpass", bad)
        assert passwords.source(None, None)("a.xlsx") is None


def test_a_password_file_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "word.txt"
    ask = passwords.source(path, None)
    with pytest.raises(ConfigError, match="cannot be read"):
        ask("a.xlsx")
    path.write_bytes(b"\n" + WORD.encode())
    with pytest.raises(ConfigError, match="first line of the password file is empty") as empty:
        ask("a.xlsx")
    path.write_bytes(b"\xff\xfe\x00" + WORD.encode())
    with pytest.raises(ConfigError, match="no text in UTF-8") as other:
        ask("a.xlsx")
    assert WORD not in f"{empty.value} {other.value}"


@pytest.mark.parametrize("how", ["flag", "environment", "setting", "prompt"])
def test_a_protected_workbook_is_audited(
    run: Callable[..., Any],
    claims: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    how: str,
) -> None:
    word_file: Path = request.getfixturevalue("word_file")
    options: list[str] = []
    if how == "flag":
        options = ["--password-file", str(word_file)]
    elif how == "environment":
        monkeypatch.setenv(passwords.VARIABLE, WORD)
    elif how == "setting":
        settings = claims.parent / "own.toml"
        settings.write_text(f'password_file = "{word_file.name}"\n', encoding="utf-8")
        options = ["--config", str(settings)]
    else:
        request.getfixturevalue("terminal")
        # the prompt alone is of interest, and not what turns meanwhile
        monkeypatch.setattr("auditor.cli.output.progress", _quiet)
    ran = run("audit", str(claims), "--no-report", *options)
    assert (ran.code, ran.err) == (0, "")
    assert WORD not in ran.out


def _quiet() -> Any:  # noqa: ANN401 -- stands for a context manager
    import contextlib

    return contextlib.nullcontext(lambda _step: None)


def test_a_wrong_or_missing_password_is_told_without_it(
    run: Callable[..., Any], claims: Path, word_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("audit", str(claims), "--no-report")
    assert ran.code == 3
    assert ran.err == (
        "Error: claims.xlsx: The workbook is protected by a password. Give it with --password-file"
        " FILE, in the environment variable AUDITOR_PASSWORD, or at the prompt of a terminal; or"
        " save a copy without it.\n"
    )
    monkeypatch.setenv(passwords.VARIABLE, "guess")
    ran = run("audit", str(claims), "--no-report")
    assert ran.code == 3
    assert ran.err == (
        "Error: claims.xlsx: The password of the workbook is wrong. Check it by opening the"
        " workbook in Excel; capitals and small letters differ.\n"
    )
    ran = run("audit", str(claims), "--no-report", "--password-file", str(word_file.parent))
    assert ran.code == 2
    assert "The password file cannot be read" in ran.err


def test_what_turns_stands_still_while_a_question_is_put(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Spinner:
        def stop(self) -> None:
            told.append("stop")

        def start(self) -> None:
            told.append("start")

    monkeypatch.setattr(output, "_turning", [Spinner()])
    with output.still():
        told.append("question")
    assert told == ["stop", "question", "start"]
