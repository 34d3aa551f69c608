"""Answers kept ready to send, bounded by their bytes: what was not asked for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

__all__ = ["Cache", "Kept"]

_OVERHEAD = 600
"""Bytes counted for each entry besides its body: key, headers, bookkeeping."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished answer.

    Parameters
    ----------
    status : int
        Its status.
    headers : tuple of (bytes, bytes)
        Its headers, without those that hang on the request (length, encoding, tag).
    body : bytes
        Its body; compressed when `packed`.
    packed : bool
        Whether the body is gzip.
    tag : str
        What its ETag is made of.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    packed: bool
    tag: str

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.body) + _OVERHEAD


class Cache:
    """A bounded store of answers by (version, address).

    Parameters
    ----------
    most_bytes : int
        So much is kept at most. An answer larger than a sixteenth of it is not kept.
    """

    def __init__(self, most_bytes: int = 64 * 2**20) -> None:
        self.most_bytes = most_bytes
        self.n_bytes = 0
        self._kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._kept)

    def get(self, key: tuple[str, str]) -> Kept | None:
        """Return an answer and remember that it was asked for."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[str, str], answer: Kept) -> None:
        """Keep an answer, and let the ones not asked for longest go when there is no more room."""
        if answer.size > self.most_bytes // 16:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            if before is not None:
                self.n_bytes -= before.size
            self._kept[key] = answer
            self.n_bytes += answer.size
            while self.n_bytes > self.most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self.n_bytes -= oldest.size
