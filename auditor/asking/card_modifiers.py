"""Modifiers that make sense on a code and those that do not, each from a table or a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.asking.card_indicators import LAYOUT
from auditor.asking.card_parts import Advice
from auditor.asking.card_words import listed
from auditor.rules.anesthesia_roles import ANESTHESIA, ROLES
from auditor.rules.bypass import EITHER_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.asking.card_facts import Facts
    from auditor.asking.card_parts import AddOn, Fees, Pairs, RuleLine, Units

_SEPARATE = ("59", "XE", "XP", "XS", "XU")
_NCCI = "NCCI Policy Manual ch. I E"
_SURGERY = {"000", "010", "090"}
_SPLIT_CARE = {"010", "090"}
_NOT_PAID = {"B", "I", "N", "P"}


class About(NamedTuple):
    """What the advice rests on."""

    facts: Facts
    fees: Fees | None
    addon: AddOn
    pairs: Pairs
    units: tuple[Units, ...]
    rules: tuple[RuleLine, ...]

    def indicator(self, name: str) -> str:
        """The fee schedule's indicator; '' where no release has the code."""
        return self.fees.value(name) if self.fees else ""

    @property
    def schedule(self) -> str:
        """The label of the fee schedule's release."""
        return self.fees.witness.table if self.fees else ""

    def touched(self, rule: str) -> bool:
        """Whether the rule looks at the code, whatever its modifiers."""
        return any(each.id == rule and not each.only_with_modifier for each in self.rules)


def advice(about: About) -> tuple[Advice, ...]:
    """What fits first, then what does not; in the order of what is asked most."""
    found = [each for part in _PARTS for each in part(about)]
    return tuple(sorted(found, key=lambda each: not each.fits))


def _said(modifiers: Sequence[str], why: str, source: str, *, fits: bool = True) -> Advice:
    return Advice(modifiers=tuple(modifiers), fits=fits, why=why, source=source)


def _components(about: About) -> Iterator[Advice]:
    pctc, status = about.indicator("pctc"), about.indicator("status")
    source = f"{about.schedule}, PC/TC indicator {pctc}"
    if pctc == "1":
        yield _said(("26",), "the reading or supervision alone, by the practitioner", source)
        yield _said(("TC",), "the technical part alone: equipment and staff", source)
    elif pctc == "6" or (about.fees and "26" in about.fees.components):
        yield _said(("26",), "a physician's interpretation of the test", f"{source}, row 26")
        yield _said(("TC",), "the test itself is the code without a modifier", source, fits=False)
    elif pctc and status not in {"C", "X"} and pctc != "9":
        yield _said(("26", "TC"), "the code does not split into two parts", source, fits=False)
    if about.fees and "53" in about.fees.components:
        yield _said(
            ("53",), "begun and broken off: the fee schedule has a price of its own for it",
            f"{about.schedule}, row 53",
        )  # fmt: skip


def _sides(about: About) -> Iterator[Advice]:
    bilateral = about.indicator("bilateral")
    source = f"{about.schedule}, bilateral indicator {bilateral}"
    rows = about.facts.own("laterality")
    named = [m for row in rows for m in row["any_of"].split() if m != "50"]
    digits = [m for m in named if m not in {"LT", "RT"}]
    if bilateral == "1":
        yield _said(("50",), "both sides at one session: one line, one unit", source)
    elif bilateral == "3":
        yield _said(("50",), "both sides: 50, or RT and LT on lines of their own", source)
    elif bilateral == "2":
        why = "its price is for both sides already"
        yield _said(("50",), why, source, fits=False)
    elif bilateral == "0":
        why = "the rule for two sides does not apply to it"
        yield _said(("50",), why, source, fits=False)
    policy = "policy table laterality; " + "; ".join(dict.fromkeys(r["source"] for r in rows))
    if "LT" in named:
        yield _said(("LT", "RT"), "which side it was", policy)
    if digits:
        kinds = {"F": "finger", "T": "toe", "E": "eyelid", "L": "vessel", "R": "vessel"}
        what = listed((kinds[m[0]] for m in digits), "or")
        yield _said(digits, f"which {what} it was", policy)
    regions = [row["class"] for row in about.facts.own("modifier_regions")]
    words = {
        "digit": (("FA", "F1 to F9", "TA", "T1 to T9"), "finger or toe"),
        "eyelid": (("E1 to E4",), "eyelid"),
        "coronary": (("LC", "LD", "LM", "RC", "RI"), "coronary vessel"),
    }
    for region in dict.fromkeys(regions):
        names, where = words[region]
        yield _said(
            names, f"no {where} is where this is done", "policy table modifier_regions",
            fits=False,
        )  # fmt: skip


