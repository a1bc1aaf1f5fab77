"""Files that nobody should hand over: a clear refusal, bounded memory and time, no traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputRejected
from auditor.intake import Intake, content, read_claims, textfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "claims.csv")
    with pytest.raises(InputRejected, match="This is a pipe"):
        read_claims([tmp_path / "claims.csv"])


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="This is a folder"):
        read_claims([tmp_path])


def test_a_device_is_refused() -> None:
    with pytest.raises(InputRejected, match="This is a device"):
        read_claims(["/dev/zero"])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="No such file"):
        read_claims([tmp_path / "claims.csv"])


def test_a_file_that_one_may_not_read(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("x", encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(InputRejected, match="Permission denied"):
        read_claims([path])


@pytest.mark.parametrize("held", [0, 1 << 20])
def test_a_file_that_grows_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    monkeypatch.setattr(content, "HELD_PLAIN", held)
    stamp = content._stamp  # noqa: SLF001 -- the exporter writes at the worst moment
    seen = []

    def growing(raw: object) -> content.Stamp:
        seen.append(raw)
        if len(seen) == 2:
            with path.open("a", encoding="utf-8") as more:
                more.write(ROW + "\n")
        return stamp(raw)

    monkeypatch.setattr(content, "_stamp", growing)
    with pytest.raises(InputRejected, match="The file changed while it was read"):
        read_claims([path])


@pytest.mark.parametrize("body", ["", "\n\n", "   ", "\ufeff", "\x00\x00"])
def test_an_empty_file(read: Callable[..., Intake], body: str) -> None:
    with pytest.raises(InputRejected, match="The file is empty"):
        read(body)


@pytest.mark.parametrize("body", ["", "\n", "\n\n\n", ",,,,,,,,\n"])
def test_a_header_and_nothing_else(read: Callable[..., Intake], body: str) -> None:
    with pytest.raises(InputRejected, match="no claim lines below"):
        read(f"{HEADER}\n{body}")


def test_a_header_of_a_hundred_thousand_columns(read: Callable[..., Intake]) -> None:
    names = ",".join(f"Code {n}" for n in range(100_000))
    with pytest.raises(InputRejected, match="more than 5,000 cells, which no claim export has"):
        read(f"{names}\n{names}\n")


def test_a_row_of_a_hundred_thousand_cells_is_one_rejected_row(
    read: Callable[..., Intake],
) -> None:
    rows = "\n".join([ROW] * 300)
    intake = read(f"{HEADER}\n{rows}\n{',' * 99_999}x\n{ROW}\n")
    assert intake.lines.height == 301
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (302, "the row has 100000 cells, the header 9")
    ]


def test_one_endless_line_is_refused(
    read: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfile, "MOST_LINE", 1 << 16)
    monkeypatch.setattr(textfile, "BLOCK", 1 << 14)
    with pytest.raises(InputRejected, match="A line of the file is longer than"):
        read(f"{HEADER}\n{ROW}\n{'x' * (1 << 18)}")
    with pytest.raises(InputRejected, match="A line of the file is longer than"):
        read("x" * (4 << 20))


def test_nul_characters_are_taken_out(read: Callable[..., Intake]) -> None:
    intake = read(f"{HEADER}\n{ROW.replace('99213', '99' + chr(0) + '213')}\n{chr(0)}\n")
    assert intake.lines["code"].to_list() == ["99213"]


def test_a_header_that_names_everything_twice(read: Callable[..., Intake]) -> None:
    intake = read(f"{HEADER},{HEADER}\n{ROW},{ROW}\n")
    assert intake.lines.height == 1
    assert intake.lines["modifiers"].to_list() == ["25 25"]


def test_fifty_thousand_lines_of_one_placeholder_patient(read: Callable[..., Intake]) -> None:
    rows = "\n".join(ROW.replace("C1,1", f"C{n},1").replace("P1", "0") for n in range(50_000))
    assert read(f"{HEADER}\n{rows}\n").lines["patient_id"].n_unique() == 1
