"""Which series a table is, by its headings; what is passed over and why; what is missing.

A file's name is never needed. It is only asked where the headings leave a doubt, and it never outweighs what
the rows say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ofsight.definitions.schema import Publication, SeriesDefinition, fold, load_publications, load_series
from ofsight.errors import ReleaseError
from ofsight.harmonise.spreadsheets import TextTable

__all__ = ["PassedOver", "Recognised", "recognise"]

# Ofsted's banners and notes take at most five lines; FOI releases put thirteen above the headings.
_SEARCHED_ROWS = 25
# A row with the anchor and this share of the needed headings is the heading row of a changed layout.
_RESEMBLES = 0.6
_FEWEST_ALIKE = 3
_TOLD = 200  # letters of a heading, in a message


@dataclass(frozen=True, slots=True)
class Recognised:
    """A table that one or more series' definitions fit.

    Attributes
    ----------
    table : TextTable
        The table.
    candidates : tuple of SeriesDefinition
        The series whose needed headings are all there; more than one where two series share a layout.
    heading_row : int
        Its position in ``table.rows``, from 0.
    positions : dict of str to int
        Column name to position in the row.
    unknown : tuple of str
        Headings that no definition knows.
    title : str
        The text above the heading row.
    doubled : tuple of str
        Column names that two headings claim, whose cells are the same.
    """

    table: TextTable
    candidates: tuple[SeriesDefinition, ...]
    heading_row: int
    positions: dict[str, int]
    unknown: tuple[str, ...]
    title: str
    doubled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A table that is not read, and why.

    Attributes
    ----------
    table : TextTable
        The table.
    reason : str
        Why, for a reader.
    known : bool
        Whether it is a publication that we recognise.
    doubt : ReleaseError or None
        What is wrong with it if it was meant to be read after all.
    """

    table: TextTable
    reason: str
    known: bool
    doubt: ReleaseError | None = None


@dataclass(frozen=True, slots=True)
class _Match:
    row: int
    positions: dict[str, int]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def recognise(table: TextTable) -> Recognised | PassedOver:
    """Recognise a table by its headings.

    Raises
    ------
    ReleaseError
        When the table is one of our series with a needed column missing or doubled.
    """
    folded = [[fold(cell) for cell in row] for row in table.rows[:_SEARCHED_ROWS]]
    matches = [(series, _best_match(table, folded, series)) for series in load_series()]
    full = _fullest([(series, match) for series, match in matches if match and not match.missing])
    if full:
        match = full[0][1]
        doubled = _refuse_doubled(table, full[0][0], match)
        title = " ".join(cell for row in table.rows[: match.row] for cell in row if cell.strip())
        return Recognised(
            table,
            tuple(series for series, _ in full),
            match.row,
            match.positions,
            match.unknown,
            title,
            doubled,
        )
    publication = _known_publication(table, folded)
    if publication is not None:
        return PassedOver(table, f"{publication.title}: not part of this build", known=True)
    near = [(series, match) for series, match in matches if match and match.missing]
    # Of several that resemble it, the one that explains most of its headings is meant.
    for series, match in sorted(near, key=lambda pair: -len(pair[1].positions)):
        alike = _resembles(series, match.missing)
        if _claims(table, series) or (alike and _must_be(table, series)):
            raise _missing_column(table, series, match)
        if alike:
            error = _missing_column(table, series, match)
            return PassedOver(table, f"resembles another series: {error.problem}", known=False, doubt=error)
    claimed = next((series for series, _ in matches if _claims(table, series)), None)
    if claimed is not None and any(any(cell.strip() for cell in row) for row in table.rows):
        raise _no_heading_row(table, claimed)
    return PassedOver(table, "no heading row of a known series", known=False)


def _resembles(series: SeriesDefinition, missing: Sequence[str]) -> bool:
    """Whether a row that lacks some needed headings is still plainly this series'."""
    needed = len(series.needed())
    alike = needed - len(missing)
    return alike >= _FEWEST_ALIKE and alike / needed >= _RESEMBLES


def _must_be(table: TextTable, series: SeriesDefinition) -> bool:
    """Whether a table that lacks needed headings can be nothing but this series.

    Workbooks hold sheets that share columns with a register and are none (premises of supported
    accommodation, say); nothing else looks like a table of inspections.
    """
    return table.sheet is None or series.reads in ("list", "in year")


def _fullest(full: list[tuple[SeriesDefinition, _Match]]) -> list[tuple[SeriesDefinition, _Match]]:
    """Keep the series that explain most of the table's headings; equals stay for the rows to decide."""
    if not full:
        return full
    most = max(len(match.positions) for _, match in full)
    kept = [(series, match) for series, match in full if len(match.positions) == most]
    first = kept[0][0].columns.keys()
    return [(series, match) for series, match in kept if series.columns.keys() == first]


def _claims(table: TextTable, series: SeriesDefinition) -> bool:
    """Whether the sheet's name (or a csv's own name) says that it is this series."""
    if table.sheet is not None:
        return re.search(series.sheet, table.sheet, re.IGNORECASE) is not None
    return re.search(series.file, table.file.stem, re.IGNORECASE) is not None


def _best_match(table: TextTable, folded: Sequence[Sequence[str]], series: SeriesDefinition) -> _Match | None:
    """Return the row that holds the anchor and most of the series' headings."""
    best: _Match | None = None
    for index, headings in enumerate(folded):
        match = _match_row(index, headings, table.rows[index], series)
        if match is not None and (best is None or len(match.positions) > len(best.positions)):
            best = match
    return best


