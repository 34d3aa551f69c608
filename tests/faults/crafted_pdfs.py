"""Small PDFs written out by hand, uncompressed, so that a reader (and a fuzzer) sees what is in them."""

from __future__ import annotations

import zlib

__all__ = ["TEXT", "flate", "form", "nested", "pdf"]

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
LINES = (
    b"Unique reference number: SC123456", b"Provision sub-type: Children's home", b"Full inspection",
    b"Inspection dates: 3 to 4 April 2019", b"Registered provider: Example Care Limited",
    b"Overall experiences and progress of children and young people good",
    b"How well children and young people are helped and protected good",
)  # fmt: skip
TEXT = b"".join(b"BT /F 12 Tf 50 %d Td (%s) Tj ET\n" % (800 - 20 * n, line) for n, line in enumerate(LINES))


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), more, content)


def form(content: bytes, next_one: int) -> bytes:
    """A piece of a page that may use another one."""
    resources = b"/Resources<</Font<</F 5 0 R>>/XObject<</X %d 0 R>>>>" % next_one
    return stream(content, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]" + resources)


def pdf(
    content: bytes = TEXT, kids: bytes = b"3 0 R", n: int = 1, trailer: bytes = b"", **objects: bytes
) -> bytes:
    """A PDF of one page whose objects may be replaced: ``o5`` is the font, ``o4`` what the page shows."""
    made = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, n),
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>",
        4: stream(content),
        5: FONT,
    } | {int(name[1:]): body for name, body in objects.items()}
    out, places = b"%PDF-1.7\n", {}
    for number, body in sorted(made.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % places.get(i, 0) for i in range(1, max(made) + 1))
    size = max(made) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R%s>>\n" % (
        size, table, size, trailer,
    )  # fmt: skip
    return out + b"startxref\n%d\n%%%%EOF\n" % (len(out) - len(table))


def nested(depth: int, times: int) -> bytes:
    """Forms that each use the next one several times, so that the last is laid out times ** depth times."""
    use = b"/X Do " * times
    forms = {f"o{6 + i}": form(use if i < depth - 1 else TEXT, 7 + i) for i in range(depth)}
    return pdf(use, **forms)


def flate(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream" % (len(packed), packed)
