"""What becomes of a file, by what is loaded already; and nothing changes where it must not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.errors import ReferenceDataError
from auditor.reference import load_reference
from auditor.reference.importer import Outcome, Request, import_files
from auditor.reference.manifest import PTP_PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.reference.interface import Kind, Reference
    from tests.reference.conftest import Make

A = ("10060", "99213", "", "20200101", "*", "1", "Policy")
B = ("20610", "10060", "", "20200101", "*", "0", "Policy")
C = ("20610", "99213", "", "20200101", "20221231", "1", "Policy")
M1 = ("0001U", 1, "2 Date of Service Edit: Policy", "x")
M2 = ("J1100", 9, "3 Date of Service Edit: Clinical", "y")
MUE_Q2 = "MCR_MUE_PractitionerServices_Eff_04-01-2026"


def put(inbox: Path, files: Mapping[str, bytes]) -> list[Path]:
    for name, data in files.items():
        (inbox / name).write_bytes(data)
    return [inbox / name for name in files]


def results(outcomes: list[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def notes(reference: Reference, kind: Kind) -> list[tuple[str, str]]:
    return [(r.label, r.note) for r in reference.releases() if r.kind == kind]


def test_a_table_is_imported_and_its_release_recorded(
    make: type[Make], inbox: Path, store: Path
) -> None:
    paths = put(inbox, {f"{MUE_Q2}.csv": make.mue([M1, M2])})
    [outcome] = import_files(paths, store)
    assert (outcome.result, outcome.rows, outcome.unparsed) == ("imported", 2, 0)
    release = load_reference(store).release("mue-practitioner")
    assert release is not None
    assert (release.label, release.rows) == ("MUE practitioner 2026Q2", 2)
    assert (release.effective, release.vouches_to) == (date(2026, 4, 1), date(2026, 6, 30))
    assert release.source == f"{MUE_Q2}.csv"
    assert not release.starter


def test_the_same_rows_in_another_container_are_no_new_table(
    make: type[Make], inbox: Path, store: Path
) -> None:
    csv = make.mue([M1, M2])
    files = {
        f"{MUE_Q2}.csv": csv,
        f"{MUE_Q2}.xlsx": make.mue_book([M2, M1]),
        "mue.zip": make.zip({f"{MUE_Q2}.csv": csv}),
    }
    outcomes = import_files(put(inbox, files), store)
    assert results(outcomes) == ["imported", *["same rows already loaded"] * 2]
    assert len(list(store.rglob("*.parquet"))) == 1
    [release] = [r for r in load_reference(store).releases() if not r.starter]
    assert release.source == f"{MUE_Q2}.csv, {MUE_Q2}.xlsx, mue.zip"


def test_the_same_file_again_changes_no_byte(make: type[Make], inbox: Path, store: Path) -> None:
    paths = put(inbox, {f"{MUE_Q2}.csv": make.mue([M1])})
    import_files(paths, store)
    before = state(store)
    assert results(import_files(paths, store)) == ["same rows already loaded"]
    assert state(store) == before


def test_a_part_of_a_loaded_table_never_replaces_it(
    make: type[Make], inbox: Path, store: Path
) -> None:
    whole, part = put(
        inbox, {f"{MUE_Q2}.csv": make.mue([M1, M2]), f"{MUE_Q2}.xlsx": make.mue_book([M2])}
    )
    import_files([whole], store)
    before = state(store)
    [outcome] = import_files([part], store)
    assert (outcome.result, outcome.rows) == ("already covered", 1)
    assert state(store) == before


def test_the_whole_takes_the_place_of_a_part(make: type[Make], inbox: Path, store: Path) -> None:
    whole, part = put(
        inbox, {f"{MUE_Q2}.csv": make.mue([M1, M2]), f"{MUE_Q2}.xlsx": make.mue_book([M2])}
    )
    assert results(import_files([part, whole], store)) == ["imported", "imported"]
    assert len(list(store.rglob("*.parquet"))) == 1
    [release] = [r for r in load_reference(store).releases() if not r.starter]
    assert (release.rows, release.source) == (2, f"{MUE_Q2}.csv")


def test_other_rows_of_the_same_release_are_refused(
    make: type[Make], inbox: Path, store: Path
) -> None:
    first, other = put(
        inbox,
        {
            f"{MUE_Q2}.csv": make.mue([M1]),
            f"{MUE_Q2}.xlsx": make.mue_book([(M1[0], 5, *M1[2:]), M2]),
        },
    )
    import_files([first], store)
    before = state(store)
    with pytest.raises(ReferenceDataError, match="contradict MUE practitioner 2026Q2") as error:
        import_files([other], store)
    assert "2 rows are new, 1 are gone" in error.value.what
    assert "--replace" in error.value.next_step
    assert state(store) == before

    [outcome] = import_files([inbox], store)[1:]
    assert outcome.result == "skipped"
    assert "contradict" in outcome.note

    [outcome] = import_files([other], store, Request(replace=True))
    assert (outcome.result, outcome.note) == ("imported", "in place of other rows")
    [release] = [r for r in load_reference(store).releases() if not r.starter]
    assert (release.rows, release.source) == (2, f"{MUE_Q2}.xlsx")


def test_replace_does_not_let_a_folder_replace(make: type[Make], inbox: Path, store: Path) -> None:
    put(inbox, {f"{MUE_Q2}.csv": make.mue([M1]), f"{MUE_Q2}.xlsx": make.mue_book([M2])})
    outcomes = import_files([inbox], store, Request(replace=True))
    assert results(outcomes) == ["imported", "skipped"]


def test_pairs_judge_only_when_all_four_parts_are_in(
    make: type[Make], inbox: Path, store: Path
) -> None:
    rows = {"1": [A], "2": [B], "3": [C], "4": [(*C[:3], "20230101", *C[4:])]}
    files = {}
    for part in PTP_PARTS:
        name = f"ccipra-v302r0-f{part}"
        files[f"{name}.zip"] = make.zip({f"{name}.TXT": make.ptp(rows[part])})
    paths = put(inbox, files)
    kind: Kind = "ptp-practitioner"
    label = "PTP practitioner 2024Q3 (v302r0)"
    outcomes = import_files([paths[0], paths[3]], store)
    assert [outcome.note for outcome in outcomes] == ["incomplete: parts 1, 4 of 4"] * 2
    reference = load_reference(store)
    assert (label, "incomplete: parts 1, 4 of 4") in notes(reference, kind)
    assert reference.is_starter(kind)

    outcomes = import_files(paths[1:3], store)
    assert [outcome.note for outcome in outcomes] == ["", ""]
    reference = load_reference(store)
    assert notes(reference, kind) == [(label, "")]
    assert not reference.is_starter(kind)
    release = reference.release(kind)
    assert release is not None
    assert release.rows == 4


def test_a_later_revision_supersedes_and_both_stay(
    make: type[Make], inbox: Path, store: Path
) -> None:
    addon = ("1", "0071U", "", "0070U", "", "2018274", "", "")
    more = ("1", "0072U", "", "0070U", "", "2018274", "", "")
    files = {
        "AOC_V2025Q4_02-MCR.txt": make.aoc([addon, more]),
        "AOC_V2025Q4_01-MCR.txt": make.aoc([addon]),
    }
    late, early = put(inbox, files)
    assert results(import_files([late], store)) == ["imported"]
    assert results(import_files([early], store)) == ["superseded"]
    reference = load_reference(store)
    assert notes(reference, "aoc") == [
        ("AOC 2025Q4 r1", "superseded by r2"),
        ("AOC 2025Q4 r2", ""),
    ]
    release = reference.release("aoc")
    assert release is not None
    assert release.label == "AOC 2025Q4 r2"


def test_an_incomplete_revision_supersedes_nothing(
    make: type[Make], inbox: Path, store: Path
) -> None:
    files = {f"ccipra-v302r0-f{part}.TXT": make.ptp([A]) for part in PTP_PARTS}
    files["ccipra-v302r1-f1.TXT"] = make.ptp([A, B])
    import_files(put(inbox, files), store)
    assert notes(load_reference(store), "ptp-practitioner") == [
        ("PTP practitioner 2024Q3 (v302r0)", ""),
        ("PTP practitioner 2024Q3 (v302r1)", "incomplete: parts 1 of 4"),
    ]


def test_a_pair_file_of_no_part_is_only_good_as_a_piece(
    make: type[Make], inbox: Path, store: Path
) -> None:
    files = {f"ccipra-v302r0-f{part}.TXT": make.ptp([A, B]) for part in PTP_PARTS}
    paths = put(inbox, files)
    piece, other = put(
        inbox, {"ccipra-v302r0.TXT": make.ptp([B]), "ccipra-v302r0.x.TXT": make.ptp([C])}
    )
    for early in (piece, other):
        with pytest.raises(ReferenceDataError, match="does not say which part"):
            import_files([early], store)
    import_files(paths, store)
    assert results(import_files([piece], store)) == ["already covered"]
    with pytest.raises(ReferenceDataError, match="does not say which part"):
        import_files([other], store)


def test_change_files_are_kept_and_not_applied(make: type[Make], inbox: Path, store: Path) -> None:
    text = make.mue_change([("0001U", 7)], "Practitioner")
    book = make.book(
        {"MCR MUE Adds Eff 04-01-2026": [("HCPCS/CPT Code", "Practitioner Services MUE Values"),
                                         ("0001U", "7")]}
    )  # fmt: skip
    files = {
        f"{MUE_Q2}.csv": make.mue([M1]),
        "MCR_MUE_PRA_Additions_Eff_04-01-2026.txt": text,
        "MCR_MUE_PRA_Changes_Eff_04-01-2026.xlsx": book,
    }
    outcomes = import_files(put(inbox, files), store)
    assert results(outcomes) == ["imported", "kept as change file", "same rows already loaded"]
    reference = load_reference(store)
    assert [r.label for r in reference.releases() if not r.starter] == ["MUE practitioner 2026Q2"]
    release = reference.release("mue-practitioner")
    assert release is not None
    assert release.rows == 1


def test_rows_that_do_not_parse_are_counted_and_shown(
    make: type[Make], inbox: Path, store: Path
) -> None:
    bad = ("X", 1, "2 Date of Service Edit: Policy", "x")
    paths = put(inbox, {f"{MUE_Q2}.csv": make.mue([M1, bad, M2])})
    [outcome] = import_files(paths, store)
    assert (outcome.rows, outcome.unparsed) == (2, 1)
    assert outcome.note == "not parsed: rows 9"
    [again] = import_files(paths, store)
    assert again.unparsed == 1


@pytest.mark.parametrize(
    "broken",
    ["unknown", "cut zip", "cut xlsx", "no zip", "empty", "mostly bad", "two values", "locked",
     "nothing in it"],
)  # fmt: skip
def test_a_named_file_that_is_no_good_changes_nothing(
    make: type[Make], inbox: Path, store: Path, broken: str
) -> None:
    archive = make.zip({f"{MUE_Q2}.csv": make.mue([M1, M2])})
    locked = bytearray(archive)
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # bit 0 of the flags says encrypted
        locked[locked.index(mark) + (6 if mark.endswith(b"\x04") else 8)] |= 1
    bad = ("X", 1, "2 Date of Service Edit: Policy", "x")
    name, data, expected = {
        "unknown": ("notes.txt", b"some words\n", "not a CMS table"),
        "cut zip": ("mue.zip", archive[: len(archive) // 2], "damaged"),
        "cut xlsx": (f"{MUE_Q2}.xlsx", make.mue_book([M1])[:900], "damaged"),
        "no zip": ("mue.zip", b"<html>Not found</html>", "damaged"),
        "empty": (f"{MUE_Q2}.csv", make.mue([]), "holds no rows"),
        "mostly bad": (f"{MUE_Q2}.csv", make.mue([M1, bad, bad]), "most rows do not parse"),
        "two values": (f"{MUE_Q2}.csv", make.mue([M1, (M1[0], 2, *M1[2:])]), "for one code: 0001U"),
        "locked": ("mue.zip", bytes(locked), "password"),
        "nothing in it": ("mue.zip", make.zip({"a.txt": b"x", "b.pdf": b"%PDF"}), "no CMS table"),
    }[broken]
    good, damaged = put(inbox, {"MCR_MUE_X_Eff_07-01-2024.csv": make.mue([M2]), name: data})
    import_files([good], store)
    before = state(store)
    fresh = make.mue([M1])
    [new] = put(inbox, {"MCR_MUE_X_Eff_01-01-2025.csv": fresh})
    with pytest.raises(ReferenceDataError, match=expected) as error:
        import_files([new, damaged], store)
    assert name in error.value.where
    assert error.value.next_step
    assert state(store) == before
    assert [r.label for r in load_reference(store).releases() if not r.starter] == [
        "MUE practitioner 2024Q3"
    ]
    # In a folder the same file is skipped with the reason, and the good ones come in.
    outcomes = import_files([inbox], store)
    skipped = [outcome for outcome in outcomes if outcome.result == "skipped"]
    assert len(skipped) == 1
    assert skipped[0].note
    assert sorted(results(outcomes)) == ["imported", "same rows already loaded", "skipped"]


def test_archives_in_archives_and_folders_in_folders(
    make: type[Make], inbox: Path, store: Path
) -> None:
    inner = make.zip({f"docs/{MUE_Q2}.csv": make.mue([M1]), "docs/readme.pdf": b"%PDF-1.7"})
    (inbox / "a" / "b").mkdir(parents=True)
    (inbox / "a" / "b" / "outer.zip").write_bytes(make.zip({"inner.zip": inner, "x.txt": b"words"}))
    outcomes = import_files([inbox], store)
    assert [(outcome.file, outcome.result) for outcome in outcomes] == [
        (f"outer.zip/inner.zip/{MUE_Q2}.csv", "imported"),
        ("outer.zip/inner.zip/readme.pdf", "skipped"),
        ("outer.zip/x.txt", "skipped"),
    ]


def test_an_archive_nested_without_end_is_refused(
    make: type[Make], inbox: Path, store: Path
) -> None:
    data = make.mue([M1])
    name = f"{MUE_Q2}.csv"
    for level in range(6):
        data, name = make.zip({name: data}), f"level{level}.zip"
    with pytest.raises(ReferenceDataError, match="nested too deep"):
        import_files(put(inbox, {name: data}), store)


def test_a_file_of_a_folder_comes_in_whole_or_not_at_all(
    make: type[Make], inbox: Path, store: Path
) -> None:
    good, bad = make.mue([M1]), make.mue([])
    put(inbox, {"both.zip": make.zip({f"{MUE_Q2}.csv": good, "MCR_MUE_Y_Eff_07-01-2026.csv": bad})})
    assert results(import_files([inbox], store)) == ["skipped"]
    assert all(r.starter for r in load_reference(store).releases())


def test_a_path_that_is_not_there(store: Path) -> None:
    with pytest.raises(ReferenceDataError, match="no such file"):
        import_files([Path("nowhere.zip")], store)
    assert not store.exists()


def test_the_operators_word_goes_through(make: type[Make], inbox: Path, store: Path) -> None:
    paths = put(inbox, {"values.csv": make.mue([M1])})
    request = Request(kind="mue-practitioner", effective=date(2026, 4, 15))
    [outcome] = import_files(paths, store, request)
    assert outcome.recognised == "MUE practitioner 2026-04-15"
    release = load_reference(store).release("mue-practitioner")
    assert release is not None
    assert (release.effective, release.vouches_to) == (date(2026, 4, 15), date(2026, 6, 30))


def test_each_file_is_told_of_as_it_is_read(make: type[Make], inbox: Path, store: Path) -> None:
    put(inbox, {f"{MUE_Q2}.csv": make.mue([M1]), "notes.txt": b"x"})
    seen: list[str] = []
    import_files([inbox, inbox / f"{MUE_Q2}.csv"], store, on_file=seen.append)
    assert seen == [f"{MUE_Q2}.csv", "notes.txt"]


def test_a_store_within_the_folder_is_not_imported_into_itself(
    make: type[Make], inbox: Path
) -> None:
    put(inbox, {f"{MUE_Q2}.csv": make.mue([M1])})
    store = inbox / "store"
    assert results(import_files([inbox], store)) == ["imported"]
    assert results(import_files([inbox], store)) == ["same rows already loaded"]


def test_a_file_larger_than_any_table_is_not_even_read(inbox: Path, store: Path) -> None:
    path = inbox / "huge.csv"
    with path.open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(ReferenceDataError, match="larger than any CMS table"):
        import_files([path], store)
