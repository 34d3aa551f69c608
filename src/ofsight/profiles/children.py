"""Children looked after by an area's authorities and where they are placed, over time, as published.

A value and its status travel together. A withheld cell is neither zero nor missing, and no sum is shown that
would hold one: a set of areas has a figure only where every authority's part is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.link.areas import load_areas, normalise_authority_name
from ofsight.profiles.area import Area, authority_names, begins_on, history_names
from ofsight.profiles.kept import keep
from ofsight.profiles.measures import DEPRIVATION, HOMES_OUTSIDE, MEASURES, Cell, Measure
from ofsight.profiles.withheld import (
    IN_HOMES,
    LOOKED_AFTER,
    NET_LOSS,
    OUTSIDE,
    SHARES,
    TOTAL_MEANING,
    WITHHELD_HERE,
    net_losses_told,
    totals_told,
    within_totals,
    without_homes,
)

__all__ = [
    "DEPRIVATION",
    "MEASURES",
    "CHILDREN_SCHEMA",
    "children_over_time",
    "deprivation",
    "latest_children",
    "newest_rows",
]

CHILDREN_SCHEMA: Final = {
    "measure": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "year": pl.Int32,
    "value": pl.Float64,
    "status": pl.String,
    "status_meaning": pl.String,
    "n_authorities": pl.Int64,
    "n_withheld": pl.Int64,
    "how": pl.String,
    "rounding": pl.String,
    "release": pl.String,
}

NOT_PUBLISHED: Final = "not published"
NOT_SUMMED: Final = "not summed"
_AS_PUBLISHED: Final = "as published"
_SUMMED: Final = "sum of its authorities"
_RATIO: Final = "from the sums of its authorities"
_NOT_APPLICABLE: Final = "not applicable"
_SUPPRESSED: Final = "suppressed"
_LONDON: Final = {"inner-london": "inner london", "outer-london": "outer london"}


@dataclass(frozen=True, slots=True)
class _Cell:
    value: float | None
    status: str
    meaning: str
    rounding: str | None
    release: str


_Found = dict[tuple[Cell, str, int], _Cell]
"""Published cells by place, by area (name of an authority, or ``region:...``) and by year."""


def children_over_time(dataset: Dataset, area: Area) -> pl.DataFrame:
    """Give every measure of `MEASURES` for an area by year.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area
        An authority, region or England as published; a set from its authorities' counts.

    Returns
    -------
    pl.DataFrame
        One row per measure and year that any release speaks of for this kind of area: ``measure``, ``label``,
        ``unit``, ``year`` (to or at 31 March; of a mid-year estimate, that year), ``value``, ``status``
        (empty for a number; the symbol published in its place; ``not summed`` where the part of an authority
        is withheld), ``status_meaning``, ``n_authorities`` and ``n_withheld`` (of a sum: how many
        authorities, how many without a published number), ``how`` (``as published`` or how it was summed),
        ``rounding``, ``release``.

    Notes
    -----
    Source: DfE, children looked after in England, and answers to requests (FOI); ONS population estimates.
    Regions and England are rounded to the nearest 10 by DfE, authorities are not: parts need not add up.
    """
    return _frame(dataset, area, MEASURES)


def latest_children(dataset: Dataset, area: Area) -> pl.DataFrame:
    """Give the newest year of every measure, in the columns of `children_over_time`.

    The newest year is that of the releases, not of the area: a withheld newest figure is shown as withheld.
    """
    return _frame(dataset, area, MEASURES, keep(dataset, "newest_children", lambda: _newest(dataset)))


def deprivation(dataset: Dataset, area: Area) -> pl.DataFrame:
    """Give the deprivation figures of an authority, in the columns of `children_over_time`.

    Source: MHCLG, English indices of deprivation, upper-tier summaries. For regions, England and sets
    nothing is published, and none is made up: averages of scores and ranks are not what an average of areas
    would be. Authorities made after the vintage have none either.
    """
    return pl.DataFrame(_deprived(dataset, area), schema=CHILDREN_SCHEMA, orient="row")


def newest_rows(dataset: Dataset, area: Area) -> list[tuple[Any, ...]]:
    """Return the rows of `latest_children`, then those of `deprivation`, for what reads many areas."""
    newest = keep(dataset, "newest_children", lambda: _newest(dataset))
    return [*_rows(dataset, area, MEASURES, newest), *_deprived(dataset, area)]


def _deprived(dataset: Dataset, area: Area) -> list[tuple[Any, ...]]:
    meaning = "not published for this area"
    return _rows(dataset, area, DEPRIVATION) or [
        (m.key, m.label, m.unit, None, None, NOT_PUBLISHED, meaning, 1, 1, _AS_PUBLISHED,
         None, None)
        for m in DEPRIVATION
    ]  # fmt: skip


def _frame(
    dataset: Dataset, area: Area, measures: Iterable[Measure], newest: Mapping[str, int] | None = None
) -> pl.DataFrame:
    return pl.DataFrame(_rows(dataset, area, measures, newest), schema=CHILDREN_SCHEMA, orient="row")


def _rows(
    dataset: Dataset, area: Area, measures: Iterable[Measure], newest: Mapping[str, int] | None = None
) -> list[tuple[Any, ...]]:
    """Return the measures of an area by year; with `newest`, of that year of each measure alone."""
    found = keep(dataset, "published_cells", lambda: _read_cells(dataset))
    years = keep(dataset, "published_years", lambda: _years_by_cell(found))
    rows = []
    name, begun = _published_name(dataset, area), begins_on(dataset, area)
    members = {} if name else {year: _members(dataset, area, year) for year in set().union(*years.values())}
    first = 0 if begun is None else begun.year + (begun > date(begun.year, 3, 31))
    for measure in measures:
        known = {year for cell in measure.cells for year in years.get(cell, ()) if year >= first}
        for year in sorted(known if newest is None else known & {newest.get(measure.key)}):
            row = _look(name, members, measure, year, found)
            if row is not None:
                rows.append((measure.key, measure.label, measure.unit, year, *row))
    return rows


_Row = tuple[float | None, str, str, int, int, str, str | None, str | None]


def _look(
    name: str | None, members: Mapping[int, tuple[str, ...]], measure: Measure, year: int, found: _Found
) -> _Row | None:
    """Find one figure of an area: as published, or for a set from what is published of its parts."""
    if name is not None:
        cell = _first(measure.cells, name, year, found)
        if cell is None:
            return None
        withheld = int(cell.value is None)
        return (
            cell.value,
            cell.status,
            cell.meaning,
            1,
            withheld,
            _AS_PUBLISHED,
            cell.rounding,
            cell.release,
        )
    parts = members[year]
    if measure.kind == "count":
        return _sum(measure.cells, parts, year, found)
    if not measure.part or not measure.whole:
        return None
    part, whole = _sum(measure.part, parts, year, found), _sum(measure.whole, parts, year, found)
    if part is None or whole is None:
        return None
    release = "; ".join(dict.fromkeys(filter(None, (part[-1], whole[-1]))))
    withheld = max(part[4], whole[4])
    if part[0] is None or not whole[0]:
        status = part[1] or whole[1] or NOT_PUBLISHED
        meaning = part[2] if part[0] is None else whole[2] if whole[0] is None else "nothing to divide by"
        return None, status, meaning, part[3], withheld, _RATIO, None, release
    return measure.per * part[0] / whole[0], "", "value", part[3], withheld, _RATIO, None, release


def _sum(cells: tuple[Cell, ...], parts: tuple[str, ...], year: int, found: _Found) -> _Row | None:
    """Add up the counts of authorities; nothing where one of them is not a published number."""
    known = {name: _first(cells, name, year, found) for name in parts}
    there = [cell for cell in known.values() if cell is not None and cell.meaning != _NOT_APPLICABLE]
    if not there:
        return None
    absent = sum(cell is None for cell in known.values())
    withheld = absent + sum(cell.value is None for cell in there)
    release = "; ".join(dict.fromkeys(cell.release for cell in there))
    if withheld:
        meaning = f"{withheld} of {len(parts)} authorities have no published number"
        return None, NOT_SUMMED, meaning, len(parts), withheld, _SUMMED, None, release
    total = sum(cell.value for cell in there if cell.value is not None)
    return total, "", "value", len(parts), 0, _SUMMED, "none", release


def _first(cells: tuple[Cell, ...], name: str, year: int, found: _Found) -> _Cell | None:
    return next((found[key] for cell in cells if (key := (cell, name, year)) in found), None)


def _published_name(dataset: Dataset, area: Area) -> str | None:
    """Return under which name an area's own figures are published; None for a set."""
    if area.kind == "england":
        return "region:england"
    if area.kind == "region":
        return f"region:{normalise_authority_name(area.name)}"
    if area.slug in _LONDON:
        return f"region:{_LONDON[area.slug]}"
    if area.kind == "authority":
        return authority_names(dataset, area)[0]
    return None


