"""Workbooks with a password, encrypted as Excel itself does it.

The form is agile encryption of [MS-OFFCRYPTO] 2.3.4.10: AES-256 in CBC, the key derived from the
password by 100,000 rounds of SHA-512, with random salts. So two files of one report differ.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO

from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped] # ships no type hints

from auditor.errors import ReportError

SHORTEST = 8
"""Who has the file can try passwords without end, so fewer characters are no protection; NIST SP
800-63B-4, 3.1.1.2, has 8 as the least of any password."""
ADVISED = 15
"""The least where a password is all there is (NIST SP 800-63B-4, 3.1.1.2)."""
LONGEST = 255
"""Characters that Excel takes ([MS-OFFCRYPTO] 2.3.4.11)."""


def check(password: str) -> None:
    """Raise ReportError for a password that Excel does not take or that protects nothing."""
    if not SHORTEST <= len(password) <= LONGEST:
        size = "short" if len(password) < SHORTEST else "long"
        raise ReportError(
            f"The password of the report is too {size}.",
            next_step=f"Use {SHORTEST} to {LONGEST} characters; {ADVISED} or more are advised.",
        )


def encrypted(workbook: IO[bytes], password: str) -> bytes:
    """The workbook (.xlsx) that `workbook` holds, encrypted; only memory is used."""
    out = BytesIO()
    OOXMLFile(workbook).encrypt(password, out)
    return out.getvalue()
