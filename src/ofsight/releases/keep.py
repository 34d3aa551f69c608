"""Bytes put together from several answers, or taken out of an archive, on their way to the shelf."""

from __future__ import annotations

import hashlib
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ofsight.definitions.catalogue_schema import FileKind, plain_name
from ofsight.errors import ReleaseError
from ofsight.releases.guard import ContentLimits, check_file
from ofsight.releases.refusals import ContentError
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Fetched, Held, Wanted

__all__ = ["keep_bytes", "take_member"]

_PIECE: Final = 1 << 20


def keep_bytes(shelf: Shelf, wanted: Wanted, content: bytes, *, name: str | None = None) -> Fetched:
    """Put bytes on the shelf that no single download brought.

    Parameters
    ----------
    shelf : Shelf
        Where.
    wanted : Wanted
        What they are.
    content : bytes
        The bytes.
    name : str, optional
        What the publisher called them.

    Raises
    ------
    ReleaseError
        When they are not of the kind that they should be, or the disk is full.
    """
    with shelf.reserved(wanted.series, wanted.period) as place:
        try:
            place.write_bytes(content)
            check_file(place, wanted.extension, wanted.url, ContentLimits())
            sha256 = hashlib.sha256(content).hexdigest()
            held = Held(
                series=wanted.series,
                period=wanted.period,
                file=f"{wanted.series}/{wanted.period}/{sha256}.{wanted.extension}",
                sha256=sha256,
                size=len(content),
                origin="fetched",
                url=wanted.url,
                page=wanted.page,
                retrieved=datetime.now(UTC).isoformat(timespec="seconds"),
                published=wanted.published,
                last_modified=None,
                etag=None,
                media_type=wanted.media_type,
                title=wanted.title,
                publisher=wanted.publisher,
                licence=wanted.licence,
                name=name,
            )
            line, status = shelf.hold(place, held)
        finally:
            # Nothing of it can be gone on with, as the rest of a download could.
            place.unlink(missing_ok=True)
    return Fetched(held=line, status=status, received=len(content), resumed=0)


def take_member(archive: Path, kind: FileKind) -> tuple[str, bytes] | None:
    """Take a file out of an archive that the shelf has let in, and so has been looked through.

    Parameters
    ----------
    archive : Path
        The archive.
    kind : FileKind
        By whose `member`, else `called`, the name is known; folders count as words of it.

    Returns
    -------
    str, bytes
        Its name without folders, and its bytes; None where there is no such file.

    Raises
    ------
    ReleaseError
        When several fit, or it is larger than a file may be.
    """
    patterns = (kind.member,) if kind.member else kind.called
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [item for item in opened.infolist() if not item.is_dir()]
            for pattern in patterns:
                fitting = [item for item in members if _fits(kind, pattern, item.filename)]
                if len(fitting) > 1:
                    named = ", ".join(repr(item.filename) for item in fitting)
                    raise ReleaseError(
                        f"several files of the archive may be '{kind.series}': {named}.",
                        file=archive,
                        hint="Make the pattern 'member' of this file narrower in definitions/catalogue.",
                    )
                if fitting:
                    return _last_part(fitting[0].filename), _read(opened, fitting[0], archive)
    except (zipfile.BadZipFile, OSError) as error:
        raise ContentError(f"the archive cannot be read ({error}).", file=archive) from None
    return None


def _last_part(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _fits(kind: FileKind, pattern: str, name: str) -> bool:
    ending = name.rpartition(".")[2].lower()
    plain = plain_name(_last_part(name))
    wanted = [kind_of for kind_of in kind.formats if kind_of != "zip"]
    refused = kind.not_called is not None and re.search(kind.not_called, plain) is not None
    return ending in wanted and re.search(pattern, plain) is not None and not refused


def _read(opened: zipfile.ZipFile, item: zipfile.ZipInfo, archive: Path) -> bytes:
    """Read a member, no further than a file may be long: its header may say less than there is."""
    most = ContentLimits().file
    pieces, length = [], 0
    with opened.open(item) as stream:
        while piece := stream.read(_PIECE):
            length += len(piece)
            if length > most:
                raise ContentError(f"'{item.filename}' unpacks to more than {most:,} bytes.", file=archive)
            pieces.append(piece)
    return b"".join(pieces)
