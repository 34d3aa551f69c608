"""Documents made from the code are what the code makes today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _documents() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("write_docs", ROOT / "tools" / "write_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    documents: dict[str, str] = module.documents()
    return documents


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    return _documents()


@pytest.mark.parametrize("name", ["commands.md", "architecture.svg", "data-dictionary.md"])
def test_a_generated_document_is_not_stale(documents: dict[str, str], name: str) -> None:
    held = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert held == documents[name], f"docs/{name} is stale: make docs"


def test_the_picture_shows_every_room_once_and_every_import_downwards(documents: dict[str, str]) -> None:
    picture = documents["architecture.svg"]
    for room in (
        path.name for path in (ROOT / "src" / "ofsight").iterdir() if (path / "__init__.py").exists()
    ):
        assert picture.count(f">{room}</text>") == 1
    arcs = [line for line in picture.splitlines() if line.startswith("<path")]
    assert len(arcs) > 20
    for arc in arcs:
        start, end = (float(part.split()[-1]) for part in (arc.split(" C ")[0], arc.split('"')[1]))
        assert start < end
