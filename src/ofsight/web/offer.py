"""Putting a question on the web: once, for a page, its JSON twin and a JSON and CSV of each of its tables."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query as QueryParam
from fastapi.responses import Response
from fastapi.routing import APIRoute

from ofsight.web.answer import Answer, Part
from ofsight.web.formats import MOST_ROWS, answer_json, frame_csv, part_json
from ofsight.web.problems import PROBLEM_JSON, Refusal
from ofsight.web.render import render
from ofsight.web.sources import Sources
from ofsight.web.vega import ENDING, can_specify, specify

__all__ = [
    "API",
    "CHART_SCHEMA",
    "CSV_ANSWER",
    "PART_SCHEMA",
    "Cursor",
    "Held",
    "Limit",
    "Site",
    "answers",
    "chart_response",
    "csv_response",
    "json_response",
    "page_response",
    "part_response",
    "refusals",
    "refuse_unknown",
    "search_answers",
]

API: Final = "/api/v1"

Ask = Callable[..., Answer]


async def _sources_of(request: Request) -> Sources:
    found: Sources = request.app.state.holdings.current()
    return found


Held = Annotated[Sources, Depends(_sources_of)]
"""What is held, as a parameter of a handler or of a function that asks a question."""

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description=f"So many rows at most, up to {MOST_ROWS:,}.")]
Cursor = Annotated[
    str,
    Query(max_length=120, description="Where to go on: the `next` address of the answer before has it."),
]
Form = Annotated[Literal["json", "csv"], Query(alias="format", description="json, or csv with every row.")]

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
        "suggestions": {"type": "array", "items": {"type": "object"}},
    },
}
_FACTS: Final[dict[str, Any]] = {
    "title": {"type": "string"},
    "page": {"type": "string", "description": "The page that shows the same."},
    "cautions": {"type": "array", "items": {"type": "string"}},
    "dataset": {"type": "object", "description": "Version, newest release, whether synthetic."},
    "licence": {"type": "string"},
}
_ROWS: Final[dict[str, Any]] = {"type": "array", "items": {"type": "object"}}
_WHOLE: Final[dict[str, Any]] = {
    "type": "object",
    "required": [*_FACTS, "words", "parts"],
    "properties": {
        **_FACTS,
        "words": {"type": "array", "items": {"type": "string"}},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "title", "fields", "n_rows", "rows"],
                "properties": {
                    "key": {"type": "string"},
                    "title": {"type": "string"},
                    "fields": {"type": "array", "items": {"type": "object"}},
                    "n_rows": {"type": "integer"},
                    "rows": _ROWS,
                },
            },
        },
    },
}
CHART_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A specification of Vega-Lite 6: data, marks and scales of the chart; see its $schema.",
    "required": ["$schema", "title", "description", "usermeta", "data"],
    "properties": {
        "$schema": {"type": "string"},
        "title": {"type": "object"},
        "description": {"type": "string"},
        "usermeta": {"type": "object", "description": "Page, table, source, cautions, version of the data."},
        "data": {"type": "object"},
    },
}
PART_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": [*_FACTS, "key", "fields", "n_rows", "first", "rows", "next"],
    "properties": {
        **_FACTS,
        "key": {"type": "string"},
        "fields": {"type": "array", "items": {"type": "object"}},
        "n_rows": {"type": "integer"},
        "first": {"type": "integer"},
        "rows": _ROWS,
        "next": {"type": ["string", "null"], "description": "Address of the next rows."},
    },
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of an endpoint, as OpenAPI describes them."""
    words = {
        404: "Nothing of that name",
        414: "An address of more than 2,000 characters",
        422: "Words that cannot be meant",
        503: "No dataset to show yet",
    }
    return {
        status: {"description": words[status], "content": {PROBLEM_JSON: {"schema": _PROBLEM}}}
        for status in sorted({*statuses, 404, 414, 422, 503})
    }


