"""PDFs that are built to harm: cycles, parts that repeat one another, pages without number, no text to read.

Each is made here, uncompressed, so that a reader sees what is wrong with it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from crafted_pdfs import TEXT, flate, form, nested, pdf

from ofsight.errors import ReleaseError
from ofsight.harmonise.reports import apart, read_report, read_reports

LOCK = b"/Encrypt<</Filter/Standard/V 1/R 2/O(%s)/U(%s)/P -4>>/ID[(x)(x)]" % (b"a" * 32, b"b" * 32)
NO_UNICODE = (
    b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/"
    b"CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>]>>"
)
MIDDLE = b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R 3 0 R]/Count 3>>"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a page tree that is its own child": (lambda: pdf(kids=b"2 0 R 3 0 R", n=2), "is damaged"),
    "a cycle of two in the page tree": (
        lambda: pdf(kids=b"6 0 R", n=3, o6=MIDDLE % (2, 7), o7=MIDDLE % (6, 6)), "is damaged"),
    "fewer pages than it says": (lambda: pdf(n=399), "is damaged"),
    "ten thousand pages": (lambda: pdf(kids=b"3 0 R " * 10_000, n=10_000), "has 10000 pages"),
    "a form that uses itself": (lambda: pdf(b"/X Do " * 3, o6=form(b"/X Do ", 6)), "no text layer"),
    "forms five hundred deep": (lambda: nested(500, 1), "no text layer"),
    "a font whose letters nobody names": (lambda: pdf(o5=NO_UNICODE), "no text layer"),
    "a password": (lambda: pdf(trailer=LOCK), "asks for a password"),
    "an unknown lock": (lambda: pdf(trailer=b"/Encrypt<</Filter/Nobody/V 9>>"), "asks for a password"),
}  # fmt: skip
READ: dict[str, Callable[[], bytes]] = {
    "as it should be": pdf,
    "more pages than numbers": lambda: pdf(n=2_000_000_000),
    "a negative number of pages": lambda: pdf(n=-1),
    "a page without size": lambda: pdf().replace(b"[0 0 595 842]", b"[0 0 0 0]"),
    "a page wider than numbers go": lambda: pdf().replace(b"[0 0 595 842]", b"[0 0 1e38 -1e38]"),
    "a hundred thousand nested lists": lambda: pdf(o7=b"[" * 100_000 + b"]" * 100_000),
    "states saved without end": lambda: pdf(b"q " * 100_000 + TEXT),
    "white space without end": lambda: pdf(o4=flate(TEXT + b" " * 30_000_000)),
    "a table of contents that names itself": lambda: pdf(trailer=b"/Prev 9"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_words(tmp_path: Path, what: str) -> None:
    make, words = REFUSED[what]
    path = tmp_path / "report.pdf"
    path.write_bytes(make())
    with pytest.raises(ReleaseError, match=words) as told:
        read_report(path)
    assert told.value.file == str(path)


@pytest.mark.parametrize("what", READ)
def test_it_is_read_all_the_same(tmp_path: Path, what: str) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(READ[what]())
    assert read_report(path).urn == "SC123456"


def test_what_would_never_end_is_ended_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forms that use one another come to 10 ** 8 pages of text: they fill any memory, or any time."""
    (tmp_path / "a.pdf").write_bytes(pdf())
    (tmp_path / "b.pdf").write_bytes(nested(8, 10))
    (tmp_path / "c.pdf").write_bytes(pdf(trailer=b"/Other 1"))
    reports, findings = read_reports([tmp_path / f"{name}.pdf" for name in "abc"])
    assert [report.file for report in reports] == ["a.pdf", "c.pdf"]
    told = [finding.message for finding in findings if finding.code == "file-unread"]
    assert len(told) == 1
    assert "ends the PDF library" in told[0] or "seconds to read" in told[0]


def test_time_and_signals_are_told_apart() -> None:
    assert "takes more than" in apart._why_it_ended(-signal.SIGXCPU, 20)
    assert "status -6" in apart._why_it_ended(-signal.SIGABRT, 20)


def test_a_reader_that_was_killed_while_it_waited_is_no_fault_of_the_next_report(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf())
    read_report(path)
    reader = apart._reader
    assert reader is not None
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait()
    assert read_report(path).urn == "SC123456"
    assert apart._reader is not reader
