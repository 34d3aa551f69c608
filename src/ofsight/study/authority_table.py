"""The table of local authorities behind table 4: one row an authority with its judgements and covariates.

From a file that a user supplies (the authors' own has these columns), or from the dataset's
``authority_panel``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.definitions.study import SpanDefinition
from ofsight.errors import DatasetError
from ofsight.vocabulary import Grade, enum_type

__all__ = [
    "COVARIATES",
    "OUTCOMES",
    "authorities_of_dataset",
    "conform_authorities",
    "has_table",
    "read_authority_table",
]

OUTCOMES: Final = {
    "overall": ("over", "overall effectiveness"),
    "leaders": ("lead", "impact of leaders"),
    "protection": ("safe", "children who need help and protection"),
    "care": ("exper", "children in care"),
}
"""Each judgement: the authors' name of its column, and its meaning."""
COVARIATES: Final = {
    "profit": "% of looked-after children placed with for-profit providers at 31 March",
    "third": "% placed with third-sector providers",
    "white": "% of looked-after children who are white",
    "female": "% of looked-after children who are girls",
    "n": "looked-after children, in hundreds",
    "imd": "IMD 2019 extent, 0 to 1",
    "under18": "% of the population under 18",
}
"""Each covariate of an authority in the year of its inspection."""


def read_authority_table(path: Path) -> pl.DataFrame:
    """Read a user's table of local authorities (CSV).

    Parameters
    ----------
    path : Path
        One row an authority; columns ``over`` (or ``overall``), ``lead`` (``leaders``), ``safe``
        (``protection``), ``exper`` (``care``), ``region`` and those of `COVARIATES`. ``NA`` or nothing is
        missing.

    Returns
    -------
    DataFrame
        See `conform_authorities`.

    Raises
    ------
    DatasetError
        When the file cannot be read or does not have the columns.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False, null_values=["NA", ""])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DatasetError(
            f"The table of authorities {path} cannot be read: {str(error).splitlines()[0]}. It is a CSV."
        ) from None
    return conform_authorities(frame, str(path))


def conform_authorities(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Bring a table of authorities to one form and check it.

    Parameters
    ----------
    frame : DataFrame
        With the columns that `read_authority_table` names; others are left out.
    where : str
        What it is, for messages.

    Returns
    -------
    DataFrame
        ``overall, leaders, protection, care`` (grades), ``region`` and the covariates as floats.

    Raises
    ------
    DatasetError
        When a column is missing, a grade is not known or a covariate is not a number.
    """
    names = {old: new for new, (old, _) in OUTCOMES.items() if old in frame.columns}
    frame = frame.drop([new for new in names.values() if new in frame.columns]).rename(names)
    wanted = [*OUTCOMES, *COVARIATES, "region"]
    if lacking := [name for name in wanted if name not in frame.columns]:
        raise DatasetError(
            f"{where}: the table of authorities lacks {', '.join(lacking)}. It needs "
            f"{', '.join(wanted)}; it has {', '.join(frame.columns)}."
        )
    frame = frame.select(wanted)
    known = {grade.value for grade in Grade}
    for name in OUTCOMES:
        if strange := set(frame[name].cast(pl.String).drop_nulls()) - known:
            raise DatasetError(
                f"{where}, column {name}: unknown grade '{min(strange)}'. The grades are {', '.join(Grade)}."
            )
    try:
        return frame.with_columns(
            *(pl.col(name).cast(pl.String).cast(enum_type(Grade)) for name in OUTCOMES),
            *(pl.col(name).cast(pl.Float64) for name in COVARIATES),
            pl.col("region").cast(pl.String),
        )
    except pl.exceptions.PolarsError as error:
        raise DatasetError(f"{where}: a covariate is not a number: {str(error).splitlines()[0]}") from None


def has_table(dataset: Dataset, name: str) -> bool:
    """Whether a dataset has a table; one that an older ofsight built may not."""
    return name in dataset.tables and (dataset.path / f"{name}.parquet").is_file()


def authorities_of_dataset(dataset: Dataset, span: SpanDefinition) -> pl.DataFrame | None:
    """Return the newest judgements of each authority in a span of days, or None where there are none.

    Parameters
    ----------
    dataset : Dataset
        With ``authority_panel``.
    span : SpanDefinition
        Inspections of these days count.
    """
    if not has_table(dataset, "authority_panel"):
        return None
    panel = dataset["authority_panel"].filter(pl.any_horizontal(pl.col(*OUTCOMES).is_not_null()))
    if span.start is not None:
        panel = panel.filter(pl.col("on") >= span.start)
    if span.end is not None:
        panel = panel.filter(pl.col("on") <= span.end)
    newest = panel.sort("authority", "on", "framework").unique("authority", keep="last", maintain_order=True)
    return None if newest.is_empty() else conform_authorities(newest, "authority_panel")
