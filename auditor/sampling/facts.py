"""The facts of a design as the rows of the sheet Frame, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from auditor.sampling.columns import design_check
from auditor.sampling.interface import Design, LeftOut, Stratum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.sampling.interface import Basis, By

Key = TypeVar("Key")

CHECK_LABEL = "Check of this sheet"
STRATA_HEADER = ("Stratum no.", "Stratum", "Lines in the frame", "Billed", "Lines in the sample")
LEFT_OUT_HEADER = ("Left out of the frame, because", "Lines")
_NONE, _YES, _NO = "(none)", "yes", "no"
_BASES: dict[Basis, str] = {"charge": "the amount billed", "paid": "the amount paid"}
_BYS: dict[By | None, str] = {None: _NONE, "rule": "rule", "practitioner": "practitioner"}


class NotADesignError(ValueError):
    """The rows are not those that were written; says nothing of what they hold."""


def rows(design: Design) -> list[tuple[str, str | int | float, str]]:
    """Label, value and what it means."""
    return [
        ("Sampling unit", "claim line", "A line with several findings is in the frame once."),
        ("What is examined", _BASES[design.basis], "What 'Should be' is held against."),
        ("Seed", str(design.seed), "The number the order of drawing rests on."),
        ("Strata by", _BYS[design.by], "Each stratum is drawn from on its own."),
        ("Lines in the frame", design.lines, "The population: estimates are about these lines."),
        ("Billed in the frame", design.charge_cents / 100, "Their charges, in dollars."),
        ("Lines in the sample", design.sampled, "Drawn without replacement."),
        ("Findings in the file", design.findings, "Of all tiers; the frame has the lines of them."),
        ("Tiers in the frame", " ".join(design.tiers), "Lines with a finding of one of these."),
        ("Denied lines", _YES if design.with_denied else _NO, "Whether they are in the frame."),
        ("Method", design.method, "Lines in the order of BLAKE2b(seed|line id), the first ones."),
        ("Findings file, SHA-256", design.findings_sha256, "Of the file the frame was made from."),
        ("Frame fingerprint", design.frame_digest, "The same in whatever form and order of rows."),
        ("Sample fingerprint", design.sample_digest, "Drawn again, the sample has the same."),
        ("Audit runs", design.run_ids, "The runs that made the findings."),
        ("Program version", design.version, "The one that drew."),
        (CHECK_LABEL, design_check(design), "Shows a change by mistake in what stands above."),
    ]


def design_of(
    facts: Mapping[str, object],
    strata: Sequence[tuple[object, ...]],
    left_out: Sequence[tuple[object, ...]],
) -> Design:
    """The design that these rows tell of; raises NotADesignError where they are not as written."""
    try:
        design = Design(
            seed=_whole(facts["Seed"]),
            by=_key(_BYS, facts["Strata by"]),
            basis=_key(_BASES, facts["What is examined"]),
            findings_sha256=_text(facts["Findings file, SHA-256"]),
            findings=_whole(facts["Findings in the file"]),
            frame_digest=_text(facts["Frame fingerprint"]),
            tiers=tuple(_text(facts["Tiers in the frame"]).split()),
            with_denied=_text(facts["Denied lines"]) == _YES,
            strata=tuple(
                Stratum(_whole(no), _text(name), _whole(lines), _cents(billed), _whole(sampled))
                for no, name, lines, billed, sampled in strata
            ),
            left_out=tuple(LeftOut(_text(reason), _whole(lines)) for reason, lines in left_out),
            sample_digest=_text(facts["Sample fingerprint"]),
            run_ids=_text(facts["Audit runs"]),
            version=_text(facts["Program version"]),
            method=_text(facts["Method"]),
        )
    except (KeyError, ValueError, TypeError):
        raise NotADesignError from None
    if _text(facts.get(CHECK_LABEL)) != design_check(design):
        raise NotADesignError
    return design


def _key(told: Mapping[Key, str], value: object) -> Key:
    """The key of what is told; raises ValueError where nothing is told so."""
    (key,) = (k for k, v in told.items() if v == value)
    return key


def _whole(value: object) -> int:
    """A whole number, which a spreadsheet may have made a float or a text of."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(str(value))  # a text of digits keeps every digit, however many


def _cents(value: object) -> int:
    return round(float(str(value)) * 100)


def _text(value: object) -> str:
    return "" if value is None else str(value)
