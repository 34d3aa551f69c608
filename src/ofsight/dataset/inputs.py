"""What a build reads: every file of a folder, or what stood on a shelf on a day."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ofsight.dataset.gather import PassedOverFile, list_files, list_skipped
from ofsight.dataset.readings import hash_code
from ofsight.errors import ReleaseError, UsageError
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Held

__all__ = ["Inputs", "fingerprint_inputs", "list_inputs"]

# What of a line of the manifest goes with the dataset, for whoever wants to see the file again.
_TOLD = ("url", "page", "retrieved", "published", "origin", "title", "publisher", "licence", "name", "said")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that a build reads.

    Attributes
    ----------
    files : list of (Path, str)
        Each with the sha256 of its bytes.
    called : mapping of Path to str
        What a file is called, where its own name is its hash.
    passed_over : list of PassedOverFile
        What lies there and is not read.
    vintage : dict or None
        Of a shelf: the day asked for, and where each file came from; None for a plain folder.
    """

    files: list[tuple[Path, str]]
    called: Mapping[Path, str] = field(default_factory=dict)
    passed_over: list[PassedOverFile] = field(default_factory=list)
    vintage: dict[str, Any] | None = None


def list_inputs(releases: Path, as_of: date | None = None, held_by: date | None = None) -> Inputs:
    """Return what a build of a folder reads.

    Parameters
    ----------
    releases : Path
        A folder, one file, or a shelf (a folder with the manifest that ofsight writes).
    as_of : date, optional
        Of a shelf, leave out what was published later.
    held_by : date, optional
        Of a shelf, leave out what came to it later.

    Raises
    ------
    UsageError
        When there is nothing there, or a day is asked of a folder that knows none.
    ReleaseError
        When a file of the shelf is missing or damaged, or nothing on it is that old.
    """
    if not Shelf.is_at(releases):
        if as_of is not None or held_by is not None:
            raise UsageError(
                f"'{releases}' is no shelf: it does not know when its files were published. Fetch them "
                "(ofsight fetch --to SHELF) or put them on one (ofsight add FILE... --to SHELF), or leave "
                "the day out."
            )
        return Inputs(list_files(releases), passed_over=list_skipped(releases))
    shelf = Shelf(releases)
    found = shelf.files(as_of, held_by)
    if not found:
        days = sorted(held.published_on or held.retrieved_at.date() for held in shelf.held())
        raise ReleaseError(
            f"the shelf holds nothing of that day; its first file is of {days[0]}."
            if days
            else "the shelf is empty.",
            file=releases,
            hint="Fetch the official files: ofsight fetch",
        )
    return Inputs(
        files=[(path, held.sha256) for path, held in found],
        called={path: held.called for path, held in found},
        passed_over=_left_out(shelf, {held.file for _, held in found}, as_of, held_by),
        vintage={
            "as_of": None if as_of is None else as_of.isoformat(),
            "held_by": None if held_by is None else held_by.isoformat(),
            "sources": {held.file: _source(held) for _, held in found},
        },
    )


def fingerprint_inputs(releases: Path, inputs: Inputs) -> str:
    """Return one hash over the inputs' names and bytes and over the code and definitions that read them.

    A name counts from the folder of releases down, as tables tell it, however the folder's path was typed.
    """
    digest = hashlib.sha256(hash_code(("definitions", "harmonise", "link", "dataset")).encode())
    for path, sha256 in inputs.files:
        name = path.relative_to(releases) if path != releases else path.name
        called = inputs.called.get(path, "")
        digest.update(os.fsencode(name) + f"\0{called}\0{sha256}\n".encode("utf-8", "surrogateescape"))
    if inputs.vintage is not None:
        digest.update(f"{inputs.vintage['as_of']} {inputs.vintage['held_by']}".encode())
    return digest.hexdigest()


def _source(held: Held) -> dict[str, Any]:
    facts = held.as_dict()
    return {name: facts[name] for name in _TOLD}


def _left_out(
    shelf: Shelf, taken: set[str], as_of: date | None, held_by: date | None
) -> list[PassedOverFile]:
    """Name what lies on the shelf and is not read: other versions, and what no line speaks of."""
    days = [f"of {as_of}" if as_of else "", f"held by {held_by}" if held_by else ""]
    which = " ".join(filter(None, days)) or "that stands now"
    other = sorted({held.file for held in shelf.held()} - taken)
    return [
        *(PassedOverFile(name, None, f"not the version {which}") for name in other),
        *(PassedOverFile(name, None, "no line of the shelf's manifest") for name in shelf.unlisted()),
    ]
