"""What is worked out once for a dataset and kept as long as the dataset is open."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ofsight.dataset.store import Dataset

__all__ = ["Once", "keep"]

Made = TypeVar("Made")

# A dataset is equal to another by what is in it and has no hash, so it is known here by its identity; the
# finalizer takes its entries away with it, before another object can have the same identity.
_KEPT: dict[int, dict[Hashable, Once]] = {}
_LOCK = threading.Lock()


class Once:
    """One thing, made by whoever asks first while the others wait for it, and only for it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._made: list[Any] = []

    def get(self, make: Callable[[], Any]) -> Any:
        """Return the thing, made by `make` where nobody has made it yet; what fails is tried anew."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(make())
        return self._made[0]


def keep(dataset: Dataset, key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `make` gives, made at the first call for this dataset and key.

    Parameters
    ----------
    dataset : Dataset
        An open dataset. What is kept goes when it goes.
    key : hashable
        What it is. Of these there must be an end: dates of lists and areas that have a name, never sets of
        areas, which a visitor can make up without end.
    make : callable
        Makes it, without arguments. What it returns must not be changed by anybody.
    """
    with _LOCK:
        if id(dataset) not in _KEPT:
            _KEPT[id(dataset)] = {}
            weakref.finalize(dataset, _KEPT.pop, id(dataset), None)
        once = _KEPT[id(dataset)].setdefault(key, Once())
    found: Made = once.get(make)
    return found
