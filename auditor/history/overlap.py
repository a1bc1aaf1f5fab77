"""Exports overlap: which of tonight's lines are new, which came before, which stored ones end.

A line is known by claim id and line number, one without a number by what it says. Equal lines of a
claim are counted: the second of two is new where one is stored.

snapshot: the newest version of a claim replaces the earlier one whole; the last of tonight's files
wins. delta: a line replaces the line of its number, and others stay; a replacement claim (frequency
7) that keeps the id of what it replaces does so whole, and its own lines replace each other line by
line. A claim with a rejected row tonight is always taken line by line, because what is missing of
it may be that row; but a snapshot that a later one of tonight's files repeats without such a row
misses nothing. A void is a claim apart.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from auditor.history.index import REPLACEMENT, claim_key, index_of

Mode = Literal["snapshot", "delta"]
CHANGED, GONE = "changed", "no longer in the claim"
_OF_A_FILE = r"(?: \[[^\[\]]*\])+$"
"""What follows the file's name in source_file: sheets and members of one file are one export."""


def keys_of(lines: pl.DataFrame, mode: Mode, doubtful: pl.Series) -> pl.DataFrame:
    """row, file, claim_id, line_number, whole, edition, claim, content of tonight's lines.

    lines: schemas.ClaimLines. claim_id: as the claim is known. whole: the claim's lines replace
    those of earlier files whole. edition: of a replacement in a delta; its lines replace those of
    other editions of the claim. doubtful: claim ids that have a rejected row tonight.
    """
    number = _numbers(lines, lines)
    found = index_of(lines)
    sure = ~pl.col("claim_id").is_in(doubtful.implode())
    whole = sure & pl.lit(mode == "snapshot")
    edition = pl.when(sure & pl.lit(mode == "delta")).then(_edition())
    return lines.select(claim_key(), "line_number", whole=whole, edition=edition).with_columns(
        number,
        found["claim"],
        found["content"],
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
    )


def _numbers(rows: pl.DataFrame, lines: pl.DataFrame) -> pl.Series:
    """`file`: of each of `rows` the place of its file among those of `lines`, or beyond them."""
    files, named = (
        each.select(pl.col("source_file").str.replace(_OF_A_FILE, "")).to_series()
        for each in (lines, rows)
    )
    order = files.unique(maintain_order=True)
    if order.is_empty():
        return pl.repeat(0, rows.height, dtype=pl.UInt32, eager=True).alias("file")
    number = pl.int_range(len(order), dtype=pl.UInt32, eager=True)
    found = named.replace_strict(order, number, default=len(order), return_dtype=pl.UInt32)
    return found.alias("file")


def holding(rejected: pl.DataFrame, lines: pl.DataFrame, mode: Mode) -> pl.DataFrame:
    """Those of tonight's rejected rows that a line may be missing for.

    rejected: schemas.RejectedRows; lines: schemas.ClaimLines. Without the rows of claims of which
    a snapshot that came later has lines, and no rejected row: there the claim is whole.
    """
    if mode == "delta" or rejected.is_empty() or lines["source_file"].n_unique() < 2:  # noqa: PLR2004 - one file outdoes nothing of itself
        return rejected
    claims = rejected["claim_id"].drop_nulls().unique()
    named = lines.filter(claim_key().is_in(claims.implode()))
    whole = named.select("claim_id", _numbers(named, lines)).group_by("claim_id")
    told = rejected.select("claim_id", _numbers(rejected, lines))
    last = told.join(whole.agg(_whole=pl.col("file").max()), on="claim_id", how="left")
    # The last rejected row of a claim counts for all: where it holds, the claim is in doubt.
    newest = last.select(pl.col("file").max().over("claim_id"), "_whole")
    outdone = (pl.col("file") < pl.col("_whole")).fill_null(value=False)
    return rejected.filter(~newest.select(outdone).to_series())


def _edition() -> pl.Expr:
    """What tells one replacement of a claim from the next one of its id; null for other lines."""
    named = pl.col("original_claim_id").fill_null("")
    received = pl.col("received_date").cast(pl.String).fill_null("")
    told = pl.concat_str(named, received, separator="\x1f")
    return pl.when(pl.col("claim_frequency") == REPLACEMENT).then(told)


def _editions(keys: pl.DataFrame) -> pl.DataFrame:
    """claim_id, last, since: the last edition of each claim that has one, and its file."""
    with_one = keys.filter(pl.col("edition").is_not_null()).sort("file", "row")
    return with_one.group_by("claim_id").agg(
        last=pl.col("edition").last(), since=pl.col("file").last()
    )


def repeated(lines: pl.DataFrame) -> tuple[int, list[str]]:
    """How many claims have lines in several of tonight's files, and these, the first first.

    lines: schemas.ClaimLines. A file is told by its name without sheet or member.
    """
    if lines["source_file"].n_unique() < 2:  # noqa: PLR2004 - one file repeats nothing of itself
        return 0, []
    files = lines.select(claim_key(), name=pl.col("source_file").str.replace(_OF_A_FILE, ""))
    stands = files.unique(maintain_order=True)
    several = stands.filter(pl.len().over("claim_id") > 1)
    names = files["name"].unique(maintain_order=True)
    among = names.filter(names.is_in(several["name"].unique().implode()))
    return several["claim_id"].n_unique(), among.to_list()


