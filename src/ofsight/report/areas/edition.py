"""From a dataset to the edition of an area: its sections, in order, and its files."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight.dataset.store import Dataset, open_dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import Area, authority_names, find_area, list_areas
from ofsight.profiles.bundle import AreaProfile, area_profile
from ofsight.profiles.funnel import funnel
from ofsight.profiles.judgements import latest_judgements
from ofsight.report.areas.council import council_section
from ofsight.report.areas.judged import judged_section
from ofsight.report.areas.need import beside_section, need_section
from ofsight.report.areas.owners import owners_section
from ofsight.report.areas.supply import supply_section
from ofsight.report.areas.words import NOT_VACANCIES, good_share, plural
from ofsight.report.document import (
    Block,
    Bullets,
    Document,
    KeyFigure,
    KeyFigures,
    Note,
    Paragraph,
    Section,
    Span,
    Text,
)
from ofsight.report.sections.provenance import OGL
from ofsight.report.wording import count, day, joined, percent, release_day
from ofsight.report.write import FORMATS, write_document

__all__ = ["EACH", "make_area_document", "write_area_reports"]

EACH: Final = "each"
"""Asked for as an area: every current authority, an edition each."""

_BANNER: Final = "Synthetic data: no number here is about a real home."
_LONGEST_NAME: Final = 120


def write_area_reports(
    dataset: Path,
    areas: Sequence[str],
    to: Path,
    *,
    study: Path | None = None,
    formats: Sequence[str] = ("html",),
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the edition of each of some areas.

    Parameters
    ----------
    dataset : Path
        A folder that ``ofsight build`` wrote.
    areas : sequence of str
        Anything that `ofsight.profiles.area.find_area` knows; ``each`` for every current authority.
    to : Path
        The folder; made where it is not there. Other files in it are left alone.
    study : Path, optional
        A study's folder, for what groups' homes got against what was expected.
    formats : sequence of str
        Which editions, of `ofsight.report.write.FORMATS`.
    progress : callable, optional
        Told which area is being written.

    Returns
    -------
    list of Path
        ``<to>/area-<slug>.<format>``, area by area.

    Raises
    ------
    UsageError
        An unknown area or format, or no area.
    DatasetError
        A dataset or study that is missing or damaged.
    """
    wanted = list(dict.fromkeys([formats] if isinstance(formats, str) else formats))
    if unknown := [name for name in wanted if name not in FORMATS]:
        raise UsageError(f"Unknown report format: {', '.join(unknown)}. Allowed: {', '.join(FORMATS)}.")
    data = open_dataset(dataset)
    performance = {} if study is None else _read_performance(study)
    written = []
    for area in _find_all(data, areas):
        if progress is not None:
            progress(area.name)
        document = make_area_document(data, area, performance)
        for name in wanted:
            path = to / f"area-{area.slug[:_LONGEST_NAME]}.{name}"
            write_document(document, path, name)
            written.append(path)
    return written


def _find_all(dataset: Dataset, texts: Sequence[str]) -> list[Area]:
    if not texts:
        raise UsageError("Name at least one area: --area E08000025, --area 'West Midlands', --area each.")
    found: dict[str, Area] = {}
    for text in texts:
        if text.strip().casefold() == EACH:
            slugs = list_areas(dataset).filter(pl.col("kind") == "authority")["slug"]
            found |= {slug: find_area(dataset, slug) for slug in slugs}
        else:
            area = find_area(dataset, text)
            found[area.slug] = area
    return list(found.values())


def make_area_document(
    dataset: Dataset, area: Area, performance: Mapping[str, Mapping[str, str]] | None = None
) -> Document:
    """Build the edition of an area, before it has a format.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area
        Any.
    performance : mapping, optional
        Rows of a study's table ``group_performance`` (overall), by ``holder_id``.

    Returns
    -------
    Document
        The same dataset always gives the same document.
    """
    profile = area_profile(dataset, area)
    places = [(area, profile.latest_judgements)]
    if profile.region is not None:
        places.append((profile.region, latest_judgements(dataset, profile.region)))
    if area.kind != "england":
        places.append((find_area(dataset, "England"), latest_judgements(dataset)))
    beside = beside_section(profile)
    sections = (
        supply_section(profile),
        *_of_homes(dataset, profile, places, performance or {}),
        council_section(profile, authority_names(dataset, area)),
        need_section(profile),
        *((beside,) if beside is not None else ()),
        _unsaid(profile),
        _sources(dataset, profile),
    )
    facts = dataset.metadata
    newest = release_day(facts.get("newest_release"))
    return Document(
        title=_title(dataset, profile),
        kicker=f"Children’s homes in {area.name}",
        byline=(
            f"Ofsted’s lists to {newest}, inspections, and DfE’s figures of looked-after children; "
            "dataset built "
            f"{day(facts.get('built_at'))}.",
            "Not official statistics.",
        ),
        banner="" if dataset.synthetic is None else _BANNER,
        opening=_opening(dataset, profile),
        sections=sections,
        footer=_footer(dataset),
        keywords=("children's homes", area.name, "Ofsted", "ownership", "placements"),
        contents=False,
    )


