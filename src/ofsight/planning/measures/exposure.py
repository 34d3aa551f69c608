"""Exposure: what goes from an area with one group of homes, and in how many areas that group is large."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.planning.measures.concentration import holder_shares
from ofsight.planning.measures.quality import GOOD
from ofsight.planning.measures.values import Value

__all__ = ["FEWEST_HOMES", "SHARES", "holder_exposure", "holder_reach"]

FEWEST_HOMES: Final = 3
"""Of fewer homes no expected loss is told: a sum over an area may be used, a home's chance may not."""

SHARES: Final = (0.10, 0.25, 0.50)
"""Shares of an authority's places that are counted as large (CONVENTIONS E, "Exit exposure")."""


def holder_reach(homes: pl.DataFrame) -> pl.DataFrame:
    """Return how far each holder reaches in England.

    Parameters
    ----------
    homes : DataFrame
        All open homes.

    Returns
    -------
    DataFrame
        ``holder_id, holder, kind, homes_in_england, places_in_england, share_of_england, n_authorities,
        n_over_10, n_over_25, n_over_50`` (authorities in which it holds more than that share of all
        places) and ``largest_share`` with ``largest_in``, the authority where its share is largest.
    """
    total = (
        homes.group_by("authority")
        .agg(all_places=pl.col("places").sum().cast(pl.Int64))
        .filter(pl.col("all_places") > 0)
    )
    shares = (
        homes.filter(pl.col("holder_id").is_not_null())
        .group_by("holder_id", "authority")
        .agg(places=pl.col("places").sum().cast(pl.Int64))
        .join(total, on="authority", how="left")
        .with_columns(share=pl.col("places") / pl.col("all_places"))
        .sort("holder_id", "share", "authority", descending=[False, True, False], nulls_last=True)
    )
    counts = shares.group_by("holder_id").agg(
        n_authorities=pl.len().cast(pl.Int64),
        **{f"n_over_{100 * s:.0f}": (pl.col("share") > s).sum().cast(pl.Int64) for s in SHARES},
        largest_share=pl.col("share").first(),
        largest_in=pl.col("authority").first(),
    )
    held = holder_shares(homes).filter(pl.col("holder_id").is_not_null())
    return held.select(
        "holder_id",
        "holder",
        "kind",
        homes_in_england="homes",
        places_in_england="places",
        share_of_england="share_of_places",
    ).join(counts, on="holder_id", how="left", maintain_order="left")


def holder_exposure(
    homes: pl.DataFrame,
    reach: pl.DataFrame,
    looked_after: Value,
    in_homes: Value,
    closing: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return what an area would lose with each holder, if every home of it here closed.

    Parameters
    ----------
    homes : DataFrame
        The area's open homes.
    reach : DataFrame
        Of `holder_reach`.
    looked_after, in_homes : Value
        The area's looked-after children, and those in children's homes; withheld ones give no rate.
    closing : DataFrame, optional
        ``urn, p_close_36``: the chance that a home closes within 36 months.

    Returns
    -------
    DataFrame
        As `ofsight.planning.measures.concentration.holder_shares`, the largest first, with ``good_places``
        (in homes last judged Good or Outstanding), ``places_left``, ``good_places_left``,
        ``left_per_100_looked_after`` and ``left_per_100_in_homes`` (each with its ``_status``),
        ``expected_loss_36`` (places times the chance of closing, added up; null without `closing`) and the
        columns of `holder_reach`.

    Notes
    -----
    Exit exposure as in CONVENTIONS E: places lost, share, what remains per 100 children, authorities where
    the share is over 10, 25, 50 %. A sale is not a closure: the homes of a group that fails may go on
    under another.
    """
    good = homes.with_columns(
        good=pl.when(pl.col("overall").cast(pl.String).is_in(GOOD)).then("places").otherwise(0)
    )
    if closing is not None:
        good = good.join(closing.select("urn", "p_close_36"), on="urn", how="left")
    else:
        good = good.with_columns(p_close_36=pl.lit(None, pl.Float64))
    loss = pl.when(pl.col("p_close_36").is_not_null().any()).then(
        (pl.col("p_close_36") * pl.col("places")).sum()
    )
    more = good.group_by("holder_id").agg(
        good_places=pl.col("good").sum().cast(pl.Int64), expected_loss_36=loss
    )
    total, total_good = int(homes["places"].sum() or 0), int(good["good"].sum() or 0)
    left = (total - pl.col("places")).alias("places_left")
    rates = [
        (pl.lit(100.0 / found.value if found.value else None, pl.Float64) * left).alias(name)
        for name, found in _rates(looked_after, in_homes)
    ]
    statuses = [
        pl.lit(_status(found)).alias(f"{name}_status") for name, found in _rates(looked_after, in_homes)
    ]
    far = reach.drop("holder", "kind")
    return (
        holder_shares(homes)
        .join(more, on="holder_id", how="left", nulls_equal=True, maintain_order="left")
        .with_columns(left, *rates, *statuses, good_places_left=total_good - pl.col("good_places"))
        .join(far, on="holder_id", how="left", maintain_order="left")
    )


def _rates(looked_after: Value, in_homes: Value) -> tuple[tuple[str, Value], ...]:
    return ("left_per_100_looked_after", looked_after), ("left_per_100_in_homes", in_homes)


def _status(found: Value) -> str:
    return found.status or ("" if found.value else "no children")
