"""One key for every way an authority's name is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["normalise_authority_name", "spelling_keys", "without_council_words"]

_DROPPED = re.compile(r"[.,'’‘`()\[\]]")
_DASHES = re.compile(r"[-‐‑‒–—/]")
_SPACES = re.compile(r"\s+")

# Words in front of or behind the place: "London Borough of Barnet", "Derby City UA", "Essex County Council".
# "City of London" and "County Durham" are safe: a name is looked up before anything is taken off it.
_LEADING = re.compile(
    r"^(?:the )?(?:(?:council of the|mayor and burgesses of the)\b ?)?"
    r"(?:(?:the )?(?:royal borough of|london borough of|metropolitan borough of|borough of|city and county of"
    r"|city of|county of|county|council of|lb of|lb|rb of)\b ?)?"
)
_TRAILING = re.compile(
    r" (?:metropolitan district council|metropolitan borough council|metropolitan council"
    r"|county borough council|royal borough council|county council|city council|borough council"
    r"|district council|unitary council|unitary authority|council"
    r"|local authority|lb|london borough|metropolitan borough|city of|county of|city|ua|cc|mbc|mdc|bc|dc)$"
)


def normalise_authority_name(name: str) -> str:
    """Reduce a spelling to its key: case, punctuation, ``&``, hyphens and spaces do not count.

    Trailing ``City of`` and ``County of`` and a leading ``County`` go too. ``upon``, ``on``, ``North`` and
    ``West`` stay: they tell authorities apart.

    Parameters
    ----------
    name : str
        A name as printed.

    Returns
    -------
    str
        The key. Applying the function again changes nothing.

    Examples
    --------
    >>> normalise_authority_name("Kingston Upon Hull, City of")
    'kingston upon hull'
    >>> normalise_authority_name("St. Helens") == normalise_authority_name("St Helens")
    True
    """
    key = _plain(name)
    while True:
        shorter = re.sub(r" (?:city|county) of$", "", key)
        shorter = re.sub(r"^county (?!of\b)(?=\S)", "", shorter)
        if shorter == key:
            return key
        key = shorter


def without_council_words(name: str) -> str:
    """Take the words of a council off its key: ``London Borough of Barnet`` gives ``barnet``.

    Parameters
    ----------
    name : str
        A name as printed.

    Returns
    -------
    str
        The key of the place; may be empty when the name was nothing but council words.
    """
    key = normalise_authority_name(name)
    while True:
        shorter = _TRAILING.sub("", _LEADING.sub("", key)).strip()
        if shorter == key:
            return key
        key = shorter


def spelling_keys(name: str) -> Iterator[str]:
    """Yield the keys to look a name up under, the most literal first."""
    yield _plain(name)
    key = normalise_authority_name(name)
    yield key
    yield _TRAILING.sub("", key).strip()  # "City of London Council": not yet the words in front
    yield without_council_words(name)


def _plain(name: str) -> str:
    """Case, punctuation, ``&``, hyphens and every kind of space folded."""
    text = name.casefold().replace("&", " and ")
    return _SPACES.sub(" ", _DASHES.sub(" ", _DROPPED.sub("", text))).strip()
