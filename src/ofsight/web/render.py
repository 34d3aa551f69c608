"""Pages from templates: how each kind of value is shown, charts drawn, every word escaped."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ofsight.report.charts import NARROW, WIDE, draw
from ofsight.report.document import plain
from ofsight.report.markup import block_kind, tone, words_within
from ofsight.report.wording import count, day
from ofsight.web.answer import Picture
from ofsight.web.assets import assets
from ofsight.web.cells import body_of, laid_body_of
from ofsight.web.filters import TESTS
from ofsight.web.vega import can_specify

__all__ = ["render"]


def _drawing(picture: Picture, key: str, narrow: bool) -> Markup:
    """Return a chart as SVG; the drawings escape every word they write, so their text is safe as it is."""
    if isinstance(picture.chart, str):
        return Markup(picture.narrow if narrow and picture.narrow else picture.chart)
    name = f"{key}-{'narrow' if narrow else 'wide'}"
    width = NARROW if narrow else WIDE
    return Markup(draw(picture.chart, width, name=name, title=picture.title, description=picture.description))


def _pairs(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return values with their words: for a list of choices whose values are words."""
    return [(value, value.replace("_", " ")) for value in values]


def _source(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_source),
        auto_reload=False,
    )
    environment.filters.update(
        words=words_within, tone=tone, plain=plain, day=day, count=count, kind=block_kind, pairs=_pairs
    )
    environment.globals.update(
        body_of=body_of,
        laid_body_of=laid_body_of,
        drawing=_drawing,
        asset=assets().address,
        can_specify=can_specify,
        charts=assets().charts,
        has_narrow=_has_narrow,
        tests=TESTS,
    )
    return environment


def _has_narrow(picture: Picture) -> bool:
    return not isinstance(picture.chart, str) or bool(picture.narrow)


def render(template: str, **context: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a file of ``templates/``.
    **context
        What it needs: see the template. A name that is missing is an error, never an empty place.
    """
    return _environment().get_template(template).render(**context)
