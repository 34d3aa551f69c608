"""A short, seeded sample of what `make fuzz` does, and every input that it has ever found."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from pathlib import Path

import pytest
from fuzz_targets import CORPUS, TARGETS, cell_values, headings, seeds, stated_periods
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Inputs of each target: about two seconds each.
N = {
    "csv_file": 60,
    "workbook_file": 600,
    "workbook_part": 500,
    "pdf_file": 25,
    "headings": 40,
    "table_rows": 12,
    "list_cells": 12,
    "cell_values": 30,
    "stated_periods": 400,
    "report_lines": 30,
}
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _mutated(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut out, put in, repeated: what a fuzzer does without looking at the code."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(changed) + 1)
        end = min(len(changed), at + rng.choice([1, 1, 2, 8, 64]))
        piece = rng.choice(
            [b"", bytes(changed[at:end]) * 3, rng.randbytes(end - at), b"\x00", b"\xff\xfe", b'"', b"9" * 9]
        )
        changed[at:end] = piece
    return bytes(changed)


@pytest.mark.parametrize("target", TARGETS)
def test_a_seeded_sample_ends_in_an_answer(target: str) -> None:
    rng = random.Random(zlib.crc32(target.encode()))
    known = seeds(target)
    for data in known:
        TARGETS[target](data)
    for number in range(N[target]):
        data = _mutated(rng.choice(known), rng)
        try:
            TARGETS[target](data)
        except BaseException as error:
            error.add_note(f"{target}, input {number}: {data[:300]!r}")
            raise


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_was_found_stays_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@QUICK
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_title_and_name_speak_of_some_time(title: str, name: str) -> None:
    stated_periods(f"{title}\n{name}".encode("utf-8", "replace"))


@QUICK
@given(st.lists(st.text(max_size=40), max_size=30))
def test_any_cells_are_values_or_nothing(cells: list[str]) -> None:
    cell_values("\n".join(cells).encode("utf-8", "replace"))


@QUICK
@given(st.lists(st.lists(st.text(max_size=20), max_size=12), max_size=20))
def test_any_rows_are_a_series_or_are_passed_over(rows: list[list[str]]) -> None:
    headings("\n".join("\t".join(row) for row in rows).encode("utf-8", "replace"))


def test_memory_does_not_grow_with_the_number_of_inputs() -> None:
    data = seeds("stated_periods")[0]
    for _ in range(50):
        stated_periods(data)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(300):
        stated_periods(data + b"%d" % number)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 500_000
