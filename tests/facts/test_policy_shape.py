import itertools
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from auditor import engine, rules
from auditor.reference.policy import TABLES

Table = Callable[[str], list[dict[str, str]]]
POLICY = Path(__file__).resolve().parents[2] / "auditor" / "reference" / "policy"

COLUMNS = {
    "em_codes": "code_low code_high category patient_type one_per_day visit soft effective "
    "deletion source",
    "modifiers": "modifier category ncci_bypass effective deletion source",
    "modifier_conflicts": "modifier_a modifier_b severity business reason source",
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
    "modifier_class": "modifier position_class region_class source",
    "modifier_regions": "class code_low code_high severity source",
    "diagnosis_form": "code_set regex source",
    "telehealth_pos": "pos role modifier effective deletion source",
}
VALUES = {
    "addon_units": "rule value with_code confidence",
    "age_rules": "min_age_years max_age_years severity",
    "ambulance": "letter origin destination",
    "clia_waived": "qw",
    "closure": "role kind",
    "critical_care_bundled": "indicator",
    "dme_rental": "payment_category severity",
    "em_same_day": "code_low_b code_high_b keep indicator severity",
    "endoscopy": "family role joint",
    "foot_care": "requires_class_finding",
    "infusion": "kind role requires_initial",
    "lab_panels": "component membership option_group option indicator",
    "lab_pairs": "column2 group",
    "medicare_codes": "use",
    "pos_rules": "allowed_pos severity",
    "preventive_part_b": "kind",
    "sex_rules": "sex severity",
    "single_dose_drugs": "severity",
    "sole_service": "rule",
    "telehealth_never": "unless_modifier severity",
    "therapy_class": "therapy_class discipline_modifiers",
    "timed_codes": "unit_minutes minimum_minutes unit_type counted",
    "unlisted": "kind",
    "vaccine_admin": "role route max_age family",
    "vaccine_components": "components",
    "vaccine_products": "group medicare_admin other_admin",
    "view_counts": "body_part sided views_min views_max complete",
}
"""Tables of the one layout: a range of codes, these values, dates, source."""
COLUMNS |= {
    name: f"code_low code_high {values} effective deletion source"
    for name, values in VALUES.items()
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
    "modifier_class": ("modifier",),
    "modifier_regions": ("class", "code_low"),
    "diagnosis_form": ("code_set",),
    "telehealth_pos": ("pos",),
}
BESIDE = {
    "addon_units": ("rule",),
    "ambulance": ("letter",),
    "em_same_day": ("code_low_b",),
    "lab_pairs": ("column2",),
    "lab_panels": ("component", "option"),
    "modifier_regions": ("class",),
}
"""What makes a row of its own besides the codes, where several rows of one code are right."""
KEYS |= {name: ("code_low", *BESIDE.get(name, ())) for name in VALUES}
RANGES = ("em_codes", "laterality", "guidance_included", "lab", "modifier_regions", *VALUES)
LIMITS = {"source": 120, "reason": 90, "any_of": 80, "with_code": 80, "allowed_pos": 160}
ALL = pytest.mark.parametrize("name", COLUMNS)


def shape(code: str) -> str:
    return re.sub(r"\d", "9", code)


def test_every_table_of_the_folder_is_tested() -> None:
    assert {path.stem for path in POLICY.glob("*.csv")} == set(COLUMNS)


def test_every_table_has_its_line_and_no_other_has_one() -> None:
    assert list(TABLES) == sorted(COLUMNS)
    assert all(len(line) <= 60 for line in TABLES.values())


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_is_asked_for_by_the_rules_or_the_enrichment(name: str) -> None:
    rooms = [Path(rules.__file__).parent, Path(engine.__file__).parent]
    sources = (path.read_text(encoding="utf-8") for room in rooms for path in room.glob("*.py"))
    assert any(f'"{name}"' in source for source in sources)


@pytest.mark.parametrize("name", VALUES)
def test_rows_are_sorted(policy: Table, name: str) -> None:
    rows = [tuple(row.values()) for row in policy(name)]
    assert rows == sorted(rows)


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
            assert len(cell) <= LIMITS.get(column, 40), (column, row)


