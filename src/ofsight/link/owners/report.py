"""What the linking of owners did, year by year; and the size of chains."""

from __future__ import annotations

import polars as pl

from ofsight.errors import UsageError
from ofsight.link.owners.linkage import RULES

__all__ = ["chain_sizes", "linkage_report", "shared_registrations"]

_EXACT = ("normal form", "council", "spacing")


def linkage_report(homes: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Count, by year, what was linked, how, and what was not.

    Ownership trends are in part linkage trends: publish this table beside every one of them.

    Parameters
    ----------
    homes : pl.DataFrame
        One row per home and list: ``year`` (or any period) and ``owner`` as published (null before 2018, when
        Ofsted did not publish owners).
    links : pl.DataFrame
        What `ofsight.link.owners.link_owners` gave for these names.

    Returns
    -------
    pl.DataFrame
        One row per year, sorted: ``n_homes``; ``n_unlinked`` and ``unlinked_share`` (homes without an owner
        id: the cell is blank, withheld, or there was no such column); ``n_spellings`` and ``n_owners``
        (distinct); ``n_single_home_owners``; ``inexact_share`` (of all homes, those linked by another rule
        than an equal normal form, spacing or council); and one column per rule, ``n_<rule>``, in homes.

    Raises
    ------
    UsageError
        A missing column, or a name that the links do not hold.
    """
    _need(homes, ("year", "owner"), "homes")
    _need(links, ("owner_as_published", "owner_id", "rule"), "links")
    joined = homes.select("year", pl.col("owner").cast(pl.String)).join(
        links.select(owner="owner_as_published", owner_id="owner_id", rule="rule"), on="owner", how="left"
    )
    strangers = (
        joined.filter(pl.col("owner").is_not_null() & pl.col("rule").is_null())["owner"].unique().sort()
    )
    if not strangers.is_empty():
        raise UsageError(
            f"{strangers.len()} owners of the homes are not in the links, the first '{strangers[0]}'. "
            "Link all names first, with link_owners."
        )
    joined = joined.with_columns(pl.col("rule").fill_null("no name"))
    by_owner = joined.filter(pl.col("owner_id").is_not_null()).group_by("year", "owner_id").len()
    single = by_owner.filter(pl.col("len") == 1).group_by("year").agg(n_single_home_owners=pl.len())
    unlinked = pl.col("owner_id").is_null()
    counted = joined.group_by("year").agg(
        pl.len().alias("n_homes"),
        unlinked.sum().alias("n_unlinked"),
        unlinked.mean().alias("unlinked_share"),
        pl.col("owner").filter(~unlinked).n_unique().alias("n_spellings"),
        pl.col("owner_id").drop_nulls().n_unique().alias("n_owners"),
        (~pl.col("rule").is_in([*_EXACT, "no name"])).mean().alias("inexact_share"),
        *[(pl.col("rule") == rule).sum().alias(f"n_{rule.replace(' ', '_')}") for rule in RULES],
    )
    return (
        counted.join(single, on="year", how="left")
        .with_columns(pl.col("n_single_home_owners").fill_null(0))
        .select(
            "year", "n_homes", "n_unlinked", "unlinked_share", "n_spellings", "n_owners",
            "n_single_home_owners", "inexact_share", *[f"n_{rule.replace(' ', '_')}" for rule in RULES],
        )
        .sort("year")
    )  # fmt: skip


def chain_sizes(homes: pl.DataFrame) -> pl.DataFrame:
    """Give each home the number of homes of its owner on the same list date.

    Parameters
    ----------
    homes : pl.DataFrame
        ``list_date``, ``urn``, ``owner_id`` (null without an owner), and any other columns. A home that is
        listed twice on a date counts once.

    Returns
    -------
    pl.DataFrame
        The same rows and columns, in order, with ``chain_size`` (homes; null without an owner: an unknown
        chain is not a chain of one).

    Raises
    ------
    UsageError
        A missing column.
    """
    _need(homes, ("list_date", "urn", "owner_id"), "homes")
    size = pl.col("urn").n_unique().over("list_date", "owner_id")
    return homes.with_columns(chain_size=pl.when(pl.col("owner_id").is_not_null()).then(size))


def shared_registrations(homes: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """List the pairs of owners that one registration was printed under: renamed companies, sales, mistakes.

    A registration (URN) belongs to one legal entity, so most pairs that share many are one company under a
    new name. That is not decided here: read the list, then add a row to ``owner_aliases.csv`` or
    ``owner_groups.csv``.

    Parameters
    ----------
    homes : pl.DataFrame
        One row per home and list: ``urn`` and ``owner`` as published.
    links : pl.DataFrame
        What `ofsight.link.owners.link_owners` gave for these names.

    Returns
    -------
    pl.DataFrame
        ``owner_id``, ``other_id`` (in alphabetical order), ``n_shared``, ``n_owner``, ``n_other`` (numbers of
        registrations), the largest ``n_shared`` first.

    Raises
    ------
    UsageError
        A missing column.
    """
    _need(homes, ("urn", "owner"), "homes")
    _need(links, ("owner_as_published", "owner_id"), "links")
    held = (
        homes.select("urn", pl.col("owner").cast(pl.String))
        .join(links.select(owner="owner_as_published", owner_id="owner_id"), on="owner", how="inner")
        .filter(pl.col("owner_id").is_not_null())
        .select("urn", "owner_id")
        .unique()
    )
    size = held.group_by("owner_id").agg(n=pl.len())
    return (
        held.join(held.rename({"owner_id": "other_id"}), on="urn")
        .filter(pl.col("owner_id") < pl.col("other_id"))
        .group_by("owner_id", "other_id")
        .agg(n_shared=pl.len())
        .join(size.rename({"n": "n_owner"}), on="owner_id")
        .join(size.rename({"owner_id": "other_id", "n": "n_other"}), on="other_id")
        .sort("n_shared", "owner_id", "other_id", descending=[True, False, False])
    )


def _need(frame: pl.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise UsageError(
            f"The {what} have no column {', '.join(missing)}; they have {', '.join(frame.columns)}."
        )
