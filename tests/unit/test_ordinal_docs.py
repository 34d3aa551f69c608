"""Tier: unit. The worked example of docs/ordinal.md runs and says what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from numba import config

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ordinal.md"


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="too slow without the compiler")
def test_worked_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert "Convergence: converged (0)" in printed
    assert "sector[T.private]" in printed
    assert abs(float(printed.strip().splitlines()[-1]) - 1.2) < 0.2


def test_every_code_is_on_the_page() -> None:
    from ofsight.ordinal import ConvergenceCode

    text = PAGE.read_text()
    for code in ConvergenceCode:
        assert f"`{code.name}`" in text


def test_every_public_name_is_on_the_page() -> None:
    import ofsight.ordinal

    text = PAGE.read_text()
    for name in set(ofsight.ordinal.__all__) - {"OrdinalFit", "Convergence", "ConvergenceCode"}:
        assert name in text