@pytest.mark.parametrize("name", RANGES)
def test_a_range_stays_in_one_form_of_code(policy: Table, name: str) -> None:
    for row in policy(name):
        low, high = row["code_low"], row["code_high"]
        assert re.fullmatch(r"\d{5}|[A-Z]\d{4}|\d{4}[MU]", low)
        assert shape(low) == shape(high), row
        assert low <= high, row


@pytest.mark.parametrize("name", RANGES)
def test_ranges_of_one_form_do_not_overlap(policy: Table, name: str) -> None:
    beside = BESIDE.get(name, ())
    ranges = sorted(
        ([r[b] for b in beside], shape(r["code_low"]), r["code_low"], r["code_high"])
        for r in policy(name)
    )
    for (key, form, _, high), (next_key, next_form, low, _) in itertools.pairwise(ranges):
        assert (key, form) != (next_key, next_form) or high < low, (high, low)


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
     ("guidance_included", "effective", "deletion"), ("therapy", "from", "to"),
     ("telehealth_pos", "effective", "deletion"),
     *((name, "effective", "deletion") for name in VALUES)],
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
        ("modifier_conflicts", "business", {"", "medicare"}),
        ("laterality", "severity", {"review", "info"}),
        ("facility_pos", "component_tier", {"certain", "review"}),
        ("place_of_service", "facility", {"0", "1"}),
        ("guidance_included", "modality", {"us", "fluoro", "fluoro ct", "any"}),
        (
            "addon_units",
            "rule",
            {"max_units", "not_with", "also_requires", "sum_max", "only_with"},
        ),
        ("addon_units", "confidence", {"high", "per_encounter"}),
        ("clia_waived", "qw", {"needs", "exempt"}),
        ("closure", "role", {"repair", "biopsy", "excision_allowed", "surgery_excluded"}),
        ("critical_care_bundled", "indicator", {"0", "1"}),
        ("dme_rental", "severity", {"review"}),
        ("em_same_day", "keep", {"a", "b"}),
        ("em_same_day", "indicator", {"0", "1"}),
        ("em_same_day", "severity", {"certain"}),
        ("endoscopy", "role", {"diagnostic", "surgical", "open"}),
        ("foot_care", "requires_class_finding", {"1", "dx"}),
        ("lab_panels", "membership", {"all", "one_of"}),
        ("lab_panels", "indicator", {"", "0", "1"}),
        ("modifier_class", "region_class", {"", "digit", "eyelid", "coronary"}),
        (
            "modifier_class",
            "position_class",
            {"pricing", "payment", "statistical", "informational"},
        ),
        ("modifier_regions", "class", {"digit", "eyelid", "coronary"}),
        ("modifier_regions", "severity", {"review"}),
        ("pos_rules", "severity", {"review"}),
        ("sex_rules", "sex", {"F", "M"}),
        ("single_dose_drugs", "severity", {"review"}),
        (
            "sole_service",
            "rule",
            {"only_service_of_encounter", "only_with_lab", "only_when_nothing_else_payable"},
        ),
        ("telehealth_pos", "role", {"telehealth", "exempt"}),
        ("therapy_class", "therapy_class", {"sometimes"}),
        ("timed_codes", "counted", {"0", "1"}),
        ("timed_codes", "unit_type", {"unit15", "unit", "first", "session", "typical"}),
        ("unlisted", "kind", {"unlisted", "not_otherwise_classified"}),
        ("vaccine_admin", "family", {"counseling", "standard", "covid19", "medicare"}),
        ("vaccine_admin", "role", {"initial", "addon", "single"}),
        ("vaccine_admin", "route", {"any", "injection", "oral_nasal"}),
        (
            "vaccine_products",
            "group",
            {
                "influenza",
                "influenza_pandemic",
                "pneumococcal",
                "hepatitis_b",
                "covid19",
                "other",
            },
        ),
        ("view_counts", "sided", {"0", "1"}),
        ("view_counts", "complete", {"0", "1"}),
    ],
)
def test_a_column_holds_its_own_words(
    policy: Table, name: str, column: str, allowed: set[str]
) -> None:
    assert {row[column] for row in policy(name)} == allowed
