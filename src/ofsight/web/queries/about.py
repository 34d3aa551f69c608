"""How the numbers are made, and what of the pages does not work for everybody."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.profiles.measures import DEPRIVATION, MEASURES
from ofsight.report.document import Bullets, Paragraph, Span, Text
from ofsight.web.answer import Answer, Field, Heading, Part
from ofsight.web.cells import STATUS_WORDS
from ofsight.web.sources import Sources

__all__ = ["TESTED_ON", "accessibility", "method"]

TESTED_ON: Final = "23 November 2026"
"""When the pages were last tested as the statement says."""


def _measures() -> Part:
    rows = [
        {"key": one.key, "label": one.label, "unit": one.unit, "meaning": one.meaning, "kind": one.kind}
        for one in (*MEASURES, *DEPRIVATION)
    ]
    return Part(
        "measures",
        "Published figures about looked-after children",
        pl.DataFrame(rows),
        (
            Field("label", "Figure"),
            Field("unit", "Unit"),
            Field("meaning", "What it means"),
            Field("key", "Name in data", "code"),
            Field("kind", "Kind", shown=False),
        ),
        "Published by DfE, ONS and MHCLG; each value on a page names its release.",
        stacked=True,
    )


_READING: Final[tuple[Text, ...]] = (
    "Every number comes from an official file. The file is kept as published, with its hash, and each row "
    "of the data names file, sheet and row.",
    "A row that is read is kept or set aside under a named reason, and the sum closes.",
    "Where releases differ on an inspection, the newer word stands, and the difference is listed "
    "as a revision.",
    "A grade is an ordered category. Grades are counted, never averaged.",
    "“Adequate”, the second grade before April 2015, is counted as Requires improvement to be good; what was "
    "published stands beside it.",
)
_LINKING: Final[tuple[Text, ...]] = (
    "A home is one registration number (URN). A home that is registered anew gets a new number; pairs that "
    "may be one home are proposed, and nothing is merged.",
    "An owner is the organisation that Ofsted names as owning the provider, from March 2018; its spellings "
    "are linked. A group is owners under one ultimate owner, dated, from published sources. A home whose "
    "owner is in no known group counts under the owner alone.",
    "A home without a published owner is unlinked, and every share of owners says how many homes are.",
    "A local authority is one area through time. Places and homes of an authority that was abolished are "
    "shown under those that followed it only where they lie wholly within one.",
)
_SHARES: Final[tuple[Text, ...]] = (
    "Intervals of counted shares are Wilson’s at 95%. Behind fewer than ten homes no share is "
    "given, only counts.",
    "Funnel limits say how far a share may lie from the whole country’s by chance alone, at 95% and 99.8%. "
    "Outside them is a reason to ask, not a verdict, and no ranking is made.",
    "Registered places are the most children that homes may look after. They are not vacancies.",
)


def method(sources: Sources) -> Answer:
    """Answer how the numbers are made."""
    symbols: tuple[Text, ...] = tuple(
        (Span(symbol, code=True), f": {words}")
        for symbol, words in STATUS_WORDS.items()
        if symbol in ("c", "x", "z", "k", "low", "u", "not published")
    )
    study: tuple[Text, ...] = (
        (Span("Methods of the study", link="/study/annex-methods"), ": models, formulas, software"),
        (Span("Published numbers beside ours", link="/study/ledger"),),
        (Span("Checklists (STROBE and RECORD)", link="/study/annex-checklist"),),
    )
    reading: list[Heading | Bullets] = [Heading("The models"), Bullets(study)] if sources.study else []
    return Answer(
        "/method",
        "How the numbers are made",
        (
            Heading("From official files to tables"),
            Bullets(_READING),
            Heading("Homes, owners and areas"),
            Bullets(_LINKING),
            Heading("Shares and comparisons"),
            Bullets(_SHARES),
            Heading("What is withheld"),
            Paragraph(
                "Where a publisher prints a symbol in place of a number, the symbol is shown and no number "
                "is worked out from what surrounds it. Sums of areas leave out what is withheld and say so."
            ),
            Bullets(symbols),
            *reading,
            Heading("Figures"),
            _measures(),
        ),
        lead="What is counted, how homes, owners and areas are linked, and what a number does not say.",
    )


def accessibility(sources: Sources) -> Answer:
    """Answer what of the pages does not work for everybody, and how that was tested."""
    del sources
    works: tuple[Text, ...] = (
        "read every page without a script, and every chart as a table",
        "zoom to 400% without losing text, and use pages 320 pixels wide; wide tables scroll "
        "within their frame",
        "move through every page with a keyboard alone",
        "listen with a screen reader: pages have one main heading, tables have captions and headings",
        "choose light or dark in the settings of the device, and print any page",
    )
    fails: tuple[Text, ...] = (
        "Maps of tiles are dense on small screens; the list of areas below each says the same.",
        "Long tables scroll sideways on small screens.",
        "Tables of the dataset show names of columns as programs use them.",
        "PDF and Word editions of the report are made by another part of ofsight and are not covered here.",
    )
    return Answer(
        "/accessibility",
        "Accessibility statement",
        (
            Heading("What you can do"),
            Bullets(works),
            Heading("What does not work yet"),
            Bullets(fails),
            Heading("How it was tested"),
            Paragraph(
                f"Last tested on {TESTED_ON} against the Web Content Accessibility Guidelines 2.2, "
                "level AA: with axe in Chromium on every kind of page, in light and dark, at 320 pixels "
                "and at 400% zoom, and with a keyboard. Automatic tests find only some problems. No test "
                "with people who use assistive technology has been made."
            ),
            Heading("Tell us"),
            Paragraph(
                "Whoever runs this site answers for it. Report a problem to them, or at the project’s "
                "place of work, which the README names."
            ),
        ),
        lead="These pages are meant to work for everybody. This says where they do not.",
    )
