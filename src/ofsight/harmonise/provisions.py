"""Which providers are homes, which are known to be something else, and which words nobody has met."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

import polars as pl

from ofsight.definitions.schema import fold, load_spellings

__all__ = ["Provisions", "tell_provisions"]

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


def _is_like_a_home(text: str, homes: tuple[str, ...], others: tuple[str, ...]) -> bool:
    like_other = _likeness(text, others)
    # A slip in a known other provider's name is that provider's: "Residential Holiday Schemes for ...".
    if like_other >= _ALIKE and like_other > _likeness(text, homes):
        return False
    return any(mark in text for mark in _MARKS) or _likeness(text, homes) >= _ALIKE


def _likeness(text: str, words: tuple[str, ...]) -> float:
    return max((difflib.SequenceMatcher(None, text, word).ratio() for word in words), default=0.0)
