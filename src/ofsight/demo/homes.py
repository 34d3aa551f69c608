"""An invented population of providers: children's homes, and some others for company."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ofsight.demo.places import LocalAuthority, draw_authority
from ofsight.demo.truth import DOMAINS, Truth

__all__ = ["HISTORY_STARTS", "Home", "Owner", "make_homes"]

HISTORY_STARTS = date(2013, 4, 1)
"""First day of the simulated record: early enough for lists of 2015 to hold inspections of 2013."""

HOME = "home"
_OTHER_KINDS = {
    "special_school_home": 0.22,
    "secure": 0.06,
    "fostering": 0.30,
    "family_centre": 0.12,
    "boarding": 0.15,
    "holiday": 0.05,
    "supported": 0.10,
}
_SHARE_OF_OTHERS = 0.12
_SHARE_OPEN_AT_START = 0.58
# sector shares among the homes already open, and among those that open later
_SECTORS_AT_START = {"private": 0.66, "local_authority": 0.255, "voluntary": 0.08, "health_authority": 0.005}
_SECTORS_LATER = {"private": 0.84, "local_authority": 0.11, "voluntary": 0.05}
_CLOSURE_PER_YEAR = 0.045
_SUPPORTED_SINCE = date(2023, 4, 28)


@dataclass(frozen=True, slots=True)
class Owner:
    """An invented owner.

    Parameters
    ----------
    stem : str
        Name without its legal form.
    form : str
        ``company`` (printed with a drifting Ltd or Limited), ``charity`` or ``council``.
    """

    stem: str
    form: str

    def printed(self, edition: int) -> str:
        """Spelling in the release of a year: stable within a year, drifting between years."""
        draw = random.Random(f"{self.stem}|{edition}").random()
        name = self.stem
        if self.form == "company":
            suffix = "Ltd" if draw < 0.45 else "Limited" if draw < 0.85 else "LTD" if draw < 0.93 else "Ltd."
            name = f"{name} {suffix}"
        if draw > 0.97:
            name = name.upper()
        elif 0.60 < draw < 0.66:
            name = name.replace(" & ", " and ").replace(" and ", " And ")
        elif 0.66 < draw < 0.69:
            name = name.replace(" ", "  ", 1)
        elif 0.30 < draw < 0.33:
            name += " "
        return f"{name.rstrip()} (synthetic){' ' if name.endswith(' ') else ''}"


@dataclass(frozen=True, slots=True)
class Home:
    """One registered provider.

    Parameters
    ----------
    urn : str
        ``SC9`` and five digits, or ``9`` and six digits: no real provider bears either.
    kind : str
        ``home`` for a children's home proper; else the kind of other provider.
    sector, later_sector : str
        ``private``, ``local_authority``, ``voluntary`` or ``health_authority``; the later one holds from
        ``sector_changes_on`` on.
    part : int
        Which successor takes the home when its local authority is split.
    closes_on : date
        Day on which it would close of itself; a bad inspection can bring closure forward.
    effects : tuple of 3 floats
        Random intercepts in the order of `ofsight.demo.truth.DOMAINS`, log-odds.
    """

    urn: str
    kind: str
    sector: str
    later_sector: str
    sector_changes_on: date
    authority: LocalAuthority
    part: int
    places: int
    registered_on: date
    closes_on: date
    owner: Owner
    short_breaks: bool
    multi_building: bool
    effects: tuple[float, float, float]

    def sector_on(self, day: date) -> str:
        """Sector on a day."""
        return self.later_sector if day >= self.sector_changes_on else self.sector


def _weighted(rng: random.Random, weights: dict[str, float]) -> str:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def _draw_effects(rng: random.Random, truth: Truth) -> tuple[float, float, float]:
    """Correlated normal intercepts; each alone is exactly normal with the domain's standard deviation."""
    rho = truth.correlation_between_homes
    shared = rng.gauss(0.0, 1.0)
    overall, protection, leadership = (
        truth.domains[domain].random_sd
        * (math.sqrt(rho) * shared + math.sqrt(1.0 - rho) * rng.gauss(0.0, 1.0))
        for domain in DOMAINS
    )
    return overall, protection, leadership


