"""May these lines go together? The answer of the night's rules and tables, by day.

    from datetime import date

    from auditor.asking.check import check, encounter
    from auditor.reference import load_reference

    asked = encounter(["20610-RT", "77002-26"], today=date(2026, 3, 2), pos="22")
    (answer,) = check([asked], load_reference())

All encounters, and what is tried to mend them, are judged in one audit (auditor.auditing.audit)
with the options of the night; no rule is written here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from auditor.asking.answers import Answer, document
from auditor.asking.encounters import (
    Encounter,
    Read,
    Rejected,
    encounter,
    is_tracking,
    read,
)
from auditor.asking.notation import AskedLine, QuestionUnclear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from auditor.asking.answers import LineAnswer, Told, Way
    from auditor.asking.judged import Cleared, Judged
    from auditor.asking.trial import Trial
    from auditor.reference.interface import Reference
    from auditor.result import AuditOptions

__all__ = [
    "Answer",
    "AskedLine",
    "Encounter",
    "QuestionUnclear",
    "Read",
    "Rejected",
    "check",
    "document",
    "encounter",
    "read",
]

_FEW = 60
"""Up to so many lines every change is tried at once; of more only where something was found,
which takes a second audit."""
_PLACE = re.compile(r"F[A1-9]|T[A1-9]|E[1-4]|L[CDM]|R[CI]")
"""Digits, eyelids and coronary vessels."""
_CLAIM = re.compile(r"(?:\bof claim )?\bC[0-9]+-[0-9]+-[0-9]{8}\b")


def check(
    encounters: Sequence[Encounter],
    reference: Reference,
    options: AuditOptions | None = None,
) -> tuple[Answer, ...]:
    """The answer to each of `encounters`, in their order.

    `options` are those of the audit (rules to run, tiers, thresholds); today is moved to the
    latest day asked about, because a question about a day to come is no claim for it. Raises
    ConfigError for a rule that is unknown.
    """
    if not encounters:
        return ()
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    from auditor.asking import trial, unjudged  # noqa: PLC0415 - as above
    from auditor.asking.advice import sensible  # noqa: PLC0415 - as above
    from auditor.asking.nearest import nearest  # noqa: PLC0415 - as above
    from auditor.asking.silence import Silence  # noqa: PLC0415 - as above
    from auditor.asking.together import together  # noqa: PLC0415 - as above

    lines = trial.asked_lines(encounters)
    cases = [trial.as_asked(lines), trial.probed(encounters)]
    few = lines.height <= _FEW
    if few:
        cases.append(trial.changed(lines, reference))
    judged = _judged(trial.trial(lines, pl.concat(cases)), reference, options)
    cleared = judged.cleared()
    if not few:
        cleared = _of_troubled(lines, judged, reference, options)
    asked, probed = judged.asked(), judged.probed()
    pairs = together(encounters, reference, judged.pairs)
    known = unjudged.Known(lines["code"].unique(), reference)
    silence = Silence(lines["code"].unique(), reference)
    found = []
    for number, each in enumerate(encounters):
        told = _lines(each, asked.get(number, ()), sensible(each, cleared.get(number, ())))
        found.append(
            Answer(
                asked=each,
                lines=told,
                together=tuple(pairs.get(number, ())),
                unjudged=(
                    *unjudged.of_codes(each, known, lambda word: nearest(word, reference)),
                    *unjudged.of_inputs(each, probed.get(number, {})),
                    *silence.of(each, told),
                    *unjudged.of_tables(each, reference, known),
                    unjudged.COVERAGE,
                ),
                notes=_notes(each),
            )
        )
    return tuple(found)


def _judged(trial: Trial, reference: Reference, options: AuditOptions | None) -> Judged:
    """The audit of a trial."""
    from dataclasses import replace  # noqa: PLC0415 - importing this module stays cheap
    from datetime import date  # noqa: PLC0415 - as above

    from auditor.asking.judged import Judged  # noqa: PLC0415 - as above
    from auditor.asking.trial import claim_lines, fields  # noqa: PLC0415 - as above
    from auditor.auditing import audit  # noqa: PLC0415 - as above
    from auditor.intake.interface import Intake  # noqa: PLC0415 - as above
    from auditor.result import AuditOptions  # noqa: PLC0415 - as above
    from schemas import RejectedRows, Repairs, SetAside, empty  # noqa: PLC0415 - as above

    today = date.today()  # noqa: DTZ011 - a calendar date
    given = options or AuditOptions(as_of=today, run_id="question")
    latest: date = trial.rows["day"].max()  # type: ignore[assignment]
    intake = Intake(
        lines=claim_lines(trial.rows),
        rejected=empty(RejectedRows),
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=(),
        fields_present=fields(trial.rows),
    )
    given = replace(given, as_of=max(given.as_of, latest), exported=False, covered=False)
    return Judged(trial, audit(intake, reference, given))


def _of_troubled(
    lines: pl.DataFrame, judged: Judged, reference: Reference, options: AuditOptions | None
) -> dict[int, list[Cleared]]:
    """What clears findings, tried on the encounters that have some alone."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    from auditor.asking import trial  # noqa: PLC0415 - as above

    mine = lines.filter(pl.col("enc").is_in(judged.troubled().implode()))
    if mine.is_empty():
        return {}
    cases = pl.concat([trial.as_asked(mine), judged.worth(trial.changed(mine, reference))])
    return _judged(trial.trial(mine, cases), reference, options).cleared()


