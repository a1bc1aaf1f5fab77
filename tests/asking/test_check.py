"""Questions and their answers: verdicts, what mends them, what the tables say, what is not known.

The answers are the night's: see test_check_and_audit.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from auditor.asking import check as module
from auditor.asking.check import QuestionUnclear, check, document, encounter, read
from auditor.asking.judged import OPTIONAL
from auditor.rules import catalogue

if TYPE_CHECKING:
    from auditor.asking.check import Answer, Encounter
    from auditor.reference.interface import Reference

DAY = date(2026, 3, 2)
Said = dict[str, Any]
Ask = "Callable[..., Answer]"


def asked_of(words: str, said: Said) -> Encounter:
    """A question of 2 March 2026 about a Medicare patient, unless it says else."""
    return encounter([words], today=DAY, **({"payer": "medicare", "day": str(DAY)} | said))


@pytest.fixture(scope="module")
def ask(starter: Reference) -> Ask:
    """The answer to one question; those of the cases are asked together, which is quicker.

    That each alone is answered so is a test of its own.
    """
    every = {
        (words, str(said)): asked_of(words, said)
        for words, said in (
            *((w, s) for w, s, _ in VERDICTS),
            *((w, {}) for w, _, _ in WAYS),
            *((changed(w, way), {}) for w, _, ways in WAYS for way in ways if changed(w, way)),
            *((w, {}) for w, *_ in EDITS),
            *((w, s) for w, s, *_ in UNJUDGED),
            *((w, s) for w, s, _ in SAID),
        )
    }
    answers = dict(zip(every, check([*every.values()], starter), strict=True))

    def ask(words: str, **said: Any) -> Answer:  # noqa: ANN401 - values of options
        key = (words, str(said))
        if key not in answers:
            (answers[key],) = check([asked_of(words, said)], starter)
        return answers[key]

    return ask


def changed(words: str, way: tuple[str, int, str]) -> str:
    """The question with one of its lines changed; '' where none is left."""
    (action, place, modifier), lines = way, words.split()
    if action == "leave off":
        del lines[place - 1]
    elif action == "add modifier":
        lines[place - 1] += f"-{modifier}"
    else:
        lines[place - 1] = lines[place - 1].replace(f"-{modifier}", "", 1)
    return " ".join(lines)


def told(answer: Answer) -> dict[int, list[tuple[str, str]]]:
    """Line -> (rule, tier) of what was found."""
    return {x.line: [(f.rule_id, f.tier) for f in x.findings] for x in answer.lines if x.findings}


VERDICTS: list[tuple[str, dict[str, Any], dict[int, list[tuple[str, str]]]]] = [
    ("77002", {}, {1: [("AOC-1", "certain")]}),
    ("20610-RT 77002-26", {"pos": "22"}, {}),
    ("20610-RT 77002-26", {}, {}),
    ("20610-RT 77002", {"pos": "22"}, {2: [("MOD-26POS", "certain")]}),
    ("20610-RT@2026-03-01 77002", {}, {2: [("AOC-1", "certain")]}),
    ("77002 anna:20610-RT", {}, {1: [("AOC-1", "review")]}),
    ("99213 20610-RT", {}, {1: [("PTP-1", "certain")]}),
    ("99213 20610-RT", {"payer": None}, {1: [("PTP-1", "review")]}),
    ("99213-25 20610-RT", {}, {1: [("PTP-BYP", "info")]}),
    ("97110-GP*4 97140-GP 97530-GP", {}, {}),
    ("97110-GP*30", {}, {1: [("MUE-3", "certain")]}),
    ("93000 93010", {}, {2: [("PTP-1", "certain")]}),
    ("93000 anna:93010", {}, {}),
    ("93000", {"pos": "22"}, {1: [("TC-1", "review")]}),
    ("93010", {"pos": "22"}, {}),
    ("80053 80048", {}, {2: [("PTP-0", "certain")]}),
    ("27447-RT@2026-02-01 99213", {}, {2: [("GLB-24", "review")]}),
    ("27447-RT@2025-10-01 99213", {}, {}),
    ("99211 96372", {}, {1: [("PTP-0", "certain")]}),
    ("G2211 99213-25", {}, {1: [("EM-G2211", "review")]}),
    ("90471*2", {}, {1: [("MUE-2", "certain"), ("VAC-2", "review")]}),
    ("20610-RT 20610-RT", {}, {2: [("DUP-1", "certain")]}),
    ("99213 anna:99214", {}, {}),
    ("99213 anna:99214", {"specialties": ["11"]}, {1: [("EM-DAY", "review")]}),
    ("99213 anna:99214", {"specialties": ["11", "anna=20"]}, {}),
    ("99213 anna:99214", {"specialties": ["11"], "other_groups": ["anna"]}, {}),
    ("58150", {"sex": "M"}, {1: [("SEX-1", "review")]}),
    ("58150", {"sex": "F"}, {}),
    ("11055", {}, {}),
    ("11055", {"diagnoses": ["L84"]}, {1: [("FOOT-1", "review")]}),
    ("11055-Q8", {"diagnoses": ["L84"]}, {}),
    ("99213", {"day": "2199-01-01"}, {}),
]


@pytest.mark.parametrize(
    ("words", "said", "found"), VERDICTS, ids=lambda value: str(value).replace("/", "")
)
def test_the_verdict(
    words: str, said: dict[str, Any], found: dict[int, list[tuple[str, str]]], ask: Ask
) -> None:
    answer = ask(words, **said)
    assert told(answer) == found
    tiers = [tier for each in found.values() for _, tier in each]
    strongest = next((t for t in ("certain", "review", "info") if t in tiers), "none")
    assert answer.verdict == strongest


WAYS = [
    ("99213 20610-RT", 1, [("leave off", 1, ""), ("add modifier", 1, "25")]),
    (
        "93000 93010",
        2,
        [
            ("leave off", 2, ""),
            *(("add modifier", 2, m) for m in ("XE", "XS", "XU", "59")),
        ],
    ),
    # no modifier separates the pair, whatever clears the panel's own rule
    ("80053 80048", 2, [("leave off", 2, "")]),
    ("99211 96372", 1, [("leave off", 1, "")]),
    ("27447-RT@2026-02-01 99213", 2, [("leave off", 2, ""), ("add modifier", 2, "24")]),
    ("20610-RT 20610-RT", 2, [("leave off", 2, ""), ("add modifier", 2, "76")]),
    # the 25 stands on another line than the finding
    ("G2211 99213-25", 1, [("leave off", 1, ""), ("remove modifier", 2, "25")]),
    ("93010-26", 1, [("remove modifier", 1, "26")]),
    ("20610-RT-RT", 1, [("remove modifier", 1, "RT")]),
    ("97110", 1, [("add modifier", 1, m) for m in ("GP", "GO", "GN")]),
    ("98941", 1, [("add modifier", 1, "AT")]),
    # nothing to change on the line itself mends an add-on that stands alone
    ("77002", 1, []),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line", "ways"), WAYS, ids=[words for words, _, _ in WAYS])
def test_what_was_tried_and_clears_a_finding(
    words: str, line: int, ways: list[tuple[str, int, str]], ask: Ask
) -> None:
    (finding, *_) = ask(words).lines[line - 1].findings
    assert [(w.action, w.line, w.modifier) for w in finding.ways] == ways


@pytest.mark.parametrize(("words", "units"), [("97110-GP*30", 6), ("90471*2", 1)])
def test_the_most_units_that_clear_a_finding(words: str, units: int, ask: Ask) -> None:
    (finding, *_) = ask(words).lines[0].findings
    assert [(w.action, w.units) for w in finding.ways] == [("lower units", units)]


@pytest.mark.parametrize(("words", "line", "ways"), WAYS, ids=[words for words, _, _ in WAYS])
def test_each_way_clears_the_finding_when_it_is_asked_for(
    words: str, line: int, ways: list[tuple[str, int, str]], ask: Ask
) -> None:
    before = told(ask(words))
    count = len([f for each in before.values() for f in each if f[1] != "info"])
    for way in ways:
        text = changed(words, way)
        after = told(ask(text)) if text else {}
        if way[0] != "leave off":  # else the lines are counted anew
            assert before[line][0] not in after.get(line, [])
        assert len([f for each in after.values() for f in each if f[1] != "info"]) < count


def test_a_modifier_stands_beside_the_guidance_of_it(ask: Ask) -> None:
    from auditor.asking.guidance import modifiers

    (finding,) = ask("20610-RT 77002", pos="22").lines[1].findings
    (way,) = [w for w in finding.ways if w.modifier == "26"]
    assert (way.proper, way.citation) == (modifiers()["26"].proper, modifiers()["26"].citation)


def test_no_finding_is_cleared_where_there_is_none(ask: Ask) -> None:
    for words in ("20610-RT 77002-26", "99213-25 20610-RT"):
        assert all(not f.ways for line in ask(words).lines for f in line.findings)


def test_together_names_the_primary_and_the_missing_edit(ask: Ask) -> None:
    (pair,) = ask("20610-RT 77002-26").together
    assert (pair.first, pair.second, pair.edits, pair.ptp_release) == (
        "20610", "77002", (), None,
    )  # fmt: skip
    (row,) = pair.add_ons
    assert (row.primary, row.addon, row.effective) == ("20610", "77002", date(2017, 1, 1))


EDITS = [
    ("99213 20610-RT", "20610", "99213", 1, False, ()),
    ("99213-25 20610-RT", "20610", "99213", 1, True, ("99213-25",)),
    ("80053 80048", "80053", "80048", 0, None, ()),
    ("99213 anna:99214", "99214", "99213", 1, None, ()),
]


@pytest.mark.parametrize(
    ("words", "column1", "column2", "indicator", "separated", "by"),
    EDITS,
    ids=[words for words, *_ in EDITS],
)
def test_together_tells_the_edit_and_what_separates_it(  # noqa: PLR0913, PLR0917 - a case's values
    words: str,
    column1: str,
    column2: str,
    indicator: int,
    separated: bool | None,  # noqa: FBT001 - a case's value
    by: tuple[str, ...],
    ask: Ask,
) -> None:
    (pair,) = ask(words).together
    (edit,) = pair.edits
    assert (edit.column1, edit.column2, edit.modifier_indicator) == (column1, column2, indicator)
    assert (edit.separated, edit.by) == (separated, by)


def test_codes_of_different_days_are_not_told_together(ask: Ask) -> None:
    assert ask("27447-RT@2026-02-01 99213").together == ()


def test_silence_is_an_answer_of_a_whole_table_and_not_of_the_starter_set(
    ask: Ask, starter: Reference
) -> None:
    (pair,) = ask("20610-RT 77002-26").together
    assert (pair.edits, pair.ptp_release, pair.ptp_vouches_to) == ((), None, None)
    (whole,) = check([asked_of("20610-RT 77002-26", {})], Whole(starter))[0].together
    assert (whole.edits, whole.ptp_release) == ((), "PTP 2026Q1")
    assert whole.ptp_vouches_to == date(2026, 3, 31)


class Whole:
    """The starter set as if CMS's own release of pairs were loaded."""

    def __init__(self, starter: Reference) -> None:
        self._starter = starter

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the reference has
        return getattr(self._starter, name)

    def release(self, kind: str) -> Any:  # noqa: ANN401 - as above
        found = self._starter.release(kind)
        if kind != "ptp-practitioner":
            return found
        until = date(2026, 3, 31)
        return replace(found, label="PTP 2026Q1", vouches_to=until, starter=False)


