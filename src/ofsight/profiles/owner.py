"""An owner or a group of owners: what it runs and where, how its homes are judged, what it took over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.link.owners import normalise_owner
from ofsight.profiles.everywhere import AREA, AREAS_SCHEMA, Slices
from ofsight.profiles.homes_open import group_slug, open_homes, snapshot_dates, snapshot_on
from ofsight.profiles.judgements import count_latest, count_latest_each
from ofsight.profiles.kept import keep
from ofsight.profiles.supply import count_openings, dated_homes

__all__ = [
    "Owner",
    "find_owner",
    "list_owners",
    "owner_areas",
    "owner_changes",
    "owner_homes",
    "owner_judgements",
    "owner_openings_closures",
    "owner_over_time",
]

_LONGEST: Final = 300


@dataclass(frozen=True)
class Owner:
    """An owner, or a group of owners under one ultimate owner.

    Attributes
    ----------
    slug : str
        Its id in an address: the owner's id, or ``group-...``. ``find_owner(dataset, owner.slug) == owner``.
    name : str
        Its name as printed by Ofsted most recently, or the group's.
    kind : str
        ``owner`` or ``group``.
    owner_ids : tuple of str
        Itself; of a group every owner that belongs to it on the date of any list. An owner that joined a
        group counts in it from that day on, and its earlier homes do not.
    """

    slug: str
    name: str
    kind: str
    owner_ids: tuple[str, ...]


def list_owners(dataset: Dataset) -> pl.DataFrame:
    """List every group and every owner that any list of homes names.

    Returns
    -------
    pl.DataFrame
        ``slug``, ``name``, ``kind`` (group or owner), ``group_id`` and ``group`` (of an owner, on its last
        list), ``sector`` (of most of its homes), ``n_homes``, ``n_places``, ``n_areas`` (on the newest list;
        0 for one that is no longer there), ``first_listed_on``, ``last_listed_on``; most homes first, then by
        name.
    """
    return keep(dataset, "list_owners", lambda: _list(dataset))


def find_owner(dataset: Dataset, text: str) -> Owner:
    """Find the owner or group that a text stands for.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    text : str
        A slug, an owner's id, a group's name, or any spelling of an owner's name that normalises to it.

    Raises
    ------
    UsageError
        Nothing of that name; the nearest names are given.
    """
    asked = " ".join(str(text).split())
    known = keep(dataset, "owners_by_key", lambda: _by_key(dataset))
    if asked and len(asked) <= _LONGEST:
        normal = normalise_owner(asked)
        for key in (asked, asked.casefold(), group_slug(asked), normal, normal.replace(" ", "-")):
            if key in known:
                return known[key]
    near = get_close_matches(asked[:80].casefold(), list(known), n=6, cutoff=0.6) if asked else []
    names = list(dict.fromkeys(known[key].name for key in near))[:3]
    hint = f"Nearest: {', '.join(names)}." if names else "Nothing is near."
    shown = asked if len(asked) <= 60 else f"{asked[:60]}..."
    raise UsageError(f"No owner or group '{shown}'. {hint} Give a name as Ofsted prints it, or a slug.")


def owner_homes(dataset: Dataset, owner: Owner, on: date | None = None) -> pl.DataFrame:
    """Return the homes of an owner on the date of a list, in the columns of `open_homes`."""
    day = snapshot_on(dataset, on)
    key = "group_id" if owner.kind == "group" else "owner_id"
    if day != snapshot_on(dataset):
        return open_homes(dataset, on=day).filter(pl.col(key) == owner.slug)
    return keep(dataset, ("open homes by", key), lambda: Slices.by(open_homes(dataset), key)).of(owner.slug)


def owner_over_time(dataset: Dataset, owner: Owner) -> pl.DataFrame:
    """Count an owner's homes, places and authorities on the date of every list that prints owners.

    Returns
    -------
    pl.DataFrame
        ``listed_on``, ``sector``, ``n_homes``, ``n_places``, ``n_areas``; one row per list from the first
        that prints owners (March 2018) and sector that it has a home in, and one with zeros where it has
        none.
    """
    return keep(dataset, "owners over time", lambda: _over_time(dataset)).of(owner.slug)


def _over_time(dataset: Dataset) -> Slices:
    counted = (
        _of_each(keep(dataset, "every_list", lambda: _every_list(dataset)))
        .group_by(AREA, "listed_on", pl.col("sector").cast(pl.String))
        .agg(
            n_homes=pl.len().cast(pl.Int64),
            n_places=pl.col("places").sum().cast(pl.Int64),
            n_areas=pl.col("authority").n_unique().cast(pl.Int64),
        )
    )
    # Where it has no home the zeros stand under the sector of most of its homes.
    main = (
        counted.group_by(AREA, "sector")
        .agg(pl.col("n_homes").sum())
        .sort(AREA, "n_homes", "sector", descending=[False, True, False])
        .unique(AREA, keep="first")
        .select(AREA, "sector")
    )
    lists = pl.DataFrame({"listed_on": _dates_with_owners(dataset)}, schema={"listed_on": pl.Date})
    zeros = (
        main.join(lists, how="cross")
        .join(counted, on=[AREA, "listed_on"], how="anti")
        .select(
            AREA,
            "listed_on",
            "sector",
            *(pl.lit(0, dtype=pl.Int64).alias(name) for name in ("n_homes", "n_places", "n_areas")),
        )
    )
    return Slices.by(pl.concat([counted, zeros]).sort("listed_on", "sector"), AREA, drop=True)


def owner_areas(dataset: Dataset, owner: Owner) -> pl.DataFrame:
    """Count an owner's homes and places by authority on the date of every list.

    Returns
    -------
    pl.DataFrame
        ``listed_on``, ``authority_code`` (null for an authority that is no more), ``authority``, ``region``,
        ``n_homes``, ``n_places``, ``share_of_homes``, ``share_of_places`` (of all homes of the authority on
        that list); newest list first, then most places.
    """
    return keep(dataset, "areas of owners", lambda: _areas(dataset)).of(owner.slug)


def _areas(dataset: Dataset) -> Slices:
    everything = keep(dataset, "every_list", lambda: _every_list(dataset))
    whole = everything.group_by("listed_on", "authority").agg(
        all_homes=pl.len(), all_places=pl.col("places").sum()
    )
    counted = (
        _of_each(everything)
        .group_by(AREA, "listed_on", "authority_code", "authority", "region")
        .agg(n_homes=pl.len().cast(pl.Int64), n_places=pl.col("places").sum().cast(pl.Int64))
        .join(whole, on=["listed_on", "authority"], how="left")
        .with_columns(
            share_of_homes=pl.col("n_homes") / pl.col("all_homes"),
            share_of_places=pl.when(pl.col("all_places") > 0).then(pl.col("n_places") / pl.col("all_places")),
        )
        .drop("all_homes", "all_places")
        .sort(["listed_on", "n_places", "authority"], descending=[True, True, False])
    )
    return Slices.by(counted, AREA, drop=True)


def owner_judgements(dataset: Dataset, owner: Owner, on: date | None = None) -> pl.DataFrame:
    """Count the latest full judgements of an owner's homes.

    Columns as `ofsight.profiles.judgements.latest_judgements`. A judgement may be of a time before the owner
    had the home.
    """
    if snapshot_on(dataset, on) != snapshot_on(dataset):
        return count_latest(owner_homes(dataset, owner, on))
    return keep(dataset, "judgements of owners", lambda: _judgements(dataset)).of(owner.slug)


def _judgements(dataset: Dataset) -> Slices:
    counted = count_latest_each(_of_each(open_homes(dataset)), _everybody(dataset))
    return Slices.by(counted, AREA, drop=True)


def owner_changes(dataset: Dataset, owner: Owner) -> pl.DataFrame:
    """List the homes that came from or went to another owner, from one list to the next.

    Returns
    -------
    pl.DataFrame
        ``listed_on`` (the list that first shows it), ``direction`` (``came from``, ``went to``), ``n_homes``,
        ``n_places``, ``other_id``, ``other`` (null where the other's name is not printed); newest first.

    Notes
    -----
    Under one registration number only: a sale is often a new registration, which is a closure and an opening.
    A company's new name looks like a change, too: a rename cannot be proved from lists.
    """
    key = "group_id" if owner.kind == "group" else "owner_id"
    return keep(dataset, ("changes by", key), lambda: _changes(dataset, key)).of(owner.slug)


def _changes(dataset: Dataset, key: str) -> Slices:
    steps, parts = _steps(dataset, key), []
    for direction, here, there in (("came from", "after", "before"), ("went to", "before", "after")):
        who = (pl.col(f"{there}_id").alias("other_id"), pl.col(there).alias("other"))
        parts.append(
            steps.group_by(pl.col(f"{here}_key").alias(AREA), "listed_on", *who)
            .agg(n_homes=pl.len().cast(pl.Int64), n_places=pl.col("places").sum().cast(pl.Int64))
            .with_columns(direction=pl.lit(direction))
        )
    order = ["listed_on", "n_homes", "direction", "other_id", "other"]
    changes = (
        pl.concat(parts)
        .select(AREA, "listed_on", "direction", "n_homes", "n_places", "other_id", "other")
        .sort(order, descending=[True, True, False, False, False], nulls_last=True)
    )
    return Slices.by(changes, AREA, drop=True)


def owner_openings_closures(dataset: Dataset, owner: Owner) -> pl.DataFrame:
    """Count an owner's openings and closures, as `ofsight.profiles.supply.openings_closures`.

    A home counts for the owner that it had when it was last described; an owner is known from March 2018 on.
    """
    return keep(dataset, "openings of owners", lambda: _openings(dataset)).of(owner.slug)


def _openings(dataset: Dataset) -> Slices:
    homes = keep(dataset, "opened_closed", lambda: dated_homes(dataset))
    # A home is described by its group's name, not by the group's id.
    groups = list_owners(dataset).filter(kind="group").select("slug", owner_group="name")
    homes = homes.join(groups, on="owner_group", how="left").rename({"slug": "group_id"})
    return Slices.by(count_openings(dataset, _of_each(homes), _everybody(dataset)), AREA, drop=True)


def _of_each(homes: pl.DataFrame) -> pl.DataFrame:
    """Return homes once for their owner and once for its group, whose slug stands before them."""
    whose = (homes.select(pl.col(key).alias(AREA), pl.all()) for key in ("owner_id", "group_id"))
    return pl.concat([rows.drop_nulls(AREA) for rows in whose])


def _everybody(dataset: Dataset) -> pl.DataFrame:
    """Return every owner and group as whom `ofsight.profiles.everywhere` asks about."""
    slugs = list_owners(dataset)["slug"].unique().to_list()
    return pl.DataFrame({AREA: slugs, "begins": [None] * len(slugs)}, schema=AREAS_SCHEMA)


def _every_list(dataset: Dataset) -> pl.DataFrame:
    columns = ["urn", "listed_on", "authority_code", "authority", "region", "sector", "owner_id", "owner",
               "group_id", "group", "places"]  # fmt: skip
    frames = [open_homes(dataset, on=day).select(columns) for day in snapshot_dates(dataset)]
    return pl.concat(frames) if frames else open_homes(dataset).select(columns)


def _dates_with_owners(dataset: Dataset) -> list[date]:
    def named() -> list[date]:
        everything = keep(dataset, "every_list", lambda: _every_list(dataset))
        return everything.filter(pl.col("owner_id").is_not_null())["listed_on"].unique().sort().to_list()

    return keep(dataset, "dates_with_owners", named)


def _steps(dataset: Dataset, key: str) -> pl.DataFrame:
    """Return each home whose owner (or group) differs from one list that names one to the next.

    ``before_key`` and ``after_key`` are what is compared; ``before_id`` and ``before`` name who it was: the
    group where the key is a group, else the owner.
    """
    everything = keep(dataset, "every_list", lambda: _every_list(dataset))
    named = everything.filter(pl.col("owner_id").is_not_null()).sort("urn", "listed_on")
    same_home = pl.col("urn") == pl.col("urn").shift(1)
    who_id = pl.coalesce(key, "owner_id") if key == "group_id" else pl.col("owner_id")
    who = pl.coalesce("group", "owner") if key == "group_id" else pl.col("owner")
    return (
        named.with_columns(who_id=who_id, who=who)
        .with_columns(
            before_id=pl.when(same_home).then(pl.col("who_id").shift(1)),
            before=pl.when(same_home).then(pl.col("who").shift(1)),
            before_key=pl.when(same_home).then(pl.col(key).shift(1)),
        )
        .filter(pl.col("before_id").is_not_null() & (pl.col("before_id") != pl.col("who_id")))
        .select(
            "urn",
            "listed_on",
            "places",
            "before_id",
            "before",
            "before_key",
            after_id="who_id",
            after="who",
            after_key=key,
        )
    )


def _list(dataset: Dataset) -> pl.DataFrame:
    everything = keep(dataset, "every_list", lambda: _every_list(dataset))
    dates = snapshot_dates(dataset)
    newest = dates[-1] if dates else date.max
    owners = _count_by(everything, "owner_id", "owner", "owner", newest)
    groups = _count_by(everything, "group_id", "group", "group", newest)
    last_group = (
        everything.filter(pl.col("owner_id").is_not_null())
        .sort("listed_on")
        .unique("owner_id", keep="last", maintain_order=True)
        .select("owner_id", "group_id", "group")
    )
    owners = owners.join(last_group, left_on="slug", right_on="owner_id", how="left")
    columns = ["slug", "name", "kind", "group_id", "group", "sector", "n_homes", "n_places", "n_areas",
               "first_listed_on", "last_listed_on"]  # fmt: skip
    return (
        pl.concat([groups, owners], how="diagonal")
        .select(columns)
        .sort(["n_homes", "name", "slug"], descending=[True, False, False])
    )


def _count_by(everything: pl.DataFrame, key: str, name: str, kind: str, newest: date) -> pl.DataFrame:
    now = pl.col("listed_on") == newest
    return (
        everything.filter(pl.col(key).is_not_null())
        .sort("listed_on")
        .group_by(pl.col(key).alias("slug"), maintain_order=True)
        .agg(
            pl.col(name).drop_nulls().last().alias("name"),
            pl.lit(kind).alias("kind"),
            pl.col("sector").cast(pl.String).mode().sort().first().alias("sector"),
            now.sum().cast(pl.Int64).alias("n_homes"),
            pl.col("places").filter(now).sum().cast(pl.Int64).alias("n_places"),
            pl.col("authority").filter(now).n_unique().cast(pl.Int64).alias("n_areas"),
            pl.col("listed_on").min().alias("first_listed_on"),
            pl.col("listed_on").max().alias("last_listed_on"),
        )
    )


def _by_key(dataset: Dataset) -> dict[str, Owner]:
    """Return every owner and group under its slug, its name and the spellings that Ofsted printed."""
    everything = keep(dataset, "every_list", lambda: _every_list(dataset))
    members = dict(
        everything.filter(pl.col("group_id").is_not_null())
        .group_by("group_id")
        .agg(pl.col("owner_id").unique().sort())
        .iter_rows()
    )
    found: dict[str, Owner] = {}
    listed = list_owners(dataset)
    for slug, name, kind in listed.select("slug", "name", "kind").iter_rows():
        ids = tuple(members.get(slug, ())) if kind == "group" else (slug,)
        owner = Owner(slug, name or slug, kind, ids)
        found[slug] = owner
        # A group and an owner of one name: the group is the larger answer, and it was put in first.
        found.setdefault(owner.name.casefold(), owner)
    spellings = dataset.owners.select("owner_as_published", "owner_id").drop_nulls()
    for spelling, owner_id in spellings.iter_rows():
        if owner_id in found:
            found.setdefault(spelling.casefold(), found[owner_id])
    return found
