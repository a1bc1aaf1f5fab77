"""The audit in its order: versions, enrichment, rules, findings, coverage."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import ConfigError
from auditor.result import AuditOptions, AuditResult, no_versions

if TYPE_CHECKING:
    import polars as pl

    from auditor.engine.batch import BuildOptions
    from auditor.engine.clock import Clock
    from auditor.engine.coverage import Covered
    from auditor.engine.history import Earlier, History, Together
    from auditor.engine.known import Known
    from auditor.engine.state import State
    from auditor.engine.versions import Versions
    from auditor.engine.whole import Census, Whole
    from auditor.intake.interface import Intake
    from auditor.reference.interface import Reference


def audit(  # noqa: PLR0913 - what an audit is of, each by name
    intake: Intake,
    reference: Reference,
    options: AuditOptions | None = None,
    history: Intake | None = None,
    clock: Clock | None = None,
    *,
    earlier: Earlier | None = None,
    whole: Whole | None = None,
) -> AuditResult:
    """Judge every line of `intake` against `reference`.

    Lines of `history` are looked at by rules that compare lines (pairs, global periods, earlier
    visits, duplicates) and are not audited themselves. Lines of `earlier` nights are judged again
    or looked at, as it says; what became of lines is told of the files alone. Where the lines are
    a part of a batch, `whole` tells what all parts together know (see `count`). Without options
    everything runs as of today. Raises ConfigError for an unknown rule or family in `select` or
    `ignore`. The result's tables are those of `schemas`.
    """
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    from auditor.engine.batch import build  # noqa: PLC0415 - as above
    from auditor.engine.clock import Clock  # noqa: PLC0415 - as above
    from auditor.engine.findings import Assembled, assemble  # noqa: PLC0415 - as above
    from auditor.engine.history import together, useful  # noqa: PLC0415 - as above
    from auditor.engine.judge import judge  # noqa: PLC0415 - as above
    from auditor.engine.versions import resolve  # noqa: PLC0415 - as above
    from schemas import Findings, SeparablePairs, empty  # noqa: PLC0415 - as above

    clock = clock or Clock()

    options = options or AuditOptions(as_of=date.today(), run_id="")  # noqa: DTZ011 - a calendar date
    chosen = choose(options.select, options.ignore)
    looked_at = useful(history.lines, intake.lines) if history is not None else None
    both = together(intake, looked_at, earlier)
    lines = both.lines
    with clock.part("enrichment", "versions", lines.height):
        numbered = earlier is not None and earlier.numbered
        numbered = numbered or (whole is not None and whole.census.numbered)
        if whole is not None and whole.known is not None:
            versions = whole.known.versions
        else:
            versions = resolve(lines, both.sent, numbered=numbered)
    standing = _Standing(intake.lines, versions.gone)
    again = _standing_again(both, versions)
    if standing.height + again == 0:
        found = Assembled(
            empty(Findings),
            pl.DataFrame(schema={"row": pl.UInt32, "other": pl.UInt32}),
            empty(SeparablePairs),
        )
        covered = _uncovered()
    else:
        with clock.part("enrichment", "keys and facts", lines.height):
            batch = build(
                both,
                reference,
                versions,
                _build_options(intake, options, None if earlier is None else earlier.groups, whole),
            )
        state = judge(batch, intake.fields_present, options.rules, clock, chosen)
        from auditor.engine.workers import workers  # noqa: PLC0415 - importing this module stays cheap

        with workers(lines.height, 1) as pool:
            told_of = (
                pool.submit(_timed_cover, clock, state, chosen, intake.fields_present)
                if options.covered
                else None
            )
            with clock.part("findings", "headlines, money, identities") as told:
                found = assemble(state, chosen, options)
                told.rows = found.findings.height
            covered = told_of.result() if told_of is not None else _uncovered()
    set_aside = pl.concat(
        [intake.set_aside, versions.set_aside.filter(versions.gone < both.tonight)]
    )
    return AuditResult(
        findings=found.findings,
        coverage=covered.rules,
        table_coverage=covered.tables,
        unjudged_codes=covered.codes,
        rejected=intake.rejected,
        set_aside=set_aside,
        repairs=intake.repairs,
        files=intake.files,
        lines_read=standing.height + set_aside.height + intake.rejected.height,
        lines_audited=standing.height,
        lines_by_business=standing.by_business,
        first_service_date=standing.first,
        last_service_date=standing.last,
        releases=reference.releases(),
        options=options,
        notes=notes_of(standing.by_business, reference) + _of_history(looked_at) + intake.notes,
        timings=tuple(clock.parts),
        lines=lines,
        lines_of_files=both.tonight,
        lines_of_earlier=both.judged - both.tonight,
        lines_again=again,
        lines_gone_before=_gone_before(both, versions, numbered=numbered),
        lines_gone=versions.gone,
        places=found.places,
        pairs=found.pairs,
    )


def prepare() -> None:
    """Import what `audit` needs, all rules among it: a sixth of a second, while files are read."""
    from auditor.engine import coverage, findings, judge  # noqa: F401, PLC0415 - as above
    from auditor.rules import catalogue  # noqa: PLC0415 - as above

    catalogue()


def _build_options(
    intake: Intake, options: AuditOptions, groups: pl.Series | None, whole: Whole | None
) -> BuildOptions:
    """What the enrichment is told beside the lines."""
    from auditor.engine.batch import BuildOptions  # noqa: PLC0415 - importing this module stays cheap
    from auditor.rules.interface import code_policies  # noqa: PLC0415 - as above

    return BuildOptions(
        options.as_of,
        "rendering_npi" in intake.fields_present,
        code_policies(),
        options.rules.implausible_day_lines,
        groups,
        options.exported,
        whole,
    )


class Counted(NamedTuple):
    """What is counted of a part."""

    counts: dict[str, pl.DataFrame]
    """By the name under which rules count."""
    known: Known | None
    """What need not be worked out again when the part is judged; None: no line of it stands."""


def count(intake: Intake, reference: Reference, options: AuditOptions, census: Census) -> Counted:
    """What rules count of `intake`, a part of a batch of whole patients, before any part is judged.

    census: of all lines. `auditor.engine.judge.joined` makes of the counts of all parts what
    `audit` is told of the whole, beside what is known of the part itself.
    """
    from auditor.engine.batch import build  # noqa: PLC0415 - importing this module stays cheap
    from auditor.engine.history import together  # noqa: PLC0415 - as above
    from auditor.engine.judge import counted  # noqa: PLC0415 - as above
    from auditor.engine.known import COLUMNS, Known  # noqa: PLC0415 - as above
    from auditor.engine.versions import resolve  # noqa: PLC0415 - as above
    from auditor.engine.whole import Whole  # noqa: PLC0415 - as above

    whole = Whole(census)
    both = together(intake, None, None)
    versions = resolve(both.lines, both.sent, numbered=census.numbered)
    if len(versions.gone) == both.lines.height:
        return Counted({}, None)
    batch = build(both, reference, versions, _build_options(intake, options, None, whole))
    chosen = choose(options.select, options.ignore)
    counts = counted(batch, intake.fields_present, options.rules, chosen)
    return Counted(counts, Known(versions, batch.lines.select(COLUMNS)))


def _uncovered() -> Covered:
    """Coverage that says nothing."""
    from auditor.engine.coverage import Covered  # noqa: PLC0415 - importing this module stays cheap
    from schemas import Coverage, TableCoverage, UnjudgedCodes, empty  # noqa: PLC0415 - as above

    return Covered(empty(Coverage), empty(TableCoverage), empty(UnjudgedCodes))


def _timed_cover(
    clock: Clock, state: State, chosen: frozenset[str], present: frozenset[str]
) -> Covered:
    """Coverage, timed in its own thread."""
    from auditor.engine.coverage import cover  # noqa: PLC0415 - importing this module stays cheap

    with clock.part("coverage", "what was judged"):
        return cover(state, chosen, present)


def _standing_again(both: Together, versions: Versions) -> int:
    """How many lines of earlier nights stand and are judged again."""
    again = both.judged - both.tonight
    gone = versions.gone.is_between(both.tonight, both.judged, closed="left") if again else None
    return again if gone is None else again - int(gone.sum())


def _gone_before(both: Together, versions: Versions, *, numbered: bool) -> pl.DataFrame:
    """version, reason of the lines of earlier nights that stood until tonight's came."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    from auditor.engine.versions import resolve  # noqa: PLC0415 - as above

    if both.version is None:
        return no_versions()
    rows, reason = versions.gone, versions.set_aside["reason"]
    gone = pl.DataFrame({"version": both.version[rows], "reason": reason})
    gone = gone.filter(pl.col("version").is_not_null()).sort("version")
    if gone.is_empty() or both.sent is None:
        return gone
    alone = resolve(both.lines[both.tonight :], both.sent[both.tonight :], numbered=numbered)
    before = both.version[both.tonight :][alone.gone]
    return gone.filter(~pl.col("version").is_in(before.implode()))