def _notes(asked: Encounter) -> tuple[str, ...]:
    """What was taken for granted."""
    found = []
    if "pos" in asked.assumed:
        found.append(f"Place of service {asked.pos} (office) was taken; --pos says another.")
    if "date" in asked.assumed:
        found.append(f"The day of service was taken to be today, {asked.day}; --date says another.")
    if any(is_tracking(line.code) for line in asked.lines):
        codes = dict.fromkeys(line.code for line in asked.lines if is_tracking(line.code))
        found.append(f"{', '.join(codes)}: no charge was taken, as such codes are reported.")
    others = [name for name in asked.practitioners if name]
    mine = [name for name in others if name not in asked.other_groups]
    if others and "" in asked.practitioners and mine:
        found.append(
            f"{' and '.join(mine)} {'bill' if len(mine) > 1 else 'bills'} for the same group as "
            "the practitioner of the other lines; --other-group NAME says that it is another."
        )
    return tuple(found)


def _lines(
    asked: Encounter, findings: Sequence[Mapping[str, Any]], cleared: Sequence[Cleared]
) -> tuple[LineAnswer, ...]:
    """The answer line by line."""
    from auditor.asking.answers import LineAnswer  # noqa: PLC0415 - importing this stays cheap

    on: dict[int, list[Told]] = {}
    for row in findings:
        on.setdefault(row["line"], []).append(_told(asked, row, cleared))
    return tuple(
        LineAnswer(
            line=number + 1,
            code=line.code,
            modifiers=line.modifiers,
            units=float(line.units),
            day=asked.day_of(line),
            practitioner=line.practitioner,
            verdict=on[number][0].tier if number in on else "none",
            findings=tuple(on.get(number, ())),
        )
        for number, line in enumerate(asked.lines)
    )


def _told(asked: Encounter, row: Mapping[str, Any], cleared: Sequence[Cleared]) -> Told:
    """A row of schemas.Findings as it is told."""
    from auditor.asking.answers import Told  # noqa: PLC0415 - importing this module stays cheap

    also = tuple(row["also"].split())
    return Told(
        rule_id=row["rule_id"],
        rule_name=row["rule_name"],
        tier=row["tier"],
        message=_plain(row["message"]),
        remedy=_plain(row["remedy"]),
        citation=row["citation"],
        table_release=row["table_release"],
        table_row=row["table_row"],
        also=also,
        other_line=None if row["other_line"] is None else row["other_line"] + 1,
        ways=_ways(asked, row, frozenset((row["rule_id"], *also)), cleared),
        topics=_topics(asked, row),
    )


def _topics(asked: Encounter, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The guidance about both codes of a pair that something is to be done about."""
    from auditor.asking.advice import topics_of_pair  # noqa: PLC0415 - as in check

    if not row["rule_id"].startswith("PTP-") or row["tier"] == "info" or row["other_line"] is None:
        return ()
    return topics_of_pair(asked.lines[row["line"]].code, asked.lines[row["other_line"]].code)


def _plain(text: str) -> str:
    """`text` without the numbers of claims that nobody typed."""
    return _CLAIM.sub("of this question", text)


def _ways(
    asked: Encounter, row: Mapping[str, Any], rules: frozenset[str], cleared: Sequence[Cleared]
) -> tuple[Way, ...]:
    """The changes that clear all `rules` on a line: of the line itself, else of another one.

    Where the remedy wants a modifier on the other line, or on either of two visits, that one is
    told as well, and for Medicare in place of the same on the line itself. A line that is not
    denied is left off for no reason.
    """
    from auditor.rules.interface import rule_of  # noqa: PLC0415 - importing this stays cheap

    line = row["line"]
    clearing = [
        each
        for each in cleared
        if {(line, rule) for rule in rules} <= each.keys and _fits_remedy(each, row["remedy"])
    ]
    own = [each for each in clearing if each.line == line]
    denies = rule_of(row["rule_id"]).denies
    off = [each for each in own if each.kind == "without" and denies]
    changed = [each for each in own if each.kind != "without"]
    others = [each for each in clearing if each.line != line and each.kind in ("add", "drop")]
    wanted = [each for each in others if _wanted(asked, each.line, each.value, row["remedy"])]
    other = row["other_line"]
    if other is not None and asked.payer == "medicare":
        named = f" on {asked.lines[other].code}"
        changed = [each for each in changed if f"{each.value}{named}" not in row["remedy"]]
    most = max((int(each.value) for each in own if each.kind == "units"), default=0)
    chosen = [
        each
        for each in (*changed, *wanted) or others
        if each.kind != "units" or int(each.value) == most
    ]
    return tuple(_way(each) for each in (*off, *chosen))


def _wanted(asked: Encounter, line: int, modifier: str, remedy: str) -> bool:
    """Whether the remedy of a finding on another line wants the modifier here."""
    either = f"{modifier} on the separate visit" in remedy
    return either or f"{modifier} on {asked.lines[line].code}" in remedy


def _fits_remedy(change: Cleared, remedy: str) -> bool:
    """A digit, eyelid or vessel is advice only where the rule's own remedy names it."""
    return change.kind != "add" or not _PLACE.fullmatch(change.value) or change.value in remedy


def _way(change: Cleared) -> Way:
    from auditor.asking import answers, trial  # noqa: PLC0415 - importing this module stays cheap
    from auditor.asking.guidance import modifiers  # noqa: PLC0415 - as above

    place = change.line + 1
    if change.kind == trial.WITHOUT:
        return answers.Way(action=answers.LEAVE_OFF, line=place)
    if change.kind == trial.UNITS:
        return answers.Way(action=answers.UNITS, line=place, units=int(change.value))
    guide = modifiers().get(change.value)
    return answers.Way(
        action=answers.ADD if change.kind == trial.ADD else answers.REMOVE,
        line=place,
        modifier=change.value,
        proper=guide.proper if guide else "",
        citation=guide.citation if guide else "",
    )
