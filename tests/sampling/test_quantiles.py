"""Quantiles against published tables, closed forms and exact fractions."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sampling.quantiles import (
    beta_cdf,
    beta_quantile,
    clopper_pearson,
    count_at_least,
    count_at_most,
    hypergeometric_limits,
    t_quantile,
    t_tail,
)

# Upper tail 0.10, 0.05, 0.025, 0.01, 0.005 by degrees of freedom: NIST/SEMATECH e-Handbook of
# Statistical Methods, table 1.3.6.7.2, "Upper critical values of Student's t distribution".
T_TABLE = {
    1: (3.078, 6.314, 12.706, 31.821, 63.657),
    2: (1.886, 2.920, 4.303, 6.965, 9.925),
    3: (1.638, 2.353, 3.182, 4.541, 5.841),
    5: (1.476, 2.015, 2.571, 3.365, 4.032),
    10: (1.372, 1.812, 2.228, 2.764, 3.169),
    29: (1.311, 1.699, 2.045, 2.462, 2.756),
    30: (1.310, 1.697, 2.042, 2.457, 2.750),
    60: (1.296, 1.671, 2.000, 2.390, 2.660),
    100: (1.290, 1.660, 1.984, 2.364, 2.626),
}
TAILS = (0.10, 0.05, 0.025, 0.01, 0.005)

# The same tails with more decimals, as a textbook table of the t distribution prints them.
T_SIX_DECIMALS = [
    (0.10, 1, 3.077684),
    (0.05, 1, 6.313752),
    (0.10, 2, 1.885618),
    (0.05, 2, 2.919986),
    (0.10, 5, 1.475884),
    (0.05, 5, 2.015048),
    (0.10, 8, 1.396815),
    (0.05, 8, 1.859548),
    (0.10, 10, 1.372184),
    (0.05, 10, 1.812461),
]


@pytest.mark.parametrize("df", T_TABLE)
def test_t_as_in_the_nist_handbook(df: int) -> None:
    assert [round(t_quantile(1 - tail, df), 3) for tail in TAILS] == list(T_TABLE[df])


@pytest.mark.parametrize(("tail", "df", "printed"), T_SIX_DECIMALS)
def test_t_with_six_decimals(tail: float, df: int, printed: float) -> None:
    assert t_quantile(1 - tail, df) == pytest.approx(printed, abs=6e-7)


@pytest.mark.parametrize("p", [0.5001, 0.6, 0.75, 0.9, 0.95, 0.975, 0.995, 0.9995])
def test_t_where_it_has_a_closed_form(p: float) -> None:
    """1 degree of freedom is Cauchy's distribution; 2 and 4 have algebraic quantiles."""
    assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-9)
    alpha = 4 * p * (1 - p)
    assert t_quantile(p, 2) == pytest.approx(2 * (p - 0.5) * math.sqrt(2 / alpha), rel=1e-9)
    q = math.cos(math.acos(math.sqrt(alpha)) / 3) / math.sqrt(alpha)
    assert t_quantile(p, 4) == pytest.approx(2 * math.sqrt(q - 1), rel=1e-9)


def test_t_is_symmetric_and_becomes_the_normal() -> None:
    assert t_quantile(0.05, 7) == -t_quantile(0.95, 7)
    assert t_quantile(0.5, 7) == pytest.approx(0, abs=1e-12)
    # the normal quantile of 0.95, and the first term by which t differs from it, (z^3 + z) / 4 df
    z = 1.6448536269514722
    assert t_quantile(0.95, 1e6) == pytest.approx(z + (z**3 + z) / 4e6, abs=1e-10)


@given(st.floats(0.001, 0.999), st.integers(1, 40), st.integers(1, 40))
def test_beta_is_a_binomial_tail(x: float, a: int, b: int) -> None:
    """I_x(a, b) is the probability of a or more in a + b - 1 trials: summed in exact fractions."""
    share, trials = Fraction(x), a + b - 1
    exact = sum(
        math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(a, trials + 1)
    )
    assert beta_cdf(x, a, b) == pytest.approx(float(exact), rel=1e-9, abs=1e-14)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.5, 500), st.floats(0.5, 500))
def test_beta_quantile_is_the_inverse(p: float, a: float, b: float) -> None:
    assert beta_cdf(beta_quantile(p, a, b), a, b) == pytest.approx(p, rel=1e-9, abs=1e-11)


@given(st.floats(0.51, 0.9999), st.floats(0.7, 5000))
def test_t_quantile_is_the_inverse(p: float, df: float) -> None:
    assert t_tail(t_quantile(p, df), df) == pytest.approx(1 - p, rel=1e-9)


