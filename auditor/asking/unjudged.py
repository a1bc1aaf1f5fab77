"""What was not judged of a question: inputs that nobody gave, tables that are missing or old."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.asking import trial
from auditor.asking.answers import Unjudged, in_words
from auditor.rules.interface import rule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from auditor.asking.encounters import Encounter
    from auditor.reference.interface import Kind, Reference, Release

_WORDS: dict[Kind, str] = {
    "ptp-practitioner": "code pairs",
    "aoc": "add-on edits",
    "mue-practitioner": "unit limits",
    "fee-schedule": "fee schedule",
    "hcpcs": "HCPCS codes",
}
_OWN_OF_MEDICAID: tuple[Kind, ...] = ("ptp-practitioner", "mue-practitioner")
"""Tables that Medicaid has of its own: Medicare's judge none of its lines."""
_NEEDS = {
    trial.AGE: "patient_birth_date",
    trial.SEX: "patient_sex",
    trial.DX: "diagnoses",
}
"""The column that a rule must read for a probe to say something of it."""
_INPUTS = {
    trial.AGE: ("the age of the patient", ("--age", "--birth")),
    trial.SEX: ("the sex of the patient", ("--sex",)),
    trial.DX: ("the diagnoses", ("--dx",)),
}


COVERAGE = Unjudged(
    what="Whether the payer covers these services was not judged: coverage (NCD, LCD), medical "
    "necessity and prior authorization stand in no table at hand."
)
"""Of every question: a coder must not take 'nothing found' for 'will be paid'."""


def of_inputs(
    asked: Encounter, found: Mapping[str, Mapping[str, Sequence[tuple[int, int]]]]
) -> Iterator[Unjudged]:
    """What the encounter leaves open and a rule would look at; `found`: Judged.probed of it."""
    for kind, (words, options) in _INPUTS.items():
        rules = [r for r in found.get(kind, {}) if _NEEDS[kind] in rule_of(r).columns]
        if rules:
            yield Unjudged(
                what=f"Nobody said {words}, which matters to {_named(rules)} on "
                f"{_codes(asked, found[kind], rules)}.",
                options=options,
                rules=tuple(rules),
            )
    yield from _of_specialty(asked, found.get(trial.SPECIALTY, {}))
    yield from _of_payer(asked, found.get(trial.PAYER, {}))
    before = found.get(trial.BEFORE, {})
    rules = [r for r in before if rule_of(r).looks_back]
    if rules:
        yield Unjudged(
            what="Nobody said what was done on earlier days, which matters to "
            f"{_named(rules)} on {_codes(asked, before, rules)}. Add an earlier service with its "
            "day, as in 27447@2026-02-01.",
            rules=tuple(rules),
        )


def _of_specialty(
    asked: Encounter, found: Mapping[str, Sequence[tuple[int, int]]]
) -> Iterator[Unjudged]:
    partners = [r for r in found if rule_of(r).practitioner] if len(asked.practitioners) > 1 else []
    if partners:
        yield Unjudged(
            what="Nobody said whether the practitioners have the same specialty. If they have, "
            f"they count as one physician, and {_named(partners)} would find something on "
            f"{_codes(asked, found, partners)}.",
            options=("--specialty",),
            rules=tuple(partners),
        )
    others = [r for r in found if "specialty" in rule_of(r).columns]
    if others:
        yield Unjudged(
            what="Nobody said the specialty of the practitioner, which matters to "
            f"{_named(others)} on {_codes(asked, found, others)}.",
            options=("--specialty",),
            rules=tuple(others),
        )


def _of_payer(
    asked: Encounter, found: Mapping[str, Sequence[tuple[int, int]]]
) -> Iterator[Unjudged]:
    """What Medicare's own rules would say where another payer, or none, was named."""
    if asked.payer == "medicare":
        return
    if asked.payer is None:
        what = (
            "Nobody said who pays: judged as for a commercial plan, with code pairs, unit limits "
            "and rules of Medicare alone at 'needs a look' at most."
        )
    else:
        found = {r: where for r, where in found.items() if _medicare_alone(r, asked.payer)}
        if not found:
            return
        what = "Rules of Medicare alone were not applied."
    stronger = [r for r, where in found.items() if any(rank == 0 for _, rank in where)]
    if stronger:
        what += f" For Medicare, a certain problem: {_named(stronger)} on "
        what += f"{_codes(asked, found, stronger)}."
    weaker = [r for r in found if r not in stronger]
    if weaker:
        what += f" For Medicare, something to look at: {_named(weaker)} on "
        what += f"{_codes(asked, found, weaker)}."
    options = () if asked.payer else ("--payer",)
    yield Unjudged(what=what, options=options, rules=tuple(found))