def _lines(count: int) -> str:
    """So many earlier lines, in words."""
    return f"{count:,} earlier {'line' if count == 1 else 'lines'}"


def _of_history(earlier: History | None) -> tuple[str, ...]:
    """What became of the history, in plain words."""
    if earlier is None:
        return ()
    reach = f", {earlier.first} to {earlier.last}" if earlier.read else ""
    repeated = (
        f" {earlier.repeated:,} stand in the audited files too and were left out."
        if earlier.repeated
        else ""
    )
    told = (
        f"History: {_lines(earlier.read)} read{reach}. {earlier.lines.height:,} are of "
        f"patients in the audited files; they were looked at and not audited.{repeated}"
    )
    return (told,)


def choose(select: frozenset[str], ignore: frozenset[str]) -> frozenset[str]:
    """The rule ids that `select` and `ignore` (ids, aliases, names or families) leave."""
    from auditor.rules import catalogue  # noqa: PLC0415 - importing this module stays cheap

    names: dict[str, set[str]] = {}
    for rule in catalogue():
        for name in (rule.id, rule.name, rule.id.split("-")[0], *rule.aliases):
            names.setdefault(name.upper(), set()).add(rule.id)
    unknown = sorted(w for w in select | ignore if w.upper() not in names)
    if unknown:
        import difflib  # noqa: PLC0415 - only on error

        near = difflib.get_close_matches(unknown[0].upper(), names, n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ConfigError(
            f"There is no rule or rule family {', '.join(unknown)}.{hint}",
            next_step="See `auditor rules` for all of them.",
        )
    wanted = (
        set().union(*(names[w.upper()] for w in select)) if select else {r.id for r in catalogue()}
    )
    unwanted = set().union(*(names[w.upper()] for w in ignore)) if ignore else set()
    return frozenset(wanted - unwanted)


class _Standing:
    """What is told of the lines that stand."""

    def __init__(self, lines: pl.DataFrame, gone: pl.Series) -> None:
        """Count `lines` without the rows in `gone`."""
        import polars as pl  # noqa: PLC0415 - as above

        told = lines.select("line_of_business", "service_date_from")
        if len(gone):
            told = told.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(gone.implode()))
        self.height = told.height
        self.by_business: dict[str, int] = dict(
            told.group_by("line_of_business").len().sort("line_of_business").iter_rows()
        )
        self.first: date | None = told["service_date_from"].min()  # type: ignore[assignment]
        self.last: date | None = told["service_date_from"].max()  # type: ignore[assignment]


def notes_of(by_business: dict[str, int], reference: Reference) -> tuple[str, ...]:
    """Whole-run remarks in plain words."""
    from auditor.engine.coverage import KINDS  # noqa: PLC0415 - importing this module stays cheap

    notes = []
    unknown = by_business.get("unknown", 0)
    if unknown:
        notes.append(
            f"{unknown:,} lines do not tell whether Medicare, Medicaid or a commercial plan pays. "
            "They are judged as commercial, with pairs, unit limits and Medicare-only rules at "
            "most at review. Say --line-of-business to change that."
        )
    starter = sorted(KINDS[r.kind] for r in reference.releases() if r.starter)
    if starter:
        notes.append(
            "The built-in starter set served for " + ", ".join(starter) + ". It holds a few "
            "hundred rows a table; codes outside it were not judged. Load your CMS files with "
            "`auditor reference import FOLDER`."
        )
    return tuple(notes)
