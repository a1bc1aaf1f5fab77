"""What a run was built on: cases with names, and random histories against a slow model."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from auditor.nightly.lineage import Lineage, Made


def test_nights_build_on_each_other() -> None:
    line = Lineage([Made(1, None, None), Made(2, 1, None), Made(5, 2, None)])
    assert line.standing == (1, 2, 5)
    assert line.before(5) == (1, 2)
    assert line.before(1) == ()


def test_a_rerun_of_the_last_run_takes_its_place() -> None:
    line = Lineage([Made(1, None, None), Made(2, 1, None), Made(3, 1, 2), Made(4, 3, None)])
    assert line.standing == (1, 3, 4)
    assert line.before(3) == (1,)
    assert (line.origin(3), line.versions(2)) == (2, (2, 3))


def test_a_rerun_of_several_stands_when_the_last_of_them_is_made() -> None:
    made = [Made(1, None, None), Made(2, 1, None), Made(3, 2, None), Made(4, 1, 2)]
    assert Lineage(made).standing == (1, 2, 3)
    made.append(Made(5, 4, 3))
    assert Lineage(made).standing == (1, 4, 5)
    assert Lineage(made).before(3) == (1, 2)


def test_a_night_between_is_to_be_audited_again_too() -> None:
    made = [Made(1, None, None), Made(2, 1, None), Made(3, None, 1), Made(4, 2, None)]
    made.append(Made(5, 3, 2))
    assert Lineage(made).standing == (1, 2, 4)
    made.append(Made(6, 5, 4))
    assert Lineage(made).standing == (3, 5, 6)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Made, tuple[int, ...]]]:
    """Runs as nights and reruns make them, some of these broken off; each with what stands then."""
    made: list[tuple[Made, tuple[int, ...]]] = []
    standing: list[int] = []

    def add(base: int | None, rerun_of: int | None) -> int:
        run = len(made) + 1
        made.append((Made(run, base, rerun_of), ()))
        return run

    def told() -> None:
        made[-1] = (made[-1][0], tuple(standing))

    for step in draw(st.lists(st.integers(0, 5), min_size=1, max_size=12)):
        if step < 3 or not standing:
            standing.append(add(standing[-1] if standing else None, None))
            told()
            continue
        place = draw(st.integers(0, len(standing) - 1))
        chain = standing[:place]
        until = draw(st.integers(1, len(standing) - place)) if step == 5 else len(standing) - place
        for old in standing[place : place + until]:
            chain = [*chain, add(chain[-1] if chain else None, old)]
            if len(chain) == len(standing):
                standing = chain
            told()
    return made


@given(histories())
def test_what_stands_is_what_was_made_last_as_a_whole(
    history: list[tuple[Made, tuple[int, ...]]],
) -> None:
    for n, (_, standing) in enumerate(history, start=1):
        line = Lineage(made for made, _ in history[:n])
        assert line.standing == standing
    for made, _ in history:
        chain = (*line.before(made.run), made.run)
        # of two runs of a chain the one that came later has the greater number
        assert all(a < b for a, b in pairwise(chain))
        assert all(a < b for a, b in pairwise(line.origins(chain)))
