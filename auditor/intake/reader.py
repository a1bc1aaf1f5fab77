"""The order of work: open, find the header, find the columns, read batch by batch, reconcile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.errors import ConfigError, InputRejected
from auditor.intake import amounts, codes, dates, gate, layout, leftover, mapping, steps, warning
from auditor.intake import canonical as canon
from auditor.intake import header as headers
from auditor.intake.interface import FileRead, Intake
from auditor.intake.opening import names_of, open_source
from schemas import ClaimLines, RejectedRows, Repairs, SetAside, dtypes, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.intake.header import HeaderRow
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.mapping import Columns
    from auditor.intake.source import Body, Ragged, Source

_BUSINESS = ("medicare", "medicaid", "commercial")


class _Part(NamedTuple):
    """What one file gave."""

    lines: pl.DataFrame
    rejected: pl.DataFrame
    set_aside: pl.DataFrame
    repairs: pl.DataFrame
    file: FileRead
    fields: frozenset[str]
    mapped: frozenset[str]
    """Fields whose column the operator named, and the file has."""


def read(paths: Iterable[str | Path], options: IntakeOptions) -> Intake:
    """All files together; see auditor.intake.read_claims."""
    if options.line_of_business not in (None, *_BUSINESS):
        raise ConfigError(
            f"There is no line of business '{options.line_of_business}'.",
            next_step=f"Say one of: {', '.join(_BUSINESS)}.",
        )
    files = [Path(path) for path in paths]
    if not files:
        raise ConfigError("No claim file was named.", next_step="Name at least one file.")
    parts: list[_Part] = []
    seen: dict[str, str] = {}
    unmet = dict(options.columns)
    for path, name in zip(files, names_of(files), strict=True):
        source = open_source(path, name, options)
        part = _part(source, options, alone=len(files) == 1)
        unmet = {name: unmet[name] for name in unmet if name not in part.mapped}
        if part.file.sha256 in seen:
            raise InputRejected(
                f"It has the same content as {seen[part.file.sha256]}, so that every line would"
                " be there twice.",
                where=part.file.name,
                next_step="Name each file once.",
            )
        seen[part.file.sha256] = part.file.name
        parts.append(part)
    if unmet and len(files) > 1:
        name, column = next(iter(unmet.items()))
        raise ConfigError(
            f"None of the files has a column '{column}' for --map {name}={column}.",
            next_step="See the header row of the files for the name.",
        )
    lines = pl.concat([part.lines for part in parts]) if len(parts) > 1 else parts[0].lines
    return Intake(
        lines=lines.rechunk().with_row_index("line_key").select(list(dtypes(ClaimLines))),
        rejected=_stack(RejectedRows, [part.rejected for part in parts]),
        set_aside=_stack(SetAside, [part.set_aside for part in parts]),
        repairs=_stack(Repairs, [part.repairs for part in parts]),
        files=tuple(part.file for part in parts),
        fields_present=frozenset().union(*(part.fields for part in parts)),
    )


def _stack(model: type, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`frames` under one another with the columns and types of `model`."""
    return pl.concat([empty(model), *(frame.select(list(dtypes(model))) for frame in frames)])


