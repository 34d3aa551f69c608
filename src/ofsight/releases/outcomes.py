"""What a fetch tells of each file, of all of them, and of how far it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.releases.offers import Absent
from ofsight.releases.wanted import Fetched

__all__ = ["FetchSummary", "FileOutcome", "OutcomeStatus", "Step", "absent_outcome", "fetched_outcome"]

OutcomeStatus = Literal[
    "new", "changed", "unchanged", "same bytes", "planned", "not offered", "not found", "by hand", "failed"
]
_ARRIVED: Final = ("new", "changed")
_THERE: Final = ("unchanged", "same bytes")


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    Attributes
    ----------
    publication, series, period : str
        Which.
    status : str
        ``new``, ``changed`` (a new version beside the old), ``unchanged``, ``same bytes``; ``planned`` in a
        dry run; ``not offered``, ``not found``, ``by hand`` (`ofsight.releases.offers.Absent`); ``failed``.
    title : str
        What it is.
    url, page : str or None
        Where it is, and the page that offers it.
    size : int or None
        Bytes, as far as it is known.
    received : int
        Bytes that came over the wire.
    sha256 : str or None
        Of the version that stands now.
    published : str or None
        As the publisher says.
    found : bool
        Whether the edition is one that the catalogue does not list.
    reason : str
        Why it is not there.
    """

    publication: str
    series: str
    period: str
    status: OutcomeStatus
    title: str = ""
    url: str | None = None
    page: str | None = None
    size: int | None = None
    received: int = 0
    sha256: str | None = None
    published: str | None = None
    found: bool = False
    reason: str = ""


@dataclass(frozen=True)
class FetchSummary:
    """What a fetch did.

    Attributes
    ----------
    shelf : str
        Where the files are.
    dry_run : bool
        Whether nothing was fetched on purpose.
    files : list of FileOutcome
        Every file of every edition that was asked for, in the catalogue's order.
    """

    shelf: str
    dry_run: bool
    files: list[FileOutcome] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many files came to each status."""
        return dict(Counter(file.status for file in self.files))

    @property
    def failed(self) -> list[FileOutcome]:
        """What should have come and did not."""
        return self.of("failed")

    @property
    def arrived(self) -> list[FileOutcome]:
        """Files that are on the shelf for the first time, or anew."""
        return self.of(*_ARRIVED)

    @property
    def held(self) -> list[FileOutcome]:
        """Files that are on the shelf, new or not."""
        return self.of(*_ARRIVED, *_THERE)

    @property
    def changed(self) -> bool:
        """Whether the shelf holds more than before."""
        return bool(self.arrived)

    @property
    def received(self) -> int:
        """Bytes that came over the wire."""
        return sum(file.received for file in self.files)

    def of(self, *statuses: str) -> list[FileOutcome]:
        """Return the files of some statuses."""
        return [file for file in self.files if file.status in statuses]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "shelf": self.shelf,
            "dry_run": self.dry_run,
            "changed": self.changed,
            "received": self.received,
            "counts": self.counts,
            "files": [asdict(file) for file in self.files],
        }


@dataclass(frozen=True, slots=True)
class Step:
    """How far a fetch is.

    Attributes
    ----------
    publisher : str
        Which of the publishers' interfaces is at work.
    what : str
        What it is doing.
    done, of : int
        Files done, and files known to be done, of all publishers.
    received, size : int or None
        Bytes of the file under way, where one is.
    """

    publisher: str
    what: str
    done: int
    of: int
    received: int | None = None
    size: int | None = None


def absent_outcome(publication: PublicationDefinition, absent: Absent, found: bool) -> FileOutcome:
    """Return what became of a file that cannot be fetched."""
    return FileOutcome(
        publication=publication.id,
        series=absent.series,
        period=absent.period,
        status=absent.status,
        page=absent.page,
        found=found,
        reason=absent.reason,
    )


def fetched_outcome(about: dict[str, Any], fetched: Fetched) -> FileOutcome:
    """Return what became of a file that was fetched; `about` holds the fields that say which."""
    held = fetched.held
    return FileOutcome(
        **about, status=fetched.status, size=held.size, received=fetched.received, sha256=held.sha256
    )
