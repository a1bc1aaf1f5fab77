"""Claim files of several formats, whose patients lie in all of them."""

import gzip
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "parts")]

SAMPLE = ROOT / "sample_claims" / "clinic_week.csv"


@pytest.fixture(scope="session")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a week in four files; one of them holds rows that are no claim lines."""
    folder = tmp_path_factory.mktemp("claims")
    week = pl.read_csv(SAMPLE, infer_schema=False)
    week[0::4].write_csv(folder / "a.csv")
    (folder / "b.csv.gz").write_bytes(gzip.compress(week[1::4].write_csv().encode(), mtime=0))
    week[2::4].write_parquet(folder / "c.parquet")
    day = next(name for name in week.columns if "service" in name.lower() or "dos" in name.lower())
    spoiled = pl.int_range(pl.len()).is_in([3, 17, 40])
    broken = week[3::4].with_columns(pl.when(spoiled).then(pl.lit("?")).otherwise(day).alias(day))
    pl.concat([broken, week[:25]]).write_csv(folder / "d.csv")  # lines of a.csv once more
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: the starter set serves."""
    return tmp_path_factory.mktemp("store")
