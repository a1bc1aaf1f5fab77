"""Workbooks with a password: opened in memory, and nowhere else.

Neither the password nor what it opens is written to disk, logged or put into a message. What
msoffcrypto does beyond its ciphers would do so: it keeps the decrypted .xls in a temporary file,
and it logs keys. So .xls files are put together here, and its logs are shut.
"""

from __future__ import annotations

import io
import logging
import struct
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msoffcrypto  # type: ignore[import-untyped]  # it ships no type hints
from msoffcrypto.exceptions import (  # type: ignore[import-untyped]  # it ships no type hints
    DecryptionError,
    FileFormatError,
    InvalidKeyError,
)
from msoffcrypto.method.rc4 import DocumentRC4  # type: ignore[import-untyped]  # it ships no type hints
from msoffcrypto.method.rc4_cryptoapi import (  # type: ignore[import-untyped]  # it ships no type hints
    DocumentRC4CryptoAPI,
)
from msoffcrypto.method.xor_obfuscation import (  # type: ignore[import-untyped]  # it ships no type hints
    DocumentXOR,
)

from auditor.errors import InputRejected
from auditor.intake import compound
from auditor.intake.package import damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[[str], str | None] | None

# A workbook that is only to be opened read-only is encrypted too, with a password all know.
_KNOWN_TO_ALL = "VelvetSweatshop"
_FILEPASS, _SHEET = 0x2F, 0x85
# Records that an encrypted .xls leaves readable (MS-XLS 2.2.10).
_PLAIN = frozenset({0x809, _FILEPASS, 0x194, 0x195, 0xE1, 0x196, 0x138})


def unlocked(raw: bytes, name: str, ask: Ask) -> bytes:
    """A compound file without its encryption: an .xls workbook, or the workbook it wraps.

    `ask` is asked for the password, once, and only where one is needed. Raises InputRejected where
    none is known or it is wrong, for what cannot be decrypted, and for what is no workbook.
    """
    stream, content = compound.stream_of(raw, name)
    wrapped = stream == compound.ENVELOPE
    if not wrapped and not compound.overview(content)[2]:
        return raw
    if not wrapped and stream.lower() != "workbook":
        raise _unknown(name)  # Excel 5 and 95
    opened = _opened(raw, content, name, _KNOWN_TO_ALL)
    if opened is None:
        password = ask(name) if ask is not None else None
        if not password:
            raise InputRejected(
                "The workbook is protected by a password.",
                where=name,
                next_step="Give it with --password-file FILE, in the environment variable"
                " AUDITOR_PASSWORD, or at the prompt of a terminal; or save a copy without it.",
            )
        opened = _opened(raw, content, name, password)
    if opened is None:
        raise InputRejected(
            "The password of the workbook is wrong.",
            where=name,
            next_step="Check it by opening the workbook in Excel; capitals and small letters"
            " differ.",
        )
    return opened


def _opened(raw: bytes, content: bytes, name: str, password: str) -> bytes | None:
    """The decrypted workbook; None for a wrong password."""
    try:
        with _unlogged():
            office = msoffcrypto.OfficeFile(io.BytesIO(raw))
            if content:
                office.load_key(password=password)
                return _xls(content, name, office)
            office.load_key(password=password, verify_password=True)
            out = io.BytesIO()
            office.decrypt(out)
    except InvalidKeyError:
        return None
    except (DecryptionError, FileFormatError):
        raise _unknown(name) from None
    except Exception:  # noqa: BLE001 -- of a damaged file it raises whatever it stumbles over
        raise damaged(name) from None
    return out.getvalue()


def _xls(stream: bytes, name: str, office: Any) -> bytes:  # noqa: ANN401 -- msoffcrypto ships no type hints
    """An .xls file with its workbook stream decrypted."""
    hidden = bytearray(stream)  # what is not encrypted as zeros; the cipher runs on over it
    plain = bytearray(stream)
    shown: list[tuple[int, int]] = []
    for kind, at, size in compound.records(stream):
        clear = size if kind in _PLAIN else min(size, 4) if kind == _SHEET else 0
        shown.append((at - 4, at + clear))
        if kind == _FILEPASS:  # the reader would ask for the password again
            plain[at - 4 : at + size] = struct.pack("<HH", 0, size) + bytes(size)
    for start, end in shown:
        hidden[start:end] = bytes(len(hidden[start:end]))
    clear_text = _deciphered(bytes(hidden), shown, office)
    result = bytearray(clear_text)
    for start, end in shown:
        result[start:end] = plain[start:end]
    return compound.packed(bytes(result), name)


def _deciphered(  # of msoffcrypto, which ships no type hints, is `office`
    hidden: bytes,
    shown: list[tuple[int, int]],
    office: Any,  # noqa: ANN401 -- see above
) -> bytes:
    source = io.BytesIO(hidden)
    if office.type == "rc4":
        return bytes(DocumentRC4.decrypt(office.key, office.salt, source, blocksize=1024).read())
    if office.type == "rc4_cryptoapi":
        found = DocumentRC4CryptoAPI.decrypt(
            office.key, office.salt, office.keySize, source, blocksize=1024
        )
        return bytes(found.read())
    marks = [-1] * len(hidden)  # obfuscation: which bytes are hidden, -2 behind a shown place
    for (start, end), (after, _) in pairwise([*shown, (len(hidden), 0)]):
        marks[start:end] = [0] * (end - start)
        if end - start == 8:  # noqa: PLR2004 -- header and place of a sheet's own records
            marks[end:after] = [-2] * (after - end)
    return bytes(DocumentXOR.decrypt(office.key, source, marks, [], 10).read())


@contextmanager
def _unlogged() -> Iterator[None]:
    """Nothing is logged, and the root logger gets no handler from a careless logging.debug()."""
    level, handlers = logging.root.manager.disable, logging.root.handlers[:]
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)
        logging.root.handlers[:] = handlers


def _unknown(name: str) -> InputRejected:
    return InputRejected(
        "The workbook is protected in a way that is not read.",
        where=name,
        next_step="Save a copy without the password, or export the sheet as CSV.",
    )
