"""`auditor reference`: whose store it is about, and an import that finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli import main, reference


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("AUDITOR_REFERENCE", "AUDITOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_settings_name_the_store_as_for_an_audit(folder: Path) -> None:
    (folder / "auditor.toml").write_text('reference = "tables"\n')
    assert reference.named(None) == Path("tables")
    assert reference.named(Path("mine")) == Path("mine")


def test_settings_elsewhere_name_the_store_beside_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "a.toml").write_text('reference = "tables"\n')
    monkeypatch.setenv("AUDITOR_CONFIG", "etc/a.toml")
    assert reference.named(None) == Path("etc/tables")


def test_the_environment_is_stronger_than_the_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auditor.toml").write_text('reference = "tables"\n')
    monkeypatch.setenv("AUDITOR_REFERENCE", "other")
    assert reference.named(None) is None  # the store looks there itself


def test_without_settings_nothing_is_named(folder: Path) -> None:
    assert not list(folder.iterdir())
    assert reference.named(None) is None


def test_an_empty_folder_imports_nothing_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "downloads").mkdir()
    assert main(["reference", "import", "downloads", "--reference", "store"]) == 3
    assert "no CMS table was found" in capsys.readouterr().err
