"""Header names: which column header may hold which field, and how well it fits.

Names are compared upper-case with everything but letters and digits taken out, and only as a
whole: that alone refuses the false friends seen in real layouts (PCP_TAX_ID and RCPT_DT hold
"CPT", MODEL and MOD_REDUC_AMT hold "MOD", BUSINESS_UNIT "UNIT", LINE_OF_BUSINESS "LINE",
POST_DATE "POS"; ICD9_PROC_CODE_1 and UB_SURG hold ICD codes).

Each field has its names in ranks (see synonyms). A column of a better rank wins without asking:
submitted over allowed, line dates over claim dates. Names that say too little by themselves (CODE,
STATUS, Provider) count only where the values under them prove it. Of NPIs, whose headers are
abbreviated in every way there is, the words decide where the name as a whole is not known.
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
    r"(?:CPT4?|HCPCS|CPTHCPCS|HCPCSCPT|PROC|PROCEDURE|PRCDR|PX)?(?:CODE|CD)?"
    r"(?:MODIFIER|MDFR|MDFYR|MODIF|MDF|MODFR|MOD)S?(?:CODE|CD)?S?"
)
_WEAK_NUMBERED = ("code", "modifiers")
_ONLY_NUMBERED = ("M",)
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
    by_words: bool = False
    """Not a listed name: its words say so."""


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+")
_ROLES = (
    ("rendering_npi", r"REND|RENDERING|RENDER|RNDR|RNDRG|RNDRNG|RNDRING"),
    ("rendering_npi", r"PERF|PERFORMING|PERFORM|PRF|PRFRM"),
    ("rendering_npi", r"SERVICING|SERVICE|SERVC|SERV|SRV|SRVC|SVC|SVCG|SRVG"),
    ("rendering_npi", r"TREATING|TREAT|TRTG"),
    ("billing_npi", r"BILL.*|BLG|BLLG"),
    ("billing_npi", r"GROUP|GRP"),
    ("referring_npi", r"REFER.*|REF|RFR|RFRG"),
    ("referring_npi", r"ORDER.*|ORD"),
    # Who says no more than provider means the one of the line.
    ("rendering_npi", r"PROVIDER|PROV|PRVDR|PRV|PHYSICIAN|PHYS|PHYSN|PRACTITIONER|CLINICIAN"),
)
"""What a word beside NPI says of whose it is; of one field the better first."""
# Whose NPI is nobody's that a claim line is about, and columns about an NPI that hold none.
_OTHER_NPI = re.compile(
    r"SUPER?V.*|SUP|PCP|PRIMARY|PRIM|CARE|ATTEND.*|ATTN?G?|AT|OPER.*|OP|ASSIST.*|AS?ST|AD[MT].*"
    r"|OTHE?R?|OT"
    r"|FACILITY|FAC|FACIL|HOSP.*|LOC.*|SITE|LAB.*|PAY.*|PURCH.*|PRESC.*|RX|DISP.*|PHARM.*"
    r"|ASSIGNED|TYPE|TYP|FLAG|FLG|INDICATOR|DATE|DT|NAME|NM|QUAL.*|STATUS|VALID.*|TAXONOMY"
    r"|SPECIALTY|SPEC|STATE|ZIP|ADDR.*|COUNT|CNT"
)

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
    return frozenset(
        known
        | {f"M{n}" for n in range(1, 10)}
        | {"SU", "BI", "CL", "SE", "CP", "HC", "PR", "MO", "MD", "PX"}
    )


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


def _words(header: str) -> list[str]:
    """The words of `header`, upper case: what blanks, marks and changes of case set apart."""
    return [word.upper() for word in _WORD.findall(header)]


def of_another(header: str) -> bool:
    """Whether a header says of itself that an NPI under it is not the practitioner's."""
    return any(_OTHER_NPI.fullmatch(word) for word in _words(header))


@cache
def _role(word: str) -> int | None:
    """Which of _ROLES `word` is."""
    return next((n for n, (_, role) in enumerate(_ROLES) if re.fullmatch(role, word)), None)


def _npi(header: str) -> tuple[Match, ...]:
    """Whose NPI a header means by its words: SERV_PROV_NPI, Rend Phys NPI #, Provider NPI No.

    A rank below every listed name, and believed only where the values prove it; () where the words
    say nothing, or two things.
    """
    words = _words(header)
    if "NPI" not in words or any(_OTHER_NPI.fullmatch(word) for word in words):
        return ()
    said = sorted({role for word in words if (role := _role(word)) is not None})
    fields = {_ROLES[role][0] for role in said if role < len(_ROLES) - 1}
    if not said or len(fields) > 1:
        return ()
    field = _ROLES[said[0]][0]
    number = re.fullmatch(r".*?(\d{1,2})", plain(header))
    return (
        Match(
            field,
            NAMES[field].count("/") + 1 + said[0],
            number=int(number[1]) if number else None,
            stem="".join(words) if number else "",
            weak=True,
            by_words=True,
        ),
    )


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
    ordinal = re.fullmatch(r"(\d(?:ST|ND|RD|TH))(\D+)", name)
    if ordinal and ordinal[1] in _ORDINALS:
        ways.append(_Way(ordinal[2], _ORDINALS[ordinal[1]]))
    lettered = re.fullmatch(r"(.*MOD(?:IFIER)?)([A-D])", name)
    if lettered:
        ways.append(_Way(lettered[1], "ABCD".index(lettered[2]) + 1))
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
    about_npi = "NPI" in name
    if name[:2] not in _starts() and not name[:1].isdigit() and not about_npi:
        return ()
    whole = _exact(name)
    if (whole and name not in _ONLY_NUMBERED) or name.isdigit():
        return whole
    for way in _numbered(header, name):
        if way.stem in WHOLE:
            continue
        fits = [
            match
            for match in _exact(way.stem)
            if (way.slot is None or match.field in LISTS)
            and (not match.weak or match.field in _WEAK_NUMBERED)
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
    return _npi(header) if about_npi else ()
