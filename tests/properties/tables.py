"""A small reference made by hand for the property tests: few codes, many ways to meet.

Add-ons with chains and a cycle, pairs of both indicators, ended, re-issued, swapped and withdrawn
rows, limits of every kind that change with the quarter, statuses that never pay. Codes are real so
that the built-in policy tables know what they are; the rows are invented.
"""

from typing import Any

Q4, Q4_END, NEXT = "2025-10-01", "2025-12-31", "2026-01-01"

PTP: list[Any] = [
    ("45385", "45380", 1),
    ("45380", "45378", 0),
    ("45385", "45378", 1),
    ("20611", "20610", 1),
    ("20610", "99213", 1),
    ("27447", "99213", 1),
    ("64490", "20610", 0),
    ("99291", "99285", 1),
    ("99214", "99213", 0),
    ("99213", "36415", 1),
    ("99497", "99490", 1),
    ("99213", "99497", 1),
    ("73040", "77002", 1),
    ("94760", "99213", 1),
    ("99080", "20550", 1),
    ("80053", "82947", 1),
    ("26055", "20550", 1),
    ("38221", "38220", 1),
    ("64491", "64492", 1),
    ("96365", "96366", 1, "2010-01-01", "2025-09-30"),
    ("29881", "20611", 1, "2010-01-01", "2025-09-30"),  # ended, re-issued the stricter way
    ("29881", "20611", 0, Q4),
    ("29881", "20610", 1, "2010-01-01", Q4_END),  # swapped with the year
    ("20610", "29881", 1, NEXT),
    ("29881", "45385", 9, Q4, Q4),  # withdrawn on its own first day
    ("29881", "45380", 1, "2025-12-31", "2025-12-31"),
    ("45378", "22551", 0, "2019-07-01"),
]
AOC: list[Any] = [
    ("77002", "20610", 1, "2013-04-01"),
    ("77002", "64490", 1, "2013-04-01"),
    ("64491", "64490", 1, "2013-04-01"),
    ("64492", "64490", 1, "2013-04-01", "2025-09-30"),
    ("64492", "64491", 1, "2013-04-01"),
    ("15156", "15157", 1, "2013-04-01"),  # these two carry only each other
    ("15157", "15156", 1, "2013-04-01"),
    ("22552", "22551", 1, "2013-04-01", Q4_END),
    ("22552", "64491", 1, NEXT),
    ("99292", "99291", 1, "2013-04-01"),
    ("01968", "01967", 1, "2013-04-01"),
    ("96366", "96365", 1, "2013-04-01"),
    ("96367", "96366", 1, "2013-04-01"),
    ("99415", "99080", 1, "2013-04-01"),
    ("76937", "CCCCC", 2, "2013-04-01"),
    ("G0501", "CCCCC", 2, "2017-01-01"),
    ("88311", "88305", 3, "2013-04-01"),
    ("88311", "CCCCC", 3, "2013-04-01"),
    ("96137", "96136", 1, Q4, Q4),  # suspended: never in force
    {
        "addon": "22614",
        "primary": "22551",
        "edit_type": 1,
        "effective": Q4,
        "deletion": Q4,  # the primary's end, not the edit's: in force for that one day
        "edit_deletion": None,
    },
]


def _limit(code: str, value: int, mai: int, later: int | None = None) -> list[Any]:
    after = value if later is None else later
    return [(code, value, mai, Q4, Q4_END), (code, after, mai, NEXT)]


MUE: list[Any] = [
    *_limit("20610", 2, 3),
    *_limit("29881", 1, 2),
    *_limit("22551", 1, 2),
    *_limit("99291", 1, 2),
    *_limit("45378", 0, 2, 1),
    *_limit("96366", 3, 3, 1),
    *_limit("77002", 1, 3),
    *_limit("73040", 1, 2),
    *_limit("64490", 1, 3),
    *_limit("J1100", 3, 3),
    *_limit("A0425", 2, 1),
    *_limit("96376", 0, 3),
    *_limit("88305", 4, 1, 0),
    *_limit("36415", 2, 3, 2),
    ("45380", 1, 2, Q4, Q4_END),
    ("45380", 1, 3, NEXT),
]


def _fee(code: str, later: str | None = None, **indicators: str) -> list[dict[str, str]]:
    """Both releases of a code; `later` is its status in the second."""
    row = {"code": code, **indicators}
    changed = row if later is None else row | {"status": later}
    return [row | {"valid_from": Q4, "valid_to": Q4_END}, changed | {"valid_from": NEXT}]


FEES: list[Any] = [
    *_fee("20610", global_days="000", bilateral="1"),
    *_fee("20611", global_days="000", bilateral="1"),
    *_fee("27447", global_days="090"),
    *_fee("29881", global_days="090", bilateral="1"),
    *_fee("45385", global_days="000"),
    *_fee("45380", global_days="000", later="N"),
    *_fee("64490", global_days="000"),
    *_fee("64491", global_days="ZZZ", bilateral="1"),
    *_fee("22552", global_days="ZZZ", bilateral="0"),
    *_fee("96137", global_days="ZZZ"),
    *_fee("33509", global_days="ZZZ"),
    *_fee("77002", pctc="1", global_days="ZZZ"),
    *_fee("73040", pctc="1"),
    *_fee("99213"),
    *_fee("99291", status="R"),
    *_fee("94760", status="T"),
    *_fee("99080", status="B", later="A"),
    *_fee("36415", status="X"),
    *_fee("20550", status="A", global_days="000", later="P"),
    *_fee("G0501", status="B"),
    *_fee("99497", status="I", later="A"),
    *_fee("88305", pctc="1"),
]

FAMILIES: list[list[str]] = [
    family.split()
    for family in (
        "45385 45380 45378 29881 22551",
        "20610 20611 77002 99213 29881 27447",
        "64490 64491 64492 22552 20610",
        "99213 99214 99291 99292 99285 94760 36415",
        "99497 99490 99213 76937 G0501 33509",
        "96365 96366 96367 96137 A0425",
        "15156 15157 22551 22552 22614",
        "73040 77002 64490 88305 88311 76937",
        "99080 99415 20550 26055 99213",
        "J1100 96376 80053 82947 38221 38220 96136",
        "01967 01968 99213 A0425",
    )
]
"""Codes that meet in the rows above; a batch draws from one or two of these."""