def _match_row(
    index: int, folded: Sequence[str], row: Sequence[str], series: SeriesDefinition
) -> _Match | None:
    # Most rows are no heading row: one look at the exact headings tells, before patterns are tried.
    known = series.headings()
    if not (series.columns[series.anchor].pattern or any(heading in known for heading in folded)):
        return None
    if series.refuses(folded):
        return None
    positions: dict[str, int] = {}
    unknown: list[str] = []
    left_alone = series.known_but_not_read()
    passed_over = tuple(fold(prefix) + " " for prefix in series.passed_over_prefixes)
    for position, heading in enumerate(folded):
        if not heading:
            continue
        name = series.column_of(heading)
        if name is not None:
            positions.setdefault(name, position)
        elif series.other_headings == "unknown" and not (
            heading in left_alone or heading.startswith(passed_over) or series.measure_of(heading)
        ):
            unknown.append(row[position].strip())
    missing = tuple(name for name in series.needed() if name not in positions)
    # Without its anchor a row counts only where nearly all else is there: the anchor itself was renamed.
    if series.anchor in missing and not _resembles(series, missing):
        return None
    return _Match(index, positions, missing, tuple(unknown))


def _refuse_doubled(table: TextTable, series: SeriesDefinition, match: _Match) -> tuple[str, ...]:
    """Refuse two columns that claim one meaning and differ: to take the first would be to guess.

    Those that do not differ are returned.
    """
    folded = [fold(cell) for cell in table.rows[match.row]]
    doubled: list[str] = []
    for name in match.positions:
        claims = [
            position
            for position, heading in enumerate(folded)
            if heading and series.column_of(heading) == name
        ]
        if len(claims) < 2:
            continue
        doubled.append(name)
        if _differ(table, match.row, claims):
            headings = ", ".join(f"'{table.rows[match.row][position].strip()}'" for position in claims)
            raise ReleaseError(
                f"{len(claims)} columns mean '{name}' ({headings}) and their cells differ.",
                file=table.file,
                sheet=table.sheet,
                row=match.row + 1,
                hint=f"Remove one, or say in definitions/series/{series.id}.yaml which heading is meant.",
            )
    return tuple(doubled)


def _differ(table: TextTable, heading_row: int, positions: list[int]) -> bool:
    for row in table.rows[heading_row + 1 :]:
        cells = {row[position].strip() if position < len(row) else "" for position in positions}
        if len(cells) > 1:
            return True
    return False


def _known_publication(table: TextTable, rows: Sequence[Sequence[str]]) -> Publication | None:
    first_lines = " ".join(cell for row in rows[:4] for cell in row if cell)
    if table.sheet is not None:
        first_lines = f"{fold(table.sheet.replace('_', ' '))} {first_lines}"
    for publication in load_publications():
        wanted = {fold(heading) for heading in publication.headings}
        refused = {fold(heading) for heading in publication.without}
        if wanted and any(wanted <= set(row) and not refused & set(row) for row in rows):
            return publication
        if publication.match and re.search(publication.match, first_lines, re.IGNORECASE):
            return publication
    return None


def _missing_column(table: TextTable, series: SeriesDefinition, match: _Match) -> ReleaseError:
    seen = [cell.strip() for cell in table.rows[match.row] if cell.strip()]
    lines = []
    for name in match.missing:
        headings = series.columns[name].headings
        near = _nearest(headings, seen, unknown=match.unknown)
        lines.append(f"'{headings[0]}' ({name}); nearest seen: {near}")
    several = "needed columns are" if len(lines) > 1 else "a needed column is"
    return ReleaseError(
        f"this looks like '{series.title}', but {several} missing: {'; '.join(lines)}.",
        file=table.file,
        sheet=table.sheet,
        row=match.row + 1,
        hint=f"If the publisher renamed it, add the new heading to definitions/series/{series.id}.yaml.",
    )


def _nearest(wanted: Sequence[str], seen: Sequence[str], unknown: Sequence[str] = ()) -> str:
    """Return the three headings most like what was wanted, those that no definition knows before others."""
    folded = {fold(heading): heading for heading in seen}
    sought = [fold(want) for want in wanted]
    # Of a heading of a hundred thousand letters the first few say what it is, and nobody reads the rest.
    scores = {
        original: max(fuzz.ratio(want, heading[:_TOLD]) for want in sought) + 50 * (original in unknown)
        for heading, original in folded.items()
    }
    best = sorted(scores, key=lambda heading: -scores[heading])[:3]
    return ", ".join(f"'{heading[:_TOLD]}'" for heading in best) or "none"


def _no_heading_row(table: TextTable, series: SeriesDefinition) -> ReleaseError:
    row = max(table.rows[:_SEARCHED_ROWS], key=lambda cells: sum(bool(cell.strip()) for cell in cells))
    anchor = series.columns[series.anchor].headings
    near = _nearest(anchor, [cell.strip()[:60] for cell in row if cell.strip()])
    return ReleaseError(
        f"its name says '{series.title}', but no heading '{anchor[0]}' is in its first "
        f"{_SEARCHED_ROWS} rows; nearest seen: {near}.",
        file=table.file,
        sheet=table.sheet,
        hint="It may be another publication: take it out of the folder or download the right file.",
    )
