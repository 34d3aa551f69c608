"""Whether bytes are what they are said to be: an error page is no csv, and an archive is looked through."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ofsight.releases.archives import ArchiveLimits, is_archive, scan_archive
from ofsight.releases.refusals import ContentError
from ofsight.releases.wanted import EXTENSIONS

__all__ = ["ContentLimits", "check_file", "check_media_type", "plain_media_type"]

_PIECE: Final = 1 << 20
_START: Final = 4096
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF8_BOM: Final = b"\xef\xbb\xbf"
# Ofsted's csv files hold line breaks within cells, and once the mark with which DOS ended a file.
_TEXT_CONTROLS: Final = b"\t\n\v\f\r\x1a"
_CONTROLS: Final = bytes(set(range(0x20)) - set(_TEXT_CONTROLS))
_MARKUP: Final = (b"<!", b"<html", b"<?xml", b"<head", b"<body", b"<error", b"<script")
_WEB_PAGE: Final = frozenset({"text/html", "application/xhtml+xml"})
_JSON: Final = frozenset({"application/json", "text/json", "application/problem+json"})
_MIME: Final = "mimetype"
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_HINT: Final = "Nothing of it was kept. Open the address in a browser to see what the publisher offers there."


@dataclass(frozen=True, slots=True)
class ContentLimits:
    """What the bytes of a release never exceed.

    Attributes
    ----------
    file : int
        Bytes of one file. The largest that is fetched has 30 MB.
    archive : ArchiveLimits
        Of what an archive unpacks to.
    """

    file: int = 500_000_000
    archive: ArchiveLimits = field(default_factory=ArchiveLimits)


def plain_media_type(header: str | None) -> str | None:
    """Return a content type without its parameters, in small letters; None where there is none."""
    plain = (header or "").partition(";")[0].strip().lower()
    return plain or None


def check_media_type(media_type: str | None, extension: str, where: str) -> None:
    """Refuse what the server itself calls a web page, or an answer of an API, where a file was asked for.

    Every other type is passed: servers call a csv text/plain, application/octet-stream or worse, and the
    bytes tell (`check_file`).

    Raises
    ------
    ContentError
        When it is one.
    """
    if media_type in _WEB_PAGE and extension != "html":
        raise ContentError(f"the server sends a web page and no {extension} file.", file=where, hint=_HINT)
    if media_type in _JSON and extension not in ("json", "geojson"):
        raise ContentError(f"the server sends JSON and no {extension} file.", file=where, hint=_HINT)


def check_file(path: Path, extension: str, where: str, limits: ContentLimits | None = None) -> None:
    """Refuse bytes that are not of the kind that they should be.

    Parameters
    ----------
    path : Path
        The bytes.
    extension : str
        The kind, one of `EXTENSIONS`.
    where : str
        What to call it in a message: its address, or the user's file.
    limits : ContentLimits, optional
        What is allowed.

    Raises
    ------
    ContentError
        When they are empty, of another kind, damaged, or an archive that swells.
    """
    limits = limits or ContentLimits()
    size = path.stat().st_size
    if size == 0:
        raise ContentError("the file is empty (0 bytes).", file=where, hint=_HINT)
    if size > limits.file:
        raise ContentError(
            f"the file has {size / 1e6:,.0f} MB; {limits.file / 1e6:,.0f} MB are allowed.",
            file=where,
            hint=_HINT,
        )
    with path.open("rb") as handle:
        start = handle.read(_START)
    _CHECKS[extension](path, start, where, limits)


def _is_markup(start: bytes) -> bool:
    return start.removeprefix(_UTF8_BOM).lstrip().lower().startswith(_MARKUP)


def _kind(start: bytes) -> str:
    """Say what a file's first bytes are, for a message."""
    plain = start.removeprefix(_UTF8_BOM).lstrip()
    if _is_markup(start):
        return "a web page or other markup"
    if is_archive(start):
        return "a zip archive or workbook"
    if start.startswith(_OLE):
        return "an old office document"
    if b"%PDF-" in start[:1024]:
        return "a PDF"
    if start.startswith(b"\x1f\x8b"):
        return "packed with gzip"
    if plain[:1] in (b"{", b"["):
        return "JSON"
    return "something else"


def _wrong(extension: str, start: bytes, where: str) -> ContentError:
    return ContentError(
        f"this should be a file of kind {extension}, and its bytes are {_kind(start)}.",
        file=where,
        hint=_HINT,
    )


