"""837P files as they are written: delimiters, line ends, encodings, blocks, options."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import polars as pl
import pytest
from x12_build import (
    HEADER,
    Marks,
    claim,
    dependent,
    group,
    interchange,
    provider,
    service,
    subscriber,
    transaction,
    usual,
    written,
)

from auditor.errors import ConfigError, InputRejected
from auditor.intake import IntakeOptions, read_claims
from auditor.intake.x12 import segments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.intake import Intake


def column(intake: Intake, name: str) -> list[object]:
    return intake.lines[name].to_list()


# --- delimiters, line ends, encodings

PLAIN = interchange(group(transaction(*HEADER, *provider(), *subscriber(), *claim())))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The lines of PLAIN as it is usually written."""
    path = tmp_path_factory.mktemp("plain") / "claims.837"
    path.write_text(written(PLAIN), encoding="utf-8", newline="")
    return read_claims([path]).lines


@pytest.mark.parametrize(
    "marks",
    [
        Marks("|", ">", "\n", "^"),
        Marks("\x1d", "\x1f", "\x1c", "\x1e"),
        Marks("\x1e", "\x1d", "\x1f", "!"),
        Marks("+", "<", "'", "%"),
        Marks("\t", "\\", "!", "U"),
        Marks("^", "*", "|", "~"),
        Marks("\N{SECTION SIGN}", "\N{POUND SIGN}", "\N{NOT SIGN}", "^"),
    ],
)
@pytest.mark.parametrize("wrap", [0, 80, 105, 1])
def test_any_delimiters_and_any_wrapping(
    read_x12: Callable[..., Intake], plain: pl.DataFrame, marks: Marks, wrap: int
) -> None:
    if marks.segment == "\n":  # then a line end cannot wrap segments
        wrap = 0
    text = written(PLAIN, marks, end="" if marks.segment == "\n" else "\n", wrap=wrap)
    assert read_x12(text).lines.equals(plain)
    assert read_x12(text.replace("\n", "\r\n" if wrap == 80 else "\r")).lines.equals(plain)


@pytest.mark.parametrize(
    ("end", "tail"),
    [
        ("", ""),
        ("", "\n"),
        ("\n", " \n\n  "),
        ("\r\n", "\0" * 300),
        ("\n\n", "\x1a"),
        ("  \r\n", "\r\n\x1a\0"),
    ],
)
def test_line_ends_and_what_trails_the_last_segment(
    read_x12: Callable[..., Intake], plain: pl.DataFrame, end: str, tail: str
) -> None:
    assert read_x12(written(PLAIN, end=end) + tail).lines.equals(plain)


def test_the_last_terminator_may_be_missing(read_x12: Callable[..., Intake]) -> None:
    assert read_x12(written(PLAIN).rstrip("~\n")).lines.height == 1


def test_interchanges_of_one_file_may_differ_in_their_delimiters(
    read_x12: Callable[..., Intake],
) -> None:
    other = interchange(
        group(transaction(*HEADER, *provider(), *subscriber(member="M2"), *claim("C2"))), number=2
    )
    third = written(other, Marks("|", ">", "\n")).replace("C2", "C3")
    text = written(PLAIN) + written(other, Marks("+", "<", "'"), wrap=50) + "\n\n" + third
    intake = read_x12(text + written(PLAIN, end=""))
    assert column(intake, "claim_id") == ["C1", "C2", "C3", "C1"]
    assert column(intake, "patient_id") == ["M1", "M2", "M2", "M1"]
    row = PLAIN.index("SV1*HC:99213*40*UN*1***1") + 1
    assert column(intake, "source_row") == [row + n * len(PLAIN) for n in range(4)]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "837P"),
        ("utf-8-sig", "837P"),
        ("cp1252", "837P, cp1252"),
        ("utf-16", "837P, utf-16-le"),
    ],
)
def test_encodings(read_x12: Callable[..., Intake], encoding: str, said: str) -> None:
    text = "\n " * (encoding == "utf-8") + usual().replace("KEY", "PEÑA")
    intake = read_x12(text.encode(encoding))
    assert column(intake, "payer") == ["PEÑA INSURANCE"]
    assert intake.files[0].encoding == said
    assert ("cp1252" in str(intake.files[0].notes)) == (encoding == "cp1252")


