"""The guidance says only what exists: codes, modifiers, rules, tables; and no one's own words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import polars as pl
import pytest

from auditor.asking import guidance
from auditor.asking.guidance import modifiers, places, topics, topics_of
from auditor.reference import load_reference
from auditor.reference.importer import import_files
from auditor.reference.policy import TABLES, policy_table
from auditor.rules import rule_ids

FOLDER = Path(guidance.__file__).parent
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SOURCES = (
    "100-0", "NCCI", "CMS ", "MPFS", "CFR", "final rule", "MLN", "CPT ", "contractor",
    "professional knowledge", "HCPCS", "Medicare Physician Fee Schedule",
)  # fmt: skip
ENDED = {"99241", "99251", "99441", "99442", "99443"}
"""Codes of topics that say themselves that they ended before the tables at hand."""
WITHOUT = {
    "addon_units": "of add-ons of every family; add-on-codes",
    "ambulance": "letters of a trip; the topic names the range itself",
    "code_formats": "forms of codes",
    "diagnosis_form": "forms of diagnoses",
    "facility_pos": "places",
    "lab_pairs": "of laboratory codes, which lab and lab_panels name",
    "modifier_class": "modifiers",
    "modifier_conflicts": "modifiers",
    "modifier_regions": "parts of the body, not a family",
    "modifiers": "modifiers",
    "place_of_service": "places",
    "pos_rules": "visits, which em_codes names, and anesthesia",
    "ptp_warned": "pairs of several families; separating-a-pair",
    "telehealth_never": "nearly all procedures; telehealth",
    "telehealth_pos": "places",
    "timed_codes": "impossible-day, of those that are counted",
}
"""Policy tables that are no family of codes, or whose family another table names."""


def form(code: str) -> str:
    return re.sub("[0-9]", "9", code)


@pytest.mark.parametrize("topic", topics(), ids=lambda t: t.id)
def test_a_topic_names_what_exists(topic: guidance.Topic) -> None:
    assert KEBAB.fullmatch(topic.id)
    assert set(topic.rules) <= rule_ids()
    assert set(topic.modifiers) <= set(modifiers())
    assert all(re.fullmatch(r"[A-Z0-9]{5}", code) for pair in topic.codes for code in pair)
    assert all(low <= high and form(low) == form(high) for low, high in topic.codes)
    assert len({code for code, _ in topic.related}) == len(topic.related)
    assert len(topic.rules) == len(set(topic.rules))


@pytest.mark.parametrize("topic", topics(), ids=lambda t: t.id)
def test_a_topic_is_short_plain_and_has_a_source(topic: guidance.Topic) -> None:
    told = (topic.title, topic.text, topic.citation, *topic.words, *(t for _, t in topic.related))
    assert all(text.isascii() and text == text.strip() and "  " not in text for text in told)
    assert len(topic.text) <= 900
    assert topic.text.endswith(".")
    assert "fraud" not in topic.text.lower()
    assert any(source in topic.citation for source in SOURCES), topic.citation
    assert topic.words


@pytest.mark.parametrize("name", modifiers())
def test_a_modifier_is_known_explained_and_has_a_source(name: str) -> None:
    guide = modifiers()[name]
    assert name in set(policy_table("modifiers")["modifier"])
    for text in (guide.proper, guide.not_proper):
        assert text.isascii()
        assert text.endswith(".")
        assert "fraud" not in text.lower()
    assert guide.title
    assert not guide.title.endswith(".")
    assert any(source in guide.citation for source in SOURCES), guide.citation


def test_every_topic_and_modifier_stands_once() -> None:
    ids = [topic.id for topic in topics()]
    assert len(ids) == len(set(ids))
    raw = tomllib.loads((FOLDER / "guidance_modifiers.toml").read_text(encoding="utf-8"))
    assert set(raw) == set(modifiers())


@pytest.mark.parametrize("table", ["modifier_class", "modifier_conflicts", "telehealth_pos"])
def test_every_modifier_that_a_rule_meets_is_explained(table: str) -> None:
    frame = policy_table(table)
    named = {
        name
        for column in frame.columns
        if column.startswith("modifier")
        for name in frame[column].drop_nulls().to_list()
    } - {"any"}
    assert named
    assert named <= set(modifiers())


@pytest.mark.parametrize("table", sorted(set(TABLES) - set(WITHOUT)))
def test_every_family_of_a_policy_table_has_a_topic(table: str) -> None:
    whole = [t for t in topics() if any(said.split()[0] == table for said in t.tables)]
    assert whole, f"no topic is about the codes of {table}"
    frame = policy_table(table)
    codes = frame["code_low" if "code_low" in frame.columns else "code"].to_list()
    if any("=" not in said for t in whole for said in t.tables if said.split()[0] == table):
        assert all(topics_of(code) for code in codes)


def test_exceptions_are_tables_that_no_topic_takes_whole() -> None:
    taken = {said for topic in topics() for said in topic.tables}
    assert set(WITHOUT) <= set(TABLES)
    assert taken & set(WITHOUT) == set()


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("77002", "imaging-guidance"),
        ("99002", "handling-of-devices"),
        ("20610", "joint-and-tendon-injections"),
        ("99211", "nurse-visit"),
        ("G2211", "complexity-add-on"),
        ("01400", "anesthesia"),
        ("96365", "infusions-and-injections"),
        ("A0425", "ambulance"),
        ("64999", "unlisted-codes"),
    ],
)
def test_the_narrowest_topic_comes_first(code: str, first: str) -> None:
    assert topics_of(code)[0].id == first


@pytest.mark.parametrize("code", ["1999F", "0001Z", "", "7700", "G221", "9921X"])
def test_a_code_of_another_form_has_none(code: str) -> None:
    assert topics_of(code) == ()


def test_rows_of_a_table_with_a_value() -> None:
    whole = {t.id: t for t in topics()}
    closure = whole["wound-closure"]
    assert ("12031", "13153") in closure.codes
    assert ("11102", "11107") not in closure.codes
    visits = whole["visit-with-procedure"].codes
    assert ("99213", "99213") in visits
    assert ("99487", "99494") not in visits


def test_paragraphs_are_kept_and_lines_are_not() -> None:
    text = next(t.text for t in topics() if t.id == "imaging-guidance")
    assert text.count("\n\n") == 1
    assert "\n" not in text.replace("\n\n", "")
    assert all("\n" not in guide.proper for guide in modifiers().values())


@pytest.fixture(scope="module")
def cms(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the CMS files that name most codes."""
    names = (
        "PPRRVU2025_Oct.csv",
        "HCPC2025_OCT_ANWEB.xlsx",
        "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv",
    )
    store = tmp_path_factory.mktemp("asking") / "store"
    import_files([shared / "cms" / name for name in names], store)
    return store


