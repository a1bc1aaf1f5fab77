"""What the audit found on each case of a trial, and which changes of a line clear it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from auditor.asking import trial as trials
from auditor.rules import catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.asking.trial import Trial
    from auditor.result import AuditResult

OPTIONAL = ("patient_birth_date", "patient_sex", "diagnoses", "specialty")
"""Columns that a question may lack."""
_TIERS = ("certain", "review", "info")
_COUNTS = _TIERS.index("review")
"""Findings up to this tier are to be cleared, and must not come new."""
_MAJOR = "PTP-1"
"""57 is advice on a pair only where GLB-57 says of the same line that the operation is a major one.
"""
_SEPARATES = ("ART-", "EM-", "END-", "GLB-CATH", "GLB-CLOS", "GLB-NEURO", "IMG-", "INF-",
              "LAB-", "MUE-", "PTP-1", "THR-5")  # fmt: skip
_ONLY_FOR = {
    **dict.fromkeys(("XP", "XS", "XU"), _SEPARATES),
    **dict.fromkeys(("59", "XE"), (*_SEPARATES, "ANE-")),
    **dict.fromkeys(("24", "58", "78", "79"), ("GLB-24", "GLB-78")),
    "25": ("PTP-", "GLB-25", "EM-"),
    "57": ("GLB-57", "GLB-24", _MAJOR),
    **dict.fromkeys(("76", "77"), ("DUP-", "MUE-")),
    "91": ("DUP-", "LAB-", "MUE-", "PTP-"),
    "QW": ("QW-",),
    **dict.fromkeys(("33", "PT"), ("PT-",)),
    **dict.fromkeys(("26", "TC"), ("MOD-",)),
    **dict.fromkeys(("GP", "GO", "GN"), ("THR-",)),
    **dict.fromkeys(("AA", "AD", "QK", "QX", "QY", "QZ"), ("ANE-",)),
    **dict.fromkeys(("JW", "JZ"), ("DRG-",)),
    "AT": ("CHI-",),
    **dict.fromkeys(("Q7", "Q8", "Q9"), ("FOOT-",)),
    **dict.fromkeys(("NU", "RR", "UE"), ("DME-",)),
    **dict.fromkeys(("50", "LT", "RT"), ("DUP-", "MOD-", "PTP-")),
}
"""On findings of which rules a modifier is advice. That it clears others too says nothing: 58 also
separates code pairs, and any modifier makes a repeated line another one. A pair that PTP-2 calls
weakly separated is separated already: what it asks for is the record, and no further modifier."""
_SIDES = ("DUP-", "MOD-", "PTP-")
"""The same of the digits, eyelids and vessels."""


class Cleared(NamedTuple):
    """A change of a line that clears some findings and brings none."""

    kind: str
    line: int
    value: str
    keys: frozenset[tuple[int, str]]
    """(line, rule) of what it clears."""


class Judged:
    """The findings of an audit, by encounter, line and case."""

    def __init__(self, trial: Trial, result: AuditResult) -> None:
        """Lay findings and places side by side."""
        places, rows = result.places, trial.rows
        of_line = rows.select("case", "enc", "kind", "line")[places["row"]]
        other = rows["line"][places["other"]].alias("other_line")
        given = rows.select(
            no_patient_birth_date=pl.col("birth").is_null(),
            no_patient_sex=pl.col("sex").is_null(),
            no_diagnoses=pl.col("dx") == "",
            no_specialty=pl.col("specialty").is_null(),
        )[places["row"]]
        found = pl.concat([result.findings, of_line, other.to_frame(), given], how="horizontal")
        self.findings = found.filter(~_unasked()).drop(given.columns)
        self.pairs = pl.concat(
            [
                result.pairs,
                rows.select("enc", "kind", "line", "code", "mods")[result.pairs["row"]],
                rows.select(other_line="line", other_code="code", other_mods="mods")[
                    result.pairs["other"]
                ],
            ],
            how="horizontal",
        ).filter(pl.col("kind") == trials.ASKED)
        self.trial = trial

    def asked(self) -> dict[int, list[dict[str, Any]]]:
        """Encounter -> the findings on it as it was asked, strongest first."""
        found: dict[int, list[dict[str, Any]]] = {}
        rows = self.findings.filter(pl.col("kind") == trials.ASKED)
        for row in rows.iter_rows(named=True):
            found.setdefault(row["enc"], []).append(row)
        return found

    def troubled(self) -> pl.Series:
        """Encounters with a finding that is to be cleared."""
        rows = self.findings.filter(
            pl.col("kind") == trials.ASKED, pl.col("tier").is_in(_TIERS[: _COUNTS + 1])
        )
        return rows["enc"].unique().sort()

    def worth(self, cases: pl.DataFrame) -> pl.DataFrame:
        """Of the changed `cases` those that are advice on something found as it was asked."""
        keys = self._keys(self.findings.filter(pl.col("kind") == trials.ASKED))
        tried = cases.filter(pl.col("kind") == trials.ADD)["value"].unique()
        fits = [
            (rule, value)
            for rule in keys["rule"].unique()
            for value in tried
            if _fits(trials.ADD, value, rule)
        ]
        fitting = pl.DataFrame(
            fits, schema={"rule": pl.String, "value": pl.String}, orient="row"
        ).join(keys.select("enc", "rule").unique(), on="rule")
        added = cases.filter(pl.col("kind") == trials.ADD)
        others = cases.filter(pl.col("kind") != trials.ADD)
        return pl.concat([others, added.join(fitting, on=["enc", "value"], how="semi")])

    def _keys(self, findings: pl.DataFrame) -> pl.DataFrame:
        """case, enc, kind, line, rule, rank of each rule that found something that counts."""
        rank = pl.col("tier").replace_strict(
            dict(zip(_TIERS, range(len(_TIERS)), strict=True)), return_dtype=pl.UInt8
        )
        columns = ("case", "enc", "kind", "line")
        heads = findings.select(*columns, rule="rule_id", rank=rank)
        # how sure the others are that deny the line is not told
        others = findings.filter(pl.col("also") != "")
        if not others.is_empty():
            others = others.select(
                *columns,
                rule=pl.col("also").str.split(" "),
                rank=pl.max_horizontal(rank, pl.lit(_COUNTS, pl.UInt8)),
            )
            heads = pl.concat([heads, others.explode("rule", empty_as_null=False)])
        return (
            heads.filter(pl.col("rank") <= _COUNTS, pl.col("line").is_not_null())
            .group_by(*columns, "rule")
            .agg(pl.col("rank").min())
        )

    @cached_property
    def _all_keys(self) -> pl.DataFrame:
        """`_keys` of all findings: two questions ask for them."""
        return self._keys(self.findings)

    def _compared(self, kinds: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Of the asked cases their keys; of the cases of `kinds` theirs; and what is new there."""
        keys = self._all_keys
        asked = keys.filter(pl.col("kind") == trials.ASKED).select(
            "enc", "line", "rule", was="rank"
        )
        theirs = keys.filter(pl.col("kind").is_in(list(kinds)))
        new = theirs.join(asked, on=["enc", "line", "rule"], how="left").filter(
            pl.col("was").is_null() | (pl.col("rank") < pl.col("was"))
        )
        return asked, theirs, new

    def cleared(self) -> dict[int, list[Cleared]]:
        """Encounter -> the changes that clear something and bring nothing, in the order tried."""
        asked, theirs, new = self._compared(trials.WAYS)
        if asked.is_empty():
            return {}
        cases = self.trial.cases.filter(pl.col("kind").is_in(trials.WAYS)).rename(
            {"line": "target"}
        )
        cases = cases.join(new.select("case").unique(), on="case", how="anti")
        gone = (
            cases.join(asked, on="enc")
            .join(theirs, on=["case", "line", "rule"], how="anti")
            .sort("case", "line", "rule")
        )
        found: dict[int, list[Cleared]] = {}
        for (_, enc, kind, target, value), rows in _grouped(gone):
            kept = frozenset((line, rule) for line, rule in rows if _fits(kind, value, rule))
            if value == "57":
                major = {line for line, rule in rows if rule == "GLB-57"}
                kept = frozenset(key for key in kept if key[1] != _MAJOR or key[0] in major)
            if kept:
                found.setdefault(enc, []).append(Cleared(kind, target, value, kept))
        return found

    def probed(self) -> dict[int, dict[str, dict[str, list[tuple[int, int]]]]]:
        """Encounter -> kind of probe -> rule -> (line, rank of the tier) of what it would find."""
        _, _, new = self._compared(tuple(trials.PROBES))
        found: dict[int, dict[str, dict[str, list[tuple[int, int]]]]] = {}
        rows = new.group_by("enc", "kind", "rule", "line").agg(pl.col("rank").min())
        for enc, kind, rule, line, rank in rows.sort("enc", "kind", "rule", "line").iter_rows():
            rules = found.setdefault(enc, {}).setdefault(kind, {})
            rules.setdefault(rule, []).append((line, rank))
        return found


