"""Tier: unit. The gate to the compiler: caching when it can, stale code never."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numba
import pytest

from ofsight.ordinal import compile as gate
from ofsight.ordinal.kernel_rows import evaluate_rows


def test_compiles_without_a_folder_to_cache_in(monkeypatch: pytest.MonkeyPatch) -> None:
    real = numba.njit

    def no_locator(cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(gate, "numba", SimpleNamespace(njit=no_locator))
    assert gate.compiled(lambda x: x + 1)(2) == 3
    assert gate.leaf(lambda x: x + 1)(2) == 3


def test_fits_without_the_compiler() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    code = (
        "from ofsight.ordinal import clm_arrays\n"
        "f = clm_arrays([1, 2, 3, 2, 1, 3, 2, 2], [0, 1, 1, 0, 1, 0, 1, 0])\n"
        "print(f.convergence.code.name)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "CONVERGED", done.stderr


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_cache_knows_the_sources_of_all_kernels() -> None:
    # A private attribute of numba: when it goes, a change of links.py would leave stale kernels.
    dispatcher: Any = evaluate_rows
    assert dispatcher._cache._cache_file._source_stamp == gate._STAMP
    assert gate._stamp_sources() == gate._STAMP
