"""Which X12 files are read, and what the others are called."""

from __future__ import annotations

import re

_SETS = {
    "269": "a coordination of benefits verification (269)",
    "270": "an eligibility inquiry (270)",
    "271": "an eligibility response (271)",
    "274": "a provider directory (274)",
    "275": "an attachment (275)",
    "276": "a claim status inquiry (276)",
    "277": "a claim status or claim acknowledgment file (277)",
    "278": "an authorization request or response (278)",
    "820": "a premium payment file (820)",
    "824": "an application advice (824)",
    "834": "an enrollment file (834)",
    "835": "a remittance advice (835)",
    "997": "a functional acknowledgment (997)",
    "999": "an implementation acknowledgment (999)",
}
_GUIDES = {  # of the 837, without the version
    "X096": "an institutional claim file (837I)",
    "X097": "a dental claim file (837D)",
    "X098": "a professional claim file (837P)",
    "X222": "a professional claim file (837P)",
    "X223": "an institutional claim file (837I)",
    "X224": "a dental claim file (837D)",
    "X298": "a file of adjudicated professional claims (837)",
    "X299": "a file of adjudicated institutional claims (837)",
    "X300": "a file of adjudicated dental claims (837)",
    "X323": "a professional claim file (837P)",
    "X324": "an institutional claim file (837I)",
    "X325": "a dental claim file (837D)",
}
_READ = ("005010", "X222")
_FORM = re.compile(r"(\d{6})(X\d{3})?[A-Z0-9]*")


def unread(transaction: str, convention: str, version: str) -> str | None:
    """What a transaction is called that is not read; None for a professional claim file of 5010.

    `transaction` is ST01, `convention` ST03 and `version` GS08; a file need not say both of the
    latter, but where it does they must agree.
    """
    if transaction != "837":
        if not re.fullmatch(r"\d{3}", transaction):
            return "a file whose kind cannot be told (ST01)"
        return _SETS.get(transaction, f"a file of transaction set {transaction}")
    found = [_FORM.fullmatch(text.strip()) for text in (convention, version) if text.strip()]
    guides = [(match[1], match[2]) for match in found if match and match[2]]
    if None in found or not guides:
        return "a claim file (837) that does not name the guide it follows in ST03 or GS08"
    other = next((guide for guide in guides if guide != _READ), None)
    if other is None:
        return None
    name = _GUIDES.get(other[1], f"a claim file (837) of the guide {other[0]}{other[1]}")
    if other[0] != _READ[0]:
        name += f" of version {other[0].removeprefix('00')}"
    return name
