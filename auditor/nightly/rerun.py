"""A run audited again, as its next version: the same files, with what holds today.

The version before stays as it is: outputs, manifest, rows. Where later runs were built on it they
are audited again too, each as a version of its own and each committed by itself; the next night
looks back at them only when the last of them is committed (auditor.nightly.lineage). A call that is
broken off is gone on with by the same call: nobody was told yet of what it committed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from auditor import config
from auditor.errors import AuditorError, ConfigError, ExitCode, LedgerError
from auditor.ledger import runs, store
from auditor.nightly.about import FORESEEN, at_work, problem_of
from auditor.nightly.committed import concluded, next_run
from auditor.nightly.feed import ready
from auditor.nightly.lineage import Lineage
from auditor.nightly.night import recover
from auditor.nightly.outcome import FeedOutcome, Warned, gravest
from auditor.nightly.retention import settle

if TYPE_CHECKING:
    import sqlite3

    from auditor.config import Settings
    from auditor.intake.layout import Layout
    from auditor.nightly.about import Night
    from auditor.nightly.manifest import Manifest
    from auditor.nightly.run import Asked


class Version(NamedTuple):
    """A run that was audited again."""

    before: str
    """Run id of the version before."""
    outcome: FeedOutcome
    """What became of the new one."""


@dataclass(frozen=True, slots=True)
class Again:
    """What a rerun came to."""

    versions: tuple[Version, ...]
    """In the order of the nights."""
    recovered: tuple[str, ...]
    """Run ids whose outputs were put in their places first."""

    @property
    def exit_code(self) -> ExitCode:
        """The gravest of the runs'."""
        return gravest(version.outcome.exit_code for version in self.versions)


class _Plan(NamedTuple):
    """What is to be done."""

    lineage: Lineage
    feed: str
    before: tuple[int, ...]
    """The runs before the first one that is audited again."""
    done: tuple[int, ...]
    """Versions that a call which was broken off has committed."""
    left: tuple[int, ...]
    """Runs that stand and are to be audited again after these."""


