"""An audit on a cluster, from here: what is asked of the workers, in which order.

Read (each file by one worker, its lines divided by patient) -> count -> judge, and the counts and
what was found come together here, as they do on one machine (auditor.parts).
"""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from auditor.auditing import audit
from auditor.engine.judge import joined as joined_counts
from auditor.engine.whole import Whole
from auditor.errors import AuditorError, ConfigError
from auditor.intake.reader import settled
from auditor.parts import outcome
from auditor.parts.run import of_part, together
from auditor.spark import inputs, publishing, rows, telling, travel, worker
from auditor.spark.session import SparkProblem, connected, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from auditor.engine.clock import Clock
    from auditor.intake.interface import IntakeOptions
    from auditor.reference.interface import Reference
    from auditor.result import AuditOptions, AuditResult
    from auditor.spark.inputs import Listed
    from auditor.spark.telling import Told

MOST_LINES = 2**32 - 1
"""Claim lines of one audit: each has a number."""


@contextmanager
def opened(remote: str, work: str) -> Iterator[Cluster]:
    """The cluster whose Spark Connect server is `remote`; it keeps what it makes in `work`.

    work: a folder or URL that Spark may write to. Raises ConfigError where nobody answers, where
    workers have other versions than we, and where the extra is not installed.
    """
    with connected(remote) as spark:
        cluster = Cluster(spark, remote.removeprefix("sc://").split("/")[0], work)
        try:
            cluster.check()
            yield cluster
        finally:
            cluster.tidy()


