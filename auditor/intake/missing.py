"""The error for required fields that no column was recognised for."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake import names

if TYPE_CHECKING:
    from collections.abc import Collection

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


def refuse(
    fields: list[str], header: tuple[str, ...], taken: Collection[int], where: str
) -> InputRejected:
    """The error that names what is missing, what was found, what was probably meant."""
    words = ", ".join(f"{WORDS[name]} ({name})" for name in fields)
    shown = ", ".join(header[:NAMED_AT_MOST])
    more = f" and {len(header) - NAMED_AT_MOST} more" if len(header) > NAMED_AT_MOST else ""
    free = [name for place, name in enumerate(header) if place not in taken]
    hints = [hint for name in fields if (hint := _hint(name, free))]
    example = hints[0] if hints else f"--map {fields[0]}=COLUMN"
    meant = f"Did you mean {' '.join(hints)}? " if hints else ""
    return InputRejected(
        f"No column was recognised for: {words}. Columns found: {shown}{more}.",
        where=where,
        next_step=f"{meant}Name each missing column, for example {example}.",
    )


def _hint(name: str, free: list[str]) -> str:
    """The --map that probably is meant, by likeness of names; '' for none."""
    fields = names.PRACTITIONER if name == "rendering_npi" else (name,)
    known = [word for field in fields for word in names.synonyms(field)]
    scored = [
        (difflib.SequenceMatcher(None, names.plain(header), near[0]).ratio(), header)
        for header in free
        if (near := difflib.get_close_matches(names.plain(header), known, 1, _ALIKE))
    ]
    return f"--map {name}='{max(scored)[1]}'" if scored else ""
