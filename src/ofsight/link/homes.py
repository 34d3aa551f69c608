"""Homes that may be one home under two registrations: proposed with a score, never merged.

Ofsted registers a home anew when its provider changes its legal form or its owner, and sometimes when it
moves within an authority. The new number says nothing of the old one, and names and addresses are withheld to
protect children; so all that can be said is that one closed and one like it opened.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.errors import UsageError

__all__ = ["CANDIDATES", "MOST_DAYS_APART", "propose_reregistrations"]

MOST_DAYS_APART: Final = 92
CANDIDATES: Final[dict[str, type[pl.DataType]]] = {
    "old_urn": pl.String,
    "new_urn": pl.String,
    "authority": pl.String,
    "owner_id": pl.String,
    "closed_on": pl.Date,
    "registered_on": pl.Date,
    "days_apart": pl.Int32,
    "n_rivals": pl.UInt32,
    "score": pl.Float64,
}
_NEEDED: Final = ("urn", "provision_type", "authority", "owner_id", "places", "registered_on", "closed_on")


def propose_reregistrations(homes: pl.DataFrame, *, most_days: int = MOST_DAYS_APART) -> pl.DataFrame:
    """Propose pairs of homes that may be one home registered twice.

    A pair has one authority, one kind of provision and one owner, and the second was registered at most
    `most_days` before or after the first left the register. The score is the product of three numbers:
    how close in time (1 on the day, 0.5 at the limit), how alike in places (1 alike, 0.5 where unknown, less
    the more they differ), and one over the number of homes that rival for either end.

    Parameters
    ----------
    homes : DataFrame
        One row a home: ``urn, provision_type, authority, owner_id, places, registered_on, closed_on``.
    most_days : int
        The longest time between leaving and registration, in days.

    Returns
    -------
    DataFrame
        The columns of `CANDIDATES`, the likeliest first.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    if lacking := [name for name in _NEEDED if name not in homes.columns]:
        raise UsageError(f"No column {', '.join(lacking)} among {', '.join(homes.columns)}.")
    same = ["authority", "owner_id", "provision_type"]
    known = homes.drop_nulls(same)
    closed = known.filter(pl.col("closed_on").is_not_null()).select(
        *same, "closed_on", old_urn="urn", old_places="places", old_registered_on="registered_on"
    )
    opened = known.filter(pl.col("registered_on").is_not_null()).select(
        *same, "registered_on", new_urn="urn", new_places="places"
    )
    gap = (pl.col("registered_on") - pl.col("closed_on")).dt.total_days()
    pairs = closed.join(opened, on=same).filter(
        pl.col("old_urn") != pl.col("new_urn"),
        gap.abs() <= most_days,
        # The one that closed was there first.
        pl.col("old_registered_on").is_null() | (pl.col("old_registered_on") < pl.col("registered_on")),
    )
    larger = pl.max_horizontal("old_places", "new_places").cast(pl.Float64)
    differ = (pl.col("old_places").cast(pl.Float64) - pl.col("new_places")).abs()
    alike = pl.when(differ.is_null() | (larger == 0)).then(0.5).otherwise(1 - differ / larger)
    rivals = pl.max_horizontal(pl.len().over("old_urn"), pl.len().over("new_urn"))
    return (
        pairs.with_columns(days_apart=gap, n_rivals=rivals)
        .with_columns(score=(1 - 0.5 * pl.col("days_apart").abs() / most_days) * alike / pl.col("n_rivals"))
        .sort("score", "old_urn", "new_urn", descending=[True, False, False])
        .select(pl.col(name).cast(dtype) for name, dtype in CANDIDATES.items())
    )
