"""When two normal forms of owners are one name typed twice, and when they only look alike.

Company names differ by a letter on purpose: ``Keys Care North`` and ``Keys Care South``, ``Options Autism 4``
and ``5``, ``Inspire Fostering`` and ``Inspired Fostering``. So likeness alone never links. Each word of one
name must stand against the same word of the other or against a slip of the pen of it, and what separates
companies (numbers, initials, points of the compass, places) must be equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ofsight.link.owners.optional import distances

__all__ = ["SCORE_AT_LEAST", "Evidence", "differ_only_by_typing", "protected_words"]

SCORE_AT_LEAST = 88.0
"""Pairs of compact forms below this likeness (0 to 100, share of equal letters) are never considered."""

_ROMAN = frozenset({"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"})
_DIRECTIONS = frozenset(
    f"{side}{ending}"
    for side in ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")
    for ending in ("", "ern")
)
_POSITIONS = frozenset(
    ["central", "midlands", "midland", "upper", "lower", "mid", "one", "two", "three", "four", "five"]
)
# Words that companies share and that are met with and without an "s": a missing "s" is a slip, not a name.
_COMMON_NOUNS = frozenset(
    [
        "activity",
        "adolescent",
        "care",
        "centre",
        "child",
        "children",
        "family",
        "fund",
        "home",
        "house",
        "intervention",
        "person",
        "placement",
        "project",
        "resource",
        "school",
        "service",
        "solution",
        "support",
        "system",
    ]
)


@dataclass(frozen=True)
class Evidence:
    """What two names have in common besides their letters.

    Attributes
    ----------
    same_registration : bool
        One registration (URN) was printed under both names.
    same_authority : bool
        Both have a home in one local authority.
    """

    same_registration: bool = False
    same_authority: bool = False


def protected_words(names_of_places: frozenset[str]) -> frozenset[str]:
    """Give the words that must be equal in both names: directions, numerals and names of places."""
    return _DIRECTIONS | _POSITIONS | _ROMAN | names_of_places


def differ_only_by_typing(
    one: str,
    other: str,
    evidence: Evidence,
    n_names_with: Mapping[str, int],
    protected: frozenset[str],
) -> bool:
    """Tell whether two normal forms are one name, one of them mistyped.

    Parameters
    ----------
    one, other : str
        Normal forms (see `ofsight.link.owners.naming.normalise_owner`).
    evidence : Evidence
        What they share besides letters: it allows larger slips.
    n_names_with : mapping of str to int
        For each word, in how many normal forms it is met. A slip is rare; a word met in several names is
        not one.
    protected : frozenset of str
        Words that must be equal (see `protected_words`).

    Returns
    -------
    bool
    """
    if _cut_short(one, other, n_names_with, protected):
        return True
    words, others = one.split(), other.split()
    if len(words) != len(others) or len(words) < 2:
        return False
    differing = [(a, b) for a, b in zip(words, others, strict=True) if a != b]
    if not 1 <= len(differing) <= 2 or len(differing) == len(words):
        return False
    return all(_slip(a, b, len(words), evidence, n_names_with, protected) for a, b in differing)


def _slip(
    a: str,
    b: str,
    n_words: int,
    evidence: Evidence,
    n_names_with: Mapping[str, int],
    protected: frozenset[str],
) -> bool:
    """Tell whether one word is a slip of the pen of the other."""
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) < 4 or not (a + b).isalpha() or a in protected or b in protected:
        return False
    if a[0] != b[0] and not evidence.same_registration:  # voice and choice, Bowden and Rowden
        return False
    if longer == f"{shorter}s":
        if shorter in _COMMON_NOUNS or shorter.removesuffix("s") in _COMMON_NOUNS:
            return True
        return evidence.same_registration or (evidence.same_authority and n_words >= 3)
    distance = distances().OSA.distance(a, b)
    if evidence.same_registration:
        return bool(distance <= 2)
    rare = min(n_names_with.get(a, 0), n_names_with.get(b, 0)) <= 1
    if not rare or distance > 1:
        return False
    if evidence.same_authority:
        return True
    # Without any evidence: a long word, and not at its end, where real words differ (inspire, inspired).
    return len(shorter) >= 6 and a[-1] == b[-1]


def _cut_short(one: str, other: str, n_names_with: Mapping[str, int], protected: frozenset[str]) -> bool:
    """Tell whether one name is the other cut off in the middle of a word, as a narrow column does.

    The stump must be no word of its own: ``Consulti`` is one, ``East`` before ``Eastern`` is not.
    """
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 24 or not longer.startswith(shorter):
        return False
    rest = longer[len(shorter) :]
    stump = shorter.split()[-1]
    whole = longer.split()[len(shorter.split()) - 1]
    if rest[0] == " " or " " in rest or rest == "s" or any(letter.isdigit() for letter in rest):
        return False
    return n_names_with.get(stump, 0) <= 1 and stump not in protected and whole not in protected
