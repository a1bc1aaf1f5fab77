"""A growing month of a small clinic, day by day: what its exports hold on each night."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

FIRST = date(2025, 11, 1)
HEADER = (
    "Claim Number", "Line", "Patient ID", "Service Date", "To Date", "CPT/HCPCS", "Modifiers",
    "Units", "Charge", "Paid Amount", "Rendering NPI", "POS", "Payer Type", "Bill Frequency",
    "Original Ref No", "Received Date",
)  # fmt: skip
NPIS = ("1234567893", "1679576722", "1003000126")
VISITS = (
    ("99213",),
    ("99203",),
    ("99214", "20610"),
    ("99213-25", "11042"),
    ("20610", "77002"),
    ("77002",),
    ("11042", "11045"),
    ("11045",),
    ("11102", "11103", "17000"),
    ("17000", "17003"),
    ("17000", "99213"),
    ("10060", "99213"),
    ("11056", "11720"),
    ("11055", "11721-59"),
    ("22551", "22552"),
    ("27447-RT",),
    ("64490", "64491", "64492"),
    ("64492",),
    ("90834", "90785"),
    ("97110", "97140"),
    ("96365", "96366"),
    ("71046", "71046"),
    ("36415", "80053"),
)
"""Codes of visits, with modifiers: whole ones, and some that lack or repeat a line."""


@dataclass(frozen=True)
class Row:
    """A line of the clinic's system."""

    claim: str
    number: int | None
    patient: str
    dos: date
    code: str
    received: date
    mods: str = ""
    units: int = 1
    charge: int = 100
    paid: int | None = None
    npi: str = NPIS[0]
    freq: str = "1"
    orig: str = ""
    bad: bool = False
    """Its date cannot be read, so its row is rejected."""

    def cells(self) -> tuple[str, ...]:
        """As the clinic's system writes it."""
        day = "11/00/2025" if self.bad else self.dos.isoformat()
        return (
            self.claim,
            "" if self.number is None else str(self.number),
            self.patient,
            day,
            day,
            self.code,
            self.mods,
            str(self.units),
            f"{self.charge}.00",
            "" if self.paid is None else f"{self.paid}.00",
            self.npi,
            "11",
            "Medicare",
            self.freq,
            self.orig,
            self.received.isoformat(),
        )


def export(rows: Iterable[Row]) -> bytes:
    """The rows as a file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(row.cells() for row in rows)
    return text.getvalue().encode()


@dataclass(frozen=True)
class Size:
    """How much happens."""

    nights: int = 30
    patients: int = 9
    claims: int = 3
    """New ones a day, at the most."""
    events: int = 4
    """Changes a day, at the most."""
    by_line: bool = False
    """Only what an export of changed lines can tell: no line goes away, each has a number, and a
    claim's rows are good."""


