"""Workbooks with a password: opened in memory, asked once, never told."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import struct
import tempfile
import zipfile
from functools import cache
from typing import TYPE_CHECKING

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method import rc4, xor_obfuscation

from auditor.errors import InputRejected
from auditor.intake import Intake, IntakeOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

HEADER = ["Claim ID", "Line", "Patient ID", "Rendering NPI", "DOS", "CPT", "Mod", "Units", "Charge"]
ROW = ["C1", 1, "P1", 1234567893, "2024-03-05", 99213, "25", 1, 120.5]
SHEETS = {"Lines": [HEADER, ROW, ROW]}
WORD = "s3cret Wörd"


@cache  # the key is hashed a hundred thousand times, and most tests lock the same workbook
def encrypted(content: bytes, word: str) -> bytes:
    padded = io.BytesIO(content)
    with zipfile.ZipFile(padded, "a") as archive:  # the library wraps small files wrongly
        archive.writestr("xl/pad.bin", bytes(8192))
    out = io.BytesIO()
    OOXMLFile(padded).encrypt(word, out)
    return out.getvalue()


def encrypted_xls(make: ModuleType, word: str, how: str = "rc4") -> bytes:
    """The .xls of SHEETS as Excel 97 to 2003 encrypted it (MS-XLS 2.2.10)."""
    plain = make.biff(SHEETS)
    bof = plain[:20]
    salt, verifier = bytes(range(16)), bytes(range(100, 116))
    if how == "rc4":
        both = verifier + hashlib.md5(verifier, usedforsecurity=False).digest()
        sealed = rc4.DocumentRC4.decrypt(word, salt, io.BytesIO(both), blocksize=1024).read()
        info = struct.pack("<HHH", 1, 1, 1) + salt + sealed
    else:
        key = xor_obfuscation.DocumentXOR.create_xor_key_method1(word)
        hash_ = 0
        for letter in reversed(word.encode()):
            hash_ = ((hash_ >> 14) & 1) | ((hash_ << 1) & 0x7FFF)
            hash_ ^= letter
        hash_ = (((hash_ >> 14) & 1) | ((hash_ << 1) & 0x7FFF)) ^ len(word) ^ 0xCE4B
        info = struct.pack("<HHH", 0, key, hash_)
    filepass = make.biff_record(0x2F, info)
    # Sheets begin later by what was put in.
    stream = bytearray(bof + filepass + plain[20:])
    hidden, at = bytearray(stream), 0
    while at < len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == 0x85:
            (offset,) = struct.unpack_from("<I", stream, at + 4)
            struct.pack_into("<I", stream, at + 4, offset + len(filepass))
        at += size + 4
    hidden[:] = stream
    if how == "rc4":
        mask = rc4.DocumentRC4.decrypt(word, salt, io.BytesIO(bytes(len(stream))), 1024).read()
        sealed_bytes = bytes(a ^ b for a, b in zip(stream, mask, strict=True))
    else:
        keys = xor_obfuscation.DocumentXOR.create_xor_array_method1(word)
        sealed_bytes = b""
    at = 0
    while at < len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        clear = size if kind in (0x809, 0x2F) else 4 if kind == 0x85 else 0
        start, end = at + 4 + clear, at + 4 + size
        if how == "rc4":
            hidden[start:end] = sealed_bytes[start:end]
        else:
            for place in range(start, end):
                turned = xor_obfuscation.DocumentXOR.rol(stream[place], 5, 8)
                shift = place - start + end + clear
                hidden[place] = turned ^ keys[shift % 16]
        at = end
    return bytes(make.compound({"Workbook": bytes(hidden)}))


class Asked:
    """A password that counts how often it is asked for."""

    def __init__(self, word: str | None) -> None:
        self.word = word
        self.names: list[str] = []

    def __call__(self, name: str) -> str | None:
        self.names.append(name)
        return self.word


@pytest.mark.parametrize("kind", ["xlsx", "xlsm", "xlsb", "xls", "xls-xor"])
def test_a_password_opens_the_workbook(
    read: Callable[..., Intake], make: ModuleType, kind: str
) -> None:
    word = WORD
    if kind.startswith("xls-"):
        word = "Abc123"
        content = encrypted_xls(make, word, "xor")
    elif kind == "xls":
        content = encrypted_xls(make, word)
    else:
        content = encrypted(make.book(kind, SHEETS), word)
    ask = Asked(word)
    name = f"claims.{kind[:4].strip('-')}"
    intake = read(content, name, password=ask)
    assert intake.lines.height == 2
    assert ask.names == [name]
    assert intake.files[0].encoding == kind.partition("-")[0]
    assert intake.files[0].sha256 == hashlib.sha256(content).hexdigest()

    with pytest.raises(InputRejected, match="The password of the workbook is wrong") as wrong:
        read(content, name, password=Asked("guess"))
    assert "guess" not in str(wrong.value)
    for nobody in (None, Asked(None), Asked("")):
        with pytest.raises(InputRejected, match=r"protected by a password.*AUDITOR_PASSWORD"):
            read(content, name, password=nobody)


@pytest.mark.parametrize("kind", ["xlsx", "xlsb", "xls", "ods"])
def test_an_open_workbook_asks_nobody(
    read: Callable[..., Intake], make: ModuleType, kind: str
) -> None:
    ask = Asked(WORD)
    assert read(make.book(kind, SHEETS), f"claims.{kind}", password=ask).lines.height == 2
    assert ask.names == []


def test_a_read_only_workbook_asks_nobody(read: Callable[..., Intake], make: ModuleType) -> None:
    ask = Asked(None)
    for content in (
        encrypted(make.xlsx(SHEETS), "VelvetSweatshop"),
        encrypted_xls(make, "VelvetSweatshop"),
    ):
        assert read(content, "claims.xls", password=ask).lines.height == 2
    assert ask.names == []


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_nothing_of_it_touches_disk_or_logs(
    read: Callable[..., Intake],
    make: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    content = encrypted(make.xlsx(SHEETS), WORD) if kind == "xlsx" else encrypted_xls(make, WORD)

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, never)
    handlers = logging.root.handlers[:]
    with caplog.at_level(logging.DEBUG):
        assert read(content, f"a.{kind}", password=Asked(WORD)).lines.height == 2
    assert not [entry for entry in caplog.records if entry.name.startswith(("root", "mso"))]
    assert logging.root.handlers == handlers
    assert logging.root.manager.disable == logging.NOTSET


def test_the_password_is_in_no_description() -> None:
    assert "password" not in repr(IntakeOptions(password=Asked(WORD)))


def test_what_is_decrypted_meets_the_same_guards(
    read: Callable[..., Intake], make: ModuleType
) -> None:
    far = make.rezipped(
        make.xlsx({"S": [HEADER, ROW]}),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b'r="A2"', b'r="XFD1048576"'),
    )
    with pytest.raises(InputRejected, match="reaches over"):
        read(encrypted(far, WORD), "claims.xlsx", password=Asked(WORD))
    document = make.open_document("text", "<x/>")
    with pytest.raises(InputRejected, match="text document"):
        read(document, "claims.ods", password=Asked(WORD))


def test_an_encrypted_open_document_is_refused(
    read: Callable[..., Intake], make: ModuleType
) -> None:
    manifest = "<manifest:manifest><manifest:file-entry><manifest:encryption-data/>"
    old = make.open_document("spreadsheet", os.urandom(100).hex(), manifest)
    new = make.rezipped(old, "mimetype", bytes)
    new = new.replace(b"content.xml", b"content.xml")
    for content in (old, new):
        with pytest.raises(InputRejected, match=r"\.ods files is not read"):
            read(content, "claims.ods")


def test_a_locked_archive_member_is_opened_too(
    read: Callable[..., Intake], make: ModuleType
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("jan.xlsx", encrypted(make.xlsx(SHEETS), WORD))
    ask = Asked(WORD)
    assert read(out.getvalue(), "claims.zip", password=ask).lines.height == 2
    assert ask.names == ["claims.zip [jan.xlsx]"]


def test_a_damaged_envelope_is_refused(read: Callable[..., Intake], make: ModuleType) -> None:
    whole = encrypted(make.xlsx(SHEETS), WORD)
    at = whole.index(b"spinCount")
    for content in (
        whole[: len(whole) // 2],
        whole.replace(b'spinCount="100000"', b'spinCount="100001"'),
        whole[:at] + b"<!ENTITY a 'b'>" + whole[at + 15 :],
        make.compound({"EncryptedPackage": b"x" * 5000}),
        make.compound({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"\4\0\4\0" + b"x" * 99}),
    ):
        with pytest.raises(InputRejected):
            read(content, "claims.xlsx", password=Asked(WORD))
