"""The batch that rules judge: one narrow, enriched row a claim line.

Built once; every rule reads it. Keys are integers, so that joins are cheap:

- `row`: index into the claim lines, the identity of a line everywhere in the engine;
- `day`: patient (with payer and payer sequence), practitioner S1 and date, null where the line
  cannot be joined with others (placeholder or missing identity, an implausible day);
- `patient`, `tax`, `billing`, `specialty`: what tells partners (auditor/engine/partners.py);
- `c`, `ce`, `m`: code, code in its epoch, and modifier combination, as indices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.codes import CodeFacts, code_facts, facts_again
from auditor.engine.columns import days, enriched, later_epochs, narrow
from auditor.engine.credits import taken_back, unsigned
from auditor.engine.identities import cancelled, identities, loose
from auditor.engine.keys import keys, keys_again
from auditor.engine.lacking import lacking
from auditor.engine.modifiers import combinations
from auditor.engine.whole import Whole, census

if TYPE_CHECKING:
    from datetime import date

    from auditor.engine.history import Together
    from auditor.engine.versions import Versions
    from auditor.engine.whole import Census
    from auditor.reference.interface import Reference
    from auditor.rules import CodePolicy

IMPLAUSIBLE_DAY = 500
"""A patient, practitioner and day of more lines than this is not judged (DESIGN)."""


@dataclass(frozen=True)
class BuildOptions:
    """What is known beside the lines."""

    as_of: date
    """What counts as today."""
    rendering_read: bool = True
    """The files have a column of rendering NPIs."""
    policies: tuple[CodePolicy, ...] = ()
    """What the rules ask of the policy tables of codes."""
    implausible_day: int = IMPLAUSIBLE_DAY
    groups: pl.Series | None = None
    """Billing NPIs that are known from earlier nights to be no practice of one."""
    exported: bool = True
    """Lines of files, of which one defect may be the whole export's; else of questions."""
    whole: Whole | None = None
    """What is known of all lines where these are a part of them."""


