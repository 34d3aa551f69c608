"""What tests of the explorer share: a small dataset with hostile words in it, a client in the process."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import polars as pl
import pytest

from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import open_dataset, write_dataset
from ofsight.demo import write_releases
from ofsight.link.areas import load_areas
from ofsight.planning.prepare import prepare_plans
from ofsight.profiles.measures import MEASURES
from ofsight.web.app import Explorer, create_app
from ofsight.web.freeze import freeze_site
from ofsight.web.inside import Reply, ask
from shared import shared_folder

sys.path.append(str(Path(__file__).parent / "integration"))
from report_study_folder import make_study_folder

HOSTILE = '<script>alert(1)</script> & "Söhne" \u202eLtd'
"""An owner's name that would run, break out of an attribute, or turn the direction of what follows."""


STRANGER = "9999999"
"""A home that one table alone names."""


def make_dataset(folder: Path) -> Path:
    """Build a small synthetic dataset in which the largest owner has a hostile name.

    A home has left the register that no list ever named: it is in one table and has no page.
    """
    write_releases(folder / "releases", n_homes=160, first_year=2019)
    build_dataset(folder / "releases", folder / "built")
    built = open_dataset(folder / "built")
    tables = {name: built[name] for name in built}
    listed = tables["home_snapshots"].filter(pl.col("owner_id").is_not_null())
    largest = listed["owner_id"].value_counts(sort=True)["owner_id"][0]
    for name, frame in tables.items():
        if {"owner", "owner_id"} <= set(frame.columns):
            named = pl.when(pl.col("owner_id") == largest).then(pl.lit(HOSTILE)).otherwise(pl.col("owner"))
            tables[name] = frame.with_columns(owner=named)
    tables["movements"] = tables["movements"].with_columns(
        urn=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(STRANGER)).otherwise(pl.col("urn"))
    )
    tables["authority_statistics"] = make_statistics(tables)
    known = {"format", "tables", "files"}
    metadata = {key: value for key, value in built.metadata.items() if key not in known}
    write_dataset(folder / "dataset", tables, metadata)
    return folder / "dataset"


def make_statistics(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return figures about children of every authority, every fourth withheld."""
    schema = tables["authority_statistics"].schema
    release = tables["releases"].row(0, named=True)
    rows = []
    for measure in MEASURES[:4]:
        topic, category, breakdown, name = measure.cells[0]
        for place, authority in enumerate(sorted(one.name for one in load_areas().on(date(2023, 3, 31)))):
            for year in (2022, 2023, 2024):
                withheld = (place + year) % 4 == 0
                rows.append(
                    dict.fromkeys(schema)
                    | {
                        "level": "Local authority", "published_name": authority, "authority": authority,
                        "year": year, "topic": topic, "category": category, "breakdown": breakdown,
                        "measure": name, "unit": measure.unit, "value": None if withheld else 100.0 + place,
                        "status": "c" if withheld else "", "newest": True, "row": len(rows) + 2,
                        "status_meaning": "withheld" if withheld else "value",
                        "as_published": "c" if withheld else str(100 + place),
                        "release": release["release"], "sheet": release["sheet"],
                    }
                )  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


class Client:
    """A browser without a screen: asks the application within the process, one question after the other."""

    def __init__(self, app: Explorer) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        self._lifespan: Any = None
        self._http: httpx.AsyncClient | None = None

    def __enter__(self) -> Self:
        self._lifespan = self.app.router.lifespan_context(self.app)
        self._runner.run(self._lifespan.__aenter__())
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://explorer.test")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._http is not None
        self._runner.run(self._http.aclose())
        self._runner.run(self._lifespan.__aexit__(None, None, None))
        self._runner.close()

    def ask(self, address: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask for an address; headers with underscores for hyphens."""
        assert self._http is not None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._runner.run(self._http.request(method, address, headers=sent))

    def ask_raw(self, address: str) -> Reply:
        """Ask for an address as it comes over the wire, which a client would tidy first."""
        return self._runner.run(ask(self.app, address))


@contextmanager
def explorer(dataset: Path, study: Path | None = None, **options: Any) -> Iterator[Client]:
    """Give a client of an explorer that has started."""
    said: list[str] = []
    with Client(create_app(dataset, study, tell=said.append, **options)) as client:
        client.app.state.said = said
        yield client


def shared_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small dataset, built once a test run; read it, never write to it."""
    return shared_folder(tmp_path_factory, "explorer", make_dataset) / "dataset"


def shared_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the plans of the small dataset, prepared once a test run."""
    dataset = shared_dataset(tmp_path_factory)

    def fill(folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 160 homes hold few exits: models say so, and pages are read
            prepare_plans(dataset, folder)

    return shared_folder(tmp_path_factory, "explorer-plan", fill)


def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small dataset with an invented study as files, homes included, written once a test run."""
    dataset = shared_dataset(tmp_path_factory)

    def fill(folder: Path) -> None:
        freeze_site(dataset, folder / "site", study=make_study_folder(folder / "study"))

    return shared_folder(tmp_path_factory, "explorer-site", fill) / "site"
