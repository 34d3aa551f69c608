"""The row of a part's table that a mark of its chart stands for, so that a tooltip can tell its counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from ofsight.web.answer import Field, Part
from ofsight.web.cells import fill, show_value, status_words

__all__ = ["Rows"]

_WHOLE: Final = re.compile(r"[\d,]+")


class Rows:
    """The rows of a table, found by the words of a mark.

    Parameters
    ----------
    part : Part
        The table. Of a frame the counts are told and what stands in place of one; of a table that the
        report has laid out, the columns of whole numbers.
    """

    def __init__(self, part: Part) -> None:
        self._laid = part.laid is not None
        fields = [one for one in part.visible if self._is_count(one, part.frame)]
        self._titles = {f"count_{place}": one.label.strip() for place, one in enumerate(fields, 1)}
        self._rows: list[tuple[tuple[str, ...], frozenset[str], dict[str, str]]] = []
        for row in part.frame.iter_rows(named=True):
            cells = tuple(_said(one, row) for one in part.fields)
            years = {str(value.year) for value in row.values() if hasattr(value, "year")}
            told = {name: _said(one, row) for name, one in zip(self._titles, fields, strict=True)}
            page = fill(part.fields[0].link, row) if part.fields[0].link else ""
            if page:
                told["page"] = page
            self._rows.append((cells, frozenset({*cells, *years}), told))

    def _is_count(self, one: Field, frame: pl.DataFrame) -> bool:
        if not self._laid:
            return one.kind == "count"
        cells = [str(cell) for cell in frame[one.name]]
        told = [cell for cell in cells if cell not in ("", "–")]
        return one.name != frame.columns[0] and bool(told) and all(map(_WHOLE.fullmatch, told))

    @property
    def titles(self) -> Mapping[str, str]:
        """Heading of each column of counts, by the name that it has in the data of a chart."""
        return self._titles

    def find(self, *words: str) -> dict[str, str]:
        """Return the counts of the one row that has all these words; nothing where none or several do.

        A word is a cell of the row or the year of a date in it; where no row is so, it may stand within the
        first cell. Of several lists within a year the last one is meant, as charts over years mean it.
        """
        wanted = [word for word in words if word]
        found = [told for _, known, told in self._rows if known.issuperset(wanted)]
        if not found:
            found = [
                told for cells, known, told in self._rows if all(_has(cells, known, word) for word in wanted)
            ]
        if len(found) == 1 or (found and self._of_year(wanted)):
            return found[-1]
        return {}

    def _of_year(self, words: list[str]) -> bool:
        return not self._laid and len(words) > 1 and any(re.fullmatch(r"\d{4}", word) for word in words)


def _has(cells: tuple[str, ...], known: frozenset[str], word: str) -> bool:
    return word in known or bool(cells and word.casefold() in cells[0].casefold())


def _said(one: Field, row: Mapping[str, Any]) -> str:
    value = row.get(one.name)
    if value is None or value == "" or value != value:
        symbol = str(row.get(one.status) or "") if one.status else ""
        return status_words(symbol) if symbol else "–"
    return show_value(value, one, str(row.get("unit") or ""))
