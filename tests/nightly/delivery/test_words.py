"""What is told of a night: the worst first, whole, on lines of its own, and nothing else."""

from __future__ import annotations

import email
import email.policy
import html
import io
import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile
from openpyxl import Workbook

from auditor.errors import ConfigError, ExitCode
from auditor.nightly.delivery import letter, webhook, words
from auditor.nightly.delivery.interface import Pending
from auditor.nightly.outcome import FeedOutcome, Figures, Warned

if TYPE_CHECKING:
    from collections.abc import Callable


SNAPSHOTS = Path(__file__).parent / "snapshots"
DOCS = Path(__file__).parents[3] / "docs" / "delivery.md"
NOW = datetime(2026, 11, 22, 2, 6, tzinfo=UTC)
SENDER = "Auditor <auditor@clinic.example>"
TO = ("anna@clinic.example", "otto@clinic.example")


def figures(**new: int) -> Figures:
    blank = {"files": 1, "not_judged": 0.0, "reopened": 0, "standing": 0, "resolved": 0}
    counts = {f.name: 0 for f in fields(Figures) if f.name.startswith("lines_")}
    return Figures(**blank, **counts, found={}, new=new, open={}, new_at_risk={})


WARNED = Warned(kind="late", text="No file by 06:00.")
SUBJECTS = [
    ({"figures": figures(certain=12, review=40)}, "12 new certain findings"),
    ({"figures": figures(certain=1)}, "1 new certain finding"),
    ({"figures": figures(review=1_040)}, "1,040 new findings for review"),
    ({"figures": figures(info=3)}, "no new findings"),
    ({"figures": figures(), "warnings": (WARNED, WARNED)}, "no new findings, 2 warnings"),
    ({"figures": replace(figures(), releases_too_old=("old",))}, "no new findings, 1 warning"),
    (
        {"figures": figures(certain=2), "exit_code": ExitCode.INCOMPLETE, "warnings": (WARNED,)},
        "INCOMPLETE, 2 new certain findings, 1 warning",
    ),
    ({}, "no file came"),
    ({"warnings": (WARNED,), "exit_code": ExitCode.INCOMPLETE}, "no file came, 1 warning"),
    ({"again": 1}, "no new file came"),
    ({"again": 1, "waiting": 1}, "no complete file came"),
    ({"exit_code": ExitCode.UNREADABLE, "error": "The file is no claim file."}, "FAILED"),
    ({"exit_code": ExitCode.INTERNAL}, "FAILED"),
    ({"exit_code": ExitCode.DONE, "error": "The archive is full."}, "FAILED"),
    (
        {"exit_code": ExitCode.INTERNAL, "figures": figures(certain=2), "warnings": (WARNED,)},
        "FAILED, 2 new certain findings",
    ),
]


@pytest.mark.parametrize(("values", "said"), SUBJECTS)
def test_the_subject_says_the_worst_first(
    values: dict[str, Any], said: str, pending_of: Callable[..., Pending]
) -> None:
    told = FeedOutcome(**{"feed": "clinic", "exit_code": ExitCode.DONE} | values)
    assert words.subject(pending_of(told)) == f"auditor clinic 2026-11-22: {said}"
    assert webhook.payload(pending_of(told))["headline"] == said


@pytest.fixture
def told(outcome: FeedOutcome, pending_of: Callable[..., Pending]) -> Pending:
    return pending_of(
        replace(outcome, folder=PurePosixPath("/srv/auditor/outbox/2026-11-22/clinic"))
    )


