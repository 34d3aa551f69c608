"""Tables of a plan folder that a model is read from: all of them, or one message that names what lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from ofsight.errors import DatasetError

__all__ = ["require_frames"]


def require_frames(frames: Mapping[str, pl.DataFrame], names: Iterable[str]) -> None:
    """Refuse a folder that lacks a table.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables of the folder, by name.
    names : iterable of str
        What is needed.

    Raises
    ------
    DatasetError
        Naming every table that is missing.
    """
    if missing := [name for name in names if name not in frames]:
        raise DatasetError(
            f"The folder of plans lacks {', '.join(missing)}. Prepare it again with: ofsight plan."
        )
