"""The built-in starter set: a few hundred hand-picked rows, each with its source.

It serves a kind of table until CMS files of that kind are imported. It vouches for the newest
quarter that its sources name, and its dates are those of the CMS rows it was picked from.
"""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.interface import Release
from auditor.reference.kinds import quarter_end
from auditor.reference.tables import MODELS
from schemas import dtypes

if TYPE_CHECKING:
    from auditor.reference.interface import Kind

FOLDER = Path(__file__).with_name("starter")
FILES: dict[Kind, str] = {
    "aoc": "aoc.csv",
    "ptp-practitioner": "ptp.csv",
    "mue-practitioner": "mue.csv",
    "fee-schedule": "fees.csv",
}
LABEL = "starter set"


@cache
def starter_frame(kind: Kind) -> pl.DataFrame:
    """The starter table of `kind` in the columns of its model, and its `source` column dropped."""
    raw = pl.read_csv(FOLDER / FILES[kind], infer_schema=False, comment_prefix="#")
    given = {
        "edit_deletion": pl.col("deletion") if kind == "aoc" else None,
        "release": pl.lit(LABEL),
        "component": pl.col("component").fill_null("") if kind == "fee-schedule" else None,
    }
    columns = []
    for name, dtype in dtypes(MODELS[kind]).items():
        text = given.get(name)
        value = pl.col(name) if text is None else text
        columns.append(
            value.cast(dtype).alias(name)
            if dtype != pl.Date
            else value.str.to_date("%Y-%m-%d").alias(name)
        )
    return raw.select(columns)


@cache
def starter_release(kind: Kind) -> Release:
    """The starter table of `kind` as a release: its quarter is the newest its sources name."""
    path = FOLDER / FILES[kind]
    sources = pl.read_csv(path, infer_schema=False, comment_prefix="#")["source"]
    quarter = sources.str.extract(r"\b(20\d\dQ[1-4])\b").max()
    frame = starter_frame(kind)
    first = "valid_from" if "valid_from" in frame.columns else "effective"
    if isinstance(quarter, str):
        effective = date(int(quarter[:4]), 3 * int(quarter[5]) - 2, 1)
    else:
        newest = frame[first].max()
        effective = newest if isinstance(newest, date) else date(1996, 1, 1)
    return Release(
        kind=kind,
        label=LABEL,
        effective=effective,
        vouches_to=quarter_end(effective),
        rows=frame.height,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        source=path.name,
        starter=True,
        used=True,
        note="built in",
    )
