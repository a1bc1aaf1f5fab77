"""Hostile and damaged workbooks: refused with a sentence, in bounded memory, never a crash."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputRejected
from auditor.intake import Intake, extent

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

KINDS = ("xlsx", "xlsb", "xls", "ods", "parquet")
HEADER = ["Claim ID", "Line", "Patient ID", "Rendering NPI", "DOS", "CPT", "Mod", "Units", "Charge"]
ROW = ["C1", 1, "P1", 1234567893, "2024-03-05", 99213, "25", 1, 120.5]
SHEETS = {"Lines": [HEADER, ROW, ROW]}
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
BOMB = b"".join(
    [
        b'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">',
        *(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)),
        b"]>",
    ]
)


@pytest.fixture
def xlsx(make: ModuleType) -> bytes:
    return bytes(make.xlsx(SHEETS))


def refused(
    read: Callable[..., Intake], content: bytes, match: str = "damaged or cut short"
) -> None:
    with pytest.raises(InputRejected, match=match) as caught:
        read(content, "claims.xlsx")
    assert caught.value.next_step
    assert "P1" not in str(caught.value)


# --- archives


def lying(archive: bytes, member: bytes, size: int) -> bytes:
    """The archive, whose directory says that `member` unpacks to `size` bytes."""
    raw = bytearray(archive)
    entry = raw.index(b"PK\x01\x02")
    while not raw[entry + 46 :].startswith(member):
        entry = raw.index(b"PK\x01\x02", entry + 4)
    raw[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(raw)


def test_a_member_that_unpacks_to_more_than_it_says(
    read: Callable[..., Intake], xlsx: bytes, make: ModuleType
) -> None:
    bomb = make.rezipped(xlsx, SHEET, lambda text: text + b" " * (300 << 20))
    refused(read, bomb, "unpacks to more than 200 times its size")
    refused(read, lying(bomb, SHEET.encode(), 5_000))
    refused(read, lying(xlsx, SHEET.encode(), 9_999))


def test_a_member_that_is_not_what_its_checksum_says(
    read: Callable[..., Intake], make: ModuleType, xlsx: bytes
) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    stored = out.getvalue()
    assert read(stored, "claims.xlsx").lines.height == 2
    refused(read, stored.replace(b"<v>120.5</v>", b"<v>920.5</v>"))
    odd = bytearray(make.rezipped(xlsx, "x", bytes))
    odd[odd.rindex(b"PK\x01\x02") + 10] = 99  # a way of packing that nobody knows
    refused(read, bytes(odd))
    locked = bytearray(xlsx)
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    refused(read, bytes(locked), "protected by a password")


def test_a_damaged_directory(read: Callable[..., Intake], xlsx: bytes) -> None:
    raw = bytearray(xlsx)
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 42 : entry + 46] = struct.pack("<I", len(raw) - 10)  # lies beyond the end
    refused(read, bytes(raw))


# --- XML


@pytest.mark.parametrize(
    "member", ["xl/workbook.xml", SHEET, "xl/styles.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize(
    "attack",
    [BOMB, b'<!DOCTYPE x [<!ENTITY a0 SYSTEM "file:///etc/passwd">]>', b"<!ENTITY % a0 'x'>"],
)
def test_entities_are_refused(
    read: Callable[..., Intake], make: ModuleType, xlsx: bytes, member: str, attack: bytes
) -> None:
    start = b"<?xml version='1.0'?>"
    attacked = make.rezipped(
        xlsx, member, lambda text: start + attack + text.partition(b"?>")[2].lstrip() + b""
    )
    refused(read, attacked, "declares XML entities")
    opened = make.open_document("spreadsheet", "<?xml version='1.0'?>" + attack.decode() + "<x/>")
    refused(read, opened, "declares XML entities")


def test_an_entity_torn_by_a_piece_is_seen(read: Callable[..., Intake], xlsx: bytes) -> None:
    for size in range((8 << 20) - 12, (8 << 20) + 4, 3):
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(xlsx)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new,
        ):
            for name in old.namelist():
                new.writestr(name, old.read(name))
            new.writestr("xl/more.xml", b" " * size + b"<!ENTITY a 'b'>")
        refused(read, out.getvalue(), "declares XML entities")


# --- far cells


def test_a_sheet_that_says_it_is_large_is_read(
    read: Callable[..., Intake], make: ModuleType, xlsx: bytes
) -> None:
    claimed = make.rezipped(xlsx, SHEET, lambda text: text.replace(b"A1:I3", b"A1:XFD1048576"))
    assert claimed != xlsx
    assert read(claimed, "claims.xlsx").lines.height == 2


@pytest.mark.parametrize(
    "place", [b'r="XFD1048576"', b'r = "XFD1048576"', b"r='xfd1048576'", b'r="ZZZZZZ99999999"']
)
def test_a_cell_at_the_far_end_is_refused(
    read: Callable[..., Intake], make: ModuleType, xlsx: bytes, place: bytes
) -> None:
    far = make.rezipped(xlsx, SHEET, lambda text: text.replace(b'r="I3"', place))
    assert far != xlsx
    refused(read, far, "reaches over")


def test_cells_without_places_are_counted(
    read: Callable[..., Intake], make: ModuleType, xlsx: bytes
) -> None:
    import re

    bare = make.rezipped(xlsx, SHEET, lambda text: re.sub(rb' r="[A-Z]*\d+"', b"", text))
    assert read(bare, "claims.xlsx").lines["claim_id"].to_list() == ["C1", "C1"]

    def wide(text: bytes) -> bytes:
        start, _, end = text.partition(b"</sheetData>")
        rows = b"<row></row>" * 9_000 + b"<row>" + b"<c><v>1</v></c>" * 9_000 + b"</row>"
        return re.sub(rb' r="[A-Z]*\d+"', b"", start) + rows + b"</sheetData>" + end

    refused(read, make.rezipped(xlsx, SHEET, wide), "reaches over 9,00")


def test_far_cells_of_the_other_formats(read: Callable[..., Intake], make: ModuleType) -> None:
    far = struct.pack("<I", 8) + struct.pack("<I", 0) + struct.pack("<d", 120.5)
    xlsb = make.xlsb(SHEETS)
    for place, row in ((0xFFFFFF, 2), (900_000, 2), (16_383, 1_048_575)):
        changed = make.rezipped(
            xlsb,
            "xl/worksheets/sheet1.bin",
            lambda data, place=place, row=row: data.replace(
                far, struct.pack("<I", place) + far[4:]
            ).replace(struct.pack("<I13x", 2), struct.pack("<I13x", row)),
        )
        assert changed != xlsb
        refused(read, changed, "reaches over")
    xls = make.xls(SHEETS)
    place = struct.pack("<HHHHH", 0x203, 14, 2, 8, 0)
    assert place in xls
    refused(
        read, xls.replace(place, struct.pack("<HHHHH", 0x203, 14, 65_535, 65_535, 0)), "reaches"
    )
    for old, new in (
        ("<table:table-row>", '<table:table-row table:number-rows-repeated="900000000">'),
        (
            "<table:table-cell office",
            '<table:table-cell table:number-columns-repeated="900000000" office',
        ),
        ("<text:p>C1", '<text:p><text:s text:c="900000000"/>C1'),
    ):
        ods = make.rezipped(
            make.ods(SHEETS),
            "content.xml",
            lambda text, old=old, new=new: text.replace(old.encode(), new.encode(), 1),
        )
        refused(read, ods, "reaches over")


def test_repeated_cells_and_rows_of_an_open_document_are_read(
    read: Callable[..., Intake], make: ModuleType
) -> None:
    row = "<table:table-row>" + "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in ROW
    )
    empty = (
        '<table:table-row table:number-rows-repeated="500"><table:table-cell/></table:table-row>'
    )

    def repeated(text: bytes) -> bytes:
        start, _, end = text.decode().rpartition("<table:table-row table:number-rows-repeated")
        again = row.replace("row>", 'row table:number-rows-repeated="3">', 1)
        blanks = '<table:table-cell table:number-columns-repeated="16375"/></table:table-row>'
        body = start + empty + again + blanks
        return (body + "<table:table-row table:number-rows-repeated" + end).encode()

    intake = read(make.rezipped(make.ods(SHEETS), "content.xml", repeated), "claims.ods")
    assert intake.lines["source_row"].to_list() == [2, 3, 504, 505, 506]


def test_the_extent_is_exact_where_it_is_in_doubt() -> None:
    text = (
        b'<sheetData><row r="9"><c r="A9"/><c r="AB9" /></row><row><x:c r="C12"/></row></sheetData>'
    )
    found = extent.of_xml(lambda: [text[:30], text[30:]])
    assert (found.rows, found.columns) == (12, 28)
    assert not found.too_far


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_too_many_columns_are_no_claim_lines(
    read: Callable[..., Intake], make: ModuleType, kind: str
) -> None:
    wide = [[*HEADER, *(f"x{n}" for n in range(16_000))], ROW]
    with pytest.raises(InputRejected, match="16,009 columns"):
        read(make.book(kind, {"A": wide}), f"claims.{kind}")
    both = make.book(kind, {"A": wide, **SHEETS})
    assert read(both, f"claims.{kind}").files[0].name == f"claims.{kind} [Lines]"


# --- compound files and others


@pytest.mark.parametrize(
    ("stream", "word"),
    [
        ("WordDocument", "a Word document"),
        ("PowerPoint Document", "a PowerPoint presentation"),
        ("__properties_version1.0", "an Outlook message"),
        ("Contents", "no workbook"),
    ],
)
def test_compound_files_are_refused_by_what_they_are(
    read: Callable[..., Intake], make: ModuleType, stream: str, word: str
) -> None:
    refused(read, make.compound({stream: b"x" * 5000}), f"The file is {word}")


def test_open_documents_are_refused_by_what_they_are(
    read: Callable[..., Intake], make: ModuleType
) -> None:
    refused(read, make.open_document("text", "<x/>"), r"a text document \(\.odt\)")
    refused(read, make.open_document("presentation", "<x/>"), r"a presentation \(\.odp\)")
    refused(read, make.open_document("formula", "<x/>"))


def test_what_an_old_workbook_says_of_sizes_is_not_believed(
    read: Callable[..., Intake], make: ModuleType
) -> None:
    whole = make.biff(SHEETS)
    claims = make.biff_record(0x200, struct.pack("<IIHHH", 0, 3, 0, 9, 0))
    assert claims in whole
    large = make.biff_record(0x200, struct.pack("<IIHHH", 9, 0xFFFFFFFF, 0, 0xFFFF, 0))
    book = make.compound({"Workbook": whole.replace(claims, large)})
    assert read(book, "claims.xls").lines.height == 2

    def begun(record: bytes) -> bytes:
        """The workbook with one more record behind its first."""
        offset = whole.index(make.biff_record(0x0A)) + 4  # the sheet begins behind it
        bound = struct.pack("<HH", 0x85, 6 + 2 + 10) + struct.pack("<I", offset)
        assert bound in whole
        moved = bound[:4] + struct.pack("<I", offset + len(record))
        return bytes(
            make.compound({"Workbook": whole[:20] + record + whole[20:].replace(bound, moved)})
        )

    texts = make.biff_record(0xFC, struct.pack("<II", 9, 0))
    assert read(begun(texts), "claims.xls").lines.height == 2
    for count in (0x7FFFFFFF, 0xFFFFFFFF):
        refused(read, begun(make.biff_record(0xFC, struct.pack("<II", 9, count))))
    # a hundred sheets that are one and the same
    again = make.biff_record(0x85, struct.pack("<IBBBB", 20, 0, 0, 1, 1) + b"A\0")
    refused(read, begun(again * 100))
    header = bytearray(make.xls(SHEETS))
    for place in (40, 44, 64, 72):
        lying = bytes(header[:place]) + b"\xff\xff\xff\x7f" + bytes(header[place + 4 :])
        refused(read, lying)


def test_an_old_workbook_of_many_sectors(read: Callable[..., Intake], make: ModuleType) -> None:
    long = [[*ROW[:6], "25", 1, n] for n in range(30_000)]
    raw = make.xls({"Lines": [HEADER, *long]})
    assert len(raw) > 4 << 20
    assert read(raw, "claims.xls").lines["charge_amount"].to_list()[-1] == 2_999_900


def test_an_old_workbook_cut_short(read: Callable[..., Intake], make: ModuleType) -> None:
    whole = make.xls({"Lines": [HEADER, *[ROW] * 100]})
    assert read(whole, "claims.xls").lines.height == 100
    for part in (0.9, 0.5, 0.1):
        with pytest.raises(InputRejected):
            read(whole[: int(len(whole) * part)], "claims.xls")


def test_a_panic_of_the_reader_is_told_in_words(
    read: Callable[..., Intake], make: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = make.xlsb(SHEETS)
    hurt = make.rezipped(
        whole,
        "xl/worksheets/sheet1.bin",
        # text number 99 of a list that there is none of
        lambda data: data.replace(
            make.record(0x92), make.record(7, struct.pack("<III", 0, 0, 99)) + make.record(0x92)
        ),
    )
    refused(read, hurt)
    told = capfd.readouterr()
    assert told.err == ""
    assert told.out == ""
