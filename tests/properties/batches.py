"""Random claim batches as the texts of an export, and the same as the table intake hands over.

Small on purpose: two patients, three practitioners, four days around a change of tables, so that
lines meet. Everything that the domain calls a trap is drawn now and then.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from schemas import ClaimLines, dtypes

Raw = dict[str, str | None]
_DATES = ("service_date_from", "service_date_to", "received_date", "patient_birth_date")

WINDOWS = (date(2025, 9, 29), date(2025, 12, 30), date(2025, 11, 3), date(2019, 6, 29))
MODIFIERS = [
    "59",
    "XS",
    "XU",
    "25",
    "57",
    "24",
    "LT",
    "RT",
    "F1",
    "F2",
    "FA",
    "T1",
    "LD",
    "RC",
    "E1",
    "E3",
    "50",
    "51",
    "76",
    "77",
    "91",
    "58",
    "78",
    "26",
    "TC",
    "JW",
    "GY",
    "GX",
    "22",
    "27",
]
# Also one that stands twice, and two in the other order: both are the same set as others here.
TWO = [
    ["RT", "59"],
    ["LT", "51"],
    ["F1", "F2"],
    ["26", "RT"],
    ["25", "59"],
    ["50", "51"],
    ["LT", "XS"],
    ["RT", "RT"],
    ["59", "RT"],
]
PAYERS = (("M", "medicare"), ("K", "medicaid"), ("C", "commercial"), ("U", "unknown"))
PRACTITIONERS = ("1111111112", "1222222220", "1234567893")


def often(value: Any, *others: Any, weight: int = 6) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any cell
    """`value` most of the time, one of `others` now and then."""
    return st.sampled_from([value] * weight + list(others))


UNITS = often("1", "2", "3", "4", "0", "-1", "0.5", "1.5", "6", None, weight=10)
SPECIALTIES = often("207Q00000X", "208600000X", "261QA1903X", None)


def received(window: date, number: int) -> str:
    """A day of its own for every claim, in no order: the newest of a chain must be one claim."""
    return (window + timedelta(days=20 + number * 7 % 11)).isoformat()


@st.composite
def claim_heads(draw: st.DrawFn, number: int, window: date) -> Raw:
    """What all lines of a claim share."""
    payer, business = draw(often(PAYERS[0], *PAYERS[1:], weight=12))
    return {
        "claim_id": f"C{draw(st.integers(0, 9))}{number:02d}",
        "patient_id": draw(often("P1", "P2", weight=3)),
        "payer": draw(often(payer, payer.lower(), None, weight=12)),
        "payer_sequence": draw(often(None, "primary", "secondary", weight=16)),
        "line_of_business": business,
        "claim_frequency": draw(often("1", None, weight=4)),
        "original_claim_id": None,
        "payer_claim_id": draw(often(f"N{number}", None)),
        "rendering_npi": draw(often(PRACTITIONERS[0], PRACTITIONERS[1], None, weight=5)),
        "billing_npi": draw(often(PRACTITIONERS[2], PRACTITIONERS[0], None, weight=6)),
        "tax_id": draw(often("T1", "T2", None, weight=5)),
        "specialty": draw(SPECIALTIES),
        "received_date": received(window, number),
        "place_of_service": draw(often("11", "21", "22", "24", weight=3)),
    }


@st.composite
def claims(draw: st.DrawFn, number: int, window: date, codes: Sequence[str]) -> list[Raw]:
    """One claim of one to six lines."""
    head = draw(claim_heads(number, window))
    rows = []
    for line in range(1, draw(st.integers(1, 6)) + 1):
        start = window + timedelta(days=draw(often(1, 0, 2, 3, weight=4)))
        end = start + timedelta(days=draw(often(0, 1, 2, weight=10)))
        modifiers = draw(often([], *[[m] for m in MODIFIERS], *TWO, weight=20))
        rows.append(
            head
            | {
                "line_number": str(line),
                "service_date_from": start.isoformat(),
                "service_date_to": end.isoformat(),
                "code": draw(st.sampled_from(codes)),
                "modifiers": " ".join(modifiers),
                "units": draw(UNITS),
                "charge_amount": draw(often("100", "0", "85.50", None, weight=9)),
                "paid_status": draw(often(None, "paid", "denied", weight=6)),
            }
        )
    more = draw(st.integers(0, 9))
    if more == 0:
        rows.append(_reversal(draw(st.sampled_from(rows)), len(rows) + 1))
    elif more == 1:
        rows.append(draw(_credit(draw(st.sampled_from(rows)), len(rows) + 1)))
    return rows


def _reversal(row: Raw, number: int) -> Raw:
    """The line that takes `row` back: the same with units and charge below zero."""
    taken: Raw = {
        name: None if value is None else str(-Decimal(value))
        for name, value in row.items()
        if name in ("units", "charge_amount")
    }
    return row | taken | {"line_number": str(number)}


@st.composite
def _credit(draw: st.DrawFn, row: Raw, number: int) -> Raw:
    """A line that takes back something like `row`, and matches no line of its claim, or by chance.

    The minus sign stands before the charge, before the units, or before both.
    """
    signs = draw(st.sampled_from([("-", ""), ("", "-"), ("-", "-")]))
    charge, units = draw(often("100", "40", "85.50", "300")), draw(often("1", "2", "4", None))
    back: Raw = {
        "line_number": str(number),
        "charge_amount": signs[0] + charge if signs[0] else draw(often(charge, None, weight=2)),
        "units": units and signs[1] + units,
        "paid_status": draw(often(None, "denied", weight=6)),
        "modifiers": draw(often(row["modifiers"], "", "26")),
        "claim_id": draw(often(row["claim_id"], f"E{number}", weight=2)),
        "rendering_npi": draw(often(row["rendering_npi"], None, PRACTITIONERS[1])),
    }
    return row | back


@st.composite
def followers(
    draw: st.DrawFn, number: int, window: date, earlier: list[list[Raw]], fresh: list[Raw]
) -> list[Raw]:
    """A claim that answers an earlier one: its copy, its replacement or its void."""
    original = draw(st.sampled_from(earlier))
    head = original[0]
    kind = draw(st.sampled_from(["copy", "7", "7", "8"]))
    if kind == "copy":
        copied: Raw = {"claim_id": f"D{number:02d}", "payer_claim_id": f"N{number}"}
        return [row | copied for row in original]
    reference = draw(often(head["payer_claim_id"], f"X{number % 2}", None, weight=5))
    shared = ("patient_id", "payer", "payer_sequence", "line_of_business")
    own: Raw = {name: head[name] for name in shared} | {
        "claim_id": draw(often(f"D{number:02d}", head["claim_id"], weight=3)),
        "claim_frequency": kind,
        "original_claim_id": reference,
        "payer_claim_id": f"N{number}",
        "received_date": received(window, number),
    }
    source = draw(st.sampled_from([original, fresh]))
    return [row | own for row in source]


@st.composite
def batches(draw: st.DrawFn, families: Sequence[Sequence[str]], largest: int = 9) -> list[Raw]:
    """One to forty lines, of the codes of one or two families."""
    window = draw(st.sampled_from(WINDOWS))
    chosen = draw(st.lists(st.sampled_from(families), min_size=1, max_size=2))
    some = [code for family in chosen for code in family]
    made: list[list[Raw]] = []
    for number in range(draw(st.integers(1, largest))):
        fresh = draw(claims(number, window, some))
        if made and draw(st.integers(0, 3)) == 0:
            fresh = draw(followers(number, window, made, fresh))
        made.append(fresh)
    if draw(st.integers(0, 4)) == 0:
        made = [
            [row | {"received_date": None, "claim_id": f"{row['claim_id']}.{n}"} for row in claim]
            for n, claim in enumerate(made)
        ]
    rows = [row for claim in made for row in claim]
    if draw(st.integers(0, 6)) == 0:
        rows = [row | {"line_number": None, "paid_status": None} for row in rows]
    if draw(st.integers(0, 6)) == 0:
        business = draw(st.sampled_from([b for _, b in PAYERS]))
        rows = [row | {"payer": None, "line_of_business": business} for row in rows]
    return rows[:40]


Lost = tuple[str | None, str | None, date | None]
"""Claim, patient and day of a rejected row, as far as they are known."""


@st.composite
def lost_lines(draw: st.DrawFn, rows: list[Raw]) -> list[Lost]:
    """Now and then a rejected row: its claim, its patient and day, or nothing to the matter."""
    if draw(st.integers(0, 3)) > 0:
        return []
    row = draw(st.sampled_from(rows))
    day = date.fromisoformat(str(row["service_date_from"]))
    of_claim = (row["claim_id"], None, None)
    of_day = (None, row["patient_id"], day)
    return [draw(st.sampled_from([of_claim, of_day, ("C-else", "P-else", day)]))]


def frame(rows: Sequence[Raw], source_file: str = "batch.csv") -> pl.DataFrame:
    """The rows as schemas.ClaimLines, in their order."""
    types = dtypes(ClaimLines)
    records = []
    for key, row in enumerate(rows):
        record: dict[str, Any] = dict(row)
        for name in _DATES:
            text = row.get(name)
            record[name] = None if text is None else date.fromisoformat(text)
        record["line_number"] = None if row["line_number"] is None else int(row["line_number"])
        record["units"] = _scaled(row["units"], 1000)
        record["charge_amount"] = _scaled(row["charge_amount"], 100)
        records.append(
            record
            | {
                "source_file": source_file,
                "source_row": key + 2,
                "line_key": key,
                "diagnoses": row.get("diagnoses") or "",
            }
        )
    return pl.DataFrame(records, schema=types)


def _scaled(text: str | None, by: int) -> int | None:
    return None if text is None else int(Decimal(text) * by)
