"""Make sample_claims/clinic_week.csv and .xlsx from story.txt; run it after changing the story.

What the story leaves open (birth dates, sex, days until receipt) comes from one seed, so the same
story gives the same files. The workbook holds what the CSV holds, typed as a practice would: real
dates and numbers where Excel has them, text for codes and identifiers.
"""

import csv
import io
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "sample_claims"
NAME = "clinic_week"
SEED = 20251103

HEADER = (
    "Claim Number", "Line", "Patient ID", "DOB", "Sex", "Payer", "Payer Type", "Bill Frequency",
    "Original Ref No", "Payer Control Number", "Service Date", "To Date", "POS", "CPT/HCPCS",
    "Mod 1", "Mod 2", "Mod 3", "Mod 4", "Units", "Charge", "Allowed", "Paid", "Line Status",
    "Rendering NPI", "Billing NPI", "Tax ID", "Specialty", "Dx 1", "Dx 2", "Dx 3", "Dx 4",
    "Dx Pointers", "Received Date", "Line Note",
)  # fmt: skip
DATES = frozenset({"DOB", "Service Date", "To Date", "Received Date"})
NUMBERS = frozenset({"Line", "Units", "Charge", "Allowed", "Paid"})
MONEY = ("Charge", "Allowed", "Paid")

MONDAY = date(2025, 11, 3)
DAYS = {name: MONDAY + timedelta(n) for n, name in enumerate(("mon", "tue", "wed", "thu", "fri"))}
SETTLED = date(2025, 11, 10)
"""What was received later is still open on the day of the export."""
EXPORTED = datetime(2025, 11, 24)  # noqa: DTZ001 - Excel's times have no zone


@dataclass(frozen=True)
class Payer:
    """Who pays, as the export says it, and how much: invented, like the charges."""

    name: str
    kind: str
    allowed: Decimal
    """Of the charge."""
    paid: Decimal
    """Of the allowed amount."""
    born: tuple[int, int]
    """Years in which its patients were born."""


PAYERS = {
    "medicare": Payer("Medicare Part B", "Medicare", Decimal("0.42"), Decimal("0.8"), (1935, 1959)),
    "medicaid": Payer("State Medicaid", "Medicaid", Decimal("0.3"), Decimal(1), (1975, 2005)),
    "commercial": Payer(
        "Meadowlark Health Plan", "Commercial", Decimal("0.6"), Decimal("0.85"), (1965, 2000)
    ),
    "-": Payer("", "", Decimal("0.42"), Decimal("0.8"), (1935, 1959)),
}

CLINIC = ("2000090011", "89-0000101")
RADIOLOGY = ("2000090029", "89-0000202")
ENDOSCOPY = ("2000090037", "89-0000303")
PEOPLE = {
    "alder": ("2000001000", "Orthopedic Surgery", CLINIC),
    "birch": ("2000002016", "Orthopedic Surgery", CLINIC),
    "cedar": ("2000003022", "Pain Management", CLINIC),
    "dogwood": ("2000004038", "Family Practice", CLINIC),
    "elm": ("2000005043", "Family Practice", CLINIC),
    "fern": ("2000006058", "Physical Therapy", CLINIC),
    "ginger": ("2000007064", "Dermatology", CLINIC),
    "hazel": ("2000008070", "Internal Medicine", CLINIC),
    "iris": ("2000009086", "Internal Medicine", CLINIC),
    "juniper": ("2000010092", "Diagnostic Radiology", RADIOLOGY),
    "kelp": ("2000011108", "Gastroenterology", ENDOSCOPY),
    "laurel": ("2000012114", "Anesthesiology", ENDOSCOPY),
    "maple": ("2000013120", "Podiatry", CLINIC),
    "nutmeg": ("2000014136", "Chiropractic", CLINIC),
    "oak": ("2000015141", "Audiology", CLINIC),
}
"""Rendering NPI, specialty, (billing NPI, tax id). The check digits of the NPIs are right."""


