"""`auditor audit`: claim files in; workbook, findings and a closing summary out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from auditor import config, rulewords, secret
from auditor.cli import options, output, passwords, places, selection, spark
from auditor.cli.given import FAIL_ON, Given, merged, today
from auditor.cli.run import Copies, Done, Request, SplitBy, perform
from auditor.cli.summary import lines_text
from auditor.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from auditor.cli.session import Session

_SPLITS: tuple[SplitBy, ...] = get_args(SplitBy)


def audit(
    ctx: typer.Context,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", hidden=True)],
    reference: options.Reference = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xlsx", help="Workbook to write; one there is never replaced."),
    ] = None,
    findings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Every finding as .parquet, .csv or .jsonl."),
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Counts and amounts as JSON.")
    ] = None,
    compare_reference: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Another folder of CMS tables: tell which findings would appear, disappear or"
            " change with it.",
        ),
    ] = None,
    compare_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Each of these findings, with both tables' rows."),
    ] = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Put pseudonyms in place of patients and claims, in the workbook and the findings"
            " file: a copy for showing.",
        ),
    ] = False,
    redact_key_file: options.RedactKeyFile = None,
    encrypt: Annotated[
        bool,
        typer.Option("--encrypt", help="Write workbooks that open with a password alone."),
    ] = False,
    report_password_file: options.ReportPasswordFile = None,
    split_by: Annotated[
        str | None,
        typer.Option(
            metavar="practitioner|billing",
            help="Write also a workbook for each rendering or billing NPI, with its rows alone.",
        ),
    ] = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    fail_on: options.FailOn = None,
    line_of_business: options.LineOfBusiness = None,
    sheet: options.Sheet = None,
    password_file: options.PasswordFile = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Earlier lines, looked at (global periods, earlier visits, duplicates) and not"
            " audited. May be repeated.",
        ),
    ] = None,
    map_: options.Mapped = None,
    layout: options.LayoutFile = None,
    date_order: options.DateOrder = None,
    year_pivot: options.YearPivot = None,
    ledger: options.Ledger = None,
    no_ledger: Annotated[
        bool, typer.Option("--no-ledger", help="Look at no reviewers' decisions.")
    ] = False,
    config_file: options.ConfigFile = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", envvar="AUDITOR_AS_OF", help="What counts as today [default: today]."
        ),
    ] = None,
    timings: Annotated[
        bool, typer.Option("--timings", help="Print time and rows by stage and by rule.")
    ] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no workbook.")] = False,
    parts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=10_000,  # eight billion lines; each costs most of a second, however few it has
            help="Judge the patients in so many parts, out of the disk; 1: all in memory."
            " [default: as the size of the files asks for]",
        ),
    ] = None,
    work: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Folder for the parts. The same command goes on where one was broken off.",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="local|spark",
            help="Who reads and judges: this machine, or a Spark cluster, which sees the INPUTs and"
            " writes to --work (docs/spark.md).",
        ),
    ] = "local",
    remote: Annotated[
        str | None,
        typer.Option(
            metavar="sc://HOST:PORT",
            help="The cluster's Spark Connect server [default: AUDITOR_SPARK_REMOTE].",
        ),
    ] = None,
    debug_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write details of an unforeseen error here; they may hold patient data.",
        ),
    ] = None,
) -> None:
    """Audit claim files and write the findings to a workbook.

    INPUT: exports of professional claims (delimited text, workbooks, Parquet, X12 837P; gzip or
    zip of them); several are audited together. Prints counts and amounts only, nothing of a claim.
    """
    session: Session = ctx.obj
    session.debug_file = debug_file or session.debug_file
    if no_report and report is not None:
        raise ConfigError(
            "--report and --no-report exclude each other.", next_step="Leave one of them out."
        )
    if no_report and (encrypt or split_by):
        raise ConfigError(
            f"{'--encrypt' if encrypt else '--split-by'} is about the workbook, and --no-report"
            " writes none.",
            next_step="Leave one of them out.",
        )
    if compare_out is not None and compare_reference is None:
        raise ConfigError(
            "--compare-out has nothing to compare with.",
            next_step="Name another folder of CMS tables with --compare-reference DIR.",
        )
    given = Given(
        reference,
        line_of_business,
        tuple(select or ()),
        tuple(ignore or ()),
        fail_on,
        sheet,
        tuple(map_ or ()),
        layout,
        date_order,
        year_pivot,
        password_file,
        ledger,
        redact_key_file,
        report_password_file,
    )
    cluster = spark.asked(engine, remote, inputs, work, password_file)
    paths = tuple(Path(name) for name in inputs)
    file = config.find(config_file)
    settings = merged(given, file)
    day = selection.day(as_of, "--as-of") if as_of else today()
    request = Request(
        inputs=paths,
        as_of=day,
        report=None if no_report else report or places.default_report(paths, day, redacted=redact),
        findings=findings,
        summary=summary,
        copies=copies_of(settings, given, redact=redact, encrypt=encrypt, split_by=split_by),
        reference=settings.reference,
        compare_reference=compare_reference,
        compare_out=compare_out,
        sheet=settings.sheet,
        password=passwords.source(password_file, settings.password_file),
        columns=settings.columns,
        layout=settings.layout,
        date_order=settings.date_order,
        year_pivot=settings.year_pivot,
        line_of_business=settings.line_of_business,
        select=settings.select,
        ignore=settings.ignore,
        payers=settings.payers,
        rules=rulewords.options(settings),
        settings=file,
        history=tuple(history or ()),
        ledger=None if no_ledger else ledger_of(settings),
        parts=parts,
        work=Path(work) if work is not None else None,
    )
    if cluster is None:
        done = perform(request, session)
    else:
        done = spark.perform(request, cluster, session)
    for text in lines_text(done, request):
        output.say(text)
    if timings:
        from auditor.cli.timings import told

        for text in told(done.timings, done.seconds):
            output.say(text)
    if nothing_read(done):
        raise typer.Exit(ExitCode.INCOMPLETE)
    if fails(done, settings.fail_on):
        raise typer.Exit(ExitCode.FINDINGS)


def copies_of(
    settings: config.Settings,
    given: Given,
    *,
    redact: bool,
    encrypt: bool,
    split_by: str | None,
) -> Copies:
    """What shall become of the workbook; fails before the work where a secret is no good."""
    passwords.unused(passwords.REDACT_KEY, given.redact_key_file, purpose=redact)
    passwords.unused(passwords.REPORT_PASSWORD, given.report_password_file, purpose=encrypt)
    key = password = None
    if redact:
        from auditor.report.redact import check as usable

        flag, setting = given.redact_key_file, settings.redact_key_file
        key = secret.needed(passwords.REDACT_KEY, flag, setting)
        usable(key)
    if encrypt:
        from auditor.report import encrypt as encryption

        flag, setting = given.report_password_file, settings.report_password_file
        password = secret.needed(passwords.REPORT_PASSWORD, flag, setting)
        encryption.check(password)
        if len(password) < encryption.ADVISED:
            output.complain(
                f"Note: the password of the report has less than {encryption.ADVISED} characters;"
                " who gets hold of the file can try them all."
            )
    by = selection.one_of(split_by, _SPLITS, "--split-by") if split_by else None
    return Copies(key, password, by)


def ledger_of(settings: config.Settings) -> Path | None:
    """The ledger to consult: the one named, else the default one where it exists."""
    if settings.ledger is not None:
        return settings.ledger
    default = places.default_ledger()
    return default if default is not None and default.is_file() else None


def nothing_read(done: Done) -> bool:
    """Whether every line was rejected: nothing is known of them, which is no success."""
    read = done.result.lines_read
    return read > 0 and sum(file.rejected for file in done.result.files) == read


def fails(done: Done, fail_on: config.FailOn | None) -> bool:
    """Whether an open finding is of the tier `fail_on` or above it."""
    if fail_on is None:
        return False
    counting = FAIL_ON[: FAIL_ON.index(fail_on) + 1]  # strongest first
    return not done.result.open_tiers.isdisjoint(counting)
