"""Need: looked-after children and where they are placed, as published; what is withheld stays withheld.

Two rules of our own keep a withheld cell withheld:

1. A value and its status travel together. What is worked out of a withheld number has its status, no value.
2. A sum is given only where every part is published. So no two sums differ by a withheld cell.

Two more are those of every output and stand in `ofsight.profiles.withheld`: a net loss beside no homes is
`WITHHELD_HERE`, and a printed total that would narrow a withheld cell of a member is `TOTAL_NOT_SHOWN`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.planning.measures.register import load_measures
from ofsight.planning.measures.values import Value, withheld
from ofsight.profiles.area import REGION_CODES, Area, authority_names
from ofsight.profiles.withheld import (
    IN_HOMES,
    LOOKED_AFTER,
    NET_LOSS,
    OUTSIDE,
    SHARES,
    WITHHELD_HERE,
    net_losses_told,
    totals_told,
    within_totals,
    without_homes,
)

__all__ = ["TOTAL_NOT_SHOWN", "need_series", "need_values", "read_need"]

TOTAL_NOT_SHOWN: Final = "not shown: would narrow a withheld figure"
NOT_FOR_A_SET: Final = "not published for a set"

_SUMMED: Final = (LOOKED_AFTER, IN_HOMES, NET_LOSS, OUTSIDE)
_LEVELS: Final = {"Local authority": "authority", "Regional": "region", "National": "england"}


def read_need(dataset: Dataset) -> pl.DataFrame:
    """Return every published number of need, by area and year.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.

    Returns
    -------
    DataFrame
        ``level`` (authority, region, england), ``name``, ``region`` (null for England), ``year``,
        ``measure``, ``value``, ``status`` (empty for a number), ``withheld`` (whether to protect
        children), ``release``. Totals that would narrow a withheld cell have lost their value (see the
        module).
    """
    frames = []
    for name, published in load_measures().published.items():
        for rank, place in enumerate(published.places):
            frames.append(
                _of_place(dataset, place.topic, place.category, place.breakdown, place.measure).with_columns(
                    measure=pl.lit(name), rank=pl.lit(rank), value=pl.col("value") * published.sign + 0.0
                )
            )
    found = (
        pl.concat(frames)
        # An area under two codes has two newest rows: the later release counts, as in the area edition.
        .sort(
            *("measure", "level", "name", "year", "rank", "release"),
            descending=[False, False, False, False, False, True],
        )
        .unique(["measure", "level", "name", "year"], keep="first", maintain_order=True)
        .drop("rank")
    )
    return _protect(found, dataset).select(
        "level", "name", "region", "year", "measure", "value", "status", "withheld", "release"
    )


def _of_place(dataset: Dataset, topic: str, category: str, breakdown: str, measure: str) -> pl.DataFrame:
    regions = list(REGION_CODES)
    name = (
        pl.when(level="Local authority")
        .then("authority")
        .when(level="Regional")
        .then(pl.coalesce("standard_region", "published_name"))
        .otherwise(pl.lit("England"))
    )
    return (
        dataset.authority_statistics.filter(
            (pl.col("topic") == topic)
            & (pl.col("category") == category)
            & (pl.col("breakdown") == breakdown)
            & (pl.col("measure") == measure)
            & pl.col("newest")
            & pl.col("level").is_in(list(_LEVELS))
        )
        .with_columns(name=name)
        .filter(
            pl.col("name").is_not_null()
            & ((pl.col("level") != "Regional") | pl.col("published_name").is_in(regions))
        )
        .select(
            "name",
            "year",
            "value",
            "release",
            level=pl.col("level").replace_strict(_LEVELS),
            region=pl.when(pl.col("level") == "National").then(None).otherwise("standard_region"),
            status=pl.when(pl.col("value").is_not_null())
            .then(pl.lit(""))
            .otherwise(pl.coalesce(pl.col("status").replace("", None), pl.lit("not published"))),
            withheld=pl.col("value").is_null() & (pl.col("status_meaning") == "suppressed"),
        )
    )


def _protect(need: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Withhold what beside our other figures would tell a withheld cell (`ofsight.profiles.withheld`)."""
    authorities = need.filter(level="authority")
    net = net_losses_told(authorities, without_homes(dataset)).with_columns(
        level=pl.lit("authority"), measure=pl.lit(NET_LOSS)
    )
    need = _hide(need, net, ["level", "measure", "name", "year"], WITHHELD_HERE)
    totals = need.filter((pl.col("level") != "authority") & pl.col("value").is_not_null())
    told = totals_told(need.filter(level="authority"), totals, within_totals(dataset))
    shares = [
        told.filter(measure=count).with_columns(measure=pl.lit(share)) for share, count in SHARES.items()
    ]
    cells = pl.concat([told, *shares]).join(pl.DataFrame({"level": ["region", "england"]}), how="cross")
    return _hide(need, cells, ["level", "measure", "name", "year"], TOTAL_NOT_SHOWN)


