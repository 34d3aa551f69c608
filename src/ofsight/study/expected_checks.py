"""Whether expected judgements hold: on owners that the model has not seen, and on the next year's list."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import logit
from scipy.stats import norm, rankdata

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.ordinal import clm_arrays
from ofsight.study.expected import fit_expected, graded_homes, predict_unseen
from ofsight.study.findings import Findings
from ofsight.vocabulary import Domain, Grade

__all__ = ["check_expected", "measure_calibration"]

_BINS: Final = 10
_A_YEAR: Final = timedelta(days=300)
_GOOD: Final = list(Grade).index(Grade.GOOD)

Floats = npt.NDArray[np.float64]


def check_expected(dataset: Dataset, domain: Domain = Domain.OVERALL) -> Findings:
    """Check the probabilities of Good or better two ways.

    *Owners not seen*: homes are put into ten folds by holder; each fold's probabilities come from a model
    fitted to the other nine, before the correction that is found from these very folds. *A year later*: the
    corrected model of the newest list that is most of a year older than the newest one gives the
    probabilities of the homes that were judged since.

    Returns
    -------
    Findings
        ``expected_checks``: one row per check, with ``n``, ``brier`` and ``brier_of_the_share`` (what giving
        every home the overall share scores), ``auc`` (chance that of a home Good or better and one that is
        not, the first has the higher probability), ``intercept`` and ``slope`` of the recalibration (0 and 1
        when right) with their standard errors. ``expected_calibration``: ten bins of each check by
        probability: ``n``, ``expected``, ``observed``, ``low``, ``high`` (Wilson, 95 %).
    """
    found = Findings()
    rows: list[dict[str, Any]] = []
    bins: list[pl.DataFrame] = []
    homes = graded_homes(dataset, domain).drop_nulls("grade")
    for name, pairs in (
        ("owners not seen, uncorrected", _by_fold(homes)),
        ("a year later, corrected", _a_year_later(dataset, domain, homes)),
    ):
        if pairs is None:
            found.notes.append(
                f"Expected judgements were not checked on {name}: the dataset does not allow it."
            )
            continue
        summary, table = measure_calibration(*pairs)
        rows.append({"check": name, "outcome": domain.value, **summary})
        bins.append(
            table.select(pl.lit(name).alias("check"), pl.lit(domain.value).alias("outcome"), pl.all())
        )
    if rows:
        found.tables["expected_checks"] = pl.DataFrame(rows)
        found.tables["expected_calibration"] = pl.concat(bins)
    return found


def measure_calibration(probability: Floats, good: Floats) -> tuple[dict[str, float], pl.DataFrame]:
    """Hold probabilities against what happened.

    Parameters
    ----------
    probability, good : ndarray, shape (n,)
        Between 0 and 1, and 0 or 1.

    Returns
    -------
    dict of str to float
        As the columns of ``expected_checks``.
    DataFrame
        As ``expected_calibration``, without the name of the check.
    """
    ranks, n_good = rankdata(probability), float(good.sum())
    n_bad = good.shape[0] - n_good
    area = (ranks[good == 1].sum() - n_good * (n_good + 1) / 2) / (n_good * n_bad)
    fit = clm_arrays(good.astype(np.int64), logit(probability)[:, None])
    threshold, slope = fit.estimates.values()
    errors = list(fit.standard_errors.values())
    summary = {
        "n": good.shape[0],
        "brier": float(np.mean((probability - good) ** 2)),
        "brier_of_the_share": float(np.mean((good.mean() - good) ** 2)),
        "auc": float(area),
        "intercept": float(-threshold),
        "intercept_error": float(errors[0]),
        "slope": float(slope),
        "slope_error": float(errors[1]),
    }
    return summary, _bins(probability, good)


def _same(table: pl.DataFrame) -> dict[str, pl.Expr]:
    return {name: pl.col(name) for name in table.columns}


def _bins(probability: Floats, good: Floats) -> pl.DataFrame:
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(_BINS, len(order)))
    z2 = float(norm.ppf(0.975)) ** 2
    rows = []
    for number, part in enumerate(parts, 1):
        n, share = len(part), float(good[part].mean())
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        rows.append((number, n, float(probability[part].mean()), share, centre - half, centre + half))
    return pl.DataFrame(rows, schema=["bin", "n", "expected", "observed", "low", "high"], orient="row")


def _by_fold(homes: pl.DataFrame) -> tuple[Floats, Floats] | None:
    try:
        return predict_unseen(homes)
    except ModelError:
        return None


def _a_year_later(dataset: Dataset, domain: Domain, homes: pl.DataFrame) -> tuple[Floats, Floats] | None:
    """Return probabilities from the model of an older list for homes judged anew since, and what they got."""
    days = dataset.home_snapshots["listed_on"].unique().sort().to_list()
    before: list[date] = [day for day in days if day <= days[-1] - _A_YEAR]
    if not before:
        return None
    try:
        model = fit_expected(graded_homes(dataset, domain, before[-1]))
    except ModelError:
        return None
    since = dataset.inspections.filter(
        (pl.col("inspected_on") > before[-1]) & pl.col(domain.value).is_not_null()
    )
    anew = homes.join(since.select("urn").unique(), on="urn", how="semi")
    good = (anew["grade"] >= _GOOD).to_numpy().astype(float)
    probability = model.probability(anew)
    # Without both outcomes, or with one probability for all, there is no slope to find.
    if not 0 < good.sum() < len(good) or np.ptp(probability) == 0:
        return None
    return probability, good
