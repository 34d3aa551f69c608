"""Marks of homes for short breaks only, held against the other list of the same day."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.harmonise.findings import Finding

__all__ = ["believe_marks"]

_MARK: Final = "short_breaks_only"
_ALIKE: Final = 0.5
# Of so few marked homes a share says little.
_FEWEST: Final = 10


def believe_marks(records: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Take no mark from a list of places that contradicts the list with inspections of the same day.

    Providers and places of 31 March 2024 has the column beside the wrong rows: of 119 homes that the list
    with inspections marks it marks 6, and 96 others. That list agrees with both of August 2023.

    Parameters
    ----------
    records : DataFrame
        From ``ofsight.dataset.reconcile.gather_records``.

    Returns
    -------
    tuple
        The records, the mark emptied where it is not believed; and a finding for each such list.
    """
    listed = records.filter(pl.col("listed_on").is_not_null() & pl.col(_MARK).is_not_null())
    judged, whole = (
        listed.filter(pl.col("judged") == is_so).unique(["release", "urn"], keep="first", maintain_order=True)
        for is_so in (True, False)
    )
    both = whole.join(judged, on=["urn", "listed_on"], suffix="_judged")
    mark, other = pl.col(_MARK), pl.col(f"{_MARK}_judged")
    compared = both.group_by("release", maintain_order=True).agg(
        n_both=(mark & other).sum(), n_either=(mark | other).sum(), n_judged=other.sum()
    )
    odd = compared.filter((pl.col("n_either") >= _FEWEST) & (pl.col("n_both") < _ALIKE * pl.col("n_either")))
    findings = [
        Finding(
            "short-breaks-contradicted",
            f"{release}: of {n_judged} homes that the list with inspections of the same day marks as for "
            f"short breaks only it marks {n_both}, and {n_either - n_judged} others; its marks do not count",
            n=n_either - n_both,
        )
        for release, n_both, n_either, n_judged in odd.iter_rows()
    ]
    is_odd = pl.col("release").is_in(odd["release"].to_list())
    return records.with_columns(pl.when(~is_odd).then(_MARK).alias(_MARK)), findings
