"""A workbook held against ECMA-376 part 1 and 2, and against what Excel is known to repair.

openpyxl and LibreOffice read what Excel offers to repair, so nothing here reads the workbook with
them. `faults_of` tells what is wrong in a few words each; the order of elements is that of the
schemas, as far as the report uses them.
"""

from __future__ import annotations

import posixpath
import re
from typing import IO, TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, fromstring
from zipfile import ZipFile

from report.ooxml_sheet import MAIN, SPACE, Known, box, children, extent_of, inline, meet, units
from report.ooxml_sheet import faults_of as faults_of_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
RELS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
DOC = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DRAW = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_AXIS = (
    "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark"
    " minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt"
)
ORDER = {
    MAIN + "worksheet": (
        "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection"
        " protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews"
        " mergeCells phoneticPr conditionalFormatting*"
        " dataValidations hyperlinks printOptions pageMargins"
        " pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors"
        " smartTags drawing legacyDrawing legacyDrawingHF picture oleObjects controls"
        " webPublishItems tableParts extLst"
    ),
    MAIN + "sheetPr": "tabColor outlinePr pageSetUpPr",
    MAIN + "sheetView": "pane selection*",
    MAIN + "row": "c*",
    MAIN + "c": "f v is",
    MAIN + "is": "t r*",
    MAIN + "cfRule": "formula*",
    MAIN + "dataValidation": "formula1 formula2",
    MAIN + "headerFooter": "oddHeader oddFooter evenHeader evenFooter firstHeader firstFooter",
    MAIN + "table": "autoFilter sortState tableColumns tableStyleInfo extLst",
    MAIN + "workbook": (
        "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups"
        " externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches"
    ),
    MAIN + "styleSheet": (
        "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"
    ),
    MAIN + "xf": "alignment protection",
    MAIN + "dxf": "font numFmt fill alignment border protection",
    MAIN + "patternFill": "fgColor bgColor",
    MAIN + "border": "start end left right top bottom diagonal vertical horizontal",
    CHART + "chartSpace": (
        "date1904 lang roundedCorners style clrMapOvr pivotSource protection chart spPr txPr"
    ),
    CHART + "chart": (
        "title autoTitleDeleted pivotFmts view3D floor sideWall backWall plotArea legend"
        " plotVisOnly dispBlanksAs"
    ),
    CHART + "plotArea": "layout barChart catAx valAx dTable spPr",
    CHART + "barChart": "barDir grouping varyColors ser* dLbls gapWidth overlap serLines axId*",
    CHART + "ser": (
        "idx order tx spPr invertIfNegative pictureOptions dPt dLbls trendline errBars cat val"
    ),
    CHART + "catAx": _AXIS + " auto lblAlgn lblOffset tickLblSkip tickMarkSkip noMultiLvlLbl",
    CHART + "valAx": _AXIS + " crossBetween majorUnit minorUnit dispUnits",
    CHART + "legend": "legendPos legendEntry layout overlay spPr txPr",
    CHART + "manualLayout": "layoutTarget xMode yMode wMode hMode x y w h",
    CHART + "scaling": "logBase orientation max min",
    CHART + "strRef": "f strCache",
    CHART + "numRef": "f numCache",
    CHART + "strCache": "ptCount pt*",
    CHART + "numCache": "formatCode ptCount pt*",
    CHART + "v": "",
    CHART + "f": "",
    DRAW + "twoCellAnchor": "from to graphicFrame clientData",
    DRAW + "graphicFrame": "nvGraphicFramePr xfrm graphic",
}
"""The children that an element may have, in their order; * may come more than once."""
MEMBERS = {
    "xl/tables/": "table",
    "xl/worksheets/": "worksheet",
    "xl/drawings/": "drawing",
    "xl/charts/": "chart",
}