@dataclass(frozen=True)
class Claim:
    """One claim of the story."""

    number: str
    patient: str
    day: date
    person: str
    place: str
    payer: Payer
    diagnoses: list[str]
    options: dict[str, str]
    lines: list[str]


def story() -> Iterator[Claim]:
    """The claims of story.txt, in its order."""
    for text in (HERE / "story.txt").read_text(encoding="utf-8").splitlines():
        if not text.strip() or text.startswith("#"):
            continue
        head, *lines = (part.strip() for part in text.split("|"))
        number, patient, day, person, place, payer, diagnoses, *options = head.split()
        yield Claim(
            number=f"HH-{number}",
            patient=patient,
            day=DAYS.get(day) or date.fromisoformat(day),
            person=person,
            place=place,
            payer=PAYERS[payer],
            diagnoses=diagnoses.split(","),
            options=dict(option.split("=") for option in options),
            lines=lines,
        )


def us(day: date) -> str:
    """A date as the practice system prints it."""
    return day.strftime("%m/%d/%Y")


def control(claim: str) -> str:
    """The number a payer gives a claim when it settles it."""
    return f"C25{claim.removeprefix('HH-')}00"


def charges() -> dict[str, str]:
    """What the clinic charges for a unit of each code."""
    with (HERE / "charges.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["charge"] for row in csv.DictReader(file)}


def head_cells(claim: Claim, received: date) -> dict[str, str]:
    """What every line of the claim repeats, but for the patient's birth date and sex."""
    npi, specialty, (billing, tax_id) = PEOPLE[claim.person]
    before = claim.options.get("void") or claim.options.get("replaces")
    cells = {
        "Claim Number": claim.number,
        "Patient ID": claim.patient,
        "Payer": claim.payer.name,
        "Payer Type": claim.payer.kind,
        "Bill Frequency": "8" if "void" in claim.options else "7" if before else "1",
        "Original Ref No": control(f"HH-{before}") if before else "",
        "Payer Control Number": control(claim.number) if received <= SETTLED else "",
        "POS": claim.place,
        "Rendering NPI": claim.options.get("npi", npi).strip("-"),
        "Billing NPI": billing,
        "Tax ID": tax_id,
        "Specialty": specialty,
        "Received Date": us(received),
    }
    return cells | {f"Dx {n}": code for n, code in enumerate(claim.diagnoses, start=1)}


def line_cells(claim: Claim, text: str, prices: dict[str, str]) -> dict[str, str]:
    """What the line says of itself, but for what the payer made of it."""
    what, *rest = text.split()
    code, *modifiers = what.split("-")
    said = {word[0]: word[1:] for word in rest if word[0] in "x$" and "=" not in word}
    told = dict(word.split("=") for word in rest if "=" in word)
    until = DAYS[told["to"]] if "to" in told else claim.day
    every = "ABCD"[: len(claim.diagnoses)]
    dated = "nodate" not in rest
    units = int(said.get("x", "1"))
    price = said.get("$") or prices.get(code.upper().removesuffix(".0"), "100")
    share = Decimal("0.4") if any("26" in modifier for modifier in modifiers) else Decimal(1)
    cells = {
        "Service Date": us(claim.day) if dated else "",
        "To Date": us(until) if dated else "",
        "CPT/HCPCS": "" if code == "?" else code,
        "Units": str(units),
        "Charge": f"{Decimal(price) * units * share:.2f}",
        "Dx Pointers": told.get("ptr", every).strip("-"),
        "Line Note": told.get("note", "").replace("_", " "),
    }
    return cells | {f"Mod {n}": modifier for n, modifier in enumerate(modifiers, start=1)}


def payment(payer: Payer, charge: str, *, settled: bool, denied: bool) -> dict[str, str]:
    """What the payer made of a line."""
    if not settled:
        return {"Allowed": "", "Paid": "", "Line Status": "Open"}
    if denied:
        return {"Allowed": "0.00", "Paid": "0.00", "Line Status": "Denied"}
    allowed = (Decimal(charge) * payer.allowed).quantize(Decimal("0.01"))
    return {
        "Allowed": str(allowed),
        "Paid": f"{allowed * payer.paid:.2f}",
        "Line Status": "Paid",
    }


def rows() -> list[dict[str, str]]:
    """Every line of the export in order of date and claim, and the line of totals under them."""
    chance = random.Random(SEED)  # noqa: S311 - the same files every time, nothing secret
    prices = charges()
    people: dict[str, dict[str, str]] = {}
    found = []
    for claim in story():
        year, lag = chance.randint(*claim.payer.born), str(chance.randint(2, 5))
        born = date(int(claim.options.get("born", year)), 1, 1) + timedelta(chance.randrange(365))
        sex = chance.choice("FM")
        known = {"DOB": us(born), "Sex": claim.options.get("sex", sex)}
        person = people.setdefault(claim.patient, known)
        received = claim.day + timedelta(int(claim.options.get("lag", lag)))
        head = head_cells(claim, received) | person
        for number, text in enumerate(claim.lines, start=1):
            cells = head | line_cells(claim, text, prices) | {"Line": str(number)}
            cells |= payment(
                claim.payer,
                cells["Charge"],
                settled=received <= SETTLED,
                denied="denied" in text.split(),
            )
            found.append((claim.day, claim.number, number, cells))
    found.sort(key=lambda row: row[:3])
    lines = [{name: cells.get(name, "") for name in HEADER} for *_, cells in found]
    totals = {name: sum(Decimal(cells[name] or 0) for cells in lines) for name in MONEY}
    blank = dict.fromkeys(HEADER, "") | {"Claim Number": "Total"}
    return [*lines, blank | {name: f"{total:.2f}" for name, total in totals.items()}]


def csv_text(lines: list[dict[str, str]]) -> str:
    """The CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def typed(name: str, text: str) -> tuple[datetime | int | float | str, str]:
    """The value of a cell in column `name`, and its number format."""
    if name in DATES:
        return datetime.strptime(text, "%m/%d/%Y"), "mm/dd/yyyy"  # noqa: DTZ007 - a calendar date
    if name in MONEY:
        return float(text), "#,##0.00"
    if name in NUMBERS:
        return int(text), "0"
    return text, "@"


def workbook(lines: list[dict[str, str]]) -> Workbook:
    """The same lines in a workbook."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Claim lines"
    sheet.freeze_panes = "A2"
    sheet.append(HEADER)
    for row, cells in enumerate(lines, start=2):
        for column, name in enumerate(HEADER, start=1):
            if cells[name]:
                cell = sheet.cell(row, column)
                cell.value, cell.number_format = typed(name, cells[name])
    return book


class Timeless(ZipFile):
    """A zip whose members carry no time, so that the same workbook is the same bytes."""

    def writestr(  # type: ignore[override] # openpyxl gives names and contents only
        self, name: str, data: str | bytes, *_: object
    ) -> None:
        """Add a member from memory."""
        member = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        member.compress_type = ZIP_DEFLATED
        super().writestr(member, data)

    def write(  # type: ignore[override] # as above
        self, filename: str, name: str, *_: object
    ) -> None:
        """Add a member from a file."""
        self.writestr(name, Path(filename).read_bytes())


def save(book: Workbook, path: Path) -> None:
    """Write `book` without the time of writing in it."""
    book.properties.created = book.properties.modified = EXPORTED
    book.properties.creator = "auditor samples"
    # ExcelWriter and not Workbook.save, which would set `modified` to the present.
    ExcelWriter(book, Timeless(path, "w", ZIP_DEFLATED)).save()


def write(folder: Path) -> None:
    """Write both files into `folder`."""
    lines = rows()
    (folder / f"{NAME}.csv").write_text(csv_text(lines), encoding="utf-8", newline="\n")
    save(workbook(lines), folder / f"{NAME}.xlsx")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
