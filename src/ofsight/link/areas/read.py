"""Reads the three CSV files about authorities and applies every change to them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from ofsight.errors import DefinitionError
from ofsight.link.areas.authority import Authority, Change, DatedCode

__all__ = ["CONSTANT_SINCE", "read_authorities", "read_changes", "read_names", "rows_of", "with_changes"]

CONSTANT_SINCE = date(2009, 4, 1)
"""Constant areas unite what was split or merged after this day."""

_KINDS = ("split", "merger", "tier", "recode")
_AUTHORITY_COLUMNS = (
    "authority", "ons_codes", "dfe_number", "ofsted_urn", "ofsted_region", "region", "london",
    "exists_from", "exists_until", "constant_area",
)  # fmt: skip
_CHANGE_COLUMNS = ("effective_on", "kind", "old", "new", "new_codes", "new_dfe_numbers", "note")
_NAME_COLUMNS = ("spelling", "kind", "authority", "seen_in")


def read_authorities(file: Path) -> dict[str, Authority]:
    """Read ``authorities.csv``: one authority a row, by canonical name.

    Raises
    ------
    DefinitionError
        A missing column, a doubled name, a date or a code that cannot be read.
    """
    found: dict[str, Authority] = {}
    for line, row in rows_of(file, _AUTHORITY_COLUMNS):
        name = row["authority"]
        if not name or name in found:
            problem = "has no name" if not name else f"gives '{name}' a second time"
            raise DefinitionError(f"{file}, row {line}: the authority {problem}. One row per authority.")
        if row["london"] not in ("", "inner", "outer"):
            raise DefinitionError(
                f"{file}, row {line}: london is '{row['london']}', not inner, outer or empty."
            )
        begins = _day(row["exists_from"], file, line)
        found[name] = Authority(
            name=name,
            codes=_codes(row["ons_codes"], begins, file, line),
            dfe_number=row["dfe_number"] or None,
            ofsted_urn=row["ofsted_urn"] or None,
            ofsted_region=row["ofsted_region"],
            region=row["region"],
            london=row["london"] or None,
            exists_from=begins,
            exists_until=_day(row["exists_until"], file, line),
            constant_area=row["constant_area"] or None,
        )
    return found


def read_changes(file: Path) -> tuple[Change, ...]:
    """Read ``authority_changes.csv``: one reorganisation a row, in order of time.

    Raises
    ------
    DefinitionError
        A missing column or date, an unknown kind, or lists of different length.
    """
    changes = []
    for line, row in rows_of(file, _CHANGE_COLUMNS):
        effective_on = _day(row["effective_on"], file, line)
        if effective_on is None or row["kind"] not in _KINDS:
            problem = "effective_on is empty" if effective_on is None else f"kind is '{row['kind']}'"
            raise DefinitionError(
                f"{file}, row {line}: {problem}. "
                f"A change needs a date (YYYY-MM-DD) and one of {', '.join(_KINDS)}."
            )
        change = Change(
            effective_on=effective_on,
            kind=row["kind"],
            old=_list(row["old"]),
            new=_list(row["new"]),
            new_codes=_list(row["new_codes"]),
            new_dfe_numbers=_list(row["new_dfe_numbers"]),
            note=row["note"],
        )
        if not change.old or not change.new:
            raise DefinitionError(
                f"{file}, row {line}: a change needs at least one old and one new authority."
            )
        for given in (change.new_codes, change.new_dfe_numbers):
            if given and len(given) != len(change.new):
                raise DefinitionError(
                    f"{file}, row {line}: {len(given)} codes for {len(change.new)} new authorities. "
                    "Give one each, in the same order, separated by ';', or none."
                )
        changes.append(change)
    return tuple(sorted(changes, key=lambda change: change.effective_on))


def read_names(file: Path) -> list[tuple[str, str, str]]:
    """Read ``authority_names.csv`` as (spelling, kind, authority)."""
    return [(row["spelling"], row["kind"], row["authority"]) for _, row in rows_of(file, _NAME_COLUMNS)]


def with_changes(authorities: dict[str, Authority], changes: Sequence[Change]) -> dict[str, Authority]:
    """Apply every change: authorities begin and end, codes follow each other, areas are united.

    What ``authorities.csv`` says and what follows from a change must agree; what it leaves open is filled in.
    A new authority that has no row of its own takes region and London part from its first predecessor.

    Raises
    ------
    DefinitionError
        A change of an authority that is not known, or one that contradicts ``authorities.csv``.
    """
    known = dict(authorities)
    for change in changes:
        eve = change.effective_on - timedelta(days=1)
        for name in change.old:
            if name not in known:
                raise DefinitionError(
                    f"The change of {change.effective_on} ({change.kind}) starts from '{name}', which is "
                    "not in authorities.csv. Use the canonical name, or add the authority."
                )
        for place, name in enumerate(change.new):
            known[name] = _begun(known, change, place, name)
        for name in change.old:
            if name in change.new:
                continue
            old = known[name]
            if old.exists_until not in (None, eve):
                raise DefinitionError(_contradiction(change, f"'{name}' ends on {eve}", old.exists_until))
            successors = tuple(dict.fromkeys((*old.successors, *change.new)))
            known[name] = replace(old, exists_until=eve, successors=successors, codes=_closed(old.codes, eve))
    return _united(known, changes)


def _begun(known: dict[str, Authority], change: Change, place: int, name: str) -> Authority:
    """Give the authority `name` as it is from the day of the change on."""
    begins = change.effective_on
    code = change.new_codes[place] if change.new_codes else None
    number = change.new_dfe_numbers[place] if change.new_dfe_numbers else None
    goes_on = name in change.old
    parents = () if goes_on else tuple(change.old)
    if name not in known:
        parent = known[change.old[0]]
        return Authority(
            name=name,
            codes=(DatedCode(code, begins),) if code else (),
            dfe_number=number,
            ofsted_urn=None,
            ofsted_region=parent.ofsted_region,
            region=parent.region,
            london=parent.london,
            exists_from=begins,
            exists_until=None,
            constant_area=None,
            predecessors=parents,
        )
    authority = known[name]
    if not goes_on and authority.exists_from not in (None, begins):
        raise DefinitionError(_contradiction(change, f"'{name}' begins on {begins}", authority.exists_from))
    if number and authority.dfe_number not in (None, number):
        raise DefinitionError(
            _contradiction(change, f"'{name}' has DfE number {number}", authority.dfe_number)
        )
    codes = authority.codes
    if code and code not in [dated.code for dated in codes]:
        codes = (*_closed(codes, begins - timedelta(days=1)), DatedCode(code, begins))
    elif code:
        given = next(dated for dated in codes if dated.code == code)
        if given.valid_from not in (None, begins):
            raise DefinitionError(
                _contradiction(change, f"'{code}' is valid from {begins}", given.valid_from)
            )
    return replace(
        authority,
        codes=codes,
        dfe_number=authority.dfe_number or number,
        exists_from=authority.exists_from if goes_on else begins,
        predecessors=tuple(dict.fromkeys((*authority.predecessors, *parents))),
    )


def _united(known: dict[str, Authority], changes: Sequence[Change]) -> dict[str, Authority]:
    """Give every authority that lived after `CONSTANT_SINCE` the key of its constant area."""
    head = {name: name for name in known}

    def top(name: str) -> str:
        while head[name] != name:
            name = head[name]
        return name

    for change in changes:
        if change.effective_on > CONSTANT_SINCE:
            for name in (*change.old, *change.new):
                head[top(name)] = top(change.old[0])
    members: dict[str, list[Authority]] = {}
    for name, authority in known.items():
        if authority.exists_until is None or authority.exists_until >= CONSTANT_SINCE:
            members.setdefault(top(name), []).append(authority)
    keyed = {name: replace(authority, constant_area=None) for name, authority in known.items()}
    for area in members.values():
        named = sorted({authority.constant_area for authority in area if authority.constant_area})
        key = " and ".join(named) or min(authority.name for authority in area)
        for authority in area:
            keyed[authority.name] = replace(authority, constant_area=key)
    return keyed


def _closed(codes: tuple[DatedCode, ...], until: date) -> tuple[DatedCode, ...]:
    """End the code that is still open."""
    return tuple(replace(code, valid_until=until) if code.valid_until is None else code for code in codes)


def _codes(text: str, begins: date | None, file: Path, line: int) -> tuple[DatedCode, ...]:
    """Read ``E10000002 to 2020-03-31; E06000060`` as codes that follow each other."""
    codes: list[DatedCode] = []
    starts = begins
    for part in _list(text):
        code, _, until = part.partition(" to ")
        if len(code) != 9 or code[0] != "E" or not code[1:].isdigit():
            raise DefinitionError(f"{file}, row {line}: '{code}' is not an ONS code such as E09000002.")
        ends = _day(until.strip(), file, line)
        codes.append(DatedCode(code, starts, ends))
        starts = ends + timedelta(days=1) if ends else None
    return tuple(codes)


def _contradiction(change: Change, says: str, instead: object) -> str:
    return (
        f"The change of {change.effective_on} ({change.kind}) says that {says}, "
        f"authorities.csv says {instead}. Correct one of the two."
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _day(text: str, file: Path, line: int) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DefinitionError(f"{file}, row {line}: '{text}' is not a date. Write YYYY-MM-DD.") from None


def rows_of(file: Path, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number from 1, row) of a CSV file that has exactly these columns.

    Raises
    ------
    DefinitionError
        The file cannot be read, or has other columns, or a row has another number of cells.
    """
    try:
        handle = file.open(encoding="utf-8", newline="")
    except OSError as error:
        raise DefinitionError(f"{file} cannot be read: {error.strerror}.") from error
    with handle:
        reader = csv.DictReader(handle)
        if reader.fieldnames is None or tuple(reader.fieldnames) != tuple(columns):
            raise DefinitionError(f"{file}: the columns are {reader.fieldnames}, expected {list(columns)}.")
        for row in reader:
            if None in row or None in row.values():
                raise DefinitionError(f"{file}, row {reader.line_num}: not {len(list(columns))} cells.")
            yield reader.line_num, {column: value.strip() for column, value in row.items()}
