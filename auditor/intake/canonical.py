"""From raw lines to claim lines: every field normalised, what cannot be placed rejected.

One pass over each column, through its distinct values where those are fewer (see distinct).
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.intake import business, codes, gate, names, steps, unfold
from auditor.intake.distinct import through
from auditor.intake.steps import Batch
from schemas import ClaimLines, Repairs, dtypes, empty

if TYPE_CHECKING:
    from auditor.intake.steps import Plan

SCHEMA = {name: kind for name, kind in dtypes(ClaimLines).items() if name != "line_key"}
"""ClaimLines but for line_key, which the batch of files numbers."""

LISTED = 10_000
"""Repairs of one field and kind that are listed of a batch; all are counted."""

_FEW = 1_000  # lines; threads cost so few more than they save
_THREADS = 2  # more only get into each other's way: polars has threads of its own


class Canonical(NamedTuple):
    """One batch, sorted out."""

    lines: pl.DataFrame
    """ClaimLines without line_key."""
    rejected: pl.DataFrame
    """CELL, source_row, claim_id, patient_id, service_date, reasons, column, value."""
    set_aside: pl.DataFrame
    """SetAside."""
    repairs: pl.DataFrame
    """Repairs, of `lines` only: the first LISTED of a field and kind."""
    repaired: Counter[tuple[str, str]]
    """(field, kind) -> how many there are."""
    other_types: int
    """Lines whose claim type is neither professional nor institutional: audited."""
    failed: Counter[str]
    """Required field -> lines that were rejected for want of it."""


def canonical(raw: pl.DataFrame, rows: pl.Series, plan: Plan) -> Canonical:
    """Sort out the raw lines of one batch (see unfold.lines_of).

    `rows` is the row in the file of each row of cells that CELL points into.
    """
    raw = raw.with_columns(source_row=rows.gather(raw[unfold.CELL]))
    aside, raw, other = _institutional(raw, plan)
    batch = Batch(raw, plan)
    # No step needs another's outcome, and polars works outside the interpreter's lock.
    threads = min(_THREADS, os.cpu_count() or 1, pl.thread_pool_size())
    if raw.height > _FEW and threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            for running in [pool.submit(step, batch) for step in steps.ALL]:
                running.result()
    else:
        for step in steps.ALL:
            step(batch)
    batch.noted.sort(key=lambda note: (list(SCHEMA).index(note[0]), note[1].name))
    frame = _frame(batch)
    rejected, keep, failed = _judge(frame, batch)
    if rejected.height:
        frame = frame.filter(keep)
    repairs, repaired = _repairs(batch, keep)
    return Canonical(frame, rejected, aside, repairs, repaired, other, failed)


def _institutional(raw: pl.DataFrame, plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """(lines set aside, the others, how many of those have another claim type).

    The claim type decides; a line without one that says professional or institutional is
    institutional where it has a bill type or a revenue code, which no professional claim has. Every
    other type is audited, and counted.
    """
    says: list[pl.Series] = []
    other = pl.Series(dtype=pl.Boolean)
    if "claim_type" in raw.columns:
        header = plan.columns.names[plan.columns.single["claim_type"]]
        rif = names.plain(header) in {"NCHCLMTYPECD", "CLMTYPECD"}
        kind = through(raw["claim_type"], lambda v: business.claim_type(v, rif=rif)).values
        other = kind == "other"
        says.append(pl.select(pl.when(kind != "other").then(kind)).to_series())
    if "bill_type" in raw.columns:
        says.append(through(raw["bill_type"], business.bill_type).values)
    if "revenue_code" in raw.columns:
        says.append(through(raw["revenue_code"], business.revenue_code).values)
    empty = pl.DataFrame(
        schema=dict.fromkeys(("source_file", "claim_id", "reason"), pl.String)
        | {"source_row": pl.UInt32}
    ).select("source_file", "source_row", "claim_id", "reason")
    if not says:
        return empty, raw, 0
    mask = (pl.select(pl.coalesce(says)).to_series() == "institutional").fill_null(value=False)
    if not mask.any():
        return empty, raw, int(other.sum() or 0)
    aside = raw.filter(mask)
    table = aside.select(
        pl.lit(plan.source_file).alias("source_file"),
        "source_row",
        codes.ids(aside["claim_id"]).values.alias("claim_id"),
        pl.lit("institutional").alias("reason"),
    )
    return table, raw.filter(~mask), int((other & ~mask).sum() or 0) if len(other) else 0


def _frame(batch: Batch) -> pl.DataFrame:
    """All columns of ClaimLines but line_key, typed, absent ones null."""
    constant = {
        "source_file": batch.plan.source_file,
        "line_of_business": batch.plan.line_of_business or "unknown",
        "sign_untold": batch.plan.sign_untold or None,
    }
    found = {**batch.done, "source_row": batch.raw["source_row"]}
    if unfold.SLOT in batch.raw.columns:
        found["line_number"] = batch.raw[unfold.SLOT]
    base = pl.DataFrame([found[name].alias(name) for name in SCHEMA if name in found])
    return base.select(
        pl.col(name) if name in found else pl.lit(constant.get(name), kind).alias(name)
        for name, kind in SCHEMA.items()
    )


def _judge(frame: pl.DataFrame, batch: Batch) -> tuple[pl.DataFrame, pl.Series, Counter[str]]:
    """(rejected lines with their reasons, Boolean: the line stays, lines that failed by field)."""
    # The gate judges the contract whole; the number is given over all files, later.
    judged = frame.with_row_index("line_key").select(list(dtypes(ClaimLines)))
    failures = gate.failures(judged)
    keep = pl.Series([True]).new_from_index(0, frame.height)
    rejected = batch.raw.select(unfold.CELL).head(0).with_columns(
        source_row=pl.lit(0, pl.UInt32), claim_id=pl.lit(""), patient_id=pl.lit(""),
        service_date=pl.lit(None, pl.Date), reasons=pl.lit(""), column=pl.lit(""),
        value=pl.lit(""),
    )  # fmt: skip
    if failures.is_empty():
        return rejected, keep, Counter()
    date = pl.DataFrame({"said": batch.problems}).with_row_index("index")
    said = (
        failures.join(date, on="index", how="left", maintain_order="left")
        .with_columns(
            reason=pl.when(pl.col("reason") == gate.NO_DATE)
            .then(pl.coalesce("said", "reason"))
            .otherwise("reason")
        )
        .join(_culprits(failures, batch), on=("index", "field"), how="left", maintain_order="left")
    )
    reasons = said.group_by("index", maintain_order=True).agg(
        reasons=pl.col("reason").str.join("; "),
        column=pl.col("column").str.join("; "),
        value=pl.col("value").fill_null("").str.join("; "),
    )
    at = reasons["index"]
    rows = pl.DataFrame(
        {
            unfold.CELL: batch.raw[unfold.CELL].gather(at),
            "source_row": frame["source_row"].gather(at),
            "claim_id": frame["claim_id"].gather(at),
            "patient_id": frame["patient_id"].gather(at),
            "service_date": frame["service_date_from"].gather(at),
            **{name: reasons[name] for name in ("reasons", "column", "value")},
        }
    )
    if unfold.SLOT in batch.raw.columns:
        slot = batch.raw[unfold.SLOT].gather(at).cast(pl.String)
        rows = rows.with_columns(reasons="line " + slot + " of the row: " + pl.col("reasons"))
    keep = ~pl.int_range(frame.height, dtype=pl.UInt32, eager=True).is_in(at.implode())
    counts = failures["field"].value_counts(name="lines")
    return rows.sort(unfold.CELL, maintain_order=True), keep, Counter(dict(counts.iter_rows()))


def _culprits(failures: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """index, field, and the column and raw value that each failure is about."""
    columns = batch.plan.columns
    found = []
    for (name,), part in failures.group_by("field", maintain_order=True):
        field = str(name)
        at = part["index"]
        raw = next(iter(unfold.parts(batch.raw, field)), None)
        value = batch.raw[raw].gather(at) if raw else pl.Series([None] * len(at), dtype=pl.String)
        header: pl.Series = pl.Series([columns.mapping().get(field, field)]).new_from_index(
            0, len(at)
        )
        if columns.slots:  # the column of the line's own place in the row
            own = {
                slot: columns.names[places[field][0]]
                for slot, places in columns.slots.items()
                if field in places
            }
            if own:
                slots = batch.raw[unfold.SLOT].gather(at)
                header = slots.replace_strict(own, default=header, return_dtype=pl.String)
        found.append(
            part.select("index", "field").with_columns(header.alias("column"), value.alias("value"))
        )
    return pl.concat(found)


def _repairs(batch: Batch, keep: pl.Series) -> tuple[pl.DataFrame, Counter[tuple[str, str]]]:
    """(what was changed or emptied on the lines that stay by field and row, counts of all)."""
    found = []
    counts: Counter[tuple[str, str]] = Counter()
    rows = pl.DataFrame({"source_row": batch.raw["source_row"], "keep": keep})
    for name, raw, repaired in batch.noted:
        table = repaired.with_columns(pl.col("value").cast(pl.String))
        told = (
            rows.with_columns(raw=raw)
            .filter(pl.col("raw").is_in(table["raw"].implode()) & pl.col("keep"))
            .join(table, on="raw", how="inner", maintain_order="left")
            .select(
                pl.lit(batch.plan.source_file).alias("source_file"),
                "source_row",
                pl.lit(name).alias("field"),
                "kind",
                "raw",
                "value",
            )
        )
        for kind, count in told.group_by("kind").len().iter_rows():
            counts[name, kind] += count
        if told.height > LISTED:  # a whole column may be written so: a few of it will do
            told = told.filter(pl.int_range(pl.len()).over("kind") < LISTED)
        found.append(told)
    return (pl.concat(found) if found else empty(Repairs)), counts
