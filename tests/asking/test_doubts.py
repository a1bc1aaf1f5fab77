"""What a coder who doubts every answer found wrong: advice against the facts of the question, and
silence where nothing was judged.
"""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from auditor.asking import notation
from auditor.asking.advice import topics_of_pair
from auditor.asking.card import code
from auditor.asking.check import QuestionUnclear, check, encounter, read
from auditor.asking.encounters import MOST_LINES
from auditor.asking.guidance import places, topics_of
from auditor.cli.asking.check_text import told
from auditor.intake import dates

if TYPE_CHECKING:
    from auditor.reference.interface import Reference

DAY = date(2025, 11, 3)
Said = dict[str, Any]
Ask = "Callable[[str, Said], Answer]"

ADDED: list[tuple[str, Said, int, list[str]]] = [
    # one practitioner did both: XP is never true, and 59 comes after what says more
    ("71045-26 71046-26", {"pos": "21"}, 1, ["XE", "XS", "XU", "59"]),
    # who repeated it: 76 the same one, 77 another; a laboratory test takes 91, a visit none
    ("93010 93010", {}, 2, ["76"]),
    ("93010 anna:93010", {}, 2, ["77"]),
    ("82947 82947", {}, 2, ["91"]),
    ("99213 99213-25", {}, 2, []),
    # the visit that decided for a major operation
    ("99213 27447-RT", {}, 1, ["57"]),
    # with a minor one 25, and 57 never
    ("99213 20610-RT", {}, 1, ["25"]),
    # separated, if weakly: what is wanted is the record and not one more modifier
    ("76942 20611-RT", {}, 1, []),
    # PT is Medicare's, 33 of all others
    ("45385", {"pos": "24", "diagnoses": ["Z12.11"]}, 1, ["PT"]),
    ("45385", {"pos": "24", "diagnoses": ["Z12.11"], "payer": "commercial"}, 1, ["33"]),
    ("45385", {"pos": "24", "diagnoses": ["Z12.11"], "payer": None}, 1, ["PT", "33"]),
    # two anesthesias: another session is told by 59 or XE, and by no other structure
    ("00840-AA*90 00790-AA*60", {"pos": "21"}, 2, ["XE", "59"]),
]
SILENT: list[tuple[str, Said, str, bool]] = [
    ("99213 20610-RT", {"payer": "medicaid"}, "Medicaid has code pairs and unit limits", True),
    ("99213 20610-RT", {"payer": "medicaid"}, "Tables older", False),
    ("99213 20610-RT", {}, "Medicaid has", False),
    ("97110", {"payer": "medicaid"}, "For Medicare, a certain problem: THR-1", True),
    ("71046", {"payer": "commercial", "pos": "22"}, "a certain problem: MOD-26POS", True),
    ("71046-26", {"payer": "commercial", "pos": "22"}, "Rules of Medicare alone", False),
    ("99213 93000", {"payer": "commercial"}, "Rules of Medicare alone", False),
    ("J1885 96372", {}, "Whether J1885 came from a single-dose container", True),
    ("J1885-JZ 96372", {}, "single-dose", False),
    ("J9035-JW*3 J9035*37 96413", {}, "single-dose", False),
    ("J0897-JZ*60 96372", {}, "single-dose", False),
    ("J1885 96372", {"day": "2023-06-30"}, "single-dose", False),
    ("J1885 96372", {"payer": "commercial"}, "single-dose", False),
    ("J1885", {"pos": "21"}, "single-dose", False),
    ("87880", {}, "waiver Medicare pays 87880 with QW only", True),
    ("87880-QW", {}, "certificate", False),
    ("81002", {}, "certificate", False),
    ("87880", {"pos": "22"}, "certificate", False),
    ("87880", {"payer": "commercial"}, "certificate", False),
    ("97110-GP 97140-GP-59", {}, "Whether 59 on 97140 has an edit to separate", True),
    ("97110-GP 97140-GP-59", {"payer": "commercial"}, "edit to separate", False),
    ("45385 45380-59", {"pos": "24"}, "edit to separate", False),  # it has one
    ("45385-59 45380", {"pos": "24"}, "edit to separate", False),
    ("99213-59", {}, "edit to separate", False),  # a rule says that it does not belong there
    ("97110-GP 97140-GP", {}, "edit to separate", False),
]

TWO_VISITS: list[tuple[str, Said, list[tuple[int, str]]]] = [
    # Medicare wants 25 on the critical care, and the edit takes it on either line
    ("99285 99291", {"pos": "23"}, [(2, "25")]),
    ("99291 99285", {"pos": "23"}, [(1, "25")]),
    ("99285 99291", {"pos": "23", "payer": "commercial"}, [(1, "25"), (2, "25")]),
    # an ordinary visit and a procedure: on the visit alone
    ("99213 20610-RT", {}, [(1, "25")]),
    ("99285-25 99291", {"pos": "23"}, []),
    ("99285 99291-25", {"pos": "23"}, []),
]


