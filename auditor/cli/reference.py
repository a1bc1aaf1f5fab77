"""`auditor reference`: bring CMS's own files into the store, show and compare what is there."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor import config
from auditor.cli import options, output, places
from auditor.errors import ConfigError, ReferenceDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.reference.listing import Listed
    from auditor.reference.merging import Outcome

# Kept here as well as in auditor.reference.interface, which is slow to import; a test compares.
KindName = Literal[
    "aoc",
    "ptp-practitioner",
    "ptp-hospital",
    "mue-practitioner",
    "mue-hospital",
    "mue-dme",
    "fee-schedule",
    "hcpcs",
]

app = typer.Typer(
    name="reference",
    help="Import CMS reference files; list, show and compare the tables.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)

_Folder = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        metavar="DIR",
        help="The store's folder; default: AUDITOR_REFERENCE, else that of auditor.toml, else the"
        " user's data folder.",
        show_default=False,
    ),
]


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="CMS files, zips, or folders of them."),
    ],
    kind: Annotated[
        KindName | None,
        typer.Option("--kind", help="What the files are, where neither name nor contents say."),
    ] = None,
    effective: Annotated[
        datetime | None,
        typer.Option(
            "--effective",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="First day of the release, in place of what the names say.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Let a file named here replace other rows of its release: a CMS correction.",
        ),
    ] = False,
    reference: _Folder = None,
) -> None:
    """Import CMS files: AOC, PTP, MUE, PPRRVU and HCPCS Level II.

    Kind and release are recognised from contents and name; the order of files does not matter.
    """
    from auditor.reference.importer import Request, import_files
    from auditor.reference.store import chosen_folder

    folder, _ = chosen_folder(named(reference))
    request = Request(kind, effective.date() if effective else None, replace)
    with output.progress() as step:
        outcomes = import_files(paths, folder, request, lambda name: step(f"Reading {name}"))
    for text in told(outcomes):
        output.say(text)
    output.say(f"The store is {folder}")
    if all(outcome.result == "skipped" for outcome in outcomes):
        raise ReferenceDataError(
            "no CMS table was found, so nothing was imported.",
            next_step="Name the files that CMS's download pages give, zipped or not.",
        )


@app.command("list")
def list_(reference: _Folder = None) -> None:
    """List the releases in the store, and whether each one judges."""
    from auditor.reference.listing import store_listing

    folder, listed = store_listing(named(reference))
    output.say(listing(listed))
    if not any(entry.imported for entry in listed):
        output.say("No CMS file is imported yet; the starter set serves.")
    for text in wordless(listed):
        output.say(text)
    output.say(f"The store is {folder}")


@app.command("show")
def show(
    table: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="Its name; without one, all are listed.")
    ] = None,
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="Only the rows that concern this code or modifier."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every row on the code, however many there are.")
    ] = False,
    reference: _Folder = None,
) -> None:
    """Show the tables that judge: one of them, or its rows on one code.

    Built-in policy tables are printed whole; CMS tables (ptp, aoc, mue, fees, hcpcs) by code.
    """
    from auditor.cli.reference_show import shown
    from auditor.reference.loaded import load_reference

    for text in shown(load_reference(named(reference)), table, code, everything=everything):
        output.say(text)


@app.command("diff")
def diff(
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="A", help="Release to begin with: its label, the beginning of it, or 2026Q1."
        ),
    ] = None,
    second: Annotated[
        str | None, typer.Argument(metavar="B", help="Release to compare it with.")
    ] = None,
    reference: _Folder = None,
    other: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Take B from this store; without names, compare the newest releases of both.",
        ),
    ] = None,
    kind: Annotated[
        KindName | None, typer.Option("--kind", help="Only tables of this kind.")
    ] = None,
    codes: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="Only rows on these codes: 20610,77002."),
    ] = None,
    codes_of: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Only rows on codes of this claim file; of pairs and add-on edits, with both"
            " codes in it. May be repeated.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write every change to this file.")
    ] = None,
    sheet: options.Sheet = None,
    map_: options.Mapped = None,
    layout: options.LayoutFile = None,
    date_order: options.DateOrder = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Show what changed between two releases, A and B.

    Rows added, ended, changed and removed. Name the releases as 'auditor reference list' does.
    --sheet, --map, --layout, --date-order and --config say how the files of --codes-of are read.
    """
    from auditor.cli import reference_diff
    from auditor.cli.given import Given, merged

    if (first is None) != (second is None) or (second is None and other is None):
        raise ConfigError(
            "Two releases are needed.",
            next_step="Name both, as 'auditor reference list' shows them, or another store with"
            " --other DIR.",
        )
    if codes and codes_of:
        raise ConfigError(
            "--codes and --codes-of exclude each other.", next_step="Leave one of them out."
        )
    if out is not None:
        if out.suffix.lower() != ".csv":
            raise ConfigError(
                f"'{out.name}' does not end in .csv.", where="--out", next_step="Name it so."
            )
        places.check(codes_of or [], {"--out": out})
    wanted = reference_diff.Wanted()
    if codes:
        wanted = reference_diff.Wanted(tuple(reference_diff.codes_named(codes)))
    if codes_of:
        columns = tuple(map_ or ())
        given = Given(
            None, None, (), (), None, sheet, columns, layout=layout, date_order=date_order
        )
        settings = merged(given, config.find(config_file))
        wanted = reference_diff.Wanted(
            tuple(reference_diff.codes_of(codes_of, settings)), together=True
        )
    names = None if first is None or second is None else (first, second)
    here = named(reference)
    for text in reference_diff.told((here, other or here), names, kind, wanted, out):
        output.say(text)


