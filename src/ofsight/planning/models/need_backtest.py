"""Every method of forecasting need, judged on every past year: error, coverage, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.planning.models.need_errors import LEVELS, Forecasts, Spread, spread_of
from ofsight.planning.models.need_methods import SAME
from ofsight.planning.models.need_series import NeedSeries

__all__ = ["KINDS", "choose_method", "errors_by_area", "errors_by_kind", "verdict"]

Floats = NDArray[np.float64]

KINDS: Final = ("authority", "region", "england")
_KIND_SCHEMA: Final = {
    "kind": pl.String,
    "horizon": pl.Int64,
    "method": pl.String,
    "n": pl.Int64,
    "mae": pl.Float64,
    "mape": pl.Float64,
    "scaled": pl.Float64,
    "bias": pl.Float64,
    "n_intervals": pl.Int64,
    "cover80": pl.Float64,
    "cover95": pl.Float64,
}
_AREA_SCHEMA: Final = {
    "area": pl.String,
    "region": pl.String,
    "horizon": pl.Int64,
    "method": pl.String,
    "n": pl.Int64,
    "mae": pl.Float64,
    "mape": pl.Float64,
    "scaled": pl.Float64,
    "n_intervals": pl.Int64,
    "cover80": pl.Float64,
    "cover95": pl.Float64,
}


def choose_method(found: Mapping[str, Forecasts]) -> tuple[str, dict[str, tuple[float, int, int]]]:
    """Return the method that past years favour, and why.

    Parameters
    ----------
    found : mapping of str to Forecasts
        By method; `SAME` among them.

    Returns
    -------
    method : str
        The one with the least mean absolute error over all areas, years and steps that every method can
        forecast; `SAME` unless it is better than that in more than half of the years forecast from.
    record : dict
        By method: mean absolute error, years in which it was better than `SAME`, years judged.
    """
    known = _common(found)
    base = np.where(known, np.abs(found[SAME].came - found[SAME].ahead), 0.0).sum(axis=(1, 2))
    judged = known.any(axis=(1, 2))
    record = {}
    for name, one in found.items():
        wrong = np.where(known, np.abs(one.came - one.ahead), 0.0).sum(axis=(1, 2))
        mean = float(wrong.sum() / max(1, int(known.sum())))
        record[name] = (mean, int((wrong[judged] < base[judged]).sum()), int(judged.sum()))
    best = min(record, key=lambda name: record[name][0])
    mean, better, years = record[best]
    return (best if best == SAME or 2 * better > years else SAME), record


def verdict(method: str, record: Mapping[str, tuple[float, int, int]]) -> str:
    """Return what the back-test says, as sentences."""
    plain, _, years = record[SAME]
    if not years:
        return (
            "Too few years are published to judge a method on years after it, so the forecast is the same as "
            "last year."
        )
    if method == SAME:
        others = {name: value for name, value in record.items() if name != SAME}
        best = min(others, key=lambda name: others[name][0])
        mean, better, _ = others[best]
        return (
            f"Nothing beats 'same as last year' (mean absolute error {plain:.1f} children over {years} years "
            f"forecast from), so that is used. The nearest, {best}, has {mean:.1f} and was better in "
            f"{better} of the {years}."
        )
    mean, better, _ = record[method]
    return (
        f"Method: {method}. Over all authorities and years ahead its mean absolute error is {mean:.1f} "
        f"children, against {plain:.1f} of 'same as last year'; better in {better} of the {years} years "
        "forecast from."
    )


def errors_by_kind(series: NeedSeries, found: Mapping[str, Forecasts]) -> pl.DataFrame:
    """Return error and coverage of every method by kind of area and years ahead.

    Returns
    -------
    DataFrame
        ``kind`` (authority, region, england: sums of the areas known); ``horizon`` (years ahead); ``method``;
        ``n``; ``mae`` (children); ``mape`` (per cent); ``scaled`` (``mae`` over `SAME`'s on the same
        numbers: below 1 is better); ``bias`` (mean of log came over foreseen); ``n_intervals``, ``cover80``,
        ``cover95`` (shares of intervals, made with earlier errors only, that held what came).
    """
    known = _common(found)
    rows: list[tuple[Any, ...]] = []
    sums = {kind: _groups(series, kind) for kind in KINDS}
    plain = {kind: _summed(found[SAME], known, groups) for kind, groups in sums.items()}
    for name, one in found.items():
        spreads = {o: spread_of(one, np.array(series.regions), o) for o in one.origins}
        for kind, groups in sums.items():
            ahead, came = _summed(one, known, groups)
            held = _held(series, one, known, groups, spreads)
            for step in range(ahead.shape[2]):
                scores = _scores(ahead[..., step], came[..., step], plain[kind][0][..., step])
                rows.append((kind, step + 1, name, *scores, *_cover(held[..., step])))
    return pl.DataFrame(rows, schema=_KIND_SCHEMA, orient="row")


def errors_by_area(series: NeedSeries, found: Mapping[str, Forecasts], method: str) -> pl.DataFrame:
    """Return error and coverage of the chosen method and of `SAME` in every area.

    Returns
    -------
    DataFrame
        ``area`` (of one boundary since 2009), ``region, horizon, method, n, mae, mape, scaled, n_intervals,
        cover80, cover95``; see `errors_by_kind`.
    """
    known = _common(found)
    groups = _groups(series, "authority")
    rows: list[tuple[Any, ...]] = []
    for name in dict.fromkeys((method, SAME)):
        one = found[name]
        spreads = {o: spread_of(one, np.array(series.regions), o) for o in one.origins}
        held = _held(series, one, known, groups, spreads)
        for a, area in enumerate(series.areas):
            for step in range(one.ahead.shape[2]):
                here = known[:, a, step]
                scores = _scores(
                    np.where(here, one.ahead[:, a, step], np.nan),
                    np.where(here, one.came[:, a, step], np.nan),
                    np.where(here, found[SAME].ahead[:, a, step], np.nan),
                )
                rows.append(
                    (area, series.regions[a], step + 1, name, *scores[:4], *_cover(held[:, :, a, step]))
                )
    return pl.DataFrame(rows, schema=_AREA_SCHEMA, orient="row")


def _common(found: Mapping[str, Forecasts]) -> NDArray[np.bool_]:
    """Return the cells that every method forecasts and that were published, shape (origins, areas, steps)."""
    known = np.isfinite(next(iter(found.values())).came)
    for one in found.values():
        known = known & np.isfinite(one.ahead)
    return known


def _groups(series: NeedSeries, kind: str) -> list[NDArray[np.int64]]:
    if kind == "authority":
        return [np.array([k]) for k in range(len(series.areas))]
    if kind == "england":
        return [np.arange(len(series.areas))]
    regions = np.array(series.regions)
    return [np.flatnonzero(regions == region) for region in np.unique(regions)]


def _summed(
    one: Forecasts, known: NDArray[np.bool_], groups: list[NDArray[np.int64]]
) -> tuple[Floats, Floats]:
    """Return forecasts and what came, summed over the known members of groups; NaN where none is known."""
    parts = []
    for values in (one.ahead, one.came):
        shown = np.where(known, values, 0.0)
        some = np.stack([known[:, g].any(axis=1) for g in groups], axis=1)
        parts.append(np.where(some, np.stack([shown[:, g].sum(axis=1) for g in groups], axis=1), np.nan))
    return parts[0], parts[1]


def _held(
    series: NeedSeries,
    one: Forecasts,
    known: NDArray[np.bool_],
    groups: list[NDArray[np.int64]],
    spreads: Mapping[int, Spread | None],
) -> Floats:
    """Return whether intervals held what came, (levels, origins, groups, steps); NaN where none was made."""
    regions = np.array(series.regions)
    held = np.full((len(LEVELS), len(one.origins), len(groups), one.ahead.shape[2]), np.nan)
    for k, origin in enumerate(one.origins):
        spread = spreads[origin]
        if spread is None:
            continue
        for g, members in enumerate(groups):
            for step in range(one.ahead.shape[2]):
                here = members[known[k, members, step]]
                if not here.size:
                    continue
                limits = spread.limits(one.ahead[k, here, step], regions[here], step)
                came = float(one.came[k, here, step].sum())
                for at, level in enumerate(LEVELS):
                    held[at, k, g, step] = limits[level][0] <= came <= limits[level][1]
    return held


def _scores(ahead: Floats, came: Floats, plain: Floats) -> tuple[Any, ...]:
    """Return n, mean absolute error, mean absolute percentage error, scaled error and bias."""
    known = np.isfinite(ahead) & np.isfinite(came)
    if not known.any():
        return 0, None, None, None, None
    wrong = np.abs(came[known] - ahead[known])
    mae, usual = float(wrong.mean()), float(np.abs(came[known] - plain[known]).mean())
    some = came[known] > 0
    mape = 100.0 * float((wrong[some] / came[known][some]).mean()) if some.any() else None
    bias = float(np.log((came[known] + 0.5) / (ahead[known] + 0.5)).mean())
    return int(known.sum()), mae, mape, (mae / usual if usual > 0 else None), bias


def _cover(held: Floats) -> tuple[Any, ...]:
    """Return how many intervals were made and the share of each level that held."""
    known = np.isfinite(held[0])
    n = int(known.sum())
    return (n, *(float(level[known].mean()) if n else None for level in held))
