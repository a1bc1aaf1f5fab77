"""`auditor check`: whole answers, JSON, files of questions, exit codes, mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
DOC = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
DAY = ("--date", "2026-03-02")
QUESTIONS = {
    "primary": ("20610-RT", "77002-26", "--pos", "22", "--payer", "medicare"),
    "visit": ("99213", "20610", "--payer", "medicare"),
    "unsaid": ("90460", "99213", "anna:99214", "58150"),
    "units": ("97110-GP*30", "80053", "80048", "--payer", "medicare"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_whole_answer(
    name: str, run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    told = run("check", *QUESTIONS[name], *DAY)
    assert (told.code, told.err) == (0, "")
    assert told.out.isascii()
    assert max(map(len, told.out.splitlines())) <= 80
    golden(SNAPSHOTS / f"check-{name}.txt", told.out)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    path = tmp_path / "day.txt"
    path.write_text(
        "20610-RT 77002-26 --pos 22  # the knee\n\n2061\n80053 80048 --payer medicare\n",
        encoding="utf-8",
    )
    return path


def test_a_file_of_questions(
    day: Path, run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    told = run("check", "--file", str(day), *DAY)
    assert told.code == 0
    assert told.err == (
        "day.txt, line 3: '2061', character 1: a code has five letters and digits, and '2061' has"
        " 4. A line is CODE, or CODE-MODIFIER*UNITS@DATE, as in 97110-GP*4.\n"
    )
    golden(SNAPSHOTS / "check-file.txt", told.out)


def test_a_file_without_one_question_is_incomplete(tmp_path: Path, run: Callable[..., Any]) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("2061\n", encoding="utf-8")
    assert run("check", "--file", str(path), *DAY).code == 6


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a comment\n"])
def test_a_file_without_any_question_is_no_clean_one(
    text: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    path = tmp_path / "none.txt"
    path.write_text(text, encoding="utf-8")
    told = run("check", "--file", str(path), "--json")
    assert (told.code, json.loads(told.out)["answers"]) == (6, [])
    assert told.err == f"{path}: There is no question in it. Write one on each line.\n"


def test_a_file_that_is_no_text_is_3(tmp_path: Path, run: Callable[..., Any]) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(bytes(range(256)))
    told = run("check", "--file", str(path), "--json")
    assert (told.code, told.out) == (3, "")
    assert "it is no UTF-8 text" in told.err


def test_one_line_that_is_no_question_stops_no_other(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    path = tmp_path / "odd.txt"
    odd = ["99213 --pos 00", "99213 --date 0001-01-01", "99213 " * 1000, '"99213', "99213 --json"]
    path.write_text("\n".join([*odd, "99213"]), encoding="utf-8")
    told = run("check", "--file", str(path), *DAY, "--json")
    document = json.loads(told.out)
    assert told.code == 0
    assert [each["place"] for each in document["answers"]] == ["odd.txt, line 6"]
    assert [each["place"] for each in document["rejected"]] == [
        f"odd.txt, line {number}" for number in range(1, 6)
    ]
    assert len(told.err.splitlines()) == 5


def test_standard_input_is_a_file_too(program: Callable[..., Any]) -> None:
    code = (
        "import io, sys; sys.stdin = io.StringIO('80053 80048\\n')\n"
        "from auditor.cli import main; sys.exit(main(['check', '--file', '-', '--json']))"
    )
    done = program(code=code)
    (answer,) = json.loads(done.stdout)["answers"]
    assert (done.returncode, answer["place"]) == (0, "standard input, line 1")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("99213", "20610-RT", "--payer", "medicare", "--fail-on", "certain"), 1),
        (("99213", "20610-RT", "--fail-on", "certain"), 0),
        (("99213", "20610-RT", "--fail-on", "review"), 1),
        (("99213-25", "20610-RT", "--fail-on", "review"), 0),
        (("99213", "20610-RT", "--payer", "medicare", "--ignore", "PTP,GLB", "--fail-on", "review"),
         0),
    ],
)  # fmt: skip
def test_the_exit_code_where_fail_on_asks(
    args: tuple[str, ...], code: int, run: Callable[..., Any]
) -> None:
    assert run("check", *args, *DAY).code == code


def test_the_configuration_file_of_the_night_serves(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "auditor.toml").write_text(
        'line_of_business = "medicare"\nfail_on = "review"\n[tiers]\nPTP-1 = "info"\n'
        'GLB-25 = "info"\n',
        encoding="utf-8",
    )
    told = run("check", "99213", "20610-RT", *DAY, "--json")
    (answer,) = json.loads(told.out)["answers"]
    assert (answer["payer"], answer["verdict"], told.code) == ("medicare", "info", 0)


MISTAKES = [
    ((), ("Error: There is no line in the question. Name the codes: auditor check 20610-RT"
     " 77002-26 --pos 22.")),
    (("2061O!",), ("Error: '2061O!', character 6: a code is five letters and digits, and '!' is"
     " neither. A line is CODE, or CODE-MODIFIER*UNITS@DATE, as in 97110-GP*4.")),
    (("99213", "--date", "3/2/2026"), ("Error: --date: '3/2/2026' is not a day. Did you mean"
     " 2026-03-02? Write it as 2026-03-02.")),
    (("99213", "--pos", "98"), ("Error: --pos: There is no place of service 98. Give its two"
     " digits: 11 office, 22 outpatient hospital.")),
    (("99213", "--payer", "medicar"), ("Error: --payer: 'medicar' is no kind of payer that this"
     " program knows. Did you mean medicare? Known are medicare, medicaid, commercial.")),
    (("99213", "--payer", "tricare"), ("Error: --payer: 'tricare' is no kind of payer that this"
     " program knows. Known are medicare (original Medicare alone), medicaid and commercial"
     " (private plans). For another payer, such as Medicare Advantage or TRICARE, leave it out:"
     " rules of Medicare alone then say 'needs a look' (review) at most.")),
    (("20610", "RT"), ("Error: 'RT', character 1: 'RT' is no code; a modifier follows its code and"
     " a hyphen, as in 20610-RT. A line is CODE, or CODE-MODIFIER*UNITS@DATE, as in 97110-GP*4.")),
    (("99213", "--age", "old"), ("Error: Invalid value for '--age': it is no whole number. See"
     " 'auditor check --help'.")),
    (("99213", "--file", "day.txt"), ("Error: Lines and --file exclude each other. Leave one of"
     " them out.")),
    (("99213", "--select", "NPX-1"), ("Error: --select: There is no rule 'NPX-1'. Did you mean"
     " NPI-1? 'auditor rules' lists them all.")),
]  # fmt: skip


@pytest.mark.parametrize(("args", "said"), MISTAKES, ids=[said[:40] for _, said in MISTAKES])
def test_a_mistake_is_told_and_the_code_is_2(
    args: tuple[str, ...], said: str, run: Callable[..., Any]
) -> None:
    told = run("check", *args)
    assert (told.code, told.out) == (2, "")
    assert told.err == said + "\n"


def test_a_file_that_is_not_there_is_3(run: Callable[..., Any]) -> None:
    told = run("check", "--file", "nowhere.txt")
    assert (told.code, told.out) == (3, "")
    assert told.err.startswith("Error: nowhere.txt: The file cannot be read")


def section() -> str:
    (found,) = re.findall(
        r"^## `auditor check`[^\n]*\n(.*?)(?=^## |\Z)",
        DOC.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return str(found)


def test_every_key_of_the_json_is_documented(run: Callable[..., Any]) -> None:
    told = run("check", "99213", "20610", "77002", "90460", *DAY, "--json")
    document = json.loads(told.out)
    assert document["schema_version"] == 1
    text = section()
    assert [key for key in sorted(keys(document)) if f"`{key}`" not in text] == []


def keys(value: Any) -> set[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return set(value) | {k for each in value.values() for k in keys(each)}
    return {k for each in value for k in keys(each)} if isinstance(value, list) else set()


def test_every_option_is_documented(run: Callable[..., Any]) -> None:
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", run("check", "--help").out)) - {"--help"}
    assert len(options) > 10
    assert {option for option in options if f"`{option}" not in section()} == set()


def test_the_example_of_the_library_runs(
    capsys: pytest.CaptureFixture[str], clean_machine: Path
) -> None:
    assert clean_machine.is_dir()
    (example, said) = re.findall(r"```(?:python|text)\n(.*?)```", section(), re.DOTALL)[-2:]
    exec(compile(example, "questions.md", "exec"), {})  # noqa: S102 - the page's own example
    assert capsys.readouterr().out == said


def test_the_example_of_the_command_is_what_it_prints(run: Callable[..., Any]) -> None:
    command, said = re.findall(r"```text\n\$ auditor (.*?)\n(.*?)```", section(), re.DOTALL)[0]
    told = run(*command.split())
    assert told.out == said


@pytest.mark.parametrize(
    ("words", "threads"),
    [
        (["check", "99213"], "1"),
        (["code", "99213"], "1"),
        (["check", "--file", "day.txt"], "None"),
        (["check", "--file=day.txt"], "None"),
        (["audit", "check"], "None"),
        ([], "None"),
    ],
)
def test_a_single_question_takes_one_thread(
    start: Callable[..., Any], tmp_path: Path, words: list[str], threads: str
) -> None:
    code = (
        "import os, sys; os.environ.pop('POLARS_MAX_THREADS', None); from auditor import cli;"
        f" sys.argv = ['auditor', *{words!r}]; cli._settle();"
        " print(os.environ.get('POLARS_MAX_THREADS'))"
    )
    assert start(tmp_path, code=code).stdout.decode().strip() == threads
