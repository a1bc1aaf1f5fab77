"""Drawing: repeatable, whatever the order; fair; strata get their share."""

from __future__ import annotations

import hashlib
from collections import Counter
from math import comb
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sampling.draw import LEAST, POOLED, allocate, order_key, pool

if TYPE_CHECKING:
    import polars as pl

    from tests.sampling.conftest import Make


def ids(sample: pl.DataFrame) -> list[str]:
    return sample["line_id"].to_list()


def test_the_key_is_the_documented_one() -> None:
    """A fixed value: the draw of a seed must stay the same for ever."""
    line = "0" * 31 + "1"
    assert order_key(7, line) == hashlib.blake2b(b"7|" + line.encode(), digest_size=16).hexdigest()
    assert order_key(7, line) == "1e70e0b22f16abca5abe199f34562f0d"


@pytest.mark.parametrize("by", [None, "rule", "practitioner"])
def test_the_order_of_the_findings_changes_nothing(make: type[Make], by: str | None) -> None:
    found = make.many(120)
    sample, design = make.drawn(found, size=20, by=by)
    for seed in (1, 2, 3):
        again, same = make.drawn(found.sample(fraction=1, shuffle=True, seed=seed), size=20, by=by)
        assert again.equals(sample)
        assert same == design


def test_the_name_of_the_file_changes_nothing_but_where_it_stands(make: type[Make]) -> None:
    found = make.many(60)
    moved = found.with_columns(
        source_file=found["source_file"] + "x", source_row=found["source_row"] + 9
    )
    assert ids(make.drawn(moved)[0]) == ids(make.drawn(found)[0])


def test_another_seed_draws_other_lines(make: type[Make]) -> None:
    found = make.many(200)
    assert len({tuple(ids(make.drawn(found, seed=seed)[0])) for seed in range(50)}) == 50


def test_a_larger_sample_begins_with_the_smaller_one(make: type[Make]) -> None:
    found = make.many(90)
    whole = ids(make.drawn(found, size=90)[0])
    for size in (1, 2, 30, 89):
        assert ids(make.drawn(found, size=size)[0]) == whole[:size]


def test_a_stratum_is_drawn_like_a_frame_of_its_own(make: type[Make]) -> None:
    found = make.many(120)
    sample, design = make.drawn(found, size=24, by="rule")
    for stratum in design.strata:
        own = sample.filter(sample["stratum_number"] == stratum.number)
        assert own.height == stratum.sampled
        assert own["order_key"].is_sorted()
    assert sample["number"].to_list() == list(range(1, 25))
    assert design.sampled == 24
    assert design.lines == 120


def test_every_line_is_as_likely_and_so_is_every_pair() -> None:
    """Pearson's chi-square over 3,000 seeds, against fixed bounds: seeds are numbers in a row, so
    the outcome is the same on every machine. Bounds: 99.9% quantiles of chi-square with 11 and 65
    degrees of freedom, 31.26 and 110.2; under sampling without replacement the statistics of lines
    run lower than that, so the bounds are on the safe side for what they are to find."""
    lines = [f"{n:032x}" for n in range(12)]
    size, rounds = 4, 3000
    single: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for seed in range(rounds):
        first = sorted(sorted(lines, key=lambda i: order_key(seed, i))[:size])
        single.update(first)
        pairs.update((a, b) for at, a in enumerate(first) for b in first[at + 1 :])
    expected = rounds * size / len(lines)
    assert sum((single[i] - expected) ** 2 / expected for i in lines) < 31.26
    expected = rounds * comb(size, 2) / comb(len(lines), 2)
    assert len(pairs) == comb(len(lines), 2)
    assert sum((n - expected) ** 2 / expected for n in pairs.values()) < 110.2


def test_a_frame_smaller_than_the_sample_is_taken_whole(make: type[Make]) -> None:
    sample, design = make.drawn(make.many(9), size=50, by="rule")
    assert sample.height == design.sampled == design.lines == 9
    assert all(s.sampled == s.lines for s in design.strata)


def test_one_line_of_many(make: type[Make]) -> None:
    sample, design = make.drawn(make.many(9), size=1, by="rule")
    assert (sample.height, [s.name for s in design.strata]) == (1, [POOLED])


def test_a_stratum_of_one_line_gives_it(make: type[Make]) -> None:
    rows = [make.finding(n) for n in range(1, 30)] + [make.finding(99, rule_id="XX-1")]
    _, design = make.drawn(make.findings(*rows), size=6, by="rule")
    assert [(s.name, s.lines, s.sampled) for s in design.strata] == [
        ("AOC-1", 29, 5),
        ("XX-1", 1, 1),
    ]


def test_too_many_strata_pool_the_smallest(make: type[Make]) -> None:
    rows = [make.finding(n * 100 + k, rule_id=f"R-{n:02}") for n in range(20) for k in range(n + 1)]
    sample, design = make.drawn(make.findings(*rows), size=10, by="rule")
    assert [s.name for s in design.strata] == ["R-16", "R-17", "R-18", "R-19", POOLED]
    assert [s.sampled for s in design.strata] == [LEAST] * 5
    assert design.lines == len(rows)
    assert set(sample["stratum"]) == {s.name for s in design.strata}


SIZES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(1, 400), min_size=1, max_size=30
)


@given(SIZES, st.integers(1, 3000))
def test_allocations_add_up(sizes: dict[str, int], size: int) -> None:
    size = min(size, sum(sizes.values()))
    kept = pool(sizes, size)
    merged = {name: sizes[name] for name in kept}
    if kept != sizes.keys():
        merged[POOLED] = sum(n for name, n in sizes.items() if name not in kept)
        assert size < sum(min(LEAST, n) for n in sizes.values())
    given_ = allocate(merged, size)
    assert given_.keys() == merged.keys()
    assert sum(given_.values()) == size
    for name, n in merged.items():
        assert given_[name] <= n
        assert given_[name] >= min(LEAST, n) or len(merged) == 1


@given(SIZES, st.integers(60, 3000))
def test_shares_are_in_proportion_where_the_least_does_not_count(
    sizes: dict[str, int], size: int
) -> None:
    size = min(size, sum(sizes.values()))
    of = sum(sizes.values())
    if any(size * n / of < LEAST for n in sizes.values()):
        return
    for name, n in allocate(sizes, size).items():
        assert abs(n - size * sizes[name] / of) < 1


@pytest.mark.parametrize(
    ("sizes", "size", "expected"),
    [
        ({"a": 50, "b": 30, "c": 20}, 10, {"a": 5, "b": 3, "c": 2}),
        ({"a": 1, "b": 3, "c": 996}, 10, {"a": 1, "b": 2, "c": 7}),
        ({"a": 10, "b": 10, "c": 10}, 10, {"a": 4, "b": 3, "c": 3}),  # ties by name
        ({"a": 7}, 1, {"a": 1}),
        ({"a": 2, "b": 2}, 4, {"a": 2, "b": 2}),
    ],
)
def test_allocations(sizes: dict[str, int], size: int, expected: dict[str, int]) -> None:
    assert allocate(sizes, size) == expected
