"""The manifest as the text of its file.

A manifest is written by pydantic. As it is written so it is read, without pydantic, which takes
longer to import than most questions take to answer; a text that differs in anything from what is
written here is left to pydantic, which says what is wrong with it.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from auditor.reference.interface import Kind
from auditor.reference.manifest import FORMAT, Entry, Manifest, Part, SourceFile, WordsFile

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_SOURCE = {"name": str, "sha256": str, "member_sha256": str, "unparsed": int}
_WORDS = {"file": str, "size": int, "rows": int}
_PART = {"file": str, "size": int, "rows": int, "imported_at": str, "sources": list}
_ENTRY = {"kind": str, "change": bool, "effective": str, "revision": int, "parts": dict}
_MANIFEST = {"format": int, "entries": list}


class NotAManifestError(ValueError):
    """A text that is no manifest."""

    def __init__(self, *, other_format: bool) -> None:
        """Keep whether it says that it is of another format."""
        super().__init__("no manifest")
        self.other_format = other_format


class _OtherwiseWrittenError(ValueError):
    """Not as `written` writes it; it may be a manifest all the same."""


def written(manifest: Manifest) -> str:
    """The text of `manifest`."""
    return _adapter().dump_json(manifest, indent=1, exclude_none=True).decode()


def read(text: str) -> Manifest:
    """The manifest of `text`; raises NotAManifestError."""
    try:
        return _manifest(json.loads(text))
    except (ValueError, RecursionError):  # what json raises of a text that is no JSON is one too
        pass
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import

    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        places = {problem["loc"] for problem in error.errors()}
        raise NotAManifestError(other_format=("format",) in places) from None


@cache
def _adapter() -> TypeAdapter[Manifest]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - slow to import

    return TypeAdapter(Manifest)


def _manifest(found: Any) -> Manifest:  # noqa: ANN401 - what JSON holds
    held = _held(found, _MANIFEST)
    if held["format"] != FORMAT:
        raise _OtherwiseWrittenError
    return Manifest(entries=[_entry(each) for each in held["entries"]])


def _entry(found: Any) -> Entry:  # noqa: ANN401 - what JSON holds
    held = _held(found, _ENTRY)
    if held["kind"] not in get_args(Kind):
        raise _OtherwiseWrittenError
    effective = date.fromisoformat(held["effective"])
    if effective.isoformat() != held["effective"]:
        raise _OtherwiseWrittenError
    parts = {name: _part(each) for name, each in held["parts"].items()}
    return Entry(**held | {"effective": effective, "parts": parts})


def _part(found: Any) -> Part:  # noqa: ANN401 - what JSON holds
    words = None
    if isinstance(found, dict) and "words" in found:
        words = WordsFile(**_held(found["words"], _WORDS))
        found = {name: value for name, value in found.items() if name != "words"}
    held = _held(found, _PART)
    at = datetime.fromisoformat(held["imported_at"])
    if at.isoformat().replace("+00:00", "Z") != held["imported_at"]:
        raise _OtherwiseWrittenError
    sources = [SourceFile(**_held(each, _SOURCE)) for each in held["sources"]]
    return Part(**held | {"imported_at": at, "sources": sources}, words=words)


def _held(found: Any, kinds: dict[str, type]) -> dict[str, Any]:  # noqa: ANN401 - what JSON holds
    """`found` where it is an object of just these names and kinds."""
    if (
        type(found) is not dict
        or found.keys() != kinds.keys()
        or any(type(found[name]) is not kind for name, kind in kinds.items())
    ):
        raise _OtherwiseWrittenError
    return found
