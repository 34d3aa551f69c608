"""The panel of local authorities by year behind the study of placements: shares of looked-after children."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.study.authority_table import has_table

__all__ = ["MEANINGS", "placement_panel"]

MEANINGS: Final = {
    "profit": "% of looked-after children placed with for-profit providers at 31 March",
    "third": "% placed with third-sector providers",
    "outside": "% placed outside the local authority's boundary",
    "far": "% placed more than 20 miles from home",
    "moved": "% of those under 16, looked after for 2.5 years, who were not in one placement for two years",
    "thrice": "% with three or more placements during the year",
    "white": "% who are white",
    "female": "% who are girls",
    "n": "looked-after children, in hundreds",
}
"""The columns of the panel beside ``authority`` and ``year``."""


@dataclass(frozen=True)
class _Share:
    """Where a share's two numbers stand in ``authority_statistics``."""

    topic: str
    category: str
    part: str
    # None: of all looked-after children.
    whole: str | None = None


_31_MARCH: Final = "looked after on 31 March"
_STABILITY: Final = "placement stability"
_LONG: Final = "Under 16 and looked after for 2.5 years"
_SHARES: Final = {
    "outside": _Share(_31_MARCH, "Locality of placement", "Placed outside the local authority boundary"),
    "far": _Share(_31_MARCH, "Distance between home and placement", "Placed more than 20 miles from home"),
    "thrice": _Share(
        _STABILITY, "Looked after on 31 March", "With 3 or more placements during the year", "Total"
    ),
    "same": _Share(_STABILITY, _LONG, "Living in the same placement for at least 2 years", "Total"),
}


def placement_panel(dataset: Dataset) -> pl.DataFrame | None:
    """Return the panel, or None where the dataset has no numbers by authority and year.

    Returns
    -------
    DataFrame or None
        One row an authority and year: ``authority, year`` and the columns of `MEANINGS`. A symbol in the
        place of a number is a null: suppressed cells are never filled. An area that changed its boundary is
        another authority.
    """
    if not has_table(dataset, "authority_years") or not has_table(dataset, "authority_statistics"):
        return None
    years = dataset["authority_years"]
    if years.is_empty():
        return None
    panel = years.select(
        "authority",
        "year",
        "looked_after",
        profit="private_percent",
        third="voluntary_percent",
        white="white_percent",
        female="female_percent",
        n=pl.col("looked_after") / 100,
    )
    numbers = dataset["authority_statistics"].filter(
        pl.col("newest"), pl.col("authority").is_not_null(), pl.col("measure") == "children"
    )
    for name, share in _SHARES.items():
        panel = _join_share(panel, numbers, name, share)
    return (
        panel.with_columns(moved=100 - pl.col("same"))
        .select("authority", "year", *MEANINGS)
        .sort("authority", "year")
    )


def _join_share(panel: pl.DataFrame, numbers: pl.DataFrame, name: str, share: _Share) -> pl.DataFrame:
    of = numbers.filter((pl.col("topic") == share.topic) & (pl.col("category") == share.category))

    def number(breakdown: pl.Expr, column: str) -> pl.DataFrame:
        # Where an area is said twice for a year, the later release's number stands last.
        return (
            of.filter(breakdown)
            .sort("release")
            .unique(["authority", "year"], keep="last", maintain_order=True)
            .select("authority", "year", pl.col("value").alias(column))
        )

    part = number(pl.col("breakdown").str.starts_with(share.part), "part")
    panel = panel.join(part, on=["authority", "year"], how="left")
    if share.whole is None:
        panel = panel.with_columns(whole=pl.col("looked_after"))
    else:
        whole = number(pl.col("breakdown") == share.whole, "whole")
        panel = panel.join(whole, on=["authority", "year"], how="left")
    value = pl.when(pl.col("whole") > 0).then(100 * pl.col("part") / pl.col("whole"))
    # Numbers of two releases may be rounded apart: a share above 100 is none.
    return panel.with_columns(pl.when(value <= 100).then(value).alias(name)).drop("part", "whole")
