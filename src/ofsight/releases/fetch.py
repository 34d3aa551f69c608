"""Fetching: every file that is wanted and not held yet, from all publishers; no failure ends it.

Publishers are asked at the same time, each of them for one thing at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from ofsight.definitions.catalogue_schema import (
    PUBLISHER_HOSTS,
    EditionDefinition,
    PublicationDefinition,
)
from ofsight.errors import ReleaseError, UsageError
from ofsight.releases.catalogue import Chosen, choose
from ofsight.releases.download import Downloader
from ofsight.releases.keep import keep_bytes, take_member
from ofsight.releases.offers import Absent, Offer, Part, period_of
from ofsight.releases.outcomes import (
    FetchSummary,
    FileOutcome,
    OutcomeStatus,
    Step,
    absent_outcome,
    fetched_outcome,
)
from ofsight.releases.plan import Planner
from ofsight.releases.publishers import open_downloader
from ofsight.releases.refusals import UnreachableError
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Fetched

__all__ = ["fetch"]

OpenDownloader = Callable[[tuple[str, ...]], Downloader]


def fetch(
    series: Sequence[str] = (),
    *,
    to: Path,
    since: str | date | None = None,
    dry_run: bool = False,
    discover: bool = True,
    progress: Callable[[Step], None] | None = None,
    catalogue: Sequence[PublicationDefinition] | None = None,
    open_loader: OpenDownloader = open_downloader,
) -> FetchSummary:
    """Bring the official files to a shelf, those that are there and unchanged left alone.

    Parameters
    ----------
    series : sequence of str
        Publications, files or series of the catalogue; nothing means all.
    to : Path
        The shelf; it is made where it is not there.
    since : str or date, optional
        A year or day: editions that speak of a time before are left out.
    dry_run : bool
        Ask what there is, and fetch nothing.
    discover : bool
        Look for editions that the catalogue does not list, too.
    progress : callable, optional
        Called with each `Step`, from several threads.
    catalogue : sequence of PublicationDefinition, optional
        In place of ofsight's own.
    open_loader : callable
        Gives who asks a publisher's hosts.

    Returns
    -------
    FetchSummary
        What came, what did not, and why. A publisher's fault is told there and raises nothing.

    Raises
    ------
    UsageError
        When a name is none of the catalogue's, or the folder is no place for a shelf.
    """
    chosen = choose(series, since, catalogue)
    alone = [item.publication.id for item in chosen if item.publication.ask == "report pages"]
    if series and alone:
        raise UsageError(f"{alone[0]} are fetched alone: ofsight fetch {alone[0]} --dataset DIR.")
    shelf = Shelf(to)
    if not dry_run:
        shelf.make()
    board = _Board(progress)
    board.expect(sum(_guess(item.publication, edition) for item in chosen for edition in item.editions))
    groups: dict[str, list[Chosen]] = {}
    for item in chosen:
        groups.setdefault(item.publication.ask, []).append(item)
    stop = threading.Event()
    workers = [
        _Worker(ask, items, shelf, board, stop, dry_run=dry_run, discover=discover, open_loader=open_loader)
        for ask, items in groups.items()
    ]
    outcomes: list[FileOutcome] = []
    with ThreadPoolExecutor(max_workers=max(1, len(workers))) as pool:
        try:
            for found in pool.map(_Worker.run, workers):
                outcomes += found
        except BaseException:
            stop.set()
            raise
    order = {item.publication.id: number for number, item in enumerate(chosen)}
    outcomes.sort(key=lambda outcome: order[outcome.publication])
    return FetchSummary(str(to), dry_run, outcomes)


def _guess(publication: PublicationDefinition, edition: EditionDefinition) -> int:
    """Return how many files of an edition are to be expected, before its publisher is asked."""
    return 0 if publication.ask == "by hand" else len(publication.expected(edition))


class _Board:
    """Tells how far all publishers together are."""

    def __init__(self, tell: Callable[[Step], None] | None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._done = 0
        self._of = 0

    def expect(self, n: int) -> None:
        with self._lock:
            self._of += n

    def finish(self, publisher: str, what: str) -> None:
        with self._lock:
            self._done += 1
        self.show(publisher, what)

    def show(self, publisher: str, what: str, received: int | None = None, size: int | None = None) -> None:
        if self._tell is not None:
            with self._lock:
                self._tell(Step(publisher, what, self._done, self._of, received, size))


class _Worker:
    """Asks one publisher's interface, for one thing at a time."""

    def __init__(
        self,
        ask: str,
        chosen: list[Chosen],
        shelf: Shelf,
        board: _Board,
        stop: threading.Event,
        *,
        dry_run: bool,
        discover: bool,
        open_loader: OpenDownloader,
    ) -> None:
        self._ask = ask
        self._chosen = chosen
        self._shelf = shelf
        self._board = board
        self._stop = stop
        self._dry_run = dry_run
        self._discover = discover
        self._open_loader = open_loader
        self._outcomes: list[FileOutcome] = []

    def run(self) -> list[FileOutcome]:
        """Ask for all that is wanted of this publisher."""
        try:
            with self._open_loader(PUBLISHER_HOSTS[self._ask]) as loader:
                for number, item in enumerate(self._chosen):
                    try:
                        self._publication(loader, item)
                    except UnreachableError as error:
                        self._give_up(self._chosen[number:], str(error))
                        break
        except BaseException:
            self._stop.set()
            raise
        return self._outcomes

    def _give_up(self, chosen: Iterable[Chosen], reason: str) -> None:
        """Say of all that is left that the publisher cannot be reached: the next file would fail too."""
        told = {(outcome.series, outcome.period) for outcome in self._outcomes}
        for item in chosen:
            for edition in item.editions:
                for kind in item.publication.expected(edition):
                    absent = Absent(kind.series, period_of(kind, edition), "failed", reason)
                    if (absent.series, absent.period) not in told:
                        self._tell(absent_outcome(item.publication, absent, edition.period in item.found))

    def _publication(self, loader: Downloader, item: Chosen) -> None:
        planner = Planner(loader)
        publication = item.publication
        self._board.show(self._ask, f"Asking for {publication.title}")
        if self._discover:
            try:
                item = planner.discover(item)
            except UnreachableError:
                raise
            except ReleaseError as error:
                reason = f"new editions could not be looked for: {error}"
                first = publication.files[0].series
                self._tell(FileOutcome(publication.id, first, "new-editions", "failed", reason=reason))
        for edition in item.editions:
            if self._stop.is_set():
                return
            self._board.show(self._ask, f"Asking for {publication.title}, {edition.period}")
            found = edition.period in item.found
            offers = planner.plan(publication, edition)
            # Till it was asked for, an edition counted with what it cannot be without.
            here = sum(isinstance(offer, Offer) for offer in offers)
            self._board.expect(here - (0 if found else _guess(publication, edition)))
            for offer in offers:
                if isinstance(offer, Absent):
                    # What has to be got by hand, and was, is no news.
                    if offer.status != "by hand" or not self._shelf.versions(offer.series, offer.period):
                        self._tell(absent_outcome(publication, offer, found))
                elif not self._stop.is_set():
                    self._offer(loader, publication, offer, found)

    def _offer(
        self, loader: Downloader, publication: PublicationDefinition, offer: Offer, found: bool
    ) -> None:
        wanted = offer.wanted
        what = f"{wanted.series} {wanted.period}"
        about: dict[str, Any] = {
            "publication": publication.id,
            "series": wanted.series,
            "period": wanted.period,
            "title": wanted.title,
            "url": wanted.url,
            "page": wanted.page,
            "published": wanted.published,
            "found": found,
        }
        try:
            if self._dry_run:
                self._tell(FileOutcome(**about, status="planned", size=wanted.size))
                for part in offer.parts:
                    own = {**about, "series": part.wanted.series}
                    self._tell(FileOutcome(**own, status="planned", reason="out of the archive"))
                return
            fetched = self._fetch(loader, offer, what)
            self._tell(fetched_outcome(about, fetched))
            for part in offer.parts:
                self._tell(self._unpack(about, part, fetched))
        except UnreachableError:
            raise
        except ReleaseError as error:
            self._tell(FileOutcome(**about, status="failed", reason=str(error)))
        finally:
            self._board.finish(self._ask, what)

    def _fetch(self, loader: Downloader, offer: Offer, what: str) -> Fetched:
        self._board.show(self._ask, what, 0, offer.wanted.size)
        if offer.make is not None:
            return keep_bytes(self._shelf, offer.wanted, offer.make())
        return loader.download(
            offer.wanted,
            self._shelf,
            progress=lambda done, of: self._board.show(self._ask, what, done, of),
        )

    def _unpack(self, about: dict[str, Any], part: Part, archive: Fetched) -> FileOutcome:
        """Take a file out of an archive that is on the shelf now."""
        own = {**about, "series": part.wanted.series, "period": part.wanted.period}
        try:
            member = take_member(self._shelf.path_of(archive.held), part.kind)
            if member is None:
                status: OutcomeStatus = "not offered" if part.kind.optional else "failed"
                return FileOutcome(**own, status=status, reason="no file of the archive is called so")
            name, content = member
            return fetched_outcome(own, keep_bytes(self._shelf, part.wanted, content, name=name))
        except ReleaseError as error:
            return FileOutcome(**own, status="failed", reason=str(error))

    def _tell(self, outcome: FileOutcome) -> None:
        self._outcomes.append(outcome)
