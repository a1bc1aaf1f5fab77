"""`auditor search`: codes, rules, modifiers, guidance and places of service by words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.asking.search import Found, Hit

# Kept here as well as in auditor.asking, which is slow to import; a test compares.
KindName = Literal["codes", "rules", "modifiers", "guidance", "places"]
_TITLES = {"code": "Code", "rule": "Rule", "modifier": "Modifier", "place": "Place of service"}
_INDENT = 4
_LONGEST = 240
"""Letters of a descriptor that are shown in a list; some run to thousands."""


def search(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS...", help="Words, a code, or the name of something."),
    ],
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="Show at most so many.")
    ] = 10,
    kind: Annotated[KindName | None, typer.Option("--kind", help="Look for these alone.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; see docs/questions.md.")
    ] = False,
    reference: options.Reference = None,
) -> None:
    """Find codes, rules, modifiers, guidance and places of service by words.

    Searched are this program's own texts, and the descriptions in the CMS files that you imported.
    """
    from auditor.asking import search as asking
    from auditor.cli.reference import named
    from auditor.reference.loaded import load_reference

    wanted = next((each for each in asking.KINDS if kind and kind.startswith(each)), None)
    found = asking.search(
        " ".join(words), load_reference(named(reference)), kind=wanted, limit=limit
    )
    if as_json:
        output.say(json.dumps(found.as_json(), indent=2))
        return
    for text in told(found):
        output.say(text)


def told(found: Found) -> Iterator[str]:
    """The answer in sentences, one thing after another."""
    yield output.wrapped(_head(found))
    for word, near in found.unknown.items():
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        yield output.wrapped(f"No text has the word '{word}'.{hint}")
    whole = found.matched == "name" and len(found.hits) > 0
    for place, hit in enumerate(found.hits):
        yield ""
        yield from _shown(hit, whole=whole and place == 0)
    if found.notes or found.count > len(found.hits):
        yield ""
    if found.count > len(found.hits):
        told = f"Shown are {len(found.hits)} of {found.count:,}, the best first."
        yield output.wrapped(f"{told} --limit N shows more.")
    for note in found.notes:
        yield output.wrapped(note)


def _head(found: Found) -> str:
    question = output.plain(found.query)
    if found.matched == "nothing":
        return f"Nothing was found for: {question}."
    how = {
        "name": f"{question} is the name of the first; the others speak of it",
        "all words": f"With all of the words: {question}",
        "some words": f"Nothing has all of the words; these have some of them: {question}",
    }[found.matched]
    if found.matched == "name" and found.count == 1:
        how = f"Found by its name: {question}"
    return f"{how}. {found.count:,} found."


def _shown(hit: Hit, *, whole: bool) -> Iterator[str]:
    """A hit: what it is, what is said of it, and where more is said."""
    title = hit.title
    if hit.kind == "guidance":
        yield output.wrapped(f"Guidance: {title}")
    else:
        said = (f": {title}" if title else "") + (f" ({hit.context})" if hit.context else "")
        yield output.wrapped(f"{_TITLES[hit.kind]} {hit.key}{said}")
    if hit.descriptor:
        words = hit.descriptor if whole else _shortened(hit.descriptor)
        yield output.wrapped(f'"{words}" (from your {hit.descriptor_source})', _INDENT)
    paragraphs = hit.text.split("\n\n") if whole else [_first_sentence(hit.text)]
    for number, paragraph in enumerate(filter(None, paragraphs)):
        if number:
            yield ""
        for line in paragraph.split("\n"):
            yield output.wrapped(line, _INDENT)
    if hit.more and not (whole and hit.kind == "guidance" and hit.text):
        yield output.wrapped(f"More: {hit.more}", _INDENT)


def _shortened(descriptor: str) -> str:
    if len(descriptor) <= _LONGEST:
        return descriptor
    return descriptor[:_LONGEST].rpartition(" ")[0] + " ..."


def _first_sentence(text: str) -> str:
    return text.split("\n", 1)[0].split(". ", 1)[0].rstrip(".") + "." if text else ""
