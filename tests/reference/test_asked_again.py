"""Rows that were read once are told again as the table would tell them."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from auditor.reference import memory_reference
from auditor.reference.interface import Reference
from auditor.reference.tables import TableReference

CODES = ("10060", "20610", "77002", "99213")
ASKED = (
    (),
    ("20610",),
    ("77002", "20610"),
    ("99213", "10060", "20610"),
    CODES,
    ("77002", "77002", "99999"),
)
TABLES: dict[str, Callable[[Reference, pl.Series], pl.DataFrame]] = {
    "ptp": lambda reference, codes: reference.ptp(codes),
    "addons": lambda reference, codes: reference.addons(codes),
    "mue": lambda reference, codes: reference.mue(codes),
    "fees": lambda reference, codes: reference.fees(codes),
}


def reference() -> TableReference:
    rows: dict[str, Any] = {
        "ptp": [(a, b, n % 2) for n, (a, b) in enumerate(permutations(CODES[::-1], 2))],
        "aoc": [(a, b) for a in CODES[::-1] for b in ("20610", "CCCCC")],
        "mue": [(code, n + 1, 2) for n, code in enumerate(CODES[::-1] * 2)],
        "fees": [(code, part) for code in CODES for part in ("", "26")],
    }
    return memory_reference(**rows)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("first", ASKED)
@pytest.mark.parametrize("then", ASKED)
def test_what_was_asked_before_changes_no_answer(
    table: str, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    ask, asked = TABLES[table], reference()
    for codes in (first, then, first):
        series = pl.Series(codes, dtype=pl.String)
        assert_frame_equal(ask(asked, series), ask(reference(), series))


def test_codes_asked_for_again_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    collected = TableReference._collected  # noqa: SLF001 - the one place that reads
    monkeypatch.setattr(
        TableReference,
        "_collected",
        staticmethod(lambda kind, frame: read.append(kind) or collected(kind, frame)),
    )
    asked = reference()
    for codes in (CODES, CODES[:2], CODES, ("99999", *CODES)):
        asked.mue(pl.Series(codes))
    many = pl.Series([f"{n:05}" for n in range(201)])
    asked.mue(many)
    asked.mue(many)
    assert read == ["mue-practitioner"] * 4


def test_few_codes_are_kept_together(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    collected = TableReference._collected  # noqa: SLF001 - the one place that reads
    monkeypatch.setattr(
        TableReference,
        "_collected",
        staticmethod(lambda kind, frame: read.append(kind) or collected(kind, frame)),
    )
    asked = reference()
    for codes in (CODES[:2], CODES[2:], CODES[:2], CODES[1:3], CODES):
        assert_frame_equal(asked.mue(pl.Series(codes)), reference().mue(pl.Series(codes)))
    assert len(read) == 2 + 5  # and once for each that is held against it
    monkeypatch.setattr("auditor.reference.tables._KEPT", 3)
    asked = reference()
    read.clear()
    for codes in (CODES[:2], CODES[2:], CODES[:2]):
        asked.mue(pl.Series(codes))
    assert len(read) == 3  # those of the first were let go
