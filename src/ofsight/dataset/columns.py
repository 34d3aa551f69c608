"""How a table of the dataset is declared: its columns, each with type, unit, meaning and constraint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from ofsight.vocabulary import enum_type

__all__ = ["ORIGIN", "URN", "Column", "Reference", "Table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        Its name.
    dtype : polars type
        Its type; a vocabulary for a closed list of words.
    meaning : str
        What a value says, as a sentence without its subject.
    unit : str
        The unit of a number or the form of a text.
    required : bool
        Whether a value must be there.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType] | type[StrEnum]
    meaning: str
    unit: str = ""
    required: bool = False

    @property
    def polars_type(self) -> pl.DataType | type[pl.DataType]:
        """The type as polars knows it."""
        if isinstance(self.dtype, type) and issubclass(self.dtype, StrEnum):
            return enum_type(self.dtype)
        return self.dtype


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns of a table whose values (where there are any) are a key of another table."""

    columns: tuple[str, ...]
    table: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, what a row is, its key and its columns.

    Attributes
    ----------
    name : str
        Its name, a plural noun.
    row : str
        What one row is.
    key : tuple of str
        The columns that together occur once.
    columns : tuple of Column
        In the order in which they are stored.
    references : tuple of Reference
        The tables that its columns refer to.
    source : str
        Where the table comes from.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    references: tuple[Reference, ...] = ()
    source: str = ""

    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """Return the columns' names and polars types."""
        return {column.name: column.polars_type for column in self.columns}


URN = Column(
    "urn", pl.String, "Ofsted's registration number of the home", "SC123456 or 1234567", required=True
)
ORIGIN = (
    Column("release", pl.String, "the release it was read from: series / period", required=True),
    Column("sheet", pl.String, "the sheet of a workbook; empty for a csv"),
    Column(
        "row", pl.Int64, "the row in that file or sheet, as a spreadsheet program numbers it", required=True
    ),
)
