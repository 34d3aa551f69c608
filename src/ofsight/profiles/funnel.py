"""All authorities compared on one measure, with the limits that chance alone would keep most of them in.

Authorities differ by chance even where nothing differs in truth. A funnel shows how far: of authorities that
are all alike one in twenty lies outside the inner limits, one in five hundred outside the outer ones.
Outside is a reason to look, not a verdict; shares of homes also differ for reasons that no limit knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import Area, find_area, list_areas
from ofsight.profiles.children import latest_children
from ofsight.profiles.homes_open import open_homes
from ofsight.profiles.intervals import binomial_funnel, poisson_funnel
from ofsight.profiles.kept import keep
from ofsight.vocabulary import Grade, Sector

__all__ = ["FUNNELS", "Funnel", "funnel"]


@dataclass(frozen=True)
class Funnel:
    """A measure that authorities are compared on.

    Attributes
    ----------
    key, label : str
        Its name in tables and for people.
    kind : str
        ``binomial``: a share of homes about England's share. ``poisson``: a count against what England's rate
        would give, as a ratio.
    meaning : str
        What is counted, of what.
    """

    key: str
    label: str
    kind: str
    meaning: str


FUNNELS: Final = (
    Funnel(
        "good_or_better",
        "Homes judged Good or better",
        "binomial",
        "Open homes whose latest full inspection ended Good or Outstanding overall, of those graded.",
    ),
    Funnel(
        "good_or_better_private",
        "For-profit homes judged Good or better",
        "binomial",
        "The same of for-profit homes, about England's share of them.",
    ),
    Funnel(
        "private_homes",
        "Homes run for profit",
        "binomial",
        "Open homes run by private providers, of all open homes.",
    ),
    Funnel(
        "homes",
        "Homes against children living in the area",
        "poisson",
        "Open homes against England's homes per resident aged 0 to 17.",
    ),
    Funnel(
        "looked_after",
        "Children looked after against children living in the area",
        "poisson",
        "Children looked after on 31 March against England's rate. Siblings and policy make counts vary more "
        "than chance, so many authorities lie outside.",
    ),
)
"""The measures of `funnel`."""

_SCHEMA: Final = {
    "code": pl.String,
    "name": pl.String,
    "slug": pl.String,
    "region": pl.String,
    "n": pl.Float64,
    "k": pl.Float64,
    "expected": pl.Float64,
    "value": pl.Float64,
    "centre": pl.Float64,
    "low_95": pl.Float64,
    "high_95": pl.Float64,
    "low_998": pl.Float64,
    "high_998": pl.Float64,
    "position": pl.String,
    "status": pl.String,
}


def funnel(dataset: Dataset, measure: str, area: Area | None = None) -> pl.DataFrame:
    """Compare every authority with England on one measure.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    measure : str
        The key of one of `FUNNELS`.
    area : Area, optional
        Only the authorities in it; the centre stays England's.

    Returns
    -------
    pl.DataFrame
        One row per authority: ``code``, ``name``, ``slug``, ``region``, ``n`` (homes, or residents aged 0 to
        17), ``k`` (of them, or homes or children counted), ``expected`` (at England's rate), ``value``
        (share ``k / n``, or ratio ``k / expected``), ``centre`` (England's share, or 1), exact ``low_95``,
        ``high_95``, ``low_998``, ``high_998`` in the unit of ``value``, ``position`` (``within``, ``above
        95%``, ``below 99.8%`` ..; by exact tail probability), ``status`` (empty; ``none`` where nothing can
        be compared; the symbol of a withheld figure).

    Raises
    ------
    UsageError
        An unknown measure.
    """
    known = {one.key: one for one in FUNNELS}
    if measure not in known:
        raise UsageError(f"No funnel of '{measure}'. Allowed: {', '.join(known)}.")
    whole = keep(dataset, ("funnel", measure), lambda: _make(dataset, known[measure]))
    return whole if area is None else whole.filter(pl.col("code").is_in(list(area.authorities)))


def _make(dataset: Dataset, one: Funnel) -> pl.DataFrame:
    places = (
        list_areas(dataset).filter(pl.col("kind") == "authority").select("code", "name", "slug", "region")
    )
    frame = places.join(_COUNTS[one.key](dataset), on="code", how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("status").fill_null("none"))
    good = frame.filter(pl.col("n").is_not_null() & pl.col("k").is_not_null() & (pl.col("n") > 0))
    if not good.height:
        return frame.select(
            pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
            for name, kind in _SCHEMA.items()
        )
    k, n = good["k"].to_numpy(), good["n"].to_numpy()
    rate = _rate_of_england(dataset, one, float(k.sum()), float(n.sum()))
    expected = rate * n
    poisson = one.kind == "poisson"
    limits = poisson_funnel(k, expected) if poisson else binomial_funnel(k, n, rate)
    found = good.select("code").with_columns(
        pl.Series("expected", expected),
        pl.Series("value", k / expected if poisson else k / n),
        pl.Series("centre", np.full(k.shape, 1.0 if poisson else rate)),
        *(pl.Series(name, list(values)) for name, values in limits.items()),
    )
    return (
        frame.join(found, on="code", how="left", maintain_order="left")
        .with_columns(status=pl.when(pl.col("value").is_null()).then("status").otherwise(pl.lit("")))
        .select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())
    )


def _rate_of_england(dataset: Dataset, one: Funnel, k: float, n: float) -> float:
    """Return England's rate: as published for looked-after children, else what the authorities add up to."""
    if one.key == "looked_after":
        england = latest_children(dataset, find_area(dataset, "England"))
        of = {row[0]: row[1] for row in england.select("measure", "value").iter_rows()}
        if of.get("looked_after") and of.get("population_0_17"):
            return float(of["looked_after"] / of["population_0_17"])
    return k / n


def _homes(where: pl.Expr | None, of: pl.Expr) -> Callable[[Dataset], pl.DataFrame]:
    def count(dataset: Dataset) -> pl.DataFrame:
        homes = open_homes(dataset).filter(pl.col("authority_code").is_not_null())
        within = homes if where is None else homes.filter(where)
        return within.group_by(code=pl.col("authority_code")).agg(
            n=pl.len().cast(pl.Float64), k=of.sum().cast(pl.Float64), status=pl.lit("")
        )

    return count


def _homes_per_child(dataset: Dataset) -> pl.DataFrame:
    counted = open_homes(dataset).group_by(code=pl.col("authority_code")).agg(k=pl.len().cast(pl.Float64))
    return (
        _published(dataset, "population_0_17")
        .rename({"value": "n"})
        .join(counted, on="code", how="left")
        .select("code", "n", k=pl.col("k").fill_null(0.0), status="status")
    )


def _looked_after(dataset: Dataset) -> pl.DataFrame:
    counted = _published(dataset, "looked_after").rename({"value": "k"})
    population = _published(dataset, "population_0_17").select("code", n="value")
    return counted.join(population, on="code", how="left").select("code", "n", "k", "status")


def _published(dataset: Dataset, measure: str) -> pl.DataFrame:
    """Return the newest published figure of each authority."""
    rows = []
    for code in list_areas(dataset).filter(pl.col("kind") == "authority")["code"]:
        row = latest_children(dataset, find_area(dataset, code)).filter(pl.col("measure") == measure)
        value, status = row.select("value", "status").row(0) if row.height else (None, "not published")
        rows.append((code, value, status))
    return pl.DataFrame(
        rows, schema={"code": pl.String, "value": pl.Float64, "status": pl.String}, orient="row"
    )


_GRADED: Final = pl.col("overall").is_not_null()
_BETTER: Final = pl.col("overall").is_in([Grade.GOOD.value, Grade.OUTSTANDING.value])
_PRIVATE: Final = pl.col("sector").cast(pl.String) == Sector.PRIVATE.value

_COUNTS: Final[dict[str, Callable[[Dataset], pl.DataFrame]]] = {
    "good_or_better": _homes(_GRADED, _BETTER),
    "good_or_better_private": _homes(_GRADED & _PRIVATE, _BETTER),
    "private_homes": _homes(None, _PRIVATE),
    "homes": _homes_per_child,
    "looked_after": _looked_after,
}
