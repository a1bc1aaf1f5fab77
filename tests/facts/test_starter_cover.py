"""What the starter set must know, and what must never slip into it."""

from collections.abc import Callable

import pytest

Table = Callable[[str], list[dict[str, str]]]


def words(text: str) -> list[str]:
    return text.split()


PRIMARIES_OF_77002 = words("""
10160 20206 20220 20225 20520 20525 20526 20550 20551 20552 20553 20555 20600 20605 20610 20612
20615 21116 21550 23350 24220 25246 27093 27095 27369 27648 32400 32553 36002 38220 38221 38222
38505 38794 41019 42400 42405 47000 47001 48102 49180 49411 50200 50390 51100 51101 51102 55876
60100 62268 62269 64400 64405 64408 64415 64416 64417 64418 64420 64421 64425 64430 64435 64445
64446 64447 64448 64450 64455 64505 64600 64605
""")
EXCLUDES_77002 = words("""
20604 20606 20611 27096 62320 62321 62322 62323 62324 62325 62326 62327 64479 64480 64483 64484
64490 64491 64492 64493 64494 64495 64633 64634 64635 64636 73040 73085 73115 73525 73580 73615
29827 29881
""")
WORKED_PAIRS = {
    ("45380", "45378"): "0",
    ("45385", "45380"): "1",
    ("20610", "99213"): "1",
    ("20611", "20610"): "1",
    ("99213", "92014"): "0",
    ("27447", "99214"): "1",
    ("99214", "99213"): "1",
    ("99239", "99214"): "0",
    ("96365", "96374"): "1",
    ("80053", "80048"): "0",
    ("99213", "96523"): "0",
    ("76811", "76805"): "0",
    ("99291", "99285"): "1",
    ("94760", "99213"): "1",
    ("26055", "20550"): "1",
    ("73040", "77002"): "1",
    ("93306", "93307"): "0",
    ("77002", "77003"): "1",
}
WORKED_LIMITS = {
    "97110": ("6", "3"),
    "29881": ("1", "2"),
    "36416": ("0", "3"),
    "99002": ("0", "3"),
    "G0463": ("0", "3"),
    "96376": ("0", "3"),
    "80050": ("0", "3"),
    "77066": ("1", "2"),
    "77002": ("1", "3"),
    "A0425": ("250", "1"),
}
# code: status, PC/TC, global days, bilateral
WORKED_FEES = {
    "73030": ("A", "1", "XXX", "3"),
    "93010": ("A", "2", "XXX", "0"),
    "99213": ("A", "0", "XXX", "0"),
    "77066": ("A", "1", "XXX", "2"),
    "20610": ("A", "0", "000", "1"),
    "45378": ("A", "0", "000", "0"),
    "27447": ("A", "0", "090", "1"),
    "99002": ("B", "9", "XXX", "9"),
    "36416": ("B", "9", "XXX", "9"),
    "94760": ("T", "3", "XXX", "0"),
    "80050": ("N", "9", "XXX", "9"),
    "80053": ("X", "9", "XXX", "9"),
    "69210": ("A", "0", "000", "2"),
    "77002": ("A", "1", "ZZZ", "0"),
    "97110": ("A", "7", "XXX", "0"),
    "99417": ("I", "9", "ZZZ", "9"),
}
FAMILIES = {
    "99292": "99291",
    "99417": "98003 98007 98011 98015 99205 99215 99245 99345 99350 99483 G0463",
    "G2212": "99205 99215 99483 G0463",
    "90461": "90460",
    "90472": "90460 90471 90473 G0008 G0009 G0010",
    "90474": "90460 90471 90473 G0008 G0009 G0010",
    "96361": "96360 96365 96374 96409 96413",
    "96375": "96360 96365 96374 96409 96413",
    "64492": "64490 64491",
    "64495": "64493 64494",
    "22552": "22551",
    "17003": "17000",
    "76810": "76805",
    "11045": "11042",
    "11107": "11106",
    "G2211": "99202 99203 99204 99205 99211 99212 99213 99214 99215 G0463",
}


def primaries(starter: Table, addon: str, day: str = "2025-10-01") -> set[str]:
    return {
        row["primary"]
        for row in starter("aoc")
        if row["addon"] == addon and row["effective"] <= day <= (row["deletion"] or "9999")
    }


def test_77002_knows_every_primary(starter: Table) -> None:
    assert len(PRIMARIES_OF_77002) == 72
    assert primaries(starter, "77002", "2026-02-02") == set(PRIMARIES_OF_77002)


