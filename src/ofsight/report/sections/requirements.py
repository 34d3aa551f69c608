"""Table 3: legal requirements and recommendations; or what it would take to compute it."""

from __future__ import annotations

from collections.abc import Mapping

from ofsight.report.document import Block, Bullets, Column, Paragraph, Row, Section, Span, Table
from ofsight.report.folder import Estimate, StudyFolder, number
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import (
    capital,
    count,
    decimal,
    in_order,
    interval,
    p_value,
    ratio,
    sector_label,
)
from ofsight.vocabulary import Sector

__all__ = ["ITEM", "requirements_section"]

ITEM = "table3"
_TITLE = "Requirements and recommendations (table 3)"
_MODELS: Mapping[str, str] = {
    "linear": "Difference in the number per inspection (as in the paper)",
    "linear, home effects": "Difference in the number per inspection, with an effect per home",
    "Poisson": "Ratio of numbers (Poisson)",
    "negative binomial": "Ratio of numbers (negative binomial)",
    "logistic": "Odds ratio of at least one",
    "logistic, home effects": "Odds ratio of at least one, with an effect per home",
}
_SECTORS = tuple(sector.key for sector in Sector)


def _heading(outcome: str, model: str) -> str:
    bare = model.removesuffix(", adjusted")
    words = _MODELS.get(bare, capital(bare))
    return f"{capital(outcome)}. {words}{', with covariates' if bare != model else ''}"


def _cells(estimate: Estimate, cluster: Estimate | None) -> tuple[str, ...]:
    """Return a number, its interval from the model and the clustered one; a difference has no logarithm."""

    def bounds(one: Estimate | None) -> str:
        if one is None or one.ci_low is None or one.ci_high is None:
            return "–"
        if one.log_estimate is None:
            return f"{decimal(one.ci_low, 2)} to {decimal(one.ci_high, 2)}"
        return interval(one.ci_low, one.ci_high)

    shown = "not estimated"
    if estimate.estimate is not None:
        shown = (decimal if estimate.log_estimate is None else ratio)(estimate.estimate, 2)
    return (shown, bounds(estimate), bounds(cluster), p_value(estimate.p_value))


def _table(estimates: list[Estimate]) -> Table:
    clustered = {(e.model, e.outcome, e.term): e for e in estimates if e.variance == "cluster"}
    shown = [e for e in estimates if e.variance != "cluster" and "/regulation:" not in e.term]
    rows: list[Row] = []
    for outcome in in_order((e.outcome for e in shown), ("requirements", "recommendations")):
        for model in dict.fromkeys(e.model for e in shown if e.outcome == outcome):
            mine = [e for e in shown if (e.outcome, e.model) == (outcome, model)]
            size = f": {count(mine[0].n)} inspections" if mine[0].n is not None else ""
            rows.append(Row((f"{_heading(outcome, model)}{size}",), "group"))
            rows.extend(
                Row((sector_label(e.sector or e.term), *_cells(e, clustered.get((model, outcome, e.term)))))
                for e in sorted(mine, key=lambda e: _SECTORS.index(e.sector) if e.sector in _SECTORS else 9)
            )
    return Table(
        "table-3",
        "Table 3. Requirements and recommendations, against local authority homes",
        (
            Column("Sector", share=1.6),
            Column("Estimate", numeric=True),
            Column("95% interval", numeric=True, share=1.4),
            Column("Clustered 95% interval", numeric=True, share=1.4),
            Column("p", numeric=True, share=0.7),
        ),
        tuple(rows),
        note="No gap is 0 for a difference in numbers, 1 for a ratio. Calendar years are in every model.",
        folded=len(rows) > 40,
        stacked=True,
    )


