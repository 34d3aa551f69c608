"""The one gate to the PDF library: a file becomes pages of words with places, or a clear error.

PDFium is used because it is fast (0.02 s a report) and gives a box for every character. Tables of these
reports have no lines and no tags that could be trusted, so everything above works on the boxes.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from ofsight.errors import ReleaseError, UsageError

__all__ = [
    "MAX_BYTES",
    "MAX_PAGES",
    "Document",
    "Line",
    "Page",
    "Word",
    "load_library",
    "open_document",
    "read_content",
    "read_document",
]

MAX_BYTES = 50 * 1024 * 1024
"""A report is under 1 MB; the longest single inspection met has 54 pages."""
MAX_PAGES = 400
_FEWEST_CHARACTERS = 200
_HINT = "Fetch the report again from reports.ofsted.gov.uk and put it in its place."

# Marks that mean nothing, ligatures, and PDFium's own sign (U+0002, U+FFFE) for a hyphen at a line's end.
_DROPPED = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_SPELLED = {
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st",
    "\x02": "-", "\ufffe": "-", "\u2010": "-", "\u2011": "-",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space. Places are points from the page's top left corner."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Line:
    """Words that stand on one line, from left to right, whichever columns they belong to."""

    page: int
    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(word.x1 for word in self.words)

    @property
    def top(self) -> float:
        """Upper edge."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return max(word.bottom for word in self.words)

    @property
    def height(self) -> float:
        """Height of the tallest word."""
        return max(word.bottom - word.top for word in self.words)

    def segments(self, gap: float = 10.0) -> list[Line]:
        """Split the line where the white between two words is wider than `gap` points."""
        parts: list[list[Word]] = [[self.words[0]]]
        for before, word in pairwise(self.words):
            if word.x0 - before.x1 > gap:
                parts.append([])
            parts[-1].append(word)
        return [Line(self.page, tuple(part)) for part in parts]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its lines from top to bottom and the heights of its horizontal rules."""

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    rules: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF that could be read."""

    file: str
    sha256: str
    made_on: date | None
    pages: tuple[Page, ...]


def open_document(path: Path | str) -> Document:
    """Read a PDF's words, or say why it cannot be read.

    Raises
    ------
    ReleaseError
        The file is missing, empty, too big, no PDF, encrypted, damaged, or has no text layer.
    UsageError
        The PDF library is not installed.
    """
    return read_document(read_content(Path(path)), Path(path))


def read_content(path: Path) -> bytes:
    """Read a file's bytes where they can be a report's.

    Raises
    ------
    ReleaseError
        The file is missing, empty, too big, or no PDF.
    """
    try:
        return _read_bytes(path)
    except OSError as error:
        raise ReleaseError(
            f"the file cannot be opened ({error.strerror}).", file=path, hint="Check the path and its rights."
        ) from error


def read_document(content: bytes, path: Path) -> Document:
    """Make pages of words of a PDF's bytes; see `open_document`. The path is only told in errors."""
    pdfium, raw = load_library()
    try:
        pdf = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        raise _why_unreadable(error, path) from error
    try:
        if len(pdf) > MAX_PAGES:
            raise ReleaseError(
                f"has {len(pdf)} pages; a report has at most {MAX_PAGES}.", file=path, hint="Take it out."
            )
        pages = tuple(_read_page(pdf, raw, number) for number in range(len(pdf)))
        made_on = _made_on(pdf)
    except pdfium.PdfiumError as error:
        raise _why_unreadable(error, path) from error
    finally:
        pdf.close()
    n_characters = sum(len(word.text) for page in pages for line in page.lines for word in line.words)
    if n_characters < _FEWEST_CHARACTERS:
        raise ReleaseError(
            f"has no text layer ({n_characters} characters on {len(pages)} pages): a scan or a picture.",
            file=path,
            hint="Reports on reports.ofsted.gov.uk carry text: fetch it there, or take the file out.",
        )
    return Document(path.name, hashlib.sha256(content).hexdigest(), made_on, pages)


def _read_bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if path.is_dir():
        raise ReleaseError("is a folder, not a PDF.", file=path, hint="Name a file.")
    if size == 0:
        raise ReleaseError("is empty (0 bytes).", file=path, hint=_HINT)
    if size > MAX_BYTES:
        raise ReleaseError(
            f"is too big ({size / 1e6:.0f} MB; a report is under 1 MB, {MAX_BYTES // 1024**2} MB are read).",
            file=path,
            hint="Take it out of the folder.",
        )
    content = path.read_bytes()
    if b"%PDF-" not in content[:1024]:
        looks = "an HTML page" if content[:2048].lstrip().lower().startswith((b"<!doc", b"<html")) else None
        raise ReleaseError(
            "is not a PDF" + (f"; it looks like {looks}." if looks else "."), file=path, hint=_HINT
        )
    return content


