"""What an authority is: a council with children's services duties, its dates and its codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["CODE_VINTAGE", "Authority", "Change", "DatedCode"]

CODE_VINTAGE = date(2025, 3, 31)
"""The day whose ONS codes are used where no date is given: the vintage of Ofsted's and DfE's 2025 files.

Barnsley and Sheffield were recoded a day later and most official files still print the older code.
"""


@dataclass(frozen=True)
class DatedCode:
    """An ONS nine-character code and the days on which it was in force (None = open)."""

    code: str
    valid_from: date | None = None
    valid_until: date | None = None

    def valid_on(self, on: date) -> bool:
        """Tell whether the code was in force on a day (both ends count)."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


@dataclass(frozen=True)
class Change:
    """One reorganisation: on this day these authorities became those.

    Attributes
    ----------
    effective_on : date
        The first day of the new state of things.
    kind : str
        ``split``, ``merger``, ``tier`` (a county became unitary) or ``recode`` (only the code changed).
    old, new : tuple of str
        Authorities by canonical name. The same name on both sides is one authority that goes on.
    new_codes, new_dfe_numbers : tuple of str
        In the order of `new`; empty where not given.
    note : str
        What a user of long series should know.
    """

    effective_on: date
    kind: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    new_codes: tuple[str, ...] = ()
    new_dfe_numbers: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Authority:
    """One local authority.

    Attributes
    ----------
    name : str
        Canonical name, unique over time (``Dorset`` and ``Dorset (to 2019)`` are two areas).
    codes : tuple of DatedCode
        ONS codes, oldest first. Empty where the authority ended before nine-character codes began.
    dfe_number : str or None
        DfE's three-digit number, as text.
    ofsted_urn : str or None
        The number of the authority's page at reports.ofsted.gov.uk.
    ofsted_region : str
        One of Ofsted's eight regions.
    region : str
        One of the nine standard regions.
    london : str or None
        ``inner`` or ``outer`` within London.
    exists_from, exists_until : date or None
        First and last day; None for "since before 1 April 2009" and for "still".
    constant_area : str or None
        Key of an area whose boundary is the same from 1 April 2009 on (150 areas up to 2025).
    predecessors, successors : tuple of str
        The authorities just before and just after it, by name.
    """

    name: str
    codes: tuple[DatedCode, ...]
    dfe_number: str | None
    ofsted_urn: str | None
    ofsted_region: str
    region: str
    london: str | None
    exists_from: date | None
    exists_until: date | None
    constant_area: str | None
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()

    def exists_on(self, on: date) -> bool:
        """Tell whether the authority existed on a day (both ends count)."""
        return (self.exists_from is None or self.exists_from <= on) and (
            self.exists_until is None or on <= self.exists_until
        )

    def code_on(self, on: date | None = None) -> str | None:
        """Give the ONS code in force on a day.

        Parameters
        ----------
        on : date, optional
            The day. Without it, the day of `CODE_VINTAGE`. Outside the life of the authority the nearest
            code it ever had.

        Returns
        -------
        str or None
            None only for authorities that ended before nine-character codes began.
        """
        if not self.codes:
            return None
        day = on or CODE_VINTAGE
        for code in self.codes:
            if code.valid_on(day):
                return code.code
        first = self.codes[0]
        return first.code if first.valid_from and day < first.valid_from else self.codes[-1].code

    @property
    def code(self) -> str | None:
        """The ONS code at `CODE_VINTAGE`."""
        return self.code_on()