@pytest.fixture(scope="module")
def ask(starter: Reference) -> Ask:
    """The answers to all questions of this module, asked at once."""
    questions = [(w, s) for w, s, *_ in (*ADDED, *SILENT, *TWO_VISITS, *NO_CHARGE)]
    every = {(w, str(s)): asked(w, s) for w, s in questions}
    answers = dict(zip(every, check([*every.values()], starter), strict=True))
    return lambda words, said: answers[words, str(said)]


def asked(words: str, said: Said) -> Any:  # noqa: ANN401 - an encounter
    return encounter([words], today=DAY, **({"payer": "medicare"} | said))


@pytest.mark.parametrize(("words", "said", "line", "modifiers"), ADDED)
def test_no_modifier_is_advice_that_the_question_contradicts(
    words: str, said: Said, line: int, modifiers: list[str], ask: Ask
) -> None:
    (finding, *_) = [f for f in ask(words, said).lines[line - 1].findings if f.tier != "info"]
    assert [w.modifier for w in finding.ways if w.action == "add modifier"] == modifiers


@pytest.mark.parametrize(("words", "said", "text", "there"), SILENT)
def test_what_no_rule_judges_is_told(
    words: str, said: Said, text: str, there: int, ask: Ask
) -> None:
    assert any(text in each.what for each in ask(words, said).unjudged) == there


NO_CHARGE: list[tuple[str, Said]] = [("99024", {}), ("99213 3074F", {}), ("36416", {})]


@pytest.mark.parametrize(
    ("words", "verdict", "noted"),
    [("99024", "none", True), ("99213 3074F", "none", True), ("36416", "certain", False)],
)
def test_codes_that_are_reported_at_no_charge_are_no_claim_for_payment(
    words: str, verdict: str, noted: int, ask: Ask
) -> None:
    answer = ask(words, {})
    assert answer.verdict == verdict
    assert any("no charge was taken" in note for note in answer.notes) == noted


@pytest.mark.parametrize(
    ("code", "other", "topics"),
    [
        ("77067", "77065", ("mammograms",)),
        ("99214", "90834", ("psychotherapy",)),
        ("45378", "45380", ("colonoscopy-screening",)),
        ("80053", "80048", ("laboratory-panels",)),
        ("99213", "20610", ()),
        ("29881", "27447", ()),
    ],
)
def test_guidance_about_both_codes_of_a_pair(
    code: str, other: str, topics: tuple[str, ...]
) -> None:
    assert topics_of_pair(code, other) == topics
    assert topics_of_pair(other, code) == topics


def test_a_question_has_a_bounded_number_of_lines() -> None:
    assert len(encounter(["99213 " * MOST_LINES], today=DAY).lines) == MOST_LINES
    with pytest.raises(QuestionUnclear, match="at most 100 lines, and this has 1,000"):
        encounter(["99213 " * 1000], today=DAY)


def test_a_place_that_does_not_exist_spoils_no_other_question() -> None:
    read_ = read(["99213 --pos 00", "99213 --pos 22"], "f.txt", DAY, {})
    assert [each.pos for each in read_.encounters] == ["22"]
    assert [each.place for each in read_.rejected] == ["f.txt, line 1"]
    assert "no place of service 00" in read_.rejected[0].reason


def test_places_are_those_of_the_table(starter: Reference) -> None:
    assert set(places()) == set(starter.policy("place_of_service")["pos"])


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("J9035*37-JZ", "modifiers stand before"),
        ("97110*4-GP-CQ@2025-11-03", "modifiers stand before"),
        ("97110*four", "a number of units is expected"),
    ],
)
def test_why_units_are_not_read(word: str, why: str) -> None:
    with pytest.raises(QuestionUnclear, match=why):
        encounter([word], today=DAY)


@pytest.mark.parametrize("payer", ["tricare", "Medicare Advantage", "medicare-hmo", "aetna"])
def test_another_payer_is_not_taken_for_medicare(payer: str) -> None:
    with pytest.raises(QuestionUnclear) as told_:
        encounter(["99213"], today=DAY, payer=payer)
    assert "Did you mean" not in str(told_.value)
    assert "leave it out" in str(told_.value)


def test_coverage_is_told_as_unjudged_at_every_question(ask: Ask) -> None:
    for words, said, *_ in SILENT:
        (told_,) = [e for e in ask(words, said).unjudged if "coverage (NCD, LCD)" in e.what]
        assert "medical necessity" in told_.what


