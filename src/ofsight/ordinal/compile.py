"""One gate to the compiler.

Kernels are compiled with numba, cached on disk where a folder can be written, and release
the interpreter's lock so that threads share the work. With ``NUMBA_DISABLE_JIT=1`` they run
as plain Python: slow, but the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "leaf"]

F = TypeVar("F", bound=Callable[..., Any])


def _stamp_sources() -> str:
    """Return one hash over the sources of this package.

    numba notices a change of the file a function is in, not of the files of the functions it
    calls. A kernel would keep an old link function after an update. One stamp over every file
    of the package closes that hole.
    """
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name.startswith(("compile", "kernel", "links")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


_STAMP = _stamp_sources()


def leaf(function: F) -> F:
    """Compile a function that allocates nothing, without counting references.

    numba counts references to the arrays that a function touches, with atomic instructions:
    in a function called once a row they cost more than the arithmetic. A leaf makes no array
    and takes no view of one, so there is nothing to count.
    """
    return _compile(function, {"nogil": True, "error_model": "numpy", "_nrt": False})


def compiled(function: F) -> F:
    """Compile a function of scalars and arrays on first call.

    Parameters
    ----------
    function : callable
        Loops over numbers: no classes, no strings, no data frames.

    Returns
    -------
    callable
        The same function, compiled. Cached on disk when numba finds a folder that it can
        write (beside the source, else the user's cache, else ``NUMBA_CACHE_DIR``);
        compiled anew in each process when it finds none.
    """
    return _compile(function, {"nogil": True, "error_model": "numpy"})


def _compile(function: F, options: dict[str, Any]) -> F:
    try:
        dispatcher = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to cache in
        return cast(F, numba.njit(**options)(function))
    cache_file: Any = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = _STAMP
    return cast(F, dispatcher)
