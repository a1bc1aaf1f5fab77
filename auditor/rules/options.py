"""What the configuration says about the rules: the words that engine and rules read.

Plain values, already resolved: rule ids and no names, families or spellings. The command line
fills it from the configuration file (docs/configuration.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Weakest = Literal["review", "info"]
Key = Literal["rendering", "group-specialty", "group"]

WEAKER_TIERS: tuple[Weakest, ...] = get_args(Weakest)
"""What a rule may be held to; a rule that is not to run at all stands in `ignore`."""
KEYS: tuple[Key, ...] = get_args(Key)
"""S1 rendering NPI; S2 tax id, else billing NPI, with specialty; S3 tax id, else billing NPI."""
SPECIALTIES = ("asc", "laboratory", "mass-immunizer", "supplier", "therapist")
"""Kinds of practitioner that rules ask for, which a specialty code or taxonomy tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """How the operator's policy differs from what the rules say of themselves."""

    tiers: Mapping[str, Weakest] = field(default_factory=dict)
    """Rule id -> the tier that its findings are at most; it only ever weakens."""
    adopted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Line of business -> rule ids that its payers adopted: judged there at their own tier
    where they are at most review by themselves (SPEC 2.7)."""
    same_practitioner: Mapping[str, Key] = field(default_factory=dict)
    """Rule id -> who counts as the same practitioner, in place of the rule's own key."""
    minutes_per_day: int = 720
    """Timed services of one practitioner on one day above which the day is flagged."""
    stronger_minutes_per_day: int = 1440
    """As before, above which the finding says that the day has no more minutes."""
    therapy_units_per_day: int = 32
    """Timed therapy units of one practitioner on one day above which the day is flagged."""
    implausible_day_lines: int = 500
    """Lines of one patient, practitioner and day above which the day is not judged."""
    timely_filing_days: Mapping[str, int] = field(default_factory=dict)
    """Line of business -> days from service to receipt; Medicare's limit is in the law."""
    specialties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """One of SPECIALTIES -> specialty codes or taxonomies beyond the built-in ones."""
    release_gap_review: int | None = None
    """Findings of a release that is more quarters older than this are at most review."""

    def changed(self) -> dict[str, Any]:
        """Setting -> value, of those that differ from what the rules have by themselves."""
        usual = RuleOptions()
        return {
            name: value
            for name in self.__slots__
            if (value := getattr(self, name)) != getattr(usual, name)
        }
