"""Requirements and recommendations by inspection: from parsed reports, or a table that a user supplies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import DatasetError
from ofsight.study.authority_table import has_table

__all__ = ["RequirementTable", "read_home_means", "read_requirement_table", "requirements_of_dataset"]

COLUMNS: Final = {
    "urn": "the home",
    "inspected_on": "the first day of the inspection, YYYY-MM-DD",
    "n_requirements": "requirements raised at it, a whole number",
    "n_recommendations": "recommendations made at it, a whole number",
    "regulations": "optional: the regulations of the requirements, separated by ';' (12;13;13)",
}
"""The columns of a user's table."""
MEANS: Final = ("URN", "reqs_per", "recs_per")
"""The columns of a table of means by home."""


@dataclass(frozen=True)
class RequirementTable:
    """Requirements by inspection.

    Attributes
    ----------
    counts : DataFrame
        ``urn, inspected_on, n_requirements, n_recommendations``.
    regulations : DataFrame
        One row a requirement: ``urn, inspected_on, regulation`` ("12"); empty where no table tells.
    source : str
        Where they come from.
    """

    counts: pl.DataFrame
    regulations: pl.DataFrame
    source: str


def read_requirement_table(path: Path) -> RequirementTable:
    """Read a user's table of inspections (CSV; see `COLUMNS`).

    Raises
    ------
    DatasetError
        When the file cannot be read, lacks a column, holds something else than a day or a count, or speaks
        twice of one inspection.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False, null_values=["NA", ""])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DatasetError(
            f"The table of requirements {path} cannot be read: {str(error).splitlines()[0]}. It is a CSV."
        ) from None
    wanted = [name for name in COLUMNS if name != "regulations"]
    if lacking := [name for name in wanted if name not in frame.columns]:
        raise DatasetError(
            f"{path}: the table of requirements lacks {', '.join(lacking)}. It needs {', '.join(wanted)} and "
            f"may have regulations; it has {', '.join(frame.columns)}."
        )
    try:
        counts = frame.select(
            pl.col("urn").str.strip_chars(),
            pl.col("inspected_on").str.to_date("%Y-%m-%d"),
            pl.col("n_requirements", "n_recommendations").cast(pl.Int64),
        )
    except pl.exceptions.PolarsError as error:
        raise DatasetError(
            f"{path}: a day is not YYYY-MM-DD or a count is no whole number: {str(error).splitlines()[0]}"
        ) from None
    doubled = counts.filter(counts.select("urn", "inspected_on").is_duplicated())
    if doubled.height:
        urn, day = doubled.select("urn", "inspected_on").row(0)
        raise DatasetError(f"{path}: {urn} is there twice with {day}. One row an inspection.")
    if counts.filter(pl.min_horizontal("n_requirements", "n_recommendations") < 0).height:
        raise DatasetError(f"{path}: a count is below zero.")
    regulations = counts.select("urn", "inspected_on").with_columns(
        regulation=frame["regulations"] if "regulations" in frame.columns else pl.lit(None, dtype=pl.String)
    )
    regulations = (
        regulations.with_columns(pl.col("regulation").str.split(";"))
        .explode("regulation")
        .with_columns(pl.col("regulation").str.strip_chars())
        .filter(pl.col("regulation").str.len_chars() > 0)
    )
    return RequirementTable(counts, regulations, path.name)


def read_home_means(path: Path) -> pl.DataFrame | None:
    """Read a table of means by home (``URN, reqs_per, recs_per``), or None when the file is another table.

    Returns
    -------
    DataFrame or None
        ``URN`` (text), ``reqs_per`` and ``recs_per``: requirements and recommendations per inspection.

    Raises
    ------
    DatasetError
        When a mean is no number or is below zero, or a home is there twice.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False, null_values=["NA", ""])
    except (OSError, pl.exceptions.PolarsError):
        return None
    if not set(MEANS) <= set(frame.columns):
        return None
    try:
        means = frame.select(
            pl.col("URN").str.strip_chars(), pl.col("reqs_per", "recs_per").cast(pl.Float64)
        ).drop_nulls("URN")
    except pl.exceptions.PolarsError as error:
        raise DatasetError(f"{path}: a mean is no number: {str(error).splitlines()[0]}") from None
    if means["URN"].is_duplicated().any():
        raise DatasetError(f"{path}: {means.filter(means['URN'].is_duplicated())['URN'][0]} is there twice.")
    if means.filter(pl.min_horizontal("reqs_per", "recs_per") < 0).height:
        raise DatasetError(f"{path}: a mean is below zero.")
    return means


def requirements_of_dataset(dataset: Dataset) -> RequirementTable | None:
    """Return what the reports of homes say, or None when the dataset holds none."""
    if not has_table(dataset, "reports") or not has_table(dataset, "requirements"):
        return None
    homes = dataset["reports"].filter((pl.col("kind") == "home") & pl.col("urn").is_not_null())
    if homes.is_empty():
        return None
    counts = (
        homes.select("urn", "inspected_on", "n_requirements", "n_recommendations")
        .drop_nulls()
        .unique(["urn", "inspected_on"], keep="last", maintain_order=True)
        .with_columns(pl.col("n_requirements", "n_recommendations").cast(pl.Int64))
    )
    regulations = (
        dataset["requirements"]
        .filter((pl.col("kind") == "home") & pl.col("regulation").is_not_null())
        # The regulations of 2001 have other numbers for the same subjects.
        .filter(pl.col("regulation_set") == "2015")
        .select("urn", "inspected_on", "regulation")
    )
    return RequirementTable(counts, regulations, "the dataset's inspection reports")