def _make_owners(rng: random.Random, n_homes: int) -> dict[str, list[tuple[Owner, int]]]:
    """Owners by form with a weight: few large chains, many owners of one home."""
    first = ("Example", "Specimen", "Sample", "Placeholder", "Fictional", "Imaginary")
    second = ("Care", "Residential Services", "Childcare & Support", "Homes", "Children’s Services", "Lodge")
    companies = []
    for number in range(max(3, n_homes // 4)):
        stem = f"{rng.choice(first)} {rng.choice(second)} {number + 1:03d}"
        companies.append((Owner(stem, "company"), max(1, int(rng.paretovariate(1.1)))))
    charities = [
        (Owner(f"{rng.choice(first)} Children’s Trust {number + 1:02d}", "charity"), 1 + number % 5)
        for number in range(max(2, n_homes // 60))
    ]
    return {"private": companies, "voluntary": charities}


def _draw_owner(
    rng: random.Random, sector: str, authority: LocalAuthority, owners: dict[str, list[tuple[Owner, int]]]
) -> Owner:
    if sector in owners:
        choices = owners[sector]
        return rng.choices([o for o, _ in choices], weights=[w for _, w in choices])[0]
    kind = "Council" if sector == "local_authority" else "Health Trust"
    return Owner(f"Example {kind} of {authority.name}", "council")


def _draw_registration(rng: random.Random, kind: str, last_day: date) -> date:
    if kind == "supported":
        return _SUPPORTED_SINCE + timedelta(days=rng.randrange(max(1, (last_day - _SUPPORTED_SINCE).days)))
    if rng.random() < _SHARE_OPEN_AT_START:
        return date(1995, 1, 1) + timedelta(days=rng.randrange((HISTORY_STARTS - date(1995, 1, 1)).days))
    return HISTORY_STARTS + timedelta(days=rng.randrange((last_day - HISTORY_STARTS).days))


def _make_home(
    rng: random.Random, truth: Truth, kind: str, number: int, owners: dict[str, list[tuple[Owner, int]]]
) -> Home:
    last_day = date(truth.last_year, 3, 31)
    registered_on = _draw_registration(rng, kind, last_day)
    sectors = _SECTORS_AT_START if registered_on < HISTORY_STARTS else _SECTORS_LATER
    sector = _weighted(rng, sectors)
    if kind == "secure":
        sector = "local_authority"
    authority = draw_authority(rng)
    at_risk_from = max(registered_on + timedelta(days=300), HISTORY_STARTS)
    return Home(
        urn=f"SC9{number:05d}" if registered_on < date(2015, 1, 1) else f"9{number:06d}",
        kind=kind,
        sector=sector,
        later_sector=sector,
        sector_changes_on=date.max,
        authority=authority,
        part=rng.randrange(2),
        places=min(40, 1 + int(rng.gammavariate(2.2, 1.6))) if kind == HOME else rng.randint(8, 60),
        registered_on=registered_on,
        closes_on=at_risk_from + timedelta(days=int(rng.expovariate(_CLOSURE_PER_YEAR / 365.25))),
        owner=_draw_owner(rng, sector, authority, owners),
        short_breaks=kind == HOME and rng.random() < 0.07,
        multi_building=kind == HOME and rng.random() < 0.004,
        effects=_draw_effects(rng, truth),
    )


def _change_sectors(rng: random.Random, homes: Sequence[Home], truth: Truth, n: int) -> list[Home]:
    """Let a few homes pass to another sector on a 1 April; the model then uses the sector of the day."""
    changed = list(homes)
    first, last = max(truth.first_year, 2016), truth.last_year
    if first > last:
        # releases of 2015 alone have no second year to show a change in
        return changed
    candidates = [
        i
        for i, home in enumerate(homes)
        if home.kind == HOME
        and home.sector in {"private", "voluntary"}
        and home.registered_on < date(first - 1, 1, 1)
        and home.closes_on > date(last, 3, 31)
    ]
    for i in rng.sample(candidates, min(n, len(candidates))):
        changed[i] = replace(
            homes[i],
            later_sector="voluntary" if homes[i].sector == "private" else "private",
            sector_changes_on=date(rng.randint(first, last) - 1, 4, 1),
        )
    return changed


def make_homes(truth: Truth, *, n_sector_changes: int = 3) -> list[Home]:
    """Draw the population.

    Parameters
    ----------
    truth : Truth
        Seed, number of children's homes and the spread of their random intercepts.
    n_sector_changes : int
        How many homes pass to another sector.

    Returns
    -------
    list of Home
        ``truth.n_homes`` children's homes and about an eighth as many other providers, in order of URN.
    """
    rng = random.Random(f"ofsight-demo-homes-{truth.seed}")
    owners = _make_owners(rng, truth.n_homes)
    kinds = [HOME] * truth.n_homes
    others = dict(_OTHER_KINDS)
    if truth.last_year < 2025:
        # supported accommodation entered the releases with the 2025 edition
        del others["supported"]
    kinds += [_weighted(rng, others) for _ in range(round(_SHARE_OF_OTHERS * truth.n_homes))]
    rng.shuffle(kinds)
    homes = [_make_home(rng, truth, kind, number, owners) for number, kind in enumerate(kinds)]
    return sorted(_change_sectors(rng, homes, truth, n_sector_changes), key=lambda home: home.urn)
