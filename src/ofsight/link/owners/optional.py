"""The one gate to rapidfuzz, which is installed with ``ofsight[reports]``."""

from __future__ import annotations

from types import ModuleType

from ofsight.errors import UsageError

__all__ = ["distances", "likeness_matrix"]


def distances() -> ModuleType:
    """Give ``rapidfuzz.distance``.

    Raises
    ------
    UsageError
        rapidfuzz is not installed.
    """
    try:
        from rapidfuzz import distance
    except ImportError as error:
        raise UsageError(_MISSING) from error
    return distance


def likeness_matrix(texts: list[str], at_least: float) -> list[tuple[int, int, float]]:
    """Compare every text with every other.

    Parameters
    ----------
    texts : list of str
        Texts of one block.
    at_least : float
        Lower bound of the likeness, 0 to 100.

    Returns
    -------
    list of (int, int, float)
        Positions i < j and the likeness (normalised indel similarity), where it reaches the bound.

    Raises
    ------
    UsageError
        rapidfuzz is not installed.
    """
    try:
        from rapidfuzz import fuzz, process
    except ImportError as error:
        raise UsageError(_MISSING) from error
    scores = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=at_least)
    rows, columns = scores.nonzero()
    return [(int(i), int(j), float(scores[i, j])) for i, j in zip(rows, columns, strict=True) if i < j]


_MISSING = "Linking owners needs rapidfuzz. Install it with: pip install 'ofsight[reports]'."
