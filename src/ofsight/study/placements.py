"""For-profit share against where children are placed and whether they stay: two-way fixed effects.

Each authority is compared with itself over the years, and each year with itself over the authorities, as in
the paper of 2023 (Child Abuse & Neglect 144, 106245); errors are clustered by authority.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any, Final

import numpy as np
import polars as pl
from scipy.stats import norm

from ofsight.definitions.study import PlacementModel, StudyDefinition
from ofsight.errors import ModelError, UsageError
from ofsight.study.estimates import Estimate
from ofsight.study.findings import Findings

__all__ = ["fit_placement_model", "fit_placements"]

_Z95: Final = float(norm.ppf(0.975))
_FEWEST_YEARS: Final = 3


def fit_placements(panel: pl.DataFrame, study: StudyDefinition) -> Findings:
    """Fit every regression of placements that a study defines.

    Parameters
    ----------
    panel : DataFrame
        One row an authority and year; see ``ofsight.study.placement_panel``.
    study : StudyDefinition
        Its ``placement_models``.

    Returns
    -------
    Findings
        Item ``placements``: points of the outcome that go with a point of the exposure; table ``placements``.
    """
    found = Findings()
    rows: list[dict[str, Any]] = []
    lacking: list[str] = []
    for model in study.placement_models:
        try:
            fit = fit_placement_model(panel, model)
        except UsageError as error:
            found.notes.append(str(error))
            return found
        except ModelError as error:
            lacking.append(f"{model.label} ({model.model}): {error}")
            continue
        value, error_of_it = fit["estimate"], fit["std_error"]
        estimate = Estimate(
            study.id,
            "placements",
            model.model,
            model.outcome,
            model.exposure,
            value,
            ci_low=value - _Z95 * error_of_it,
            ci_high=value + _Z95 * error_of_it,
            p_value=float(2 * norm.sf(abs(value / error_of_it))),
            n=fit["n"],
            n_groups=fit["n_authorities"],
            variance="cluster",
        )
        found.estimates.append(estimate)
        rows.append(
            {k: v for k, v in estimate.as_dict().items() if k not in ("study", "item")}
            | {"std_error": error_of_it, "from": fit["from"], "to": fit["to"]}
            | {"years": " ".join(str(year) for year in fit["years"])}
            | {"label": model.label, "covariates": " ".join(model.covariates)}
        )
    if rows:
        found.tables["placements"] = pl.DataFrame(rows, infer_schema_length=None)
        found.notes += [f"Placements, {words}" for words in lacking]
    elif lacking:
        found.notes.append(f"The panel of placements was not fitted. First: {lacking[0]}")
    return found


def fit_placement_model(panel: pl.DataFrame, model: PlacementModel) -> dict[str, Any]:
    """Fit one regression with fixed effects of authorities and of years.

    Parameters
    ----------
    panel : DataFrame
        With ``authority``, ``year`` and the model's columns; rows that lack one are left out.
    model : PlacementModel
        Outcome, exposure, covariates.

    Returns
    -------
    dict
        ``estimate``, ``std_error`` (clustered by authority), ``n``, ``n_authorities``, ``from``, ``to``
        and ``years``, those that the panel has.

    Raises
    ------
    UsageError
        When linearmodels is not installed.
    ModelError
        When the panel has too few years.
    """
    columns = [model.exposure, *model.covariates]
    used = panel.select("authority", "year", model.outcome, *columns).drop_nulls()
    # An authority seen once says nothing of change.
    used = used.filter(pl.len().over("authority") > 1).sort("authority", "year")
    n_years = used["year"].n_unique()
    if n_years < _FEWEST_YEARS:
        raise ModelError(
            f"the panel has {n_years} years with {model.outcome} and {', '.join(columns)}; it takes "
            f"{_FEWEST_YEARS}. Add releases of looked-after children of more years."
        )
    result = _panel_ols(used, model.outcome, columns)
    return {
        "estimate": float(result.params[model.exposure]),
        "std_error": float(result.std_errors[model.exposure]),
        "n": used.height,
        "n_authorities": used["authority"].n_unique(),
        "from": int(np.min(used["year"].to_numpy())),
        "to": int(np.max(used["year"].to_numpy())),
        "years": sorted(used["year"].unique().to_list()),
    }


def _panel_ols(used: pl.DataFrame, outcome: str, columns: list[str]) -> Any:
    try:
        linear = importlib.import_module("linearmodels.panel")
    except ImportError:
        raise UsageError(
            "The panel of placements needs the package linearmodels. Install it with: "
            "pip install 'ofsight[panel]'"
        ) from None
    frame = used.to_pandas().set_index(["authority", "year"])
    with warnings.catch_warnings():
        # It calls pandas and numpy in ways that these call deprecated; the numbers are tested against ours.
        warnings.simplefilter("ignore")
        model = linear.PanelOLS(frame[outcome], frame[columns], entity_effects=True, time_effects=True)
        return model.fit(cov_type="clustered", cluster_entity=True)
