"""Saving a workbook so that the same report is the same bytes.

openpyxl stamps the time of saving into the zip directory and the document properties. Here every
member gets one fixed time and `modified` stays as set; charts get the alternative text that
openpyxl cannot give them.
"""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl.writer.excel import ExcelWriter

if TYPE_CHECKING:
    from datetime import date

    from openpyxl import Workbook

_ZIP_DAY_ONE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_CHART_NAME = 'name="Chart 1"'
_LABEL_FORMAT = re.compile(r'numFmt formatCode="[^"]*"(?! sourceLinked)')


def save(workbook: Workbook, path: Path, *, as_of: date, chart_text: str = "") -> None:
    """Write `workbook` to `path`, dated `as_of`; `chart_text` describes its chart in words."""
    midnight = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 - Excel's times have no zone
    workbook.properties.created = workbook.properties.modified = midnight
    archive = _Archive(path, chart_text)
    # ExcelWriter and not workbook.save(), which would set `modified` to the present.
    ExcelWriter(workbook, archive).save()


class _Archive(ZipFile):
    """A zip whose members carry no time, system or user of their own."""

    def __init__(self, path: Path, chart_text: str) -> None:
        super().__init__(path, "w", ZIP_DEFLATED)
        self.chart_text = chart_text

    def writestr(  # type: ignore[override] # openpyxl gives names and texts only
        self, name: str, data: str | bytes, *_: object
    ) -> None:
        """Add a member from memory."""
        if name.startswith("xl/drawings/drawing") and self.chart_text:
            text = data.decode() if isinstance(data, bytes) else data
            named = f"{_CHART_NAME} descr={quoteattr(self.chart_text)}"
            data = text.replace(_CHART_NAME, named)
        elif name.startswith("xl/charts/"):
            text = data.decode() if isinstance(data, bytes) else data
            # Without it LibreOffice takes the number format of the cells instead.
            data = _LABEL_FORMAT.sub(r'\g<0> sourceLinked="0"', text)
        super().writestr(_member(name), data)

    def write(  # type: ignore[override] # openpyxl gives a file and its name only
        self, filename: str, arcname: str, *_: object
    ) -> None:
        """Add a member from a file."""
        with Path(filename).open("rb") as source, self.open(_member(arcname), "w") as member:
            shutil.copyfileobj(source, member, 1 << 20)


def _member(name: str) -> ZipInfo:
    info = ZipInfo(name, _ZIP_DAY_ONE)
    info.compress_type = ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = 0o600 << 16
    return info
