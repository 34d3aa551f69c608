"""The other sheets of an underlying-data workbook, consistent with its provider-level sheets."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from ofsight.demo.homes import HOME, Home
from ofsight.demo.inspections import History, financial_year
from ofsight.demo.ods import Sheet
from ofsight.demo.places import names_in
from ofsight.demo.spellings import spell_provision, spell_sector
from ofsight.demo.tables import Cell, ReleaseTable, period_of

__all__ = ["workbook_sheets"]

_GRADES = ("Outstanding", "Good", "Requires improvement to be good", "Inadequate")
_PUBLISHED = {2022: date(2022, 7, 7), 2023: date(2023, 7, 6), 2025: date(2025, 7, 16)}
_ALL_HOMES = frozenset({HOME, "secure", "special_school_home"})
_REDACTED = ("REDACTED",) * 6


def _title(edition: int, what: str) -> tuple[Cell, ...]:
    return (f"SYNTHETIC Children's social care data in England {edition} - {what}",)


def _front_sheets(edition: int, described: Sequence[str]) -> list[Sheet]:
    """Cover, contents and notes: text only, and it says SYNTHETIC first."""
    cover: list[tuple[Cell, ...]] = [
        ("Cover sheet - SYNTHETIC data, not official statistics",),
        ("Section", "Detail"),
        ("Policy area:", f"SYNTHETIC Children's social care data in England {edition}"),
        ("Theme:", "Social care"),
        ("Published on:", _PUBLISHED[edition]),
        ("Coverage:", "England"),
        ("Status:", "SYNTHETIC: invented by ofsight.demo. No home, owner or inspection in it exists."),
        ("Issued by:", "ofsight.demo\nNot issued by Ofsted"),
    ]
    contents: list[tuple[Cell, ...]] = [
        ("Contents (SYNTHETIC)",),
        ("Worksheet title and link", "Description of contents"),
    ]
    contents += [
        (name.replace("_", " "), "SYNTHETIC imitation of the sheet of this name.") for name in described
    ]
    guidance: list[tuple[Cell, ...]] = [
        ("Guidance (SYNTHETIC)",),
        ("SYNTHETIC data.",),
        ("Terms such as URN and Provision type are explained in the README.",),
    ]
    notes: list[tuple[Cell, ...]] = [
        ("Notes (SYNTHETIC)",),
        ("This worksheet contains one table.",),
        (),
        ("Note Number", "Note Text"),
        (1, "SYNTHETIC data. Graded inspections were suspended in 2020-21."),
    ]
    metadata: list[tuple[Cell, ...]] = [
        ("Metadata guide (SYNTHETIC)",),
        ("This worksheet contains one table, which begins in cell A4.",),
        (),
        (
            "Topic",
            "Local authorities",
            "Children's homes only",
            "In year/period",
            "State of the nation \n(31 March)",
        ),
    ]
    metadata += [(name.replace("_", " "), "No", "No", "Yes", "Yes") for name in described]
    sheets = [Sheet("Cover", cover)]
    if edition < 2025:
        sheets.append(Sheet("Accessibility", [("SYNTHETIC data in the layout of an accessible release.",)]))
    sheets += [Sheet("Contents", contents), Sheet("Guidance", guidance), Sheet("Notes", notes)]
    return [*sheets, Sheet("Meta-data", metadata)]


def _authority_sheets(edition: int) -> list[Sheet]:
    """Invented judgements of local authorities: tables with dates and grades that are no homes."""
    rng = random.Random(f"ofsight-demo-authorities-{edition}")
    judgements: tuple[Cell, ...] = (
        "Overall effectiveness",
        "Impact of leaders",
        "Experiences and progress of children who need help and protection",
        "Experiences and progress of children in care and care leavers",
    )
    at_march: list[tuple[Cell, ...]] = [
        _title(edition, f"LA level at 31 March {edition}"),
        ("This worksheet contains one table with no blank rows. This table begins in cell A3.",),
        ("Web link", "Local authority name", "Ofsted region", "Inspection date", *judgements),
    ]
    in_year: list[tuple[Cell, ...]] = [
        _title(edition, f"LA level in year {period_of(edition)}"),
        ("This worksheet contains one table with no blank rows. This table begins in cell A3.",),
        (
            "Web link",
            "Local authority name",
            "Ofsted region",
            "Inspection/Visit date",
            "Inspection/Visit type",
            *judgements,
            "Visit Theme",
        ),
    ]
    for name, authority in names_in(edition):
        grade = rng.choices(_GRADES, weights=(15, 45, 32, 8))[0]
        start: tuple[Cell, ...] = ("SYNTHETIC DATA", name, authority.ofsted_region)
        day = date(edition - rng.randint(1, 4), rng.randint(1, 12), rng.randint(1, 28))
        at_march.append((*start, day, *(grade,) * 4))
        if rng.random() < 0.6:
            visit = date(edition - 1, rng.randint(4, 12), rng.randint(1, 28))
            in_year.append((*start, visit, "ILACS Focused Visit", "", "", "", "", "Children in care"))
    return [
        Sheet(f"LA_level_at_31_Mar_{edition}", at_march),
        Sheet(f"LA_level_in_year_{period_of(edition)}", in_year),
    ]


def _urn(home: Home) -> Cell:
    return home.urn if home.urn.startswith("SC") else int(home.urn)


def _place(home: Home, edition: int, day: date) -> tuple[Cell, ...]:
    name = home.authority.name_in(edition, home.part)
    return (
        home.authority.ofsted_region,
        home.authority.region,
        name,
        f"{name} (synthetic)",
        spell_sector(home.sector_on(day), edition),
        home.places,
        "Short-break-only children's home" if home.short_breaks else "",
    )


def _places_sheet(edition: int, histories: Sequence[History]) -> Sheet:
    """Print the register: every provider open on the day, inspected or not."""
    day = date(edition, 3, 31)
    rows: list[tuple[Cell, ...]] = [
        _title(edition, f"Providers and places at 31 March {edition}"),
        ("This worksheet contains one table, this table begins in cell A4.",),
        ("Some cells in this table are empty.",),
        (
            *("Web link", "URN", "Linked education URN", "Provision type", "Registration date"),
            *("Registration status", "Name", "Address 1", "Address 2", "Town", "County", "Postcode"),
            *("Ofsted Region", "Government Office Region", "Local authority", "Parliamentary constituency"),
            *("Sector", "Places", "Short-break-only children's home", "Organisation name"),
        ),
    ]
    for history in histories:
        home = history.home
        if history.is_open_on(day):
            rows.append(
                (
                    *("SYNTHETIC DATA, no real home", _urn(home), "", spell_provision(home.kind, edition)),
                    *(home.registered_on, "Active", *_REDACTED),
                    *(*_place(home, edition, day), home.owner.printed(edition)),
                )
            )
    return Sheet(f"Providers+places_at_31_Mar_{edition}", rows)


def _movers_sheet(edition: int, histories: Sequence[History]) -> Sheet:
    """List who registered or closed in the year. One date column is text, as it was in 2023."""
    first, last = date(edition - 1, 4, 1), date(edition, 3, 31)
    effective = "First effective date (that the provider"
    rows: list[tuple[Cell, ...]] = [
        _title(edition, f"Leavers and Joiners at 31 March {edition}"),
        ("This worksheet contains one table which begins in cell A4.",),
        ("Some cells in this table are empty because data was not provided to Ofsted. ",),
        (
            *("URN", "Provision type", "Ofsted Region", "Government Office Region", "Local authority"),
            *("Parliamentary constituency", "Sector", "Places", "Short-break-only children's home"),
            *(f"{effective} became active)", f"{effective} became resigned)", f"{effective} closed)"),
            *("Joiner status", "Leaver status", f"Registration status (as at 31 March {edition})", "Name"),
        ),
    ]
    for history in histories:
        home, closed_on = history.home, history.closed_on
        joined = first <= home.registered_on <= last
        left = closed_on is not None and first <= closed_on <= last
        if joined or left:
            status = history.closing_status if left else "Active"
            gone: Cell = closed_on if left else ""
            rows.append(
                (
                    *(_urn(home), spell_provision(home.kind, edition), *_place(home, edition, first)),
                    *(f"{home.registered_on:%d/%m/%Y}", gone, gone, "Joiner" if joined else ""),
                    *("Leaver" if left else "", status, "REDACTED"),
                )
            )
    return Sheet(f"Leavers+Joiners_at_31_Mar_{edition}", rows)


def _premises_sheet(edition: int, histories: Sequence[History]) -> Sheet:
    """List the premises of supported accommodation, in the 2025 workbook only; its headings are a guess."""
    rows: list[tuple[Cell, ...]] = [
        _title(edition, f"Supported accommodation premises at 31 March {edition}"),
        ("This worksheet contains one table, this table begins in cell A4.",),
        (),
        ("Web link", "URN", "Organisation name", "Premises", "Premises local authority"),
    ]
    for history in histories:
        home = history.home
        if home.kind == "supported" and history.is_open_on(date(edition, 3, 31)):
            owner, name = home.owner.printed(edition), home.authority.name_in(edition, home.part)
            rows.append(("SYNTHETIC DATA, no real home", _urn(home), owner, 1, name))
    return Sheet(f"SA_Premises_at_31_Mar_{edition}", rows)


def _grade_counts(grades: Iterable[int]) -> tuple[int, ...]:
    counts = Counter(grades)
    return tuple(counts[grade] for grade in (4, 3, 2, 1))


def _stacked(
    title: str, period: str, tables: Sequence[tuple[str, list[tuple[Cell, ...]]]]
) -> list[Sequence[Cell]]:
    """Tables one below the other with one blank row in between."""
    rows: list[Sequence[Cell]] = [
        (title,),
        (f"This worksheet contains {len(tables)} tables, one below the other, with one blank row between.",),
    ]
    for name, body in tables:
        rows += [(name,), (period, *_GRADES), *body, ()]
    return rows


_Kinds = Callable[[str], bool]
_OE_TABLES: tuple[tuple[str, str, _Kinds], ...] = (
    ("8a", "all providers", lambda _: True),
    ("8b", "all children's homes", _ALL_HOMES.__contains__),
    ("8c", "children's homes", HOME.__eq__),
)


def _series_sheets(edition: int, histories: Sequence[History]) -> list[Sheet]:
    """Time series that add up to the provider-level sheets of each year."""
    latest_tables = []
    for number, label, wanted in _OE_TABLES:
        body: list[tuple[Cell, ...]] = []
        for year in range(edition, 2013, -1):
            day = date(year, 3, 31)
            grades = []
            for history in histories:
                if wanted(history.home.kind) and history.is_open_on(day):
                    seen = [v for v in history.inspections if v.is_listed and v.inspected_on <= day]
                    if seen:
                        grades.append(seen[-1].grades[0] if seen[-1].grades else seen[-1].rejudged)
            body.append((day, *_grade_counts(grades)))
        title = (
            f"Table {number}: Latest overall effectiveness judgement for {label}, as at 31 March {edition}"
        )
        latest_tables.append((title, body))
    span = f"inspections between 01 April 2013 and 31 March {edition}"
    year_tables = []
    for number, label, wanted in (
        ("9a", "all children's home", _OE_TABLES[1][2]),
        ("9b", "children's home", HOME.__eq__),
    ):
        by_year: dict[int, list[int]] = {}
        for history in histories:
            if wanted(history.home.kind):
                for visit in history.inspections:
                    if visit.kind == "full" and visit.grades:
                        by_year.setdefault(financial_year(visit.inspected_on), []).append(visit.grades[0])
        body = [(period_of(y + 1), *_grade_counts(by_year.get(y, []))) for y in range(edition - 1, 2012, -1)]
        year_tables.append(
            (f"Table {number}: SYNTHETIC Overall effectiveness judgement of {label} {span}", body)
        )
    return [
        Sheet(
            "Latest_OE_31_Mar_Time_Series",
            _stacked(
                f"SYNTHETIC Latest overall effectiveness judgement as at 31 March {edition}",
                "Period as at",
                latest_tables,
            ),
        ),
        Sheet(
            "In_Year_Time_series",
            _stacked(f"SYNTHETIC Overall effectiveness of all {span}", "Period", year_tables),
        ),
    ]


def _counts_sheet(edition: int, histories: Sequence[History]) -> Sheet:
    """Numbers of providers and places over time, the newest first; some dates are text with a note."""
    rows: list[tuple[Cell, ...]] = [
        _title(edition, f"National number of providers and places as at 31 March {edition}"),
        ("This worksheet contains one table. Some cells refer to notes on the notes worksheet. ",),
        (),
        (),
        (f"Table 6a: National number of providers, by provision type as at 31 March {edition}",),
        ("Date", "Data type", "All Children's Homes", "Children's Homes", "Secure Children's Homes", "All"),
    ]
    for year in range(edition, 2013, -1):
        day = date(year, 3, 31)
        kinds = Counter(h.home.kind for h in histories if h.is_open_on(day))
        all_homes = sum(kinds[kind] for kind in sorted(_ALL_HOMES))
        printed: Cell = "31-Mar-15 [Note 1]" if year == 2015 else day
        rows.append((printed, "Providers", all_homes, kinds[HOME], kinds["secure"], kinds.total()))
    name = "Providers+places_six_monthly" if edition == 2022 else "Providers+places_Time_series"
    return Sheet(name, rows)


def _phantom_sheets(stale: ReleaseTable | None) -> list[Sheet]:
    """Sheets that the 2022 workbook caches from files it links to; one is an old list, with old contents.

    Their names are links. A reader that takes them for data counts homes twice.
    """
    link = "'https://ofsight.invalid/synthetic%20template.ods'#"
    sheets = [
        Sheet(f"{link}Cover", [("SYNTHETIC cached sheet of a linked file",)]),
        Sheet(f"{link}Dates", []),
    ]
    if stale is not None:
        at = stale.headings.index(stale.heading_of("overall"))
        rows = [(*row[:at], "Inadequate", *row[at + 1 :]) for row in stale.rows[:40]]
        sheets.append(Sheet(f"{link}Provider_level_at_31_Mar_2020", [*stale.banner, stale.headings, *rows]))
    return sheets


def workbook_sheets(
    edition: int,
    at_march: Sheet,
    in_year: Sheet,
    histories: Sequence[History],
    stale: ReleaseTable | None = None,
) -> list[Sheet]:
    """All sheets of the workbook of a year, in published order.

    Parameters
    ----------
    edition : int
        2022, 2023 or 2025.
    at_march, in_year : Sheet
        The provider-level sheets.
    histories : sequence of History
        What the other sheets are counted from.
    stale : ReleaseTable, optional
        An old list, cached as a phantom sheet in the 2022 workbook.
    """
    data = [*_authority_sheets(edition), at_march, in_year, _places_sheet(edition, histories)]
    if edition >= 2025:
        # local authorities have had a release of their own since 2024
        data = [*data[2:], _premises_sheet(edition, histories)]
    data += [_movers_sheet(edition, histories), _counts_sheet(edition, histories)]
    data += _series_sheets(edition, histories)
    sheets = [*_front_sheets(edition, [sheet.name for sheet in data]), *data]
    return [*sheets, *_phantom_sheets(stale)] if edition == 2022 else sheets
