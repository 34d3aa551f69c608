"""Charts drawn by hand as SVG: forest plots, lines over years, shares with intervals.

`draw` gives a chart for a page, `draw_alone` a file that carries its own colours.
"""

from __future__ import annotations

from ofsight.report.charts.draw import NARROW, WIDE, draw, draw_alone

__all__ = ["NARROW", "WIDE", "draw", "draw_alone"]
