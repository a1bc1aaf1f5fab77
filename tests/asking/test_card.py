"""The card of a code: what the tables say of it on a date, and what they leave open."""

import json
from datetime import date
from pathlib import Path

import pytest

from auditor.asking import card_indicators, card_policies
from auditor.asking.card import code
from auditor.asking.card_facts import _CODES, _LISTS, _RANGES, facts
from auditor.asking.card_kinds import is_modifier, kind
from auditor.asking.card_parts import Advice, Card
from auditor.asking.modifier_card import modifier
from auditor.reference import load_reference, memory_reference
from auditor.reference.interface import Reference
from auditor.reference.policy import TABLES, policy_table

DAY = date(2025, 11, 3)
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.fixture(scope="module")
def small() -> Reference:
    """A few rows of each kind, with what is hard about them."""
    return memory_reference(
        ptp=[
            ("20610", "99213", 1),
            ("20610", "77003", 0),
            ("20611", "20610", 1, "2015-01-01"),
            ("20610", "76000", 1, "2010-01-01", "2019-12-31"),
            ("20610", "76942", 9, "2010-01-01", "2010-01-01"),
            ("94760", "99213", 1),
        ],
        aoc=[
            ("77002", "20610", 1, "2017-01-01"),
            ("77002", "20600", 1, "2017-01-01", "2024-12-31"),
            ("22552", "CCCCC", 2, "2013-04-01"),
            ("99417", "99215", 3, "2021-01-01"),
            ("99417", "CCCCC", 3, "2021-01-01"),
        ],
        mue=[
            ("20610", 2, 3, "2024-07-01", "2025-09-30"),
            ("20610", 1, 2, "2025-10-01"),
            ("A4550", 0, 3),
        ],
        fees=[
            ("20610", "", "A", "0", "000", "2", "1", "1", "0", "0"),
            ("77002", "", "A", "1", "ZZZ"),
            ("77002", "26", "A", "1", "ZZZ"),
            ("77002", "TC", "A", "1", "ZZZ"),
            ("94760", "", "T", "3"),
            ("A4550", "", "B", "9"),
            ("99213", "", "A", "0", "XXX"),
            ("93000", "", "A", "4"),
            ("27447", "", "A", "0", "090", "2", "1", "2", "1", "0", "2026-01-01"),
        ],
        hcpcs=[
            ("J3301", "procedure", "2000-01-01"),
            ("J1234", "procedure", "2000-01-01", "2024-12-31"),
            ("J4321", "procedure", "2026-01-01"),
            ("ZX", "modifier", "2026-01-01"),
        ],
    )


def advice_on(card: Card, name: str) -> Advice | None:
    return next((each for each in card.modifiers if name in each.modifiers), None)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("20610", "in use"),
        ("j3301 ", "in use"),
        ("J1234", "ended"),
        ("J4321", "not yet"),
        ("27447", "doubtful"),  # a fee schedule of a later day has it
        ("99241", "ended"),
        ("10022", "unknown"),
        ("76000", "ended"),  # only a row that ended names it, and a whole fee schedule does not
        ("0001U", "doubtful"),  # such codes stand in no table
        ("2061", "unknown"),
        ("ZZZZZ", "unknown"),
    ],
)
def test_state(small: Reference, name: str, state: str) -> None:
    card = code(name, small, DAY)
    assert (card.state, card.code) == (state, name.strip().upper()), card.standing
    assert card.standing


def test_ended_codes_are_told_little(small: Reference) -> None:
    card = code("99241", small, DAY)
    assert not card.modifiers
    assert not card.places
    assert {rule.id for rule in card.rules} == {"COD-2"}
    assert code("99241", small, date(2022, 12, 31)).state != "ended"


def test_a_code_that_no_whole_table_could_have_is_not_called_unknown() -> None:
    card = code("29881", memory_reference(fees=[("20610", "", "A")], starter=True), DAY)
    assert card.state == "doubtful"
    assert "may well be valid" in card.standing