def rerun(night: Night, run_id: str, reason: str, *, with_later: bool = False) -> Again:
    """Audit the run `run_id` again, and with `with_later` the runs that were built on it.

    Nobody is sent anything. Raises ConfigError where there is no such run, its feed is configured
    no more, no reason is given, or later runs were built on it and were not asked for;
    InputRejected where a file of it is not in the archive as it was; what `at_work` raises.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise ConfigError(
            "A run that is audited again needs a reason.",
            where="--reason",
            next_step="Say why in a few words: it stands in the ledger and in the new report.",
        )
    with at_work(night, "A run is being audited again (auditor nightly rerun)") as ledger:
        settle(ledger, night.nightly)  # a purge that was killed is undone or finished
        recovered, _ = recover(night, ledger)
        plan = _plan(night, ledger, run_id, reason, with_later=with_later)
        ready(night, ledger, plan.feed)
        versions = [_known(night, ledger, run) for run in plan.done]
        view = (*plan.before, *plan.done)
        for run in plan.left:
            try:
                asked = _asked(night, ledger, plan, run, view, reason)
                versions.append(_audited(night, ledger, asked))
            except FORESEEN as error:
                problem = problem_of(night, error)
                if versions:
                    problem.next_step = _broken_off(problem, len(versions), plan)
                raise problem from None
            view = (*view, asked.run)
        with store.transaction(ledger):
            for run in Lineage.of(ledger, plan.feed).reruns:
                runs.append_step(ledger, run, "told")
    return Again(tuple(versions), recovered)


def _broken_off(error: AuditorError, done: int, plan: _Plan) -> str:
    return (
        f"{error.next_step} {done} of {len(plan.done) + len(plan.left)} runs are audited again;"
        " later nights look back at the versions before until all of them are. The same command"
        " goes on with the others."
    ).lstrip()


def _plan(
    night: Night, ledger: sqlite3.Connection, run_id: str, reason: str, *, with_later: bool
) -> _Plan:
    run = runs.run_of(ledger, run_id)
    if run is None:
        raise ConfigError(
            f"There is no run {run_id}.",
            next_step="`auditor nightly status` lists the last ones; each report's Summary names"
            " its own.",
        )
    if run.feed not in night.settings.feeds:
        raise ConfigError(
            f"The configuration has no feed {run.feed} any more.",
            next_step="A run is audited again with the settings of today: put its table back.",
        )
    lineage = Lineage.of(ledger, run.feed)
    standing = lineage.standing
    place = lineage.origins(standing).index(lineage.origin(run.run))
    later = len(standing) - place - 1
    if later and not with_later:
        those = "1 later run was" if later == 1 else f"{later:,} later runs were"
        raise ConfigError(
            f"{those} built on {run_id}, and would rest on what it no longer says.",
            next_step="Say --with-later to audit those again too, in their order.",
        )
    done = _begun(night, ledger, lineage, place, reason)
    return _Plan(lineage, run.feed, standing[:place], done, standing[place + len(done) :])


def _begun(
    night: Night, ledger: sqlite3.Connection, lineage: Lineage, place: int, reason: str
) -> tuple[int, ...]:
    """What a call like this one, which was broken off, has committed; () where there is none.

    Its versions replace the first of the runs from `place` on that stand, were made for the same
    reason, with the same settings, tables and programs, and nobody was told of them.
    """
    if not lineage.reruns:
        return ()
    chain = (*lineage.before(lineage.reruns[-1]), lineage.reruns[-1])
    mine, standing = chain[place:], lineage.standing
    wanted = lineage.origins(standing[place : place + len(mine)])
    if not mine or chain[:place] != standing[:place] or lineage.origins(mine) != wanted:
        return ()
    return mine if all(_same(night, ledger, run, reason) for run in mine) else ()


def _same(night: Night, ledger: sqlite3.Connection, number: int, reason: str) -> bool:
    """Whether the version `number` is of a call like this one that was broken off."""
    import json  # noqa: PLC0415 - only where there is such a version

    from auditor.nightly import manifest as evidence  # noqa: PLC0415 - heavy
    from auditor.nightly.effective import effective  # noqa: PLC0415 - as above
    from auditor.reference import load_reference  # noqa: PLC0415 - as above

    run = runs.run_at(ledger, number)
    if run.rerun_of is None or "told" in run.steps or run.reason != reason:
        return False
    manifest = evidence.from_json(runs.manifest_of(ledger, number))
    today = json.loads(json.dumps(effective(night.settings, run.feed)))
    folder = config.of_feed(night.settings, run.feed).reference
    return (
        manifest.configuration == today
        and manifest.versions == evidence.versions()
        and manifest.reference == evidence.tables(load_reference(folder).releases())
    )


def _asked(  # noqa: PLR0913, PLR0917 - what is to be done, and how far it is
    night: Night,
    ledger: sqlite3.Connection,
    plan: _Plan,
    number: int,
    view: tuple[int, ...],
    reason: str,
) -> Asked:
    """What the next version of the run `number` is about; it looks back at the runs of `view`."""
    from auditor.ledger.again import Replaced  # noqa: PLC0415 - heavy
    from auditor.nightly.run import Asked  # noqa: PLC0415 - as above

    lineage = plan.lineage
    origin = lineage.origin(number)
    versions = lineage.versions(origin)
    first, last = runs.run_at(ledger, origin), runs.run_at(ledger, versions[-1])
    version = last.version + 1
    ending = f".v{version}"  # no feed's own name has a dot
    chain = lineage.origins((*plan.done, *plan.left))
    at = chain.index(origin)
    settings = config.of_feed(night.settings, plan.feed)
    about = night.settings.feeds[plan.feed]
    return Asked(
        feed=plan.feed,
        about=about,
        settings=settings,
        places=night.places,
        as_of=first.as_of,
        run=next_run(ledger),
        run_id=first.run_id + ending,
        folder=first.folder + ending,
        whole=night.settings,
        report_password=night.secrets.of_report(settings) if about.encrypt else None,
        report=night.report,
        version=version,
        rerun_of=last.run_id,
        rerun_run=last.run,
        view=view,
        files=tuple(runs.files_of(ledger, origin)),
        earlier=versions,
        replaced=Replaced(
            own=frozenset(versions),
            runs=frozenset(v for o in chain[: at + 1] for v in lineage.versions(o)) - set(view),
            later=frozenset(v for o in chain[at + 1 :] for v in lineage.versions(o)),
            reason=reason,
        ),
    )


def _audited(night: Night, ledger: sqlite3.Connection, asked: Asked) -> Version:
    """Audit, commit and publish one version."""
    from auditor.engine.identities import PLACEHOLDERS  # noqa: PLC0415 - as below
    from auditor.history.interface import Memory  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.nightly import archived  # noqa: PLC0415 - as above
    from auditor.nightly import manifest as evidence  # noqa: PLC0415 - as above
    from auditor.nightly.limits import warnings_of  # noqa: PLC0415 - as above
    from auditor.nightly.run import prepare  # noqa: PLC0415 - as above

    began = time.perf_counter()
    if asked.rerun_of is None or asked.replaced is None:
        raise AssertionError
    night.tell("rerun", feed=asked.feed, run=asked.run_id)
    first = runs.manifest_of(ledger, min(asked.replaced.own))
    if not first:
        raise LedgerError(
            f"The manifest of the run that became {asked.rerun_of} was purged: nobody knows any"
            " more in which order its files were read.",
            next_step="A run of that age cannot be audited again.",
        )
    manifest = evidence.from_json(first)
    taken = archived.found(night.places, asked.files, manifest)
    layout = _layout(asked.settings, manifest)
    read = archived.read(taken, asked.settings, layout, night.secrets.of_inputs(asked.settings))
    memory = Memory(night.places.history(asked.feed), asked.view, nobody=PLACEHOLDERS)
    prepared = prepare(asked, read, ledger, memory, night.tell)
    limits = asked.about.limits or night.nightly.limits
    warned = (
        *(Warned(kind="files", text=text) for text in read.unread()),
        # with nothing compared: a rerun is no night
        *warnings_of(asked.about, limits, prepared.figures, (), night.now),
        *(Warned(kind="reference", text=t) for t in prepared.figures.releases_too_old),
    )
    fails = ExitCode.INCOMPLETE if any(w.fails for w in warned) else ExitCode.DONE
    code, wrong = concluded(night, ledger, prepared, gravest([prepared.code, fails]))
    outcome = FeedOutcome(
        feed=asked.feed,
        exit_code=code,
        run_id=asked.run_id,
        figures=prepared.figures,
        folder=night.places.outbox / asked.folder,
        files=len(taken),
        warnings=warned,
        error=wrong,
        seconds=round(time.perf_counter() - began, 3),
    )
    return Version(asked.rerun_of, outcome)


def _layout(settings: Settings, first: Manifest) -> tuple[Layout, str] | None:
    """What the files are held to: the configured layout, else the one of the first version.

    Not the one that the feed is pinned to today: the export may have changed since on purpose.
    Columns that are configured stand in the place of both.
    """
    from auditor.intake import layout_of, load_layout  # noqa: PLC0415 - heavy

    if settings.layout is not None:
        layout = load_layout(settings.layout)
        return layout, settings.layout.read_text(encoding="utf-8-sig")
    if settings.columns or first.layout is None:
        return None
    return layout_of(first.layout, f"{first.feed}.toml"), first.layout


def _known(night: Night, ledger: sqlite3.Connection, number: int) -> Version:
    """A version that was committed by a call that was broken off."""
    run = runs.run_at(ledger, number)
    if run.rerun_of is None:
        raise AssertionError
    outcome = FeedOutcome(
        feed=run.feed,
        exit_code=run.exit_code,
        run_id=run.run_id,
        figures=run.figures,
        folder=night.places.outbox / run.folder,
        files=run.figures.files,
    )
    return Version(runs.run_at(ledger, run.rerun_of).run_id, outcome)
