"""Figure 2: how likely each grade is in each sector, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

from ofsight.report.charts.model import Dot, DotChart, DotPanel, DotRow, Series
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.sources import source_line
from ofsight.report.wording import capital, domain_label, in_order, joined, percent, sector_label, sector_of
from ofsight.vocabulary import Domain, Grade

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


_Family = tuple[str, str]


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


def _families(folder: StudyFolder) -> list[_Family]:
    """Return (model, kind) pairs, the one to speak of first: unadjusted, population-averaged."""
    pairs = dict.fromkeys((p.model, p.kind) for p in _read(folder))
    return sorted(pairs, key=lambda pair: (pair[0] != "unadjusted", pair[1] != "population"))


def best_probabilities(folder: StudyFolder) -> tuple[Probability, ...]:
    """Return the probabilities that the summary speaks of; none when the study has none."""
    families = _families(folder)
    return tuple(p for p in _read(folder) if (p.model, p.kind) == families[0]) if families else ()


def _label(family: _Family) -> str:
    model, kind = family
    return f"{capital(model)} model, {KINDS.get(kind, kind)}"


def _panels(found: list[Probability]) -> tuple[DotPanel, ...]:
    panels = []
    for outcome in in_order((p.outcome for p in found), _DOMAINS):
        rows = []
        for grade in _grades(found):
            by_sector = {p.sector: p for p in found if (p.outcome, p.grade) == (outcome, grade)}
            dots = tuple(
                Dot(sector_label(sector), SERIES.get(sector, "four"), p.value, p.low, p.high)
                for sector in in_order(by_sector, tuple(SERIES))
                for p in (by_sector[sector],)
            )
            rows.append(DotRow(grade, dots))
        panels.append(DotPanel(_short(outcome), tuple(rows)))
    return tuple(panels)


def _grades(found: list[Probability]) -> list[str]:
    """Return the grades that were found, the best first."""
    return list(reversed(in_order((p.grade for p in found), tuple(Grade))))


def _table(found: list[Probability], key: str, caption: str) -> Table:
    sectors = in_order((p.sector for p in found), tuple(SERIES))
    at = {(p.outcome, p.grade, p.sector): p for p in found}
    rows: list[Row] = []
    for outcome in in_order((p.outcome for p in found), _DOMAINS):
        rows.append(Row((domain_label(outcome),), "group"))
        for grade in _grades(found):
            cells = [at.get((outcome, grade, sector)) for sector in sectors]
            rows.append(Row((grade, *(_with_interval(p) for p in cells))))
    return Table(
        key,
        caption,
        (Column("Grade", share=1.9), *(Column(sector_label(s), numeric=True, share=1.5) for s in sectors)),
        tuple(rows),
        folded=True,
        stacked=True,
    )


def _with_interval(found: Probability | None) -> str:
    if found is None:
        return "–"
    if found.low is None or found.high is None:
        return percent(found.value)
    return f"{percent(found.value)} ({percent(found.low)} to {percent(found.high)})"


def _figure(folder: StudyFolder, family: _Family, place: int) -> Figure:
    mine = _of(folder, family)
    label = _label(family)
    return Figure(
        key=f"figure-2-{place}",
        title=f"Figure 2{'ab'[place]}. {_say_outstanding(mine)}",
        description=(
            "One panel per domain, one row per grade, one marker per sector with its 95% interval, in "
            f"percent. {label}. All values are in the table below."
        ),
        chart=DotChart(_panels(mine), "Probability of the grade, percent"),
        table=_table(
            mine, f"figure-2-{place}-numbers", f"Probability of each grade with 95% intervals. {label}"
        ),
        source=f"{label}. Bars are 95% intervals. {source_line(folder)}",
    )


def _of(folder: StudyFolder, family: _Family) -> list[Probability]:
    return [p for p in _read(folder) if (p.model, p.kind) == family]


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


def _drawn(families: list[_Family]) -> list[_Family]:
    """Choose what is drawn: what the summary speaks of, and the paper's own (adjusted, a typical home)."""
    papers = [family for family in families if family[0] != "unadjusted" and family[1] == "grid"]
    return list(dict.fromkeys([families[0], *(papers or families[1:])[:1]]))


def probabilities_section(folder: StudyFolder) -> Section:
    """Return figure 2 in two versions, and further models and kinds as tables."""
    families = _families(folder)
    if not families:
        return Section(
            "probabilities",
            "How likely each grade is",
            (Paragraph("The study folder holds no predicted probabilities (tables/probabilities.csv)."),),
        )
    drawn = _drawn(families)
    blocks: list[Block] = [
        Paragraph(
            "The same gaps as probabilities. Population-averaged values answer “of 100 inspections, how "
            "many”; values for a typical home are what the paper printed."
        )
    ]
    blocks.extend(_figure(folder, family, place) for place, family in enumerate(drawn))
    for place, family in enumerate(families):
        if family not in drawn:
            caption = f"Probability of each grade with 95% intervals. {_label(family)}"
            blocks.append(_table(_of(folder, family), f"probabilities-{place}", caption))
    return Section("probabilities", "How likely each grade is", tuple(blocks))