def _of_homes(
    dataset: Dataset,
    profile: AreaProfile,
    places: Sequence[tuple[Area, pl.DataFrame]],
    performance: Mapping[str, Mapping[str, str]],
) -> tuple[Section, ...]:
    """Return the sections on judgements and owners; none where there is no home to speak of."""
    if not _now(profile)["n_homes"]:
        return ()
    judged = judged_section(profile, places, _standing(dataset, profile.area))
    return judged, owners_section(profile, performance)


def _now(profile: AreaProfile, sector: str = "All") -> dict[str, Any]:
    found = profile.homes_over_time.filter(pl.col("sector") == sector).sort("listed_on")
    return found.row(-1, named=True)


def _title(dataset: Dataset, profile: AreaProfile) -> str:
    now, private = _now(profile), _now(profile, "Private")
    name = profile.area.name
    words = f"{name}: no children’s home on {day(now['listed_on'])}"
    if now["n_homes"]:
        words = f"{name}: {plural(now['n_homes'], 'children’s home')}"
        if now["n_places"] is not None:
            words += f" with {plural(now['n_places'], 'registered place')}"
            if now["n_homes"] >= 10 and private["share_of_places"] is not None:
                words += f"; {percent(private['share_of_places'], 0)} of the places are for-profit"
    return words if dataset.synthetic is None else f"Synthetic data: {words}"


def _opening(dataset: Dataset, profile: AreaProfile) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if dataset.synthetic is not None:
        words = (
            "Made from releases that ofsight invented, to show what it does. Nothing here is about a "
            "real home, "
            "owner or council."
        )
        blocks.append(Note("Synthetic data", (words,), "synthetic"))
    if profile.area.note:
        blocks.append(Note("Which area", (profile.area.note,), "information"))
    figures = _key_figures(profile)
    if figures:
        blocks.append(KeyFigures(figures))
    return tuple(blocks)


def _key_figures(profile: AreaProfile) -> tuple[KeyFigure, ...]:
    now = _now(profile)
    overall = profile.latest_judgements.filter(
        (pl.col("domain") == "overall") & (pl.col("sector") == "All")
    ).row(0, named=True)
    figures = [KeyFigure(count(now["n_homes"]), "children’s homes", f"on {day(now['listed_on'])}")]
    if now["n_places"] is not None:
        figures.append(KeyFigure(count(now["n_places"]), "registered places", "not vacancies"))
    if overall["n_graded"]:
        detail = (
            "of the graded; too few for a share"
            if overall["few"]
            else f"95% interval {percent(overall['low'], 0)} to {percent(overall['high'], 0)}"
        )
        shown = good_share(overall, interval=False)
        figures.append(KeyFigure(shown, "judged Good or better", detail))
    children = profile.children.filter((pl.col("measure") == "looked_after") & pl.col("year").is_not_null())
    if children.height:
        row = children.sort("year").row(-1, named=True)
        if row["value"] is not None:
            figures.append(
                KeyFigure(count(row["value"]), "children looked after", f"on 31 March {row['year']}")
            )
    return tuple(figures)


