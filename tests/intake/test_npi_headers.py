"""Headers of NPI columns: whose they are by their words, and what is said where none is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.intake import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

NPIS = ("1234567893", "1245319599", "1679576722")
"""Made up, with right check digits."""


def table(headers: str, cells: Callable[[int], str], lines: int = 12) -> str:
    rows = (f"C{n},P{n},2024-03-05,99213,{cells(n)}" for n in range(lines))
    return "\n".join([f"Claim ID,Patient ID,DOS,CPT,{headers}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Servicing Prov NPI", "rendering_npi"),
        ("Provider NPI Number", "rendering_npi"),
        ("Rend Phys NPI", "rendering_npi"),
        ("SERV_PROV_NPI", "rendering_npi"),
        ("Rendering Prov NPI #", "rendering_npi"),
        ("Treating Phys NPI", "rendering_npi"),
        ("RenderingProviderNPINumber", "rendering_npi"),
        ("RNDRNG_PHYS_NPI_NBR", "rendering_npi"),
        ("NPI of Performing Physician", "rendering_npi"),
        ("Line Svc Prov NPI", "rendering_npi"),
        ("Bill Prov NPI #", "billing_npi"),
        ("BILLING_GRP_NPI", "billing_npi"),
        ("Prov Group NPI", "billing_npi"),
        ("Ref Phys NPI", "referring_npi"),
        ("Ordering Prov NPI", "referring_npi"),
    ],
)
def test_words_say_whose_npi_it_is(read: Callable[..., Intake], header: str, field: str) -> None:
    other = "Billing NPI" if field != "billing_npi" else "NPI"
    intake = read(table(f"{other},{header}", lambda n: f"1679576722,{NPIS[n % 2]}"))
    assert intake.files[0].mapping[field] == header
    assert intake.lines[field].to_list() == [NPIS[n % 2] for n in range(12)]


@pytest.mark.parametrize(
    "header",
    [
        "PCP Prov NPI", "Attending Phys NPI", "Facility Prov NPI", "Pay-to Prov NPI Nbr",
        "Supervising Phys NPI", "SUPERV_PROV_NPI", "Prov NPI Type", "Rend NPI Flag",
        "Prov NPI Date", "Rend Prov NPI Name", "Purchased Svc Prov NPI", "Bill Rend NPI",
        "Operating Physician NPI", "Prov UNPIN", "Member NPI",
        "AT_PHYSN_NPI", "OP_PHYSN_NPI", "OT_PHYSN_NPI", "Other Prov NPI", "ADMTG_PHYS_NPI",
    ],
)  # fmt: skip
def test_words_of_another_are_refused(header: str) -> None:
    assert names.matches(header) == ()


def test_a_listed_name_goes_before_words(read: Callable[..., Intake]) -> None:
    intake = read(table("Line Prov NPI,NPI", lambda _: "1245319599,1234567893"))
    assert set(intake.lines["rendering_npi"]) == {"1234567893"}


def test_the_better_word_goes_first(read: Callable[..., Intake]) -> None:
    intake = read(table("Line Prov NPI,Prf Physn NPI Nbr", lambda _: "1245319599,1234567893"))
    assert set(intake.lines["rendering_npi"]) == {"1234567893"}


def test_words_alone_are_not_believed_without_npis(read: Callable[..., Intake]) -> None:
    intake = read(table("Billing NPI,Line Prov NPI", lambda n: f"1234567893,Y{n}"))
    (file,) = intake.files
    assert "rendering_npi" not in file.mapping
    (said,) = file.warnings
    assert "'Line Prov NPI' is named like the rendering or billing NPI, but less than half" in said


def test_npis_left_unread_are_said_loudly(read: Callable[..., Intake]) -> None:
    text = table("Billing NPI,Clinician", lambda n: f"1679576722,{NPIS[n % 2]}")
    (file,) = read(text).files
    said = (
        "No rendering NPI was read, but column 'Clinician' holds NPIs: if they are the rendering"
        " practitioners', say --map rendering_npi='Clinician'."
    )
    assert file.warnings == (said,)
    assert file.notes.count(said) == 1
    assert not read(text, columns={"rendering_npi": "Clinician"}).files[0].warnings


def test_several_columns_of_npis_are_named(read: Callable[..., Intake]) -> None:
    text = table("Billing NPI,Who,Whom", lambda n: f"1679576722,{NPIS[n % 2]},1234567893")
    (said,) = read(text).files[0].warnings
    assert "columns 'Who', 'Whom' hold NPIs" in said


@pytest.mark.parametrize(
    ("headers", "cells", "lines"),
    [
        ("Rendering NPI,Who", "1245319599,1234567893", 12),  # a rendering NPI is read
        ("Billing NPI,Who", "1245319599,1234567893", 10),  # too few to tell
        ("Billing NPI,Who", "1245319599,1234567890", 12),  # ten digits, wrong check digit
        ("Billing NPI,Phone", "1245319599,555-123-4567", 12),
        ("Billing NPI,Attending NPI", "1245319599,1234567893", 12),  # says whose they are
        ("Billing NPI,Facility Prov NPI", "1245319599,1234567893", 12),
        ("Billing NPI,Referring NPI", "1245319599,1234567893", 12),  # known, and read
    ],
)
def test_other_columns_are_not_said(
    read: Callable[..., Intake], headers: str, cells: str, lines: int
) -> None:
    assert not read(table(headers, lambda _: cells, lines)).files[0].warnings


def test_a_column_of_other_values_than_its_name_is_said_loudly(
    read: Callable[..., Intake],
) -> None:
    (file,) = read(table("Billing NPI,Rendering NPI", lambda n: f"1234567893,Dr {n}")).files
    (said,) = file.warnings
    assert (
        "'Rendering NPI' is named like the rendering or billing NPI, but none of its values" in said
    )
    assert file.notes.count(said) == 1


def test_a_column_read_as_another_field_is_no_warning(read: Callable[..., Intake]) -> None:
    (file,) = read(table("NPI,Line", lambda _: "1234567893,Medicare")).files
    assert file.mapping["line_of_business"] == "Line"
    assert not file.warnings
