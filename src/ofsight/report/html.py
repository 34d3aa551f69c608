"""The HTML edition: one file, no script, nothing fetched, readable on a phone and on paper."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ofsight.report.charts import NARROW, WIDE, draw
from ofsight.report.document import Document, Figure, plain
from ofsight.report.markup import block_kind, tone, words

__all__ = ["render_html"]

_TEMPLATES = "templates"


def _source(name: str) -> str:
    return resources.files(__package__).joinpath(_TEMPLATES, name).read_text(encoding="utf-8")


def _chart(figure: Figure, width: float, name: str) -> Markup:
    # The drawing escapes every word it writes (charts.svg), so its text is safe as it is.
    return Markup(
        draw(
            figure.chart,
            width,
            name=f"{figure.key}-{name}",
            title=figure.title,
            description=figure.description,
        )
    )


def _css_string(text: str) -> Markup:
    """Return a text as a CSS string that cannot end it, nor the style element around it."""
    safe = "".join(
        letter if letter.isalnum() or (letter in " .,:;’'-" and letter != "'") else f"\\{ord(letter):x} "
        for letter in text
    )
    return Markup(f'"{safe}"')


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_source),
    )
    environment.filters.update(words=words, tone=tone, plain=plain, css_string=_css_string)
    environment.globals.update(chart=_chart, wide=WIDE, narrow=NARROW, kind=block_kind)
    return environment


def render_html(document: Document) -> str:
    """Return the document as one self-contained HTML page.

    Parameters
    ----------
    document : Document
        From `ofsight.report.content.make_document`.

    Returns
    -------
    str
        The page. It holds no script and asks for nothing from anywhere; every word is escaped.
    """
    page = _environment().get_template("report.html.j2")
    return page.render(document=document, style=Markup(_source("report.css")))
