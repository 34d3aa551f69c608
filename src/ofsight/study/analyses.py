"""What a study may do beside tables 1 and 2 and the figures, by the name that its definition calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.definitions.study import Analysis, StudyDefinition
from ofsight.ordinal import OrdinalFit
from ofsight.study.authorities import fit_authorities
from ofsight.study.authority_table import authorities_of_dataset, read_authority_table
from ofsight.study.change_checks import check_change
from ofsight.study.codings import compare_codings
from ofsight.study.estimates import Estimate
from ofsight.study.expected_groups import expect_judgements
from ofsight.study.findings import Findings
from ofsight.study.gaps import split_gaps
from ofsight.study.imputation import impute_covariates
from ofsight.study.placement_panel import placement_panel
from ofsight.study.placements import fit_placements
from ofsight.study.requirement_table import read_home_means, read_requirement_table, requirements_of_dataset
from ofsight.study.requirements import compare_home_means, model_requirements
from ofsight.study.robustness import (
    cross_random_effects,
    interact,
    leave_owners_out,
    relax_proportional_odds,
)
from ofsight.study.samples import Sample
from ofsight.study.specifications import sample_curve

__all__ = ["ANALYSES", "Context"]


@dataclass(frozen=True)
class Context:
    """What an analysis may work with.

    Attributes
    ----------
    dataset, sample, study
        The data, the inspections drawn from it, the definition.
    fits : mapping
        The fits of table 2 by (model, outcome).
    estimates : list of Estimate
        Of tables 1 and 2 and figure 2.
    authority_table, requirements_table : Path or None
        Tables that the user supplies.
    """

    dataset: Dataset
    sample: Sample
    study: StudyDefinition
    fits: Mapping[tuple[str, str], OrdinalFit]
    estimates: list[Estimate]
    authority_table: Path | None = None
    requirements_table: Path | None = None


def _authorities(context: Context) -> Findings:
    if context.authority_table is not None:
        table, source = read_authority_table(context.authority_table), context.authority_table.name
    else:
        own = authorities_of_dataset(context.dataset, context.study.authority_inspections)
        if own is None:
            return Findings(
                notes=[
                    "Table 4 was not computed: the dataset holds no table of local authorities. Build it "
                    "from releases with authorities' inspections and placements, or give a table: "
                    "--authority-table."
                ]
            )
        table, source = own, "the dataset's authority_panel"
    found = fit_authorities(table, context.study)
    found.notes.append(f"Table 4 was fitted on {source}: {table.height} local authorities.")
    return found


def _codings(context: Context) -> Findings:
    return compare_codings(context.dataset, context.study, context.estimates)


def _gaps(context: Context) -> Findings:
    found = split_gaps(context.sample, context.study)
    found.add(check_change(context.sample, context.study))
    return found


def _robustness(context: Context) -> Findings:
    found = Findings()
    for analysis in (relax_proportional_odds, interact, leave_owners_out, cross_random_effects):
        found.add(analysis(context.sample, context.study))
    return found


def _requirements(context: Context) -> Findings:
    if context.requirements_table is not None:
        means = read_home_means(context.requirements_table)
        if means is not None:
            return _home_means(context, means)
        table = read_requirement_table(context.requirements_table)
    else:
        own = requirements_of_dataset(context.dataset)
        if own is None:
            return Findings(
                notes=[
                    "Table 3 was not computed: the dataset holds no inspection reports. Add them to the "
                    "releases, or give a table: --requirements-table."
                ]
            )
        table = own
    return model_requirements(table, context.sample, context.study)


def _home_means(context: Context, means: pl.DataFrame) -> Findings:
    """Check table 3 on means by home: direction and size, no more."""
    compared = compare_home_means(means, context.sample)
    note = (
        "Table 3 was checked on means by home, not computed: a table of inspections would do. Each home "
        "counts by its inspections in the sample."
    )
    return Findings(tables={"table3_home_means": compared}, notes=[note])


def _placements(context: Context) -> Findings:
    panel = placement_panel(context.dataset)
    if panel is None:
        return Findings(
            notes=[
                "The panel of placements was not fitted: the dataset holds no numbers of looked-after "
                "children by local authority and year."
            ]
        )
    span = context.study.placement_years
    if span.start is not None:
        panel = panel.filter(pl.col("year") >= span.start.year)
    if span.end is not None:
        panel = panel.filter(pl.col("year") <= span.end.year)
    return fit_placements(panel, context.study)


ANALYSES: Final[dict[Analysis, Callable[[Context], Findings]]] = {
    "codings": _codings,
    "gaps": _gaps,
    "robustness": _robustness,
    "imputation": lambda context: impute_covariates(context.sample, context.study),
    "specifications": lambda context: sample_curve(context.dataset, context.study),
    "requirements": _requirements,
    "authorities": _authorities,
    "placements": _placements,
    "expected": lambda context: expect_judgements(context.dataset),
}
