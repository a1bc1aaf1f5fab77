"""The estimators against published worked examples, and against counting all possible samples."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sampling.attribute import Counts, error_rate
from auditor.sampling.quantiles import hypergeometric_limits
from auditor.sampling.variable import ALIKE, ALONE, WHOLE, money, skewness

if TYPE_CHECKING:
    from tests.sampling.conftest import Make

# Levy and Lemeshow, Sampling of Populations, p. 106, as UCLA's statistical consulting group works
# it in Stata: 6 of 54, total 729, standard error 85.94882, 95% limits 508.0615 and 949.9385.
LEVY = [15, 13, 12, 10, 21, 10]
# Lehtonen and Pahkinen, Practical Methods for Design and Analysis of Complex Surveys, p. 46, the
# same way: 2 of 8 and 6 of 24, total 23580, standard error 11801.49, 6 degrees of freedom, 95%
# limits -5297.209 and 52457.21.
LEHTONEN = [[4123, 721], [194, 129, 239, 61, 262, 166]]
# The same book, p. 102, worked by UCLA in SAS: 8 of 32; unemployed 26440 (13282), households 164952
# (87299), ratio 6610 / 41238 = .16028905.
UNEMPLOYED = [4123, 760, 721, 142, 187, 331, 127, 219]
HOUSEHOLDS = [26881, 4896, 3730, 556, 1463, 1946, 834, 932]
# Scheaffer, Mendenhall and Ott, Elementary Survey Sampling, exercise 6.1: 12 of 250 trees; a worked
# solution has r = 21.1940, the variance of the residuals 1.750299, that of the total 8678.564.
BASAL_TENTHS = [3, 5, 4, 9, 7, 2, 6, 5, 8, 4, 8, 6]
VOLUME = [6, 9, 7, 19, 15, 5, 12, 9, 20, 9, 18, 13]


def alone(values: list[int]) -> list[tuple[int, int]]:
    """Values as differences of which the whole amount is wrong."""
    return [(v, v) for v in values]


def test_a_total_as_published(make: type[Make]) -> None:
    total = money(make.strata(54), make.answers(alone(LEVY)), [95]).total
    assert total.point == 729
    assert total.standard_error == pytest.approx(85.94882, abs=5e-6)
    (limits,) = total.limits
    assert (limits.low, limits.high) == pytest.approx((508.0615, 949.9385), abs=5e-5)
    assert total.df == 5


def test_a_stratified_total_as_published(make: type[Make]) -> None:
    total = money(make.strata(8, 24), make.answers(*map(alone, LEHTONEN)), [95]).total
    assert total.point == 23580
    assert total.standard_error == pytest.approx(11801.49, abs=5e-3)
    assert total.df == 6
    (limits,) = total.limits
    assert limits.low == pytest.approx(-5297.209, abs=5e-4)
    assert limits.high == pytest.approx(52457.21, abs=5e-3)


def test_a_ratio_and_its_totals_as_published(make: type[Make]) -> None:
    pairs = list(zip(HOUSEHOLDS, UNEMPLOYED, strict=True))
    found = money(make.strata(32), make.answers(pairs), [95])
    assert (found.total.point, round(found.total.standard_error or 0)) == (26440, 13282)
    assert found.ratio is not None
    assert found.ratio.point == pytest.approx(0.16028905, abs=5e-9)
    households = money(make.strata(32), make.answers(alone(HOUSEHOLDS)), [95]).total
    assert (households.point, round(households.standard_error or 0)) == (164952, 87299)


def test_the_spread_of_a_ratio_as_published(make: type[Make]) -> None:
    pairs = list(zip(BASAL_TENTHS, VOLUME, strict=True))
    ratio = money(make.strata(250), make.answers(pairs), [95]).ratio
    assert ratio is not None
    assert ratio.point * 10 == pytest.approx(21.1940, abs=5e-5)
    # the solution tells the variance for the known mean of x; that of the ratio is it over (N x)^2
    mean = sum(BASAL_TENTHS) / 12
    spread = (ratio.standard_error or 0) * 250 * mean
    assert spread**2 == pytest.approx(8678.564, abs=5e-4)


def test_limits_are_those_of_the_table(make: type[Make]) -> None:
    """With the t of NIST's table: 2.015 and 1.476 for 5 degrees of freedom."""
    total = money(make.strata(54), make.answers(alone(LEVY)), [80, 90]).total
    eighty, ninety = total.limits
    assert ninety.precision == pytest.approx(2.015 * 85.94882, abs=0.05)
    assert eighty.low == pytest.approx(729 - 1.476 * 85.94882, abs=0.05)
    assert ninety.one_sided_low == pytest.approx(eighty.low)  # 90% on one side is 80% on two
    assert ninety.one_sided_high == pytest.approx(eighty.high)


