"""Whatever bytes a file holds, reading it gives a report or a `ReleaseError`, never anything else."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ofsight.demo.reports import HomeText, write_home
from ofsight.errors import ReleaseError
from ofsight.harmonise.reports import Report, read_report

pytest.importorskip("reportlab")

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def whole() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_home(HomeText(), Path(folder) / "report.pdf").read_bytes()


def read(content: bytes) -> Report | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.pdf"
        path.write_bytes(content)
        try:
            return read_report(path)
        except ReleaseError:
            return None


@QUICK
@given(st.floats(0.0, 1.0))
def test_a_file_cut_short(share: float) -> None:
    report = read(whole()[: int(share * len(whole()))])
    assert report is None or report.kind == "home"


@QUICK
@given(st.lists(st.tuples(st.floats(0.0, 0.999), st.binary(min_size=1, max_size=40)), min_size=1, max_size=8))
def test_a_file_with_bytes_overwritten(changes: list[tuple[float, bytes]]) -> None:
    content = bytearray(whole())
    for share, piece in changes:
        place = int(share * len(content))
        content[place : place + len(piece)] = piece
    report = read(bytes(content))
    assert report is None or report.kind == "home"


@QUICK
@given(st.binary(max_size=2000))
def test_no_pdf_at_all(content: bytes) -> None:
    assert read(content) is None
    assert read(b"%PDF-1.4\n" + content) is None


def test_the_undamaged_file_is_read() -> None:
    report = read(whole())
    assert report is not None
    assert report.findings == ()
