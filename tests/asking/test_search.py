"""Search: what must be found, what must not, and that no text and no store can break it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.asking import search_index
from auditor.asking.search import KINDS, Found, search
from auditor.asking.search_documents import documents
from auditor.asking.search_words import sought, words_of
from auditor.cli.asking.search import KindName
from auditor.errors import ConfigError
from auditor.reference import load_reference, memory_reference
from auditor.reference.importer import import_files
from auditor.reference.store import INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.asking.search_documents import Kind
    from auditor.reference.interface import Reference

FEES = [("20610", "", "A", "0", "000"), ("99213", "", "A", "0", "XXX"), ("77005", "", "A")]
DESCRIBED = [
    ("K0001", "short", "A chair that rolls"),
    ("K0002", "short", "A chair that folds and rolls"),
    ("A1", "long", "A green wrap"),
    ("20610", "short", "Prick of a big hinge"),
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A few codes, some of them described by a file; their index is made once, as by a store."""
    reference = memory_reference(fees=FEES, words=DESCRIBED)
    reference.words.folder = tmp_path_factory.mktemp("described")
    return reference


@pytest.fixture(scope="module")
def without_words(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The same codes, described by nobody."""
    reference = memory_reference(fees=FEES)
    reference.words.folder = tmp_path_factory.mktemp("not-described")
    return reference


def keys(found: Found) -> list[str]:
    return [hit.key for hit in found.hits]


MUST: Sequence[tuple[str, str]] = [
    ("fluoroscopic guidance needle", "77002"),
    ("fluoro spine needle", "77003"),
    ("flu shot", "G0008"),
    ("knee injection", "20610"),
    ("finger stick blood", "36416"),
    ("orphan add-on", "AOC-1"),
    ("both sides", "50"),
    ("x-ray chest", "x-ray-views"),
    ("xray chest", "x-ray-views"),
    ("telehealth at home", "10"),
    ("ear wax", "69210"),
    ("same day visit procedure", "25"),
    ("drug thrown away", "JW"),
    ("physical therapy plan", "GP"),
    ("consultation medicare", "EM-CONS"),
    ("surgical center", "24"),
    ("eight minute rule", "therapy-timed-units"),
    ("unit limit day", "units-and-mue"),
    ("chair rolls", "K0001"),
    ("INJECTION, Knee!", "joint-and-tendon-injections"),
    ("injec knee", "joint-and-tendon-injections"),
    ("imaging guidance that procedures include", "table guidance_included"),
    ("LCD", "coverage"),
    ("medical necessity", "coverage"),
    ("medicare advantage", "who-pays"),
    ("tricare", "who-pays"),
    ("telephone visit", "99442"),
    ("xs vs 59", "XS"),
]
MUST_NOT: Sequence[tuple[str, str]] = [
    ("fluoroscopic guidance needle", "K0001"),
    ("flu shot", "AOC-1"),
    ("knee injection", "77003"),
    ("pt evaluation", "PTP-1"),  # two letters are no prefix
    ("ear wax", "EAR-1"),
    ("chair rolls", "99213"),
    ("ct scanner", "CQ"),
    ("needle under ultrasound", "JW"),
]


@pytest.mark.parametrize(("query", "key"), MUST)
def test_found(reference: Reference, query: str, key: str) -> None:
    found = search(query, reference)
    assert key in keys(found)
    assert found.matched == "all words"


@pytest.mark.parametrize("query", ["add-on", "new patient", "dme rental"])
def test_a_built_in_table_comes_after_what_explains(reference: Reference, query: str) -> None:
    first, *_ = search(query, reference).hits
    assert not first.key.startswith("table ")


@pytest.mark.parametrize(("query", "key"), MUST_NOT)
def test_not_found(reference: Reference, query: str, key: str) -> None:
    found = search(query, reference, limit=1000)
    assert key not in keys(found)
    assert found.count == len(found.hits)


@pytest.mark.parametrize(
    ("query", "kind", "key"),
    [
        ("77002", "code", "77002"),
        ("  k0001 ", "code", "K0001"),
        ("99213", "code", "99213"),
        ("code 20610", "code", "20610"),
        ("CPT 20610", "code", "20610"),
        ("aoc-1", "rule", "AOC-1"),
        ("rule PTP-1", "rule", "PTP-1"),
        ("modifier 25", "modifier", "25"),
        ("modifier 22", "modifier", "22"),
        ("pos 22", "place", "22"),
        ("place of service 22", "place", "22"),
        ("pt", "modifier", "PT"),
        ("a1", "modifier", "A1"),
        ("imaging-guidance", "guidance", "imaging-guidance"),
    ],
)
def test_a_name_comes_first(reference: Reference, query: str, kind: str, key: str) -> None:
    found = search(query, reference)
    assert found.matched == "name"
    assert (found.hits[0].kind, found.hits[0].key) == (kind, key)


def test_a_number_that_is_two_things_is_both(reference: Reference) -> None:
    first, second = search("22", reference).hits[:2]
    assert {(first.kind, first.key), (second.kind, second.key)} == {
        ("modifier", "22"),
        ("place", "22"),
    }


def test_a_code_that_only_a_table_has_is_found(reference: Reference) -> None:
    (hit,) = search("77005", reference).hits
    assert (hit.key, hit.title) == ("77005", "in the loaded tables: fee schedule")
    assert hit.more == "auditor code 77005"


def test_a_code_that_no_table_has(reference: Reference) -> None:
    found = search("20601", reference)
    assert found.matched == "nothing"
    assert found.notes == ("No loaded table has a row on 20601. Near to it: 20610.",)


@pytest.mark.parametrize("query", ["needle", "K0001", "20610", "A1", "22"])
def test_the_count_is_what_a_long_list_shows(reference: Reference, query: str) -> None:
    whole = search(query, reference, limit=10_000)
    assert whole.count == len(whole.hits) == len({(h.kind, h.key) for h in whole.hits})
    short = search(query, reference, limit=2)
    assert short.count == whole.count
    assert short.hits == whole.hits[:2]


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone(reference: Reference, kind: Kind) -> None:
    found = search("visit modifier office", reference, kind=kind, limit=50)
    assert {hit.kind for hit in found.hits} == {kind}


def test_the_kinds_of_the_command_are_those_of_the_search() -> None:
    told = [name.removesuffix("s") for name in KindName.__args__]  # type: ignore[attr-defined]
    assert told == list(KINDS)


def test_some_words_when_nothing_has_all(reference: Reference) -> None:
    found = search("flouroscopic needle", reference)
    assert found.matched == "some words"
    assert "76942" in keys(found)
    assert found.unknown["flouroscopic"][0] == "fluoroscopic"


def test_nothing_and_the_nearest_words(reference: Reference) -> None:
    found = search("vacine", reference)
    assert (found.matched, found.hits) == ("nothing", ())
    assert "vaccine" in found.unknown["vacine"]


def test_words_of_a_file_are_named_with_their_file(reference: Reference) -> None:
    hit = search("prick hinge", reference).hits[0]
    assert (hit.key, hit.descriptor) == ("20610", "Prick of a big hinge")
    assert (hit.descriptor_source, hit.descriptor_release) == ("memory", "memory")
    assert hit.title.startswith("large joint")


def test_our_own_words_come_before_those_of_a_file() -> None:
    many = [(f"K{n:04}", "short", "fluoroscopic needle guidance") for n in range(200)]
    found = search("fluoroscopic needle guidance", memory_reference(words=many), limit=3)
    assert keys(found)[0] == "77002"
    assert "imaging-guidance" in keys(found)


def test_without_descriptors_it_says_so() -> None:
    found = search("needle", memory_reference())
    assert found.notes[-1].startswith("No file with descriptions is imported")
    assert search("needle", memory_reference(), kind="rule").notes == ()


@pytest.mark.parametrize("query", ["", "   ", "!?", '"', "***", "- -", "\x00"])
def test_no_word_is_a_plain_error(reference: Reference, query: str) -> None:
    with pytest.raises(ConfigError, match="no word to search for"):
        search(query, reference)


SYNTAX = [
    '"needle', "needle AND", "NEAR(needle 5)", "needle*", "title:needle", "-needle", "^needle",
    "needle OR", "{title} : needle", "a + b", "needle'; DROP TABLE documents; --", "(needle",
    "NOT needle", "needle\x00", "\ud800needle",
]  # fmt: skip


@pytest.mark.parametrize("query", SYNTAX)
def test_the_syntax_of_the_index_means_nothing(reference: Reference, query: str) -> None:
    assert search(query, reference).matched in ("all words", "some words")


@given(query=st.text(max_size=60))
@example(query='" OR "1" = "1')
@example(query="a" * 3000)
@example(query=" ".join(["needle"] * 500))
@example(query="AND OR NOT NEAR")
def test_any_text_is_searched_or_has_no_word(without_words: Reference, query: str) -> None:
    if words_of(query):
        found = search(query, without_words)
        assert found.count >= len(found.hits)
        json.dumps(found.as_json())
    else:
        with pytest.raises(ConfigError):
            search(query, without_words)


@given(query=st.text(max_size=60))
def test_an_expression_holds_letters_and_digits_between_quotes(query: str) -> None:
    for word in sought(query):
        bare = re.sub(r'"[^"]*"\*?', "", word.match)
        assert bare.replace(" OR ", "") == "()"
        assert all(part.replace(" ", "").isalnum() for part in re.findall(r'"([^"]*)"', word.match))


def test_known_phrases_are_one_and_small_words_go() -> None:
    assert [word.typed for word in sought("what is an x-ray of the knee")] == ["x ray", "knee"]
    assert "radiograph" in sought("x-ray")[0].terms
    assert [word.typed for word in sought("of the")] == ["of", "the"]


def test_everything_is_there_once() -> None:
    found = list(documents(memory_reference(words=DESCRIBED)))
    assert len({(each.kind, each.key) for each in found}) == len(found)
    assert {each.kind for each in found} == set(KINDS)
    assert all(each.title or each.descriptor for each in found)


def test_the_json_has_its_keys(reference: Reference) -> None:
    answer = search("K0001", reference).as_json()
    assert list(answer) == [
        "schema_version", "query", "matched", "count", "hits", "unknown", "notes"
    ]  # fmt: skip
    assert answer["hits"][0] == {
        "kind": "code",
        "key": "K0001",
        "title": "",
        "context": "",
        "text": "",
        "more": "auditor code K0001",
        "descriptor": "A chair that rolls",
        "descriptor_source": "memory",
        "descriptor_release": "memory",
    }


def fee_schedule(words: dict[str, str]) -> bytes:
    """A small relative value file of fixed width."""
    lines = ["HDR A NOTICE OF COPYRIGHT "]
    for code, text in words.items():
        line = f"{code}  {text}".ljust(57) + "A"
        lines.append((line.ljust(102) + "0XXX").ljust(115) + "00000".ljust(56))
    return "".join(f"{line}\r\n" for line in lines).encode()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "PPRRVU2025_Oct.txt"
    path.write_bytes(fee_schedule({"90001": "Turning of a wheel", "90002": "Greasing of it"}))
    import_files([path], tmp_path / "store")
    return tmp_path / "store"


def test_the_index_is_kept_beside_the_manifest_and_read_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = search("turning wheel", load_reference(store))
    assert keys(first) == ["90001"]
    assert first.hits[0].descriptor_source == "PPRRVU2025_Oct.txt"
    assert (store / INDEX).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in store.glob(f"{INDEX}.*")] == []

    def nothing(_: Reference) -> list[Any]:
        message = "the index was made anew"
        raise AssertionError(message)

    monkeypatch.setattr(search_index, "documents", nothing)
    assert search("turning wheel", load_reference(store)) == first


def test_an_import_makes_the_index_anew(store: Path, tmp_path: Path) -> None:
    assert search("hinges", load_reference(store)).matched == "nothing"
    path = tmp_path / "PPRRVU2026_Jan.txt"
    path.write_bytes(fee_schedule({"90003": "Oiling of hinges"}))
    import_files([path], store)
    assert keys(search("hinges", load_reference(store))) == ["90003"]


def damage(path: Path, how: str) -> None:
    if how == "a folder":
        path.mkdir()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "no database":
        path.write_bytes(b"x" * 5000)
    elif how == "another database":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE about")
    elif how == "cut short":
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "holes":
        whole = bytearray(path.read_bytes())
        whole[8192:-4096] = b"\x00" * (len(whole) - 12288)
        path.write_bytes(whole)
    elif how == "a later version":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE about SET key = 'of another version'")


@pytest.mark.parametrize(
    "how",
    [
        "a folder", "empty", "no database", "another database", "cut short", "holes",
        "a later version",
    ],
)  # fmt: skip
def test_a_damaged_index_costs_time_and_nothing_else(store: Path, how: str) -> None:
    expected = search("turning wheel", load_reference(store))
    if how == "a folder":
        (store / INDEX).unlink()
    damage(store / INDEX, how)
    assert search("turning wheel", load_reference(store)) == expected
    assert [path.name for path in store.glob(f"{INDEX}.*")] == []


def test_a_store_that_cannot_be_written_to_does_not_hurt(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(search_index.tempfile, "mkstemp", refused)
    assert keys(search("turning wheel", load_reference(store))) == ["90001"]
    assert not (store / INDEX).exists()


def test_a_store_with_an_index_alone_is_about_to_be_one(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_bytes(b"")
    assert search("needle", load_reference(tmp_path)).count


def test_without_full_text_search_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor(sqlite3.Connection):
        def executescript(self, _: str) -> sqlite3.Cursor:
            message = "no such module: fts5"
            raise sqlite3.OperationalError(message)

    whole = sqlite3.connect
    monkeypatch.setattr(
        search_index.sqlite3, "connect", lambda *a, **k: whole(*a, factory=Poor, **k)
    )
    with pytest.raises(ConfigError, match="no full-text search") as error:
        search("needle", memory_reference())
    assert "auditor code CODE" in error.value.next_step
