"""Layouts of the official releases by year: headings, heading row, encoding, line ends, ragged edges.

Each heading stands exactly as it was published, typing errors included, beside the name of the field that
fills it (see `ofsight.demo.tables`). Sources: the releases themselves, checked heading by heading; the 2025
edition from a description of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["IN_YEAR", "LIST", "QUARTER", "Column", "Layout", "layout_of"]

LIST: Final = "provider level at 31 March"
IN_YEAR: Final = "provider level in year"
QUARTER: Final = "children's homes inspections, quarter"

Column = tuple[str, str]
"""A heading as published and the field that fills it."""


@dataclass(frozen=True)
class Layout:
    """How one release is laid out.

    Parameters
    ----------
    series : str
        `LIST`, `IN_YEAR` or `QUARTER`.
    edition : int
        Year of the release; an in-year release covers the financial year that ends in it.
    columns : tuple of Column
        In published order.
    banner : str
        What stands above the headings: ``none``, ``groups`` (one row of group titles) or ``notes`` (a title
        row and notes).
    n_banner_rows : int
        Rows above the headings.
    encoding : str
        Of the csv file; ``ods`` where the edition was published as a workbook.
    newline : str
        Line end of the csv file.
    n_blank_rows, n_blank_columns : int
        Empty rows after the data, empty columns at its right.
    """

    series: str
    edition: int
    columns: tuple[Column, ...]
    banner: str = "none"
    n_banner_rows: int = 0
    encoding: str = "utf-8-sig"
    newline: str = "\n"
    n_blank_rows: int = 0
    n_blank_columns: int = 0

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings in published order, without the empty ones at the right."""
        return tuple(heading for heading, _ in self.columns)


def _columns(text: str) -> tuple[Column, ...]:
    """Parse ``Heading=field; Heading=field``; no published heading holds a semicolon."""
    pairs = (part.strip().rsplit("=", 1) for part in text.replace("\n", " ").split(";") if part.strip())
    return tuple((" ".join(heading.split()), field.strip()) for heading, field in pairs)


_REDACTED = "Address 1=withheld; Address 2=withheld; Town=withheld; County=withheld; Postcode=withheld;"
_OLD_JUDGEMENTS = """
    Overall effectiveness=overall; Outcomes for children and young people=outcomes; Quality of care=quality;
    {protection}=protection; Leadership and management=leadership;
"""
_SCCIF = """
    Overall experiences and progress of children and young people=overall;
    Outcomes in education and related learning activities=education; {health}
    How well children and young people are helped and protected=protection;
    The effectiveness of leaders and managers=leadership;
"""
_HEALTH = "Health services=health;"
_2015 = f"""
    Web link=web_link; URN=urn; Provision type=provision_type; Reg Status=status; Setting Name=name;
    {_REDACTED} Region=ofsted_region; Local authority=local_authority; Sector=sector;
    Inspection type=event_type; Inspection Date=inspected_on; Inspection ID=event_number;
    {_OLD_JUDGEMENTS.format(protection="The safety of children and young people")}
    Outcomes in education and related learning activities=education; Linked ED URN=linked_urn;
    Short breaks only=short_breaks;
"""
_SAFEGUARDING = _OLD_JUDGEMENTS.format(protection="Safeguarding children and young people")


def _modern_start(linked: str, status: str, *, registered: bool) -> str:
    return f"""
        Web link=web_link; URN=urn; {linked}=linked_urn; Provision type=provision_type;
        {"Registration date=registered_on;" if registered else ""} {status}=status; Name=name; {_REDACTED}
    """


_PLACE = """
    {ofsted}=ofsted_region; Government Office Region=region; Local authority=local_authority;
    Parliamentary constituency=constituency; Sector=sector;
"""
_DATED = """
    Event type=event_type; Inspection date=inspected_on; Publication date=published_on;
    Event number=event_number;
"""
_OWNER = "Organisation which owns the provider=owner;"
_SHORT_BREAKS = "Short-break-only children's home=short_breaks;"
_MULTI = "Multi-building children's home=multi_building;"