def _medicare_alone(rule: str, payer: str) -> bool:
    """Whether a rule is not applied to lines of `payer`, and speaks not of Medicare's own tables.

    Medicaid's lines are judged by tables of its own, which is told once (auditor.asking.silence).
    """
    given = rule_of(rule)
    return payer not in (*given.profiles, *given.review_for) and not (
        payer == "medicaid" and {*given.tables} & set(_OWN_OF_MEDICAID)
    )


def of_tables(asked: Encounter, reference: Reference, known: Known) -> Iterator[Unjudged]:
    """What the tables at hand do not say of the encounter's codes and days."""
    last = max(asked.day_of(line) for line in asked.lines)
    codes = list(dict.fromkeys(line.code for line in asked.lines))
    kinds = [
        kind
        for kind in _kinds(codes, known)
        if asked.payer != "medicaid" or kind not in _OWN_OF_MEDICAID
    ]
    starter = [k for k in kinds if reference.is_starter(k)]
    absent = [k for k in kinds if reference.release(k) is None]
    if starter:
        yield Unjudged(
            what="The built-in starter set served for "
            f"{_listed(_WORDS[k] for k in starter)}. It holds a few hundred rows a table: that it "
            "finds nothing on a code outside it means nothing. Load your CMS files with 'auditor "
            "reference import'."
        )
    if absent:
        yield Unjudged(
            what=f"No {_listed(_WORDS[k] for k in absent)} are loaded; nothing was judged by them."
        )
    old = [
        f"{_WORDS[k]} ({release.label}, to {release.vouches_to})"
        for k in kinds
        if (release := _serving(reference, k, last)) is not None
        and not release.starter
        and last > release.vouches_to
    ]
    if old:
        yield Unjudged(
            what=f"Tables older than {last}: {_listed(old)}. They judged all the same; the "
            "release of that day may say otherwise."
        )
    early = [
        _WORDS[k]
        for k in kinds
        if k in ("mue-practitioner", "fee-schedule")
        and not reference.is_starter(k)
        and reference.release(k) is not None
        and _serving(reference, k, last) is None
    ]
    if early:
        yield Unjudged(
            what=f"No loaded {_listed(early, 'or')} reaches back to {last}, and nothing was judged "
            "by any."
        )


def of_codes(
    asked: Encounter, known: Known, nearest: Callable[[str], Sequence[str]]
) -> Iterator[Unjudged]:
    """Codes that no table names."""
    for code in dict.fromkeys(line.code for line in asked.lines):
        if code in known.named:
            continue
        near = list(nearest(code))
        more = f" Written alike: {_listed(near, 'or')}." if near else ""
        yield Unjudged(
            what=f"No fee schedule, unit limit, add-on edit or HCPCS code at hand names {code}: "
            f"hardly more than its form was judged.{more}"
        )


class Known:
    """Which codes the tables name."""

    def __init__(self, codes: pl.Series, reference: Reference) -> None:
        """Look `codes` up, all at once."""
        addons = reference.addons(codes)
        self.addons = frozenset(addons["addon"])
        """Those that are add-ons."""
        named = [reference.fees(codes)["code"], reference.mue(codes)["code"], addons["addon"]]
        letters = codes.filter(codes.str.contains(r"^[A-Z]"))
        if len(letters):
            hcpcs = reference.hcpcs()["code"]
            named.append(hcpcs.filter(hcpcs.is_in(letters.implode())))
        self.named = frozenset(pl.concat([n.rename("code") for n in named]))
        """Those that some table has a row of."""


def _kinds(codes: Sequence[str], known: Known) -> Iterator[Kind]:
    """The kinds of table that could say something of these codes."""
    if len(codes) > 1:
        yield "ptp-practitioner"
    if any(code in known.addons for code in codes):
        yield "aoc"
    yield "mue-practitioner"
    yield "fee-schedule"
    if any(code[0].isalpha() for code in codes):
        yield "hcpcs"


def _serving(reference: Reference, kind: Kind, day: object) -> Release | None:
    """The release that judges `day`: of tables that take turns the one of its time."""
    used = [r for r in reference.releases() if r.kind == kind and r.used]
    if kind in ("mue-practitioner", "fee-schedule"):
        used = [r for r in used if r.effective <= day]  # type: ignore[operator]
    return used[-1] if used else None


def _named(rules: Iterable[str]) -> str:
    """AGE-1 (age conflict) and SEX-1 (sex conflict)."""
    return _listed(f"{r} ({in_words(rule_of(r).name)})" for r in rules)


def _codes(
    asked: Encounter, found: Mapping[str, Sequence[tuple[int, int]]], rules: Iterable[str]
) -> str:
    lines = sorted({line for rule in rules for line, _ in found[rule]})
    return _listed(dict.fromkeys(asked.lines[line].code for line in lines))


def _listed(words: Iterable[str], joined: str = "and") -> str:
    """A, B and C."""
    *most, last = list(words)
    return f"{', '.join(most)} {joined} {last}" if most else last
