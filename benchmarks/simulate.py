"""Data in the shape of the study's table 2: graded visits of homes, by sector and year."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

FORMULA = "overall ~ sector + C(year)"
GROUP = "urn"
ROWS = 13_900
ROWS_PER_GROUP = 4.4


def simulate(rows: int = ROWS, seed: int = 1) -> pl.DataFrame:
    """Return rows with an ordered grade, a sector of the group, a year and a group."""
    rng = np.random.default_rng(seed)
    groups = max(2, round(rows / ROWS_PER_GROUP))
    size = rng.gamma(2.0, 1.0, groups)  # groups of unequal size
    urn = rng.choice(groups, rows, p=size / size.sum())
    sector = rng.choice(3, groups, p=[0.20, 0.73, 0.07])[urn]
    year = rng.integers(2014, 2022, rows)
    by_year = np.array([0.0, 0.45, 0.7, 0.6, 0.6, 0.55, 0.8, 0.2])
    latent = np.array([0.0, -0.55, -0.2])[sector] + by_year[year - 2014]
    latent += 0.4 * rng.normal(size=150)[urn % 150]
    latent += 1.4 * rng.normal(size=groups)[urn] + rng.logistic(size=rows)
    return pl.DataFrame(
        {
            "urn": urn,
            "year": year,
            "sector": pl.Series(
                np.array(["Local Authority", "Private", "Voluntary"])[sector],
                dtype=pl.Enum(["Local Authority", "Private", "Voluntary"]),
            ),
            "overall": 1 + np.digitize(latent, [-3.6, -1.6, 2.4]),
            "area": urn % 150,
        }
    )


def write_pieces(to: Path, rows: int, homes: int, per_piece: int, seed: int = 1) -> None:
    """Write rows as Parquet files that cut through the groups, one piece in memory at a time."""
    to.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    often = np.cumsum(rng.gamma(2.0, 1.0, homes))  # groups of unequal size
    sector = rng.choice(3, homes, p=[0.20, 0.73, 0.07]).astype(np.int8)
    effect = (1.4 * rng.normal(size=homes) + 0.4 * rng.normal(size=150)[np.arange(homes) % 150]).astype(
        np.float32
    )
    by_year = np.array([0.0, 0.45, 0.7, 0.6, 0.6, 0.55, 0.8, 0.2])
    sectors = ["Local Authority", "Private", "Voluntary"]
    for number, first in enumerate(range(0, rows, per_piece)):
        n = min(per_piece, rows - first)
        urn = np.searchsorted(often, rng.random(n) * often[-1])
        year = rng.integers(2014, 2022, n)
        latent = np.array([0.0, -0.55, -0.2])[sector[urn]] + by_year[year - 2014] + effect[urn]
        latent += rng.logistic(size=n)
        pl.DataFrame(
            {
                "urn": urn,
                "year": year,
                "sector": pl.Series(np.array(sectors)[sector[urn]], dtype=pl.Enum(sectors)),
                "overall": 1 + np.digitize(latent, [-3.6, -1.6, 2.4]),
            }
        ).write_parquet(to / f"piece-{number:04d}.parquet")
