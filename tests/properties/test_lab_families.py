"""Laboratory, imaging, endoscopy, infusion and vaccine rules agree with the oracle.

Batches of codes that meet in the rules' policies; the tables are invented.
"""

from typing import Any

from batches import Raw, batches, frame, lost_lines, often
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
    *_fee("96365", pctc="5"),
    *_fee("96374", pctc="5"),
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
BIRTHS = {
    "P1": ("1950-06-01", "1985-06-01", "2015-06-01", None),
    "P2": ("2006-11-04", "2006-06-01", "1900-01-01", "1950-06-01"),
}


@st.composite
def nights(draw: st.DrawFn) -> Night:
    rows = draw(batches(FAMILIES))
    births = {patient: draw(st.sampled_from(dates)) for patient, dates in BIRTHS.items()}
    rows = [_marked(draw, row) | {"patient_birth_date": births[str(row["patient_id"])]}
            for row in rows]  # fmt: skip
    return Night(rows, draw(lost_lines(rows)))


def _marked(draw: st.DrawFn, row: Raw) -> Raw:
    """Now and then supplied by the state, by a roster biller, or without modifiers and span."""
    kind = draw(often("plain", "as it is", "SL", "roster", weight=9))
    if kind == "SL":
        return row | {"modifiers": "SL"}
    if kind == "roster":
        return row | {"specialty": "73"}
    plain: Raw = {"modifiers": "", "units": "1", "paid_status": None}
    return row | plain if kind == "plain" and draw(st.booleans()) else row


@rounds(150)
@given(nights())
def test_auditor_and_oracle_agree(night: Night) -> None:
    _agree(night, TABLES)


@rounds(40)
@given(nights())
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
