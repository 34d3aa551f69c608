"""Areas put beside names, codes and numbers as published."""

from __future__ import annotations

import polars as pl

from ofsight.link.areas import load_areas

__all__ = ["match_areas"]

_LINKED = ("authority", "area_code", "constant_area", "standard_region")


def match_areas(frame: pl.DataFrame, name: str, on: str | None = None) -> pl.DataFrame:
    """Add the area that a column names, and ``area_status``: what it turned out to be.

    Parameters
    ----------
    frame : DataFrame
        With the column.
    name : str
        The column of names, codes or DfE numbers as published.
    on : str, optional
        The column of days: it decides between areas of one name and dates the code.

    Returns
    -------
    DataFrame
        With ``authority, area_code, constant_area, standard_region, area_status``, in the same order.
    """
    keys = [name] if on is None else [name, on]
    distinct = frame.select(keys).unique(maintain_order=True)
    matched = load_areas().match(distinct[name], None if on is None else distinct[on])
    linked = distinct.with_columns(
        authority=matched["authority"],
        area_code=matched["code"],
        constant_area=matched["constant_area"],
        standard_region=matched["region"],
        area_status=matched["status"],
    )
    kept = frame.drop([column for column in (*_LINKED, "area_status") if column in frame.columns])
    return kept.join(linked, on=keys, how="left", nulls_equal=True, maintain_order="left")