@dataclass(frozen=True)
class Batch:
    """Enriched lines and what they were enriched with."""

    raw: pl.DataFrame
    """schemas.ClaimLines, all of them, with `row` as first column."""
    lines: pl.DataFrame
    """The lines that stand: voids and superseded claims are left out."""
    facts: CodeFacts
    mods: pl.DataFrame
    """auditor.engine.modifiers.combinations, at index `m`."""
    reference: Reference
    lacking: pl.Series
    """Rows whose patient-day or claim may lack a line, because one was rejected."""
    gone: pl.Series
    """Rows of `raw` that do not stand."""
    later: pl.DataFrame
    """Span lines once more for each further epoch that they reach; rare, mostly empty."""
    as_of: date
    """What counts as today."""
    tonight_rows: int
    """Rows from this one on came earlier than the files that are audited."""
    audited_rows: int
    """Rows from this one on are looked at and not judged."""
    sent: pl.Series | None
    """When each row of `raw` was sent: more is later; None: all at once."""
    groups: pl.Series
    """Billing NPIs that are no practice of one, as far as any line knows."""
    laboratories: bool
    """Some line of the whole batch carries the number of a laboratory (CLIA)."""
    exported: bool
    """Lines of files, of which one defect may be the whole export's; else of questions."""
    whole: Whole | None
    """What is known of all lines where these are a part of them."""

    @property
    def has_history(self) -> bool:
        """True where lines came along that are not judged."""
        return self.audited_rows < self.raw.height

    def sent_of(self, rows: pl.Series) -> pl.Series:
        """`sent`: when each of `rows` was sent.

        A line of an earlier night was sent before tonight's, whatever dates the two carry.
        """
        if self.sent is None:
            return pl.repeat(0, len(rows), dtype=pl.Int64, eager=True).alias("sent")
        return self.sent[rows].alias("sent")

    def of_tonight(self, found: pl.DataFrame) -> pl.DataFrame:
        """Those of `found` (with `row`) that stand in the files that are audited."""
        if self.tonight_rows == self.raw.height:
            return found
        return found.filter(pl.col("row") < self.tonight_rows)

    def keys_of(self, rows: pl.Series) -> pl.Series:
        """`key`: what tells each of `rows` from all lines, also from those of other parts."""
        if self.whole is None:
            return rows.cast(pl.UInt32).alias("key")
        return self.raw["line_key"].gather(rows).alias("key")

    def rows_of(self, keys: pl.Series) -> pl.Series:
        """`row`: where the line of each of `keys` stands; null for a line of another part."""
        if self.whole is None:
            return keys.cast(pl.UInt32).alias("row")
        own = self.raw["line_key"]
        place = own.search_sorted(keys).clip(0, len(own) - 1).cast(pl.UInt32)
        found = pl.DataFrame({"row": place, "key": keys, "own": own.gather(place)})
        return found.select(pl.when(pl.col("key") == pl.col("own")).then("row")).to_series()

    def tonight(self) -> pl.LazyFrame:
        """The raw lines that stand and are those of the files."""
        return self.standing().filter(pl.col("row") < self.tonight_rows)

    def audited(self) -> pl.LazyFrame:
        """The raw lines that stand and are judged, those of earlier nights included."""
        standing = self.standing()
        if not self.has_history:
            return standing
        return standing.filter(pl.col("row") < self.audited_rows)

    def standing(self) -> pl.LazyFrame:
        """The raw lines that stand."""
        if self.lines.height == self.raw.height:
            return self.raw.lazy()
        return self.raw.lazy().filter(~pl.col("row").is_in(self.gone.implode()))

    @cached_property
    def n_codes(self) -> int:
        """Distinct codes."""
        return len(self.facts.codes)

    def code_index(self, texts: pl.Series) -> pl.Series:
        """Index of each code text, null where the batch does not hold it."""
        return self.facts.index_of(texts)

    @cached_property
    def mod_tokens(self) -> pl.DataFrame:
        """m, token: the single modifiers of each combination."""
        tokens = self.mods.select(pl.col("tokens").alias("token")).with_row_index("m")
        return tokens.explode("token", empty_as_null=False)

    @cached_property
    def mods_with(self) -> dict[str, list[int]]:
        """Single modifier -> the combinations `m` that hold it; rules ask for dozens of them."""
        held: dict[str, list[int]] = {}
        for m, token in self.mod_tokens.iter_rows():
            held.setdefault(token, []).append(m)
        return held

    @cached_property
    def service_days(self) -> pl.DataFrame:
        """row, date of each day of lines that span several (up to a year); rare.

        Day keys are shifted in step with the date, because a day key ends in the date.
        """
        spans = self.lines.filter(pl.col("days") > 1)
        return spans.select("row", offset=pl.int_ranges(0, pl.col("days"), dtype=pl.Int64)).explode(
            "offset", empty_as_null=False
        )

    @cached_property
    def span_days(self) -> pl.Series:
        """Day keys that lines reach after their first day."""
        spans = self.lines.lazy().filter(pl.col("days") > 1).select("row", "day").collect()
        later = spans.join(self.service_days.filter(pl.col("offset") > 0), on="row")
        return later.select((pl.col("day") + pl.col("offset")).drop_nulls().unique()).to_series()

    def by_day(self, lines: pl.DataFrame) -> pl.DataFrame:
        """`lines` (with row, day, date, days) once for each day they span.

        Where `lines` has ce it moves with the day, so that facts gathered by it are that day's.
        """
        if not self.has_spans:
            return lines
        spans = lines.filter(pl.col("days") > 1)
        if spans.is_empty():
            return lines
        spans = spans.join(self.service_days, on="row").with_columns(
            day=pl.col("day") + pl.col("offset"),
            date=pl.col("date") + pl.duration(days=pl.col("offset")),
        )
        if "ce" in lines.columns:
            epoch = self.facts.epoch_of(spans["date"])
            spans = spans.with_columns(ce=pl.col("c") * len(self.facts.epochs) + epoch)
        return pl.concat([lines.filter(pl.col("days") == 1), spans.select(lines.columns)])

    @cached_property
    def packs(self) -> bool:
        """True where a day key and a code index fit into one integer, as they nearly always do."""
        return int(self.lines["day"].max() or 0) < 2**62 // (self.n_codes + 1)  # type: ignore[arg-type]

    def day_code(self) -> pl.Expr:
        """Day and code as one value to compare lines by."""
        if self.packs:
            return pl.col("day") * self.n_codes + pl.col("c")
        return pl.struct("day", "c")

    @cached_property
    def credits(self) -> pl.Series:
        """Rows of credits that match no line (auditor.engine.credits)."""
        return self.lines.filter(pl.col("credit") & ~pl.col("cancelled"))["row"]

    @cached_property
    def lessened(self) -> pl.Series:
        """Rows of which an unmatched credit may take back some or all."""
        return self.lines.filter("lessened")["row"]

    @cached_property
    def shaken(self) -> pl.Series:
        """Rows that an unmatched credit may take back whole (auditor.engine.credits)."""
        return self.lines.filter("shaken")["row"]

    @cached_property
    def has_spans(self) -> bool:
        """True where some line spans more than one day."""
        return bool(self.lines.select((pl.col("days") > 1).any()).item())


