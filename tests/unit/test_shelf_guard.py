"""Bytes that are not what they are said to be, and archives that would swell."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from ofsight.releases.archives import ArchiveLimits, scan_archive
from ofsight.releases.guard import ContentLimits, check_file, check_media_type, plain_media_type
from ofsight.releases.refusals import ContentError
from ofsight.releases.wanted import EXTENSIONS
from shelf_builders import ODS_MIME, ods, packed, xlsx

HTML = b"<!DOCTYPE html><html><body>Sorry, we're experiencing technical difficulties</body></html>"
GOOD = {
    "csv": b"URN,Sector\r\nSC1,Private\r\n",
    "txt": b"Notes.\n",
    "json": b'{"results": []}',
    "geojson": b'{"type": "FeatureCollection", "features": []}',
    "html": HTML,
    "pdf": b"%PDF-1.7\n...",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "zip": packed([("a.csv", b"a,b\n1,2\n")]),
    "ods": ods(),
    "xlsx": xlsx(),
    "xlsm": xlsx(),
    "xlsb": packed([("[Content_Types].xml", b"<Types/>"), ("xl/workbook.bin", b"\x83\x01")]),
}


def _check(tmp_path: Path, content: bytes, extension: str, limits: ContentLimits | None = None) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(content)
    check_file(path, extension, "https://publisher.test/file", limits)


def _scan(tmp_path: Path, content: bytes, **limits: int) -> dict[str, bytes]:
    path = tmp_path / "archive"
    path.write_bytes(content)
    return scan_archive(path, "https://publisher.test/file", ArchiveLimits(**limits))


def test_every_kind_has_its_check_and_passes_its_own(tmp_path: Path) -> None:
    assert GOOD.keys() == EXTENSIONS
    for extension, content in GOOD.items():
        _check(tmp_path, content, extension)


@pytest.mark.parametrize("extension", sorted(EXTENSIONS))
def test_no_kind_takes_the_bytes_of_another(tmp_path: Path, extension: str) -> None:
    families = [{"xlsx", "xlsm"}, {"json", "geojson"}]
    alike = {extension}.union(*(family for family in families if extension in family))
    if extension == "zip":
        alike |= {"ods", "xlsx", "xlsm", "xlsb"}  # which are zip archives
    if extension in ("xlsx", "xlsm", "xlsb"):
        alike |= {"xlsx", "xlsm", "xlsb"}
    if extension == "csv":
        alike |= {"txt"}
    if extension == "txt":
        alike |= {"csv", "json", "geojson"}
    for other in sorted(EXTENSIONS - alike):
        with pytest.raises(ContentError):
            _check(tmp_path, GOOD[other], extension)


def test_the_message_says_what_came_instead_of_what(tmp_path: Path) -> None:
    with pytest.raises(
        ContentError, match=r"publisher.test/file: .*kind csv.*a web page.*Nothing of it was kept"
    ):
        _check(tmp_path, HTML, "csv")
    with pytest.raises(ContentError, match="kind ods, and its bytes are a PDF"):
        _check(tmp_path, GOOD["pdf"], "ods")


@pytest.mark.parametrize(
    "page",
    [
        HTML,
        b"\xef\xbb\xbf\r\n  <html>",
        b"<HTML><HEAD>",
        b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
        b"<Error><Code>AccessDenied</Code></Error>",
    ],
)
def test_an_error_page_is_no_csv(tmp_path: Path, page: bytes) -> None:
    with pytest.raises(ContentError, match="web page"):
        _check(tmp_path, page, "csv")


@pytest.mark.parametrize(
    "text",
    [
        "URN,Où\r\n1,é\r\n".encode(),
        "\ufeffURN,Dash – here\n".encode(),
        "URN,Dash – here\r\n".encode("cp1252"),
        "31 March 2024 – title\r\n".encode("mac_roman"),
        "URN\tSector\r\n1\tPrivate\r\n".encode("utf-16"),
        b'URN,Note\r\n1,"two\x0blines"\r\n\x1a',
        b"<5,low\r\n",  # a cell that begins as a page does not
        b"{1},curly first cell\r\n",
        b"one line",
    ],
)
def test_texts_as_publishers_have_encoded_them_are_csv(tmp_path: Path, text: bytes) -> None:
    _check(tmp_path, text, "csv")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"errors": [{"code": "NotFound"}]}',
        b"URN,Sector\r\n" + bytes(300),
        b"URN,Sector\r\n" + bytes(range(1, 256)) * 50,
        "URN,Sector".encode("utf-16")[:-1],
        b"\x1f\x8b\x08\x00" + bytes(30),
    ],
)
def test_what_is_no_text_is_no_csv(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ContentError):
        _check(tmp_path, content, "csv")


def test_a_feature_service_that_answers_an_error_is_no_geojson(tmp_path: Path) -> None:
    body = b'{"error": {"code": 400, "message": "Invalid URL", "details": []}}'
    with pytest.raises(ContentError, match="Invalid URL"):
        _check(tmp_path, body, "geojson")
    _check(tmp_path, b'{"type": "FeatureCollection", "features": [], "error": null}', "geojson")


def test_json_that_is_cut_off_or_too_deep_is_refused(tmp_path: Path) -> None:
    for content in (b'{"type": "Feature', b"[" * 200_000):
        with pytest.raises(ContentError, match="cut off"):
            _check(tmp_path, content, "json")


def test_a_file_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    _check(tmp_path, GOOD["csv"], "csv", ContentLimits(file=len(GOOD["csv"])))
    with pytest.raises(ContentError, match="are allowed"):
        _check(tmp_path, GOOD["csv"], "csv", ContentLimits(file=len(GOOD["csv"]) - 1))


@pytest.mark.parametrize(
    ("header", "extension", "passes"),
    [
        ("text/html; charset=utf-8", "csv", False),
        ("TEXT/HTML", "ods", False),
        ("application/xhtml+xml", "pdf", False),
        ("application/json", "csv", False),
        ("application/problem+json", "xlsx", False),
        ("text/html", "html", True),
        ("application/json", "geojson", True),
        ("text/plain", "csv", True),
        ("application/octet-stream", "ods", True),
        ("application/vnd.ms-excel", "csv", True),
        (None, "csv", True),
        ("", "zip", True),
    ],
)
def test_what_the_server_itself_calls_a_page_is_refused(
    header: str | None, extension: str, passes: bool
) -> None:
    if passes:
        check_media_type(plain_media_type(header), extension, "x")
    else:
        with pytest.raises(ContentError, match="the server sends"):
            check_media_type(plain_media_type(header), extension, "x")


# ---- archives


def test_an_archive_within_the_limits_gives_its_members(tmp_path: Path) -> None:
    found = _scan(tmp_path, ods(b"<x/>" * 1000, ("Thumbnails/", b"")))
    assert found["mimetype"] == ODS_MIME
    assert found["content.xml"].startswith(b"<x/>")
    assert len(found["content.xml"]) == 64


def test_a_bomb_is_refused_by_its_ratio_and_not_by_its_word(tmp_path: Path) -> None:
    bomb = packed([("content.xml", bytes(3_000_000))])
    assert len(bomb) < 4000
    with pytest.raises(ContentError, match="400 to 1"):
        _scan(tmp_path, bomb, ratio_from=1_000_000)
    # A small file may be well packed: nobody is harmed.
    _scan(tmp_path, bomb, ratio_from=4_000_000)


def test_a_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="unpack"):
        _scan(tmp_path, packed([(f"{n}", bytes(1_000_000)) for n in range(5)]), total=4_000_000)


def test_a_bomb_is_refused_by_its_members_before_its_directory_is_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 300_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 4, 0)
    path = tmp_path / "archive"
    path.write_bytes(b"PK\x03\x04" + directory + end)
    tracemalloc.start()
    with pytest.raises(ContentError, match="more than 10,000 members"):
        scan_archive(path, "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000, "the directory was held whole"


def test_a_bomb_within_a_bomb_is_refused(tmp_path: Path) -> None:
    inner = packed([("a", bytes(2_000_000))])
    with pytest.raises(ContentError, match="400 to 1"):
        _scan(tmp_path, packed([(f"{n}.zip", inner) for n in range(3)]), ratio_from=5_000_000)
    with pytest.raises(ContentError, match="members"):
        _scan(tmp_path, packed([(f"{n}.zip", inner) for n in range(6)]), members=10)


def test_archives_in_archives_in_archives_are_refused(tmp_path: Path) -> None:
    content = packed([("a.csv", b"a\n")])
    for depth in range(5):
        if depth <= 2:
            _scan(tmp_path, content)
        else:
            with pytest.raises(ContentError, match="more than 2 deep"):
                _scan(tmp_path, content)
        content = packed([("x.zip", content)], zipfile.ZIP_STORED)


def test_an_archive_within_an_archive_may_not_fill_the_memory(tmp_path: Path) -> None:
    inner = packed([("a", bytes(range(256)) * 400)], zipfile.ZIP_STORED)
    with pytest.raises(ContentError, match="holds an archive"):
        _scan(tmp_path, packed([("x.zip", inner)]), nested=50_000)


def test_members_that_lie_on_each_other_are_refused(tmp_path: Path) -> None:
    """The bomb of overlapping members: each entry of the directory points to the same packed bytes."""
    one = packed([("a", bytes(range(256)) * 100)], zipfile.ZIP_STORED)
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry = one[start:end]
    entries = b"".join(entry[:-1] + bytes([letter]) for letter in b"abcde")
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 5, 5, len(entries), start, 0)
    with pytest.raises(ContentError, match="lie on each other"):
        _scan(tmp_path, one[:start] + entries + tail)


def test_a_directory_that_understates_a_member_is_found_out(tmp_path: Path) -> None:
    made = bytearray(packed([("a", bytes(5_000_000))]))
    start = made.index(b"PK\x01\x02")
    made[start + 24 : start + 28] = struct.pack("<L", 100)
    with pytest.raises(ContentError, match="damaged"):
        _scan(tmp_path, bytes(made))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_no_office_program_writes_are_refused(tmp_path: Path, method: int) -> None:
    with pytest.raises(ContentError, match="packed in a way"):
        _scan(tmp_path, packed([("a", bytes(1000))], method))


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    made = bytearray(packed([("a", b"secret")]))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(mark) + place] |= 1
    with pytest.raises(ContentError, match="encrypted"):
        _scan(tmp_path, bytes(made))


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        made = packed([("content.xml", b"<a/>"), ("content.xml", b"<b/>")])
    with pytest.raises(ContentError, match="one name"):
        _scan(tmp_path, made)


@pytest.mark.parametrize("cut", [10, 200, -30, -1])
def test_a_cut_off_archive_is_refused(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ContentError, match="cut off or damaged"):
        _scan(tmp_path, ods(bytes(range(256)) * 40)[:cut])


def test_a_flipped_byte_is_found_by_the_checksum(tmp_path: Path) -> None:
    made = bytearray(packed([("content.xml", bytes(range(256)) * 10)], zipfile.ZIP_STORED))
    made[500] ^= 1
    with pytest.raises(ContentError, match="damaged"):
        _scan(tmp_path, bytes(made))


def test_markup_with_entities_is_refused(tmp_path: Path) -> None:
    laughs = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><office:document-content/>'
    with pytest.raises(ContentError, match="entities"):
        _check(tmp_path, ods(laughs), "ods")


def test_a_zip_renamed_to_a_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="should be an ods workbook"):
        _check(tmp_path, packed([("a.csv", b"a\n")]), "ods")
    other = [("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<a/>")]
    with pytest.raises(ContentError, match="should be an ods workbook"):
        _check(tmp_path, packed(other), "ods")
    with pytest.raises(ContentError, match="should be an Excel workbook"):
        _check(tmp_path, ods(), "xlsx")
    with pytest.raises(ContentError, match="archive is empty"):
        _check(tmp_path, packed([]), "zip")


def test_the_real_ratio_of_a_large_sheet_is_let_through(tmp_path: Path) -> None:
    """Tables of numbers in XML pack about 20 to 40 to 1; 60 MB of them are no bomb."""
    rows = b"".join(b"<row><c>%d</c><c>Good</c></row>" % (n * 7919 % 100_003) for n in range(40_000))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("mimetype", ODS_MIME)
        archive.writestr("content.xml", rows * 50)
    assert len(rows) * 50 > 50_000_000
    _check(tmp_path, made.getvalue(), "ods")
