"""Children looked after and where they are placed, over time and beside neighbours, region and England."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ofsight.profiles.bundle import AreaProfile
from ofsight.profiles.withheld import WITHHELD_HERE
from ofsight.report.areas.words import show_figure, show_status
from ofsight.report.document import Block, Cell, Column, Paragraph, Row, Section, Table, Text
from ofsight.report.wording import NONE, decimal, joined

__all__ = ["beside_section", "need_section"]

_NEED = (
    "looked_after", "in_homes", "homes_out_of_area_percent",
    "homes_net_gain",
    "outside_percent", "far_percent", "private_percent", "voluntary_percent", "moved_percent",
)  # fmt: skip
_BESIDE = (
    "n_homes", "places_per_10000", "places_private", "places_authority",
    "good_or_better", "looked_after_rate",
    "in_homes_percent", "homes_out_of_area_percent", "outside_percent", "far_percent", "private_percent",
    "moved_percent", "imd_score",
)  # fmt: skip
_BACK = 4


def need_section(profile: AreaProfile) -> Section:
    """Return the section on looked-after children and placements."""
    title = "Children looked after and where they are placed"
    frame = profile.children
    if frame.is_empty():
        words = "The releases hold no figures of looked-after children for this area."
        return Section("need", title, (Paragraph(words),))
    return Section("need", title, (Paragraph(_say(profile, frame)), _table(frame)))


def _rows(frame: pl.DataFrame, measure: str) -> dict[int, Mapping[str, Any]]:
    found = frame.filter((pl.col("measure") == measure) & pl.col("year").is_not_null())
    return {int(row["year"]): row for row in found.iter_rows(named=True)}


def _say(profile: AreaProfile, frame: pl.DataFrame) -> str:
    rows = _rows(frame, "looked_after")
    if not rows:
        return "The releases hold no count of looked-after children here."
    year = max(rows)
    latest = rows[year]
    if latest["value"] is None:
        words = f"The number of children looked after on 31 March {year} is {show_status(latest['status'])}. "
    else:
        words = f"On 31 March {year} {_who(profile)} looked after {decimal(latest['value'], 0)} children"
        older = [past for past in rows if year - _BACK <= past < year and rows[past]["value"] is not None]
        if older:
            words += f"; on 31 March {min(older)}, {decimal(rows[min(older)]['value'], 0)}"
        words += ". "
    return words + (
        "They may live anywhere in England, and homes here may hold other areas’ children: a count of places "
        "and a count of children are not of the same children."
    )


def _who(profile: AreaProfile) -> str:
    return {"authority": "the council", "england": "England’s councils"}.get(
        profile.area.kind, "the area’s councils"
    )


def _table(frame: pl.DataFrame) -> Table:
    rows = []
    for measure in _NEED:
        found = _rows(frame, measure)
        if not found:
            continue
        last = max(found)
        # Four years before, or as near to it as the area is old.
        older = [year for year in found if last - _BACK <= year < last]
        before = found[min(older)] if older else None
        first = NONE if before is None else show_figure(before)
        rows.append(
            Row((_label(found[last]), str(min(older)) if older else NONE, first, str(last),
                 show_figure(found[last])))
        )  # fmt: skip
    notes = [
        "As published by DfE, years to 31 March; regions and England rounded to the nearest 10. Withheld "
        "figures stay withheld."
    ]
    if WITHHELD_HERE in frame["status"]:
        notes.append(
            "Withheld here: DfE prints it, and beside our other figures it would tell a number that DfE "
            "withholds (a total less the areas shown; a net loss where there is no home)."
        )
    if any(row["status"] == "not summed" for row in frame.iter_rows(named=True)):
        notes.append("Not summed: the part of at least one authority is withheld or not published.")
    columns = (
        Column("Measure", share=3),
        Column("Year", numeric=True, share=0.7),
        Column("Then", numeric=True),
        Column("Year", numeric=True, share=0.7),
        Column("Latest", numeric=True),
    )
    return Table(
        "table-need",
        "Looked-after children and placements",
        columns,
        tuple(rows),
        note=" ".join(notes),
        stacked=True,
    )


def _label(row: Mapping[str, Any]) -> str:
    label = str(row["label"])
    if row["unit"] == "per cent" and "In children" in label:
        return f"{label}, share"
    return label


def beside_section(profile: AreaProfile) -> Section | None:
    """Return the area beside its neighbours, region and England; None for England."""
    if profile.area.kind == "england":
        return None
    frame = profile.beside
    names = frame.filter(pl.col("role") == "neighbour").select("rank", "name").unique().sort("rank")["name"]
    blocks: list[Block] = []
    if names.len():
        blocks.append(
            Paragraph(
                f"The ten authorities that DfE holds most like {profile.area.name} are "
                f"{joined(names.to_list())}. "
                "They are alike in who lives there, not in where they lie."
            )
        )
    blocks.append(_compare(profile, frame, with_neighbours=names.len() > 0))
    return Section("beside", "Beside other areas", tuple(blocks))


def _compare(profile: AreaProfile, frame: pl.DataFrame, *, with_neighbours: bool) -> Table:
    columns = [Column("Measure", share=3.6), Column(_short(profile.area.name), numeric=True, share=1.2)]
    if with_neighbours:
        columns += [
            Column("Neighbours’ median", numeric=True),
            Column("Neighbours’ range", numeric=True, share=1.3),
        ]
    if profile.region is not None:
        columns.append(Column(profile.region.name, numeric=True, share=1.1))
    columns.append(Column("England", numeric=True, share=1.1))
    rows = []
    for measure in _BESIDE:
        part = frame.filter(pl.col("measure") == measure)
        if part["value"].null_count() == part.height:
            continue
        by_role = {row["role"]: row for row in part.iter_rows(named=True)}
        own, named = by_role.get("area"), part.row(0, named=True)
        year = f" ({named['year']})" if named["year"] else ""
        cells: list[Text | Cell] = [f"{_label(named)}{year}", show_figure(own)]
        if with_neighbours:
            median = by_role.get("median of neighbours")
            cells += [NONE if median is None else show_figure(median), _range(part)]
        if profile.region is not None:
            cells.append(show_figure(by_role.get("region")))
        cells.append(show_figure(by_role.get("England")))
        rows.append(Row(tuple(cells)))
    note = (
        "The median is of the neighbours with a published figure, five at least; the range runs from the "
        "lowest "
        "to the highest of them. Good or better: of homes with a grade, ten at least."
        if with_neighbours
        else "Figures as published, or counted from the newest list. Good or better: of homes with a grade."
    )
    return Table(
        "table-beside",
        f"{profile.area.name} beside other areas",
        tuple(columns),
        tuple(rows),
        note=note,
        stacked=True,
    )


def _short(name: str) -> str:
    return name if len(name) <= 28 else "This area"


def _range(part: pl.DataFrame) -> Text | Cell:
    rows = part.filter((pl.col("role") == "neighbour") & pl.col("value").is_not_null()).sort("value")
    if rows.height < 2:
        return Cell(NONE, "muted")
    low, high = (show_figure(rows.row(place, named=True)) for place in (0, -1))
    return f"{low} to {high}"
