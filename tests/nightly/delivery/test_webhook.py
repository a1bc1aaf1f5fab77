"""The webhook against a real web server: what it gets, and what each answer means."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from auditor import __version__
from auditor.errors import ConfigError
from auditor.nightly.delivery import webhook
from auditor.nightly.delivery.interface import Attempt, Pending
from auditor.nightly.settings import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.nightly.delivery.deadline import Patience
    from auditor.nightly.outcome import FeedOutcome


@pytest.fixture
def told(outcome: FeedOutcome, pending_of: Callable[..., Pending]) -> Pending:
    return pending_of(outcome, kind="webhook")


@pytest.fixture
def posted(keys: Any, told: Pending, quick: Patience) -> Callable[..., Attempt]:  # noqa: ANN401 - Keys of the conftest
    """Posts the night once."""

    def post(url: str, **settings: Any) -> Attempt:  # noqa: ANN401 - fields of Webhook
        hook = Webhook(**{"url": url, "ca_file": keys.ca} | settings)
        return webhook.send(webhook.route(hook, quick), told)

    return post


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_any_2xx_is_success(
    code: int, web: Callable[..., Any], posted: Callable[..., Attempt], told: Pending
) -> None:
    server = web(code)
    assert posted(server.url) == Attempt(
        delivered=True, detail=f"The server of the webhook took it ({code})."
    )
    ((method, path, headers, body),) = server.asked
    assert (method, path) == ("POST", "/hook")
    assert body == webhook.payload(told)
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == f'"{told.key}"'
    assert headers["User-Agent"] == f"claim-auditor/{__version__}"
    assert "Authorization" not in headers


def test_the_token_comes_from_its_file_or_before_that_the_environment(
    web: Callable[..., Any],
    posted: Callable[..., Attempt],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "token"
    file.write_text("of.the-file==\n", encoding="utf-8")
    server = web()
    posted(server.url, token_file=file)
    monkeypatch.setenv(webhook.TOKEN.variable, "of-the-environment")
    posted(server.url, token_file=file)
    assert [headers["Authorization"] for _, _, headers, _ in server.asked] == [
        "Bearer of.the-file==",
        "Bearer of-the-environment",
    ]


@pytest.mark.parametrize(
    ("code", "again", "why"),
    [
        (400, False, "refused it (400)"),
        (401, False, "refused the token (401)"),
        (403, False, "refused the token (403)"),
        (404, False, "refused it (404)"),
        (408, True, "refused it (408)"),
        (429, True, "refused it (429)"),
        (500, True, "refused it (500)"),
        (503, True, "refused it (503)"),
    ],
)
def test_refusals(  # noqa: PLR0913, PLR0917 - cases and fixtures
    code: int,
    again: object,
    why: str,
    web: Callable[..., Any],
    posted: Callable[..., Attempt],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(webhook.TOKEN.variable, "s3cret")
    got = posted(web(code).url)
    assert (got.delivered, got.again, got.silent) == (False, again, False)
    assert why in got.detail


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    code: int,
    web: Callable[..., Any],
    posted: Callable[..., Attempt],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(webhook.TOKEN.variable, "s3cret")
    elsewhere = web()
    got = posted(web((code, {"Location": elsewhere.url})).url)
    assert (got.delivered, got.again) == (False, False)
    assert f"({code})" in got.detail
    assert elsewhere.url not in got.detail
    assert elsewhere.asked == []


def test_silence_and_nonsense_are_told_and_tried_again(
    web: Callable[..., Any], posted: Callable[..., Attempt]
) -> None:
    quiet, other = posted(web(0).url), posted(web(-1).url)
    for got, why in ((quiet, "did not answer in time"), (other, "gave no answer that is one")):
        assert (got.delivered, got.again, got.silent) == (False, True, True)
        assert why in got.detail


def test_nothing_listens(posted: Callable[..., Attempt]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    got = posted(f"https://localhost:{port}/a-secret-path")
    assert "nothing listens" in got.detail
    assert "secret" not in got.detail


@pytest.mark.parametrize("case", ["another host's", "an unknown authority's"])
def test_a_certificate_that_is_not_to_be_trusted_gets_nothing(
    case: str,
    web: Callable[..., Any],
    posted: Callable[..., Attempt],
    keys: Any,  # noqa: ANN401 - Keys of the conftest
) -> None:
    server = web(certificate=keys.other if case == "another host's" else keys.server)
    got = posted(server.url, **({} if case == "another host's" else {"ca_file": None}))
    assert (got.delivered, got.again) == (False, False)
    assert "is not to be trusted" in got.detail
    assert server.asked == []


def test_plain_http_serves_on_this_machine_and_no_proxy_sees_it(
    web: Callable[..., Any], posted: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = web(tls=False), web(tls=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert posted(server.url).delivered
    assert (len(server.asked), len(proxy.asked)) == (1, 0)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"url": "http://hooks.example/x"}, "not encrypted"),
        ({"url": "file:///etc/passwd"}, "does not begin with https"),
        ({"token_file": "two"}, "no Bearer token"),
        ({"token_file": "gone"}, "cannot be read"),
        ({"ca_file": "gone"}, "trusted certificates cannot be read"),
    ],
)
def test_what_is_wrong_in_the_settings_is_told_before_a_server_is_called(
    settings: dict[str, Any], why: str, tmp_path: Path, quick: Patience
) -> None:
    (tmp_path / "two").write_text("s3cret X-Other: y\n", encoding="utf-8")
    files = {k: tmp_path / v for k, v in settings.items() if k.endswith("_file")}
    with pytest.raises(ConfigError, match=why) as raised:
        webhook.route(Webhook(**{"url": "https://localhost/"} | settings | files), quick)
    assert "s3cret" not in str(raised.value)


def test_old_tls_is_not_spoken(quick: Patience) -> None:
    way = webhook.route(Webhook(url="https://localhost/"), quick)
    (handler,) = (h for h in way.opener.handlers if hasattr(h, "https_open"))
    assert handler._context.minimum_version >= ssl.TLSVersion.TLSv1_2  # noqa: SLF001 - nothing public tells
    assert handler._context.check_hostname  # noqa: SLF001 - as above
