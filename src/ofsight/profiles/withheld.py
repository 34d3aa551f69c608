"""What is published and yet not shown, because beside our other figures it would tell a withheld number.

DfE withholds counts of 1 to 5, and others from which those could be worked out. Two rules keep them withheld
in all that we write about areas (pack, area edition, explorer, its programs' twins). The dataset's own tables
hold the publishers' rows, and are given out as published:

1. Where an authority has no home, nobody comes to live in one: its net loss is the number of its own children
   in homes, all of them elsewhere. Where DfE withholds that number, the net loss is withheld here.
2. DfE prints regions and England rounded to the nearest 10. Where such a total, less the members shown,
   would leave for a withheld member (or for its children inside the area, where those outside are withheld) a
   range that rules out some of 1 to 5 but not all, the total is withheld here, and with it each share of it.

What one authority's own published cells say of each other is the publisher's, and shown as published.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.link.areas import load_areas
from ofsight.profiles.homes_open import snapshot_dates
from ofsight.profiles.kept import keep
from ofsight.profiles.supply import homes_by_authority

__all__ = [
    "ENGLAND",
    "IN_HOMES",
    "LOOKED_AFTER",
    "NET_LOSS",
    "OUTSIDE",
    "SHARES",
    "TOTAL_MEANING",
    "WITHHELD_HERE",
    "net_losses_told",
    "totals_told",
    "within_totals",
    "without_homes",
]

WITHHELD_HERE: Final = "withheld here"
"""Published, and not shown beside our other figures, because together they would show a withheld cell."""

TOTAL_MEANING: Final = "withheld here: less the areas shown it would narrow a figure that DfE withholds"

LOOKED_AFTER: Final = "looked_after"
IN_HOMES: Final = "children_in_homes"
NET_LOSS: Final = "net_loss_in_homes"
OUTSIDE: Final = "out_of_area_in_homes"
_SUMMED: Final = (LOOKED_AFTER, IN_HOMES, NET_LOSS, OUTSIDE)

SHARES: Final = {
    "looked_after_rate": LOOKED_AFTER,
    "in_homes_percent": IN_HOMES,
    "out_of_area_in_homes_share": OUTSIDE,
}
"""Shares and the counts they tell of: where the count of a total is not shown, neither is its share."""

ENGLAND: Final = "England"
_LONDON: Final = {"inner": "Inner London", "outer": "Outer London"}
_ROUNDED_BY: Final = 5.0
_ENDLESS: Final = 1e9
_LARGEST: Final = 5
"""What DfE withholds for being small: 1 to 5."""


def without_homes(dataset: Dataset) -> set[tuple[str, int]]:
    """Return the authorities without a home at 31 March, by year; before the first list, by the first."""
    days = snapshot_dates(dataset)
    cube = homes_by_authority(dataset)
    years = {
        cell[0] for cell in dataset.authority_statistics.select("year").drop_nulls().unique().iter_rows()
    }
    absent: set[tuple[str, int]] = set()
    for year in years:
        march = date(year, 3, 31)
        list_day = max((day for day in days if day <= march), default=days[0] if days else None)
        if list_day is None:
            continue
        with_homes = {name for day, name in cube if day == list_day}
        absent |= {(found.name, year) for found in load_areas().on(march) if found.name not in with_homes}
    return absent


def within_totals(dataset: Dataset) -> pl.DataFrame:
    """Return which authority, of today or of the past, is part of which printed total: ``total, name``."""
    return keep(dataset, "within totals", lambda: _within(dataset))


def _within(dataset: Dataset) -> pl.DataFrame:
    regions = (
        dataset.authority_statistics.filter(pl.col("level") == "Local authority")
        .select(total="standard_region", name="authority")
        .drop_nulls()
        .unique()
    )
    london = [
        (_LONDON[part], found.name) for found in load_areas().authorities if (part := found.london) in _LONDON
    ]
    parts = [
        regions,
        pl.DataFrame(london, schema=regions.schema, orient="row").unique(),
        regions.select("name").unique().select(pl.lit(ENGLAND).alias("total"), "name"),
    ]
    return pl.concat(parts).sort("total", "name")


def net_losses_told(counts: pl.DataFrame, without: Iterable[tuple[str, int]]) -> pl.DataFrame:
    """Return the authorities and years whose net loss would be a number that is withheld: ``name, year``.

    Parameters
    ----------
    counts : DataFrame
        ``measure, name, year, withheld`` of authorities.
    without : iterable of (name, year)
        Of `without_homes`.
    """
    year = counts.schema["year"]
    absent = pl.DataFrame(sorted(without), schema={"name": pl.String, "year": year}, orient="row")
    told = counts.filter(pl.col("measure").is_in([IN_HOMES, OUTSIDE]) & pl.col("withheld"))
    return told.select("name", "year").unique().join(absent, on=["name", "year"], how="semi")


def totals_told(counts: pl.DataFrame, totals: pl.DataFrame, within: pl.DataFrame) -> pl.DataFrame:
    """Return the printed totals that would narrow a withheld number of a member: ``measure, year, name``.

    Parameters
    ----------
    counts : DataFrame
        ``measure, name, year, value, withheld`` of authorities, one row a cell.
    totals : DataFrame
        ``measure, name, year, value`` of regions and England.
    within : DataFrame
        Of `within_totals`.

    Notes
    -----
    A member whose cell is neither a number nor withheld may be nothing: it is taken for 0. Those placed
    outside the area are no fewer than its net loss, nor more than all in homes. Inner and Outer London add up
    to London: where the three together tell more than each alone, the two are withheld.
    """
    key = ["measure", "year", "total"]
    members = _members(counts).join(within, on="name")
    known = members.group_by(key).agg(shown=pl.col("value").fill_null(0.0).sum())
    unknown = members.filter("withheld").join(known, on=key)
    printed = totals.select("measure", "year", pl.col("value").alias("printed"), total="name").with_columns(
        from_=pl.col("printed") - _ROUNDED_BY, upto=pl.col("printed") + _ROUNDED_BY
    )
    alone = _telling(unknown, printed)
    together = _telling(unknown, _london(printed.join(alone, on=key, how="anti")))
    halves = (
        together.select("measure", "year")
        .unique()
        .join(pl.DataFrame({"total": list(_LONDON.values())}), how="cross")
    )
    return (
        pl.concat([alone, halves.select(key)])
        .select("measure", "year", name="total")
        .sort("measure", "year", "name")
    )


def _telling(unknown: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    """Return the totals that leave a withheld member fewer of 1 to 5 than its own cells do."""
    key = ["measure", "year", "total"]
    others_low = pl.col("least").sum().over(key) - pl.col("least")
    others_high = pl.col("most").sum().over(key) - pl.col("most")
    found = unknown.join(printed, on=key).with_columns(
        low=pl.max_horizontal("own", pl.col("from_") - pl.col("shown") - others_high),
        high=pl.col("upto") - pl.col("shown") - others_low,
    )
    low, high, own = pl.col("low"), pl.col("high"), pl.col("own")
    left, before = _small(low, high), _small(own, pl.lit(_ENDLESS))
    # Of those in homes, the ones within their area are few too where those outside are withheld.
    in_homes = pl.col("in_homes")
    inside, at_first = _small(in_homes - high, in_homes - low), _small(pl.lit(0.0), in_homes - own)
    outside = (pl.col("measure") == OUTSIDE) & (inside > 0) & (inside < at_first)
    tells = ((left > 0) & (left < before)) | outside.fill_null(value=False)
    return found.filter(tells).select(key).unique()


def _london(printed: pl.DataFrame) -> pl.DataFrame:
    """Return London and its two parts, where all three are shown, each bounded by the other two as well."""
    names = {"whole": "London", **_LONDON}
    three = printed.select("measure", "year").unique()
    for at, name in names.items():
        ends = (pl.col("from_").alias(f"{at}_from"), pl.col("upto").alias(f"{at}_upto"))
        three = three.join(
            printed.filter(total=name).select("measure", "year", *ends), on=["measure", "year"]
        )

    def less(at: str, other: str) -> tuple[pl.Expr, pl.Expr]:
        return (
            pl.col(f"{at}_from") - pl.col(f"{other}_upto"),
            pl.col(f"{at}_upto") - pl.col(f"{other}_from"),
        )

    bounds = {
        "whole": (
            pl.col("inner_from") + pl.col("outer_from"),
            pl.col("inner_upto") + pl.col("outer_upto"),
        ),
        "inner": less("whole", "outer"),
        "outer": less("whole", "inner"),
    }
    return pl.concat(
        three.select(
            "measure",
            "year",
            total=pl.lit(names[at]),
            from_=pl.max_horizontal(low, f"{at}_from"),
            upto=pl.min_horizontal(high, f"{at}_upto"),
        )
        for at, (low, high) in bounds.items()
    )


def _members(counts: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of authorities with what each may be by the authority's own other cells.

    ``own`` is its least by its net loss, ``least`` that or 1 (none that is withheld is taken for nothing),
    ``most`` all its children in homes, or endless.
    """
    columns = ("name", "year", "value")
    homes = counts.filter(measure=IN_HOMES).select(*columns).rename({"value": "in_homes"})
    loss = counts.filter(measure=NET_LOSS).select(*columns).rename({"value": "loss"})
    outside = pl.col("measure") == OUTSIDE
    own = pl.when(outside).then(pl.col("loss").fill_null(0.0).clip(0.0)).otherwise(0.0)
    return (
        counts.filter(pl.col("measure").is_in(_SUMMED))
        .select("measure", "name", "year", "value", "withheld")
        .join(homes, on=["name", "year"], how="left")
        .join(loss, on=["name", "year"], how="left")
        .with_columns(own=own)
        .with_columns(
            least=pl.col("own").clip(1.0),
            most=pl.when(outside).then("in_homes").otherwise(None).fill_null(_ENDLESS),
        )
    )


def _small(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Return how many of 1 to 5 lie in a range."""
    return high.clip(upper_bound=_LARGEST).floor() - low.clip(lower_bound=1).ceil() + 1
