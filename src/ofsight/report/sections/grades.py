"""Table 1: inspections by grade and sector, and what is known of the homes."""

from __future__ import annotations

from collections.abc import Mapping

from ofsight.report.document import Cell, Column, Paragraph, Row, Section, Table, Text
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.sources import source_line
from ofsight.report.wording import count, decimal
from ofsight.vocabulary import Sector

__all__ = ["counted_shares", "grades_section"]

_COLUMNS = (*(sector.key for sector in Sector), "total")


def counted_shares(folder: StudyFolder, outcome: str) -> Mapping[str, Mapping[str, float]]:
    """Return, by sector and grade, the share of graded inspections, from the counts of table 1."""
    counts: dict[str, dict[str, float]] = {}
    for estimate in folder.of("table1"):
        sector, _, grade = estimate.term.removeprefix("sector:").partition("/grade:")
        if (
            (estimate.model, estimate.outcome) == ("count", outcome)
            and grade
            and estimate.estimate is not None
        ):
            counts.setdefault(sector, {})[grade] = estimate.estimate
    return {
        sector: {grade: n / sum(grades.values()) for grade, n in grades.items()}
        for sector, grades in counts.items()
        if sum(grades.values())
    }


def _figure(text: str, statistic: str) -> str:
    value = number(text)
    if value is None:
        return text.strip() or "–"
    if statistic in ("n", "count"):
        return count(value)
    return f"{decimal(value, 1)}%" if statistic == "percent" else decimal(value, 1)


def _rows(folder: StudyFolder) -> tuple[Row, ...]:
    """Lay table 1 out: a percentage goes into the cell of its count."""
    rows: list[Row] = []
    section = None
    source = folder.rows("table1")
    percents = {(r.get("section"), r.get("label")): r for r in source if r.get("statistic") == "percent"}
    for row in source:
        statistic = row.get("statistic", "")
        if statistic == "percent":
            continue
        if not any(number(row.get(column)) for column in _COLUMNS) and row.get("section") == "Covariates":
            continue  # a covariate that this study does not use
        if row.get("section") != section:
            section = row.get("section")
            rows.append(Row((section or "Other",), "group"))
        share = percents.get((section, row.get("label")))
        label = row.get("label", "")
        if statistic not in ("n", "count"):
            label = f"{label}, {statistic}"
        elif section == "Covariates":
            label = f"{label}, inspections where known"
        cells: list[Text | Cell] = [label]
        for column in _COLUMNS:
            text = _figure(row.get(column, ""), statistic)
            if share is not None and number(share.get(column)) is not None:
                text += f" ({_figure(share.get(column, ''), 'percent')})"
            cells.append(text)
        rows.append(Row(tuple(cells)))
    return tuple(rows)


def grades_section(folder: StudyFolder) -> Section:
    """Return table 1."""
    rows = _rows(folder)
    title = "Judgements by sector"
    if not rows:
        return Section(
            "grades", title, (Paragraph("The study folder holds no table 1 (tables/table1.csv)."),)
        )
    columns = (
        Column("", share=2.2),
        *(Column(sector.label, numeric=True) for sector in Sector),
        Column("All", numeric=True),
    )
    table = Table(
        "table-1",
        "Table 1. Full inspections by judgement and sector, and what is known of the homes",
        (Column("Judgement", share=2.2), *columns[1:]),
        rows,
        note=f"Percentages are of graded inspections of the sector. {source_line(folder)}",
        stacked=True,
    )
    return Section(
        "grades",
        title,
        (
            Paragraph("Plain counts, before any model: what inspectors found, inspection by inspection."),
            table,
        ),
    )
