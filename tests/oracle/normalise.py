"""From the texts of an export to plain lines, and from all claims to those that still stand."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from oracle.model import Line

Raw = Mapping[str, str | None]
Claim = tuple[str | None, ...]
DATE_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d")


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None


def _day(value: str | None) -> date | None:
    text = _text(value)
    if text is None:
        return None
    for form in DATE_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar date
        except ValueError:
            continue
    message = f"no date: {text!r}"
    raise ValueError(message)


def _number(value: str | None) -> Fraction | None:
    text = _text(value)
    return None if text is None else Fraction(text.replace("$", "").replace(",", ""))


def _code(value: str | None) -> str:
    """Upper case; a number's '.0' gone and its lost leading zeros back."""
    text = (_text(value) or "").upper()
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return text.zfill(5) if text.isdigit() and len(text) < 5 else text


def _modifiers(value: str | None) -> frozenset[str]:
    return frozenset(part.upper() for part in re.split(r"[\s,;|:-]+", value or "") if part)


def normalise(raws: Iterable[Raw]) -> list[Line]:
    """Every raw line as a Line; `key` counts from 0 in the order given."""
    lines = []
    for key, raw in enumerate(raws):
        first = _day(raw["service_date_from"])
        if first is None:
            message = "the oracle takes lines that can be placed only"
            raise ValueError(message)
        number = _text(raw.get("line_number"))
        lines.append(
            Line(
                key=key,
                claim_id=_text(raw["claim_id"]) or "",
                number=None if number is None else int(number),
                patient=_text(raw["patient_id"]) or "",
                payer=(_text(raw.get("payer")) or "").lower() or None,
                sequence=(_text(raw.get("payer_sequence")) or "primary").lower(),
                business=(_text(raw.get("line_of_business")) or "unknown").lower(),
                frequency=_text(raw.get("claim_frequency")) or "1",
                original=_text(raw.get("original_claim_id")),
                control=_text(raw.get("payer_claim_id")),
                rendering=_text(raw.get("rendering_npi")),
                billing=_text(raw.get("billing_npi")),
                tax=_text(raw.get("tax_id")),
                specialty=_text(raw.get("specialty")),
                first=first,
                last=_day(raw.get("service_date_to")) or first,
                received=_day(raw.get("received_date")),
                pos=_text(raw.get("place_of_service")),
                code=_code(raw["code"]),
                modifiers=_modifiers(raw.get("modifiers")),
                units=_number(raw.get("units")),
                charge=_number(raw.get("charge_amount")),
                denied=(_text(raw.get("paid_status")) or "").lower() == "denied",
                raw=raw,
            )
        )
    return _one_payer(lines)


def _one_payer(lines: list[Line]) -> list[Line]:
    """A line that does not name its payer goes with the patient's only one."""
    payers: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.payer is not None:
            payers[line.patient].add(line.payer)
    return [
        replace(line, payer=next(iter(payers[line.patient])))
        if line.payer is None and len(payers[line.patient]) == 1
        else line
        for line in lines
    ]


def taken_back(lines: list[Line]) -> set[int]:
    """Keys of lines that a reversal on the same claim cancels, and of the reversals."""
    gone: set[int] = set()
    by_number = sorted(lines, key=lambda line: line.number or 0)
    for back in by_number:
        if (back.units is None or back.units >= 0) and (back.charge is None or back.charge >= 0):
            continue
        for billed in by_number:
            negative = (billed.units or 0) < 0 or (billed.charge or 0) < 0
            if not negative and billed.key not in gone and _opposite(back, billed):
                gone |= {back.key, billed.key}
                break
    return gone


