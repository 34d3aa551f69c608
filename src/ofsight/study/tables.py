"""The tables and the counts behind the figures of the study, as frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

import polars as pl

from ofsight.definitions.study import StudyDefinition
from ofsight.study.estimates import Estimate, ModelFacts
from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Grade, Sector

__all__ = [
    "describe_sample",
    "lay_out_models",
    "make_counts_by_year",
    "make_figure1",
    "make_table1",
    "make_table2",
]

_COVARIATES = {
    "age_months_paper": ("age_months", "Age in months, to 1 June 2021"),
    "age_months": ("age_months_at_inspection", "Age in months, at the inspection"),
    "places": ("places", "Registered places"),
    "chain_size": ("chain_size", "Homes with the same owner"),
}
_Z95 = NormalDist().inv_cdf(0.975)


def describe_sample(sample: Sample, study: StudyDefinition) -> list[Estimate]:
    """Count inspections by grade and sector, and describe the homes: table 1 as estimates."""
    estimates: list[Estimate] = []
    for sector in (*Sector, None):
        rows = sample.frame if sector is None else sample.frame.filter(pl.col("sector") == sector.value)
        term = f"sector:{sector.key}" if sector else "all"
        estimates.append(
            Estimate(
                study.id,
                "table1",
                "inspections",
                None,
                term,
                float(rows.height),
                n=rows.height,
                n_groups=rows["urn"].n_unique(),
            )
        )
        for domain in Domain:
            graded = rows[domain.value].drop_nulls()
            estimates += [
                Estimate(
                    study.id,
                    "table1",
                    "count",
                    domain.value,
                    f"{term}/grade:{grade.value}",
                    float((graded == grade.value).sum()),
                    n=len(graded),
                )
                for grade in Grade
            ]
        for column, (name, _) in _COVARIATES.items():
            estimates += _moments(rows, column, f"{term}/{name}", study.id)
    return estimates


def _moments(rows: pl.DataFrame, column: str, term: str, study: str) -> list[Estimate]:
    known = rows.drop_nulls(column)
    values = known[column]
    mean, spread = values.mean(), values.std()
    if not isinstance(mean, float) or not isinstance(spread, float):
        return []
    half = _Z95 * spread / math.sqrt(len(values))
    n, n_homes = len(values), known["urn"].n_unique()
    median = values.median()
    return [
        Estimate(
            study,
            "table1",
            "mean",
            None,
            term,
            mean,
            ci_low=mean - half,
            ci_high=mean + half,
            n=n,
            n_groups=n_homes,
        ),
        Estimate(study, "table1", "median", None, term, float(str(median)), n=n, n_groups=n_homes),
    ]


def make_table1(estimates: Iterable[Estimate]) -> pl.DataFrame:
    """Lay table 1 out for reading: one row a grade or covariate, one column a sector."""
    found = {(e.model, e.outcome, e.term): e for e in estimates if e.item == "table1"}
    rows = []
    columns = [*(f"sector:{sector.key}" for sector in Sector), "all"]

    def add(section: str, label: str, statistic: str, cells: Sequence[float | None]) -> None:
        rows.append((section, label, statistic, *cells))

    counts = [found["inspections", None, term] for term in columns]
    add("Sample", "Inspections", "n", [cell.estimate for cell in counts])
    add("Sample", "Homes", "n", [float(cell.n_groups or 0) for cell in counts])
    for domain in Domain:
        for grade in reversed(Grade):
            cells = [found["count", domain.value, f"{term}/grade:{grade.value}"] for term in columns]
            add(domain.label, grade.value, "n", [cell.estimate for cell in cells])
            add(
                domain.label,
                grade.value,
                "percent",
                [100 * (cell.estimate or 0) / cell.n if cell.n else None for cell in cells],
            )
    for name, label in _COVARIATES.values():
        for statistic in ("mean", "median"):
            moments = [found.get((statistic, None, f"{term}/{name}")) for term in columns]
            add("Covariates", label, statistic, [cell.estimate if cell else None for cell in moments])
        moments = [found.get(("mean", None, f"{term}/{name}")) for term in columns]
        add("Covariates", label, "n", [float(cell.n or 0) if cell else 0.0 for cell in moments])
    names = ["section", "label", "statistic", *(sector.key for sector in Sector), "total"]
    return pl.DataFrame(rows, schema=names, orient="row")


def make_table2(estimates: Iterable[Estimate], facts: Iterable[ModelFacts]) -> pl.DataFrame:
    """Lay the models of table 2 out, one row a term: odds ratios with both kinds of interval."""
    return lay_out_models(estimates, facts, "table2")


def lay_out_models(estimates: Iterable[Estimate], facts: Iterable[ModelFacts], item: str) -> pl.DataFrame:
    """Lay the estimates of one item out beside the facts of their models, one row a term."""
    by_model = {(fact.item, fact.model, fact.outcome): fact for fact in facts}
    rows = [
        {
            **{key: value for key, value in estimate.as_dict().items() if key != "study"},
            "label": fact.label,
            "log_likelihood": fact.log_likelihood,
            "aic": fact.aic,
            "random_sd": fact.random_sd,
            "n_dropped": fact.n_dropped,
            "convergence": fact.convergence,
        }
        for estimate in estimates
        if estimate.item == item
        and (fact := by_model.get((estimate.item, estimate.model, estimate.outcome or ""))) is not None
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def make_figure1(sample: Sample) -> pl.DataFrame:
    """Count inspections and inspected homes by calendar year and sector."""
    return (
        sample.frame.group_by("year", "sector")
        .agg(n_inspections=pl.len(), n_homes=pl.col("urn").n_unique())
        .sort("year", "sector")
    )


def make_counts_by_year(sample: Sample) -> pl.DataFrame:
    """Count inspections by year, sector and overall grade."""
    return sample.frame.group_by("year", "sector", "overall").len("n").sort("year", "sector", "overall")
