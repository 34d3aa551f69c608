"""A question about an area, asked of every area that has a name at once: the answers are then looked up.

One query over all areas costs little more than the same query over one. Sets of areas have no end, so a set
is asked about when it is asked for, in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import Area, begins_on, find_area, history_names, list_areas
from ofsight.profiles.kept import keep

__all__ = ["AREA", "AREAS_SCHEMA", "Slices", "answer_everywhere", "one_area"]

AREA: Final = "area"
"""The column with the slug of the area that a row counts in."""

AREAS_SCHEMA: Final = {AREA: pl.String, "begins": pl.Date}

Ask = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""Takes rows of a table with `AREA` before their columns, and the areas asked about: `AREA`, ``begins`` (the
first day that an area's series speak of; null for as far back as is known). Returns rows with `AREA`."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Rows of many areas, or owners, in one frame: those of one are a slice of it, and cost nothing.

    Attributes
    ----------
    frame : DataFrame
        The rows, those of each area behind each other.
    places : dict of str to (int, int)
        Where the rows of each begin, and how many they are.
    """

    frame: pl.DataFrame
    places: dict[str, tuple[int, int]]

    @classmethod
    def by(cls, rows: pl.DataFrame, name: str, *, drop: bool = False) -> Self:
        """Sort rows by a column, those of one value in the order they had; rows without a value go.

        With `drop` the column goes too, once it has said whose rows are where.
        """
        frame = rows.drop_nulls(name).sort(name, maintain_order=True)
        places: dict[str, tuple[int, int]] = {}
        first = 0
        for slug, n in frame.group_by(name, maintain_order=True).len().iter_rows():
            places[slug] = (first, n)
            first += n
        return cls(frame.drop(name) if drop else frame, places)

    def of(self, slug: str) -> pl.DataFrame:
        """Return the rows of one."""
        return self.frame.slice(*self.places.get(slug, (0, 0)))


def one_area(rows: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """Ask about rows that are all of one area, or of one owner."""
    areas = pl.DataFrame({AREA: [""], "begins": [None]}, schema=AREAS_SCHEMA)
    return ask(rows.select(pl.lit("").alias(AREA), pl.all()), areas).drop(AREA)


def answer_everywhere(
    dataset: Dataset, area: Area | None, rows: pl.DataFrame, ask: Ask, key: Hashable = None
) -> pl.DataFrame:
    """Answer a question about an area.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        England without it.
    rows : DataFrame
        What the question counts, of all of England, with ``authority``: the name at the time.
    ask : callable
        The question; see `Ask`. It must not look at anything that is not the same for all areas.
    key : hashable, optional
        The name under which the answers of all areas are kept. Without it only this area is asked about.

    Returns
    -------
    DataFrame
        What `ask` gives for the area, without `AREA`, its rows in their order.
    """
    if key is None or (area is not None and area.kind == "set"):
        mine = [area or find_area(dataset, "England")]
        return ask(_within(dataset, rows, mine), _areas(dataset, mine)).drop(AREA)
    slug = "england" if area is None else area.slug
    return keep(dataset, ("everywhere", key), lambda: _answer_all(dataset, rows, ask)).of(slug)


def _answer_all(dataset: Dataset, rows: pl.DataFrame, ask: Ask) -> Slices:
    named = [find_area(dataset, slug) for slug in list_areas(dataset)["slug"]]
    return Slices.by(ask(_within(dataset, rows, named), _areas(dataset, named)), AREA, drop=True)


def _areas(dataset: Dataset, areas: list[Area]) -> pl.DataFrame:
    rows = [(one.slug, None if one.kind == "england" else begins_on(dataset, one)) for one in areas]
    return pl.DataFrame(rows, schema=AREAS_SCHEMA, orient="row")


def _within(dataset: Dataset, rows: pl.DataFrame, areas: list[Area]) -> pl.DataFrame:
    """Return the rows once for every area that they count in; England has those of no known authority too."""
    members = [
        (one.slug, name) for one in areas if one.kind != "england" for name in history_names(dataset, one)
    ]
    listed = pl.DataFrame(members, schema={AREA: pl.String, "authority": pl.String}, orient="row")
    parts = [rows.join(listed, on="authority", maintain_order="left").select(AREA, *rows.columns)]
    parts += [rows.select(pl.lit(one.slug).alias(AREA), pl.all()) for one in areas if one.kind == "england"]
    return pl.concat(parts)
