"""The configuration file: what it may hold, and how its problems are told."""

from dataclasses import replace
from pathlib import Path

import pytest

from auditor import config, rulewords, tomlfile
from auditor.errors import ConfigError
from auditor.rules import catalogue
from auditor.rules.options import RuleOptions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "auditor.toml"


def problem(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith(f"{file}: ")
    return str(caught.value).removeprefix(f"{file}: ")


def test_every_setting(file: Path) -> None:
    file.write_text(
        """
        reference = "tables"
        line_of_business = "medicaid"
        select = ["AOC", "PTP-0"]
        ignore = ["PTP-BYP"]
        fail_on = "review"
        sheet = "Lines"
        password_file = "word.txt"
        [columns]
        code = "Proc = Code"
        """,
        encoding="utf-8",
    )
    assert config.load(file) == config.Settings(
        reference=file.parent / "tables",
        line_of_business="medicaid",
        select=("AOC", "PTP-0"),
        ignore=("PTP-BYP",),
        fail_on="review",
        sheet="Lines",
        password_file=file.parent / "word.txt",
        columns={"code": "Proc = Code"},
    )


def test_tables_about_rules_become_options_by_id(file: Path) -> None:
    file.write_text(
        """
        ignore = ["DUP"]
        [tiers]
        orphan-add-on = "info"
        AOC = "review"
        [adopted]
        commercial = ["mue", "PTP-0", "disallowed-pair"]
        [same_practitioner]
        GLB-24 = "group"
        [thresholds]
        minutes_per_day = 600
        release_gap_review = 4
        [timely_filing_days]
        medicaid = 365
        [specialties]
        therapist = [" 65 ", "225100000x"]
        """,
        encoding="utf-8",
    )
    aoc = {"AOC-1": "info", "AOC-2": "review", "AOC-3": "review", "AOC-4": "review"}
    found = rulewords.options(config.load(file))
    assert aoc.items() <= found.tiers.items()
    assert all(rule.startswith("AOC-") for rule in found.tiers)
    every = frozenset(
        r.id for r in catalogue() if r.id.startswith("MUE-") and "commercial" in r.review_for
    )
    assert found.adopted == {"commercial": every | {"PTP-0"}}
    assert {"MUE-1", "MUE-2", "MUE-3"} <= every
    assert replace(found, tiers={}, adopted={}) == RuleOptions(
        same_practitioner={"GLB-24": "group"},
        minutes_per_day=600,
        timely_filing_days={"medicaid": 365},
        specialties={"therapist": ("65", "225100000X")},
        release_gap_review=4,
    )


def test_without_tables_the_options_are_the_defaults() -> None:
    assert rulewords.options(config.Settings(ignore=("AOC",))) == RuleOptions()


def test_one_rule_may_be_said_twice_where_both_say_the_same(file: Path) -> None:
    file.write_text('[tiers]\nAOC-1 = "info"\norphan-add-on = "info"\n', encoding="utf-8")
    assert rulewords.options(config.load(file)).tiers == {"AOC-1": "info"}


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf# nothing yet\r\n")
    assert config.load(file) == config.Settings()


@pytest.mark.parametrize("named", ["/somewhere/tables", "~/tables"])
def test_an_absolute_or_home_reference_is_not_moved(file: Path, named: str) -> None:
    file.write_text(f'reference = "{named}"', encoding="utf-8")
    assert config.load(file).reference == Path(named).expanduser()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('shet = "x"', "1 problem in the configuration: shet is no setting (did you mean sheet?)."),
        ("[qqq]\nx = 1", "1 problem in the configuration: qqq is no setting."),
        ("fail_on = 'sometimes'", "fail_on must be 'certain' or 'review'."),
        ("fail_on = 'info'", "fail_on must be 'certain' or 'review'."),
        (
            "line_of_business = 'unknown'",
            "'medicare', 'medicaid' or 'commercial' (leave any other payer out).",
        ),
        ("select = 'AOC'", "select must be a list of texts in square brackets."),
        ("select = ['AOC', 3]", "select.1 must be a text in double quotes."),
        ("sheet = 3", "sheet must be a text in double quotes."),
        ("reference = 3", "reference must be a path in double quotes."),
        ("columns = 'code'", "columns must be a table of texts."),
        ("year_pivot = 100", "year_pivot must be from 0 to 99."),
        ("thresholds = 3", "thresholds must be a table."),
        ("[thresholds]\nminutes_per_day = nan", "minutes_per_day must be a whole number."),
        ("[thresholds]\nminutes_per_day = 7.5", "minutes_per_day must be a whole number."),
        ("[thresholds]\nminutes_per_day = true", "minutes_per_day must be a whole number."),
        (f"[thresholds]\ntherapy_units_per_day = {10**30}", "must be from 1 to 1,000,000."),
        ("[payers]\nx = [1]", "payers.x must be 'medicare', 'medicaid' or 'commercial'."),
        ("[specialties]\nasc = [3]", "specialties.asc.0 must be a text in double quotes."),
        ("[columns]\ncode = 3", "columns.code must be a text in double quotes."),
    ],
)
def test_a_wrong_setting_is_named_with_its_path(file: Path, text: str, told: str) -> None:
    assert told in problem(file, text)


def test_every_problem_is_told_at_once(file: Path) -> None:
    told = problem(file, 'ignor = []\nsheet = 3\nfail_on = "x"\n[columns]\ncode = 1')
    assert told.startswith("4 problems in the configuration: ")
    for place in ("ignor is no setting (did you mean ignore?)", "sheet", "fail_on", "columns.code"):
        assert place in told
    assert told.endswith("docs/configuration.md lists every setting.")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"select = [", "This is not valid TOML: "),
        (b"sheet = 'x'\nsheet = 'y'", "This is not valid TOML: "),
        ("sheet = 'é'".encode("latin-1"), "cannot be read (UnicodeDecodeError)"),
    ],
)
def test_a_file_that_is_not_toml(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"auditor.toml") as caught:
        config.load(file)
    assert told in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        config.load(tmp_path / "no.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)


def test_the_file_is_the_one_named_else_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.find(None) is None
    assert config.find(Path("other.toml")) == Path("other.toml")
    Path("auditor.toml").write_text("", encoding="utf-8")
    assert config.find(None) == Path("auditor.toml")
    assert config.find(Path("other.toml")) == Path("other.toml")


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("shet", ["sheet", "select"], " Did you mean sheet?"),
        ("AOC-11", ["AOC-1", "MUE-1"], " Did you mean AOC-1?"),
        ("aoc1", ["AOC-1"], " Did you mean AOC-1?"),
        ("zzz", ["sheet", "select"], ""),
        ("", ["sheet"], ""),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str) -> None:
    assert tomlfile.did_you_mean(word, known) == hint
