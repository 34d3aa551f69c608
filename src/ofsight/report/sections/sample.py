"""What the data are: the sample, how it was drawn, and how it spreads over years, sectors and releases."""

from __future__ import annotations

from collections.abc import Mapping

from ofsight.report.charts.model import Line, LineChart, LinePanel
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.folder import Rows, StudyFolder, number
from ofsight.report.sections.probabilities import SERIES
from ofsight.report.sections.sources import source_line
from ofsight.report.wording import capital, count, day, sector_label, sector_of, share
from ofsight.vocabulary import Sector

__all__ = ["sample_section"]


def _by_sector(folder: StudyFolder) -> Table | None:
    found = folder.sample.get("by_sector")
    if not isinstance(found, Mapping) or not found:
        return None
    total_inspections = number(folder.sample.get("n_inspections"))
    rows = []
    for name, numbers in found.items():
        inspections = number(numbers.get("n_inspections")) if isinstance(numbers, Mapping) else None
        homes = number(numbers.get("n_homes")) if isinstance(numbers, Mapping) else None
        cells = (
            sector_label(str(name)),
            count(inspections),
            share(inspections, total_inspections),
            count(homes),
        )
        rows.append(Row(cells))
    homes_in_all = number(folder.sample.get("n_homes"))
    rows.append(Row(("All", count(total_inspections), "", count(homes_in_all)), "total"))
    return Table(
        "table-sample",
        "The sample by sector",
        (
            Column("Sector", share=2),
            Column("Inspections", numeric=True),
            Column("Share", numeric=True),
            Column("Homes", numeric=True),
        ),
        tuple(rows),
        note="A home that changed sector counts once in each.",
    )


def _flow(folder: StudyFolder) -> Table | None:
    steps = folder.sample.get("flow")
    if not isinstance(steps, list) or not steps:
        return None
    rows, before = [], None
    for step in steps:
        if not isinstance(step, Mapping):
            continue
        n = number(step.get("n"))
        gone = "" if before is None or n is None else count(before - n)
        rows.append(Row((capital(str(step.get("step", ""))), count(n), gone)))
        before = n
    return Table(
        "table-flow",
        "From the dataset to the sample: how many inspections were left after each step",
        (Column("Step", share=4), Column("Left", numeric=True), Column("Left out", numeric=True)),
        tuple(rows),
    )


def _series(rows: Rows, column: str) -> tuple[Line, ...]:
    lines = []
    for sector in Sector:
        points = [
            (int(year), value)
            for row in rows
            if sector_of(row.get("sector", "")) is sector
            and (year := number(row.get("year"))) is not None
            and (value := number(row.get(column))) is not None
        ]
        if points:
            lines.append(Line(sector.label, SERIES[sector.key], tuple(sorted(points))))
    return tuple(lines)


def _figure_1(folder: StudyFolder) -> Figure | None:
    rows = folder.rows("figure1")
    inspections, homes = _series(rows, "n_inspections"), _series(rows, "n_homes")
    if not inspections:
        return None
    years = sorted({year for line in inspections for year, _ in line.points})
    tables = {
        (line.label, kind): dict(line.points)
        for kind, lines in (("n_inspections", inspections), ("n_homes", homes))
        for line in lines
    }
    columns, keys = [Column("Year")], []
    for kind, words in (("n_inspections", "inspections"), ("n_homes", "homes")):
        for sector in Sector:
            columns.append(Column(f"{sector.label}, {words}", numeric=True))
            keys.append((sector.label, kind))
    table = Table(
        "figure-1-numbers",
        "Full inspections and homes inspected, by calendar year and sector",
        tuple(columns),
        tuple(Row((str(year), *(count(tables.get(key, {}).get(year)) for key in keys))) for year in years),
        folded=True,
    )
    return Figure(
        key="figure-1",
        title=f"Figure 1. {_say_growth(homes, years)}",
        description=(
            f"Two panels of lines over calendar years {years[0]} to {years[-1]}, one line per sector: full "
            "inspections, and homes that had at least one. All values are in the table below."
        ),
        chart=LineChart(
            (
                LinePanel("Full inspections a year", inspections),
                LinePanel("Homes inspected in the year", homes),
            )
        ),
        table=table,
        source=f"{_say_partial(folder, years)}{source_line(folder)}",
    )


