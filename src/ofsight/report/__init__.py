"""The readable report of a study: a document without a format, and its editions."""

from __future__ import annotations

from ofsight.report.folder import find_specifications
from ofsight.report.write import FORMATS, write_report

__all__ = ["FORMATS", "find_specifications", "write_report"]
