"""What a fitted hazard of leaving the register tells: its table, its predictions, its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from ofsight.errors import UsageError
from ofsight.planning.models.frames import require_frames
from ofsight.planning.models.hazard import Hazard, cumulative_risk, log_hazards
from ofsight.vocabulary import ProvisionType

__all__ = ["OUTCOMES", "SOURCE", "ClosureModel"]

Floats = NDArray[np.float64]

OUTCOMES: Final = ("close", "transfer")
SOURCE: Final = (
    "Ofsted: lists of children's homes, joiners and leavers, lists of closed homes; "
    "discrete-time hazard of ofsight (docs/planning-models.md)"
)
_LEVEL: Final = float(norm.ppf(0.975))
_NAMES: Final = {"holder_id": "holder", "overall": "grade"}
_FRAMES: Final = (
    "closure_terms",
    "closure_covariance",
    "closure_years",
    "closure_calibration",
    "closure_choice",
    "closure_continuations",
    "closure_about",
    "closure_stock",
)


@dataclass(frozen=True, eq=False)
class ClosureModel:
    """The hazard that a home leaves the register: closes, or goes on under another number.

    Attributes
    ----------
    hazards : mapping of str to Hazard
        ``close`` and ``transfer``.
    since, until : date
        The window it was fitted on.
    years : DataFrame
        Out of time: one row a year judged and months ahead [fitted_to, months, n_homes, observed, expected,
        ratio, ratio_low, ratio_high, concordance, concordance_low, concordance_high, brier, brier_one_rate].
    calibration : DataFrame
        Out of time: one row a tenth of predicted risk [months, tenth, n_homes, expected, observed,
        observed_low, observed_high] (shares).
    choice : DataFrame
        Out-of-time log score of every candidate [outcome, candidate, n_homes, log_score, chosen].
    continuations : DataFrame
        How exits were told from transfers; see `ofsight.planning.models.continuations`.
    about : mapping of str to float
        Counts (see `ofsight.planning.models.periods.Periods`); ``group_variance``: variance of a factor of
        mean 1 that all homes of one holder share in a year; ``year_sd``: sd of the log ratio of observed to
        expected closures between years.
    stock : DataFrame
        [authority, holder, n_homes] of the last list: gives group size and local rivals to homes without
        them.
    """

    hazards: Mapping[str, Hazard]
    since: date
    until: date
    years: pl.DataFrame
    calibration: pl.DataFrame
    choice: pl.DataFrame
    continuations: pl.DataFrame
    about: Mapping[str, float]
    stock: pl.DataFrame
    notes: tuple[str, ...] = field(default=())

    def table(self, outcome: str = "close") -> pl.DataFrame:
        """Return the hazard ratios of an outcome: ``term, label, hazard_ratio, low, high`` (95 %)."""
        if outcome not in self.hazards:
            raise UsageError(f"No outcome '{outcome}'. Allowed: {', '.join(self.hazards)}.")
        return self.hazards[outcome].table()

    def predict(self, homes: pl.DataFrame, months: Sequence[int] = (12, 36)) -> pl.DataFrame:
        """Return each home's probability of leaving the register.

        Parameters
        ----------
        homes : DataFrame
            Homes as `ofsight.profiles.homes_open.open_homes` gives them, or as
            `ofsight.planning.models.periods.covariates_on` does. Group size and rivals are taken from the
            last list where the columns are not there.
        months : sequence of int
            Horizons: multiples of 6.

        Returns
        -------
        DataFrame
            ``urn`` and for each horizon m ``p_close_m, p_close_m_low, p_close_m_high`` (95 %, of the
            estimates: what befalls the whole sector in a year is not in it), ``p_transfer_m``,
            ``p_exit_m``. The judgement, size and holder are held as they are; age moves on.
        """
        if wrong := [m for m in months if m < 6 or m % 6]:
            raise UsageError(f"Horizons are multiples of 6 months; not {', '.join(map(str, wrong))}.")
        ready = self.complete(homes)
        close, gradients = log_hazards(self.hazards["close"], ready, max(months) // 6)
        transfer, _ = log_hazards(self.hazards["transfer"], ready, max(months) // 6)
        columns: dict[str, Any] = {"urn": ready["urn"]}
        for m in months:
            k = m // 6
            error = _error(close[:, :k], gradients[:k], self.hazards["close"].covariance)
            columns[f"p_close_{m}"] = cumulative_risk(close[:, :k], transfer[:, :k])
            for side, sign in (("low", -1.0), ("high", 1.0)):
                columns[f"p_close_{m}_{side}"] = cumulative_risk(
                    close[:, :k], transfer[:, :k], sign * _LEVEL * error
                )
            columns[f"p_transfer_{m}"] = cumulative_risk(transfer[:, :k], close[:, :k])
            columns[f"p_exit_{m}"] = columns[f"p_close_{m}"] + columns[f"p_transfer_{m}"]
        return pl.DataFrame(columns)

    def risk_by_year(self, homes: pl.DataFrame, years: int = 5) -> pl.DataFrame:
        """Return, for homes still there, the probability of closing and of a transfer in each coming year.

        Returns
        -------
        DataFrame
            ``urn``, ``close_1`` .. ``close_<years>``, ``transfer_1`` ..: each given that the home is still
            there at the start of that year.
        """
        ready = self.complete(homes)
        close, _ = log_hazards(self.hazards["close"], ready, 2 * years)
        transfer, _ = log_hazards(self.hazards["transfer"], ready, 2 * years)
        parts = {"close": (close, transfer), "transfer": (transfer, close)}
        return pl.DataFrame(
            {"urn": ready["urn"]}
            | {
                f"{name}_{k + 1}": cumulative_risk(own[:, 2 * k : 2 * k + 2], other[:, 2 * k : 2 * k + 2])
                for name, (own, other) in parts.items()
                for k in range(years)
            }
        )

    def complete(self, homes: pl.DataFrame) -> pl.DataFrame:
        """Return homes with every column that the terms ask for, in the same order."""
        known = homes.rename(
            {a: b for a, b in _NAMES.items() if a in homes.columns and b not in homes.columns}
        )
        if lacking := [
            name
            for name in ("urn", "authority", "holder", "sector", "places", "age_years", "grade")
            if name not in known.columns
        ]:
            raise UsageError(
                f"The homes lack {', '.join(lacking)}. Give them as profiles.homes_open gives them."
            )
        if "special" not in known.columns:
            known = known.with_columns(
                special=pl.col("provision_type").cast(pl.String) != ProvisionType.CHILDRENS_HOME.value
            )
        if "group_size" in known.columns and "rivals" in known.columns:
            return known
        sizes = self.stock.drop_nulls("holder").group_by("holder").agg(group_size=pl.col("n_homes").sum())
        there = self.stock.group_by("authority").agg(local=pl.col("n_homes").sum())
        own = self.stock.drop_nulls("holder").select("authority", "holder", own="n_homes")
        return (
            known.join(sizes, on="holder", how="left", maintain_order="left")
            .join(there, on="authority", how="left", maintain_order="left")
            .join(own, on=["authority", "holder"], how="left", maintain_order="left")
            .with_columns(
                rivals=(pl.col("local") - pl.col("own").fill_null(1)).clip(lower_bound=0),
                group_size=pl.when(pl.col("holder").is_not_null()).then(pl.col("group_size").fill_null(1)),
            )
            .drop("local", "own")
        )

    def to_frames(self) -> dict[str, pl.DataFrame]:
        """Return the model as tables, for a prepared folder."""
        return {
            "closure_terms": pl.concat(
                pl.DataFrame(
                    {
                        "outcome": [name] * len(h.terms),
                        "candidate": [h.candidate] * len(h.terms),
                        "term": list(h.terms),
                        "estimate": h.estimates,
                        "factor": [h.factor] * len(h.terms),
                        "fitted": h.estimates if h.fitted is None else h.fitted,
                        "error": np.sqrt(np.diag(h.covariance)) if h.errors is None else h.errors,
                    }
                )
                for name, h in self.hazards.items()
            ),
            "closure_covariance": pl.concat(
                pl.DataFrame(
                    {
                        "outcome": [name] * h.covariance.size,
                        "row": np.repeat(np.arange(len(h.terms)), len(h.terms)),
                        "column": np.tile(np.arange(len(h.terms)), len(h.terms)),
                        "value": h.covariance.reshape(-1),
                    }
                )
                for name, h in self.hazards.items()
            ),
            "closure_years": self.years,
            "closure_calibration": self.calibration,
            "closure_choice": self.choice,
            "closure_continuations": self.continuations,
            "closure_about": pl.DataFrame(
                {
                    "name": [*self.about, "since", "until", *(f"note {k}" for k in range(len(self.notes)))],
                    "value": [
                        *(repr(float(value)) for value in self.about.values()),
                        self.since.isoformat(),
                        self.until.isoformat(),
                        *self.notes,
                    ],
                }
            ),
            "closure_stock": self.stock,
        }

    @classmethod
    def from_frames(cls, frames: Mapping[str, pl.DataFrame]) -> ClosureModel:
        """Read what `to_frames` wrote.

        Raises
        ------
        DatasetError
            When a table is missing.
        """
        require_frames(frames, _FRAMES)
        facts = dict(frames["closure_about"].select("name", "value").iter_rows())
        since, until = (date.fromisoformat(facts.pop(name)) for name in ("since", "until"))
        notes = tuple(facts.pop(name) for name in [n for n in facts if n.startswith("note ")])
        return cls(
            {name: _hazard(frames, name) for name in OUTCOMES},
            since,
            until,
            frames["closure_years"],
            frames["closure_calibration"],
            frames["closure_choice"],
            frames["closure_continuations"],
            {name: float(value) for name, value in facts.items()},
            frames["closure_stock"],
            notes,
        )


def _hazard(frames: Mapping[str, pl.DataFrame], outcome: str) -> Hazard:
    terms = frames["closure_terms"].filter(pl.col("outcome") == outcome)
    cells = frames["closure_covariance"].filter(pl.col("outcome") == outcome).sort("row", "column")
    p = terms.height
    return Hazard(
        terms["candidate"][0],
        tuple(terms["term"]),
        terms["estimate"].to_numpy().astype(np.float64),
        cells["value"].to_numpy().astype(np.float64).reshape(p, p),
        float(terms["factor"][0]),
        terms["fitted"].to_numpy().astype(np.float64),
        terms["error"].to_numpy().astype(np.float64),
    )


def _error(logs: Floats, columns: Sequence[Floats], covariance: Floats) -> Floats:
    """Return the standard error of the log cumulative hazard, by the delta method."""
    weights = np.exp(logs)
    weights = weights / weights.sum(axis=1, keepdims=True)
    gradient = sum((weights[:, [k]] * x for k, x in enumerate(columns)), np.zeros_like(columns[0]))
    variance = np.einsum("ij,jk,ik->i", gradient, covariance, gradient)
    error: Floats = np.sqrt(np.maximum(variance, 0.0))
    return error
