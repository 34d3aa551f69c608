"""Local authorities of England with the spellings the lists used, and how the names changed.

The names are public facts. Everything else in the demo is invented.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["LOCAL_AUTHORITIES", "LocalAuthority", "draw_authority", "names_in"]


@dataclass(frozen=True, slots=True)
class LocalAuthority:
    """One local authority with its name in each release.

    Parameters
    ----------
    name : str
        Name in the earliest release.
    region : str
        Government Office Region, nine of them, as the lists spell it.
    ofsted_region : str
        Ofsted's own region, eight of them.
    changes : tuple of (int, tuple of str)
        From this release year on, the home's authority bears one of these names.
    """

    name: str
    region: str
    ofsted_region: str
    changes: tuple[tuple[int, tuple[str, ...]], ...] = ()

    def name_in(self, edition: int, part: int) -> str:
        """Name printed in the release of a year, for a home in one part of the old area."""
        name = self.name
        for since, successors in self.changes:
            if edition >= since:
                name = successors[part % len(successors)]
        return name


_OFSTED_REGION = {
    "North East": "North East, Yorkshire and the Humber",
    "Yorkshire and The Humber": "North East, Yorkshire and the Humber",
}

_BCP = ((2020, ("Bournemouth, Christchurch & Poole",)),)
_CHANGES: dict[str, tuple[tuple[int, tuple[str, ...]], ...]] = {
    "Bournemouth": _BCP,
    "Poole": _BCP,
    "Northamptonshire": ((2022, ("North Northamptonshire", "West Northamptonshire")),),
    "Cumbria": ((2024, ("Cumberland", "Westmorland and Furness")),),
}

_NAMES = {
    "East Midlands": (
        "Derby Derbyshire Leicester Leicestershire Lincolnshire Northamptonshire Nottingham "
        "Nottinghamshire Rutland"
    ),
    "East of England": (
        "Bedford Cambridgeshire Central_Bedfordshire Essex Hertfordshire Luton Norfolk Peterborough "
        "Southend_on_Sea Suffolk Thurrock"
    ),
    "London": (
        "Barking_and_Dagenham Barnet Bexley Brent Bromley Camden Croydon Ealing Enfield Greenwich Hackney "
        "Hammersmith_and_Fulham Haringey Harrow Havering Hillingdon Hounslow Islington "
        "Kensington_and_Chelsea Kingston_upon_Thames Lambeth Lewisham Merton Newham Redbridge "
        "Richmond_upon_Thames Southwark Sutton Tower_Hamlets Waltham_Forest Wandsworth"
    ),
    "North East": (
        "Darlington Durham Gateshead Hartlepool Middlesbrough Newcastle_upon_Tyne North_Tyneside "
        "Northumberland Redcar_and_Cleveland South_Tyneside Stockton-on-Tees Sunderland"
    ),
    "North West": (
        "Blackburn_with_Darwen Blackpool Bolton Bury Cheshire_East Cheshire_West_and_Chester Cumbria "
        "Halton Knowsley Lancashire Liverpool Manchester Oldham Rochdale Salford Sefton St_Helens Stockport "
        "Tameside Trafford Warrington Wigan Wirral"
    ),
    "South East": (
        "Bracknell_Forest Brighton_and_Hove Buckinghamshire East_Sussex Hampshire Isle_of_Wight Kent Medway "
        "Milton_Keynes Oxfordshire Portsmouth Reading Slough Southampton Surrey West_Berkshire West_Sussex "
        "Windsor_and_Maidenhead Wokingham"
    ),
    "South West": (
        "Bath_and_North_East_Somerset Bournemouth Bristol Cornwall Devon Dorset Gloucestershire "
        "North_Somerset Plymouth Poole Somerset South_Gloucestershire Swindon Torbay Wiltshire"
    ),
    "West Midlands": (
        "Birmingham Coventry Dudley Herefordshire Sandwell Shropshire Solihull Staffordshire Stoke-on-Trent "
        "Telford_and_Wrekin Walsall Warwickshire Wolverhampton Worcestershire"
    ),
    "Yorkshire and The Humber": (
        "Barnsley Bradford Calderdale Doncaster East_Riding_of_Yorkshire Kingston_upon_Hull Kirklees Leeds "
        "North_East_Lincolnshire North_Lincolnshire North_Yorkshire Rotherham Sheffield Wakefield York"
    ),
}

# Homes are not spread evenly: the North West holds about a quarter of them, London few.
_REGION_WEIGHT = {
    "East Midlands": 9,
    "East of England": 8,
    "London": 6,
    "North East": 8,
    "North West": 25,
    "South East": 14,
    "South West": 8,
    "West Midlands": 14,
    "Yorkshire and The Humber": 10,
}

LOCAL_AUTHORITIES: tuple[LocalAuthority, ...] = tuple(
    LocalAuthority(
        name=name.replace("_", " "),
        region=region,
        ofsted_region=_OFSTED_REGION.get(region, region),
        changes=_CHANGES.get(name, ()),
    )
    for region, names in _NAMES.items()
    for name in names.split()
)

_WEIGHTS = [_REGION_WEIGHT[a.region] / len(_NAMES[a.region].split()) for a in LOCAL_AUTHORITIES]


def draw_authority(rng: random.Random) -> LocalAuthority:
    """Draw one authority, with the regions weighted as homes are spread over England."""
    return rng.choices(LOCAL_AUTHORITIES, weights=_WEIGHTS)[0]


def names_in(edition: int) -> list[tuple[str, LocalAuthority]]:
    """Names in use in a release year, in alphabetical order, each with its authority."""
    found: dict[str, LocalAuthority] = {}
    for authority in LOCAL_AUTHORITIES:
        for part in (0, 1):
            found.setdefault(authority.name_in(edition, part), authority)
    return sorted(found.items())