def _part(source: Source, options: IntakeOptions, *, alone: bool) -> _Part:
    """Read one file to the end; of several files not each needs to have the mapped columns."""
    header = _header(source, options)
    body = source.body(header)
    gate.raw(body.cells)
    if body.cells.is_empty() and not body.ragged:
        raise _no_lines(source)
    mapped = options.columns if alone else headers.present(body.names, options.columns)
    columns = mapping.resolve(body.names, body.cells, mapped, source.name)
    left = leftover.find(body.cells, columns)
    cells, rows = body.cells, body.rows
    if left.keep is not None:
        cells, rows = cells.filter(left.keep), rows.filter(left.keep)
    ragged, trailers = leftover.ragged_totals(body.ragged, columns)
    if cells.is_empty() and not ragged:
        raise _no_lines(source)
    plan, warnings = _plan(source, body, columns, options)
    notes: list[str] = []
    outcome = _batches(cells, rows, plan)
    if ragged:
        outcome.rejected.append(_ragged(ragged, columns, plan))
        outcome.read += len(ragged)
    if outcome.other_types:
        notes.append(
            f"{outcome.other_types:,} lines have a claim type that is neither professional nor"
            " institutional; they are audited as professional."
        )
    notes += leftover.notes(left.blank + body.blank, left.totals + trailers, left.repeated)
    lines = pl.concat(outcome.lines) if len(outcome.lines) > 1 else outcome.lines[0]
    rejected = _stack(RejectedRows, outcome.rejected).sort("source_row", maintain_order=True)
    aside = pl.concat(outcome.set_aside)
    if outcome.read != lines.height + aside.height + rejected.height:
        message = (
            f"{outcome.read} lines read are not {lines.height} audited + {aside.height} set aside"
            f" + {rejected.height} rejected"
        )
        raise RuntimeError(message)
    repairs = pl.concat(outcome.repairs)
    warnings += warning.rejections(rejected, outcome.read)
    warnings += warning.emptied(lines, repairs, columns.mapping())
    file = FileRead(
        name=source.name,
        sha256=source.sha256,
        encoding=source.encoding,
        delimiter=source.delimiter,
        header_row=header.record.row,
        rows=cells.height + len(ragged),
        lines_read=outcome.read,
        rejected=rejected.height,
        set_aside=aside.height,
        mapping=columns.mapping(),
        unused=columns.unused(),
        notes=(*warnings, *source.notes, *columns.notes, *notes),
        unneeded=columns.unneeded(),
        warnings=tuple(warnings),
    )
    return _Part(lines, rejected, aside, repairs, file, _fields(columns), frozenset(mapped))


def _no_lines(source: Source) -> InputRejected:
    return InputRejected(
        "The file has a header but no claim lines below it.",
        where=source.name,
        next_step="Export it again with its claim lines.",
    )


def _header(source: Source, options: IntakeOptions) -> HeaderRow:
    head = source.head()
    found = headers.find(head, tuple(options.columns.values()))
    if found is not None:
        return found
    # Without a header the first row may be a patient's, so nothing of it is shown.
    raise InputRejected(
        f"No header row was recognised in the first {headers.LOOKED_AT} rows.",
        where=source.name,
        next_step="The file needs a row of column names such as Claim ID, Patient ID, DOS, CPT,"
        " Rendering NPI; for other names say --map FIELD=COLUMN, for example"
        " --map code='Service'.",
    )


def _plan(
    source: Source, body: Body, columns: Columns, options: IntakeOptions
) -> tuple[steps.Plan, list[str]]:
    """What holds for the whole file: how its dates and amounts are read, its payer by default."""
    found = {
        name: pl.concat([body.cells[str(place)].alias(name) for place in places])
        for name, places in steps.date_columns(columns).items()
    }
    readings, warnings = dates.readings(found, serials=source.serials)
    comma = amounts.decimal_comma([body.cells[str(n)] for n in steps.amount_columns(columns)])
    if comma:
        warnings.append("Amounts were read with a decimal comma: 1.234,56 as 1,234.56.")
    business = options.line_of_business
    plan = steps.Plan(source.name, columns, readings, business, body.numbers, comma)
    return plan, warnings


class _Outcome:
    """What the batches of one file gave."""

    def __init__(self) -> None:
        self.lines: list[pl.DataFrame] = []
        self.rejected: list[pl.DataFrame] = []
        self.set_aside: list[pl.DataFrame] = []
        self.repairs: list[pl.DataFrame] = []
        self.read = 0
        self.other_types = 0


