"""Which rules of the catalogue can touch a code, found by asking them.

A line rule is asked by its own condition (`Rule.when`), on the code in every place, with every
modifier and with every pair of modifiers that exclude each other. Rules of another shape have no
condition on single lines: what makes them look at a code stands in _LOOKS, by the tables that they
read, and the tests hold it against every case that a rule finds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.asking.card_parts import RuleLine
from auditor.engine.modifiers import combinations
from auditor.rules.anesthesia_roles import ANESTHESIA
from auditor.rules.interface import catalogue
from auditor.rules.vaccine_lines import PRODUCT_LIKE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from auditor.asking.card_facts import Facts
    from auditor.asking.card_parts import Fees, Pairs, Units
    from auditor.reference.interface import Reference
    from auditor.rules.interface import Rule


class Asked(NamedTuple):
    """What a rule is asked by."""

    facts: Facts
    fees: Fees | None
    pairs: Pairs
    units: tuple[Units, ...]
    in_use: bool
    starter: frozenset[str]
    """Kinds of table of which only the starter set is there."""
    unpaid: bool
    """It never pays by itself."""
    pairs_to: date
    """Last day that the pair table vouches for."""

    def is_(self, fact: str) -> bool:
        """Whether the fact called so holds."""
        return bool(self.facts.kind[fact])

    def text(self, fact: str) -> str:
        """The fact called so, as text; '' where it is not known."""
        return str(self.facts.kind[fact] or "")

    def like(self, pattern: str) -> bool:
        """Whether the code has this form."""
        return re.search(pattern, self.facts.code) is not None

    def named(self, table: str, column: str = "", *values: str) -> bool:
        """Whether a row of the policy table is about the code; with a value of `column`."""
        return any(not column or row[column] in values for row in self.facts.own(table))

    def among(self, table: str) -> bool:
        """Whether the policy table names the code at all."""
        return table in self.facts.policy

    def paired_tests(self, *, panel: bool) -> bool:
        """Whether the table of laboratory pairs names the code, for panels or for other groups."""
        rows = self.facts.policy.get("lab_pairs", ())
        return any((row.cells["group"] == "panel") == panel for row in rows)

    def in_pairs(self, indicator: int) -> int:
        """Pairs of this indicator; as column 1 only where the code may pay by itself."""
        p = self.pairs
        pays, denied = (p.pays_0, p.denied_0) if indicator == 0 else (p.pays_1, p.denied_1)
        return denied + (0 if self.unpaid else pays)

    def limit(self, mai: int) -> bool:
        """Whether a practitioner's unit limit of this indicator is in force."""
        return any(
            u.in_force and u.setting == "practitioner" and u.mai == mai and u.value > 0
            for u in self.units
        )


ONLY_WITH_MODIFIER = frozenset({
    "AOC-4", "DRG-3", "LAB-90", "MOD-51", "MOD-62", "MOD-BIL", "MOD-CLS", "PTP-2", "PTP-4",
    "PTP-BYP",
})  # fmt: skip

"""Rules of _LOOKS that a line without any modifier cannot break."""
EVERY_LINE = frozenset({
    "COD-4", "COD-5", "DAT-1", "DAT-2", "DAT-3", "DAT-4", "DUP-1", "DUP-2", "DUP-3", "MOD-73",
    "MOD-99", "MOD-FMT", "MOD-ORDER", "NPI-1", "NPI-2", "TEL-1", "TFL-1",
})  # fmt: skip

"""Rules without a condition on kinds of line that look at lines whatever their code."""
_SURGERY = r"^(?:1000[4-9]|100[1-9][0-9]|10[1-9][0-9]{2}|1[1-9][0-9]{3}|[2-6][0-9]{4})$"
_GLOBAL = ("000", "010", "090")
_DAILY = ("01953", "01968", "01969", "01996")
_GUIDES = ("76942", "77002", "77003", "77012", "77021")
_BY_CATEGORY = (
    "hospital_initial", "hospital_subsequent", "hospital_same_day", "hospital_discharge",
    "nursing_initial", "nursing_subsequent", "nursing_discharge", "office", "home", "emergency",
    "eye",
)  # fmt: skip


def _letter_drug(a: Asked) -> bool:
    """A drug as DRG-4 knows it, a few that are not injected aside (that rule names them)."""
    return a.like(r"^(?:J[0-2][0-9]{3}|J3[0-5][0-9]{2}|J9[0-9]{3}|Q51[0-9]{2})$")


def _procedure(a: Asked) -> bool:
    """What global periods are about."""
    known = a.text("global_days") in _GLOBAL
    return known and not a.is_("is_em") and not a.like("^[78][0-9]{4}$")


