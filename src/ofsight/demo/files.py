"""Write release tables as the publishers' csv files."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from ofsight.demo.tables import Cell, ReleaseTable

__all__ = ["encode_csv", "write_csv"]


def _printed(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value)


def encode_csv(table: ReleaseTable) -> bytes:
    """Bytes of a release as csv: dates dd/mm/yyyy, the layout's encoding and line ends."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=table.layout.newline)
    writer.writerows([_printed(value) for value in row] for row in table.grid())
    encoding = "utf-8-sig" if table.layout.encoding == "ods" else table.layout.encoding
    return buffer.getvalue().encode(encoding)


def write_csv(path: Path, table: ReleaseTable) -> None:
    """Write a release as csv."""
    path.write_bytes(encode_csv(table))
