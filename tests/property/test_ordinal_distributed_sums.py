"""Tier: property. However rows are cut into partitions of whole groups, the fit is that of one place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba import config

from ofsight.errors import ModelError
from ofsight.ordinal import clm, clmm
from ofsight.ordinal.distributed import fit as fitting
from ofsight.ordinal.distributed.crew import Failure

pytest.importorskip("fsspec")
pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="too slow without the compiler")


class Here:
    """Workers that do at once, in this thread, what they are asked: no cluster, the same tasks."""

    def __init__(self, engine: Any) -> None:
        self.client = engine

    def submit(self, work: Callable[..., Any], *args: Any) -> Any:
        return work(*args)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        for one in futures:
            if isinstance(one, Failure):
                raise ModelError(one.message)
        return list(futures)


@st.composite
def cases(draw: st.DrawFn) -> tuple[pl.DataFrame, int, str, dict[str, Any]]:
    """Return data, a number of partitions, a formula, and options of the model."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    groups = draw(st.integers(30, 80))
    n = groups * draw(st.integers(4, 7))
    g = rng.integers(0, groups, n)
    where = draw(st.sampled_from([0.0, 2018.0, -1e4]))
    # A column that hardly moves far from zero (1e-3 about -1e4) has an information matrix whose digits are
    # lost in either fit; what is held to the digit here is what can be fitted.
    x = where + rng.normal(size=n) * draw(st.sampled_from([1.0, 50.0] if where else [1.0, 1e-3, 50.0]))
    kind = rng.choice(["a", "b", "c"], n)
    level = 0.6 * (x - x.mean()) / x.std() + 0.4 * (kind == "b") + rng.normal(size=groups)[g]
    data = pl.DataFrame(
        {
            "y": np.digitize(level + rng.logistic(size=n), [-1.2, 0.1, 1.4]),
            "x": pl.Series(np.where(rng.random(n) < draw(st.sampled_from([0.0, 0.05])), np.nan, x)),
            "kind": kind,
            "year": rng.integers(2014, 2018, n),
            "w": rng.uniform(0.5, 2.0, n),
            "o": rng.normal(size=n),
            "g": g,
            "part": rng.integers(0, 8, groups)[g],
        }
    )
    formula = draw(
        st.sampled_from(
            ["y ~ x", "y ~ x * kind", "y ~ kind + C(year)", "y ~ scale(x) + kind", "y ~ x + I(x / 4)"]
        )
    )
    options: dict[str, Any] = {"link": draw(st.sampled_from(["logit", "probit", "cloglog"]))}
    if draw(st.booleans()):
        options["group"] = "g"
        options["nodes"] = draw(st.sampled_from([1, 5]))
    options |= draw(st.sampled_from([{}, {"weights": "w"}, {"offset": "o"}, {"nominal": "~ kind"}]))
    return data, draw(st.integers(1, 8)), formula, options


@given(case=cases())
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_cutting_rows_between_groups_moves_no_digit(
    case: tuple[pl.DataFrame, int, str, dict[str, Any]],
) -> None:
    data, count, formula, options = case
    call = clmm if "group" in options else clm
    here = call(formula, data, **options)
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(fitting, "Crew", Here)
        for (k,), part in data.group_by(pl.col("part") % count):
            part.write_parquet(Path(folder) / f"{k}.parquet")
        there = call(formula, folder, engine="here", **options)
    assert there.names == here.names
    assert there.convergence.codes == here.convergence.codes
    assert there.log_likelihood == pytest.approx(here.log_likelihood, rel=1e-10)
    unit = np.sqrt(np.diag(here.covariance()))
    if here.convergence.ok and np.all(np.isfinite(unit)):
        apart = np.abs(there.arrays.estimates - here.arrays.estimates)
        assert np.all(apart <= 1e-10 * np.abs(here.arrays.estimates) + 1e-7 * unit)
        gap = np.abs(there.covariance() - here.covariance()) / np.outer(unit, unit)
        assert gap.max() < 1e-6
