"""The estimator recovers what the demo was drawn from: right on average, and as surely as it says.

One sample can miss its truth by chance, one interval in twenty does. So many samples are drawn, and their
deviations from the truth, in standard errors, must look like standard normal draws.
"""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest

from ofsight.demo import DOMAINS, Truth, default_domains, full_inspection_records, make_histories, make_homes
from ofsight.ordinal import clmm

N_SEEDS = 12
SECTORS = ("private", "voluntary")
MODELLED = pl.Enum(["local_authority", *SECTORS])


def study_sample(truth: Truth) -> pl.DataFrame:
    """Full inspections of the study's period as the model generated them, before any release prints them."""
    records = full_inspection_records(make_histories(make_homes(truth), truth))
    return (
        pl.DataFrame({name: list(values) for name, values in records.items()})
        .filter(pl.col("inspected_on").is_between(date(2014, 1, 1), date(2021, 8, 31)))
        # homes of health authorities have the model of local-authority homes, and are counted with them
        .with_columns(sector=pl.col("sector").replace("health_authority", "local_authority").cast(MODELLED))
    )


@pytest.fixture(scope="module")
def fits():
    """Fits by domain, one a seed."""
    found = {domain: [] for domain in DOMAINS}
    for seed in range(N_SEEDS):
        truth = Truth(seed=seed, n_homes=1200, first_year=2015, last_year=2022, domains=default_domains())
        sample = study_sample(truth)
        for domain in DOMAINS:
            found[domain].append(clmm(f"{domain} ~ sector + C(year)", sample, group="urn"))
    return found


def deviations(fits, domain: str, sector: str) -> list[float]:
    true = math.log(default_domains()[domain].odds_ratios[sector])
    name = f"sector[T.{sector}]"
    return [(fit.coefficients[name] - true) / fit.standard_errors[name] for fit in fits[domain]]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("sector", SECTORS)
def test_odds_ratios_are_right_on_average(fits, domain, sector):
    z = deviations(fits, domain, sector)
    assert abs(sum(z) / N_SEEDS) < 3.3 / math.sqrt(N_SEEDS)


def test_intervals_cover_the_truth_as_often_as_they_claim(fits):
    z = [value for d in DOMAINS for s in SECTORS for value in deviations(fits, d, s)]
    covered = sum(abs(value) < 1.96 for value in z) / len(z)
    assert covered > 0.87
    root_mean_square = math.sqrt(sum(value**2 for value in z) / len(z))
    assert 0.75 < root_mean_square < 1.3


@pytest.mark.parametrize("domain", DOMAINS)
def test_spread_of_homes_thresholds_and_years_come_back(fits, domain):
    truth = default_domains()[domain]

    def mean(values):
        found = list(values)
        return sum(found) / len(found)

    # Laplace's approximation draws the spread a few in a hundred towards zero
    assert mean(fit.random_sd for fit in fits[domain]) == pytest.approx(truth.random_sd, rel=0.08)
    for position, threshold in enumerate(truth.thresholds):
        estimates = [list(fit.thresholds.values())[position] for fit in fits[domain]]
        assert mean(estimates) == pytest.approx(threshold, abs=0.16)
    for year in (2016, 2018, 2021):
        name = f"C(year)[T.{year}]"
        z = [
            (fit.coefficients[name] - truth.year_effects[year]) / fit.standard_errors[name]
            for fit in fits[domain]
        ]
        assert abs(mean(z)) < 3.3 / math.sqrt(N_SEEDS)
