"""Tables that set an area beside its region and England: one row a measure, one column an area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.values import Value
from ofsight.planning.wording import with_interval
from ofsight.report.document import Column, Row, Table, Text

__all__ = ["Line", "areas_of", "list_source", "make_table", "mid_name", "short_name", "values_of"]

_LONGEST = 34


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table beside.

    Attributes
    ----------
    label : str
        What the row is.
    measure, part : str
        Which measure it shows.
    places : int
        Decimals.
    mark : str
        What stands behind the number: ``%``.
    times : float
        What the number is multiplied by: 10,000 for an HHI.
    """

    label: str
    measure: str
    part: str = "all"
    places: int = 0
    mark: str = ""
    times: float = 1.0


def short_name(name: str) -> str:
    """Return an area's name as the heading of a column: a long set is named as one."""
    return name if len(name) <= _LONGEST else "This set of areas"


def mid_name(name: str) -> str:
    """Return an area's name in the middle of a sentence."""
    return name if len(name) <= _LONGEST else "this set of areas"


def areas_of(plan: AreaPlan) -> list[str]:
    """Return the headings of the columns: the area, then those it is read beside."""
    return [short_name(plan.area.name), *(area.name for area, _ in plan.beside)]


def values_of(plan: AreaPlan, measure: str, part: str = "all") -> list[Value]:
    """Return one measure of the area and of those beside it, in the order of `areas_of`."""
    return [plan.value(measure, part), *plan.values_beside(measure, part)]


def make_table(
    plan: AreaPlan,
    key: str,
    caption: str,
    lines: Iterable[Line | str],
    note: Text = "",
    first: str = "Measure",
    *,
    dated: bool = False,
) -> Table:
    """Return a table of measures; a string among the lines is a heading within it.

    With `dated`, a column tells of which year each measure of the area is.
    """
    headings = areas_of(plan)
    rows: list[Row] = []
    for line in lines:
        if isinstance(line, str):
            rows.append(Row((line,), "group"))
            continue
        cells = [
            with_interval(_times(found, line.times), line.places, line.mark)
            for found in values_of(plan, line.measure, line.part)
        ]
        when = (plan.value(line.measure, line.part).as_at[-4:] or "–",) if dated else ()
        rows.append(Row((line.label, *when, *cells)))
    wide = 2.4 if len(headings) < 4 else 2.0
    columns = (
        Column(first, share=wide),
        *((Column("31 March", share=0.8),) if dated else ()),
        *(Column(name, numeric=True) for name in headings),
    )
    return Table(key, caption, columns, tuple(rows), note)


def _times(found: Value, by: float) -> Value:
    if found.value is None or by == 1.0:
        return found
    low, high = (None if bound is None else by * bound for bound in (found.low, found.high))
    return Value(
        found.measure, found.part, by * found.value, low, high, found.n, "", found.as_at, found.source
    )


def list_source(plan: AreaPlan) -> str:
    """Return the line that says of which list the numbers of homes are."""
    synthetic = plan.inputs.dataset.synthetic is not None
    day = plan.inputs.day
    made = "synthetic list" if synthetic else "Ofsted’s list"
    return f"Source: {made} of children’s homes at {day.day} {day:%B %Y}. Registered places, not vacancies."