def _visits(about: About) -> Iterator[Advice]:
    if not about.facts.kind["is_visit"]:
        if about.facts.kind["form_ok"] and any(r.id == "MOD-2557" for r in about.rules):
            yield _said(
                ("24", "25", "57"),
                "they belong on a visit, and this is none",
                f"{_NCCI}; rule MOD-2557",
                fits=False,
            )
        return
    pairs = about.pairs.denied_1
    besides = f" ({pairs:,} pairs of column 2 let a modifier separate it)" if pairs else ""
    yield _said(
        ("25",),
        "a visit of its own, well beyond the usual work of a minor procedure or other service of"
        f" the day{besides}",
        f"{_NCCI}; rule GLB-25",
    )
    yield _said(
        ("57",),
        "the visit at which a major operation (global days 090) of that day or the next was"
        " decided",
        f"{_NCCI}; rule GLB-57",
    )
    yield _said(
        ("24",),
        "a visit in the global period of an operation, for something unrelated to it",
        f"{_NCCI}; rule GLB-24",
    )
    yield _said(
        _SEPARATE, "on a visit 25 is what separates it", f"{_NCCI}; rule MOD-59EM", fits=False
    )


def _separation(about: About) -> Iterator[Advice]:
    if about.facts.kind["is_visit"] or about.facts.kind["is_em"]:
        return
    two, one = about.pairs.denied_1, about.pairs.pays_1
    label = about.pairs.witness.table
    if two or (one and about.facts.day >= EITHER_LINE):
        where = "; since 2019-07-01 it may stand on either line of the pair"
        line = where if about.facts.day >= EITHER_LINE else "; it stands on the column 2 line"
        count = listed(
            f"{n:,} as {side}" for n, side in ((two, "column 2"), (one, "column 1")) if n
        )
        yield _said(
            _SEPARATE,
            "a separate service, where the record shows another site, session, practitioner or"
            f" lesion; so many pairs allow it: {count}{line}",
            f"{label}; {_NCCI}; CMS CR 11168",
        )
    elif about.pairs.count and not about.pairs.starter:
        yield _said(
            _SEPARATE,
            "no pair in force that names it lets a modifier separate the two",
            label,
            fits=False,
        )


def _therapy(about: About) -> Iterator[Advice]:
    always, sometimes = about.facts.own("therapy"), about.facts.own("therapy_class")
    for row in always:
        names = row["discipline_modifiers"].split()
        why = "the plan of care it belongs to; one of them is needed for Medicare"
        if len(names) == 1:
            why = "the one discipline it belongs to; needed for Medicare"
        yield _said(names, why, f"policy table therapy; {row['source']}")
    for row in sometimes:
        yield _said(
            row["discipline_modifiers"].split(),
            "where a therapist gives it, or it is under a therapy plan of care",
            f"policy table therapy_class; {row['source']}",
        )
    if always:
        names = always[0]["discipline_modifiers"].split()
        helpers = [m for m, own in (("CQ", "GP"), ("CO", "GO")) if own in names]
        if helpers:
            yield _said(
                helpers,
                "given in whole or part by an assistant: CQ only with GP, CO only with GO",
                "rule THR-3",
            )


def _laboratory(about: About) -> Iterator[Advice]:
    for row in about.facts.own("clia_waived"):
        source = f"policy table clia_waived; {row['source']}"
        if row["qw"] == "needs":
            why = "done under a certificate of waiver"
            yield _said(("QW",), why, source)
        else:
            yield _said(("QW",), "a waived test that goes without it", source, fits=False)
    if about.facts.kind["is_lab"]:
        yield _said(
            ("91",),
            "the test again that day, for a result that was needed again; not to confirm a first"
            " result, nor after trouble with a specimen",
            "policy table lab; Claims Processing Manual (100-04) ch. 16",
        )
        yield _said(
            ("90",),
            "another laboratory did the test; the claim names its CLIA number",
            "policy table lab; rule LAB-90",
        )


def _drugs(about: About) -> Iterator[Advice]:
    day = about.facts.day.isoformat()
    for row in about.facts.own("single_dose_drugs"):
        if not row["effective"] or row["effective"] <= day:
            yield _said(
                ("JW", "JZ"),
                "what was thrown away of a single-dose container (JW, on a line of its own), or"
                " that nothing was (JZ); one of the two is needed",
                f"policy table single_dose_drugs; {row['source']}",
            )
    known = about.facts.own("single_dose_drugs")
    if not known and any(rule.id == "DRG-4" for rule in about.rules):
        yield _said(
            ("JW", "JZ"),
            "where it comes in a single-dose container, which the tables do not say of this drug",
            "Claims Processing Manual (100-04) ch. 17 section 40",
        )


def _equipment(about: About) -> Iterator[Advice]:
    for row in about.facts.own("dme_rental"):
        yield _said(
            ("NU", "RR", "UE"),
            "bought new, rented, or bought used: one of them is needed",
            f"policy table dme_rental; {row['source']}",
        )


def _anesthesia(about: About) -> Iterator[Advice]:
    if about.facts.table.select(about.facts.table["code"].str.contains(ANESTHESIA)).item():
        yield _said(
            ROLES,
            "who gave or directed it; for Medicare exactly one of them, in the first place",
            "rules ANE-1, ANE-2; Claims Processing Manual (100-04) ch. 12 section 50",
        )


