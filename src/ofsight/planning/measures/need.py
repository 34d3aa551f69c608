"""Need: looked-after children and where they are placed, as published; what is withheld stays withheld.

Four rules keep a withheld cell withheld:

1. A value and its status travel together. What is worked out of a withheld number has its status, no value.
2. A sum is given only where every part is published. So no two sums differ by a withheld cell.
3. DfE prints regions and England rounded to the nearest 10. Where such a total, less the members shown, would
   leave for a withheld member a range that rules out some of 1 to 5 (what DfE withholds) but not all, the
   total is not shown here, whatever DfE does: its status is `TOTAL_NOT_SHOWN`.
4. Where an authority has no home, nobody comes to live in one: its net loss is the number of its own children
   in homes, all of them elsewhere. Where DfE withholds that number, the net loss is `WITHHELD_HERE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.planning.measures.register import load_measures
from ofsight.planning.measures.values import Value, withheld
from ofsight.profiles.area import REGION_CODES, Area, authority_names
from ofsight.profiles.children import WITHHELD_HERE, without_homes

__all__ = ["TOTAL_NOT_SHOWN", "need_series", "need_values", "read_need"]

TOTAL_NOT_SHOWN: Final = "not shown: would narrow a withheld figure"
NOT_FOR_A_SET: Final = "not published for a set"

_ROUNDED_BY: Final = 5.0
_LARGEST_WITHHELD: Final = 5
_SUMMED: Final = ("looked_after", "children_in_homes", "net_loss_in_homes", "out_of_area_in_homes")
_TOLD_BY_NET_LOSS: Final = ("children_in_homes", "out_of_area_in_homes")
# A share tells of its count: where the count of a total is not shown, neither is the share.
_SHARE_OF: Final = {"out_of_area_in_homes_share": "out_of_area_in_homes"}
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
    return _protect(_withhold_net_loss(found, without_homes(dataset))).select(
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


def _withhold_net_loss(need: pl.DataFrame, without: set[tuple[str, int]]) -> pl.DataFrame:
    """Withhold the net loss of an authority without a home whose own children in homes are withheld."""
    absent = pl.DataFrame(
        sorted(without), schema={"name": pl.String, "year": need.schema["year"]}, orient="row"
    )
    told = (
        need.filter(pl.col("measure").is_in(_TOLD_BY_NET_LOSS) & pl.col("withheld"))
        .filter(level="authority")
        .select("name", "year")
        .unique()
        .join(absent, on=["name", "year"], how="semi")
        .with_columns(level=pl.lit("authority"), measure=pl.lit("net_loss_in_homes"), hide=pl.lit(value=True))
    )
    hide = pl.col("hide").fill_null(value=False) & pl.col("value").is_not_null()
    return (
        need.join(told, on=["level", "name", "year", "measure"], how="left")
        .with_columns(
            value=pl.when(~hide).then("value"),
            status=pl.when(hide).then(pl.lit(WITHHELD_HERE)).otherwise("status"),
            withheld=pl.col("withheld") | hide,
        )
        .drop("hide")
    )


def _protect(need: pl.DataFrame) -> pl.DataFrame:
    """Take away the totals that would narrow a withheld cell of one of their members."""
    members = need.filter(
        (pl.col("level") == "authority") & pl.col("measure").is_in(_SUMMED) & pl.col("region").is_not_null()
    )
    parts = [
        members.group_by("measure", "year", name="region").agg(*_gaps()),
        members.group_by("measure", "year").agg(*_gaps()).with_columns(name=pl.lit("England")),
    ]
    gaps = pl.concat([part.select("measure", "year", "name", "shown", "n_withheld") for part in parts])
    totals = need.filter(pl.col("level") != "authority").join(gaps, on=["measure", "year", "name"])
    left, n = pl.col("value") - pl.col("shown"), pl.col("n_withheld")
    low, high = left - _ROUNDED_BY, left + _ROUNDED_BY - (n - 1)
    # With several withheld, each may be nothing, so only the top of the range can tell.
    tells = ((n == 1) & (low > 1) & (low <= _LARGEST_WITHHELD)) | (high < _LARGEST_WITHHELD)
    hidden = totals.filter((n > 0) & tells).select("measure", "year", "name", hide=pl.lit(value=True))
    shares = [
        hidden.filter(measure=count).with_columns(measure=pl.lit(share)) for share, count in _SHARE_OF.items()
    ]
    hide = pl.col("hide").fill_null(value=False) & (pl.col("level") != "authority")
    return need.join(pl.concat([hidden, *shares]), on=["measure", "year", "name"], how="left").with_columns(
        value=pl.when(~hide).then("value"),
        status=pl.when(hide).then(pl.lit(TOTAL_NOT_SHOWN)).otherwise("status"),
        withheld=pl.col("withheld") | hide,
    )


def _gaps() -> tuple[pl.Expr, pl.Expr]:
    return (
        pl.col("value").fill_null(0.0).sum().alias("shown"),
        pl.col("withheld").sum().cast(pl.Int64).alias("n_withheld"),
    )


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