def faults_of(file: Path | IO[bytes]) -> list[str]:
    """What is wrong with the workbook, each in a few words; nothing where nothing is."""
    with ZipFile(file) as archive:
        infos = archive.infolist()
        parts = {info.filename: archive.read(info) for info in infos}
    found = [
        f"{info.filename}: a zip that Excel may not like"
        for info in infos
        if info.extract_version > 20 or info.flag_bits & 0b1001 or info.compress_type not in (0, 8)
    ]
    if len(parts) != len(infos) or len({name.lower() for name in parts}) != len(infos):
        found.append("two parts of one name")
    trees: dict[str, Element] = {}
    for name, raw in parts.items():
        try:
            trees[name] = fromstring(raw)  # noqa: S314 - of our own making
        except ParseError as error:
            found.append(f"{name}: {error}")
    if found or (found := [*_package(trees)]):
        return found
    return [*_workbook(trees), *_ordered(trees), *_drawn(trees)]


def related(trees: Mapping[str, Element], name: str) -> dict[str, tuple[str, str]]:
    """Id -> kind and part, of what a part leads to."""
    folder, own = posixpath.split(name)
    rels = trees.get(f"{folder}/_rels/{own}.rels".lstrip("/"))
    made = {}
    for rel in rels if rels is not None else ():
        to = posixpath.normpath(posixpath.join("/" + folder, rel.get("Target", "")))
        made[rel.get("Id", "")] = rel.get("Type", "").rsplit("/", 1)[-1], to.lstrip("/")
    return made


def _package(trees: Mapping[str, Element]) -> Iterator[str]:
    """Content types and relationships: every part has them, and none leads nowhere."""
    types = trees["[Content_Types].xml"]
    overrides = [o.get("PartName", "").lstrip("/") for o in types.findall(TYPES + "Override")]
    parts = {name for name in trees if name != "[Content_Types].xml" and not name.endswith(".rels")}
    if sorted(overrides) != sorted(parts):
        yield f"content types: {sorted(set(overrides) ^ parts)}"
    kinds = [d.get("Extension") for d in types.findall(TYPES + "Default")]
    if len(set(kinds)) != len(kinds) or not {"rels", "xml"} <= set(kinds):
        yield "content types of extensions"
    reached = {""}
    for name in ["", *parts]:
        for kind, part in related(trees, name).values():
            reached.add(part)
            if part not in parts:
                yield f"{name} leads to {part}, which is not there"
            wanted = next((k for start, k in MEMBERS.items() if part.startswith(start)), kind)
            if kind != wanted:
                yield f"{part} is a {kind}"
    rels = {name for name in trees if name.endswith(".rels")}
    owners = {n.replace("_rels/", "").removesuffix(".rels") for n in rels}
    if not owners - {""} <= parts or parts - reached:
        yield f"parts that nobody leads to: {sorted((owners - parts) | (parts - reached))}"


def _workbook(trees: Mapping[str, Element]) -> Iterator[str]:
    book = trees["xl/workbook.xml"]
    links = related(trees, "xl/workbook.xml")
    sheets = children(book, "sheets/sheet")
    names = [sheet.get("name", "") for sheet in sheets]
    for name in names:
        legal = not re.search(r"[\\/?*\[\]:]", name) and not name.startswith("'")
        if not 1 <= units(name) <= 31 or not legal or name.endswith("'"):
            yield f"a sheet called {name}"
    if len({name.lower() for name in names}) != len(names):
        yield "two sheets of one name"
    numbers = [int(sheet.get("sheetId", "0")) for sheet in sheets]
    if len(set(numbers)) != len(numbers) or min(numbers) < 1:
        yield "numbers of sheets"
    parts = [trees[links[sheet.get(DOC + "id", "")][1]] for sheet in sheets]
    styles = trees["xl/styles.xml"]
    yield from _styles(styles)
    known = Known(
        len(children(styles, "cellXfs/xf")),
        len(children(styles, "dxfs/dxf")),
        {name: extent_of(part) for name, part in zip(names, parts, strict=True)},
    )
    for name, part in zip(names, parts, strict=True):
        yield from (f"{name}: {fault}" for fault in faults_of_sheet(part, known))
    chosen = [
        children(part, "sheetViews/sheetView")[0].get("tabSelected", "0") == "1" for part in parts
    ]
    if chosen != [True] + [False] * (len(parts) - 1):
        yield "more or fewer than the first sheet are chosen"
    yield from _names(book, known, names)
    yield from _tables(trees, dict(zip(names, sheets, strict=True)), links)


