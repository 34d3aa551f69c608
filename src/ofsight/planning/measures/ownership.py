"""Ownership: shares by sector, concentration with and without the councils, and how both went since 2018."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import polars as pl

from ofsight.planning.measures.concentration import Concentration, measure_concentration, without_councils
from ofsight.planning.measures.values import Value, withheld
from ofsight.vocabulary import Sector

__all__ = ["FIRST_LIST_WITH_OWNERS", "ownership_trend", "ownership_values"]

FIRST_LIST_WITH_OWNERS: Final = date(2018, 3, 31)
"""Before it Ofsted prints no owner, so there is nothing to link."""

_HUNDRED: Final = 100.0


def ownership_values(homes: pl.DataFrame, day: date, source: str) -> Iterator[Value]:
    """Measure who owns an area's homes, and how concentrated that is.

    Parameters
    ----------
    homes : DataFrame
        The area's open homes.
    day : date
        The day of the list.
    source : str
        Its release.

    Notes
    -----
    Concentration as in `ofsight.planning.measures.concentration`, with councils as groups (part ``all``) and
    left out of numerator and denominator (part ``without councils``), CONVENTIONS E.
    """
    as_at = day.isoformat()
    places, n = int(homes["places"].sum() or 0), homes.height
    for sector in Sector:
        some = homes.filter(pl.col("sector").cast(pl.String) == sector.value)
        counts: tuple[tuple[str, int, int], ...] = (
            ("share_of_places", int(some["places"].sum() or 0), places),
            ("share_of_homes", some.height, n),
        )
        for name, count, whole in counts:
            yield _share(name, sector.value, count, whole, some.height, as_at, source)
    for part, some in (("all", homes), ("without councils", without_councils(homes))):
        yield from _concentration_values(measure_concentration(some), part, as_at, source)


def _share(name: str, of: str, part: float, whole: float, n: int, as_at: str, source: str) -> Value:
    if not whole:
        why = "no homes" if name.endswith("homes") else "no places"
        return withheld(name, why, of, as_at, source)
    return Value(name, of, _HUNDRED * part / whole, n=n, as_at=as_at, source=source)


def _concentration_values(found: Concentration, part: str, as_at: str, source: str) -> Iterator[Value]:
    rows: tuple[tuple[str, float | None, float], ...] = (
        ("hhi_by_home", found.by_home, 1),
        ("hhi_by_owner", found.by_owner, 1),
        ("hhi_by_group", found.by_group, 1),
        ("hhi_from_common_ownership", found.from_ownership, 1),
        ("largest_group_share", found.largest, _HUNDRED),
        ("four_largest_share", found.four_largest, _HUNDRED),
        ("largest_group_share_of_homes", found.largest_homes, _HUNDRED),
        ("four_largest_share_of_homes", found.four_largest_homes, _HUNDRED),
    )
    for name, value, times in rows:
        if value is None:
            why = "no homes" if name.endswith("homes") else "no places"
            yield withheld(name, why, part, as_at, source)
            continue
        high = found.by_group_high if name == "hhi_by_group" else None
        low = value if high is not None else None
        yield Value(name, part, times * value, low, high, n=found.n_homes, as_at=as_at, source=source)
    yield _share(
        "unlinked_share_of_homes", part, found.unlinked_homes, found.n_homes, found.n_homes, as_at, source
    )
    yield _share(
        "unlinked_share_of_places", part, found.unlinked_places, found.n_places, found.n_homes, as_at, source
    )


def ownership_trend(lists: dict[date, pl.DataFrame]) -> pl.DataFrame:
    """Return shares and concentration on the date of each list.

    Parameters
    ----------
    lists : dict of date to DataFrame
        The area's open homes on the date of each list from `FIRST_LIST_WITH_OWNERS` on.

    Returns
    -------
    DataFrame
        One row a list: ``listed_on, homes, places, places_local_authority, places_private, places_voluntary,
        n_holders, hhi_by_owner, hhi_by_group, hhi_by_group_high, largest_share, four_largest_share,
        hhi_by_group_without_councils, unlinked_homes, unlinked_places,
        unlinked_share_of_places`` (shares 0 to 1), oldest first.

    Notes
    -----
    Linkage gets better over time, so a trend is in part a trend in linkage (CONVENTIONS 0.5): the unlinked
    share stands in every row. The lists of 2019 and 2020 leave out homes that were not yet inspected.
    """
    rows: list[dict[str, Any]] = []
    for day, homes in sorted(lists.items()):
        found, others = measure_concentration(homes), measure_concentration(without_councils(homes))
        sector = pl.col("sector").cast(pl.String)
        by_sector = {
            f"places_{s.key}": int(homes.filter(sector == s.value)["places"].sum() or 0) for s in Sector
        }
        rows.append(
            {
                "listed_on": day,
                "homes": found.n_homes,
                "places": found.n_places,
                **by_sector,
                "n_holders": found.n_holders,
                "hhi_by_owner": found.by_owner,
                "hhi_by_group": found.by_group,
                "hhi_by_group_high": found.by_group_high,
                "largest_share": found.largest,
                "four_largest_share": found.four_largest,
                "hhi_by_group_without_councils": others.by_group,
                "unlinked_homes": found.unlinked_homes,
                "unlinked_places": found.unlinked_places,
                "unlinked_share_of_places": found.unlinked_places / found.n_places
                if found.n_places
                else None,
            }
        )
    return pl.DataFrame(rows, schema=_TREND, orient="row")


_TREND: Final = {
    "listed_on": pl.Date,
    **dict.fromkeys(("homes", "places", *(f"places_{s.key}" for s in Sector), "n_holders"), pl.Int64),
    **dict.fromkeys(
        (
            "hhi_by_owner",
            "hhi_by_group",
            "hhi_by_group_high",
            "largest_share",
            "four_largest_share",
            "hhi_by_group_without_councils",
        ),
        pl.Float64,
    ),
    **dict.fromkeys(("unlinked_homes", "unlinked_places"), pl.Int64),
    "unlinked_share_of_places": pl.Float64,
}
