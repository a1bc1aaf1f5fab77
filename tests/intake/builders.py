"""Small workbooks of every format, written byte by byte where no library at hand writes them.

A sheet is a list of rows, a row a list of cells: text, int, float, bool, date, date-time, None, and
ERROR for #N/A. `mac` counts days from 1904, as Excel for the Macintosh did.
"""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    Cell = str | int | float | bool | dt.date | None
    Sheets = Mapping[str, Sequence[Sequence[Cell]]]

ERROR = "#N/A"
_ZERO, _ZERO_MAC = dt.date(1899, 12, 30), dt.date(1904, 1, 1)


def book(kind: str, sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    """A workbook of a kind: xlsx, xlsm, xlsb, xls or ods."""
    makers = {"xlsx": xlsx, "xlsm": xlsm, "xlsb": xlsb, "xls": xls, "ods": ods}
    return makers[kind](sheets, hidden, mac=mac)


def xlsx(sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    if mac:
        made.epoch = CALENDAR_MAC_1904
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for y, row in enumerate(rows, start=1):
            for x, cell in enumerate(row, start=1):
                if cell is not None:
                    sheet.cell(y, x, cell)
        if title in hidden:
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def xlsm(sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    plain, macros = "spreadsheetml.sheet.main+xml", "macroEnabled.main+xml"
    return rezipped(
        xlsx(sheets, hidden, mac=mac),
        "[Content_Types].xml",
        lambda text: text.replace(
            b"vnd.openxmlformats-officedocument." + plain.encode(),
            b"vnd.ms-excel.sheet." + macros.encode(),
        ),
    )


def rezipped(archive: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with what `change` makes of a member."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text) if name == member else text)
    return out.getvalue()


def days(cell: dt.date, *, mac: bool) -> float:
    """A date as a spreadsheet's number."""
    moment = cell if isinstance(cell, dt.datetime) else dt.datetime.combine(cell, dt.time())
    zero = dt.datetime.combine(_ZERO_MAC if mac else _ZERO, dt.time())
    return (moment - zero) / dt.timedelta(days=1)


# --- OpenDocument


def ods(sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    tables = "".join(
        f"<table:table table:name={quoteattr(title)}"
        f' table:style-name="{"ta2" if title in hidden else "ta1"}">'
        + "".join(f"<table:table-row>{''.join(map(_ods, row))}</table:table-row>" for row in rows)
        + '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        "</table:table>"
        for title, rows in sheets.items()
    )
    names = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"),
        )
    )  # fmt: skip
    null = '<table:calculation-settings><table:null-date table:date-value="1904-01-01"/>'
    null += "</table:calculation-settings>"
    styles = "".join(
        f'<style:style style:name="{style}" style:family="table"><style:table-properties'
        f' table:display="{shown}"/></style:style>'
        for style, shown in (("ta1", "true"), ("ta2", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{null if mac else ''}{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    return open_document("spreadsheet", content)


def open_document(kind: str, content: str, manifest: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        mime = f"application/vnd.oasis.opendocument.{kind}"
        archive.writestr("mimetype", mime, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest or "<manifest:manifest/>")
    return out.getvalue()


def _ods(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    value = f'office:value-type="string"><text:p>{_escaped(cell)}</text:p'
    if isinstance(cell, bool):
        value = f'office:value-type="boolean" office:boolean-value="{str(cell).lower()}"><text:p/'
    elif isinstance(cell, int | float):
        value = f'office:value-type="float" office:value="{cell}"><text:p>x</text:p'
    elif isinstance(cell, dt.date):
        value = f'office:value-type="date" office:date-value="{cell.isoformat()}"><text:p>x</text:p'
    elif cell == ERROR:
        value = (
            'table:formula="of:=NA()" office:value-type="string" office:string-value=""><text:p/'
        )
    return f"<table:table-cell {value}></table:table-cell>"


def _escaped(cell: object) -> str:
    return str(cell).replace("&", "&amp;").replace("<", "&lt;")


# --- BIFF12 (.xlsb)


def xlsb(sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    bundle = b"".join(
        record(
            0x9C,
            struct.pack("<II", title in hidden, n) + wide(f"rId{n}") + wide(title),
        )
        for n, title in enumerate(sheets, start=1)
    )
    rels = "".join(
        f'<Relationship Id="rId{n}" Type="{main}/worksheet" Target="worksheets/sheet{n}.bin"/>'
        for n in range(1, len(sheets) + 1)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="bin"'
            ' ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        )
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{package}/relationships">{rels}</Relationships>',
        )
        archive.writestr(
            "xl/workbook.bin",
            record(0x83)
            + record(0x99, struct.pack("<II", mac, 0) + wide(""))
            + record(0x8F) + bundle + record(0x90) + record(0x84),
        )  # fmt: skip
        formats = b"".join(record(0x2F, struct.pack("<HH12x", 0, n)) for n in (0, 14))
        archive.writestr(
            "xl/styles.bin", record(0x269, struct.pack("<I", 2)) + formats + record(0x26A)
        )
        for n, rows in enumerate(sheets.values(), start=1):
            archive.writestr(f"xl/worksheets/sheet{n}.bin", _xlsb_sheet(rows, mac=mac))
    return out.getvalue()


def _xlsb_sheet(rows: Sequence[Sequence[Cell]], *, mac: bool) -> bytes:
    parts = [record(0x81), record(0x94, bytes(16)), record(0x91)]
    for y, row in enumerate(rows):
        parts.append(record(0, struct.pack("<I13x", y)))
        for x, cell in enumerate(row):
            style = struct.pack("<II", x, isinstance(cell, dt.date))
            if isinstance(cell, bool):
                parts.append(record(4, style + bytes([cell])))
            elif isinstance(cell, int | float):
                parts.append(record(5, style + struct.pack("<d", cell)))
            elif isinstance(cell, dt.date):
                parts.append(record(5, style + struct.pack("<d", days(cell, mac=mac))))
            elif cell == ERROR:
                parts.append(record(3, style + b"\x2a"))
            elif cell is not None:
                parts.append(record(6, style + wide(cell)))
    return b"".join([*parts, record(0x92), record(0x82)])


def record(kind: int, data: bytes = b"") -> bytes:
    """One BIFF12 record."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    while size >= 0x80:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


# --- BIFF8 (.xls)


def xls(sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    return compound({"Workbook": biff(sheets, hidden, mac=mac)})


def biff(sheets: Sheets, hidden: Sequence[str] = (), *, mac: bool = False) -> bytes:
    """The stream of records of an .xls workbook."""
    bodies = [_biff_sheet(rows, mac=mac) for rows in sheets.values()]

    def start(offsets: Sequence[int]) -> bytes:
        bound = b"".join(
            biff_record(
                0x85,
                struct.pack("<IBBBB", offset, title in hidden, 0, len(title), 1)
                + title.encode("utf-16-le"),
            )
            for offset, title in zip(offsets, sheets, strict=True)
        )
        formats = b"".join(biff_record(0xE0, struct.pack("<HH16x", 0, n)) for n in (0, 14))
        return (
            biff_record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 0))
            + biff_record(0x42, struct.pack("<H", 1200))
            + biff_record(0x22, struct.pack("<H", mac))
            + formats + bound + biff_record(0x0A)
        )  # fmt: skip

    at = len(start([0] * len(bodies)))
    offsets = [at + sum(map(len, bodies[:n])) for n in range(len(bodies))]
    return start(offsets) + b"".join(bodies)


def _biff_sheet(rows: Sequence[Sequence[Cell]], *, mac: bool) -> bytes:
    parts = [biff_record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 0))]
    width = max(map(len, rows), default=0)
    parts.append(biff_record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0)))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            place = struct.pack("<HHH", y, x, isinstance(cell, dt.date))
            if isinstance(cell, bool):
                parts.append(biff_record(0x205, place + bytes([cell, 0])))
            elif isinstance(cell, int | float):
                parts.append(biff_record(0x203, place + struct.pack("<d", cell)))
            elif isinstance(cell, dt.date):
                parts.append(biff_record(0x203, place + struct.pack("<d", days(cell, mac=mac))))
            elif cell == ERROR:
                parts.append(biff_record(0x205, place + b"\x2a\x01"))
            elif cell is not None:
                text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
                parts.append(biff_record(0x204, place + text))
    return b"".join([*parts, biff_record(0x0A)])


def biff_record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file (OLE) with these streams, each in sectors of its own."""
    size, end, free, fat_mark = 512, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    padded = {name: data.ljust(4096, b"\0") for name, data in streams.items()}
    sectors = {name: -(-len(data) // size) for name, data in padded.items()}
    folder = -(-(len(streams) + 1) // 4)
    total = folder + sum(sectors.values())
    fats = 1
    while fats * 128 < total + fats:
        fats += 1
    table = [fat_mark] * fats + [*range(fats + 1, fats + folder), end]
    starts = [fats + folder]
    for count in sectors.values():
        table += [*range(starts[-1] + 1, starts[-1] + count), end]
        starts.append(starts[-1] + count)
    table += [free] * (fats * 128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fats, fats, 0, 4096,
                          end, 0, end, 0)  # fmt: skip
    header += struct.pack("<109I", *[*range(fats), *[free] * (109 - fats)])
    entries = [_entry("Root Entry", (5, free, 1), end, 0)]
    for n, (name, (first, _)) in enumerate(zip(padded, pairwise(starts), strict=True), start=1):
        after = n + 1 if n < len(padded) else free
        entries.append(_entry(name, (2, after, free), first, len(padded[name])))
    entries += [bytes(68) + struct.pack("<III", free, free, free) + bytes(48)] * (
        folder * 4 - len(entries)
    )
    body = b"".join(data.ljust(sectors[name] * size, b"\0") for name, data in padded.items())
    return header + struct.pack(f"<{len(table)}I", *table) + b"".join(entries) + body


def _entry(name: str, tree: tuple[int, int, int], start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    kind, after, child = tree
    free = 0xFFFFFFFF
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, free, after, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


# --- Parquet


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()
