"""The steps that normalise the columns of one batch of raw lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from auditor.intake import amounts, business, codes, dates, names, unfold
from auditor.intake.distinct import BLANK, Memory, blanks, through

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.intake.columns import Columns
    from auditor.intake.dates import Reading
    from auditor.intake.distinct import Normal, Normaliser
    from auditor.intake.payers import PayerMap

_BIRTH = "patient_birth_date"
_DATES = ("service_date_from", "service_date_to", "claim_date_from", "received_date", _BIRTH)
_SIMPLE: Mapping[str, Normaliser] = {
    "line_number": amounts.line_number,
    "patient_sex": business.sex,
    "payer": codes.text,
    "payer_sequence": business.sequence,
    "rendering_npi": codes.npi,
    "billing_npi": codes.npi,
    "referring_npi": codes.npi,
    "tax_id": codes.tax_id,
    "specialty": codes.code_text,
    "clia_number": codes.code_text,
    "place_of_service": codes.place,
    "ndc": codes.code_text,
    "claim_note": codes.text,
}
_IDS = ("claim_id", "patient_id", "original_claim_id", "payer_claim_id")
_NO_DATE = {
    dates.CONTRARY: "the date of service has day and month the other way round than the file's"
    " other dates",
    dates.EITHER: "which is the day and which the month of the date of service cannot be told",
    dates.SHORT: "the date of service has a two-digit year",
    dates.OUTSIDE: f"the date of service is not in the years {dates.FIRST_YEAR}"
    f" to {dates.LAST_YEAR}",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided for a whole file before its lines are read."""

    source_file: str
    columns: Columns
    readings: Mapping[str, Reading]
    """How each date column is read."""
    line_of_business: str | None
    """For lines that do not say so themselves."""
    numbers: frozenset[int] = frozenset()
    """Columns that a spreadsheet stores as numbers."""
    payers: PayerMap | None = None
    """What payers' names mean for the line of business; None: nothing was said."""
    decimal_comma: bool = False
    """Amounts and units are written 1.234,56."""
    sign_untold: bool = False
    """A minus sign before charge or units tells no credit (auditor.intake.signs)."""
    memory: Memory = field(default_factory=Memory)
    """Of values that earlier blocks held."""


@dataclass(slots=True)
class Batch:
    """Columns of one batch while they are normalised; all have the height of `raw`."""

    raw: pl.DataFrame
    plan: Plan
    done: dict[str, pl.Series] = field(default_factory=dict)
    noted: list[tuple[str, pl.Series, pl.DataFrame]] = field(default_factory=list)
    """field, raw column, repaired values (raw, value, kind)."""
    problems: pl.Series = field(default_factory=pl.Series)
    """What is wrong with each line's date of service, or null."""

    def has(self, name: str) -> bool:
        """Whether the file has a column for `name`."""
        return name in self.raw.columns

    def keep(self, name: str, normal: Normal) -> None:
        """Set field `name`, and note what was repaired."""
        self.done[name] = normal.values
        self.note(name, self.raw[name], normal.repaired)

    def keep_number(self, name: str, normal: Normal, digits: int) -> None:
        """As keep, for integers that stand for numbers with `digits` decimals."""
        self.done[name] = normal.values
        self.note(name, self.raw[name], amounts.shown(normal.repaired, digits))

    def note(self, name: str, raw: pl.Series, repaired: pl.DataFrame | None) -> None:
        """Remember what was repaired in one column."""
        if repaired is not None:
            self.noted.append((name, raw, repaired))

    def note_signs(self, turned: pl.Series) -> None:
        """Note the units that a sign in a column of its own made negative."""
        if turned.any():
            both = self.raw["units"].str.strip_chars() + " and " + self.raw["units_sign"]
            both = pl.select(pl.when(turned).then(both)).to_series().alias("raw")
            table = pl.DataFrame([both, self.done["units"].alias("value")]).drop_nulls().unique()
            kind = pl.lit("the sign stands in a column of its own")
            self.note("units", both, amounts.shown(table.with_columns(kind=kind), 3))

    def deciding(self, name: str, about: str, normaliser: Normaliser) -> pl.Series | None:
        """A normalised column that decides about a field, unnoted; None where the file has none."""
        if not self.has(name):
            return None
        return self.through(name, normaliser, f"{name} about {about}").values

    def through(self, name: str, normaliser: Normaliser, key: str = "") -> Normal:
        """Raw column `name` through its distinct values; `key` where not the column's own name."""
        return self.plan.memory.through(self.raw[name], key or name, normaliser)


def date_columns(columns: Columns) -> dict[str, list[int]]:
    """Every column that holds dates, by field."""
    used = columns.used()
    return {name: used[name] for name in _DATES if name in used}


def amount_columns(columns: Columns) -> list[int]:
    """Every column that holds amounts, but for those that count cents."""
    used = columns.used()
    found = [name for name in names.AMOUNTS if name not in columns.cents]
    places = (place for name in found for place in used.get(name, ()))
    return [place for place in places if not names.in_cents(columns.names[place])]


