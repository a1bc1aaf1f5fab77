"""What may stand in the settings of the delivery; cheap, for `auditor config check` too."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.nightly.settings import Feed, Mail, Nightly

# RFC 5321, 4.1.2, without quoted local parts, source routes, address literals and SMTPUTF8.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_NAMED = re.compile(r"([^<>\x00-\x1f\x7f]*?)\s*<([^<>]*)>")
LONGEST = 254
"""Characters of an address; RFC 5321, 4.5.3.1.3, less its angle brackets."""


class Sender(NamedTuple):
    """Who the mail is from."""

    name: str
    """'' where there is none."""
    address: str


def is_address(text: str) -> bool:
    """Whether `text` is one mail address, and nothing beside it."""
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None


def sender_of(text: str) -> Sender | None:
    """The parts of `address` or `Name <address>`; None where it is neither."""
    named = _NAMED.fullmatch(text)
    found = Sender(*named.groups()) if named else Sender("", text)
    # an encoded word could hold a line end, which some versions of Python would write as one
    return found if is_address(found.address) and "=?" not in found.name else None


def url_trouble(url: str) -> str | None:
    """Why the summary is not sent to `url`; None where it is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no address of the web"
    if parts.scheme not in {"http", "https"} or not host:
        return "it does not begin with https:// and the name of a host"
    if not url.isascii() or re.search(r"[\x00-\x20\x7f]", url):
        return "it holds blanks or letters that an address of the web cannot hold"
    if parts.username is not None:
        return "it holds a user; say a token with token_file instead"
    if parts.scheme == "http" and not is_loopback(host):
        return "it is not encrypted; only https:// is, and http:// serves on this machine alone"
    return None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, so that nothing goes over a line."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def problems(nightly: Nightly, feeds: Mapping[str, Feed]) -> Iterator[str]:
    """Everything that would keep a delivery from going out, each with its dotted place."""
    if nightly.mail is not None:
        yield from _of_mail(nightly.mail)
    hook = nightly.webhook
    if hook is not None and (why := url_trouble(hook.url)):
        yield f"nightly.webhook.url cannot be used: {why}"
    for name, feed in feeds.items():
        for number, address in enumerate(feed.recipients, 1):
            if not is_address(address):
                yield f"feeds.{name}.recipients: entry {number} is no mail address"
        if feed.recipients and nightly.mail is None:
            yield f"feeds.{name}.recipients get no mail without a table [nightly.mail]"
        if feed.attach and not feed.encrypt:
            yield f"feeds.{name}.attach sends encrypted workbooks only: say encrypt = true as well"


def _of_mail(mail: Mail) -> Iterator[str]:
    if sender_of(mail.sender) is None:
        yield "nightly.mail.sender is neither an address nor 'Name <address>'"
    if re.fullmatch(r"[A-Za-z0-9._:-]+", mail.host) is None:
        yield "nightly.mail.host is no name of a server"
    if not 0 < mail.port <= 65535:  # noqa: PLR2004 - the greatest number of a port
        yield "nightly.mail.port must be from 1 to 65535"
    if mail.user is None and mail.password_file is not None:
        yield "nightly.mail.password_file does nothing without nightly.mail.user"
