"""Descriptors and successors of the user's own files: kept, found, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import auditor
from auditor.cli import main
from auditor.errors import ReferenceDataError
from auditor.reference import load_reference, memory_reference
from auditor.reference.importer import import_files
from auditor.reference.store import MANIFEST

if TYPE_CHECKING:
    from auditor.reference.interface import Reference
    from tests.reference.conftest import Make, Row

A1 = ("0001F", "", "I", 9, "XXX", 9, 9, 9, 9, 9)
A2 = ("90001", "", "A", 1, "000", 0, 0, 0, 0, 0)
A2_26 = ("90001", "26", "A", 1, "000", 0, 0, 0, 0, 0)
A3 = ("90002", "", "A", 0, "010", 0, 0, 0, 0, 0)
CSV, TEXT = "PPRRVU2025_Oct.csv", "PPRRVU2025_Oct.txt"
BOOK = "HCPC2025_OCT_ANWEB.xlsx"
CODES: list[Row] = [
    ("   A1", "7", "", "20020701", ""),
    ("A0002", "3", "D", "19900101", "20201231"),
    ("", "4", "", "", ""),
    ("A0003", "3", "D", "20210101", ""),
    ("A0004", "3", "D", "19900101", "20191231"),
    ("A0005", "3", "D", "19900101", "20191231"),
    ("A0006", "3", "D", "20200101", ""),
]
WORDS: list[Row] = [
    ("A green  wrap", "Green wrap", "", ""),
    ("A wheel of", "Wheel", "A0003", "A0004"),
    ("soft wood", "", "", ""),
    ("A wheel of stone", "Wheel st", "A0002", ""),
    ("A spoke", "Spoke", "A0005", "CPT"),
    ("", "", "A0006", "A0004"),
    ("", "Hub", "", ""),
]


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def texts(reference: Reference, *codes: str) -> dict[str, str]:
    frame = reference.descriptors(pl.Series(codes))
    return dict(frame.select("code", "text").rows())


@pytest.fixture
def fees(make: type[Make], inbox: Path) -> Path:
    """Descriptors in the CSV layout."""
    words = {"90001": "Turning of a wheel", "90002": " Greasing  of it "}
    return put(inbox, CSV, make.fees([A1, A2, A2_26, A3], words=words))


@pytest.fixture
def hcpcs(make: type[Make], inbox: Path) -> Path:
    return put(inbox, BOOK, make.hcpcs(CODES, words=WORDS))


def test_descriptors_of_the_fee_schedule(fees: Path, store: Path) -> None:
    import_files([fees], store)
    frame = load_reference(store).descriptors(pl.Series(["90002", "90001", "0001F", "99213"]))
    assert frame.rows() == [
        ("90001", "Turning of a wheel", "Fee schedule 2025Q4", CSV),
        ("90002", "Greasing of it", "Fee schedule 2025Q4", CSV),
    ]


def test_descriptors_in_fixed_width(make: type[Make], inbox: Path, store: Path) -> None:
    words = {"90001": "Turning of a wheel", "90002": "x" * 50}
    import_files([put(inbox, TEXT, make.fees_text([A1, A2, A3], words))], store)
    found = texts(load_reference(store), "90001", "90002", "0001F")
    assert found == words


def test_long_descriptors_are_joined_and_go_before_short_ones(hcpcs: Path, store: Path) -> None:
    import_files([hcpcs], store)
    assert texts(load_reference(store), "A1", "A0002", "A0003", "A0004", "A0005", "A0006") == {
        "A1": "A green wrap",
        "A0002": "A wheel of soft wood",
        "A0003": "A wheel of stone",
        "A0004": "A spoke",
        "A0006": "Hub",
    }


@pytest.mark.parametrize(
    ("code", "successors"),
    [
        ("A0002", ("A0003",)),  # A0004 had ended before it
        ("A0003", ()),  # valid: its cross reference names what came before
        ("A0004", ()),  # A0005 ended on the same day, and CPT is no code
        ("A0005", ("A0006",)),
        ("A0006", ()),
        ("A1", ()),
        ("90001", ()),
    ],
)
def test_successors(hcpcs: Path, store: Path, code: str, successors: tuple[str, ...]) -> None:
    import_files([hcpcs], store)
    assert load_reference(store).successors(code) == successors


def test_tables_are_the_same_with_words_and_without(
    make: type[Make], inbox: Path, store: Path
) -> None:
    bare = put(inbox, BOOK, make.hcpcs(CODES))
    import_files([bare], store)
    expected = load_reference(store).hcpcs()
    bare.write_bytes(make.hcpcs(CODES, words=WORDS))
    import_files([bare], store.with_name("other"))
    assert load_reference(store.with_name("other")).hcpcs().equals(expected)


def as_imported_long_ago(store: Path) -> None:
    """The store as an auditor that kept no words wrote it."""
    path = store / MANIFEST
    manifest = json.loads(path.read_text())
    for entry in manifest["entries"]:
        for part in entry["parts"].values():
            (store / part.pop("words")["file"]).unlink()
    path.write_text(json.dumps(manifest))


def test_a_store_of_before_lacks_them_until_the_file_is_imported_again(
    fees: Path, hcpcs: Path, store: Path
) -> None:
    import_files([fees, hcpcs], store)
    as_imported_long_ago(store)
    old = load_reference(store)
    assert old.words.lacking == ("Fee schedule 2025Q4", "HCPCS Level II 2025Q4")
    assert (texts(old, "90001", "A0002"), old.successors("A0002")) == ({}, ())
    before = [(r.label, r.sha256, r.source) for r in old.releases()]

    outcomes = import_files([fees, hcpcs], store)
    assert [(o.result, o.note) for o in outcomes] == [
        ("same rows already loaded", "its descriptions were added")
    ] * 2
    new = load_reference(store)
    assert set(texts(new, "90001", "A0002")) == {"90001", "A0002"}
    assert new.words.lacking == ()
    assert [(r.label, r.sha256, r.source) for r in new.releases()] == before


def test_a_file_without_descriptors_is_not_asked_for_again(
    make: type[Make], inbox: Path, store: Path
) -> None:
    bare = put(inbox, CSV, make.fees([A1, A2]))
    import_files([bare], store)
    assert load_reference(store).words.lacking == ()
    manifest = (store / MANIFEST).read_bytes()
    (again,) = import_files([bare], store)
    assert again.note == ""
    assert (store / MANIFEST).read_bytes() == manifest


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_what_one_twin_leaves_blank_another_says_in_any_order(
    make: type[Make], inbox: Path, store: Path, order: tuple[int, ...]
) -> None:
    files = [
        put(inbox, CSV, make.fees([A1, A2], words={"0001F": "Counting"})),
        put(inbox, TEXT, make.fees_text([A1, A2], {"0001F": "Other", "90001": "Turning"})),
        put(inbox, "PPRRVU2025_Oct_again.csv", make.fees([A1, A2])),
    ]
    for position in order:
        import_files([files[position]], store)
    found = load_reference(store).descriptors(pl.Series(["0001F", "90001"]))
    assert found.select("code", "text", "source").rows() == [
        ("0001F", "Counting", CSV),
        ("90001", "Turning", TEXT),
    ]


def test_a_correction_brings_its_own_words_and_keeps_the_rest(
    make: type[Make], inbox: Path, store: Path
) -> None:
    from auditor.reference.importer import Request

    words = {"0001F": "Counting", "90001": "Turning", "90002": "Greasing"}
    import_files([put(inbox, CSV, make.fees([A1, A2, A3], words=words))], store)
    other = ("90001", "", "B", 1, "000", 0, 0, 0, 0, 0)
    new = make.fees([A1, other], words={"90001": "Turning left"})
    import_files([put(inbox, CSV, new)], store, Request(replace=True))
    assert texts(load_reference(store), *words) == {"0001F": "Counting", "90001": "Turning left"}


def test_an_older_release_speaks_where_a_newer_is_silent(
    make: type[Make], inbox: Path, store: Path
) -> None:
    old = make.fees([A1, A2], words={"0001F": "Counting", "90001": "Turning"})
    new = make.fees([A1], words={"0001F": "Counting twice"})
    import_files([put(inbox, "PPRRVU2025_Jul.csv", old), put(inbox, CSV, new)], store)
    frame = load_reference(store).descriptors(pl.Series(["0001F", "90001"]))
    assert frame.select("code", "text", "release").rows() == [
        ("0001F", "Counting twice", "Fee schedule 2025Q4"),
        ("90001", "Turning", "Fee schedule 2025Q3"),
    ]


def test_a_damaged_file_of_words_hurts_nobody_who_asks_for_none(fees: Path, store: Path) -> None:
    import_files([fees], store)
    (path,) = store.rglob("*-words-*.parquet")
    path.unlink()
    reference = load_reference(store)
    assert reference.fees(pl.Series(["90001"])).height
    with pytest.raises(ReferenceDataError, match="missing"):
        reference.descriptors(pl.Series(["90001"]))


def test_words_are_private_and_swept_with_their_table(fees: Path, store: Path) -> None:
    import_files([fees], store)
    (path,) = store.rglob("*-words-*.parquet")
    assert path.stat().st_mode & 0o777 == 0o600
    (store / MANIFEST).write_text('{"format": 1, "entries": []}')
    import_files([fees], store)
    assert len(list(store.rglob("*-words-*.parquet"))) == 1


def test_the_starter_set_has_none() -> None:
    reference = memory_reference(starter=True)
    assert reference.descriptors(pl.Series(["77002"])).columns == [
        "code", "text", "release", "source"
    ]  # fmt: skip
    assert reference.successors("77002") == ()


def test_the_list_says_how_to_get_them(
    fees: Path, store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        assert main(["reference", "list", "--reference", str(store)]) == 0
        return " ".join(capsys.readouterr().out.split())

    monkeypatch.setenv("COLUMNS", "80")
    import_files([fees], store)
    assert "before descriptions" not in told()
    as_imported_long_ago(store)
    said = told()
    assert "Imported before descriptions were kept: Fee schedule 2025Q4." in said
    assert "Importing the same files again adds them" in said


PACKAGE = Path(auditor.__file__).parent


def test_only_questions_and_the_store_know_of_words() -> None:
    """What may not be passed on cannot reach findings, reports or logs: nothing there asks."""
    knowing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(
            each in path.read_text(encoding="utf-8")
            for each in (".descriptors(", "reference.words", ".successors(")
        )
    }
    assert {name.split("/")[0] for name in knowing} <= {"asking", "reference"} | {"cli"}
    assert {name for name in knowing if name.startswith("cli/")} <= {
        name for name in knowing if name.startswith("cli/asking/")
    }
