"""Mail through a real server of our own: what arrives, under TLS only, and what each trouble is."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import ConfigError
from auditor.nightly.delivery import letter, mail
from auditor.nightly.delivery.interface import Attempt, Pending, mark
from auditor.nightly.settings import Mail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.nightly.delivery.deadline import Patience
    from auditor.nightly.outcome import FeedOutcome

ANNA, OTTO, UWE = (f"{name}@clinic.example" for name in ("anna", "otto", "uwe"))
NOW = datetime(2026, 11, 22, 2, 6, tzinfo=UTC)
BOOK = letter.Attached((b"\xd0\xcf" * 40_000,), "1 workbook attached.")


@pytest.fixture
def told(outcome: FeedOutcome, pending_of: Callable[..., Pending]) -> Pending:
    return pending_of(outcome)


@pytest.fixture
def sent(keys: Any, told: Pending, quick: Patience) -> Callable[..., Attempt]:  # noqa: ANN401 - Keys of the conftest
    """Sends the night's mail to a server once."""

    def send(
        server: Any,  # noqa: ANN401 - Smtp of the conftest, or a port
        *people: str,
        reached: frozenset[str] = frozenset(),
        attached: letter.Attached | None = None,
        **settings: Any,  # noqa: ANN401 - fields of Mail
    ) -> Attempt:
        plain = {"host": "localhost", "sender": "auditor@clinic.example", "ca_file": keys.ca}
        port = server if isinstance(server, int) else server.port
        way = mail.route(Mail(**plain | {"port": port} | settings), quick)
        to = people or (ANNA, OTTO)
        whole, lean = (
            letter.letter(told, way.mail.sender, to, now=NOW, attached=each)
            for each in (attached or letter.Attached(), letter.WITHOUT)
        )
        return mail.send(way, whole, lean, to, reached)

    return send