POPULATION = [(100, 0), (250, 250), (80, -20), (40, 40), (500, 125), (60, 0), (90, 90)]


@pytest.mark.parametrize("size", [2, 3, 5])
def test_without_bias_over_all_samples(make: type[Make], size: int) -> None:
    """Mean estimate = the truth; mean of their variances = the variance of the estimates."""
    true = sum(d for _, d in POPULATION)
    points, variances = [], []
    for chosen in combinations(POPULATION, size):
        total = money(make.strata(len(POPULATION)), make.answers(list(chosen)), []).total
        points.append(total.point)
        variances.append((total.standard_error or 0) ** 2)
    assert math.fsum(points) / len(points) == pytest.approx(true)
    spread = math.fsum((p - true) ** 2 for p in points) / len(points)
    assert math.fsum(variances) / len(variances) == pytest.approx(spread)


def test_without_bias_over_all_stratified_samples(make: type[Make]) -> None:
    first, second = POPULATION[:4], [*POPULATION[4:], (10, 5)]
    true = sum(d for _, d in first + second)
    points, variances, rates = [], [], []
    for one, two in product(combinations(first, 2), combinations(second, 3)):
        answers = make.answers(list(one), list(two))
        total = money(make.strata(4, 4), answers, []).total
        points.append(total.point)
        variances.append((total.standard_error or 0) ** 2)
        wrong = [sum(d != 0 for _, d in pairs) for pairs in (one, two)]
        counts = [Counts(4, 2, wrong[0]), Counts(4, 3, wrong[1])]
        told = error_rate(counts, [90])
        rates.append((told.rate, told.standard_error or 0))
    assert math.fsum(points) / len(points) == pytest.approx(true)
    spread = math.fsum((p - true) ** 2 for p in points) / len(points)
    assert math.fsum(variances) / len(variances) == pytest.approx(spread)
    share = sum(d != 0 for _, d in first + second) / 8
    assert math.fsum(r for r, _ in rates) / len(rates) == pytest.approx(share)
    spread = math.fsum((r - share) ** 2 for r, _ in rates) / len(rates)
    assert math.fsum(s**2 for _, s in rates) / len(rates) == pytest.approx(spread)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(-(10**6), 10**6)), min_size=2, max_size=12
    ),
    st.integers(1, 50),
)
def test_the_order_of_answers_changes_nothing(
    make: type[Make], pairs: list[tuple[int, int]], more: int
) -> None:
    strata = make.strata(len(pairs) + more)
    one = money(strata, make.answers(pairs), [90])
    other = money(strata, make.answers(pairs[::-1]), [90])
    assert (one.total, one.ratio, one.skewness) == (other.total, other.ratio, other.skewness)


def test_all_correct(make: type[Make]) -> None:
    found = money(make.strata(100), make.answers([(50, 0)] * 10), [90])
    assert (found.total.point, found.total.limits, found.total.why) == (0, (), ALIKE)
    assert found.total.standard_error is None
    rate = error_rate([Counts(100, 10, 0)], [90])
    (limits,) = rate.limits
    assert (rate.rate, limits.lines_low) == (0, 0)
    assert limits.lines_high == hypergeometric_limits(0, 10, 100, 0.9)[1] > 0


