"""Tier: unit. The data that the tests of the estimators share, and what they rely on in it."""

from __future__ import annotations

import numpy as np
import polars as pl

GRADES = ["poor", "fair", "good"]


def graded_data() -> pl.DataFrame:
    """Return 900 graded rows in 90 groups in 10 areas, with effects of all kinds."""
    rng = np.random.default_rng(42)
    n, groups = 900, 90
    g = rng.integers(0, groups, n)
    x = rng.normal(size=n)
    year = rng.integers(2014, 2018, n)
    kind = rng.choice(["public", "private", "charity"], n)
    shift = 0.7 * x - 0.5 * (kind == "private") + 0.2 * (year - 2014)
    effects = 0.8 * rng.normal(size=groups) + np.repeat(rng.normal(size=10), 9)
    latent = shift + effects[g] + rng.logistic(size=n)
    return pl.DataFrame(
        {
            "grade": pl.Series(np.array(GRADES)[np.digitize(latent, [-0.5, 1.2])], dtype=pl.Enum(GRADES)),
            "x": x,
            "year": year,
            "kind": pl.Series(kind, dtype=pl.Enum(["public", "private", "charity"])),
            "g": g,
            "area": g // 9,
            "w": rng.integers(1, 4, n).astype(float),
            "o": rng.normal(size=n),
        }
    )  # fmt: skip


def test_groups_are_nested_in_areas_and_every_grade_occurs() -> None:
    data = graded_data()
    assert data.height == 900
    assert data.group_by("g").agg(pl.col("area").n_unique())["area"].max() == 1
    assert data["grade"].n_unique() == 3
    assert data["area"].n_unique() == 10
