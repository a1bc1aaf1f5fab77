"""An answer to a question in words: plain lines that read well aloud."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.asking.answers import ADD, LEAVE_OFF, REMOVE, VERDICTS, in_words
from auditor.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.asking.answers import Answer, Edit, LineAnswer, Pair, Told, Way
    from auditor.asking.encounters import Encounter

_LEAVES_OFF = re.compile(r"\b(?:remove|void|leave)\b", re.IGNORECASE)
"""How remedies say that a line is to be left off."""
_FEW_PAIRS = 3
"""Up to so many pairs without an edit are named."""
_UNSAID = "only where the record shows what the modifier says"


def told(answer: Answer) -> Iterator[str]:
    """The texts to print for one answer."""
    yield output.wrapped(f"Question: {_question(answer.asked)}")
    for line in answer.lines:
        yield ""
        yield from _line(answer, line)
    if answer.together:
        yield "\nTogether"
        for text in _pairs(answer):
            yield output.wrapped(text, 2)
    if answer.unjudged:
        yield "\nNot judged, or only in part"
        for each in answer.unjudged:
            options = f" ({' or '.join(each.options)})" if each.options else ""
            yield output.wrapped(each.what + options, 2)
    if answer.notes:
        yield "\nTaken for granted"
        yield output.wrapped(" ".join(answer.notes), 2)


def closing(answers: list[Answer], rejected: int) -> str:
    """What became of many questions, in a sentence."""
    counts = [
        f"{sum(answer.verdict == tier for answer in answers):,} {words}"
        for tier, words in VERDICTS.items()
    ]
    more = f"; {rejected:,} could not be read" if rejected else ""
    return output.wrapped(f"{len(answers):,} questions: {', '.join(counts)}{more}.")


def _question(asked: Encounter) -> str:
    """What was asked, with what it was judged by."""
    said = [f"on {asked.day}", f"place of service {asked.pos}", _payer(asked)]
    if asked.age is not None:
        said.append(f"age {asked.age}")
    if asked.birth is not None:
        said.append(f"born {asked.birth}")
    if asked.sex:
        said.append({"F": "female", "M": "male", "U": "sex unknown"}[asked.sex])
    if asked.diagnoses:
        said.append(f"diagnoses {' '.join(asked.diagnoses)}")
    place = f" ({asked.place})" if asked.place else ""
    return f"{' '.join(line.text for line in asked.lines)}{place}; {', '.join(said)}."


def _payer(asked: Encounter) -> str:
    names = {"medicare": "Medicare pays", "medicaid": "Medicaid pays"}
    return names.get(
        asked.payer or "", f"a {asked.payer} plan pays" if asked.payer else "payer not said"
    )


def _line(answer: Answer, line: LineAnswer) -> Iterator[str]:
    units = f", {line.units:g} units" if line.units != 1 else ""
    who = f", by {line.practitioner}" if line.practitioner else ""
    day = f", on {line.day}" if line.day != answer.asked.day else ""
    yield output.wrapped(
        f"Line {line.line}, {line.service}{units}{who}{day}: {VERDICTS[line.verdict]}."
    )
    weak = [each.message for each in line.findings if each.rule_id == "PTP-2"]
    findings = [
        each
        for each in line.findings
        # the ledger counts a weak separation as one: beside the doubt it reads as the contrary
        if each.rule_id != "PTP-BYP" or not any(_apart(each) in message for message in weak)
    ]
    for finding in findings:
        several = len(findings) > 1
        yield from _finding(answer, finding, f"{VERDICTS[finding.tier]}, " if several else "")


def _apart(finding: Told) -> str:
    """The codes and modifiers that a PTP-BYP finding lists, which PTP-2 lists in the same words."""
    return finding.message.partition(" apart from ")[2].rstrip(".")


def _finding(answer: Answer, finding: Told, tier: str) -> Iterator[str]:
    name = in_words(finding.rule_name)
    yield output.wrapped(f"{finding.rule_id} ({tier}{name}): {finding.message}", 2)
    if finding.tier != "info":
        yield output.wrapped(f"To make it right: {finding.remedy}", 4)
        yield from _ways(answer, finding)
    yield output.wrapped(f"Witness: {_witness(finding)}", 4)
    if finding.also:
        yield output.wrapped(f"Denied too by {_listed(_named(finding.also), 'and')}.", 4)
    for topic in finding.topics:
        yield output.wrapped(f"More of both: 'auditor search {topic}'.", 4)


def _named(rules: tuple[str, ...]) -> list[str]:
    """GLB-25 (visit with minor procedure)."""
    from auditor.rules.interface import rule_of

    return [f"{rule} ({in_words(rule_of(rule).name)})" for rule in rules]


def _witness(finding: Told) -> str:
    parts = []
    if finding.table_row:
        release = f" ({finding.table_release})" if finding.table_release else ""
        parts.append(f"{finding.table_row}{release}")
    return "; ".join([*parts, finding.citation]) + "."


def _ways(answer: Answer, finding: Told) -> Iterator[str]:
    """What was tried and clears the finding, where the remedy does not say it already."""
    grouped: dict[tuple[str, int, str], list[Way]] = {}
    for way in finding.ways:
        if way.action == LEAVE_OFF and _LEAVES_OFF.search(finding.remedy):
            continue
        if way.action == REMOVE and re.search(rf"\b{way.modifier}\b|the modifier", finding.remedy):
            continue
        if (
            way.action == ADD
            and not way.proper
            and re.search(rf"\b{way.modifier}\b", finding.remedy)
        ):
            continue  # the remedy says it, and when, and the guidance adds nothing
        grouped.setdefault((way.action, way.line, way.proper), []).append(way)
    if grouped:
        several = len(grouped) > 1 or sum(map(len, grouped.values())) > 1
        words = (
            "These were tried, and each clears it:" if several else "This was tried, and clears it:"
        )
        yield output.wrapped(words, 4)
    for (action, line, proper), ways in grouped.items():
        where = f"line {line} ({answer.lines[line - 1].service})"
        names = _listed([way.modifier for way in ways])
        if action == LEAVE_OFF:
            text = f"{where} left off: only where the record does not support it, or another line"
            text += " stands for it."
        elif action == ADD:
            text = f"with {names} on {where}: {_sentence(proper)}"
        elif action == REMOVE:
            text = f"without {names} on {where}: only where the record does not support it."
        else:
            units = "1 unit" if ways[0].units == 1 else f"{ways[0].units} units or fewer"
            text = f"with {units} on {where}: bill what the record shows."
        yield output.wrapped(text, 6)


def _sentence(proper: str) -> str:
    return proper or f"{_UNSAID}."


def _pairs(answer: Answer) -> Iterator[str]:
    """Each pair of which a table says something; the others together, where they are several."""
    silent: dict[tuple[str | None, str], list[Pair]] = {}
    for pair in answer.together:
        if pair.edits or pair.ended or pair.add_ons:
            yield " ".join(_pair(answer.asked, pair))
        else:
            silent.setdefault((pair.ptp_release, _late(pair)), []).append(pair)
    for (release, late), pairs in silent.items():
        if len(pairs) == 1:
            yield " ".join(_pair(answer.asked, pairs[0]))
            continue
        which = ", or ".join(f"{p.first} and {p.second}" for p in pairs)
        if len(pairs) > _FEW_PAIRS:
            other = "other " if len(pairs) < len(answer.together) else ""
            which = f"any {other}two of these codes on one day"
        if release is None:
            yield (
                f"No PTP edit at hand between {which}. That is not the whole table of pairs: they "
                "were not judged as pairs."
            )
        else:
            yield f"No PTP edit in {release}{late}{',' if late else ''} between {which}."


def _late(pair: Pair) -> str:
    """How far the release speaks, where the day lies behind that."""
    if pair.ptp_vouches_to is not None and pair.day > pair.ptp_vouches_to:
        return f", which speaks to {pair.ptp_vouches_to}"
    return ""


def _pair(asked: Encounter, pair: Pair) -> Iterator[str]:
    day = f" on {pair.day}" if pair.day != asked.day else ""
    head = f"{pair.first} and {pair.second}{day}:"
    for row in pair.add_ons:
        yield (
            f"{head} {row.primary} is a primary of the add-on {row.addon} ({pair.aoc_release}, row "
            f"from {row.effective})."
        )
        head = "As a pair:"
    if pair.ptp_release is None:
        yield (
            f"{head} no PTP edit between them at hand, but that is not the whole table of pairs: "
            "not judged as a pair."
        )
        return
    late = _late(pair)
    if not pair.edits:
        ended = f" One ended on {pair.ended.deletion}." if pair.ended else ""
        yield f"{head} no PTP edit between them in {pair.ptp_release}{late}.{ended}"
    for edit in pair.edits:
        yield (
            f"{head} PTP edit, column 1 {edit.column1}, column 2 {edit.column2}, since "
            f"{edit.effective} ({pair.ptp_release}{late}). {_indicator(asked, edit)}"
        )
        head = "And:"


def _indicator(asked: Encounter, edit: Edit) -> str:
    """What the modifier indicator says, and what the lines do of it."""
    by = [
        {line.practitioner for line in asked.lines if line.code == code}
        for code in (edit.column1, edit.column2)
    ]
    if not by[0] & by[1]:
        return "It is about lines of one practitioner, and these are of two."
    if edit.modifier_indicator == 0:
        return f"Indicator 0: no modifier separates them; {edit.column1} pays."
    text = "Indicator 1: a modifier separates them where the record supports it; "
    if edit.separated is None:
        return f"{text}{edit.column1} pays else."
    if edit.separated and edit.by:
        does = f"{_listed(edit.by, 'and')} {'do' if len(edit.by) > 1 else 'does'} now"
        return f"{text}{does}{', without proving that the two are apart' if edit.weak else ''}."
    return f"{text}none on these lines does."


def _listed(words: list[str] | tuple[str, ...], joined: str = "or") -> str:
    *most, last = words
    return f"{', '.join(most)} {joined} {last}" if most else last
