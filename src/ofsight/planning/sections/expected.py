"""Places against the places expected of as many looked-after children: the funnel of all authorities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import polars as pl

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.expected_places import ExpectedPlaces, funnel_lines
from ofsight.planning.sections.beside import list_source, mid_name, short_name
from ofsight.planning.wording import n_of, say_status
from ofsight.report.charts.model import Limits, Scatter, ScatterPoint, Series
from ofsight.report.document import Column, Figure, Row, Table
from ofsight.report.wording import count, decimal

__all__ = ["FUNNEL_KEY", "expected_figure"]

FUNNEL_KEY: Final = "figure-expected"
_TOP: Final = 5.0
"""Ratios above are drawn at the edge: one authority has eight times what is expected."""

_MOST_NAMED: Final = 12
_BY_CHANCE: Final = 0.9
_SERIES: Final[tuple[Series, Series]] = ("two", "one")
"""The area, and all others."""

_SHOWN: Final = {
    "authority": "The authorities of the region.",
    "region": "The authorities of the region.",
    "set": "The authorities of the set.",
    "england": "Those outside the dotted lines.",
}
_LINES: Final[tuple[tuple[str, Literal["near", "far", "wide"], str, str], ...]] = (
    ("95% by chance", "near", "funnel_low_95", "funnel_high_95"),
    ("99.8% by chance", "far", "funnel_low_998", "funnel_high_998"),
    ("95% as authorities differ", "wide", "spread_low_95", "spread_high_95"),
)


def expected_figure(plan: AreaPlan) -> Figure | None:
    """Return the funnel: every authority a point, the area marked and named; None without a model."""
    places = plan.inputs.places
    if places is None:
        return None
    funnel = _funnel(plan, places)
    shown = _compared(plan, funnel)
    if not funnel.known or (
        plan.area.kind != "england" and not any(row["ratio"] is not None for row in shown)
    ):
        return None
    return Figure(
        FUNNEL_KEY,
        _title(plan, funnel.differ),
        _description(plan, funnel),
        _chart(plan, funnel),
        _table(plan, places, funnel, shown),
        list_source(plan) + " Children: DfE.",
    )


@dataclass(frozen=True, slots=True)
class _Funnel:
    """What the funnels of all areas have in common, worked out once.

    Attributes
    ----------
    rows : tuple of dict
        The authorities: those that would have most places first, for a funnel is read by size, and no ratio
        is a rank.
    known : tuple of dict
        Of these the ones with a ratio; outlying ones first, for they are named first.
    inside, outer : int
        How many lie within the limits of chance, of 95 % and of 99.8 %.
    limits : tuple of Limits
        The lines.
    """

    rows: tuple[dict[str, Any], ...]
    known: tuple[dict[str, Any], ...]
    inside: int
    outer: int
    limits: tuple[Limits, ...]

    @property
    def differ(self) -> bool:
        """Whether authorities differ by more than chance: fewer within its 95 % than nine in ten."""
        return self.inside < _BY_CHANCE * len(self.known)


def _funnel(plan: AreaPlan, places: ExpectedPlaces) -> _Funnel:
    kept = plan.inputs.kept.get("funnel")
    if not isinstance(kept, _Funnel):
        kept = plan.inputs.kept["funnel"] = _lay_out(places)
    return kept


def _lay_out(places: ExpectedPlaces) -> _Funnel:
    order = ("expected", "authority")
    rows = places.frame.sort(*order, descending=[True, False], nulls_last=True).rows(named=True)
    known = [row for row in rows if row["ratio"] is not None]
    lines = funnel_lines(places) if known else pl.DataFrame()
    return _Funnel(
        tuple(rows),
        tuple(sorted(known, key=lambda row: row["position"] == "within")),
        sum(row["chance_position"] == "within" for row in known),
        sum(row["chance_position"] in ("within", "below 95%", "above 95%") for row in known),
        tuple(
            Limits(label, look, tuple(lines.select("expected", low, high).iter_rows()))
            for label, look, low, high in _LINES
            if known
        ),
    )


def _compared(plan: AreaPlan, funnel: _Funnel) -> list[dict[str, Any]]:
    """Return the authorities of the table: of a set, else all of the region; of England the outlying ones."""
    if plan.area.kind == "england":
        return [row for row in funnel.rows if row["position"] not in (None, "within")]
    if plan.area.kind == "set":
        return [row for row in funnel.rows if row["code"] in plan.area.authorities]
    regions = _regions(plan, funnel)
    return [row for row in funnel.rows if row["region"] in regions]


def _regions(plan: AreaPlan, funnel: _Funnel) -> list[str]:
    mine = {row["region"] for row in funnel.rows if row["code"] in plan.area.authorities}
    return sorted(mine - {None})


def _title(plan: AreaPlan, differ: bool) -> str:
    found, name = plan.value("observed_over_expected"), short_name(plan.area.name)
    if plan.area.kind == "england":
        more = "more than chance" if differ else "about as much as chance"
        return f"Authorities differ in places, against their looked-after children, by {more}"
    if found.value is None:
        return f"Places against looked-after children: {mid_name(plan.area.name)} has no expected number"
    if not found.value:
        return f"{name} has no registered place; others in its region have"
    return f"{name}: {decimal(found.value, 2)} times the places expected of its looked-after children"


def _description(plan: AreaPlan, funnel: _Funnel) -> str:
    known = funnel.known
    words = (
        f"A funnel plot of {n_of(len(known), 'authority', 'authorities')}: across, the places expected of "
        "an authority with as many looked-after children; up, the places it has over those. Two pairs of "
        f"lines are the exact Poisson limits of 95% and 99.8%: {count(funnel.inside)} "
        f"lie within the first, {count(funnel.outer)} within the second. The dotted lines hold "
        "95% where authorities differ as they do."
    )
    row = next((row for row in known if row["code"] in plan.area.authorities), None)
    if plan.area.is_single and row is not None:
        words += (
            f" {row['authority']} has {n_of(row['observed'], 'place', 'places')} where "
            f"{decimal(row['expected'], 0)} are expected: {_against(row)}."
        )
    high = sum(row["ratio"] > _TOP for row in known)
    if high:
        words += f" {n_of(high, 'authority', 'authorities')} above {decimal(_TOP, 0)} drawn at the edge."
    return words


def _against(row: dict[str, Any]) -> str:
    """Say where an authority stands against chance, and against how authorities differ."""
    side, _, limits = row["chance_position"].partition(" ")
    chance = f"{side} the {limits} limits of chance" if limits else "within the limits of chance"
    side, _, limits = row["position"].partition(", outside ")
    spread = f"{side} the {limits.replace(' %', '%')} limits" if limits else "within the limits"
    return f"{chance}, {spread} of how authorities differ"


def _chart(plan: AreaPlan, funnel: _Funnel) -> Scatter:
    region = _regions(plan, funnel)
    points = [_point(plan, row, region) for row in funnel.known]
    marked = [point for point in points if point.series == _SERIES[0]]
    named = [replace(point, named=place < _MOST_NAMED) for place, point in enumerate(marked)]
    rest = sorted((point for point in points if point.series != _SERIES[0]), key=lambda point: point.hollow)
    return Scatter(
        (*named, *rest),
        funnel.limits,
        "Places expected of as many looked-after children (square-root scale)",
        "Places, observed over expected",
        _key(plan, region),
        centre=1.0,
        root=True,
        top=_TOP,
    )


def _point(plan: AreaPlan, row: dict[str, Any], region: list[str]) -> ScatterPoint:
    label, at = row["authority"], (row["expected"], row["ratio"])
    if plan.area.kind == "england":
        out = row["position"] != "within"
        return ScatterPoint(label, *at, _SERIES[0 if out else 1], hollow=not out)
    if row["code"] in plan.area.authorities:
        return ScatterPoint(label, *at, _SERIES[0])
    return ScatterPoint(label, *at, _SERIES[1], hollow=not (plan.area.is_single and row["region"] in region))


def _key(plan: AreaPlan, region: list[str]) -> tuple[tuple[str, Series, bool], ...]:
    others = ("Other authorities", _SERIES[1], True)
    if plan.area.kind == "england":
        return (("Outside the dotted lines", _SERIES[0], False), others)
    own = (short_name(plan.area.name), _SERIES[0], False)
    if plan.area.is_single and region:
        return (own, (f"Others of {region[0]}", _SERIES[1], False), others)
    return (own, others)


def _table(plan: AreaPlan, places: ExpectedPlaces, funnel: _Funnel, shown: list[dict[str, Any]]) -> Table:
    columns = (
        Column("Authority", share=1.8),
        Column("Places", numeric=True),
        Column("Expected", numeric=True),
        Column("Ratio", numeric=True),
        Column("95% interval", numeric=True, share=1.3),
        Column("Chance, 95%", numeric=True, share=1.3),
        Column("As they differ, 95%", numeric=True, share=1.3),
        Column("Position", share=1.6),
    )
    more = ": authorities differ by more than chance" if funnel.differ else ""
    note = (
        f"Expected: a Poisson model of {places.n} authorities on looked-after children, with an effect of "
        f"each authority (gamma, variance {decimal(places.spread, 2)}). Interval and chance: exact Poisson. "
        f"{count(funnel.inside)} of {places.n} lie within the 95% limits of chance, and "
        f"{count(funnel.outer)} within those of 99.8%{more}. Position is told against how authorities "
        "differ. More places than expected "
        "is neither good nor bad, and no ratio is a rank: those with the most expected places come first. "
        f"{_SHOWN[plan.area.kind]} All authorities are in the CSV of the explorer’s page and in table "
        "expected_places of the plan folder."
    )
    rows = tuple(Row(_cells(row)) for row in shown)
    rows = rows or (Row(("None lies outside the dotted lines", *("–",) * 7)),)
    return Table("table-expected", "Places observed and expected", columns, rows, note, folded=True)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["expected"] is None:
        return (row["authority"], count(row["observed"]), say_status(row["status"]), *("–",) * 5)
    between = [
        f"{decimal(row[low], 2)} to {decimal(row[high], 2)}"
        for low, high in (("low", "high"), *(line[2:] for line in _LINES[::2]))
    ]
    return (
        row["authority"],
        count(row["observed"]),
        decimal(row["expected"], 0),
        decimal(row["ratio"], 2),
        *between,
        row["position"].replace(" %", "%"),
    )
