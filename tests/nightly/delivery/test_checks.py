"""What the settings may say, before a night finds out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.nightly.delivery import checks
from auditor.nightly.settings import Feed, Mail, Nightly, Webhook

GOOD = Mail(host="smtp.clinic.example", sender="Auditor <auditor@clinic.example>")
HOOK = Webhook(url="https://hooks.clinic.example:8443/auditor?x=1")
FEED = Feed(files="*.csv", mode="delta", recipients=("anna@clinic.example",))


def test_nothing_is_wrong_with_these() -> None:
    feeds = {"clinic": FEED, "lab": replace(FEED, attach=True, encrypt=True)}
    assert list(checks.problems(Nightly(mail=GOOD, webhook=HOOK), feeds)) == []
    assert list(checks.problems(Nightly(), {"clinic": replace(FEED, recipients=())})) == []


@pytest.mark.parametrize(
    ("mail", "hook", "feed", "where"),
    [
        ({"sender": "auditor"}, {}, {}, "nightly.mail.sender"),
        ({"host": "a\r\nb"}, {}, {}, "nightly.mail.host"),
        ({"port": 0}, {}, {}, "nightly.mail.port"),
        ({"port": 65536}, {}, {}, "nightly.mail.port"),
        ({"password_file": "x"}, {}, {}, "nightly.mail.password_file"),
        ({}, {"url": "http://hooks.clinic.example"}, {}, "nightly.webhook.url"),
        ({}, {}, {"recipients": ("anna@clinic.example", "otto")}, "recipients: entry 2"),
        ({}, {}, {"attach": True}, "feeds.clinic.attach"),
    ],
)
def test_each_problem_is_told_with_its_place(
    mail: dict[str, Any], hook: dict[str, Any], feed: dict[str, Any], where: str
) -> None:
    nightly = Nightly(mail=replace(GOOD, **mail), webhook=replace(HOOK, **hook))
    (told,) = checks.problems(nightly, {"clinic": replace(FEED, **feed)})
    assert where in told


def test_recipients_without_a_server() -> None:
    (told,) = checks.problems(Nightly(), {"clinic": FEED})
    assert "get no mail" in told


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("anna@clinic.example", True),
        ("anna.o'neil+audit@clinic.example", True),
        ("anna@localhost", True),
        ("anna", False),
        ("anna@", False),
        ("@clinic.example", False),
        ("anna@clinic..example", False),
        ("anna@-clinic.example", False),
        ("anna@clinic.example ", False),
        ("anna@clinic.example\n", False),
        ("anna@clinic.example\r\nBcc: x@y", False),
        ("anna@clinic.example,otto@clinic.example", False),
        ("<anna@clinic.example>", False),
        ("änna@clinic.example", False),
        (f"{'a' * 250}@b.example", False),
    ],
)
def test_addresses(text: str, wanted: object) -> None:
    assert checks.is_address(text) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a@b.example", ("", "a@b.example")),
        ("The Auditor <a@b.example>", ("The Auditor", "a@b.example")),
        ("<a@b.example>", ("", "a@b.example")),
        ("The\r\nBcc: x <a@b.example>", None),
        ("=?utf-8?q?a=0D=0AX:_y?= <a@b.example>", None),
        ("The Auditor", None),
    ],
)
def test_senders(text: str, wanted: tuple[str, str] | None) -> None:
    assert checks.sender_of(text) == wanted


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://hooks.example", None),
        ("https://[::1]:8443/x", None),
        ("http://localhost:8080/x", None),
        ("http://127.0.0.9/x", None),
        ("http://[::1]/x", None),
        ("http://10.0.0.1/x", "not encrypted"),
        ("http://localhost.evil.example/x", "not encrypted"),
        ("http://127.0.0.1.evil.example/x", "not encrypted"),
        ("ftp://hooks.example", "begin with https"),
        ("hooks.example", "begin with https"),
        ("https://", "begin with https"),
        ("https://[::1", "no address"),
        ("https://hooks.example:port/", "no address"),
        ("https://me:word@hooks.example/", "holds a user"),
        ("https://hooks.example/a b", "blanks"),
        ("https://hooks.example/\r\nX: y", "blanks"),
        ("https://hooks.example/ä", "blanks"),
    ],
)
def test_addresses_of_the_web(url: str, why: str | None) -> None:
    told = checks.url_trouble(url)
    assert (told is None) if why is None else (told is not None and why in told)
