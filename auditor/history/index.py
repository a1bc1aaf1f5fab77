"""The narrow copy of the lines by which they are found: hashes, days, code.

Hashes are polars' own, which other versions of polars may work out differently. So the hash of a
fixed table, the probe, stands beside them; where it is not what polars gives today, the index is
made again from the evidence. Nothing ends because of a hash alone (`overlap`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from auditor.history.files import (
    INDEX,
    LINES,
    Part,
    metadata_of,
    missing,
    path_of,
    reading,
    scan,
    write,
)
from schemas import ClaimLines, dtypes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PLACES = ("source_file", "source_row", "line_key")
"""Where a line stood, which is no part of what it says."""
EVIDENCE = {name: dtype for name, dtype in dtypes(ClaimLines).items() if name != "line_key"}
"""Columns of the evidence beside `version`."""
CONTENT = tuple(name for name in EVIDENCE if name not in PLACES)
"""What a line says: lines that agree in these are the same."""
LONGEST = 366
"""Days; a longer span is taken for a slip of the pen and counts as its first day."""
REPLACEMENT, VOID = "7", "8"
VOID_MARK = "\x1fvoid"
AFRESH = (REPLACEMENT, VOID)
"""Claim frequencies of replacement and void (CLM05-3 of the 837P)."""
_CLAIM, _PATIENT, _CONTENT = 0x636C61696D, 0x70617469656E74, 0x636F6E74656E74
"""Seeds, so that equal texts in different columns have different hashes."""
_PROBE, _GROUPS, _NUMBERED = "auditor-probe", "auditor-groups", "auditor-numbered"
"""Names in the metadata of the file."""
_NPI = r"^[12][0-9]{9}$"


def claim_key() -> pl.Expr:
    """`claim_id` as a claim is known by it: a void with the id of what it takes back is apart.

    Both have to be looked at together, or the void would name nothing.
    """
    void = (pl.col("claim_frequency") == VOID).fill_null(value=False)
    marked = pl.concat_str("claim_id", pl.lit(VOID_MARK))
    return pl.when(void).then(marked).otherwise("claim_id").alias("claim_id")


def claim_hash() -> pl.Expr:
    """`claim`: u64 of the claim."""
    return claim_key().hash(_CLAIM).alias("claim")


def named_hash() -> pl.Expr:
    """`claim`: u64 of a claim of which nothing but the id is known; no void."""
    return pl.col("claim_id").hash(_CLAIM).alias("claim")


def patient_hash() -> pl.Expr:
    """`patient`: u64 of the patient id."""
    return pl.col("patient_id").hash(_PATIENT).alias("patient")


def token(name: str) -> pl.Expr:
    """u32 of the claim number in column `name`; null where it is blank."""
    known = pl.col(name).is_not_null() & (pl.col(name) != "")
    return pl.when(known).then(_short(pl.col(name).hash(_CLAIM)))


def numbers() -> list[pl.Expr]:
    """`own`, `icn`, `names`: by what numbers a claim is tied to others (`token`).

    Its own id and the payer's number for it; a replacement or void also the number it gives for
    the claim that it takes the place of, which may be of either kind. Claims that share a number
    may take each other out; what shares it by chance of the hash alone is looked at in vain.
    """
    changes = pl.col("claim_frequency").is_in(AFRESH).fill_null(value=False)
    return [
        token("claim_id").alias("own"),
        token("payer_claim_id").alias("icn"),
        pl.when(changes).then(token("original_claim_id")).alias("names"),
    ]


def _short(hashed: pl.Expr) -> pl.Expr:
    return (hashed & pl.lit(0xFFFFFFFF, pl.UInt64)).cast(pl.UInt32)


def content_hash(lines: pl.DataFrame) -> pl.Series:
    """`content`: u64 of all that each line says."""
    return lines.select(CONTENT).hash_rows(seed=_CONTENT).alias("content")


def spans() -> list[pl.Expr]:
    """`first` and `last`: days of a line since 1970 (i32)."""
    first = pl.col("service_date_from").to_physical()
    length = pl.col("service_date_to").to_physical() - first
    length = pl.when(length.is_between(0, LONGEST)).then(length).otherwise(0)
    return [first.alias("first"), (first + length).alias("last")]


def index_of(lines: pl.DataFrame) -> pl.DataFrame:
    """The index of `lines` (columns of the evidence, `version` where it has one)."""
    versions = [pl.col("version")] if "version" in lines.columns else []
    return lines.select(
        *versions,
        claim_hash(),
        content_hash(lines),
        patient_hash(),
        *spans(),
        "code",
        pl.col("claim_frequency").is_in(AFRESH).fill_null(value=False).alias("afresh"),
        payerless(),
        *numbers(),
    )


def payerless() -> pl.Expr:
    """`payerless`: the line does not say who pays; it counts as the patient's only payer's."""
    return (pl.col("payer").fill_null("").str.strip_chars() == "").alias("payerless")


def groups_of(lines: pl.DataFrame) -> list[str]:
    """Billing NPIs under which somebody else renders: no practice of one."""
    both = lines.filter(
        pl.col("rendering_npi").str.contains(_NPI), pl.col("billing_npi").str.contains(_NPI)
    )
    other = both.filter(pl.col("rendering_npi") != pl.col("billing_npi"))
    return other["billing_npi"].unique().sort().to_list()


def probe() -> str:
    """What today's polars makes of a fixed table with the columns of today."""
    fixed = pl.DataFrame(
        {
            name: [None, "7"] if dtype == pl.String else pl.Series([None, 7]).cast(dtype)
            for name, dtype in EVIDENCE.items()
        },
        schema=EVIDENCE,
    )
    hashed = fixed.select(claim_hash(), content_hash(fixed), patient_hash())
    told = [f"{value:016x}" for row in hashed.rows() for value in row]
    return " ".join([*told, *CONTENT, *index_of(fixed).columns])


