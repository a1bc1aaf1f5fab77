"""Servers of our own in this process, certificates made for them, and nights made by hand."""

from __future__ import annotations

import base64
import ipaddress
import json
import socket
import ssl
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auditor.errors import ExitCode
from auditor.ledger.runs import append_night
from auditor.ledger.store import opened, transaction
from auditor.nightly.delivery import queue
from auditor.nightly.delivery.deadline import Patience
from auditor.nightly.delivery.interface import Pending
from auditor.nightly.outcome import FeedOutcome, Figures, NightOutcome, Warned
from auditor.nightly.settings import Feed, Nightly

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK = Patience(answer=0.5, whole=2.0)
STARTED = "2026-11-22T02:00:00+00:00"
ENDED = "2026-11-22T02:05:00+00:00"
TOO_OLD = (
    "PTP 2026Q3 speaks for services to 2026-09-30; 812 audited lines are later, the last of"
    " 2026-11-20, and the table that judged them may be out of date. Fetch from the CMS web site,"
    " and load with `auditor reference import`: the practitioner PTP edits (2026Q4)."
)
FIGURES = Figures(
    files=2,
    lines_read=10_000,
    lines_audited=9_000,
    lines_seen_before=900,
    lines_set_aside=60,
    lines_rejected=40,
    lines_judged_again=75,
    lines_superseded=12,
    not_judged=0.0125,
    found={"certain": 14, "review": 50, "info": 9},
    new={"certain": 12, "review": 43, "info": 3},
    reopened=2,
    standing=16,
    resolved=7,
    open={"certain": 101, "review": 1_380, "info": 21},
    new_at_risk={
        "certain": {"charge": "88.00", "allowed": "1234.50"},
        "review": {"paid": "20310.07"},
        "info": {"none": "0.00"},
    },
    by_rule={"PTP-1": 9, "MUE-2": 3, "EM-4": 30, "GLB-24": 5, "AOC-1": 5, "QW-1": 4, "TEL-1": 2},
    releases={"ptp-practitioner": "2026Q3"},
    releases_too_old=(TOO_OLD,),
)
OUTCOME = FeedOutcome(
    feed="clinic",
    exit_code=ExitCode.INCOMPLETE,
    run_id="20261122-clinic-1",
    figures=FIGURES,
    files=2,
    again=1,
    warnings=(
        Warned(kind="short", text="10,000 lines; the last ten runs had 21,300 in the middle."),
        Warned(kind="rejected", text="40 of 10,000 lines were rejected.", fails=True),
    ),
    seconds=61.25,
)


def pending_of(outcome: FeedOutcome, **values: Any) -> Pending:  # noqa: ANN401 - of any field
    plain = {"night_id": 1, "kind": "mail", "as_of": "2026-11-22"}
    return Pending(
        **plain | {"started_at": STARTED, "ended_at": ENDED, "feed": outcome.feed} | values,
        outcome=outcome,
    )


@pytest.fixture(name="pending_of")
def _pending_of() -> Callable[..., Pending]:
    """An item of the queue, of the outcome given and else of an ordinary night."""
    return pending_of


@pytest.fixture
def outcome(tmp_path: Path) -> FeedOutcome:
    """An ordinary night with something of everything."""
    return replace(OUTCOME, folder=tmp_path / "outbox")


@dataclass(frozen=True)
class Keys:
    """Files in PEM form."""

    ca: Path
    server: Path
    """Certificate and key of localhost."""
    other: Path
    """Certificate and key of another host, by the same authority."""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """An authority, and servers that it vouches for."""
    folder = tmp_path_factory.mktemp("keys")
    authority = ec.generate_private_key(ec.SECP256R1())
    ca = _signed("authority of the tests", authority, authority, None)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for file, host in (("server", "localhost"), ("other", "elsewhere.example")):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _signed(host, key, authority, ca)
        (folder / f"{file}.pem").write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return Keys(*(folder / f"{file}.pem" for file in ("ca", "server", "other")))


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate | None,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if ca is None else ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if ca is None:
        signs = dict.fromkeys(
            (
                "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                "key_agreement", "encipher_only", "decipher_only",
            ),
            False,
        )  # fmt: skip
        usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **signs)
        made = made.add_extension(usage, critical=True)
    else:
        names = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = made.add_extension(issuer, critical=False)
    return made.sign(by, hashes.SHA256())


