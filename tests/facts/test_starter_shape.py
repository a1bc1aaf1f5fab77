import itertools
import re
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

Table = Callable[[str], list[dict[str, str]]]

COLUMNS = {
    "ptp": "column1 column2 modifier_indicator effective deletion rationale source",
    "aoc": "addon primary edit_type effective deletion note source",
    "mue": "code mue_value mai rationale valid_from valid_to source",
    "fees": "code component status pctc global_days multiple bilateral assistant cosurgeon team "
    "valid_from valid_to source",
}
KEYS = {
    "ptp": ("column1", "column2"),
    "aoc": ("addon", "primary"),
    "mue": ("code",),
    "fees": ("code", "component"),
}
DATES = {
    "ptp": ("effective", "deletion"),
    "aoc": ("effective", "deletion"),
    "mue": ("valid_from", "valid_to"),
    "fees": ("valid_from", "valid_to"),
}
FORMATS = {
    "ptp": {"modifier_indicator": "[01]"},
    "aoc": {
        "edit_type": "[123]",
        "note": "(contractor-defined|practitioner only|facilities only)?",
    },
    "mue": {"mue_value": r"\d{1,6}", "mai": "[123]"},
    "fees": {
        "component": "(26|TC|53)?",
        "status": "[A-Z]",
        "pctc": "[0-9]",
        "global_days": "000|010|090|XXX|YYY|ZZZ|MMM",
        "multiple": "[0-9]",
        "bilateral": "[01239]",
        "assistant": "[0129]",
        "cosurgeon": "[0129]",
        "team": "[0129]",
    },
}
# The labels that CMS prints; anything longer would be text of another owner.
LABELS = {
    "ptp": {
        "CPT Manual or CMS manual coding instruction",
        "CPT Separate procedure definition",
        "HCPCS/CPT procedure code definition",
        "Laboratory panel",
        "Misuse of Column Two code with Column One code",
        "More extensive procedure",
        "Mutually exclusive procedures",
        "Standards of medical/surgical practice",
    },
    "mue": {
        "Anatomic Consideration",
        "CMS Policy",
        "Clinical: CMS Workgroup",
        "Clinical: Data",
        "Clinical: Society Comment",
        "Code Descriptor / CPT Instruction",
        "Nature of Analyte",
        "Nature of Service/Procedure",
        "Prescribing Information",
    },
}
ALL = pytest.mark.parametrize("name", COLUMNS)


@ALL
def test_the_columns_are_the_agreed_ones(starter: Table, name: str) -> None:
    assert list(starter(name)[0]) == COLUMNS[name].split()


@ALL
def test_a_table_is_small_and_not_empty(starter: Table, name: str) -> None:
    assert 300 <= len(starter(name)) <= 400


@ALL
def test_every_row_has_its_source(starter: Table, name: str) -> None:
    for row in starter(name):
        assert re.match(r"CMS (AOC|practitioner PTP|MUE practitioner|RVU) .*20\d\d", row["source"])


@ALL
def test_every_field_has_its_form(starter: Table, name: str) -> None:
    for row in starter(name):
        for column in KEYS[name]:
            if column != "component":
                assert re.fullmatch(r"\d{5}|[A-Z]\d{4}|CCCCC", row[column]), row
        for column, form in FORMATS[name].items():
            assert re.fullmatch(form, row[column]), (column, row)


@ALL
def test_rows_are_sorted_and_no_two_of_a_key_overlap(starter: Table, name: str) -> None:
    start, end = DATES[name]
    rows = starter(name)
    keys = [tuple(row[column] for column in KEYS[name]) for row in rows]
    assert keys == sorted(keys)
    for (key, row), (next_key, later) in itertools.pairwise(zip(keys, rows, strict=True)):
        if key == next_key:
            assert row[end], f"{key}: the earlier row has no end"
            assert row[end] < later[start]


@ALL
def test_dates_are_dates_and_end_after_they_begin(starter: Table, name: str) -> None:
    start, end = DATES[name]
    for row in starter(name):
        first = date.fromisoformat(row[start])
        assert not row[end] or first < date.fromisoformat(row[end]), row


@pytest.mark.parametrize("name", LABELS)
def test_a_rationale_is_one_of_the_short_labels(starter: Table, name: str) -> None:
    assert {row["rationale"] for row in starter(name)} <= LABELS[name]


def test_no_pair_stands_with_itself_or_in_both_directions(starter: Table) -> None:
    pairs = {(row["column1"], row["column2"]) for row in starter("ptp")}
    assert all(one != two for one, two in pairs)
    assert not [pair for pair in pairs if pair[::-1] in pairs]


def test_pair_dates_are_seen_in_force_not_true_starts(starter: Table) -> None:
    assert {(row["effective"], row["deletion"]) for row in starter("ptp")} == {("2024-07-01", "")}


def test_an_add_on_has_one_type(starter: Table) -> None:
    types = {(row["addon"], row["edit_type"]) for row in starter("aoc")}
    assert max(Counter(addon for addon, _ in types).values()) == 1


def test_split_codes_have_all_three_rows_and_others_only_theirs(starter: Table) -> None:
    components: dict[str, set[str]] = {}
    indicator: dict[str, str] = {}
    for row in starter("fees"):
        components.setdefault(row["code"], set()).add(row["component"])
        indicator[row["code"]] = row["pctc"]
    for code, found in components.items():
        wanted = {"1": {"", "26", "TC"}, "6": {"", "26"}}.get(indicator[code], {""})
        assert found == wanted, code


def test_fee_rows_begin_in_one_of_two_releases(starter: Table) -> None:
    starts = {(row["valid_from"], "Jul 2024" in row["source"]) for row in starter("fees")}
    assert starts == {("2024-07-01", True), ("2025-10-01", False)}
