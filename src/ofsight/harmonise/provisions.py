"""Which providers are homes and for what, which are something else, and which words nobody has met."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

import polars as pl

from ofsight.definitions.schema import fold, load_spellings
from ofsight.harmonise import values

__all__ = ["MARK", "Provisions", "parse_short_breaks", "tell_provisions"]

# The column of homes for short breaks only, and the vocabulary of what it says.
MARK: Final = "short_breaks_only"

# "Chidrens Hme" is 0.92 like "childrens home"; no other provision met is more than 0.6 like a home's name.
_ALIKE: Final = 0.75
# A word of these may mean a home: "Residential children's setting".
_MARKS: Final = ("child", "home")


@dataclass(frozen=True, slots=True)
class Provisions:
    """Provision types that are not a home's by their spelling.

    Attributes
    ----------
    near : tuple of str
        Never met and like a home's: a new spelling or a slip, whose rows are faulty.
    strangers : tuple of str
        Never met and like no home's: probably a new kind of provider.
    """

    near: tuple[str, ...]
    strangers: tuple[str, ...]


def tell_provisions(texts: pl.Series) -> Provisions:
    """Tell the provision types of a table that neither a home nor a known other provider has.

    Parameters
    ----------
    texts : Series of String
        The types as published, cleaned.
    """
    spellings = load_spellings()
    homes, others = spellings["provision_type"], spellings["other_provision"]
    unknown = [
        text for text in texts.drop_nulls().unique().sort() if fold(text) not in homes.keys() | others.keys()
    ]
    near = tuple(text for text in unknown if _is_like_a_home(fold(text), tuple(homes), tuple(others)))
    return Provisions(near, tuple(text for text in unknown if text not in near))


def parse_short_breaks() -> pl.Expr:
    """Return whether a home gives short breaks only: by its own column, or by its kind.

    Lists mark such homes and leave the others blank: a blank is a no where some row says anything, and
    nothing where none does. A word never met is nothing, too.
    """
    cell = values.recode(pl.col(MARK), MARK)
    kind = values.recode(pl.col("provision_type"), MARK)
    only = (cell == "only").fill_null(value=False) | kind.is_not_null()
    strange = pl.col(MARK).is_not_null() & cell.is_null() & ~only
    is_said = cell.is_not_null().any() | kind.is_not_null().any()
    return pl.when(is_said & ~strange).then(only)


def _is_like_a_home(text: str, homes: tuple[str, ...], others: tuple[str, ...]) -> bool:
    like_other = _likeness(text, others)
    # A slip in a known other provider's name is that provider's: "Residential Holiday Schemes for ...".
    if like_other >= _ALIKE and like_other > _likeness(text, homes):
        return False
    return any(mark in text for mark in _MARKS) or _likeness(text, homes) >= _ALIKE


def _likeness(text: str, words: tuple[str, ...]) -> float:
    return max((difflib.SequenceMatcher(None, text, word).ratio() for word in words), default=0.0)
