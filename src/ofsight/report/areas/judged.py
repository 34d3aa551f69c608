"""How the homes of an area are judged, by sector, beside its region and England."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ofsight.profiles.area import Area
from ofsight.profiles.bundle import AreaProfile
from ofsight.profiles.judgements import GRADE_COLUMNS
from ofsight.profiles.supply import SECTORS
from ofsight.report.areas.supply import SERIES
from ofsight.report.areas.words import CAUTION, good_share, plural
from ofsight.report.charts.model import Dot, DotChart, DotPanel, DotRow
from ofsight.report.document import Block, Cell, Column, Figure, Note, Paragraph, Row, Section, Table, Text
from ofsight.report.wording import count, percent, sector_label

__all__ = ["judged_section"]

Places = Sequence[tuple[Area, pl.DataFrame]]


def judged_section(profile: AreaProfile, places: Places, standing: str) -> Section:
    """Return the section on judgements.

    Parameters
    ----------
    profile : AreaProfile
        The area.
    places : sequence of (Area, DataFrame)
        The area, its region and England, each with its latest judgements.
    standing : str
        Where the area stands among authorities, as a sentence; empty for none.
    """
    own = _overall(profile.latest_judgements)
    every = own["All"]
    title = "How the homes are judged"
    if not every["n_graded"]:
        words = "No home here has a graded full inspection, so there is nothing to compare."
        return Section("judgements", title, (Paragraph(words),))
    blocks: list[Block] = [Paragraph(_say(own, standing))]
    charted = [(area, frame) for area, frame in places if not _overall(frame)["All"]["few"]]
    table = _table(places)
    blocks.append(_figure(profile, charted, table) if charted else table)
    blocks.append(Note("Read with care", CAUTION, "caution"))
    return Section("judgements", title, tuple(blocks))


def _overall(frame: pl.DataFrame) -> dict[str, dict[str, object]]:
    rows = frame.filter(pl.col("domain") == "overall").iter_rows(named=True)
    return {str(row["sector"]): row for row in rows}


def _say(own: dict[str, dict[str, object]], standing: str) -> str:
    every = own["All"]
    good, graded = int(str(every["n_good_or_better"])), int(str(every["n_graded"]))
    words = (
        f"Of {plural(graded, 'home')} with a grade, {count(good)} {'was' if good == 1 else 'were'} Good or "
        "better overall at the latest full inspection"
    )
    if every["few"]:
        words += "; too few for a share. "
    else:
        low, high = (percent(float(str(every[name])), 0) for name in ("low", "high"))
        words += f": {percent(float(str(every['share'])), 0)} (95% interval {low} to {high}). "
    if every["n_ungraded"]:
        waiting = int(str(every["n_ungraded"]))
        words += (
            f"{plural(waiting, 'home')} had no grade yet and {'is' if waiting == 1 else 'are'} left out. "
        )
    return f"{words}{standing}".strip()


def _figure(profile: AreaProfile, places: Places, table: Table) -> Figure:
    rows = []
    for area, frame in places:
        found = _overall(frame)
        dots = tuple(
            Dot(
                sector_label(sector),
                series,
                float(str(row["share"])),
                float(str(row["low"])),
                float(str(row["high"])),
            )
            for sector, series in SERIES.items()
            if (row := found[sector]) and not row["few"]
        )
        if dots:
            rows.append(DotRow(area.name, dots))
    return Figure(
        "figure-judgements",
        f"Share of homes judged Good or better, {profile.area.name} and beyond",
        "Points with 95% intervals by sector; a sector of fewer than ten graded homes has no point. The "
        "table "
        "holds the counts.",
        DotChart(
            (DotPanel("Good or better overall", tuple(rows)),), "Share of graded homes, with 95% interval"
        ),
        table,
        source="Source: Ofsted, latest full inspection of each open home. Intervals: Wilson.",
    )


def _table(places: Places) -> Table:
    columns = (
        Column("Homes", share=1.7),
        Column("Open", numeric=True),
        Column("No grade", numeric=True),
        Column("Inadequate", numeric=True, share=1.2),
        Column("Requires improvement", numeric=True, share=1.5),
        Column("Good", numeric=True),
        Column("Outstanding", numeric=True, share=1.3),
        Column("Good or better (95% interval)", numeric=True, share=2.1),
    )
    rows: list[Row] = []
    for area, frame in places:
        rows.append(Row((area.name,), "group"))
        found = _overall(frame)
        for sector in SECTORS:
            row = found[sector]
            if sector != "All" and not row["n_homes"]:
                continue
            grades: list[Text | Cell] = [count(int(str(row[name]))) for name in GRADE_COLUMNS]
            cells = (
                "All homes" if sector == "All" else sector_label(sector),
                count(int(str(row["n_homes"]))),
                count(int(str(row["n_ungraded"]))),
                *grades,
                good_share(row),
            )
            rows.append(Row(cells, "total" if sector == "All" else "plain"))
    return Table(
        "table-judgements",
        "Latest overall judgements by sector",
        columns,
        tuple(rows),
        note="Counts of open homes. With fewer than ten graded homes the last column gives counts, no share.",
        folded=True,
    )
