"""A sample of inspections drawn from a model with known effects, for tests of the study's analyses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Grade, Sector, enum_type

THRESHOLDS = (-3.0, -1.2, 1.8)


def simulated_sample(
    *,
    n_homes: int = 900,
    years: tuple[int, ...] = (2016, 2017, 2018, 2019, 2021),
    gap: Callable[[pl.DataFrame], np.ndarray] | float = -0.6,
    spread: float = 0.8,
    seed: int = 11,
    n_owners: int = 120,
) -> Sample:
    """One inspection a home and year; ``gap`` is the log odds ratio of for-profit homes, or a rule for it."""
    rng = np.random.default_rng(seed)
    sector = rng.choice([s.value for s in Sector], n_homes, p=[0.25, 0.6, 0.15])
    private = sector == Sector.PRIVATE.value
    owner = np.where(
        sector == Sector.LOCAL_AUTHORITY.value,
        [f"council {i}" for i in rng.integers(0, 40, n_homes)],
        [f"owner {i}" for i in rng.integers(0, n_owners, n_homes)],
    )
    homes = pl.DataFrame(
        {
            "urn": [f"SC{100000 + i}" for i in range(n_homes)],
            "sector": pl.Series(sector, dtype=enum_type(Sector)),
            "owner_key": owner,
            "places": np.where(private, 3, 6) + rng.poisson(1.5, n_homes).astype(float),
            "chain_size": np.where(private, rng.geometric(0.08, n_homes), rng.geometric(0.2, n_homes)).astype(
                float
            ),
            "registered_on": [
                date(2004, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 4000, n_homes)
            ],
            "local_authority": [f"Authority {i}" for i in rng.integers(0, 30, n_homes)],
            "region": [f"Region {i}" for i in rng.integers(0, 4, n_homes)],
            "home_effect": rng.normal(0, spread, n_homes),
        }
    )  # fmt: skip
    frame = homes.join(pl.DataFrame({"year": years}, schema={"year": pl.Int32}), how="cross")
    offsets = rng.integers(20, 330, frame.height)
    frame = frame.with_columns(
        inspected_on=pl.Series(
            [date(y, 1, 1) + timedelta(days=int(d)) for y, d in zip(frame["year"], offsets, strict=True)]
        ),
        visit=pl.when(pl.col("year") == years[0]).then(pl.lit("first")).otherwise(pl.lit("later")),
    )
    age = (pl.col("inspected_on") - pl.col("registered_on")).dt.total_days() / 30.4375
    frame = frame.with_columns(age_months=age, age_months_paper=age + 12)
    known = np.full(frame.height, gap) if isinstance(gap, float) else gap(frame)
    effect = frame["home_effect"].to_numpy() + known * (frame["sector"] == Sector.PRIVATE.value).to_numpy()
    grades = list(Grade)
    for domain in Domain:
        latent = effect + rng.logistic(size=frame.height)
        codes = np.digitize(latent, THRESHOLDS)
        frame = frame.with_columns(
            pl.Series(domain.value, [grades[c].value for c in codes], dtype=enum_type(Grade))
        )
    return Sample(frame.drop("home_effect").sort("urn", "inspected_on"), (("simulated", frame.height),))
