"""The metrics file: read back by a parser after the grammar of the text format 0.0.4."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.config import Settings
from auditor.errors import ExitCode, ReportError
from auditor.ledger import runs
from auditor.ledger.runs import NewRun
from auditor.ledger.store import opened
from auditor.nightly.metrics import (
    KINDS,
    METRICS,
    Known,
    after_night,
    known_of,
    text,
    write_metrics,
)
from auditor.nightly.outcome import FeedOutcome, Figures, NightOutcome, Warned
from auditor.nightly.releases import Age
from auditor.nightly.settings import Feed

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = Figures(
    files=2,
    lines_read=1000,
    lines_audited=900,
    lines_seen_before=50,
    lines_set_aside=30,
    lines_rejected=20,
    lines_judged_again=4,
    lines_superseded=3,
    not_judged=0.125,
    found={"certain": 9, "review": 40},
    new={"certain": 2, "review": 5},
    reopened=1,
    standing=41,
    resolved=6,
    open={"certain": 30, "review": 200, "info": 7},
    new_at_risk={"certain": {"allowed": "120.50"}},
)
CLINIC = FeedOutcome(
    feed="clinic",
    exit_code=ExitCode.INCOMPLETE,
    run_id="2026-11-22-0badcafe",
    figures=FIGURES,
    files=2,
    again=1,
    waiting=3,
    warnings=(Warned(kind="drift", text="a"), Warned(kind="drift", text="b")),
    seconds=12.3456,
)
LAB = FeedOutcome(
    feed="lab", exit_code=ExitCode.DONE, warnings=(Warned(kind="late", text="No file."),)
)
NIGHT = NightOutcome(
    as_of=date(2026, 11, 22),
    started_at="2026-11-22T02:00:00+00:00",
    ended_at="2026-11-22T02:03:00+00:00",
    feeds=(CLINIC, LAB),
)
KNOWN = Known(
    last_success={"clinic": "2026-11-21T02:00:00+00:00"},
    figures={"lab": replace(FIGURES, open={"review": 11})},
    pending={("clinic", "mail"): 2},
    quarters={"aoc": 1, "fee-schedule": 0},
)

Labels = tuple[tuple[str, str], ...]
_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>[^ ]+)", re.DOTALL
)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def unescaped(said: str) -> str:
    return re.sub(r"\\[\\\"n]", lambda found: _ESCAPES[found[0]], said)


def parsed(written: str) -> dict[str, dict[Labels, float]]:
    """The families of a file; fails on what the format does not allow."""
    assert written.endswith("\n")
    families: dict[str, dict[Labels, float]] = {}
    helped: set[str] = set()
    current = ""
    for line in written[:-1].split("\n"):
        if line.startswith("# HELP "):
            _, _, name, words = line.split(" ", 3)
            assert name not in helped
            assert words
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            assert current in helped
            assert kind == "gauge"
            assert current not in families, "a family stands together, and its type first"
            families[current] = {}
        else:
            found = _SAMPLE.fullmatch(line)
            assert found is not None, line
            assert found["name"] == current
            labels = tuple((n, unescaped(v)) for n, v in _LABEL.findall(found["labels"] or ""))
            assert "".join(m[0] for m in _LABEL.finditer(found["labels"] or "")) == (
                found["labels"] or ""
            )
            assert labels not in families[current], "no sample twice"
            families[current][labels] = float(found["value"])
    return families


def of(written: str, name: str, **labels: str) -> float:
    return parsed(written)[name][tuple(labels.items())]


def test_every_metric_is_there_with_its_labels_and_no_other() -> None:
    families = parsed(text(NIGHT, KNOWN))
    assert list(families) == [metric.name for metric in METRICS]
    for metric in METRICS:
        assert families[metric.name]
        for labels in families[metric.name]:
            assert tuple(name for name, _ in labels) == metric.labels


VALUES = {
    ("auditor_night_exit_code",): 6,
    ("auditor_night_start_timestamp_seconds",): datetime(2026, 11, 22, 2, tzinfo=UTC).timestamp(),
    ("auditor_night_end_timestamp_seconds",): datetime(2026, 11, 22, 2, 3, tzinfo=UTC).timestamp(),
    ("auditor_feed_exit_code", "clinic"): 6,
    ("auditor_feed_exit_code", "lab"): 0,
    ("auditor_feed_last_success_timestamp_seconds", "clinic"): datetime(
        2026, 11, 21, 2, tzinfo=UTC
    ).timestamp(),
    ("auditor_feed_last_success_timestamp_seconds", "lab"): 0,
    ("auditor_feed_seconds", "clinic"): 12.346,
    ("auditor_feed_files", "clinic", "taken"): 2,
    ("auditor_feed_files", "clinic", "known"): 1,
    ("auditor_feed_files", "clinic", "waiting"): 3,
    ("auditor_feed_lines", "clinic", "audited"): 900,
    ("auditor_feed_lines", "clinic", "rejected"): 20,
    ("auditor_feed_lines", "lab", "audited"): 0,
    ("auditor_feed_earlier_lines", "clinic", "judged_again"): 4,
    ("auditor_feed_earlier_lines", "clinic", "superseded"): 3,
    ("auditor_feed_not_judged_ratio", "clinic"): 0.125,
    ("auditor_feed_new_findings", "clinic", "certain"): 2,
    ("auditor_feed_new_findings", "lab", "certain"): 0,
    ("auditor_feed_open_findings", "clinic", "info"): 7,
    # no file came tonight, and what was open before still is
    ("auditor_feed_open_findings", "lab", "review"): 11,
    ("auditor_feed_reopened_findings", "clinic"): 1,
    ("auditor_feed_resolved_findings", "clinic"): 6,
    ("auditor_feed_warnings", "clinic", "drift"): 2,
    ("auditor_feed_warnings", "clinic", "late"): 0,
    ("auditor_feed_warnings", "lab", "late"): 1,
    ("auditor_deliveries_pending", "clinic", "mail"): 2,
    ("auditor_release_age_quarters", "aoc"): 1,
    ("auditor_release_age_quarters", "fee-schedule"): 0,
}


@pytest.mark.parametrize(("which", "value"), VALUES.items(), ids=map(" ".join, VALUES))
def test_the_values(which: tuple[str, ...], value: float) -> None:
    found = parsed(text(NIGHT, KNOWN))[which[0]]
    (told,) = [v for labels, v in found.items() if tuple(said for _, said in labels) == which[1:]]
    assert told == value


def test_the_lines_add_up_to_all_that_were_read() -> None:
    lines = parsed(text(NIGHT, KNOWN))["auditor_feed_lines"]
    assert sum(v for labels, v in lines.items() if ("feed", "clinic") in labels) == 1000


def test_a_share_is_told_only_where_something_was_judged() -> None:
    ratios = parsed(text(NIGHT, KNOWN))["auditor_feed_not_judged_ratio"]
    assert list(ratios) == [(("feed", "clinic"),)]


def test_a_feed_that_was_left_out_keeps_what_the_ledger_says() -> None:
    night = replace(NIGHT, feeds=(CLINIC,))
    families = parsed(text(night, replace(KNOWN, feeds=("clinic", "lab"))))
    told = {name for name, found in families.items() if any(("feed", "lab") in k for k in found)}
    assert told == {"auditor_feed_last_success_timestamp_seconds", "auditor_feed_open_findings"}


def test_a_run_of_a_night_that_was_broken_off_counts_with_tonights() -> None:
    left = replace(CLINIC, exit_code=ExitCode.DONE, warnings=(), seconds=0.0)
    written = text(replace(NIGHT, feeds=(CLINIC, left)), KNOWN)
    assert of(written, "auditor_feed_exit_code", feed="clinic") == 6
    assert of(written, "auditor_feed_lines", feed="clinic", fate="audited") == 1800
    assert of(written, "auditor_feed_new_findings", feed="clinic", tier="review") == 10
    assert of(written, "auditor_feed_open_findings", feed="clinic", tier="review") == 200


@given(feed=st.text(min_size=1), table=st.text(), seconds=st.floats(0, 1e9))
def test_any_text_can_be_a_label(feed: str, table: str, seconds: float) -> None:
    night = replace(NIGHT, feeds=(replace(CLINIC, feed=feed, seconds=seconds),))
    told = text(night, Known(quarters={table: 3}))
    assert of(told, "auditor_feed_exit_code", feed=feed) == 6
    assert of(told, "auditor_release_age_quarters", table=table) == 3
    assert of(told, "auditor_feed_seconds", feed=feed) == round(seconds, 3)


def test_nothing_of_a_warning_or_an_error_is_in_it() -> None:
    feed = replace(
        CLINIC,
        error="Jane-Doe.csv cannot be read",
        warnings=(Warned(kind="files", text="Jane-Doe.csv"),),
        folder=Path("Jane-Doe"),
    )
    assert "Jane" not in text(replace(NIGHT, feeds=(feed,)), KNOWN)


def test_the_file_is_written_anew_for_everybody_to_read(tmp_path: Path) -> None:
    path = tmp_path / "auditor.prom"
    path.write_text("before", encoding="utf-8")
    write_metrics(path, NIGHT, KNOWN)
    assert path.read_bytes().decode() == text(NIGHT, KNOWN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_where_it_cannot_be_written_the_old_one_stays(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="The metrics cannot be written"):
        write_metrics(tmp_path / "none" / "a.prom", NIGHT, KNOWN)
    folder = tmp_path / "a.prom"
    folder.mkdir()
    with pytest.raises(ReportError):
        write_metrics(folder, NIGHT, KNOWN)
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


def test_what_the_ledger_knows(tmp_path: Path) -> None:
    def new(run_id: str, code: ExitCode, open_: int) -> NewRun:
        return NewRun(
            run_id=run_id,
            feed="clinic",
            as_of=date(2026, 11, 22),
            exit_code=code,
            figures=replace(FIGURES, open={"review": open_}),
            manifest="{}",
            folder="f",
            files=(),
        )

    with opened(tmp_path / "l.sqlite") as connection:
        runs.append_run(connection, new("a", ExitCode.DONE, 5))
        runs.append_run(connection, new("b", ExitCode.INCOMPLETE, 6))
        night = runs.append_night(connection, NIGHT)
        connection.executemany(
            "INSERT INTO deliveries (night_id, feed, kind, attempted_at, delivered, detail)"
            " VALUES (?, 'clinic', ?, '2026-11-22T02:03:00+00:00', ?, '')",
            [(night, "mail", 0), (night, "mail", 0), (night, "webhook", 0), (night, "webhook", 1)],
        )
        first = runs.runs(connection)[-1].recorded_at
        ages = (Age("aoc", "AOC 2026Q3", 1, ""),)
        known = known_of(connection, ("clinic", "lab"), ages)
    assert known.last_success == {"clinic": first}
    assert {feed: f.open for feed, f in known.figures.items()} == {"clinic": {"review": 6}}
    assert known.pending == {("clinic", "mail"): 1}
    assert known.quarters == {"aoc": 1}


def test_after_a_night(tmp_path: Path) -> None:
    settings = Settings(
        reference=tmp_path / "none", feeds={"clinic": Feed(files="c*", mode="delta")}
    )
    after_night(tmp_path / "a.prom", settings, tmp_path / "l.sqlite", NIGHT)
    families = parsed((tmp_path / "a.prom").read_text(encoding="utf-8"))
    assert families["auditor_release_age_quarters"] == {}
    assert families["auditor_feed_last_success_timestamp_seconds"][("feed", "clinic"),] == 0
    assert families["auditor_night_exit_code"] == {(): 6}


def test_the_document_lists_every_metric_as_it_says_itself() -> None:
    document = (DOCS / "monitoring.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(auditor_[a-z_]+)` \| ([^|]*) \| ([^|]*) \|$", document, re.MULTILINE)
    assert rows == [
        (m.name, ", ".join(f"`{label}`" for label in m.labels), m.help) for m in METRICS
    ]
    assert set(re.findall(r"auditor_[a-z]+(?:_[a-z]+)*", document)) <= {m.name for m in METRICS}
    for kind in KINDS:
        assert f"| `{kind}` |" in document
