"""The cluster as this program meets it: a Spark Connect server, and its errors in our words."""

from __future__ import annotations

import os
import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from auditor.errors import AuditorError, ConfigError, ExitCode
from auditor.spark.worker import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

_EXTRA = "claim-auditor[spark]"
_PORT = 15_002
_SECONDS = 10
_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")
_REMOTE = re.compile(r"sc://(?P<host>\[[0-9A-Fa-f:]+\]|[^/:;]+)(?::(?P<port>[0-9]+))?/?(?:;.*)?")
_SETTINGS = {
    # a batch from Spark to a worker holds pieces of up to one MiB each
    "spark.sql.execution.arrow.maxRecordsPerBatch": "64",
    # the same for what Spark reads of a Parquet file at one time
    "spark.sql.parquet.columnarReaderBatchSize": "64",
}


class SparkProblem(AuditorError):  # noqa: N818 - it names what happened, like its fellows
    """The cluster did not do what was asked of it; what it wrote so far is in its work place."""

    exit_code = ExitCode.INTERNAL


@contextmanager
def connected(remote: str) -> Iterator[SparkSession]:
    """A session of its own on the Spark Connect server `remote` (sc://host:port).

    Raises ConfigError where pyspark is not installed, `remote` is no such address, or nobody
    answers there.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - of the optional extra
    except ImportError:
        raise ConfigError(
            "The Spark engine is not installed.",
            next_step=f"Install {_EXTRA} in an environment of its own (docs/spark.md), and run"
            " this command there.",
        ) from None
    host = reachable(remote)
    with told(host):
        spark = SparkSession.builder.remote(remote).create()
    try:
        with told(host):
            for name, value in _SETTINGS.items():
                spark.conf.set(name, value)
            yield spark
    finally:
        spark.stop()


def reachable(remote: str) -> str:
    """Host and port of `remote`, where somebody listens; Spark itself asks for ten minutes."""
    found = _REMOTE.fullmatch(remote)
    if found is None:  # what stands behind the host may be a token, so it is not quoted
        raise ConfigError(
            "This is no address of a Spark Connect server.",
            where="--remote",
            next_step="Say sc://HOST:PORT, for example sc://spark.example.org:15002.",
        )
    host, port = found["host"].strip("[]"), int(found["port"] or _PORT)
    if not any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        try:
            socket.create_connection((host, port), timeout=_SECONDS).close()
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise ConfigError(
                f"No Spark Connect server answers at {host}:{port} ({why}).",
                where="--remote",
                next_step="Start it (docs/spark.md), or correct the address.",
            ) from None
    return f"{host}:{port}"


@contextmanager
def told(where: str) -> Iterator[None]:
    """Errors of Spark in our words: theirs may quote a claim."""
    import grpc  # noqa: PLC0415 - of the optional extra
    from pyspark.errors import PySparkException  # noqa: PLC0415 - as above

    try:
        yield
    except (PySparkException, grpc.RpcError) as error:
        raise problem(error, where) from error


def problem(error: Any, where: str) -> AuditorError:  # noqa: ANN401 - Spark's or gRPC's
    """What is told of `error`, which the cluster `where` raised: nothing that it quotes."""
    text = str(error)
    if re.search(r"No module named '(auditor|schemas|polars|pyarrow|pandera)", text):
        return ConfigError(
            "The workers lack auditor, or what it needs.",
            where=where,
            next_step="Install the same version on each of them (docs/spark.md).",
        )
    if "PYTHON_VERSION_MISMATCH" in text:
        return ConfigError(
            "The workers run another version of Python than this environment.",
            where=where,
            next_step="Make the environment with the version that the workers have.",
        )
    failed = re.search(rf"{FAILED}: (\w+ in [\w.: ]+)", text)
    if failed is not None:
        return SparkProblem(
            f"A worker failed: {failed[1].strip()}.",
            where=where,
            next_step="Where memory or disk ran out, say a larger --parts N or give workers more"
            " (docs/spark.md); else audit the same files on one machine, and report it.",
        )
    asked = getattr(error, "getCondition", None)
    name = (asked() if callable(asked) else None) or type(error).__name__
    return SparkProblem(
        f"The cluster did not do its work ({name}).",
        where=where,
        next_step="Its log tells why, and so does --debug-file FILE, which may hold patient data.",
    )
