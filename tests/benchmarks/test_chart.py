"""The chart of cost against size: every point where its figures say, and well-formed."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, chart, figure

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
