"""A cluster against one machine: Sail, and the one that AUDITOR_SPARK_REMOTE names.

That one must see this machine's files, as `local[2,4]` of Apache Spark does (docs/spark.md).
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytest.importorskip("pyspark", reason="needs auditor[spark]: make test-spark")

from auditor.cli import main
from auditor.spark import engine, rows, worker

pytestmark = pytest.mark.spark

NAMED = os.environ.get("AUDITOR_SPARK_REMOTE")  # before the tests' clean machine forgets it


@pytest.fixture(scope="session", params=["sail", "named"])
def remote(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "named":
        if NAMED is None:
            pytest.skip("AUDITOR_SPARK_REMOTE names no cluster")
        yield NAMED
        return
    sail = pytest.importorskip("pysail.spark", reason="needs pysail: make test-spark")
    server = sail.SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()


Audit = Callable[..., tuple[int, Path, str]]


@pytest.fixture
def audited(remote: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Audit some INPUTs, on the cluster where a place for it is named: code, outputs, words."""

    def run(name: str, *inputs: str, cluster: bool = True, more: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - as said
        out = tmp_path / name
        out.mkdir()
        where = ("--engine", "spark", "--remote", remote, "--work", str(tmp_path / "work"))
        code = main(
            [
                *("audit", *inputs, "--reference", str(store), "--as-of", "2026-01-05"),
                *("--line-of-business", "medicare"),
                *("--report", str(out / "report.xlsx"), "--findings", str(out / "f.parquet")),
                *("--summary", str(out / "summary.json")),
                *(where if cluster else ()),
                *more,
            ]
        )
        told = capsys.readouterr()
        return code, out, told.out + told.err

    return run


OUTPUTS = ("f.parquet", "report.xlsx", "summary.json")


def assert_same_bytes(one: Path, other: Path) -> None:
    for name in OUTPUTS:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_the_same_bytes_as_on_one_machine(audited: Audit, claims: Path, tmp_path: Path) -> None:
    paths = [str(path) for path in sorted(claims.iterdir())]
    _, here, said = audited("here", *paths, cluster=False)
    code, there, told = audited("there", str(claims), more=("--parts", "3"))
    assert code == 0, told
    assert_same_bytes(here, there)
    # the run's name is that of the work, wherever it is done
    run = said.rsplit("(run ", 1)[1].split(")")[0]
    assert f"(run {run})" in told
    published = pl.read_parquet(tmp_path / "work" / run / "findings" / "*.parquet")
    own = pl.read_parquet(here / "f.parquet")
    columns = [name for name, kind in own.schema.items() if kind != pl.UInt32]
    assert published.columns == own.columns
    key = ["finding_id", "source_row"]
    assert published.sort(key).select(columns).equals(own.sort(key).select(columns))
    coverage = pl.read_parquet(tmp_path / "work" / run / "coverage" / "*.parquet")
    assert coverage["lines"].sum() > 0
    # no claim line is left of what was written on the way
    left = (tmp_path / "work").glob("begun-*/**/*.parquet")
    assert sum(pl.read_parquet(path).height for path in left) == 0


def test_files_that_spark_opens(audited: Audit, claims: Path) -> None:
    _, here, _ = audited("here", *(str(path) for path in sorted(claims.iterdir())), cluster=False)
    code, there, told = audited("there", claims.as_uri(), more=("--parts", "2"))
    assert code == 0, told
    assert_same_bytes(here, there)


def test_a_delta_table(audited: Audit, claims: Path, remote: str, tmp_path: Path) -> None:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    place = str(tmp_path / "delta")
    spark = SparkSession.builder.remote(remote).create()
    week = spark.read.parquet(str(claims / "c.parquet"))
    try:
        week.write.format("delta").save(place)
        week.write.format("delta").mode("overwrite").save(place)  # the first files count no more
    except PySparkException:
        pytest.skip("this cluster has no Delta")
    finally:
        spark.stop()
    code, _, told = audited("folder", place)
    assert (code, f"delta:{place}" in "".join(told.split())) == (3, True)
    code, there, told = audited("there", f"delta:{place}")
    assert code == 0, told
    _, here, _ = audited("here", str(claims / "c.parquet"), cluster=False)
    columns = ["claim_id", "line_number", "rule_id", "message", "amount_at_risk", "also"]
    tables = [pl.read_parquet(each / "f.parquet").select(columns) for each in (here, there)]
    assert tables[0].height > 5
    assert tables[0].sort(columns).equals(tables[1].sort(columns))


def test_no_line_to_judge(audited: Audit, tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    row = "C1,P1,99213,2000004038"
    file.write_text(
        f"Claim ID,Patient ID,CPT,NPI,DOS\n{row},\n{row},2025-11-03\n", encoding="utf-8"
    )
    for cluster in (False, True):
        code, out, _ = audited(str(cluster), str(file), cluster=cluster)
        assert code == 0
        told = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        assert told["lines"]["rejected"] == 1
    assert_same_bytes(tmp_path / "False", tmp_path / "True")


def fails_once(function: Any, marker: str) -> Any:  # noqa: ANN401 - a pass of the worker
    """`function` on a worker that is lost once, in the middle of its rows."""

    def run(given: Any, **named: Any) -> Any:  # noqa: ANN401 - as Spark calls it
        from pathlib import Path

        for at, batch in enumerate(function(given, **named)):
            if at == 1 and not Path(marker).exists():
                Path(marker).touch()
                message = "the worker is lost"
                raise OSError(message)
            yield batch

    return run


@pytest.mark.parametrize("name", ["read", "counted", "judged"])
def test_a_task_that_is_tried_again_changes_nothing(  # noqa: PLR0913, PLR0917 - fixtures
    name: str,
    remote: str,
    audited: Audit,
    claims: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = [str(path) for path in sorted(claims.iterdir())]
    _, here, _ = audited("here", *paths, cluster=False)
    marker = tmp_path / "lost"
    monkeypatch.setattr(engine.worker, name, fails_once(getattr(worker, name), str(marker)))
    code, there, told = audited("there", str(claims), more=("--parts", "3"))
    assert marker.exists()
    if remote != NAMED:  # Sail on one machine does not try again: the same command does
        assert code == 4, told
        assert "the worker is lost" not in told
        shutil.rmtree(there)
        code, there, told = audited("there", str(claims), more=("--parts", "3"))
    assert code == 0, told
    assert_same_bytes(here, there)


def test_tables_of_many_pieces(
    audited: Audit, claims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(function: Any) -> Any:  # noqa: ANN401 - a pass of the worker
        def run(given: Any, **named: Any) -> Any:  # noqa: ANN401 - as Spark calls it
            from auditor.spark import rows

            rows.PIECE = 500
            yield from function(given, **named)

        return run

    for name in ("read", "counted", "judged"):
        monkeypatch.setattr(engine.worker, name, small(getattr(worker, name)))
    monkeypatch.setattr(rows, "PIECE", rows.PIECE)  # Sail's workers live in this process
    _, here, _ = audited("here", *(str(path) for path in sorted(claims.iterdir())), cluster=False)
    code, there, told = audited("there", str(claims), more=("--parts", "5"))
    assert code == 0, told
    assert_same_bytes(here, there)
    (place,) = (tmp_path / "work").glob("*/findings")
    assert pl.read_parquet(place / "*.parquet").height == pl.read_parquet(here / "f.parquet").height


@pytest.mark.parametrize("name", ["counted", "judged"])
def test_lines_that_do_not_come_back_are_told(
    name: str, audited: Audit, claims: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(given: Any, **named: Any) -> Any:  # noqa: ANN401 - as Spark calls it
        return (batch for batch in function(given, **named) if batch["part"][0].as_py() != 1)

    function = getattr(worker, name)
    monkeypatch.setattr(engine.worker, name, forgetful)
    code, out, told = audited("there", str(claims), more=("--parts", "3"))
    assert code == 4
    assert "came back; nothing was written." in " ".join(told.split())
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("/nowhere/claims.csv", "cannot read it (No such file or directory)"),
        ("file:///nowhere/claims.csv", "file:///nowhere/claims.csv"),
        ("table:nobody.knows", "cannot read it"),
    ],
)
def test_what_the_cluster_cannot_read(place: str, told: str, audited: Audit) -> None:
    code, _, said = audited("there", place)
    assert code == 3
    assert told in " ".join(said.split())


def test_workers_of_another_version(
    audited: Audit, claims: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(given: Any, **_: Any) -> Any:  # noqa: ANN401 - as Spark calls it
        from auditor.spark import rows

        for _ in given:
            about = b'{"auditor": "0.0.1"}'
            yield from rows.batches([rows.Named("worker", 0, 0, "", about)])

    monkeypatch.setattr(engine.worker, "look", older)
    code, _, said = audited("there", str(claims))
    assert code == 2
    assert "A worker has auditor 0.0.1, and here is auditor" in " ".join(said.split())