def winning(keys: pl.DataFrame) -> pl.DataFrame:
    """Those of `keys` that no later one of tonight's files replaces."""
    if keys["file"].n_unique() < 2:  # noqa: PLR2004 - one file replaces nothing of itself
        return keys
    last = keys.join(_editions(keys), on="claim_id", how="left", maintain_order="left")
    older = pl.col("edition").ne_missing(pl.col("last")) & (pl.col("file") < pl.col("since"))
    keys = keys.filter(~last.select(older.fill_null(value=False)).to_series())
    by_line = ~pl.col("whole").any().over("claim_id")
    unnumbered = by_line & pl.col("line_number").is_null()
    known_by = keys.select(
        "claim_id",
        pl.when(by_line).then("line_number"),
        pl.when(unnumbered).then("content"),
        pl.when(unnumbered).then(nth(["file", "content"])),
    )
    newest = known_by.with_columns(keys["file"]).select(pl.col("file").max().over(known_by.columns))
    return keys.filter(keys["file"] == newest["file"])


def matched(keys: pl.DataFrame, stored: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`keys` that are not stored, and `stored` that are not among `keys`."""
    same = ["claim", "content", "nth"]
    ours = _counted(keys)
    theirs = _counted(stored.sort("version"))
    return (
        ours.join(theirs, on=same, how="anti").drop("nth"),
        theirs.join(ours, on=same, how="anti").drop("nth"),
    )


def ending(fresh: pl.DataFrame, rest: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Which of the stored lines `rest` end: their columns, why, and `key`, as the claim is known.

    rest: schemas.EndedLines without why but with since, claim_frequency, original_claim_id and
    received_date, of the stored lines whose hash is that of one of tonight's claims and that did
    not come again. fresh: claim_id, line_number of tonight's new lines. keys: all of tonight. Here
    the texts decide, and no hash.
    """
    rest = rest.with_columns(claim_key().alias("key"), edition=_edition())
    ours = rest.filter(pl.col("key").is_in(keys["claim_id"].unique().implode())).sort("version")
    number = ["key", "line_number"]
    fresh = fresh.rename({"claim_id": "key"})
    counts = fresh.drop_nulls("line_number").group_by(number).agg(_new=pl.len())
    place = pl.int_range(pl.len()).over(number)
    last = _editions(keys).select("last", key="claim_id")
    judged = ours.with_columns(_place=place).join(counts, on=number, how="left")
    judged = judged.join(last, on="key", how="left")
    changed = (pl.col("_place") < pl.col("_new")).fill_null(value=False)
    gone = pl.col("key").is_in(keys.filter("whole")["claim_id"].unique().implode())
    gone |= pl.col("last").is_not_null() & pl.col("edition").ne_missing(pl.col("last"))
    why = pl.when(changed).then(pl.lit(CHANGED)).when(gone).then(pl.lit(GONE))
    told = judged.with_columns(why=why).drop_nulls("why").sort("version")
    return told.drop("_place", "_new", "edition", "last")


def since(fresh: pl.DataFrame, ended: pl.DataFrame) -> pl.Series:
    """Of each of tonight's new lines the run with which it first came; null for those that are new.

    fresh: schemas.ClaimLines. ended: those of the stored lines that end tonight, as `ending`
    answers them. A line that takes the place of another is as old as that one: what is paid or
    corrected later was not billed later. That is the line of its number; else, because claims come
    with their lines numbered anew, one of its claim with its code and date.
    """
    keys = ended["key"].unique()
    found = fresh.select(
        claim_key().alias("key"),
        "line_number",
        "code",
        "service_date_from",
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
    ).filter(pl.col("key").is_in(keys.implode()))
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    ages = [pl.DataFrame(schema={"row": pl.UInt32, "since": pl.UInt64})]
    left = ended.select("version", "since", *found.columns[:-1])
    for by in (["key", "line_number"], ["key", "code", "service_date_from"]):
        told = pl.all_horizontal(pl.col(by).is_not_null())
        old = left.filter(told).select("version", *by, "since", _place=place.over(by))
        new = found.filter(told).select("row", *by, _place=place.over(by))
        met = new.join(old, on=[*by, "_place"])
        ages.append(met.select("row", "since"))
        left = left.join(met.select("version"), on="version", how="anti", maintain_order="left")
        found = found.join(met.select("row"), on="row", how="anti", maintain_order="left")
    rows = fresh.select(row=pl.int_range(pl.len(), dtype=pl.UInt32))
    met = rows.join(pl.concat(ages), on="row", how="left", maintain_order="left")
    return met["since"]


def nth(by: list[str]) -> pl.Expr:
    """`nth`: 0, 1 ... among the rows that agree in `by`."""
    return pl.int_range(pl.len(), dtype=pl.UInt32).over(by).alias("nth")


def _counted(keys: pl.DataFrame) -> pl.DataFrame:
    """`keys` with nth among those of one claim that say the same; most files repeat nothing."""
    if keys["content"].n_unique() == keys.height:
        return keys.with_columns(nth=pl.lit(0, pl.UInt32))
    return keys.with_columns(nth(["claim", "content"]))