@pytest.mark.shared
def test_every_code_exists_in_the_tables(cms: Path) -> None:
    reference = load_reference(cms)
    named = {code for t in topics() for code, _ in t.related}
    own = tomllib.loads((FOLDER / "guidance_topics.toml").read_text(encoding="utf-8"))["topic"]
    named |= {code for topic in own for pair in topic.get("codes", ()) for code in pair}
    codes = pl.Series(sorted(named))
    known = set(reference.fees(codes)["code"]) | set(reference.mue(codes)["code"])
    known |= set(reference.hcpcs()["code"])
    assert named - known - ENDED == set()


@pytest.mark.shared
def test_what_a_topic_says_of_status_is_so(cms: Path) -> None:
    """Codes that a topic calls bundled, not covered, not valid or paid alone."""
    said = {
        "B": ("handling-of-devices", "always-bundled", "anesthesia-circumstances"),
        "I": ("consultations",),
    }
    reference = load_reference(cms)
    for status, ids in said.items():
        for topic in (t for t in topics() if t.id in ids):
            codes = pl.Series([code for pair in topic.codes for code in pair])
            frame = reference.fees(codes)
            assert frame.height
            assert set(frame["status"]) == {status}, topic.id


@pytest.mark.shared
def test_no_descriptor_stands_in_our_words(cms: Path) -> None:
    reference = load_reference(cms)
    ours = {code: text.lower() for topic in topics() for code, text in topic.related}
    theirs = dict(reference.descriptors(pl.Series(list(ours))).select("code", "text").rows())
    same = {code for code, text in theirs.items() if text.lower() == ours[code]}
    assert same == set()
    guides = pl.Series(list(modifiers()))
    for name, text in reference.descriptors(guides).select("code", "text").rows():
        assert modifiers()[name].title.lower() != text.lower(), name


def test_every_place_of_service_has_a_name() -> None:
    assert set(places()) == set(policy_table("place_of_service")["pos"])
    assert all(place.name and place.name.isascii() for place in places().values())
    assert len({place.name for place in places().values()}) == len(places())