def _members(dataset: Dataset, area: Area, year: int) -> tuple[str, ...]:
    """Return the authorities of a set that existed on 31 March of a year."""
    on_the_day = keep(
        dataset,
        ("authorities_on", year),
        lambda: frozenset(found.name for found in load_areas().on(date(year, 3, 31))),
    )
    return tuple(name for name in history_names(dataset, area) if name in on_the_day)


def _read_cells(dataset: Dataset) -> _Found:
    """Read the newest word on every cell that a measure names."""
    wanted = {cell for m in (*MEASURES, *DEPRIVATION) for cell in (*m.cells, *m.part, *m.whole)}
    wanted.add(HOMES_OUTSIDE)  # not shown, but it tells which shares of totals may be
    key = ("topic", "category", "breakdown", "measure")
    named = pl.DataFrame(sorted(wanted), schema=dict.fromkeys(key, pl.String), orient="row")
    rows = (
        dataset.authority_statistics.filter(pl.col("newest") & pl.col("year").is_not_null())
        .join(named, on=key, how="semi")
        .select(
            *key,
            "level",
            "authority",
            "published_name",
            "year",
            "value",
            "status",
            "status_meaning",
            "rounding",
            "release",
        )
    )
    found: _Found = {}
    for topic, category, breakdown, measure, level, authority, name, year, *cell in rows.iter_rows():
        if level == "Local authority":
            where = authority
        else:
            where = "region:england" if level == "National" else f"region:{_region_key(name)}"
        if where is not None:
            found[(topic, category, breakdown, measure), where, year] = _Cell(*cell)
    return _withhold(found, dataset)


