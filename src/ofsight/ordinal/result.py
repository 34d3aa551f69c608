"""What a fit tells: estimates by name, and questions one may ask of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.convergence import Convergence, ConvergenceCode
from ofsight.ordinal.links import LATENT_VARIANCE
from ofsight.ordinal.problem import ArrayFit

if TYPE_CHECKING:
    import polars as pl

    from ofsight.ordinal.formula import ModelFrame

__all__ = ["OrdinalFit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrdinalFit:
    """A fitted cumulative link model or cumulative link mixed model.

    The model is ``F^-1(P(y <= j)) = (threshold_j - x'beta - offset - r) / exp(z'zeta)``: a
    positive coefficient moves the outcome to higher grades.

    Attributes
    ----------
    arrays : ArrayFit
        The fit as arrays, and the log-likelihood it maximises.
    frame : ModelFrame or None
        The formulas and data it came from; None when it was fitted to arrays.
    """

    arrays: ArrayFit
    frame: ModelFrame | None = None

    # -- estimates ---------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all estimates, in the order of `covariance`."""
        return self.arrays.names

    @cached_property
    def estimates(self) -> dict[str, float]:
        """All estimates by name: thresholds, location, ``scale.*``, ``log_sd.*``."""
        return dict(zip(self.names, self.arrays.estimates.tolist(), strict=True))

    def _slice(self, first: int, last: int) -> dict[str, float]:
        return {n: self.estimates[n] for n in self.names[first:last]}

    @cached_property
    def thresholds(self) -> dict[str, float]:
        """Threshold parameters by name: ``1|2``, or ``1|2.column`` with nominal effects."""
        return self._slice(0, self.arrays.working.n_alpha)

    @cached_property
    def coefficients(self) -> dict[str, float]:
        """Location coefficients (beta) by formulaic's column name."""
        w = self.arrays.working
        return self._slice(w.n_alpha, w.n_alpha + w.n_beta)

    @cached_property
    def scale_coefficients(self) -> dict[str, float]:
        """Coefficients of the log-scale (zeta), named ``scale.column``."""
        w = self.arrays.working
        first = w.n_alpha + w.n_beta
        return self._slice(first, first + w.n_zeta)

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Model-based standard errors by name; NaN when the search failed."""
        errors = np.sqrt(np.diag(self.covariance()))
        return dict(zip(self.names, errors.tolist(), strict=True))

    @property
    def aliased(self) -> tuple[str, ...]:
        """Columns left out because other columns determine them."""
        return self.arrays.aliased

    # -- measures ----------------------------------------------------------------------

    @property
    def log_likelihood(self) -> float:
        """The maximised log-likelihood."""
        return self.arrays.log_likelihood

    @property
    def n_parameters(self) -> int:
        """Parameters estimated; a variance estimated at zero counts."""
        missing = len(self.arrays.random_sds) - len(self.arrays.active)
        return len(self.names) + missing

    @property
    def n(self) -> int:
        """Rows used."""
        return self.arrays.outline.n

    @property
    def n_observations(self) -> float:
        """Sum of the weights; the number of rows when there are none."""
        return self.arrays.outline.total_weight

    @property
    def n_dropped(self) -> int:
        """Rows left out for a missing value."""
        return 0 if self.frame is None else self.frame.n_dropped

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2.0 * self.log_likelihood + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of observations."""
        return -2.0 * self.log_likelihood + math.log(self.n_observations) * self.n_parameters

    @property
    def levels(self) -> tuple[str, ...]:
        """Grades that occur, lowest first."""
        return self.arrays.outline.levels

    @property
    def convergence(self) -> Convergence:
        """How the search ended, as a code, measures and words."""
        return self.arrays.convergence

    # -- random effects ----------------------------------------------------------------

    @property
    def is_mixed(self) -> bool:
        """Whether the model has random intercepts."""
        return bool(self.arrays.outline.group_names)

    @cached_property
    def random_sds(self) -> dict[str, float]:
        """Standard deviation of each random intercept, by grouping."""
        return dict(zip(self.arrays.outline.group_names, self.arrays.random_sds, strict=True))

    @cached_property
    def group_counts(self) -> dict[str, int]:
        """Number of groups of each grouping."""
        outline = self.arrays.outline
        return dict(zip(outline.group_names, outline.group_counts, strict=True))

    def _the_one(self, values: Mapping[str, Any], what: str, instead: str) -> Any:
        if len(values) != 1:
            raise ModelError(
                f"{what} is for a model with one random intercept; this has {len(values)}. Use {instead}."
            )
        return next(iter(values.values()))

    @property
    def random_sd(self) -> float:
        """Standard deviation of the random intercept, when there is one."""
        return float(self._the_one(self.random_sds, "random_sd", "random_sds"))

    @property
    def n_groups(self) -> int:
        """Number of groups, when there is one random intercept."""
        return int(self._the_one(self.group_counts, "n_groups", "group_counts"))

    def icc(self, grouping: str | None = None) -> float:
        """Return the intraclass correlation on the latent scale.

        Parameters
        ----------
        grouping : str, optional
            Whose share of the latent variance; default the share of all groupings together:
            the correlation of two observations alike in all of them.

        Returns
        -------
        float
            Variance of the random intercept(s) over total latent variance (pi^2/3 for logit,
            1 for probit, pi^2/6 for cloglog and loglog). NaN for cauchit, whose latent
            distribution has no variance.

        Raises
        ------
        ModelError
            If the model has no such grouping, or scale effects make it vary by row.
        """
        if not self.is_mixed:
            raise ModelError("This model has no random intercept. Fit one with clmm(group=...).")
        if self.scale_coefficients or self.arrays.outline.has_scale_offset:
            raise ModelError("With scale effects the intraclass correlation differs by row.")
        if grouping is not None and grouping not in self.random_sds:
            raise ModelError(f"No grouping {grouping!r}. There are: {', '.join(self.random_sds)}.")
        variances = {k: v * v for k, v in self.random_sds.items()}
        part = sum(variances.values()) if grouping is None else variances[grouping]
        return part / (sum(variances.values()) + LATENT_VARIANCE[self.arrays.link])

    # -- uncertainty -------------------------------------------------------------------

    def covariance(self, kind: str = "model", *, cluster: Any = None, correction: bool = False) -> Floats:
        """Return the covariance matrix of all estimates, shape (p, p), ordered as `names`.

        Parameters
        ----------
        kind : {"model", "cluster"}
            ``model``: inverse of the observed information. ``cluster``: sandwich of the
            scores summed by cluster.
        cluster : str or array, optional
            A column of the data, or a code per row. Default: the random intercept's grouping
            of a mixed model, each row for itself of a fixed one.
        correction : bool
            Multiply the sandwich by G / (G - 1), G clusters.

        Raises
        ------
        ModelError
            If the kind is unknown or clusters cut through groups of the random effects.
        """
        from ofsight.ordinal.covariance import model_covariance, sandwich

        if kind == "model":
            return model_covariance(self.arrays)
        if kind == "cluster":
            return sandwich(self, cluster, correction)
        raise ModelError(f"Unknown kind of covariance {kind!r}. Allowed: model, cluster.")

    def confint(
        self,
        level: float = 0.95,
        *,
        method: str = "wald",
        kind: str = "model",
        cluster: Any = None,
        names: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """Return confidence intervals: columns name, estimate, low, high.

        Parameters
        ----------
        level : float
            Coverage.
        method : {"wald", "profile"}
            Normal intervals, or those where the profile log-likelihood falls by half the
            chi-squared quantile.
        kind, cluster
            The covariance of Wald intervals; see `covariance`.
        names : sequence of str, optional
            Which estimates; default all for Wald, location and scale for profile.
        """
        from ofsight.ordinal.intervals import profile_intervals, wald_intervals

        if method == "wald":
            return wald_intervals(self, level, kind, cluster, names)
        if method == "profile":
            return profile_intervals(self, level, names)
        raise ModelError(f"Unknown method {method!r}. Allowed: wald, profile.")

    def odds_ratios(self, level: float = 0.95, *, kind: str = "model", cluster: Any = None) -> pl.DataFrame:
        """Return exp(beta) with Wald intervals on the log scale.

        Columns name, odds_ratio, low, high, log_estimate, std_error_log, p_value. With the
        logit link exp(beta) is the ratio of the odds of a higher grade, at any threshold; with
        cloglog it is a hazard ratio; with others it has no such reading and is refused.
        """
        from ofsight.ordinal.intervals import odds_ratios

        return odds_ratios(self, level, kind, cluster)

    # -- predictions -------------------------------------------------------------------

    def predict(self, data: Any = None, kind: str = "probability", **options: Any) -> pl.DataFrame:
        """Return predictions by row; see `ofsight.ordinal.predict.predict`."""
        from ofsight.ordinal.predict import predict

        return predict(self, data, kind, **options)

    def probabilities(self, by: str | Sequence[str] | None = None, **options: Any) -> pl.DataFrame:
        """Return grade probabilities by factor; see `ofsight.ordinal.margins.probabilities`."""
        from ofsight.ordinal.margins import probabilities

        return probabilities(self, by, **options)

    def probability_contrasts(self, by: str, **options: Any) -> pl.DataFrame:
        """Return differences of grade probabilities between levels of a factor.

        See `ofsight.ordinal.margins.probability_contrasts`.
        """
        from ofsight.ordinal.margins import probability_contrasts

        return probability_contrasts(self, by, **options)

    def contrast(self, weights: Mapping[str, float], **options: Any) -> pl.DataFrame:
        """Return a linear combination of estimates; see `ofsight.ordinal.intervals.contrast`."""
        from ofsight.ordinal.intervals import contrast

        return contrast(self, weights, **options)

    def random_effects(self, grouping: str | None = None) -> pl.DataFrame:
        """Return conditional modes; see `ofsight.ordinal.modes.random_effects`."""
        from ofsight.ordinal.modes import random_effects

        return random_effects(self, grouping)

    # -- reading -----------------------------------------------------------------------

    def to_frame(self, level: float = 0.95, *, kind: str = "model", cluster: Any = None) -> pl.DataFrame:
        """Return one row per estimate.

        Columns: part (threshold, location, scale, random), name, estimate, std_error,
        statistic, p_value, low, high. Tests against zero are given for location and scale.
        """
        from ofsight.ordinal.intervals import tidy_frame

        return tidy_frame(self, level, kind, cluster)

    def summary(self, *, kind: str = "model", cluster: Any = None) -> str:
        """Return what a statistician looks for first, as text."""
        from ofsight.ordinal.summary import summarise

        return summarise(self, kind, cluster)

    def __repr__(self) -> str:
        request = "arrays" if self.frame is None else self.frame.request.formula
        state = self.convergence.code
        doubt = "" if state is ConvergenceCode.CONVERGED else f", {state.name}"
        return (
            f"<{'clmm' if self.is_mixed else 'clm'} {request}, n={self.n}, "
            f"log-likelihood={self.log_likelihood:.4f}{doubt}>"
        )
