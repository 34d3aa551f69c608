"""The inspections of an area's authorities: of one its own list, of several how they stand."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ofsight.profiles.bundle import AreaProfile
from ofsight.report.areas.words import plural
from ofsight.report.document import Cell, Column, Paragraph, Row, Section, Table, Text
from ofsight.report.wording import NONE, count, day
from ofsight.vocabulary import Grade

__all__ = ["council_section"]

_SHOWN = 3
_NAMES = {
    "overall": "Overall",
    "leaders": "Leaders",
    "protection": "Help and protection",
    "care": "Children in care",
    "care_leavers": "Care leavers",
}


def council_section(profile: AreaProfile, names: Sequence[str]) -> Section:
    """Return the section on the authorities' own inspections; `names` are those of today's authorities."""
    graded = profile.council_inspections.filter(pl.col("kind") == "graded")
    single = profile.area.is_single
    title = "The council’s own inspections" if single else "The councils’ own inspections"
    if graded.is_empty():
        return Section("council", title, (Paragraph("The releases hold no graded inspection."),))
    if single:
        return Section("council", title, (Paragraph(_say(graded)), _list(graded)))
    return Section(
        "council", title, (_standing(graded.filter(pl.col("authority").is_in(list(names))), len(names)),)
    )


def _say(graded: pl.DataFrame) -> str:
    latest = graded.row(0, named=True)
    words = (
        f"The latest graded inspection of children’s services in the releases began on {day(latest['on'])}"
    )
    words += f" ({latest['framework']})" if latest["framework"] else ""
    if latest["overall"] is not None:
        words += f": {latest['overall']} overall"
    return f"{words}. It judges the council, not the homes in its area."


def _list(graded: pl.DataFrame) -> Table:
    columns = (
        Column("Began", share=1.5),
        Column("Framework", share=1),
        *(Column(name, share=1.4) for name in _NAMES.values()),
    )
    rows = []
    for row in graded.head(_SHOWN).iter_rows(named=True):
        grades: list[Text | Cell] = [
            Cell("not judged", "muted") if row[name] is None else _short(row[name]) for name in _NAMES
        ]
        rows.append(Row((day(row["on"]), row["framework"] or NONE, *grades)))
    return Table(
        "table-council",
        "Graded inspections of the council’s children’s services, newest first",
        columns,
        tuple(rows),
        note=(
            "Source: Ofsted. Frameworks differ (SIF to 2018, ILACS since): grades of one are not the "
            "other’s. "
            "Where only the report’s day is printed, it stands for the first day."
        ),
        stacked=True,
    )


def _short(grade: str) -> str:
    return "Requires improvement" if grade == Grade.REQUIRES_IMPROVEMENT.value else grade


def _standing(graded: pl.DataFrame, n: int) -> Table:
    """Count the authorities of a region or set by their latest grades."""
    latest = graded.sort("on", descending=True).unique("authority", keep="first", maintain_order=True)
    columns = (
        Column("Judgement", share=2),
        *(Column(_short(grade), numeric=True, share=1.3) for grade in Grade),
    )
    rows = [
        Row((label, *(count(int((latest[name].cast(pl.String) == grade.value).sum())) for grade in Grade)))
        for name, label in _NAMES.items()
    ]
    return Table(
        "table-council",
        f"Latest graded inspection of {plural(latest.height, 'authority', 'authorities')} of {count(n)}",
        (*columns, Column("Not judged", numeric=True)),
        tuple(
            Row((*row.cells, count(int(latest[name].null_count()))))
            for row, name in zip(rows, _NAMES, strict=True)
        ),
        note=(
            "Authorities, each by its latest graded inspection, from "
            f"{day(latest['on'].min())} to {day(latest['on'].max())}. Source: Ofsted."
        ),
    )
