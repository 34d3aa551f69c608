"""The readable report of a study: a document without a format, and its editions."""

from __future__ import annotations

from ofsight.report.write import FORMATS, write_report

__all__ = ["FORMATS", "write_report"]
