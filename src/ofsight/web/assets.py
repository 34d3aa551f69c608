"""The files that pages need besides themselves: style, script and icon, held in memory.

Their names change with their content, so that a browser may keep them for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from ofsight.web.runtime import run_time

__all__ = ["Asset", "Assets", "assets"]

_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its name in addresses, its type and its bytes."""

    name: str
    media_type: str
    body: bytes


class Assets:
    """All files of ``static/``, read once."""

    def __init__(self) -> None:
        self._by_name: dict[str, Asset] = {}
        self._named: dict[str, str] = {}
        folder = resources.files(__package__).joinpath("static")
        for file in sorted(folder.iterdir(), key=lambda found: found.name):
            stem, _, ending = file.name.rpartition(".")
            if ending not in _KINDS:
                continue
            body = file.read_bytes()
            name = f"{stem}.{hashlib.blake2s(body, digest_size=5).hexdigest()}.{ending}"
            self._by_name[name] = Asset(name, _KINDS[ending], body)
            self._named[file.name] = name

    def address(self, name: str) -> str:
        """Return the address of a file of ``static/``."""
        return f"/static/{self._named[name]}"

    def find(self, name: str) -> Asset | None:
        """Return the file of a name in an address; only names made here are known, no path is followed."""
        return self._by_name.get(name)

    def charts(self, *, ready: bool = False) -> str:
        """Return the address of the run time of interactive charts; empty where there is none.

        Parameters
        ----------
        ready : bool
            Make it now, and have none where that fails: for pages that no server stands behind.
        """
        found = run_time()
        return f"/static/{found.name}" if found.name and (not ready or found.body()) else ""

    def all(self) -> list[Asset]:
        """Return every file."""
        return list(self._by_name.values())


@cache
def assets() -> Assets:
    """Return the files, read at the first call."""
    return Assets()
