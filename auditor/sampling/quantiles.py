"""Tail probabilities and quantiles of Student's t, the beta, and counts in a sample.

Written out here because the program carries no statistics package. Every function is pure and
good to 1e-9 over what a sample of claims asks for (tests/sampling/test_quantiles.py holds them
against published tables, closed forms and exact fractions).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TINY = 1e-300
_CLOSE = 1e-16
_HALVINGS = 200
_LARGE = 100.0
_STIRLING = ((1 / 12, 1), (-1 / 360, 3), (1 / 1260, 5))
_NEGLIGIBLE = 1e-25
"""Probabilities smaller than this, beside the most probable count, are left out of a sum."""


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0.

    By its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22), evaluated
    with Lentz's method on the side where it converges fast.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) - math.log(a) - _log_beta(a, b)
    return math.exp(log_front) * _fraction(x, a, b)


def _log_beta(a: float, b: float) -> float:
    """Logarithm of the beta function.

    Of large arguments by Stirling's series, term by term, since log-gammas of thousands would
    cancel each other's leading digits (Abramowitz and Stegun, 6.1.41).
    """
    small, large = sorted((a, b))
    if large < _LARGE:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    both = small + large
    series = sum(c * (large**-k - both**-k) for c, k in _STIRLING)
    fall = (0.5 - large) * math.log1p(small / large) - small * math.log(both) + small
    return math.lgamma(small) + fall + series


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1.0 / _not_zero(1.0 + step * d)
            c = _not_zero(1.0 + step / c)
            value *= c * d
        if abs(c * d - 1.0) < _CLOSE * 4:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _root(rises_to: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a rising function reaches `wanted`, by halving."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if rises_to(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p."""
    return _root(lambda x: beta_cdf(x, a, b), p, 0.0, 1.0)


def t_tail(t: float, df: float) -> float:
    """Probability that Student's t with `df` degrees of freedom exceeds `t` (t >= 0)."""
    return beta_cdf(df / (df + t * t), df / 2, 0.5) / 2


def t_quantile(p: float, df: float) -> float:
    """The value that Student's t with `df` degrees of freedom stays below with probability p."""
    if p < 0.5:  # noqa: PLR2004 - the median, about which t is symmetric
        return -t_quantile(1 - p, df)
    high = 1.0
    while t_tail(high, df) > 1 - p:
        high *= 2
    return _root(lambda t: -t_tail(t, df), -(1 - p), 0.0, high)


def clopper_pearson(errors: int, sample: int, confidence: float) -> tuple[float, float]:
    """Two-sided exact limits of a proportion when sampling from an endless population.

    Clopper and Pearson, Biometrika 26 (1934), 404-413; as beta quantiles.
    """
    tail = (1 - confidence) / 2
    low = beta_quantile(tail, errors, sample - errors + 1) if errors else 0.0
    high = beta_quantile(1 - tail, errors + 1, sample - errors) if errors < sample else 1.0
    return low, high


def count_at_most(errors: int, population: int, wrong: int, sample: int) -> float:
    """Probability of `errors` or fewer in a sample without replacement.

    `wrong` of the `population` are in error and `sample` of it are drawn: the hypergeometric
    distribution, summed from its most probable count outwards, so that nothing large cancels.
    """
    return _split(errors, population, wrong, sample)[0]


def count_at_least(errors: int, population: int, wrong: int, sample: int) -> float:
    """Probability of `errors` or more; see `count_at_most`."""
    return _split(errors - 1, population, wrong, sample)[1]


def _split(at: int, population: int, wrong: int, sample: int) -> tuple[float, float]:
    """Probabilities of `at` or fewer, and of more."""
    least, most = max(0, sample - (population - wrong)), min(sample, wrong)
    mode = min(most, max(least, (sample + 1) * (wrong + 1) // (population + 2)))
    below: list[float] = []
    above: list[float] = []

    def put(count: int, weight: float) -> None:
        (below if count <= at else above).append(weight)

    put(mode, 1.0)
    weight, k = 1.0, mode
    while k < most and weight > _NEGLIGIBLE:
        right = (wrong - k) * (sample - k)
        weight *= right / ((k + 1) * (population - wrong - sample + k + 1))
        k += 1
        put(k, weight)
    weight, k = 1.0, mode
    while k > least and weight > _NEGLIGIBLE:
        left = k * (population - wrong - sample + k)
        weight *= left / ((wrong - k + 1) * (sample - k + 1))
        k -= 1
        put(k, weight)
    low, high = math.fsum(below), math.fsum(above)
    return low / (low + high), high / (low + high)


def hypergeometric_limits(
    errors: int, sample: int, population: int, confidence: float
) -> tuple[int, int]:
    """Two-sided exact limits of the number in error in a finite population.

    The lower limit is the smallest number with which `errors` or more still come in a sample of
    this size with a probability above (1 - confidence) / 2; the upper limit is the largest number
    with which `errors` or fewer do (Cochran, Sampling Techniques, 3rd ed., section 3.6; Wright,
    Exact Confidence Bounds when Sampling from Small Finite Universes, 1991).
    """
    tail = (1 - confidence) / 2
    least, most = errors, population - (sample - errors)
    low = _first(least, most, lambda a: count_at_least(errors, population, a, sample) > tail)
    beyond = _first(least, most + 1, lambda a: count_at_most(errors, population, a, sample) <= tail)
    return low, max(beyond - 1, low)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number from `low` on for which `holds`, which stays so; `high` where none does."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