def _names(book: Element, known: Known, names: list[str]) -> Iterator[str]:
    """Defined names: what is printed, and which rows on every page."""
    seen = set()
    for defined in children(book, "definedNames/definedName"):
        name, sheet = defined.get("name", ""), int(defined.get("localSheetId", "-1"))
        if (name, sheet) in seen or not 0 <= sheet < len(names):
            yield f"defined name {name}"
            continue
        seen.add((name, sheet))
        title, _, ref = (defined.text or "").rpartition("!")
        if title.strip("'").replace("''", "'") != names[sheet]:
            yield f"{name} of {title}"
        if name == "_xlnm.Print_Titles":
            first, _, last = ref.replace("$", "").partition(":")
            rows = known.titles[names[sheet]][1]
            if not (first.isdigit() and first == last and int(first) <= rows):
                yield f"printed titles {ref}"
        elif name == "_xlnm.Print_Area":
            if not box(ref)[0]:
                yield f"printed area {ref}"
        else:
            yield f"defined name {name}"


def _styles(styles: Element) -> Iterator[str]:
    for group in styles:
        if group.get("count") not in (None, str(len(group))):
            yield f"another count of {group.tag.removeprefix(MAIN)}"
    sizes = {k: len(children(styles, p)) for k, p in {
        "fontId": "fonts/font", "fillId": "fills/fill", "borderId": "borders/border",
        "xfId": "cellStyleXfs/xf",
    }.items()}  # fmt: skip
    formats = {int(n.get("numFmtId", "0")) for n in children(styles, "numFmts/numFmt")}
    if min(formats, default=164) < 164 or len(formats) != len(children(styles, "numFmts/numFmt")):
        yield "numbers of number formats"
    if sizes["fillId"] < 2 or len(children(styles, "cellXfs/xf")) > 65_490:
        yield "too few fills, or too many styles"
    for xf in children(styles, "cellXfs/xf"):
        if any(int(xf.get(name, "0")) >= size for name, size in sizes.items()):
            yield "a style without its parts"
        number = int(xf.get("numFmtId", "0"))
        if number >= 164 and number not in formats:
            yield "a style without its number format"


def _tables(
    trees: Mapping[str, Element],
    sheets: Mapping[str, Element],
    links: Mapping[str, tuple[str, str]],
) -> Iterator[str]:
    """Tables: Excel compares the header's cells with the names of the columns."""
    ids, called = [], []
    for title, sheet in sheets.items():
        part = links[sheet.get(DOC + "id", "")][1]
        root = trees[part]
        of_sheet = related(trees, part)
        held = [t.get(DOC + "id", "") for t in children(root, "tableParts/tablePart")]
        if sorted(held) != sorted(i for i, (kind, _) in of_sheet.items() if kind == "table"):
            yield f"{title}: tables"
        refs: list[str] = []
        for rel in held:
            table = trees[of_sheet[rel][1]]
            name, ref = table.get("displayName", ""), table.get("ref", "")
            ids.append(table.get("id"))
            called.append(name.lower())
            plain = re.fullmatch(r"[A-Za-z_\\][A-Za-z0-9_.\\]{0,254}", name)
            a_cell = re.fullmatch(r"(?i)[a-z]{1,3}[0-9]+|r[0-9]*c?[0-9]*|c[0-9]*", name)
            if not plain or a_cell or table.get("name") != name:
                yield f"a table called {name}"
            yield from (f"{name}: {fault}" for fault in _table(root, table))
            merged = [m.get("ref", "") for m in children(root, "mergeCells/mergeCell")]
            if any(meet(ref, other) for other in [*merged, *refs]):
                yield f"{name} meets merged cells or another table"
            refs.append(ref)
    if len(set(ids)) != len(ids) or len(set(called)) != len(called):
        yield "two tables of one number or name"


