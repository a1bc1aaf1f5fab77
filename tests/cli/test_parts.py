"""`auditor audit --parts`: the outputs of an audit in memory; and one that was broken off."""

from __future__ import annotations

import errno
import json
import os
import pkgutil
import re
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.cli import parts
from auditor.cli.run import Request
from auditor.errors import ExitCode, InputRejected
from auditor.lock import locked
from auditor.parts import crew, merge, spill
from auditor.parts import run as runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import polars as pl

SAMPLE = Path(__file__).resolve().parents[2] / "sample_claims" / "clinic_week.csv"
FIXED = ("--as-of", "2025-11-10", "--no-ledger")


def words(text: str) -> str:
    """A closing summary without what differs: places and seconds."""
    return re.sub(r"(?m)^Done in [0-9.]+ s|^ +\S+\.(xlsx|parquet|json)$", "", text)


def test_every_output_is_that_of_one_audit(run: Callable[..., Any], tmp_path: Path) -> None:
    said = []
    for name, many in (("one", "1"), ("parts", "5")):
        files = [tmp_path / name / file for file in ("r.xlsx", "f.parquet", "s.json")]
        outputs = zip(("--report", "--findings", "--summary"), map(str, files), strict=True)
        named = [word for pair in outputs for word in pair]
        done = run("audit", str(SAMPLE), *FIXED, *named, "--parts", many)
        assert done.code == 0, done.err
        said.append([words(done.out), *(file.read_bytes() for file in files)])
        # nothing but the outputs is left
        left = sorted(path.name for path in (tmp_path / name).iterdir())
        assert left == ["f.parquet", "r.xlsx", "s.json"]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "suffix", ["parquet", "csv", pytest.param("jsonl", marks=pytest.mark.long)]
)
def test_outputs_without_a_workbook_are_those_of_one_audit(
    suffix: str, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The findings stay on the disk, and are written a few at a time."""
    monkeypatch.setattr("auditor.result.PIECE", 20)
    monkeypatch.setattr("auditor.parts.run.PIECE", 20)
    said = []
    for name, many in (("one", "1"), ("parts", "5")):
        files = [tmp_path / name / f"f.{suffix}", tmp_path / name / "s.json"]
        named = ("--findings", str(files[0]), "--summary", str(files[1]), "--no-report")
        done = run("audit", str(SAMPLE), *FIXED, *named, "--parts", many)
        assert done.code == 0, done.err
        text = words(done.out).replace(str(files[0]), "")
        said.append([text, *(file.read_bytes() for file in files)])
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [
            f"f.{suffix}",
            "s.json",
        ]
    assert said[0] == said[1]
    assert b'"total": 0' not in said[0][-1]


def test_a_file_without_a_finding(run: Callable[..., Any], tmp_path: Path) -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    file = tmp_path / "claims.csv"
    file.write_text("\n".join(lines[:40]), encoding="utf-8")
    said = []
    for name, many in (("one", "1"), ("parts", "3")):
        found, told = tmp_path / name / "f.csv", tmp_path / name / "s.json"
        named = ("--findings", str(found), "--summary", str(told), "--no-report")
        # of this rule nothing is found, so --fail-on has nothing to tell
        only = ("--select", "ANE-3", "--fail-on", "review")
        done = run("audit", str(file), *FIXED, *named, *only, "--parts", many)
        assert done.code == 0, done.err
        said.append([words(done.out).replace(str(found), ""), found.read_bytes()])
        assert json.loads(told.read_text(encoding="utf-8"))["findings"]["total"] == 0
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--fail-on", "certain"), ExitCode.FINDINGS),
        (("--fail-on", "certain", "--select", "PTP-BYP"), 0),
    ],
)
def test_fail_on_looks_at_findings_on_the_disk(
    more: tuple[str, ...], code: int, run: Callable[..., Any]
) -> None:
    for many in ("1", "3"):
        done = run("audit", str(SAMPLE), *FIXED, "--no-report", "--parts", many, *more)
        assert done.code == code, done.err


def test_redacted_findings_are_those_of_one_audit(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_REDACT_KEY", "a key that is long enough for all of this")
    written = []
    for many, more in (("1", ["--redact"]), ("3", ["--redact"]), ("3", [])):
        found = tmp_path / "f.csv"
        named = ("--findings", str(found), "--no-report", *more)
        done = run("audit", str(SAMPLE), *FIXED, *named, "--parts", many)
        assert done.code == 0, done.err
        written.append(found.read_bytes())
    one, parts, plain = written
    assert one == parts != plain


def test_a_ledger_is_looked_at(run: Callable[..., Any], tmp_path: Path) -> None:
    ledger = ("--ledger", str(tmp_path / "ledger.sqlite"))
    options = ("--as-of", "2025-11-10", "--no-report", *ledger)
    one, several = (run("audit", str(SAMPLE), *options, "--parts", n) for n in ("1", "3"))
    assert "Decisions" in one.out
    assert words(several.out) == words(one.out)


@pytest.mark.parametrize("option", ["--history", "--compare-reference"])
def test_what_needs_all_lines_is_refused(
    option: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    done = run("audit", str(SAMPLE), *FIXED, "--parts", "2", option, str(tmp_path))
    assert done.code == ExitCode.USAGE
    assert f"{option} and --parts exclude each other" in done.err
    assert "Traceback" not in done.err


def test_a_broken_off_audit_goes_on(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, found = tmp_path / "work", tmp_path / "f.parquet"
    outputs = ("--no-report", "--findings", str(found), "--parts", "4", "--work", str(work))
    audit, judged = runner.audit, list[int]()

    def breaks(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as audit's own
        if len(judged) == 2:
            raise OSError(28, "No space left on device")
        judged.append(1)
        return audit(*given, **named)

    monkeypatch.setattr(runner, "audit", breaks)
    done = run("audit", str(SAMPLE), *FIXED, *outputs)
    assert done.code == ExitCode.USAGE
    assert "No space left on device" in done.err
    assert "The same command goes on" in " ".join(done.err.split())
    assert not found.exists()
    (folder,) = (each for each in work.iterdir() if each.is_dir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # it is not read again, and two parts are not judged again
    monkeypatch.setattr("auditor.intake.read_claims", None)
    monkeypatch.setattr(
        runner, "audit", lambda *given, **named: judged.append(1) or audit(*given, **named)
    )
    done = run("audit", str(SAMPLE), *FIXED, *outputs)
    assert done.code == 0, done.err
    said = " ".join(done.err.split())
    assert "begun before and broken off" in said
    assert "the files are not read again, and 2 of 4 parts were judged" in said
    assert len(judged) == 4
    assert not work.exists()
    monkeypatch.undo()
    one = tmp_path / "one.parquet"
    assert run("audit", str(SAMPLE), *FIXED, "--no-report", "--findings", str(one)).code == 0
    assert found.read_bytes() == one.read_bytes()


def test_broken_off_while_the_findings_are_written(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.parts.run.PIECE", 20)
    monkeypatch.setattr("auditor.result.PIECE", 20)
    work, found = tmp_path / "work", tmp_path / "f.parquet"
    found.write_bytes(b"of the night before")
    outputs = ("--no-report", "--findings", str(found), "--parts", "4", "--work", str(work))

    def breaks(*given: Any) -> Any:  # noqa: ANN401 - as merged's own
        yield next(merge.merged(*given))
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(runner, "merged", breaks)
    done = run("audit", str(SAMPLE), *FIXED, *outputs)
    assert done.code != 0
    assert "Input/output error" in done.err
    assert "Traceback" not in done.err
    assert found.read_bytes() == b"of the night before"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".auditor")]
    monkeypatch.setattr(runner, "merged", merge.merged)
    monkeypatch.setattr("auditor.intake.read_claims", None)
    monkeypatch.setattr(runner, "audit", None)  # nothing is read or judged again
    monkeypatch.setattr(runner, "count", None)
    done = run("audit", str(SAMPLE), *FIXED, *outputs)
    assert done.code == 0, done.err
    assert not work.exists()
    monkeypatch.undo()
    monkeypatch.setattr("auditor.result.PIECE", 20)
    one = tmp_path / "one.parquet"
    assert run("audit", str(SAMPLE), *FIXED, "--no-report", "--findings", str(one)).code == 0
    assert found.read_bytes() == one.read_bytes()


def test_a_workbook_is_asked_for_after_an_audit_without_one_was_broken_off(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first kept has no lines: they are judged again, and not counted."""
    work, report = tmp_path / "work", tmp_path / "r.xlsx"
    more = ("--parts", "3", "--work", str(work))

    def breaks(*_: Any) -> Any:  # noqa: ANN401 - as merged's own
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(runner, "merged", breaks)
    found = str(tmp_path / "f.csv")
    done = run("audit", str(SAMPLE), *FIXED, "--no-report", "--findings", found, *more)
    assert done.code != 0
    assert len(list(work.glob("*/told/*"))) == 3
    monkeypatch.setattr(runner, "count", None)
    done = run("audit", str(SAMPLE), *FIXED, "--report", str(report), *more)
    assert done.code == 0, done.err
    monkeypatch.undo()
    one = tmp_path / "one.xlsx"
    assert run("audit", str(SAMPLE), *FIXED, "--report", str(one)).code == 0
    assert report.read_bytes() == one.read_bytes()


def test_of_a_file_that_is_refused_no_line_stays(run: Callable[..., Any], tmp_path: Path) -> None:
    bad, work = tmp_path / "bad.csv", tmp_path / "work"
    bad.write_text("nothing,known\n1,2\n", encoding="utf-8")
    for second in (bad, tmp_path / "missing.csv"):
        inputs = (str(SAMPLE), str(second))
        done = run("audit", *inputs, *FIXED, "--no-report", "--parts", "2", "--work", str(work))
        assert done.code == ExitCode.UNREADABLE
        assert "Traceback" not in done.err
        assert [each.name for each in work.iterdir() if each.is_dir()] == []


def test_what_is_being_written_when_a_file_is_refused_does_not_stay(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines are written while others are read, by a thread that a refusal does not stop."""
    divide, divided = spill.divide, list[int]()

    def slowly(held: list[pl.DataFrame], slab: Path, count: int) -> None:
        time.sleep(0.5)
        slab.mkdir(parents=True, exist_ok=True)  # as if its folder were made only now
        divide(held, slab, count)
        divided.append(1)

    def refuse(*_: object) -> None:
        raise InputRejected("It is refused.", where="a file", next_step="None.")

    work = tmp_path / "work"
    monkeypatch.setattr(spill, "divide", slowly)
    monkeypatch.setattr(spill.Spill, "done", lambda self: (self._write(), refuse()))
    done = run("audit", str(SAMPLE), *FIXED, "--no-report", "--parts", "2", "--work", str(work))
    assert done.code == ExitCode.UNREADABLE
    assert divided
    assert [each.name for each in work.iterdir() if each.is_dir()] == []


def test_the_work_has_one_name_in_every_process(start: Callable[..., Any], tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from datetime import date; from auditor.cli import parts;"
        " from auditor.cli.run import Request; from auditor.rules.options import RuleOptions;"
        " from auditor.reference import load_reference;"
        " rules = RuleOptions(adopted={'medicaid': frozenset({'PTP-1', 'MUE-2', 'AOC-1'})});"
        f" asked = Request(inputs=(), as_of=date(2025, 1, 1), rules=rules);"
        f" print(parts.work(asked, load_reference(Path({str(tmp_path)!r})), 2))"
    )
    seeds = ("1", "2", "3")
    told = {start(tmp_path, code=code, env={"PYTHONHASHSEED": seed}).stdout for seed in seeds}
    assert len(told) == 1
    assert b"PTP-1" in told.pop()


def test_what_was_read_is_remembered_whole(run: Callable[..., Any], tmp_path: Path) -> None:
    """Rejected rows, repairs and what files say of themselves: a second call tells the same."""
    file, work = tmp_path / "claims.csv", tmp_path / "work"
    text = SAMPLE.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*text[:200], text[5] + ",too,many", ",,,,"]), encoding="utf-8")
    summaries = []
    for _ in range(2):
        told = tmp_path / "s.json"
        options = ("--no-report", "--parts", "3", "--work", str(work), "--summary", str(told))
        done = run("audit", str(file), *FIXED, *options, "--findings", "/dev/full/no")
        assert done.code != 0  # the output cannot be written, so the parts stay
        done = run("audit", str(file), *FIXED, *options)
        assert done.code == 0, done.err
        summaries.append(json.loads(told.read_text(encoding="utf-8")))
    assert summaries[0] == summaries[1]
    assert summaries[0]["lines"]["rejected"] > 0


def request(*inputs: Path, **named: Any) -> Request:  # noqa: ANN401 - fields of Request
    day: date = named.pop("as_of", None)
    return Request(inputs=inputs, as_of=day, **named)


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [
        ("small.csv", parts.LARGE - 1, 1),
        ("large.csv", parts.LARGE, 7),
        ("larger.csv", parts.LARGE + 1, 7),
        ("large.csv.gz", parts.LARGE // 10, 7),
        ("large.parquet", parts.LARGE // 6 + 1, 7),
        ("small.parquet", parts.LARGE // 6 - 1, 1),
    ],
)
def test_the_size_of_the_files_tells_how_many(
    name: str, size: int, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "processors", lambda: 1)
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(size)  # a hole, which takes no room
    assert parts.how_many(request(path)) == count
    assert parts.how_many(request(path, parts=7)) == 7
    assert parts.how_many(request(path, history=(path,))) == 1
    assert parts.how_many(request(path, tmp_path / "missing.csv")) == count
    # As many for each process, so that none waits for another with the last one.
    monkeypatch.setattr(crew, "processors", lambda: 4)
    assert parts.how_many(request(path)) == (1 if count == 1 else 8)
    assert parts.how_many(request(path, parts=7)) == 7


@pytest.mark.parametrize("while_reading", [True, False])
def test_what_an_interrupted_audit_leaves_is_said(
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    while_reading: bool,
) -> None:
    step = "auditor.parts.spill.Spill.done" if while_reading else "auditor.parts.run.tell_parts"
    named = ("--findings", str(tmp_path / "f.csv"), "--no-report", "--parts", "3")
    with monkeypatch.context() as patch:
        patch.setattr(step, _interrupted)
        done = run("audit", str(SAMPLE), *FIXED, *named)
    assert done.code == 130
    said = words(done.err)
    assert said.startswith("Interrupted. No output was left half-written.")
    kept = [path for path in tmp_path.glob("auditor-parts/*") if path.is_dir()]
    assert bool(kept) is not while_reading
    for path in kept:
        assert f"lies in {path}, which holds claim lines: the same command goes on" in said
    assert ("auditor-parts" in said) is not while_reading
    assert run("audit", str(SAMPLE), *FIXED, *named).code == 0
    assert not (tmp_path / "auditor-parts").exists()


def test_claim_lines_of_other_audits_that_were_broken_off_are_told(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ("--findings", str(tmp_path / "f.csv"), "--no-report")
    with monkeypatch.context() as patch:
        patch.setattr("auditor.parts.run.tell_parts", _interrupted)
        assert run("audit", str(SAMPLE), *FIXED, *named, "--parts", "3").code == 130
    (left,) = (path for path in tmp_path.glob("auditor-parts/*") if path.is_dir())
    (tmp_path / "auditor-parts" / "notes").mkdir()
    (tmp_path / "auditor-parts" / "notes" / "read.json").touch()  # a folder of somebody else's
    done = run("audit", str(SAMPLE), *FIXED, *named, "--parts", "4")
    assert done.code == 0
    said = "holds the claim lines of another audit that was broken off. Its own command goes on"
    assert f"{left} {said}" in done.err
    assert done.err.count("Note:") == 1
    with locked(left.with_name(f"{left.name}.lock"), "busy"):  # at work, and not broken off
        assert "Note:" not in run("audit", str(SAMPLE), *FIXED, *named, "--parts", "4").err
    assert left.is_dir()


def test_a_number_of_parts_that_nobody_means_is_refused(run: Callable[..., Any]) -> None:
    done = run("audit", str(SAMPLE), *FIXED, "--parts", "100000")
    assert done.code == ExitCode.USAGE
    assert "'--parts': Input should be less than or equal to 10000" in " ".join(done.err.split())


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.skipif(os.name == "nt", reason="no limit to the size of a file there")
@pytest.mark.parametrize(
    "at",
    [
        "auditor.parts.spill.divide",
        "auditor.parts.room.Room.keep",
        "auditor.parts.run._write",
        "auditor.engine.known.Known.write",
        "auditor.parts.outcome.write",
    ],
)
def test_a_disk_that_takes_no_more_is_told_as_what_it_is(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """What polars says of it is no OSError, so nothing stands for it here: files get a limit."""
    import resource

    found, work = tmp_path / "f.csv", tmp_path / "work"
    named = ("--findings", str(found), "--no-report", "--parts", "3", "--work", str(work))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    does = pkgutil.resolve_name(at)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it would be cut short without a word

    def limited(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - as the function's own
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            return does(*given, **more)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with monkeypatch.context() as patch:
        patch.setattr(at, limited)
        done = run("audit", str(SAMPLE), *FIXED, *named)
    said = " ".join(done.err.split())
    assert done.code == ExitCode.USAGE, said
    assert f"could not be written or read ({os.strerror(errno.EFBIG)})" in said
    assert not found.exists()
    assert run("audit", str(SAMPLE), *FIXED, *named).code == 0
    assert not work.exists()
    one = tmp_path / "one.csv"
    assert run("audit", str(SAMPLE), *FIXED, "--no-report", "--findings", str(one)).code == 0
    assert found.read_bytes() == one.read_bytes()


@pytest.mark.parametrize(("select", "again"), [("PTP,MUE,AOC", False), ("GLB", True)])
def test_parts_are_counted_only_where_a_chosen_rule_looks_at_all_of_them(
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    select: str,
    again: bool,
) -> None:
    """GLB counts nothing, but its coverage tells how far the lines of all parts reach back."""
    counted = list[int]()
    count = runner.count
    monkeypatch.setattr(runner, "count", lambda *a, **k: counted.append(1) or count(*a, **k))
    said = []
    for name, many in (("one", "1"), ("parts", "4")):
        files = [tmp_path / name / file for file in ("r.xlsx", "f.parquet", "s.json")]
        outputs = zip(("--report", "--findings", "--summary"), map(str, files), strict=True)
        named = [word for pair in outputs for word in pair]
        done = run("audit", str(SAMPLE), *FIXED, *named, "--select", select, "--parts", many)
        assert done.code == 0, done.err
        said.append([words(done.out), *(file.read_bytes() for file in files)])
    assert said[0] == said[1]
    assert bool(counted) is again
