"""Upkeep of a store between nights: sweeping, merging, making indexes anew, forgetting.

Each step first writes new files under names never used before, then replaces the manifest in one
step, then removes what it names no longer. Killed anywhere it leaves the old state or the new one,
and files that `sweep` removes. One program at a time: the caller holds the lock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from auditor.history.files import (
    ENDED,
    INDEX,
    KINDS,
    LINES,
    MANIFEST,
    REJECTED,
    Manifest,
    Part,
    keep_manifest,
    manifest_of,
    parts_of,
    path_of,
    run_of,
    scan,
    sync_folder,
    write,
)
from auditor.history.index import evidence, renew, write_index
from auditor.history.staging import ORDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date
    from pathlib import Path

ENOUGH = 500_000
"""Lines of a part that is not merged again. At most twice as many are held at once: 1.3 GiB."""
MANY = 16
"""Parts below that size before they are merged."""
_OURS = re.compile(rf"\.?(?:{'|'.join(KINDS)})-(m?[0-9]+)\.parquet|\.{re.escape(MANIFEST)}")


def sweep(folder: Path, runs: Iterable[int]) -> int:
    """Remove files of `folder` that belong to none of `runs`; answers how many.

    runs: all of the feed's in the ledger. Other files are what a killed run or an upkeep left.
    """
    kept = {part.name for part in parts_of(folder, runs)} | set(manifest_of(folder).merged)
    left = 0
    for path in sorted(folder.iterdir()):
        ours = _OURS.fullmatch(path.name)
        if ours and (path.name.startswith(".") or ours[1] not in kept):
            path.unlink()
            left += 1
    return left


def compact(folder: Path, runs: Iterable[int], *, enough: int = ENOUGH, many: int = MANY) -> int:
    """Merge the small parts of `runs` once there are `many`; answers how many were merged.

    Versions, and what each run brought and ended, stay as they are, and so does every view.
    """
    small = []
    for part in sorted(parts_of(folder, runs), key=lambda p: p.runs):
        height = scan(folder, LINES, part).select(pl.len()).collect().item()
        if height < enough and part.whole:
            small.append((part, height))
    if len(small) < many:
        return 0
    group: list[Part] = []
    total = merged = 0
    for part, height in small:
        group.append(part)
        total += height
        if total >= enough or part is small[-1][0]:
            if len(group) > 1:
                _replace(folder, group)
                merged += len(group)
            group, total = [], 0
    return merged


def rebuild_index(folder: Path) -> int:
    """Make all indexes of `folder` anew from the evidence; answers how many."""
    return renew(folder, _all_parts(folder), always=True)


def forget(folder: Path, before: date, keep_patients: Collection[str] = ()) -> int:
    """Drop the lines that were served and received before a day; answers how many.

    Lines of `keep_patients` (patient ids) stay. With the lines goes what was noted of their end,
    and rejected keys of services before that day; keys without a date go when no line of as old a
    run is left. Views as of earlier runs lack the lines from then on. `sweep` first: files of
    killed runs are taken for good ones here.
    """
    held = pl.Series(sorted(keep_patients), dtype=pl.String).implode()
    somebody = pl.col("patient_id").is_in(held).fill_null(value=False)
    last = pl.max_horizontal("received_date", "service_date_from", "service_date_to")
    stays = (last >= before) | somebody
    parts = _all_parts(folder)
    lines = [evidence(scan(folder, LINES, part)) for part in parts]
    ended = [scan(folder, ENDED, part).select("version").collect()["version"] for part in parts]
    noted = pl.concat([pl.Series(dtype=pl.UInt64), *ended]).unique().implode()
    known, runs = [pl.Series(dtype=pl.UInt64)], []
    for each in lines:
        left = each.filter(stays)
        ending = left.filter(pl.col("version").is_in(noted)).select("version")
        known.append(ending.collect()["version"])
        runs.append(left.select(run_of().min()).collect().item())
    oldest = min((run for run in runs if run is not None), default=0)
    exists = pl.col("version").is_in(pl.concat(known).implode())
    dated = pl.col("service_date").is_not_null()
    missed = somebody | (dated & (pl.col("service_date") >= before))
    missed |= ~dated & (pl.col("run") >= oldest)
    dropped = 0
    for part in parts:
        gone = [
            scan(folder, kind, part).filter(~rule).select(pl.len()).collect().item()
            for kind, rule in ((LINES, stays), (ENDED, exists), (REJECTED, missed))
        ]
        if any(gone):
            _replace(folder, [part], {LINES: stays, ENDED: exists, REJECTED: missed})
            dropped += gone[0]
    return dropped


def _all_parts(folder: Path) -> list[Part]:
    """Every part that lies in `folder`, leftovers of killed runs included."""
    found = [_OURS.fullmatch(path.name) for path in folder.glob(f"{LINES}-*.parquet")]
    runs = {int(name[1]) for name in found if name and name[1].isdecimal()}
    merged = manifest_of(folder).merged.values()
    return parts_of(folder, runs.union(*merged))


def _replace(folder: Path, parts: list[Part], rules: dict[str, pl.Expr] | None = None) -> None:
    """Put one part in the place of `parts`, with the rows of each kind that `rules` ask for."""
    manifest = manifest_of(folder)
    name = f"m{manifest.next}"

    def rows(kind: str) -> pl.DataFrame:
        read = [scan(folder, kind, part) for part in parts]
        if kind == LINES:
            read = [evidence(each) for each in read]
        return pl.concat(read).filter((rules or {}).get(kind, pl.lit(value=True))).collect()

    lines = rows(LINES).sort(*ORDER, "version", nulls_last=False)
    write(lines, path_of(folder, LINES, name))
    write_index(lines, path_of(folder, INDEX, name))
    del lines
    for kind in (ENDED, REJECTED):
        write(rows(kind), path_of(folder, kind, name))
    sync_folder(folder)
    old = {part.name for part in parts}
    merged = {n: r for n, r in manifest.merged.items() if n not in old}
    merged[name] = tuple(sorted(run for part in parts for run in part.runs))
    keep_manifest(folder, Manifest(merged, manifest.next + 1))
    for each in old:
        for kind in KINDS:
            path_of(folder, kind, each).unlink(missing_ok=True)