_LIST_2016 = f"""
    Web link=web_link; URN=urn; Provision type=provision_type; Registration status=status; Name=name;
    {_REDACTED} Government Office Region=region; Local authority=local_authority; Sector=sector;
    Places=places; Linked education URN=linked_urn; Short breaks only children's home=short_breaks;
    Event type=event_type; Inspection date=inspected_on; Event number=event_number; {_SAFEGUARDING}
"""
_LIST_2017 = (
    _modern_start("Linked education URN", "Registration status", registered=False)
    + _PLACE.format(ofsted="Ofsted Region")
    + f"Places=places; Short breaks only=short_breaks; {_DATED} {_SAFEGUARDING}"
)
_LIST_2018 = _LIST_2017.replace("Short breaks only=short_breaks;", "Organisation=owner;")
_STABLE_START = _modern_start("Linked Education URN", "Registration status", registered=True) + _PLACE.format(
    ofsted="Ofsted region"
)
_LIST_2019 = f"{_STABLE_START} Places=places; {_OWNER} {_DATED} {_SCCIF.format(health='')}"
_LIST_2020 = f"{_STABLE_START} Places=places; {_OWNER} {_DATED} {_SCCIF.format(health=_HEALTH)}"
_LIST_2021 = _LIST_2020.replace("Places=places;", f"Places=places; {_SHORT_BREAKS}")
_LATEST = """
    Latest full inspection event type=event_type; Latest full inspection date=inspected_on;
    Latest full inspection publication date=published_on; Latest full inspection event number=event_number;
"""
# "inspectio" is the publisher's
_LIST_2022 = f"""{_STABLE_START} Places=places; {_SHORT_BREAKS} {_OWNER} {_LATEST}
    Latest full inspection overall experiences and progress of children and young people=overall;
    Latest full inspection outcomes in education and related learning activities=education;
    Latest full inspectio health services=health;
    Latest full inspection how well children and young people are helped and protected=protection;
    Latest full inspection the effectiveness of leaders and managers=leadership;
"""
_LIST_2023 = f"""{_STABLE_START} Places=places; {_SHORT_BREAKS} {_MULTI} {_OWNER} {_LATEST}
    {_SCCIF.format(health=_HEALTH)}"""
_PREVIOUS_GRADES = """
    Previous overall experiences and progress of children and young people=previous_overall;
    Previous outcomes in education and related learning activities=education; Previous health services=health;
    Previous how well children and young people are helped and protected=previous_protection;
    Previous effectiveness of leaders and managers=previous_leadership;
"""
_LIST_2024 = f"""{_STABLE_START} Premises=premises; Places=places; {_SHORT_BREAKS} {_MULTI} {_OWNER} {_LATEST}
    {_SCCIF.format(health=_HEALTH)} Previous full inspection event type=previous_event_type;
    Previous full inspection event date=previous_inspected_on;
    Previous full inspection publication date=previous_published_on;
    Previous full inspection event number=previous_event_number; {_PREVIOUS_GRADES}
"""
_START_2025 = f"""{_STABLE_START} Places=places; Supported accommodation premises=premises; {_SHORT_BREAKS}
    Multi Building Children's Home=multi_building; {_OWNER}"""
_OUTCOME_2025 = "Supported Accommodation outcome=supported_outcome;"
_LIST_2025 = f"{_START_2025} {_LATEST} {_SCCIF.format(health=_HEALTH)} {_OUTCOME_2025}"

_QUARTER = """
    Provider URN=urn; Provider status=status; Provider type=provision_type; Sector=sector;
    Provider name=name; Provider address 1=withheld; Provider address 2=withheld; Provider town=withheld;
    Provider postcode=withheld; Local Authority=local_authority; government_office_region_name=region;
    Event number=event_number; Event date=inspected_on; Event type group=event_type;
    Overall effectiveness=overall; Outcomes in education and related learning activities=education;
    Outcomes for children and young people=outcomes; Quality of care=quality;
    Safeguarding children and young people=protection; Leadership and management=leadership;
"""
_YEAR_2016 = f"""
    Web link=web_link; URN=urn; Provision type=provision_type; Registration Status=status; Name=name;
    {_REDACTED} Government Office Region=region; Local authority=local_authority; Sector=sector;
    Places=places; Linked education URN=linked_urn; Event type=event_type; Inspection date=inspected_on;
    Event number=event_number; {_SAFEGUARDING}
"""
# no name in this one
_YEAR_2017 = f"""
    Web link=web_link; URN=urn; Provision type=provision_type; Registration Status=status; {_REDACTED}
    Ofsted Region=ofsted_region; Government Office Region=region; Local authority=local_authority;
    Sector=sector; Places=places; Linked Education URN=linked_urn; Short breaks only=short_breaks;
    Event type=event_type; Inspection date=inspected_on; Event number=event_number; {_SAFEGUARDING}
"""
_YEAR_2018 = (
    _modern_start("Linked Education URN", "Registration Status", registered=False)
    + _PLACE.format(ofsted="Ofsted Region")
    + f"Places=places; Organisation=owner; {_DATED} {_SAFEGUARDING}"
)
_EVENT = """
    Inspection event type=event_type; Inspection date=inspected_on;
    Inspection publication date=published_on; Inspection event number=event_number;
"""
_YEAR_2022 = f"""{_STABLE_START} Places=places; {_SHORT_BREAKS} {_OWNER} {_EVENT}
    Inspection overall experiences and progress of children and young people=overall;
    Inspection outcomes in education and related learning activities=education;
    Inspection health services=health;
    Inspection how well children and young people are helped and protected=protection;
    Inspection the effectiveness of leaders and managers=leadership;
"""
_YEAR_2023 = f"""{_STABLE_START} Places=places; {_SHORT_BREAKS} {_MULTI} {_OWNER} {_EVENT}
    {_SCCIF.format(health=_HEALTH)}"""
