"""An estimate, as every table and file of the study carries it."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass
from typing import Any, Literal

from scipy.stats import norm

from ofsight.ordinal import OrdinalFit

__all__ = ["Estimate", "ModelFacts", "describe_convergence", "finite_exp", "odds_ratio"]

_Z95 = float(norm.ppf(0.975))
_LARGEST_LOG = math.log(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate.

    Attributes
    ----------
    study, item, model, outcome, term : str
        Where it belongs: ``outsourcing-2022``, ``table2``, ``unadjusted``, ``overall``, ``sector:private``.
    estimate : float
        The odds ratio (tables of models) or the figure itself (table 1).
    log_estimate, std_error_log : float or None
        Its logarithm and the standard error of that.
    ci_low, ci_high : float or None
        95% interval (Wald, on the log scale).
    p_value : float or None
        Two-sided, Wald.
    n, n_groups : int or None
        Inspections and homes.
    variance : {"model", "cluster"} or None
        From the model's information, or robust to dependence within homes (sandwich).
    """

    study: str
    item: str
    model: str
    outcome: str | None
    term: str
    estimate: float | None
    log_estimate: float | None = None
    std_error_log: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n: int | None = None
    n_groups: int | None = None
    variance: Literal["model", "cluster"] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON, numbers that are not finite as null."""
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What describes a fitted model as a whole.

    Attributes
    ----------
    item, model, outcome, label, formula : str
        Which model.
    n, n_groups : int
        Inspections and homes; of table 4 authorities, and no groups.
    n_dropped : int
        Rows of the sample that lack a value.
    log_likelihood, aic : float
        Of the fit (Laplace, where it has random intercepts).
    random_sd : float or None
        The random intercept's standard deviation on the latent scale; the home's, where there are several.
    thresholds : dict of str to float
        The cut-points.
    convergence : str
        The code and what it says.
    """

    item: str
    model: str
    outcome: str
    label: str
    formula: str
    n: int
    n_groups: int | None
    n_dropped: int
    log_likelihood: float
    aic: float
    random_sd: float | None
    thresholds: dict[str, float]
    convergence: str

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def odds_ratio(log_estimate: float, std_error: float, **where: Any) -> Estimate:
    """Make an estimate of an odds ratio from its logarithm and standard error.

    Small samples leave some effects all but unknown: what is then beyond the numbers of a
    computer, or has no finite error, is None, and the logarithm stays.
    """
    known = math.isfinite(std_error) and std_error > 0
    return Estimate(
        estimate=finite_exp(log_estimate),
        log_estimate=log_estimate,
        std_error_log=std_error if known else None,
        ci_low=finite_exp(log_estimate - _Z95 * std_error) if known else None,
        ci_high=finite_exp(log_estimate + _Z95 * std_error) if known else None,
        p_value=float(2 * norm.sf(abs(log_estimate / std_error))) if known else None,
        **where,
    )


def finite_exp(value: float) -> float | None:
    """Return the exponential, or None where it is no finite number."""
    return math.exp(value) if value < _LARGEST_LOG else None


def describe_convergence(fit: OrdinalFit) -> str:
    """Say how a fit ended: its code and what it found."""
    said = " ".join(finding.message for finding in fit.convergence.findings)
    return f"{fit.convergence.code.name}. {said}".strip()
