"""What differs between two runs, as their manifests tell it, in words."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from auditor.nightly.manifest import Versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.nightly.manifest import Manifest, Table


def differences(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """What differs between two runs, in words: first what was given, then what came out.

    Run ids, hours and version numbers are not compared: they always differ.
    """
    return (*_given(before, after), *_came_out(before, after))


def _given(before: Manifest, after: Manifest) -> Iterable[str]:
    if before.feed != after.feed:
        yield f"feed: {before.feed}, then {after.feed}"
    if before.as_of != after.as_of:
        yield f"as of: {before.as_of}, then {after.as_of}"
    yield from _inputs(before, after)
    yield from _reference(before.reference, after.reference)
    yield from _settings(before.configuration, after.configuration)
    if (before.layout_sha256, before.layout) != (after.layout_sha256, after.layout):
        yield f"layout: {_short(before.layout_sha256)}, then {_short(after.layout_sha256)}"
    for field in fields(Versions):
        was, now = getattr(before.versions, field.name), getattr(after.versions, field.name)
        if was != now:
            name = "rule set" if field.name == "rules" else field.name
            yield f"{name}: {was}, then {now}"
    if before.history != after.history:
        yield (
            f"history: {before.history.lines:,} lines up to run {before.history.run}, then"
            f" {after.history.lines:,} up to run {after.history.run}"
            + (", with other content" if before.history.digest != after.history.digest else "")
        )
    if before.decisions != after.decisions:
        yield "decisions: the reviewers' decisions in the ledger are others"


def _inputs(before: Manifest, after: Manifest) -> Iterable[str]:
    one, two = ([i.sha256 for i in m.inputs] for m in (before, after))
    if sorted(one) != sorted(two):
        yield f"input: {_missing(one, two, 'file', 'files')}"
    elif one != two:
        yield "input: the same files in another order"
    elif before.inputs != after.inputs:
        yield "input: the same files, of which other numbers of lines were read"


def _came_out(before: Manifest, after: Manifest) -> Iterable[str]:
    if before.findings != after.findings:
        yield f"findings: {before.findings:,}, then {after.findings:,}"
    elif before.findings_digest != after.findings_digest:
        yield f"findings: {before.findings:,} in both, with other content"
    one, two = ({o.name: o.sha256 for o in m.outputs} for m in (before, after))
    for name in sorted(one.keys() | two.keys()):
        if one.get(name) != two.get(name):
            how = "only before" if name not in two else "only after" if name not in one else "other"
            yield f"output: {name} ({how})"


def _reference(before: Sequence[Table], after: Sequence[Table]) -> Iterable[str]:
    kinds = sorted({t.kind for t in (*before, *after)})
    for kind in kinds:
        one, two = ([t for t in side if t.kind == kind] for side in (before, after))
        if one == two:
            continue
        gone = [_release(t) for t in one if t not in two]
        come = [_release(t) for t in two if t not in one]
        parts = [f"without {', '.join(gone)}" * bool(gone), f"with {', '.join(come)}" * bool(come)]
        yield f"reference {kind}: {' and '.join(filter(None, parts)) or 'in another order'}"


def _release(table: Table) -> str:
    return f"{table.label} ({_short(table.sha256)}{'' if table.used else ', not used'})"


def _settings(before: dict[str, Any], after: dict[str, Any], above: str = "") -> Iterable[str]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _settings(was, now, f"{above}{name}.")
        else:
            yield f"setting {above}{name}: {_said(was)}, then {_said(now)}"


def _said(value: object) -> str:
    return "not set" if value in (None, [], {}) else json.dumps(value)


def _missing(one: list[str], two: list[str], single: str, several: str) -> str:
    gone, come = sorted(set(one) - set(two)), sorted(set(two) - set(one))
    parts = []
    for word, found in (("without", gone), ("with", come)):
        if found:
            kind = single if len(found) == 1 else several
            parts.append(f"{word} the {kind} {', '.join(map(_short, found))}")
    return " and ".join(parts) or "a file counts more often"


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "none"
