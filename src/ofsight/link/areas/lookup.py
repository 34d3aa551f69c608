"""Finds the authority that a name or a code stands for, on a day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import polars as pl

from ofsight.errors import DefinitionError, UsageError
from ofsight.link.areas.authority import Authority, Change
from ofsight.link.areas.read import read_authorities, read_changes, read_names, with_changes
from ofsight.link.areas.spelling import spelling_keys

__all__ = ["KNOWN_FROM", "Areas", "MatchStatus", "load_areas"]

KNOWN_FROM = date(1998, 4, 1)
"""The map of 150 authorities that lasted to 2009 is complete from this day (last wave of 1990s unitaries)."""

_CODE = re.compile(r"[EWSNK]\d{8}", re.IGNORECASE)
_UPPER_TIER = ("E06", "E08", "E09", "E10")
_REGION = ("E12", "E13", "E15", "E92", "K", "W92", "S92", "N92")
_NATIONS = {"W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
# Bodies that outturn files list among the authorities.
_OTHER_BODY = re.compile(
    r"\b(?:police|fire|national park|waste|recycling|combined authority|broads authority"
    r"|regional park|london authority|pcc)\b"
)
_MATCHED = {
    "name": pl.String,
    "authority": pl.String,
    "code": pl.String,
    "constant_area": pl.String,
    "region": pl.String,
    "ofsted_region": pl.String,
    "status": pl.String,
    "in_force": pl.Boolean,
}


class MatchStatus(StrEnum):
    """What a name or code turned out to be."""

    AUTHORITY = "authority"
    SEVERAL = "several authorities"
    OTHER_NATION = "not in England"
    REGION = "region or country"
    DISTRICT = "district"
    OTHER_BODY = "other public body"
    BLANK = "blank"
    UNMATCHED = "unmatched"


@dataclass(frozen=True)
class _Meaning:
    status: MatchStatus
    authorities: tuple[Authority, ...] = ()


_KINDS = {
    "region": MatchStatus.REGION,
    "country": MatchStatus.REGION,
    "metropolitan county": MatchStatus.REGION,
    "district": MatchStatus.DISTRICT,
    "Wales": MatchStatus.OTHER_NATION,
    "Scotland": MatchStatus.OTHER_NATION,
    "Northern Ireland": MatchStatus.OTHER_NATION,
}


class Areas:
    """All authorities, their spellings and codes. Make one with `load_areas`.

    Attributes
    ----------
    authorities : tuple of Authority
        All that ever were since `KNOWN_FROM`, by name.
    changes : tuple of Change
        All reorganisations, in order of time.
    """

    def __init__(
        self,
        authorities: Iterable[Authority],
        changes: Iterable[Change],
        names: Iterable[tuple[str, str, str]],
    ) -> None:
        self.authorities = tuple(sorted(authorities, key=lambda authority: authority.name))
        self.changes = tuple(changes)
        self._by_name = {authority.name: authority for authority in self.authorities}
        self._by_number: dict[str, tuple[Authority, ...]] = {}
        self._by_key: dict[str, _Meaning] = {}
        for authority in self.authorities:
            # Not the key without council words: it would make "City of London" the region of London.
            for key in (*spelling_keys(authority.name),)[:2]:
                self._add(key, authority)
            numbers = [authority.dfe_number, authority.ofsted_urn, *(dated.code for dated in authority.codes)]
            for number in numbers:
                if number:
                    self._by_number[number] = (*self._by_number.get(number, ()), authority)
        for spelling, kind, name in names:
            self._add_spelling(spelling, kind, name)

    def find(self, name_or_code: str, on: date | None = None) -> Authority:
        """Find one authority.

        Parameters
        ----------
        name_or_code : str
            Any spelling of the name, an ONS code (old or new), DfE's number or Ofsted's URN of the authority.
        on : date, optional
            A day on which it must have existed. Without it the newest authority of that name.

        Returns
        -------
        Authority

        Raises
        ------
        UsageError
            Nothing of that name (the nearest names are given), a name that is not an authority of England, or
            an authority that did not exist on that day (what was there instead is given).
        """
        meaning = self._meaning(name_or_code, on)
        if meaning.status is not MatchStatus.AUTHORITY:
            raise UsageError(self._explain(name_or_code, meaning))
        authority = meaning.authorities[0]
        if on is not None and not authority.exists_on(on):
            raise UsageError(self._explain_absence(authority, on))
        return authority

    def recognise(self, name_or_code: str, on: date | None = None) -> Authority | None:
        """Find one authority as `find` does, but give None where it would raise for the name."""
        meaning = self._meaning(name_or_code, on)
        return meaning.authorities[0] if meaning.status is MatchStatus.AUTHORITY else None

    def match(self, names: pl.Series, on: date | pl.Series | None = None) -> pl.DataFrame:
        """Match a column of names or codes; nothing is dropped and nothing raises.

        Parameters
        ----------
        names : pl.Series
            Names or codes as published.
        on : date or pl.Series of Date, optional
            The day, or one day per name: it decides between areas of one name (Dorset) and dates the code.

        Returns
        -------
        pl.DataFrame
            One row per name, in order: ``name`` (as given), ``authority``, ``code``, ``constant_area``,
            ``region``, ``ofsted_region``, ``status`` (a `MatchStatus`) and ``in_force`` (whether it
            existed on the day; null without a day). All but ``name`` and ``status`` are null where ``status``
            is not ``authority``.
        """
        texts = names.cast(pl.String).to_list()
        if isinstance(on, pl.Series):
            days: list[date | None] = on.cast(pl.Date).to_list()
            if len(days) != len(texts):
                raise UsageError(
                    f"{len(texts)} names but {len(days)} days: give one day per name, or one for all."
                )
        else:
            days = [on] * len(texts)
        pairs = list(zip(texts, days, strict=True))
        seen = {pair: self._row(*pair) for pair in set(pairs)}
        return pl.DataFrame([seen[pair] for pair in pairs], schema=_MATCHED, orient="row")

    def on(self, day: date) -> tuple[Authority, ...]:
        """List the authorities that existed on a day, by name.

        Raises
        ------
        UsageError
            A day before `KNOWN_FROM`.
        """
        if day < KNOWN_FROM:
            raise UsageError(f"Authorities are known from {KNOWN_FROM} on, not on {day}.")
        return tuple(authority for authority in self.authorities if authority.exists_on(day))

    def successors(self, name_or_code: str) -> tuple[Authority, ...]:
        """Give the authorities that came just after this one; none if it still exists."""
        return tuple(self._by_name[name] for name in self.find(name_or_code).successors)

    def predecessors(self, name_or_code: str) -> tuple[Authority, ...]:
        """Give the authorities that came just before this one; none if it has no others before it."""
        return tuple(self._by_name[name] for name in self.find(name_or_code).predecessors)

    def table(self) -> pl.DataFrame:
        """Give all authorities as a table, one row each; lists are joined with ``"; "``."""
        return pl.DataFrame(
            {
                "authority": [a.name for a in self.authorities],
                "code": [a.code for a in self.authorities],
                "other_codes": [
                    "; ".join(dated.code for dated in a.codes if dated.code != a.code)
                    for a in self.authorities
                ],
                "dfe_number": [a.dfe_number for a in self.authorities],
                "ofsted_urn": [a.ofsted_urn for a in self.authorities],
                "ofsted_region": [a.ofsted_region for a in self.authorities],
                "region": [a.region for a in self.authorities],
                "london": [a.london for a in self.authorities],
                "exists_from": [a.exists_from for a in self.authorities],
                "exists_until": [a.exists_until for a in self.authorities],
                "constant_area": [a.constant_area for a in self.authorities],
                "predecessors": ["; ".join(a.predecessors) for a in self.authorities],
                "successors": ["; ".join(a.successors) for a in self.authorities],
            },
            schema_overrides={"exists_from": pl.Date, "exists_until": pl.Date},
        )

    def _add(self, key: str, authority: Authority) -> None:
        here = self._by_key.get(key)
        others = here.authorities if here else ()
        if key and authority not in others:
            self._by_key[key] = _Meaning(MatchStatus.AUTHORITY, (*others, authority))

    def _add_spelling(self, spelling: str, kind: str, name: str) -> None:
        plain, normal, *_ = spelling_keys(spelling)
        if kind == "authority":
            if name not in self._by_name:
                raise DefinitionError(
                    f"authority_names.csv: '{spelling}' stands for '{name}', which is no authority."
                )
            self._add(plain, self._by_name[name])
            self._add(normal, self._by_name[name])
        elif kind in _KINDS:
            if plain in self._by_key and self._by_key[plain].authorities:
                raise DefinitionError(f"authority_names.csv: '{spelling}' is a {kind} and also an authority.")
            self._by_key[plain] = _Meaning(_KINDS[kind])
        else:
            raise DefinitionError(
                f"authority_names.csv: the kind of '{spelling}' is '{kind}', "
                f"not one of authority, {', '.join(_KINDS)}."
            )

    def _meaning(self, text: str | None, on: date | None) -> _Meaning:
        asked = (text or "").strip()
        if not asked:
            return _Meaning(MatchStatus.BLANK)
        if asked.upper() in self._by_number:
            return _Meaning(MatchStatus.AUTHORITY, _best(self._by_number[asked.upper()], on))
        if _CODE.fullmatch(asked):
            return _Meaning(_status_of_code(asked.upper()))
        for key in spelling_keys(asked):
            if key in self._by_key:
                meaning = self._by_key[key]
                return _Meaning(meaning.status, _best(meaning.authorities, on))
        if "/" in asked:
            parts = [self._meaning(part, on) for part in asked.split("/")]
            if all(part.status is MatchStatus.AUTHORITY for part in parts):
                return _Meaning(MatchStatus.SEVERAL, tuple(part.authorities[0] for part in parts))
            if (
                parts[0].status is MatchStatus.OTHER_NATION
            ):  # DWP prints "Gwynedd / Gwynedd", "Cardiff / Caerdydd"
                return parts[0]
        if _OTHER_BODY.search(asked.casefold()):
            return _Meaning(MatchStatus.OTHER_BODY)
        return _Meaning(MatchStatus.UNMATCHED)

    def _row(self, text: str | None, on: date | None) -> tuple[object, ...]:
        meaning = self._meaning(text, on)
        if meaning.status is not MatchStatus.AUTHORITY:
            return (text, None, None, None, None, None, str(meaning.status), None)
        found = meaning.authorities[0]
        return (
            text,
            found.name,
            found.code_on(on),
            found.constant_area,
            found.region,
            found.ofsted_region,
            str(meaning.status),
            None if on is None else found.exists_on(on),
        )

    def _explain(self, asked: str, meaning: _Meaning) -> str:
        if meaning.status is MatchStatus.SEVERAL:
            several = ", ".join(authority.name for authority in meaning.authorities)
            return f"'{asked}' is several authorities: {several}. Ask for one."
        if meaning.status is not MatchStatus.UNMATCHED:
            kind = (
                "is blank" if meaning.status is MatchStatus.BLANK else f"is known, but as: {meaning.status}"
            )
            return f"'{asked}' {kind}. Wanted: an English council with children's services."
        every = {key: m.authorities[0].name for key, m in self._by_key.items() if m.authorities}
        *_, key = spelling_keys(asked)
        near = list(dict.fromkeys(every[close] for close in get_close_matches(key, every, n=6, cutoff=0.55)))[
            :3
        ]
        hint = f"Nearest: {', '.join(near)}." if near else "Nothing is near."
        return (
            f"No local authority '{asked}'. {hint} "
            "A new spelling is one row of definitions/codes/authority_names.csv."
        )

    def _explain_absence(self, authority: Authority, on: date) -> str:
        if authority.exists_until and on > authority.exists_until:
            now = ", ".join(authority.successors)
            return f"{authority.name} ended on {authority.exists_until}; on {on} its area belonged to {now}."
        before = ", ".join(authority.predecessors)
        return f"{authority.name} began on {authority.exists_from}; on {on} its area belonged to {before}."


def _best(candidates: tuple[Authority, ...], on: date | None) -> tuple[Authority, ...]:
    """Put first the one that existed on the day, else the newest."""

    def rank(authority: Authority) -> tuple[bool, date]:
        return (on is None or authority.exists_on(on), authority.exists_until or date.max)

    return tuple(sorted(candidates, key=rank, reverse=True))


def _status_of_code(code: str) -> MatchStatus:
    if code.startswith(_REGION) or code.startswith("E11"):
        return MatchStatus.REGION
    if code[0] in _NATIONS:
        return MatchStatus.OTHER_NATION
    if code.startswith("E07"):
        return MatchStatus.DISTRICT
    return MatchStatus.UNMATCHED if code.startswith(_UPPER_TIER) else MatchStatus.OTHER_BODY


def load_areas(folder: Path | None = None) -> Areas:
    """Load the authorities from their CSV files.

    Parameters
    ----------
    folder : Path, optional
        A folder with ``authorities.csv``, ``authority_changes.csv`` and ``authority_names.csv``. Without it,
        the ones shipped in ``definitions/codes`` (read once).

    Returns
    -------
    Areas

    Raises
    ------
    DefinitionError
        A file that breaks its layout or contradicts another.
    """
    return _load(folder) if folder else _load_shipped()


def _load(folder: Path) -> Areas:
    changes = read_changes(folder / "authority_changes.csv")
    authorities = with_changes(read_authorities(folder / "authorities.csv"), changes)
    return Areas(authorities.values(), changes, read_names(folder / "authority_names.csv"))


@lru_cache(maxsize=1)
def _load_shipped() -> Areas:
    return _load(Path(str(files("ofsight.definitions"))) / "codes")