UNJUDGED = [
    ("58150", {}, "SEX-1", ("--sex",)),
    ("90460", {}, "VAC-5", ("--age", "--birth")),
    ("45378 45385", {}, "PT-1", ("--dx",)),
    ("99213 anna:99214", {}, "EM-DAY", ("--specialty",)),
    ("99213 20610-RT", {"payer": None}, "PTP-1", ("--payer",)),
    ("99203", {}, "EM-NEW", ()),
]


@pytest.mark.parametrize(
    ("words", "said", "rule", "options"), UNJUDGED, ids=[words for words, *_ in UNJUDGED]
)
def test_what_was_not_said_is_told_with_its_option(
    words: str, said: dict[str, Any], rule: str, options: tuple[str, ...], ask: Ask
) -> None:
    assert any(u.options == options and rule in u.rules for u in ask(words, **said).unjudged)


SAID = [
    ("58150", {"sex": "F"}, "--sex"),
    ("90460", {"age": 30}, "--age"),
    ("90460", {"birth": "1990-05-05"}, "--age"),
    ("45378 45385", {"diagnoses": ["K63.5"]}, "--dx"),
    ("99213 anna:99214", {"specialties": ["11"]}, "--specialty"),
    ("99213 20610-RT", {}, "--payer"),
    # a code that no rule on the input names
    ("20610-RT", {}, "--sex"),
    ("20610-RT", {}, "--age"),
    ("20610-RT", {}, "--dx"),
]