@given(st.data())
def test_the_hypergeometric_is_what_counting_says(data: st.DataObject) -> None:
    population = data.draw(st.integers(1, 200))
    wrong = data.draw(st.integers(0, population))
    sample = data.draw(st.integers(0, population))
    at = data.draw(st.integers(-1, sample + 1))
    ways = [
        math.comb(wrong, k) * math.comb(population - wrong, sample - k) for k in range(sample + 1)
    ]
    exact = Fraction(sum(ways[: max(0, at + 1)]), math.comb(population, sample))
    assert count_at_most(at, population, wrong, sample) == pytest.approx(
        float(exact), rel=1e-9, abs=1e-15
    )
    assert count_at_least(at + 1, population, wrong, sample) == pytest.approx(
        float(1 - exact), rel=1e-9, abs=1e-15
    )


# ExactCIone (an R package on CRAN, its README): WhyperCI_M_lower and WhyperCI_M_upper for 50 drawn
# of 2,000, one-sided 95% limits of Konijn (1973), of the number in error for 0 to 50 found. The two
# one-sided limits at 95% are the two-sided ones at 90%.
LOWER = (
    0, 3, 15, 34, 57, 82, 109, 137, 166, 197, 228, 259, 292, 325, 358, 393, 427, 462, 497, 533, 569,
    606, 643, 680, 718, 756, 794, 833, 872, 911, 951, 991, 1032, 1073, 1114, 1156, 1198, 1241, 1284,
    1328, 1372, 1417, 1463, 1509, 1557, 1605, 1655, 1707, 1761, 1819, 1886,
)  # fmt: skip
UPPER = (
    114, 181, 239, 293, 345, 395, 443, 491, 537, 583, 628, 672, 716, 759, 802, 844, 886, 927, 968,
    1009, 1049, 1089, 1128, 1167, 1206, 1244, 1282, 1320, 1357, 1394, 1431, 1467, 1503, 1538, 1573,
    1607, 1642, 1675, 1708, 1741, 1772, 1803, 1834, 1863, 1891, 1918, 1943, 1966, 1985, 1997, 2000,
)  # fmt: skip


def test_exact_limits_of_a_finite_population_as_published() -> None:
    told = [hypergeometric_limits(x, 50, 2000, 0.90) for x in range(51)]
    assert [low for low, _ in told] == list(LOWER)
    assert [high for _, high in told] == list(UPPER)


def test_exact_limits_of_another_package() -> None:
    """samplingbook (R, CRAN; Kauermann and Kuechenhoff, Stichproben, 2010): its README prints 110
    to 161 for 45 of 100, drawn of 300, at 95%: the last numbers that are ruled out on each side,
    where the convention here is the first that are not."""
    assert hypergeometric_limits(45, 100, 300, 0.95) == (110 + 1, 161 - 1)


def test_clopper_and_pearson_as_published() -> None:
    """ExactCIone's README: WbinoCI_lower for 5 trials, which are the lower limits of 95%."""
    printed = (0.0, 0.005050763, 0.052744951, 0.146632800, 0.283582064, 0.478176250)
    lower = [clopper_pearson(x, 5, 0.95)[0] for x in range(6)]
    assert lower == pytest.approx(printed, abs=5e-9)
    upper = [clopper_pearson(x, 5, 0.95)[1] for x in range(6)]
    assert upper == pytest.approx([1 - low for low in reversed(lower)], abs=1e-12)


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95])
@pytest.mark.parametrize(("population", "sample"), [(10, 4), (23, 7), (40, 12), (30, 30), (9, 1)])
def test_exact_limits_hold_as_often_as_they_say(
    population: int, sample: int, confidence: float
) -> None:
    """Over all possible samples of every possible population, counted and not simulated."""
    limits = [hypergeometric_limits(x, sample, population, confidence) for x in range(sample + 1)]
    for wrong in range(population + 1):
        held = sum(
            math.comb(wrong, x) * math.comb(population - wrong, sample - x)
            for x in range(sample + 1)
            if limits[x][0] <= wrong <= limits[x][1]
        )
        assert held / math.comb(population, sample) >= confidence


def test_a_finite_frame_has_narrower_limits_than_an_endless_one() -> None:
    for errors in range(31):
        low, high = hypergeometric_limits(errors, 30, 200, 0.9)
        endless = clopper_pearson(errors, 30, 0.9)
        assert (high - low) / 200 <= endless[1] - endless[0] + 1e-9


def test_nothing_is_uncertain_of_a_whole_frame() -> None:
    assert hypergeometric_limits(7, 30, 30, 0.95) == (7, 7)
