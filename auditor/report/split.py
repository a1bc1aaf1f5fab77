"""A report for each recipient: one practitioner, or one billing provider, and nobody else's rows.

Each part is the report of a smaller result, written by the same sheets, so a reviewer's answers in
it are imported as from the whole: finding ids and check values stay what they are. A part holds
the findings on the recipient's own lines and these lines alone. A finding may still name the claim,
line, code and date of the line that it was compared with, whoever rendered that: without them it
could not be understood or answered. It never names who rendered it: another recipient's number is
taken out of texts, of notes, and of what a line says of billing and referring providers. Rejected
rows and what could not be judged are not known by practitioner and stay in the report of all lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from auditor.errors import ReportError
from auditor.report import place
from auditor.report.practitioners import scorecard
from auditor.report.quoted import Quoted
from auditor.report.workbook import form_of, planned, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from auditor.intake.interface import FileRead
    from auditor.ledger.life import Life
    from auditor.result import AuditResult
    from auditor.rules import Rule

By = Literal["practitioner", "billing"]

ANOTHER = "(another NPI)"
_NUMBER = {"practitioner": "rendering_npi", "billing": "billing_npi"}
_WORDS = {"practitioner": "rendering NPI", "billing": "billing NPI"}
_NAMED_BESIDE = {
    "practitioner": ("billing_npi", "referring_npi"),
    "billing": ("referring_npi",),
}
"""Columns that may name another recipient. Who rendered under a billing NPI is its own to know."""
_TEXTS = ("message", "remedy", "table_row")
_NPI = r"^[0-9]{10}$"
_SHORTEST = 6
"""Shorter stand-ins (0, NONE) name nobody, and are words of other things."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one recipient gets."""

    name: str
    """Of its workbook, without the ending: the NPI where there is one."""
    result: AuditResult


def write_parts(  # noqa: PLR0913 - as write_report's
    result: AuditResult,
    workbook: Path,
    by: By,
    *,
    rules: Sequence[Rule] | None = None,
    sheet_rows: int | None = None,
    password: str | None = None,
) -> Path | None:
    """Write a workbook for each recipient with findings and answer their folder; None: nobody.

    The folder is `name.by-practitioner` (or `.by-billing`) beside `workbook`, the report
    name.xlsx, or the next free `name (2).by-practitioner`; its files are `NPI.xlsx`, and
    `no-rendering-npi.xlsx` for lines without a number. It appears whole or not at all. Rules,
    rows and password are those of write_report; the sheet Rules holds those that found something.

    Raises ReportError where the place cannot be written, and for a result without its claim lines.
    """
    form = form_of(rules, sheet_rows, password=password)
    with place.workroom(workbook) as room:
        staged = room / "parts"
        staged.mkdir(mode=place.PRIVATE_FOLDER)
        for part in parts_of(result, by):
            found = part.result.findings
            ids = {*found["rule_id"], *" ".join(found["also"].unique()).split()}
            own = replace(form, rules=tuple(r for r in form.rules if r.id in ids))
            free = place.Free(staged / f"{part.name}.xlsx", None, ())
            for file in write_whole(planned(part.result, own), free, staged):
                place.settle(file)
        if not any(staged.iterdir()):
            return None
        while True:
            folder = place.free_name(workbook.with_suffix(f".by-{by}")).path
            try:
                place.place_folder(staged, folder)
            except FileExistsError:
                continue
            return folder


def parts_of(result: AuditResult, by: By) -> Iterator[Part]:
    """The part of each recipient with a finding, in the order of their numbers."""
    if result.findings.is_empty():
        return
    if result.places.height != result.findings.height:
        raise ReportError(
            "This result has no claim lines, so it cannot be divided.",
            next_step="Divide what an audit answers, before it is stored or filtered.",
        )
    number = _NUMBER[by]
    owner = result.lines[number].gather(result.places["row"])
    receiving = owner.unique()
    everyone = set(result.lines[number].drop_nulls().unique())
    # Dividing once costs what filtering for one recipient would.
    kept = pl.col(number).is_in(receiving.implode(), nulls_equal=True)
    lines = _by(result.lines.with_row_index("row").filter(kept), number)
    found = _by(
        pl.concat([result.findings, result.places], how="horizontal").with_columns(_owner=owner),
        "_owner",
    )
    strange = receiving.drop_nulls().filter(~receiving.drop_nulls().str.contains(_NPI)).sort()
    names = {text: f"not-an-npi-{n}" for n, text in enumerate(strange, start=1)}
    cards = scorecard(result) if by == "practitioner" else None
    for recipient in receiving.sort(nulls_last=True):
        if recipient is None:
            name = f"no-{_WORDS[by].replace(' ', '-').lower()}"
            told = f"lines without a {_WORDS[by]}"
        elif recipient in names:
            name, told = names[recipient], f"lines whose {_WORDS[by]} is given as '{recipient}'"
        else:
            name, told = recipient, f"the {_WORDS[by]} {recipient}"
        others = {n for n in everyone if n != recipient and len(n) >= _SHORTEST}
        own = _without(lines[recipient], others, _NAMED_BESIDE[by])
        part = _restricted(result, found[recipient], own, others, told)
        if result.life is not None:
            part = replace(part, life=_lived(result.life, part, by, recipient, others))
        if cards is not None:
            part = replace(
                part, card=cards.filter(pl.col(number).eq_missing(pl.lit(recipient, pl.String)))
            )
        yield Part(name, part)


