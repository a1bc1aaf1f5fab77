"""The webhook: one POST of JSON a feed and night, over HTTPS, to the address named and no other.

docs/delivery.md tells every field. A change that a reader of the fields must know of raises
SCHEMA_VERSION; a field that is added does not.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auditor import __version__
from auditor.errors import ConfigError
from auditor.nightly.delivery import tls, words
from auditor.nightly.delivery.checks import is_loopback, url_trouble
from auditor.nightly.delivery.deadline import Patience, within
from auditor.nightly.delivery.interface import Attempt
from auditor.secret import Secret, known

if TYPE_CHECKING:
    from auditor.nightly.delivery.interface import Pending
    from auditor.nightly.outcome import Figures
    from auditor.nightly.settings import Webhook

SCHEMA_VERSION = 1
TOKEN = Secret("token", "token_file in [nightly.webhook]", "AUDITOR_WEBHOOK_TOKEN", "The webhook")
SERVER = "server of the webhook"
_PASSING = frozenset({408, 425, 429})
"""Refusals that may be none a minute later, as all of 500 and above (RFC 9110, 15; RFC 6585)."""
_SERVER_ERRORS = 500
_REDIRECTS = range(300, 400)
_UNAUTHORIZED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to the server, with everything that can be known before it is called."""

    url: str
    opener: urllib.request.OpenerDirector
    token: str | None
    patience: Patience


def route(webhook: Webhook, patience: Patience) -> Route:
    """The way that `webhook` describes; raises ConfigError where it is not whole."""
    if why := url_trouble(webhook.url):
        raise ConfigError(
            f"The address of the webhook cannot be used: {why}.",
            next_step="Correct url in [nightly.webhook].",
        )
    token = known(TOKEN, None, webhook.token_file)
    # RFC 6750, 2.1; anything else could end the header
    if token is not None and re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token) is None:
        raise ConfigError(
            "The token of the webhook holds a character that no Bearer token has.",
            next_step="Put the token alone into the first line of its file.",
        )
    # By hand, because the usual opener follows redirects, and then sends the token there as well;
    # a proxy never sees what is meant for this machine.
    parts = urlsplit(webhook.url)
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({} if is_loopback(parts.hostname or "") else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=tls.context(webhook.ca_file)),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return Route(url=webhook.url, opener=opener, token=token, patience=patience)


def payload(item: Pending) -> dict[str, Any]:
    """What is sent, field by field: counts, sums, rules and places, never a claim or a patient."""
    outcome = item.outcome
    return {
        "schema_version": SCHEMA_VERSION,
        "event": "auditor.night",
        "delivery_id": item.key,
        "auditor_version": __version__,
        "feed": words.clean(item.feed),
        "as_of": item.as_of,
        "started_at": item.started_at,
        "ended_at": item.ended_at,
        "status": words.status(outcome),
        "exit_code": int(outcome.exit_code),
        "headline": words.headline(outcome),
        "run_id": None if outcome.run_id is None else words.clean(outcome.run_id),
        "report_folder": None if outcome.folder is None else words.clean(str(outcome.folder)),
        "files": {
            "taken": outcome.files,
            "came_again": outcome.again,
            "left_in_inbox": outcome.waiting,
        },
        "figures": None if outcome.figures is None else _figures(outcome.figures),
        "warnings": [
            {"kind": w.kind, "text": words.clean(w.text), "makes_incomplete": w.fails}
            for w in outcome.warnings
        ],
        "error": None if outcome.error is None else words.clean(outcome.error),
        "seconds": round(outcome.seconds, 3),
    }


def send(way: Route, item: Pending) -> Attempt:
    """POST the payload once; raises nothing."""
    request = urllib.request.Request(  # noqa: S310 - url_trouble has looked at its scheme
        way.url,
        data=json.dumps(payload(item), allow_nan=False).encode(),
        method="POST",
        headers={
            "Content-Type": "application/json",
            "User-Agent": f"claim-auditor/{__version__}",
            # a quoted string, as draft-ietf-httpapi-idempotency-key-header has it
            "Idempotency-Key": f'"{item.key}"',
        },
    )
    if way.token is not None:
        # unredirected: a proxy that a tunnel is asked of does not see it
        request.add_unredirected_header("Authorization", f"Bearer {way.token}")
    try:
        code = within(way.patience.whole, lambda: _posted(way, request))
    except urllib.error.HTTPError as error:
        error.close()
        return _refused(error.code)
    except (OSError, HTTPException) as error:
        return _broken(error)
    return Attempt(delivered=True, detail=f"The {SERVER} took it ({code}).")


def _posted(way: Route, request: urllib.request.Request) -> int:
    with way.opener.open(request, timeout=way.patience.answer) as answer:
        return int(answer.status)


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "files": figures.files,
        "lines": {
            "read": figures.lines_read,
            "audited": figures.lines_audited,
            "seen_before": figures.lines_seen_before,
            "set_aside": figures.lines_set_aside,
            "rejected": figures.lines_rejected,
            "judged_again": figures.lines_judged_again,
            "superseded": figures.lines_superseded,
        },
        "share_not_judged": figures.not_judged,
        "findings": {
            "found": figures.found,
            "new": figures.new,
            "standing": figures.standing,
            "reopened": figures.reopened,
            "resolved": figures.resolved,
            "open": figures.open,
        },
        "new_at_risk": figures.new_at_risk,
        "new_by_rule": figures.by_rule,
        "releases": figures.releases,
        "releases_too_old": [words.clean(text) for text in figures.releases_too_old],
    }


def _refused(code: int) -> Attempt:
    if code in _REDIRECTS:
        detail = (
            f"The {SERVER} sends on to another address ({code}), which is not followed. Write that"
            " one into url in [nightly.webhook]."
        )
    elif code in _UNAUTHORIZED:
        detail = f"The {SERVER} refused the token ({code})."
    else:
        detail = f"The {SERVER} refused it ({code})."
    again = code in _PASSING or code >= _SERVER_ERRORS
    return Attempt(delivered=False, detail=detail, again=again)


def _broken(error: OSError | HTTPException) -> Attempt:
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, OSError) and not isinstance(error, HTTPException):
        detail, again = tls.trouble(error, SERVER)
    else:
        detail, again = f"The {SERVER} gave no answer that is one.", True
    return Attempt(delivered=False, detail=detail, again=again, silent=True)
