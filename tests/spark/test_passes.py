"""What runs on workers, driven by hand: whatever Spark does with the rows, the answer is one."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from divided import assert_same
from polars.testing import assert_frame_equal

from auditor.auditing import audit
from auditor.engine.clock import Clock
from auditor.engine.judge import joined
from auditor.engine.whole import Whole
from auditor.errors import AuditorError, ConfigError, InputRejected
from auditor.intake import IntakeOptions, read_claims
from auditor.parts import outcome
from auditor.parts.run import of_part, together
from auditor.reference import load_reference
from auditor.result import AuditOptions, AuditResult
from auditor.spark import engine, rows, telling, travel, worker
from auditor.spark.rows import Named

AUDIT = AuditOptions(date(2026, 1, 5), "run")
OPTIONS = IntakeOptions(line_of_business="medicare")


class Numbers:
    """A batch of file numbers, as Spark hands it over."""

    def __init__(self, *numbers: int) -> None:
        self.num_rows = len(numbers)
        self._numbers = numbers

    def column(self, _name: str) -> Any:  # noqa: ANN401 - stands for an array of pyarrow
        numbers = list(self._numbers)

        class Column:
            def to_pylist(self) -> list[int]:
                return numbers

        return Column()


def run(function: Any, given: Iterable[Any], **named: Any) -> pl.DataFrame:  # noqa: ANN401 - a pass
    """The rows that a function of the worker makes, without Spark's own form of them."""
    return pl.DataFrame(
        list(rows.pieces(function.__wrapped__(iter(given), **named))),
        schema=rows.TYPES,
        orient="row",
    )


def listed(folder: Path) -> tuple[tuple[str, str], ...]:
    return tuple((str(path), path.name) for path in sorted(folder.iterdir()))


def read(files: tuple[tuple[str, str], ...], parts: int, **named: Any) -> pl.DataFrame:  # noqa: ANN401 - of Reading
    job = worker.Reading(files, named.pop("options", OPTIONS), parts, **named)
    # one task a file, in no order, and the first tried twice somewhere else
    tasks = [run(worker.read, [Numbers(n)], job=job) for n in reversed(range(len(files)))]
    assert tasks[-1].equals(run(worker.read, [Numbers(0)], job=job))
    return pl.concat(tasks)


