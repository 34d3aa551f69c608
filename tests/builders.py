"""Builders of small releases with defaults, so that a test names only what it is about."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

LIST_HEADINGS = [
    "Web link", "URN", "Linked Education URN", "Provision type", "Registration date",
    "Registration status", "Name", "Address 1", "Address 2", "Town", "County", "Postcode",
    "Ofsted region", "Government Office Region", "Local authority", "Parliamentary constituency",
    "Sector", "Places", "Organisation which owns the provider",
    "Event type", "Inspection date", "Publication date", "Event number",
    "Overall experiences and progress of children and young people",
    "Outcomes in education and related learning activities",
    "How well children and young people are helped and protected",
    "The effectiveness of leaders and managers",
]  # fmt: skip

DEFAULTS: dict[str, str] = {
    "Web link": "Ofsted Social Care Provider Webpage",
    "Provision type": "Children's home",
    "Registration date": "01/02/2010",
    "Registration status": "Active",
    **dict.fromkeys(("Name", "Address 1", "Address 2", "Town", "County", "Postcode"), "REDACTED"),
    "Ofsted region": "North West",
    "Government Office Region": "North West",
    "Local authority": "Bolton",
    "Sector": "Private",
    "Places": "4",
    "Organisation which owns the provider": "Example Care Ltd",
    "Event type": "Full inspection",
    "Overall experiences and progress of children and young people": "Good",
    "How well children and young people are helped and protected": "Good",
    "The effectiveness of leaders and managers": "Good",
}
OVERALL = "Overall experiences and progress of children and young people"


def provider(number: int = 1, **cells: str) -> dict[str, str]:
    """One row: home SC9000NN inspected on a day of 2018-19; pass other cells by heading."""
    day = date(2018, 4, 10) + timedelta(days=number % 300)
    return {
        **DEFAULTS,
        "URN": f"SC{900000 + number}",
        "Inspection date": f"{day:%d/%m/%Y}",
        "Publication date": f"{day + timedelta(days=30):%d/%m/%Y}",
        "Event number": str(10_000_000 + number),
        **cells,
    }


def providers(n: int = 200, **cells: str) -> list[dict[str, str]]:
    """Several rows, one a home."""
    return [provider(number, **cells) for number in range(1, n + 1)]


def visits(n: int = 200) -> list[dict[str, str]]:
    """A year's visits: each home fully inspected, every other one visited again."""
    again = [
        provider(number, **{"Event type": "Interim inspection", OVERALL: "Sustained effectiveness",
                            "How well children and young people are helped and protected": "",
                            "The effectiveness of leaders and managers": "",
                            "Inspection date": f"{date(2019, 2, 1) + timedelta(days=number % 50):%d/%m/%Y}",
                            "Publication date": "30/03/2019",
                            "Event number": str(10_100_000 + number)})
        for number in range(1, n + 1, 2)
    ]  # fmt: skip
    return [*providers(n), *again]


def grid(rows: Iterable[Mapping[str, str]], headings: Sequence[str] = LIST_HEADINGS) -> list[list[str]]:
    """Rows as cells under headings."""
    return [list(headings), *([row.get(heading, "") for heading in headings] for row in rows)]


def write_csv(path: Path, cells: Iterable[Sequence[str]], *, encoding: str = "utf-8-sig") -> Path:
    """Write cells as csv; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(cells)
    return path


def write_list(path: Path, rows: Iterable[Mapping[str, str]] | None = None, **options: str) -> Path:
    """Write a list at 31 March 2019."""
    return write_csv(path, grid(providers() if rows is None else rows), **options)
