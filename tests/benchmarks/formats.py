"""The first lines of the benchmark's CSV in other formats; for intake.py.

python formats.py claims.csv LINES             # claims.xlsx, .parquet, .837, .txt beside it
python formats.py claims.csv LINES --many N F  # the CSV over and over, N lines into F
"""

from __future__ import annotations

import sys
from pathlib import Path

import openpyxl
import polars as pl

WIDTHS = {
    "claim_id": ("claim_number", 14),
    "patient_id": ("patient_id", 12),
    "rendering_npi": ("rendering_npi", 10),
    "service_date_from": ("service_date_from", 10),
    "code": ("procedure_code", 5),
    "modifiers": ("modifier_1", 2),
    "units": ("units", 6),
    "charge_amount": ("charge_amount", 12),
}


def main() -> None:
    """Write them."""
    csv, lines = Path(sys.argv[1]), int(sys.argv[2])
    frame = pl.read_csv(csv, infer_schema=False)
    if "--many" in sys.argv:
        many(frame, int(sys.argv[4]), Path(sys.argv[5]))
        return
    frame = frame.head(lines)
    workbook(frame, csv.with_suffix(".xlsx"))
    frame.write_parquet(csv.with_suffix(".parquet"))
    csv.with_suffix(".837").write_text(x12(frame), encoding="ascii")
    fixed(frame, csv.with_suffix(".txt"), csv.with_name("fixed.toml"))


def many(frame: pl.DataFrame, lines: int, path: Path) -> None:
    """The same lines of other claims and patients, until there are enough."""
    with path.open("wb") as out:
        for turn, start in enumerate(range(0, lines, frame.height)):
            part = frame.head(min(frame.height, lines - start)).with_columns(
                pl.col("claim_number", "patient_id") + f"{turn}"
            )
            out.write(part.write_csv(include_header=turn == 0).encode())


def workbook(frame: pl.DataFrame, path: Path) -> None:
    """One sheet; numbers as numbers, as systems export them."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Claims")
    sheet.append(frame.columns)
    numbers = frame.with_columns(
        pl.col("line_number", "units", "charge_amount", "allowed_amount").cast(pl.Float64)
    )
    for row in numbers.iter_rows():
        sheet.append(row)
    book.save(path)


def fixed(frame: pl.DataFrame, path: Path, layout: Path) -> None:
    """Lines of fixed width, and the layout that says so."""
    text = frame.select(
        pl.concat_str(
            pl.col(name).fill_null("").str.pad_end(width) for name, width in WIDTHS.values()
        )
    ).to_series()
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    said, start = ["fixed = true", "[columns]"], 1
    for field, (_, width) in WIDTHS.items():
        said.append(f"{field} = {{ start = {start}, length = {width} }}")
        start += width
    layout.write_text("\n".join(said) + "\n", encoding="utf-8")


def x12(frame: pl.DataFrame) -> str:
    """One 837P transaction: a subscriber loop a claim, a service line a line."""
    segments = [
        "BHT*0019*00*1*20251201*1200*CH",
        "NM1*41*2*SENDER*****46*1",
        "NM1*40*2*RECEIVER*****46*2",
        "HL*1**20*1",
        "NM1*85*2*CLINIC*****XX*1234567893",
        "REF*EI*123456789",
    ]
    level = 1
    for _, claim in frame.group_by("claim_number", maintain_order=True):
        head = claim.row(0, named=True)
        level += 1
        segments += [
            f"HL*{level}*1*22*0",
            "SBR*P*18*******MB",
            f"NM1*IL*1*DOE*PAT****MI*{head['patient_id']}",
            "DMG*D8*19500101*F",
            "NM1*PR*2*MEDICARE*****PI*1",
            f"CLM*{head['claim_number']}*100***{head['place_of_service']}:B:1*Y*A*Y*Y",
            f"HI*ABK:{(head['diagnosis_1'] or 'Z000').replace('.', '')}",
            f"NM1*82*1*ROE*DOC****XX*{head['rendering_npi']}",
        ]
        for number, line in enumerate(claim.iter_rows(named=True), start=1):
            code = ":".join(
                filter(None, ("HC", line["procedure_code"], line["modifier_1"], line["modifier_2"]))
            )
            segments += [
                f"LX*{number}",
                f"SV1*{code}*{line['charge_amount']}*UN*{line['units']}***1",
                f"DTP*472*D8*{line['service_date_from'].replace('-', '')}",
            ]
    count = len(segments) + 2
    interchange = (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *251201*1200"
        "*^*00501*000000001*0*P*:"
    )
    parts = (
        interchange,
        "GS*HC*A*B*20251201*1200*1*X*005010X222A1",
        "ST*837*0001*005010X222A1",
        *segments,
        f"SE*{count}*0001",
        "GE*1*1",
        "IEA*1*000000001",
    )
    return "~\n".join(parts) + "~\n"


if __name__ == "__main__":
    main()
