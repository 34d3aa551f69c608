"""Ownership: how concentrated the places are, how that went, and places against children."""

from __future__ import annotations

import polars as pl

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.sections.beside import (
    Line,
    areas_of,
    list_source,
    make_table,
    values_of,
)
from ofsight.planning.sections.expected import expected_figure
from ofsight.planning.wording import n_of, portion
from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.wording import count, percent

__all__ = ["ownership_section"]

_TEN_THOUSAND = 10_000.0


def ownership_section(plan: AreaPlan) -> Section:
    """Return the section on ownership."""
    blocks: list[Block] = [Paragraph(_lead(plan), "lead")]
    if plan.value("homes").value:
        blocks.append(_concentration(plan))
    if plan.trend.filter(pl.col("homes") > 0).height:
        blocks.append(_trend(plan))
    funnel = expected_figure(plan)
    if funnel is not None:
        blocks.append(funnel)
    return Section("ownership", "Ownership", tuple(blocks))


def _lead(plan: AreaPlan) -> str:
    held = plan.exposure.filter(pl.col("holder_id").is_not_null())
    if held.is_empty():
        return "No registered place, so no owner."
    first = held.row(0, named=True)
    places, homes = plan.value("places").value or 0, plan.value("homes").value or 0
    four = plan.value("four_largest_share").value
    hhi = [found.value for found in values_of(plan, "hhi_by_group")]
    which = "most" if held.height > 1 else "all"
    words = f"{first['holder']} holds {which} places: {count(first['places'])}"
    if places and held.height > 1:
        words += f" ({portion(first['places'], places, homes)})"
    words += f". {n_of(held.height, 'group or owner holds', 'groups or owners hold')} places here"
    if four is not None and held.height > 4:
        words += f"; the four largest hold {portion(four * places / 100, places, homes)}"
    words += "."
    if hhi[0] is not None and len(hhi) > 1:
        others = [
            f"{name} {count(_TEN_THOUSAND * value)}"
            for name, value in zip(areas_of(plan)[1:], hhi[1:], strict=True)
            if value is not None
        ]
        words += f" Concentration (HHI) is {count(_TEN_THOUSAND * hhi[0])} of 10,000; {', '.join(others)}."
    return words


def _concentration(plan: AreaPlan) -> Table:
    lines: list[Line | str] = []
    for part, heading in (
        ("all", "All places, councils as groups"),
        ("without councils", "Without councils"),
    ):
        lines += [
            heading,
            Line("HHI if every home stood alone, × 10,000", "hhi_by_home", part, times=_TEN_THOUSAND),
            Line("HHI by owner, × 10,000", "hhi_by_owner", part, times=_TEN_THOUSAND),
            Line("HHI by group, × 10,000 (bounds)", "hhi_by_group", part, times=_TEN_THOUSAND),
            Line("HHI by group, 0 to 1 (bounds)", "hhi_by_group", part, 3),
            Line("... added by common ownership, 0 to 1", "hhi_from_common_ownership", part, 3),
            Line("Largest group, share of places", "largest_group_share", part, 1, "%"),
            Line("Four largest groups, share of places", "four_largest_share", part, 1, "%"),
            Line("Largest group, share of homes", "largest_group_share_of_homes", part, 1, "%"),
            Line("Homes without a named owner", "unlinked_share_of_homes", part, 1, "%"),
        ]
    note = (
        f"{list_source(plan)} HHI: sum of squared shares of places. Bounds: homes without a named owner "
        "stand alone, or all belong to the largest group. Reference lines of US authorities: 1,000 and "
        "1,800 (1992), 1,500 and 2,500 (2010); the CMA sets none. One authority is a poor market, since two "
        "thirds of children in homes live outside theirs: read the columns side by side. Groups by "
        "docs/owners.md; an owner without a group may still belong to one."
    )
    return make_table(plan, "table-concentration", "How concentrated the places are", lines, note)


def _trend(plan: AreaPlan) -> Table:
    columns = (
        Column("List of", share=1.5),
        Column("Places", numeric=True),
        Column("For-profit", numeric=True),
        Column("Holders", numeric=True),
        Column("Largest", numeric=True),
        Column("HHI by group", numeric=True),
        Column("... without councils", numeric=True),
        Column("Owner not named", numeric=True),
    )
    rows = []
    for row in plan.trend.filter(pl.col("homes") > 0).iter_rows(named=True):
        places, day = row["places"], row["listed_on"]
        private = percent(row["places_private"] / places, 0) if places else "–"
        rows.append(
            Row(
                (
                    f"{day.day} {day:%B %Y}",
                    count(places),
                    private,
                    count(row["n_holders"]),
                    percent(row["largest_share"], 0),
                    _ten_thousand(row["hhi_by_group"]),
                    _ten_thousand(row["hhi_by_group_without_councils"]),
                    percent(row["unlinked_share_of_places"], 1),
                )
            )
        )
    note = (
        "Shares of places; HHI × 10,000. Ofsted names owners from March 2018. Linkage gets better over "
        "time, so a trend in ownership is in part a trend in linkage: the last column is the share of "
        "places whose owner the list does not name. Groups are those known today, dated where a sale is "
        "dated."
    )
    return Table("table-trend", "Ownership since 2018", columns, tuple(rows), note)


def _ten_thousand(value: float | None) -> str:
    return "–" if value is None else count(_TEN_THOUSAND * value)
