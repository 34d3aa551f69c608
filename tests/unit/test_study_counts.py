"""Each regression against statsmodels, by hand where that is short, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from ofsight.errors import ModelError
from ofsight.study.counts import (
    CountFit,
    fit_linear,
    fit_linear_mixed,
    fit_logistic,
    fit_multinomial,
    fit_negative_binomial,
    fit_poisson,
)

_RNG = np.random.default_rng(7)
_CLUSTERS = np.repeat(np.arange(150), 4)
_X = np.column_stack([np.ones(600), _RNG.integers(0, 2, 600), _RNG.normal(size=600)])
_HOME = _RNG.normal(0, 0.7, 150)[_CLUSTERS]
_MU = np.exp(0.3 + 0.5 * _X[:, 1] - 0.2 * _X[:, 2] + _HOME)
_COUNTS = _RNG.poisson(_MU * _RNG.gamma(2, 0.5, 600)).astype(float)
_BINARY = (_COUNTS > 0).astype(float)
_KINDS = np.minimum(_COUNTS, 3).astype(np.int64)


def _robust_of(model: object, fit: object) -> np.ndarray:
    """Statsmodels' sandwich with our small-sample factor, G / (G - 1) alone."""
    from statsmodels.stats.sandwich_covariance import cov_cluster

    covariance: np.ndarray = cov_cluster(fit, _CLUSTERS, use_correction=False)
    return covariance * 150 / 149


def _same(ours: CountFit, theirs: object, *, names: slice = slice(None), rel: float = 1e-5) -> None:
    assert ours.coefficients == pytest.approx(np.asarray(theirs.params)[names], rel=rel)  # type: ignore[attr-defined]
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-8)  # type: ignore[attr-defined]
    errors = np.asarray(theirs.bse)[names]  # type: ignore[attr-defined]
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(errors, rel=1e-4)


def test_linear_agrees_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    theirs = api.OLS(_COUNTS, _X).fit()
    ours = fit_linear(_COUNTS, _X, _CLUSTERS)
    _same(ours, theirs)
    assert ours.robust == pytest.approx(_robust_of(None, theirs), rel=1e-6)
    weights = _RNG.uniform(0.5, 3, 600)
    _same(fit_linear(_COUNTS, _X, _CLUSTERS, weights), api.WLS(_COUNTS, _X, weights=weights).fit())


def test_logistic_agrees_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    theirs = api.Logit(_BINARY, _X).fit(disp=0, tol=1e-12)
    ours = fit_logistic(_BINARY, _X, _CLUSTERS)
    _same(ours, theirs)
    robust = api.Logit(_BINARY, _X).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": _CLUSTERS, "use_correction": False}
    )
    assert ours.robust == pytest.approx(robust.cov_params() * 150 / 149, rel=1e-5)


def test_poisson_agrees_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    theirs = api.Poisson(_COUNTS, _X).fit(disp=0, tol=1e-12)
    _same(fit_poisson(_COUNTS, _X, _CLUSTERS), theirs)


def test_negative_binomial_agrees_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    theirs = api.NegativeBinomial(_COUNTS, _X).fit(disp=0, maxiter=500)
    ours = fit_negative_binomial(_COUNTS, _X, _CLUSTERS)
    _same(ours, theirs, names=slice(0, 3), rel=1e-3)
    assert ours.dispersion == pytest.approx(theirs.params[3], rel=1e-3)


def test_multinomial_agrees_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    theirs = api.MNLogit(_KINDS, _X).fit(disp=0, tol=1e-12)
    ours = fit_multinomial(_KINDS, _X, _CLUSTERS)
    assert ours.coefficients.reshape(3, 3) == pytest.approx(theirs.params.T, rel=1e-5)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-9)
    assert np.sqrt(np.diag(ours.covariance)).reshape(3, 3) == pytest.approx(theirs.bse.T, rel=1e-4)


def test_linear_mixed_agrees_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    theirs = api.MixedLM(_COUNTS, _X, groups=_CLUSTERS).fit(reml=True)
    ours = fit_linear_mixed(_COUNTS, _X, _CLUSTERS)
    assert ours.coefficients == pytest.approx(theirs.fe_params, rel=1e-4)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse_fe, rel=1e-3)
    assert ours.random_variance == pytest.approx(theirs.cov_re[0, 0], rel=1e-2)
    assert ours.log_likelihood >= theirs.llf - 1e-6


def test_a_binary_multinomial_is_a_logistic_model() -> None:
    one = fit_multinomial(_BINARY.astype(np.int64), _X, _CLUSTERS)
    other = fit_logistic(_BINARY, _X, _CLUSTERS)
    assert one.coefficients == pytest.approx(other.coefficients, rel=1e-8)
    assert one.robust == pytest.approx(other.robust, rel=1e-6)


def test_counts_that_vary_less_than_poisson_s_have_no_dispersion() -> None:
    even = np.tile([1.0, 2.0, 1.0, 2.0], 150)
    ours = fit_negative_binomial(even, _X, _CLUSTERS)
    assert ours.dispersion == 0.0
    assert ours.coefficients == pytest.approx(fit_poisson(even, _X, _CLUSTERS).coefficients)


def test_robust_errors_are_larger_where_homes_differ() -> None:
    """A covariate that is constant within homes: the model's errors take four visits for four homes."""
    x = np.column_stack([np.ones(600), _RNG.integers(0, 2, 150)[_CLUSTERS]])
    ours = fit_poisson(_COUNTS, x, _CLUSTERS)
    assert ours.robust[1, 1] > 2 * ours.covariance[1, 1]


@pytest.mark.parametrize("fit", [fit_linear, fit_linear_mixed, fit_logistic, fit_poisson])
def test_collinear_columns_are_refused(fit: object) -> None:
    doubled = np.column_stack([_X, _X[:, 1]])
    with pytest.raises(ModelError, match="collinear"):
        fit(_BINARY, doubled, _CLUSTERS)  # type: ignore[operator]