@pytest.mark.parametrize(("words", "said", "ways"), TWO_VISITS)
def test_on_which_of_two_visits_the_modifier_belongs(
    words: str, said: Said, ways: list[tuple[int, str]], ask: Ask
) -> None:
    found = [f for line in ask(words, said).lines for f in line.findings if f.tier != "info"]
    assert [(w.line, w.modifier) for f in found for w in f.ways if w.modifier] == ways
    assert len(found) == bool(ways)


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_days_that_no_claim_has(day: str) -> None:
    for words, said in (("99213", {"day": day}), (f"99213@{day}", {}), ("99213", {"birth": day})):
        with pytest.raises(QuestionUnclear):
            encounter([words], today=DAY, **said)


def test_years_are_those_of_claim_files() -> None:
    assert (notation.FIRST_YEAR, notation.LAST_YEAR) == (dates.FIRST_YEAR, dates.LAST_YEAR)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 5000,
        "99213-" + "Z" * 5000,
        "a" * 5000 + ":99213",
        "99213 --dx " + "A" * 5000,
        "99213 --specialty " + "x" * 5000,
        "99213 --pos " + "1" * 5000,
        "99213 --other-group " + "x" * 5000,
        "99213 --" + "x" * 5000,
        "99213@" + "2" * 5000,
        "99213*" + "2" * 5000,
    ],
)
def test_what_is_wrong_with_a_long_word_is_told_in_short(text: str) -> None:
    (rejected,) = read([text], "f.txt", DAY, {}).rejected
    assert len(rejected.reason) < 300


def test_no_line_of_an_answer_is_longer_than_80_characters(starter: Reference) -> None:
    chance = random.Random(7)  # noqa: S311 - cases, not secrets
    codes = "99213 20610 77002 80053 80048 97110 45385 93000 29881 J0897 G2211 99024 27447 99291"
    names = ("", "", "a:", "b" * 20 + ":")
    tails = ("", "-25", "-59-LT-RT-76", "-GP*4", "*12.5", "@2025-10-02", "-RT*99999@2022-12-31")
    questions = [
        encounter(
            [
                chance.choice(names) + chance.choice(codes.split()) + chance.choice(tails)
                for _ in range(chance.choice((1, 2, 3, 9)))
            ],
            today=DAY,
            pos=chance.choice((None, "22")),
            payer=chance.choice((None, "medicare", "medicaid", "commercial")),
            age=chance.choice((None, 7)),
            place="a-file-with-a-name-that-is-rather-long.txt, line 1",
        )
        for _ in range(60)
    ]
    answers = check(questions, starter)
    assert {"certain", "review", "none"} <= {answer.verdict for answer in answers}
    lines = [line for a in answers for text in told(a) for line in text.splitlines()]
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize(
    ("asked_", "related"),
    [
        ("99417", {"G2212", "G0318"}),
        ("99418", {"G0316", "G0317"}),
        ("98006", {"99202", "99215"}),
        ("97014", {"G0283"}),
    ],
)
def test_related_codes_are_codes(asked_: str, related: set[str], starter: Reference) -> None:
    found = {each.code for each in code(asked_, starter, DAY).related}
    assert related <= found
    assert all(len(each) == 5 and each.isalnum() for each in found)


@pytest.mark.parametrize(
    ("asked_", "first"),
    [
        ("90834", "psychotherapy"),  # and not the hours of a day
        ("71046", "x-ray-views"),  # and not critical care
        ("20610", "joint-and-tendon-injections"),
        ("99213", "new-and-established"),
        ("36415", "taking-a-specimen"),
    ],
)
def test_a_card_begins_with_what_the_code_is_for(asked_: str, first: str) -> None:
    assert topics_of(asked_)[0].id == first


@pytest.mark.parametrize(
    ("asked_", "digits"), [("20600", True), ("20604", True), ("20605", False), ("20610", False)]
)
def test_digits_belong_to_small_joints(asked_: str, digits: int, starter: Reference) -> None:
    fitting = {m for a in code(asked_, starter, DAY).modifiers if a.fits for m in a.modifiers}
    assert ("F1" in fitting) == digits
    assert {"LT", "RT", "50"} <= fitting


@pytest.mark.parametrize(("pos", "text"), [("93000", "holds it"), ("93005", "is that part alone")])
def test_a_card_says_what_a_facility_leaves_to_the_practitioner(
    pos: str, text: str, starter: Reference
) -> None:
    (place, *_) = code(pos, starter, DAY).places
    assert text in place.text
    assert "19, 21, 22, 23" in place.text
