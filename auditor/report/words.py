"""The words a reader of the report meets instead of the program's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from auditor.result import AuditResult

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

GLANCE_MEANING = (
    "Certain: the table or definition alone proves it. Review: the record, payer policy or data"
    " that is not on the claim decides. Info: a ledger entry. Amounts are estimates for review,"
    " counted once a line and never added across columns or rows. The sheet About says more."
)

CLOCK_MEANING = (
    "Days count from the first run that found it. Settled: a reviewer's decision about it stands."
    " These days are no legal deadline: Medicare's 60 days to report and return an overpayment"
    " begin when it is identified, which may be another day, and may be suspended (42 CFR 401.305)."
    " Whether a finding is an overpayment, a person decides."
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
    "TC": "Technical part",
    "TEL": "Telehealth",
    "TFL": "Timely filing",
    "THR": "Therapy modifiers",
    "UNL": "Unlisted codes",
    "VAC": "Vaccines",
}

FIELDS = {
    "claim_date_from": "first date of the claim",
    "claim_date_to": "last date of the claim",
    "claim_frequency": "claim frequency code",
    "claim_id": "claim number",
    "clia_number": "CLIA number",
    "code": "procedure code",
    "diagnosis_pointers": "diagnosis pointers",
    "ndc": "NDC",
    "original_claim_id": "number of the claim it replaces",
    "patient_birth_date": "birth date",
    "patient_id": "patient or member id",
    "payer_claim_id": "payer's number of the claim",
    "payer_sequence": "primary or secondary payer",
    "billing_npi": "billing NPI",
    "referring_npi": "referring NPI",
    "rendering_npi": "rendering NPI",
    "service_date_from": "date of service",
    "service_date_to": "last date of service",
}
"""Fields whose name is not their word for a reader; the others are their names with blanks."""

DECISIONS = {
    "standing": "settled and off the Worklist, though counted above",
    "pending": "waiting for records",
    "reopened": "open again, because what was judged has changed",
    "expired": "open again, because the decision was valid until a day that has passed",
    "disputed": "open, because two reviewers disagree",
    "unmatched": "decided before and no longer found",
}

SETTLED_TONIGHT = "settled and off the Worklist, though counted as open"
"""As `standing` in DECISIONS, where only new findings are counted above."""

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

NOTHING_AUDITED = "No line was audited, so no rule judged anything."

COVERED_AS = {
    "aoc": "add-on edits",
    "ptp-practitioner": "code pairs",
    "mue-practitioner": "unit limits",
    "fee-schedule": "fee schedules",
    "hcpcs": "HCPCS codes",
}
"""Kinds of table that judge claim lines, as schemas.TableCoverage names them; the tables for
hospital claims and for equipment suppliers may be loaded and judge nothing here."""

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


def quarters_after(until: date, last: date | None) -> int:
    """Quarters from the one that ends with `until` to the one of the `last` service; 0: within."""
    if last is None or last <= until:
        return 0
    return (last.year - until.year) * 4 + (last.month - 1) // 3 - (until.month - 1) // 3


def age(until: date, last: date | None) -> str:
    """How much older than the `last` service a table is that speaks for services to `until`.

    Nothing where it is not older. Whether a table reaches back far enough is another question.
    """
    if last is None or last <= until:
        return ""
    return f"{number(quarters_after(until, last), 'quarter')} older than the last service"


def field(name: str) -> str:
    """A field of a claim line in words, with the name that --map takes."""
    told = FIELDS.get(name, name.replace("_", " "))
    return told if told == name else f"{told} ({name})"


def setting(value: object) -> str:
    """The value of a setting in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {setting(v)}" for name, v in sorted(value.items()))
    if isinstance(value, (frozenset, set, tuple, list)):
        return " ".join(sorted(map(str, value)))
    return str(value)


def judged_again(result: AuditResult) -> str:
    """That lines of earlier nights were judged too, and what that changes; '' where none was."""
    told = []
    if result.lines_again:
        were = "was" if result.lines_again == 1 else "were"
        told.append(
            f"{number(result.lines_again, 'line')} of earlier nights {were} judged again, because"
            " what came tonight may change what is found there. Findings, rates and coverage count"
            " these lines too; lines read, audited, set aside and rejected are of tonight's files"
            " alone."
        )
    gone = result.lines_gone_before.height
    if gone:
        does = "stands" if gone == 1 else "stand"
        told.append(
            f"{number(gone, 'line')} of earlier nights no longer {does}: tonight's files bring the"
            " claim without it or with it changed, or take the claim back."
        )
    return " ".join(told)
