"""Compressed files: gzip and zip are unpacked, bombs and damage are refused."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from auditor.errors import AuditorError, InputRejected
from auditor.intake import Intake, content, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"
TEXT = f"{HEADER}\n{ROW}\n".encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_a_gzip_file(read: Callable[..., Intake]) -> None:
    intake = read(gzip.compress(TEXT), "claims.csv.gz")
    assert intake.lines["code"].to_list() == ["99213"]
    assert intake.files[0].name == "claims.csv.gz"
    assert intake.files[0].sha256 == read(TEXT).files[0].sha256


def test_a_gzip_file_of_several_pieces(read: Callable[..., Intake]) -> None:
    assert read(gzip.compress(TEXT) + gzip.compress(ROW.encode()), "x.gz").lines.height == 2


def test_every_claim_file_of_a_zip_is_read(read: Callable[..., Intake]) -> None:
    files = {
        "monday.csv": TEXT,
        "week/tuesday.txt": TEXT.replace(b",", b"|").replace(b"C1", b"C2"),
        "__MACOSX/._monday.csv": b"\0\1\2",
        "week/.DS_Store": b"\0",
        "read me.pdf": b"%PDF",
    }
    intake = read(zipped(files), "week.zip")
    assert [file.name for file in intake.files] == [
        "week.zip [monday.csv]",
        "week.zip [week/tuesday.txt]",
    ]
    assert intake.lines.select("source_file", "claim_id").rows() == [
        ("week.zip [monday.csv]", "C1"),
        ("week.zip [week/tuesday.txt]", "C2"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "README", "readme.txt", "ReadMe first.csv", "docs/README.txt", "MANIFEST", "manifest.csv",
        "checksums.txt", "layout.xml", "week/claims.JSON", "export.log", "load.sql", "unpack.exe",
    ],
)  # fmt: skip
def test_what_goes_with_claim_files_is_left_out(read: Callable[..., Intake], name: str) -> None:
    intake = read(zipped({name: b"Any text", "claims.csv": TEXT}), "week.zip")
    assert [file.name for file in intake.files] == ["week.zip [claims.csv]"]
    with pytest.raises(InputRejected, match="no file that could be a claim file"):
        read(zipped({name: TEXT}), "week.zip")


@pytest.mark.parametrize(
    "name", ["claims_readme.csv", "logs.csv", "sql.txt", "readmes/claims.csv", "claims.xml.csv"]
)
def test_claim_files_of_like_names_are_read(read: Callable[..., Intake], name: str) -> None:
    assert read(zipped({name: TEXT}), "week.zip").files[0].name == f"week.zip [{name}]"


def test_a_file_of_a_zip_that_cannot_be_read_refuses_all(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match=r"week.zip \[notes.txt\]: No header row"):
        read(zipped({"monday.csv": TEXT, "notes.txt": b"for your records\n"}), "week.zip")


def test_the_same_file_twice_in_an_archive(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="same content as"):
        read(zipped({"a.csv": TEXT, "b.csv": TEXT}), "week.zip")


def test_a_file_and_its_archive_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TEXT))
    with pytest.raises(InputRejected, match=r"same content as a.csv"):
        read_claims([tmp_path / "a.csv", tmp_path / "a.csv.gz"])


@pytest.mark.parametrize(
    "inner",
    [gzip.compress(gzip.compress(TEXT)), gzip.compress(zipped({"a.csv": TEXT}))],
    ids=["gzip in gzip", "zip in gzip"],
)
def test_archives_in_archives_are_refused(read: Callable[..., Intake], inner: bytes) -> None:
    with pytest.raises(InputRejected, match="an archive inside another"):
        read(inner, "a.gz")


@pytest.mark.parametrize("files", [{}, {"read me.pdf": b"%PDF", "folder/": b""}])
def test_an_archive_without_claim_files(
    read: Callable[..., Intake], files: Mapping[str, bytes]
) -> None:
    with pytest.raises(InputRejected, match="no file that could be a claim file"):
        read(zipped(files), "a.zip")


def test_a_zip_with_a_password(read: Callable[..., Intake]) -> None:
    data = bytearray(zipped({"a.csv": TEXT}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag that says encrypted
        data[data.find(mark) + at] |= 1
    with pytest.raises(InputRejected, match="protected by a password") as error:
        read(bytes(data), "a.zip")
    assert "Unpack it" in error.value.next_step


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"a.csv": data})])
def test_a_bomb_is_not_unpacked(
    read: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(content, "MOST_FREE", 1 << 20)
    with pytest.raises(InputRejected, match="unpacks to more than 200 times its size"):
        read(pack(TEXT + b"\n" * (4 << 20)), "bomb")


def test_what_shrinks_well_and_is_small_is_no_bomb(read: Callable[..., Intake]) -> None:
    assert read(gzip.compress(TEXT + b"\n" * (1 << 20))).lines.height == 1


def test_archives_cut_short_or_damaged_are_refused(read: Callable[..., Intake]) -> None:
    rows = "".join(f"C{n},1,P{n},1234567893,2024-03-05,99213,25,1,1{n}.00\n" for n in range(500))
    text = f"{HEADER}\n{rows}".encode()
    for packed in (gzip.compress(text), zipped({"a.csv": text})):
        for cut in range(3, len(packed), 97):
            with pytest.raises(AuditorError):
                read(packed[:cut], "a")
        for at in range(40, len(packed) - 40, 211):
            hurt = bytearray(packed)
            hurt[at] ^= 0xFF
            try:
                intake = read(bytes(hurt), "a")
            except AuditorError:
                continue
            assert intake.lines.height == 500  # a byte that holds nothing of the file


def test_large_files_are_unpacked_in_blocks(
    read: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "HELD", 64)
    monkeypatch.setattr(content, "HELD_PLAIN", 64)
    for name, data in (("a.gz", gzip.compress(TEXT)), ("a.zip", zipped({"a.csv": TEXT}))):
        assert read(data, name).lines["code"].to_list() == ["99213"]
    with pytest.raises(InputRejected, match="damaged or cut short"):
        read(gzip.compress(TEXT)[:-4], "a.gz")


def test_a_member_without_a_name_is_no_crash(read: Callable[..., Intake]) -> None:
    data = zipped({"a.csv": TEXT}).replace(b"a.csv", b"\0.csv")  # a name ends at a NUL
    assert read(data, "a.zip").lines.height == 1


NOISE = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("march.zip", NOISE, "a zip archive, and its content is none"),
        ("MARCH.ZIP", NOISE, "a zip archive, and its content is none"),
        ("march.csv.gz", NOISE, "a gzip archive, and its content is none"),
        ("march.xlsx", NOISE, "an Excel workbook, and its content is none"),
        ("march.ods", NOISE, "an OpenDocument workbook, and its content is none"),
        ("march.parquet", NOISE, "a Parquet file, and its content is none"),
        ("march.xlsx.gz", gzip.compress(NOISE), "an Excel workbook, and its content is none"),
        ("all.zip", zipped({"march.xlsx": NOISE}), "an Excel workbook, and its content is none"),
        # what the bytes say goes before the name
        ("march.gz", gzip.compress(NOISE), "The file is not text"),
        ("all.zip", zipped({"march.csv": NOISE}), "The file is not text"),
        ("march.zip", b"7z\xbc\xaf" + NOISE, "a 7-Zip archive"),
        ("march.csv", NOISE, "The file is not text"),
    ],
)
def test_what_is_not_what_its_name_says(
    read: Callable[..., Intake], name: str, data: bytes, said: str
) -> None:
    with pytest.raises(InputRejected, match=said) as error:
        read(data, name)
    assert "again" in error.value.next_step or "Export" in error.value.next_step


@pytest.mark.parametrize("name", ["march.zip", "march.gz", "march.xls"])
def test_text_is_read_whatever_its_name_says(read: Callable[..., Intake], name: str) -> None:
    assert read(TEXT, name).lines.height == 1
