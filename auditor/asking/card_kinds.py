"""What sort of code it is: by its form, its number and its letter, in our own words."""

from __future__ import annotations

import re

_FORMS = (
    (r"[0-9]{5}", "CPT code (category I)"),
    (r"[0-9]{4}F", "CPT code of category II: it reports quality, and is not paid"),
    (r"[0-9]{4}T", "CPT code of category III: a new technology, on trial for some years"),
    (r"[0-9]{4}U", "CPT code of one maker's or laboratory's own test (PLA)"),
    (r"[0-9]{4}M", "CPT administrative code of a test with an algorithm (MAAA)"),
    (r"[0-9]{4}A", "CPT code for giving a COVID-19 vaccine, of the years to 2023"),
)
_SECTIONS = (
    ("00100", "01999", "anesthesia"),
    ("10004", "69990", "surgery"),
    ("70010", "79999", "radiology"),
    ("80047", "89398", "pathology and laboratory"),
    ("90281", "97999", "medicine"),
    ("98000", "98016", "evaluation and management"),
    ("98925", "99199", "medicine"),
    ("99202", "99499", "evaluation and management"),
    ("99500", "99607", "medicine"),
)
_LETTERS = {
    "A": "transport, medical and surgical supplies, and radiopharmaceuticals",
    "B": "feeding by tube or vein",
    "C": "for hospital outpatient claims; practitioners do not bill it",
    "D": "dental; the American Dental Association's",
    "E": "durable medical equipment",
    "G": "practitioners' services and procedures that CMS named itself",
    "H": "behavioral health and substance use, for state Medicaid programs",
    "J": "drugs, mostly injected",
    "K": "durable medical equipment, named for its contractors",
    "L": "orthotics and prosthetics",
    "M": "quality measures and a few medical services",
    "P": "pathology and laboratory",
    "Q": "drugs, casting supplies and others that CMS named itself, many for a time only",
    "R": "transport of X-ray equipment",
    "S": "for private payers; Medicare does not take it",
    "T": "for state Medicaid programs; Medicare does not take it",
    "U": "COVID-19 laboratory tests",
    "V": "vision, hearing and speech",
}
_MODIFIER = re.compile(r"[A-Z0-9]{2}")


def section(code: str) -> str:
    """Where the code belongs, in a word or two: surgery, radiology, HCPCS Level II."""
    if code[:1].isalpha():
        return "HCPCS Level II"
    if not code.isdigit():
        return "CPT with a letter"
    return next((what for low, high, what in _SECTIONS if low <= code <= high), "other")


def is_modifier(word: str) -> bool:
    """Whether `word` has the form of a modifier: two letters or digits."""
    return _MODIFIER.fullmatch(word) is not None


def kind(code: str) -> str:
    """What sort of code `code` is; '' where it has no form of a code."""
    for form, words in _FORMS:
        if re.fullmatch(form, code):
            return f"{words}, {section(code)}" if code.isdigit() else words
    if re.fullmatch(r"[A-Z][0-9]{4}", code):
        letter = _LETTERS.get(code[0])
        return f"HCPCS Level II code, letter {code[0]}" + (f": {letter}" if letter else "")
    return ""
