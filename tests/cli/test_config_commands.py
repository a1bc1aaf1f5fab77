"""`auditor config`: whole outputs of check and show, and that show is a configuration file."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor import config

SNAPSHOTS = Path(__file__).parent / "snapshots"

WRONG = """
shet = "Lines"
year_pivot = true
line_of_business = "medicar"
select = ["AOCC", "ptp, xyzzy"]
ignore = ["DUP"]
fail_on = 2024-01-01
password_file = 3

[columns]
cod = "CPT"

[tiers]
MOD-LT = "review"
PTP = "off"
AOC-1 = "revew"
orphan-add-on = "info"
DUP-1 = 3

[adopted]
commercail = ["PTP"]
commercial = ["PTP", "AOC-1", "THR-1", "QQ"]
medicaid = ["PTP-0"]
medicare = ["PTP-0"]

[thresholds]
minuts_per_day = 3
minutes_per_day = "720"
therapy_units_per_day = 0
stronger_minutes_per_day = 3
release_gap_review = -1

[timely_filing_days]
medicare = 365
commercial = 0
comercial = 90
other = 90

[same_practitioner]
PTP-1 = "groop"
PTPP = "group"

[specialties]
therapists = ["65"]
qqq = ["65"]
asc = ["", "49"]

[payers]
"Plan A*" = "comercial"
"PLAN B *" = "commercial"
"plan  b *" = "commercial"
"*" = "medicare"
"""

RIGHT = """
reference = "cms"
line_of_business = "medicare"
ignore = ["PTP-BYP"]
sheet = "Day \\"1\\""

[columns]
code = "Proc Code"
units = "Qty"

[payers]
"Plan A*" = "commercial"

[tiers]
MOD-LAT = "info"

[adopted]
commercial = ["PTP", "MUE"]

[same_practitioner]
GLB-24 = "group"

[thresholds]
minutes_per_day = 600
therapy_units_per_day = 32

[timely_filing_days]
medicaid = 365

[specialties]
therapist = ["65", "67"]
"""


def told_in(folder: Path, text: str) -> str:
    """A command's output without what differs from machine to machine."""
    return text.replace(str(folder).replace("\\", "\\\\") + ("\\\\" if os.sep == "\\" else "/"), "")


def test_every_problem_of_a_file(
    run: Callable[..., Any], golden: Callable[[Path, str], None], tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text(WRONG, encoding="utf-8")
    told = run("config", "check", "wrong.toml")
    assert (told.code, told.out) == (2, "")
    golden(SNAPSHOTS / "config-check.txt", told.err)


def test_an_audit_is_refused_for_the_same_problems(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(WRONG, encoding="utf-8")
    (tmp_path / "march.csv").write_text("code\n", encoding="utf-8")
    listed = run("config", "check", "wrong.toml").err
    flat = " ".join(listed.replace("\n  - ", "; ").split())
    told = run("audit", "march.csv", "--config", "wrong.toml")
    assert (told.code, told.out) == (2, "")
    problems = flat.partition("; ")[2]
    assert problems.count("; ") > 25
    assert problems in " ".join(told.err.split())


def test_a_valid_file_says_so(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "auditor.toml").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "one.toml").write_text("year_pivot = 30", encoding="utf-8")
    told = run("config", "check")
    assert (told.code, told.out, told.err) == (0, "auditor.toml: valid, 14 settings.\n", "")
    assert run("config", "check", "one.toml").out == "one.toml: valid, 1 setting.\n"
    monkeypatch.setenv("AUDITOR_CONFIG", "one.toml")
    assert run("config", "check").out == "one.toml: valid, 1 setting.\n"


def test_what_a_file_names_must_be_there(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text(
        'password_file = "word.txt"\nlayout = "lay.toml"\n[columns]\ncode = "X"', encoding="utf-8"
    )
    told = run("config", "check")
    assert (told.code, told.out) == (2, "")
    assert " ".join(told.err.split()) == (
        "auditor.toml: 3 problems"
        " - password_file: there is no file word.txt"
        " - layout and [columns] both say where the fields stand: leave one of them out"
        " - layout: lay.toml: The layout does not exist."
        " Check the path given with --layout."
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("medicar", "'commercial' (did you mean medicare?)"),
        ("tricare", "'commercial' (leave any other payer out)"),
        ("medicare advantage", "'commercial' (leave any other payer out)"),
    ],
)
def test_of_a_payer_that_is_not_known_no_other_is_suggested(
    word: str, said: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "auditor.toml").write_text(f'[payers]\n"x" = "{word}"\n', encoding="utf-8")
    told = run("config", "check")
    assert told.code == 2
    assert said in " ".join((told.out + told.err).split())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "There is no auditor.toml in this folder. Name the file: auditor config check FILE."),
        (("no.toml",), "no.toml: The configuration file does not exist."),
    ],
)
def test_no_file_to_check(args: tuple[str, ...], said: str, run: Callable[..., Any]) -> None:
    told = run("config", "check", *args)
    assert (told.code, told.out) == (2, "")
    assert said in told.err


