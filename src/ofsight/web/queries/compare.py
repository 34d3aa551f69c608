"""Up to six areas or owners side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from ofsight.profiles.area import Area, list_areas
from ofsight.profiles.compare import MOST, compare_areas, compare_owners
from ofsight.profiles.funnel import FUNNELS, funnel
from ofsight.profiles.owner import Owner, list_owners
from ofsight.report.document import Bullets, Paragraph, Span, Text
from ofsight.web.answer import Answer, Field, Heading, Part, Prose
from ofsight.web.problems import Refusal
from ofsight.web.queries import areas, owners
from ofsight.web.search import find
from ofsight.web.sources import Sources

__all__ = ["compare"]

_LONGEST: Final = 200


def _wanted(texts: Sequence[str]) -> list[str]:
    wanted = [text.strip()[:_LONGEST] for text in texts if text.strip()]
    if len(wanted) > MOST:
        raise Refusal(422, f"At most {MOST} can be compared at once; {len(wanted)} were asked for.")
    return list(dict.fromkeys(wanted))


def compare(sources: Sources, area: Sequence[str], owner: Sequence[str]) -> Answer:
    """Answer how areas, or owners, compare.

    Parameters
    ----------
    area, owner : sequence of str
        Anything that names an area or an owner: one kind at a time.
    """
    named_areas, named_owners = _wanted(area), _wanted(owner)
    if named_areas and named_owners:
        raise Refusal(422, "Compare areas with areas or owners with owners, not both at once.")
    choices = {
        "areas": list_areas(sources.dataset).select("slug", "name").rows(),
        "owners": _choices(sources),
    }
    if named_owners:
        return _of_owners(sources, named_owners, choices)
    if named_areas:
        return _of_areas(sources, named_areas, choices)
    return Answer(
        "/compare",
        "Compare",
        (Paragraph(f"Choose up to {MOST} areas, or up to {MOST} owners."),),
        lead="Areas or owners side by side.",
        extra={"choices": choices, "slugs": [], "kind": "area", "most": MOST},
    )


def _choices(sources: Sources) -> list[tuple[str, str]]:
    frame = list_owners(sources.dataset).filter(pl.col("n_homes") > 0)
    return frame.sort("n_homes", "name", descending=[True, False]).head(200).select("slug", "name").rows()


def _of_areas(sources: Sources, texts: Sequence[str], choices: dict[str, list[tuple[str, str]]]) -> Answer:
    found = list({one.slug: one for one in (areas.area_of(sources, text) for text in texts)}.values())
    frame = compare_areas(sources.dataset, found)
    chance = _against_chance(sources, found)
    return _answer(frame, [(one.slug, one.name) for one in found], "area", areas.CAUTIONS, choices, chance)


def _against_chance(sources: Sources, found: Sequence[Area]) -> tuple[Part | Prose, ...]:
    """Return where each authority lies against the funnel limits; regions and sets of areas have none."""
    single = [one for one in found if one.is_single]
    if not single:
        return ()
    rows = []
    for one in FUNNELS:
        positions = dict(funnel(sources.dataset, one.key).select("slug", "position").rows())
        places = {f"at_{place}": positions.get(area.slug) for place, area in enumerate(single, 1)}
        rows.append({"label": one.label, "measure": one.key, **places})
    schema = dict.fromkeys(rows[0], pl.String)
    fields = [
        Field("label", "Figure", link="/areas?measure={measure}#funnel"),
        Field("measure", "Name in data", shown=False),
        *(Field(f"at_{place}", area.name, meaning=area.slug) for place, area in enumerate(single, 1)),
    ]
    return (
        Heading("More than chance?", "chance"),
        Paragraph(
            "If nothing but chance parted authorities from England’s rate, 95 of 100 would lie in the inner "
            "limits and 998 of 1,000 in the outer. Outside is a reason to ask, not a verdict."
        ),
        Part(
            "chance",
            "Against England’s rate and the limits of chance",
            pl.DataFrame(rows, schema=schema),
            tuple(fields),
            "Source: Ofsted, DfE, ONS. The funnel plots are with all areas.",
            stacked=True,
        ),
    )


def _of_owners(sources: Sources, texts: Sequence[str], choices: dict[str, list[tuple[str, str]]]) -> Answer:
    found = list({one.slug: one for one in (_owner(sources, text) for text in texts)}.values())
    frame = compare_owners(sources.dataset, found)
    return _answer(frame, [(one.slug, one.name) for one in found], "owner", owners.CAUTIONS, choices)


def _owner(sources: Sources, text: str) -> Owner:
    try:
        return owners.owner_of(sources, text)
    except Refusal:
        near = [one for one in find(sources, text, 5) if one.address.startswith("/owners/")]
        if near and near[0].label.lower() == text.lower():
            return owners.owner_of(sources, near[0].address.removeprefix("/owners/"))
        raise


def _answer(
    frame: pl.DataFrame,
    named: Sequence[tuple[str, str]],
    kind: str,
    cautions: tuple[Text, ...],
    choices: dict[str, list[tuple[str, str]]],
    after: tuple[Part | Prose, ...] = (),
) -> Answer:
    """Put the things side by side, with links to their pages."""
    links: tuple[Text, ...] = tuple((Span(name, link=f"/{kind}s/{slug}"),) for slug, name in named)
    body: tuple[Part | Prose, ...] = (Bullets(links), _side_by_side(frame, named), *after)
    query = "&".join(f"{kind}={slug}" for slug, _ in named)
    return Answer(
        f"/compare?{query}",
        f"Compare: {', '.join(name for _, name in named)}"[:150],
        body,
        cautions=cautions,
        trail=(),
        extra={"choices": choices, "slugs": [slug for slug, _ in named], "kind": kind, "most": MOST},
    )


def _side_by_side(frame: pl.DataFrame, named: Sequence[tuple[str, str]]) -> Part:
    """Return the figures, a row each: a column a thing with interval and status, and the years."""
    wide = frame.select("measure", "label", "unit").unique("measure", keep="first", maintain_order=True)
    fields = [
        Field("label", "Figure"),
        Field("measure", "Name in data", shown=False),
        Field("unit", "Unit"),
    ]
    for place, (slug, name) in enumerate(named, 1):
        one = frame.filter(pl.col("slug") == slug).select(
            "measure",
            *(
                pl.col(column).alias(f"{column}_{place}")
                for column in ("value", "low", "high", "n", "year", "status")
            ),
        )
        wide = wide.join(one, on="measure", how="left", maintain_order="left")
        fields.append(
            Field(
                f"value_{place}",
                name,
                "measure",
                low=f"low_{place}",
                high=f"high_{place}",
                status=f"status_{place}",
                meaning=slug,
            )
        )
        fields += [
            Field(f"n_{place}", f"{name}: n", "count", shown=False),
            Field(f"year_{place}", f"{name}: year", "year", shown=False),
        ]
    years = [pl.col(f"year_{place}") for place in range(1, len(named) + 1)]
    first, last = pl.min_horizontal(years), pl.max_horizontal(years)
    wide = wide.with_columns(
        years=pl.when(first == last).then(first.cast(pl.String)).otherwise(pl.format("{} to {}", first, last))
    )
    fields.insert(3, Field("years", "Year"))
    return Part(
        "figures",
        "Side by side",
        wide,
        tuple(fields),
        "Source: Ofsted, DfE, ONS, MHCLG.",
        note="In brackets 95% intervals of shares. Where intervals overlap the difference may be "
        "chance. Where the years differ the CSV has each.",
        most=100,
        stacked=True,
    )
