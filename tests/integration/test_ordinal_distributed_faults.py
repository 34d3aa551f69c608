"""Tier: integration. Workers die, the scheduler is lost, partitions are damaged: same digits or one error."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, bootstrap, clmm
from ofsight.ordinal.distributed import crew as crews
from ofsight.ordinal.distributed import partition_by_group
from ofsight.ordinal.distributed.objective import SpreadObjective

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

FORMULA = "grade ~ x + C(year)"


def graded(n: int = 6000, groups: int = 900) -> pl.DataFrame:
    rng = np.random.default_rng(11)
    g = rng.integers(0, groups, n)
    x, year = rng.normal(size=n), rng.integers(2014, 2017, n)
    latent = 0.5 * x + 0.3 * (year - 2014) + rng.normal(size=groups)[g] + rng.logistic(size=n)
    return pl.DataFrame({"grade": np.digitize(latent, [-1.0, 1.0]), "x": x, "year": year, "g": g})


@contextlib.contextmanager
def processes(n_workers: int = 2, **options: Any) -> Iterator[tuple[Any, Any]]:
    """Give a cluster of worker processes, each under a nanny, and its client."""
    with (
        distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0",
            silence_logs=logging.CRITICAL, **options,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        yield cluster, client


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Any, Any]]:
    with processes() as made:
        yield made


@pytest.fixture(scope="module")
def parts(shared: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    graded().write_parquet(folder / "source.parquet")
    partition_by_group(folder / "source.parquet", "g", folder / "parts", 6, shared[1])
    return folder / "parts"


@pytest.fixture(scope="module")
def undisturbed(shared: tuple[Any, Any], parts: Path) -> OrdinalFit:
    return clmm(FORMULA, parts, group="g", engine=shared[1])


@pytest.fixture
def copied(parts: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(parts, tmp_path / "parts"))


def at_evaluation(monkeypatch: pytest.MonkeyPatch, number: int, do: Callable[[], None]) -> list[int]:
    """Do something in the middle of the fit, while the workers have just been asked."""
    whole, count = SpreadObjective._ask, [0]

    def ask(self: SpreadObjective, work: Any, *args: Any) -> Any:
        count[0] += 1
        if count[0] == number:
            futures = [self.crew.submit(work, piece, *args) for piece in self.pieces]
            do()
            return self.crew.gather(futures)
        return whole(self, work, *args)

    monkeypatch.setattr(SpreadObjective, "_ask", ask)
    return count


def test_a_worker_killed_in_mid_fit_changes_no_digit(
    shared: tuple[Any, Any],
    parts: Path,
    undisturbed: OrdinalFit,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    cluster, client = shared
    victim = cluster.workers[0].pid
    count = at_evaluation(monkeypatch, 7, lambda: os.kill(victim, signal.SIGKILL))
    fit = clmm(FORMULA, parts, group="g", engine=client)
    assert count[0] > 7
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)
    assert fit.log_likelihood == pytest.approx(undisturbed.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(fit.arrays.estimates, undisturbed.arrays.estimates, rtol=1e-10)
    assert fit.convergence.ok
    assert capfd.readouterr() == ("", "")
    client.wait_for_workers(2, timeout=20)


def test_a_bootstrap_goes_on_when_a_worker_is_killed(
    shared: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, client = shared
    fit = clmm("grade ~ x", graded(1200, 200), group="g")
    alone = bootstrap(fit, 64, seed=5)
    gather = crews.Crew.gather

    def kill_first(self: crews.Crew, futures: Any) -> Any:
        os.kill(cluster.workers[1].pid, signal.SIGKILL)
        return gather(self, futures)

    monkeypatch.setattr(crews.Crew, "gather", kill_first)
    there = bootstrap(fit, 64, seed=5, client=client)
    assert there.estimates.tobytes() == alone.estimates.tobytes()


def test_a_damaged_partition_is_named(shared: tuple[Any, Any], copied: Path) -> None:
    path = copied / "part-00002.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"part-00002.parquet is damaged: it is not what was written"):
        clmm(FORMULA, copied, group="g", engine=shared[1])
    (copied / "_partitions.json").unlink()  # without the list of sums, what Parquet itself knows
    with pytest.raises(ModelError, match=r"part-00002.parquet is damaged or no Parquet file"):
        clmm(FORMULA, copied, group="g", engine=shared[1])
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"part-00002.parquet is damaged or no Parquet file"):
        clmm(FORMULA, copied, group="g", engine=shared[1])


def test_a_missing_partition_is_named(shared: tuple[Any, Any], copied: Path) -> None:
    (copied / "part-00004.parquet").unlink()
    with pytest.raises(ModelError, match=r"1 of 6 partitions are missing .*part-00004.parquet"):
        clmm(FORMULA, copied, group="g", engine=shared[1])
    (copied / "_partitions.json").write_text("{")
    with pytest.raises(ModelError, match=r"list of partitions .* is damaged"):
        clmm(FORMULA, copied, group="g", engine=shared[1])


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_partition_that_is_needed_again_and_is_not_the_same_stops_the_fit(
    shared: tuple[Any, Any], copied: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    cluster, client = shared
    client.wait_for_workers(2, timeout=30)
    (copied / "_partitions.json").unlink()

    def harm() -> None:
        for path in copied.glob("*.parquet"):
            if how == "gone":
                path.unlink()
            else:
                pl.read_parquet(path)[1:].write_parquet(path)
        os.kill(cluster.workers[0 if how == "gone" else 1].pid, signal.SIGKILL)

    at_evaluation(monkeypatch, 4, harm)
    words = "is missing" if how == "gone" else "changed while the model was fitted"
    with pytest.raises(ModelError, match=rf"Partition .*parquet {words}"):
        clmm(FORMULA, copied, group="g", engine=client)


def test_memory_short_in_a_task_is_told_as_that() -> None:
    failure = crews.told(np.empty)(1 << 57)  # more than any machine has
    assert isinstance(failure, crews.Failure)
    assert failure.message.startswith("A worker ran out of memory. Give the workers more memory")


def test_workers_that_are_killed_for_memory_again_and_again_stop_the_fit(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "PATIENCE", 15.0)
    # One more death than is allowed, not four, so that the test is quick.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), processes(1) as (cluster, client):
        nanny = cluster.workers[0]

        def starve() -> None:
            nanny.memory_manager.memory_limit = 40 * 2**20  # less than Python with numpy needs
            os.kill(nanny.pid, signal.SIGKILL)

        at_evaluation(monkeypatch, 3, starve)
        with pytest.raises(ModelError, match="memory"):
            clmm(FORMULA, parts, group="g", engine=client)


def spawn(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_the_scheduler_lost_in_mid_fit_is_one_error(
    parts: Path,
    undisturbed: OrdinalFit,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "scheduler.json"
    scheduler = spawn(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0",
        "--scheduler-file", str(file),
    )  # fmt: skip
    worker = spawn(
        "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny",
        "--dashboard-address", ":0", "--local-directory", str(tmp_path), "--death-timeout", "30",
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not (file.exists() and file.stat().st_size):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        import json

        address = json.loads(file.read_text())["address"]
        fit = clmm(FORMULA, parts, group="g", engine=address)  # an address will do for an engine
        assert fit.log_likelihood.hex() == undisturbed.log_likelihood.hex()
        at_evaluation(monkeypatch, 3, scheduler.kill)
        with pytest.raises(ModelError, match=r"scheduler at tcp://127.0.0.1:\d+ was lost"):
            clmm(FORMULA, parts, group="g", engine=address)
        with pytest.raises(ModelError, match=r"scheduler at .* was lost|No Dask scheduler answers"):
            fit.confint(method="profile", names=["x"])
        assert capfd.readouterr() == ("", "")
        client = crews._clients.pop(address)
        with crews.quiet():
            client.close(timeout=1)
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