def _by(table: pl.DataFrame, column: str) -> dict[str | None, pl.DataFrame]:
    """The rows of each value, in their order."""
    divided = table.partition_by(column, maintain_order=True, as_dict=True)
    return {key[0]: rows for key, rows in divided.items()}


def _without(lines: pl.DataFrame, others: set[str], columns: Sequence[str]) -> pl.DataFrame:
    """`lines` without the numbers of others."""
    theirs = pl.Series(sorted(others), dtype=pl.String)
    blanked = [
        pl.when(~pl.col(c).is_in(theirs.implode())).then(pl.col(c)).alias(c) for c in columns
    ]
    notes = pl.col("claim_note")
    if others and bool(lines["claim_note"].str.contains(r"\d{6}").any()):
        notes = notes.str.replace_many(dict.fromkeys(sorted(others), ANOTHER))
    return lines.with_columns(*blanked, notes)


def _restricted(
    result: AuditResult, found: pl.DataFrame, lines: pl.DataFrame, others: set[str], told: str
) -> AuditResult:
    """The result of `found` (with row and other) and `lines` (with row) alone."""
    quoted = Quoted(dict.fromkeys(others, ANOTHER))
    rows = lines["row"]
    new = pl.DataFrame({"row": rows, "at": pl.int_range(rows.len(), dtype=pl.UInt32, eager=True)})
    places = found.select("row", "other")
    for column in ("row", "other"):
        joined = places.select(row=column).join(new, on="row", how="left", maintain_order="left")
        places = places.with_columns(joined["at"].alias(column))
    pairs = result.pairs.join(new, on="row").join(
        new.rename({"row": "other", "at": "other_at"}), on="other"
    )
    pairs = pairs.with_columns(row="at", other="other_at").select(result.pairs.columns)
    decided = result.standing.join(found, on="finding_id", how="semi", maintain_order="left")
    gone = new.join(result.lines_gone.alias("row").to_frame(), on="row", how="semi")["at"].sort()
    lines = lines.drop("row")
    of_files = int((rows < result.lines_of_files).sum())
    judged = int((rows < result.lines_of_files + result.lines_of_earlier).sum())
    tonight = lines.head(of_files)
    standing = tonight.filter(
        ~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(gone.implode())
    ).select("source_file", "line_of_business", "service_date_from")
    aside = result.set_aside.join(
        tonight[gone.filter(gone < of_files)], on=["source_file", "source_row"], how="semi"
    )
    findings = found.select(result.findings.columns)
    findings = findings.with_columns(quoted.column(findings[name]) for name in _TEXTS)
    first, last = standing.select(
        pl.col("service_date_from").min().alias("first"),
        pl.col("service_date_from").max().alias("last"),
    ).row(0)
    return replace(
        result,
        findings=findings,
        places=places,
        pairs=pairs,
        lines=lines,
        lines_of_files=of_files,
        lines_of_earlier=judged - of_files,
        lines_again=judged - of_files - int(gone.is_between(of_files, judged, closed="left").sum()),
        lines_gone_before=result.lines_gone_before.clear(),
        lines_gone=gone.alias("row"),
        coverage=result.coverage.clear(),
        table_coverage=result.table_coverage.clear(),
        unjudged_codes=result.unjudged_codes.clear(),
        rejected=result.rejected.clear(),
        repairs=result.repairs.clear(),
        standing=decided.with_columns(quoted.column(decided[n]) for n in ("reason", "told")),
        unmatched=result.unmatched.clear(),
        set_aside=aside,
        files=_files(result.files, standing, aside),
        lines_read=standing.height + aside.height,
        lines_audited=standing.height,
        lines_by_business=dict(
            standing.group_by("line_of_business").len().sort("line_of_business").iter_rows()
        ),
        first_service_date=first,
        last_service_date=last,
        notes=tuple(f"Of all lines together: {quoted.replaced(note)}" for note in result.notes),
        part=told,
    )


def _lived(
    life: Life, part: AuditResult, by: By, recipient: str | None, others: set[str]
) -> Life | None:
    """What is known of the nights about the recipient's findings.

    Who billed a finding of an earlier night is not known, so parts by billing provider say nothing
    of them.
    """
    if by == "billing":
        return None
    quoted = Quoted(dict.fromkeys(others, ANOTHER))
    mine = pl.col("rendering_npi").eq_missing(pl.lit(recipient, pl.String))
    closed, carried = life.closed.filter(mine), life.carried.filter(mine)
    return replace(
        life,
        findings=life.findings.join(part.findings, on="finding_id", how="semi"),
        closed=closed.with_columns(quoted.column(closed["decision"])),
        carried=carried.with_columns(quoted.column(carried["decision"])),
        trends=life.trends.without(),
    )


def _files(
    files: Sequence[FileRead], standing: pl.DataFrame, aside: pl.DataFrame
) -> tuple[FileRead, ...]:
    """The files that the lines stand in, with what they hold of them."""
    audited = dict(standing["source_file"].value_counts().iter_rows())
    left = dict(aside["source_file"].value_counts().iter_rows())
    told = []
    for file in {f.name: f for f in reversed(files)}.values():
        kept, put_aside = audited.get(file.name, 0), left.get(file.name, 0)
        if kept or put_aside:
            told.append(
                replace(
                    file,
                    rows=kept + put_aside,
                    lines_read=kept + put_aside,
                    rejected=0,
                    set_aside=put_aside,
                    notes=(),
                    warnings=(),
                    repaired={},
                )
            )
    return tuple(sorted(told, key=lambda f: f.name))
