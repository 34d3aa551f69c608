"""The pages of planning: an area's plan, and its scenarios, each at a plain address.

The questions are imported when they are first asked: the models behind them load compiled code, and the
explorer must start without waiting for it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from ofsight.errors import DefinitionError
from ofsight.planning.scenarios.scenario import MOST_EVENTS, Scenario, parse_scenario
from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.problems import Refusal
from ofsight.web.queries.areas import area_of

__all__ = ["offer"]

_TAG = "Planning"
_Area = Annotated[
    str, Path(max_length=1500, description="Name, code or slug of an area, or several joined with commas.")
]
_Word = Annotated[str, Query(max_length=120)]
_Number = Annotated[
    str, Query(max_length=60, description="A number, or a range as least~likeliest~most: 0.75~0.85~0.9.")
]
_Events = Annotated[
    list[str],
    Query(
        default_factory=list,
        max_length=MOST_EVENTS,
        description="What happens: kind(field=value;field=value); a kind is leave, phase_out, open, need or "
        "occupancy.",
    ),
]
_PER_CENT: Final = frozenset({"share", "converted", "per_year", "occupancy", "own_use", "near_home"})
"""Fields that the forms ask for in per cent, and that a scenario has as a share."""

_SETTINGS: Final = ("name", "years", "occupancy", "own_use", "near_home", "opening", "closing")
_BY_KIND: Final = {
    "leave": ("holder", "year", "share", "sold_to"),
    "phase_out": ("sector", "year", "over", "share", "converted", "to_sector"),
    "open": ("homes", "places", "sector", "year"),
    "need": ("per_year", "year"),
    "occupancy": ("occupancy", "year"),
}


def _plan(sources: Held, area: _Area) -> Answer:
    from ofsight.web.queries.planning import planning_page

    return planning_page(sources, area)


def _what_if(
    sources: Held,
    area: _Area,
    event: _Events,
    name: _Word = "",
    years: _Number = "",
    seed: _Number = "",
    vintage: Annotated[str, Query(max_length=10, description="Day of the list it was written for.")] = "",
    occupancy: _Number = "",
    own_use: _Number = "",
    near_home: _Number = "",
    children_in_homes: _Number = "",
    opening: _Number = "",
    closing: _Number = "",
) -> Answer:
    from ofsight.web.queries.what_if import scenario_page

    given = {
        "name": name,
        "years": years,
        "seed": seed,
        "vintage": vintage,
        "occupancy": occupancy,
        "own_use": own_use,
        "near_home": near_home,
        "children_in_homes": children_in_homes,
        "opening": opening,
        "closing": closing,
    }
    pairs = [(key, value) for key, value in given.items() if value]
    return scenario_page(sources, area, urlencode([*pairs, *(("event", one) for one in event)]))


def _change(request: Request, sources: Held, area: _Area) -> Response:
    """Turn the fields of a form into the plain address of the scenario that they make."""
    from ofsight.web.queries.what_if import address_with, scenario_of, scenario_with_event

    fields = request.query_params
    found = area_of(sources, area)
    if len(request.url.query) > 6000 or len(fields) > 60:
        raise Refusal(422, "These are more fields than the form has.")
    scenario = scenario_of(fields.get("scenario", ""))
    kind = fields.get("kind", "")
    if kind in _BY_KIND:
        event = {"kind": kind} | _values(fields, _BY_KIND[kind])
        changed = scenario_with_event(scenario, event)
    elif kind == "settings":
        changed = _with_settings(scenario, fields)
    else:
        raise Refusal(422, f"Choose what happens: one of {', '.join(_BY_KIND)}.")
    return RedirectResponse(f"{address_with(found, changed)}#result", 303)


def _with_settings(scenario: Scenario, fields: Any) -> Scenario:
    """Return a scenario with other settings; an empty field keeps what there was."""
    data = scenario.model_dump(mode="json") | _values(fields, _SETTINGS)
    children = fields.get("children_in_homes")
    if children is not None:
        data["children_in_homes"] = _number("children_in_homes", children) if children.strip() else None
    try:
        return parse_scenario(data, "These settings")
    except DefinitionError as error:
        raise Refusal(422, str(error).removesuffix(" See docs/scenarios.md.")) from None


def _values(fields: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: value if name in ("name", "holder", "sector", "to_sector", "sold_to") else _number(name, value)
        for name in names
        if (value := fields.get(name, "").strip())
    }


def _number(name: str, words: str) -> Any:
    """Return a number, or a range of three, from a field: ``85``, ``75 85 90`` or ``75 to 85 to 90``."""
    parts = [part for part in re.split(r"\s*(?:~|\bto\b|–|,|;|\s)\s*", words.strip().rstrip("%")) if part]
    scale = 100 if name in _PER_CENT else 1
    try:
        numbers = [round(float(part.rstrip("%").replace("−", "-")) / scale, 6) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        whole = name in ("years", "year", "over", "homes", "places")
        return int(numbers[0]) if whole and numbers[0].is_integer() else numbers[0]
    if len(numbers) == 3:
        return dict(zip(("low", "base", "high"), numbers, strict=True))
    raise Refusal(
        422,
        f"'{words[:60]}' is no number for {name.replace('_', ' ')}. Give one number, or the least, the "
        "likeliest and the most with spaces between them: 75 85 90.",
    )


def offer(site: Site) -> None:
    """Offer the questions about planning."""
    site.offer(
        "/areas/{area}/planning",
        _plan,
        tag=_TAG,
        summary="An area's plan: need, supply, quality, ownership, exposure, outlook",
        parts=(),
        template="planning.html.j2",
    )
    site.offer(
        "/areas/{area}/planning/what-if",
        _what_if,
        tag=_TAG,
        summary="A scenario of an area, by year with ranges",
        parts=("years", "change", "assumptions"),
        template="what_if.html.j2",
    )
    site.pages.add_api_route("/areas/{area}/planning/what-if/change", _change, methods=["GET"])
