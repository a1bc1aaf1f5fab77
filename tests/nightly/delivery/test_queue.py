"""The queue: what is still to be told, tried tonight and later, and never twice to the same one."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import ExitCode
from auditor.nightly.delivery import queue
from auditor.nightly.delivery.interface import mark
from auditor.nightly.outcome import FeedOutcome
from auditor.nightly.settings import Feed, Mail, Webhook

if TYPE_CHECKING:
    from collections.abc import Callable

ANNA, OTTO = "anna@clinic.example", "otto@clinic.example"
TOOK = "The mail server took it for 2 of 2 recipients."


@pytest.fixture
def configured(book: Any, keys: Any) -> Callable[..., Any]:  # noqa: ANN401 - Book and Keys of the conftest
    """A ledger whose feeds `clinic` and `lab` are told by the servers given."""

    def to(server: Any = None, hook: Any = None) -> Any:  # noqa: ANN401 - of the conftest
        book.nightly = replace(
            book.nightly,
            mail=server
            and Mail(
                host="localhost", port=server.port, sender="auditor@clinic.example", ca_file=keys.ca
            ),
            webhook=hook and Webhook(url=hook.url, ca_file=keys.ca),
        )
        plain = {"files": "*.csv", "mode": "delta", "recipients": (ANNA, OTTO)}
        book.feeds = {"clinic": Feed(**plain), "lab": Feed(**plain)}
        return book

    return to


def bare(feed: str) -> FeedOutcome:
    return FeedOutcome(feed=feed, exit_code=ExitCode.DONE)


def test_a_night_is_told_once_in_every_way(
    configured: Callable[..., Any],
    smtp: Callable[..., Any],
    web: Callable[..., Any],
    outcome: FeedOutcome,
) -> None:
    server, hook = smtp(), web()
    book = configured(server, hook)
    night = book.night(outcome, bare("lab"))
    assert sorted(book.deliver()) == [
        ("clinic", "mail", True, 1, TOOK),
        ("clinic", "webhook", True, 1, "The server of the webhook took it (204)."),
        ("lab", "mail", True, 1, TOOK),
        ("lab", "webhook", True, 1, "The server of the webhook took it (204)."),
    ]
    assert book.slept == []
    assert (len(server.messages), len(hook.asked)) == (2, 2)
    assert book.pending() == ()
    assert book.deliver() == []
    assert (len(server.messages), len(hook.asked)) == (2, 2)
    assert [row[:5] for row in book.rows()[:2]] == [
        (night, "clinic", "mail", 0, 0),
        (night, "clinic", "webhook", 0, 0),
    ]


def test_what_is_told_comes_from_the_ledger_as_it_was(
    configured: Callable[..., Any], smtp: Callable[..., Any], outcome: FeedOutcome
) -> None:
    book = configured(smtp())
    book.night(outcome)
    ((item),) = book.pending()
    assert item.outcome == outcome


def test_trouble_that_passes_is_tried_again_the_same_night_after_growing_pauses(
    configured: Callable[..., Any], smtp: Callable[..., Any], web: Callable[..., Any]
) -> None:
    server, hook = smtp(data=["451 4.3.0 later"]), web(500, 503)
    book = configured(server, hook)
    book.night(bare("clinic"))
    assert book.deliver() == [
        ("clinic", "mail", True, 2, TOOK),
        ("clinic", "webhook", True, 3, "The server of the webhook took it (204)."),
    ]
    assert book.slept == [10.0, 60.0]
    assert [row[2:5] for row in book.rows()] == [
        ("mail", 0, 0), ("webhook", 0, 0), ("mail", 1, 0), ("webhook", 1, 0), ("mail", 2, 1),
        ("webhook", 2, 0), ("webhook", 3, 1),
    ]  # fmt: skip
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in hook.asked}
    assert (len(hook.asked), len(keys)) == (3, 1)


def test_what_fails_tonight_is_delivered_on_a_later_night_and_says_that_it_is_late(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    server = smtp(data=["554 5.7.1 no"])
    book = configured(server)
    first = book.night(bare("clinic"), ended=datetime.now(UTC) - timedelta(days=1))
    assert book.deliver() == [
        ("clinic", "mail", False, 1, "The mail server refused the message (554 5.7.1).")
    ]
    second = book.night(bare("clinic"))
    assert [item.night_id for item in book.pending()] == [second, first]
    assert [told[2] for told in book.deliver()] == [True, True]
    late = b"This message is late"
    assert [late in data for _, data in server.messages] == [False, True]


def test_a_server_that_is_away_is_not_asked_for_each_and_the_night_goes_on(
    configured: Callable[..., Any], smtp: Callable[..., Any], web: Callable[..., Any]
) -> None:
    server, hook = smtp(cut="EHLO"), web()
    book = configured(server, hook)
    for _ in range(3):
        book.night(bare("clinic"), bare("lab"))
    told = book.deliver()
    assert [t[2] for t in told if t[1] == "webhook"] == [True] * 6
    mails = [t for t in told if t[1] == "mail"]
    assert [t[2:4] for t in mails] == [(False, 3)] * 2 + [(False, 0)] * 4
    assert mails[-1][4] == "Not tried now: the server did not answer for others."
    server.cut = ""
    assert [t[2] for t in book.deliver()] == [True] * 6


def test_who_has_it_does_not_get_it_again_on_a_later_night(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    later = ["451 4.7.1 later"] * 3
    server = smtp(rcpt={OTTO: list(later)})
    book = configured(server)
    book.night(bare("clinic"))
    assert [t[2:4] for t in book.deliver()] == [(False, 3)]
    assert [item.reached for item in book.pending()] == [frozenset({mark(ANNA)})]
    assert [t[2] for t in book.deliver()] == [True]
    assert [to for to, _ in server.messages] == [[ANNA], [OTTO]]


def test_a_recipient_who_was_written_wrong_gets_what_is_still_open(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    server = smtp()
    book = configured(server)
    book.feeds["clinic"] = replace(book.feeds["clinic"], recipients=("anna",))
    book.night(bare("clinic"))
    assert [t[2] for t in book.deliver()] == [False]
    book.feeds["clinic"] = replace(book.feeds["clinic"], recipients=(ANNA,))
    assert [t[2] for t in book.deliver()] == [True]


def test_what_is_configured_later_does_not_tell_the_nights_before(
    configured: Callable[..., Any], smtp: Callable[..., Any], web: Callable[..., Any]
) -> None:
    book = configured(smtp())
    book.night(bare("clinic"))
    configured(smtp(), web())
    assert [item.kind for item in book.pending()] == ["mail"]


def test_what_is_not_configured_any_more_is_not_told(
    configured: Callable[..., Any], smtp: Callable[..., Any], web: Callable[..., Any]
) -> None:
    book = configured(smtp(), web())
    book.night(bare("clinic"), bare("lab"))
    del book.feeds["lab"]
    book.feeds["clinic"] = replace(book.feeds["clinic"], recipients=())
    assert [(i.feed, i.kind) for i in book.pending()] == [("clinic", "webhook")]


def test_a_week_later_nothing_is_told(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    book = configured(smtp())
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    book.night(bare("clinic"), ended=now - timedelta(days=7, seconds=1))
    kept = book.night(bare("clinic"), ended=now - timedelta(days=7))
    assert [item.night_id for item in book.pending(now=now)] == [kept]


def test_it_ends_at_the_most_attempts_and_says_so(
    configured: Callable[..., Any], web: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_ATTEMPTS", 2)
    book = configured(None, web(500, 500, 500))
    book.night(bare("clinic"))
    assert book.deliver() == [
        (
            "clinic",
            "webhook",
            False,
            2,
            "The server of the webhook refused it (500). It is not tried again.",
        )
    ]
    assert book.pending() == ()


def test_two_runs_of_a_feed_in_one_night_are_both_told(
    configured: Callable[..., Any], smtp: Callable[..., Any], outcome: FeedOutcome
) -> None:
    server = smtp()
    book = configured(server)
    book.night(bare("clinic"), outcome, replace(outcome, run_id="of the killed night"))
    assert [t[2] for t in book.deliver()] == [True] * 3
    ids = [line for _, d in server.messages for line in d.splitlines() if b"Message-ID" in line]
    assert len(set(ids)) == 3
    assert book.pending() == ()


def test_the_due_of_a_night_is_written_once(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    book = configured(smtp())
    night = book.night(bare("clinic"))
    told = queue.night_of(book.ledger.execute("SELECT outcome FROM nights").fetchone()[0])
    assert queue.due(book.ledger, night, told, book.nightly, book.feeds) == 1
    assert len(book.rows()) == 1


def test_a_night_that_cannot_be_read_is_told_as_failed(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    server = smtp()
    book = configured(server)
    book.night(bare("clinic"))
    book.ledger.execute("DROP TRIGGER nights_no_update")
    book.ledger.execute("UPDATE nights SET outcome = '{}', exit_code = 99")
    assert [t[2] for t in book.deliver()] == [True]
    ((_, data),) = server.messages
    assert b"Subject: auditor clinic 2026-11-22: FAILED" in data


SETTINGS = [
    ({"user": "auditor"}, "The user of the mail needs a password."),
    ({"sender": "nobody"}, "The sender of the mail is neither"),
    ({"host": "no such host.invalid"}, "The name of the mail server is not known here."),
    ({"host": "x" * 300}, "Internal error: UnicodeError in auditor.nightly.delivery.mail:"),
]


@pytest.mark.parametrize(("settings", "why"), SETTINGS)
def test_no_setting_raises_and_each_is_told(
    settings: dict[str, Any], why: str, configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    book = configured(smtp())
    book.nightly = replace(book.nightly, mail=replace(book.nightly.mail, **settings))
    book.night(bare("clinic"))
    ((_, _, delivered, _, detail),) = book.deliver()
    assert (delivered, detail.startswith(why)) == (False, True), detail


def test_a_ledger_that_cannot_be_written_is_not_passed_over(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    book = configured(smtp())
    book.night(bare("clinic"))
    book.ledger.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError):
        book.deliver()


def test_warnings_are_told_for_what_needs_a_person(
    configured: Callable[..., Any], smtp: Callable[..., Any]
) -> None:
    book = configured(smtp(rcpt={OTTO: ["550 5.1.1 no"]}, data=["250 ok", "554 5.7.1 no"]))
    book.night(bare("clinic"), bare("lab"))
    told = queue.deliver(book.ledger, book.pending(), book.nightly, book.feeds)
    one, two = (t.warning for t in told)
    assert one is not None
    assert two is not None
    assert {(w.kind, w.fails) for w in (one, two)} == {("delivery", False)}
    assert one.text == (
        "The mail of clinic, 2026-11-22: The mail server took it for 1 of 2 recipients; it"
        " refused 1 for good (550 5.1.1)."
    )
    assert two.text == (
        "The mail of lab, 2026-11-22 was not delivered: The mail server refused the message"
        " (554 5.7.1)."
    )


def test_no_address_and_no_secret_stands_in_the_ledger(
    configured: Callable[..., Any],
    smtp: Callable[..., Any],
    web: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("AUDITOR_SMTP_PASSWORD", "AUDITOR_WEBHOOK_TOKEN"):
        monkeypatch.setenv(variable, "s3cret")
    # the servers quote what they are told
    server = smtp(login=("somebody", "else"), rcpt={OTTO: [f"550 5.1.1 no {OTTO}"]})
    book = configured(server, web(401))
    book.nightly = replace(book.nightly, mail=replace(book.nightly.mail, user="auditor"))
    book.night(bare("clinic"))
    book.deliver()
    server.login = ("auditor", "s3cret")
    book.deliver()
    stored = "\n".join(map(str, book.ledger.execute("SELECT * FROM deliveries").fetchall()))
    for word in ("s3cret", "@", "anna", "otto", "localhost", "hook/", "somebody"):
        assert word not in stored
    assert "(535 5.7.8)" in stored
    assert "refused 1 for good (550 5.1.1)" in stored


def test_a_rehearsal_says_what_would_be_sent_to_how_many_and_sends_nothing(
    configured: Callable[..., Any], smtp: Callable[..., Any], web: Callable[..., Any]
) -> None:
    server, hook = smtp(), web()
    book = configured(server, hook)
    night = queue.night_of(
        '{"as_of": "2026-11-22", "started_at": "a", "ended_at": "b",'
        ' "feeds": [{"feed": "clinic", "exit_code": 0}]}'
    )
    waiting = queue.tonight(night, book.nightly, book.feeds)
    told = queue.rehearse(waiting, book.nightly, book.feeds)
    assert [(t.kind, t.delivered, t.attempts, t.detail) for t in told] == [
        ("mail", False, 0, "Would be sent to 2 recipients."),
        ("webhook", False, 0, "Would be sent to 1 address."),
    ]
    assert (server.said, hook.asked, book.rows()) == ([], [], [])
    book.nightly = replace(book.nightly, mail=replace(book.nightly.mail, user="auditor"))
    first, _ = queue.rehearse(waiting, book.nightly, book.feeds)
    assert first.detail.startswith("The user of the mail needs a password.")
