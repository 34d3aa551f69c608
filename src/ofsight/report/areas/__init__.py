"""The area edition: two to four pages on an authority, a region, or any set of areas."""

from ofsight.report.areas.edition import make_area_document, write_area_reports

__all__ = ["make_area_document", "write_area_reports"]