def test_pairs_are_counted_by_side_and_indicator_in_force(small: Reference) -> None:
    pairs = code("20610", small, DAY).pairs[0]
    assert (pairs.pays_0, pairs.pays_1, pairs.denied_0, pairs.denied_1) == (1, 1, 0, 1)
    assert [pair.column2 for pair in pairs.as_column1] == ["77003", "99213"]
    assert pairs.pays_over == (("radiology", 1), ("evaluation and management", 1))
    before = code("20610", small, date(2014, 12, 31)).pairs[0]
    assert (before.pays_1, before.denied_1) == (2, 0)


def test_few_pairs_are_listed_and_all_are_counted(small: Reference) -> None:
    pairs = code("20610", small, DAY, most=0).pairs[0]
    assert pairs.as_column1 == ()
    assert pairs.count == 3


@pytest.mark.parametrize(
    ("name", "other", "rows", "in_force", "addon_of"),
    [
        ("20610", "99213", 1, 1, ""),
        ("99213", "20610", 1, 1, ""),
        ("20610", "76000", 1, 0, ""),
        ("20610", "76942", 0, 0, ""),
        ("77002", "20610", 0, 0, "77002"),
        ("20610", "77002", 0, 0, "77002"),
        ("77002", "20600", 0, 0, ""),  # it ended
        ("20610", "93000", 0, 0, ""),
    ],
)
def test_beside_another_code(  # noqa: PLR0913, PLR0917 - a case as data
    small: Reference, name: str, other: str, rows: int, in_force: int, addon_of: str
) -> None:
    beside = code(name, small, DAY, with_=other).beside
    assert beside is not None
    assert len(beside.pairs) == rows
    assert sum(pair.in_force for pair in beside.pairs) == in_force
    assert beside.addon_of == addon_of
    assert beside.unpaid == ""


def test_a_column_1_code_that_never_pays_denies_nothing(small: Reference) -> None:
    card = code("94760", small, DAY, with_="99213")
    assert card.unpaid == "status T"
    assert card.beside is not None
    assert card.beside.unpaid == "status T"
    assert "PTP-1" not in {rule.id for rule in card.rules}
    assert code("A4550", small, DAY).unpaid == "status B"
    assert code("20610", small, DAY).unpaid == ""


def test_add_ons_and_their_primaries(small: Reference) -> None:
    card = code("77002", small, DAY)
    assert [primary.code for primary in card.addon.primaries] == ["20610"]
    assert not card.addon.contractor
    earlier = code("77002", small, date(2024, 12, 31))
    assert [primary.code for primary in earlier.addon.primaries] == ["20600", "20610"]
    assert [each.code for each in code("20610", small, DAY).addon.supports] == ["77002"]
    assert code("22552", small, DAY).addon.contractor
    assert code("22552", small, DAY).addon.primaries == ()
    third = code("99417", small, DAY).addon
    assert third.contractor
    assert [primary.code for primary in third.primaries] == ["99215"]
    assert third.meanings == (card_indicators.EDIT_TYPES[3],)


def test_unit_limits_of_every_release_the_one_in_force_first(small: Reference) -> None:
    units = code("20610", small, date(2025, 8, 1)).units
    assert [(each.value, each.mai, each.in_force) for each in units] == [
        (2, 3, True),
        (1, 2, False),
    ]
    changed = [change.text for change in code("20610", small, DAY).history]
    assert any("2 (MAI 3)" in text and "1 (MAI 2)" in text for text in changed)


@pytest.mark.parametrize(
    ("name", "modifier_", "fits"),
    [
        ("77002", "26", True),
        ("77002", "TC", True),
        ("93000", "26", False),
        ("20610", "26", False),
        ("20610", "50", True),
        ("20610", "RT", True),
        ("20610", "F1", None),
        ("20610", "LC", False),
        ("20610", "80", False),
        ("20610", "25", False),
        ("20610", "59", True),
        ("20610", "58", True),
        ("20610", "62", False),
        ("99213", "25", True),
        ("99213", "57", True),
        ("99213", "59", False),
        ("99213", "80", None),
        ("99213", "50", False),
        ("77002", "51", False),
        ("77002", "25", False),
        ("77002", "91", None),
        ("77002", "GP", None),
        ("93000", "78", None),
        ("A4550", "26", None),
        ("A4550", "59", None),
        ("J3301", "JW", True),
        ("J3301", "QW", None),
        ("20610", "JW", None),
    ],
)
def test_modifiers_that_fit_and_that_do_not(
    small: Reference,
    name: str,
    modifier_: str,
    fits: bool | None,  # noqa: FBT001 - a case as data
) -> None:
    advice = advice_on(code(name, small, DAY), modifier_)
    assert (None if advice is None else advice.fits) is fits
    assert advice is None or advice.source


