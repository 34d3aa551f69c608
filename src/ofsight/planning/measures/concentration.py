"""How concentrated the places of an area are in few hands: shares, HHI, the largest holders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from ofsight.vocabulary import Sector

__all__ = ["Concentration", "holder_shares", "is_council", "measure_concentration", "without_councils"]

_ALONE: Final = "home "


@dataclass(frozen=True, slots=True)
class Concentration:
    """How concentrated places are, by home, by owner and by group.

    Attributes
    ----------
    n_homes, n_places, n_holders : int
        Homes and places counted, and groups (or owners without a group) that hold them.
    by_home, by_owner, by_group : float or None
        Sum of squared shares of places, 0 to 1; None without places. Homes without a known owner count as an
        owner each, which gives the least that can be true.
    by_group_high : float or None
        The most that can be true: all places without a known owner belong to the largest group.
    from_ownership : float or None
        What common ownership adds: `by_group` less `by_home`.
    largest, four_largest : float or None
        Share of places of the largest group and of the four largest (CR1, CR4), 0 to 1.
    largest_homes, four_largest_homes : float or None
        The same of homes, ranked by homes.
    unlinked_homes, unlinked_places : int
        Homes whose owner no list names, and their places.

    Notes
    -----
    On places, as Hirth et al. (2019, doi 10.1177/1077558717701771) on beds of nursing homes, who adjust for
    chains in the same way. Allan and Forder (2015) weight by distance, which the withheld addresses of
    children's homes forbid. The reference lines of US authorities (1,000 and 1,800 in 1992; 1,500 and 2,500
    in 2010) are lines to read by: the CMA's guidelines of 2021 apply none.
    """

    n_homes: int
    n_places: int
    n_holders: int
    by_home: float | None
    by_owner: float | None
    by_group: float | None
    by_group_high: float | None
    from_ownership: float | None
    largest: float | None
    four_largest: float | None
    largest_homes: float | None
    four_largest_homes: float | None
    unlinked_homes: int
    unlinked_places: int


def is_council() -> pl.Expr:
    """Return whether a home is a council's: of the sector, or of a company that a council set up."""
    return (pl.col("sector").cast(pl.String) == Sector.LOCAL_AUTHORITY.value) | pl.col(
        "council_company"
    ).fill_null(value=False)


def without_councils(homes: pl.DataFrame) -> pl.DataFrame:
    """Return the homes that no council runs, itself or through a company it set up."""
    return homes.filter(~is_council())


def holder_shares(homes: pl.DataFrame) -> pl.DataFrame:
    """Return homes and places of each holder (a group, or an owner without one), the largest first.

    Parameters
    ----------
    homes : DataFrame
        As `ofsight.profiles.homes_open.open_homes` gives them.

    Returns
    -------
    DataFrame
        Columns ``holder_id, holder, kind, homes, places, share_of_places, share_of_homes`` (0 to 1). The kind
        is ``council``, ``group``, ``owner`` or ``unlinked``: homes without a known owner are one last row,
        which is no holder.
    """
    kind = (
        pl.when(pl.col("holder_id").is_null())
        .then(pl.lit("unlinked"))
        .when(is_council().all())
        .then(pl.lit("council"))
        .when(pl.col("group_id").is_not_null().any())
        .then(pl.lit("group"))
        .otherwise(pl.lit("owner"))
    )
    return (
        homes.with_columns(pl.col("places").cast(pl.Int64))
        .group_by("holder_id", maintain_order=True)
        .agg(
            holder=pl.col("holder").drop_nulls().sort().first(),
            kind=kind.first().cast(pl.String),
            homes=pl.len().cast(pl.Int64),
            places=pl.col("places").sum(),
        )
        .with_columns(
            holder=pl.coalesce("holder", pl.lit("Owner not named in the list")),
            share_of_places=_share("places"),
            share_of_homes=_share("homes"),
        )
        .sort(
            pl.col("holder_id").is_null(),
            "places",
            "homes",
            "holder_id",
            descending=[False, True, True, False],
        )
    )


def _share(of: str) -> pl.Expr:
    return pl.when(pl.col(of).sum() > 0).then(pl.col(of) / pl.col(of).sum())


def measure_concentration(homes: pl.DataFrame) -> Concentration:
    """Measure how concentrated the places of some homes are.

    Parameters
    ----------
    homes : DataFrame
        With ``urn, owner_id, holder_id, places``, one row a home. Homes whose places are not published count
        as homes and not as places.
    """
    by_home: Counter[str] = Counter()
    by_owner: Counter[str] = Counter()
    by_group: Counter[str] = Counter()
    homes_of: Counter[str] = Counter()
    linked: Counter[str] = Counter()
    unlinked_homes = unlinked_places = 0
    for urn, owner, holder, places in homes.select("urn", "owner_id", "holder_id", "places").iter_rows():
        n = places or 0
        by_home[urn] += n
        by_owner[owner or _ALONE + urn] += n
        by_group[holder or _ALONE + urn] += n
        homes_of[holder or _ALONE + urn] += 1
        if holder is None:
            unlinked_homes += 1
            unlinked_places += n
        else:
            linked[holder] += n
    total = by_home.total()
    most = sorted(linked.values(), reverse=True) or [0]
    home, group = _hhi(by_home.values(), total), _hhi(by_group.values(), total)
    return Concentration(
        n_homes=homes.height,
        n_places=total,
        n_holders=len(linked),
        by_home=home,
        by_owner=_hhi(by_owner.values(), total),
        by_group=group,
        by_group_high=_hhi([most[0] + unlinked_places, *most[1:]], total),
        from_ownership=None if group is None or home is None else group - home,
        largest=_top(by_group, 1, total),
        four_largest=_top(by_group, 4, total),
        largest_homes=_top(homes_of, 1, homes.height),
        four_largest_homes=_top(homes_of, 4, homes.height),
        unlinked_homes=unlinked_homes,
        unlinked_places=unlinked_places,
    )


def _hhi(parts: Iterable[int], total: int) -> float | None:
    return sum(part * part for part in parts) / (total * total) if total else None


def _top(parts: Counter[str], n: int, total: int) -> float | None:
    return sum(sorted(parts.values(), reverse=True)[:n]) / total if total else None
