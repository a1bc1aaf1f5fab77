"""What the oracle works on: plain claim lines, plain table rows, plain findings.

The oracle is the slow second opinion of the property tests. It is written from the domain
description alone, in plain Python, with loops instead of joins, and shares no code with the
auditor: a mistake has to be made twice, in two ways, to stay unseen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

OPEN = date(9999, 12, 31)

# Codes of the tests by what they are; the auditor reads the same from its policy tables.
VISITS = frozenset(["99203", "99213", "99214", "99233", "99285", "99291", "99292", "92014"])
SOFT = frozenset(["99497", "99490"])  # E/M section, but no visit
EM = VISITS | SOFT
LABORATORY = frozenset(["80048", "80053", "82947", "88305"])
WARNED = frozenset({frozenset({"11719", "11720"}), frozenset({"38220", "38221"})})
BORN_THE_DAY_BEFORE = frozenset(
    ["96361", "96366", "96367", "96375", "96415", "96417", "01968", "01969"]
)
FACILITY = frozenset(
    ["02", "19", "21", "22", "23", "24", "26", "31", "34", "41", "42", "51", "52", "53", "56", "61"]
)
ASC_SPECIALTIES = frozenset({"49", "261QA1903X"})
SUPPLIERS = frozenset({"51", "52", "53", "54", "A5", "332B00000X", "333600000X", "3336C0003X"})
"""Suppliers of equipment and pharmacies: the practitioners' unit limits are not theirs."""


@dataclass(frozen=True, slots=True)
class Line:
    """One claim line after normalisation; `key` is its place in the batch."""

    key: int
    claim_id: str
    number: int | None
    patient: str
    payer: str | None
    sequence: str | None
    business: str
    frequency: str
    original: str | None
    control: str | None
    rendering: str | None
    billing: str | None
    tax: str | None
    specialty: str | None
    first: date
    last: date
    received: date | None
    pos: str | None
    code: str
    modifiers: frozenset[str]
    units: Fraction | None
    charge: Fraction | None
    denied: bool
    raw: Mapping[str, str | None] = field(compare=False, default_factory=dict, repr=False)
    """The texts of the export, for what few rules ask: birth date, sex, diagnoses ..."""

    @property
    def claim(self) -> tuple[str | None, ...]:
        """A claim and its replacement may carry one claim id, so that alone does not tell."""
        return (
            self.patient,
            self.payer,
            self.sequence,
            self.claim_id,
            self.frequency,
            self.original,
            self.control,
        )

    @property
    def s1(self) -> str | None:
        return self.rendering or self.billing

    @property
    def days(self) -> list[date]:
        length = (self.last - self.first).days
        return [self.first + timedelta(days=n) for n in range(length + 1)]

    @property
    def credit(self) -> bool:
        """It takes back something that was billed elsewhere."""
        return (self.units or 0) < 0 or (self.charge or 0) < 0

    @property
    def counts(self) -> bool:
        """Zero and negative units make a line neither a column 1 nor a primary."""
        return self.units is None or self.units > 0


@dataclass(frozen=True, slots=True)
class Pair:
    column1: str
    column2: str
    indicator: int
    effective: date
    deletion: date = OPEN


@dataclass(frozen=True, slots=True)
class AddOn:
    addon: str
    primary: str
    kind: int
    effective: date
    deletion: date = OPEN
    edit_deletion: date = OPEN


@dataclass(frozen=True, slots=True)
class Limit:
    code: str
    value: int
    mai: int
    start: date
    end: date = OPEN


@dataclass(frozen=True, slots=True)
class Fee:
    code: str
    status: str
    pctc: str
    days: str
    bilateral: str
    start: date
    end: date = OPEN
    multiple: str = "0"
    assistant: str = "0"
    cosurgeon: str = "0"
    team: str = "0"


@dataclass(frozen=True, slots=True)
class Tables:
    pairs: tuple[Pair, ...] = ()
    addons: tuple[AddOn, ...] = ()
    limits: tuple[Limit, ...] = ()
    fees: tuple[Fee, ...] = ()
    vouches_to: date = OPEN

    def indicators(self, day: date) -> dict[tuple[str, str], int]:
        """(column 1, column 2) -> indicator of the rows in force that day."""
        return {
            (row.column1, row.column2): row.indicator
            for row in self.pairs
            if row.effective <= day <= row.deletion
            and row.effective != row.deletion
            and row.indicator in (0, 1)
        }

    def addon_rows(self, code: str, day: date) -> list[AddOn]:
        """Rows of an add-on in force; withdrawn on its own first day means never in force."""
        return [
            row
            for row in self.addons
            if row.addon == code
            and row.effective <= day <= min(row.deletion, row.edit_deletion)
            and row.effective != row.edit_deletion
        ]

    def limit(self, code: str, day: date) -> Limit | None:
        for row in self.limits:
            if row.code == code and row.start <= day <= row.end:
                return row
        return None

    def fee(self, code: str, day: date) -> Fee | None:
        for row in self.fees:
            if row.code == code and row.start <= day <= row.end:
                return row
        return None

    def later_status(self, code: str, day: date) -> str | None:
        """Before the first release: what the earliest later one says of the code."""
        if any(row.start <= day <= row.end for row in self.fees):
            return None
        later = [row.start for row in self.fees if row.start > day]
        first = min(later, default=None)
        for row in self.fees:
            if row.start == first and row.code == code:
                return row.status
        return None


@dataclass(frozen=True, slots=True)
class Finding:
    key: int
    rule: str
    tier: str
    also: frozenset[str] = frozenset()
    counterparts: frozenset[str | None] = field(default=frozenset(), compare=False)
    """Codes any of which may be named beside the line; empty: none need be."""


def strongest(tiers: Iterable[str]) -> str:
    order = ["certain", "review", "info"]
    return min(tiers, key=order.index)
