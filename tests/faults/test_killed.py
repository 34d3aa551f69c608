"""Killed at random moments: the old state or the new one, never a mixture, and the next run works.

Each kill finds what the kill before it left; after every fifth a run is let go to its end. ``make test``
kills ten times; ``.ci/run`` a hundred times and more (``OFSIGHT_KILLS=100``), which takes some minutes.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from builders import grid, provider, providers, visits, write_csv
from fake_publishers import Publishers
from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import open_dataset
from ofsight.demo import write_releases
from ofsight.files import hash_file
from ofsight.releases.publishers import STAND_INS
from ofsight.releases.shelf import Shelf

N_KILLS = int(os.environ.get("OFSIGHT_KILLS", "10"))
_SHARES = {"build": 0.3, "study": 0.15, "fetch": 0.2, "plan": 0.1, "report": 0.15, "freeze": 0.1}
KILLS = {what: math.ceil(share * N_KILLS) for what, share in _SHARES.items()}
PAGE = "government/statistics/children-2018"
PUBLICATION = {
    "id": "children", "title": "Children", "publisher": "Ofsted", "licence": "OGL-UK-3.0", "ask": "govuk",
    "files": [{"series": "children-file", "called": "provider level", "formats": ["csv"]}],
    "editions": [{"period": "2018-03-31", "pages": [PAGE]}],
}  # fmt: skip


@dataclass
class Killer:
    """The process that forks what is killed."""

    process: subprocess.Popen[str]
    ended: list[int] = field(default_factory=list)

    def run(self, **job: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job, default=str) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert answer["code"] == 0, "it failed of itself: see the captured stderr"
        self.ended.append(answer["signal"])
        return answer


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    with _killer(tmp_path_factory.mktemp("killer"), {}) as made:
        yield made


class _killer:
    def __init__(self, folder: Path, how: dict[str, str]) -> None:
        self.how, self.folder = how, folder

    def __enter__(self) -> Killer:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killed_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "POLARS_MAX_THREADS": "1", "TMPDIR": str(self.folder), **self.how},
        )
        return Killer(self.process)

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _kill_again_and_again(
    killer: Killer, what: str, sources: list[Any], to: Path, look: Callable[[], Any]
) -> None:
    """Alternate between two sources, so that there is always something to do, and kill it on the way."""
    rng = random.Random(f"{what} 2026")
    whole: list[Any] = []
    for source in sources:
        # A first run makes folders and loads code; what is killed is a later one.
        facts = killer.run(what=what, source=source, to=to)
        whole.append(look())
    n_events, seconds = facts["events"], facts["seconds"]
    assert whole[0] != whole[1], "the two sources give one state: nothing would be seen"
    assert n_events > 3
    n_killed = attempt = 0
    while n_killed < KILLS[what]:
        attempt += 1
        # A moment drawn near the end of a slow run comes too late in a quick one, but not for ever.
        assert attempt <= 3 * KILLS[what], f"only {n_killed} of {attempt} were killed"
        number = attempt % 2
        before = look()
        by_time = attempt % 3 == 2
        moment = {"after": rng.uniform(0.0, seconds)} if by_time else {"event": rng.randint(1, n_events)}
        facts = killer.run(what=what, source=sources[number], to=to, **moment)
        assert facts["signal"] in (0, signal.SIGKILL, signal.SIGALRM)
        n_killed += facts["signal"] != 0
        after = look()
        assert after in (before, whole[number]), f"a mixture, after {moment}"
        assert facts["signal"] or after == whole[number]
        if attempt % 5 == 4:
            facts = killer.run(what=what, source=sources[1 - number], to=to)
            assert facts["signal"] == 0
            assert look() == whole[1 - number], f"the next run did not mend what {moment} left"
    last = int(look() == whole[0])  # the one that is not there yet
    killer.run(what=what, source=sources[last], to=to)
    assert look() == whole[last]


def test_a_build_killed_anywhere_leaves_the_old_dataset_or_the_new(killer: Killer, tmp_path: Path) -> None:
    work = tmp_path / "work"
    for number in (0, 1):
        folder = tmp_path / f"releases-{number}"
        write_csv(folder / "year.csv", grid(visits(40)))
        write_csv(folder / "list.csv", grid([*providers(40), *[provider(41)] * number]))

    def look() -> dict[str, str]:
        data = open_dataset(work / "dataset")
        facts: dict[str, str] = {}
        for name, fact in data.metadata["tables"].items():
            facts[name] = hash_file(work / "dataset" / f"{name}.parquet")
            assert facts[name] == fact["sha256"], f"{name} is not that of its dataset"
        (n,) = data.sql("select count(*) as n from home_snapshots")["n"]
        assert n == data.metadata["tables"]["home_snapshots"]["rows"]
        return facts

    sources = [tmp_path / "releases-0", tmp_path / "releases-1"]
    _kill_again_and_again(killer, "build", sources, work / "dataset", look)
    assert [path.name for path in work.iterdir()] == ["dataset"], "killed builds left something for good"


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small synthetic datasets."""
    folder = tmp_path_factory.mktemp("killed")
    made = []
    for seed in (1, 2):
        write_releases(folder / f"demo-{seed}", seed=seed, n_homes=40, first_year=2018, last_year=2019)
        build_dataset(folder / f"demo-{seed}", folder / f"dataset-{seed}")
        made.append(folder / f"dataset-{seed}")
    return made


