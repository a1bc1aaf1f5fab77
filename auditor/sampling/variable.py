"""How much money is in error: the total by the difference estimator, the rate by the ratio.

Difference estimator: the mean difference (examined less correct) of each stratum, times its lines
in the frame; underpayments count against overpayments, as in RAT-STATS' variable appraisals
(Cochran, Sampling Techniques, 3rd ed., sections 2.5 to 2.9, and 5.3 to 5.5 for strata). Ratio:
the estimated difference over the estimated amount examined, its variance by linearisation, with
the combined ratio for strata (Cochran, sections 2.11, 6.3 and 6.11). Both with the finite
population correction and Student's t.

Sums are exact: whole cents and fractions, no float is added up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from auditor.sampling.quantiles import t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.sampling.interface import Answer, Stratum


@dataclass(frozen=True, slots=True)
class Amounts:
    """One stratum as the money sees it: sums over its answers, in cents."""

    lines: int
    sampled: int
    examined: int
    difference: int
    examined_squared: int
    difference_squared: int
    product: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an estimate at one confidence."""

    confidence: float
    """In percent."""
    t_two_sided: float
    precision: float
    """Half the width of the two-sided interval."""
    low: float
    high: float
    """Of the two-sided interval."""
    t_one_sided: float
    one_sided_low: float
    """At or above which the figure is, with this confidence."""
    one_sided_high: float
    """At or below which it is."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of the frame, told from the sample. Money is in dollars."""

    point: float
    standard_error: float | None
    """None: cannot be told; `why` says why."""
    df: int
    limits: tuple[Limits, ...]
    """Empty where no limit can honestly be stated; `why` says why."""
    why: str = ""
    satterthwaite: float | None = None
    """Effective degrees of freedom (Cochran, formula 5.16); None without strata or spread."""


@dataclass(frozen=True, slots=True)
class Money:
    """What the sample says of the money."""

    examined: Fraction
    """Of the sample, in dollars."""
    overpaid: Fraction
    underpaid: Fraction
    nonzero: int
    """Lines of the sample with a difference."""
    skewness: float | None
    total: Estimate
    ratio: Estimate | None
    """None where nothing was examined: every amount is 0."""


WHOLE = "Every line of the frame was examined, so there is no sampling error."
ALIKE = (
    "The lines of the sample do not differ in what was found, so they do not tell how much the"
    " other lines may differ: no limits are stated. The limits of the error rate hold."
)
ALONE = (
    "A stratum has one line in the sample and more in the frame: how much its lines differ cannot"
    " be told, so no limits are stated."
)


def money(
    strata: Sequence[Stratum], answers: Sequence[Answer], confidences: Sequence[float]
) -> Money:
    """Estimates of the total difference and of its share, at each of `confidences` (percent)."""
    sums = [amounts(s, [a for a in answers if a.stratum == s.number]) for s in strata]
    differences = [a.difference_cents for a in answers]
    return Money(
        examined=Fraction(sum(a.examined_cents for a in answers), 100),
        overpaid=Fraction(sum(d for d in differences if d > 0), 100),
        underpaid=Fraction(-sum(d for d in differences if d < 0), 100),
        nonzero=sum(d != 0 for d in differences),
        skewness=skewness(differences),
        total=total(sums, confidences),
        ratio=ratio(sums, confidences),
    )


def amounts(stratum: Stratum, answers: Sequence[Answer]) -> Amounts:
    """The sums of one stratum."""
    pairs = [(a.examined_cents, a.difference_cents) for a in answers]
    return Amounts(
        stratum.lines,
        len(pairs),
        sum(x for x, _ in pairs),
        sum(d for _, d in pairs),
        sum(x * x for x, _ in pairs),
        sum(d * d for _, d in pairs),
        sum(x * d for x, d in pairs),
    )


def total(strata: Sequence[Amounts], confidences: Sequence[float]) -> Estimate:
    """The total difference of the frame, in dollars."""
    point = _sum(Fraction(s.lines * s.difference, s.sampled) for s in strata)
    return _told(strata, point / 100, Fraction(0), Fraction(100), confidences)


def ratio(strata: Sequence[Amounts], confidences: Sequence[float]) -> Estimate | None:
    """The difference as a share of the amount examined; None where that is nothing."""
    examined = _sum(Fraction(s.lines * s.examined, s.sampled) for s in strata)
    if not examined:
        return None
    difference = _sum(Fraction(s.lines * s.difference, s.sampled) for s in strata)
    share = difference / examined
    return _told(strata, share, share, examined, confidences)


def _told(
    strata: Sequence[Amounts],
    point: Fraction,
    share: Fraction,
    unit: Fraction,
    confidences: Sequence[float],
) -> Estimate:
    """An estimate from the spread of difference - share * examined about its stratum's mean."""
    open_ = [s for s in strata if s.sampled < s.lines]
    if not open_:
        return Estimate(float(point), 0.0, 0, (), WHOLE)
    if any(s.sampled == 1 for s in open_):
        return Estimate(float(point), None, 0, (), ALONE)
    parts = [_variance(s, share) / unit**2 for s in open_]
    variance, df = _sum(parts), sum(s.sampled - 1 for s in open_)
    if not variance:
        return Estimate(float(point), None, df, (), ALIKE)
    spread = math.sqrt(variance)
    effective = None
    if len(strata) > 1:
        weights = [part**2 / (s.sampled - 1) for part, s in zip(parts, open_, strict=True)]
        effective = float(variance**2 / sum(weights))
    limits = tuple(limits_of(float(point), spread, df, c) for c in confidences)
    return Estimate(float(point), spread, df, limits, satterthwaite=effective)


def _variance(s: Amounts, share: Fraction) -> Fraction:
    """Of the stratum's part of the total, in cents squared."""
    n = s.sampled
    squares = (
        (s.difference_squared - Fraction(s.difference**2, n))
        - 2 * share * (s.product - Fraction(s.difference * s.examined, n))
        + share**2 * (s.examined_squared - Fraction(s.examined**2, n))
    )
    return Fraction(s.lines * (s.lines - n), n) * squares / (n - 1)


def limits_of(point: float, spread: float, df: float, percent: float) -> Limits:
    """Limits by Student's t, one- and two-sided, at a confidence in percent."""
    two = t_quantile((1 + percent / 100) / 2, df)
    one = t_quantile(percent / 100, df)
    return Limits(
        confidence=percent,
        t_two_sided=two,
        precision=two * spread,
        low=point - two * spread,
        high=point + two * spread,
        t_one_sided=one,
        one_sided_low=point - one * spread,
        one_sided_high=point + one * spread,
    )


def skewness(values: Sequence[int]) -> float | None:
    """Fisher's G1; None where all values are alike (Cochran, section 2.15)."""
    n = len(values)
    mean = Fraction(sum(values), n) if n else Fraction(0)
    second = _sum((v - mean) ** 2 for v in values)
    if not second:
        return None
    third = _sum((v - mean) ** 3 for v in values)
    return float(third / n) / math.pow(float(second / n), 1.5)


def _sum(parts: Iterable[Fraction]) -> Fraction:
    return sum(parts, Fraction(0))