def _standing(dataset: Dataset, area: Area) -> str:
    """Say where an authority stands among all, or which of a region's lie outside the limits of chance."""
    found = funnel(dataset, "good_or_better", area).filter(pl.col("position").is_not_null())
    if found.is_empty() or area.kind == "england":
        return ""
    if area.is_single:
        row = found.row(0, named=True)
        if row["n"] < 10:
            return ""
        if row["position"] == "within":
            return (
                f"England’s share is {percent(row['centre'], 0)}; with {count(row['n'])} homes chance "
                "alone could "
                "make this difference."
            )
        side = "below" if row["position"].startswith("below") else "above"
        return (
            f"That is {side} what chance alone would leave of England’s {percent(row['centre'], 0)} "
            "(outside the "
            f"{row['position'].split()[-1]} limits): a reason to look, not a verdict."
        )
    outside = found.filter(pl.col("position") != "within").sort("name")
    if outside.is_empty():
        return "No authority here lies outside the limits that chance alone would set about England’s share."
    said = [f"{name} ({position})" for name, position in outside.select("name", "position").iter_rows()]
    return (
        f"Outside the limits that chance alone would set about England’s share: {joined(said)}. Of "
        "authorities "
        "that are all alike one in twenty lies outside the 95% limits."
    )


def _unsaid(profile: AreaProfile) -> Section:
    items: tuple[Text, ...] = (
        f"How many places are free. {NOT_VACANCIES}",
        "Whose children live in these homes, whether a home suits a child, what a place costs, and what "
        "becomes of the children: none is published.",
        "Who owns a company that no source puts into a group: groups are at least as large as shown.",
        "Anything about where a home is: the smallest place shown is the local authority.",
    )
    blocks: list[Block] = [Bullets(items)]
    if any(row["status"] == "c" for row in profile.children.iter_rows(named=True)):
        blocks.append(
            Paragraph(
                "Figures marked withheld (c) are suppressed by DfE to protect children. They are not "
                "zero, and no "
                "other figure here is meant to make them known.",
                "small",
            )
        )
    return Section("unsaid", "What this does not say", tuple(blocks))


def _sources(dataset: Dataset, profile: AreaProfile) -> Section:
    releases = set(profile.children["release"].drop_nulls().str.split("; ").explode().to_list())
    releases |= set(profile.deprivation["release"].drop_nulls().to_list())
    releases |= set(profile.council_inspections["release"].to_list())
    lists = dataset.home_snapshots["release"].unique().to_list()
    named = dataset.releases.select("release", "title", "publisher", "period")
    titles = {row[0]: row[1:] for row in named.iter_rows()}
    by_title: dict[str, dict[str, list[str]]] = {}
    for release in sorted({*lists, *releases} & set(titles)):
        title, publisher, period = titles[release]
        # Two editions of one series differ in what stands in brackets behind their title.
        title = re.sub(r" \([^)]*\)", "", title)
        by_title.setdefault(publisher, {}).setdefault(title, []).append(period)
    items = tuple(
        f"{publisher}: {'; '.join(f'{title} ({_periods(periods)})' for title, periods in found.items())}."
        for publisher, found in sorted(by_title.items())
    )
    facts = dataset.metadata
    fingerprint = str(facts.get("fingerprint") or "")[:12]
    made: tuple[str | Span, ...] = (
        *(f"{item} " for item in items),
        "Every number can be traced to a file, sheet and row in the dataset",
        *((" (fingerprint ", Span(fingerprint, code=True), ")") if fingerprint else ()),
        ". Made with ",
        Span(f"ofsight report --area {profile.area.slug} --dataset DATASET --to REPORT", code=True),
        ".",
    )
    return Section("sources", "Sources", (Paragraph(made, "small"),))


def _periods(periods: list[str]) -> str:
    shown = sorted(dict.fromkeys(day(period) for period in periods), key=lambda text: text[-4:])
    return shown[0] if len(shown) == 1 else f"{len(shown)} from {shown[0][-4:]} to {shown[-1]}"


def _footer(dataset: Dataset) -> tuple[Text, ...]:
    lines: list[Text] = []
    if dataset.synthetic is not None:
        lines.append("Synthetic data, made by ofsight; no number is about a real home, owner or council.")
    lines.append(OGL)
    lines.append(
        "Not official statistics, and not endorsed by Ofsted or the Department for Education. Names and "
        "addresses "
        "of homes are withheld by the publisher and not sought here."
    )
    return tuple(lines)


def _read_performance(study: Path) -> dict[str, dict[str, str]]:
    """Read what groups' homes got against what was expected; nothing where the study has no such table."""
    file = study / "tables" / "group_performance.csv"
    if not (study / "study.json").is_file():
        raise UsageError(
            f"{study} is no study's folder. Make one with: ofsight study --dataset DIR --to {study}"
        )
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as handle:
        return {row["holder_id"]: row for row in csv.DictReader(handle) if row["outcome"] == "overall"}
