"""The workers: who they are, what they are asked, and what is said when they fail.

Tasks give a `Failure` back instead of raising, so that the workers' logs stay quiet and the first
failure, in the order of the partitions, is the one that is told.
"""

from __future__ import annotations

import atexit
import importlib
import logging
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from ofsight.errors import ModelError

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["Crew", "Failure", "told"]

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE = 60.0
"""Seconds without any worker, or without an answer of the scheduler, after which a fit stops."""
ANSWER = 30.0
"""Seconds in which what listens at an address has to answer as a scheduler does."""
_LOOK: Final = 1.0  # seconds between two looks at whether anybody is still there
_QUIET: Final = logging.CRITICAL + 1
_importing = threading.Lock()
_clients: dict[str, Any] = {}


@dataclass(frozen=True)
class Failure:
    """What went wrong in a task, as the user is to read it."""

    message: str


def _import_once() -> None:
    """Import what tasks use before the first of them runs, one thread at a time.

    pandas and polars import parts of themselves in circles: two threads of a worker that begin at
    the same moment find each other's modules half made, or wait for each other for ever.
    """
    with _importing:
        for name in ("polars", "pandas", "pyarrow.parquet", "formulaic", "fsspec.core"):
            importlib.import_module(name)


def told(work: Callable[P, R]) -> Callable[P, R | Failure]:
    """Make a task give its `ModelError` back as a `Failure`, and hand on those it is given."""

    @wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Failure:
        for given in args:
            if isinstance(given, Failure):
                return given
        _import_once()
        try:
            return work(*args, **kwargs)
        except ModelError as error:
            return Failure(str(error))
        except MemoryError:
            return Failure(_memory("A worker ran out of memory."))

    return guarded


@dataclass(frozen=True)
class Shared:
    """Something pickled once, so that a task that gives it is small to look at."""

    content: bytes


def _give(shared: Shared) -> Any:
    return pickle.loads(shared.content)


def _memory(what: str) -> str:
    return (
        f"{what} Give the workers more memory, use more of them, or write smaller partitions "
        "(partition_by_group with a larger n_partitions)."
    )