@pytest.mark.parametrize(
    ("words", "said", "option"), SAID, ids=[f"{words} {option}" for words, _, option in SAID]
)
def test_what_was_said_or_matters_to_no_rule_is_not_asked_for(
    words: str, said: dict[str, Any], option: str, ask: Ask
) -> None:
    assert not any(option in u.options for u in ask(words, **said).unjudged)


def test_an_unknown_code_is_told_and_the_near_ones(starter: Reference) -> None:
    asked = encounter(["20160"], today=DAY)
    (answer,) = check([asked], starter)
    (what,) = [u.what for u in answer.unjudged if "20160" in u.what]
    assert "names 20160: hardly more than its form was judged. Written alike: " in what
    assert "20610" in what.partition("alike")[2]  # two characters swapped, then another digit
    assert not any(
        "names 20610" in u.what
        for u in check([encounter(["20610"], today=DAY)], starter)[0].unjudged
    )


def test_a_message_names_no_number_that_nobody_typed(ask: Ask) -> None:
    for words, _, _ in VERDICTS:
        text = str(document([ask(words)]))
        assert not re.search(r"\bC[0-9]+-[0-9]|\bP[0-9]+\b|\b1[0-9]{9}\b", text), words


def test_many_questions_are_answered_as_each_alone(
    starter: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [asked_of(words, said) for words, said, _ in VERDICTS[::5]]
    alone = [document(check([each], starter))["answers"][0] for each in asked]
    monkeypatch.setattr(module, "_FEW", 0)
    assert document(check(asked, starter))["answers"] == alone
    monkeypatch.setattr(module, "_FEW", 10**6)
    assert document(check(asked, starter))["answers"] == alone


def test_a_hundred_questions_with_one_defect_have_it_each(starter: Reference) -> None:
    """In a file most lines with one defect are an export's, and told once."""
    asked = [encounter(["99213"], today=DAY, diagnoses=["123"]) for _ in range(100)]
    answers = check(asked, starter)
    assert [told(a) for a in answers] == [told(answers[0])] * 100
    assert [rule for rule, _ in told(answers[0])[1]] == ["COD-4"]


def test_rules_that_a_question_may_silence_deny_no_line() -> None:
    """So leaving their findings out changes nothing else (auditor.asking.judged)."""
    silent = [r for r in catalogue() if set(OPTIONAL) & set(r.columns)]
    assert {"AGE-1", "SEX-1", "FOOT-1"} <= {r.id for r in silent}
    assert [r.id for r in silent if r.denies] == []


MISTAKES = [
    ({"pos": "office"}, "'office' is not a place of service."),
    ({"day": "3/2/2026"}, "'3/2/2026' is not a day. Did you mean 2026-03-02?"),
    ({"age": "old"}, "'old' is not an age."),
    ({"age": 131}, "'131' is not an age."),
    ({"age": 3, "birth": "2020-01-01"}, "--age and --birth say the same twice."),
    ({"birth": "2027-01-01"}, "The patient is born on 2027-01-01, after the service."),
    ({"sex": "girl"}, "'girl' is not a sex."),
    (
        {"payer": "medicaire"},
        "'medicaire' is no kind of payer that this program knows. Did you mean medicare?",
    ),
    ({"diagnoses": ["knee pain"]}, "'knee' has not the form of a diagnosis."),
    ({"specialties": ["surgeon"]}, "'surgeon' is not a specialty."),
    ({"specialties": ["ana=11"]}, "No line is by 'ana'. Did you mean anna?"),
    ({"other_groups": ["bob"]}, "No line is by 'bob'."),
]


@pytest.mark.parametrize(("said", "what"), MISTAKES, ids=[what for _, what in MISTAKES])
def test_a_mistake_in_what_is_said_is_told(said: dict[str, Any], what: str) -> None:
    with pytest.raises(QuestionUnclear) as caught:
        encounter(["20610 anna:77002"], today=DAY, **said)
    assert caught.value.what == what


def test_a_place_of_service_that_cms_does_not_have_is_refused(starter: Reference) -> None:
    with pytest.raises(QuestionUnclear, match="There is no place of service 98"):
        check([encounter(["99213"], today=DAY, pos="98")], starter)


def test_a_file_of_questions_loses_no_line() -> None:
    texts = [
        "20610-RT 77002-26 --pos 22  # the knee",
        "",
        "# a comment",
        "2061",
        "99213 --payer=commercial --dx M17.11,L84 --age 7",
        "99213 --poss 11",
        "99213 --pos",
        "--pos 11",
        "99213 'open",
    ]
    found = read(texts, "day.txt", DAY, {"payer": "medicare", "birth": "2000-01-01"})
    assert [(e.place, e.pos, e.payer, e.age, e.diagnoses) for e in found.encounters] == [
        ("day.txt, line 1", "22", "medicare", None, ()),
        ("day.txt, line 5", "11", "commercial", 7, ("M1711", "L84")),
    ]
    assert [e.birth for e in found.encounters] == [date(2000, 1, 1), None]
    assert [(r.place, r.reason.split(". ")[0]) for r in found.rejected] == [
        ("day.txt, line 4", ("'2061', character 1: a code has five letters and digits, and '2061' "
         "has 4")),
        ("day.txt, line 6", "There is no option '--poss'"),
        ("day.txt, line 7", "A value is missing after --pos"),
        ("day.txt, line 8", "There is no line in the question"),
        ("day.txt, line 9", "A quotation mark is not closed"),
    ]  # fmt: skip
