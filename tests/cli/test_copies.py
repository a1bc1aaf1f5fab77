"""`auditor audit --redact`, `--encrypt` and `--split-by`: their secrets, and what is written."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msoffcrypto  # type: ignore[import-untyped]  # ships no type hints
import polars as pl
import pytest

from auditor.cli import passwords

KEY = "0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse battery"  # noqa: S105 - of a test
CLAIMS = """Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Units,Charge
CLM-5511,1,MRN-90210,2000000006,2025-03-05,77002,1,100
CLM-5512,1,MRN-90211,2000000014,2025-03-05,77002,1,100
"""


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in (passwords.REDACT_KEY, passwords.REPORT_PASSWORD):
        monkeypatch.delenv(secret.variable, raising=False)


@pytest.fixture
def audit(run: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "jane_doe.csv").write_text(CLAIMS, encoding="utf-8")
    (tmp_path / "key.txt").write_text(f"{KEY}\n", encoding="utf-8")
    (tmp_path / "word.txt").write_text(f"{PASSWORD}\n", encoding="utf-8")
    fixed = ("jane_doe.csv", "--no-ledger", "--as-of", "2025-03-10", "--report", "out/r.xlsx")
    return lambda *options: run("audit", *fixed, *options)


def text_of(workbook: bytes) -> str:
    with ZipFile(BytesIO(workbook)) as archive:
        return "\n".join(archive.read(name).decode("utf-8") for name in archive.namelist())


def test_a_redacted_run_names_nobody_in_what_it_writes(
    audit: Callable[..., Any], tmp_path: Path
) -> None:
    ran = audit(
        "--redact", "--redact-key-file", "key.txt", "--findings", "f.csv", "--summary", "s.json",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert KEY not in ran.out
    texts = text_of((tmp_path / "out" / "r.xlsx").read_bytes())
    found = pl.read_csv(tmp_path / "f.csv", infer_schema=False)
    assert found.height > 1
    texts += found.write_csv() + (tmp_path / "s.json").read_text(encoding="utf-8")
    assert [name for name in ("CLM-55", "MRN-90", "jane_doe") if name in texts] == []
    assert all(claim.startswith("C-") for claim in found["claim_id"])


def test_one_key_gives_one_pseudonym_wherever_it_comes_from(
    audit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audit("--redact", "--redact-key-file", "key.txt", "--findings", "a.csv").code == 0
    monkeypatch.setenv("AUDITOR_REDACT_KEY", KEY)
    assert audit("--redact", "--findings", "b.csv").code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_an_encrypted_run_with_parts(audit: Callable[..., Any], tmp_path: Path) -> None:
    settings = tmp_path / "auditor.toml"
    settings.write_text('report_password_file = "word.txt"\n', encoding="utf-8")
    ran = audit("--encrypt", "--split-by", "practitioner")
    assert (ran.code, ran.err) == (0, "")
    assert PASSWORD not in ran.out
    out = tmp_path / "out"
    written = sorted(str(p.relative_to(out)).replace(os.sep, "/") for p in out.rglob("*.xlsx"))
    folder = "r.by-practitioner"
    parts = {f"{folder}/{npi}.xlsx" for npi in ("2000000006", "2000000014")}
    assert set(written) == {"r.xlsx", *parts}
    assert f"  {Path('out') / folder}\n" in ran.out
    for name in written:
        office = msoffcrypto.OfficeFile(BytesIO((out / name).read_bytes()))
        office.load_key(password=PASSWORD, verify_password=True)
        plain = BytesIO()
        office.decrypt(plain)
        assert ("2000000006" in text_of(plain.getvalue())) == ("14" not in name)


def test_a_short_password_is_remarked_on(
    audit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_REPORT_PASSWORD", "nine9nine")
    ran = audit("--encrypt")
    assert ran.code == 0
    assert ran.err == (
        "Note: the password of the report has less than 15 characters; who gets hold of the file"
        " can try them all.\n"
    )


def test_a_taken_name_is_told(audit: Callable[..., Any]) -> None:
    assert "was left as it was" not in audit().out
    ran = audit()
    assert f"  {Path('out') / 'r (2).xlsx'}\n  r.xlsx was left as it was: it is an" in ran.out


ERRORS = {
    ("--redact",): "Error: --redact needs a key. Set AUDITOR_REDACT_KEY in the environment, or name"
    ' a file whose first line it is with --redact-key-file. Make one with  python -c "import'
    ' secrets; print(secrets.token_hex(32))"  and keep it: the same key gives the same'
    " pseudonyms.\n",
    ("--redact", "--redact-key-file", "word.txt"): "Error: The key of a redacted copy has less than"
    ' 32 characters. Make one with  python -c "import secrets; print(secrets.token_hex(32))"  and'
    " keep it: the same key gives the same pseudonyms.\n",
    (
        "--redact",
        "--redact-key-file",
        "none.txt",
    ): "Error: none.txt: The key file cannot be read"
    " (No such file or directory). Name a text file with --redact-key-file; its first line is the"
    " key.\n",
    ("--encrypt",): "Error: --encrypt needs a password. Set AUDITOR_REPORT_PASSWORD in the"
    " environment, or name a file whose first line it is with --report-password-file.\n",
    ("--encrypt", "--report-password-file", "short.txt"): "Error: The password of the report is too"
    " short. Use 8 to 255 characters; 15 or more are advised.\n",
    ("--encrypt", "--report-password-file", "empty.txt"): "Error: empty.txt: The first line of the"
    " password file is empty. Write the password there, and nothing else.\n",
    ("--redact-key-file", "key.txt"): "Error: --redact-key-file does nothing without --redact. Say"
    " --redact as well, or leave --redact-key-file out.\n",
    ("--redact", "--redact-key-file", "key.txt", "--report-password-file", "word.txt"): "Error:"
    " --report-password-file does nothing without --encrypt. Say --encrypt as well, or leave"
    " --report-password-file out.\n",
    ("--split-by", "payer"): "Error: --split-by: 'payer' is not one of practitioner, billing. See"
    " 'auditor audit --help'.\n",
}


@pytest.mark.parametrize("options", ERRORS, ids=" ".join)
def test_what_cannot_be_done_is_told_before_the_work(
    audit: Callable[..., Any], tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "short.txt").write_text("seven77\n", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    ran = audit(*options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ERRORS[options]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [("--encrypt",), ("--split-by", "billing")])
def test_without_a_workbook_there_is_nothing_to_do(
    run: Callable[..., Any], option: tuple[str, ...]
) -> None:
    ran = run("audit", "jane_doe.csv", "--no-report", *option)
    assert ran.code == 2
    assert f"{option[0]} is about the workbook, and --no-report writes none." in ran.err


def test_a_redacted_workbook_is_not_named_after_its_input() -> None:
    from datetime import date

    from auditor.cli import places

    inputs = [Path("jane_doe.csv")]
    assert places.default_report(inputs, date(2025, 3, 10)).name == "jane_doe-2025-03-10.xlsx"
    redacted = places.default_report(inputs, date(2025, 3, 10), redacted=True)
    assert redacted.name == "redacted-2025-03-10.xlsx"