def _check_text(path: Path, start: bytes, where: str, _: ContentLimits, extension: str = "csv") -> None:
    """Refuse what is no text: csv and txt in UTF-8, UTF-16 or a one-byte encoding."""
    plain = start.removeprefix(_UTF8_BOM).lstrip()
    if _kind(start) not in ("something else", "JSON") or (extension == "csv" and plain[:2] in (b'{"', b"[{")):
        raise _wrong(extension, start, where)
    encoding = _BOMS.get(start[:2])
    if encoding is not None:
        try:
            path.read_bytes().decode(encoding)
        except UnicodeDecodeError as error:
            raise ContentError(
                f"the text breaks off or is no UTF-16 (at byte {error.start:,}).", file=where, hint=_HINT
            ) from None
        return
    with path.open("rb") as handle:
        while piece := handle.read(_PIECE):
            odd = len(piece) - len(piece.translate(None, _CONTROLS))
            if b"\0" in piece or odd > 10 + len(piece) // 1000:
                raise _wrong(extension, start, where)


def _check_txt(path: Path, start: bytes, where: str, limits: ContentLimits) -> None:
    _check_text(path, start, where, limits, "txt")


def _check_json(path: Path, start: bytes, where: str, _: ContentLimits) -> None:
    """Refuse what is no JSON, and the answer of a feature service that says only what went wrong."""
    if start.removeprefix(_UTF8_BOM).lstrip()[:1] not in (b"{", b"["):
        raise _wrong("json", start, where)
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ContentError(f"this is no JSON, or it is cut off ({error}).", file=where, hint=_HINT) from None
    if isinstance(data, dict) and "error" in data and data.keys() <= {"error", "status", "code", "message"}:
        said = json.dumps(data["error"], ensure_ascii=False)[:200]
        raise ContentError(f"the server answers with an error: {said}.", file=where, hint=_HINT)


def _check_html(_: Path, start: bytes, where: str, __: ContentLimits) -> None:
    if not _is_markup(start) and not start.removeprefix(_UTF8_BOM).lstrip().startswith(b"<"):
        raise _wrong("html", start, where)


def _check_pdf(_: Path, start: bytes, where: str, __: ContentLimits) -> None:
    if b"%PDF-" not in start[:1024] or _is_markup(start):
        raise _wrong("pdf", start, where)


def _check_xls(_: Path, start: bytes, where: str, __: ContentLimits) -> None:
    if not start.startswith(_OLE):
        raise _wrong("xls", start, where)


def _check_zip(path: Path, start: bytes, where: str, limits: ContentLimits) -> None:
    if not is_archive(start):
        raise _wrong("zip", start, where)
    if not scan_archive(path, where, limits.archive):
        raise ContentError("the archive is empty.", file=where, hint=_HINT)


def _check_ods(path: Path, start: bytes, where: str, limits: ContentLimits) -> None:
    if not is_archive(start):
        raise _wrong("ods", start, where)
    members = scan_archive(path, where, limits.archive)
    if "content.xml" not in members or not members.get(_MIME, _ODS).strip().startswith(_ODS):
        raise ContentError(
            "this should be an ods workbook, and the archive holds none.", file=where, hint=_HINT
        )


def _check_xlsx(path: Path, start: bytes, where: str, limits: ContentLimits) -> None:
    if not is_archive(start):
        raise _wrong("xlsx", start, where)
    members = scan_archive(path, where, limits.archive)
    # Some programs write xl\workbook.xml, and some write the folder's name in capitals.
    names = {name.replace("\\", "/").lower() for name in members}
    if "[content_types].xml" not in names or not any(name.startswith("xl/workbook.") for name in names):
        raise ContentError(
            "this should be an Excel workbook, and the archive holds none.", file=where, hint=_HINT
        )


_Check = Callable[[Path, bytes, str, ContentLimits], None]
_CHECKS: Final[dict[str, _Check]] = {
    "csv": _check_text,
    "txt": _check_txt,
    "json": _check_json,
    "geojson": _check_json,
    "html": _check_html,
    "pdf": _check_pdf,
    "xls": _check_xls,
    "zip": _check_zip,
    "ods": _check_ods,
    "xlsx": _check_xlsx,
    "xlsm": _check_xlsx,
    "xlsb": _check_xlsx,
}
assert _CHECKS.keys() == EXTENSIONS