@dataclass
class Clinic:
    """The clinic's system: its claims as they stand, and how they change."""

    dice: Random
    size: Size
    today: date = FIRST
    claims: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    """In the order in which they came."""

    def month(self) -> list[dict[str, tuple[Row, ...]]]:
        """All claims as they stand on each night, month to date."""
        nights = []
        for n in range(self.size.nights):
            self.today = FIRST + timedelta(n)
            for _ in range(self.dice.randint(1, self.size.claims)):
                self.visit()
            for _ in range(self.dice.randint(0, self.size.events)):
                self.change()
            nights.append(dict(self.claims))
        return nights

    def name(self) -> str:
        """Of the next claim; numbers do not come in order."""
        n = len(self.claims)
        return f"C{n * 37 % 101 + 101 * (n // 101):04}"

    def visit(self) -> None:
        """Someone is seen, today or some days ago."""
        dice, size = self.dice, self.size
        codes = dice.choice(VISITS)
        numbered = size.by_line or dice.random() < 0.85
        ago = dice.choice((0, 0, 0, 1, 1, 2, 3, 9, 40))
        about = Row(
            claim=self.name(),
            number=1,
            patient=f"P{dice.randrange(size.patients)}",
            dos=self.today - timedelta(ago),
            code="",
            received=self.today,
            npi=dice.choice(NPIS),
        )
        rows = []
        for n, text in enumerate(codes, start=1):
            code, _, mods = text.partition("-")
            bad = not size.by_line and dice.random() < 0.04
            row = replace(about, number=n if numbered else None, code=code, mods=mods, bad=bad)
            rows.append(replace(row, units=dice.choice((1, 1, 1, 1, 2, 9))))
        self.claims[about.claim] = tuple(rows)

    def change(self) -> None:
        """Something that happens to a claim of any day."""
        names = [
            name
            for name, rows in self.claims.items()
            if not any(row.bad for row in rows) and rows[0].freq != "8"
        ]
        mended = [n for n, rows in self.claims.items() if any(row.bad for row in rows)]
        dice = self.dice
        if mended and dice.random() < 0.4:
            self.mend(dice.choice(mended))
        elif names:
            name = dice.choice(names)
            kinds = [self.correct, self.correct, self.pay, self.pay, self.replaced, self.voided]
            kinds += [self.again] if self.size.by_line else [self.again, self.shorten]
            dice.choice(kinds)(name)

    def mend(self, name: str) -> None:
        """A row that was rejected is good now, and received now."""
        self.claims[name] = tuple(
            replace(row, bad=False, received=self.today) if row.bad else row
            for row in self.claims[name]
        )

    def correct(self, name: str) -> None:
        """A line, or the whole claim, is billed otherwise under its old number.

        Another patient, day or code makes it another service, which is received now.
        """
        dice, rows, now = self.dice, list(self.claims[name]), self.today
        n = dice.randrange(len(rows))
        what = dice.choice(("units", "mods", "code", "charge", "date", "patient"))
        if what == "patient":
            patient = f"P{dice.randrange(self.size.patients)}"
            if patient != rows[0].patient:
                rows = [replace(row, patient=patient, received=now) for row in rows]
        elif what == "date":
            day = rows[0].dos - timedelta(dice.choice((1, 2, 30)))
            rows = [replace(row, dos=day, received=now) for row in rows]
        elif what == "units":
            rows[n] = replace(rows[n], units=dice.choice((1, 2, 3, 9)))
        elif what == "mods":
            rows[n] = replace(rows[n], mods=dice.choice(("", "59", "25", "LT", "76")))
        elif what == "code":
            code = dice.choice(("99213", "20610", "11042", "17000"))
            if code != rows[n].code:
                rows[n] = replace(rows[n], code=code, received=now)
        else:
            rows[n] = replace(rows[n], charge=rows[n].charge + dice.choice((1, 50)))
        self.claims[name] = tuple(rows)

    def pay(self, name: str) -> None:
        """The payer's answer is booked; nothing else of the claim changes."""
        paid = self.dice.choice((0, 45, 80))
        self.claims[name] = tuple(replace(row, paid=paid) for row in self.claims[name])

    def shorten(self, name: str) -> None:
        """A line is taken off."""
        rows = list(self.claims[name])
        if len(rows) > 1:
            rows.pop(self.dice.randrange(len(rows)))
        self.claims[name] = tuple(rows)

    def replaced(self, name: str) -> None:
        """A replacement comes beside the claim, some of it otherwise."""
        new = self.name()
        rows = [replace(r, claim=new, freq="7", orig=name) for r in self.claims[name]]
        self.claims[new] = tuple(
            replace(r, paid=None, received=self.today, units=self.dice.choice((1, 1, 2)))
            for r in rows
        )

    def voided(self, name: str) -> None:
        """The claim is taken back."""
        new = self.name()
        self.claims[new] = tuple(
            replace(row, claim=new, freq="8", orig=name, received=self.today)
            for row in self.claims[name]
        )

    def again(self, name: str) -> None:
        """The same is billed once more, as a claim of its own."""
        new = self.name()
        self.claims[new] = tuple(
            replace(row, claim=new, freq="1", orig="", received=self.today)
            for row in self.claims[name]
        )


Claims = dict[str, tuple[Row, ...]]
"""Claim -> its lines."""
Files = list[list[Row]]
"""What the export of each night holds."""


def to_date(nights: Sequence[Claims]) -> Files:
    """Month to date: everything, every night."""
    return [[row for rows in claims.values() for row in rows] for claims in nights]


def changed_claims(nights: Sequence[Claims]) -> Files:
    """New and changed claims, each whole."""
    before = [{}, *nights]
    return [
        [row for name, rows in now.items() if rows != then.get(name) for row in rows]
        for then, now in zip(before, nights, strict=False)
    ]


def changed_lines(nights: Sequence[Claims]) -> Files:
    """New and changed lines alone."""
    before = [{}, *nights]
    return [
        [row for name, rows in now.items() for row in rows if row not in then.get(name, ())]
        for then, now in zip(before, nights, strict=False)
    ]
