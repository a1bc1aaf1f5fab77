"""Earlier lines beside tonight's say of tonight's lines what they would say in one batch."""

from datetime import date, timedelta

import polars as pl
from batches import Raw, batches, frame
from compare import Bag, content, difference, notation, of_auditor
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle.harness import Found, found, run
from tables import AOC, FAMILIES, FEES, MUE, PTP
from test_oracle import rounds

from auditor.reference import memory_reference

REFERENCE = memory_reference(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)


def of_tonight(rows: list[Raw], findings: list[Found], earlier: int) -> Bag:
    return of_auditor(rows, [f for f in findings if f.line >= earlier])


def received_in_order(rows: list[Raw], earlier: int) -> list[Raw]:
    """Tonight's lines were received after the earlier ones, so that one batch has them as late."""
    days = [date.fromisoformat(str(r["received_date"] or r["service_date_from"])) for r in rows]
    return [
        row | {"received_date": (day + timedelta(60 if n >= earlier else 0)).isoformat()}
        for n, (row, day) in enumerate(zip(rows, days, strict=True))
    ]


@rounds(15)
@given(batches(FAMILIES), st.data())
def test_history_judges_tonight_as_one_batch_would(rows: list[Raw], data: st.DataObject) -> None:
    """Not compared: equal lines, for one of the history that comes again is the line itself."""
    rows = [row | {"rendering_npi": row["rendering_npi"] or "1111111112"} for row in rows]
    split = data.draw(st.integers(1, len(rows)))
    assume(split < len(rows))
    assume(len({content(row) for row in rows}) == len(rows))
    rows = received_in_order(rows, split)
    lines = frame(rows)
    whole = found(run(lines, REFERENCE), lines)
    assume(not any("DUP-1" in {f.rule, *f.also} for f in whole))
    earlier, tonight = lines[:split], lines[split:]
    apart = found(run(tonight, REFERENCE, history=earlier), tonight)
    told = difference(of_tonight(rows, whole, split), of_auditor(rows, apart))
    assert not told, f"{told}\nhistory: {split} of\n{notation(rows)}"


def test_a_line_of_the_history_comes_before_tonights_whatever_their_dates() -> None:
    row: Raw = {
        "claim_id": "C1",
        "line_number": "1",
        "patient_id": "P1",
        "payer": "M",
        "payer_sequence": None,
        "line_of_business": "medicare",
        "claim_frequency": "1",
        "original_claim_id": None,
        "payer_claim_id": None,
        "rendering_npi": "1111111112",
        "billing_npi": "1111111112",
        "tax_id": "T1",
        "specialty": None,
        "received_date": "2025-11-20",
        "place_of_service": "11",
        "service_date_from": "2025-11-03",
        "service_date_to": "2025-11-03",
        "code": "20610",
        "modifiers": "RT",
        "units": "1",
        "charge_amount": "100",
        "paid_status": None,
    }
    tonight = frame([row | {"claim_id": "B2", "received_date": "2025-11-05"}])
    result = run(tonight, REFERENCE, history=frame([row]))
    assert result.findings.select("rule_id", "claim_id", "counterpart_claim_id").rows() == [
        ("DUP-1", "B2", "C1")
    ]
    assert result.findings["source_file"].unique().to_list() == ["batch.csv"]
    assert result.lines_read == 1
    assert result.coverage.filter(pl.col("rule_id") == "DUP-1")["lines"].sum() == 1