def _hide(need: pl.DataFrame, cells: pl.DataFrame, on: list[str], status: str) -> pl.DataFrame:
    marked = need.join(cells.select(*on, hide=pl.lit(value=True)), on=on, how="left", maintain_order="left")
    hide = pl.col("hide").fill_null(value=False) & pl.col("value").is_not_null()
    return marked.with_columns(
        value=pl.when(~hide).then("value"),
        status=pl.when(hide).then(pl.lit(status)).otherwise("status"),
        withheld=pl.col("withheld") | hide,
    ).drop("hide")


def need_series(need: pl.DataFrame, dataset: Dataset, area: Area) -> pl.DataFrame:
    """Return the numbers of need of an area over the years.

    Parameters
    ----------
    need : DataFrame
        Of `read_need`.
    dataset, area
        Which area. A set gets sums, and only of years in which every member has a published number.

    Returns
    -------
    DataFrame
        ``measure, year, value, status, withheld, release``, oldest first.
    """
    columns = ["measure", "year", "value", "status", "withheld", "release"]
    if area.kind != "set":
        name = authority_names(dataset, area)[0] if area.is_single else area.name
        level = "authority" if area.is_single else area.kind
        return need.filter(level=level, name=name).sort("measure", "year").select(columns)
    names = authority_names(dataset, area)
    mine = need.filter((pl.col("level") == "authority") & pl.col("name").is_in(names))
    whole = (pl.len() == len(names)) & pl.col("value").is_not_null().all()
    summed = pl.col("measure").is_in(_SUMMED)
    status = (
        pl.when(~summed)
        .then(pl.lit(NOT_FOR_A_SET))
        .when("whole")
        .then(pl.lit(""))
        .when("withheld")
        .then(pl.lit("a member is withheld"))
        .otherwise(pl.lit("a member is not published"))
    )
    return (
        mine.group_by("measure", "year")
        .agg(
            value=pl.when(whole).then(pl.col("value").sum()),
            whole=whole,
            withheld=pl.col("withheld").any(),
            release=pl.col("release").unique().sort().str.join("; "),
        )
        .with_columns(value=pl.when(summed).then("value"), status=status)
        .sort("measure", "year")
        .select(columns)
    )


def need_values(series: pl.DataFrame) -> Iterator[Value]:
    """Give the newest year of each measure of need.

    Parameters
    ----------
    series : DataFrame
        Of `need_series`.
    """
    for name in load_measures().published:
        mine = series.filter(measure=name)
        if mine.is_empty():
            yield withheld(name, "not published")
            continue
        newest = mine.row(-1, named=True)
        as_at, source = f"31 March {newest['year']}", newest["release"]
        if newest["value"] is None:
            yield withheld(name, newest["status"], as_at=as_at, source=source)
        else:
            yield Value(name, "all", newest["value"], as_at=as_at, source=source)
