"""How many claim lines are in error: the rate in the sample, and what that says of the frame.

Of an unstratified sample the limits are exact for a finite population (hypergeometric), which is
what OIG's RAT-STATS calls an attribute appraisal. Of a stratified one there is no exact method in
use; told are the usual approximate limits (Cochran, Sampling Techniques, 3rd ed., section 5.10)
and, beside them, limits that are never too narrow: the exact ones of every stratum, each at a
confidence so much higher that all of them hold together (Bonferroni's inequality).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from auditor.sampling.quantiles import clopper_pearson, hypergeometric_limits, t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.sampling.interface import Answer, Stratum


@dataclass(frozen=True, slots=True)
class Counts:
    """One stratum as the error rate sees it."""

    lines: int
    sampled: int
    errors: int


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Two-sided limits of the number in error, and of the rate."""

    confidence: float
    """In percent."""
    lines_low: int
    lines_high: int
    approximate: tuple[float, float] | None
    """Rates by Student's t, of a stratified sample only; None: none can be stated."""
    endless: tuple[float, float] | None
    """Rates by Clopper and Pearson, as if the frame had no end; None of a stratified sample."""


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Lines in error."""

    sampled: int
    errors: int
    lines: int
    rate: float
    """Estimated for the frame: strata count by their size."""
    standard_error: float | None
    """None where a stratum has one line of several in the sample."""
    df: int
    limits: tuple[RateLimits, ...]


def counts(strata: Sequence[Stratum], answers: Sequence[Answer]) -> list[Counts]:
    """Lines, answers and errors of each stratum, in order."""
    told = []
    for stratum in strata:
        own = [a for a in answers if a.stratum == stratum.number]
        told.append(Counts(stratum.lines, len(own), sum(a.in_error for a in own)))
    return told


def freedom(strata: Sequence[Counts]) -> int:
    """Degrees of freedom: answers less strata, of the strata that were not examined whole.

    SAS and Stata count so (answers less strata). A stratum that was examined whole has no
    sampling error, so its lines tell nothing about the size of it.
    """
    return sum(s.sampled - 1 for s in strata if s.sampled < s.lines)


def error_rate(strata: Sequence[Counts], confidences: Sequence[float]) -> ErrorRate:
    """The error rate with its limits, at each of `confidences` (percent, two-sided)."""
    lines = sum(s.lines for s in strata)
    rate = sum(Fraction(s.lines, lines) * Fraction(s.errors, s.sampled) for s in strata)
    spread = _standard_error(strata)
    df = freedom(strata)
    limits = tuple(_limits(strata, c, float(rate), spread, df) for c in confidences)
    return ErrorRate(
        sum(s.sampled for s in strata),
        sum(s.errors for s in strata),
        lines,
        float(rate),
        spread,
        df,
        limits,
    )


def _standard_error(strata: Sequence[Counts]) -> float | None:
    """Of the rate; without bias, with the finite population correction."""
    lines = sum(s.lines for s in strata)
    variance = Fraction(0)
    for s in strata:
        if s.sampled == s.lines:
            continue
        if s.sampled == 1:
            return None
        p = Fraction(s.errors, s.sampled)
        left = 1 - Fraction(s.sampled, s.lines)
        variance += Fraction(s.lines, lines) ** 2 * left * p * (1 - p) / (s.sampled - 1)
    return math.sqrt(variance)


def _limits(
    strata: Sequence[Counts], percent: float, rate: float, spread: float | None, df: int
) -> RateLimits:
    confidence = percent / 100
    each = 1 - (1 - confidence) / len(strata)
    own = [hypergeometric_limits(s.errors, s.sampled, s.lines, each) for s in strata]
    low, high = sum(o[0] for o in own), sum(o[1] for o in own)
    if len(strata) == 1:
        (only,) = strata
        endless = clopper_pearson(only.errors, only.sampled, confidence)
        return RateLimits(percent, low, high, None, endless)
    approximate = None
    if spread and df:  # without an error, or with nothing else, it would be nought: no statement
        reach = t_quantile((1 + confidence) / 2, df) * spread
        approximate = (max(0.0, rate - reach), min(1.0, rate + reach))
    return RateLimits(percent, low, high, approximate, None)
