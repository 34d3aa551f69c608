"""Figure 2: how likely each grade is in each sector, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

from ofsight.report.charts.model import Dot, DotChart, DotPanel, DotRow, Series
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.sources import source_line
from ofsight.report.wording import capital, domain_label, in_order, joined, percent, sector_label, sector_of
from ofsight.vocabulary import Domain, Grade, Sector

__all__ = ["KINDS", "SERIES", "Probability", "best_probabilities", "probabilities_section"]

SERIES: dict[str, Series] = {"local_authority": "one", "private": "two", "voluntary": "three"}
"""Which colour and marker stands for which sector, in every chart of the report."""

_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
KINDS = {
    "grid": (
        "for a typical home: covariates at their mean, years weighted equally, the home’s own effect at zero"
    ),
    "population": "averaged over all inspections of the sample and over homes",
}
"""What the two kinds of probability mean."""


@dataclass(frozen=True, slots=True)
class Probability:
    """The probability of a grade in a sector, with its interval."""

    model: str
    outcome: str
    sector: str
    grade: str
    kind: str
    value: float
    low: float | None
    high: float | None


def _read(folder: StudyFolder) -> tuple[Probability, ...]:
    found = []
    for row in folder.rows("probabilities"):
        value = number(row.get("probability"))
        if value is None:
            continue
        sector = sector_of(row.get("sector", ""))
        found.append(
            Probability(
                model=row.get("model", ""),
                outcome=row.get("outcome", ""),
                sector=row.get("sector", "") if sector is None else sector.key,
                grade=row.get("grade", ""),
                kind=row.get("kind") or "grid",
                value=value,
                low=number(row.get("low")),
                high=number(row.get("high")),
            )
        )
    return tuple(found)


def _families(folder: StudyFolder) -> list[tuple[str, str]]:
    """Return (model, kind) pairs, the one to speak of first: unadjusted, population-averaged."""
    pairs = dict.fromkeys((p.model, p.kind) for p in _read(folder))
    return sorted(pairs, key=lambda pair: (pair[0] != "unadjusted", pair[1] != "population"))


def best_probabilities(folder: StudyFolder) -> tuple[Probability, ...]:
    """Return the probabilities that the summary speaks of; none when the study has none."""
    families = _families(folder)
    return tuple(p for p in _read(folder) if (p.model, p.kind) == families[0]) if families else ()


def _figure(folder: StudyFolder, model: str, kind: str, place: int) -> Figure:
    mine = [p for p in _read(folder) if (p.model, p.kind) == (model, kind)]
    panels, rows = [], []
    for outcome in in_order((p.outcome for p in mine), _DOMAINS):
        dot_rows = []
        rows.append(Row((domain_label(outcome),), "group"))
        grades = in_order((p.grade for p in mine if p.outcome == outcome), tuple(Grade))
        for grade in reversed(grades):
            by_sector = {p.sector: p for p in mine if (p.outcome, p.grade) == (outcome, grade)}
            sectors = [by_sector[s] for s in in_order(by_sector, tuple(sector.key for sector in Sector))]
            dot_rows.append(
                DotRow(
                    grade,
                    tuple(
                        Dot(sector_label(p.sector), SERIES.get(p.sector, "four"), p.value, p.low, p.high)
                        for p in sectors
                    ),
                )
            )
            rows.extend(
                Row((grade, sector_label(p.sector), percent(p.value), percent(p.low), percent(p.high)))
                for p in sectors
            )
        panels.append(DotPanel(_short(outcome), tuple(dot_rows)))
    label = f"{capital(model)} model, {KINDS.get(kind, kind)}"
    columns = (
        Column("Grade", share=1.6),
        Column("Sector", share=1.2),
        Column("Probability", numeric=True),
        Column("Lower", numeric=True),
        Column("Upper", numeric=True),
    )
    return Figure(
        key=f"figure-2-{place}",
        title=f"Figure 2{'abcdefgh'[place]}. {_say_outstanding(mine)}",
        description=(
            f"One panel per domain, one row per grade, one marker per sector with its 95% interval, in "
            f"percent. {label}. All values are in the table below."
        ),
        chart=DotChart(tuple(panels), "Probability of the grade, percent"),
        table=Table(
            f"figure-2-{place}-numbers",
            f"Predicted probabilities of each grade with 95% intervals. {label}",
            columns,
            tuple(rows),
            folded=True,
        ),
        source=f"{label}. Bars are 95% intervals. {source_line(folder)}",
    )


def _say_outstanding(found: list[Probability]) -> str:
    """Say the finding of the figure: how likely Outstanding is in each sector, in the first domain."""
    said = [
        f"{percent(p.value)} of {sector_label(p.sector).lower()}"
        for p in found
        if p.grade == Grade.OUTSTANDING and p.outcome == "overall"
    ]
    if len(said) < 2:
        return "How likely each grade is, by sector"
    return f"Outstanding overall is expected in {joined(said)} inspections"


def _short(outcome: str) -> str:
    return {"overall": "Overall", "protection": "Protection", "leadership": "Leadership"}.get(
        outcome, domain_label(outcome)
    )


def probabilities_section(folder: StudyFolder) -> Section:
    """Return figure 2, once for each model and kind; the later ones are alternatives to the first."""
    families = _families(folder)[:8]
    if not families:
        return Section(
            "probabilities",
            "How likely each grade is",
            (Paragraph("The study folder holds no predicted probabilities (tables/probabilities.csv)."),),
        )
    blocks: list[Block] = [
        Paragraph(
            "The same gaps as probabilities. Population-averaged values answer “of 100 inspections, how "
            "many”; values for a typical home are what the paper printed."
        )
    ]
    blocks.extend(_figure(folder, model, kind, place) for place, (model, kind) in enumerate(families))
    return Section("probabilities", "How likely each grade is", tuple(blocks))
