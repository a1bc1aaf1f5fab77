"""`auditor sample`: a random sample of claim lines, as a worksheet for a manual audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import output, places, selection
from auditor.cli.given import today
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from auditor.sampling.interface import Basis, By, Design

_BYS: tuple[By, ...] = ("rule", "practitioner")
_BASES: tuple[Basis, ...] = ("charge", "paid")


def sample(
    findings: Annotated[Path, typer.Argument(metavar="FINDINGS", hidden=True, readable=False)],
    size: Annotated[
        int, typer.Option(metavar="N", min=1, help="Claim lines to draw.", show_default=False)
    ],
    seed: Annotated[
        int,
        typer.Option(
            metavar="S",
            min=0,
            help="Number the order of drawing rests on; fix it before you look.",
            show_default=False,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="rule|practitioner", help="Draw from each apart [default: from all together]."
        ),
    ] = None,
    basis: Annotated[
        str,
        typer.Option(
            metavar="charge|paid",
            help="Amount to examine: the charge, or what was paid, which the reviewer fills in.",
        ),
    ] = "charge",
    with_info: Annotated[
        bool, typer.Option("--with-info", help="Also lines with nothing but ledger entries.")
    ] = False,
    with_denied: Annotated[
        bool, typer.Option("--with-denied", help="Also lines that were denied or paid nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.xlsx",
            help="Worksheet to write; one there is never replaced [default: beside the reports].",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", envvar="AUDITOR_AS_OF", help="What counts as today [default: today]."
        ),
    ] = None,
) -> None:
    """Draw a random sample of claim lines for a manual audit.

    FINDINGS: what 'auditor audit --findings FILE' wrote (.parquet, .csv or .jsonl). Drawn from are
    the claim lines that have a finding in it. Writes a worksheet to fill in; 'auditor estimate'
    measures it. The same findings, size and seed give the same lines, whatever the order of rows.
    """
    chosen_by = selection.one_of(by, _BYS, "--by", "sample") if by else None
    chosen_basis = selection.one_of(basis, _BASES, "--basis", "sample")
    day = selection.day(as_of, "--as-of") if as_of else today()
    path = out or default_worksheet(findings, day)
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(
            f"'{path.name}' does not end in .xlsx.",
            where="--out",
            next_step="The worksheet is an Excel workbook.",
        )
    places.check([findings], {"--out": path})
    with output.progress() as step:
        step("Reading the findings")
        from auditor.sampling import draw, frame, source, worksheet

        found = source.read_findings(findings)
        step("Drawing")
        lines = frame.build(
            found.frame,
            by=chosen_by,
            basis=chosen_basis,
            with_info=with_info,
            with_denied=with_denied,
        )
        drawn, design = draw.draw(
            lines,
            size=size,
            seed=seed,
            by=chosen_by,
            basis=chosen_basis,
            sha256=found.sha256,
            with_denied=with_denied,
            run_ids=" ".join(sorted(found.frame["run_id"].unique())),
        )
        step("Writing")
        written = worksheet.write_worksheet(drawn, design, path, as_of=day)
    for text in lines_text(design, size, written):
        output.say(text)


def default_worksheet(findings: Path, day: date) -> Path:
    """The worksheet nobody named: beside the reports, after the findings file."""
    return places.default_report([findings.with_name(f"{findings.stem}-sample.x")], day)


def lines_text(design: Design, size: int, written: Path) -> Iterator[str]:
    """What was drawn from what; counts, amounts and rules only."""
    yield output.wrapped(
        f"Frame: {design.lines:,} claim lines, {design.charge_cents / 100:,.2f} billed, from"
        f" {design.findings:,} findings."
    )
    for each in design.left_out:
        yield output.wrapped(f"Left out: {each.lines:,}, {each.reason}.", 4, "  ")
    whole = (
        " All lines of the frame are in it: a full review, without sampling error."
        if design.sampled == design.lines
        else ""
    )
    fewer = f" ({size:,} were asked for)" if design.sampled < size else ""
    yield output.wrapped(
        f"Sample: {design.sampled:,} lines{fewer}, seed {design.seed}, method {design.method}."
        f"{whole}"
    )
    if len(design.strata) > 1:
        yield ""
        yield "Strata (in proportion to their lines, at least 2 each)"
        rows = [("", "LINES", "DRAWN")]
        for s in design.strata:
            name = s.name if design.by == "rule" else f"stratum {s.number}"
            rows.append((f"  {name}", f"{s.lines:,}", f"{s.sampled:,}"))
        yield output.table(rows, right=frozenset({1, 2}))
        yield ""
    yield f"Worksheet: {written}"
    yield "Next: fill in the yellow columns, then auditor estimate on it"