def named(reference: Path | None) -> Path | None:
    """The store that the option names, else the environment (None here), else the settings."""
    if reference is not None or os.environ.get("AUDITOR_REFERENCE"):
        return reference
    settings = os.environ.get("AUDITOR_CONFIG")
    file = config.find(Path(settings) if settings else None)
    return None if file is None else config.load(file).reference


def told(outcomes: Sequence[Outcome]) -> list[str]:
    """The table of what became of each file, and the remarks below it."""
    head = ("RESULT", "ROWS", "NOT PARSED", "SECONDS", "RECOGNISED AS", "FILE")
    rows = [
        (
            outcome.result,
            f"{outcome.rows:,}" if outcome.recognised else "",
            f"{outcome.unparsed:,}" if outcome.recognised else "",
            f"{outcome.seconds:.1f}",
            outcome.recognised or "-",
            outcome.file,
        )
        for outcome in outcomes
    ]
    texts = [output.table([head, *rows], right=frozenset({1, 2, 3}))]
    noted = [outcome for outcome in outcomes if outcome.note]
    if noted:
        texts.append("")
    texts += [output.wrapped(f"{outcome.file}: {outcome.note}", 2, "") for outcome in noted]
    tables = sum(outcome.result != "skipped" for outcome in outcomes)
    bad = sum(outcome.unparsed for outcome in outcomes)
    took = sum(outcome.seconds for outcome in outcomes)
    texts += ["", f"Tables: {tables:,}. Rows that did not parse: {bad:,}. Seconds: {took:.1f}"]
    return texts


def wordless(listed: Sequence[Listed]) -> list[str]:
    """What would add the descriptions that a store imported long ago does not have."""
    lacking = [entry.label for entry in listed if entry.wordless]
    if not lacking:
        return []
    told = (
        f"Imported before descriptions were kept: {', '.join(lacking)}. Importing the same files"
        " again adds them, for 'auditor code' and 'auditor search'; nothing else changes."
    )
    return [output.wrapped(told)]


def listing(listed: Sequence[Listed]) -> str:
    """The releases as a table."""
    head = ("RELEASE", "FROM", "ROWS", "NOT PARSED", "STATE", "SOURCE")
    rows = [
        (
            entry.label,
            entry.effective.isoformat(),
            f"{entry.rows:,}",
            f"{entry.unparsed:,}",
            entry.state,
            entry.source,
        )
        for entry in listed
    ]
    return output.table([head, *rows], right=frozenset({2, 3}))