def test_77002_knows_the_primary_that_ended(starter: Table) -> None:
    assert "55700" in primaries(starter, "77002", "2025-12-31")
    assert "55700" not in primaries(starter, "77002", "2026-01-01")


@pytest.mark.parametrize("code", EXCLUDES_77002)
def test_codes_that_include_the_guidance_bundle_77002(starter: Table, code: str) -> None:
    found = {
        row["modifier_indicator"]
        for row in starter("ptp")
        if (row["column1"], row["column2"]) == (code, "77002")
    }
    assert found == {"1"}


def test_no_primary_of_77002_bundles_it(starter: Table) -> None:
    bundling = {row["column1"] for row in starter("ptp") if row["column2"] == "77002"}
    assert not bundling & set(PRIMARIES_OF_77002)


@pytest.mark.parametrize("addon", FAMILIES)
def test_an_add_on_knows_all_its_primaries(starter: Table, addon: str) -> None:
    assert primaries(starter, addon) == set(FAMILIES[addon].split())


def test_complexity_takes_home_visits_from_2026_on(starter: Table) -> None:
    home = set(words("99341 99342 99344 99345 99347 99348 99349 99350"))
    assert not home & primaries(starter, "G2211", "2025-12-31")
    assert home < primaries(starter, "G2211", "2026-01-01")


@pytest.mark.parametrize(
    ("addon", "kind"),
    [("76937", "2"), ("77001", "2"), ("75774", "2"), ("G0501", "2"), ("88311", "3"),
     ("64727", "3"), ("96160", "3"), ("G0506", "3"), ("77003", "1")],
)  # fmt: skip
def test_types_two_and_three_are_there(starter: Table, addon: str, kind: str) -> None:
    assert {row["edit_type"] for row in starter("aoc") if row["addon"] == addon} == {kind}


def test_neuropsychology_add_ons_have_no_row_before_mid_2025(starter: Table) -> None:
    for addon in ("96131", "96133", "96137", "96139"):
        assert not primaries(starter, addon, "2025-06-30")
        assert primaries(starter, addon, "2025-07-01")


def test_every_add_on_of_the_fee_rows_has_its_primaries(starter: Table) -> None:
    by_fee = {row["code"] for row in starter("fees") if row["global_days"] == "ZZZ"}
    assert by_fee <= {row["addon"] for row in starter("aoc")}


@pytest.mark.parametrize("pair", WORKED_PAIRS)
def test_worked_pairs_are_there(starter: Table, pair: tuple[str, str]) -> None:
    found = {
        row["modifier_indicator"]
        for row in starter("ptp")
        if (row["column1"], row["column2"]) == pair
    }
    assert found == {WORKED_PAIRS[pair]}


@pytest.mark.parametrize(
    "pair",
    # Pairs that people remember and the table does not hold (ended 2019, or never there).
    [("97140", "97530"), ("97530", "97140"), ("97530", "97116"), ("20610", "77002"),
     ("20610", "99203"), ("20610", "99204"), ("27447", "99203"), ("11102", "99203")],
)  # fmt: skip
def test_remembered_pairs_are_not_there(starter: Table, pair: tuple[str, str]) -> None:
    assert pair not in {(row["column1"], row["column2"]) for row in starter("ptp")}


@pytest.mark.parametrize("code", WORKED_LIMITS)
def test_worked_unit_limits_are_there(starter: Table, code: str) -> None:
    found = {(r["mue_value"], r["mai"]) for r in starter("mue") if r["code"] == code}
    assert found == {WORKED_LIMITS[code]}


def test_venipuncture_has_no_limit_of_zero(starter: Table) -> None:
    zero = {row["code"] for row in starter("mue") if row["mue_value"] == "0"}
    assert "36415" not in zero
    assert "99213" not in zero


@pytest.mark.parametrize("code", WORKED_FEES)
def test_worked_fee_rows_are_there(starter: Table, code: str) -> None:
    found = {
        (row["status"], row["pctc"], row["global_days"], row["bilateral"])
        for row in starter("fees")
        if row["code"] == code and not row["component"]
    }
    assert found == {WORKED_FEES[code]}


def test_a_laboratory_code_may_have_a_professional_row_only(starter: Table) -> None:
    rows = {r["component"]: r for r in starter("fees") if r["code"] == "84165"}
    assert (rows[""]["pctc"], rows["26"]["pctc"]) == ("9", "6")
    assert (rows[""]["status"], rows["26"]["status"]) == ("X", "A")
