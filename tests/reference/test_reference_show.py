"""`auditor reference show`: what is printed, whole, and how mistakes end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.cli import main
from auditor.cli.reference_show import CMS, MOST, concerns
from auditor.errors import ExitCode
from auditor.reference.kinds import KINDS
from auditor.reference.policy import TABLES, policy_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference.conftest import Make

Run = "Callable[..., tuple[int, str, str]]"
SNAPSHOTS = Path(__file__).with_name("snapshots")
MUE = "MCR_MUE_PractitionerServices_Eff_"


@pytest.fixture
def show(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, inbox: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run `auditor reference show` in this process, in the inbox."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(inbox)

    def call(*args: str) -> tuple[int, str, str]:
        code = main(["reference", "show", *args])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def store(make: type[Make], inbox: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Two releases of unit limits and one of pairs, imported."""
    files = {
        f"{MUE}07-01-2024.csv": make.mue([("10060", 1, "2 Date of Service Edit: Policy", "x")]),
        f"{MUE}04-01-2026.csv": make.mue([("10060", 2, "3 Date of Service Edit: Clinical", "x")]),
    }
    pairs = [(f"1{n:04}", "99213", "", "20200101", "*", "1", "Misuse") for n in range(60)]
    pairs.append(("99213", "36415", "", "20200101", "20231231", "1", "Misuse"))
    for part in range(1, 5):
        files[f"ccipra-v302r0-f{part}.TXT"] = make.ptp(pairs[part - 1 :: 4])
    for name, data in files.items():
        (inbox / name).write_bytes(data)
    assert main(["reference", "import", ".", "--reference", "store"]) == ExitCode.DONE
    capsys.readouterr()
    return "store"


def test_the_list_of_tables(show: Run, golden: Callable[[Path, str], None]) -> None:
    code, out, err = show()
    assert (code, err) == (ExitCode.DONE, "")
    # How many rows a table has is another test's business.
    masked = re.sub(r"(?m)^(\w\S*) +[\d,]+  ", _without_count, out)
    golden(SNAPSHOTS / "show-list.txt", masked)


def _without_count(match: re.Match[str]) -> str:
    return match[1].ljust(len(match[0]) - 3) + "N  "


def test_every_table_is_listed_once(show: Run) -> None:
    listed = [line.split()[0] for line in show()[1].splitlines()[1:] if line]
    assert listed[:-1] == [*sorted(CMS), *TABLES]
    assert {kind for kind, _ in CMS.values()} == set(KINDS)


@pytest.mark.parametrize(
    "args",
    [("sole_service",), ("lab_panels", "80061"), ("em_same_day", "99214"), ("modifiers", "xs"),
     ("addon_units", "64491"), ("place_of_service", "22"), ("code_formats", "0213T"),
     ("aoc", "77003"), ("fees", "77002")],
    ids=" ".join,
)  # fmt: skip
def test_rows(show: Run, args: tuple[str, ...], golden: Callable[[Path, str], None]) -> None:
    code, out, err = show(*args)
    assert (code, err) == (ExitCode.DONE, "")
    golden(SNAPSHOTS / f"show-{'-'.join(args)}.txt", out)


def test_rows_of_two_imported_releases(
    show: Run, store: str, golden: Callable[[Path, str], None]
) -> None:
    code, out, err = show("mue", "10060", "--reference", store)
    assert (code, err) == (ExitCode.DONE, "")
    golden(SNAPSHOTS / "show-mue-store.txt", out)


def test_a_long_answer_is_cut_and_says_so(show: Run, store: str) -> None:
    code, out, _ = show("ptp", "99213", "--reference", store)
    assert code == ExitCode.DONE
    assert out.count("\n1") == MOST
    assert out.endswith(f"The first {MOST} of 61 rows; --all prints them all.\n")
    whole = show("ptp", "99213", "--all", "--reference", store)[1]
    assert whole.count("\n1") == 60
    assert "99213    36415    2020-01-01  2023-12-31" in whole
    assert "--all" not in whole


@pytest.mark.parametrize("table", ["mue", "ptp", "sole_service", "modifiers", "hcpcs"])
def test_an_unknown_code_is_no_error(show: Run, table: str) -> None:
    code, out, err = show(table, "00000")
    assert (code, err) == (ExitCode.DONE, "")
    wanted = "No release is imported." if table == "hcpcs" else "No row concerns 00000."
    assert out.rstrip().endswith(wanted)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("lab_panel",), "There is no table 'lab_panel'. Did you mean lab_panels? CMS tables: aoc"),
        (("nothing-like-it",), "There is no table 'nothing-like-it'. CMS tables: aoc, fees,"),
        (("ptp",), "'ptp' is a CMS table, too long to print whole. Name a code: auditor reference"),
        (("mue", " "), "'mue' is a CMS table"),
    ],
)
def test_mistakes_end_with_their_code(show: Run, args: tuple[str, ...], said: str) -> None:
    code, out, err = show(*args)
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in " ".join(err.split())
    assert "view_counts" in err or "is a CMS table" in err


@pytest.mark.parametrize(
    ("word", "name"),
    [("LAB-PANELS", "lab_panels"), ("foot_care.csv", "foot_care"), ("Infusion", "infusion")],
)
def test_a_table_may_be_written_otherwise(show: Run, word: str, name: str) -> None:
    code, out, _ = show(word)
    assert code == ExitCode.DONE
    assert out.startswith(f"{name}: {TABLES[name]}\n")


def test_the_name_of_a_kind_will_do(show: Run) -> None:
    assert show("ptp-practitioner", "20610") == show("ptp", "20610")
    assert show("fee-schedule", "20610") == show("fees", "20610")


@pytest.mark.parametrize("name", TABLES)
def test_every_policy_table_is_printed_whole(show: Run, name: str) -> None:
    code, out, err = show(name)
    assert (code, err) == (ExitCode.DONE, "")
    assert out.isascii()
    assert len(out.splitlines()) == policy_table(name).height + 3


@pytest.mark.parametrize(
    ("row", "code"),
    [({"code_low": "20600", "code_high": "20611"}, "20610"),
     ({"code_low_b": "G0008", "code_high_b": "G0010"}, "G0009"),
     ({"requires_initial": "96360 96365"}, "96365"), ({"regex": "^[0-9]{4}T$"}, "0213T")],
)  # fmt: skip
def test_rows_that_concern_a_code(row: dict[str, str], code: str) -> None:
    assert concerns(row, code)


@pytest.mark.parametrize(
    ("row", "code"),
    [({"code_low": "20600", "code_high": "20611"}, "20612"),
     ({"code_low": "10004", "code_high": "69990"}, "2061F"),
     ({"code_low": "", "code_high": ""}, "20610"), ({"source": "CMS CR 11747"}, "11747"),
     ({"counted": "1"}, "1"), ({"requires_initial": "96360 96365"}, "9636")],
)  # fmt: skip
def test_rows_that_do_not(row: dict[str, str], code: str) -> None:
    assert not concerns(row, code)
