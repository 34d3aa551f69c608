"""Which groups of homes would be difficult to replace, by thresholds that a reader can edit."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from ofsight.definitions.schema import parse_definition, read_definition
from ofsight.errors import DefinitionError, UsageError
from ofsight.planning.measures.concentration import is_council
from ofsight.planning.yaml_file import read_yaml_file

__all__ = ["Limb", "Screen", "load_screen", "screen_groups"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limb(_Strict):
    """One way to be difficult to replace; all of its thresholds must be met.

    Attributes
    ----------
    name, words : str
        What it is called, and what it asks.
    places : int
        At least so many registered places in England.
    authorities : int
        In at least so many authorities: with a home there, or with `share` of the places.
    share : float, optional
        More than this share of an authority's places, 0 to 1; None asks for a home only.
    from_memory : bool
        Whether the rule that it is modelled on was not verified.
    """

    name: str = Field(min_length=1)
    words: str
    places: int = Field(ge=0)
    authorities: int = Field(default=1, ge=1)
    share: float | None = Field(default=None, ge=0, lt=1)
    from_memory: bool = False


class Screen(_Strict):
    """A screen: a group that meets any limb is difficult to replace by it."""

    screen: str
    source: str
    limbs: tuple[Limb, ...] = Field(min_length=1)


def load_screen(path: Path | None = None) -> Screen:
    """Return the thresholds, ours or those of a file.

    Parameters
    ----------
    path : Path, optional
        A YAML file in the shape of ``definitions/measures/difficult-to-replace.yaml``.

    Raises
    ------
    UsageError
        When there is no such file.
    DefinitionError
        When it cannot be read or breaks the schema.
    """
    name = "measures/difficult-to-replace.yaml"
    if path is None:
        return parse_definition(Screen, read_definition(name), f"definitions/{name}")
    if not path.exists() or path.is_dir():
        why = "it is a folder" if path.is_dir() else "there is no such file"
        raise UsageError(f"{path} cannot be read: {why}. Give a YAML file of thresholds.")
    content = read_yaml_file(path, "screen of thresholds")
    if not isinstance(content, dict):
        raise DefinitionError(
            f"{path}: a screen has the fields {', '.join(Screen.model_fields)}; see {name}."
        )
    return parse_definition(Screen, content, str(path))


def screen_groups(homes: pl.DataFrame, screen: Screen) -> pl.DataFrame:
    """Screen every group, and every owner without one, on all homes of England.

    Parameters
    ----------
    homes : DataFrame
        All open homes, of `ofsight.profiles.homes_open.open_homes`.
    screen : Screen
        The thresholds. More than `share` is strict, as in the rule it is modelled on; places and authorities
        are met by as many.

    Returns
    -------
    DataFrame
        One row for each holder and limb that it meets: ``holder_id, holder, kind, limb, places,
        places_asked, authorities, authorities_asked, share_asked, from_memory``, most places first.

    Notes
    -----
    Modelled on CQC market oversight, SI 2015/314 regulation 3 (CONVENTIONS E, "Exit exposure"); CWS Act 2026
    s.16 names size, number of children and geographical concentration.
    """
    here = (
        homes.filter(pl.col("holder_id").is_not_null())
        .with_columns(total=pl.col("places").sum().over("authority"))
        .group_by("holder_id", "authority")
        .agg(
            holder=pl.col("holder").first(),
            council=is_council().all(),
            places=pl.col("places").sum().cast(pl.Int64),
            total=pl.col("total").first(),
        )
        .with_columns(share=pl.when(pl.col("total") > 0).then(pl.col("places") / pl.col("total")))
    )
    met = []
    for limb in screen.limbs:
        counted = pl.lit(value=True) if limb.share is None else pl.col("share") > limb.share
        met.append(
            here.group_by("holder_id")
            .agg(
                holder=pl.col("holder").sort().first(),
                kind=pl.when(pl.col("council").all())
                .then(pl.lit("council"))
                .otherwise(pl.lit("group or owner")),
                places=pl.col("places").sum(),
                authorities=counted.fill_null(value=False).sum().cast(pl.Int64)
                if limb.share is not None
                else pl.len().cast(pl.Int64),
            )
            .filter((pl.col("places") >= limb.places) & (pl.col("authorities") >= limb.authorities))
            .with_columns(
                limb=pl.lit(limb.name),
                places_asked=pl.lit(limb.places, pl.Int64),
                authorities_asked=pl.lit(limb.authorities, pl.Int64),
                share_asked=pl.lit(limb.share, pl.Float64),
                from_memory=pl.lit(limb.from_memory),
            )
        )
    order = ["holder_id", "holder", "kind", "limb", "places", "places_asked"]
    return (
        pl.concat(met)
        .select(*order, "authorities", "authorities_asked", "share_asked", "from_memory")
        .sort("places", "holder_id", "limb", descending=[True, False, False])
    )
