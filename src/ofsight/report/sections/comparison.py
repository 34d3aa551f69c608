"""Table 2: odds ratios against local authority homes, as a forest plot and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ofsight.report.charts.model import Forest, ForestGroup, ForestRow
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.folder import Estimate, StudyFolder, number
from ofsight.report.gaps import Gap, find_gaps, main_model, models_of, say_directions
from ofsight.report.sections.probabilities import SERIES
from ofsight.report.sections.sources import source_line
from ofsight.report.sections.summary import caution_note, over_all_years
from ofsight.report.wording import (
    count,
    decimal,
    domain_label,
    in_order,
    interval,
    joined,
    p_value,
    ratio,
    ratio_with_interval,
    sector_label,
    term_label,
)
from ofsight.vocabulary import Domain

__all__ = ["comparison_section", "lay_out"]

_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
_TERMS = ("sector:private", "sector:voluntary", "age_months", "chain_size", "places")


def _short_models(models: Sequence[str]) -> dict[str, str]:
    """Shorten names for a chart: ``adjusted, age`` is ``age`` where there is an ``adjusted`` beside it."""
    short = {}
    for model in models:
        head, _, rest = model.partition(", ")
        short[model] = rest if rest and head in models else model
    return short


def _forest(folder: StudyFolder, gaps: tuple[Gap, ...]) -> Figure:
    groups = []
    main = main_model(gaps)
    short = _short_models(models_of(folder.of("table2")))
    adjusted = "; ".join(
        f"{name}: {folder.model_label('table2', model)}" for model, name in short.items() if model != main
    )
    for outcome in in_order((gap.outcome for gap in gaps), _DOMAINS):
        mine = [gap for gap in gaps if gap.outcome == outcome]
        sectors = in_order((gap.sector for gap in mine), tuple(SERIES))
        rows = tuple(
            ForestRow(
                label=f"{sector_label(gap.sector)}, {short[gap.model]}",
                estimate=gap.estimate,
                low=gap.low,
                high=gap.high,
                series=SERIES.get(gap.sector, "four"),
                hollow=gap.model != main,
            )
            for sector in sectors
            for gap in mine
            if gap.sector == sector
        )
        groups.append(ForestGroup(domain_label(outcome), rows))
    said = say_directions([gap for gap in gaps if gap.model == main], "private")
    said = over_all_years(folder, said) if said else said
    return Figure(
        key="figure-forest",
        title=f"{said}: odds ratios"
        if 0 < len(said) < 110
        else "Odds of a better grade, by sector and domain",
        description=(
            "Forest plot, one group per domain. Each row is one sector in one model: a marker for the odds "
            "ratio of a better grade against local authority homes and a bar for its 95% interval, on a "
            "logarithmic axis with a line at 1, no difference. All values are in table 2."
        ),
        chart=Forest(
            tuple(groups),
            "Odds ratio of a better grade (logarithmic scale); 1 means the same as local authority homes",
            "lower grades",
            "higher grades",
        ),
        table=_compact(folder),
        source=(
            f"Filled marker: {main}. {f'Hollow: {adjusted}. ' if adjusted else ''}Bars are 95% intervals. "
            f"{source_line(folder)}"
        ),
    )


def _compact(folder: StudyFolder) -> Table:
    """Lay table 2 out as papers do: one row a term, one column a model."""
    estimates = [e for e in folder.of("table2") if e.variance != "cluster" and not e.term.startswith("year:")]
    models = models_of(estimates)
    found = {(e.model, e.outcome, e.term): e for e in estimates}
    rows: list[Row] = []
    for outcome in in_order((e.outcome for e in estimates), _DOMAINS):
        rows.append(Row((domain_label(outcome),), "group"))
        for term in in_order((e.term for e in estimates if e.outcome == outcome), _TERMS):
            cells = [found.get((model, outcome, term)) for model in models]
            words = (
                "–" if e is None else ratio_with_interval(e.estimate, e.ci_low, e.ci_high, 3) for e in cells
            )
            rows.append(Row((term_label(term), *words)))
        sizes = [next((e.n for e in estimates if (e.model, e.outcome) == (m, outcome)), None) for m in models]
        rows.append(Row(("Inspections", *(count(size) for size in sizes))))
    headings = (Column(folder.model_label("table2", model), numeric=True, share=1.5) for model in models)
    return Table(
        "table-2",
        "Table 2. Odds ratios of a better grade, with 95% intervals",
        (Column("Term", share=1.8), *headings),
        tuple(rows),
        note=(
            "Sectors are compared with local authority homes. Calendar-year effects are in every model and "
            "not shown. Intervals from the model’s own standard errors; clustered ones are in the full table."
        ),
        stacked=True,
    )


def _label(folder: StudyFolder, item: str, model: str, estimates: Sequence[Estimate]) -> str:
    sizes = {(e.n, e.n_groups) for e in estimates if e.n is not None}
    words = folder.model_label(item, model)
    if len(sizes) == 1:
        n, homes = next(iter(sizes))
        words += f": {count(n)} inspections"
        words += f" of {count(homes)} homes" if homes else ""
    return words


def lay_out(folder: StudyFolder, item: str, key: str, caption: str) -> Table:
    """Lay estimates out by model and outcome: one row a term, both kinds of interval side by side."""
    shown = [e for e in folder.of(item) if not e.term.startswith("year:")]
    clustered = {(e.model, e.outcome, e.term): e for e in shown if e.variance == "cluster"}
    # An estimate with clustered errors only (a model without random intercept) stands for itself.
    own = {(e.model, e.outcome, e.term) for e in shown if e.variance != "cluster"}
    main = [e for e in shown if e.variance != "cluster" or (e.model, e.outcome, e.term) not in own]
    rows: list[Row] = []
    for model in in_order((e.model for e in main), ("unadjusted",)):
        for outcome in in_order((e.outcome for e in main if e.model == model), _DOMAINS):
            mine = [e for e in main if (e.model, e.outcome) == (model, outcome)]
            heading = f"{domain_label(outcome)}. {_label(folder, item, model, mine)}"
            rows.append(Row((heading,), "group"))
            for term in in_order((e.term for e in mine), _TERMS):
                rows.extend(
                    _term_row(estimate, clustered.get((model, outcome, term)))
                    for estimate in mine
                    if estimate.term == term
                )
    columns = (
        Column("Term", share=2.6),
        Column("Odds ratio", numeric=True),
        Column("95% interval", numeric=True, share=1.4),
        Column("p", numeric=True, share=0.8),
        Column("Clustered 95% interval", numeric=True, share=1.4),
    )
    note = (
        "Odds of a better grade. The third column uses the model’s own standard errors, the last one errors "
        "that allow for dependence within homes. Calendar-year effects are in every model and not shown."
    )
    return Table(key, caption, columns, tuple(rows), note=note, stacked=True)


def _term_row(estimate: Estimate, clustered: Estimate | None) -> Row:
    robust = "–" if clustered is None else interval(clustered.ci_low, clustered.ci_high, 3)
    return Row(
        (
            term_label(estimate.term),
            "not estimated" if estimate.estimate is None else ratio(estimate.estimate, 3),
            "–" if estimate is clustered else interval(estimate.ci_low, estimate.ci_high, 3),
            p_value(estimate.p_value),
            robust,
        )
    )


def _facts(folder: StudyFolder) -> Table | None:
    rows = [
        Row(
            (
                f"{domain_label(str(facts.get('outcome', '')))}, {facts.get('model', '')!s}",
                count(number(facts.get("n"))),
                count(number(facts.get("n_groups"))),
                count(number(facts.get("n_dropped"))),
                decimal(number(facts.get("log_likelihood")), 1),
                decimal(number(facts.get("aic")), 1),
                decimal(number(facts.get("random_sd")), 2),
            )
        )
        for facts in folder.models
        if facts.get("item") == "table2"
    ]
    if not rows:
        return None
    return Table(
        "table-models",
        "The models behind table 2",
        (
            Column("Model", share=3),
            Column("Inspections", numeric=True, share=1.2),
            Column("Homes", numeric=True),
            Column("Left out", numeric=True),
            Column("Log-likelihood", numeric=True, share=1.3),
            Column("AIC", numeric=True, share=1.2),
            Column("Between homes", numeric=True),
        ),
        tuple(rows),
        note=(
            "Left out: inspections of the sample that lack a value the model needs. Between homes: standard "
            "deviation of the homes’ own effects, log-odds."
        ),
        folded=True,
        stacked=True,
    )


def _say_adjusted(gaps: tuple[Gap, ...], models: list[str]) -> Paragraph | None:
    sizes = {m: {gap.n for gap in gaps if gap.model == m and gap.n is not None} for m in models}
    smaller = [f"{model}: {_range(sizes[model])}" for model in models[1:] if sizes[model]]
    if not smaller:
        return None
    base = _range(sizes[models[0]]) or "an unknown number of"
    return Paragraph(
        f"The {models[0]} model uses {base} inspections; models that need covariates use fewer "
        f"({'; '.join(smaller)}), because the covariates are known only for homes still listed when they "
        "were published. Homes that closed early drop out of them."
    )


def _range(sizes: set[int]) -> str:
    return joined((count(n) for n in sorted({min(sizes), max(sizes)})), last="to") if sizes else ""


def comparison_section(folder: StudyFolder) -> Section:
    """Return the section on table 2."""
    estimates = folder.of("table2")
    gaps = find_gaps(estimates)
    title = "The gap between sectors"
    if not gaps:
        return Section(
            "gap", title, (Paragraph("The study folder holds no comparison of sectors (table2)."),)
        )
    blocks: list[Block] = [
        Paragraph(
            "Each model compares homes of the same calendar year and allows for each home’s own standing. "
            "Local authority homes are what the others are compared with."
        )
    ]
    adjusted = _say_adjusted(gaps, models_of(estimates))
    if adjusted is not None:
        blocks.append(adjusted)
    blocks.append(_forest(folder, gaps))
    full = lay_out(folder, "table2", "table-2-full", "Table 2 in full, with p values and clustered intervals")
    blocks.append(replace(full, folded=True))
    facts = _facts(folder)
    if facts is not None:
        blocks.append(facts)
    blocks.append(caution_note(folder))
    return Section("gap", title, tuple(blocks))