def verbs(server: Any) -> list[str]:  # noqa: ANN401 - Smtp of the conftest
    return [command.split()[0].upper() for command, _ in server.said]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_message_arrives_under_tls_with_a_login(
    security: str,
    smtp: Callable[..., Any],
    sent: Callable[..., Attempt],
    told: Pending,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(mail.PASSWORD.variable, "s3cret")
    server = smtp(implicit=security == "tls", login=("auditor", "s3cret"))
    assert sent(server, user="auditor", security=security) == Attempt(
        delivered=True,
        detail="The mail server took it for 2 of 2 recipients.",
        reached=frozenset({mark(ANNA), mark(OTTO)}),
    )
    ((to, data),) = server.messages
    assert to == [ANNA, OTTO]
    assert f"Message-ID: <{told.key}@clinic.example>\r\n".encode() in data
    assert b"$1,234.50 (allowed)" in data
    beside = {"EHLO", "STARTTLS"}
    assert {v for v, (_, tls) in zip(verbs(server), server.said, strict=True) if not tls} <= beside


def test_the_password_file_is_read_and_the_variable_goes_before_it(
    smtp: Callable[..., Any],
    sent: Callable[..., Attempt],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "smtp"
    file.write_text("from the file\n", encoding="utf-8")
    server = smtp(login=("auditor", "from the file"))
    assert sent(server, user="auditor", password_file=file).delivered
    monkeypatch.setenv(mail.PASSWORD.variable, "another")
    assert not sent(server, user="auditor", password_file=file).delivered


def test_a_server_without_starttls_gets_no_password_and_no_message(
    smtp: Callable[..., Any], sent: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mail.PASSWORD.variable, "s3cret")
    server = smtp(starttls=False, login=("auditor", "s3cret"))
    got = sent(server, user="auditor")
    assert (got.delivered, got.again) == (False, False)
    assert "offers no STARTTLS" in got.detail
    assert set(verbs(server)) == {"EHLO"}
    assert server.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("certificate", "settings", "why"),
    [("other", {}, "Hostname mismatch"), ("server", {"ca_file": None}, "unable to get local")],
)
def test_a_certificate_that_is_not_to_be_trusted_stops_everything(  # noqa: PLR0913, PLR0917 - cases and fixtures
    certificate: str,
    settings: dict[str, Any],
    why: str,
    security: str,
    smtp: Callable[..., Any],
    sent: Callable[..., Attempt],
    keys: Any,  # noqa: ANN401 - Keys of the conftest
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(mail.PASSWORD.variable, "s3cret")
    server = smtp(certificate=getattr(keys, certificate), implicit=security == "tls")
    got = sent(server, user="auditor", security=security, **settings)
    assert (got.delivered, got.again) == (False, False)
    assert "is not to be trusted" in got.detail
    assert why in got.detail
    assert not {"AUTH", "MAIL"} & set(verbs(server))


def test_a_wrong_password_is_told_without_it(
    smtp: Callable[..., Any], sent: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mail.PASSWORD.variable, "wrong-word")
    # the server quotes user and password in what it answers
    got = sent(smtp(login=("auditor", "s3cret")), user="auditor")
    assert got == Attempt(
        delivered=False, detail="The mail server refused the user or the password (535 5.7.8)."
    )


def test_one_refused_recipient_does_not_keep_it_from_the_others(
    smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(rcpt={OTTO: [f"550 5.1.1 no {OTTO} here"]})
    got = sent(server, ANNA, OTTO, UWE)
    assert got == Attempt(
        delivered=True,
        detail="The mail server took it for 2 of 3 recipients; it refused 1 for good (550 5.1.1).",
        reached=frozenset({mark(ANNA), mark(UWE)}),
        refused=1,
    )
    assert [to for to, _ in server.messages] == [[ANNA, UWE]]


def test_who_is_put_off_is_tried_again_alone(
    smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(rcpt={OTTO: ["451 4.7.1 come again"]})
    first = sent(server)
    assert (first.delivered, first.again) == (False, True)
    assert first.detail == (
        "The mail server took it for 1 of 2 recipients; it put off 1 (451 4.7.1)."
    )
    second = sent(server, reached=first.reached)
    assert second.delivered
    assert second.reached == {mark(ANNA), mark(OTTO)}
    assert [to for to, _ in server.messages] == [[ANNA], [OTTO]]
    one, two = (data for _, data in server.messages)
    assert b"To: anna@clinic.example, otto@clinic.example\r\n" in one
    assert [line for line in one.splitlines() if line.startswith(b"Message-ID")] == [
        line for line in two.splitlines() if line.startswith(b"Message-ID")
    ]


def test_nobody_is_left_and_no_server_is_called(sent: Callable[..., Attempt]) -> None:
    assert sent(1, ANNA, reached=frozenset({mark(ANNA.upper())})).delivered


@pytest.mark.parametrize(
    ("replies", "again"),
    [(["550 5.1.1 no"], False), (["421 4.3.2 closing"], True), (["452 4.2.2 full"], True)],
)
def test_when_all_are_refused_nothing_is_delivered(
    replies: list[str], again: object, smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(rcpt={ANNA: list(replies), OTTO: list(replies)})
    got = sent(server)
    assert (got.delivered, got.again, got.reached) == (False, again, frozenset())
    assert server.messages == []


@pytest.mark.parametrize(
    ("reply", "again"), [("451 4.3.0 later", True), ("554 5.7.1 looks like spam", False)]
)
def test_a_refused_message_reaches_nobody(
    reply: str, again: object, smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(data=[reply])
    got = sent(server)
    assert (got.delivered, got.again, got.reached) == (False, again, frozenset())
    assert got.detail == f"The mail server refused the message ({reply[:9]})."
    assert sent(server).delivered


def test_addresses_that_are_none_are_left_out(
    smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp()
    got = sent(server, ANNA, "otto", f"x@y.example>\r\nRCPT TO:<{UWE}")
    assert got.delivered
    assert got.refused == 2
    assert [to for to, _ in server.messages] == [[ANNA]]
    assert not sent(server, "otto").delivered


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ({"hang": "greeting"}, "did not answer in time"),
        ({"hang": "STARTTLS"}, "did not answer in time"),
        ({"hang": "DATA"}, "did not answer in time"),
        ({"cut": "EHLO"}, "cut the connection"),
        ({"cut": "STARTTLS"}, "cut the connection"),
        ({"cut": "DATA"}, "cut the connection"),
    ],
)
def test_silence_and_a_cut_line_are_told_and_tried_again(
    trouble: dict[str, str], why: str, smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(**trouble)
    got = sent(server)
    assert (got.delivered, got.again, got.silent) == (False, True, True)
    assert why in got.detail
    assert server.messages == []


def test_a_server_that_drips_does_not_hold_the_night(
    smtp: Callable[..., Any], sent: Callable[..., Attempt], quick: Patience
) -> None:
    began = time.monotonic()
    got = sent(smtp(hang="drip"))
    assert "did not answer in time" in got.detail
    assert time.monotonic() - began < quick.whole + 1


def test_nothing_listens(sent: Callable[..., Attempt]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    got = sent(port)
    assert (got.delivered, got.again, got.silent) == (False, True, True)
    assert "nothing listens" in got.detail


@pytest.mark.parametrize("trouble", [{"hang": "QUIT"}, {"cut": "QUIT"}])
def test_what_comes_after_the_receipt_changes_nothing(
    trouble: dict[str, str], smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(**trouble)
    assert sent(server).delivered
    assert len(server.messages) == 1


def test_a_receipt_that_is_lost_means_the_same_message_again(
    smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(cut="RECEIPT")
    assert not sent(server).delivered
    server.cut = ""
    assert sent(server).delivered
    ids = [
        line
        for _, data in server.messages
        for line in data.splitlines()
        if line.startswith(b"Message-ID")
    ]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.parametrize("options", [{"size": 50_000}, {"data": ["552 5.3.4 too large"]}])
def test_a_server_that_takes_no_workbook_gets_the_mail_without(
    options: dict[str, Any], smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(**options)
    assert sent(server, attached=BOOK).delivered
    ((_, data),) = server.messages
    assert len(data) < 50_000
    assert b"The workbook is not sent along: it is too large for a mail." in data.replace(
        b"\r\n", b" "
    ).replace(b"     ", b" ")


def test_a_server_without_such_a_limit_gets_the_workbook(
    smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    server = smtp(size=0)
    assert sent(server, attached=BOOK).delivered
    ((_, data),) = server.messages
    assert len(data) > len(BOOK.books[0])


def test_a_message_too_large_without_a_workbook_is_refused(
    smtp: Callable[..., Any], sent: Callable[..., Attempt]
) -> None:
    got = sent(smtp(size=100))
    assert (got.delivered, got.again) == (False, False)
    assert "(552 5.3.4)" in got.detail


WRONG = [
    ({"user": "auditor"}, "needs a password"),
    ({"user": "auditor", "password_file": "gone"}, "cannot be read"),
    ({"user": "auditor", "password_file": "umlaut"}, "outside of ASCII"),
    ({"ca_file": "gone"}, "trusted certificates cannot be read"),
    ({"ca_file": "umlaut"}, "no certificate in PEM form"),
    ({"sender": "auditor"}, "neither an address nor"),
]


@pytest.mark.parametrize(("settings", "why"), WRONG)
def test_what_is_wrong_in_the_settings_is_told_before_a_server_is_called(
    settings: dict[str, Any], why: str, tmp_path: Path, quick: Patience
) -> None:
    (tmp_path / "umlaut").write_text("pässword", encoding="utf-8")
    plain: dict[str, Any] = {"host": "localhost", "sender": "a@b.example", "port": 1}
    files = {k: tmp_path / v for k, v in settings.items() if k.endswith("_file")}
    with pytest.raises(ConfigError, match=why) as raised:
        mail.route(replace(Mail(**plain), **settings | files), quick)
    assert "pässword" not in str(raised.value)