@dataclass
class Smtp:
    """A mail server on a port of its own; what it is told to do stands in its fields."""

    certificate: Path
    implicit: bool = False
    """TLS from the first byte."""
    starttls: bool = True
    login: tuple[str, str] | None = None
    size: int | None = None
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    """Address -> replies, one a session; then 250."""
    data: list[str] = field(default_factory=list)
    """Replies to messages, one each; then 250."""
    hang: str = ""
    """The command at which it falls silent; 'greeting', 'drip': before the first."""
    cut: str = ""
    """The command at which it ends the connection."""
    said: list[tuple[str, bool]] = field(default_factory=list)
    """Commands that came, each with whether under TLS."""
    messages: list[tuple[list[str], bytes]] = field(default_factory=list)
    """What was taken: recipients and bytes."""
    port: int = 0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with suppress(OSError), closing(_Line(connection)) as line:
            if self.implicit:
                line.secure(self._context)
            if self.hang == "greeting":
                self._over.wait(5)
                return
            while self.hang == "drip" and not self._over.is_set():
                line.say("220-wait")
                time.sleep(0.1)
            line.say("220 ready")
            _Session(self, line, self._over, self._context).run()


class _Line:
    """A connection, read line by line."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.file = connection.makefile("rb")
        self.under_tls = False

    def secure(self, context: ssl.SSLContext) -> None:
        self.file.close()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        self.under_tls = True

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def close(self) -> None:
        self.file.close()
        self.connection.close()


@dataclass
class _Session:
    server: Smtp
    line: _Line
    over: threading.Event
    context: ssl.SSLContext

    def run(self) -> None:  # noqa: C901 - a protocol is a list of verbs
        to: list[str] = []
        known = False
        while command := self.line.file.readline().decode().strip():
            verb = command.split()[0].upper()
            self.server.said.append((command, self.line.under_tls))
            if self.server.cut == verb:
                return
            if self.server.hang == verb:
                self.over.wait(5)
                return
            if verb == "EHLO":
                self._hello()
            elif verb == "STARTTLS":
                self.line.say("220 go on")
                self.line.secure(self.context)
            elif verb == "AUTH":
                known = self._login(command)
            elif verb == "MAIL" and self.server.login and not known:
                self.line.say("530 5.7.0 who are you")
            elif verb == "RCPT":
                address = command[command.index("<") + 1 : command.index(">")]
                replies = self.server.rcpt.get(address, [])
                reply = replies.pop(0) if replies else "250 ok"
                to += [address] * reply.startswith("250")
                self.line.say(reply)
            elif verb == "DATA":
                self._message(to)
            elif verb == "QUIT":
                self.line.say("221 bye")
                return
            else:
                self.line.say("250 ok")

    def _hello(self) -> None:
        offers = ["localhost"]
        if self.server.starttls and not self.line.under_tls:
            offers.append("STARTTLS")
        # offered without TLS too, as a careless server does: nobody may take it up
        offers.append("AUTH PLAIN")
        if self.server.size is not None:
            offers.append(f"SIZE {self.server.size}")
        for offer in offers[:-1]:
            self.line.say(f"250-{offer}")
        self.line.say(f"250 {offers[-1]}")

    def _login(self, command: str) -> bool:
        _, _, word = command.split()
        _, user, password = base64.b64decode(word).decode().split("\0")
        known = (user, password) == self.server.login
        self.line.say("235 2.7.0 welcome" if known else f"535 5.7.8 no {user} with {password}")
        return known

    def _message(self, to: list[str]) -> None:
        self.line.say("354 go on")
        lines = []
        while (line := self.line.file.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        reply = self.server.data.pop(0) if self.server.data else "250 2.0.0 taken"
        if reply.startswith("250"):
            self.server.messages.append((list(to), b"".join(lines)))
        if self.server.cut != "RECEIPT":
            self.line.say(reply)


@pytest.fixture
def smtp(keys: Keys) -> Iterator[Callable[..., Smtp]]:
    """Starts mail servers; they end with the test."""
    running: list[Smtp] = []

    def start(**options: Any) -> Smtp:  # noqa: ANN401 - fields of Smtp
        running.append(Smtp(**{"certificate": keys.server} | options))
        return running[-1]

    yield start
    for server in running:
        server.close()


class Web(ThreadingHTTPServer):
    """A web server that answers as it is told to; keeps what was asked."""

    daemon_threads = False

    def __init__(self, answers: list[tuple[int, dict[str, str]]], certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.answers = answers
        """Codes with headers, one a request; then 204. Code 0: silence, code -1: no HTTP."""
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.over = threading.Event()
        self.scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.server_port}/hook"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us breaks off; that is its right."""

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()
        self.thread.join(5)


