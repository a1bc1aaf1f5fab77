"""The built wheel, installed alone: what is in it, and that it works without the checkout.

The pinned libraries come from the environment that runs the tests, so no network is needed.
"""

import os
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor import RULE_SET_VERSION, __version__

pytestmark = [pytest.mark.wheel, pytest.mark.usefixtures("unmeasured")]

ROOT = Path(__file__).resolve().parents[2]
# Commands, the catalogue, and one rule's cases, which rest on the packaged tables.
SUITE = [
    *("tests/cli/test_help.py", "tests/cli/test_rules.py"),
    *("tests/rules/test_cases.py", "tests/rules/test_catalogue.py"),
    *("-k", "test_help or (test_rules and not every_rule_has) or AOC-1"),
]


@dataclass(frozen=True)
class Installed:
    python: Path
    auditor: Path
    home: Path

    def run(self, *args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the fresh environment; the current folder is not searched for code."""
        ours = ("AUDITOR_", "COV", "PYTHON", "PYTEST")
        env = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        env |= {"PYTHONSAFEPATH": "1", "XDG_DATA_HOME": str(self.home), "HOME": str(self.home)}
        return subprocess.run(
            [str(arg) for arg in args],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def _succeed(*command: str | Path) -> None:
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _succeed(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("fresh")
    _succeed(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    _succeed(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    inside = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    libraries = Path(inside.stdout.strip()) / "libraries.pth"
    libraries.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (folder / "home").mkdir()
    return Installed(python, scripts / "auditor", folder / "home")


def test_the_wheel_holds_the_program_its_tables_and_its_samples(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    about = f"claim_auditor-{__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"auditor", "schemas", about}
    assert {
        "auditor/_samples/clinic_week.csv",
        "auditor/reference/starter/aoc.csv",
        "auditor/reference/policy/modifiers.csv",
        f"{about}/licenses/LICENSE",
        f"{about}/entry_points.txt",
    } <= set(names)


def test_neither_tests_nor_reports_are_in_the_wheel(wheel: Path) -> None:
    parts = {part for name in zipfile.ZipFile(wheel).namelist() for part in name.split("/")}
    assert parts & {"tests", "reports", "conftest.py", "__pycache__"} == set()


def test_the_program_runs_and_is_the_installed_one(installed: Installed, tmp_path: Path) -> None:
    told = installed.run(installed.auditor, "--version", cwd=tmp_path)
    assert told.stdout == f"auditor {__version__}, rule set {RULE_SET_VERSION}\n"
    assert (told.returncode, told.stderr) == (0, "")
    where = installed.run(
        installed.python, "-c", "import auditor, schemas; print(auditor.__file__)", cwd=ROOT
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.python.parents[1])


def test_the_demo_runs_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    told = installed.run(installed.auditor, "demo", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    workbooks = list((installed.home / "auditor" / "reports").glob("clinic_week-*.xlsx"))
    assert len(workbooks) == 1
    assert f"Workbook: {workbooks[0]}\n" in told.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_the_suite_passes_against_the_wheel(installed: Installed) -> None:
    told = installed.run(
        installed.python,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not wheel and not shared"),
        *SUITE,
        cwd=ROOT,
    )
    assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-2000:]
    assert " passed" in told.stdout
