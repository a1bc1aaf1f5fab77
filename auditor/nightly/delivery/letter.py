"""The mail: plain text and the same as simple HTML, and the workbook where it is encrypted."""

from __future__ import annotations

import html
import re
import textwrap
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import olefile  # type: ignore[import-untyped] # ships no type hints

from auditor.errors import ConfigError
from auditor.nightly.delivery import words
from auditor.nightly.delivery.checks import is_address, sender_of
from auditor.nightly.delivery.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from auditor.nightly.delivery.interface import Pending

MOST_ATTACHED = 7_000_000
"""Bytes of workbooks sent along; Postfix takes messages of 10,240,000 bytes unless told else
(message_size_limit), and base64 makes four of three."""
_WIDE = 78
_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# 7bit: a server need not offer 8BITMIME (RFC 6152). Lines may have 998 characters (RFC 5322,
# 2.1.1), and a subject that is broken at 78 begins with a blank in some readers.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=200)


class Attached(NamedTuple):
    """The workbooks to send along, and a note on them for the text."""

    books: tuple[bytes, ...] = ()
    note: str = ""


WITHOUT = Attached(note="The workbook is not sent along: it is too large for a mail.")


def letter(
    item: Pending, sender: str, recipients: Sequence[str], *, now: datetime, attached: Attached
) -> EmailMessage:
    """The whole message; its Message-ID is the same at every attempt.

    `now` is when it is sent. Raises ConfigError where `sender` is no address; recipients that are
    none are left out of the header.
    """
    who = sender_of(sender)
    if who is None:
        raise ConfigError(
            "The sender of the mail is neither an address nor 'Name <address>'.",
            next_step="Correct sender in [nightly.mail].",
        )
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(who.name, addr_spec=who.address)
    message["To"] = [Address(addr_spec=each) for each in recipients if is_address(each)]
    message["Subject"] = words.subject(item)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{item.key}@{who.address.rpartition('@')[2]}>"
    # RFC 3834: so that nobody's absence note comes back
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain(item, attached.note))
    message.add_alternative(as_html(item, attached.note), subtype="html")
    for number, book in enumerate(attached.books, 1):
        message.add_attachment(
            book,
            maintype="application",
            subtype=_XLSX,
            filename=_name(item, number if len(attached.books) > 1 else None),
        )
    return message


def plain(item: Pending, note: str = "") -> str:
    """The text of the mail, 78 characters wide where nothing in it is longer (RFC 5322, 2.1.1)."""
    lines = [words.subject(item), ""]
    for section in words.sections(item, note):
        lines.append(section.title)
        wide = max(len(row[0]) for row in section.rows)
        numbers = max(len(row[1]) if _is_number(row) else 0 for row in section.rows)
        for row in section.rows:
            if _is_number(row):
                cells = [row[0].ljust(wide), row[1].rjust(numbers), *row[2:]]
                lines.append("  " + "  ".join(cells).rstrip())
            else:
                lines += _wrapped(": ".join(row), "  ", "    ")
        lines.append("")
    for text in words.closing(item):
        lines += _wrapped(text)
    return "\n".join([*lines, ""])


def _wrapped(text: str, first: str = "", then: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDE,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,  # a path is copied whole
        break_on_hyphens=False,
    )


def as_html(item: Pending, note: str = "") -> str:
    """The same as simple HTML: headings and tables, nothing that is fetched from anywhere."""
    parts = [f"<h2>{html.escape(words.subject(item))}</h2>"]
    for section in words.sections(item, note):
        parts += [f"<h3>{html.escape(section.title)}</h3>", '<table cellpadding="4">']
        for row in section.rows:
            opens = ["<td>"] * len(row)
            if _is_number(row):
                opens[1] = '<td align="right">'
            cells = (f"{o}{html.escape(cell)}</td>" for o, cell in zip(opens, row, strict=True))
            parts.append(f"<tr>{''.join(cells)}</tr>")
        parts.append("</table>")
    parts += [f"<p>{html.escape(line)}</p>" for line in words.closing(item)]
    return '<html lang="en"><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def workbooks(folder: Path | None) -> Attached:
    """The workbooks in `folder`, where each of them opens with a password alone and all are small.

    Their bytes are read once, so what was looked at is what is sent. Else a note says why not.
    """
    if folder is None:
        return Attached()
    try:
        paths = sorted(p for p in folder.glob("*.xlsx") if p.is_file() and p.name[0] not in "~.")
        if sum(p.stat().st_size for p in paths) > MOST_ATTACHED:
            return WITHOUT
        books = tuple(p.read_bytes() for p in paths)
    except OSError:
        return Attached(note="The workbook is not sent along: it cannot be read.")
    if not books:
        return Attached(note="No workbook is sent along: there is none.")
    if not all(map(is_encrypted, books)):
        return Attached(
            note="The workbook is not sent along: it is not encrypted (say encrypt = true of the"
            " feed)."
        )
    those = "It opens" if len(books) == 1 else "They open"
    return Attached(
        books, f"{counted(len(books), 'workbook')} attached. {those} with its password."
    )


def is_encrypted(data: bytes) -> bool:
    """Whether these bytes are a workbook that opens with a password alone.

    [MS-OFFCRYPTO] 2.3.4.10: an OLE container of the streams EncryptionInfo and EncryptedPackage.
    """
    if not olefile.isOleFile(data=data):
        return False
    try:
        with olefile.OleFileIO(BytesIO(data)) as container:
            return bool(container.exists("EncryptionInfo") and container.exists("EncryptedPackage"))
    except Exception:  # noqa: BLE001 - olefile stumbles over damaged files in many ways
        return False


def _name(item: Pending, number: int | None) -> str:
    """A name of our own: that of the report may be one that an input file gave it."""
    feed = re.sub(r"[^A-Za-z0-9_-]+", "-", item.feed)[:60].strip("-")
    part = "" if number is None else f"-{number}"
    return f"auditor-{feed}-{item.as_of}{part}.xlsx"


def _is_number(row: tuple[str, ...]) -> bool:
    return len(row) > 1 and row[1].replace(",", "").isdigit()