def _say_partial(folder: StudyFolder, years: list[int]) -> str:
    """Say which years are not whole, so that a fall in a line is not taken for one in the world."""
    words = ""
    start, end = str(folder.sample.get("from") or ""), str(folder.sample.get("to") or "")
    if start[:4] == str(years[0]) and start[4:] != "-01-01":
        words += f"{years[0]} is counted from {day(start)}. "
    if end[:4] == str(years[-1]) and end[4:] != "-12-31":
        words += f"{years[-1]} is counted to {day(end)}. "
    newest = str(folder.dataset.get("newest_release") or "").rpartition("/")[2]
    if not end and newest[:4] == str(years[-1]) and newest[4:] != "-12-31":
        words += f"{years[-1]} is not whole: the newest release is of {day(newest)}. "
    if folder.synthetic is None and 2020 in years:
        words += "Routine inspections were paused from March 2020. "
    return words


def _say_growth(homes: tuple[Line, ...], years: list[int]) -> str:
    """Say how the for-profit share of inspected homes moved between the first and the last full year."""
    values = {line.label: dict(line.points) for line in homes}
    private = values.get(Sector.PRIVATE.label, {})

    def part(year: int) -> float | None:
        whole = sum(points.get(year, 0) for points in values.values())
        return private.get(year, 0) / whole if whole else None

    first, last = part(years[0]), part(years[-1])
    if first is None or last is None or years[0] == years[-1]:
        return "Full inspections and homes inspected, by sector"
    return (
        f"{100 * first:.0f}% of the homes inspected in {years[0]} were for-profit, {100 * last:.0f}% of "
        f"those inspected in {years[-1]}"
    )


def _releases(folder: StudyFolder) -> Table | None:
    source = folder.rows("releases")
    if not source:
        return None
    rows = [
        Row(
            (
                row.get("title") or row.get("release", ""),
                row.get("period", ""),
                *(
                    count(number(row.get(key)))
                    for key in ("n_read", "n_kept", "n_set_aside", "n_full_inspections")
                ),
            )
        )
        for row in source
    ]
    return Table(
        "table-releases",
        "What was read: rows of each release",
        (
            Column("Release", share=3),
            Column("Period", share=1.4),
            Column("Read", numeric=True),
            Column("Kept", numeric=True),
            Column("Set aside", numeric=True),
            Column("Full inspections", numeric=True),
        ),
        tuple(rows),
        note="Releases repeat each other: an inspection found in several is counted once in the sample.",
        folded=len(rows) > 12,
        stacked=True,
    )


def _set_aside(folder: StudyFolder) -> Table | None:
    source = folder.rows("set_aside")
    if not source:
        return None
    return Table(
        "table-set-aside",
        "Rows set aside, by reason",
        (Column("Reason", share=4), Column("Rows", numeric=True)),
        tuple(
            Row((capital(row.get("reason", "").replace("_", " ")), count(number(row.get("n")))))
            for row in source
        ),
    )


def sample_section(folder: StudyFolder) -> Section:
    """Return the section on the data."""
    description = str(folder.sample.get("description") or "The study folder does not describe its sample.")
    start, end = day(folder.sample.get("from")), day(folder.sample.get("to"))
    blocks: list[Block] = [Paragraph(description)]
    if start and end and start not in description:
        blocks.append(Paragraph(f"Inspected from {start} to {end}."))
    parts = (_by_sector(folder), _figure_1(folder), _flow(folder), _releases(folder), _set_aside(folder))
    blocks.extend(block for block in parts if block is not None)
    if folder.rows("figure1") == ():
        blocks.append(Paragraph("The study folder holds no counts by year (tables/figure1.csv)."))
    return Section("sample", "What the data are", tuple(blocks))