def _identifiers(batch: Batch) -> None:
    for name in _IDS:
        if batch.has(name):
            place = batch.plan.columns.single.get(name)
            numbers = place in batch.plan.numbers
            batch.keep(name, codes.ids(batch.raw[name], numbers=numbers))


def _date(batch: Batch, name: str) -> tuple[pl.Series, pl.DataFrame]:
    """Dates of column `name`, and the table of its distinct values."""
    parse = partial(dates.parse, reading=batch.plan.readings[name])
    return batch.plan.memory.read(batch.raw[name], name, parse)


def _service_dates(batch: Batch) -> None:
    """Normalise all dates, and say what is wrong with a date of service that is none."""
    start, table = _date(batch, "service_date_from")
    wrong = table.filter(pl.col("kind").is_not_null() & pl.col("value").is_null())
    height = batch.raw.height
    problems = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    batch.note("service_date_from", batch.raw["service_date_from"], _noted(table, read=True))
    if wrong.height:
        words = wrong.select(
            "raw",
            said=pl.col("kind").replace_strict(
                _NO_DATE, default="the date of service cannot be read", return_dtype=pl.String
            ),
        )
        raw = batch.raw.select(raw="service_date_from")
        problems = raw.join(words, on="raw", how="left", maintain_order="left")["said"]
    of_claim = pl.Series([batch.plan.columns.claim_dates]).new_from_index(0, height)
    if batch.has("claim_date_from") and start.null_count():
        claim, _ = _date(batch, "claim_date_from")
        blank = start.is_null() & problems.is_null() & claim.is_not_null()
        if blank.any():
            of_claim = of_claim | blank
            start = pl.select(pl.when(blank).then(claim).otherwise(start)).to_series()
            filled = pl.select(pl.when(blank).then(claim.cast(pl.String))).to_series()
            values = filled.drop_nulls().unique()
            said = pl.lit("blank line date: the claim's date was used")
            batch.note(
                "service_date_from",
                filled,
                pl.DataFrame({"raw": values, "value": values}).with_columns(kind=said),
            )
    batch.done["service_date_from"] = start
    batch.done["claim_dates"] = of_claim
    end = start
    if batch.has("service_date_to"):
        own, table = _date(batch, "service_date_to")
        batch.note("service_date_to", batch.raw["service_date_to"], _noted(table))
        end = pl.select(pl.coalesce(own, start)).to_series() if own.null_count() else own
    batch.done["service_date_to"] = end
    for name in ("received_date", _BIRTH):
        if batch.has(name):
            value, table = _date(batch, name)
            batch.note(name, batch.raw[name], _noted(table))
            if name == _BIRTH and table["short"].any():
                value = _born_before(value, start, batch.raw[name], table)
            batch.done[name] = value
    batch.problems = problems


def _born_before(
    born: pl.Series, served: pl.Series, raw: pl.Series, table: pl.DataFrame
) -> pl.Series:
    """Two-digit years of birth: nobody is born after the service, so 42 is 1942."""
    short = (
        raw.alias("raw")
        .to_frame()
        .join(table.select("raw", "short"), on="raw", how="left", maintain_order="left")["short"]
    )
    late = (short & (born > served)).fill_null(value=False)
    return pl.select(pl.when(late).then(born.dt.offset_by("-100y")).otherwise(born)).to_series()


def _noted(table: pl.DataFrame, *, read: bool = False) -> pl.DataFrame | None:
    """Of a table of dates those worth a note; `read`: of those that could be read."""
    told = blanks(table.select("raw", "value", "kind")).filter(pl.col("kind").is_not_null())
    noted = told.filter(pl.col("value").is_not_null() | (pl.col("kind") == BLANK)) if read else told
    return noted if noted.height else None


def _code_and_modifiers(batch: Batch) -> None:
    raw = batch.raw["code"]
    code = batch.through("code", codes.procedure)
    behind: dict[str, str] = {}
    if code.repaired is not None:  # splitting a modifier off is always worth a note
        split = code.repaired.filter(pl.col("modifiers") != "")
        behind = dict(zip(split["raw"], split["modifiers"], strict=True))
    batch.keep("code", code)
    found: list[pl.Series] = []
    for name in unfold.parts(batch.raw, "modifiers"):
        column = batch.raw[name]
        if column.null_count() == len(column):
            continue
        normal = batch.through(name, codes.modifier, "modifiers")
        found.append(normal.values)
        batch.note("modifiers", column, normal.repaired)
    modifiers = _joined(found, batch.raw.height)
    if behind:
        packed = raw.replace_strict(behind, default=None, return_dtype=pl.String)
        first = through(packed, codes.modifier).values
        both = _joined([first, pl.select(pl.when(modifiers != "").then(modifiers)).to_series()], 0)
        # A column beside 99213-25 often says the same 25 again.
        once = both.str.split(" ").list.unique(maintain_order=True).list.join(" ")
        modifiers = pl.select(pl.when(first.is_null()).then(modifiers).otherwise(once)).to_series()
    batch.done["modifiers"] = modifiers


