import itertools
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

Table = Callable[[str], list[dict[str, str]]]
POLICY = Path(__file__).resolve().parents[2] / "auditor" / "reference" / "policy"

COLUMNS = {
    "em_codes": "code_low code_high category patient_type one_per_day visit soft effective "
    "deletion source",
    "modifiers": "modifier category ncci_bypass effective deletion source",
    "modifier_conflicts": "modifier_a modifier_b severity reason source",
    "laterality": "code_low code_high any_of severity source",
    "therapy": "code discipline_modifiers from to source",
    "guidance_included": "code_low code_high modality effective deletion source",
    "facility_pos": "pos component_tier source",
    "ptp_warned": "code_low_a code_high_a code_low_b code_high_b reason except_low except_high "
    "source",
    "infusion_addons": "code source",
    "code_formats": "code_set regex source",
    "place_of_service": "pos facility source",
    "lab": "code_low code_high source",
}
KEYS = {
    "em_codes": ("code_low",),
    "modifiers": ("modifier",),
    "modifier_conflicts": ("modifier_a", "modifier_b"),
    "laterality": ("code_low",),
    "therapy": ("code",),
    "guidance_included": ("code_low",),
    "facility_pos": ("pos",),
    "ptp_warned": ("code_low_a", "code_low_b"),
    "infusion_addons": ("code",),
    "code_formats": ("code_set",),
    "place_of_service": ("pos",),
    "lab": ("code_low",),
}
RANGES = ("em_codes", "laterality", "guidance_included", "lab")
ALL = pytest.mark.parametrize("name", COLUMNS)


def shape(code: str) -> str:
    return re.sub(r"\d", "9", code)


def test_every_table_of_the_folder_is_tested() -> None:
    assert {path.stem for path in POLICY.glob("*.csv")} == set(COLUMNS)


@ALL
def test_the_columns_are_the_agreed_ones(policy: Table, name: str) -> None:
    assert list(policy(name)[0]) == COLUMNS[name].split()


@ALL
def test_every_row_has_its_source(policy: Table, name: str) -> None:
    assert all(len(row["source"]) > 5 for row in policy(name))


@ALL
def test_no_key_stands_twice(policy: Table, name: str) -> None:
    keys = [tuple(row[column] for column in KEYS[name]) for row in policy(name)]
    assert len(keys) == len(set(keys))


@ALL
def test_no_cell_has_blanks_around_it_or_text_at_length(policy: Table, name: str) -> None:
    for row in policy(name):
        for column, cell in row.items():
            assert cell == cell.strip(), (column, row)
            limit = {"source": 120, "reason": 90, "any_of": 80}.get(column, 40)
            assert len(cell) <= limit, (column, row)


@pytest.mark.parametrize("name", RANGES)
def test_a_range_stays_in_one_form_of_code(policy: Table, name: str) -> None:
    for row in policy(name):
        low, high = row["code_low"], row["code_high"]
        assert re.fullmatch(r"\d{5}|[A-Z]\d{4}|\d{4}[MU]", low)
        assert shape(low) == shape(high), row
        assert low <= high, row


@pytest.mark.parametrize("name", RANGES)
def test_ranges_of_one_form_do_not_overlap(policy: Table, name: str) -> None:
    ranges = sorted((shape(r["code_low"]), r["code_low"], r["code_high"]) for r in policy(name))
    for (form, _, high), (next_form, low, _) in itertools.pairwise(ranges):
        assert form != next_form or high < low, (high, low)


def test_warned_pairs_stay_in_one_form_of_code(policy: Table) -> None:
    for row in policy("ptp_warned"):
        for side in ("a", "b"):
            low, high = row[f"code_low_{side}"], row[f"code_high_{side}"]
            assert re.fullmatch(r"\d{5}", low)
            assert re.fullmatch(r"\d{5}", high)
            assert low <= high
        assert bool(row["except_low"]) == bool(row["except_high"])


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [("em_codes", "effective", "deletion"), ("modifiers", "effective", "deletion"),
     ("guidance_included", "effective", "deletion"), ("therapy", "from", "to")],
)  # fmt: skip
def test_dates_are_dates_and_end_after_they_begin(
    policy: Table, name: str, start: str, end: str
) -> None:
    for row in policy(name):
        days = [date.fromisoformat(row[column]) for column in (start, end) if row[column]]
        assert days == sorted(days)


@pytest.mark.parametrize(
    ("name", "column", "allowed"),
    [
        ("em_codes", "one_per_day", {"0", "1"}),
        ("em_codes", "patient_type", {"", "new", "established", "initial", "subsequent"}),
        ("modifiers", "ncci_bypass", {"0", "1"}),
        ("modifier_conflicts", "severity", {"certain", "review"}),
        ("laterality", "severity", {"review", "info"}),
        ("facility_pos", "component_tier", {"certain", "review"}),
        ("place_of_service", "facility", {"0", "1"}),
        ("guidance_included", "modality", {"us", "fluoro", "fluoro ct", "any"}),
    ],
)
def test_a_column_holds_its_own_words(
    policy: Table, name: str, column: str, allowed: set[str]
) -> None:
    assert {row[column] for row in policy(name)} == allowed
