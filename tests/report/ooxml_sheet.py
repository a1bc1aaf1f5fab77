"""One worksheet held against ECMA-376 part 1, 18.3, and against what Excel is known to repair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.utils import column_index_from_string, range_boundaries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
ROWS, COLUMNS = 1_048_576, 16_384
TEXT, LINKS = 32_767, 65_530
HIGHEST, WIDEST = 409.5, 255
LAST_DAY = 2_958_465
PANES = {"topRight", "bottomLeft", "bottomRight"}
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]*)$")
_PLACE = re.compile(r"'((?:[^']|'')+)'!(\$?[A-Z]{1,3}\$?[1-9][0-9]*)$")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$")
_CODES = re.compile(r"&(?:[LCRPNADTFZGBIUSEXY&]|\"[^\"]*\"|[0-9]+|K[0-9A-F]{6})")


@dataclass(frozen=True)
class Known:
    """What a sheet needs to know of the rest of the workbook."""

    styles: int
    """Cell styles."""
    dxfs: int
    titles: Mapping[str, tuple[int, int]]
    """Last column and row of each sheet."""


def units(text: str) -> int:
    """Length as Excel counts it."""
    return len(text.encode("utf-16-le")) // 2


def box(ref: str) -> tuple[int, int, int, int]:
    """First column, first row, last column, last row of a range; zeros for nonsense."""
    try:
        left, top, right, bottom = range_boundaries(ref.replace("$", ""))
    except ValueError:
        return 0, 0, 0, 0
    if not (1 <= left <= right <= COLUMNS and 1 <= top <= bottom <= ROWS):
        return 0, 0, 0, 0
    return left, top, right, bottom


def meet(one: str, two: str) -> bool:
    """Whether two ranges share a cell."""
    a, b = box(one), box(two)
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def children(root: Element, path: str) -> list[Element]:
    """The elements below `root` on this path of names, all of them SpreadsheetML's."""
    return root.findall("/".join(MAIN + name for name in path.split("/")))


def inline(cell: Element) -> str:
    """The text of a cell."""
    return "".join(t.text or "" for t in children(cell, "is/t"))


def extent_of(root: Element) -> tuple[int, int]:
    """Last column and last row that a sheet says it has."""
    (dimension,) = children(root, "dimension")
    return box(dimension.get("ref", ""))[2:]


def faults_of(root: Element, known: Known) -> Iterator[str]:
    """What is wrong with one sheet, each in a few words."""
    yield from _cells(root, known)
    yield from _columns(root)
    yield from _views(root)
    yield from _ranges(root)
    yield from _links(root, known)
    yield from _validations(root)
    yield from _formats(root, known)
    yield from _pages(root)
    if children(root, "sheetProtection"):
        (protection,) = children(root, "sheetProtection")
        free = ("autoFilter", "sort", "formatColumns", "formatRows")
        if protection.get("sheet") != "1" or any(protection.get(name) != "0" for name in free):
            yield "protection forbids filtering or resizing"
        if set(protection.attrib) & {"password", "hashValue"}:
            yield "protection with a password"


def _cells(root: Element, known: Known) -> Iterator[str]:
    last_row, widest, row_number = 0, 0, 0
    for row in children(root, "sheetData/row"):
        row_number = int(row.get("r", "0"))
        if not last_row < row_number <= ROWS:
            yield f"row {row_number} after {last_row}"
        last_row = row_number
        if not 0 < float(row.get("ht", "15")) <= HIGHEST:
            yield f"row {row_number} is {row.get('ht')} points high"
        before = 0
        for cell in row:
            ref = cell.get("r", "")
            found = _CELL.match(ref)
            if not found or int(found[2]) != row_number:
                yield f"cell {ref} in row {row_number}"
                continue
            column = column_index_from_string(found[1])
            if not before < column <= COLUMNS:
                yield f"cell {ref} after column {before}"
            before = column
            yield from (f"{ref}: {fault}" for fault in _cell(cell, known))
        widest = max(widest, before)
    columns, rows = extent_of(root)
    if widest > columns or row_number > rows or (rows > 1 and row_number != rows):
        yield f"dimension is {columns} x {rows}, the cells are {widest} x {row_number}"


def _cell(cell: Element, known: Known) -> Iterator[str]:
    if not 0 <= int(cell.get("s", "0")) < known.styles:
        yield "no such style"
    kind = cell.get("t", "n")
    tags = [child.tag.removeprefix(MAIN) for child in cell]
    if kind == "inlineStr":
        text = inline(cell)
        if tags != ["is"] or units(text) > TEXT:
            yield "no text, or one that is too long"
        if text != text.strip() and children(cell, "is/t")[0].get(SPACE) != "preserve":
            yield "blanks that get lost"
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", text):
            yield "a character that no cell holds"
    elif kind == "n":
        value = "".join(v.text or "" for v in cell)
        if tags not in ([], ["v"]) or (tags and not _NUMBER.match(value)):
            yield f"no number: {value[:20]}"
        elif tags and abs(float(value)) > 9.99e307:
            yield "a number that is too large"
    else:
        yield f"type {kind}"


def _columns(root: Element) -> Iterator[str]:
    before = 0
    for column in children(root, "cols/col"):
        first, last = int(column.get("min", "0")), int(column.get("max", "0"))
        if not before < first <= last <= COLUMNS:
            yield f"columns {first} to {last} after {before}"
        before = last
        if not 0 <= float(column.get("width", "-1")) <= WIDEST:
            yield f"column {first} is {column.get('width')} wide"


