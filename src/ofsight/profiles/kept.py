"""What is worked out once for a dataset and kept as long as the dataset is open."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ofsight.dataset.store import Dataset

__all__ = ["keep"]

Made = TypeVar("Made")

# A dataset is equal to another by what is in it and has no hash, so it is known here by its identity; the
# finalizer takes its entries away with it, before another object can have the same identity.
_KEPT: dict[int, dict[Hashable, Any]] = {}
_LOCK = threading.RLock()


def keep(dataset: Dataset, key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `make` gives, made at the first call for this dataset and key.

    Parameters
    ----------
    dataset : Dataset
        An open dataset. What is kept goes when it goes.
    key : hashable
        What it is: a tuple that begins with the name of the function, with every argument behind.
    make : callable
        Makes it, without arguments. What it returns must not be changed by anybody.
    """
    with _LOCK:
        if id(dataset) not in _KEPT:
            _KEPT[id(dataset)] = {}
            weakref.finalize(dataset, _KEPT.pop, id(dataset), None)
        here = _KEPT[id(dataset)]
        if key not in here:
            here[key] = make()
        found: Made = here[key]
        return found
