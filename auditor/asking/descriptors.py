"""What the user's own files call a code or modifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.asking.card_parts import Descriptor

if TYPE_CHECKING:
    from auditor.reference.interface import Reference


def described(name: str, reference: Reference) -> Descriptor | None:
    """The descriptor of `name`; None where no file of the user's has one.

    Raises ReferenceDataError where the stored words cannot be read.
    """
    found = reference.descriptors(pl.Series("code", [name], dtype=pl.String))
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    return Descriptor(text=row["text"], release=row["release"], source=row["source"])