def _views(root: Element) -> Iterator[str]:
    (view,) = children(root, "sheetViews/sheetView")
    panes, chosen = children(view, "pane"), children(view, "selection")
    if not panes:
        if [s.get("pane") for s in chosen] != [None]:
            yield "a selection of a pane that is not there"
        return
    pane = panes[0]
    split = int(pane.get("xSplit", "0")), int(pane.get("ySplit", "0"))
    home = box(pane.get("topLeftCell", ""))
    if home[:2] != (split[0] + 1, split[1] + 1) or pane.get("state") != "frozen":
        yield f"frozen at {split}, but scrolled to {pane.get('topLeftCell')}"
    wanted = PANES if all(split) else {"topRight" if split[0] else "bottomLeft"}
    if {s.get("pane") for s in chosen} != wanted or pane.get("activePane") not in wanted:
        yield "panes and selections differ"
    active = [s for s in chosen if s.get("pane") == pane.get("activePane")]
    if [box(s.get("activeCell", "")) for s in active] != [home]:
        yield "the cursor is not where the sheet begins"
    if any(s.get("activeCell") != s.get("sqref") for s in chosen):
        yield "a selection without its cell"


def _ranges(root: Element) -> Iterator[str]:
    merged = [m.get("ref", "") for m in children(root, "mergeCells/mergeCell")]
    counts = [m.get("count") for m in children(root, "mergeCells")]
    if counts not in ([], [str(len(merged))]):
        yield "another count of merged cells"
    rows: dict[int, list[str]] = {}
    for ref in merged:
        left, top, right, bottom = box(ref)
        if not left or (left, top) == (right, bottom) or top != bottom:
            yield f"merged cells {ref}"
        if any(meet(ref, other) for other in rows.get(top, ())):
            yield f"merged cells {ref} meet others"
        rows.setdefault(top, []).append(ref)
    for path in ("conditionalFormatting", "dataValidations/dataValidation"):
        refs = [ref for e in children(root, path) for ref in e.get("sqref", "").split()]
        if not all(box(ref)[0] for ref in refs) or (children(root, path) and not refs):
            yield f"{path} of no range"
    for ignored in children(root, "ignoredErrors/ignoredError"):
        if not box(ignored.get("sqref", ""))[0]:
            yield "ignored errors of no range"


def _links(root: Element, known: Known) -> Iterator[str]:
    links = children(root, "hyperlinks/hyperlink")
    columns, rows = extent_of(root)
    if len(links) > LINKS or len(links) != len({link.get("ref") for link in links}):
        yield "too many links, or two in a cell"
    if children(root, "hyperlinks") and not links:
        yield "links without one"
    for link in links:
        left, _, right, bottom = box(link.get("ref", ""))
        if not left or right > columns or bottom > rows:
            yield f"link of {link.get('ref')}"
        place = _PLACE.match(link.get("location", ""))
        sheet = place[1].replace("''", "'") if place else ""
        to = box(place[2]) if place else (0, 0, 0, 0)
        last = known.titles.get(sheet, (0, 0))
        if not to[0] or to[2] > last[0] or to[3] > last[1]:
            yield f"link to {link.get('location')}"


def _validations(root: Element) -> Iterator[str]:
    all_of_them = children(root, "dataValidations/dataValidation")
    if [v.get("count") for v in children(root, "dataValidations")] not in (
        [],
        [str(len(all_of_them))],
    ):
        yield "another count of validations"
    seen: list[str] = []
    for validation in all_of_them:
        texts = [f.text or "" for f in validation]
        if any(units(text.strip('"')) > 255 for text in texts) or not texts:
            yield "a validation without formula, or with one that is too long"
        for name, most in (
            ("error", 255),
            ("prompt", 255),
            ("errorTitle", 32),
            ("promptTitle", 32),
        ):
            if units(validation.get(name, "")) > most:
                yield f"{name} of a validation is too long"
        for ref in validation.get("sqref", "").split():
            if any(meet(ref, other) for other in seen):
                yield f"two validations at {ref}"
            seen.append(ref)


def _formats(root: Element, known: Known) -> Iterator[str]:
    rules = children(root, "conditionalFormatting/cfRule")
    priorities = [int(rule.get("priority", "0")) for rule in rules]
    if len(set(priorities)) != len(rules) or min(priorities, default=1) < 1:
        yield "priorities of conditional formats"
    for rule in rules:
        if not 0 <= int(rule.get("dxfId", "-1")) < known.dxfs:
            yield "a conditional format without look"
        formulas = [f.text or "" for f in children(rule, "formula")]
        if len(formulas) != 1 or not 0 < units(formulas[0]) <= 8_192 or formulas[0][0] == "=":
            yield "a conditional format without formula"


def _pages(root: Element) -> Iterator[str]:
    for part in children(root, "headerFooter")[0]:
        text = part.text or ""
        if units(text) > 255:
            yield f"{part.tag.removeprefix(MAIN)} of {units(text)} characters"
        if "&" in _CODES.sub("", text):
            yield "a code in a header that Excel does not know"
        if len(re.findall(r"&[LCR]", text.replace("&&", ""))) != len(
            set(re.findall(r"&[LCR]", text.replace("&&", "")))
        ):
            yield "a header with the same side twice"
    for margin in children(root, "pageMargins")[0].attrib.values():
        if not 0 <= float(margin) < 49:
            yield "page margins"
