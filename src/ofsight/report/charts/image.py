"""Charts as pictures, for the editions that cannot hold an SVG."""

from __future__ import annotations

import vl_convert

from ofsight.report.charts.draw import draw_alone
from ofsight.report.charts.model import Chart

__all__ = ["draw_png"]

_SCALE = 3.0


def draw_png(chart: Chart, *, title: str, description: str) -> bytes:
    """Draw a chart as a PNG, sharp enough for print (three pixels a unit).

    The text is set in the Liberation Sans that vl-convert carries, so that it needs no font of the machine.
    """
    picture: bytes = vl_convert.svg_to_png(
        draw_alone(chart, title=title, description=description), scale=_SCALE
    )
    return picture
