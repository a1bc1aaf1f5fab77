"""`auditor layout detect` as its users see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Ran(Protocol):
        """What conftest's `run` answers."""

        code: int
        out: str
        err: str


SNAPSHOTS = Path(__file__).with_name("snapshots")
TEXT = """Claim #,Member,Prov NPI,DOS,CPT,Mod 1,Mod 2,Qty,Billed,PCP_TAX_ID,Remarks
CL-771,DOE1,1234567893,03/25/2024,99213,25,,1,120.50,12-3456789,ANN
CL-772,DOE2,1234567893,03/26/2024,20610,RT,59,2,80.00,12-3456789,BOB
"""


@pytest.fixture
def auditor(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The program in this process, 100 columns wide."""
    monkeypatch.setenv("COLUMNS", "100")
    return run


def test_what_is_recognised(
    auditor: Callable[..., Ran],
    tmp_path: Path,
    golden: Callable[[Path, str], None],
) -> None:
    (tmp_path / "claims.csv").write_text(TEXT, encoding="utf-8")
    done = auditor("layout", "detect", "claims.csv", "--write", "nightly.toml")
    assert (done.code, done.err) == (0, "")
    golden(SNAPSHOTS / "layout-detect.txt", done.out)
    golden(
        SNAPSHOTS / "layout-detect.toml", (tmp_path / "nightly.toml").read_text(encoding="utf-8")
    )
    assert "DOE" not in done.out
    assert "ANN" not in done.out
    again = auditor("layout", "detect", "claims.csv", "--write", "nightly.toml")
    assert again.code == 2
    assert "is there already" in again.err
    assert (
        auditor("layout", "detect", "claims.csv", "--write", "nightly.toml", "--replace").code == 0
    )


def test_a_file_held_to_its_layout(auditor: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "claims.csv").write_text(TEXT, encoding="utf-8")
    auditor("layout", "detect", "claims.csv", "--write", "nightly.toml")
    args = ("audit", "claims.csv", "--no-report", "--layout", "nightly.toml")
    assert auditor(*args).code == 0
    (tmp_path / "claims.csv").write_text(TEXT.replace("Qty", "Units"), encoding="utf-8")
    done = auditor(*args)
    assert done.code == 3
    assert (
        "claims.csv: The file does not have the layout nightly.toml: column 'Qty' is missing and"
        " column 'Units' is new." in done.err
    )
    (tmp_path / "auditor.toml").write_text('layout = "nightly.toml"\n', encoding="utf-8")
    assert auditor("audit", "claims.csv", "--no-report").code == 3


def test_a_file_that_would_be_refused(
    auditor: Callable[..., Ran],
    tmp_path: Path,
    golden: Callable[[Path, str], None],
) -> None:
    text = TEXT.replace("CPT", "What").replace("Mod 1", "CPT Code").replace("PCP_TAX_ID", "HCPCS")
    (tmp_path / "claims.csv").write_text(text, encoding="utf-8")
    done = auditor("layout", "detect", "claims.csv", "--write", "nightly.toml")
    assert done.code == 3
    golden(SNAPSHOTS / "layout-detect-refused.txt", done.out + "\n---\n" + done.err)
    assert not (tmp_path / "nightly.toml").exists()


def test_a_layout_that_is_wrong(auditor: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "claims.csv").write_text(TEXT, encoding="utf-8")
    (tmp_path / "l.toml").write_text('header = ["A"]\n[columns]\nclaimid = "A"\n', encoding="utf-8")
    done = auditor("audit", "claims.csv", "--no-report", "--layout", "l.toml")
    assert done.code == 2
    assert "claimid is no field (did you mean claim_id?)" in done.err
    assert "patient_id (patient or member id) is missing" in done.err
