"""Audit results made by hand: seeded, with hostile values, small enough to read back whole."""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor.intake.interface import FileRead
from auditor.reference.interface import Release
from auditor.result import AuditOptions, AuditResult
from schemas import (
    ClaimLines,
    Coverage,
    RejectedRows,
    Repairs,
    SetAside,
    TableCoverage,
    UnjudgedCodes,
    dtypes,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # report.ooxml, handmade

from handmade import finding, findings

HOSTILE = (
    "=cmd()|'/c calc'!A1",
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "#N/A",
    "#REF!",
    "two\nlines",
    "carriage\r\nreturn",
    "bell\x07 and null\x00 and \x1b[31m",
    "not a character \ufffe",
    "emoji \U0001f9be and \u00e9\u4e2d\u6587",
    "  blanks around  ",
    "00123456789012345678901234567890",
    "<b>&amp;</b> ]]> \"'",
    "_x0041_",
    "TRUE",
    "2025-01-02",
    "'quoted",
    "x" * 40_000,
    "\U0001f9be" * 20_000,
)

_TEXTS = (
    (
        "Add-on {code} on 2025-03-10 has no qualifying primary by the same practitioner."
        " Expected one of: 20550, 20600, 20604, 20605, 20606, 20610, 20611, 27096."
    ),
    "{code} bundles into 45385 on the same day; no modifier separates them.",
    "{code}: 7 units on 2025-03-10; the limit is 6.",
)
NO_ROW = "the code has no row in the MUE table of its date"
_RULES = (
    ("AOC-1", "orphan-add-on", "certain"),
    ("PTP-0", "disallowed-pair", "certain"),
    ("PTP-1", "pair-without-separation", "certain"),
    ("MUE-2", "units-over-day-limit", "certain"),
    ("MUE-3", "units-over-clinical-limit", "certain"),
    ("MOD-LAT", "missing-side", "review"),
    ("GLB-25", "visit-with-minor-procedure", "review"),
    ("THR-1", "missing-therapy-modifier", "certain"),
    ("DUP-1", "exact-duplicate", "certain"),
    ("PTP-BYP", "bypassed-pair", "info"),
)


@dataclass(frozen=True)
class FakeRule:
    """As much of auditor.rules.Rule as the report reads."""

    id: str
    name: str
    tier: str
    shape: str = "day"
    profiles: tuple[str, ...] = ("medicare", "medicaid")
    review_for: tuple[str, ...] = ("commercial", "unknown")
    columns: tuple[str, ...] = ("rendering_npi",)
    tables: tuple[str, ...] = ("aoc",)
    flags: str = "An add-on code without one of its primary codes on the same day."
    why: str = "An add-on describes extra work of a primary service and does not pay alone."
    not_flagged: str = "An add-on whose primary is on another claim of the same day."
    remedy: str = "Add the missing primary, correct the practitioner or date, or remove it."
    citation: str = "NCCI Policy Manual ch. I R, W; CMS add-on code file"
    example_flag: tuple[str, ...] = ("99213", "77002")
    example_ok: tuple[str, ...] = ("20610", "77002")
    aliases: tuple[str, ...] = field(default=())


RULES = tuple(FakeRule(*rule) for rule in sorted(_RULES))


def random_findings(count: int, seed: int = 7, *, hostile: bool = False) -> pl.DataFrame:
    """Many findings of all rules and bases, certain first, every column filled now and then."""
    rng = random.Random(seed)  # noqa: S311 - made-up claims, no secret
    rows = []
    for n in range(1, count + 1):
        rule, name, tier = rng.choice(_RULES)
        code = rng.choice(["77002", "99213", "45378", "97110", "J1100"])
        basis = rng.choice(["allowed", "allowed", "paid", "charge", "not determined"])
        known = tier != "info" and basis != "not determined"
        paired = rule.startswith("PTP")
        row = finding(
            n,
            rule_id=rule,
            rule_name=name,
            tier=tier,
            line_number=rng.choice([1, 2, 3, None]),
            service_date=date(2025, 1, 1) + timedelta(days=rng.randrange(90)),
            code=code,
            modifiers=rng.choice(["", "25", "RT", "59 RT"]),
            amount_basis="none" if tier == "info" else basis,
            amount_at_risk=Decimal(rng.randrange(-500, 90_000)) / 100 if known else None,
            message=rng.choice(_TEXTS).format(code=code),
            counterpart_claim_id=f"2025{n:012d}" if paired else None,
            counterpart_line_number=2 if paired else None,
            counterpart_code="45385" if paired else None,
        )
        if hostile:
            for column in ("claim_id", "patient_id", "message", "remedy", "payer", "source_file"):
                row[column] = rng.choice(HOSTILE)
        rows.append(row)
    order = ["certain", "review", "info"]
    rows.sort(key=lambda r: order.index(r["tier"]))
    return findings(rows)


def line(row: int, **values: object) -> dict[str, Any]:
    """One plain claim line as a dict; `values` replace its own."""
    plain: dict[str, Any] = {
        "source_file": "march.csv",
        "source_row": row + 2,
        "line_key": row,
        "claim_id": "C1",
        "line_number": row + 1,
        "patient_id": "P1",
        "payer": "PAYER1",
        "line_of_business": "medicare",
        "rendering_npi": "1234567893",
        "service_date_from": date(2025, 3, 10),
        "claim_dates": False,
        "received_date": date(2025, 3, 20),
        "place_of_service": "11",
        "code": "77002",
        "modifiers": "",
        "units": 1000,
        "charge_amount": 12_050,
        "allowed_amount": 7_525,
        "paid_amount": 6_000,
        "paid_status": "paid",
        "diagnoses": "M171 M25561",
    }
    plain |= values
    nothing = dict.fromkeys(dtypes(ClaimLines))
    return nothing | {"service_date_to": plain["service_date_from"]} | plain


def flagged(
    lines: Sequence[dict[str, Any]],
    hits: Sequence[tuple[int, int | None, dict[str, object]]],
    **values: object,
) -> AuditResult:
    """A result with `lines` and findings on them: place, counterpart's place or None, values."""
    rows = []
    for n, (row, other, own) in enumerate(hits, start=1):
        at, met = lines[row], {} if other is None else lines[other]
        same = ("source_file", "source_row", "claim_id", "line_number", "patient_id", "payer")
        rows.append(
            finding(
                n,
                **{name: at[name] for name in (*same, "rendering_npi", "code", "modifiers")},
                service_date=at["service_date_from"],
                counterpart_claim_id=met.get("claim_id"),
                counterpart_line_number=met.get("line_number"),
                counterpart_code=met.get("code"),
            )
            | own
        )
    places = pl.DataFrame(
        [(row, other) for row, other, _ in hits],
        schema={"row": pl.UInt32, "other": pl.UInt32},
        orient="row",
    )
    known = pl.DataFrame(lines, schema=dtypes(ClaimLines), orient="row")
    plain: dict[str, Any] = {"lines": known, "lines_of_files": known.height, "places": places}
    return make_result(findings(rows), **(plain | values))


def file_read(name: str = "march.csv", **values: object) -> FileRead:
    plain: dict[str, Any] = {
        "name": name,
        "sha256": "ab" * 32,
        "encoding": "utf-8",
        "delimiter": ",",
        "header_row": 1,
        "rows": 100,
        "lines_read": 100,
        "rejected": 0,
        "set_aside": 0,
        "mapping": {"claim_id": "Claim No", "code": "HCPCS", "modifiers": "Mod1, Mod2"},
        "unused": ("Facility", "Comment"),
        "unneeded": ("Comment",),
        "notes": (),
    }
    return FileRead(**(plain | values))


def release(kind: str = "aoc", **values: object) -> Release:
    plain: dict[str, Any] = {
        "kind": kind,
        "label": f"{kind} 2025Q1",
        "effective": date(2025, 1, 1),
        "vouches_to": date(2025, 3, 31),
        "rows": 7_743,
        "sha256": "cd" * 32,
        "source": "file.txt",
        "starter": False,
        "used": True,
        "note": "",
    }
    return Release(**(plain | values))


def make_result(found: pl.DataFrame | None = None, **values: object) -> AuditResult:
    """A result whose lines add up: one file of 100 lines, unless `values` say otherwise."""
    plain: dict[str, Any] = {
        "findings": findings([finding()]) if found is None else found,
        "coverage": pl.DataFrame(
            [("AOC-1", "judged", "", 100, date(2025, 1, 2), date(2025, 3, 30))],
            schema=dtypes(Coverage),
            orient="row",
        ),
        "rejected": pl.DataFrame(schema=dtypes(RejectedRows)),
        "set_aside": pl.DataFrame(schema=dtypes(SetAside)),
        "repairs": pl.DataFrame(schema=dtypes(Repairs)),
        "files": (file_read(),),
        "lines_read": 100,
        "lines_audited": 100,
        "lines_by_business": {"medicare": 100},
        "first_service_date": date(2025, 1, 2),
        "last_service_date": date(2025, 3, 30),
        "releases": (release(),),
        "options": AuditOptions(as_of=date(2026, 11, 21), run_id="r1"),
        "notes": (),
    }
    return AuditResult(**(plain | values))


def rich_result(count: int = 60, *, hostile: bool = False) -> AuditResult:
    """A result with something of everything: two files, rejects, repairs, gaps, starter tables."""
    rejected = [
        ("march.csv", n, f"C{n}", None, None, reason, column, value, raw)
        for n, (reason, column, value, raw) in enumerate(
            [
                (
                    "no date of service",
                    "DOS",
                    "",
                    '{"Claim No": "C7", "DOS": "", "HCPCS": "99213"}',
                ),
                ("no code; no patient", "HCPCS; MRN", "; ", '{"Claim No": "=1+1", "HCPCS": ""}'),
                (
                    "the date of service cannot be read",
                    "DOS",
                    "31/31/2025",
                    '{"DOS": "31/31/2025"}',
                ),
            ],
            start=40,
        )
    ]
    aside = [("april.xlsx [Lines]", n, f"I{n}", "institutional") for n in range(2, 12)]
    aside += [("march.csv", 90, "V1", "void"), ("march.csv", 91, "V2", "superseded")]
    repairs = [
        ("march.csv", n, "code", "leading zeros restored", f"{n}", f"{n:05d}")
        for n in range(100, 120)
    ]
    repairs += [("march.csv", 17, "units", "not a number, emptied", "one", None)]
    gap = "the service is later than the release vouches for"
    coverage = [(rule.id, "judged", "", 180, date(2025, 1, 2), date(2025, 3, 30)) for rule in RULES]
    coverage += [
        ("MUE-2", "not judged", "Medicaid tables are not loaded", 45, None, None),
        ("MUE-3", "not judged", "Medicaid tables are not loaded", 45, None, None),
        ("DUP-1", "not judged", "the export has no received date", 12, None, None),
        ("AOC-1", "judged with caution", gap, 20, date(2025, 4, 1), date(2025, 4, 3)),
    ]
    return make_result(
        random_findings(count, hostile=hostile),
        coverage=pl.DataFrame(coverage, schema=dtypes(Coverage), orient="row"),
        table_coverage=pl.DataFrame(
            [
                ("unit limits", "judged", "", 155, date(2025, 1, 2), date(2025, 3, 30)),
                ("unit limits", "not judged", NO_ROW, 45, date(2025, 1, 2), date(2025, 3, 30)),
            ],
            schema=dtypes(TableCoverage),
            orient="row",
        ),
        unjudged_codes=pl.DataFrame(
            [("unit limits", "0042T", NO_ROW, 45)], schema=dtypes(UnjudgedCodes), orient="row"
        ),
        rejected=pl.DataFrame(rejected, schema=dtypes(RejectedRows), orient="row"),
        set_aside=pl.DataFrame(aside, schema=dtypes(SetAside), orient="row"),
        repairs=pl.DataFrame(repairs, schema=dtypes(Repairs), orient="row"),
        files=(
            file_read(rejected=3, notes=("A totals row at the end was left out.",)),
            file_read("april.xlsx [Lines]", encoding="xlsx", delimiter="", set_aside=10),
        ),
        lines_read=200,
        lines_audited=185,
        lines_by_business={"medicare": 120, "medicaid": 45, "unknown": 20},
        releases=(
            release(),
            release("ptp-practitioner", rows=2_546_017),
            release("mue-practitioner", starter=True, rows=310, label="starter set"),
            release("ptp-hospital", used=False, note="incomplete: parts 1, 2 of 4"),
        ),
        notes=("20 lines do not say whose claims they are; they were judged as commercial.",),
    )


class Make:
    """The builders, for tests: they cannot import this file by name."""

    hostile = HOSTILE
    rules = RULES
    finding = staticmethod(finding)
    findings = staticmethod(findings)
    random = staticmethod(random_findings)
    file = staticmethod(file_read)
    release = staticmethod(release)
    result = staticmethod(make_result)
    rich = staticmethod(rich_result)
    line = staticmethod(line)
    flagged = staticmethod(flagged)


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
