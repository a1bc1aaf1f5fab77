"""Policy tables of tests, drugs, vaccines and therapy, in words (auditor.asking.card_policies)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.asking.card_words import listed, sentences, span, spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.asking.card_facts import Facts

_FAMILIES = {
    "standard": "vaccines without counseling, or for adults",
    "counseling": "vaccines of patients to 18 with counseling",
    "covid19": "COVID-19 vaccines",
    "medicare": "Medicare's own codes for influenza, pneumococcal and hepatitis B vaccines",
}


def _clia(facts: Facts) -> str:
    return sentences(
        "A waived test: a laboratory with a certificate of waiver reports it with QW."
        if row["qw"] == "needs"
        else "A waived test that needs no QW."
        for row in facts.own("clia_waived")
    )


def _infusion(facts: Facts) -> str:
    told = []
    for row in facts.own("infusion"):
        needs = listed(row["requires_initial"].split(), "or")
        told.append(f"{spoken(row['kind']).capitalize()}, {spoken(row['role'])}.")
        told.append(f"It needs {needs} before it." if needs else "")
    after = [span(row) for row in facts.others("infusion")]
    told.append(f"It is an initial service for {listed(after)}." if after else "")
    return sentences(told)


def _infusion_addons(_: Facts) -> str:
    return "Its initial service may have begun the day before."


def _lab_pairs(facts: Facts) -> str:
    own = [row["column2"] for row in facts.own("lab_pairs")]
    of = [span(row) for row in facts.others("lab_pairs")]
    return sentences(
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
    return sentences(
        (
            f"A panel of {listed(parts)}." if parts else "",
            f"It also has a choice out of {listed(choice, 'or')}." if choice else "",
            f"A component of the panels {listed(of)}." if len(set(of)) > 1 else "",
            f"A component of the panel {of[0]}." if len(set(of)) == 1 else "",
        )
    )


def _single_dose(_: Facts) -> str:
    return "Sold in single-dose containers only: JW or JZ stands on it from 2023-07-01."


def _timed(facts: Facts) -> str:
    told = []
    for row in facts.own("timed_codes"):
        each = f"A unit is {row['unit_minutes']} minutes. " if row["unit_minutes"] else ""
        least = row["minimum_minutes"]
        told.append(f"{each}From {least} minutes on it may be billed." if least else each.strip())
    return sentences(told)


def _vaccine_admin(facts: Facts) -> str:
    roles = {"initial": "the first", "addon": "each further one", "single": "one vaccine"}
    told = []
    for row in facts.own("vaccine_admin"):
        oldest = f", to the age of {row['max_age']}" if row["max_age"] else ""
        told.append(
            f"Gives {_FAMILIES[row['family']]}: {roles[row['role']]}"
            f" ({'or '.join(spoken(row['route']).split('_'))}{oldest})."
        )
    return sentences(told)


def _vaccine_components(facts: Facts) -> str:
    return sentences(
        f"A vaccine of {row['components']} components." for row in facts.own("vaccine_components")
    )


def _vaccine_products(facts: Facts) -> str:
    told = []
    for row in facts.own("vaccine_products"):
        medicare = listed(row["medicare_admin"].split(), "or")
        others = listed(row["other_admin"].split(), "or")
        same = (
            f"given by {medicare}"
            if medicare == others
            else (f"given by {medicare} for Medicare, by {others} for others")
        )
        told.append(f"A vaccine ({spoken(row['group'])}): {same}.")
    return sentences(told)


def _therapy(facts: Facts) -> str:
    return sentences(
        f"Always therapy: one of {listed(row['discipline_modifiers'].split(), 'or')} stands on it."
        if " " in row["discipline_modifiers"]
        else f"Always therapy: {row['discipline_modifiers']} stands on it, and no other."
        for row in facts.own("therapy")
    )


def _therapy_class(facts: Facts) -> str:
    return sentences(
        "Therapy only under a plan of care: then"
        f" {listed(row['discipline_modifiers'].split(), 'or')}"
        " stands on it."
        for row in facts.own("therapy_class")
    )


CARE: dict[str, Callable[[Facts], str]] = {
    "clia_waived": _clia,
    "infusion": _infusion,
    "infusion_addons": _infusion_addons,
    "lab_pairs": _lab_pairs,
    "lab_panels": _lab_panels,
    "single_dose_drugs": _single_dose,
    "timed_codes": _timed,
    "vaccine_admin": _vaccine_admin,
    "vaccine_components": _vaccine_components,
    "vaccine_products": _vaccine_products,
    "therapy": _therapy,
    "therapy_class": _therapy_class,
}
"""Table -> what it says of the code."""
