"""The closing summary of an audit, in plain text and without a word from a claim."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from auditor.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from auditor.cli.run import Done, Request
    from auditor.result import AuditResult

TIERS = ("certain", "review", "info")
_PADDING = 2


class Amount(NamedTuple):
    """Estimated money at risk of one tier."""

    tier: str
    total: Decimal | None
    """None: nothing of the tier has a determined amount."""
    bases: tuple[tuple[str, Decimal], ...]
    """By basis (allowed, paid, charge), where there is an amount."""
    without: tuple[tuple[str, int], ...]
    """Findings whose basis says why there is no amount, by that basis."""


def lines_text(done: Done, request: Request) -> Iterator[str]:
    """The whole summary, line by line (some hold line breaks)."""
    result = done.result
    more = f" and {len(request.inputs) - 1} more" if len(request.inputs) > 1 else ""
    yield f"Audited {request.inputs[0].name}{more} as of {request.as_of}"
    yield ""
    yield from _section("Lines", _lines(result))
    yield from _findings(result)
    yield from _section("Amount at risk (an estimate for review)", _amounts(result))
    yield from _section("Coverage", _coverage(result))
    yield from _section("Reference", [("", text) for text in reference(result)])
    yield from _section("Notes", [("", note) for note in result.notes])
    if done.written:
        # not wrapped: a path stays whole, so that it can be copied
        yield "Written"
        yield from (f"{' ' * _PADDING}{path}" for path in done.written)
        yield ""
    yield f"Done in {done.seconds:.1f} s (run {result.options.run_id})"


def counts(result: AuditResult) -> dict[str, dict[str, int]]:
    """Findings by rule id and tier."""
    found = result.findings.group_by("rule_id", "tier").len().sort("rule_id", "tier")
    by_rule: dict[str, dict[str, int]] = {}
    for rule, tier, number in found.rows():
        by_rule.setdefault(rule, {})[tier] = number
    return by_rule


def amounts(result: AuditResult) -> list[Amount]:
    """Money at risk by tier and basis, never one sum of all; info findings carry none."""
    import polars as pl

    found = (
        result.findings.filter(pl.col("tier") != "info")
        .group_by("tier", "amount_basis")
        .agg(pl.len(), pl.col("amount_at_risk").sum())
        .sort("tier", "amount_basis")
        .rows()
    )
    by_tier = []
    for tier in TIERS:
        rows = [row[1:] for row in found if row[0] == tier]
        if rows:
            bases = [(b, money) for b, _, money in rows if b in {"allowed", "paid", "charge"}]
            total = sum((money for _, money in bases[1:]), bases[0][1]) if bases else None
            without = [(b, n) for b, n, _ in rows if b not in {b for b, _ in bases}]
            by_tier.append(Amount(tier, total, tuple(bases), tuple(without)))
    return by_tier


def reference(result: AuditResult) -> list[str]:
    """The releases that judged, and what to do where the starter set did."""
    used = [r for r in result.releases if r.used]
    texts = [f"{r.label}, {r.rows:,} rows" for r in used if not r.starter]
    starters = sorted({r.kind for r in used if r.starter})
    if starters:
        whole = "" if texts else "only "
        texts.append(
            f"Starter set {whole}({', '.join(starters)}): it knows a small choice of codes."
            " Import CMS's own files: auditor reference import PATH"
        )
    return texts


def _section(title: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    yield title
    label = max(len(name) for name, _ in rows)
    indent = _PADDING + (label + 2 if label else 0)
    for name, text in rows:
        yield output.wrapped(text, indent, f"{' ' * _PADDING}{name}" if name else None)
    yield ""


def _lines(result: AuditResult) -> list[tuple[str, str]]:
    aside = Counter(result.set_aside["reason"].to_list())
    rows = [
        ("read", result.lines_read, ""),
        ("audited", result.lines_audited, ""),
        ("set aside", aside.total(), ", ".join(f"{r} {n:,}" for r, n in sorted(aside.items()))),
        (
            "rejected",
            result.rejected.height,
            "see the sheet Input" if result.rejected.height else "",
        ),
    ]
    size = max(len(f"{number:,}") for _, number, _ in rows)
    return [(n, f"{number:>{size},}" + (f"  ({why})" if why else "")) for n, number, why in rows]


def _findings(result: AuditResult) -> Iterator[str]:
    by_rule = counts(result)
    if not by_rule:
        yield from _section("Findings", [("", "none")])
        return
    names = dict(result.findings.select("rule_id", "rule_name").unique().rows())
    rows = [["", "", *TIERS]]
    for rule, tiers in by_rule.items():
        rows.append([rule, names[rule], *(_number(tiers.get(tier, 0)) for tier in TIERS)])
    sums = Counter[str]()
    for tiers in by_rule.values():
        sums.update(tiers)
    rows.append(["all", "", *(_number(sums[tier]) for tier in TIERS)])
    yield "Findings"
    for line in output.table(rows, right=frozenset({2, 3, 4})).splitlines():
        yield f"{' ' * _PADDING}{line}".rstrip()
    yield ""


def _number(number: int) -> str:
    return f"{number:,}" if number else "-"


def _amounts(result: AuditResult) -> list[tuple[str, str]]:
    rows = []
    for amount in amounts(result):
        total = "none determined" if amount.total is None else f"{amount.total:,.2f}"
        parts = [f"{basis} {money:,.2f}" for basis, money in amount.bases]
        parts += [f"{number:,} {basis}" for basis, number in amount.without]
        rows.append((amount.tier, f"{total} ({'; '.join(parts)})" if parts else total))
    return rows


def _coverage(result: AuditResult) -> list[tuple[str, str]]:
    """Reasons with the rules they hold for; rules with one reason stand together."""
    rows = []
    for state in ("not judged", "judged with caution"):
        by_reason: dict[tuple[str, int], list[str]] = {}
        found = result.coverage.filter(result.coverage["state"] == state)
        for rule, reason, number in found.select("rule_id", "reason", "lines").rows():
            by_reason.setdefault((reason, number), []).append(rule)
        for (reason, number), rules in sorted(by_reason.items(), key=lambda x: (-x[0][1], x[0][0])):
            rows.append((state, f"{reason} ({number:,} lines): {', '.join(sorted(rules))}"))
    return rows or [("", "every rule judged every line it is about")]