def _withhold(found: _Found, dataset: Dataset) -> _Found:
    """Withhold what beside our other figures would tell a withheld cell (`ofsight.profiles.withheld`).

    A total goes with its shares; of counts that are printed in several places, each place.
    """
    within = within_totals(dataset)
    keys = {_total_key(name): name for name in within["total"].unique()}
    counts = _counts(found, keys)
    authorities = counts.filter(~pl.col("total"))
    net = net_losses_told(authorities, without_homes(dataset))
    told = [(NET_LOSS, year, name) for name, year in net.iter_rows()]
    _replace(found, told, "withheld here: with no home in the area it would show a figure that DfE withholds")
    hidden = net.select("name", "year", measure=pl.lit(NET_LOSS), hidden=pl.lit(value=True))
    hide = pl.col("hidden").fill_null(value=False)
    authorities = authorities.join(hidden, on=["measure", "name", "year"], how="left").with_columns(
        value=pl.when(~hide).then("value"), withheld=pl.col("withheld") | hide
    )
    totals = counts.filter(pl.col("total") & pl.col("value").is_not_null())
    narrowing = totals_told(authorities, totals, within).iter_rows()
    _replace(found, ((m, year, _total_key(name)) for m, year, name in narrowing), TOTAL_MEANING)
    return found


