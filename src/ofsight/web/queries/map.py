"""All areas: the map of tiles, the funnel, the list."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final, Literal

import polars as pl

from ofsight.profiles.area import list_areas
from ofsight.profiles.funnel import FUNNELS, Funnel, funnel
from ofsight.profiles.homes_open import open_homes
from ofsight.report.charts.model import Limits, Scatter, ScatterPoint, Series
from ofsight.report.document import Bullets, Paragraph, Span, Text
from ofsight.report.wording import count, decimal, percent
from ofsight.vocabulary import Sector
from ofsight.web import charts
from ofsight.web.answer import Answer, Field, Heading, Part, Picture
from ofsight.web.boundary_map import Outlines, choose_outlines, draw_boundaries
from ofsight.web.problems import Refusal
from ofsight.web.queries.areas import CAUTIONS
from ofsight.web.sources import Sources

__all__ = ["BOUNDARIES", "MEASURES", "TILES", "all_areas"]

MEASURES: Final = tuple(one.key for one in FUNNELS)
TILES, BOUNDARIES = "tiles", "boundaries"
"""The ways of drawing the map."""
_HOW: Final = "Shades are fifths of the authorities."
_HOW_FEWER: Final = "Many authorities have one value: shades part them as evenly as their values allow."
_FAR: Final = ("above 99.8%", "below 99.8%")
_KINDS: Final[dict[int, tuple[Series, bool]]] = {0: ("two", False), 1: ("four", False), 2: ("one", True)}
"""Colour, and whether an outline: the chosen authority, those outside the outer limits, and all others."""
_LIMITS: Final[tuple[tuple[str, Literal["near", "far"], str, str], ...]] = (
    ("95% by chance", "near", "low_95", "high_95"),
    ("99.8% by chance", "far", "low_998", "high_998"),
)


def all_areas(sources: Sources, measure: str = MEASURES[0], chosen: str = "", drawn: str = TILES) -> Answer:
    """Answer how the authorities compare on one measure, and list all areas.

    Parameters
    ----------
    measure : str
        Key of one of `ofsight.profiles.funnel.FUNNELS`.
    chosen : str
        Slug of an authority to point out in the funnel.
    drawn : str
        The map in tiles or, where they are held, in boundaries.
    """
    if measure not in MEASURES:
        raise Refusal(422, f"There is no measure '{measure[:60]}'. There are: {', '.join(MEASURES)}.")
    one = next(known for known in FUNNELS if known.key == measure)
    frame = funnel(sources.dataset, measure)
    known = set(frame["slug"].to_list())
    chosen = chosen if chosen in known else ""
    if drawn not in (TILES, BOUNDARIES):
        raise Refusal(422, f"There is no map '{drawn[:60]}'. There are: {TILES}, {BOUNDARIES}.")
    outlines = sources.once(
        "outlines", lambda: choose_outlines(sources.dataset["outlines"], frame["code"].drop_nulls())
    )
    if outlines is None:
        drawn = TILES
    regions: tuple[Text, ...] = tuple(
        (Span(row["name"], link=f"/areas/{row['slug']}"),)
        for row in list_areas(sources.dataset).filter(pl.col("kind") != "authority").iter_rows(named=True)
    )
    return Answer(
        _address(measure, chosen, drawn),
        "Areas",
        (
            Heading("England and its regions", "regions"),
            Bullets(regions),
            Heading("Map", "map"),
            *_other_map(outlines, measure, chosen, drawn),
            _map_part(frame, one, outlines if drawn == BOUNDARIES else None),
            Heading("More than chance?", "funnel"),
            Paragraph(
                "Authorities differ by chance even where nothing differs in truth. Between the solid lines "
                "95 of 100 would lie, between the dashed ones 998 of 1,000. Outside is a reason to ask, "
                "not a verdict; this is no ranking."
            ),
            _funnel_part(frame, one, chosen),
            Heading("All local authorities", "list"),
            _list_part(sources),
        ),
        lead="Local authorities with children’s services, the regions and England.",
        cautions=CAUTIONS,
        description="Children’s homes by local authority: a map, a funnel plot and a list.",
        extra={
            "measures": FUNNELS,
            "measure": measure,
            "ways": [(known.label, _address(known.key, "", drawn), known is one) for known in FUNNELS],
            "chosen": chosen,
            "map": drawn if drawn != TILES else "",
            "areas": frame.select("slug", "name").rows(),
        },
    )


def _address(measure: str, chosen: str, drawn: str) -> str:
    given = (("measure", measure, MEASURES[0]), ("area", chosen, ""), ("map", drawn, TILES))
    query = "&".join(f"{name}={value}" for name, value, usual in given if value != usual)
    return f"/areas?{query}" if query else "/areas"


def _other_map(outlines: Outlines | None, measure: str, chosen: str, drawn: str) -> tuple[Paragraph, ...]:
    """Return the way to the other map, where there is one."""
    if outlines is None:
        return ()
    if drawn == TILES:
        there, words = BOUNDARIES, "Show the map in boundaries"
        said = "Squares give each authority the same room. "
    else:
        there, words = TILES, "Show the map in squares"
        said = "Large areas catch the eye, whatever lives there; squares give each authority the same room. "
    return (Paragraph((Span(said), Span(words, link=f"{_address(measure, chosen, there)}#map"), Span("."))),)


def _said(row: dict[str, Any], one: Funnel) -> str:
    if row["value"] is None:
        return "nothing to compare" if row["status"] in ("", "none") else f"{row['status']}"
    if one.kind == "binomial":
        return f"{percent(row['value'], 0)} of {count(row['n'])} homes"
    return f"{decimal(row['value'], 2)} times what England’s rate would give ({count(row['k'])})"


def _print(value: float, one: Funnel) -> str:
    return percent(value, 0) if one.kind == "binomial" else decimal(value, 2)


def _cuts(values: pl.Series, one: Funnel) -> list[float]:
    """Return what parts the authorities into fifths; fewer where many have one value, or print as one."""
    if not values.len():
        return []
    most = float(values.max())  # type: ignore[arg-type]
    below = [value for value in values.to_list() if _print(value, one) != _print(most, one)]
    if not below:
        return []
    found: dict[str, float] = {}
    for share in (0.2, 0.4, 0.6, 0.8):
        # The highest class keeps what is above the last cut: a cut at the highest value would leave it empty.
        cut = min(float(values.quantile(share) or 0), max(below))
        found.setdefault(_print(cut, one), cut)
    return list(found.values())


_SHADES: Final = {1: (3,), 2: (2, 4), 3: (1, 3, 5), 4: (1, 2, 4, 5), 5: (1, 2, 3, 4, 5)}
"""The shades of so many classes, as far apart as they can be."""


def _legend(cuts: list[float], values: pl.Series, one: Funnel) -> list[tuple[int, str]]:
    """Return the shades and the values that each stands for."""
    nothing = (0, "nothing to compare")
    if not values.len():
        return [nothing]
    said = [_print(cut, one) for cut in cuts]
    middle = [f"over {low} to {high}" for low, high in pairwise(said)]
    classes = [f"up to {said[0]}", *middle, f"over {said[-1]}"] if said else [_range(values, one)]
    return [*zip(_SHADES[len(classes)], classes, strict=True), nothing]


def _range(values: pl.Series, one: Funnel) -> str:
    """Return the values of authorities that are all of one class."""
    low, high = (_print(float(end), one) for end in (values.min(), values.max()))  # type: ignore[arg-type]
    return low if low == high else f"{low} to {high}"


def _map_part(frame: pl.DataFrame, one: Funnel, outlines: Outlines | None = None) -> Part:
    values = frame["value"].drop_nulls()
    cuts = _cuts(values, one)
    shades = _SHADES[len(cuts) + 1]
    areas = []
    for row in frame.iter_rows(named=True):
        shade = 0 if row["value"] is None else shades[sum(row["value"] > cut for cut in cuts)]
        areas.append((row["code"], row["name"], row["slug"], row["region"], shade, _said(row, one)))
    drawn, source, note = _drawn(areas, one, _legend(cuts, values, one), outlines)
    share = one.kind == "binomial"
    return Part(
        "map",
        f"{one.label}, by local authority",
        frame,
        (
            Field("name", "Local authority", link="/areas/{slug}"),
            Field("code", "Code", shown=False),
            Field("slug", "Page", shown=False),
            Field("region", "Region"),
            Field(
                "value",
                "Share" if share else "Ratio to England’s rate",
                "share" if share else "ratio",
                status="status",
                places=0 if share else 2,
            ),
            Field("k", "Counted", "count"),
            Field("n", "Homes" if share else "Residents aged 0 to 17", "count"),
            Field("expected", "At England’s rate", "number"),
            Field("position", "Against chance"),
        ),
        source,
        note=f"{one.meaning} {_HOW if len(cuts) == 4 else _HOW_FEWER}{note}",
        picture=drawn,
        folded=True,
        most=200,
    )


def _drawn(
    areas: list[tuple[str, str, str, str, int, str]],
    one: Funnel,
    legend: list[tuple[int, str]],
    outlines: Outlines | None,
) -> tuple[Picture, str, str]:
    """Return the map, its source, and what is to be said of it."""
    source = "Source: Ofsted, DfE, ONS."
    if outlines is None:
        title = f"{one.label}: each square is a local authority"
        description = (
            "A map in squares, one for each local authority near where it lies; the table below has every "
            "value."
        )
        return charts.draw_tiles(areas, legend=legend, title=title, description=description), source, ""
    title = f"{one.label}: local authorities in their boundaries"
    description = (
        "A map of England in the boundaries of its local authorities, with London larger beside it; the "
        "table below has every value."
    )
    picture = draw_boundaries(areas, outlines, legend=legend, title=title, description=description)
    source += (
        f" Boundaries: ONS, December {outlines.year}, made coarse; contains OS data © Crown copyright and "
        f"database right {outlines.year}."
    )
    lost = [name for code, name, *_ in areas if code not in outlines.lines]
    return (
        picture,
        source,
        f" Without a boundary in the file, and not on the map: {', '.join(lost)}." if lost else "",
    )


def _funnel_part(frame: pl.DataFrame, one: Funnel, chosen: str) -> Part:
    good = frame.filter(pl.col("value").is_not_null())
    far = good.filter(pl.col("position").is_in(_FAR))
    title = f"{far.height} of {good.height} authorities lie outside the outer limits"
    picture: Picture | None = None
    if good.height:
        words = f"A funnel plot. {title}. The table has each with its limits."
        picture = Picture(f"{one.label}: {title}", words, _funnel_chart(good, one, chosen))
    share = one.kind == "binomial"
    kind, places = ("share", 0) if share else ("ratio", 2)
    return Part(
        "funnel",
        f"{one.label}: authorities with the limits of chance",
        good.sort("position", "name"),
        (
            Field("name", "Local authority", link="/areas/{slug}"),
            Field("slug", "Page", shown=False),
            Field("value", "Value", kind, places=places),  # type: ignore[arg-type]
            Field("n", "Homes" if share else "Residents aged 0 to 17", "count"),
            Field("low_95", "95% from", kind, places=places),  # type: ignore[arg-type]
            Field("high_95", "to", kind, places=places),  # type: ignore[arg-type]
            Field("low_998", "99.8% from", kind, places=places),  # type: ignore[arg-type]
            Field("high_998", "to ", kind, places=places),  # type: ignore[arg-type]
            Field("centre", "England", kind, places=places),  # type: ignore[arg-type]
            Field("position", "Against chance"),
        ),
        "Source: Ofsted, DfE, ONS.",
        note=one.meaning,
        picture=picture,
        folded=True,
        most=200,
    )


def _funnel_chart(good: pl.DataFrame, one: Funnel, chosen: str) -> Scatter:
    """Return the funnel: the chosen authority last drawn and named, then those outside the outer limits."""
    share = one.kind == "binomial"
    size = "n" if share else "expected"
    rank = pl.when(slug=chosen).then(0).when(pl.col("position").is_in(_FAR)).then(1).otherwise(2)
    ordered = good.with_columns(rank=rank).sort("rank", maintain_order=True)
    points = tuple(
        ScatterPoint(name, x, y, _KINDS[kind][0], hollow=_KINDS[kind][1], named=kind == 0)
        for name, x, y, kind in ordered.select("name", size, "value", "rank").iter_rows()
    )
    limits = tuple(
        Limits(label, look, tuple(good.select(size, low, high).unique().sort(size).iter_rows()))
        for label, look, low, high in _LIMITS
    )
    names = dict(
        zip(_KINDS, (ordered["name"][0], "Outside the outer limits", "Within the outer limits"), strict=True)
    )
    used = ordered["rank"].unique().sort()
    lowest = float(ordered["value"].min())  # type: ignore[arg-type]
    return Scatter(
        points,
        limits,
        "Homes counted" if share else "Count at England’s rate",
        "Share of the homes" if share else "Times what England’s rate would give",
        tuple((names[kind], *_KINDS[kind]) for kind in used) if len(used) > 1 else (),
        centre=float(good["centre"][0]),
        percent=share,
        # Shares that are all high have the whole height of the plot.
        bottom=max(0.0, math.floor(10 * lowest - 1) / 10) if share else 0.0,
    )


def _list_part(sources: Sources) -> Part:
    homes = open_homes(sources.dataset)
    counted = homes.group_by(code=pl.col("authority_code")).agg(
        n_homes=pl.len(),
        n_places=pl.col("places").sum(),
        n_private=(pl.col("sector").cast(pl.String) == Sector.PRIVATE.value).sum(),
    )
    listed = (
        list_areas(sources.dataset)
        .filter(pl.col("kind") == "authority")
        .join(counted, on="code", how="left", maintain_order="left")
        .with_columns(pl.col("n_homes", "n_places", "n_private").fill_null(0))
    )
    return Part(
        "areas",
        "Local authorities, homes and places on the newest list",
        listed,
        (
            Field("name", "Local authority", link="/areas/{slug}"),
            Field("code", "Code"),
            Field("slug", "Page", shown=False),
            Field("region", "Region"),
            Field("n_homes", "Homes", "count"),
            Field("n_places", "Places", "count"),
            Field("n_private", "For-profit homes", "count"),
        ),
        f"Source: Ofsted, list of homes; newest: {sources.newest}.",
        most=400,
    )
