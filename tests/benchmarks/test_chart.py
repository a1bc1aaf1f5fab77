"""The chart of cost against size: every point where its figures say, and well-formed."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest


def loaded() -> Any:  # noqa: ANN401 - a module
    """The script; its folder stays off the path: names there are those of folders of tests too."""
    spec = spec_from_file_location("chart", Path(__file__).with_name("chart.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


drawn = loaded()
chart, figure, lines_of = drawn.chart, drawn.figure, drawn.lines_of
LEFT, RIGHT, TOP, BOTTOM = drawn.LEFT, drawn.RIGHT, drawn.TOP, drawn.BOTTOM
WIDTH, HEIGHT, OURS, THEIRS = drawn.WIDTH, drawn.HEIGHT, drawn.OURS, drawn.THEIRS
SVG = "{http://www.w3.org/2000/svg}"


def test_points_lie_where_their_figures_say() -> None:
    told = chart("A & B", "lines", "seconds", {"ours": [(10, 1), (1000, 100)], "peer": [(100, 10)]})
    root = ET.fromstring(told)  # noqa: S314 - it was made here
    first, second = (line.attrib["points"] for line in root.iter(f"{SVG}polyline"))
    middle = f"{(LEFT + WIDTH - RIGHT) / 2:.1f},{(TOP + HEIGHT - BOTTOM) / 2:.1f}"
    ends = f"{LEFT:.1f},{HEIGHT - BOTTOM:.1f} {WIDTH - RIGHT:.1f},{TOP:.1f}"
    assert (first, second) == (ends, middle)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words[:6] == ["A & B", "10", "100", "1k", "1", "10"]
    assert {"ours", "peer", "lines", "seconds"} <= set(words)


@pytest.mark.parametrize(
    ("power", "told"), [(-1, "0.1"), (0, "1"), (3, "1k"), (5, "100k"), (8, "100M"), (10, "10G")]
)
def test_powers_of_ten_are_short(power: int, told: str) -> None:
    assert figure(power) == told


@pytest.mark.parametrize("lines", [{}, {"none": []}, {"zero": [(1, 0)]}])
def test_what_has_no_place_is_refused(lines: dict[str, list[tuple[float, float]]]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        chart("", "", "", lines)


def test_the_figures_of_both_benchmarks_are_read() -> None:
    full = {"rows": [{"lines": 10, "seconds": 2.0, "duckdb": {"seconds": 1.0}}]}
    costs = {"auditor": {"seconds": 0.5}, "(b) DuckDB SQL": {"seconds": 0.2}, "(a)": {"seconds": 9}}
    assert list(lines_of(full)) == [(OURS, (10, 2.0)), (THEIRS, (10, 1.0))]
    run = {"lines": 5, "costs": costs}
    assert list(lines_of(run)) == [(OURS, (5, 0.5)), (THEIRS, (5, 0.2))]
