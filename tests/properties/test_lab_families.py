"""Laboratory, imaging, endoscopy, infusion and vaccine rules agree with the oracle.

Batches of codes that meet in the rules' policies; the tables are invented.
"""

import random
from datetime import timedelta
from typing import Any

from batches import PRACTITIONERS, WINDOWS, Lost, Raw, frame, received
from compare import difference, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.harness import found, run
from oracle.oracle import judge
from oracle.tables import tables
from tables import NEXT, Q4, Q4_END
from test_oracle import Night, rejected, rounds

from auditor.reference import memory_reference

PTP: list[Any] = [
    ("80053", "82947", 1),
    ("80053", "80048", 0),
    ("80048", "82947", 1, "2010-01-01", "2025-09-30"),
    ("80307", "80305", 0, Q4),
    ("84439", "84436", 0),
    ("45380", "45378", 0),
    ("45385", "45378", 1, "2010-01-01", Q4_END),
    ("45378", "43235", 1),
    ("45380", "76000", 1),
    ("29881", "29877", 0),
    ("29881", "29870", 1),
    ("27447", "29881", 1, NEXT),
    ("29827", "23412", 1),
    ("96365", "96374", 1),
    ("96360", "96365", 1),  # the other way round than the policy has it
    ("71046", "71045", 1),
    ("72110", "72114", 1),
    ("90460", "90471", 0),
]
MUE: list[Any] = [
    ("36415", 2, 3, Q4),
    ("96368", 1, 2, Q4),
    ("80050", 0, 2, Q4),
    ("90471", 1, 2, Q4, Q4_END),
]


def _fee(code: str, **indicators: str) -> list[dict[str, str]]:
    row = {"code": code, **indicators}
    return [row | {"valid_from": Q4, "valid_to": Q4_END}, row | {"valid_from": NEXT}]


FEES: list[Any] = [
    *_fee("80050", status="N"),
    *_fee("80053", status="X"),
    *_fee("36415", status="X"),
    *(
        row
        for code in ("96360", "96365", "96367", "96372", "96374")
        for row in _fee(code, pctc="5")
    ),
    *_fee("96413", pctc="0"),
    *_fee("29881", global_days="090", bilateral="1"),
    *_fee("73562", pctc="1", bilateral="3"),
]
TABLES: dict[str, list[Any]] = {"ptp": PTP, "mue": MUE, "fees": FEES}
FAMILIES: list[list[str]] = [
    family.split()
    for family in (
        "80053 80048 80051 82947 82374 82435 84132 84295",
        "80061 82465 83718 84478",
        "82465 83718 84478",
        "80050 80053 84443 85025 85027 85007 85008",
        "80053 84443 85025 85027",
        "80069 80048 82040 84100 82947",
        "82374 82435 84132 84295",
        "80305 80306 80307 G0480 G0481 G0659",
        "84439 84436 84479 36415",
        "45378 45380 45385 43235 43239 76000",
        "29870 29881 29874 29877 27447 76000",
        "23412 29827 29870 76000 20610",
        "52000 52332 76000",
        "96360 96365 96374 96413 96409",
        "96365 96367 96368 36415",
        "96372 96374 96523 96413",
        "71045 71046 73560 73562",
        "72040 72050 72110 72114",
        "90460 90461 90471 90472 90686",
        "90460 90461 90707 90715 90749",
        "90471 90472 90686 90715 90677",
        "G0008 G0009 90686 90677 90471",
        "G0010 90746 90471 90375",
        "90461 90460 90697 90686 90599",
        "90480 91304 0041A 90471",
    )
]
USUAL = 0.85
"""How often a cell holds its usual value."""
BIRTHS = {
    "P1": ("1950-06-01", "1985-06-01", "2015-06-01", None),
    "P2": ("2006-11-04", "2006-06-01", "1900-01-01", "1950-06-01"),
}


def crowded(seed: int) -> Night:
    """A few claims of one or two patients whose lines nearly all meet.

    Drawn by a seed: the shapes of a batch are many, and each is as likely as the next.
    """
    dice = random.Random(seed)  # noqa: S311 - no secret
    family = dice.choice(FAMILIES)
    window = dice.choice(WINDOWS)
    births = {patient: dice.choice(dates) for patient, dates in BIRTHS.items()}
    business = dice.choice(["medicare"] * 6 + ["medicaid", "commercial", "unknown"])

    def mostly(value: str | None, *others: str | None) -> str | None:
        return value if dice.random() < USUAL else dice.choice(others)

    rows: list[Raw] = []
    for number in range(dice.randint(1, 4)):
        head: Raw = {
            "claim_id": f"C{number}",
            "patient_id": mostly("P1", "P2"),
            "payer": mostly("M", None, "K"),
            "payer_sequence": mostly(None, "primary", "secondary"),
            "line_of_business": business,
            "claim_frequency": mostly("1", None, "7"),
            "original_claim_id": mostly(None, "N0", "X9"),
            "payer_claim_id": f"N{number}",
            "rendering_npi": mostly(PRACTITIONERS[0], PRACTITIONERS[1], None),
            "billing_npi": mostly(PRACTITIONERS[2], PRACTITIONERS[0], None),
            "tax_id": mostly("T1", "T2", None),
            "specialty": mostly("207Q00000X", "73", None),
            "received_date": received(window, number),
            "place_of_service": mostly("11", "22", "21", "22", "24", "60"),
        }
        for line in range(dice.randint(1, 5)):
            start = window + timedelta(days=dice.choice([1] * 8 + [0, 2]))
            row: Raw = {
                "line_number": str(line + 1),
                "service_date_from": start.isoformat(),
                "service_date_to": (start + timedelta(days=dice.choice([0] * 9 + [1]))).isoformat(),
                "code": dice.choice(family),
                "modifiers": mostly("", "59", "XU", "RT", "LT", "91", "76", "26", "58", "SL", "50"),
                "units": mostly("1", "2", "3", "5", "0", "0.5", None),
                "charge_amount": mostly(str(100 + number), "0", "85.50"),
                "paid_status": mostly(None, "denied", "paid"),
                "patient_birth_date": births[str(head["patient_id"])],
            }
            rows.append(head | row)
    lost: list[Lost] = []
    if dice.random() > USUAL:
        row = dice.choice(rows)
        lost = [(row["claim_id"], None, None)]
    return Night(rows, lost)


nights = st.integers(0, 2**32 - 1).map(crowded)


@rounds(25)
@given(nights)
def test_auditor_and_oracle_agree(night: Night) -> None:
    _agree(night, TABLES)


@rounds(25)
@given(nights)
def test_they_agree_without_tables(night: Night) -> None:
    """Then the policies stand on the manual alone."""
    _agree(night, {})


def _agree(night: Night, given_tables: dict[str, list[Any]]) -> None:
    rows, lost = night
    lines = frame(rows)
    findings = found(run(lines, memory_reference(**given_tables), rejected(lost)), lines)
    verdict = judge(rows, tables(**given_tables), lost)
    told = difference(of_auditor(rows, findings), of_oracle(rows, verdict.findings))
    assert not told
