"""What `auditor reference show` prints: the tables that judge, and the rows on one code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.cli import output
from auditor.errors import ConfigError
from auditor.tomlfile import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from auditor.reference.interface import Kind, Reference

CMS: dict[str, tuple[Kind, str]] = {
    "aoc": ("aoc", "add-on codes and their primaries"),
    "fees": ("fee-schedule", "physician fee schedule indicators"),
    "hcpcs": ("hcpcs", "HCPCS Level II codes and modifiers"),
    "mue": ("mue-practitioner", "unit limits, practitioner"),
    "mue-dme": ("mue-dme", "unit limits, supplier"),
    "mue-hospital": ("mue-hospital", "unit limits, hospital"),
    "ptp": ("ptp-practitioner", "procedure pairs, practitioner"),
    "ptp-hospital": ("ptp-hospital", "procedure pairs, hospital"),
}
"""CMS tables by the name to type, with the kind in the store and what each is for."""
MOST = 50
"""Rows on one code that are printed without being asked for all of them."""
_PROSE = {"source", "reason"}
_SHORTEST = 2  # letters of the shortest code, a modifier or a place; flags are shorter


def shown(
    reference: Reference, table: str | None, code: str | None, *, everything: bool
) -> Iterator[str]:
    """The texts to print: the list of tables, one table, or its rows on one code.

    Raises ConfigError for a table that does not exist, and for a CMS table without a code.
    """
    if table is None:
        yield _catalogue(reference)
        yield "\nOne table: auditor reference show TABLE; the rows on one code: TABLE CODE"
        return
    name = _table_named(table)
    wanted = code.strip().upper() if code else ""
    if name not in CMS:
        yield from _policy(reference.policy(name), name, wanted)
    elif wanted:
        yield from _cms(reference, name, wanted, everything=everything)
    else:
        raise ConfigError(
            f"'{name}' is a CMS table, too long to print whole.",
            next_step=f"Name a code: auditor reference show {name} CODE.",
        )


def _table_named(word: str) -> str:
    """The table that `word` names, in any case, with or without .csv."""
    from auditor.reference.policy import TABLES

    aliases: dict[str, str] = {kind: name for name, (kind, _) in CMS.items()}
    folded = word.strip().casefold().removesuffix(".csv")
    known = [*sorted(CMS), *TABLES]
    for name in (folded, folded.replace("-", "_"), aliases.get(folded, "")):
        if name in known:
            return name
    raise ConfigError(
        f"There is no table '{word}'.{did_you_mean(folded, known)}",
        next_step=f"CMS tables: {', '.join(sorted(CMS))}. Policy tables: {', '.join(TABLES)}.",
    )


def _catalogue(reference: Reference) -> str:
    from auditor.reference.policy import TABLES

    rows = [("TABLE", "ROWS", "WHAT IT SAYS", "FROM")]
    for name, (kind, what) in sorted(CMS.items()):
        used = [r for r in reference.releases() if r.kind == kind and r.used]
        count = f"{sum(r.rows for r in used):,}" if used else "-"
        rows.append((name, count, what, used[-1].label if used else "not imported"))
    for name, what in TABLES.items():
        rows.append((name, f"{reference.policy(name).height:,}", what, "built in"))
    return output.table(rows, right=frozenset({1}))


def _policy(frame: pl.DataFrame, name: str, code: str) -> Iterator[str]:
    from auditor.reference.policy import TABLES

    found = [
        row for row in frame.fill_null("").iter_rows(named=True) if not code or concerns(row, code)
    ]
    yield f"{name}: {TABLES[name]}"
    yield from _rows(frame.columns, [list(row.values()) for row in found], code)


def concerns(row: dict[str, str], code: str) -> bool:
    """Whether a policy row speaks of `code`: by range, by name, or by the form it demands."""
    for column, cell in row.items():
        if column.startswith(("code_low", "except_low")):
            high = row[column.replace("low", "high")]
            if _form(cell) == _form(code) and cell <= code <= high:
                return True
        elif column == "regex":
            if re.search(cell, code):
                return True
        elif column not in _PROSE and len(code) >= _SHORTEST and code in cell.split():
            return True
    return False


def _form(code: str) -> str:
    """The class of code that a range stays in: digits made equal."""
    return re.sub(r"[0-9]", "9", code)


def _cms(reference: Reference, name: str, code: str, *, everything: bool) -> Iterator[str]:
    kind, what = CMS[name]
    used = [r for r in reference.releases() if r.kind == kind and r.used]
    if not used:
        yield f"{name}: {what}. No release is imported."
        return
    yield f"{name}: {what}"
    for release in used:
        yield f"  {release.label}, from {release.effective}, vouches to {release.vouches_to}"
    frame = reference.naming(kind, code)
    kept = frame if everything else frame.head(MOST)
    cells = [["" if cell is None else str(cell) for cell in row] for row in kept.iter_rows()]
    yield from _rows(frame.columns, cells, code)
    if kept.height < frame.height:
        yield f"The first {kept.height} of {frame.height:,} rows; --all prints them all."


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]], code: str) -> Iterator[str]:
    """The rows as a table without its empty columns, or the plain statement that none is there."""
    if not rows:
        yield f"\nNo row concerns {code}."
        return
    kept = [n for n in range(len(columns)) if any(row[n] for row in rows)]
    head = [columns[n].upper().replace("_", " ") for n in kept]
    yield ""
    yield output.table([head, *([row[n] for n in kept] for row in rows)])
