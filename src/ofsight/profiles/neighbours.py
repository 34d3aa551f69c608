"""An authority beside its ten statistical neighbours, their median, its region and England."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import Area, authority_names, find_area, list_areas, region_of
from ofsight.profiles.figures import figures_of
from ofsight.profiles.kept import keep

__all__ = ["ROLES", "beside", "neighbour_models", "neighbours_of"]

ROLES: Final = ("area", "neighbour", "median of neighbours", "region", "England")

_BESIDE: Final = {
    "measure": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "year": pl.Int32,
    "role": pl.String,
    "rank": pl.Int32,
    "name": pl.String,
    "slug": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "status": pl.String,
}
_MEDIAN: Final = "Median of neighbours"
# Numbers that grow with the size of an area: a median of them says only how large the neighbours are.
_SIZES: Final = frozenset(
    {"n_homes", "n_places", "looked_after", "in_homes", "homes_net_gain", "population_0_17"}
)


def neighbour_models(dataset: Dataset) -> tuple[int, ...]:
    """Return the years of DfE's models of statistical neighbours that the dataset holds, oldest first."""
    return keep(
        dataset, "neighbour_models", lambda: tuple(dataset.neighbours["model"].unique().sort().to_list())
    )


def neighbours_of(dataset: Dataset, area: Area, model: int | None = None) -> pl.DataFrame:
    """List the ten statistical neighbours of an authority.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area
        An authority; any other area has no neighbours, and the frame is empty.
    model : int, optional
        The year of the model; the newest without it.

    Returns
    -------
    pl.DataFrame
        ``model``, ``rank`` (1 is the most like), ``code``, ``name``, ``slug`` (null for an authority that is
        no more), ``closeness`` (in DfE's words), ``release``. Empty where the model does not know the
        authority.

    Raises
    ------
    UsageError
        A model that the dataset does not hold.

    Notes
    -----
    Neighbours are alike in who lives there (deprivation, age, housing and so on), not in where they lie. DfE
    prints the same model in several files: the one with most authorities is read.
    """
    models = neighbour_models(dataset)
    if model is not None and model not in models:
        known = ", ".join(map(str, models)) or "none"
        raise UsageError(f"No model of statistical neighbours of {model}. The dataset holds: {known}.")
    found, nobody = keep(dataset, "neighbours", lambda: _by_model_and_authority(dataset))
    names = authority_names(dataset, area) if area.kind == "authority" else ()
    # A model of no year: a dataset without neighbours gives none.
    wanted = model if model is not None else max(models, default=0)
    return next((found[wanted, name] for name in names if (wanted, name) in found), nobody)


def beside(dataset: Dataset, area: Area, model: int | None = None) -> pl.DataFrame:
    """Put an area's key figures beside those of its neighbours, their median, its region and England.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area
        Any; only an authority has neighbours, and England has no region.
    model : int, optional
        The year of the model of neighbours; the newest without it.

    Returns
    -------
    pl.DataFrame
        One row per measure of `ofsight.profiles.figures.figures_of` and place: ``measure``, ``label``,
        ``unit``, ``year``, ``role`` (of `ROLES`), ``rank`` (of a neighbour), ``name``, ``slug`` (null for the
        median), ``value``, ``low``, ``high``, ``n``, ``status``. The median is of the neighbours with a
        number (``n`` of them; at least five, else ``too few``), not of measures of size.
    """
    by_measure: dict[str, list[_Row]] = {}
    _add(by_measure, dataset, "area", area)
    for rank, slug in neighbours_of(dataset, area, model).select("rank", "slug").iter_rows():
        if slug is not None:
            _add(by_measure, dataset, "neighbour", find_area(dataset, slug), rank)
    _add_medians(by_measure)
    region = region_of(dataset, area)
    if region is not None:
        _add(by_measure, dataset, "region", region)
    if area.kind != "england":
        _add(by_measure, dataset, "England", find_area(dataset, "England"))
    rows = [row for of_measure in by_measure.values() for row in of_measure]
    return pl.DataFrame(rows, schema=_BESIDE, orient="row")


_FEWEST_FOR_A_MEDIAN: Final = 5
_Row = tuple[Any, ...]
_VALUE, _ROLE = 8, 4


def _add(
    by_measure: dict[str, list[_Row]], dataset: Dataset, role: str, area: Area, rank: int | None = None
) -> None:
    """Put the figures of an area behind those that are there of each measure."""
    for measure, label, unit, year, value, low, high, n, status in _figures(dataset, area):
        row = (measure, label, unit, year, role, rank, area.name, area.slug, value, low, high, n, status)
        by_measure.setdefault(measure, []).append(row)


def _figures(dataset: Dataset, area: Area) -> list[tuple[Any, ...]]:
    """Return the rows of `figures_of`; those of areas with a name are read again and again."""
    if area.kind == "set":
        return figures_of(dataset, area).rows()
    return keep(dataset, ("figure_rows", area.slug), lambda: figures_of(dataset, area).rows())


def _add_medians(by_measure: dict[str, list[_Row]]) -> None:
    """Put the median behind the neighbours of each measure that they have."""
    for measure, rows in by_measure.items():
        of_neighbours = [row for row in rows if row[_ROLE] == "neighbour"]
        if measure in _SIZES or not of_neighbours:
            continue
        _, label, unit, year = of_neighbours[0][:4]
        values = [float(value) for row in of_neighbours if (value := row[_VALUE]) is not None]
        enough = len(values) >= _FEWEST_FOR_A_MEDIAN
        middle = median(values) if enough else None
        status = "" if enough else "too few"
        rows.append(
            (
                measure, label, unit, year, "median of neighbours", None, _MEDIAN, None,
                middle, None, None, len(values), status,
            )
        )  # fmt: skip


def _by_model_and_authority(dataset: Dataset) -> tuple[dict[tuple[Any, ...], pl.DataFrame], pl.DataFrame]:
    """Return the neighbours of each authority in each model, and those of nobody."""
    known_areas = list_areas(dataset).filter(pl.col("kind") == "authority").select("code", "name", "slug")
    table = (
        _one_release_a_model(dataset)
        .join(known_areas, left_on="neighbour", right_on="name", how="left", maintain_order="left")
        .select(
            "authority",
            "model",
            "rank",
            "code",
            name="neighbour",
            slug="slug",
            closeness="closeness",
            release="release",
        )
        .sort("rank", maintain_order=True)
    )
    parts = table.partition_by("model", "authority", as_dict=True, maintain_order=True)
    return {key: part.drop("authority") for key, part in parts.items()}, table.drop("authority").clear()


def _one_release_a_model(dataset: Dataset) -> pl.DataFrame:
    """Keep, of each model, the file that knows most authorities; by name where two know as many."""
    table = dataset.neighbours.filter(pl.col("authority").is_not_null() & pl.col("neighbour").is_not_null())
    best = (
        table.group_by("model", "release")
        .agg(pl.col("authority").n_unique().alias("n"))
        .sort("model", "n", "release", descending=[False, True, False])
        .unique("model", keep="first", maintain_order=True)
        .select("model", "release")
    )
    return table.join(best, on=["model", "release"], how="semi")
