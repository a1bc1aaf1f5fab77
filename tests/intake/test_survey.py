"""The survey of a file shows the very decision that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError, InputRejected
from auditor.intake import header as headers
from auditor.intake import mapping, names
from auditor.intake.survey import survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.intake.survey import Survey

ROWS = 12
FILE: dict[str, Sequence[str]] = {
    "Claim ID": [f"C{n}" for n in range(ROWS)],
    "Member ID": [f"P{n % 5}" for n in range(ROWS)],
    "NPI": ["1234567893", "1003000126"] * 6,
    "Svc Date": ["2024-03-05", "2024-03-06"] * 6,
    "CPT": ["99213", "20610", "G0008"] * 4,
    "Units": ["1", "2", "3", "4"] * 3,
}


def cells(columns: Sequence[Sequence[str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {str(n): [cell or None for cell in column] for n, column in enumerate(columns)},
        schema={str(n): pl.String for n in range(len(columns))},
    )


def look(table: Mapping[str, Sequence[str]], **mapped: str) -> Survey:
    return survey(headers.unique(list(table)), cells(list(table.values())), mapped, "claims.csv")


def test_a_plain_file_is_sure() -> None:
    found = look(FILE)
    assert not found.problems
    assert {f.field: (f.surety, f.headers, f.places) for f in found.findings} == {
        "claim_id": ("sure", ("Claim ID",), (0,)),
        "patient_id": ("likely", ("Member ID",), (1,)),  # not the best of names, and no test tells
        "service_date_from": ("sure", ("Svc Date",), (3,)),
        "code": ("sure", ("CPT",), (4,)),
        "rendering_npi": ("sure", ("NPI",), (2,)),
        "units": ("sure", ("Units",), (5,)),
    }
    assert all(finding.share == 1.0 for finding in found.findings)
    assert not any(finding.rivals or finding.suggestions for finding in found.findings)
    assert [finding.field for finding in found.findings][:4] == list(names.REQUIRED)


@pytest.mark.parametrize(
    ("column", "surety"),
    [
        (["1234567893"] * ROWS, "sure"),
        (["1234567890"] * ROWS, "likely"),  # the check digit is wrong
        (["1234567893", *(f"DR{n}" for n in range(2))] * 4, "unsure"),
        ([""] * ROWS, "unsure"),
    ],
)
def test_the_check_digit_makes_an_npi_sure(column: list[str], surety: str) -> None:
    assert look(FILE | {"NPI": column})["rendering_npi"].surety == surety


def test_a_column_that_is_left_out_is_shown_with_its_figure() -> None:
    found = look(FILE | {"POS": ["Office"] * ROWS, "Submitted Units": ["Box"] * ROWS})
    place = found["place_of_service"]
    assert (place.surety, place.places) == ("unused", ())
    assert place.rivals == ((6, "POS", 0.0),)
    units = found["units"]
    assert (units.surety, units.headers) == ("sure", ("Units",))
    assert units.rivals == ((7, "Submitted Units", 0.0),)
    assert not found.problems
    assert len(found.columns.notes) == 2


def test_claim_dates_that_stand_in_are_likely() -> None:
    table = {{"Svc Date": "CLM_FROM_DT"}.get(name, name): column for name, column in FILE.items()}
    found = look(table)["service_date_from"]
    assert (found.surety, found.headers) == ("likely", ("CLM_FROM_DT",))


def test_what_is_missing_comes_with_columns_that_could_be_it() -> None:
    table = {{"CPT": "Leistung", "NPI": "Arzt"}.get(n, n): column for n, column in FILE.items()}
    found = look(table)
    assert (found["code"].surety, found["code"].suggestions) == ("missing", ("Leistung",))
    assert (found["rendering_npi"].surety, found["rendering_npi"].suggestions) == (
        "missing",
        ("Arzt",),
    )
    (error,) = found.problems
    assert "No column was recognised for" in str(error)
    assert found["claim_id"].surety == "sure"
    mended = look(table, code="Leistung", rendering_npi="Arzt")
    assert mended["code"].surety == "sure"
    assert not mended.problems


def test_a_required_column_of_other_values_is_missing() -> None:
    found = look(FILE | {"CPT": ["Visit"] * ROWS})
    assert (found["code"].surety, found["code"].places) == ("missing", ())
    assert found["code"].rivals == ((4, "CPT", 0.0),)
    assert "named like the procedure code" in str(found.problems[0])


def test_every_open_choice_is_shown_and_not_only_the_first() -> None:
    found = look(
        FILE | {"Procedure": ["99214"] * ROWS, "Qty": ["5"] * ROWS, "Claim No": ["1", "2"] * 6}
    )
    assert {f.field for f in found.findings if f.surety == "undecided"} == {
        "code",
        "units",
        "claim_id",
    }
    assert [rival.header for rival in found["code"].rivals] == ["CPT", "Procedure"]
    assert len(found.problems) == 3


def test_icd_procedures_are_no_code() -> None:
    found = look(FILE | {"CPT": ["4A00X4Z", "0DB64Z3"] * 6})
    assert found["code"].surety == "missing"
    assert "ICD procedure codes" in str(found.problems[0])


def test_two_columns_read_together() -> None:
    found = look(FILE | {"CPT": ["99213", "", ""] * 4, "HCPCS": ["", "G0008", "J1100"] * 4})
    assert (found["code"].surety, found["code"].headers) == ("sure", ("CPT", "HCPCS"))


def test_a_wide_file() -> None:
    table = {name: column for name, column in FILE.items() if name not in ("CPT", "Units")}
    table |= {"CPT_1": ["99213"] * ROWS, "CPT_2": [""] * ROWS, "UNITS_1": ["1"] * ROWS}
    found = look(table)
    assert (found["code"].surety, found["code"].headers) == ("sure", ("CPT_1", "CPT_2"))
    assert found["units"].headers == ("UNITS_1",)


def test_what_the_operator_says_wrongly_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no column 'Nope'"):
        look(FILE, code="Nope")
    with pytest.raises(ConfigError, match="no field 'cod'"):
        look(FILE, cod="CPT")
    with pytest.raises(KeyError):
        look(FILE)["ndc"]


def test_a_header_that_several_columns_bear_is_undecided() -> None:
    table = {**FILE, "cpt": ["99214"] * ROWS}
    found = look(table, code="C-P-T")
    assert found["code"].surety == "undecided"
    assert not look(table, code="CPT").problems  # as it is written


# --- what is shown and what is read are one decision

VALUES = (
    ["99213", "20610", "G0008"], ["99214", "99215", "J1100"], ["1234567893"], ["1003000126"],
    ["2024-03-05", "2024-03-06"], ["03/30/2024"], ["25", "59", ""], ["11", "22"], ["1", "2", "3"],
    ["120.00", "80.50"], ["I10", "E11.9"], ["4A00X4Z"], ["C1", "C2", "C3"], ["P7", "P8"],
    ["Office", "Home"], ["Paid", "Denied"], ["Medicare"], ["", "x"], [""], ["M", "F"],
)  # fmt: skip
KNOWN = sorted({name for field in names.FIELDS for name in names.synonyms(field)})
HEADER = st.one_of(
    st.sampled_from([name for field in (*names.REQUIRED, "rendering_npi")
                     for name in names.synonyms(field)[:4]]),
    st.sampled_from(KNOWN),
    st.builds(lambda name, n: f"{name}_{n}", st.sampled_from(KNOWN), st.integers(1, 3)),
    st.sampled_from(["Whatever", "Column X", "Provider", "MODEL"]),
)  # fmt: skip


@given(
    st.lists(st.tuples(HEADER, st.sampled_from(VALUES)), min_size=1, max_size=14),
    st.sampled_from([{}, FILE]),
    st.integers(1, 15),
)
def test_a_survey_has_problems_exactly_where_reading_is_refused(
    columns: list[tuple[str, list[str]]], base: dict[str, list[str]], rows: int
) -> None:
    columns = [*columns, *base.items()]
    header = headers.unique([name for name, _ in columns])
    frame = cells([(list(column) * rows)[:rows] for _, column in columns])
    shown = survey(header, frame, {}, "f")
    refused = {f.field for f in shown.findings if f.surety in {"missing", "undecided"}}
    assert bool(refused) == bool(shown.problems)
    if refused:
        with pytest.raises(InputRejected) as error:
            mapping.resolve(header, frame, {}, "f")
        assert str(error.value) == str(shown.problems[0])
        return
    read = mapping.resolve(header, frame, {}, "f")
    assert read == shown.columns
    assert read.mapping() == {f.field: ", ".join(f.headers) for f in shown.findings if f.headers}
    used = [place for places in read.used().values() for place in places]
    assert len(used) == len(set(used))