def build(
    all_lines: Together, reference: Reference, versions: Versions, options: BuildOptions
) -> Batch:
    """Enrich the lines of `all_lines` that stand; see the module's docstring."""
    raw = all_lines.lines.with_row_index("row")
    known = options.whole.known if options.whole is not None else None
    void = cancelled(raw, versions.gone) if known is None else None
    raw = unsigned(raw)
    everybody = options.whole.census if options.whole is not None else census(raw)
    groups = everybody.groups
    if options.groups is not None:
        groups = pl.concat([groups, options.groups.alias("billing_npi")])
    facts = _facts(raw, everybody, reference, options)
    first = facts.epochs[0]
    mods = combinations(raw["modifiers"].unique().sort(), reference)
    lines = narrow(raw, facts.codes, mods["mods"])
    if void is not None:
        lines = lines.with_columns(cancelled=void, **_who(raw, groups, versions, options))
    if len(versions.gone):
        lines = lines.filter(~pl.col("row").is_in(versions.gone.implode()))
    lines = lines.with_columns(days=days())
    if known is None:
        lines = keys(lines, first, options.implausible_day, everybody.lines)
    else:
        lines = keys_again(lines.hstack(known.lines.drop("row")), first)
    lines = taken_back(lines)
    first_epoch = facts.epoch_of(lines["date"])
    lines = lines.with_columns(ce=pl.col("c") * len(facts.epochs) + first_epoch)
    lines = enriched(lines, facts, mods)
    later = later_epochs(lines, first_epoch, facts, mods)
    return Batch(
        raw,
        lines,
        facts,
        mods,
        reference,
        lacking(raw, all_lines.rejected),
        versions.gone,
        later,
        options.as_of,
        all_lines.tonight,
        all_lines.judged,
        all_lines.sent,
        groups,
        everybody.laboratories,
        options.exported,
        options.whole,
    )


def _who(
    raw: pl.DataFrame, groups: pl.Series, versions: Versions, options: BuildOptions
) -> dict[str, pl.Series | pl.Expr]:
    """Whose each line is, and whether its claim changes one that is not there."""
    ids = identities(raw, rendering_read=options.rendering_read, groups=groups)
    return {**ids, **loose(versions)}


def _facts(
    raw: pl.DataFrame, everybody: Census, reference: Reference, options: BuildOptions
) -> CodeFacts:
    """The facts on the codes of all lines, of which `raw` may be a part, worked out once."""
    codes = raw["code"].unique().sort() if everybody.codes is None else everybody.codes
    work = code_facts if options.whole is None else facts_again
    # A span may reach into an epoch in which no line begins. Every line has a first day.
    return work(codes, everybody.first, everybody.last, reference, options.policies)  # type: ignore[arg-type]
