"""What every test may ask for: the real files, the long rounds, golden files, a clean machine."""

import difflib
import gc
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# derandomize: a red run is red again on the next machine; the long profile looks for new cases.
# The deadline is off because the first call of a polars expression may compile and load.
settings.register_profile(
    "default",
    derandomize=True,
    max_examples=6,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", parent=settings.get_profile("default"), max_examples=500)

DESELECTED = pytest.StashKey[int]()
"""How many long tests were left out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-long", action="store_true", help="also run the tests marked long")
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew instead of comparing"
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("--run-long") else "default")
    if config.pluginmanager.hasplugin("_cov"):
        from tests import measured, untraced  # those of the installed wheel do not see this folder

        untraced.install()
        config.pluginmanager.register(measured.Measured(ROOT / "tests"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--run-long"):
        long = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        config.stash[DESELECTED] = len(long)
    for item in items:
        if item.get_closest_marker("shared") and not SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason=f"no {SHARED.name}/ beside the checkout"))


def pytest_collection_finish() -> None:
    # Thousands of tests are there to stay: nobody need look among them for what has gone, nor
    # as often as Python does for a program that makes little.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = getattr(session.config, "workeroutput", None)  # a process of xdist
    if told is not None:
        told["deselected"] = session.config.stash.get(DESELECTED, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a type of xdist, which need not be there
    # The summary of several processes does not count by itself what each of them left out.
    count = getattr(node, "workeroutput", {}).get("deselected", 0)
    if count and not node.config.stash.get(DESELECTED, 0):
        node.config.stash[DESELECTED] = count
        node.config.hook.pytest_deselected(items=[SimpleNamespace() for _ in range(count)])


@pytest.fixture(scope="session", autouse=True)
def clean_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the user's own settings, store or reports; gives their stand-in."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AUDITOR_")]:
            patch.delenv(name)
        for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
            patch.setenv(name, str(home))
        yield home


@pytest.fixture(scope="session", autouse=True)
def unhurried_disk() -> Iterator[None]:
    """Nothing waits for the disk: no test cuts the power, and a killed process loses nothing."""

    def kept(_file: int) -> None:
        pass

    def connect(*args: Any, **named: Any) -> sqlite3.Connection:  # noqa: ANN401 - as sqlite3's own
        ledger: sqlite3.Connection = connected(*args, **named)
        with suppress(sqlite3.Error):  # told of where the program itself first asks something
            sqlite3.Connection.execute(ledger, "PRAGMA synchronous = OFF")
        return ledger

    connected = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", kept)
        patch.setattr(sqlite3, "connect", connect)
        yield


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """Programs that the module starts are not measured: not ours, elsewhere, or killed midway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield


@pytest.fixture(scope="session")
def office_profile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """LibreOffice's option for a profile of the tests' own: a new one costs as much as the work."""
    return f"-env:UserInstallation={tmp_path_factory.mktemp('office').as_uri()}"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real CMS and claim files beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED.name}/ beside the checkout")
    return SHARED


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a whole text with a golden file, or write it anew with --update-golden."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        if not path.is_file():
            pytest.fail(f"{path.name} does not exist yet: run once with --update-golden, read it")
        wanted = path.read_text(encoding="utf-8")
        if text != wanted:
            lines = difflib.unified_diff(
                wanted.splitlines(), text.splitlines(), "golden", "now", lineterm=""
            )
            pytest.fail(f"{path.name} differs:\n" + "\n".join(lines), pytrace=False)

    return check
