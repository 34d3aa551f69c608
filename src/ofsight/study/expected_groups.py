"""Judgements of each owner group against what homes of the same age, size, region and sector got elsewhere.

What a group got is held against the sum of its homes' probabilities, from a model fitted without them. A gap
is a reason to look, not a verdict: the model knows nothing of the children, and groups differ in whom they
take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.study.expected import (
    GOOD,
    ExpectedModel,
    find_shrink,
    fit_expected,
    graded_homes,
    home_expected,
)
from ofsight.study.expected_checks import check_expected
from ofsight.study.findings import Findings
from ofsight.vocabulary import Domain

__all__ = ["FEWEST_HOMES", "compare_groups", "count_distribution", "expect_judgements"]

FEWEST_HOMES: Final = 10
"""A group of fewer graded homes is not compared: its interval would take in nearly everything."""

_Z95: Final = float(norm.ppf(0.975))

Floats = npt.NDArray[np.float64]


def compare_groups(homes: pl.DataFrame, domain: Domain = Domain.OVERALL) -> pl.DataFrame:
    """Hold what each group's homes got against what homes like them got elsewhere.

    Parameters
    ----------
    homes : pl.DataFrame
        As `graded_homes` gives them.
    domain : Domain
        Of which judgement the grades are.

    Returns
    -------
    pl.DataFrame
        One row per group, or owner without a known group, of ten graded homes or more: ``outcome``,
        ``holder_id``, ``holder``, ``kind``, ``sector`` (of most of its homes), ``n`` (graded homes),
        ``observed`` (Good or better), ``expected``, ``low_95``, ``high_95``, ``low_998``, ``high_998``
        (counts between which chance alone would keep it), ``difference`` per 100 homes, ``p_value``
        (two-sided, mid-p), ``q_value`` (Benjamini and Hochberg, over all groups of the domain), ``position``.

    Notes
    -----
    The model is fitted anew without the group's own homes. The count's distribution is exact for given
    probabilities (Poisson-binomial), averaged over draws of the model's parameters.

    References
    ----------
    Hong (2013), Comput. Stat. Data Anal. 59, 41-51: the Poisson-binomial distribution.
    Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289-300.
    """
    graded = homes.drop_nulls("grade")
    rows: list[dict[str, Any]] = []
    shrink = find_shrink(graded)
    for part in graded.drop_nulls("holder_id").partition_by("holder_id", maintain_order=True):
        if part.height < FEWEST_HOMES:
            continue
        holder_id = part["holder_id"][0]
        others = graded.filter(pl.col("holder_id").ne_missing(holder_id))
        try:
            model = fit_expected(others, shrink)
        except ModelError:
            continue
        drawn = model.draws(part)
        observed = int((part["grade"] >= GOOD).sum())
        rows.append(
            {
                "outcome": domain.value,
                "holder_id": holder_id,
                "holder": part["holder"][0],
                "kind": part["kind"].mode().sort()[0],
                "sector": part["sector"].mode().sort()[0],
                "n": part.height,
                "observed": observed,
                "expected": float(drawn.sum(axis=1).mean()),
                **_limits(count_distribution(drawn), observed),
            }
        )
    if not rows:
        return pl.DataFrame(schema=_PERFORMANCE)
    frame = pl.DataFrame(rows).with_columns(
        difference=100 * (pl.col("observed") - pl.col("expected")) / pl.col("n"),
        q_value=pl.Series(_adjust([row["p_value"] for row in rows])),
    )
    return frame.select(list(_PERFORMANCE)).sort(["n", "holder_id"], descending=[True, False])


_PERFORMANCE: Final = {
    "outcome": pl.String, "holder_id": pl.String, "holder": pl.String, "kind": pl.String, "sector": pl.String,
    "n": pl.Int64, "observed": pl.Int64, "expected": pl.Float64, "low_95": pl.Int64, "high_95": pl.Int64,
    "low_998": pl.Int64, "high_998": pl.Int64, "difference": pl.Float64, "p_value": pl.Float64,
    "q_value": pl.Float64, "position": pl.String,
}  # fmt: skip


def count_distribution(probabilities: Floats) -> Floats:
    """Return how many of independent events happen, averaged over sets of their probabilities.

    Parameters
    ----------
    probabilities : ndarray, shape (m, n)
        Sets of the probabilities of n events.

    Returns
    -------
    ndarray, shape (n + 1,)
        The mass of 0 to n; exact for each set (Poisson-binomial, by convolution).
    """
    sets, n = probabilities.shape
    mass = np.zeros((sets, n + 1))
    mass[:, 0] = 1.0
    for event in range(n):
        p = probabilities[:, event : event + 1]
        happened = mass[:, : event + 1] * p
        mass[:, : event + 1] *= 1 - p
        mass[:, 1 : event + 2] += happened
    return np.asarray(mass.mean(axis=0), dtype=np.float64)


def _limits(mass: Floats, observed: int) -> dict[str, Any]:
    """Return the limits of a count and where the observed one stands."""
    up_to = np.cumsum(mass)
    low_95, high_95, low_998, high_998 = (
        int(min(np.searchsorted(up_to, tail), mass.shape[0] - 1)) for tail in (0.025, 0.975, 0.001, 0.999)
    )
    below, above = float(mass[: observed + 1].sum()), float(mass[observed:].sum())
    middle = float(mass[observed]) / 2
    position = "within"
    for tail, words in ((0.025, "95%"), (0.001, "99.8%")):
        if below < tail:
            position = f"below {words}"
        elif above < tail:
            position = f"above {words}"
    return {
        "low_95": low_95,
        "high_95": high_95,
        "low_998": low_998,
        "high_998": high_998,
        "p_value": min(1.0, 2 * (min(below, above) - middle)),
        "position": position,
    }


def _adjust(p_values: Sequence[float]) -> Floats:
    """Return q values: the smallest share of false discoveries at which each would be called one."""
    p = np.array(p_values)
    order = np.argsort(p)[::-1]
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(np.minimum(scaled, 1.0))
    return adjusted


def expect_judgements(dataset: Dataset) -> Findings:
    """Compare groups in every domain, give every home's probability, and check both.

    Returns
    -------
    Findings
        Tables ``group_performance``, ``home_expected``, ``expected_terms``; of the checks
        ``expected_checks`` and ``expected_calibration`` (`ofsight.study.expected_checks`). On a dataset that
        cannot carry the model, a note.
    """
    found = Findings()
    try:
        by_domain = {domain: graded_homes(dataset, domain) for domain in Domain}
        terms = [_terms(fit_expected(homes), domain) for domain, homes in by_domain.items()]
        found.tables["home_expected"] = home_expected(dataset)
    except ModelError as error:
        return Findings(notes=[f"Expected judgements were not computed. {error}"])
    found.tables["group_performance"] = pl.concat(
        [compare_groups(homes, domain) for domain, homes in by_domain.items()]
    )
    found.tables["expected_terms"] = pl.concat(terms)
    found.add(check_expected(dataset))
    return found


def _terms(model: ExpectedModel, domain: Domain) -> pl.DataFrame:
    """Return the model's odds ratios with 95 % intervals, before the correction, and the correction."""
    value, error = model.coefficients[1:], np.sqrt(np.diag(model.covariance))[1:]
    return pl.DataFrame(
        {
            "outcome": [domain.value] * len(model.names),
            "term": list(model.names),
            "odds_ratio": np.exp(value),
            "low": np.exp(value - _Z95 * error),
            "high": np.exp(value + _Z95 * error),
            "shrink": [model.shrink] * len(model.names),
            "n": [model.n] * len(model.names),
        }
    )
