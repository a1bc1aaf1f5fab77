"""Whether a code is in use on a date, by what the tables show; and what they do not let one say."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from auditor.asking.card_kinds import kind
from auditor.asking.card_tables import TITLE, named
from auditor.asking.card_words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.asking.card_facts import Facts
    from auditor.asking.card_parts import Fees, State
    from auditor.asking.card_tables import Rows
    from auditor.reference.interface import Kind, Reference, Release


def standing(rows: Rows, fees: Fees | None, reference: Reference) -> tuple[State, str]:
    """The state of the code on the date, and the sentence that says what shows it."""
    if not kind(rows.code):
        return "unknown", f"{rows.code} has not the form of a code, so no table can know it."
    own = _by_own_dates(rows, reference) or _by_visits(rows, reference)
    if own is not None:
        return own
    shown = _in_force(rows, fees)
    if shown:
        return _shown(rows, shown, reference)
    return _by_rows(rows, fees, reference)


def _by_own_dates(rows: Rows, reference: Reference) -> tuple[State, str] | None:
    """A letter code by its own first and last day, where a HCPCS file is loaded."""
    release = reference.release("hcpcs")
    if rows.hcpcs.is_empty() or release is None:
        return None
    row = rows.hcpcs.row(-1, named=True)
    if row["effective"] is not None and rows.day < row["effective"]:
        return "not yet", f"Its first day is {row['effective']} ({release.label})."
    if row["deletion"] is not None and row["deletion"] < rows.day:
        return "ended", f"Its last day was {row['deletion']} ({release.label})."
    return "in use", f"In force on {rows.day} by {release.label}.{_silence(rows, (release,))}"


def _by_visits(rows: Rows, reference: Reference) -> tuple[State, str] | None:
    """A visit code by the end that the built-in table of visits gives it."""
    table = reference.policy("em_codes")
    held = table.filter(pl.col("code_low") <= rows.code, pl.col("code_high") >= rows.code)
    ends = held["deletion"].to_list()
    if not ends or None in ends:
        return None
    end = date.fromisoformat(max(ends))
    return (
        ("ended", f"Its last day was {end} (built-in table of visits).") if end < rows.day else None
    )


def _in_force(rows: Rows, fees: Fees | None) -> dict[str, Kind]:
    """Labels of the tables that have the code in force on the date, with their kind."""
    found: dict[str, Kind] = {}
    if fees is not None and fees.in_force:
        found[fees.witness.table] = "fee-schedule"
    limits: tuple[tuple[pl.DataFrame, Kind], ...] = (
        (rows.units, "mue-practitioner"),
        (rows.hospital_units, "mue-hospital"),
        (rows.supplier_units, "mue-dme"),
    )
    for frame, which in limits:
        found |= dict.fromkeys(
            map(named, rows.dated(frame)["release"].drop_nulls().unique()), which
        )
    dated: tuple[tuple[pl.DataFrame, Kind], ...] = (
        (rows.addons, "aoc"),
        (rows.supports, "aoc"),
        (rows.pairs, "ptp-practitioner"),
        (rows.hospital_pairs, "ptp-hospital"),
    )
    for frame, which in dated:
        if rows.dated(frame).height:
            found.setdefault(rows.labels[which], which)
    return found


def _shown(rows: Rows, shown: dict[str, Kind], reference: Reference) -> tuple[State, str]:
    """In use, unless only tables older than the newest fee schedule have the code."""
    schedule = reference.release("fee-schedule")
    whole = schedule is not None and not schedule.starter and schedule.effective <= rows.day
    if schedule is not None and whole and "fee-schedule" not in shown.values():
        newer = [
            which
            for which in shown.values()
            if (r := reference.release(which)) is not None and r.effective >= schedule.effective
        ]
        if not newer:
            return "doubtful", (
                f"{schedule.label} does not have it, and only older tables do"
                f" ({listed(shown)}): it may have ended."
            )
    used = [r for r in reference.releases() if r.label in shown]
    return "in use", f"In force on {rows.day} by {_few(list(shown))}.{_silence(rows, used)}"


def _silence(rows: Rows, used: Sequence[Release]) -> str:
    """That the tables which have the code do not reach to the day, where they do not."""
    last = max((r.vouches_to for r in used if not r.starter), default=None)
    if last is None or rows.day <= last or any(r.starter for r in used):
        return ""
    which = "It speaks" if len(used) == 1 else "They speak"
    return f" {which} to {last}: whether it ended since is not known."


def _few(labels: list[str]) -> str:
    """The first of `labels`, which is the strongest, and how many more there are."""
    more = len(labels) - 1
    return labels[0] + (f" and {more} more table{'s' if more > 1 else ''}" if more else "")


def _by_rows(rows: Rows, fees: Fees | None, reference: Reference) -> tuple[State, str]:
    """A code that no table has in force: whether it ended, is to come, or nobody knows it."""
    frames = (rows.pairs, rows.hospital_pairs, rows.addons, rows.supports)
    ends = [_date(f.filter(pl.col("deletion") < rows.day)["deletion"].max()) for f in frames]
    starts = [_date(f.filter(pl.col("effective") > rows.day)["effective"].min()) for f in frames]
    starts += [_date(f["valid_from"].min()) for f in (rows.units, rows.hospital_units)]
    later = [(d, "a row that names it") for d in starts if d is not None and d > rows.day]
    if fees is not None and fees.witness.first is not None:
        later.append((fees.witness.first, fees.witness.table))
    last = max((d for d in ends if d is not None), default=None)
    schedule = reference.release("fee-schedule")
    if last is not None:
        told = f"No loaded table has it in force on {rows.day}; the last row that names it ended on"
        if schedule is not None and not schedule.starter and schedule.effective <= rows.day:
            return "ended", f"{told} {last}, and {schedule.label} does not have it."
        return "doubtful", f"{told} {last}. A whole fee schedule would say whether it ended."
    if later:
        first, what = min(later)
        return "doubtful", (
            f"No loaded table says whether it was in use on {rows.day}; the first that has it is"
            f" {what}, from {first}."
        )
    limits = pl.concat([rows.units, rows.hospital_units, rows.supplier_units])
    if limits.height:
        return "doubtful", (
            f"Only {listed(limits['release'].drop_nulls().unique().sort())} had it, and later"
            " releases do not: it may have ended."
        )
    if not _whole(rows.code, reference):
        return "doubtful", (
            f"No loaded table has {rows.code}. None that would have every such code is loaded, so"
            " it may well be valid."
        )
    return "unknown", f"No loaded table knows {rows.code}."


def _whole(code: str, reference: Reference) -> bool:
    """Whether a whole table is loaded that has every code of this form.

    The fee schedule has five-digit codes and those of categories II and III, HCPCS those that
    begin with a letter.
    """
    release = reference.release("hcpcs" if code[0].isalpha() else "fee-schedule")
    # Codes of single laboratories and makers (U, M, A) and of dentists (D) stand in no such table.
    listed_somewhere = not (code[0] == "D" or code[-1] in "UMA")
    return release is not None and not release.starter and listed_somewhere


def _date(value: object) -> date | None:
    return value if isinstance(value, date) else None


def not_known(rows: Rows, known: Facts, reference: Reference, state: State) -> tuple[str, ...]:
    """What the loaded tables do not let one say, in sentences."""
    return tuple(_not_known(rows, known, reference, state))


def _not_known(rows: Rows, known: Facts, reference: Reference, state: State) -> Iterator[str]:
    if not kind(rows.code):
        return
    kinds: tuple[Kind, ...] = (
        "fee-schedule", "ptp-practitioner", "aoc", "mue-practitioner", "hcpcs", "ptp-hospital",
        "mue-hospital",
    )  # fmt: skip
    releases = {which: reference.release(which) for which in kinds}
    none = [TITLE[which] for which, release in releases.items() if release is None]
    starter = [
        TITLE[k] for k, release in releases.items() if release is not None and release.starter
    ]
    if starter:
        yield (
            f"Of these tables only the built-in starter set is there, a few hundred rows each:"
            f" {listed(starter)}. What is not in it is not judged. Load CMS's files with 'auditor"
            " reference import FOLDER'."
        )
    if none:
        yield f"No table is loaded for: {listed(none)}."
    behind = [
        f"{release.label} vouches to {release.vouches_to}"
        for release in releases.values()
        if release is not None and not release.starter and release.vouches_to < rows.day
    ]
    if behind:
        yield f"Changes after the loaded releases are not seen: {'; '.join(behind)}."
    if state not in {"in use", "doubtful"}:
        return
    limits = releases["mue-practitioner"]
    if rows.units.is_empty() and limits is not None and not limits.starter:
        yield "No unit limit is published for it. Some limits are secret: it may have one."
    if known.kind["is_em"] or rows.code.startswith("9"):
        yield "Which services Medicare takes as telehealth stands in no loaded table."
    yield "What it pays, coverage (NCD, LCD) and a payer's own rules stand in no loaded table."
