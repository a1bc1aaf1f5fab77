"""Little work stays on one processor; larger work, and somebody else's process, does not."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import processor

HEADER = "claim_id,line_number,patient_id,service_date_from,code,units,rendering_npi\n"
LINE = "C1,1,P1,2025-03-10,99213,1,1679576722\n"
SEVERAL = hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


@pytest.mark.skipif(not SEVERAL, reason="this system has one processor, or chooses none")
@pytest.mark.parametrize(
    ("words", "setting", "stays"),
    [
        (("code", "99213", "--reference", "."), "", True),
        (("check", "--file", "day.txt", "--reference", "."), "", False),
        (("code", "99213", "--reference", "."), "2", False),
        (("audit", "small.csv"), "", True),
        (("audit", "small.csv"), "2", False),
        (("audit", "large.csv"), "", False),
        (("audit", "small.csv", "--history", "large.csv"), "", False),
        (("audit", "small.csv", "small.csv.gz"), "", False),
    ],
)
def test_little_work_stays_on_one_processor(
    start: Callable[..., Any], tmp_path: Path, words: tuple[str, ...], setting: str, *, stays: bool
) -> None:
    (tmp_path / "small.csv").write_text(HEADER + LINE, encoding="utf-8")
    # What the file is like is told after the processor was chosen: its length alone counts.
    length = processor.LITTLE
    (tmp_path / "large.csv").write_bytes(b"\n" * length)
    (tmp_path / "small.csv.gz").write_bytes(b"\n" * (length // 10))
    (tmp_path / "day.txt").write_text("99213\n", encoding="utf-8")
    if words[0] == "audit":
        words = (*words, "--reference", ".", "--no-report", "--no-ledger")
    code = (
        f"import os, sys; os.environ.pop('{processor.THREADS}', None); os._exit = print;"
        + (f" os.environ['{processor.THREADS}'] = '{setting}';" if setting else "")
        + f" from auditor import cli; sys.argv = ['auditor', *{words!r}]; cli.main();"
        " print('processors', len(os.sched_getaffinity(0)) > 1)"
    )
    said = start(tmp_path, code=code).stdout.decode().splitlines()
    assert said[-1] == f"processors {not stays}"


@pytest.mark.skipif(not SEVERAL, reason="this system has one processor, or chooses none")
def test_a_command_run_inside_of_another_program_leaves_its_processors_alone(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    before = os.sched_getaffinity(0)
    claims = tmp_path / "small.csv"
    claims.write_text(HEADER + LINE, encoding="utf-8")
    run("audit", str(claims), "--reference", str(tmp_path), "--no-report", "--no-ledger")
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "20610-RT", "77002-26", "--date", "2025-11-03"), 0),
        (("check", "20610-RT*9", "--date", "2025-11-03", "--fail-on", "review"), 1),
        (("check", "nothing-like-it"), 2),
        (("code", "77002", "--date", "2025-11-03", "--json"), 0),
        (("search", "modifier", "59"), 0),
    ],
)
def test_a_question_ends_at_once_and_its_answer_is_whole(
    start: Callable[..., Any],
    run: Callable[..., Any],
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
) -> None:
    words = (*words, "--reference", str(tmp_path))
    alone, inside = start(tmp_path, *words), run(*words)
    assert (alone.returncode, inside.code) == (code, code)
    assert alone.stdout.decode() == inside.out
    assert alone.stderr.decode() == inside.err


@pytest.mark.usefixtures("unmeasured")  # coverage is one who watches
def test_who_watches_a_process_sees_its_ordinary_end(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    code = (
        "import sys; {}; from auditor import cli;"
        " sys.argv = ['auditor', 'search', 'flu', '--reference', '.']; cli.main(); print('ended')"
    )
    ends = [
        start(tmp_path, code=code.format(watch)).stdout.decode().endswith("ended\n")
        for watch in ("sys.setprofile(lambda *_: None)", "pass")
    ]
    assert ends == [True, False]


def test_what_comes_later_is_prepared_meanwhile() -> None:
    begun, goes_on = threading.Event(), threading.Event()
    done: list[str] = []

    def work() -> None:
        begun.set()
        assert goes_on.wait(10)
        done.append("prepared")

    with processor.meanwhile(work, little=False):
        assert begun.wait(10)  # while the block is at work
        goes_on.set()
    assert done == ["prepared"]  # and nobody has to wait for it afterwards


def test_nothing_is_prepared_beside_little_work() -> None:
    done: list[str] = []
    with processor.meanwhile(lambda: done.append("prepared"), little=True):
        pass
    assert done == []


def test_an_error_of_the_block_is_told_and_one_beside_it_is_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fails() -> None:
        raise ValueError("nobody needs this yet")

    with processor.meanwhile(fails, little=False):
        pass
    assert capfd.readouterr().err == ""
    with pytest.raises(LookupError, match="the block"), processor.meanwhile(fails, little=False):
        raise LookupError("the block")


def test_rules_and_engine_are_there_when_they_were_prepared(start: Callable[..., Any]) -> None:
    said = start(
        Path(),
        code="import sys; from auditor.auditing import prepare; prepare();"
        " from auditor.rules import modules; known = set(sys.modules);"
        " names = [m.__name__ for m in modules()];"
        " import auditor.engine.findings, auditor.engine.coverage;"
        " print(len(names) > 60, set(sys.modules) == known)",
    ).stdout.decode()
    assert said.split() == ["True", "True"]