class Cluster:
    """A cluster at work for one audit."""

    def __init__(self, spark: SparkSession, where: str, work: str) -> None:
        """Work in a folder of its own in `work`; `where` names the server in messages."""
        self._spark = spark
        self._where = where
        self._work = work.rstrip("/")
        self._room = f"{self._work}/begun-{secrets.token_hex(8)}"
        self._made: list[str] = []

    def check(self) -> None:
        """Raise ConfigError unless the workers have our versions."""
        for each in self._asked(()):
            theirs, ours = json.loads(each.data), worker.versions()
            other = [name for name in ours if theirs.get(name) != ours[name]]
            if other:
                name = other[0]
                raise ConfigError(
                    f"A worker has {name} {theirs.get(name)}, and here is {name} {ours[name]}.",
                    where=self._where,
                    next_step="Install the same versions here and on the workers (docs/spark.md).",
                )

    def listed(self, named: Sequence[str]) -> Listed:
        """The claim files behind the INPUTs, in the order in which they are read.

        Raises InputRejected for one that the cluster does not see.
        """
        with told(self._where):
            tables = [name for name in named if inputs.is_table(name)]
            plain = {name: self._written(name, at) for at, name in enumerate(tables)}
            return inputs.listed(self._spark, [plain.get(name, name) for name in named], self._seen)

    def read(
        self, files: Listed, options: IntakeOptions, parts: int, *, claims: bool = False
    ) -> Told:
        """Read `files`, whose lines the cluster keeps in `parts`; answers all but the lines.

        claims: answer also the claim ids. Raises what one machine raises for the first bad file.
        """
        options = settled(options)
        named = tuple((file.place, file.name) for file in files.files)
        job = worker.Reading(named, options, parts, bool(files.urls), claims)
        with told(self._where):
            found = inputs.frame(self._spark, files).mapInArrow(
                partial(worker.read, job=job), rows.SCHEMA
            )
            self._write(found, "read")
            seen = self._collected(self._kept("read").filter("kind in ('told', 'error')"))
        try:
            answer = telling.joined(seen, len(named), options)
        except AuditorError as problem:
            problem.where = problem.where or self._where
            raise
        if answer.census.lines > MOST_LINES:
            raise ConfigError(
                f"These are {answer.census.lines:,} claim lines; one audit takes {MOST_LINES:,}.",
                next_step="Audit them apart, divided by patient.",
            )
        self._parts = parts
        return answer

    def audit(
        self,
        batch: Told,
        packed: travel.Packed,
        reference: Reference,
        options: AuditOptions,
        clock: Clock,
    ) -> AuditResult:
        """What `auditor.auditing.audit` says of all lines of `batch`, which `read` answered.

        reference: the tables of `packed`, opened here. The result's `lines` are those of days on
        which something was found or compared.
        """
        lines = batch.census.lines
        if not lines:
            return audit(batch.intake, reference, options)
        job = worker.Part(batch.offsets, of_part(batch.intake), packed, options)
        with told(self._where):
            with clock.part("parts", "counting", lines):
                counting = partial(worker.counted, job=job, census=batch.census)
                counts = self._collected(self._of_parts(counting))
                self._all_back(lines, sum(int(c.data) for c in counts if c.kind == "size"))
                counted = stacked([each for each in counts if each.kind == "count"])
                of_all = {name: [table.lazy()] for name, table in counted.items()}
                whole = Whole(batch.census, joined_counts(of_all, options.rules))
            with clock.part("parts", "judging", lines):
                self._write(self._of_parts(partial(worker.judged, job=job, whole=whole)), "found")
            with clock.part("parts", "joining"):
                tables = stacked(self._collected(self._kept("found")))
                found = outcome.joined(tables.__getitem__, partial(self._lines_of, job))
        result = together(found, batch.intake, reference, options, clock)
        self._all_back(sum(file.lines_read for file in batch.intake.files), result.lines_read)
        return result

    def publish(self, result: AuditResult, run_id: str) -> str:
        """Write findings and coverage as Parquet tables for the cluster; answers where.

        Those of `result` stand there whole and in no order, under the run's name.
        """
        place = f"{self._work}/{run_id}"
        with told(self._where):
            if result.lines_read:
                found = self._kept("found").filter("kind = 'found' and name = 'findings'")
                # Spark reads a file in slices; the pieces of a table must come to one worker
                found = found.repartition(self._parts, "part")
                found = found.mapInArrow(publishing.findings, publishing.schema())
                self._saved(found, f"{place}/findings")
            publishing.write(self._spark, result, place, self._saved)
        return place

    def tidy(self) -> None:
        """Empty what was written on the way: it holds claim lines. Folders may remain, empty."""
        for place in self._made:
            with suppress(Exception):  # the cluster is gone: what it keeps is told in docs/spark.md
                none = self._spark.read.parquet(place).limit(0)
                empty = self._spark.createDataFrame(none.toArrow(), none.schema)
                empty.write.mode("overwrite").parquet(place)

    def _all_back(self, read: int, back: int) -> None:
        """Raise SparkProblem where lines were lost on the way, or came twice."""
        if back != read:
            raise SparkProblem(
                f"Of {read:,} lines that were read {back:,} came back; nothing was written.",
                where=self._where,
                next_step="Say the same again; if it stays so, audit the files on one machine.",
            )

    def _written(self, name: str, at: int) -> str:
        """The folder of Parquet files that Spark makes of a table of its own."""
        place = f"{self._room}/table-{at}"
        self._made.append(place)
        with inputs.read_by_spark(name):
            self._saved(inputs.table(self._spark, name), place)
        return place

    def _seen(self, places: Sequence[str]) -> list[rows.Named]:
        """What a worker sees at `places`."""
        return [each for each in self._asked(tuple(places)) if each.kind == "place"]

    def _asked(self, places: tuple[str, ...]) -> list[rows.Named]:
        one = self._spark.range(0, 1, 1, 1)
        return self._collected(one.mapInArrow(partial(worker.look, places=places), rows.SCHEMA))

    def _of_parts(self, function: Callable[..., Iterator[object]]) -> DataFrame:
        """The rows that `function` makes of the lines of each part."""
        lines = self._kept("read").filter("kind = 'lines'")
        return lines.repartition(self._parts, "part").mapInArrow(function, rows.SCHEMA)

    def _lines_of(self, job: worker.Part, keys: pl.Series) -> pl.DataFrame:
        """schemas.ClaimLines of some keys, whatever part they are in."""
        found = self._of_parts(partial(worker.lines_of, job=job, keys=keys))
        return stacked(self._collected(found))["lines"]

    def _kept(self, name: str) -> DataFrame:
        return self._spark.read.parquet(f"{self._room}/{name}")

    def _write(self, frame: DataFrame, name: str) -> None:
        place = f"{self._room}/{name}"
        self._made.append(place)
        self._saved(frame, place)

    @staticmethod
    def _saved(frame: DataFrame, place: str) -> None:
        frame.write.mode("overwrite").parquet(place)

    @staticmethod
    def _collected(frame: DataFrame) -> list[rows.Named]:
        return rows.whole(rows.from_arrow(frame.toArrow().to_batches()))


def stacked(found: Sequence[rows.Named]) -> dict[str, pl.DataFrame]:
    """Tables of all parts under each name, in the order of the parts."""
    tables: dict[str, list[pl.DataFrame]] = {}
    for each in sorted(found, key=lambda each: each.part):
        tables.setdefault(each.name, []).append(rows.unpacked(each.data))
    return {name: pl.concat(parts) for name, parts in tables.items()}