def _counts(found: _Found, totals: Mapping[str, str]) -> pl.DataFrame:
    """Return the counts that tell of each other, as `ofsight.profiles.withheld` reads them."""
    rows = []
    for (cell, name, year), held in found.items():
        measure = _TELLING.get(cell)
        if cell == _SHARE_OUTSIDE and held.value is None:
            measure = OUTSIDE  # a share is withheld with its count, which a release may leave out
        # Of several places where a count is printed the first counts, as on pages.
        if measure is None or any((other, name, year) in found for other in _before(measure, cell)):
            continue
        suppressed = held.value is None and held.meaning == _SUPPRESSED
        sign = -1.0 if measure == NET_LOSS else 1.0
        value = None if held.value is None else sign * held.value
        rows.append((measure, totals.get(name, name), year, value, suppressed, name in totals))
    schema = {"measure": pl.String, "name": pl.String, "year": pl.Int32, "value": pl.Float64}
    return pl.DataFrame(rows, schema={**schema, "withheld": pl.Boolean, "total": pl.Boolean}, orient="row")


def _before(measure: str, cell: Cell) -> tuple[Cell, ...]:
    places = _PLACES_OF[measure]
    return places[: places.index(cell)] if cell in places else places


def _replace(found: _Found, told: Iterable[tuple[str, int, str]], meaning: str) -> None:
    """Put a word in the place of numbers: of a count, and of the shares that tell of it."""
    for measure, year, name in told:
        shares = [_SHARE_CELLS[share] for share, count in SHARES.items() if count == measure]
        for cell in (*_PLACES_OF[measure], *(shares if name.startswith(_TOTAL) else ())):
            shown = found.get((cell, name, year))
            if shown is not None and shown.value is not None:
                found[cell, name, year] = _Cell(None, WITHHELD_HERE, meaning, shown.rounding, shown.release)


def _total_key(name: str) -> str:
    return f"{_TOTAL}{_region_key(name)}"


_TOTAL: Final = "region:"
_CELLS: Final = {m.key: m.cells for m in MEASURES}
_PLACES_OF: Final = {
    LOOKED_AFTER: _CELLS["looked_after"],
    IN_HOMES: _CELLS["in_homes"],
    NET_LOSS: _CELLS["homes_net_gain"],
    OUTSIDE: (HOMES_OUTSIDE,),
}
_TELLING: Final = {cell: measure for measure, cells in _PLACES_OF.items() for cell in cells}
_SHARE_OUTSIDE: Final = _CELLS["homes_out_of_area_percent"][0]
_SHARE_CELLS: Final = {
    "looked_after_rate": _CELLS["looked_after_rate"][0],
    "in_homes_percent": _CELLS["in_homes_percent"][0],
    "out_of_area_in_homes_share": _SHARE_OUTSIDE,
}


def _region_key(name: str) -> str:
    """Return one key for every way a region's name is printed: ``EAST`` is the East of England."""
    key = normalise_authority_name(name)
    return "east of england" if key == "east" else key


def _years_by_cell(found: _Found) -> dict[Cell, set[int]]:
    years: dict[Cell, set[int]] = {}
    for cell, _, year in found:
        years.setdefault(cell, set()).add(year)
    return years


def _newest(dataset: Dataset) -> dict[str, int]:
    """Return the newest year of each measure in any release."""
    found = keep(dataset, "published_cells", lambda: _read_cells(dataset))
    years = _years_by_cell(found)
    return {
        m.key: max(year for cell in m.cells for year in years.get(cell, ()))
        for m in MEASURES
        if any(cell in years for cell in m.cells)
    }
