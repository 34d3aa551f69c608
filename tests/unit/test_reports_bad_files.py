"""A file that is not a report is refused with a sentence that says why; a run over many goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ofsight.demo.reports import HomeText, write_home
from ofsight.errors import ReleaseError, UsageError
from ofsight.harmonise.reports import find_reports, findings_frame, read_report, read_reports
from ofsight.harmonise.reports.pages import MAX_BYTES, MAX_PAGES

pytest.importorskip("reportlab")


def canvas(path: Path, **options: object) -> object:
    from reportlab.pdfgen.canvas import Canvas

    return Canvas(str(path), **options)


def pages_of(path: Path, texts: list[str], n: int = 1, **options: object) -> Path:
    page = canvas(path, **options)
    for _ in range(n):
        for k, text in enumerate(texts):
            page.drawString(72, 780 - 16 * k, text)  # type: ignore[attr-defined]
        page.showPage()  # type: ignore[attr-defined]
    page.save()  # type: ignore[attr-defined]
    return path


def missing(path: Path) -> None:
    assert not path.exists()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def html(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body>Page not found</body></html>")


def text(path: Path) -> None:
    path.write_text("Inspection report for children's home: 1234567")


def damaged(path: Path) -> None:
    write_home(HomeText(), path)
    path.write_bytes(path.read_bytes()[:700])


def header_only(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n%%EOF\n")


def encrypted(path: Path) -> None:
    pages_of(path, ["Inspection report for children's home: 1234567"], encrypt="secret")


def picture(path: Path) -> None:
    page = canvas(path)
    page.rect(50, 50, 300, 300, fill=1)  # type: ignore[attr-defined]
    page.showPage()  # type: ignore[attr-defined]
    page.save()  # type: ignore[attr-defined]


def huge(path: Path) -> None:
    with path.open("wb") as handle:  # sparse: takes no room on the disk
        handle.write(b"%PDF-1.7\n")
        handle.truncate(MAX_BYTES + 1)


def too_long(path: Path) -> None:
    pages_of(path, ["x"], n=MAX_PAGES + 1)


def menu(path: Path) -> None:
    pages_of(path, ["A menu of soups, stews and puddings for every day of the week"] * 20)


def agency(path: Path) -> None:
    pages_of(
        path,
        ["SC012345", "Inspection of an independent fostering agency under the social care common inspection"]
        * 9,
    )


def folder(path: Path) -> None:
    path.mkdir()


BAD: dict[Callable[[Path], None], str] = {
    missing: "cannot be opened",
    empty: "is empty",
    html: "looks like an HTML page",
    text: "is not a PDF",
    damaged: "is damaged",
    header_only: "is damaged",
    encrypted: "is encrypted",
    picture: "no text layer",
    huge: "is too big",
    too_long: "has 401 pages",
    menu: "is not an inspection report",
    agency: "is not an inspection report",
    folder: "is a folder",
}


@pytest.mark.parametrize(("make", "why"), BAD.items(), ids=[make.__name__ for make in BAD])
def test_a_bad_file_is_refused_in_words(make: Callable[[Path], None], why: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    make(path)
    with pytest.raises(ReleaseError, match=why) as caught:
        read_report(path)
    assert caught.value.file == str(path)
    assert caught.value.hint


def test_a_run_goes_on_and_says_what_it_left_out(tmp_path: Path) -> None:
    for make in (empty, encrypted, menu, damaged):
        make(tmp_path / f"{make.__name__}.pdf")
    good = write_home(HomeText(), tmp_path / "good.PDF")
    (tmp_path / "again.pdf").write_bytes(good.read_bytes())
    (tmp_path / "notes.txt").write_text("not looked at")
    told: list[Path] = []
    paths = find_reports(tmp_path)
    reports, findings = read_reports(paths, progress=told.append)
    assert told == paths
    assert len(paths) == 6
    assert [r.urn for r in reports] == ["1234567"]
    assert sorted((f.code, f.file) for f in findings) == [
        ("file-repeated", "good.PDF"),
        ("file-unread", "damaged.pdf"),
        ("file-unread", "empty.pdf"),
        ("file-unread", "encrypted.pdf"),
        ("file-unread", "menu.pdf"),
    ]
    assert findings_frame(findings).height == 5


def test_a_surprise_in_one_report_does_not_stop_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_home(HomeText(), tmp_path / "report.pdf")

    def fail(_document: object) -> None:
        raise RecursionError

    monkeypatch.setattr("ofsight.harmonise.reports.read.read_home", fail)
    reports, findings = read_reports([path])
    assert reports == []
    assert findings[0].message == "failed while being read (RecursionError)."


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        find_reports(tmp_path / "nowhere")


def test_a_file_without_rights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights do not bind root, so the system's refusal is put in its mouth."""
    path = write_home(HomeText(), tmp_path / "report.pdf")

    def refuse(self: Path, *arguments: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied", str(self))

    for name in ("open", "read_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(ReleaseError, match="cannot be opened"):
        read_report(path)
