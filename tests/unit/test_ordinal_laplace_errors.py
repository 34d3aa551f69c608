"""Tier: unit. Robust errors and odds ratios of fits that hardly exist: numbers or None, never a traceback."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from ofsight.definitions.study import load_study
from ofsight.errors import ModelError
from ofsight.ordinal import clmm
from ofsight.study.estimates import odds_ratio
from ofsight.study.ratings import _refuse_failure, fit_ratings

WHERE = {"study": "s", "item": "table2", "model": "m", "outcome": "overall", "term": "sector:private"}


@pytest.mark.parametrize(
    ("log_estimate", "error", "kept"),
    [
        (1.0, 900.0, (True, True, False)),
        (800.0, 1.0, (False, False, False)),
        (-800.0, 1.0, (True, True, True)),
        (1.0, math.nan, (True, False, False)),
        (1.0, math.inf, (True, False, False)),
        (math.nan, math.nan, (False, False, False)),
        (math.inf, 1.0, (False, False, False)),
        (1.0, 0.5, (True, True, True)),
    ],
)
def test_odds_ratios_beyond_numbers_are_none(
    log_estimate: float, error: float, kept: tuple[bool, bool, bool]
) -> None:
    made = odds_ratio(log_estimate, error, **cast(Any, WHERE))
    assert tuple(v is not None for v in (made.estimate, made.ci_low, made.ci_high)) == kept
    assert made.log_estimate == pytest.approx(log_estimate, nan_ok=True)
    assert all(v is None or not isinstance(v, float) or math.isfinite(v) for v in made.as_dict().values())


@pytest.mark.parametrize("seed", range(8))
def test_cluster_variances_are_never_negative(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40  # a column that separates: the information is all but singular along it
    x = (np.arange(n) < 2).astype(float)
    y = np.where(x > 0, 2, rng.integers(0, 3, n))
    frame = pl.DataFrame({"y": y, "x": x, "g": rng.integers(0, 30, n), "z": x + 1e-7 * rng.normal(size=n)})
    spread = clmm("y ~ x + z", frame, group="g").covariance("cluster").diagonal()
    assert not np.any(spread < 0.0)


def test_a_sample_of_one_sector_is_refused_for_what_it_is() -> None:
    study = load_study("outsourcing-2022")
    sector = pl.Series(["Private"] * 20, dtype=pl.Enum(["Local Authority", "Private", "Voluntary"]))
    grade = pl.Series(["Good", "Inadequate"] * 10, dtype=pl.Enum(["Inadequate", "Good"]))
    frame = pl.DataFrame({"urn": range(20), "year": [2018] * 20, "sector": sector, "overall": grade})
    with pytest.raises(ModelError, match=r"no sectors to compare: every inspection is of sector 'Private'"):
        fit_ratings(cast(Any, SimpleNamespace(frame=frame)), study)


def test_a_model_of_as_many_parameters_as_rows_is_refused() -> None:
    sound = SimpleNamespace(code=0, findings=())
    model = cast(Any, SimpleNamespace(label="Adjusted"))
    fit = SimpleNamespace(convergence=sound, names=("a", "b", "c"), aliased=("d", "e"), n=5, n_groups=5)
    with pytest.raises(ModelError, match=r"Adjusted, overall: too few inspections\. 5 of 5 homes"):
        _refuse_failure(fit, model, "overall")
    fit.n = 6
    _refuse_failure(fit, model, "overall")