@pytest.mark.parametrize(
    ("name", "modifier_", "fits"),
    [
        ("97110", "GP", True),
        ("97161", "GO", None),
        ("97161", "GP", True),
        ("80053", "QW", True),
        ("81002", "QW", False),
        ("80053", "91", True),
        ("00840", "QK", True),
        ("98940", "AT", True),
        ("99213", "AT", None),
        ("11721", "Q8", True),
        ("E0601", "RR", True),
        ("45380", "PT", True),
        ("45378", "PT", None),
        ("27447", "95", False),
        ("99213", "95", None),
    ],
)
def test_modifiers_by_policy_tables(
    name: str,
    modifier_: str,
    fits: bool | None,  # noqa: FBT001 - a case as data
) -> None:
    advice = advice_on(code(name, load_reference(), DAY), modifier_)
    assert (None if advice is None else advice.fits) is fits


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("77002", "19, 21, 22, 23, 51, 52 and 61"),
        ("96365", "rule INF-2"),
        ("99281", "23"),
        ("27447", "one room"),
    ],
)
def test_places(name: str, part: str) -> None:
    card = code(name, load_reference(), DAY)
    assert any(part in f"{place.text} {place.source}" for place in card.places)


@pytest.mark.parametrize("name", ["93010", "G2211", "36415"])
def test_no_place_is_told_of_where_no_table_says(name: str) -> None:
    told = code(name, load_reference(), DAY).places
    assert not any("26" in place.text for place in told)


def test_every_policy_table_of_codes_is_told_or_left_out_on_purpose() -> None:
    columns = {column for low, high, _ in _RANGES for column in (low, high)}
    columns |= {*_CODES, *_LISTS}
    of_codes = {name for name in TABLES if columns & set(policy_table(name).columns)}
    elsewhere = {*card_policies.ELSEWHERE, "ambulance"}  # of modifiers of a ride, no code's own
    assert of_codes - elsewhere == set(card_policies.TOLD)


@pytest.mark.parametrize("name", card_policies.TOLD)
def test_rows_of_a_policy_table_are_told_in_words(name: str) -> None:
    table = policy_table(name)
    low = next(c for c in ("code_low", "code_low_a", "code") if c in table.columns)
    codes = table[low].unique().sort()
    day = date(2025, 11, 3)
    told = [card_policies.policies(facts(codes[n], day, load_reference())) for n in (0, -1)]
    texts = [each.text for policies in told for each in policies if each.table == name]
    assert texts
    assert not any("  " in text or "None" in text or not text.endswith(".") for text in texts)


def test_what_is_not_known_is_said() -> None:
    started = " ".join(code("20610", load_reference(), DAY).not_known)
    assert "starter set" in started
    assert "hospital" in started
    old = memory_reference(fees=[("20610", "", "A")], vouches_to="2024-12-31")
    told = " ".join(code("20610", old, DAY).not_known)
    assert "vouches to 2024-12-31" in told


def test_a_bundled_code_says_what_it_is_for() -> None:
    card = code("99002", load_reference(), DAY)
    assert card.fees is not None
    assert card.fees.value("status") == "B"
    assert card.guidance


def test_json_holds_all_and_only_json_types(small: Reference) -> None:
    for name in ("20610", "ZZZZZ", "J1234"):
        card = code(name, small, DAY, with_="99213")
        told = json.loads(json.dumps(card.as_json()))
        assert told["type"] == "code"
        assert set(told) == {"type", *Card.__dataclass_fields__}
        assert told["date"] == "2025-11-03"
    told = json.loads(json.dumps(modifier("25", small, DAY).as_json()))
    assert told["type"] == "modifier"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("77002", "radiology"),
        ("00840", "anesthesia"),
        ("99213", "evaluation and management"),
        ("98000", "evaluation and management"),
        ("0500F", "category II:"),
        ("0042T", "category III"),
        ("0001U", "PLA"),
        ("0001A", "COVID-19"),
        ("E0601", "equipment"),
        ("J9035", "drugs"),
        ("2061", ""),
        ("207002", ""),
        ("ZZZZZ", ""),
    ],
)
def test_kinds(name: str, words: str) -> None:
    assert (words in kind(name)) if words else kind(name) == ""


