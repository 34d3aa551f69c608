"""Whether what the explorer is built on is installed: it is an extra, as not everybody serves pages."""

from __future__ import annotations

from importlib.util import find_spec

from ofsight.errors import UsageError

__all__ = ["require_web"]

_NEEDED = ("fastapi", "uvicorn")


def require_web() -> None:
    """Go on only where the explorer can run.

    Raises
    ------
    UsageError
        When a library of the extra is not installed; names it and the extra.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"The explorer needs {' and '.join(f'`{name}`' for name in missing)}, not installed "
            "here. Install "
            "`ofsight[web]`."
        )