def answers(schema: dict[str, Any], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the answers of an endpoint that gives JSON, as OpenAPI describes them."""
    return {
        200: {"description": "The answer", "content": {"application/json": {"schema": schema}}}
    } | refusals(*statuses)


CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Every row", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


_KNOWN: Final[dict[str, frozenset[str]]] = {}


def _known_parameters(route: APIRoute) -> frozenset[str]:
    """Return the parameters of an endpoint, looked up once: two applications have the same ones."""
    if route.path_format not in _KNOWN:
        _KNOWN[route.path_format] = frozenset(
            found.alias
            for found in get_flat_params(route.dependant)
            if isinstance(found.field_info, QueryParam)
        )
    return _KNOWN[route.path_format]


async def refuse_unknown(request: Request) -> None:
    """Refuse a parameter that an endpoint does not know: a misspelt filter must not give unfiltered rows."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = _known_parameters(route)
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        allowed = ", ".join(sorted(known)) or "none"
        raise Refusal(422, f"Unknown parameter: {', '.join(unknown)[:200]}. Allowed here: {allowed}.")


def _remembered(ask: Ask) -> Ask:
    """Return a question whose last answers are kept with the sources they were made of."""

    @wraps(ask)
    def asked(sources: Sources, **given: Any) -> Answer:
        key = (
            f"{ask.__module__}.{ask.__name__}",
            *((name, tuple(value) if isinstance(value, list) else value) for name, value in given.items()),
        )
        return sources.recent(key, lambda: ask(sources=sources, **given))

    return asked


@dataclass
class Site:
    """The routers that questions are offered on: pages for people, the API for programs."""

    pages: APIRouter = field(default_factory=lambda: APIRouter(include_in_schema=False))
    api: APIRouter = field(
        default_factory=lambda: APIRouter(prefix=API, dependencies=[Depends(refuse_unknown)])
    )

    def offer(
        self,
        path: str,
        ask: Ask,
        *,
        tag: str,
        summary: str,
        parts: Sequence[str],
        template: str = "answer.html.j2",
        twin: str | None = None,
    ) -> None:
        """Offer a question as a page, as JSON, and each of its tables as JSON and CSV.

        Parameters
        ----------
        path : str
            Address of the page: ``/homes/{urn}``.
        ask : callable
            A FastAPI dependency: reads parameters, asks a function of `ofsight.web.queries`, returns the
            answer or raises `Refusal`.
        tag, summary : str
            For the API's description.
        parts : sequence of str
            Keys of the tables that the answer may have; empty when only the answer knows them.
        template : str
            The page's template; it gets ``answer``.
        twin : str, optional
            Address below ``/api/v1``; as the page's where none is given.
        """
        asked: Any = Annotated[Answer, Depends(_remembered(ask))]
        below = path if twin is None else twin

        def page(answer: asked, request: Request, sources: Held) -> Response:
            return page_response(request, sources, template, answer=answer)

        def whole(answer: asked, sources: Held) -> Response:
            return Response(answer_json(answer, sources), media_type="application/json")

        self.pages.add_api_route(path, page, methods=["GET"])
        self._add(f"{below}.json", whole, tag=tag, summary=summary, responses=answers(_WHOLE, 404))
        self._add(below, whole, shown=False)
        self._offer_parts(below, asked, parts, tag, summary)

    def _offer_parts(self, below: str, asked: Any, parts: Sequence[str], tag: str, summary: str) -> None:
        named: Any = Literal[tuple(parts)] if parts else str
        limits: Any = {} if parts else {"max_length": 80}
        key: Any = Annotated[named, Path(description="Which of the tables.", **limits)]

        def as_json(
            answer: asked, part: key, sources: Held, limit: Limit = 100, cursor: Cursor = ""
        ) -> Response:
            return part_response(answer, part, sources, limit, cursor)

        def as_csv(answer: asked, part: key) -> Response:
            return csv_response(_find(answer, part), answer)

        def by_format(
            answer: asked,
            part: key,
            sources: Held,
            form: Form = "json",
            limit: Limit = 100,
            cursor: Cursor = "",
        ) -> Response:
            if form == "csv":
                return csv_response(_find(answer, part), answer)
            return part_response(answer, part, sources, limit, cursor)

        def as_chart(answer: asked, part: key, sources: Held) -> Response:
            return chart_response(_find(answer, part), answer, sources)

        one = f"{summary}: one of its tables"
        # Before the table itself: "map.vl" would be taken for a table's name.
        self._add(
            f"{below}/tables/{{part}}.{ENDING}",
            as_chart,
            tag=tag,
            summary=f"{one}, its chart as a Vega-Lite specification",
            responses=answers(CHART_SCHEMA, 404),
        )
        self._add(
            f"{below}/tables/{{part}}.json",
            as_json,
            tag=tag,
            summary=one,
            responses=answers(PART_SCHEMA, 404),
        )
        csv_answers = CSV_ANSWER | refusals(404)
        self._add(
            f"{below}/tables/{{part}}.csv", as_csv, tag=tag, summary=f"{one}, as CSV", responses=csv_answers
        )
        self._add(f"{below}/tables/{{part}}", by_format, shown=False)

    def _add(
        self,
        path: str,
        handler: Callable[..., Response],
        *,
        tag: str = "",
        summary: str = "",
        responses: dict[int | str, dict[str, Any]] | None = None,
        shown: bool = True,
    ) -> None:
        self.api.add_api_route(
            path,
            handler,
            methods=["GET"],
            tags=[tag] if tag else None,
            summary=summary or None,
            responses=responses or {},
            include_in_schema=shown,
            response_class=Response,
        )


def _find(answer: Answer, key: str) -> Part:
    found = answer.part(key)
    if found is None:
        names = ", ".join(part.key for part in answer.parts) or "none"
        raise Refusal(404, f"This answer has no table '{key[:80]}'. Its tables are: {names}.")
    return found


def part_response(answer: Answer, key: str, sources: Sources, limit: int, cursor: str) -> Response:
    """Return rows of one table as JSON, the address of the next in a Link header too."""
    body, following = part_json(answer, _find(answer, key), sources, limit, cursor)
    headers = {"link": f'<{following}>; rel="next"'} if following else {}
    return Response(body, media_type="application/json", headers=headers)


def csv_response(part: Part, answer: Answer) -> Response:
    """Return one table as CSV, every row, under a name that says what it is."""
    path = answer.address.partition("?")[0].strip("/").replace("/", "-") or "start"
    name = "".join(
        letter if (letter.isalnum() and letter.isascii()) or letter in "-_" else "-" for letter in path
    )
    headers = {"content-disposition": f'attachment; filename="ofsight-{name[:80]}-{part.key}.csv"'}
    return Response(
        frame_csv(part.given), media_type="text/csv; charset=utf-8; header=present", headers=headers
    )


def chart_response(part: Part, answer: Answer, sources: Sources) -> Response:
    """Return the chart of one table as a Vega-Lite specification, its values in it."""
    if not can_specify(part):
        charts = ", ".join(one.key for one in answer.parts if can_specify(one)) or "none"
        raise Refusal(404, f"The table '{part.key}' has no chart. Tables with one here: {charts}.")
    made = json.dumps(specify(answer, part, sources.facts), ensure_ascii=False, default=str, allow_nan=False)
    return Response(made.encode("utf-8", "replace"), media_type="application/json")


def search_answers() -> dict[int | str, dict[str, Any]]:
    """Return the answers of the search, as OpenAPI describes them."""
    return answers({"type": "object", "required": ["rows"], "properties": {"rows": _ROWS}})


def json_response(value: object) -> Response:
    """Return a value as JSON."""
    return Response(json.dumps(value, ensure_ascii=False, default=str), media_type="application/json")


def page_response(request: Request, sources: Sources, template: str, **context: Any) -> Response:
    """Return a page made of a template and what it needs."""
    page = render(template, sources=sources, path=request.url.path, **context)
    return Response(page, media_type="text/html; charset=utf-8")
