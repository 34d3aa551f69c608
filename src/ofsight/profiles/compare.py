"""Up to six areas or owners side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import Area
from ofsight.profiles.figures import FIGURES_SCHEMA, TOO_FEW, figures_of
from ofsight.profiles.homes_open import snapshot_on
from ofsight.profiles.intervals import FEW, wilson
from ofsight.profiles.owner import Owner, owner_homes
from ofsight.vocabulary import Domain, Grade

__all__ = ["MOST", "compare_areas", "compare_owners"]

MOST: Final = 6
"""More columns than these cannot be read side by side."""

_SCHEMA: Final = {**FIGURES_SCHEMA, "slug": pl.String, "name": pl.String}


def compare_areas(dataset: Dataset, areas: Sequence[Area]) -> pl.DataFrame:
    """Put the key figures of areas side by side.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    areas : sequence of Area
        One to six; one asked for twice counts once.

    Returns
    -------
    pl.DataFrame
        One row per measure and area: the columns of `ofsight.profiles.figures.figures_of`, then ``slug`` and
        ``name``; measures in their order, areas as asked.

    Raises
    ------
    UsageError
        None or more than six.
    """
    wanted = list({area.slug: area for area in areas}.values())
    _check(len(wanted), "areas")
    frames = [
        figures_of(dataset, area).with_columns(slug=pl.lit(area.slug), name=pl.lit(area.name))
        for area in wanted
    ]
    return _by_measure(frames)


def compare_owners(dataset: Dataset, owners: Sequence[Owner]) -> pl.DataFrame:
    """Put the homes of owners or groups side by side, on the newest list.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    owners : sequence of Owner
        One to six.

    Returns
    -------
    pl.DataFrame
        As `compare_areas`, with measures ``n_homes``, ``n_places``, ``n_areas``, ``places_per_home`` and, for
        each domain, ``good_or_better_...`` (per cent of its graded homes; Wilson, 95 %). Shares are as
        counted: groups differ in where, how old and how large their homes are.

    Raises
    ------
    UsageError
        None or more than six.
    """
    wanted = list({owner.slug: owner for owner in owners}.values())
    _check(len(wanted), "owners")
    year = snapshot_on(dataset).year
    frames = [
        pl.DataFrame(
            _rows(owner_homes(dataset, owner), year), schema=FIGURES_SCHEMA, orient="row"
        ).with_columns(slug=pl.lit(owner.slug), name=pl.lit(owner.name))
        for owner in wanted
    ]
    return _by_measure(frames)


_Row = tuple[str, str, str, int, float | None, float | None, float | None, int, str]


def _rows(homes: pl.DataFrame, year: int) -> list[_Row]:
    n, places = homes.height, float(homes["places"].sum())
    mean = places / n if n else None
    rows: list[_Row] = [
        ("n_homes", "Children's homes", "homes", year, float(n), None, None, n, ""),
        ("n_places", "Registered places", "places", year, places, None, None, n, ""),
        ("n_areas", "Local authorities with a home", "authorities", year,
         float(homes["authority"].n_unique()), None, None, n, ""),
        ("places_per_home", "Places per home", "places", year, mean, None, None, n, "" if n else "none"),
    ]  # fmt: skip
    for domain in Domain:
        grades = homes[domain.value].drop_nulls().cast(pl.String)
        graded = grades.len()
        better = int(grades.is_in([Grade.GOOD.value, Grade.OUTSTANDING.value]).sum())
        key, label = f"good_or_better_{domain.value}", f"Good or better: {domain.label.lower()}"
        if graded < FEW:
            status = TOO_FEW if graded else "none"
            rows.append((key, label, "per cent", year, None, None, None, graded, status))
            continue
        low, high = wilson(np.array([float(better)]), np.array([float(graded)]))
        share = 100 * better / graded
        rows.append(
            (key, label, "per cent", year, share, 100 * float(low[0]), 100 * float(high[0]), graded, "")
        )
    return rows


def _check(n: int, what: str) -> None:
    if not 1 <= n <= MOST:
        raise UsageError(f"{n} {what} to compare. Give one to {MOST}.")


def _by_measure(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for frame in frames for name in frame["measure"].to_list()))
    order = pl.DataFrame({"measure": names, "order": list(range(len(names)))})
    both = pl.concat([frame.select(list(_SCHEMA)) for frame in frames])
    return (
        both.join(order, on="measure", how="left", maintain_order="left")
        .sort("order", maintain_order=True)
        .drop("order")
    )
