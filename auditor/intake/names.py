"""Header names: which column header may hold which field, and how well it fits.

Names are compared upper-case with everything but letters and digits taken out, and only as a
whole: that alone refuses the false friends seen in real layouts (PCP_TAX_ID and RCPT_DT hold
"CPT", MODEL and MOD_REDUC_AMT hold "MOD", BUSINESS_UNIT "UNIT", LINE_OF_BUSINESS "LINE",
POST_DATE "POS"; ICD9_PROC_CODE_1 and UB_SURG hold ICD codes).

Each field has its names in ranks (see synonyms). A column of a better rank wins without asking:
submitted over allowed, line dates over claim dates. Names that say too little by themselves (CODE,
STATUS, Provider) count only where the values under them prove it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import NamedTuple

from auditor.intake.synonyms import NAMES, WHOLE

REQUIRED = ("claim_id", "patient_id", "service_date_from", "code")
PRACTITIONER = ("rendering_npi", "billing_npi")
NPIS = (*PRACTITIONER, "referring_npi")

LISTS = ("modifiers", "diagnoses", "diagnosis_pointers")
"""Fields that several numbered columns of one line make up."""

FIELDS = frozenset(NAMES)
"""Every field that `--map FIELD=COLUMN` may name: those of a claim line, and some that only
decide about them (bill_type, claim_date_from, claim_status, claim_type, units_sign ...)."""


AMOUNTS = ("charge_amount", "allowed_amount", "paid_amount")

# MODIFIER, MOD1, HCPCS_1ST_MDFR_CD, PROC_MDFR_1_CD, CPT_MODIFIER_2, SUBMITTED_MOD1 ...; the number
# has been taken out already. Anchored at both ends, so that MODEL and MOD_REDUC_AMT do not pass.
_MODIFIER = re.compile(
    r"(?:SUBMITTED|BILLED)?(?:LINE|CLMLINE|CLAIMLINE|SERVICELINE|SVC|SERVICE|SERV)?"
    r"(?:CPT4?|HCPCS|CPTHCPCS|HCPCSCPT|PROC|PROCEDURE|PRCDR)?(?:CODE|CD)?"
    r"(?:MODIFIER|MDFR|MDFYR|MODIF|MDF|MODFR|MOD)S?(?:CODE|CD)?S?"
)
_LONGEST = 100  # characters of a header that may be a name
_ORDINALS = {"1ST": 1, "2ND": 2, "3RD": 3, "4TH": 4, "5TH": 5}
_WORDS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_FIRSTS = {"FIRST": 1, "SECOND": 2, "THIRD": 3, "FOURTH": 4, "FIFTH": 5}


@dataclass(frozen=True, slots=True)
class Match:
    """One way to read a header."""

    field: str
    rank: int
    """0 fits best."""
    number: int | None = None
    """Of a numbered column: which modifier or diagnosis, or which line of a wide row."""
    slot: int | None = None
    """Of a column with two numbers: its second, or the one that counts the lines."""
    line_named: bool = False
    """The name says that `slot` counts the lines (LINE1_MOD2)."""
    stem: str = ""
    """The plain name without its number; columns of one stem belong together."""
    weak: bool = False
    """The name alone says too little: the values have to prove it."""
    order: int = 0
    """Among names of one rank, so that the order of the columns decides nothing."""


_MARKS = re.compile(r"[^A-Z0-9]+")
_DIGIT = re.compile(r"\d")


def plain(header: str) -> str:
    """`header` as names are compared: upper-case letters and digits only."""
    return _MARKS.sub("", header.upper())


@cache
def _known() -> dict[str, tuple[Match, ...]]:
    """Plain name -> what it may be."""
    found: dict[str, list[Match]] = {}
    for field, ranks in NAMES.items():
        order = 0
        for rank, words in enumerate(ranks.split("/")):
            weak = words.strip().startswith("?")
            for name in words.replace("?", " ").split():
                match = Match(field, rank, weak=weak, order=order)
                found.setdefault(name, []).append(match)
                order += 1
    return {name: tuple(fits) for name, fits in found.items()}


@cache
def _starts() -> frozenset[str]:
    """The first two characters of every name that can be known: most cells fail here."""
    known = {name[:2] for name in (*_known(), *_FIRSTS, "LINE", "LN", "SVC", "SERVICELINE")}
    return frozenset(known | {"SU", "BI", "CL", "SE", "CP", "HC", "PR", "MO", "MD"})


def synonyms(field: str) -> tuple[str, ...]:
    """The plain names of `field`, best first; for suggestions in messages."""
    return tuple(NAMES[field].replace("/", " ").replace("?", " ").split())


def _exact(name: str) -> tuple[Match, ...]:
    found = _known().get(name, ())
    if not found and name.endswith("CENTS"):
        base = name.removesuffix("CENTS").removesuffix("IN")
        found = tuple(match for match in _known().get(base, ()) if match.field in AMOUNTS)
    if not found and _MODIFIER.fullmatch(name):
        found = (Match("modifiers", 0),)
    return found


def in_cents(header: str) -> bool:
    """Whether an amount column says by its name that it counts cents."""
    return plain(header).endswith("CENTS")


class _Way(NamedTuple):
    """One way to take the numbers out of a header."""

    stem: str
    number: int
    slot: int | None = None
    line_named: bool = False


def _numbered(header: str, name: str) -> list[_Way]:
    """Every way to take one or two numbers out of `header`, plain `name`, best first."""
    ways = _with_digits(header, name) if _DIGIT.search(name) else []
    ways.extend(_Way(name.removesuffix(w), n) for w, n in _WORDS.items() if name.endswith(w))
    ways.extend(_Way(name.removeprefix(w), n) for w, n in _FIRSTS.items() if name.startswith(w))
    return ways


def _with_digits(header: str, name: str) -> list[_Way]:
    ways: list[_Way] = []
    line = re.fullmatch(r"(?:LINE|LN|SVC|SERVICELINE|SVCLINE|SV)(\d{1,2})(\D.*)", name)
    if line:
        ways.append(_Way(line[2], int(line[1])))
        last = re.fullmatch(r"(.*\D)(\d)", line[2])
        if last:
            ways.append(_Way(last[1], int(last[2]), int(line[1]), line_named=True))
    apart = re.fullmatch(r"(.*?)[\W_]+(\d{1,2})", header.strip())
    if apart:
        inner = plain(apart[1])
        ways.append(_Way(inner, int(apart[2])))
        both = re.fullmatch(r"(.*\D)(\d{1,2})", inner)
        if both:
            ways.append(_Way(both[1], int(both[2]), int(apart[2])))
    close = re.fullmatch(r"(.*\D)(\d{1,2})", name)
    if close:
        ways.append(_Way(close[1], int(close[2])))
    within = re.fullmatch(r"(\D+)(\d{1,2})(ST|ND|RD|TH)?(\D+)", name)
    if within and (within[3] is None or within[2] + within[3] in _ORDINALS):
        ways.append(_Way(within[1] + within[4], int(within[2])))
    return ways


@lru_cache(maxsize=16_384)
def matches(header: str) -> tuple[Match, ...]:
    """Every field that a column called `header` may hold; () where the name is not known.

    A whole name is preferred: CPT4 is the code, not CPT number 4. MOD_1_2 comes back with both
    numbers (`number` 1, `slot` 2), and the caller decides which of them is the line.
    """
    if len(header) > _LONGEST:
        return ()
    name = plain(header)
    if name[:2] not in _starts() and not name[:1].isdigit():
        return ()
    whole = _exact(name)
    if whole or name.isdigit():
        return whole
    for way in _numbered(header, name):
        if way.stem in WHOLE:
            continue
        fits = [
            match
            for match in _exact(way.stem)
            if (way.slot is None or match.field in LISTS)
            and (not match.weak or match.field == "code")
        ]
        if fits:
            return tuple(
                replace(
                    match,
                    number=way.number,
                    slot=way.slot,
                    line_named=way.line_named,
                    stem=way.stem,
                )
                for match in fits
            )
    return ()
