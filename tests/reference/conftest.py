"""Small files in each CMS layout, made here: invented rows, and no word of the real tables."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import openpyxl
import pytest

NOTICE = (
    "CPT codes are copyright of their owner.\r\n\r\nCPT® is a trademark.\r\n\r\nNothing else, yet."
)
PTP_HEAD = (
    ("Notice: copyright of their owner.", "", "", "", "", "", ""),
    ("Column1/Column2 Edits", "", "", "", "", "", ""),
)
PTP_WRAPPED = (
    ("Column 1", "Column 2", "*=in existence", "Effective", "Deletion", "Modifier",
     "PTP Edit Rationale"),
    ("", "", "prior to 1996", "Date", "Date", "0=not allowed", ""),
    ("", "", "", "", "*=no data", "1=allowed", ""),
    ("", "", "", "", "", "9=not applicable", ""),
)  # fmt: skip
PTP_ONE_ROW = (
    ("Column 1", "Column 2", "*=in existence prior to 1996", "Effective Date",
     "Deletion Date *=no data", "Modifier 0=not allowed 1=allowed 9=not applicable",
     "PTP Edit Rationale"),
)  # fmt: skip
AOC_HEADER = (
    "AOC_Edit_Type", "Add-On_Code", "AOC_DelDT", "Primary_Code", "Primary_Code_DelDT",
    "AOC_Edit_EffDT", "AOC_Edit_DelDT", "Special_Instruction_Notes",
)  # fmt: skip
# Column by column, from the top down: what the five stacked header rows hold.
FEES_STACKED = {
    "HCPCS": "||||HCPCS", "MOD": "||||MOD", "DESCRIPTION": "||||DESCRIPTION",
    "STATUS": "|||STATUS|CODE", "PAYMENT": "|NOT USED|FOR|MEDICARE |PAYMENT",
    "WORK": "|||WORK|RVU", "TOTAL": "||NON-FAC|FACILITY|TOTAL", "PCTC": "|||PCTC|IND",
    "GLOB": "|||GLOB|DAYS", "PRE": "|||PRE|OP", "MULT": "|||MULT|PROC",
    "BILAT": "|||BILAT|SURG", "ASST": "|||ASST|SURG", "CO": "|||CO-|SURG",
    "TEAM": "|||TEAM|SURG", "ENDO": "|||ENDO|BASE",
}  # fmt: skip
FEES_COLUMNS = ("HCPCS", "MOD", "STATUS", "PCTC", "GLOB", "MULT", "BILAT", "ASST", "CO", "TEAM")

Row = Sequence[str | int | None]


class Make:
    """Bytes of a file in a CMS layout, out of a few rows."""

    @staticmethod
    def book(sheets: Mapping[str, Iterable[Row]], *, texts: bool = False) -> bytes:
        """An empty cell is left out; or, with `texts`, a text of no characters (CMS does both)."""
        mark = "NO TEXT" if texts else None
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append([mark if cell == "" else cell for cell in row])
        stream = io.BytesIO()
        book.save(stream)
        if not texts:
            return stream.getvalue()
        with zipfile.ZipFile(stream) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        return Make.zip({name: data.replace(b">NO TEXT<", b"><") for name, data in files.items()})

    @staticmethod
    def zip(files: Mapping[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return stream.getvalue()

    @staticmethod
    def text(rows: Iterable[Row], separator: str = "\t") -> bytes:
        lines = [separator.join("" if c is None else str(c) for c in row) for row in rows]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    @classmethod
    def ptp(cls, rows: Iterable[Row], header: Sequence[Row] = PTP_WRAPPED) -> bytes:
        """Rows: column 1, column 2, '*' or '', effective, deletion, modifier, rationale."""
        return cls.text([*PTP_HEAD, *header, *rows])

    @classmethod
    def ptp_book(cls, rows: Iterable[Row]) -> bytes:
        return cls.book({"Sheet1": [*PTP_HEAD, *PTP_WRAPPED, *rows]})

    @staticmethod
    def aoc(rows: Iterable[Row]) -> bytes:
        """Rows: type, add-on, its end, primary, its end, effective, deletion, note."""
        widths = (1, 5, 7, 5, 7, 7, 7, 255)
        lines = (
            "".join(str(cell or "").ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    @classmethod
    def aoc_book(cls, rows: Iterable[Row], header: Row = AOC_HEADER, sheet: str = "AOC") -> bytes:
        return cls.book({sheet: [[NOTICE], header, *rows]})

    @staticmethod
    def mue(rows: Iterable[Row], service: str = "Practitioner") -> bytes:
        lines = "".join(",".join(map(str, row)) + "\r\n" for row in rows)
        head = (
            f'"{NOTICE}",,,\r\n"HCPCS/\nCPT Code",{service} Services MUE Values,'
            "MUE Adjudication Indicator,MUE Rationale\r\n"
        )
        return (head + lines).encode("latin-1")

    @classmethod
    def mue_book(cls, rows: Iterable[Row], service: str = "Practitioner") -> bytes:
        header = (
            "HCPCS/\nCPT Code", f"{service} Services MUE Values", "MUE Adjudication Indicator",
            "MUE Rationale",
        )  # fmt: skip
        return cls.book({"MUE": [[NOTICE], header, *rows]})

    @staticmethod
    def fees_rows(
        rows: Iterable[Row],
        title: str,
        *,
        priced: bool = False,
        words: Mapping[str, str] | None = None,
    ) -> list[list[str]]:
        """Rows: as FEES_COLUMNS; `priced` adds the column of 2026 after TEAM SURG.

        `words` are the descriptions by code.
        """
        stacked = dict(FEES_STACKED)
        names = list(stacked)
        if priced:
            names.insert(names.index("TEAM") + 1, "PRIC")
            stacked["PRIC"] = "|||PRIC|IND"
        header = [[stacked[n].split("|")[level] for n in names] for level in range(5)]
        titles = [["", "", title], ["", "", "A notice of copyright."], ["", "", ""]]
        data = []
        for row in rows:
            said = dict(zip(FEES_COLUMNS, map(str, row), strict=True))
            said["DESCRIPTION"] = (words or {}).get(said["HCPCS"], "")
            data.append([said.get(name, "7" if name == "PRIC" else "0.00") for name in names])
        padded = [line + [""] * (len(names) - len(line)) for line in titles]
        return [*padded, *header, *data]

    @classmethod
    def fees(
        cls,
        rows: Iterable[Row],
        title: str = "",
        *,
        priced: bool = False,
        words: Mapping[str, str] | None = None,
    ) -> bytes:
        return cls.text(cls.fees_rows(rows, title, priced=priced, words=words), ",")

    @staticmethod
    def fees_text(rows: Iterable[Row], words: Mapping[str, str] | None = None) -> bytes:
        lines = ["HDR A NOTICE OF COPYRIGHT ", "HDR AND MORE OF IT         "]
        for row in rows:
            code, mod, status, pctc, days, *flags = map(str, row)
            line = (f"{code}{mod:<2}" + (words or {}).get(code, "")).ljust(57) + status
            line = line.ljust(102) + pctc + days
            line = line.ljust(115) + "".join(flags)
            lines.append(line.ljust(171))
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    @classmethod
    def hcpcs(
        cls,
        rows: Iterable[Row],
        above: Sequence[Row] = (),
        *,
        texts: bool = False,
        words: Sequence[Row] = (),
    ) -> bytes:
        """Rows: HCPC, RECID, COV, ADD DT, TERM DT.

        `words`, row by row: long description, short description, XREF1, XREF2.
        """
        names = ("LONG DESCRIPTION", "SHORT DESCRIPTION", "XREF1", "XREF2") if words else ()
        header = (
            "HCPC", "SEQNUM", "RECID", *names, "COV", "ADD DT", "ACT EFF DT", "TERM DT",
            "ACTION CD",
        )  # fmt: skip
        data = [
            (code, code and "0010", recid, *more, coverage, added, added, term, code and "N")
            for (code, recid, coverage, added, term), more in zip_longest(rows, words, fillvalue=())
        ]
        return cls.book({"HCPC": [*above, header, *data]}, texts=texts)

    @staticmethod
    def ptp_change(rows: Iterable[Row]) -> bytes:
        head = f'"{NOTICE}"\t\t\r\nColumn 1\tColumn 2\t"Modifier\r\nIndicator\r\n0=not allowed"\r\n'
        lines = "".join("\t".join(map(str, row)) + "\r\n" for row in rows)
        return (head + lines).encode("latin-1")

    @staticmethod
    def mue_change(rows: Iterable[Row], service: str = "DME Supplier") -> bytes:
        head = f'"{NOTICE}"\t\r\nHCPCS/CPT Code\t{service} Services MUE Values\r\n'
        lines = "".join("\t".join(map(str, row)) + "\r\n" for row in rows)
        return (head + lines).encode("latin-1")


@pytest.fixture(scope="session")
def make() -> type[Make]:
    """The makers of files."""
    return Make


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a test's store will be; not there yet."""
    return tmp_path / "store"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder for CMS files."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder
