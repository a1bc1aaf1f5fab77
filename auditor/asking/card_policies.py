"""What the built-in policy tables say of a code, in words.

Tables that say the same of every code of a section (which are laboratory codes, which places are
facilities) tell nothing here; what they mean for modifiers and places stands in those sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.asking.card_parts import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.asking.card_facts import Facts

Cells = dict[str, str]
_MODALITIES = {
    "us": "ultrasound",
    "fluoro": "fluoroscopy",
    "ct": "CT",
    "mr": "MR",
    "any": "imaging of any kind",
}
_FAMILIES = {
    "standard": "vaccines without counseling, or for adults",
    "counseling": "vaccines of patients to 18 with counseling",
    "covid19": "COVID-19 vaccines",
    "medicare": "Medicare's own codes for influenza, pneumococcal and hepatitis B vaccines",
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


def listed(words: Iterable[str], link: str = "and") -> str:
    """'a, b and c', each once, in their order."""
    unique = list(dict.fromkeys(words))
    if len(unique) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {link} {unique[-1]}"


def spoken(word: str) -> str:
    """A cell as a reader says it: without underscores."""
    return word.replace("_", " ")


def span(row: Cells, suffix: str = "") -> str:
    """The range of codes of a row."""
    low, high = row[f"code_low{suffix}"], row[f"code_high{suffix}"]
    return low if low == high else f"{low}-{high}"


def _sources(facts: Facts, table: str) -> list[str]:
    return list(dict.fromkeys(row.cells["source"] for row in facts.policy[table]))


def _sentences(texts: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(text for text in texts if text))


def _separates(indicator: str) -> str:
    return {"0": "no modifier separates them", "1": "a modifier may separate them"}.get(
        indicator, ""
    )


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
    return _sentences(told)


def _units(value: str) -> str:
    return "1 unit" if value == "1" else f"{value} units"


def _age_rules(facts: Facts) -> str:
    return _sentences(
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


def _clia(facts: Facts) -> str:
    return _sentences(
        "A waived test: a laboratory with a certificate of waiver reports it with QW."
        if row["qw"] == "needs"
        else "A waived test that needs no QW."
        for row in facts.own("clia_waived")
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
    return _sentences(words[row["role"]] for row in facts.own("closure"))


def _critical_care(facts: Facts) -> str:
    return _sentences(
        "Critical care (99291, 99292) of the same practitioner and day includes it; "
        f"{_separates(row['indicator'])}."
        for row in facts.own("critical_care_bundled")
    )


def _dme(facts: Facts) -> str:
    return _sentences(
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
    return _sentences(told)


def _em_same_day(facts: Facts) -> str:
    groups: dict[tuple[bool, str], list[str]] = {}
    for row in facts.policy["em_same_day"]:
        first = row.side == "own"
        stays = (row.cells["keep"] == "a") == first
        other = span(row.cells, "_b") if first else span(row.cells)
        groups.setdefault((stays, row.cells["indicator"]), []).append(other)
    return _sentences(
        f"Of one practitioner and day with {listed(others, 'or')}: "
        f"{'this one' if stays else 'the other'} stays; {_separates(indicator)}."
        for (stays, indicator), others in groups.items()
    )


def _endoscopy(facts: Facts) -> str:
    words = {
        "diagnostic": "The diagnostic scope of its family ({}): every surgical one of the family"
        " includes it.",
        "surgical": "A surgical scope ({}): it includes the diagnostic one of its family.",
        "open": "Open surgery ({}): it includes an arthroscopy of the same joint.",
    }
    return _sentences(
        words[row["role"]].format(spoken(row["family"])) for row in facts.own("endoscopy")
    )


def _foot_care(facts: Facts) -> str:
    return _sentences(
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


def _infusion(facts: Facts) -> str:
    told = []
    for row in facts.own("infusion"):
        needs = listed(row["requires_initial"].split(), "or")
        told.append(f"{spoken(row['kind']).capitalize()}, {spoken(row['role'])}.")
        told.append(f"It needs {needs} before it." if needs else "")
    after = [span(row) for row in facts.others("infusion")]
    told.append(f"It is an initial service for {listed(after)}." if after else "")
    return _sentences(told)


def _infusion_addons(facts: Facts) -> str:
    return "Its initial service may have begun the day before."


def _lab_pairs(facts: Facts) -> str:
    own = [row["column2"] for row in facts.own("lab_pairs")]
    of = [span(row) for row in facts.others("lab_pairs")]
    return _sentences(
        (
            f"Not on a day with {listed(own)} of the same laboratory: this one stays."
            if own
            else "",
            f"Not on a day with {listed(of)} of the same laboratory: the other stays."
            if of
            else "",
        )
    )


def _lab_panels(facts: Facts) -> str:
    rows = facts.own("lab_panels")
    parts = [row["component"] for row in rows if row["membership"] == "all"]
    choice = [row["component"] for row in rows if row["membership"] != "all"]
    of = [span(row) for row in facts.others("lab_panels")]
    return _sentences(
        (
            f"A panel of {listed(parts)}." if parts else "",
            f"It also has a choice out of {listed(choice, 'or')}." if choice else "",
            f"A component of the panels {listed(of)}." if len(set(of)) > 1 else "",
            f"A component of the panel {of[0]}." if len(set(of)) == 1 else "",
        )
    )


def _laterality(facts: Facts) -> str:
    return _sentences(
        f"A payer expects a side or place: {listed(row['any_of'].split(), 'or')}."
        for row in facts.own("laterality")
    )


def _medicare_codes(facts: Facts) -> str:
    own = [f"Medicare takes {row['use']} in place of it." for row in facts.own("medicare_codes")]
    of = [span(row) for row in facts.others("medicare_codes")]
    return _sentences([*own, f"Medicare takes it in place of {listed(of)}." if of else ""])


def _preventive(facts: Facts) -> str:
    return _sentences(
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
    return _sentences(told)


def _sex(facts: Facts) -> str:
    words = {"F": "women", "M": "men"}
    return _sentences(
        f"Usually for {words[row['sex']]}; KX says that it is right where the record shows it."
        if row["sex"] in words
        else ""
        for row in facts.own("sex_rules")
    )


def _single_dose(facts: Facts) -> str:
    return "Sold in single-dose containers only: JW or JZ stands on it from 2023-07-01."


def _sole(facts: Facts) -> str:
    return _sentences(f"It {_SOLE[row['rule']]}." for row in facts.own("sole_service"))


def _never_remote(facts: Facts) -> str:
    return _sentences(
        "It cannot be done from afar"
        + (f", unless {row['unless_modifier']} says the reading alone" if row["unless_modifier"]
           else "")
        + "."
        for row in facts.own("telehealth_never")
    )


def _therapy(facts: Facts) -> str:
    return _sentences(
        f"Always therapy: one of {listed(row['discipline_modifiers'].split(), 'or')} stands on it."
        if " " in row["discipline_modifiers"]
        else f"Always therapy: {row['discipline_modifiers']} stands on it, and no other."
        for row in facts.own("therapy")
    )


def _therapy_class(facts: Facts) -> str:
    return _sentences(
        f"Therapy only under a plan of care: then {listed(row['discipline_modifiers'].split(), 'or')}"
        " stands on it."
        for row in facts.own("therapy_class")
    )


def _timed(facts: Facts) -> str:
    told = []
    for row in facts.own("timed_codes"):
        each = f"A unit is {row['unit_minutes']} minutes. " if row["unit_minutes"] else ""
        least = row["minimum_minutes"]
        told.append(f"{each}From {least} minutes on it may be billed." if least else each.strip())
    return _sentences(told)


def _unlisted(facts: Facts) -> str:
    return _sentences(
        f"An {spoken(row['kind'])} code: the claim describes what was done."
        if row["kind"] == "unlisted"
        else "A code for what is not otherwise classified: the claim describes it."
        for row in facts.own("unlisted")
    )


def _vaccine_admin(facts: Facts) -> str:
    roles = {"initial": "the first", "addon": "each further one", "single": "one vaccine"}
    told = []
    for row in facts.own("vaccine_admin"):
        oldest = f", to the age of {row['max_age']}" if row["max_age"] else ""
        told.append(
            f"Gives {_FAMILIES[row['family']]}: {roles[row['role']]}"
            f" ({'or '.join(spoken(row['route']).split('_'))}{oldest})."
        )
    return _sentences(told)


def _vaccine_components(facts: Facts) -> str:
    return _sentences(
        f"A vaccine of {row['components']} components." for row in facts.own("vaccine_components")
    )


def _vaccine_products(facts: Facts) -> str:
    told = []
    for row in facts.own("vaccine_products"):
        medicare = listed(row["medicare_admin"].split(), "or")
        others = listed(row["other_admin"].split(), "or")
        same = f"given by {medicare}" if medicare == others else (
            f"given by {medicare} for Medicare, by {others} for others"
        )
        told.append(f"A vaccine ({spoken(row['group'])}): {same}.")
    return _sentences(told)


def _views(facts: Facts) -> str:
    told = []
    for row in facts.own("view_counts"):
        low, high = row["views_min"], row["views_max"]
        count = f"{low} views or more" if not high else low if low == high else f"{low} to {high}"
        one = f"{count} view" if count == "1" else count if "view" in count else f"{count} views"
        told.append(f"X-ray of the {spoken(row['body_part'])}: {one}.")
    return _sentences(told)


_TELL: dict[str, Callable[[Facts], str]] = {
    "addon_units": _addon_units,
    "age_rules": _age_rules,
    "clia_waived": _clia,
    "closure": _closure,
    "critical_care_bundled": _critical_care,
    "dme_rental": _dme,
    "em_codes": _em,
    "em_same_day": _em_same_day,
    "endoscopy": _endoscopy,
    "foot_care": _foot_care,
    "guidance_included": _guidance,
    "infusion": _infusion,
    "infusion_addons": _infusion_addons,
    "lab_pairs": _lab_pairs,
    "lab_panels": _lab_panels,
    "laterality": _laterality,
    "medicare_codes": _medicare_codes,
    "preventive_part_b": _preventive,
    "ptp_warned": _warned,
    "sex_rules": _sex,
    "single_dose_drugs": _single_dose,
    "sole_service": _sole,
    "telehealth_never": _never_remote,
    "therapy": _therapy,
    "therapy_class": _therapy_class,
    "timed_codes": _timed,
    "unlisted": _unlisted,
    "vaccine_admin": _vaccine_admin,
    "vaccine_components": _vaccine_components,
    "vaccine_products": _vaccine_products,
    "view_counts": _views,
}
TOLD: Sequence[str] = tuple(_TELL)
"""The tables that are told in words."""
ELSEWHERE = ("lab", "modifier_regions", "pos_rules")
"""Tables that name codes and whose meaning stands in the sections on modifiers and places."""
