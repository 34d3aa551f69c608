"""A file that is wanted, a file that is held, and how one became the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from ofsight.errors import ReleaseError, UsageError

__all__ = [
    "EXTENSIONS",
    "ORIGINS",
    "Fetched",
    "Held",
    "Status",
    "Wanted",
    "check_name",
    "moment",
]

# A series and a period are names of folders, made by us: no separator, no dot in front, no letter that some
# file system folds or forbids.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SEPARATORS: Final = re.compile(r"[/\\\0]")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
# Names that Windows keeps for devices, with any ending.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)

# Kinds of file that a shelf keeps; each has its check in `ofsight.releases.guard`.
EXTENSIONS: Final = frozenset(
    {"csv", "ods", "xlsx", "xlsm", "xlsb", "xls", "zip", "pdf", "json", "geojson", "html", "txt"}
)

# How a file came to the shelf: from its publisher by us, or given by a user who had it.
Origin = Literal["fetched", "added"]
ORIGINS: Final = ("fetched", "added")

Status = Literal["new", "changed", "unchanged", "same bytes"]


def check_name(name: str, what: str) -> str:
    """Return a series' or period's name if it can be the name of a folder on every system.

    Raises
    ------
    UsageError
        When it holds anything but small letters, digits, dots, dashes and underscores.
    """
    if not _NAME.fullmatch(name) or ".." in name or name.split(".")[0] in _DEVICES:
        raise UsageError(
            f"'{name}' cannot be the name of a {what}: small letters, digits, '-', '_' and '.' are allowed, "
            "from a letter or digit to a letter or digit, 80 at most."
        )
    return name


def moment(text: str) -> datetime:
    """Read a day or a time as the publishers write it; a day is its first moment, no zone is UTC.

    The zone stays: the day on which something was published is the day where that was.

    Raises
    ------
    ValueError
        When it is no ISO 8601 day or time.
    """
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2024-03-31") else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a publisher offers, as the catalogue resolved it. One file a series and period.

    Attributes
    ----------
    series, period : str
        Our names: folders of the shelf (`check_name`). The period sorts as time does: ``2023``,
        ``2023-24``, ``2024-03-31``.
    url : str
        Where its bytes are, today.
    page : str or None
        The page that a person would open.
    title, publisher, licence : str
        As they are to be cited.
    published : str or None
        When the publisher last changed it, ISO 8601, as far as the publisher says.
    media_type : str or None
        What the publisher calls it, without parameters; None where nothing is said.
    extension : str
        Its kind, one of `EXTENSIONS`: the catalogue's choice, never taken from the address.
    size : int or None
        Bytes, where the publisher says so.
    hosts : tuple of str
        Hosts that it may come from; they must be among those of the downloader.
    """

    series: str
    period: str
    url: str
    page: str | None
    title: str
    publisher: str
    licence: str
    published: str | None
    media_type: str | None
    extension: str
    size: int | None
    hosts: tuple[str, ...]

    def __post_init__(self) -> None:
        check_name(self.series, "series")
        check_name(self.period, "period")
        if self.extension not in EXTENSIONS:
            raise UsageError(
                f"{self.series} {self.period}: '{self.extension}' is no kind of file that a shelf keeps; "
                f"these are: {', '.join(sorted(EXTENSIONS))}."
            )
        if self.published is not None:
            moment(self.published)


@dataclass(frozen=True, slots=True)
class Held:
    """One line of a shelf's manifest: one version of one file, where it came from and when.

    Attributes
    ----------
    series, period : str
        As in `Wanted`.
    file : str
        Where its bytes are, from the shelf down: ``series/period/sha256.ext``.
    sha256 : str
        Of its bytes.
    size : int
        Its bytes.
    origin : str
        ``fetched`` or ``added``.
    url, page : str or None
        Where it came from: the address asked for, and its page. A file that a user added has them where
        the user said so.
    retrieved : str
        When it came to the shelf, ISO 8601, UTC.
    published : str or None
        When it was published, as far as the publisher (or the user who added it) says.
    last_modified, etag : str or None
        What the server called this version.
    media_type : str or None
        What the server said that it is.
    title, publisher, licence : str
        As they are to be cited.
    name : str or None
        What the file was called, for readers to show and never for a path.
    said : str or None
        Where it came from in a user's words, and why it was withdrawn.
    withdrawn : bool
        Whether this line takes back the lines before it about the same bytes.
    """

    series: str
    period: str
    file: str
    sha256: str
    size: int
    origin: Origin
    url: str | None
    page: str | None
    retrieved: str
    published: str | None
    last_modified: str | None
    etag: str | None
    media_type: str | None
    title: str
    publisher: str
    licence: str
    name: str | None = None
    said: str | None = None
    withdrawn: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The series and period of which it is a version."""
        return self.series, self.period

    @property
    def retrieved_at(self) -> datetime:
        """When it came to the shelf."""
        return moment(self.retrieved)

    @property
    def published_on(self) -> date | None:
        """The day of publication; None where nobody said it."""
        return None if self.published is None else moment(self.published).date()

    @property
    def called(self) -> str:
        """A name of the file for those who read names: what its publisher called it, and its period.

        Some tables say neither in their rows nor in their title which day they speak of. It is no path:
        `file` is.
        """
        name = _SEPARATORS.sub("_", self.name or self.series)
        stem = name.rpartition(".")[0] or name
        day = _day(self.period)
        if day is not None:
            stem = f"{stem} ({day.day} {day:%B %Y})"
        elif not _YEAR.search(stem):
            stem = f"{stem} ({self.period})"
        return f"{stem}.{self.file.rpartition('.')[2]}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as the manifest keeps it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Held:
        """Read a line of a manifest. Keys that a later ofsight added are left alone.

        Raises
        ------
        ReleaseError
            When a fact is missing, or is none that ofsight would have written: a path that leads
            elsewhere, say.
        """
        try:
            held = cls(**{field.name: facts[field.name] for field in fields(cls) if field.name in facts})
            check_name(held.series, "series")
            check_name(held.period, "period")
            extension = held.file.rpartition(".")[2]
            sound = (
                extension in EXTENSIONS
                and _SHA256.fullmatch(held.sha256) is not None
                and held.file == f"{held.series}/{held.period}/{held.sha256}.{extension}"
                and type(held.size) is int
                and held.origin in ORIGINS
                and type(held.withdrawn) is bool
                and all(
                    isinstance(value, str | None)
                    for name, value in held.as_dict().items()
                    if name not in ("size", "withdrawn")
                )
            )
            moment(held.retrieved)
            if held.published is not None:
                moment(held.published)
        except (TypeError, ValueError, AttributeError, UsageError) as error:
            raise ReleaseError(f"it is no line that ofsight wrote ({error}).") from None
        if not sound:
            raise ReleaseError("it is no line that ofsight wrote (its file, hash or size).")
        return held


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one wanted file.

    Attributes
    ----------
    held : Held
        The version that is current now.
    status : str
        ``new`` (nothing of this series and period was held), ``changed`` (a new version beside the old),
        ``unchanged`` (the server said so, nothing was sent) or ``same bytes`` (sent, and the same).
    received : int
        Bytes that came over the wire for it.
    resumed : int
        Bytes of an interrupted download that did not have to come again.
    """

    held: Held
    status: Status
    received: int
    resumed: int