@pytest.mark.parametrize("form", ["txt", "html", "json"])
def test_what_is_sent_is_this_and_stands_in_the_docs(
    form: str, told: Pending, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "__version__", "0.1.0")
    text = {
        "txt": lambda: letter.plain(told, "1 workbook attached. It opens with its password."),
        "html": lambda: letter.as_html(told),
        "json": lambda: json.dumps(webhook.payload(told), indent=2) + "\n",
    }[form]()
    golden(SNAPSHOTS / f"ordinary.{form}", text)
    if form != "html":
        assert text.strip() in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nothing", {"warnings": (WARNED,), "waiting": 2}),
        ("quiet", {"figures": figures(), "exit_code": ExitCode.DONE, "files": 1}),
        ("failed", {"exit_code": ExitCode.UNREADABLE, "error": "The layout does not fit."}),
    ],
)
def test_a_night_without_a_run_or_a_new_finding_is_told_whole(
    name: str,
    values: dict[str, Any],
    golden: Callable[[Path, str], None],
    pending_of: Callable[..., Pending],
) -> None:
    night = FeedOutcome(**{"feed": "lab", "exit_code": ExitCode.INCOMPLETE} | values)
    item = pending_of(night, attempts=3)
    golden(SNAPSHOTS / f"{name}.txt", letter.plain(item))
    assert all(section.rows for section in words.sections(item))
    assert letter.as_html(item).count("<h3>") == len(words.sections(item))


def test_every_figure_is_told_to_programs_and_the_text_has_every_number_of_the_html(
    told: Pending,
) -> None:
    flat = json.dumps(webhook.payload(told))
    assert told.outcome.figures is not None
    for each in fields(Figures):
        value = getattr(told.outcome.figures, each.name)
        assert json.dumps(value)[1:-1] in flat, each.name
    page, text = letter.as_html(told), letter.plain(told)
    for section in words.sections(told):
        for row in section.rows:
            assert all(f">{html.escape(cell)}<" in page for cell in row)
            assert row[0] in text


# What comes from a configuration or from an error's text, at its worst.
HOSTILE = (
    "clinic\r\nBcc: all@evil.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example> =?utf-8?q?=0D=0AX:_y?="
    "\x00\x1b[2J\u2028\u202e\udce9<script>alert(1)</script>"
)


def hostile(text: str) -> FeedOutcome:
    return FeedOutcome(
        feed=text,
        exit_code=ExitCode.INTERNAL,
        run_id=text,
        figures=replace(figures(certain=1), by_rule={text: 1}, releases_too_old=(text,)),
        folder=Path("/srv") / text.replace("\x00", ""),
        warnings=(Warned(kind="files", text=text),),
        error=text,
    )


def parsed(item: Pending, **values: Any) -> email.message.EmailMessage:  # noqa: ANN401 - of letter
    plain: dict[str, Any] = {"now": NOW, "attached": letter.Attached()}
    data = letter.letter(item, SENDER, TO, **plain | values).as_bytes()
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    return email.message_from_bytes(data, policy=email.policy.default)


HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip


@pytest.mark.parametrize(
    "text", [HOSTILE, "=?utf-8?q?a=0D=0ABcc:_x@evil.example?=", "ä" * 400, "x" * 2000]
)
def test_no_text_becomes_a_header_or_markup(text: str, pending_of: Callable[..., Pending]) -> None:
    message = parsed(pending_of(hostile(text), feed=text))
    assert sorted(message.keys()) == sorted(HEADERS)
    assert len(message["Subject"]) <= 150
    assert str(message["To"]) == ", ".join(TO)
    assert message["Subject"].endswith("FAILED, 1 new certain finding")
    page = message.get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()
    body = message.get_body(("plain",))
    assert body is not None
    assert not [line for line in body.get_content().splitlines() if line.startswith(("Bcc", "."))]
    json.loads(json.dumps(webhook.payload(pending_of(hostile(text)))).encode())


@given(text=st.text(max_size=200))
def test_any_text_stays_in_its_place(text: str) -> None:
    item = Pending(
        night_id=1, feed=text, kind="mail", as_of="2026-11-22", started_at="", ended_at="",
        outcome=hostile(text.replace("/", "")),
    )  # fmt: skip
    assert sorted(parsed(item).keys()) == sorted(HEADERS)
    assert len(words.subject(item).splitlines()) == 1


def test_the_message_says_who_when_and_that_a_program_wrote_it(told: Pending) -> None:
    message = parsed(told)
    assert {name: str(message[name]) for name in HEADERS[:6]} == {
        "From": SENDER,
        "To": ", ".join(TO),
        "Subject": "auditor clinic 2026-11-22: INCOMPLETE, 12 new certain findings, 3 warnings",
        "Date": "Sun, 22 Nov 2026 02:06:00 +0000",
        "Message-ID": f"<{told.key}@clinic.example>",
        "Auto-Submitted": "auto-generated",
    }