def test_a_file_that_is_no_toml(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text("select = [", encoding="utf-8")
    told = run("config", "check")
    assert (told.code, told.out) == (2, "")
    assert "This is not valid TOML" in told.err


def test_show_names_where_each_setting_comes_from(
    run: Callable[..., Any],
    golden: Callable[[Path, str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "auditor.toml").write_text(RIGHT, encoding="utf-8")
    monkeypatch.setenv("AUDITOR_FAIL_ON", "review")
    monkeypatch.setenv("AUDITOR_IGNORE", "")
    monkeypatch.setenv("AUDITOR_PASSWORD", "hunter2")
    told = run(
        "config", "show", "--map", "code=CPT", "--line-of-business", "Medicaid",
        "--year-pivot", "7", "--password-file", "word.txt",
    )  # fmt: skip
    assert (told.code, told.err) == (0, "")
    assert "hunter2" not in told.out
    golden(SNAPSHOTS / "config-show.txt", told_in(tmp_path, told.out))


def test_show_without_anything(
    run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    told = run("config", "show")
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "config-show-default.txt", told.out)


def test_what_show_prints_is_a_file_of_the_same_settings(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    odd = '[columns]\ncode = "a \\\\ \\"b\\" \\t é 🙂 # c"\n[payers]\n"A.B é" = "medicaid"\n'
    for number, text in enumerate((RIGHT, odd, "")):
        (tmp_path / "auditor.toml").write_text(text, encoding="utf-8")
        again = tmp_path / f"again-{number}.toml"
        again.write_text(run("config", "show").out, encoding="utf-8")
        assert config.load(again) == config.load(tmp_path / "auditor.toml")


NIGHTLY = """
line_of_business = "medicare"
fail_on = "review"
password_file = "word.txt"

[columns]
units = "Qty"

[nightly]
inbox = "in"
ready = "marker"

[nightly.limits]
min_lines = 7
change = { lines = 0.25 }

[nightly.mail]
host = "mail.example.org"
sender = "auditor@example.org"
user = "auditor"
password_file = "/run/credentials/auditor-nightly.service/smtp-password"

[nightly.webhook]
url = "https://hooks.example.org:8443/T0/hunter4?key=hunter5"

[nightly.retention]
archive = 0

[feeds.east]
files = "east_*.csv"
mode = "snapshot"
recipients = ["desk@example.org"]
columns = { code = "CPT" }

[feeds.west]
files = "west_*.xlsx"
mode = "delta"
line_of_business = "medicaid"
password_file = "west.txt"

[feeds.west.limits]
expect_by = "05:30"
fail = ["late"]
"""


def test_show_tells_each_feed_what_it_is_audited_with(
    run: Callable[..., Any],
    golden: Callable[[Path, str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "auditor.toml").write_text(NIGHTLY, encoding="utf-8")
    monkeypatch.setenv("AUDITOR_FAIL_ON", "certain")
    monkeypatch.setenv("AUDITOR_SMTP_PASSWORD", "hunter2")
    monkeypatch.setenv("AUDITOR_WEBHOOK_TOKEN", "hunter6")
    told = run("config", "show", "--line-of-business", "commercial")
    assert (told.code, told.err) == (0, "")
    assert "hunter" not in told.out
    golden(SNAPSHOTS / "config-show-nightly.txt", told_in(tmp_path, told.out))


def test_what_show_prints_of_feeds_is_a_file_of_the_same_settings(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    path, again = tmp_path / "auditor.toml", tmp_path / "again.toml"
    path.write_text(NIGHTLY.replace("/T0/hunter4?key=hunter5", ""))
    again.write_text(run("config", "show").out, encoding="utf-8")
    before, after = config.load(path), config.load(again)
    assert before.nightly is not None
    assert after.nightly == before.nightly
    assert list(after.feeds) == list(before.feeds) == ["east", "west"]
    for name, feed in after.feeds.items():
        old = config.of_feed(before, name)
        assert config.of_feed(after, name) == replace(old, feeds=after.feeds)
        assert feed.limits == (before.feeds[name].limits or before.nightly.limits)
    assert config.of_feed(after, "west").line_of_business == "medicaid"


def test_a_setting_of_a_feed_beats_that_of_the_file_and_no_option_beats_it(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "auditor.toml").write_text(NIGHTLY, encoding="utf-8")
    east, west = (
        run("config", "show", "--fail-on", "certain")
        .out.split("[feeds.east]")[1]
        .split("[feeds.west]")
    )
    assert 'line_of_business = "medicare"  # auditor.toml, for every feed' in east
    assert 'line_of_business = "medicaid"  # auditor.toml\n' in west
    assert 'fail_on = "review"  # auditor.toml, for every feed' in east
    assert "min_lines = 7  # auditor.toml, for every feed" in east
    assert "min_lines = 0  # default" in west
    assert "lines = 0.25  # auditor.toml, for every feed" in east
    assert "lines = 0.5  # default" in west
    assert 'units = "Qty"  # auditor.toml, for every feed' in west


def test_what_a_nightly_file_names_must_be_there(run: Callable[..., Any], tmp_path: Path) -> None:
    text = NIGHTLY.replace("\n[nightly.webhook]", 'ca_file = "ca.pem"\n[nightly.webhook]')
    text = text.replace('5"\n\n[nightly.ret', '5"\ntoken_file = "token.txt"\n\n[nightly.ret')
    layout = text.replace("[feeds.west.limits]", 'layout = "lay.toml"\n[feeds.west.limits]')
    (tmp_path / "auditor.toml").write_text(layout, encoding="utf-8")
    told = run("config", "check")
    assert (told.code, told.out) == (2, "")
    assert " ".join(told.err.split()) == (
        "auditor.toml: 7 problems"
        " - password_file: there is no file word.txt"
        " - feeds.west.password_file: there is no file west.txt"
        " - nightly.webhook.token_file: there is no file token.txt"
        " - feeds.west: layout and [columns] both say where the fields stand: leave one of them out"
        " - feeds.west: layout: lay.toml: The layout does not exist."
        " Check the path given with --layout."
        " - nightly.inbox: there is no folder in"
        " - nightly.mail.ca_file: there is no file ca.pem"
    )
    (tmp_path / "auditor.toml").write_text(text, encoding="utf-8")
    for name in ("word.txt", "west.txt", "ca.pem", "token.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "in").mkdir()
    assert run("config", "check").out.startswith("auditor.toml: valid, ")


def test_a_wrong_file_is_not_shown(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text("shet = 1", encoding="utf-8")
    told = run("config", "show")
    assert (told.code, told.out) == (2, "")
    assert "shet is no setting (did you mean sheet?)" in told.err


SECRETS = """
password_file = "claims.txt"
redact_key_file = "my key.txt"
report_password_file = "report.txt"
[nightly]
[nightly.mail]
host = "mail.clinic.example"
sender = "auditor@clinic.example"
user = "auditor"
password_file = "smtp.txt"
[nightly.webhook]
url = "https://hooks.clinic.example/x"
token_file = "token.txt"
[feeds.clinic]
files = "*.csv"
mode = "delta"
password_file = "clinic.txt"
"""
PLACES = {
    "password_file": "claims.txt",
    "redact_key_file": "'my key.txt'",
    "report_password_file": "report.txt",
    "feeds.clinic.password_file": "clinic.txt",
    "nightly.mail.password_file": "smtp.txt",
    "nightly.webhook.token_file": "token.txt",
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o620, 0o644])
def test_secrets_that_others_can_read_are_told(
    run: Callable[..., Any], tmp_path: Path, mode: int
) -> None:
    (tmp_path / "auditor.toml").write_text(SECRETS, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    for name in PLACES.values():
        path = tmp_path / name.strip("'")
        path.write_text("hunter2", encoding="utf-8")
        path.chmod(mode)
    told = run("config", "check")
    assert (told.code, told.out.partition(":")[0]) == (0, "auditor.toml")
    assert "hunter2" not in told.err
    flat = " ".join(told.err.split())
    warned = [
        f"Warning: {place}: other users of this machine can read {file.strip(chr(39))}, or change"
        f" it (mode {mode:04o}). Make it its owner's alone: chmod 600 {file}"
        for place, file in PLACES.items()
    ]
    assert flat == (" ".join(warned) if mode & 0o077 else "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_secrets_that_a_container_mounts_are_its_own(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secrets" / "word"
    path.parent.mkdir()
    path.touch(mode=0o644)
    path.chmod(0o644)
    (tmp_path / "auditor.toml").write_text(f'password_file = "{path}"', encoding="utf-8")
    assert "chmod" in run("config", "check").err
    monkeypatch.setattr("auditor.cli.config_commands._NOT_OURS", (path.parent,))
    assert run("config", "check").err == ""