def marked(folder: Path, mark: str) -> dict[str, str]:
    """Return the hashes of a folder's files, which must be those that its mark lists."""
    facts = json.loads((folder / mark).read_text(encoding="utf-8"))
    found = {
        path.relative_to(folder).as_posix(): hash_file(path) for path in folder.rglob("*") if path.is_file()
    }
    assert set(found) == set(facts["files"]) | {mark}, "files that the mark does not list"
    return {name: digest for name, digest in found.items() if name != mark}


def test_a_study_killed_anywhere_leaves_the_old_results_or_the_new(
    killer: Killer, tmp_path: Path, datasets: list[Path]
) -> None:
    work = tmp_path / "work"

    def look() -> dict[str, str]:
        facts = json.loads((work / "study" / "study.json").read_text(encoding="utf-8"))
        found = {name: hash_file(work / "study" / name) for name in facts["sha256"]}
        assert found == facts["sha256"], "a file is not that of its study"
        return found

    _kill_again_and_again(killer, "study", datasets, work / "study", look)
    assert [path.name for path in work.iterdir()] == ["study"]


def test_plans_killed_anywhere_are_the_old_ones_or_the_new(
    killer: Killer, tmp_path: Path, datasets: list[Path]
) -> None:
    work = tmp_path / "work"

    def look() -> dict[str, str]:
        facts = json.loads((work / "plan" / "plan.json").read_text(encoding="utf-8"))
        found = marked(work / "plan", "plan.json")
        for name, fact in facts["tables"].items():
            assert found[f"{name}.parquet"] == fact["sha256"], f"{name} is not that of its plans"
        return found

    _kill_again_and_again(killer, "plan", datasets, work / "plan", look)
    assert [path.name for path in work.iterdir()] == ["plan"]


def test_a_site_killed_anywhere_is_the_old_one_or_the_new(
    killer: Killer, tmp_path: Path, datasets: list[Path]
) -> None:
    work = tmp_path / "work"
    _kill_again_and_again(
        killer, "freeze", datasets, work / "site", lambda: marked(work / "site", "ofsight-site.json")
    )
    assert [path.name for path in work.iterdir()] == ["site"]


def test_a_report_killed_anywhere_is_the_old_one_or_the_new(
    killer: Killer, tmp_path: Path, datasets: list[Path]
) -> None:
    work = tmp_path / "work"
    studies = [tmp_path / "study-0", tmp_path / "study-1"]
    for dataset, study in zip(datasets, studies, strict=True):
        killer.run(what="study", source=dataset, to=study)
    _kill_again_and_again(
        killer, "report", studies, work / "report", lambda: hash_file(work / "report" / "report.html")
    )
    assert [path.name for path in (work / "report").iterdir()] == ["report.html"]


def test_a_fetch_killed_anywhere_leaves_the_old_shelf_or_the_new(tmp_path: Path) -> None:
    """Two editions of one file take turns; a version that comes back is known again."""
    shelf = Shelf(tmp_path / "shelf")
    publishers = Publishers()
    contents = [b"URN,Overall effectiveness\n" + b"SC123456,Good\n" * n for n in (9_000, 9_001)]
    publications = []
    for number, content in enumerate(contents):
        page = f"{PAGE}-{number}"
        publishers.add_page(page, ("Provider level data", "provider_level.csv", content))
        editions = [{"period": "2018-03-31", "pages": [page]}]
        publications.append(json.dumps({**PUBLICATION, "editions": editions}))

    def look() -> bytes:
        assert shelf.verify() == () or {fault.problem for fault in shelf.verify()} == {"unlisted"}
        ((path, held),) = shelf.files()
        assert hash_file(path) == held.sha256
        return path.read_bytes()

    with publishers.serve() as stand_ins, _killer(tmp_path, {STAND_INS: json.dumps(stand_ins)}) as killer:
        _kill_again_and_again(killer, "fetch", publications, shelf.path, look)
    assert shelf.verify() == ()
