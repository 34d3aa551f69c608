"""Whether releases are synthetic: by the marker that the demo writes, or by what they say themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ofsight.dataset.gather import Gathered
from ofsight.errors import ReleaseError
from ofsight.harmonise.readers import SPINE
from ofsight.harmonise.rows import HarmonisedTable

__all__ = ["TRUTH_FILE", "read_truth"]

TRUTH_FILE: Final = "SYNTHETIC-RELEASES.json"
_NOTE: Final = (
    "SYNTHETIC releases, as they say themselves. No home, owner or inspection in them exists. The marker "
    f"with the truth that they were drawn from ({TRUTH_FILE}) is not beside them."
)


def read_truth(
    releases: Path, files: Iterable[tuple[Path, str]], gathered: Gathered
) -> dict[str, Any] | None:
    """Return the truth behind synthetic releases, or None for real ones.

    A release is synthetic when it says so, or when a marker in its folder or above lists it (or lists
    nothing). A marker whose list names no file that is there speaks of all files below it: they were renamed.

    Raises
    ------
    ReleaseError
        When synthetic and real releases are mixed, or a marker is damaged.
    """
    markers = {path.parent: _read_marker(path) for path, _ in files if path.name == TRUTH_FILE}
    if releases.is_file() and (releases.parent / TRUTH_FILE).is_file():
        markers[releases.parent] = _read_marker(releases.parent / TRUTH_FILE)
    spine = [table for table in gathered.tables if table.series.reads in SPINE]
    invented = [table for table in spine if _says_so(table, gathered) or _is_listed(table, markers)]
    if not invented:
        invented = [table for table in spine if any(folder in table.file.parents for folder in markers)]
    real = [table for table in spine if not any(table is other for other in invented)]
    if not invented:
        return None
    if real:
        raise ReleaseError(
            f"this release is not synthetic, but {gathered.names[invented[0].file]} is: a dataset of both "
            "would be of no use.",
            file=real[0].file,
            sheet=real[0].sheet,
            hint="Keep synthetic and official releases in folders of their own and build each by itself.",
        )
    return next(iter(markers.values()), None) or {"synthetic": True, "note": _NOTE}


def _says_so(table: HarmonisedTable, gathered: Gathered) -> bool:
    return (table.file, table.sheet) in gathered.synthetic


def _is_listed(table: HarmonisedTable, markers: dict[Path, dict[str, Any]]) -> bool:
    for folder, truth in markers.items():
        if folder not in table.file.parents:
            continue
        listed = truth.get("files")
        if not isinstance(listed, dict) or not listed:
            return True
        # A sheet's entry is the file's name, '#' and the sheet.
        if str(table.file.relative_to(folder)) in {name.split("#")[0] for name in listed}:
            return True
    return False


def _read_marker(file: Path) -> dict[str, Any]:
    try:
        truth = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ReleaseError(
            f"is not valid JSON ({error}).", file=file, hint="Write the releases again."
        ) from None
    return truth if isinstance(truth, dict) else {"truth": truth}