_LOOKS: dict[str, Callable[[Asked], bool]] = {
    "ANE-3": lambda a: a.like(ANESTHESIA),
    "ANE-4": lambda a: a.like(ANESTHESIA) and a.facts.code != "01996",
    "ANE-5": lambda a: a.like(ANESTHESIA) and a.facts.code not in _DAILY,
    "AOC-1": lambda a: a.is_("addon_1"),
    "AOC-2": lambda a: a.is_("addon_2") or a.is_("addon_3"),
    "AOC-3": lambda a: (
        a.text("global_days") == "ZZZ" and not a.is_("addon") and "aoc" not in a.starter
    ),
    "AOC-4": lambda a: a.is_("addon"),
    "AOC-5": lambda a: a.among("addon_units"),
    "AOC-6": lambda a: a.is_("addon_1"),
    "ART-1": lambda a: any(row["joint"] for row in a.facts.own("endoscopy")),
    "COD-2": lambda a: not a.in_use and (a.like(r"^[A-CE-V][0-9]{4}$") or a.like(r"^[0-9]{5}$")),
    "COD-3": lambda a: not a.in_use and a.like(r"^[0-9]{4}T$"),
    "DRG-1": lambda a: a.is_("single_dose"),
    "DRG-3": lambda a: a.like(r"^J[0-9]{4}$|^Q[0-9]{4}$") or a.is_("single_dose"),
    "DRG-4": _letter_drug,
    "EM-99211": lambda a: any(
        row.cells["code_low"] == "99211" for row in a.facts.policy.get("em_same_day", ())
    ),
    "EM-CC": lambda a: a.is_("em_in_critical_care") or a.facts.code in {"99291", "99292"},
    "EM-DAY": lambda a: (
        a.text("em_category") in _BY_CATEGORY
        or any(
            row.cells["code_low"] not in {"99211", "G0102"}
            for row in a.facts.policy.get("em_same_day", ())
        )
    ),
    "EM-G2211": lambda a: a.facts.code == "G2211" or a.like("^992(?:0[2-5]|1[1-5])$"),
    "EM-IMD": lambda a: a.is_("em_timed"),
    "EM-NEW": lambda a: a.is_("is_new"),
    "EM-PREV": lambda a: a.is_("em_office_visit") or a.is_("em_preventive_visit"),
    "END-1": lambda a: a.named("endoscopy", "role", "diagnostic", "surgical"),
    "GG-1": lambda a: a.facts.code in {"77065", "77066", "77067"},
    "GLB-24": lambda a: a.is_("is_visit") or a.text("global_days") in {"010", "090"},
    "GLB-25": lambda a: (
        (a.is_("is_visit") and a.facts.code != "99292") or a.text("global_days") in {"000", "010"}
    ),
    "GLB-57": lambda a: a.is_("is_visit") or a.text("global_days") == "090",
    "GLB-78": _procedure,
    "GLB-CATH": lambda a: a.facts.code in {"51701", "51702", "51703"},
    "GLB-CLOS": lambda a: a.named("closure", "role", "repair"),
    "GLB-NEURO": lambda a: a.facts.code in {"95940", "95941", "G0453"},
    "IMG-1": lambda a: a.facts.code in _GUIDES or a.among("guidance_included"),
    "IMG-2": lambda a: (
        a.facts.code == "76000" or a.named("endoscopy", "role", "diagnostic", "surgical")
    ),
    "IMG-3": lambda a: a.among("view_counts"),
    "INF-1": lambda a: a.named("infusion", "role", "initial"),
    "INF-4": lambda a: a.facts.code == "96368",
    "LAB-1": lambda a: a.among("lab_panels"),
    "LAB-2": lambda a: a.among("lab_panels") or a.paired_tests(panel=True),
    "LAB-3": lambda a: a.paired_tests(panel=False),
    "LAB-4": lambda a: a.facts.code == "36415",
    "LAB-90": lambda a: a.is_("is_lab"),
    "MOD-51": lambda a: not a.is_("addon"),
    "MOD-62": lambda a: a.text("cosurgeon") != "" or a.text("team") != "",
    "MOD-BIL": lambda a: a.text("bilateral") != "",
    "MOD-BIL2": lambda a: (
        a.like(_SURGERY)
        and a.text("bilateral") == "1"
        and not a.is_("addon")
        and a.text("global_days") != "ZZZ"
        and not re.search(r"\b(?:FA|TA|E1)\b", a.text("sides"))
    ),
    "MOD-CLS": lambda a: a.among("modifier_regions"),
    "MOD-LAT": lambda a: a.is_("sided") and a.text("bilateral") != "2" and not a.is_("addon"),
    "MUE-1": lambda a: a.limit(1),
    "MUE-2": lambda a: a.limit(2),
    "MUE-3": lambda a: a.limit(3),
    "PTP-0": lambda a: a.in_pairs(0) > 0,
    "PTP-1": lambda a: a.in_pairs(1) > 0,
    "PTP-2": lambda a: a.in_pairs(1) > 0,
    "PTP-3": lambda a: a.in_pairs(0) + a.in_pairs(1) > 0,
    "PTP-4": lambda a: (
        "ptp-practitioner" not in a.starter
        and a.facts.day <= a.pairs_to
        and not a.is_("is_em")
        and not a.like("^99[2-4]")
    ),
    "PTP-BYP": lambda a: a.in_pairs(1) > 0,
    "QW-1": lambda a: a.text("waived_qw") == "needs",
    "SOLE-1": lambda a: a.text("sole_rule") not in {"", "only_when_nothing_else_payable"},
    "STA-T": lambda a: a.text("status") == "T",
    "THR-4": lambda a: a.is_("therapy_sometimes"),
    "THR-5": lambda a: a.like("^9716[1-8]$"),
    "VAC-1": lambda a: a.like(PRODUCT_LIKE) or a.is_("vac_product"),
    "VAC-2": lambda a: a.is_("vac_gives") or a.like(r"^00[0-9]{2}A$"),
    "VAC-3": lambda a: a.named("vaccine_admin", "family", "standard", "counseling"),
    "VAC-6": lambda a: a.named("vaccine_admin", "family", "standard", "counseling"),
    "VAC-7": lambda a: a.facts.code == "90461",
}
"""Rules of several lines, or whose condition asks for more than a kind of line: which codes they
look at. Where a rule compares two lines both sides are meant, as far as the finding is about both;
for add-ons the primary is not."""


