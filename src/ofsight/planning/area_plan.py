"""The plan of one area: every measure of it, the areas it is read beside, who holds its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from ofsight.planning.inputs import PlanInputs
from ofsight.planning.measures.exposure import FEWEST_HOMES, holder_exposure
from ofsight.planning.measures.limits import poisson_interval
from ofsight.planning.measures.need import need_series, need_values
from ofsight.planning.measures.ownership import ownership_trend, ownership_values
from ofsight.planning.measures.quality import quality_values
from ofsight.planning.measures.supply import supply_values
from ofsight.planning.measures.values import Value, read_values, values_frame, withheld
from ofsight.profiles.area import Area, find_area, region_of
from ofsight.profiles.homes_open import open_homes

__all__ = ["AreaPlan", "WorkedOut", "area_homes", "area_measures", "kept_as", "plan_area"]

_HUNDRED = 100.0


@dataclass(frozen=True)
class AreaPlan:
    """Everything that is worked out for one area.

    Attributes
    ----------
    area : Area
        Which area.
    measures : DataFrame
        Table ``measures`` (`ofsight.planning.measures.values.SCHEMA`) of the area.
    beside : tuple of (Area, DataFrame)
        The areas to read it beside, with theirs: its region (or those of a set) and England.
    need : DataFrame
        Of `need_series`: the published numbers over the years.
    exposure : DataFrame
        Of `holder_exposure`: who holds its places, and what is left without each.
    trend : DataFrame
        Of `ownership_trend`: shares and concentration on each list since 2018.
    homes : DataFrame
        Its open homes, for scenarios; never shown.
    inputs : PlanInputs
        What it was made of.
    """

    area: Area
    measures: pl.DataFrame
    beside: tuple[tuple[Area, pl.DataFrame], ...]
    need: pl.DataFrame
    exposure: pl.DataFrame
    trend: pl.DataFrame
    homes: pl.DataFrame
    inputs: PlanInputs

    @cached_property
    def _found(self) -> tuple[dict[tuple[str, str], Value], ...]:
        """The values of the area and of those beside it: a page looks up hundreds."""
        return tuple(read_values(frame) for frame in (self.measures, *(frame for _, frame in self.beside)))

    def value(self, measure: str, part: str = "all") -> Value:
        """Return one measure of the area, with its status; one that is not there says so."""
        return _pick(self._found[0], measure, part)

    def values_beside(self, measure: str, part: str = "all") -> list[Value]:
        """Return one measure of each of the areas beside it, in their order."""
        return [_pick(found, measure, part) for found in self._found[1:]]


def _pick(found: Mapping[tuple[str, str], Value], measure: str, part: str) -> Value:
    value = found.get((measure, part))
    return withheld(measure, "not measured", part) if value is None else value


def area_homes(inputs: PlanInputs, area: Area) -> pl.DataFrame:
    """Return the open homes of an area on the newest list."""
    return open_homes(inputs.dataset, area)


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """The tables of one area, as a plan folder holds them: see `AreaPlan`."""

    measures: pl.DataFrame
    need: pl.DataFrame
    exposure: pl.DataFrame
    trend: pl.DataFrame


def kept_as(slug: str) -> str:
    """Return the name under which `PlanInputs.kept` holds what is worked out for an area."""
    return f"plan {slug}"


def area_measures(inputs: PlanInputs, area: Area) -> pl.DataFrame:
    """Return every measure of an area; of one with a name worked out once for each set of inputs."""
    found = inputs.kept.get(kept_as(area.slug))
    if isinstance(found, WorkedOut):
        return found.measures
    key = f"measures {area.slug}"
    kept = inputs.kept.get(key)
    if not isinstance(kept, pl.DataFrame):
        kept = values_frame(area.slug, _values(inputs, area))
        if area.kind != "set":
            # There is no end of sets, and the explorer keeps its inputs as long as it runs.
            inputs.kept[key] = kept
    return kept


def _values(inputs: PlanInputs, area: Area) -> Iterator[Value]:
    homes = area_homes(inputs, area)
    series = need_series(inputs.need, inputs.dataset, area)
    source = "; ".join(homes["release"].drop_nulls().unique().sort()) or _newest(inputs)
    yield from need_values(series)
    yield from supply_values(inputs.dataset, area, homes, inputs.occupancy)
    for name, children in _per_hundred(inputs, series):
        yield _rate(name, homes, children, inputs, source)
    groups = None if inputs.groups is None else inputs.groups.frame
    yield from quality_values(homes, inputs.expected, inputs.day, source, groups)
    yield from ownership_values(homes, inputs.day, source)
    yield _observed_over_expected(inputs, area, source)
    yield _expected_loss(inputs, homes, source)


def _newest(inputs: PlanInputs) -> str:
    found = inputs.homes["release"].drop_nulls().unique().sort().to_list()
    return "; ".join(found) or str(inputs.dataset.metadata.get("newest_release") or "")


def _per_hundred(inputs: PlanInputs, series: pl.DataFrame) -> Iterator[tuple[str, Value]]:
    """Give the children that places are set against: of the year of the list, so that both are of one day."""
    for name, measure in (
        ("places_per_100_looked_after", "looked_after"),
        ("places_per_100_in_homes", "children_in_homes"),
    ):
        yield name, _in_year(series, measure, inputs.list_year)


def _in_year(series: pl.DataFrame, measure: str, year: int) -> Value:
    found = series.filter(measure=measure, year=year)
    if found.is_empty():
        return withheld(measure, f"not published for {year}")
    row = found.row(0, named=True)
    if row["value"] is None:
        return withheld(measure, row["status"], as_at=f"31 March {year}", source=row["release"])
    return Value(measure, "all", row["value"], as_at=f"31 March {year}", source=row["release"])


def _rate(name: str, homes: pl.DataFrame, children: Value, inputs: PlanInputs, source: str) -> Value:
    """Return places per 100 children (CONVENTIONS E), with the exact Poisson interval of the places."""
    as_at, sources = inputs.day.isoformat(), "; ".join(filter(None, (source, children.source)))
    if children.value is None:
        return withheld(name, children.status, as_at=as_at, source=sources)
    if children.value <= 0:
        return withheld(name, "no children", as_at=as_at, source=sources)
    places = float(homes["places"].sum() or 0)
    low, high = poisson_interval(places)
    rates = [_HUNDRED * n / children.value for n in (places, low, high)]
    return Value(name, "all", rates[0], rates[1], rates[2], n=homes.height, as_at=as_at, source=sources)


def _observed_over_expected(inputs: PlanInputs, area: Area, source: str) -> Value:
    name, as_at = "observed_over_expected", inputs.day.isoformat()
    if inputs.places is None:
        return withheld(name, "no model could be fitted", as_at=as_at, source=source)
    mine = inputs.places.frame.filter(pl.col("code").is_in(area.authorities))
    missing = mine.filter(pl.col("expected").is_null())
    if mine.is_empty() or missing.height:
        status = missing["status"].item() if area.is_single and missing.height else "a member has no number"
        return withheld(name, status or "not published", as_at=as_at, source=source)
    observed, expected = float(mine["observed"].sum()), float(mine["expected"].sum())
    low, high = poisson_interval(observed)
    return Value(
        name,
        "all",
        observed / expected,
        low / expected,
        high / expected,
        n=mine.height,
        as_at=as_at,
        source=source,
    )


def _expected_loss(inputs: PlanInputs, homes: pl.DataFrame, source: str) -> Value:
    name, as_at = "expected_loss", inputs.day.isoformat()
    if inputs.closing is None:
        return withheld(name, "no model given", "36 months", as_at, source)
    known = homes.select("urn", "places").join(inputs.closing, on="urn").drop_nulls(["places", "p_close_36"])
    if known.is_empty():
        return withheld(name, "no home with a prediction", "36 months", as_at, source)
    if known.height < FEWEST_HOMES:
        return withheld(name, f"fewer than {FEWEST_HOMES} homes", "36 months", as_at, source)
    sums = [float((known[c] * known["places"]).sum()) for c in _CLOSE]
    return Value(
        name,
        "36 months",
        sums[0],
        sums[1],
        sums[2],
        n=known.height,
        as_at=as_at,
        source=f"{source}; model of closure",
    )


_CLOSE = ("p_close_36", "p_close_36_low", "p_close_36_high")


def plan_area(inputs: PlanInputs, area: Area) -> AreaPlan:
    """Work out the plan of an area: an authority, a region, England or any set of areas.

    Parameters
    ----------
    inputs : PlanInputs
        Of `ofsight.planning.inputs.gather_inputs`.
    area : Area
        Of `ofsight.profiles.area.find_area`.

    Notes
    -----
    A single authority is a poor market, since two thirds of children in homes are placed outside theirs
    (CONVENTIONS E, HHI): so region and England stand beside every measure. What a plan folder holds of the
    area is read, not worked out again.
    """
    found = inputs.kept.get(kept_as(area.slug))
    if not isinstance(found, WorkedOut):
        found = _work_out(inputs, area)
    return AreaPlan(
        area=area,
        measures=found.measures,
        beside=tuple((other, area_measures(inputs, other)) for other in _beside(inputs, area)),
        need=found.need,
        exposure=found.exposure,
        trend=found.trend,
        homes=area_homes(inputs, area),
        inputs=inputs,
    )


def _work_out(inputs: PlanInputs, area: Area) -> WorkedOut:
    homes = area_homes(inputs, area)
    series = need_series(inputs.need, inputs.dataset, area)
    lists = {day: open_homes(inputs.dataset, area, day) for day in inputs.lists}
    exposure = holder_exposure(
        homes,
        inputs.reach,
        _in_year(series, "looked_after", inputs.list_year),
        _in_year(series, "children_in_homes", inputs.list_year),
        inputs.closing,
    )
    return WorkedOut(area_measures(inputs, area), series, exposure, ownership_trend(lists))


def _beside(inputs: PlanInputs, area: Area) -> Iterator[Area]:
    """Give the region, or the regions of a set, and England."""
    if area.kind == "england":
        return
    if area.kind != "region":
        region = region_of(inputs.dataset, area)
        if region is not None:
            yield region
        else:
            inside = inputs.homes.filter(pl.col("authority_code").is_in(area.authorities))
            for name in inside["region"].drop_nulls().unique().sort().to_list()[:3]:
                yield find_area(inputs.dataset, name)
    yield find_area(inputs.dataset, "England")