def _opposite(back: Line, billed: Line) -> bool:
    def size(number: Fraction | None) -> Fraction | None:
        return None if number is None else abs(number)

    return (
        (back.patient, back.claim_id, back.code) == (billed.patient, billed.claim_id, billed.code)
        and back.modifiers == billed.modifiers
        and (back.first, back.last) == (billed.first, billed.last)
        and size(back.units) == size(billed.units)
        and size(back.charge) == size(billed.charge)
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """The lines of claims that still stand, and what is uncertain about some of them."""

    lines: list[Line]
    void: frozenset[int]
    superseded: frozenset[int]
    loose: frozenset[int]
    """Lines of a replacement or void whose original could not be found."""
    borrowed: frozenset[int]
    """Lines whose practitioner is only the billing NPI of a group: tier at most review."""
    groups: frozenset[str]
    """Billing NPIs that somebody else renders under on any line, a superseded one too."""


def resolve(lines: list[Line]) -> Standing:
    """Leave out voids and superseded claims; see SPEC 1, Void and replacement."""
    claims: dict[Claim, list[Line]] = defaultdict(list)
    for line in lines:
        claims[line.claim].append(line)
    heads = {claim: members[0] for claim, members in claims.items()}

    def named(claim: Claim) -> list[Claim]:
        head = heads[claim]
        found = [
            other
            for other, there in heads.items()
            if head.original is not None
            and (other != claim and _payers(there) == _payers(head))
            and there.control == head.original
        ]
        return found or [other for other in heads if _keeps_the_id(claims[claim], claims[other])]

    void: set[Claim] = set()
    superseded: set[Claim] = set()
    loose: set[Claim] = set()
    for claim, head in heads.items():
        if head.frequency == "8":
            void.update([claim, *named(claim)] if named(claim) or not head.original else [])
        if head.frequency == "7":
            superseded.update(named(claim))
        if head.frequency in ("7", "8") and not named(claim) and claim not in void:
            loose.add(claim)
    for chain in _chains(heads, named):
        tips = [c for c in chain if heads[c].frequency == "7" and c not in superseded]
        for beaten in sorted(tips, key=lambda c: _age(claims[c]))[:-1]:
            superseded.add(beaten)
    gone = void | superseded
    stays = [line for line in lines if line.claim not in gone]
    return Standing(
        lines=stays,
        void=frozenset(x.key for x in lines if x.claim in void),
        superseded=frozenset(x.key for x in lines if x.claim in superseded - void),
        loose=frozenset(x.key for x in stays if x.claim in loose),
        borrowed=_borrowed(lines),
        groups=frozenset(
            x.billing
            for x in lines
            if x.billing is not None and x.rendering not in (None, x.billing)
        ),
    )


def _payers(line: Line) -> tuple[str | None, ...]:
    """Whose claim it is: a number that names a claim of another patient or payer names none."""
    return (line.patient, line.payer, line.sequence)


def _keeps_the_id(change: list[Line], other: list[Line]) -> bool:
    """Whether a void or replacement is told by the id and first day of the claim it changes."""
    by, of = change[0], other[0]
    if of.frequency == "8" or (by.frequency == "7" and of.frequency == "7"):
        return False
    who = [(*_payers(x), x.claim_id) for x in (by, of)]
    days = [min(x.first for x in lines) for lines in (change, other)]
    got = [
        max((x.received for x in lines if x.received), default=None) for lines in (change, other)
    ]
    later = got[0] is not None and got[1] is not None and got[1] > got[0]
    return who[0] == who[1] and days[0] == days[1] and not later


def _chains(heads: Mapping[Claim, Line], named: Callable[[Claim], list[Claim]]) -> list[set[Claim]]:
    """Claims tied by replacement: to the claim they name, or by naming the same number."""
    chains: list[set[Claim]] = [{c} for c in heads]
    replacements = [c for c in heads if heads[c].frequency == "7" and heads[c].original]
    for claim in replacements:
        tied = set(named(claim)) | {
            c
            for c in replacements
            if _payers(heads[c]) == _payers(heads[claim])
            and heads[c].original == heads[claim].original
        }
        joined = [chain for chain in chains if chain & (tied | {claim})]
        chains = [c for c in chains if c not in joined] + [set().union(*joined)]
    return chains


def _age(members: list[Line]) -> tuple[date, str]:
    return max((m.received or date.min, m.claim_id) for m in members)


def _borrowed(lines: list[Line]) -> frozenset[int]:
    """The billing NPI stands in; it proves something only for a practice of one."""
    others: dict[str | None, set[str]] = defaultdict(set)
    for line in lines:
        if line.rendering is not None and line.rendering != line.billing:
            others[line.billing].add(line.rendering)
    return frozenset(
        line.key for line in lines if line.rendering is None and others.get(line.billing)
    )
