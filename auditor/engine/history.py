"""Earlier lines beside tonight's: judged again, or looked at by rules that compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from schemas import ClaimLines, dtypes

if TYPE_CHECKING:
    from datetime import date

    from auditor.intake.interface import Intake

_SAME = ("patient_id", "claim_id", "line_number", "service_date_from", "code", "modifiers")
"""A line of the history that agrees in these and in `_kind` is the line itself, exported once
more."""


def _kind() -> tuple[pl.Expr, pl.Expr]:
    """What else tells a line: reversals and replacements repeat all of what they take back.

    It must stay beside them to be taken back.
    """
    reversal = (pl.col("charge_amount") < 0) | (pl.col("units") < 0)
    frequency = pl.col("claim_frequency")
    return reversal.fill_null(value=False), pl.when(frequency.is_in(["7", "8"])).then(frequency)


class History(NamedTuple):
    """What of the history serves."""

    lines: pl.DataFrame
    """schemas.ClaimLines: of patients of tonight's lines, without what stands there already."""
    read: int
    repeated: int
    """Lines that tonight's files hold too."""
    first: date | None
    last: date | None


def useful(history: pl.DataFrame, tonight: pl.DataFrame) -> History:
    """The lines of `history` that can matter to `tonight`, both schemas.ClaimLines."""
    first, last = history["service_date_from"].min(), history["service_date_from"].max()
    theirs = history.join(tonight.select("patient_id").unique(), on="patient_id", how="semi")
    key: list[str | pl.Expr] = [*_SAME, *_kind()]
    fresh = theirs.join(tonight, left_on=key, right_on=key, how="anti", nulls_equal=True)
    return History(
        fresh,
        history.height,
        theirs.height - fresh.height,
        first,  # type: ignore[arg-type]
        last,  # type: ignore[arg-type]
    )


NIGHT_BITS = 32
"""A version is the night on which a line came, shifted by so many bits, and its place in it."""
TONIGHT = 2**62
"""When tonight's lines were sent, as `Together.sent` has it: after every night."""
BEFORE_ALL = -1
"""When the lines of `audit --history` were sent: nobody counted their nights."""
_KEYS = {"claim_id": pl.String, "patient_id": pl.String, "service_date": pl.Date}


@dataclass(frozen=True, slots=True)
class Earlier:
    """Lines of earlier nights that tonight's make worth a second look.

    With a claim of frequency 7 or 8 belongs whatever it takes out, and with what may be taken out
    the claim that does: else nobody knows what stands.
    """

    again: pl.DataFrame
    """schemas.StoredLines: they are judged once more, and findings are made on them."""
    context: pl.DataFrame
    """The same columns: looked at by rules that compare lines, and not judged."""
    rejected: pl.DataFrame
    """claim_id, patient_id, service_date of rows rejected in earlier nights, each as far as it is
    known: their claims and patient-days may lack a line."""
    groups: pl.Series | None = None
    """Billing NPIs under which earlier nights had another rendering NPI: no practice of one."""
    numbered: bool = False
    """Whether a line of earlier nights, also of those that are not here, carries the payer's number
    of its claim: by what numbers replacements and voids name depends on it."""
    since: pl.Series | None = None
    """Of each of tonight's lines the run with which it first came (u64; null: this one): a line
    that was corrected since is as old as it was. None: all are new."""
    refused: pl.DataFrame | None = None
    """The columns of `rejected` of tonight's rejected rows that still matter: one that a newer
    file of tonight made good does not. None: all of them do."""


class Together(NamedTuple):
    """All lines of one audit: tonight's, those judged again, those looked at; in this order."""

    lines: pl.DataFrame
    """schemas.ClaimLines, of one chunk."""
    version: pl.Series | None
    """u64, null for tonight's and for those of an export given as history; None: no line has."""
    sent: pl.Series | None
    """When each line was sent: more is later. None: all at once."""
    tonight: int
    """How many are tonight's."""
    judged: int
    """Lines before this place are judged: tonight's and those judged again."""
    rejected: pl.DataFrame
    """claim_id, patient_id, service_date of all rejected rows that are known of."""


def together(intake: Intake, history: History | None, earlier: Earlier | None) -> Together:
    """Tonight's lines and the earlier ones as one table.

    One chunk: several files come as several. Lines that do not stand stay where they are, so that
    the widest table is not copied; the batch leaves them out.
    """
    wanted = [*dtypes(ClaimLines)]
    parts = [intake.lines]
    tonight = judged = intake.lines.height
    rejected = intake.rejected.select([*_KEYS])
    if earlier is not None:
        parts += [earlier.again.select(wanted), earlier.context.select(wanted)]
        judged += earlier.again.height
        if earlier.refused is not None:
            rejected = earlier.refused.select([*_KEYS])
        rejected = pl.concat([rejected, earlier.rejected.select([*_KEYS])])
    if history is not None:
        parts.append(history.lines)
    lines = pl.concat(parts).rechunk()
    since = None if earlier is None else earlier.since
    if lines.height == tonight and (since is None or since.null_count() == tonight):
        return Together(lines, None, None, tonight, judged, rejected)
    version = None
    if since is None:
        since = pl.repeat(None, tonight, dtype=pl.UInt64, eager=True)
    sent = [since.cast(pl.Int64).fill_null(TONIGHT)]
    if earlier is not None:
        stored = pl.concat([earlier.again["version"], earlier.context["version"]])
        nothing = pl.repeat(None, tonight, dtype=pl.UInt64, eager=True)
        version = pl.concat([nothing, stored]).rename("version")
        sent += [each["since"].cast(pl.Int64) for each in (earlier.again, earlier.context)]
    beyond = 0 if history is None else history.lines.height
    if version is not None:
        version = version.extend_constant(None, beyond)
    sent.append(pl.repeat(BEFORE_ALL, beyond, dtype=pl.Int64, eager=True))
    return Together(
        lines, version, pl.concat([s.rename("sent") for s in sent]), tonight, judged, rejected
    )