def test_the_id_is_the_same_at_every_attempt_and_another_for_everything_else(
    told: Pending, pending_of: Callable[..., Pending]
) -> None:
    others = [
        pending_of(told.outcome, **change)
        for change in (
            {"night_id": 2},
            {"feed": "lab"},
            {"kind": "webhook"},
            {"ended_at": "2026-11-23T02:05:00+00:00"},
        )
    ]
    others.append(pending_of(replace(told.outcome, run_id="another")))
    assert len({each.key for each in others} | {told.key}) == 6
    again = pending_of(told.outcome, attempts=4, reached=frozenset({"ab"}))
    assert again.key == told.key
    later = parsed(again, now=datetime(2026, 11, 25, tzinfo=UTC))
    assert later["Message-ID"] == parsed(told)["Message-ID"]


def test_a_long_domain_leaves_the_message_id_in_one_piece(told: Pending) -> None:
    sender = f"a@{'.'.join(['long-name-of-a-department'] * 5)}.example"
    message = letter.letter(told, sender, TO, now=NOW, attached=letter.Attached())
    assert f"Message-ID: <{told.key}@{sender[2:]}>".encode() in message.as_bytes().replace(
        b"\r\n ", b" "
    ).replace(b":  ", b": ")


def test_a_sender_that_is_none_is_told_in_words(told: Pending) -> None:
    with pytest.raises(ConfigError, match="sender"):
        letter.letter(told, "a@b.example\r\nBcc: c@d", TO, now=NOW, attached=letter.Attached())


# --- the workbook


def book() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def locked() -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(book())).encrypt("a long password", out)
    return out.getvalue()


def test_an_encrypted_workbook_goes_along_under_a_name_of_ours(
    tmp_path: Path, locked: bytes, told: Pending
) -> None:
    (tmp_path / "SMITH JOHN.xlsx").write_bytes(locked)
    (tmp_path / "~$SMITH JOHN.xlsx").write_bytes(b"of Excel's own")
    attached = letter.workbooks(tmp_path)
    assert attached.books == (locked,)
    message = parsed(told, attached=attached)
    (part,) = message.iter_attachments()
    assert part.get_filename() == "auditor-clinic-2026-11-22.xlsx"
    assert part.get_content() == locked
    body = message.get_body(("plain",))
    assert body is not None
    assert "1 workbook attached. It opens with its password." in body.get_content()
    assert b"SMITH" not in message.as_bytes()


def test_several_workbooks_are_numbered(tmp_path: Path, locked: bytes, told: Pending) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.xlsx").write_bytes(locked)
    message = parsed(told, attached=letter.workbooks(tmp_path))
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "auditor-clinic-2026-11-22-1.xlsx",
        "auditor-clinic-2026-11-22-2.xlsx",
    ]


OLD_XLS = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1600)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.xlsx": "plain"}, "not encrypted"),
        ({"a.xlsx": "locked", "b.xlsx": "plain"}, "not encrypted"),
        ({"a.xlsx": OLD_XLS}, "not encrypted"),
        ({"a.xlsx": b""}, "not encrypted"),
        ({"a.xlsx": bytes(letter.MOST_ATTACHED + 1)}, "too large"),
        ({}, "there is none"),
    ],
)
def test_anything_else_stays_where_it_is(
    files: dict[str, bytes | str], why: str, tmp_path: Path, locked: bytes
) -> None:
    made = {"plain": book(), "locked": locked}
    for name, data in files.items():
        (tmp_path / name).write_bytes(made[data] if isinstance(data, str) else data)
    attached = letter.workbooks(tmp_path)
    assert attached.books == ()
    assert why in attached.note


def test_a_folder_that_is_gone_and_one_that_never_was(tmp_path: Path) -> None:
    assert "there is none" in letter.workbooks(tmp_path / "gone").note
    assert letter.workbooks(None) == letter.Attached()
