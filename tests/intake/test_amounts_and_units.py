"""Amounts and units: what becomes of each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.intake import amounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def value(table: pl.DataFrame) -> object:
    return table["value"][0]


def text(cell: str) -> pl.Series:
    return pl.Series([cell], dtype=pl.String)


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("120.00", 12000),
        ("$1,580.00", 158000),
        ("1580", 158000),
        ("90.0", 9000),
        (".5", 50),
        ("5.", 500),
        ("(12.50)", -1250),
        ("-12.5", -1250),
        ("12.50-", -1250),
        ("-$3.10", -310),
        ("$ (3.10)", -310),
        ("USD 3.10", 310),
        ("0", 0),
        ("12.345", 1235),
        ("12.344", 1234),
        ("-12.345", -1235),
        ("", None),
        ("-", None),
        ("1,58,0", None),
        ("1,580", 158000),
        ("abc", None),
        ("1e3", None),
        ("12345678901234567890", None),
    ],
)
def test_amounts(line: Callable[..., dict[str, object]], cell: str, cents: int | None) -> None:
    assert line({"Charge": cell})["charge_amount"] == cents


def priced(cells: list[str], head: str = HEADER) -> str:
    quoted = [ROW.replace("120.00", f'"{cell}"') for cell in cells]
    return "\n".join([head, *quoted]) + "\n"


@pytest.mark.parametrize(
    ("cells", "cents"),
    [
        (["100,50", "80,00", "120"], [10050, 8000, 12000]),
        (["1.234,56", "12,5", "-1.000.000,00"], [123456, 1250, -100000000]),
        (["100,50", "99,00", "1.250"], [10050, 9900, 125000]),
        (["(12,50)", "12,50-", "$ 3,10"], [-1250, -1250, 310]),
        # Not consistently so: the point stays the decimal sign.
        (["100,50", "80,00", "120.25"], [None, None, 12025]),
        (["1,58", "120", "85"], [None, 12000, 8500]),
        (["1,234", "2,500", "85"], [123400, 250000, 8500]),
        (["1,234.50", "85.00", "1,58"], [123450, 8500, None]),
    ],
)
def test_a_decimal_comma_is_read_where_the_column_shows_it(
    read: Callable[..., Intake], cells: list[str], cents: list[int | None]
) -> None:
    intake = read(priced(cells))
    assert intake.lines["charge_amount"].to_list() == cents
    said = "Amounts were read with a decimal comma: 1.234,56 as 1,234.56."
    comma = None not in cents and 123400 not in cents
    assert (said in intake.files[0].warnings) is comma


def test_units_follow_the_amounts_decimal_comma(read: Callable[..., Intake]) -> None:
    text = "Claim;Patient ID;NPI;DOS;CPT;Units;Charge\n" + "".join(
        f"C1;P1;1234567893;2024-03-05;99213;{units};80,50\n" for units in ("1", "1,5", "2,000")
    )
    assert read(text).lines["units"].to_list() == [1000, 1500, 2000]


def test_a_column_in_cents_has_no_decimal_sign(read: Callable[..., Intake]) -> None:
    text = "Claim,Patient ID,NPI,DOS,CPT,Charge Cents\nC1,P1,1234567893,2024-03-05,99213,8050\n"
    assert read(text).lines["charge_amount"].to_list() == [8050]


def test_an_amount_column_in_cents_says_so_by_name(line: Callable[..., dict[str, object]]) -> None:
    assert line({"Paid Amount (cents)": "12345"})["paid_amount"] == 12345


@pytest.mark.parametrize(
    ("cell", "thousandths"),
    [
        ("1", 1000),
        ("1.0", 1000),
        ("0", 0),
        ("0.5", 500),
        ("2.125", 2125),
        ("88", 88000),
        ("-1", -1000),
        ("", None),
        ("UN", None),
    ],
)
def test_units(line: Callable[..., dict[str, object]], cell: str, thousandths: int | None) -> None:
    assert line({"Units": cell})["units"] == thousandths


@pytest.mark.parametrize(("sign", "units"), [("-", -2000), ("+", 2000), ("", 2000)])
def test_a_sign_beside_the_quantity(
    line: Callable[..., dict[str, object]], sign: str, units: int
) -> None:
    assert line({"Units": "2", "Quantity_Sign": sign})["units"] == units


@pytest.mark.parametrize("zero", ["\N{ARABIC-INDIC DIGIT ZERO}", "\N{FULLWIDTH DIGIT ZERO}"])
def test_digits_of_another_script_are_no_number(
    line: Callable[..., dict[str, object]], zero: str
) -> None:
    def written(number: str) -> str:
        return number.translate({ord(str(n)): chr(ord(zero) + n) for n in range(10)})

    found = line({"Line": written("7"), "Units": written("2"), "Charge": written("120.50")})
    assert (found["line_number"], found["units"], found["charge_amount"]) == (None, None, None)


@given(st.integers(-(10**13), 10**13))
def test_cents_are_exact_at_any_size(cents: int) -> None:
    cell = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    assert amounts.cents(text(cell)).values.to_list() == [cents]
    assert value(amounts.scaled(text(cell), 2, "an amount")) == cents


# --- what exports write around a value


@pytest.mark.parametrize(
    ("cell", "found", "kind"),
    [
        ("1 UN", 1000, "unit word taken out"),
        ("2 EA", 2000, "unit word taken out"),
        ("3 units", 3000, "unit word taken out"),
        ("1UN", 1000, "unit word taken out"),
        ("1.5 Unit(s)", 1500, "unit word taken out"),
        ("1", 1000, None),
        ("15 MJ", None, "not a number of units: emptied"),
        ("15 min", None, "not a number of units: emptied"),
        ("UN", None, "not a number of units: emptied"),
        ("$ -", None, "not a number of units: emptied"),
    ],
)
def test_words_for_units(cell: str, found: int | None, kind: str | None) -> None:
    table = amounts.thousandths(text(cell))
    assert (value(table), table["kind"][0]) == (found, kind)


@pytest.mark.parametrize(
    ("cell", "found", "kind"),
    [
        ("$ -", 0, "an accountant's dash read as 0"),
        ("$-", 0, "an accountant's dash read as 0"),
        (" $ -   ", 0, "an accountant's dash read as 0"),
        ("$ -5", -500, "currency sign taken out"),
        ("-", None, None),
        ("$", None, "not an amount: emptied"),
        ("1 UN", None, "not an amount: emptied"),
    ],
)
def test_an_accountants_zero(cell: str, found: int | None, kind: str | None) -> None:
    table = amounts.scaled(text(cell), 2, "an amount")
    assert (value(table), table["kind"][0]) == (found, kind)


def test_columns_of_such_cells_are_read(read: Callable[..., Intake]) -> None:
    rows = [ROW.replace(",1,120.00", ",2 UN,$ -").replace("C1", f"C{n}") for n in range(12)]
    intake = read("\n".join([HEADER, *rows]))
    assert set(intake.lines["units"]) == {2000}
    assert set(intake.lines["charge_amount"]) == {0}
    assert not intake.files[0].warnings
