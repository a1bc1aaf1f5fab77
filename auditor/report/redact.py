"""A copy of a result for showing: who the patients are is taken out, what happened stays.

Identifiers of patients and claims become pseudonyms, alike from night to night under one key;
birth dates, notes of claims, values as they stood in the files, file names and file digests are
left out. Claim ids are account numbers, and finding ids are made of both, so none of them stays
(45 CFR 164.514(b)(2)(i)). Dates of service and ages stay, because a finding cannot be understood
without them: the copy is a limited data set (45 CFR 164.514(e)) and not de-identified. Who holds
the key can tell whether a pseudonym is a given patient's, so the key is as confidential as the
claims; and a code derived from an identifier is no re-identification code of 164.514(c).

The result is changed before any sheet is written, so that no sheet can show what it never had.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ReportError
from auditor.report.quoted import Quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.comparing import Comparison
    from auditor.intake.interface import FileRead
    from auditor.ledger.life import Life
    from auditor.result import AuditResult

SHORTEST_KEY = 32
"""Characters. Patient numbers are few enough to try them all, so the key must not be guessable:
32 hex digits are 128 bits (NIST SP 800-57 part 1, 5.6.1)."""
LEFT_OUT = "(left out)"
_SIZE = 8
"""Bytes of a pseudonym: of ten million patients two share one with a chance of 1 in 370,000."""
_KINDS = {
    "patient_id": "P",
    "claim_id": "C",
    "original_claim_id": "C",
    "payer_claim_id": "C",
    "counterpart_claim_id": "C",
    "finding_id": "F",
    "story_id": "F",
    "tax_id": "T",
    "rendering_npi": "N",
    "billing_npi": "N",
    "referring_npi": "N",
}
"""Column -> letter of its pseudonyms; what may be equal shares a letter, so that it stays equal.
A tax id may be a practitioner's social security number."""
_NPI = r"^[0-9]{10}$"
"""What stands in the place of an NPI and is none may be anything, a patient's number too."""
_TEXTS = ("message", "remedy", "table_row")
_ROW_TEXTS = ("table_row", "other_table_row")
_SPEAKING = frozenset(
    {"code", "modifiers", "units", "place_of_service", "charge_amount", "allowed_amount"}
)
"""Fields whose values tell nobody who the patient is."""


def check(key: str) -> None:
    """Raise ReportError for a key that could be guessed."""
    if len(key) < SHORTEST_KEY:
        raise ReportError(
            f"The key of a redacted copy has less than {SHORTEST_KEY} characters.",
            next_step='Make one with  python -c "import secrets; print(secrets.token_hex(32))"'
            "  and keep it: the same key gives the same pseudonyms.",
        )


def redact(result: AuditResult, key: str) -> AuditResult:
    """`result` with pseudonyms made with `key` (32 characters or more), and `redacted` set.

    Its tables keep their columns and rows. Raises ReportError for a short key.
    """
    if result.redacted:
        return result
    names = _Names(key)
    files = _file_names(result)
    known = _known(result, names)
    quoted = Quoted(known)
    lines = _table(result.lines, names, files).with_columns(
        patient_birth_date=pl.lit(None, pl.Date), claim_note=pl.lit(None, pl.String)
    )
    return replace(
        result,
        findings=_findings(result, names, files, quoted),
        rejected=_rejected(_table(result.rejected, names, files), quoted),
        set_aside=_table(result.set_aside, names, files),
        repairs=_repairs(_table(result.repairs, names, files)),
        files=tuple(_file(f, files, quoted) for f in result.files),
        notes=tuple(quoted.replaced(_unnamed(note, files)) for note in result.notes),
        lines=lines.select(result.lines.columns),
        standing=_decided(_table(result.standing, names, files)),
        unmatched=_decided(_table(result.unmatched, names, files)),
        life=_lived(result.life, names, files),
        comparison=_compared(result, names, files, quoted),
        redacted=True,
    )


class _Names:
    """Pseudonyms under one key."""

    def __init__(self, key: str) -> None:
        """Take a key of any length; the hash takes 64 bytes."""
        check(key)
        self._key = blake2b(key.encode(), person=b"auditor redact").digest()
        self._made: dict[tuple[str, str], str] = {}

    def of(self, kind: str, text: str) -> str:
        """The pseudonym of `text`, made once."""
        made = self._made.get((kind, text))
        if made is None:
            made = self._made[kind, text] = self._new(kind, text)
        return made

    def _new(self, kind: str, text: str) -> str:
        """'P-k5zc2yq7rmt4a' for a patient's id; small letters fit the columns."""
        digest = blake2b(
            text.encode(), key=self._key, person=kind.encode(), digest_size=_SIZE
        ).digest()
        return f"{kind}-{b32encode(digest).decode().rstrip('=').lower()}"

    def for_all(self, column: str, values: pl.Series) -> dict[str, str]:
        """Value -> pseudonym of the distinct `values` of `column`."""
        told = values.drop_nulls().unique()
        if column.endswith("_npi"):
            told = told.filter(~told.str.contains(_NPI))
        kind = _KINDS[column]
        return {text: self.of(kind, text) for text in told}