def load_library() -> tuple[Any, Any]:
    """Give pypdfium2 and its raw layer.

    Raises
    ------
    UsageError
        The PDF library is not installed.
    """
    # Imported here: reading reports is an extra, everything else works without the library.
    try:
        import pypdfium2
        import pypdfium2.raw
    except ImportError as error:
        raise UsageError(
            "Reading reports needs the PDF library: pip install 'ofsight[reports]' (pypdfium2)."
        ) from error
    return pypdfium2, pypdfium2.raw


def _why_unreadable(error: Exception, path: Path) -> ReleaseError:
    if "password" in str(error).lower() or "security" in str(error).lower():
        return ReleaseError("is encrypted: it asks for a password.", file=path, hint=_HINT)
    return ReleaseError("is damaged: it does not open as a PDF.", file=path, hint=_HINT)


def _made_on(pdf: Any) -> date | None:
    found = re.match(r"D?:?(\d{4})(\d{2})(\d{2})", pdf.get_metadata_dict().get("CreationDate", ""))
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _read_page(pdf: Any, raw: Any, index: int) -> Page:
    page = pdf[index]
    width, height = page.get_size()
    text = page.get_textpage()
    words = _words(raw, text.raw, text.count_chars(), height)
    rules = _rules(page, raw, width, height)
    text.close()
    page.close()
    return Page(index + 1, width, height, tuple(_lines(words, index + 1)), rules)


def _words(raw: Any, handle: Any, n: int, height: float) -> list[Word]:
    words: list[Word] = []
    box = raw.FS_RECTF()
    reference = ctypes.byref(box)
    letters: list[str] = []
    x0 = x1 = before = top = bottom = 0.0

    def close() -> None:
        if letters:
            words.append(Word("".join(letters), x0, x1, top, bottom))
            letters.clear()

    for i in range(n):
        character = chr(raw.FPDFText_GetUnicode(handle, i))
        if character in _DROPPED:
            continue
        if character.isspace() or character == "\x00":
            close()
            continue
        if not raw.FPDFText_GetLooseCharBox(handle, i, reference):
            close()
            continue
        left, right, up, down = box.left, box.right, height - box.top, height - box.bottom
        # A letter that does not follow on: another cell or line, though no space stands between.
        # The two letters of a ligature share one box, so a letter may begin where the last one began.
        apart = left - x1 > 3.0 or left < before - 1.0
        if letters and (apart or abs(down - bottom) > 0.4 * (bottom - top)):
            close()
        if not letters:
            x0, top, bottom = left, up, down
        letters.append(_SPELLED.get(character, character))
        before, x1, top, bottom = left, right, min(top, up), max(bottom, down)
    close()
    return words


def _lines(words: list[Word], page: int) -> list[Line]:
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (w.top + w.bottom, w.x0)):
        middle = (word.top + word.bottom) / 2
        # Rows come in order of height, so only the last few can take the word.
        for row in reversed(rows[-3:]):
            first = row[0]
            tall = max(first.bottom - first.top, word.bottom - word.top)
            if abs((first.top + first.bottom) / 2 - middle) <= 0.33 * tall:
                row.append(word)
                break
        else:
            rows.append([word])
    return [Line(page, _closed_up(sorted(row, key=lambda w: w.x0))) for row in rows]


def _closed_up(words: list[Word]) -> tuple[Word, ...]:
    """Join the letters of a spaced-out heading: ``Q u a l i t y  o f`` becomes ``Quality of``."""
    if len(words) < 8 or sum(len(word.text) == 1 for word in words) < 0.8 * len(words):
        return tuple(words)
    gaps = [after.x0 - before.x1 for before, after in pairwise(words)]
    wide = sorted(gaps)[len(gaps) // 2] + 1.5
    closed = [words[0]]
    for gap, word in zip(gaps, words[1:], strict=True):
        last = closed[-1]
        if gap > wide:
            closed.append(word)
        else:
            closed[-1] = Word(
                last.text + word.text,
                last.x0,
                word.x1,
                min(last.top, word.top),
                max(last.bottom, word.bottom),
            )
    return tuple(closed)


def _rules(page: Any, raw: Any, width: float, height: float) -> tuple[float, ...]:
    found: list[tuple[float, float, float]] = []
    for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=2):
        left, down, right, up = thing.get_bounds()
        # Borders are drawn as thin boxes; a high one is shading, whose edges part nothing.
        if right - left >= 8 and up - down <= 2.5:
            found.append((height - up, left, right))
    # The pieces of one rule stand at one height; a rule counts when they span most of the text.
    heights: dict[int, list[tuple[float, float, float]]] = {}
    for rule in found:
        heights.setdefault(round(rule[0] / 2), []).append(rule)
    return tuple(
        sorted(
            pieces[0][0]
            for pieces in heights.values()
            if max(p[2] for p in pieces) - min(p[1] for p in pieces) > 0.5 * width
        )
    )
