"""Drawing: which lines, in which order, how many of each stratum.

Every line gets a key, BLAKE2b over the seed and the line's id, and the lines with the smallest
keys are the sample. No library's random numbers, no row order: whoever has the findings and the
seed draws the same lines on any machine, in any language, for ever (docs/sampling.md gives the
recipe). BLAKE2b (RFC 7693) leaves no pattern that anybody knows of, so the keys are as good as
independent uniform numbers; ordering by such numbers is a random order, and the first n of a random
order are a simple random sample without replacement (the method of "permanent random numbers":
Ohlsson, in Business Survey Methods, 1995; simple random sampling: Cochran, Sampling Techniques,
3rd ed., section 2.1). A larger sample begins with the smaller one.
"""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

import auditor
from auditor.sampling.interface import Design, Stratum

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.sampling.frame import Frame
    from auditor.sampling.interface import Basis, By

LEAST = 2
"""Lines a stratum: one line does not tell how much lines differ."""
POOLED = "(all others)"
_KEY_BYTES = 16
_NOT_VISIBLE = re.compile(r"[^\x20-\x7e]")
_LONGEST = 200


def order_key(seed: int, line_id: str) -> str:
    """The key of a line: 32 hex digits."""
    text = f"{seed}|{line_id}".encode()
    return hashlib.blake2b(text, digest_size=_KEY_BYTES).hexdigest()


def draw(  # noqa: PLR0913 - what a draw needs, each by its name
    frame: Frame,
    *,
    size: int,
    seed: int,
    by: By | None,
    basis: Basis,
    sha256: str,
    with_denied: bool = False,
    run_ids: str = "",
) -> tuple[pl.DataFrame, Design]:
    """The sample and its design.

    The sample has the columns of the frame and: number (order of drawing, from 1: by stratum,
    then by key), order_key, stratum_number (from 1) and stratum (after pooling). A frame of no
    more than `size` lines is taken whole.
    """
    sizes = dict(frame.lines["stratum"].value_counts().iter_rows())
    wanted = min(size, frame.lines.height)
    kept = pool(sizes, wanted)
    pooled = sizes.keys() - kept
    name = pl.col("stratum")
    lines = frame.lines.with_columns(
        pl.when(name.is_in(sorted(pooled))).then(pl.lit(POOLED)).otherwise(name).alias("stratum"),
        pl.Series(
            "order_key", [order_key(seed, i) for i in frame.lines["line_id"]], dtype=pl.String
        ),
    )
    # the pooled stratum last, whatever its name sorts after
    names = sorted(kept) + ([POOLED] if pooled else [])
    numbers = {n: number for number, n in enumerate(names, start=1)}
    merged = {n: sizes[n] for n in kept} | (
        {POOLED: sum(sizes[n] for n in pooled)} if pooled else {}
    )
    allotted = allocate(merged, wanted)
    lines = lines.with_columns(
        pl.col("stratum").replace_strict(numbers, return_dtype=pl.Int64).alias("stratum_number"),
    ).sort("stratum_number", "order_key", "line_id")
    place = pl.int_range(pl.len()).over("stratum_number")
    quota = pl.col("stratum").replace_strict(allotted, return_dtype=pl.Int64)
    sample = lines.filter(place < quota).with_row_index("number", offset=1)
    charges = dict(
        lines.group_by("stratum")
        .agg(pl.col("charge_cents").sum())
        .select("stratum", "charge_cents")
        .iter_rows()
    )
    strata = tuple(
        Stratum(numbers[n], plain(n), merged[n], charges[n] or 0, allotted[n]) for n in names
    )
    design = Design(
        seed=seed,
        by=by,
        basis=basis,
        findings_sha256=sha256,
        findings=frame.findings,
        frame_digest=digest(
            f"{i}|{s}|{'' if c is None else c}"
            for i, s, c in frame.lines.sort("line_id")
            .select("line_id", "stratum", "charge_cents")
            .iter_rows()
        ),
        tiers=frame.tiers,
        with_denied=with_denied,
        strata=strata,
        left_out=frame.left_out,
        sample_digest=digest(sample["line_id"]),
        run_ids=plain(run_ids),
        version=auditor.__version__,
    )
    return sample, design


def plain(text: str) -> str:
    """A text of the findings as a name: visible ASCII, and short."""
    return _NOT_VISIBLE.sub("?", text).strip()[:_LONGEST]


def digest(parts: Iterable[str]) -> str:
    """32 hex digits that stand for a list of texts in this order."""
    made = hashlib.blake2b(digest_size=_KEY_BYTES)
    for part in parts:
        made.update(part.encode("utf-8", "surrogateescape") + b"\n")
    return made.hexdigest()


def pool(sizes: Mapping[str, int], size: int) -> set[str]:
    """The strata that stand alone: all, where `size` gives each its least number of lines.

    Else the largest ones, so that these and one stratum of all others get it. Decided by the
    sizes alone and before any line is drawn.
    """
    if sum(min(LEAST, n) for n in sizes.values()) <= size:
        return set(sizes)
    kept: set[str] = set()
    room = size - LEAST
    for name, n in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        room -= min(LEAST, n)
        if room < 0:
            break
        kept.add(name)
    return kept


def allocate(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """How many lines each stratum gives: in proportion, at least `LEAST`, never more than it has.

    `size` is at most the sum of `sizes`, and gives each its least number unless there is only one.
    Strata whose share is below the least get the least; the others share the rest in proportion,
    whole numbers by the largest remainder (Hamilton's method), ties by name.
    """
    least = {name: min(LEAST, n) for name, n in sizes.items()}
    if sum(least.values()) > size:
        (only,) = sizes
        return {only: size}
    fixed: dict[str, int] = {}
    while True:
        rest = size - sum(fixed.values())
        free = {name: n for name, n in sizes.items() if name not in fixed}
        of = sum(free.values())
        shares = {name: Fraction(rest * n, of) for name, n in free.items()}
        short = {name: least[name] for name, share in shares.items() if share < least[name]}
        if not short:
            break
        fixed |= short
    given = {name: int(share) for name, share in shares.items()}
    over = size - sum(fixed.values()) - sum(given.values())
    by_remainder = sorted(shares, key=lambda name: (given[name] - shares[name], name))
    for name in by_remainder[:over]:
        given[name] += 1
    return {name: (fixed | given)[name] for name in sizes}
