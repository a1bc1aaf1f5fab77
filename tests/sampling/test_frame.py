"""The frame: lines and not findings, what is left out and why; and reading the findings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.errors import ConfigError, InputRejected
from auditor.sampling import frame
from auditor.sampling.frame import NO_PRACTITIONER
from auditor.sampling.interface import LeftOut
from auditor.sampling.source import COLUMNS, read_findings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sampling.conftest import Make


def test_a_line_with_several_findings_is_in_the_frame_once(make: type[Make]) -> None:
    found = make.findings(
        make.finding(3, rule_id="MOD-1", tier="review", amount_at_risk=Decimal("999.00")),
        make.finding(3, finding_id="0" * 32, rule_id="PTP-1", also="AOC-2 MUE-2"),
        make.finding(3, finding_id="f" * 32, rule_id="MUE-3", amount_at_risk=None),
        make.finding(4),
    )
    built = frame.build(found, by="rule")
    assert built.lines.select("line_id", "stratum", "rules", "charge_cents").rows() == [
        ("0" * 32, "PTP-1", "AOC-2 MOD-1 MUE-2 MUE-3 PTP-1", 12050),
        (f"{4:032x}", "AOC-1", "AOC-1", 12050),
    ]
    assert (built.findings, built.left_out) == (4, ())


def test_lines_of_one_wide_row_are_apart(make: type[Make]) -> None:
    rows = [make.finding(n, source_row=5, line_number=n, claim_id="C") for n in (1, 2, 3)]
    assert frame.build(make.findings(*rows)).lines.height == 3


def test_what_is_left_out_is_counted(make: type[Make]) -> None:
    info = make.finding(1, tier="info", amount_basis="none", amount_at_risk=Decimal(0))
    denied = [
        make.finding(2, amount_basis="already denied"),
        make.finding(2, finding_id="e" * 32, amount_basis="counted in another finding"),
        make.finding(3, amount_basis="paid zero", tier="review"),
    ]
    unknown = make.finding(4, charge_amount=None)
    reversal = make.finding(5, charge_amount=Decimal("-120.50"))
    found = make.findings(info, *denied, unknown, reversal, make.finding(6), make.finding(7))
    built = frame.build(found)
    assert built.lines["claim_id"].to_list() == ["00000006", "00000007"]
    assert built.left_out == (
        LeftOut("nothing but a ledger entry (tier info)", 1),
        LeftOut("denied already, or paid nothing", 2),
        LeftOut("the charge is not known", 1),
        LeftOut("a reversal: the charge is below zero", 1),
    )
    everything = frame.build(found, with_info=True, with_denied=True, basis="paid")
    assert everything.lines["position"].to_list() == [1, 2, 3, 4, 5, 6]
    assert [each.lines for each in everything.left_out] == [1]


def test_a_ledger_entry_does_not_take_a_line_out(make: type[Make]) -> None:
    found = make.findings(
        make.finding(1, tier="info", rule_id="PTP-BYP", finding_id="0" * 32),
        make.finding(1, tier="review", rule_id="EM-1"),
    )
    assert frame.build(found).lines.select("line_id", "rules").rows() == [("0" * 32, "EM-1")]


def test_nothing_left_says_why(make: type[Make]) -> None:
    found = make.findings(make.finding(1, tier="info"), make.finding(2, amount_basis="paid zero"))
    with pytest.raises(ConfigError) as raised:
        frame.build(found)
    assert "1: nothing but a ledger entry" in raised.value.what
    assert "--with-info" in raised.value.next_step


def test_strata_by_practitioner(make: type[Make]) -> None:
    found = make.findings(make.finding(1), make.finding(2, rendering_npi=None))
    names = frame.build(found, by="practitioner").lines["stratum"].to_list()
    assert names == ["1234567893", NO_PRACTITIONER]


def test_every_line_is_in_the_frame_or_left_out(make: type[Make]) -> None:
    found = make.many(300)
    built = frame.build(found)
    lines = found.select("source_file", "source_row", "line_number").n_unique()
    assert built.lines.height + sum(each.lines for each in built.left_out) == lines == 300


@pytest.mark.parametrize("form", [".parquet", ".csv", ".jsonl"])
def test_the_three_forms_say_the_same(
    make: type[Make], written: Callable[[pl.DataFrame, str], Path], form: str
) -> None:
    found = make.many(40).with_columns(claim_id=pl.lit('=1+1, "x"\n') + pl.col("claim_id"))
    source = read_findings(written(found, form))
    assert source.frame.equals(found.select(COLUMNS))
    assert len(source.sha256) == 64


def refused(path: Path) -> str:
    with pytest.raises(InputRejected) as raised:
        read_findings(path)
    return str(raised.value)


def test_files_that_are_no_findings_are_refused_in_words(
    make: type[Make], tmp_path: Path, written: Callable[[pl.DataFrame, str], Path]
) -> None:
    found = make.many(5)
    assert "cannot be read (No such file" in refused(tmp_path / "gone.csv")
    assert ".parquet, .csv or .jsonl" in refused(tmp_path / "report.xlsx")
    assert "holds no finding" in refused(written(found.clear(), ".jsonl"))
    assert "holds no finding" in refused(written(found.clear(), ".parquet"))
    assert "lacks the column code" in refused(written(found.drop("code"), ".csv"))
    assert "2 of its findings are in it twice" in refused(
        written(pl.concat([found, found.head(2)]), ".parquet")
    )
    assert "another version" in refused(
        written(found.with_columns(schema_version=pl.lit(2, pl.Int32)), ".csv")
    )
    hidden = found.with_columns(claim_id=pl.lit(None, pl.String))
    assert "claim_id is empty in 5" in refused(written(hidden, ".parquet"))


@pytest.mark.parametrize("form", [".parquet", ".csv", ".jsonl"])
def test_damaged_files_are_refused_without_quoting_them(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"damaged{form}"
    path.write_bytes(b"DOE^JANE,\x00\xff{]\n,,,\n")
    told = refused(path)
    assert "DOE" not in told.replace(str(path), "")
    assert "not a findings file" in told or "lacks the column" in told


def test_a_value_that_does_not_fit_its_column_is_not_quoted(
    make: type[Make], written: Callable[[pl.DataFrame, str], Path]
) -> None:
    found = make.many(3).with_columns(charge_amount=pl.lit("JANE"))
    assert "JANE" not in refused(written(found, ".csv"))
