"""Tier: integration. Workers die, the scheduler is lost, partitions are damaged: same digits or one error."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, bootstrap, clm, clmm
from ofsight.ordinal.distributed import crew as crews
from ofsight.ordinal.distributed import partition_by_group
from ofsight.ordinal.distributed.objective import SpreadObjective
from ofsight.ordinal.distributed.parts import hold_frame

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


def settle(cluster: Any, client: Any, n_workers: int = 2) -> None:
    """Wait until those that were killed are replaced, and the scheduler knows it: it may not have noticed."""
    deadline = time.monotonic() + 60
    while True:
        living = {nanny.worker_address for nanny in cluster.workers.values() if nanny.is_alive()}
        if living == set(client.scheduler_info(n_workers=-1)["workers"]) and len(living) == n_workers:
            return
        assert time.monotonic() < deadline, "the workers did not come back"
        time.sleep(0.05)


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


def told(fit: OrdinalFit) -> str:
    """All that the summary says but for the size of the last gradient, which is rounding and no more."""
    return re.sub(r"largest gradient \S+", "", fit.summary())


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
    # A piece that is made again looks for its groups' modes from the beginning, and ends at most a few units
    # of the last place away; everything that is told is the same, letter by letter.
    assert told(fit) == told(undisturbed)
    assert fit.log_likelihood == pytest.approx(undisturbed.log_likelihood, rel=1e-14)
    np.testing.assert_allclose(fit.arrays.estimates, undisturbed.arrays.estimates, rtol=1e-11)
    assert fit.convergence.ok
    assert capfd.readouterr() == ("", "")
    settle(cluster, client)


def test_a_worker_killed_when_its_answers_are_ready_and_not_yet_fetched_changes_no_digit(
    shared: tuple[Any, Any], parts: Path, undisturbed: OrdinalFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, client = shared
    settle(cluster, client)
    wait, count = distributed.wait, [0]

    def wait_and_lose(futures: Any, **options: Any) -> Any:
        answer = wait(futures, **options)
        count[0] += 1
        if count[0] == 7:
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
            deadline = time.monotonic() + 60
            while all(future.status == "finished" for future in futures) and time.monotonic() < deadline:
                time.sleep(0.0005)
            count.append(sum(future.status != "finished" for future in futures))
        return answer

    monkeypatch.setattr(distributed, "wait", wait_and_lose)
    fit = clmm(FORMULA, parts, group="g", engine=client)
    assert count[0] > 7
    assert count[1] > 0, "no answer was lost"
    assert told(fit) == told(undisturbed)
    settle(cluster, client)


def test_a_bootstrap_goes_on_when_a_worker_is_killed(
    shared: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, client = shared
    settle(cluster, client)
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
    settle(cluster, client)
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


def _swell(piece: Any, *args: Any) -> None:
    """Take memory until somebody ends the process: what a partition too large for its worker does."""
    held = []
    while True:
        held.append(np.ones(4_000_000))
        time.sleep(0.005)


def test_a_worker_that_its_nanny_ends_for_memory_stops_the_fit(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody here sends a signal: the nanny does, at the limit that the worker was given."""
    monkeypatch.setattr(crews, "PATIENCE", 5.0)
    quick = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.worker.memory.monitor-interval": "20ms",
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.target": False,
    }
    with dask.config.set(quick), processes(1, memory_limit="700MB") as (cluster, client):
        nanny = cluster.workers[0]
        first = nanny.pid
        ask, count = SpreadObjective._ask, [0]

        def swell_at_the_third(self: SpreadObjective, work: Any, *args: Any) -> Any:
            count[0] += 1
            return ask(self, _swell if count[0] == 3 else work, *args)

        monkeypatch.setattr(SpreadObjective, "_ask", swell_at_the_third)
        with pytest.raises(ModelError, match=r"(?s)Workers died .*memory|No worker is left.*want of memory"):
            clmm(FORMULA, parts, group="g", engine=client)
        assert count[0] == 3
        assert nanny.pid != first, "the nanny ended nobody"


@pytest.mark.parametrize("how", ["closed", "silent"])
def test_a_client_that_is_closed_or_never_answered_is_one_error_in_time(
    shared: tuple[Any, Any], parts: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    begun = time.monotonic()
    if how == "closed":
        client = distributed.Client(shared[0])
        at_evaluation(monkeypatch, 3, client.close)
        with pytest.raises(ModelError, match="was lost during the fit, or its client closed"):
            clmm(FORMULA, parts, group="g", engine=client)
    else:
        # It takes the call and says nothing.
        monkeypatch.setattr(crews, "ANSWER", 1.0)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
            with pytest.raises(ModelError, match=r"No Dask scheduler answers .* within 1 seconds"):
                clmm(FORMULA, parts, group="g", engine=address)
    assert time.monotonic() - begun < 60


def test_partitions_that_are_empty_doubled_or_of_other_kinds(
    shared: tuple[Any, Any], parts: Path, undisturbed: OrdinalFit, tmp_path: Path
) -> None:
    """Nothing of it changes a number in silence."""
    files = sorted(parts.glob("*.parquet"))
    frame = pl.read_parquet(files[0])
    nothing = tmp_path / "nothing.parquet"
    pl.DataFrame(schema=dict.fromkeys(frame.columns, pl.Null)).write_parquet(nothing)
    fit = clmm(FORMULA, [nothing, *files], group="g", engine=shared[1])
    assert fit.log_likelihood.hex() == undisturbed.log_likelihood.hex()
    with pytest.raises(ModelError, match="is given twice: its rows would count double"):
        clm(FORMULA, [parts, files[0]], engine=shared[1])
    for column, kind, words in (
        ("g", pl.String, "text"),
        ("g", pl.Float64, "number"),
        ("x", pl.String, "text"),
    ):
        other = tmp_path / "other.parquet"
        frame.with_columns(pl.col(column).cast(kind)).write_parquet(other)
        with pytest.raises(ModelError, match=rf"Column '{column}' holds {words} in .*other.parquet, "):
            clmm(FORMULA, [other, *files[1:]], group="g", engine=shared[1])


def test_frames_made_again_are_known_by_their_values() -> None:
    frame = graded(50, 9).with_columns(kind=pl.lit("a").cast(pl.Categorical))
    for one, other in ((frame, frame[::-1]), (frame.to_pandas(), frame[::-1].to_pandas())):
        digests = [hold_frame(made, "it", frame.columns).digest for made in (one, copy(one), other)]
        assert digests[0] == digests[1] != digests[2]


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