@pytest.mark.parametrize(
    ("word", "is_one"), [("25", True), ("XS", True), ("5", False), ("a b", False)]
)
def test_what_a_modifier_looks_like(word: str, is_one: bool) -> None:  # noqa: FBT001 - a case
    assert is_modifier(word) is is_one


@pytest.mark.parametrize(
    ("name", "state", "bypasses"),
    [
        ("25", "in use", True),
        ("59", "in use", True),
        ("26", "in use", False),
        ("21", "ended", False),
        ("ZX", "not yet", None),
        ("9Z", "unknown", None),
    ],
)
def test_modifiers(
    small: Reference,
    name: str,
    state: str,
    bypasses: bool | None,  # noqa: FBT001 - a case as data
) -> None:
    card = modifier(name, small, DAY)
    assert (card.state, card.bypasses) == (state, bypasses)


def test_a_modifier_tells_its_conflicts_codes_and_rules(small: Reference) -> None:
    card = modifier("RT", small, DAY)
    assert {"50", "LT"} <= {each.modifier for each in card.conflicts}
    assert {each.table for each in card.codes} == {"laterality"}
    assert "MOD-LAT" in {rule.id for rule in card.rules}
    assert {rule.id for rule in modifier("QW", small, DAY).rules} >= {"QW-1", "QW-2"}
    assert not modifier("QW", small, DAY).conflicts


def test_a_place_of_service_in_a_rule_is_no_modifier(small: Reference) -> None:
    """24 and 26 are places too: a rule that names the place does not speak of the modifier."""
    assert "INF-2" not in {rule.id for rule in modifier("24", small, DAY).rules}
    assert "GLB-24" in {rule.id for rule in modifier("24", small, DAY).rules}


@pytest.mark.shared
def test_every_value_of_the_real_fee_schedule_has_words() -> None:
    """Columns of CMS's fixed-width layout (PPRRVU text)."""
    places = {"status": (57, 58), "pctc": (102, 103), "global_days": (103, 106)}
    names = ("multiple", "bilateral", "assistant", "cosurgeon", "team")
    places |= {name: (115 + n, 116 + n) for n, name in enumerate(names)}
    lines = (SHARED / "cms" / "PPRRVU2025_Oct.txt").read_text(encoding="latin-1").splitlines()
    rows = [line for line in lines if not line.startswith("HDR") and len(line) > 120]
    assert len(rows) > 10_000
    for name, (first, end) in places.items():
        values = {row[first:end].strip() for row in rows} - {""}
        assert values <= set(card_indicators.FIELDS[name]), name


def test_words_of_the_users_own_file_are_told_and_marked_as_such() -> None:
    tables = memory_reference(
        hcpcs=[("J1234", "procedure", "2000-01-01", "2024-12-31"), ("J3301",)],
        words=[("J1234", "successor", "J3301"), ("J3301", "long", "words of a file")],
    )
    ended = code("J1234", tables, DAY)
    assert (ended.successors, ended.descriptor) == (("J3301",), None)
    described = code("J3301", tables, DAY).descriptor
    assert described is not None
    assert (described.text, described.source) == ("words of a file", "memory")
    assert modifier("59", tables, DAY).descriptor is None


@pytest.mark.parametrize(("last", "told"), [("2025-12-31", True), ("2026-12-31", False)])
def test_tables_that_do_not_reach_to_the_day_do_not_vouch_for_the_code(
    last: str, told: int
) -> None:
    old = memory_reference(fees=[("55700", "", "A")], vouches_to=last)
    standing = code("55700", old, date(2026, 3, 2)).standing
    assert ("whether it ended since is not known" in standing) == told
    assert standing.startswith("In force on 2026-03-02")
