"""How one and the same thing is spelled in the releases of different years."""

from __future__ import annotations

from datetime import date

from ofsight.demo.layouts import IN_YEAR, LIST

__all__ = [
    "spell_event_type",
    "spell_grade",
    "spell_place_use",
    "spell_provision",
    "spell_quarter_code",
    "spell_result",
    "spell_sector",
]

_PROVISION = {
    "home": "Children's home",
    "secure": "Secure children's home",
    "special_school_home": "Residential special school (registered as a children's home)",
    "fostering": "Independent Fostering Agency",
    "family_centre": "Residential Family Centre",
    "boarding": "Boarding School",
    "holiday": "Residential Holiday Scheme for Disabled Children",
    "supported": "Supported accommodation",
}
_PROVISION_2015 = {
    **_PROVISION,
    "home": "Children's Home",
    "special_school_home": "Residential special school (>295 days/year)",
    "fostering": "Independent Fostering agency",
}
_SECTOR = {
    "private": "Private",
    "voluntary": "Voluntary",
    "local_authority": "Local Authority",
    "health_authority": "Health Authority",
}
_SECTOR_2015 = {**_SECTOR, "local_authority": "Local authority", "health_authority": "Health authority"}
_RESULT = {
    "improved": "Improved effectiveness",
    "sustained": "Sustained effectiveness",
    "declined": "Declined in effectiveness",
    "not_judged": "Not judged",
}


def spell_provision(kind: str, edition: int) -> str:
    """Provision type; the capital H went in 2016."""
    return (_PROVISION_2015 if edition <= 2015 else _PROVISION)[kind]


def spell_sector(sector: str, edition: int) -> str:
    """Sector; authority had a small a until 2015."""
    return (_SECTOR_2015 if edition <= 2015 else _SECTOR)[sector]


def spell_event_type(kind: str, series: str, edition: int) -> str:
    """Kind of visit as printed in a release."""
    if kind == "full":
        return "Full Inspection" if series == LIST and edition == 2016 else "Full inspection"
    if series == IN_YEAR and edition == 2015:
        return {"interim": "SC Interim", "monitoring": "SC Monitoring Inspection"}.get(kind, "SC Emergency")
    return {
        "interim": "Interim inspection",
        "monitoring": "Monitoring inspection",
        "assurance": "Assurance visit",
        "emergency": "SC – Emergency inspection" if edition == 2017 else "Emergency inspection",
    }[kind]


def spell_result(result: str, edition: int) -> str:
    """Judgement of an interim inspection as printed in an in-year release."""
    text = _RESULT[result]
    if edition == 2015:
        return text.title().replace(" In ", " in ")
    if edition >= 2019 and result == "declined":
        return "Declined effectiveness"
    return text


def spell_grade(grade: int, inspected_on: date, edition: int) -> str:
    """Grade as printed.

    The second grade was Adequate for inspections before April 2015 and kept that name in some later lists;
    it then was Requires improvement, and Requires improvement to be good from April 2017. Lists from 2019
    on relabel all of them.
    """
    if grade != 2:
        return {0: "", 1: "Inadequate", 3: "Good", 4: "Outstanding"}[grade]
    if edition >= 2019:
        return "Requires improvement to be good"
    if inspected_on < date(2015, 4, 1):
        # the very old ones were not relabelled until 2019
        return "Adequate" if edition == 2015 or inspected_on < date(2014, 4, 1) else "Requires improvement"
    return "Requires improvement to be good" if edition == 2018 else "Requires improvement"


def spell_quarter_code(kind: str, grade: int, result: str) -> str:
    """Numeric code of the quarterly files of 2014: full 1 to 4 best first, interim 2 to 5, unused 0."""
    if kind == "full":
        return str(5 - grade) if grade else "0"
    return {"improved": "2", "sustained": "3", "declined": "4", "not_judged": "5"}.get(result, "0")


def spell_place_use(*, short_breaks: bool, is_home: bool, edition: int) -> str:
    """Content of the short-breaks column, which changed its vocabulary with almost every edition."""
    if edition <= 2016:
        return "Yes" if short_breaks else ""
    if edition == 2017:
        if not is_home:
            return "NULL"
        return "Short breaks only" if short_breaks else "Long term care only"
    if short_breaks:
        return "Short-break-only children's home"
    return " " if edition == 2024 else ""