class _Answers(BaseHTTPRequestHandler):
    server: Web
    timeout = 5

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("POST", json.loads(body))

    def do_GET(self) -> None:
        self._answer("GET", None)

    def _answer(self, method: str, body: Any) -> None:  # noqa: ANN401 - JSON
        self.server.asked.append((method, self.path, dict(self.headers), body))
        code, headers = self.server.answers.pop(0) if self.server.answers else (204, {})
        if code == 0:
            self.server.over.wait(5)
        elif code < 0:
            self.wfile.write(b"what?\r\n\r\n")
        else:
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at `asked`."""


@pytest.fixture
def web(keys: Keys) -> Iterator[Callable[..., Web]]:
    """Starts web servers that answer with these codes; they end with the test."""
    running: list[Web] = []

    def start(
        *answers: int | tuple[int, dict[str, str]],
        tls: bool = True,
        certificate: Path | None = None,
    ) -> Web:
        wanted = [a if isinstance(a, tuple) else (a, {}) for a in answers]
        running.append(Web(wanted, (certificate or keys.server) if tls else None))
        return running[-1]

    yield start
    for server in running:
        server.close()


@dataclass
class Book:
    """A ledger with nights in it, and what is configured."""

    ledger: sqlite3.Connection
    nightly: Nightly
    feeds: dict[str, Feed]
    slept: list[float] = field(default_factory=list)

    def night(self, *outcomes: FeedOutcome, ended: datetime | None = None) -> int:
        """A night that ended just now, as the night itself writes it."""
        moment = (ended or datetime.now(UTC)).isoformat(timespec="seconds")
        told = NightOutcome(
            as_of=date(2026, 11, 22), started_at=moment, ended_at=moment, feeds=outcomes
        )
        with transaction(self.ledger):
            night_id = append_night(self.ledger, told)
            queue.due(self.ledger, night_id, told, self.nightly, self.feeds)
        return night_id

    def pending(self, **values: Any) -> tuple[Pending, ...]:  # noqa: ANN401 - `now`
        return queue.pending(self.ledger, self.nightly, self.feeds, **values)

    def deliver(self) -> list[tuple[str, str, bool, int, str]]:
        """One start of the program; its results as plain values."""
        self.slept.clear()
        told = queue.deliver(
            self.ledger,
            self.pending(),
            self.nightly,
            self.feeds,
            sleep=self.slept.append,
            patience=QUICK,
        )
        return [(t.feed, t.kind, t.delivered, t.attempts, t.detail) for t in told]

    def rows(self) -> list[tuple[Any, ...]]:
        return self.ledger.execute(
            "SELECT night_id, feed, kind, attempt, delivered, detail FROM deliveries"
            " ORDER BY delivery_id"
        ).fetchall()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with opened(tmp_path / "state" / "ledger.sqlite") as ledger:
        yield Book(ledger, Nightly(), {})


@pytest.fixture
def quick() -> Patience:
    return QUICK
