"""Inspections of the authorities' own children's services, as Ofsted published them."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import Area, history_names

__all__ = ["COUNCIL_JUDGEMENTS", "council_inspections"]

COUNCIL_JUDGEMENTS: Final = ("overall", "leaders", "protection", "care", "care_leavers", "adoption")
"""What an inspection of an authority may grade; which of them it does depends on its framework."""


def council_inspections(dataset: Dataset, area: Area) -> pl.DataFrame:
    """List the inspections of and visits to an area's authorities, newest first.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area
        Authorities of the past that lay wholly within it are in.

    Returns
    -------
    pl.DataFrame
        ``authority``, ``on``, ``framework`` (SLAC, CPI, TLAC, SIF, ILACS; null where a list does not say),
        ``inspection_type``, ``published_on``, each of `COUNCIL_JUDGEMENTS` (ordered grades, null where none
        was given) and each ``..._as_published``, ``theme``, ``kind`` (``graded`` or ``visit``), ``release``,
        ``sheet``, ``row``.

    Notes
    -----
    Frameworks differ in what a grade means: SIF (2013 to 2017) and ILACS (from 2018) are not one series. A
    judgement that a framework does not make is empty; ``overall`` is never made up from the others.
    """
    graded = pl.any_horizontal(pl.col(name).is_not_null() for name in COUNCIL_JUDGEMENTS)
    return (
        dataset.authority_inspections.filter(pl.col("authority").is_in(list(history_names(dataset, area))))
        .with_columns(kind=pl.when(graded).then(pl.lit("graded")).otherwise(pl.lit("visit")))
        .sort("on", "authority", descending=[True, False])
        .select(
            "authority",
            "on",
            "framework",
            "inspection_type",
            "published_on",
            *COUNCIL_JUDGEMENTS,
            *(f"{name}_as_published" for name in COUNCIL_JUDGEMENTS),
            "theme",
            "kind",
            "release",
            "sheet",
            "row",
        )
    )
