"""The key above a chart whose lines have no room for their names: marker and name, in reading order."""

from __future__ import annotations

from collections.abc import Mapping

from ofsight.report.charts.model import Series
from ofsight.report.charts.svg import Sheet, text_width

__all__ = ["draw_legend"]


def draw_legend(named: Mapping[str, Series], sheet: Sheet, hollow: frozenset[str] = frozenset()) -> float:
    """Draw a key from the top of a sheet and return where what it explains may begin.

    Labels in `hollow` have the outline of their marker.
    """
    x, y = 6.0, 16.0
    for label, series in named.items():
        needed = 14 + text_width(label, sheet.size) + 22
        if x > 6 and x + needed - 22 > sheet.width:
            x, y = 6.0, y + 20
        sheet.marker(x, y - 4.5, series, hollow=label in hollow)
        sheet.text(x + 12, y, label)
        x += needed
    return y + 14
