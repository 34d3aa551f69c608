"""The frame of a panel over years: its title, ruled values, the years below, names at the ends of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ofsight.report.charts.axis import Straight, spread, years_shown
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import count

__all__ = ["PANEL_HEIGHT", "YearFrame", "draw_year_frame"]

_PLOT: Final = 210.0
_HEAD: Final = 32.0
PANEL_HEIGHT: Final = _PLOT + 64
"""Height of a panel with its title and years."""


@dataclass(frozen=True, slots=True)
class YearFrame:
    """Where the values and the years of one panel stand on its sheet."""

    axis: Straight
    start: float
    end: float
    head: float
    bottom: float
    first: int
    last: int

    def across(self, year: int) -> float:
        """Return where a year stands."""
        return self.start + (self.end - self.start) * (year - self.first) / max(self.last - self.first, 1)

    def name_ends(self, sheet: Sheet, ends: Sequence[tuple[str, int, float]]) -> None:
        """Write the name of each line beside its last year and value, names apart from each other."""
        wanted = [self.axis.at(value) for _, _, value in ends]
        heights = spread(wanted, 16, self.head, self.bottom - 2)
        for (name, year, _), y in zip(ends, heights, strict=True):
            sheet.text(self.across(year) + 9, y + 4.5, name)


def draw_year_frame(
    sheet: Sheet,
    title: str,
    *,
    years: Sequence[int],
    most: float,
    names: Sequence[str],
    left: float,
    width: float,
    top: float,
) -> YearFrame:
    """Draw the frame of a panel and return where lines go.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    title : str
        Above the panel.
    years : sequence of int
        In order, not empty: the first stands at the left, the last at the right.
    most : float
        The largest value; the axis begins at zero.
    names : sequence of str
        What is to be written at the ends of lines; room for the longest is left.
    left, width, top : float
        The panel's place, in units of the sheet.
    """
    head, bottom = top + _HEAD, top + _HEAD + _PLOT
    axis = Straight.upto(most, bottom, head)
    margin = max(text_width(count(tick), sheet.size) for tick in axis.ticks()) + 8
    ends = max((text_width(name, sheet.size) for name in names), default=0) + 10
    frame = YearFrame(axis, left + margin + 4, left + width - ends - 4, head, bottom, years[0], years[-1])
    sheet.text(left, top + 16, title, classes="strong")
    for tick in axis.ticks():
        y = axis.at(tick)
        sheet.line(frame.start - 4, y, frame.end, y, "rule" if tick == 0 else "grid")
        sheet.text(frame.start - 8, y + 4, count(tick), anchor="end", classes="muted")
    for year in years_shown(list(years), frame.end - frame.start, text_width("2021", sheet.size) + 8):
        sheet.text(frame.across(year), bottom + 18, str(year), anchor="middle", classes="muted")
    return frame