def _regulations(folder: StudyFolder, estimates: list[Estimate]) -> Table | None:
    counted = {
        (row.get("kind", ""), row.get("sector", "")): number(row.get("n"))
        for row in folder.rows("table3_regulations")
    }
    kinds = sorted({kind for kind, _ in counted}, key=lambda kind: (len(kind), kind))
    found = {e.term: e for e in estimates if e.variance == "cluster" and "/regulation:" in e.term}
    rows = []
    for kind in kinds:
        cells = [f"Regulation {kind}"]
        cells += [count(counted.get((kind, sector.value), 0.0)) for sector in Sector]
        for sector in (Sector.PRIVATE, Sector.VOLUNTARY):
            e = found.get(f"sector:{sector.key}/regulation:{kind}")
            cells.append("–" if e is None else f"{ratio(e.estimate)} ({interval(e.ci_low, e.ci_high)})")
        rows.append(Row(tuple(cells)))
    if not rows:
        return None
    return Table(
        "table-3-regulations",
        "Which regulation: requirements counted, and ratios of relative risks (multinomial model)",
        (
            Column("Regulation of 2015", share=1.4),
            *(Column(f"{sector.label}, requirements", numeric=True) for sector in Sector),
            Column("For-profit (95% interval)", numeric=True, share=1.6),
            Column("Third sector (95% interval)", numeric=True, share=1.6),
        ),
        tuple(rows),
        note=(
            "A ratio above 1: of a sector’s requirements more are about this regulation, and fewer about all "
            "others, than of local authority homes’. A dash: too rare to be modelled. Clustered by home."
        ),
        folded=len(rows) > 15,
        stacked=True,
    )


def _home_means(folder: StudyFolder) -> Table | None:
    def name(row: Mapping[str, str]) -> str:
        sector = sector_label(row.get("term", "").removeprefix("sector:")).lower()
        return f"{capital(row.get('outcome', ''))}: {sector}"

    rows = [
        Row(
            (
                name(row),
                decimal(number(row.get("difference")), 2),
                f"{decimal(number(row.get('low')), 2)} to {decimal(number(row.get('high')), 2)}",
                count(number(row.get("n_homes"))),
            )
        )
        for row in folder.rows("table3_home_means")
    ]
    if not rows:
        return None
    return Table(
        "table-3-means",
        "A check on means by home: difference in the number per inspection, against local authority homes",
        (
            Column("What", share=2.4),
            Column("Difference", numeric=True),
            Column("95% interval", numeric=True, share=1.4),
            Column("Homes", numeric=True, share=0.8),
        ),
        tuple(rows),
        note="Homes count by their inspections; robust errors. No years, no covariates: a rough check.",
        stacked=True,
    )


def requirements_section(folder: StudyFolder) -> Section | None:
    """Return the section on table 3; what is there and what would be needed where it was not computed."""
    estimates = list(folder.of(ITEM))
    notes = tuple(note for note in folder.listed("notes") if note.startswith("Table 3"))
    if not estimates and not notes:
        return None
    means = _home_means(folder)
    if not estimates:
        return Section(
            "requirements",
            _TITLE,
            (
                *((means,) if means is not None else ()),
                Paragraph(
                    "How many legal requirements and recommendations inspectors raise stands in each home’s "
                    "report, not in the tables that Ofsted publishes. The paper’s data, one row an "
                    "inspection, were never published either. So table 3 could not be computed here:"
                ),
                Bullets(notes),
                Paragraph(
                    (
                        "What would do: inspection reports (PDF) among the releases when the dataset is "
                        "built, or a csv file with one row an inspection (urn, inspected_on, n_requirements, "
                        "n_recommendations, and regulations if known), given with ",
                        Span("ofsight study --requirements-table FILE", code=True),
                        ".",
                    )
                ),
            ),
        )
    blocks: list[Block] = [
        Paragraph(
            "A requirement is a regulation that the home must meet; a recommendation is advice. Counts are "
            "compared as the paper does (linear) and by models made for counts; whether there is any at all "
            "by logistic models."
        ),
        *((Bullets(notes),) if notes else ()),
        _table(estimates),
    ]
    regulations = _regulations(folder, estimates)
    if regulations is not None:
        blocks.append(regulations)
    blocks.append(caution_note(folder))
    return Section("requirements", _TITLE, tuple(blocks))
