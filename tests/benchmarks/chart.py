"""A chart of cost against size as SVG: seconds over lines, both by powers of ten.

    python chart.py --figures SMALL.json MILLION.json FULL.json --out reports/cost.svg

The figures are what run.py and full.py write (--out). Only what Python brings is imported.
"""

from __future__ import annotations

import argparse
import json
import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 56, 56
COLOURS = ("#1f4e79", "#b85c00", "#4d7c0f", "#6b2d7b")
"""Dark enough on white, and told apart by their marks too."""
MARKS = ("circle", "square", "diamond", "triangle")
OURS, THEIRS = "auditor, all rules", "DuckDB, three kinds"
"""What the chart calls the two."""
_SHORT = {3: "k", 6: "M", 9: "G"}


def chart(
    title: str, x_name: str, y_name: str, lines: Mapping[str, Sequence[tuple[float, float]]]
) -> str:
    """An SVG of `lines`: name -> points (x, y), all above zero. Raises ValueError without any."""
    points = [point for each in lines.values() for point in each]
    if not points or min(min(point) for point in points) <= 0:
        raise ValueError("A chart by powers of ten needs points above zero.")
    across, up = (_span([point[axis] for point in points]) for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + _share(x, across) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - _share(y, up) * (HEIGHT - TOP - BOTTOM),
        )

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' aria-label="{escape(title)}" font-family="sans-serif" font-size="13">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16" font-weight="bold">{escape(title)}</text>',
        *_grid(across, up, place(10 ** across[0], 10 ** up[0])),
        (
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 14}"'
            f' text-anchor="middle">{escape(x_name)}</text>'
        ),
        (
            f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)"'
            f' text-anchor="middle">{escape(y_name)}</text>'
        ),
    ]
    for number, (name, each) in enumerate(lines.items()):
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        placed = [place(*point) for point in sorted(each)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [_mark(mark, x, y, colour) for x, y in placed]
        key = TOP + 12 + 24 * number
        parts.append(_mark(mark, WIDTH - RIGHT + 22, key - 4, colour))
        parts.append(f'<text x="{WIDTH - RIGHT + 34}" y="{key}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _span(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around `values`."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _share(value: float, span: tuple[int, int]) -> float:
    return (math.log10(value) - span[0]) / (span[1] - span[0])


def _grid(across: tuple[int, int], up: tuple[int, int], zero: tuple[float, float]) -> Iterator[str]:
    """Lines and figures at each power of ten."""
    x0, y0 = zero
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    for power in range(across[0], across[1] + 1):
        x = x0 + wide * (power - across[0]) / (across[1] - across[0])
        yield f'<path d="M{x:.1f} {y0:.1f} v{-high}" stroke="#d9d9d9"/>'
        yield f'<text x="{x:.1f}" y="{y0 + 20:.1f}" text-anchor="middle">{figure(power)}</text>'
    for power in range(up[0], up[1] + 1):
        y = y0 - high * (power - up[0]) / (up[1] - up[0])
        yield f'<path d="M{x0:.1f} {y:.1f} h{wide}" stroke="#d9d9d9"/>'
        yield f'<text x="{x0 - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{figure(power)}</text>'


def figure(power: int) -> str:
    """Ten to the `power`, short: 0.1, 10, 1k, 100M."""
    if power < 0:
        return f"{10.0**power:g}"
    thousands = min(power // 3 * 3, 9)
    return f"{10 ** (power - thousands)}{_SHORT.get(thousands, '')}"


def _mark(kind: str, x: float, y: float, colour: str) -> str:
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    steps = {
        "square": "M-4 -4 h8 v8 h-8 z",
        "diamond": "M0 -6 l6 6 l-6 6 l-6 -6 z",
        "triangle": "M0 -6 l6 10 h-12 z",
    }
    return f'<path transform="translate({x:.1f} {y:.1f})" d="{steps[kind]}" fill="{colour}"/>'


def lines_of(told: Mapping[str, Any]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Name and point (lines, seconds) of each measured process in the figures of run or full."""
    for row in told.get("rows", ()):
        yield OURS, (row["lines"], row["seconds"])
        if "duckdb" in row:
            yield THEIRS, (row["lines"], row["duckdb"]["seconds"])
    for name, cost in told.get("costs", {}).items():
        if name in {"auditor", "(b) DuckDB SQL"}:
            yield OURS if name == "auditor" else THEIRS, (told["lines"], cost["seconds"])


def main() -> None:
    """Draw what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    lines: dict[str, list[tuple[float, float]]] = {}
    for path in given.figures:
        for name, point in lines_of(json.loads(path.read_text(encoding="utf-8"))):
            lines.setdefault(name, []).append(point)
    text = chart("Cost of an audit against its size", "claim lines", "seconds", lines)
    given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
