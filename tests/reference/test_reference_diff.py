"""`auditor reference diff`: what is printed and written, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.cli import main
from auditor.cli.reference_diff import MOST
from auditor.errors import ExitCode
from schemas import ReferenceChanges, dtypes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.reference.conftest import Make

    Run = Callable[..., tuple[int, str, str]]

SNAPSHOTS = "snapshots"
DAY = "2 Date of Service Edit: Policy"
CLINICAL = "3 Date of Service Edit: Clinical"
NAMES = ("MUE practitioner 2024Q3", "MUE practitioner 2026Q2")
CLAIMS = """\
Claim ID,Patient ID,Rendering NPI,DOS,POS,CPT,Mod,Units,Charge,DX1
QX771,PT-SMITH,1234567893,2025-11-13,11,10001,25,1,100.00,M25511
QX772,PT-JONES,1234567893,2025-11-14,11,99213,,1,150.00,M25511
"""


@pytest.fixture(scope="module")
def places(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores and a claim file: `here` has MUE twice and PTP, `there` another PTP and AOC."""
    folder = tmp_path_factory.mktemp("diff")
    many = [(f"{10000 + n}", 1, DAY, "x") for n in range(MOST + 5)]
    more = [(f"{20000 + n}", 3, CLINICAL, "x") for n in range(MOST + 1)]
    old = [*many, ("99213", 1, DAY, "x"), ("99214", 1, DAY, "x")]
    new = [*more, *(many[:3]), ("99213", 2, CLINICAL, "x"), ("99214", 1, DAY, "y")]

    def ptp(*rows: tuple[str, ...]) -> dict[str, bytes]:
        # every release of pairs has four parts
        parts = {f"ccipra-v302r0-f{n}.TXT": [(f"0000{n}", "00009", "", "20200101", "*", "1", "")]
                 for n in range(1, 5)}  # fmt: skip
        parts["ccipra-v302r0-f1.TXT"] += rows  # type: ignore[arg-type] # texts all
        return {name: make.ptp(lines) for name, lines in parts.items()}

    stores: dict[str, dict[str, bytes]] = {
        "here": {
            "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv": make.mue(old),
            "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv": make.mue(new),
            **ptp(
                ("10001", "99213", "", "20200101", "*", "1", ""),
                ("10002", "99213", "", "20200101", "*", "1", ""),
                ("10003", "99213", "", "20200101", "*", "0", ""),
            ),
        },
        "there": {
            "AOC_V2026Q2-MCR.txt": make.aoc([("1", "77002", "", "20610", "", "2013001", "", "")]),
            **ptp(
                ("10001", "99213", "", "20200101", "20240930", "1", ""),
                ("10002", "99213", "", "20200101", "*", "0", ""),
                ("10004", "99213", "", "20240701", "*", "0", ""),
            ),
        },
    }
    for name, files in stores.items():
        inbox = folder / f"{name}-cms"
        inbox.mkdir()
        for file, data in files.items():
            (inbox / file).write_bytes(data)
        assert main(["reference", "import", str(inbox), "--reference", str(folder / name)]) == 0
    (folder / "claims.csv").write_text(CLAIMS)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, places: Path) -> Run:
    """Run the command in the folder of the stores."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(places)

    def call(*args: str) -> tuple[int, str, str]:
        code = main(["reference", "diff", *args])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


CASES = {
    "releases": (*NAMES, "--reference", "here"),
    "codes": (*NAMES, "--reference", "here", "--codes", "99213,10001 99214"),
    "stores": ("--reference", "here", "--other", "there"),
    "claims": ("--reference", "here", "--other", "there", "--codes-of", "claims.csv"),
    "backwards": (*NAMES[::-1], "--reference", "here", "--codes", "99213"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_whole_output(
    case: str, run: Run, golden: Callable[[Path, str], None], request: pytest.FixtureRequest
) -> None:
    code, out, err = run(*CASES[case])
    assert (code, err) == (ExitCode.DONE, "")
    golden(request.path.with_name(SNAPSHOTS) / f"diff-{case}.txt", out)


def test_the_whole_list_is_written_for_its_owner_alone(run: Run, places: Path) -> None:
    code, out, _ = run(*NAMES, "--reference", "here", "--out", "lists/changes.csv")
    assert code == ExitCode.DONE
    assert out.endswith("Written: lists/changes.csv\n")
    assert "--out FILE.csv" not in out
    path = places / "lists" / "changes.csv"
    found = pl.read_csv(path, infer_schema=False)
    assert found.columns == list(dtypes(ReferenceChanges))
    counts = dict(found.group_by("change").agg(pl.col("code").n_unique()).iter_rows())
    assert counts == {"added": MOST + 1, "removed": MOST + 2, "changed": 1}
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_nothing_of_a_claim_is_printed(run: Run) -> None:
    _, out, err = run(*CASES["claims"])
    assert "10001" in out
    for value in ("PT-SMITH", "QX77", "1234567893", "M25511"):
        assert value not in out + err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), ExitCode.USAGE, "Two releases are needed. Name both"),
        ((NAMES[0],), ExitCode.USAGE, "Two releases are needed"),
        ((*NAMES, "--codes", "2061"), ExitCode.USAGE, "--codes: '2061' is no code. Give codes of"),
        ((*NAMES, "--codes", " , "), ExitCode.USAGE, "No code is named"),
        ((*NAMES, "--codes", "25", "--codes-of", "claims.csv"), ExitCode.USAGE, "exclude each"),
        ((*NAMES, "--codes-of", "none.csv"), ExitCode.UNREADABLE, "none.csv"),
        ((*NAMES, "--out", "x.xlsx"), ExitCode.USAGE, "'x.xlsx' does not end in .csv"),
        ((*NAMES, "--codes-of", "claims.csv", "--out", "claims.csv"), ExitCode.USAGE, "already"),
        (("2024Q3", "2025Q1"), ExitCode.USAGE, "No release is called '2025Q1'. There are: "),
        (("PTP", "PTP", "--other", "here"), ExitCode.USAGE, "are the same release"),
        (("--other", "nowhere"), ExitCode.UNREADABLE, "there is no such folder"),
        (("--other", "there", "--kind", "aoc"), ExitCode.USAGE, "No kind of imported table is in"),
    ],
)
def test_mistakes_end_with_their_code(
    run: Run, args: tuple[str, ...], code: int, said: str
) -> None:
    ended, out, err = run(*args, "--reference", "here")
    assert (ended, out) == (code, "")
    assert said in err
    assert "Traceback" not in err
