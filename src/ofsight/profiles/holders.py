"""Who owns the homes of an area: groups where they are known, else owners; councils; and the unlinked."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import Area
from ofsight.profiles.everywhere import AREA, answer_everywhere
from ofsight.profiles.homes_open import UNLINKED, open_homes, snapshot_on
from ofsight.profiles.kept import keep
from ofsight.vocabulary import Grade, Sector

__all__ = ["HOLDER_KINDS", "holder_kind", "holders_in"]

HOLDER_KINDS: Final = ("group", "owner", "council", "unlinked")
"""A group of owners; an owner without a known group; a council; homes whose owner Ofsted does not print."""


def holder_kind() -> pl.Expr:
    """Return the kind of holder of a row of `ofsight.profiles.homes_open.open_homes`."""
    return (
        pl.when(pl.col("link_status") == UNLINKED)
        .then(pl.lit("unlinked"))
        .when(pl.col("group_id").is_not_null())
        .then(pl.lit("group"))
        .when(
            (pl.col("sector").cast(pl.String) == Sector.LOCAL_AUTHORITY.value)
            | pl.col("owner_id").str.starts_with("council-")
        )
        .then(pl.lit("council"))
        .otherwise(pl.lit("owner"))
    )


def holders_in(dataset: Dataset, area: Area | None = None, on: date | None = None) -> pl.DataFrame:
    """List who holds the homes of an area, the most places first.

    A holder is the group of owners under one ultimate owner where that is known, else the owner. An owner
    without a known group is unknown, not independent: the shares of groups are at least these.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        England without it.
    on : date, optional
        The day of a list; the newest without it. Before March 2018 no owner is printed and all are unlinked.

    Returns
    -------
    pl.DataFrame
        ``rank`` (1 has most places; null for the unlinked), ``holder_id``, ``holder`` (null for the
        unlinked), ``kind`` (of `HOLDER_KINDS`), ``sector`` (that of most of its places here), ``n_homes``,
        ``n_places``, ``share_of_homes``, ``share_of_places`` (of all homes here, councils too), ``n_graded``,
        ``n_good_or_better`` (latest full inspection, overall), ``n_homes_in_england``,
        ``n_areas_in_england`` (authorities in which it has a home).
    """
    day = snapshot_on(dataset, on)

    def england() -> pl.DataFrame:
        return _in_england(open_homes(dataset, on=day))

    newest = day == snapshot_on(dataset)
    return answer_everywhere(
        dataset,
        area,
        open_homes(dataset, on=day),
        lambda homes, _: _hold(homes, keep(dataset, ("holders_in_england", day), england)),
        "holders_in" if newest else None,
    )


def _hold(homes: pl.DataFrame, england: pl.DataFrame) -> pl.DataFrame:
    """List the holders of homes by area; `england` has how many each has in all."""
    homes = homes.with_columns(kind=holder_kind(), sector=pl.col("sector").cast(pl.String))
    linked = homes.filter(pl.col("kind") != "unlinked")
    # One row per holder, whatever its sectors and kinds here: the first in order of its places.
    main = (
        linked.group_by(AREA, "holder_id", "sector", "kind")
        .agg(pl.col("places").sum().alias("p"), pl.len().alias("n"))
        .sort("p", "n", "sector", descending=[True, True, False])
        .unique([AREA, "holder_id"], keep="first", maintain_order=True)
        .select(AREA, "holder_id", "sector", "kind")
    )
    held = (
        linked.group_by(AREA, "holder_id")
        .agg(pl.col("holder").drop_nulls().first(), *_counts())
        .join(main, on=[AREA, "holder_id"], how="left")
        .join(england, on="holder_id", how="left")
        .sort(["n_places", "n_homes", "holder_id"], descending=[True, True, False], nulls_last=True)
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(AREA))
    )
    unlinked = (
        homes.filter(pl.col("kind") == "unlinked")
        .group_by(AREA, "sector")
        .agg(*_counts())
        .with_columns(kind=pl.lit("unlinked"))
        .sort("sector")
    )
    whole = homes.group_by(AREA).agg(all_homes=pl.len(), all_places=pl.col("places").sum())
    return (
        pl.concat([held, unlinked], how="diagonal")
        .join(whole, on=AREA, how="left", maintain_order="left")
        .select(
            AREA,
            "rank",
            "holder_id",
            "holder",
            "kind",
            "sector",
            "n_homes",
            "n_places",
            (pl.col("n_homes") / pl.col("all_homes")).alias("share_of_homes"),
            pl.when(pl.col("all_places") > 0)
            .then(pl.col("n_places") / pl.col("all_places"))
            .alias("share_of_places"),
            "n_graded",
            "n_good_or_better",
            "n_homes_in_england",
            "n_areas_in_england",
        )
    )


def _counts() -> list[pl.Expr]:
    better = pl.col("overall").is_in([Grade.GOOD.value, Grade.OUTSTANDING.value])
    return [
        pl.len().cast(pl.Int64).alias("n_homes"),
        pl.when(pl.col("places").count() > 0).then(pl.col("places").sum()).cast(pl.Int64).alias("n_places"),
        pl.col("overall").count().cast(pl.Int64).alias("n_graded"),
        better.sum().cast(pl.Int64).alias("n_good_or_better"),
    ]


def _in_england(homes: pl.DataFrame) -> pl.DataFrame:
    return (
        homes.filter(pl.col("holder_id").is_not_null())
        .group_by("holder_id")
        .agg(
            n_homes_in_england=pl.len().cast(pl.Int64),
            n_areas_in_england=pl.col("authority").n_unique().cast(pl.Int64),
        )
    )
