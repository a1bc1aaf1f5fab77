"""What the built-in policy tables say of a code, in words.

Tables that say the same of every code of a section (which are laboratory codes, which places are
facilities) tell nothing here; what they mean for modifiers and places stands in those sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.asking.card_parts import Policy
from auditor.asking.card_policies_of_care import CARE
from auditor.asking.card_words import listed, sentences, separates, span, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.asking.card_facts import Facts

_MODALITIES = {
    "us": "ultrasound",
    "fluoro": "fluoroscopy",
    "ct": "CT",
    "mr": "MR",
    "any": "imaging of any kind",
}
_SOLE = {
    "only_with_lab": "pays only alone or beside laboratory tests",
    "only_when_nothing_else_payable": "pays only where nothing else of the fee schedule pays that"
    " day to the same practitioner",
    "only_service_of_encounter": "pays only as the one service of the encounter",
}


def policies(facts: Facts) -> tuple[Policy, ...]:
    """A statement for each policy table that names the code, by name of the table."""
    return tuple(
        Policy(table=table, text=text, source="; ".join(_sources(facts, table)))
        for table, tell in sorted(_TELL.items())
        if table in facts.policy and (text := tell(facts))
    )


def _sources(facts: Facts, table: str) -> list[str]:
    return list(dict.fromkeys(row.cells["source"] for row in facts.policy[table]))


def _addon_units(facts: Facts) -> str:
    told = []
    for row in facts.own("addon_units"):
        with_ = listed(row["with_code"].split(), "or")
        told.append(
            {
                "max_units": f"At most {_units(row['value'])} a day"
                + (f" beside {with_}." if with_ else "."),
                "not_with": f"Not on a day with {with_}.",
                "also_requires": f"Only where {with_} stands there too.",
                "sum_max": f"Together with {with_} at most {_units(row['value'])} a day.",
                "only_with": f"Only with {with_}.",
            }[row["rule"]]
        )
    told += [
        f"{span(row)} depends on it: see that code's card." for row in facts.others("addon_units")
    ]
    return sentences(told)


def _units(value: str) -> str:
    return "1 unit" if value == "1" else f"{value} units"


def _age_rules(facts: Facts) -> str:
    return sentences(
        "Made for patients "
        + (
            f"of {row['min_age_years']} to {row['max_age_years']} whole years."
            if row["min_age_years"] and row["max_age_years"]
            else f"of {row['min_age_years']} years and older."
            if row["min_age_years"]
            else f"up to {row['max_age_years']} whole years."
        )
        for row in facts.own("age_rules")
    )


def _closure(facts: Facts) -> str:
    words = {
        "repair": "Repair of a wound: part of an operation of the same site that has its own"
        " incision.",
        "biopsy": "Includes the repair of its own wound.",
        "excision_allowed": "A layered repair may stand beside it.",
        "surgery_excluded": "Says nothing of a repair beside it: it has no incision, or is itself"
        " a closure.",
    }
    return sentences(words[row["role"]] for row in facts.own("closure"))


def _critical_care(facts: Facts) -> str:
    return sentences(
        "Critical care (99291, 99292) of the same practitioner and day includes it; "
        f"{separates(row['indicator'])}."
        for row in facts.own("critical_care_bundled")
    )


def _dme(facts: Facts) -> str:
    return sentences(
        f"Equipment that is bought or rented ({spoken(row['payment_category'])}): NU, RR or UE says"
        " which."
        for row in facts.own("dme_rental")
    )


def _em(facts: Facts) -> str:
    told = []
    for row in facts.own("em_codes"):
        what = "A visit" if row["visit"] == "1" else "An evaluation and management service"
        who = {"new": ", new patient", "established": ", established patient"}.get(
            row["patient_type"], ""
        )
        once = " One of its kind a day." if row["one_per_day"] == "1" else ""
        told.append(f"{what}: {spoken(row['category'])}{who}.{once}")
    return sentences(told)


def _em_same_day(facts: Facts) -> str:
    groups: dict[tuple[bool, str], list[str]] = {}
    for row in facts.policy["em_same_day"]:
        first = row.side == "own"
        stays = (row.cells["keep"] == "a") == first
        other = span(row.cells, "_b") if first else span(row.cells)
        groups.setdefault((stays, row.cells["indicator"]), []).append(other)
    return sentences(
        f"Of one practitioner and day with {listed(others, 'or')}: "
        f"{'this one' if stays else 'the other'} stays; {separates(indicator)}."
        for (stays, indicator), others in groups.items()
    )


def _endoscopy(facts: Facts) -> str:
    words = {
        "diagnostic": "The diagnostic scope of its family ({}): every surgical one of the family"
        " includes it.",
        "surgical": "A surgical scope ({}): it includes the diagnostic one of its family.",
        "open": "Open surgery ({}): it includes an arthroscopy of the same joint.",
    }
    return sentences(
        words[row["role"]].format(spoken(row["family"])) for row in facts.own("endoscopy")
    )


def _foot_care(facts: Facts) -> str:
    return sentences(
        "Routine foot care: Medicare wants a class finding (Q7, Q8 or Q9) on it."
        if row["requires_class_finding"] == "1"
        else "Foot care that wants a class finding (Q7, Q8 or Q9) where a systemic disease is what"
        " makes it covered."
        for row in facts.own("foot_care")
    )


def _guidance(facts: Facts) -> str:
    found = [
        _MODALITIES.get(word, word)
        for row in facts.own("guidance_included")
        for word in row["modality"].split()
    ]
    return f"Includes its imaging guidance ({listed(found, 'or')})." if found else ""


def _laterality(facts: Facts) -> str:
    return sentences(
        f"A payer expects a side or place: {listed(row['any_of'].split(), 'or')}."
        for row in facts.own("laterality")
    )


def _medicare_codes(facts: Facts) -> str:
    own = [f"Medicare takes {row['use']} in place of it." for row in facts.own("medicare_codes")]
    of = [span(row) for row in facts.others("medicare_codes")]
    return sentences([*own, f"Medicare takes it in place of {listed(of)}." if of else ""])


def _preventive(facts: Facts) -> str:
    return sentences(
        f"A preventive service of Medicare Part B ({row['kind']}): on its day G2211 pays beside a"
        " visit with 25, from 2025 on."
        for row in facts.own("preventive_part_b")
    )


def _warned(facts: Facts) -> str:
    told = []
    for row in facts.policy["ptp_warned"]:
        low, high = row.cells.get("except_low", ""), row.cells.get("except_high", "")
        if low and low <= facts.code <= high:
            continue
        other = span(row.cells, "_b" if row.side == "own" else "_a")
        told.append(f"CMS warns against 59 beside {other}: {row.cells['reason']}.")
    return sentences(told)


def _sex(facts: Facts) -> str:
    words = {"F": "women", "M": "men"}
    return sentences(
        f"Usually for {words[row['sex']]}; KX says that it is right where the record shows it."
        if row["sex"] in words
        else ""
        for row in facts.own("sex_rules")
    )


def _sole(facts: Facts) -> str:
    return sentences(f"It {_SOLE[row['rule']]}." for row in facts.own("sole_service"))


def _never_remote(facts: Facts) -> str:
    return sentences(
        "It cannot be done from afar"
        + (
            f", unless {row['unless_modifier']} says the reading alone"
            if row["unless_modifier"]
            else ""
        )
        + "."
        for row in facts.own("telehealth_never")
    )


def _unlisted(facts: Facts) -> str:
    return sentences(
        f"An {spoken(row['kind'])} code: the claim describes what was done."
        if row["kind"] == "unlisted"
        else "A code for what is not otherwise classified: the claim describes it."
        for row in facts.own("unlisted")
    )


def _views(facts: Facts) -> str:
    told = []
    for row in facts.own("view_counts"):
        low, high = row["views_min"], row["views_max"]
        count = f"{low} views or more" if not high else low if low == high else f"{low} to {high}"
        one = f"{count} view" if count == "1" else count if "view" in count else f"{count} views"
        told.append(f"X-ray of the {spoken(row['body_part'])}: {one}.")
    return sentences(told)


_TELL: dict[str, Callable[[Facts], str]] = {
    "addon_units": _addon_units,
    "age_rules": _age_rules,
    "closure": _closure,
    "critical_care_bundled": _critical_care,
    "dme_rental": _dme,
    "em_codes": _em,
    "em_same_day": _em_same_day,
    "endoscopy": _endoscopy,
    "foot_care": _foot_care,
    "guidance_included": _guidance,
    "laterality": _laterality,
    "medicare_codes": _medicare_codes,
    "preventive_part_b": _preventive,
    "ptp_warned": _warned,
    "sex_rules": _sex,
    "sole_service": _sole,
    "telehealth_never": _never_remote,
    "unlisted": _unlisted,
    "view_counts": _views,
    **CARE,
}
TOLD: Sequence[str] = tuple(_TELL)
"""The tables that are told in words."""
ELSEWHERE = ("lab", "modifier_regions", "pos_rules")
"""Tables that name codes and whose meaning stands in the sections on modifiers and places."""