def _batches(cells: pl.DataFrame, rows: pl.Series, plan: steps.Plan) -> _Outcome:
    """Read all rows, about a million lines at a time."""
    outcome = _Outcome()
    size = max(gate.BATCH // max(len(plan.columns.slots), 1), 1)
    for offset in range(0, max(cells.height, 1), size):
        part, numbers = cells.slice(offset, size), rows.slice(offset, size)
        raw = layout.lines_of(part, plan.columns)
        done = canon.canonical(raw, numbers, plan)
        outcome.read += raw.height
        outcome.other_types += done.other_types
        outcome.lines.append(done.lines)
        outcome.set_aside.append(done.set_aside)
        outcome.repairs.append(done.repairs)
        if done.rejected.height:
            outcome.rejected.append(_with_raw(done.rejected, part, plan))
        if plan.columns.slots:
            bare = _without_lines(raw, part, numbers, plan)
            outcome.read += bare.height
            outcome.rejected.append(bare)
    return outcome


def _with_raw(rejected: pl.DataFrame, cells: pl.DataFrame, plan: steps.Plan) -> pl.DataFrame:
    """RejectedRows: the whole row of the file as JSON beside each rejected line."""
    named = dict(zip(cells.columns, plan.columns.names, strict=False))
    texts = cells[rejected[layout.CELL].to_list()].rename(named)
    raw = texts.select(raw=pl.struct(pl.all()).struct.json_encode()).to_series()
    return rejected.with_columns(pl.lit(plan.source_file).alias("source_file"), raw).select(
        list(dtypes(RejectedRows))
    )


def _identity(cells: pl.DataFrame, plan: steps.Plan) -> pl.DataFrame:
    """claim_id, patient_id and service_date of rows that hold no readable line."""
    single = plan.columns.single
    dated = pl.Series([None], dtype=pl.Date).new_from_index(0, cells.height)
    for name in ("service_date_from", "claim_date_from"):
        if name in single and dated.null_count():
            raw = cells[str(single[name])].alias("raw")
            table = dates.parse(raw.drop_nulls().unique(), plan.readings[name])
            own = raw.to_frame().join(table, on="raw", how="left", maintain_order="left")["value"]
            dated = pl.select(pl.coalesce(dated, own)).to_series()
    return pl.DataFrame(
        {
            **{
                name: codes.ids(cells[str(single[name])]).values
                for name in ("claim_id", "patient_id")
            },
            "service_date": dated,
        }
    )


def _without_lines(
    raw: pl.DataFrame, cells: pl.DataFrame, rows: pl.Series, plan: steps.Plan
) -> pl.DataFrame:
    """Wide rows with nothing in any of their places: one rejected row each."""
    places = pl.int_range(cells.height, dtype=pl.UInt32, eager=True)
    left = ~places.is_in(raw[layout.CELL].unique().implode())
    identity = _identity(cells.filter(left), plan)
    rejected = identity.with_columns(
        places.filter(left).alias(layout.CELL),
        rows.filter(left).alias("source_row"),
        pl.lit("the row holds no service line").alias("reasons"),
    )
    return _with_raw(rejected, cells, plan)


def _ragged(ragged: Sequence[Ragged], columns: Columns, plan: steps.Plan) -> pl.DataFrame:
    """RejectedRows of the rows that do not have the header's number of cells."""
    width = len(columns.names)
    padded = [(*row.cells, *[""] * width)[:width] for row in ragged]
    cells = pl.DataFrame(
        {str(n): [each[n] or None for each in padded] for n in range(width)},
        schema={str(n): pl.String for n in range(width)},
    )
    return _identity(cells, plan).with_columns(
        pl.lit(plan.source_file).alias("source_file"),
        pl.Series("source_row", [row.row for row in ragged], dtype=pl.UInt32),
        pl.Series("reasons", [row.reason for row in ragged]),
        pl.Series("raw", [row.raw(columns.names) for row in ragged]),
    )


def _fields(columns: Columns) -> frozenset[str]:
    """Canonical fields that the file has a column for."""
    canonical = set(canon.SCHEMA)
    found = {name for name in columns.used() if name in canonical}
    if columns.slots:
        found.add("line_number")
    for decides, name in (
        ("line_diagnosis", "diagnoses"),
        ("principal_diagnosis", "diagnoses"),
        ("claim_status", "paid_status"),
        ("void_indicator", "claim_frequency"),
    ):
        if columns.has(decides):
            found.add(name)
    return frozenset(found)
