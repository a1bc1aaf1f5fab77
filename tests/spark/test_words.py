"""What goes wrong before a cluster works, in words; none of it needs Spark."""

import json
import socket
from importlib.util import find_spec

import pytest

from auditor.cli import main, parts, spark
from auditor.errors import ConfigError, InputRejected
from auditor.spark import inputs, session
from auditor.spark.inputs import File
from auditor.spark.rows import Named

SAID = ("sc://host:15002", ["a.csv"], "/work", None)


def test_this_machine_does_it_unless_asked_otherwise() -> None:
    assert spark.asked("local", None, ["a.csv"], None, None) is None
    with pytest.raises(ConfigError, match="--engine spark, or leave --remote out"):
        spark.asked("local", *SAID)
    with pytest.raises(ConfigError, match="'sparks' is not one of local, spark"):
        spark.asked("sparks", *SAID)


def test_a_cluster_needs_an_address_and_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--remote sc://HOST:PORT"):
        spark.asked("spark", None, ["a.csv"], "/work", None)
    with pytest.raises(ConfigError, match="--work PLACE"):
        spark.asked("spark", "sc://host", ["a.csv"], None, None)
    monkeypatch.setenv(spark.ENVIRONMENT, "sc://other/;token=secret")
    found = spark.asked("Spark", None, ["s3://bucket/a.csv"], "s3://bucket/work", None)
    assert found is not None
    assert (found.inputs, found.work) == (("s3://bucket/a.csv",), "s3://bucket/work")
    assert found.remote == "sc://other/;token=secret"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("remote", "told"),
    [
        ("spark://host:7077", "This is no address"),
        ("sc://", "This is no address"),
        ("host:15002", "This is no address"),
        (
            "sc://127.0.0.1:99999/;token=secret",
            "No Spark Connect server answers at 127.0.0.1:99999",
        ),
    ],
)
def test_addresses_that_are_none(remote: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in session._PROXIES:  # noqa: SLF001 - as on a machine without a proxy
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with pytest.raises(ConfigError, match=told) as error:
        session.reachable(remote)
    assert "secret" not in str(error.value)


def test_a_server_that_listens_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert session.reachable(f"sc://127.0.0.1:{port}/;token=x") == f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("... ModuleNotFoundError: No module named 'auditor'", "The workers lack auditor"),
        ("... [PYTHON_VERSION_MISMATCH] ...", "another version of Python"),
        (
            "... auditor-worker-failed: ValueError in auditor.spark.worker:12\nline for patient 9",
            "A worker failed: ValueError in auditor.spark.worker:12. ",
        ),
        ("Cannot cast 'MRN 4711' to INT", r"The cluster did not do its work \(RuntimeError\)"),
    ],
)
def test_errors_of_a_cluster_tell_nothing_of_a_claim(text: str, told: str) -> None:
    problem = session.problem(RuntimeError(text), "host:15002")
    with pytest.raises(type(problem), match=told):
        raise problem
    assert "4711" not in str(problem)
    assert "patient 9" not in str(problem)


def seen(*files: tuple[str, int]) -> Named:
    about = {"kind": "folder", "files": files}
    return Named("place", 0, 0, "/claims", json.dumps(about).encode())


def test_files_are_named_as_on_one_machine() -> None:
    found = inputs.listed(None, ["/claims"], lambda _: [seen(("/c/1/a.csv", 5), ("/c/2/a.csv", 6))])
    assert found == inputs.Listed(
        (File("/c/1/a.csv", "1/a.csv", 5), File("/c/2/a.csv", "2/a.csv", 6))
    )


def test_inputs_that_cannot_be_read_together() -> None:
    with pytest.raises(ConfigError, match="Some INPUTs are URLs"):
        inputs.listed(None, ["s3://b/a.csv", "/b.csv"], lambda _: [])
    with pytest.raises(ConfigError, match="named twice"):
        inputs.listed(None, ["/a", "/a"], lambda _: [seen(("/a", 1)), seen(("/a", 1))])
    with pytest.raises(InputRejected, match="no file in it"):
        inputs.listed(None, ["/claims"], lambda _: [seen()])


def test_parts_are_as_many_as_the_files_ask_for() -> None:
    half = parts.BYTES_A_TASK
    assert parts.on_cluster([]) == 1
    assert parts.on_cluster([File("a.csv", "a.csv", half)]) == 1
    assert parts.on_cluster([File("a.csv", "a.csv", half), File("b.csv", "b.csv", 1)]) == 2
    assert parts.on_cluster([File("a.csv.gz", "a.csv.gz", half)]) == 10


@pytest.mark.parametrize("option", ["--history", "--compare-reference", "--password-file"])
def test_what_a_cluster_does_not_do_is_told_before_the_work(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = ["--engine", "spark", "--remote", "sc://host", "--work", "/w"]
    assert main(["audit", "a.csv", "--no-report", "--no-ledger", *cluster, option, "b"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert option in told
    assert "--engine spark" in told


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="the extra is installed here")
def test_without_the_extra_its_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = ["--engine", "spark", "--remote", "sc://host", "--work", "/w"]
    assert main(["audit", "a.csv", "--no-report", "--no-ledger", *cluster]) == 2
    assert "claim-auditor[spark]" in capsys.readouterr().err
