"""What the area edition says in the same words everywhere: figures, statuses, names, cautions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ofsight.report.document import Cell, Text
from ofsight.report.wording import NONE, count, decimal, percent

__all__ = [
    "CAUTION",
    "NOT_VACANCIES",
    "good_share",
    "plural",
    "show_figure",
    "show_status",
]

NOT_VACANCIES: Final = "Registered places are what homes may hold, not vacancies."
CAUTION: Final = (
    "Judgements measure compliance and safeguarding as inspectors see them, not what becomes of the "
    "children.",
    "Homes may choose which children they take, and councils where they place them: a difference between "
    "sectors or areas is not the effect of one.",
    "Where few homes stand behind a share its interval is wide; with fewer than ten there is no share.",
)

_STATUS: Final = {
    "c": "withheld (c)",
    "x": "not available (x)",
    "z": "not applicable (z)",
    "k": "rounds to zero (k)",
    "u": "low reliability (u)",
    "low": "low reliability",
    "too few": "too few",
    "none": "none",
    "not published": "not published",
    "not summed": "not summed",
    "withheld here": "withheld here",
}
_PLACES: Final = {"per cent": 0, "per 10,000 children": 1, "score": 1, "share": 2}


def plural(n: int | None, one: str, many: str | None = None) -> str:
    """Return ``1 home`` or ``82 homes``."""
    return f"{count(n)} {one if n == 1 else many or f'{one}s'}"


def show_status(status: str) -> str:
    """Return what stands in the place of a number: never nothing, never zero."""
    return _STATUS.get(status, status or NONE)


def show_figure(row: Mapping[str, Any] | None) -> Text | Cell:
    """Return a figure of `ofsight.profiles` for a cell: a number, or its status in muted words."""
    if row is None:
        return Cell("not published", "muted")
    value, unit = row["value"], row["unit"]
    if value is None:
        return Cell(show_status(row["status"]), "muted")
    if unit == "per cent":
        return f"{decimal(value, _PLACES[unit])}%"
    if unit in _PLACES:
        return decimal(value, _PLACES[unit])
    return decimal(value, 0)


def good_share(row: Mapping[str, Any], *, interval: bool = True) -> str:
    """Return the share Good or better, or the counts where they are too few for one."""
    if not row["n_graded"]:
        return "none graded" if row["n_homes"] else NONE
    if row["few"]:
        return f"{count(row['n_good_or_better'])} of {count(row['n_graded'])}"
    shown = percent(row["share"], 0)
    return f"{shown} ({percent(row['low'], 0)} to {percent(row['high'], 0)})" if interval else shown
