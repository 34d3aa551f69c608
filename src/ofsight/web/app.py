"""The application: routes, what happens at the start, and how every error is answered."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ofsight import __version__
from ofsight.errors import UsageError
from ofsight.web.cache import Cache
from ofsight.web.front import Front
from ofsight.web.maker import Maker, Spot
from ofsight.web.mount import Mount, read_mount
from ofsight.web.offer import API, Site
from ofsight.web.pages import add_questions
from ofsight.web.pages.errors import refuse
from ofsight.web.problems import Refusal
from ofsight.web.sources import Holdings, NotReady
from ofsight.web.warm import keep_warm

__all__ = ["ENVIRONMENT", "Explorer", "create_app", "create_app_from_environment"]

ENVIRONMENT: Final = {
    "dataset": "OFSIGHT_DATASET",
    "study": "OFSIGHT_STUDY",
    "plan": "OFSIGHT_PLAN",
    "url": "OFSIGHT_URL",
    "warm": "OFSIGHT_WARM",
}
"""The variables that say what to show, where the application is started by a server of its own."""

_THREADS: Final = 4
"""Handlers at once: more would only share two cores, hold more memory and stand in each other's way."""

_TURN: Final = 0.001
"""Seconds that a thread may go on while others wait: a finished answer, which takes a fraction of that, waits
for a page that is being made no longer than this. Python's own 5 ms would be the slowest part of it."""

_ABOUT = """Everything that the pages show, for programs.

Every page has a twin here: its address below `/api/v1`, with `.json` behind it; each of its tables is at
`.../tables/{table}.json` (pages of rows, `next` leads on) and `.../tables/{table}.csv` (every row); where it
has a chart, that is a Vega-Lite specification at `.../tables/{table}.vl.json`. A value that is withheld is
null, with a status beside it. Unknown parameters are refused. Errors are
`application/problem+json`.
"""


class Explorer(FastAPI):
    """The routes with the front before them.

    Parameters
    ----------
    holdings : Holdings
        What is shown.
    mount : Mount
        Where visitors reach it.
    maker : Maker, optional
        The process that makes pages.
    """

    def __init__(self, holdings: Holdings, mount: Mount, maker: Maker | None, **options: Any) -> None:
        super().__init__(**options)
        self.holdings = holdings
        self.public = mount
        self.maker = maker
        self.cache = Cache()
        self.front: Front | None = None

    def build_middleware_stack(self) -> Any:
        """Put the front before everything, the handling of errors included."""
        routes = super().build_middleware_stack()
        self.front = Front(routes, self.holdings, refuse, self.cache, self.public, self.maker)
        return self.front

    def n_making(self) -> int:
        """Return how many answers are being made."""
        return 0 if self.front is None else self.front.n_making


def create_app(
    dataset: Path | str,
    study: Path | str | None = None,
    plan: Path | str | None = None,
    *,
    frozen: bool = False,
    warm: bool = False,
    url: str = "",
    spot: Spot | None = None,
    tell: Callable[[str], None] | None = None,
) -> Explorer:
    """Make the explorer.

    Parameters
    ----------
    dataset : Path or str
        Folder of a dataset. It may be missing or half built: then every page says so, until it is there.
    study : Path or str, optional
        Folder of a study's results.
    plan : Path or str, optional
        Folder of a prepared plan.
    frozen : bool
        Make pages that need no server: without what only a server can answer.
    warm : bool
        Make the main pages beforehand, in the background, at the start and when the data is new.
    url : str
        The public address, or its path: see `ofsight.web.mount.read_mount`.
    spot : Spot, optional
        Where a process listens that makes pages for this one (`ofsight.web.maker`).
    tell : callable, optional
        Gets what the operator should know, one line each; standard error when there is none.

    Returns
    -------
    Explorer
        An ASGI application. It reads the folders at its start and again when they are written anew.
    """
    mount = read_mount(url)
    holdings = Holdings(
        Path(dataset),
        None if study is None else Path(study),
        None if plan is None else Path(plan),
        frozen=frozen,
        tell=tell or (lambda line: print(line, file=sys.stderr, flush=True)),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        sys.setswitchinterval(_TURN)
        await anyio.to_thread.run_sync(holdings.read)
        warming = None
        if warm or maker is not None:
            warming = asyncio.create_task(keep_warm(app, holdings, app.n_making, pages=maker is None))
        yield
        if maker is not None:
            await maker.close()
        if warming is not None:
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming

    maker = None if spot is None else Maker(spot)
    app = Explorer(
        holdings,
        mount,
        maker,
        title="ofsight explorer",
        version=__version__,
        description=_ABOUT,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # the pages that FastAPI makes fetch scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        servers=[{"url": f"{mount.origin}{mount.prefix}"}] if mount.prefix or mount.origin else None,
        license_info={"name": "MIT (code); Open Government Licence v3.0 (data)"},
    )
    app.state.holdings = holdings
    site = Site()
    add_questions(site)
    app.include_router(site.api)
    app.include_router(site.pages)
    _answer_errors(app)
    return app


def create_app_from_environment(*, asks_maker: bool = True) -> Explorer:
    """Make the explorer of the folders that the environment names: for servers that start it themselves.

    Parameters
    ----------
    asks_maker : bool
        Let the process that the environment names make the pages; that process itself does not.

    Raises
    ------
    UsageError
        When the variable of the dataset is not set.
    """
    dataset = os.environ.get(ENVIRONMENT["dataset"])
    if not dataset:
        raise UsageError(f"Set {ENVIRONMENT['dataset']} to the folder of a dataset.")
    study, plan = (os.environ.get(ENVIRONMENT[name]) or None for name in ("study", "plan"))
    warm = os.environ.get(ENVIRONMENT["warm"], "yes") != "no"
    url = os.environ.get(ENVIRONMENT["url"], "")
    if asks_maker:
        return create_app(dataset, study, plan, url=url, warm=warm, spot=Spot.from_environment())
    # What cannot be shown is said once, by the process that asks.
    return create_app(dataset, study, plan, url=url, warm=warm, tell=lambda _: None)


def _answer_errors(app: FastAPI) -> None:
    def reply(request: Request, status: int, detail: str, **more: Any) -> Response:
        headers, body = refuse(request.url.path, status, detail, **more)
        return Response(body, status, {name.decode(): value.decode() for name, value in headers})

    @app.exception_handler(Refusal)
    async def _refused(request: Request, error: Refusal) -> Response:
        return reply(request, error.status, error.detail, near=error.near)

    @app.exception_handler(UsageError)
    async def _unknown(request: Request, error: UsageError) -> Response:
        return reply(request, 404, str(error))

    @app.exception_handler(NotReady)
    async def _not_ready(request: Request, error: NotReady) -> Response:
        response = reply(request, 503, str(error))
        response.headers["retry-after"] = "10"
        return response

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"where": ".".join(map(str, one["loc"])), "problem": str(one["msg"])} for one in error.errors()
        ]
        said = "; ".join(f"{one['where']}: {one['problem']}" for one in errors)
        return reply(request, 422, f"{said}."[:1000], errors=errors)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        words = "Check the address, or begin at the front page." if error.status_code == 404 else error.detail
        return reply(request, error.status_code, str(words))

    @app.exception_handler(Exception)
    async def _failed(request: Request, error: Exception) -> Response:
        del error  # it is in the log; its words are not for visitors
        return reply(request, 500, "The error has been written to the server's log. Try another page.")
