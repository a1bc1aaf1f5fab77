"""One source from its header to its last line: columns, blocks, reconciliation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.ahead import ahead
from auditor.errors import ConfigError, InputRejected
from auditor.intake import canonical as canon
from auditor.intake import header as headers
from auditor.intake import leftover, mapping, missing, names, places, steps, warning
from auditor.intake.evidence import Evidence
from auditor.intake.interface import FileRead
from auditor.intake.outcome import Outcome
from auditor.intake.payers import PayerMap
from auditor.intake.places import Reading
from auditor.intake.textfile import OtherEncodingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.intake.columns import Columns
    from auditor.intake.evidence import Decided
    from auditor.intake.header import HeaderRow
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.layout import Layout
    from auditor.intake.outcome import Sums
    from auditor.intake.source import Body, Source


_SPOKEN = {"payer": pl.String, "line_of_business": pl.String, "lines": pl.UInt32}


class Part(NamedTuple):
    """What one file gave."""

    lines: list[pl.DataFrame]
    """ClaimLines without line_key, batch by batch; none where a keeper took them."""
    spoken: pl.DataFrame
    """payer, line_of_business, lines: how many lines say what; some pairs more than once."""
    rejected: pl.DataFrame
    set_aside: pl.DataFrame
    repairs: pl.DataFrame
    file: FileRead
    fields: frozenset[str]
    """Canonical fields that the file has a column for."""
    mapped: frozenset[str]
    """Fields whose column the operator named, and the file has."""
    title: str
    """Of the sheet; '' where the file has none."""


class _Job(NamedTuple):
    """What is known of a source before its lines are read."""

    source: Source
    header: HeaderRow
    columns: Columns
    options: IntakeOptions

    def outcome(self, decided: Decided, *, sign_untold: bool = False) -> Outcome:
        """An empty outcome of a reading as `decided`."""
        plan = steps.Plan(
            self.source.name,
            self.columns,
            decided.readings,
            self.options.line_of_business,
            payers=PayerMap(self.options.payers) if self.options.payers else None,
            decimal_comma=decided.decimal_comma,
            sign_untold=sign_untold,
        )
        return Outcome(plan, self.options.keeper)

    def again(self, decided: Decided, *, sign_untold: bool = False) -> Outcome:
        """What all blocks give, read once more from the first."""
        outcome = self.outcome(decided, sign_untold=sign_untold)
        blocks = _Blocks(self.source, self.header, self.options)
        _rest(outcome, Evidence(self.columns), first(self.source, blocks.here), blocks)
        return outcome


class _Blocks:
    """The blocks of a source: those that this process reads, and places that others may."""

    def __init__(self, source: Source, header: HeaderRow, options: IntakeOptions) -> None:
        self.readers = options.readers
        self.places = None if self.readers is None else places.of(source, header)
        if self.places is None:
            self.here: Iterator[Body] = ahead(source.blocks(header))
        else:
            self.here = self.places.here()


def read(source: Source, options: IntakeOptions, *, alone: bool) -> Part:
    """Read one source to the end; of several not each needs to have the mapped columns."""
    try:
        return _part(source, options, alone=alone)
    except OtherEncodingError as other:
        return _part(other.source, options, alone=alone)


def _part(source: Source, options: IntakeOptions, *, alone: bool) -> Part:
    pinned = options.layout
    header = header_of(source, options)
    blocks = _Blocks(source, header, options)
    begun = first(source, blocks.here)
    body = begun[-1]
    mapped = options.columns if alone else headers.present(body.names, options.columns)
    fixed = source.columns
    unread: tuple[str, ...] = ()
    if fixed is not None and mapped:
        raise _nothing_to_map(source, mapped)
    if fixed is not None:
        columns = fixed
    elif pinned is not None:
        columns = pinned.resolve(body.names)
        if pinned.header:
            unread = mapping.unread(body.names, body.cells, columns, source.name)
    else:
        columns = mapping.resolve(body.names, body.cells, mapped, source.name)
    del body
    outcome, notes, told = _read(_Job(source, header, columns, options), begun, blocks)
    sums = outcome.sums
    if not sums.rows:
        raise _no_lines(source)
    missing.check(sums.failed, sums.read, columns, source)
    missing.check_widths(sums.ragged, sums.read, source.name)
    rejected, aside, repairs = sums.reconciled()
    warnings = notes + warning.rejections(rejected, sums.read)
    warnings += warning.shortened(sums.repaired, columns.mapping())
    warnings += warning.emptied(sums.height, sums.nulls, sums.repaired, columns.mapping())
    warnings += sums.signs.warnings(columns.mapping())
    warnings += [*source.warnings, *columns.warnings, *unread]
    file = FileRead(
        name=source.name,
        sha256=source.sha256,
        encoding=source.encoding,
        delimiter=source.delimiter,
        header_row=header.record.row,
        rows=sums.rows,
        lines_read=sums.read,
        rejected=rejected.height,
        set_aside=aside.height,
        mapping=columns.mapping(),
        unused=columns.unused(),
        notes=(
            *warnings,
            *_layout(pinned, source),
            *source.notes,
            *(note for note in columns.notes if note not in columns.warnings),
            *_cents(columns),
            *told,
            *_notes(sums),
        ),
        unneeded=columns.unneeded() if fixed is None else columns.unused(),
        warnings=tuple(warnings),
        unread=unread,
        repaired=dict(sorted(sums.repaired.items())),
    )
    if options.keeper is not None:
        options.keeper.done()
    spoken = pl.concat([pl.DataFrame(schema=_SPOKEN), *sums.spoken])
    return Part(
        outcome.lines,
        spoken,
        rejected,
        aside,
        repairs,
        file,
        _fields(columns),
        frozenset(mapped),
        source.title,
    )


def first(source: Source, blocks: Iterator[Body]) -> list[Body]:
    """The blocks up to the first that holds a row: blank lines tell nothing of the columns."""
    found: list[Body] = []
    for body in blocks:
        found.append(body)
        if body.cells.height or body.ragged:
            return found
    raise _no_lines(source)


def _read(job: _Job, begun: list[Body], blocks: _Blocks) -> tuple[Outcome, list[str], list[str]]:
    """All blocks, warnings of how the file was read, and what the operator said of that.

    How dates and amounts are written is a matter of the whole file. The first block decides it;
    where the sum over all blocks decides otherwise, which is rare, the file is read once more; so
    it is where most amounts are below zero.
    """
    evidence = Evidence(job.columns)
    for body in begun:
        evidence.add(body.cells)
    decided, _ = evidence.decide(job.options, job.source.day_zero)
    outcome = job.outcome(decided)
    _rest(outcome, evidence, begun, blocks)
    final, notes = evidence.decide(job.options, job.source.day_zero)
    evidence.ask(final, job.options, job.source.name)
    if final != decided:
        outcome = job.again(final)
    if outcome.sums.signs.untold:
        outcome = job.again(final, sign_untold=True)
    return outcome, notes, evidence.told(job.options)


def _rest(outcome: Outcome, evidence: Evidence, begun: list[Body], blocks: _Blocks) -> None:
    """Read the blocks that were `begun`, and all that follow, whose evidence is added."""
    while begun:  # let go of each, so that one block at a time is held
        outcome.add(begun.pop(0))
    if blocks.places is None or blocks.readers is None:
        for body in blocks.here:
            evidence.add(body.cells)
            outcome.add(body)
        return
    reading = Reading(blocks.places.text, outcome.plan, Evidence(evidence.columns))
    for gone in blocks.readers.read(reading, blocks.places, outcome.sums.read):
        evidence.take(gone.evidence)
        outcome.sums.take(gone.sums, gone.first_row)


def _no_lines(source: Source) -> InputRejected:
    return InputRejected(
        "The file has a header but no claim lines below it.",
        where=source.name,
        next_step="Export it again with its claim lines.",
    )


def _nothing_to_map(source: Source, mapped: Mapping[str, str]) -> ConfigError:
    name, column = next(iter(mapped.items()))
    return ConfigError(
        f"The format of this file fixes what stands where; --map {name}={column} cannot change it.",
        where=source.name,
        next_step="Leave --map out, or audit the file apart from those that need it.",
    )


def header_of(source: Source, options: IntakeOptions) -> HeaderRow:
    """The header: the format's own, the layout's, or one that is recognised.

    Raises InputRejected where the file has another than the layout's, or none is recognised.
    """
    if source.header is not None:
        return source.header
    if options.layout is not None:
        return options.layout.header_row(source.head(), source.name)
    found = headers.find(source.head(), tuple(options.columns.values()))
    if found is not None:
        return found
    # Without a header the first row may be a patient's, so nothing of it is shown.
    raise InputRejected(
        f"No header row was recognised in the first {headers.LOOKED_AT} rows.",
        where=source.name,
        next_step="The file needs a row of column names such as Claim ID, Patient ID, DOS, CPT,"
        " Rendering NPI. For other names say --map FIELD=COLUMN, for example --map code='Service'."
        " A file without a header, or of fixed width, needs a layout (docs/layouts.md).",
    )


def _cents(columns: Columns) -> list[str]:
    used = columns.used()
    found = {name: columns.names[used[name][0]] for name in names.AMOUNTS if name in used}
    return [
        f"Column '{header}' ({name}) counts cents."
        for name, header in found.items()
        if name in columns.cents or names.in_cents(header)
    ]


def _layout(pinned: Layout | None, source: Source) -> tuple[str, ...]:
    if pinned is None:
        return ()
    if source.columns is not None and not pinned.fixed:
        return (f"The format says itself what stands where; {pinned.name} was not needed.",)
    return (f"Read as the layout {pinned.name} says.",)


def _notes(sums: Sums) -> list[str]:
    found = leftover.notes(sums.blank, sums.totals, sums.repeated)
    if sums.other_types:
        found.insert(
            0,
            f"{sums.other_types:,} lines have a claim type that is neither professional nor"
            " institutional; they are audited as professional.",
        )
    return found


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
        ("adjustment_type", "claim_frequency"),
    ):
        if columns.has(decides):
            found.add(name)
    return frozenset(found)