def _known(result: AuditResult, names: _Names) -> dict[str, str]:
    """Everything that texts may quote -> what stands there instead; patients' ids count first."""
    tables = (
        result.findings,
        result.lines,
        result.rejected,
        result.set_aside,
        result.unmatched,
        *(() if result.comparison is None else (result.comparison.findings,)),
        *(() if result.life is None else (result.life.carried, result.life.closed)),
    )
    known: dict[str, str] = {}
    for column in reversed(("patient_id", *(c for c in _KINDS if c != "patient_id"))):
        for table in tables:
            if column in table.columns:
                known |= names.for_all(column, table[column])
    return known


def _table(table: pl.DataFrame, names: _Names, files: dict[str, str]) -> pl.DataFrame:
    """`table` with pseudonyms in every column that identifies, and files by their number."""
    changed = [_swapped(table, c, names.for_all(c, table[c])) for c in _KINDS if c in table.columns]
    if "source_file" in table.columns:
        changed.append(_swapped(table, "source_file", files))
    return table.with_columns(*changed)


def _swapped(table: pl.DataFrame, column: str, words: dict[str, str]) -> pl.Series:
    if not words:
        return table[column]
    return table[column].replace(list(words), list(words.values()))


def _findings(
    result: AuditResult, names: _Names, files: dict[str, str], quoted: Quoted
) -> pl.DataFrame:
    """The findings; their texts lose what they quote of their own line, and of any other."""
    found, lines = result.findings, result.lines
    born = pl.Series([None] * found.height, dtype=pl.String)
    if result.places.height == found.height and lines.height:
        days = lines["patient_birth_date"].gather(result.places["row"])
        born = days.dt.to_string("%Y-%m-%d").set(days == found["service_date"], None)
    own = [found["claim_id"], found["counterpart_claim_id"], found["patient_id"]]
    texts = [quoted.column(found[name], own, born) for name in _TEXTS]
    return _table(found, names, files).with_columns(*texts)


def _compared(
    result: AuditResult, names: _Names, files: dict[str, str], quoted: Quoted
) -> Comparison | None:
    """What other tables would have found, under the same pseudonyms."""
    if result.comparison is None:
        return None
    found = result.comparison.findings
    texts = [quoted.column(found[name], [found["claim_id"]]) for name in _ROW_TEXTS]
    told = _table(found, names, files).with_columns(*texts)
    return replace(result.comparison, findings=told)


def _rejected(rejected: pl.DataFrame, quoted: Quoted) -> pl.DataFrame:
    """Rejected rows keep their reasons and columns, and nothing that stood there."""
    return rejected.with_columns(
        quoted.column(rejected["reasons"]),
        quoted.column(rejected["column"]),
        value=pl.lit(None, pl.String),
        raw=pl.lit(LEFT_OUT),
    )


def _decided(decisions: pl.DataFrame) -> pl.DataFrame:
    """Decisions keep what was decided and when, and lose what somebody typed about a patient."""
    return decisions.with_columns(
        reason=pl.lit(None, pl.String),
        reviewer=pl.lit(LEFT_OUT),
        told=pl.format("Decided before: {}.", "disposition"),
    )


def _lived(life: Life | None, names: _Names, files: dict[str, str]) -> Life | None:
    """What is known of the nights; the decisions lose what somebody typed about a patient."""
    if life is None:
        return None
    said = pl.when(pl.col("decision").is_not_null()).then(pl.lit(LEFT_OUT)).alias("decision")
    people = _table(life.trends.people, names, files)
    return replace(
        life,
        findings=_table(life.findings, names, files),
        closed=_table(life.closed, names, files).with_columns(said),
        carried=_table(life.carried, names, files).with_columns(said),
        trends=life.trends._replace(people=people),
    )


def _repairs(repairs: pl.DataFrame) -> pl.DataFrame:
    """Repairs keep what was read into fields that name nobody."""
    spoken = pl.col("field").is_in(_SPEAKING) | pl.col("value").is_null()
    return repairs.with_columns(
        raw=pl.lit(LEFT_OUT), value=pl.when(spoken).then("value").otherwise(pl.lit(LEFT_OUT))
    )


def _file_names(result: AuditResult) -> dict[str, str]:
    """File name -> 'File 1': names of files may be names of patients."""
    tables = (result.lines, result.findings, result.rejected, result.set_aside, result.repairs)
    others = set().union(*(table["source_file"].unique() for table in tables))
    names = [f.name for f in result.files]
    ordered = dict.fromkeys([*names, *sorted(others - set(names))])
    return {name: f"File {n}" for n, name in enumerate(ordered, start=1)}


def _unnamed(text: str, files: dict[str, str]) -> str:
    """`text` without names of files, the longest first: one may be part of another."""
    for name in sorted(files, key=len, reverse=True):
        text = text.replace(name, files[name])
    return text


def _file(read: FileRead, files: dict[str, str], quoted: Quoted) -> FileRead:
    """What was read of a file, without its name and digest."""

    def clean(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(quoted.replaced(_unnamed(text, files)) for text in texts)

    return replace(
        read,
        name=files[read.name],
        sha256=LEFT_OUT,
        mapping=dict(zip(read.mapping, clean(read.mapping.values()), strict=True)),
        unused=clean(read.unused),
        notes=clean(read.notes),
        unneeded=clean(read.unneeded),
        warnings=clean(read.warnings),
        unread=clean(read.unread),
    )
