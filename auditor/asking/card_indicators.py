"""What the indicators of CMS's tables mean, in our own words.

The meanings are those of the notes to the relative value file (the RVU file layout) and of the
Claims Processing Manual (100-04) ch. 12; of unit limits and pairs those of the NCCI Policy Manual
ch. I.
"""

from __future__ import annotations

LAYOUT = "RVU file layout; Claims Processing Manual (100-04) ch. 12 and 23"
NCCI = "NCCI Policy Manual ch. I"

_NOT_ASKED = "does not apply to this code"
STATUS = {
    "A": "active: Medicare pays for it under the physician fee schedule, where it is covered",
    "B": "bundled: always part of another service, never paid by itself, whoever bills it",
    "C": "priced by the contractor, mostly after a look at the record",
    "D": "deleted",
    "E": "left out of the fee schedule by regulation: never paid under it; what may be paid, such"
    " as a drug, is paid in another way",
    "F": "deleted, without a period of grace",
    "G": "not valid for Medicare after a period of grace; another code reports it",
    "H": "the modifier that made this row is deleted",
    "I": "not valid for Medicare, which wants another code for the service",
    "J": "anesthesia: priced by base units and time, not by relative values",
    "L": "a code of one contractor's own",
    "M": "for measurement only: it reports, and is not paid",
    "N": "not covered by Medicare",
    "P": "bundled or left out: part of the practitioner's service where it is incident to one,"
    " and otherwise not paid under the fee schedule",
    "Q": "therapy reporting code of former years: it reports, and is not paid",
    "R": "restricted: special rules of coverage apply; some are priced by the contractor",
    "T": "paid only where nothing else is paid under the fee schedule that day to the same"
    " practitioner; otherwise part of the other service",
    "X": "by law no practitioner's service: not paid under this schedule; what may be paid, such as"
    " a laboratory test, is paid under another",
}
PCTC = {
    "0": "a practitioner's own service that does not split: neither 26 nor TC",
    "1": "splits in two: a professional part (26) and a technical part (TC); without either it is"
    " both",
    "2": "is the professional part alone by itself: no 26, no TC",
    "3": "is the technical part alone by itself: no 26, no TC",
    "4": "is both parts by itself, and other codes stand for each: no 26, no TC",
    "5": "done by the practitioner's staff (incident to): not paid to a practitioner for a"
    " hospital's patient, inpatient or outpatient; no 26, no TC",
    "6": "a laboratory test with a physician's interpretation: 26 for that; no TC",
    "7": "therapy: not paid to a therapist in private practice for a hospital's patient",
    "8": "a physician's interpretation of a laboratory test that pays by itself, for a hospital's"
    " inpatient; no TC",
    "9": _NOT_ASKED,
}
GLOBAL = {
    "000": "the day itself: visits of that day are part of it",
    "010": "a minor procedure: the day and the 10 days after it",
    "090": "a major procedure: the day before, the day, and the 90 days after it",
    "MMM": "maternity: the usual period does not apply",
    "XXX": "none: the global concept does not apply",
    "YYY": "the contractor decides whether there is a period and how long it is",
    "ZZZ": "belongs to another service and shares that one's period",
}
MULTIPLE = {
    "0": "no reduction where other procedures stand beside it",
    "1": "the reduction in force before 1995 applies",
    "2": "the usual reduction of the lesser procedures of a session applies",
    "3": "endoscopies of one family: the family's base is taken off the others",
    "4": "imaging of one session: the technical and the professional part are reduced",
    "5": "therapy of one day: the practice expense of all but the dearest unit is reduced",
    "6": "heart and vessel tests of one day: the technical part is reduced",
    "7": "eye tests of one day: the technical part is reduced",
    "9": _NOT_ASKED,
}
BILATERAL = {
    "0": "the price for both sides does not apply: 50 does not belong on it",
    "1": "one side: both sides at one session are one line with 50 and one unit, at one and a half"
    " times the price",
    "2": "the price is for both sides already: no 50, no second unit",
    "3": "each side is paid in full: 50, RT and LT lines, or two units",
    "9": _NOT_ASKED,
}
ASSISTANT = {
    "0": "an assistant is paid only where documents show the need",
    "1": "an assistant is not paid",
    "2": "an assistant may be paid",
    "9": _NOT_ASKED,
}
COSURGEON = {
    "0": "two surgeons are not paid",
    "1": "two surgeons may be paid where documents show the need",
    "2": "two surgeons of different specialties may be paid",
    "9": _NOT_ASKED,
}
TEAM = {
    "0": "a team of surgeons is not paid",
    "1": "a team of surgeons may be paid where documents show the need",
    "2": "a team of surgeons may be paid",
    "9": _NOT_ASKED,
}
FIELDS = {
    "status": STATUS,
    "pctc": PCTC,
    "global_days": GLOBAL,
    "multiple": MULTIPLE,
    "bilateral": BILATERAL,
    "assistant": ASSISTANT,
    "cosurgeon": COSURGEON,
    "team": TEAM,
}
"""Column of schemas.FeeSchedule -> value -> meaning."""
TITLES = {
    "status": "Status",
    "pctc": "PC/TC",
    "global_days": "Global days",
    "multiple": "Multiple procedures",
    "bilateral": "Bilateral",
    "assistant": "Assistant at surgery",
    "cosurgeon": "Co-surgeons",
    "team": "Team surgery",
}
MAI = {
    1: "counted on each line by itself; with a proper modifier the rest may stand on further lines",
    2: "counted over all lines of the day, and absolute: CMS holds that more is impossible or"
    " against its rules, and no modifier or record lifts it",
    3: "counted over all lines of the day; more is denied at first, and may be paid on appeal where"
    " the record shows the need",
}
EDIT_TYPES = {
    1: "Type 1: CMS lists all primaries; only these support it.",
    2: "Type 2: CMS lists no primary; the contractor decides which codes support it.",
    3: "Type 3: CMS lists some primaries; the contractor may take others as well.",
}
PAIR = {
    0: "no modifier separates the two",
    1: "a modifier may separate the two, where the record shows separate services",
    9: "the row never applied",
}


def meaning(field: str, value: str) -> str:
    """What `value` of the fee schedule's `field` means; says so where nobody told us."""
    return FIELDS[field].get(value, "a value that this program has no words for")
