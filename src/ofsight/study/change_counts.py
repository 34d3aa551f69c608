"""A change over the pause of 2020 without the model of grades: shares as counted, homes with themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from ofsight.definitions.study import PauseDefinition
from ofsight.vocabulary import Domain, Grade, Sector

__all__ = [
    "AFTER",
    "BEFORE",
    "COMPARED",
    "FEWEST",
    "compare_homes_with_themselves",
    "count_shares",
    "last_and_first",
    "of_both_parts",
    "sectors_of_both_parts",
    "with_parts",
]

Floats = NDArray[np.float64]

BEFORE: Final = "before the pause"
AFTER: Final = "after the pause"
COMPARED: Final = (Sector.PRIVATE, Sector.VOLUNTARY)
FEWEST: Final = 30
"""Inspections that a sector must have before and after the pause to be compared."""
_Z95: Final = float(norm.ppf(0.975))
_LOW: Final = (Grade.INADEQUATE.value, Grade.REQUIRES_IMPROVEMENT.value)


def with_parts(frame: pl.DataFrame, pause: PauseDefinition) -> pl.DataFrame:
    """Keep the inspections before and after the pause, told apart by ``part``."""
    day = pl.col("inspected_on")
    part = pl.when(day < pause.start).then(pl.lit(BEFORE)).when(day > pause.end).then(pl.lit(AFTER))
    return frame.with_columns(part=part, sector=pl.col("sector").cast(pl.String)).drop_nulls("part")


def of_both_parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the homes that were inspected both before and after the pause."""
    return frame.filter(pl.col("part").n_unique().over("urn") == 2)


def last_and_first(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep of those homes the last inspection before the pause and the first after it."""
    both = of_both_parts(frame).sort("urn", "inspected_on")
    last = both.filter(pl.col("part") == BEFORE).unique("urn", keep="last", maintain_order=True)
    first = both.filter(pl.col("part") == AFTER).unique("urn", keep="first", maintain_order=True)
    return pl.concat([last, first]).sort("urn", "inspected_on")


def sectors_of_both_parts(frame: pl.DataFrame) -> tuple[Sector, ...]:
    """Return the sectors with enough inspections on both sides; none where local authority homes have not."""
    n: dict[tuple[str, str], int] = {(s, p): k for s, p, k in frame.group_by("sector", "part").len().rows()}

    def enough(sector: Sector) -> bool:
        return min(n.get((sector.value, part), 0) for part in (BEFORE, AFTER)) >= FEWEST

    return tuple(s for s in COMPARED if enough(s)) if enough(Sector.LOCAL_AUTHORITY) else ()


def count_shares(frame: pl.DataFrame) -> pl.DataFrame:
    """Count grades as they stand: by judgement, sector and part, no model.

    Returns
    -------
    DataFrame
        ``sector, part, n, n_homes, n_below_good, n_outstanding, outcome, share_below_good`` and
        ``share_outstanding`` (0 to 1).
    """
    tables = []
    for domain in Domain:
        grade = pl.col(domain.value).cast(pl.String)
        tables.append(
            frame.drop_nulls(domain.value)
            .group_by("sector", "part")
            .agg(
                n=pl.len(),
                n_homes=pl.col("urn").n_unique(),
                n_below_good=grade.is_in(_LOW).sum(),
                n_outstanding=(grade == Grade.OUTSTANDING.value).sum(),
            )
            .with_columns(
                outcome=pl.lit(domain.value),
                share_below_good=pl.col("n_below_good") / pl.col("n"),
                share_outstanding=pl.col("n_outstanding") / pl.col("n"),
            )
        )
    return pl.concat(tables).sort("outcome", "sector", "part", descending=[False, False, True])


def compare_homes_with_themselves(frame: pl.DataFrame, domain: Domain) -> Iterator[dict[str, Any]]:
    """Compare each home with itself: how its grades moved over the pause, against local authority homes'.

    A linear model of yes or no with a fixed effect per home and per calendar year: what does not change of a
    home, seen or unseen, drops out. No distribution of homes is assumed, as a random intercept does.

    Parameters
    ----------
    frame : DataFrame
        Inspections with ``urn, year, sector, part`` and the judgement.
    domain : Domain
        The judgement.

    Yields
    ------
    dict
        ``outcome, measure`` ("below Good" or "Outstanding"), ``term``; ``points``, ``low`` and ``high``: how
        many percentage points more the share moved than that of local authority homes, errors clustered by
        home; ``p_value, n, n_homes`` (inspections and homes of both parts).
    """
    used = of_both_parts(frame.drop_nulls(domain.value)).sort("urn", "inspected_on")
    sectors = sectors_of_both_parts(used)
    if not sectors:
        return
    used = used.filter(pl.col("sector").is_in([s.value for s in (Sector.LOCAL_AUTHORITY, *sectors)]))
    homes = np.unique(used["urn"].to_numpy(), return_inverse=True)[1]
    after = (used["part"] == AFTER).to_numpy()
    columns = [(used["sector"] == sector.value).to_numpy() & after for sector in sectors]
    columns += [(used["year"] == year).to_numpy() for year in sorted(used["year"].unique())[1:]]
    x = _within(np.column_stack(columns).astype(np.float64), homes)
    grade = used[domain.value].cast(pl.String)
    measures = {"below Good": grade.is_in(_LOW), "Outstanding": grade == Grade.OUTSTANDING.value}
    bread = np.linalg.pinv(x.T @ x)
    for measure, yes in measures.items():
        y = _within(100 * yes.to_numpy().astype(np.float64)[:, None], homes)[:, 0]
        beta = bread @ (x.T @ y)
        scores = np.zeros((int(homes.max()) + 1, x.shape[1]))
        np.add.at(scores, homes, x * (y - x @ beta)[:, None])
        n_homes = scores.shape[0]
        spread = bread @ (scores.T @ scores) @ bread * n_homes / (n_homes - 1)
        for i, sector in enumerate(sectors):
            error = math.sqrt(float(spread[i, i]))
            yield {
                "outcome": domain.value,
                "measure": measure,
                "term": f"sector:{sector.key}",
                "points": float(beta[i]),
                "low": float(beta[i] - _Z95 * error),
                "high": float(beta[i] + _Z95 * error),
                "p_value": float(2 * norm.sf(abs(beta[i] / error))) if error > 0 else None,
                "n": used.height,
                "n_homes": n_homes,
            }


def _within(values: Floats, groups: NDArray[np.intp]) -> Floats:
    """Return values less their group's mean."""
    n = np.bincount(groups).astype(np.float64)
    sums = np.zeros((len(n), values.shape[1]))
    np.add.at(sums, groups, values)
    return np.asarray(values - (sums / n[:, None])[groups], dtype=np.float64)
