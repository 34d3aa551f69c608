"""Archives (zip, ods, xlsx) that would swell beyond all measure, or are not whole: told before one is read.

What an archive's directory says of its members may be a lie, so every member is unpacked into nothing, a
piece at a time and counted, down through archives within archives, and its checksum compared.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from ofsight.releases.refusals import ContentError

__all__ = ["ArchiveLimits", "is_archive", "scan_archive"]

_LOCAL: Final = b"PK\x03\x04"
_EMPTY: Final = b"PK\x05\x06"
_ENTRY: Final = b"PK\x01\x02"
_PIECE: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_PACKED_BY: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MARKUP: Final = (".xml", ".rels", ".rdf", ".vml")
# Entities that name entities are the bomb of XML; no office program writes even one.
_ENTITY: Final = b"<!ENTITY"
_LOOKED_FOR_ENTITIES: Final = 1 << 16
_HINT: Final = "No release is like that. Nothing of it was kept; check where the address leads."


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive of a release never exceeds.

    Attributes
    ----------
    members : int
        Members, those of archives within it counted. A workbook has 10 to 200.
    total : int
        Bytes, all members unpacked. The largest workbook of Ofsted's unpacks to about 50 MB.
    ratio : int
        Bytes unpacked for each byte packed, told only above `ratio_from` bytes. Ofsted's workbooks reach 40.
    ratio_from : int
        Bytes below which the ratio is not asked.
    depth : int
        Archives within archives: 2 is a workbook with an embedded workbook, in a zip.
    nested : int
        Bytes of an archive within an archive: it is held in memory while it is looked through.
    """

    members: int = 10_000
    total: int = 2_000_000_000
    ratio: int = 400
    ratio_from: int = 50_000_000
    depth: int = 2
    nested: int = 200_000_000


@dataclass(slots=True)
class _Count:
    """What has been unpacked so far, at all depths."""

    limits: ArchiveLimits
    packed: int
    where: str
    total: int = 0
    members: int = 0
    names: dict[str, bytes] = field(default_factory=dict)

    def add(self, n: int) -> None:
        self.total += n
        limits = self.limits
        if self.total > limits.total:
            raise self.refuse(f"unpacks to more than {limits.total / 1e6:,.0f} MB")
        if self.total > limits.ratio_from and self.total > limits.ratio * self.packed:
            raise self.refuse(
                f"unpacks to more than {self.total / 1e6:,.0f} MB from {self.packed / 1e6:,.2f} MB "
                f"(above {limits.ratio} to 1)"
            )

    def refuse(self, what: str) -> ContentError:
        return ContentError(f"the archive {what}: refused.", file=self.where, hint=_HINT)

    def damaged(self, why: object) -> ContentError:
        return ContentError(
            f"the archive is cut off or damaged ({why}).",
            file=self.where,
            hint="Nothing of it was kept; fetch it again.",
        )


def is_archive(start: bytes) -> bool:
    """Whether a file's first bytes are those of a zip archive (and so of an ods or xlsx)."""
    return start.startswith((_LOCAL, _EMPTY))


def scan_archive(path: Path, where: str, limits: ArchiveLimits | None = None) -> dict[str, bytes]:
    """Unpack an archive into nothing and return the names of its members with their first bytes.

    Parameters
    ----------
    path : Path
        The archive.
    where : str
        What to call it in a message: its address.
    limits : ArchiveLimits, optional
        What is allowed.

    Returns
    -------
    dict of str to bytes
        Members of the archive itself, not of archives within it; at most 64 bytes of each.

    Raises
    ------
    ContentError
        When it is damaged, encrypted, or exceeds the limits.
    """
    limits = limits or ArchiveLimits()
    count = _Count(limits, max(1, path.stat().st_size), where)
    with path.open("rb") as handle:
        _scan(handle, count, depth=0)
    return count.names


def _scan(handle: IO[bytes], count: _Count, depth: int) -> None:
    if depth > count.limits.depth:
        raise count.refuse(f"holds archives within archives, more than {count.limits.depth} deep")
    size = handle.seek(0, io.SEEK_END)
    # The directory is read whole into memory: it is counted before that, by the mark of its entries.
    if _occurrences(handle, _ENTRY) > count.limits.members:
        raise count.refuse(f"has more than {count.limits.members:,} members")
    handle.seek(0)
    try:
        with zipfile.ZipFile(handle) as archive:
            entries = archive.infolist()
            _check_directory(entries, size, count)
            for entry in entries:
                _scan_member(archive, entry, count, depth)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, OverflowError) as error:
        raise count.damaged(error) from None
    except (NotImplementedError, RuntimeError) as error:
        raise count.refuse(f"is packed in a way that is not read ({error})") from None


def _check_directory(entries: list[zipfile.ZipInfo], size: int, count: _Count) -> None:
    """Refuse a directory that gives itself away before anything is unpacked."""
    count.members += len(entries)
    if count.members > count.limits.members:
        raise count.refuse(f"has more than {count.limits.members:,} members")
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise count.refuse("has two members of one name")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise count.refuse("is encrypted")
        if entry.compress_type not in _PACKED_BY:
            raise count.refuse("is packed in a way that is not read")
    # Members that share their packed bytes are how a small file unpacks to petabytes.
    if sum(entry.compress_size for entry in entries) > size:
        raise count.refuse("has members that lie on each other")
    declared = sum(entry.file_size for entry in entries)
    if declared > count.limits.total:
        raise count.refuse(f"says that it unpacks to {declared / 1e6:,.0f} MB")


def _scan_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, count: _Count, depth: int) -> None:
    if entry.is_dir():
        return
    with archive.open(entry) as member:
        first = member.read(_LOOKED_FOR_ENTITIES)
        count.add(len(first))
        if depth == 0:
            count.names[entry.filename] = first[:64]
        if entry.filename.lower().endswith(_MARKUP) and _ENTITY in first:
            raise count.refuse(f"declares entities in its markup ('{_shown(entry.filename)}')")
        if not is_archive(first):
            for piece in _pieces(member):
                count.add(len(piece))
            return
        inner = io.BytesIO()
        inner.write(first)
        for piece in _pieces(member):
            count.add(len(piece))
            inner.write(piece)
            if inner.tell() > count.limits.nested:
                raise count.refuse(f"holds an archive of more than {count.limits.nested / 1e6:,.0f} MB")
    _scan(inner, count, depth + 1)


def _pieces(member: IO[bytes]) -> Iterator[bytes]:
    while piece := member.read(_PIECE):
        yield piece


def _occurrences(handle: IO[bytes], mark: bytes) -> int:
    """Count a mark in a file, without holding more than a piece of it."""
    handle.seek(0)
    found, tail = 0, b""
    for piece in _pieces(handle):
        text = tail + piece
        found += text.count(mark)
        tail = text[-(len(mark) - 1) :]
    return found


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:80]
