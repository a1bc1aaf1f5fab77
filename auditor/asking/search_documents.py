"""What is searched: our own texts, and the descriptors of the user's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.reference.interface import Reference

Kind = Literal["code", "rule", "modifier", "guidance", "place"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Document(NamedTuple):
    """One thing that can be found."""

    kind: Kind
    key: str
    """77002, AOC-1, 59, imaging-guidance, table em_codes, 22: what it is asked for by."""
    title: str
    """In our own words; blank for a code of which only a user's file speaks."""
    words: str
    """More words by which it is found."""
    text: str
    """What is told of it, and searched."""
    more: str
    """The command that tells all, where there is one."""
    context: str = ""
    """The topic that the title is from, of codes; shown and not searched."""
    around: str = ""
    """What the topics of a code say besides; searched, hardly counted and not shown."""
    descriptor: str = ""
    """In the words of a user's file."""
    release: str = ""
    source: str = ""
    """The file that the descriptor came in."""


def documents(reference: Reference) -> Iterator[Document]:
    """Everything that can be found, each thing once."""
    described = {
        code: (text, release, source)
        for code, text, release, source in reference.words.descriptors().iter_rows()
    }
    yield from _codes(described)
    yield from _rules()
    yield from _modifiers(described)
    yield from _topics()
    yield from _tables()
    yield from _places(reference)


def _codes(described: dict[str, tuple[str, str, str]]) -> Iterator[Document]:
    from auditor.asking.guidance import topics, topics_of  # noqa: PLC0415 - for a new index alone

    lines: dict[str, dict[str, str]] = {}
    for topic in topics():
        for code, line in topic.related:
            lines.setdefault(code, {})[topic.id] = line
    titled = {topic.id: topic for topic in topics()}
    for code in sorted(lines.keys() | {code for code in described if len(code) > 2}):  # noqa: PLR2004 - two characters are a modifier
        own = lines.get(code, {})
        # what the topic says that is about the code itself, before one that only mentions it
        best = next((t.id for t in topics_of(code) if t.id in own), next(iter(own), ""))
        around = (
            f"{line} {titled[name].title} {' '.join(titled[name].words)}"
            for name, line in own.items()
        )
        yield Document(
            "code",
            code,
            own.get(best, ""),
            "",
            "",
            f"auditor code {code}",
            titled[best].title if best else "",
            " ".join(around),
            *described.get(code, ("", "", "")),
        )


def _rules() -> Iterator[Document]:
    from auditor.rules import catalogue  # noqa: PLC0415 - slow, and read for a new index alone

    for rule in catalogue():
        yield Document(
            "rule",
            rule.id,
            rule.name,
            " ".join(("rule", rule.remedy, *rule.aliases)),
            _line(f"{rule.flags} {rule.why}"),
            f"auditor rules {rule.id}",
        )


def _modifiers(described: dict[str, tuple[str, str, str]]) -> Iterator[Document]:
    from auditor.asking.guidance import modifiers  # noqa: PLC0415 - read for a new index alone

    guides = modifiers()
    for name in sorted(guides.keys() | {name for name in described if len(name) == 2}):  # noqa: PLR2004 - as above
        guide = guides.get(name)
        text = ""
        if guide:
            not_proper = f"\nNot proper: {guide.not_proper}" if guide.not_proper else ""
            text = f"Proper: {guide.proper}{not_proper}\nSource: {guide.citation}."
        yield Document(
            "modifier",
            name,
            guide.title if guide else "",
            " ".join(("modifier", *guide.words)) if guide else "modifier",
            text,
            f"auditor code {name}",
            "",
            "",
            *described.get(name, ("", "", "")),
        )


def _topics() -> Iterator[Document]:
    from auditor.asking.guidance import topics  # noqa: PLC0415 - read for a new index alone

    for topic in topics():
        codes = ", ".join(
            low if low == high else f"{low} to {high}" for low, high in topic.codes[:_SHOWN]
        )
        parts = [
            topic.text,
            "\n".join(f"{code}: {line}." for code, line in topic.related),
            f"Codes: {codes}{' and more' if len(topic.codes) > _SHOWN else ''}." if codes else "",
            f"Rules: {', '.join(topic.rules)}." if topic.rules else "",
            f"Source: {topic.citation}.",
        ]
        yield Document(
            "guidance",
            topic.id,
            topic.title,
            " ".join(topic.words),
            "\n\n".join(filter(None, parts)),
            f"auditor search {topic.id}",
        )


_SHOWN = 12
"""Stretches of codes that a topic's text names."""


def _tables() -> Iterator[Document]:
    from auditor.reference.policy import TABLES  # noqa: PLC0415 - read for a new index alone

    for name, what in TABLES.items():
        yield Document(
            "guidance",
            f"table {name}",
            f"built-in table: {what}",
            "",
            "",
            f"auditor reference show {name}",
        )


def _places(reference: Reference) -> Iterator[Document]:
    from auditor.asking.guidance import places  # noqa: PLC0415 - read for a new index alone

    facility = dict(reference.policy("place_of_service").select("pos", "facility").iter_rows())
    for place in places().values():
        paid = "at the facility rate" if facility.get(place.pos) == "1" else "as no facility"
        yield Document(
            "place",
            place.pos,
            place.name,
            " ".join(("place of service pos", *place.words)),
            f"Medicare pays a practitioner there {paid}.",
            "",
        )


def _line(text: str) -> str:
    return " ".join(text.split())
