"""A pen that writes lines on pages: the few things of a page layout that reports differ in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ofsight.demo.reports.texts import Style

__all__ = ["LEFT", "Pen"]

LEFT, WIDTH, _TOP, _BOTTOM = 71.0, 430.0, 60.0, 770.0
_HEIGHT = 842.0
_SIZE = 11.5
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")


@cache
def _fonts() -> tuple[Any, Any]:
    # reportlab writes demo files only: it is a development dependency, so it is not imported at the top.
    from reportlab import rl_config
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    rl_config.invariant = 1  # the same text gives the same bytes
    for name in ("Vera", "VeraBd"):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    from reportlab.pdfgen.canvas import Canvas

    return Canvas, pdfmetrics.stringWidth


class Pen:
    """Writes from top to bottom and begins a new page, with its foot, when one is full."""

    def __init__(self, path: Path, style: Style, foot: Callable[[int], Sequence[str]]) -> None:
        canvas, self._width = _fonts()
        self._canvas = canvas(str(path), pagesize=(595.0, _HEIGHT))
        self._foot, self._style = foot, style
        self.page, self.y = 1, _TOP

    def spell(self, text: str) -> str:
        """Return a text in the style's quotes and ligatures."""
        if not self._style.curly:
            text = text.translate(_STRAIGHT)
        return text.replace("fi", "ﬁ").replace("fl", "ﬂ") if self._style.ligatures else text

    def wrap(self, text: str, width: float, bold: bool = False) -> list[str]:
        """Break a text into lines no wider than `width`."""
        lines: list[str] = []
        for paragraph in text.split("\n"):
            line = ""
            for word in paragraph.split():
                longer = f"{line} {word}".strip()
                if line and self._width(self.spell(longer), "VeraBd" if bold else "Vera", _SIZE) > width:
                    lines.append(line)
                    longer = word
                line = longer
            lines.append(line)
        return lines

    def put(self, text: str, x: float = LEFT, bold: bool = False, up: float = 0.0) -> None:
        """Write at a place of the present line, without going on."""
        self._canvas.setFont("VeraBd" if bold else "Vera", _SIZE)
        self._canvas.drawString(x, _HEIGHT - self.y + up, self.spell(text))

    def mark(self, bullet: str) -> None:
        """Put the mark of a list item; a square comes from the font of symbols."""
        if bullet == "\u25a0":
            self._canvas.setFont("ZapfDingbats", _SIZE)
            self._canvas.drawString(LEFT, _HEIGHT - self.y, "n")
        elif bullet:
            self.put(bullet)

    def down(self, lines: float = 1.0) -> None:
        """Go down; a new page begins when this one is full."""
        self.y += lines * self._style.leading
        if self.y > _BOTTOM:
            self.turn()

    def turn(self) -> None:
        """Begin a new page."""
        self._canvas.line(LEFT, 50.0, 525.0, 50.0)  # as the real reports have, over their running foot
        self._canvas.setFont("Vera", 8)
        for k, text in enumerate(self._foot(self.page)):
            x = LEFT if k == 0 else 480.0
            self._canvas.drawString(x, 40.0 - 3 * k, self.spell(text))
        self._canvas.showPage()
        self.page, self.y = self.page + 1, _TOP

    def say(self, text: str, bold: bool = False, space: float = 0.7) -> None:
        """Write a paragraph and some white below it."""
        for line in self.wrap(text, WIDTH, bold):
            self.put(line, bold=bold)
            self.down()
        if self.y > _TOP:
            self.down(space)

    def room(self, lines: float) -> None:
        """Begin a new page unless so many lines fit on this one."""
        if self.y + lines * self._style.leading > _BOTTOM:
            self.turn()

    def rule(self) -> None:
        """Draw a rule over the width of the text, above the present line."""
        self._canvas.line(LEFT, _HEIGHT - self.y + 11.0, LEFT + WIDTH, _HEIGHT - self.y + 11.0)

    def pairs(self, rows: Sequence[tuple[str, str]], split: float, middle: bool = False) -> None:
        """Write a table of two columns; the right one beside the first line or the middle of the left one."""
        for left, right in rows:
            beside, values = self.wrap(left, split - 20.0), self.wrap(right, WIDTH - split)
            n = max(len(beside), len(values))
            self.room(n + 1)
            top = self.y
            for start, lines, x in ((LEFT, beside, LEFT), (split, values, LEFT + split)):
                shift = (n - len(lines)) / 2 if middle and start == split else 0.0
                self.y = top + shift * self._style.leading
                for line in lines:
                    self.put(line, x)
                    self.y += self._style.leading
            self.y = top
            self.down(n + 0.9)

    def close(self) -> None:
        """Finish the file."""
        self.turn()
        self._canvas.save()
