"""Sending one mail: STARTTLS or TLS from the first byte, the certificate verified, always.

The login is never said before that. What a server writes is not passed on, because it may quote
addresses: its codes are (RFC 5321, 4.2.3; RFC 3463).
"""

from __future__ import annotations

import re
import smtplib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.nightly.delivery import tls
from auditor.nightly.delivery.checks import is_address, sender_of
from auditor.nightly.delivery.deadline import Patience, within
from auditor.nightly.delivery.interface import Attempt, mark
from auditor.nightly.delivery.words import counted
from auditor.secret import Secret, needed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence
    from email.message import EmailMessage

    from auditor.nightly.settings import Mail

PASSWORD = Secret(
    "password", "password_file in [nightly.mail]", "AUDITOR_SMTP_PASSWORD", "The user of the mail"
)
SERVER = "mail server"
_PERMANENT = 500
_SIZE = 552
"""RFC 1870, 6.1: the message is larger than the server takes."""
_Refused = dict[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to the server, with everything that can be known before it is called."""

    mail: Mail
    sender: str
    password: str | None
    trusted: ssl.SSLContext
    patience: Patience


class TooLarge(Exception):  # noqa: N818 - it names what the server said, and is caught here alone
    """The server takes no message of this size."""


def route(mail: Mail, patience: Patience) -> Route:
    """The way that `mail` describes; raises ConfigError where it is not whole."""
    sender = sender_of(mail.sender)
    if sender is None:
        raise ConfigError(
            "The sender of the mail is neither an address nor 'Name <address>'.",
            next_step="Correct sender in [nightly.mail].",
        )
    password = None if mail.user is None else needed(PASSWORD, None, mail.password_file)
    if not f"{mail.user}{password}".isascii():
        raise ConfigError(
            "The user or the password of the mail server holds letters outside of ASCII, which"
            " cannot be said to it.",
            next_step="Give the mailbox of auditor a plain password.",
        )
    return Route(
        mail=mail,
        sender=sender.address,
        password=password,
        trusted=tls.context(mail.ca_file),
        patience=patience,
    )


def send(
    way: Route, whole: EmailMessage, lean: EmailMessage, recipients: Sequence[str],
    reached: frozenset[str],
) -> Attempt:  # fmt: skip
    """Send to each of `recipients` that is not `reached`, and tell who has it now.

    `lean` is the message without attachment, for a server that takes no message of that size.
    Raises nothing: every trouble is an Attempt that was not delivered.
    """
    left = [p for p in recipients if is_address(p) and mark(p) not in reached]
    none = sum(not is_address(p) for p in recipients)
    refused: _Refused = {}
    if left:
        try:
            refused = _sent(way, whole, lean, left)
        except smtplib.SMTPRecipientsRefused as error:
            # 421 ends the session before the others were asked about
            refused = {p: error.recipients.get(p, (421, b"")) for p in left}
        except (OSError, smtplib.SMTPException) as error:
            return replace(_trouble(error), reached=reached)
    reached |= {mark(p) for p in left if p not in refused}
    return _told(len(recipients), none, refused, reached)


def _sent(way: Route, whole: EmailMessage, lean: EmailMessage, left: list[str]) -> _Refused:
    def work(message: EmailMessage) -> _Refused:
        return within(way.patience.whole, lambda: _session(way, message, left))

    try:
        return work(whole)
    except TooLarge:
        return work(lean)


def _session(way: Route, message: EmailMessage, left: list[str]) -> _Refused:
    """One connection, one message; answers the recipients that the server refused, with codes."""
    data = message.as_bytes()
    server = _connected(way)
    try:
        if way.mail.user is not None and way.password is not None:
            server.login(way.mail.user, way.password)
        server.ehlo_or_helo_if_needed()
        _offer(server, len(data))
        refused = server.sendmail(way.sender, left, data)
    except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        server.close()
        if error.smtp_code == _SIZE and _has_attachment(message):
            raise TooLarge from None
        raise
    except BaseException:
        server.close()
        raise
    # The message is the server's now: how the session ends changes nothing.
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()
    return refused


def _offer(server: smtplib.SMTP, size: int) -> None:
    """Spare the line a message that the server says beforehand it will not take."""
    most = server.esmtp_features.get("size", "")
    if most.isdigit() and 0 < int(most) < size:  # 0: no limit is known (RFC 1870, 4)
        raise smtplib.SMTPDataError(_SIZE, b"5.3.4")


def _has_attachment(message: EmailMessage) -> bool:
    return any(True for _ in message.iter_attachments())


def _connected(way: Route) -> smtplib.SMTP:
    """A session under TLS; nothing but the greeting has gone over the line before."""
    mail, limit = way.mail, way.patience.answer
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=limit, context=way.trusted)
    server = smtplib.SMTP(mail.host, mail.port, timeout=limit)
    try:
        server.starttls(context=way.trusted)  # raises where it is not begun
    except BaseException:
        server.close()
        raise
    return server


def _told(people: int, none: int, refused: _Refused, reached: frozenset[str]) -> Attempt:
    later = {who: said for who, said in refused.items() if said[0] < _PERMANENT}
    lost = {who: said for who, said in refused.items() if who not in later}
    parts = []
    if later:
        parts.append(f"it put off {len(later)} ({_codes(later)})")
    if lost:
        parts.append(f"it refused {len(lost)} for good ({_codes(lost)})")
    if none:
        parts.append(f"{none} in the configuration {'is' if none == 1 else 'are'} no mail address")
    have = people - none - len(refused)
    detail = f"The {SERVER} took it for {have} of {counted(people, 'recipient')}"
    return Attempt(
        delivered=have > 0 and not later,
        detail="; ".join([detail, *parts]) + ".",
        reached=reached,
        again=bool(later),
        refused=len(lost) + none,
    )


def _codes(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return ", ".join(sorted({_code(code, text) for code, text in refused.values()}))


def _code(code: int, text: bytes | str) -> str:
    """'550 5.1.1': the reply's code, with its enhanced one where it has one."""
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
    enhanced = re.match(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b", said)
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def _trouble(error: OSError | smtplib.SMTPException) -> Attempt:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _failed(
            f"The {SERVER} offers no STARTTLS, or no way to log in that is known here; nothing was"
            " sent."
        )
    if isinstance(error, smtplib.SMTPResponseException):
        said = _code(error.smtp_code, error.smtp_error)
        what = "refused the message"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            what = "refused the user or the password"
        elif isinstance(error, smtplib.SMTPSenderRefused):
            what = "refused the sender"
        elif isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError):
            what = "takes no connection"
        return _failed(f"The {SERVER} {what} ({said}).", again=error.smtp_code < _PERMANENT)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        # what smtplib makes of every trouble on the line, a server that does not answer included
        slow = isinstance(error.__context__, TimeoutError)
        what = "did not answer in time" if slow else "cut the connection"
        return replace(_failed(f"The {SERVER} {what}.", again=True), silent=True)
    if isinstance(error, smtplib.SMTPException):
        return _failed(f"No mail can be sent ({type(error).__name__}).")
    detail, again = tls.trouble(error, SERVER)
    return replace(_failed(detail, again=again), silent=True)


def _failed(detail: str, *, again: bool = False) -> Attempt:
    return Attempt(delivered=False, detail=detail, again=again)
