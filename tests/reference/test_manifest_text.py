"""The manifest's text: read without pydantic as pydantic reads it, and refused where it does."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from auditor.reference import manifest_text
from auditor.reference.manifest import Entry, Manifest, Part, SourceFile, WordsFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PYDANTIC = TypeAdapter(Manifest)
AT = datetime(2026, 11, 21, 23, 43, 24, 848692, tzinfo=UTC)
SOURCE = SourceFile(name="a.zip/b.txt", sha256="ab", member_sha256="cd", unparsed=0)
WORDS = WordsFile(file="words/1.parquet", size=7, rows=2)


def part(at: datetime = AT, words: WordsFile | None = None) -> Part:
    return Part(
        file="tables/1.parquet", size=5, rows=3, imported_at=at, sources=[SOURCE], words=words
    )


HELD = Manifest(
    entries=[
        Entry(
            kind="aoc",
            change=False,
            effective=date(2025, 10, 1),
            revision=1,
            parts={"0": part(), "1": part(AT.replace(microsecond=0), WORDS)},
        ),
        Entry(
            kind="ptp-practitioner",
            change=True,
            effective=date(2025, 10, 1),
            revision=0,
            parts={"added": part(AT.replace(microsecond=500_000))},
        ),
    ]
)


@pytest.mark.parametrize("manifest", [Manifest(), HELD], ids=["empty", "held"])
def test_what_is_written_is_read(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    text = manifest_text.written(manifest)
    assert PYDANTIC.validate_json(text) == manifest
    monkeypatch.setattr(manifest_text, "_adapter", None)  # as it is written nobody needs it
    assert manifest_text.read(text) == manifest


def places(found: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """The way to everything that stands in `found`."""
    pairs = found.items() if isinstance(found, dict) else enumerate(found)
    for key, value in pairs:
        yield (*place, key)
        if isinstance(value, dict | list):
            yield from places(value, (*place, key))


def _gone(held: Any, key: Any) -> None:  # noqa: ANN401 - JSON
    del held[key]


def _more(held: Any, key: Any) -> None:  # noqa: ANN401 - JSON
    held.update({"more": 1}) if isinstance(held, dict) else held.append(held[key])


def _put(value: Any) -> Callable[[Any, Any], None]:  # noqa: ANN401 - JSON
    def put(held: Any, key: Any) -> None:  # noqa: ANN401 - JSON
        held[key] = value

    return put


CHANGES = {
    "gone": _gone,
    "more": _more,
    **{
        repr(value): _put(value)
        for value in (
            None, 1, 2, -1, 1.0, 1.5, True, "1", "x", "", [], {}, [1], {"a": 1},
            "2025-10-01", "20251001", "2025-W40-3", "2025-10-01T00:00:00",
            "2025-10-01T10:11:12Z", "2025-10-01T10:11:12+02:00", "2025-10-01 10:11:12.5Z",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_written_otherwise_is_what_pydantic_says(change: str) -> None:
    written = json.loads(manifest_text.written(HELD))
    refused = 0
    for *way, last in places(written):
        changed = copy.deepcopy(written)
        held = changed
        for key in way:
            held = held[key]
        CHANGES[change](held, last)
        text = json.dumps(changed)
        try:
            wanted = PYDANTIC.validate_json(text)
        except ValidationError as error:
            refused += 1
            with pytest.raises(manifest_text.NotAManifestError) as raised:
                manifest_text.read(text)
            other = any(problem["loc"] == ("format",) for problem in error.errors())
            assert raised.value.other_format == other, (*way, last)
        else:
            assert manifest_text.read(text) == wanted, (*way, last)
    assert refused


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"a"', "[" * 100_000])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(manifest_text.NotAManifestError) as raised:
        manifest_text.read(text)
    assert not raised.value.other_format
