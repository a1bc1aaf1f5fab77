"""`auditor audit` on small files: the whole way from flags to files and exit code."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor import config
from auditor.cli.given import Given, merged

SNAPSHOTS = Path(__file__).parent / "snapshots"
# 77002 is an add-on and stands alone on its day (AOQX771, certain); the other day is in order.
CLAIMS = """\
Claim ID,Patient ID,Rendering NPI,DOS,POS,CPT,Mod,Units,Charge,DX1
QX771,PT-SMITH,1234567893,2025-11-03,11,77002,,1,100.00,M25511
QX772,PT-JONES,1234567893,2025-11-04,11,99213,,1,150.00,M25511
QX772,PT-JONES,1234567893,,11,99214,,1,150.00,M25511
"""
NOTHING = Given(None, None, (), (), None, None, ())


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "march.csv"
    path.write_text(CLAIMS, encoding="utf-8")
    return path


@pytest.fixture
def audit(claims: Path, run: Callable[..., Any]) -> Callable[..., Any]:
    """`auditor audit march.csv --as-of 2025-12-01 --line-of-business medicare` and more."""

    def call(*args: str) -> Any:  # noqa: ANN401 - what `run` answers
        fixed = ("--as-of", "2025-12-01", "--line-of-business", "medicare")
        return run("audit", claims.name, *fixed, *args)

    return call


def masked(text: str) -> str:
    text = re.sub(r"Done in [\d.]+ s", "Done in N s", text)
    return re.sub(r"\(run (\S+)-[0-9a-f]{8}\)", r"(run \1-XXXXXXXX)", text)


def test_the_whole_output(
    audit: Callable[..., Any], golden: Callable[[Path, str], None], tmp_path: Path
) -> None:
    told = audit("--report", "out.xlsx", "--findings", "f.csv", "--summary", "s.json")
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "audit.txt", masked(told.out))
    assert {"out.xlsx", "f.csv", "s.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_starter_set_comes_with_what_to_do(audit: Callable[..., Any]) -> None:
    told = " ".join(audit("--no-report").out.split())
    assert "Starter set only for " in told
    assert "auditor reference import" in told


def test_nothing_of_a_claim_is_printed(audit: Callable[..., Any]) -> None:
    told = audit("--no-report")
    assert "AOC-1" in told.out
    for value in ("PT-SMITH", "PT-JONES", "QX77", "1234567893", "M25511"):
        assert value not in told.out + told.err


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_findings_in_every_form(form: str, audit: Callable[..., Any], tmp_path: Path) -> None:
    assert audit("--no-report", "--findings", f"f.{form}").code == 0
    path = tmp_path / f"f.{form}"
    readers: dict[str, Any] = {"csv": pl.read_csv, "jsonl": pl.read_ndjson}
    found = readers.get(form, pl.read_parquet)(path)
    assert "AOC-1" in found["rule_id"].to_list()


def test_without_report_nothing_is_written(audit: Callable[..., Any], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    told = audit("--no-report")
    assert (told.code, sorted(tmp_path.iterdir())) == (0, before)
    assert "Written" not in told.out


SAY = """
import json, sys
from auditor.cli import main
code = main(["audit", *sys.argv[1:]])
print()
print(json.dumps([code, sorted({"lxml", "msoffcrypto", "openpyxl", "polars"} & set(sys.modules))]))
"""


def test_findings_of_text_wait_for_no_library_of_workbooks(
    claims: Path, start: Callable[..., Any]
) -> None:
    done = start(claims.parent, claims.name, "--no-report", "--findings", "f.csv", code=SAY)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, ["polars"]]


def test_equal_bytes_in_give_equal_bytes_out(audit: Callable[..., Any], tmp_path: Path) -> None:
    told = [
        audit("--report", f"{n}.xlsx", "--findings", f"{n}.jsonl", "--summary", f"{n}.json").out
        for n in "ab"
    ]
    for form in ("xlsx", "jsonl", "json"):
        first, second = ((tmp_path / f"{n}.{form}").read_bytes() for n in "ab")
        assert first == second, form
    runs = {re.search(r"\(run (.*)\)", text).group(1) for text in told}  # type: ignore[union-attr]
    assert len(runs) == 1


def test_other_options_are_another_run(audit: Callable[..., Any]) -> None:
    def run_of(*args: str) -> str:
        return str(re.search(r"\(run (.*)\)", audit("--no-report", *args).out))

    others = [(), ("--select", "AOC"), ("--ignore", "AOC"), ("--map", "code=CPT")]
    assert len({run_of(*args) for args in others}) == 4


def test_an_existing_workbook_stays(audit: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "out.xlsx").write_bytes(b"mine")
    told = audit("--report", "out.xlsx")
    assert told.code == 0
    assert (tmp_path / "out.xlsx").read_bytes() == b"mine"
    assert "\n  out (2).xlsx\n" in told.out
    assert (tmp_path / "out (2).xlsx").is_file()


def test_the_default_report_lies_in_the_reports_of_a_checkout(
    audit: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "auditor").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "claim-auditor"\n')
    told = audit()
    assert "\n  reports/march-2025-12-01.xlsx\n" in told.out.replace("\\", "/")
    assert (tmp_path / "reports" / "march-2025-12-01.xlsx").is_file()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 0),
        (("--fail-on", "certain"), 1),
        (("--fail-on", "review"), 1),
        (("--fail-on", "CERTAIN"), 1),
        (("--fail-on", "certain", "--ignore", "AOC"), 0),
        (("--fail-on", "review", "--select", "DUP"), 0),
    ],
)
def test_fail_on(args: tuple[str, ...], code: int, audit: Callable[..., Any]) -> None:
    told = audit("--no-report", *args)
    assert (told.code, told.err) == (code, "")


def test_select_and_ignore_choose_the_rules(audit: Callable[..., Any], tmp_path: Path) -> None:
    assert audit("--no-report", "--summary", "s.json", "--select", "aoc,dup").code == 0
    chosen = json.loads((tmp_path / "s.json").read_text())["options"]["select"]
    assert "DUP-1" in chosen
    assert "AOC-1" in chosen
    assert not any(rule.startswith("PTP") for rule in chosen)


def test_several_files_are_audited_together(audit: Callable[..., Any], tmp_path: Path) -> None:
    # the primary of the add-on stands in the second file
    (tmp_path / "april.csv").write_text(
        CLAIMS.splitlines()[0]
        + "\nQX779,PT-SMITH,1234567893,2025-11-03,11,20610,RT,1,100.00,M25511\n",
        encoding="utf-8",
    )
    alone, both = audit("--no-report"), audit("april.csv", "--no-report")
    assert "AOC-1" in alone.out.split("Coverage")[0]
    assert "AOC-1" not in both.out.split("Coverage")[0]
    assert both.out.startswith("Audited march.csv and 1 more as of 2025-12-01\n")


def test_flag_beats_environment_beats_file_beats_default(
    claims: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*args: str) -> int:
        return int(run("audit", claims.name, "--no-report", "--select", "AOC-1", *args).code)

    assert fails() == 0
    (tmp_path / "auditor.toml").write_text('fail_on = "certain"\n')
    assert fails() == 1
    told = run("audit", claims.name, "--no-report").out
    assert "with the settings of auditor.toml" in told.splitlines()[0]
    (tmp_path / "other.toml").write_text("")
    assert fails("--config", "other.toml") == 0
    monkeypatch.setenv("AUDITOR_CONFIG", "other.toml")
    assert fails() == 0
    monkeypatch.setenv("AUDITOR_FAIL_ON", "wrong")
    assert fails() == 2
    monkeypatch.setenv("AUDITOR_FAIL_ON", "certain")
    assert fails() == 1
    monkeypatch.setenv("AUDITOR_FAIL_ON", "")
    assert fails() == 0


def test_lists_replace_each_other_and_columns_join(tmp_path: Path) -> None:
    file = tmp_path / "auditor.toml"
    file.write_text('select = ["AOC"]\nsheet = "A"\n[columns]\ncode = "X"\nunits = "Y"\n')
    given = Given(None, "Medicaid", ("PTP",), (), None, None, ("code=Z",))
    assert merged(given, file) == config.Settings(
        line_of_business="medicaid", select=("PTP",), sheet="A", columns={"code": "Z", "units": "Y"}
    )
    assert merged(NOTHING, file).select == ("AOC",)
    assert merged(NOTHING, None) == config.Settings()


ERRORS = {
    "missing-file": (("no-such.csv",), 3),
    "folder": (("folder",), 3),
    "name-too-long": (("march.csv", "--report", "x" * 300 + ".xlsx"), 2),
    "unknown-suffix": (("notes.pdf",), 3),
    "bad-config": (("march.csv", "--config", "bad.toml"), 2),
    "missing-config": (("march.csv", "--config", "no-such.toml"), 2),
    "unknown-map-field": (("march.csv", "--map", "cod=CPT"), 2),
    "bad-map": (("march.csv", "--map", "code"), 2),
    "unknown-map-column": (("march.csv", "--map", "code=Procedur"), 2),
    "bad-select": (("march.csv", "--select", "AOC-11"), 2),
    "nothing-left": (("march.csv", "--select", "AOC", "--ignore", "AOC"), 2),
    "bad-fail-on": (("march.csv", "--fail-on", "info"), 2),
    "bad-line-of-business": (("march.csv", "--line-of-business", "medicar"), 2),
    "bad-as-of": (("march.csv", "--as-of", "12/01/2025"), 2),
    "report-and-no-report": (("march.csv", "--report", "x.xlsx", "--no-report"), 2),
    "report-suffix": (("march.csv", "--report", "x.xls"), 2),
    "findings-over-input": (("march.csv", "--findings", "march.csv"), 2),
    "twice": (("march.csv", "./march.csv"), 2),
    "no-input": ((), 2),
    "unknown-option": (("march.csv", "--sheets", "A"), 2),
}


@pytest.mark.usefixtures("claims")
def test_every_error_is_one_line_with_its_code(
    run: Callable[..., Any], golden: Callable[[Path, str], None], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "bad.toml").write_text("fail_on = 3\nshet = 'x'\n")
    texts = []
    for name, (args, code) in ERRORS.items():
        told = run("audit", *args)
        assert (told.code, told.out, told.err.count("\n")) == (code, "", 1), name
        texts.append(f"{name} ({code})\n{told.err}")
    golden(SNAPSHOTS / "audit-errors.txt", "\n".join(texts).replace("\\", "/"))


def test_an_unknown_command_is_a_usage_error(run: Callable[..., Any]) -> None:
    told = run("audti", "x.csv")
    assert (told.code, told.out) == (2, "")
    assert "Did you mean 'audit'?" in told.err


RULE_SETTINGS = [
    '[tiers]\nMOD-LAT = "info"',
    '[tiers]\nMOD-LAT = "review"',
    '[adopted]\ncommercial = ["PTP"]',
    '[adopted]\ncommercial = ["PTP-0"]',
    '[same_practitioner]\nGLB-24 = "group"',
    "[thresholds]\nminutes_per_day = 700",
    "[thresholds]\nrelease_gap_review = 4",
    "[timely_filing_days]\nmedicaid = 365",
    '[specialties]\ntherapist = ["65"]',
    '[payers]\n"plan a*" = "medicare"\n"plan ab*" = "medicaid"',
    '[payers]\n"plan ab*" = "medicaid"\n"plan a*" = "medicare"',
]


def test_the_run_id_changes_with_every_setting_about_rules(
    audit: Callable[..., Any], tmp_path: Path
) -> None:
    def run_id(text: str) -> str:
        (tmp_path / "auditor.toml").write_text(text, encoding="utf-8")
        told = audit("--no-report", "--summary", "s.json")
        assert told.code == 0, told.err
        (summary,) = tmp_path.glob("s*.json")
        found = json.loads(summary.read_text())["options"]["run_id"]
        summary.unlink()
        return str(found)

    ids = [run_id(text) for text in ("", *RULE_SETTINGS)]
    assert len(set(ids)) == len(ids)
    same = ("[thresholds]\nminutes_per_day = 720", '[tiers]\nmissing-side = "info"')
    assert [run_id(text) for text in same] == ids[:2]


def test_the_payer_map_of_the_configuration(
    run: Callable[..., Any], tmp_path: Path, claims: Path
) -> None:
    head, *rows = CLAIMS.splitlines()
    cells = ("Plan A,", "Plan B,Medicaid", "Plan A,")
    table = [f"{head},Payer,LOB", *(f"{row},{cell}" for row, cell in zip(rows, cells, strict=True))]
    claims.write_text("\n".join(table) + "\n", encoding="utf-8")
    (tmp_path / "auditor.toml").write_text(
        '[payers]\n"plan *" = "commercial"\nacme = "medicare"\n', encoding="utf-8"
    )
    told = run("audit", claims.name, "--no-report", "--summary", "s.json")
    assert told.code == 0
    summary = json.loads((tmp_path / "s.json").read_text())
    assert summary["line_of_business"] == {"commercial": 1, "medicaid": 1}
    said = [
        "[payers] 'plan *' is commercial, but the file's own line of business is medicaid,",
        "which counts (1 lines).",
        "No payer of the files is called 'acme' ([payers]).",
    ]
    assert summary["notes"][-2:] == [" ".join(said[:2]), said[2]]
    flat = " ".join(told.out.split())
    assert all(note in flat for note in said)


def test_history_is_looked_at_and_not_audited(audit: Callable[..., Any], tmp_path: Path) -> None:
    """The injection that 77002 needs was billed on an earlier file."""
    earlier = CLAIMS.splitlines()[0] + (
        "\nQX700,PT-SMITH,1234567893,2025-11-03,11,20610,RT,1,90.00,M25511\n"
    )
    (tmp_path / "before.csv").write_text(earlier, encoding="utf-8")
    alone = audit("--no-report", "--findings", "alone.csv")
    told = audit("--no-report", "--findings", "both.csv", "--history", "before.csv")
    assert (alone.code, told.code) == (0, 0)
    rules = {
        name: set(pl.read_csv(tmp_path / name)["rule_id"]) for name in ("alone.csv", "both.csv")
    }
    assert rules["alone.csv"] - rules["both.csv"] == {"AOC-1"}
    assert "History: 1 earlier line read, 2025-11-03 to 2025-11-03." in " ".join(told.out.split())
    assert re.search(r"read +3\n +audited +2\n", told.out)
    assert re.search(r"run (\S+)\)", alone.out) != re.search(r"run (\S+)\)", told.out)


def test_a_history_that_cannot_be_read_stops_the_run(audit: Callable[..., Any]) -> None:
    told = audit("--no-report", "--history", "absent.csv")
    assert told.code == 3
    assert "absent.csv" in told.err


def test_a_file_of_which_every_line_was_rejected_is_no_success(
    audit: Callable[..., Any], claims: Path, tmp_path: Path
) -> None:
    head, whole, *_ = CLAIMS.splitlines()
    lacking = (whole.replace(value, "", 1) for value in ("QX771", "PT-SMITH", "2025-11-03"))
    claims.write_text("\n".join([head, *lacking]), encoding="utf-8")
    told = audit("--summary", "s.json", "--fail-on", "certain")
    assert told.code == 6
    lines = json.loads((tmp_path / "s.json").read_text())["lines"]
    assert (lines["read"], lines["rejected"]) == (3, 3)
    claims.write_text("\n".join([head, whole, whole.replace("QX771", "", 1)]), encoding="utf-8")
    assert audit("--no-report").code == 0


def test_timings_name_every_stage_and_the_rules_apart(audit: Callable[..., Any]) -> None:
    plain, told = audit("--no-report"), audit("--no-report", "--timings")
    assert "Timings" not in plain.out
    line, join = told.out.index("Line rules: RULE"), told.out.index("Join rules: RULES")
    for stage in ("intake", "reference", "enrichment", "findings", "coverage", "outputs"):
        assert re.search(rf"^{stage} +\d+\.\d\d\d", told.out[:line], re.MULTILINE)
    assert re.search(r"^STA-B +\d\.\d\d\d +\d", told.out[line:join], re.MULTILINE)
    pairs = r"^PTP-0 .*\(pairs\) +\d\.\d\d\d +\d"
    assert re.search(pairs, told.out[join:], re.MULTILINE)