def test_a_mark_that_the_isa_does_not_say_but_every_line_has(
    read_x12: Callable[..., Intake],
) -> None:
    text = usual(claim("C1", service(1, "HC:99213:25", pointers="1:2"), service(2)))
    other = text[:106] + text[106:].replace(":", ">")
    intake = read_x12(other)
    assert intake.lines.equals(read_x12(text).lines)
    assert any("'>'" in note for note in intake.files[0].notes)
    # Where one line keeps to the ISA, the others are read as they stand: without a code.
    mixed = other.replace("HC>99213*", "HC:99213*")
    assert read_x12(mixed).rejected["reasons"].to_list() == ["the procedure code is missing"]


def test_test_files_are_said_to_be_such(read_x12: Callable[..., Intake]) -> None:
    test = written(interchange(PLAIN[1:-1], usage="T"))
    assert any("test" in note for note in read_x12(test).files[0].notes)
    assert not any("test" in note for note in read_x12(written(PLAIN)).files[0].notes)


def test_packed_files_and_files_beside_others(
    read_x12: Callable[..., Intake], tmp_path: Path
) -> None:
    expected = read_x12(usual()).lines
    assert read_x12(gzip.compress(usual().encode())).lines.equals(expected)
    table = tmp_path / "claims.csv"
    table.write_text("Claim ID,Patient ID,Rendering NPI,DOS,CPT\nA,P,1,2024-03-05,99213\n")
    both = read_claims([table, tmp_path / "claims.837"])
    assert column(both, "claim_id") == ["A", "C1"]
    assert [file.encoding for file in both.files] == ["utf-8", "837P"]
    mapped = IntakeOptions(columns={"code": "CPT"})
    assert read_claims([table, tmp_path / "claims.837"], mapped).lines.height == 2


# --- blocks


@pytest.mark.parametrize("block", [1, 400, 3_000])
def test_small_blocks_give_the_same(
    read_x12: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    body = [*provider(), *subscriber(2, 1, "M1", child=1), *claim("C1"), *dependent(3, 2)]
    for n in range(2, 30):
        body += claim(f"C{n}", service(1), service(2, "HC:99214:25"))
    body += [*subscriber(4, 1, "M2"), *claim("D1"), *provider(5), *subscriber(6, 5, "M3")]
    body += [*claim("E1"), *claim("E2")]
    text = written(interchange(group(transaction(*HEADER, *body))))
    expected = read_x12(text)
    monkeypatch.setattr(segments, "BLOCK", block)
    monkeypatch.setattr("auditor.intake.textfile.PIECE", block + 600)
    found = read_x12(text)
    assert found.lines.equals(expected.lines)
    assert found.lines["patient_id"].unique(maintain_order=True).to_list() == [
        "M1", "M1/20100101/TED", "M2", "M3",
    ]  # fmt: skip
    assert found.lines.height == 1 + 56 + 3


def test_a_segment_without_an_end_is_refused(
    read_x12: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.intake.textfile.PIECE", 1 << 20)
    with pytest.raises(InputRejected, match="longer than 1 MiB"):
        read_x12(PLAIN[0] + "~GS*HC*" + "X" * (3 << 20))


def test_a_claim_without_an_end_is_refused(
    read_x12: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.intake.x12.claims.MOST_CLAIM", 100)
    monkeypatch.setattr(segments, "BLOCK", 4_000)
    monkeypatch.setattr("auditor.intake.textfile.PIECE", 4_000)
    text = usual(claim("C1", *[service(1)] * 400))
    with pytest.raises(InputRejected, match="more than 100 segments"):
        read_x12(text)


# --- options


def test_there_is_nothing_to_map(read_x12: Callable[..., Intake]) -> None:
    with pytest.raises(ConfigError, match="--map code=CPT"):
        read_x12(usual(), columns={"code": "CPT"})
    assert read_x12(usual(), line_of_business="medicaid").lines["line_of_business"].to_list() == [
        "commercial"
    ]


def test_a_table_whose_header_begins_alike_is_no_x12(read_x12: Callable[..., Intake]) -> None:
    text = "ISAPPROVED,Claim ID,Patient ID,Rendering NPI,DOS,CPT\nY,C1,P1,1,2024-03-05,99213\n"
    assert read_x12(text).files[0].encoding == "utf-8"
    assert isinstance(read_x12(text).lines, pl.DataFrame)