_YEAR_2024 = f"""{_YEAR_2023} Previous Event type=previous_event_type;
    Previous inspection Date=previous_inspected_on; Previous publication date=previous_published_on;
    Previous event number=previous_event_number; {_PREVIOUS_GRADES}
"""
_YEAR_2025 = f"{_START_2025} {_EVENT} {_SCCIF.format(health=_HEALTH)} {_OUTCOME_2025}"


def _newline_led(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Lead some headings with a line break, as the 2025 workbook does."""
    led = {"supported_outcome", "overall", "protection", "leadership", "multi_building"}
    return tuple((f"\n{heading}" if field in led else heading, field) for heading, field in columns)


_MAC = "mac_roman"
_NOTES: dict[str, object] = {"banner": "notes", "n_banner_rows": 3}
_GROUPS: dict[str, object] = {"banner": "groups", "n_banner_rows": 1}
_WORKBOOK: dict[str, object] = {"encoding": "ods", **_NOTES}
_CRLF: dict[str, object] = {"newline": "\r\n"}

_LISTS: dict[int, tuple[str, dict[str, object]]] = {
    2015: (_2015, {"n_blank_rows": 3}),
    2016: (_LIST_2016, {**_GROUPS, "n_blank_rows": 9}),
    2017: (_LIST_2017, {**_GROUPS, "n_blank_columns": 1}),
    2018: (_LIST_2018, _GROUPS),
    2019: (_LIST_2019, _GROUPS),
    2020: (_LIST_2020, _GROUPS),
    2021: (_LIST_2021, _GROUPS),
    2022: (_LIST_2022, {**_WORKBOOK, "n_banner_rows": 4}),
    2023: (_LIST_2023, {**_WORKBOOK, "n_blank_rows": 11}),
    2024: (_LIST_2024, {**_NOTES, "encoding": _MAC}),
    2025: (_LIST_2025, _WORKBOOK),
}
_IN_YEARS: dict[int, tuple[str, dict[str, object]]] = {
    2015: (_2015, _CRLF),
    2016: (_YEAR_2016, {**_CRLF, "encoding": "utf-8"}),
    2017: (_YEAR_2017, {**_CRLF, "encoding": "cp1252"}),
    2018: (_YEAR_2018, {**_CRLF, "encoding": "cp1252"}),
    2019: (_LIST_2019, _CRLF),
    2020: (_LIST_2020, {**_CRLF, "encoding": "cp1252"}),
    # 2021: none, inspections were suspended
    2022: (_YEAR_2022, _WORKBOOK),
    2023: (_YEAR_2023, {**_WORKBOOK, "n_blank_rows": 4}),
    2024: (_YEAR_2024, {**_NOTES, **_CRLF, "n_blank_columns": 21}),
    2025: (_YEAR_2025, _WORKBOOK),
}


def layout_of(series: str, edition: int) -> Layout:
    """Return the layout of one release.

    Parameters
    ----------
    series : str
        `LIST`, `IN_YEAR` or `QUARTER` (the two quarterly files of 2014, edition 2014).
    edition : int
        Year of the release, 2015 to 2025; there is no in-year release of 2021.

    Raises
    ------
    KeyError
        If that release does not exist.
    """
    if series == QUARTER:
        return Layout(QUARTER, edition, _columns(_QUARTER), encoding="utf-8", newline="\r\n")
    text, options = (_LISTS if series == LIST else _IN_YEARS)[edition]
    columns = _columns(text)
    return Layout(series, edition, _newline_led(columns) if edition >= 2025 else columns, **options)  # type: ignore[arg-type]
