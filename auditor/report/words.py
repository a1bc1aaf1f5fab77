"""The words a reader of the report meets instead of the program's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

TIER_ANSWER = {
    "certain": "Needs action (certain)",
    "review": "Needs a look (review)",
    "info": "For information (info)",
}
TIER_MEANING = (
    "Certain: the published table or definition alone proves it. Review: it depends on the record,"
    " on payer policy or on data that is not on the claim. Info: a ledger entry, nothing to"
    " correct."
)
MONEY_MEANING = (
    "The amount at risk is an estimate for review, not a repayment: taken from the allowed amount,"
    " else the paid, else the charge; counted once a line; never added across these columns or"
    " across rows. A line already denied counts nothing. Without amount: the finding is not about"
    " an amount, or the line does not tell how much of its own is at risk."
)

FAMILIES = {
    "AGE": "Age",
    "ANE": "Anesthesia",
    "AOC": "Add-on codes",
    "ART": "Arthroscopy",
    "CHI": "Chiropractic",
    "COD": "Code and diagnosis form",
    "DAT": "Dates",
    "DME": "Equipment",
    "DRG": "Drugs",
    "DUP": "Duplicates",
    "EAR": "Hearing tests",
    "EM": "Visits",
    "END": "Endoscopy",
    "FOOT": "Foot care",
    "FS": "Split visits",
    "GC": "Teaching physicians",
    "GG": "Mammograms",
    "GLB": "Surgery and its visits",
    "IMG": "Imaging guidance",
    "INF": "Infusions",
    "LAB": "Laboratory",
    "MOD": "Modifiers",
    "MUE": "Units of service",
    "NPI": "Provider numbers",
    "PT": "Screening colonoscopy",
    "PTP": "Code pairs",
    "QW": "Waived tests",
    "SEX": "Sex",
    "SOLE": "Paid only alone",
    "STA": "Payment status",
    "TEL": "Telehealth",
    "TFL": "Timely filing",
    "THR": "Therapy modifiers",
    "UNL": "Unlisted codes",
    "VAC": "Vaccines",
}

BUSINESS_MEANING = {
    "medicare": "All rules.",
    "medicaid": "Fewer rules; pairs and unit limits are not judged without Medicaid's own tables.",
    "commercial": "CPT rules; pairs and unit limits are at most review.",
    "unknown": (
        "Neither the file nor the operator says whose claims these are: judged as commercial, and"
        " Medicare-only rules are at most review. State it with --line-of-business."
    ),
}

KINDS = {
    "aoc": "Add-on codes (AOC)",
    "ptp-practitioner": "Code pairs, practitioner (PTP)",
    "ptp-hospital": "Code pairs, hospital (PTP)",
    "mue-practitioner": "Unit limits, practitioner (MUE)",
    "mue-hospital": "Unit limits, hospital (MUE)",
    "mue-dme": "Unit limits, DME (MUE)",
    "fee-schedule": "Physician fee schedule",
    "hcpcs": "HCPCS Level II codes",
}

STARTER_ADVICE = (
    "The built-in starter set served in place of {kinds}. It knows the commonest codes only: import"
    " the CMS files with  auditor reference import FOLDER  and audit again."
)


def family(prefix: str) -> str:
    """'Add-on codes (AOC)' for AOC; a family without words is its own name."""
    return f"{FAMILIES[prefix]} ({prefix})" if prefix in FAMILIES else prefix


def number(count: int, one: str, many: str = "") -> str:
    """'1 line', '2,345 lines'."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span(first: date | None, last: date | None) -> str:
    """'2025-01-02 to 2025-03-31', one day alone, or '' where there is none."""
    if first is None or last is None:
        return ""
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"
