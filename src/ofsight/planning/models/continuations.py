"""Which exits from the register were homes that went on under another number: a share by kind of match.

Ofsted registers a home anew when its provider changes: on a sale, a change of legal form, a move. The old
number leaves the register, the new one joins it, and nothing published says that they are one home (names and
addresses are withheld). A count of exits therefore overstates closures. No pair is called one home here: each
exit gets the probability, estimated from how many matches of its kind there are beyond those that chance
makes.

Method
------
Every exit is matched, one to one, with a registration in the same authority of the same kind of home at most
`MOST_DAYS` days before or after it, the best kind of match first (same day, same owner, same places). The
matching is repeated with all registrations moved by 120 to 360 days, where no match can be real. With O
matches of a kind and E by chance, a match of that kind is real with probability ``1 - E / O``. This is the
local false discovery rate of Efron (2010, *Large-Scale Inference*, ch. 5) by classes.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["MOST_DAYS", "continuation_probabilities", "describe_continuations"]

MOST_DAYS: Final = 31
"""The longest time between the end of one registration and the start of the other, in days."""

_SHIFTS: Final = tuple(sign * days for days in (120, 180, 240, 300, 360) for sign in (-1, 1))
_KINDS: Final = tuple(
    f"{gap}, {owner} owner, {places}"
    for gap in ("same day", "within a week", "within a month")
    for owner in ("same", "another")
    for places in ("as many places", "other places")
)
_SCHEMA: Final = {"urn": pl.String, "continued": pl.Float64, "match": pl.String}


def continuation_probabilities(
    homes: pl.DataFrame, since: date | None = None, until: date | None = None
) -> pl.DataFrame:
    """Return, for each home that left the register, the probability that it went on under a new number.

    Parameters
    ----------
    homes : DataFrame
        Table ``homes``: ``urn, authority, provision_type, owner_id, places, registered_on, closed_on``.
    since, until : date, optional
        Only exits after the first and up to the second; registrations after `until` are not known yet.

    Returns
    -------
    DataFrame
        ``urn``; ``continued`` (0 to 1; 0 where nothing matches); ``match`` (the kind of match, or null).
    """
    exits, entries = _exits(homes, since, until), _entries(homes, until)
    matched = _match(exits, entries, 0)
    chance = np.mean([_counts(_match(exits, entries, shift)) for shift in _SHIFTS], axis=0)
    real = _real_share(_counts(matched), chance)
    probability = pl.DataFrame({"kind": np.arange(len(_KINDS)), "continued": real, "match": list(_KINDS)})
    found = matched.join(probability, on="kind", how="left").select("urn", "continued", "match")
    return (
        exits.select("urn")
        .join(found, on="urn", how="left")
        .with_columns(pl.col("continued").fill_null(0.0))
        .select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
        .sort("urn")
    )


def describe_continuations(
    homes: pl.DataFrame, since: date | None = None, until: date | None = None
) -> pl.DataFrame:
    """Return the counts behind `continuation_probabilities`, one row a kind of match.

    Returns
    -------
    DataFrame
        ``match``; ``n_matched`` (exits); ``n_by_chance`` (mean over moved registrations); ``continued``.
    """
    exits, entries = _exits(homes, since, until), _entries(homes, until)
    observed = _counts(_match(exits, entries, 0))
    chance = np.mean([_counts(_match(exits, entries, shift)) for shift in _SHIFTS], axis=0)
    return pl.DataFrame(
        {
            "match": list(_KINDS),
            "n_matched": observed.astype(np.int64),
            "n_by_chance": chance,
            "continued": _real_share(observed, chance),
        }
    )


def _real_share(observed: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - E / O by kind, none where chance alone would make as many."""
    return np.where(observed > 0, np.clip(1.0 - chance / np.maximum(observed, 1.0), 0.0, 1.0), 0.0)


def _exits(homes: pl.DataFrame, since: date | None, until: date | None) -> pl.DataFrame:
    return homes.filter(
        pl.col("closed_on").is_not_null(),
        pl.col("closed_on") > (since or date.min),
        pl.col("closed_on") <= (until or date.max),
        pl.col("authority").is_not_null(),
    ).select(
        "urn",
        "authority",
        "provision_type",
        "owner_id",
        "places",
        "closed_on",
        old_registered="registered_on",
    )


def _entries(homes: pl.DataFrame, until: date | None) -> pl.DataFrame:
    return homes.filter(
        pl.col("registered_on").is_not_null(), pl.col("registered_on") <= (until or date.max)
    ).select(
        "authority",
        "provision_type",
        "registered_on",
        new_urn="urn",
        new_owner="owner_id",
        new_places="places",
    )


def _match(exits: pl.DataFrame, entries: pl.DataFrame, shift: int) -> pl.DataFrame:
    """Match exits one to one with registrations moved by some days; ``urn`` and the ``kind`` of match."""
    gap = (pl.col("registered_on") - pl.col("closed_on")).dt.total_days() + shift
    pairs = (
        exits.join(entries, on=["authority", "provision_type"])
        .with_columns(gap=gap)
        .filter(
            pl.col("urn") != pl.col("new_urn"),
            pl.col("gap").abs() <= MOST_DAYS,
            # The one that left was there first; of a moved registration that says nothing.
            pl.col("old_registered").is_null()
            | (pl.col("old_registered") < pl.col("registered_on"))
            | (shift != 0),
        )
        .with_columns(
            near=pl.when(pl.col("gap") == 0).then(0).when(pl.col("gap").abs() <= 7).then(1).otherwise(2),
            other_owner=(~pl.col("owner_id").eq(pl.col("new_owner")).fill_null(False)).cast(pl.Int32),
            other_places=(~pl.col("places").eq(pl.col("new_places")).fill_null(False)).cast(pl.Int32),
        )
        .with_columns(kind=4 * pl.col("near") + 2 * pl.col("other_owner") + pl.col("other_places"))
        .sort(
            "kind",
            (pl.col("places") - pl.col("new_places")).abs(),
            pl.col("gap").abs(),
            "urn",
            "new_urn",
            nulls_last=True,
        )
    )
    taken: set[str] = set()
    rows: list[tuple[str, int]] = []
    for urn, new_urn, kind in pairs.select("urn", "new_urn", "kind").iter_rows():
        if f"old {urn}" in taken or f"new {new_urn}" in taken:
            continue
        taken |= {f"old {urn}", f"new {new_urn}"}
        rows.append((urn, kind))
    return pl.DataFrame(rows, schema={"urn": pl.String, "kind": pl.Int64}, orient="row")


def _counts(matched: pl.DataFrame) -> NDArray[np.float64]:
    return np.bincount(matched["kind"].to_numpy(), minlength=len(_KINDS)).astype(np.float64)
