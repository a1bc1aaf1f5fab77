"""`auditor trend`: what the nights of a feed brought, closed and left open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import options, output, selection
from auditor.cli.review import ledger_place, settings_of
from auditor.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

BY = ("rule", "practitioner", "amount")
_COLUMN = {"rule": "rule_id", "practitioner": "rendering_npi"}
_TIERS = ("certain", "review")
NIGHTS = 30
"""Nights that are printed; the file has all."""


def trend(
    feed: Annotated[
        list[str] | None,
        typer.Option("--feed", metavar="NAME", help="Only this feed. May be repeated."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only nights from this day on.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="|".join(BY),
            help="Tell rules, practitioners (in a file only) or amounts apart.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.csv", help="Write every night to this file instead; replaced."
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(
            "--ledger",
            metavar="FILE",
            help="The ledger; default: AUDITOR_LEDGER, else that of the configuration file, else"
            " the one in the user's data folder.",
            show_default=False,
        ),
    ] = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Tell what each night brought, closed and left open.

    New, reopened and closed findings of each night, and those open after it. Amounts are estimates
    for review; they are told by tier and by what they were taken from, and never added across.
    Nothing is printed that names a patient or a practitioner.
    """
    kind = selection.one_of(by, BY, "--by", "trend") if by else None
    first = selection.day(since, "--since") if since else None
    if kind == "practitioner" and out is None:
        raise ConfigError(
            "Practitioners are not printed.",
            where="--by practitioner",
            next_step="Name a file for them with --out FILE.csv.",
        )
    if out is not None and (out.suffix.lower() != ".csv" or out.is_dir()):
        raise ConfigError(f"'{out.name}' does not end in .csv.", where="--out")
    place = ledger_place(ledger, settings_of(config_file))
    found = _found(place, tuple(feed or ()), _COLUMN.get(kind or ""))
    if first is not None:
        found = found.filter(found["night"] >= first)
    if out is not None:
        from auditor.report import write_table

        write_table(found, out)
        output.say(f"Wrote {_rows(found.height)} to {out}")
    elif found.is_empty():
        output.say("No night fits.")
    else:
        told = {"rule": _by_rule, "amount": _by_amount}.get(kind or "", _by_night)
        for text in told(found):
            output.say(text)
    output.say(f"The ledger is {place}")


def _found(place: Path, wanted: tuple[str, ...], column: str | None) -> pl.DataFrame:
    """schemas.Trend of the feeds asked for, feed by feed."""
    import polars as pl

    from auditor.ledger import opened
    from auditor.ledger.trend import feeds, trend
    from schemas import Trend, empty

    if not place.is_file():
        raise LedgerError(
            "There is no ledger here.",
            where=str(place),
            next_step="A nightly run makes it; --ledger FILE names another.",
        )
    with opened(place) as ledger:
        known = feeds(ledger)
        for name in wanted:
            if name not in known:
                there = f" It has {', '.join(known)}." if known else ""
                raise ConfigError(
                    f"The ledger has no run of a feed '{name}'.{there}", where="--feed"
                )
        frames = [trend(ledger, name, (column,) if column else ()) for name in wanted or known]
    return pl.concat([empty(Trend), *frames])


def _by_night(found: pl.DataFrame) -> Iterator[str]:
    """A row a night: counts alone."""
    import polars as pl

    open_ = [
        pl.col("open").filter(pl.col("tier") == tier).sum().alias(f"open_{tier}") for tier in _TIERS
    ]
    flows = [_work(name) for name in ("new", "reopened", "resolved")]
    nights = found.group_by("night", "feed").agg(*flows, *open_).sort("night", "feed")
    heads = ["NIGHT", "FEED", "NEW", "REOPENED", "CLOSED", "OPEN CERTAIN", "OPEN REVIEW"]
    yield from _shown(heads, nights)
    yield output.wrapped(
        "Certain and review findings. Money: --by amount; a file with every night: --out FILE.csv."
    )


def _by_rule(found: pl.DataFrame) -> Iterator[str]:
    """A row a rule: what all the nights brought, and what is open after the last."""
    import polars as pl

    last = pl.col("night") == pl.col("night").max().over("feed")
    marked = found.with_columns(left=pl.when(last).then("open").otherwise(0))
    open_ = [
        pl.col("left").filter(pl.col("tier") == tier).sum().alias(f"open_{tier}") for tier in _TIERS
    ]
    flows = [_work(name) for name in ("new", "reopened", "resolved")]
    rules = marked.group_by("feed", "rule_id").agg(*flows, *open_).sort("feed", "rule_id")
    heads = ["FEED", "RULE", "NEW", "REOPENED", "CLOSED", "OPEN CERTAIN", "OPEN REVIEW"]
    yield from _shown(heads, rules, most=rules.height)
    spans = found.group_by("feed").agg(
        first=pl.col("night").min(), last=pl.col("night").max(), nights=pl.col("night").n_unique()
    )
    for name, first, end, nights in spans.sort("feed").iter_rows():
        count = f"{nights:,} night{'' if nights == 1 else 's'}"
        yield output.wrapped(
            f"{name}: {count}, {first} to {end}; open after the last. Certain and review findings."
        )


def _by_amount(found: pl.DataFrame) -> Iterator[str]:
    """A row a night, tier and basis: what is at risk."""
    import polars as pl

    from auditor.practice import MONEY_BASES

    money = found.filter(pl.col("tier").is_in(_TIERS), pl.col("amount_basis").is_in(MONEY_BASES))
    heads = ["NIGHT", "FEED", "TIER", "TAKEN FROM", "NEW", "AT RISK", "OPEN", "AT RISK"]
    columns = ["night", "feed", "tier", "amount_basis", "new", "new_at_risk", "open"]
    rows = money.select(*columns, "open_at_risk").sort("night", "feed", "tier", "amount_basis")
    nights = rows.select("night").unique().sort("night").tail(NIGHTS)
    shown = rows.join(nights, on="night", how="semi", maintain_order="left")
    yield from _shown(heads, shown, most=shown.height, words=4)
    yield output.wrapped(
        "Dollars, estimates for review; no sum of tiers or of what they are taken from is meant."
    )


def _work(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).filter(pl.col("tier").is_in(_TIERS)).sum()


def _shown(
    heads: list[str], frame: pl.DataFrame, *, most: int = NIGHTS, words: int = 2
) -> Iterator[str]:
    """The last `most` rows as a table, whose first `words` columns are no numbers."""
    left = frame.height - most
    if left > 0:
        yield f"The last {most:,} of {frame.height:,} rows."
    rows = [heads]
    rows += [
        [*map(str, row[:words]), *(f"{cell:,}" for cell in row[words:])]
        for row in frame.tail(most).iter_rows()
    ]
    yield output.table(rows, right=frozenset(range(words, len(heads))))


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
