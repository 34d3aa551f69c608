"""Our models on the authors' own derived tables: the placements of 2023, and requirements by home."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ofsight.definitions.study import PlacementModel
from ofsight.study.placements import fit_placement_model


def _derived(official: Path, *parts: str) -> Path:
    file = official.parent.joinpath("derived", *parts)
    if not file.is_file():
        pytest.skip(f"needs the authors' tables beside the releases of OFSIGHT_RELEASES: {file}")
    return file


@pytest.mark.parametrize(
    ("outcome", "published", "low", "high"),
    [("per_less_than_2yrs", 0.10, 0.02, 0.17), ("per_outside_LA", 0.23, 0.15, 0.30)],
)
def test_the_placements_of_2023_come_out_within_a_standard_error(
    official: Path, outcome: str, published: float, low: float, high: float
) -> None:
    pytest.importorskip("linearmodels")
    file = _derived(official, "bengoodair-csc-outsourcing-placement-outcomes", "placement_data_final.csv")
    raw = pl.read_csv(file, infer_schema=False, null_values=["NA", ""])
    panel = raw.select(
        pl.col("New_geog_code").alias("authority"),
        pl.col("year").cast(pl.Int32),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in (outcome, "per_for_profit", "CLA_Mar")),
        pl.col("Total_spend").cast(pl.Float64, strict=False),
    )
    model = PlacementModel(
        outcome=outcome,
        exposure="per_for_profit",
        model="",
        label="",
        covariates=("CLA_Mar", "Total_spend"),
    )
    fit = fit_placement_model(panel, model)
    assert abs(fit["estimate"] - published) < (high - low) / 3.92
    assert fit["std_error"] == pytest.approx((high - low) / 3.92, rel=0.35)