def _unasked() -> pl.Expr:
    """Findings of rules that read what the question does not say.

    Another question, or a probe, says it; in a file of its own this one would lack the column, and
    the rule would not run. None of these rules denies a line, so that no other depends on them.
    """
    return pl.any_horizontal(
        pl.col(f"no_{column}")
        & pl.col("rule_id").is_in([r.id for r in catalogue() if column in r.columns])
        for column in OPTIONAL
    )


def _fits(kind: str, value: str, rule: str) -> bool:
    """Whether a change may be advised on a finding of `rule`."""
    return kind != trials.ADD or rule.startswith(_ONLY_FOR.get(value, _SIDES))


def _grouped(
    gone: pl.DataFrame,
) -> Iterator[tuple[tuple[int, int, str, int, str], list[tuple[int, str]]]]:
    """The rows of each case: what it is, and (line, rule) of what is gone."""
    case: tuple[int, int, str, int, str] | None = None
    rows: list[tuple[int, str]] = []
    columns = ("case", "enc", "kind", "target", "value", "line", "rule")
    for *mine, line, rule in gone.select(columns).iter_rows():
        this = (mine[0], mine[1], mine[2], mine[3], mine[4])
        if case is not None and this != case:
            yield case, rows
            rows = []
        case = this
        rows.append((line, rule))
    if case is not None:
        yield case, rows
