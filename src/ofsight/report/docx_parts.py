"""What python-docx has no call for: links, bookmarks, fields, shading, words for a picture."""

from __future__ import annotations

import re
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from ofsight.report.characters import clean
from ofsight.report.document import Span, Text

__all__ = [
    "add_bookmark",
    "add_field",
    "add_link",
    "add_text",
    "describe_picture",
    "rule_beside",
    "shade",
]

_OUTSIDE = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
_LONGEST_BOOKMARK = 40


def element(tag: str, /, **attributes: str) -> Any:
    """Make an element of WordprocessingML: ``element("w:shd", fill="F3F4F6")``."""
    made = OxmlElement(tag)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def add_text(paragraph: Any, text: Text, *, bold: bool = False) -> None:
    """Write a text into a paragraph with its looks."""
    for part in (text,) if isinstance(text, str) else text:
        if isinstance(part, str):
            run = paragraph.add_run(clean(part))
        elif part.link:
            add_link(paragraph, clean(part.words), part.link)
            continue
        else:
            run = paragraph.add_run(clean(_breakable(part)))
            if part.code:
                run.font.name = "Courier New"
        run.bold = True if bold or (isinstance(part, Span) and part.strong) else None


def _breakable(span: Span) -> str:
    """Let a long hash or file name be broken at the end of a line: Word breaks at a zero-width space."""
    if not span.code or len(span.words) < 24 or " " in span.words:
        return span.words
    return "\u200b".join(span.words[i : i + 16] for i in range(0, len(span.words), 16))


def _bookmark(key: str) -> str:
    """Return a name that Word takes: letters, digits and underscores, a letter first, forty at most."""
    return f"s_{re.sub(r'[^A-Za-z0-9_]', '_', key)}"[:_LONGEST_BOOKMARK]


def add_bookmark(paragraph: Any, key: str) -> None:
    """Make a paragraph a place that links lead to."""
    number = str(len(paragraph._p.getparent()))  # paragraphs are only ever added, so no number comes twice
    start = element("w:bookmarkStart", id=number, name=_bookmark(key))
    place = 1 if paragraph._p.pPr is not None else 0
    paragraph._p.insert(place, start)
    paragraph._p.append(element("w:bookmarkEnd", id=number))


def add_link(paragraph: Any, words: str, target: str) -> None:
    """Write words that lead to a page (``https://``) or to a place in the document (``#key``)."""
    link = OxmlElement("w:hyperlink")
    if target.startswith("#"):
        link.set(qn("w:anchor"), _bookmark(target[1:]))
    elif _OUTSIDE.match(target):
        link.set(
            qn("r:id"), paragraph.part.relate_to(clean(target), RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        )
    else:
        paragraph.add_run(words)
        return
    run = OxmlElement("w:r")
    look = OxmlElement("w:rPr")
    look.append(element("w:color", val="12436D"))
    look.append(element("w:u", val="single"))
    run.append(look)
    text = OxmlElement("w:t")
    text.text = words
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(text)
    link.append(run)
    paragraph._p.append(link)


def add_field(paragraph: Any, code: str) -> None:
    """Write a field that Word fills in: ``PAGE``, ``NUMPAGES``."""
    for kind in ("begin", "instr", "separate", "text", "end"):
        run = paragraph.add_run()
        if kind == "instr":
            inside = OxmlElement("w:instrText")
            inside.text = f" {code} "
            run._r.append(inside)
        elif kind == "text":
            run.text = "1"
        else:
            run._r.append(element("w:fldChar", fldCharType=kind))


# The schema fixes the order of paragraph properties: a border and a ground stand before these.
_AFTER_BORDER = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _put(properties: Any, made: Any, followers: tuple[str, ...]) -> None:
    for name in followers:
        found = properties.find(qn(name))
        if found is not None:
            found.addprevious(made)
            return
    properties.append(made)


def shade(paragraph: Any, colour: str) -> None:
    """Give a paragraph a ground of a colour (six hexadecimal digits)."""
    _put(
        paragraph._p.get_or_add_pPr(),
        element("w:shd", val="clear", color="auto", fill=colour),
        _AFTER_BORDER[1:],
    )


def rule_beside(paragraph: Any, colour: str) -> None:
    """Draw a thick rule down the left side of a paragraph."""
    border = OxmlElement("w:pBdr")
    border.append(element("w:left", val="single", sz="36", space="8", color=colour))
    _put(paragraph._p.get_or_add_pPr(), border, _AFTER_BORDER)


def describe_picture(paragraph: Any, title: str, description: str) -> None:
    """Give the picture of a paragraph the words that a screen reader says."""
    for properties in paragraph._p.iter(qn("wp:docPr")):
        properties.set("title", title)
        properties.set("descr", f"{title}. {description}")
