"""The built-in tables as text, and the real CMS files read by a small parser of the tests' own.

The parser shares nothing with the importers, so that an error there cannot hide one here.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import fastexcel
import polars as pl
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "auditor" / "reference"
CODE = re.compile(r"[A-Z0-9]{5}")
Rows = list[dict[str, str]]


def read_rows(folder: str, name: str) -> Rows:
    with (REFERENCE / folder / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="session")
def starter() -> Callable[[str], Rows]:
    return lambda name: read_rows("starter", name)


@pytest.fixture(scope="session")
def policy() -> Callable[[str], Rows]:
    return lambda name: read_rows("policy", name)


def real(shared: Path, name: str) -> Path:
    path = shared / "cms" / name
    if not path.is_file():
        pytest.skip(f"no {name} among the real CMS files")
    return path


def julian(text: str) -> str:
    """YYYYDDD as an ISO date; '' stays ''."""
    text = text.strip()
    if not text:
        return ""
    return (date(int(text[:4]), 1, 1) + timedelta(days=int(text[4:]) - 1)).isoformat()


@pytest.fixture(scope="session")
def cms_aoc(shared: Path) -> Rows:
    path = real(shared, "add-code-edits-medicare-effective-10012025.zip")
    with zipfile.ZipFile(path) as archive:
        text = archive.read("AOC_V2025Q4_01-MCR.txt").decode("ascii")
    rows = []
    for line in filter(None, text.split("\r\n")):
        ends = [julian(line[6:13]), julian(line[18:25]), julian(line[32:39])]
        rows.append({
            "edit_type": line[0], "addon": line[1:6], "primary": line[13:18],
            "effective": julian(line[25:32]), "deletion": min(filter(None, ends), default=""),
        })  # fmt: skip
    return rows


@pytest.fixture(scope="session")
def cms_ptp(shared: Path) -> pl.DataFrame:
    """Practitioner pairs in force at the end of 2024Q3."""
    names = ("column1", "column2", "prior", "effective", "deletion", "indicator", "rationale")
    parts = []
    for part in range(1, 5):
        with zipfile.ZipFile(real(shared, f"ccipra-v302r0-f{part}.zip")) as archive:
            text = next(n for n in archive.namelist() if n.upper().endswith(".TXT"))
            content = archive.read(text)
        frame = pl.read_csv(
            io.BytesIO(content), separator="\t", has_header=False, quote_char=None,
            schema=dict.fromkeys(names, pl.String), encoding="utf8-lossy",
            truncate_ragged_lines=True,
        )  # fmt: skip
        parts.append(
            frame.filter(
                pl.col("column1").str.contains(r"^[A-Z0-9]{5}$"),
                pl.col("deletion") == "*",
                pl.col("indicator") != "9",
            )
        )
    return pl.concat(parts)


@pytest.fixture(scope="session")
def cms_mue(shared: Path) -> dict[str, dict[str, tuple[str, str, str]]]:
    """Quarter -> code -> value, adjudication indicator, rationale."""
    files = {"2024Q3": "07-01-2024", "2026Q2": "04-01-2026"}
    tables = {}
    for quarter, day in files.items():
        path = real(shared, f"MCR_MUE_PractitionerServices_Eff_{day}.csv")
        with path.open(encoding="latin-1", newline="") as handle:
            rows = [row for row in csv.reader(handle) if row and CODE.fullmatch(row[0])]
        tables[quarter] = {row[0]: (row[1], row[2][0], row[3]) for row in rows}
    return tables


@pytest.fixture(scope="session")
def cms_fees(shared: Path) -> dict[tuple[str, str], list[str]]:
    """(code, component) -> status, pctc, global days, multiple, bilateral, assistant, co, team."""
    path = real(shared, "PPRRVU2025_Oct.csv")
    with path.open(encoding="latin-1", newline="") as handle:
        rows = [row for row in csv.reader(handle) if row and CODE.fullmatch(row[0])]
    wanted = (3, 13, 14, 18, 19, 20, 21, 22)
    found = {(r[0], r[1].strip()): [r[n].strip() for n in wanted] for r in rows}
    del found["HCPCS", "MOD"]  # the last row of the stacked header looks like a code
    return found


@pytest.fixture(scope="session")
def cms_scopes(shared: Path) -> dict[str, str]:
    """Code -> endoscopic base code, where the fee schedule names one."""
    path = real(shared, "PPRRVU2025_Oct.csv")
    with path.open(encoding="latin-1", newline="") as handle:
        rows = [row for row in csv.reader(handle) if row and CODE.fullmatch(row[0])]
    return {row[0]: row[23].strip() for row in rows if CODE.fullmatch(row[23].strip())}


@pytest.fixture(scope="session")
def cms_codes(
    cms_fees: dict[tuple[str, str], list[str]],
    cms_mue: dict[str, dict[str, tuple[str, str, str]]],
    cms_hcpcs: Rows,
) -> list[str]:
    """Every procedure code that one of the CMS files knows."""
    codes = {code for code, _ in cms_fees} | set(cms_mue["2024Q3"]) | set(cms_mue["2026Q2"])
    codes |= {row["code"] for row in cms_hcpcs if row["recid"] == "3"}
    return sorted(codes)


@pytest.fixture(scope="session")
def cms_hcpcs(shared: Path) -> Rows:
    """HCPCS Level II: code, recid, dates, type_of_service, lab (certification), pricing, text."""
    path = real(shared, "HCPC2025_OCT_ANWEB.xlsx")
    sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string")
    grid = sheet.to_polars().rows()
    start = next(n for n, row in enumerate(grid) if "HCPC" in row)
    place = {name: n for n, name in enumerate(grid[start])}

    def day(text: str | None) -> str:
        text = (text or "").strip()
        return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text else ""

    return [
        {
            "code": row[place["HCPC"]].strip(), "recid": row[place["RECID"]].strip(),
            "effective": day(row[place["ADD DT"]]), "deletion": day(row[place["TERM DT"]]),
            "type_of_service": (row[place["TOS1"]] or "").strip(),
            "lab": (row[place["LABCERT1"]] or "").strip(),
            "pricing": (row[place["PRICE1"]] or "").strip(),
            "text": (row[place["LONG DESCRIPTION"]] or "").lower(),
        }
        for row in grid[start + 1 :]
    ]  # fmt: skip