class Crew:
    """The workers of a Dask cluster, as a fit uses them.

    Parameters
    ----------
    engine : distributed.Client or str
        A client, or the address of a scheduler (``tcp://host:8786``). A client made here for an
        address is kept for later fits and closed when Python ends.
    patience : float, optional
        Seconds to wait for a worker or the scheduler to come back; default a minute.

    Raises
    ------
    ModelError
        If Dask is not installed, or the scheduler does not answer.
    """

    def __init__(self, engine: Any, patience: float | None = None) -> None:
        self.client: Any = _connect(engine)
        self.patience = PATIENCE if patience is None else patience

    def submit(self, work: Callable[..., Any], *args: Any) -> Future[Any]:
        """Return the future of a task; futures among the arguments are waited for."""
        if self.client.status != "running":
            raise self._lost()
        try:
            future: Future[Any] = self.client.submit(work, *args, pure=False)
            return future
        except Exception as error:
            raise self._explain(error) from error

    def share(self, thing: Any) -> Future[Any]:
        """Return the future of something that every worker is to have.

        It travels as a task, not as data that Dask could lose with a worker and not make again.
        """
        return self.submit(_give, Shared(pickle.dumps(thing)))

    def compute(self, delayed: Any) -> Future[Any]:
        """Return the future of something that Dask is to make."""
        try:
            future: Future[Any] = self.client.compute(delayed)
            return future
        except Exception as error:
            raise self._explain(error) from error

    def gather(self, futures: Sequence[Future[Any]]) -> list[Any]:
        """Return the results, in the order asked for.

        Raises
        ------
        ModelError
            If a task failed, its workers died again and again, no worker is left, or the
            scheduler is lost.
        """
        from asyncio import CancelledError

        import distributed

        wait: Any = distributed.wait
        alone_since: float | None = None
        with quiet():
            while True:
                try:
                    wait(futures, timeout=_LOOK)
                except TimeoutError:
                    alone_since = self._look(alone_since)
                    continue
                except (Exception, CancelledError) as error:
                    raise self._explain(error) from error
                for future in futures:
                    if future.status in ("error", "cancelled"):
                        raise self._explain(self._why(future))
                # A result may be lost with its worker after the wait: it is made again, and waited for again.
                if all(future.status == "finished" for future in futures):
                    break
            try:
                results: list[Any] = self.client.gather(list(futures))
            except (Exception, CancelledError) as error:
                raise self._explain(error) from error
        for result in results:
            if isinstance(result, Failure):
                raise ModelError(result.message)
        return results

    def _why(self, future: Future[Any]) -> BaseException:
        from asyncio import CancelledError

        try:
            asked: Any = future
            return asked.exception(timeout=self.patience) or CancelledError()
        except (Exception, CancelledError) as error:
            return error

    def _look(self, alone_since: float | None) -> float | None:
        """Return since when there is no worker; stop the fit when that is too long."""
        from asyncio import CancelledError

        try:
            workers = self.client.sync(self.client.scheduler.ncores, callback_timeout=self.patience)
        except (Exception, CancelledError) as error:
            raise self._lost() from error
        if workers:
            return None
        since = time.monotonic() if alone_since is None else alone_since
        if time.monotonic() - since > self.patience:
            raise ModelError(
                f"No worker is left: all are gone for {self.patience:.0f} seconds. Start workers and fit "
                "again; where they were killed for want of memory, give them more or write smaller "
                "partitions."
            )
        return since

    def _lost(self) -> ModelError:
        where = getattr(getattr(self.client, "scheduler", None), "address", None) or "its address"
        return ModelError(
            f"The Dask scheduler at {where} was lost during the fit, or its client closed. Nothing was "
            "written; start the cluster and fit again."
        )

    def _explain(self, error: BaseException) -> ModelError:
        """Return a failure of the cluster as an error that says what to do."""
        from asyncio import CancelledError

        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        if isinstance(error, ModelError):
            return error
        if isinstance(error, KilledWorker):
            times = error.allowed_failures + 1
            return ModelError(
                _memory(
                    f"Workers died on the same partition ({times} in a row); most often for want of memory."
                )
            )
        if isinstance(error, MemoryError):
            return ModelError(_memory("A worker ran out of memory."))
        if isinstance(error, CancelledError | CommClosedError | OSError | TimeoutError):
            return self._lost()
        if self.client.status not in ("running", "newly-created"):
            return self._lost()
        return ModelError(f"A task on the workers failed: {type(error).__name__}: {error}")


def _connect(engine: Any) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise ModelError(
            "engine= needs Dask. Install it with: pip install 'ofsight[scale]', or leave engine out."
        ) from None
    if isinstance(engine, Client):
        if engine.asynchronous:
            raise ModelError("engine= takes a Dask client made with asynchronous=False.")
        if engine.status != "running":
            raise ModelError(f"The Dask client is {engine.status}. Make a new Client and fit again.")
        return engine
    if not isinstance(engine, str):
        raise ModelError(
            f"engine= is a distributed.Client or the address of a scheduler; it is {type(engine).__name__}."
        )
    known = _clients.get(engine)
    if known is not None and known.status == "running":
        return known
    client = _call(Client, engine)
    if not _clients:
        atexit.register(_close_clients)
    _clients[engine] = client
    return client


def _call(make: Any, address: str) -> Any:
    """Return a client of the scheduler at an address.

    Dask waits for ever for one that takes the call and says nothing, so it is asked in a thread of its own.
    """
    answer: list[Any] = []

    def ask() -> None:
        try:
            answer.append(make(address, timeout=10, set_as_default=False))
        except Exception as error:
            answer.append(error)

    caller = threading.Thread(target=ask, name="ofsight-dask-client", daemon=True)
    with quiet():
        caller.start()
        caller.join(ANSWER)
    if answer and not isinstance(answer[0], Exception):
        return answer[0]
    why = f" ({type(answer[0]).__name__})" if answer else f" within {ANSWER:.0f} seconds"
    raise ModelError(
        f"No Dask scheduler answers at {address!r}{why}. Start one (dask scheduler) and workers (dask "
        "worker), of the version of Dask that is installed here."
    ) from (answer[0] if answer else None)


def _close_clients() -> None:
    for client in _clients.values():
        client.close(timeout=2)
    _clients.clear()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask's own messages off the screen: what matters of them is told as an error."""
    loggers = [
        logger
        for name, logger in list(logging.Logger.manager.loggerDict.items())
        if name.partition(".")[0] == "distributed" and isinstance(logger, logging.Logger)
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_QUIET)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
