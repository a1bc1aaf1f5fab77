"""The error for required fields that no column was recognised for."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.intake.columns import Columns
    from auditor.intake.source import Source

WORDS = {
    "claim_id": "claim id",
    "patient_id": "patient or member id",
    "service_date_from": "date of service",
    "code": "procedure code",
    "rendering_npi": "rendering or billing NPI",
}
"""Required fields in plain words."""

NAMED_AT_MOST = 60
"""Headers listed in a message."""

_ALIKE = 0.72  # likeness of two names (difflib's ratio) that is worth a suggestion


def word(name: str) -> str:
    """Field `name` in plain words."""
    plain = name.replace("_", " ").removesuffix(" npi")
    return WORDS.get(name) or (f"{plain} NPI" if name in names.NPIS else plain)


def refuse(
    fields: list[str], header: tuple[str, ...], offered: Mapping[str, list[str]], where: str
) -> InputRejected:
    """The error that names what is missing, what was found, what was probably meant.

    `offered` are, of each field, the headers that it may have been meant by.
    """
    words = ", ".join(f"{WORDS[name]} ({name})" for name in fields)
    shown = ", ".join(header[:NAMED_AT_MOST])
    more = f" and {len(header) - NAMED_AT_MOST} more" if len(header) > NAMED_AT_MOST else ""
    meant = _meant(offered)
    hints = [f"--map {name}='{meant[name]}'" for name in fields if name in meant]
    example = hints[0] if hints else f"--map {fields[0]}=COLUMN"
    asked = f"Did you mean {' '.join(hints)}? " if hints else ""
    return InputRejected(
        f"No column was recognised for: {words}. Columns found: {shown}{more}.",
        where=where,
        next_step=f"{asked}Name each missing column, for example {example}.",
    )


def check(failed: Mapping[str, int], read: int, columns: Columns, source: Source) -> None:
    """Raise InputRejected where a required field cannot be read in more than half of the lines.

    Then its column is another one, or the export is broken; an audit of the few lines that are
    left would pass for one of the file. `failed` counts lines by field, `read` is all of them.
    """
    for name in (name for name in WORDS if failed.get(name, 0) * 2 > read):
        header = columns.mapping().get(name, "")
        known = f" (column '{header}')" if header else ""
        raise InputRejected(
            f"The {WORDS[name]}{known} is missing or cannot be read in {failed[name]:,} of"
            f" {read:,} lines. {' '.join(source.warnings)}".rstrip(),
            where=source.name,
            next_step="More than half of a required field means that the wrong column is read, or"
            f" that the export went wrong: name the right column with --map {name}=COLUMN, or"
            " export the file again.",
        )


def check_widths(ragged: Mapping[str, int], read: int, where: str) -> None:
    """Raise InputRejected where more than half of the rows do not have the header's cells.

    `ragged` counts rows by what is wrong with them.
    """
    if sum(ragged.values()) * 2 <= read:
        return
    reason, rows = max(ragged.items(), key=lambda item: item[1])
    raise InputRejected(
        f"{sum(ragged.values()):,} of {read:,} rows do not have the header's number of cells; most"
        f" often {reason} ({rows:,}).",
        where=where,
        next_step="Most often a comma stands in a name or a description that is not in quotes:"
        " export the file again with quotes around texts, with another separator, or as a workbook"
        " (.xlsx).",
    )


def _meant(offered: Mapping[str, list[str]]) -> dict[str, str]:
    """Field -> the header whose name is most alike; no header for two fields."""
    scored = []
    for name, headers in offered.items():
        fields = names.PRACTITIONER if name == "rendering_npi" else (name,)
        known = [word for field in fields for word in names.synonyms(field)]
        for header in headers:
            plain = names.plain(header)
            near = difflib.get_close_matches(plain, known, 1, _ALIKE)
            if near:
                likeness = difflib.SequenceMatcher(None, plain, near[0]).ratio()
                scored.append((likeness, name, header))
    found: dict[str, str] = {}
    for _, name, header in sorted(scored, reverse=True):
        if name not in found and header not in found.values():
            found[name] = header
    return found
