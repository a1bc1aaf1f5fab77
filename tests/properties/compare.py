"""Findings of the auditor and of the oracle as comparable values.

Equal lines of one claim are told apart by nothing but their place, so a finding is tied to the
content of its line, and findings are compared as a bag.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from oracle.harness import Found
from oracle.model import Finding
from oracle.oracle import JUDGED

Bag = Counter[tuple[Any, ...]]


def content(row: dict[str, str | None]) -> tuple[Any, ...]:
    return tuple(sorted((name, value) for name, value in row.items() if value is not None))


def of_auditor(rows: Sequence[dict[str, str | None]], findings: Sequence[Found]) -> Bag:
    return Counter(
        (content(rows[f.line]), f.rule, f.tier, tuple(sorted(f.also & JUDGED)))
        for f in findings
        if f.rule in JUDGED
    )


def of_oracle(rows: Sequence[dict[str, str | None]], findings: Sequence[Finding]) -> Bag:
    return Counter((content(rows[f.key]), f.rule, f.tier, tuple(sorted(f.also))) for f in findings)


def difference(first: Bag, second: Bag) -> str:
    """What only one of them found, in the notation; empty where they agree."""
    sides = {"only the first": first - second, "only the second": second - first}
    return "".join(
        f"\n{name}: {rule} {tier} also {list(also)} on {notation([dict(line)])}"
        for name, bag in sides.items()
        for line, rule, tier, also in bag
    )


def notation(rows: Sequence[dict[str, str | None]]) -> str:
    """The batch in the notation of auditor.rules.notation, to paste into a case."""
    keys = {
        "claim": "claim_id",
        "line": "line_number",
        "patient": "patient_id",
        "npi": "rendering_npi",
        "billing": "billing_npi",
        "tax": "tax_id",
        "spec": "specialty",
        "dos": "service_date_from",
        "to": "service_date_to",
        "pos": "place_of_service",
        "units": "units",
        "charge": "charge_amount",
        "status": "paid_status",
        "lob": "line_of_business",
        "payer": "payer",
        "seq": "payer_sequence",
        "freq": "claim_frequency",
        "orig": "original_claim_id",
        "icn": "payer_claim_id",
        "received": "received_date",
        "birth": "patient_birth_date",
        "sex": "patient_sex",
    }
    return "\n".join(
        "-".join([str(row["code"]), *(row["modifiers"] or "").split()])
        + " "
        + " ".join(f"{key}={row.get(name) or '-'}" for key, name in keys.items())
        + (f" dx={'+'.join((row.get('diagnoses') or '').split())}" if row.get("diagnoses") else "")
        for row in rows
    )
