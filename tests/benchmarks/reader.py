"""polars reading the claim file as text, and nothing else: what no audit in polars can beat."""

import sys

import polars as pl

print(pl.read_csv(sys.argv[1], infer_schema=False).height)  # noqa: T201 - a script