def _table(root: Element, table: Element) -> Iterator[str]:
    left, top, right, bottom = box(table.get("ref", ""))
    columns = children(table, "tableColumns/tableColumn")
    names = [column.get("name", "") for column in columns]
    count = children(table, "tableColumns")[0].get("count")
    last = extent_of(root)
    if not left or bottom <= top or right > last[0] or bottom > last[1]:
        yield f"a table at {table.get('ref')}"
    if len(names) != right - left + 1 or count != str(len(names)):
        yield "another number of columns"
    if [column.get("id") for column in columns] != [str(n) for n in range(1, len(names) + 1)]:
        yield "numbers of columns"
    if len({name.strip().lower() for name in names}) != len(names) or not all(names):
        yield "two columns of one name"
    if any(name != name.strip() or re.search(r"[\r\n\t]", name) for name in names):
        yield "blanks or line ends in the name of a column"
    if any(units(name) > 255 for name in names):
        yield "the name of a column is too long"
    if [f.get("ref") for f in children(table, "autoFilter")] != [table.get("ref")]:
        yield "a filter of other cells"
    head = next((r for r in children(root, "sheetData/row") if r.get("r") == str(top)), None)
    cells = [] if head is None else list(head)[left - 1 : right]
    if [inline(cell) for cell in cells] != names:
        yield "the header says otherwise than the columns are called"


def _ordered(trees: Mapping[str, Element]) -> Iterator[str]:
    """Elements in the order of the schemas."""
    for name, root in trees.items():
        for element in root.iter():
            if SPACE in element.attrib and element.tag != MAIN + "t":
                yield f"{name}: xml:space where only texts have it"
            allowed = ORDER.get(element.tag)
            if allowed is None:
                continue
            places = {tag.rstrip("*"): n for n, tag in enumerate(allowed.split())}
            tags = [child.tag.rpartition("}")[2] for child in element]
            tag = element.tag.rpartition("}")[2]
            if any(child not in places for child in tags):
                yield f"{name}: {tag} has {sorted(set(tags) - set(places))}"
                continue
            at = [places[child] for child in tags]
            single = [n for n, child in enumerate(allowed.split()) if not child.endswith("*")]
            if at != sorted(at) or any(at.count(n) > 1 for n in single):
                yield f"{name}: order of {tag}"
            if tag in {"v", "f"} and element.attrib and element.tag.startswith(CHART):
                yield f"{name}: {tag} with attributes"


def _drawn(trees: Mapping[str, Element]) -> Iterator[str]:
    """Drawings stand within a sheet and are told in words; charts draw cells that are there."""
    book = related(trees, "xl/workbook.xml")
    extents = {
        f"'{s.get('name')}'": extent_of(trees[book[s.get(DOC + "id", "")][1]])
        for s in children(trees["xl/workbook.xml"], "sheets/sheet")
    }
    for name, root in trees.items():
        if name.startswith("xl/drawings/drawing"):
            yield from (f"{name}: {fault}" for fault in _drawing(root))
        if name.startswith("xl/charts/chart"):
            axes = [a.get("val") for a in root.iter(CHART + "axId")]
            if len(axes) != 4 or sorted(axes) != sorted([*set(axes)] * 2):
                yield f"{name}: axes"
            for ref in [r for kind in ("strRef", "numRef") for r in root.iter(CHART + kind)]:
                yield from (f"{name}: {fault}" for fault in _points(ref, extents))


def _drawing(root: Element) -> Iterator[str]:
    shapes = list(root.iter(DRAW + "cNvPr"))
    if len({s.get("id") for s in shapes}) != len(shapes):
        yield "numbers of shapes"
    if any(not 10 < units(s.get("descr", "")) <= 255 for s in shapes):
        yield "a drawing is not told in words, or in too many"
    for anchor in root.findall(DRAW + "twoCellAnchor"):
        left, top, right, bottom = (
            int(anchor.findtext(f"{DRAW}{end}/{DRAW}{side}", "-1"))
            for end in ("from", "to")
            for side in ("col", "row")
        )
        if not (0 <= left < right < 16_384 and 0 <= top < bottom < 1_048_576):
            yield "a drawing beside the sheet"


def _points(ref: Element, extents: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """What a chart draws, and what it keeps of it for previews."""
    title, _, cells = (ref.findtext(CHART + "f") or "").rpartition("!")
    end, last = box(cells), extents.get(title, (0, 0))
    if not end[0] or end[2] > last[0] or end[3] > last[1]:
        yield f"draws {title}!{cells}"
    counts = [p.get("val") for p in ref.iter(CHART + "ptCount")]
    size = (end[2] - end[0] + 1) * (end[3] - end[1] + 1)
    if counts != [str(size)] or len(list(ref.iter(CHART + "pt"))) != size:
        yield "keeps other points than it draws"