def judged(read_rows: pl.DataFrame, told: telling.Told, store: Path, parts: int) -> AuditResult:
    """The whole order of the engine, each part a task of its own, its rows in disorder."""
    reference = load_reference(store)
    job = worker.Part(told.offsets, of_part(told.intake), travel.pack(store), AUDIT)
    lines = read_rows.filter(pl.col("kind") == "lines")

    def passed(function: Any, **named: Any) -> list[Named]:  # noqa: ANN401 - a pass
        found = []
        for number in reversed(range(parts)):
            mine = lines.filter(pl.col("part") == number).sample(fraction=1, shuffle=True, seed=1)
            halves = [mine[: mine.height // 2], mine[mine.height // 2 :]]
            first = run(function, halves, job=job, **named)
            assert_same_tables(first, run(function, [mine.reverse()], job=job, **named))
            found.append(first)
        return [each for each in rows.whole(pl.concat(found)) if each.kind != "size"]

    counts = passed(worker.counted, census=told.census)
    of_all = {name: [table.lazy()] for name, table in engine.stacked(counts).items()}
    whole = Whole(told.census, joined(of_all, AUDIT.rules))
    tables = engine.stacked(passed(worker.judged, whole=whole))

    def lines_of(keys: pl.Series) -> pl.DataFrame:
        return engine.stacked(passed(worker.lines_of, keys=keys))["lines"]

    found = outcome.joined(tables.__getitem__, lines_of)
    return together(found, told.intake, reference, AUDIT, Clock())


def assert_same_tables(one: pl.DataFrame, again: pl.DataFrame) -> None:
    """Two tries of a task say the same; counts and sums come in no order."""
    for first, second in zip(rows.whole(one), rows.whole(again), strict=True):
        assert first[:4] == second[:4]
        if first.kind == "size":
            assert int(first.data) == int(second.data) > 0
            continue
        tables = [rows.unpacked(each.data) for each in (first, second)]
        assert_frame_equal(*tables, check_row_order=first.name == "findings")


@pytest.mark.parametrize("parts", [1, 3])
def test_files_of_several_formats(
    claims: Path, store: Path, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PIECE", 1000)
    monkeypatch.setattr(worker, "SLAB", 60)
    one = audit(read_claims(sorted(claims.iterdir()), OPTIONS), load_reference(store), AUDIT)
    assert one.findings.height > 40
    assert one.rejected.height > 3
    files = listed(claims)
    found = read(files, parts)
    told = telling.joined(rows.whole(found.filter(kind_not("lines"))), len(files), OPTIONS)
    assert told.intake.files == one.files
    assert told.census.lines == one.lines_read - one.rejected.height
    assert_same(one, judged(found, told, store, parts))


def kind_not(kind: str) -> pl.Expr:
    return pl.col("kind") != kind


def test_the_lines_of_other_parts_that_a_finding_names(claims: Path, store: Path) -> None:
    files = listed(claims)
    found = read(files, 2)
    told = telling.joined(rows.whole(found.filter(kind_not("lines"))), len(files), OPTIONS)
    job = worker.Part(told.offsets, of_part(told.intake), travel.pack(store), AUDIT)
    keys = pl.Series([0, 60, told.census.lines - 1], dtype=pl.UInt32)
    lines = run(
        worker.lines_of, [found.filter(pl.col("kind") == "lines")], job=job, keys=keys
    ).pipe(lambda frame: engine.stacked(rows.whole(frame))["lines"])
    whole = read_claims(sorted(claims.iterdir()), OPTIONS).lines
    wanted = whole.filter(pl.col("line_key").is_in(keys.implode()))
    assert lines.sort("line_key").equals(wanted)


def test_claims_are_told_where_they_are_asked_for(claims: Path) -> None:
    files = listed(claims)
    lines = read_claims(sorted(claims.iterdir()), OPTIONS).lines
    for asked in (False, True):
        found = read(files, 2, claims=asked).filter(kind_not("lines"))
        told = telling.joined(rows.whole(found), len(files), OPTIONS)
        wanted = lines["claim_id"].n_unique() if asked else 0
        assert told.claims["claim_id"].n_unique() == wanted


def bad(folder: Path, name: str) -> Path:
    texts = {
        "empty.csv": "",
        "letter.csv": "Dear Sir,\nplease find enclosed nothing.\n",
        "none.csv": "Claim ID,Patient ID,DOS,CPT,Rendering NPI\n",
    }
    path = folder / name
    path.write_text(texts[name], encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["empty.csv", "letter.csv", "none.csv"])
def test_a_file_that_is_none_is_told_as_on_one_machine(name: str, tmp_path: Path) -> None:
    path = bad(tmp_path, name)
    with pytest.raises(AuditorError) as here:
        read_claims([path], OPTIONS)
    found = read(((str(path), path.name),), 2)
    with pytest.raises(type(here.value)) as there:
        telling.joined(rows.whole(found), 1, OPTIONS)
    assert there.value.args == here.value.args


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (("a.csv", "a.csv"), OPTIONS),
        (("a.csv", "c.parquet"), replace(OPTIONS, columns={"payer": "Nobody"})),
        (("a.csv",), replace(OPTIONS, columns={"payer": "Nobody"})),
    ],
)
def test_what_only_all_files_tell_is_refused_as_on_one_machine(
    names: tuple[str, ...], options: IntakeOptions, claims: Path, tmp_path: Path
) -> None:
    paths = []
    for number, name in enumerate(names):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes((claims / name).read_bytes())
        paths.append(folder / name)
    with pytest.raises(AuditorError) as here:
        read_claims(paths, options)
    from auditor.intake.opening import names_of

    files = tuple(zip(map(str, paths), names_of(paths), strict=True))
    found = read(files, 2, options=options)
    with pytest.raises(type(here.value)) as there:
        telling.joined(rows.whole(found.filter(kind_not("lines"))), len(files), options)
    assert there.value.args == here.value.args


def test_a_file_that_went_away_is_told() -> None:
    with pytest.raises(InputRejected, match="not when they were read"):
        telling.joined([], 1, OPTIONS)


def test_an_error_that_nobody_foresaw_is_raised_without_its_text(
    claims: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> Iterator[Named]:
        message = "patient 4711"
        raise ValueError(message)

    monkeypatch.setattr(worker, "read_file", breaks)
    monkeypatch.setattr(rows, "batches", rows.pieces)  # without pyarrow
    job = worker.Reading(listed(claims), OPTIONS, 2)
    with pytest.raises(worker.WorkerFailed) as error:
        list(worker.read(iter([Numbers(0)]), job))
    assert "ValueError in auditor.spark.worker:" in str(error.value)
    assert "4711" not in str(error.value)
    assert error.value.__suppress_context__


def test_places_as_a_worker_sees_them(claims: Path, tmp_path: Path) -> None:
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    spark = tmp_path / "spark" / "_year=2025"
    spark.mkdir(parents=True)
    for name in ("part-1.parquet", "_SUCCESS", ".part-1.parquet.crc"):
        (spark / name).write_text("x", encoding="utf-8")
    places = (str(claims), str(tmp_path / "delta"), str(tmp_path / "spark"), str(tmp_path / "no"))
    found = rows.whole(run(worker.look, [Numbers(), Numbers(0)], places=places))
    theirs = [json.loads(each.data) for each in found if each.kind == "worker"]
    assert theirs == [worker.versions()]
    seen = [json.loads(each.data) for each in found if each.kind == "place"]
    assert [each["kind"] for each in seen] == ["folder", "delta", "folder", "unread"]
    assert [Path(place).name for place, _ in seen[0]["files"]] == [n for _, n in listed(claims)]
    assert [Path(place).name for place, _ in seen[2]["files"]] == ["part-1.parquet"]


def test_the_store_travels_without_what_judges_nothing(tmp_path: Path) -> None:
    assert travel.pack(tmp_path) == travel.pack(tmp_path)
    empty = travel.opened(travel.pack(tmp_path))
    assert empty is travel.opened(travel.pack(tmp_path))
    assert [r.starter for r in empty.releases()] == [
        r.starter for r in load_reference(tmp_path).releases()
    ]


def test_a_store_too_large_to_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travel, "MOST", 3)
    with pytest.raises(ConfigError, match="can travel to the workers"):
        travel.pack(tmp_path)


def test_a_piece_that_is_missing_or_there_twice_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PIECE", 4)
    named = [Named("lines", 1, 2, "a", b"0123456789"), Named("lines", 1, 3, "a", b"01")]
    frame = pl.DataFrame(list(rows.pieces(named)), schema=rows.TYPES, orient="row")
    assert rows.whole(frame) == named
    for spoilt in (frame[1:], pl.concat([frame, frame[3:]]), frame.gather([0, 2, 3])):
        with pytest.raises(RuntimeError, match="missing, or there twice"):
            rows.whole(spoilt)


def test_pieces_come_together_in_any_order() -> None:
    named = [Named("lines", 1, 2, "a", b"0123456789"), Named("told", 0, 0, "b", b"")]
    frame = pl.DataFrame(list(rows.pieces(named)), schema=rows.TYPES, orient="row")
    assert rows.whole(frame.reverse()) == named
    assert partial(rows.from_arrow, [])().schema == rows.TYPES