def touching(asked: Asked, reference: Reference) -> tuple[tuple[RuleLine, ...], int]:
    """The rules that can touch the code, by id; and how many look at every line besides."""
    kinds = _kinds(asked.facts, reference)
    known = frozenset(asked.facts.table.columns)
    every = 0
    found: dict[str, RuleLine] = {}
    conditions = {}
    for rule in catalogue():
        if rule.when is None:
            every += rule.id in EVERY_LINE
            look = _LOOKS.get(rule.id)
            if look is not None and look(asked):
                found[rule.id] = line(rule, rule.id in ONLY_WITH_MODIFIER)
        elif not known & set((condition := rule.when()).meta.root_names()):
            every += 1
        else:
            conditions[rule.id] = condition.fill_null(value=False)
    bare = pl.col("mods") == ""
    held = kinds.select(
        **{name: pl.struct(some=c.any(), bare=(c & bare).any()) for name, c in conditions.items()}
    ).row(0, named=True)
    for rule in catalogue():
        if rule.id in held and held[rule.id]["some"]:
            found[rule.id] = line(rule, not held[rule.id]["bare"])
    return tuple(found[name] for name in sorted(found)), every


def line(rule: Rule, only_with_modifier: bool) -> RuleLine:  # noqa: FBT001 - a fact of the line
    """A rule in a line: the first sentence of what it flags."""
    return RuleLine(
        id=rule.id,
        name=rule.name,
        tier=rule.tier,
        business=(*rule.profiles, *rule.review_for),
        only_with_modifier=only_with_modifier,
        text=first_sentence(rule.flags),
    )


def first_sentence(text: str) -> str:
    """The first sentence of `text`; a dot inside a number or before a small letter ends none."""
    joined = " ".join(text.split())
    found = re.match(r".*?(?<!\bch)(?<!\bs)\.(?= [A-Z0-9])", joined)
    return found.group() if found else joined


def _kinds(facts: Facts, reference: Reference) -> pl.DataFrame:
    """The code in every place without a modifier, and with modifiers in an office and a hospital.

    The columns are those of auditor.engine.line_rules kinds.
    """
    conflicts = reference.policy("modifier_conflicts")
    single = reference.policy("modifiers")["modifier"]
    both = conflicts.select(pl.concat_str("modifier_a", "modifier_b", separator=" ")).to_series()
    mods = combinations(
        pl.Series("modifiers", ["", *single, *both], dtype=pl.String).unique(maintain_order=True),
        reference,
    ).drop("tokens")
    places = reference.policy("place_of_service")["pos"]
    bare = mods.head(1).join(pl.DataFrame({"pos": places}), how="cross")
    with_them = mods.join(pl.DataFrame({"pos": ["11", "22"]}), how="cross")
    sure = reference.policy("facility_pos").select("pos", facility_bills="component_tier")
    lobs = pl.DataFrame({"lob": ["medicare", "commercial"]})
    own = facts.table.drop("ce").rename({"day": "epoch_day"})
    return (
        pl.concat([bare, with_them])
        .join(sure, on="pos", how="left")
        .join(lobs, how="cross")
        .join(own, how="cross")
        .with_columns(
            medicare=pl.col("lob") == "medicare",
            fee_known=pl.col("status").is_not_null(),
            padded=pl.concat_str(pl.lit(" "), "mods", pl.lit(" ")),
        )
    )