def _joined(columns: list[pl.Series], height: int) -> pl.Series:
    """The texts of each line joined by one space, gaps closed; '' for none."""
    if not columns:
        return pl.Series([""]).new_from_index(0, height)
    if len(columns) == 1:
        return columns[0].fill_null("")
    return pl.select(pl.concat_str(columns, separator=" ", ignore_nulls=True)).to_series()


def _amounts(batch: Batch) -> None:
    for name in names.AMOUNTS:
        if batch.has(name):
            header = batch.plan.columns.names[batch.plan.columns.used()[name][0]]
            raw = batch.raw[name]
            comma = batch.plan.decimal_comma
            in_cents = name in batch.plan.columns.cents or names.in_cents(header)
            normal = amounts.cents(raw, in_cents=in_cents, comma=comma)
            batch.keep_number(name, normal, 2)
    if batch.has("units"):
        units_of = partial(amounts.thousandths, comma=batch.plan.decimal_comma)
        batch.keep_number("units", batch.through("units", units_of), 3)
        if batch.has("units_sign"):
            minus = batch.raw["units_sign"].str.strip_chars() == "-"
            units = batch.done["units"]
            turned = (minus & (units > 0)).fill_null(value=False)
            batch.done["units"] = pl.select(
                pl.when(turned).then(-units).otherwise(units)
            ).to_series()
            batch.note_signs(turned)


def _diagnoses(batch: Batch) -> None:
    """The line's own diagnosis first, then the principal one, then the claim's in order."""
    extra = [name for name in ("line_diagnosis", "principal_diagnosis") if batch.has(name)]
    found = [
        batch.through(name, codes.diagnosis, "diagnoses").values
        for name in (*extra, *unfold.parts(batch.raw, "diagnoses"))
    ]
    joined = _joined(found, batch.raw.height)
    if extra:  # they repeat what the claim's list says
        values = joined.unique()
        once = values.str.split(" ").list.unique(maintain_order=True).list.join(" ")
        joined = joined.replace_strict(values, once)
    batch.done["diagnoses"] = joined
    pointers = [
        batch.through(name, codes.pointer, "diagnosis_pointers").values
        for name in unfold.parts(batch.raw, "diagnosis_pointers")
    ]
    if pointers:
        text = _joined(pointers, batch.raw.height)
        batch.done["diagnosis_pointers"] = pl.select(pl.when(text != "").then(text)).to_series()


def _simple(batch: Batch) -> None:
    for name, normaliser in _SIMPLE.items():
        if batch.has(name):
            batch.keep(name, batch.through(name, normaliser))


def _status(batch: Batch) -> None:
    """paid_status of the line, else of the claim; claim_frequency, 8 where the claim is void."""
    status: list[pl.Series] = []
    for name in ("paid_status", "claim_status"):
        if batch.has(name):
            column = batch.plan.columns.used()[name][0]
            kind = business.status_kind(names.plain(batch.plan.columns.names[column]))
            paid = partial(business.paid_status, kind=kind)
            status.append(batch.through(name, paid, f"{name} as paid_status").values)
    if status:
        batch.done["paid_status"] = pl.select(pl.coalesce(status)).to_series()
    void = [
        batch.deciding("void_indicator", "void", lambda v: business.voided(v, flag=True)),
        batch.deciding("claim_status", "void", lambda v: business.voided(v, flag=False)),
        batch.deciding("adjustment_type", "void", business.adjustment),
        batch.deciding("claim_frequency", "void", business.frequency),
    ]
    said = [column for column in void if column is not None]
    if said:
        batch.done["claim_frequency"] = pl.select(pl.coalesce(said)).to_series()


def _business(batch: Batch) -> None:
    found = [
        batch.deciding(
            "line_of_business", "business", lambda v: business.line_of_business(v, payer=False)
        ),
        batch.deciding("payer", "business", lambda v: business.line_of_business(v, payer=True)),
    ]
    private = batch.deciding("line_of_business", "private", business.private_medicare)
    if private is not None and found[1] is not None:
        # Medicare Advantage is no original Medicare, whatever the payer's name has in it.
        found[1] = pl.select(pl.when(private.is_null()).then(found[1])).to_series()
    if batch.plan.payers is not None:
        found.insert(1, batch.deciding("payer", "payer map", batch.plan.payers.business))
    said = [column for column in found if column is not None]
    default = pl.lit(batch.plan.line_of_business or "unknown")
    if said:
        batch.done["line_of_business"] = pl.select(pl.coalesce(*said, default)).to_series()


ALL = (
    _amounts,
    _diagnoses,
    _service_dates,
    _code_and_modifiers,
    _identifiers,
    _business,
    _simple,
    _status,
)