def _surgeons(about: About) -> Iterator[Advice]:
    """Of operations only: the table gives other services these indicators too, and nobody asks."""
    operation = about.indicator("global_days") in {*_SURGERY, "YYY", "ZZZ", "MMM"}
    if about.indicator("status") in _NOT_PAID or not operation or about.facts.kind["is_em"]:
        return
    if about.facts.code[0] not in "0123456G":
        return
    asked = (
        ("assistant", ("80", "81", "82", "AS"), "an assistant at surgery"),
        ("cosurgeon", ("62",), "two surgeons"),
        ("team", ("66",), "a team of surgeons"),
    )
    for name, modifiers, what in asked:
        value = about.indicator(name)
        source = f"{about.schedule}, {name.replace('cosurgeon', 'co-surgeon')} indicator {value}"
        refused = value == ("1" if name == "assistant" else "0")
        documents = value == ("0" if name == "assistant" else "1")
        if refused:
            yield _said(modifiers, f"Medicare does not pay {what} for it", source, fits=False)
        elif documents:
            yield _said(modifiers, f"{what}, paid only where documents show the need", source)
        elif value == "2":
            yield _said(modifiers, f"{what}, which Medicare may pay", source)


def _global(about: About) -> Iterator[Advice]:
    days = about.indicator("global_days")
    if days not in _SURGERY or about.facts.kind["is_em"]:
        return
    source = f"{about.schedule}, global days {days}; {_NCCI}; rule GLB-78"
    if about.touched("GLB-78"):
        yield _said(
            ("58",),
            "in the global period of another operation: planned, more extensive, or treatment"
            " after a diagnostic procedure",
            source,
        )
        if about.facts.code[0] in "123456":  # only surgery is done in an operating room
            yield _said(
                ("78",),
                "in that period: an unplanned return to the operating room for what follows from"
                " the first operation",
                source,
            )
        yield _said(("79",), "in that period: unrelated to the first operation", source)
    if days in _SPLIT_CARE:
        yield _said(
            ("54", "55"),
            "the operation alone, or the care after it alone, where another practitioner has the"
            " rest",
            f"{about.schedule}, global days {days}; Claims Processing Manual (100-04) ch. 12"
            " section 40.2",
        )


def _repeats(about: About) -> Iterator[Advice]:
    """76 and 77 where the day's limit leaves room; of laboratory tests 91 says it."""
    kind = about.facts.kind
    room = next((u for u in about.units if u.in_force and u.setting == "practitioner"), None)
    service = about.facts.code[0].isdigit() and not (kind["is_em"] or kind["is_lab"])
    if room is None or room.value < 2 or not service or about.addon.primaries:  # noqa: PLR2004 - once more
        return
    if kind["always_therapy"] or about.facts.own("vaccine_products"):
        return
    if about.touched("LAB-4") or about.touched("INF-4"):  # once a day, whatever the limit
        return
    yield _said(
        ("76", "77"),
        "the same service again that day, by the same practitioner or by another",
        f"{room.witness.table}: {room.value} a day; rules DUP-1, DUP-2",
    )


def _others(about: About) -> Iterator[Advice]:
    foot = about.facts.own("foot_care")
    if foot:
        yield _said(
            ("Q7", "Q8", "Q9"),
            "the class finding of routine foot care"
            + ("" if foot[0]["requires_class_finding"] == "1" else ", where the diagnosis asks it"),
            f"policy table foot_care; {foot[0]['source']}",
        )
    if about.touched("CHI-1"):
        yield _said(
            ("AT",), "active treatment; Medicare pays it with AT only", "rule CHI-1; SE1602"
        )
    if about.touched("PT-1"):
        yield _said(
            ("PT", "33"),
            "a screening that became a procedure: PT for Medicare, 33 for others",
            "rule PT-1",
        )
    if about.touched("GG-1"):
        yield _said(("GG",), "a diagnostic mammogram on the day of a screening one", "rule GG-1")
    if about.addon.primaries or about.addon.contractor:
        yield _said(
            ("51",), "an add-on is not reduced as a further procedure", "rule AOC-4", fits=False
        )
    elif about.facts.kind["is_em"]:
        yield _said(("51",), "it is no further procedure", "rule MOD-51", fits=False)
    elif about.indicator("multiple") in {"2", "3"}:
        yield _said(
            ("51",),
            "the lesser of several procedures of the day, where the payer asks for it",
            f"{about.schedule}, multiple procedure indicator {about.indicator('multiple')};"
            f" {LAYOUT}",
        )
    for row in about.facts.own("telehealth_never"):
        but = row["unless_modifier"]
        yield _said(
            ("93", "95"),
            "it cannot be done from afar" + (f", {but} aside" if but else ""),
            "policy table telehealth_never; professional knowledge",
            fits=False,
        )


_PARTS = (
    _components,
    _sides,
    _visits,
    _separation,
    _therapy,
    _laboratory,
    _drugs,
    _equipment,
    _anesthesia,
    _surgeons,
    _global,
    _repeats,
    _others,
)
"""In the order of what is asked most."""
