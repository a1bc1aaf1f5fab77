"""The built-in policy tables: facts of coding policy that no CMS file holds."""

import csv
from functools import cache
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).with_name("policy")

TABLES = {
    "addon_units": "how many units of an add-on, and which codes beside it",
    "age_rules": "codes made for an age, in whole years",
    "ambulance": "letters of an ambulance's origin and destination",
    "clia_waived": "waived laboratory tests, with QW or without",
    "closure": "wound repairs, and the surgery that does not include them",
    "code_formats": "forms of a procedure code",
    "critical_care_bundled": "services that critical care includes",
    "diagnosis_form": "form of a diagnosis code",
    "dme_rental": "equipment that is bought or rented: NU, RR or UE",
    "em_codes": "visits: category, new or established patient, one a day",
    "em_same_day": "visits and other services that exclude each other on a day",
    "endoscopy": "scopes by family, and open surgery of the same joint",
    "facility_pos": "places where the facility bills the technical part",
    "foot_care": "routine foot care that needs a class finding",
    "guidance_included": "procedures that include imaging guidance",
    "infusion": "infusions and injections: kind, role, the initial they need",
    "infusion_addons": "add-ons whose initial service may be of the day before",
    "lab": "laboratory codes",
    "lab_pairs": "laboratory codes that exclude each other on a day",
    "lab_panels": "laboratory panels and what they are made of",
    "laterality": "codes that want a side, digit, eyelid or vessel",
    "medicare_codes": "what Medicare takes in place of a code it does not",
    "modifier_class": "which modifiers price, and which only inform",
    "modifier_conflicts": "modifiers that exclude each other on a line",
    "modifier_regions": "codes where a digit, eyelid or vessel makes no sense",
    "modifiers": "modifiers, their dates, and which may separate a pair",
    "place_of_service": "places of service, and which are facilities",
    "pos_rules": "places that a visit code allows",
    "preventive_part_b": "preventive services of Part B: 25 beside G2211 is allowed",
    "ptp_warned": "pairs on which CMS warns against modifier 59",
    "sex_rules": "codes usually of one sex",
    "single_dose_drugs": "drugs sold in single-dose containers only: JW or JZ",
    "sole_service": "services that pay only without others",
    "telehealth_never": "services that cannot be remote",
    "telehealth_pos": "places for telehealth modifiers, and exceptions",
    "therapy": "codes that always need a therapy discipline",
    "therapy_class": "codes that are therapy only under a plan of care",
    "timed_codes": "minutes of a unit",
    "unlisted": "unlisted codes, which need a description",
    "vaccine_admin": "administration of vaccines: family, route, age",
    "vaccine_components": "vaccines of more than one component",
    "vaccine_products": "vaccines by group, and their administration",
    "view_counts": "X-rays by body part and number of views",
}
"""Every table with what it is for, in a line."""


@cache
def policy_table(name: str) -> pl.DataFrame:
    """The table `policy/NAME.csv`: all columns text, blank cells null.

    Raises LookupError for an unknown name: the names are the program's own, never a user's.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        message = f"no built-in policy table is called {name!r}"
        raise LookupError(message)
    # Small tables, and all of them are asked for in every run: polars takes a millisecond to get
    # ready for each file, which Python's own reader does not.
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    return pl.DataFrame(
        [
            pl.Series(column, [cell or None for cell in cells], pl.String)
            for column, cells in zip(head, zip(*rows, strict=True), strict=True)
        ]
    )
