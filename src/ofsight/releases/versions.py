"""Which version of a file stands for a day: what its publisher had published by then, as far as we hold it.

A manifest has a line for each time that a file was new, changed, or told of anew by its publisher. Lines of
the same bytes one after another are one version. A version counts from the day on which it was published;
where nobody said so, from the day that its server says it last changed; else from the day that it came to
the shelf. What is fetched later is never older than what was fetched before: a publisher who puts an old
file back makes it the newest, whatever date the page then shows.

A file that a user added without a date is known to have existed on the day that it came, and stands only
where nothing dated does. A line may withdraw the lines before it about the same bytes; only a user who adds
them again brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from ofsight.releases.wanted import Held, moment

__all__ = ["Version", "group_versions", "http_time", "newest"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a file.

    Attributes
    ----------
    first, last : Held
        The line with which it came, and the last that speaks of it: the same bytes, perhaps with a newer
        address or date of publication.
    since : datetime
        From when on it counts.
    dated : bool
        Whether somebody said when it was published, or a publisher sent it.
    """

    first: Held
    last: Held
    since: datetime
    dated: bool

    def stood(self, day: date | None) -> bool:
        """Whether it counted on a day."""
        return day is None or self.since.date() <= day


def http_time(text: str | None) -> datetime | None:
    """Read a time as HTTP writes it; None where it is none."""
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def group_versions(lines: Iterable[Held], held_by: date | None = None) -> tuple[Version, ...]:
    """Return the versions of one series and period in the order in which they came.

    Parameters
    ----------
    lines : iterable of Held
        The manifest's lines of this series and period, in order.
    held_by : date, optional
        Leave out what came to the shelf after this day.
    """
    versions: list[Version] = []
    latest: datetime | None = None
    withdrawn: set[str] = set()
    for held in lines:
        if held_by is not None and held.retrieved_at.date() > held_by:
            continue
        if held.withdrawn:
            withdrawn.add(held.sha256)
            versions = [version for version in versions if version.last.sha256 != held.sha256]
            continue
        if held.origin == "added":
            withdrawn.discard(held.sha256)
        if held.sha256 in withdrawn:
            continue
        if versions and versions[-1].last.sha256 == held.sha256 and _continues(versions[-1], held):
            before = versions[-1]
            versions[-1] = Version(before.first, held, before.since, before.dated)
            continue
        since, dated = _since(held)
        if held.origin == "fetched":
            since = since if latest is None else max(since, latest)
            latest = since
        versions.append(Version(held, held, since, dated))
    return tuple(versions)


def newest(versions: Iterable[Version], day: date | None = None) -> Version | None:
    """Return the version that stood on a day (or stands now); None where none did."""
    found = tuple(versions)
    standing = [
        (version.dated, version.since, number) for number, version in enumerate(found) if version.stood(day)
    ]
    return found[max(standing)[2]] if standing else None


def _continues(before: Version, held: Held) -> bool:
    """Whether the same bytes speak of the version before: not when an undated file gets its date."""
    return before.dated or not _since(held)[1]


def _since(held: Held) -> tuple[datetime, bool]:
    if held.published is not None:
        return moment(held.published), True
    modified = http_time(held.last_modified)
    if modified is not None:
        return min(modified, held.retrieved_at), True
    return held.retrieved_at, held.origin == "fetched"