def test_all_in_error_by_the_whole_amount(make: type[Make]) -> None:
    found = money(make.strata(100), make.answers([(50, 50), (70, 70), (10, 10)]), [90])
    assert found.ratio is not None
    assert (found.ratio.point, found.ratio.limits, found.ratio.why) == (1, (), ALIKE)
    assert found.total.limits  # the amounts do differ
    (limits,) = error_rate([Counts(100, 3, 3)], [90]).limits
    assert limits.lines_high == 100 > limits.lines_low > 3


def test_nothing_billed(make: type[Make]) -> None:
    found = money(make.strata(9), make.answers([(0, 0), (0, -5), (0, 0)]), [90])
    assert found.ratio is None
    assert found.total.point == pytest.approx(-15)
    assert (found.overpaid, found.underpaid, found.nonzero) == (0, 5, 1)


def test_the_whole_frame_has_no_sampling_error(make: type[Make]) -> None:
    found = money(make.strata(3), make.answers([(9, 3), (9, 0), (9, 9)]), [90])
    assert (found.total.point, found.total.standard_error, found.total.why) == (12, 0, WHOLE)
    rate = error_rate([Counts(3, 3, 2)], [90])
    assert rate.standard_error == 0
    assert (rate.limits[0].lines_low, rate.limits[0].lines_high) == (2, 2)


def test_one_line_of_several_tells_no_spread(make: type[Make]) -> None:
    found = money(make.strata(30, 5), make.answers([(9, 3), (9, 0)], [(9, 9)]), [90])
    assert (found.total.standard_error, found.total.limits, found.total.why) == (None, (), ALONE)
    assert error_rate([Counts(30, 2, 1), Counts(5, 1, 1)], [90]).standard_error is None


def test_a_stratum_of_one_line_is_examined_whole(make: type[Make]) -> None:
    with_it = money(make.strata(30, 1), make.answers([(9, 3), (9, 0)], [(500, 500)]), [90]).total
    without = money(make.strata(30), make.answers([(9, 3), (9, 0)]), [90]).total
    assert with_it.point == pytest.approx(without.point + 500)
    assert with_it.standard_error == pytest.approx(without.standard_error)
    assert with_it.df == without.df == 1


def test_strata_without_an_error_have_no_approximate_limits() -> None:
    strata = [Counts(50, 5, 0), Counts(60, 6, 0)]
    (limits,) = error_rate(strata, [90]).limits
    assert limits.approximate is None
    own = [hypergeometric_limits(0, s.sampled, s.lines, 0.95)[1] for s in strata]
    assert (limits.lines_low, limits.lines_high) == (0, sum(own))


def test_satterthwaite_of_strata_alike_and_unlike(make: type[Make]) -> None:
    alike = [(10, 0), (10, 5), (10, 10), (10, 5)]
    same = money(make.strata(40, 40), make.answers(alike, alike), [90]).total
    assert same.satterthwaite == pytest.approx(6)  # equal parts: all degrees of freedom count
    wild = [(0, 0), (9000, 9000), (0, 0), (9000, 9000)]
    unlike = money(make.strata(40, 40), make.answers(alike, wild), [90]).total
    assert unlike.satterthwaite == pytest.approx(3, abs=0.01)


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=9))
def test_skewness_is_fishers(values: list[int]) -> None:
    told = skewness(values)
    mean = Fraction(sum(values), len(values))
    if len(set(values)) == 1:
        assert told is None
        return
    moments = [float(sum((v - mean) ** k for v in values) / len(values)) for k in (2, 3)]
    assert told == pytest.approx(moments[1] / moments[0] ** 1.5, rel=1e-9, abs=1e-12)