def write_index(lines: pl.DataFrame, path: Path) -> None:
    """Write the index of `lines` (evidence, with `version`), probe included."""
    told = {
        _PROBE: probe(),
        _GROUPS: json.dumps(groups_of(lines)),
        _NUMBERED: json.dumps(numbered_of(lines)),
    }
    write(index_of(lines), path, told)


def numbered_of(lines: pl.DataFrame) -> bool:
    """Whether one of `lines` carries the payer's number of its claim."""
    return lines["payer_claim_id"].null_count() < lines.height


def groups(path: Path) -> list[str]:
    """`groups_of` the lines whose index lies at `path`."""
    found: list[str] = json.loads(metadata_of(path).get(_GROUPS, "[]"))
    return found


def numbered(path: Path) -> bool:
    """`numbered_of` the lines whose index lies at `path`."""
    return metadata_of(path).get(_NUMBERED) == "true"


def renew(folder: Path, parts: Iterable[Part], *, always: bool = False) -> int:
    """Make anew the indexes that are missing or of another polars; answers how many."""
    parts = list(parts)
    old = [part.name for part in parts] if always else stale(folder, parts)
    for part in parts:
        if part.name in old:
            path = path_of(folder, INDEX, part.name)
            fresh = path.with_name(f".{path.name}")
            with reading(path_of(folder, LINES, part.name)):
                lines = evidence(scan(folder, LINES, part)).collect()
            write_index(lines, fresh)
            fresh.replace(path)
    return len(old)


def stale(folder: Path, parts: Iterable[Part]) -> list[str]:
    """Names of the parts whose indexes are missing or of another polars. Raises HistoryError."""
    found, wanted = [], probe()
    for part in parts:
        path = path_of(folder, INDEX, part.name)
        if not path_of(folder, LINES, part.name).is_file():
            raise missing(path_of(folder, LINES, part.name))
        if _probe_of(path) != wanted:
            found.append(part.name)
    return found


def _probe_of(path: Path) -> str | None:
    """The probe that stands in an index; None: there is no such file, or it is damaged."""
    try:
        return metadata_of(path).get(_PROBE)
    except (FileNotFoundError, pl.exceptions.PolarsError):
        return None


def evidence(lines: pl.LazyFrame, columns: Iterable[str] = EVIDENCE) -> pl.LazyFrame:
    """`version`, `since` and `columns` of stored lines; one that did not exist then is null."""
    held = lines.collect_schema().names()
    return lines.select(
        "version",
        "since",
        *(
            pl.col(name) if name in held else pl.lit(None, EVIDENCE[name]).alias(name)
            for name in columns
        ),
    )
