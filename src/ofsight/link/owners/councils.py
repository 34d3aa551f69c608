"""Councils among the owners: the local authority that a name stands for, if it is one."""

from __future__ import annotations

import re

from ofsight.link.areas import Areas, Authority

__all__ = ["find_council"]

_COMPANY = re.compile(r"\b(?:ltd|limited|plc|llp|cic|cio|community interest company|trust|college|school)\b")
_COUNCIL_WORD = re.compile(
    r"\b(?:council|borough|corporation|city of|county of|mbc|mdc|la|local authority"
    r"|local education authority)\b"
)
_DEPARTMENT = re.compile(r"(\bcouncil\b).*$")
_AUTHORITY_WORD = re.compile(r"\b(?:la|local authority|local education authority)$")


def find_council(name: str, areas: Areas) -> Authority | None:
    """Find the council that an owner's name stands for.

    Recognised are council names in any form (``Hull City Council``, ``Metropolitan Borough of Wirral``,
    ``Cheshire West and Chester LA``), with a department behind them (``Norfolk County Council Children's
    Services``), and the bare name of an authority (``Wiltshire``). A company or trust is never a council,
    whatever place it is named after.

    Parameters
    ----------
    name : str
        Owner as published.
    areas : Areas
        The authorities.

    Returns
    -------
    Authority or None
    """
    text = " ".join(name.replace("\u00a0", " ").casefold().split())
    if _COMPANY.search(text):
        return None
    if not _COUNCIL_WORD.search(text):
        found = areas.recognise(text)
        return found if found and not any(letter.isdigit() for letter in text) else None
    for form in (text, _DEPARTMENT.sub(r"\1", text), _AUTHORITY_WORD.sub("", text).strip()):
        found = areas.recognise(form)
        if found:
            return found
    return None
