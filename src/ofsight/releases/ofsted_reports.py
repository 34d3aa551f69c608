"""Inspection reports, from the report pages of homes that are in a dataset: slowly, once, and nothing else.

The rules: one request at a time and a second at least between two; what a site's robots.txt forbids is left;
pages are asked for with what is known of them (304); a report that is held is never asked for again; only
homes that the caller names, no numbers tried out; a 403 or 429 ends it, and so do five failures in a row. Of
a page nothing is kept but the home's number, the numbers, dates and kinds of its reports, and what the server
calls its version: no name, no address. Reference: SOURCES.md, section 10.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from ofsight.definitions.catalogue_schema import PUBLISHER_HOSTS, load_catalogue
from ofsight.errors import ReleaseError, UsageError
from ofsight.files import write_text
from ofsight.releases.download import Downloader
from ofsight.releases.publishers import open_downloader
from ofsight.releases.refusals import StatusError, UnreachableError
from ofsight.releases.report_timeline import ReportFile, read_timeline
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Wanted
from ofsight.releases.wire import Limits

__all__ = ["ReportsSummary", "fetch_reports"]

SERIES: Final = "inspection-reports"
PAGES: Final = ".report-pages.json"
_SITE: Final = "https://reports.ofsted.gov.uk"
_HOMES: Final = 2
_GAP: Final = 1.0
_SAVED_EVERY: Final = 25
_MOST_FAILURES: Final = 5
_URN: Final = re.compile(r"SC\d{6}|\d{5,8}")
_STOPPED_BY: Final = (403, 429)


@dataclass
class ReportsSummary:
    """What was asked and what came.

    Attributes
    ----------
    n_homes, n_asked, n_unchanged : int
        Homes named, pages asked for, and pages that had not changed.
    n_listed, n_new, n_held : int
        Reports on the pages, those that came now, those that were there before.
    missing : list of str
        Homes without a page.
    failed : dict of str to str
        Homes whose page or report failed, and why.
    stopped : str or None
        Why it ended before the last home.
    """

    n_homes: int = 0
    n_asked: int = 0
    n_unchanged: int = 0
    n_listed: int = 0
    n_new: int = 0
    n_held: int = 0
    missing: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


class _StoppedError(Exception):
    """The site does not want to be asked any more."""


def fetch_reports(
    urns: Iterable[str],
    to: Path,
    *,
    limit: int | None = None,
    loader: Downloader | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    progress: Callable[[str, int, int], None] | None = None,
) -> ReportsSummary:
    """Bring the inspection reports of some homes to a shelf.

    Parameters
    ----------
    urns : iterable of str
        The homes: those of a dataset.
    to : Path
        The shelf.
    limit : int, optional
        Ask for no more pages than these; the next run goes on with homes never asked for, or longest ago.
    loader : Downloader, optional
        Who asks; it makes one attempt.
    sleep, clock : callable
        How to wait.
    progress : callable, optional
        Called with a home, how many are done, and of how many.

    Raises
    ------
    UsageError
        When one of them is no number of a home, or the folder is no place for a shelf.
    ReleaseError
        When what is known of pages is damaged, or the disk is full.
    """
    homes = list(dict.fromkeys(urns))
    wrong = [urn for urn in homes if not _URN.fullmatch(urn)]
    if wrong:
        raise UsageError(f"'{wrong[0]}' is no URN: SC and six digits, or five to eight digits.")
    shelf = Shelf(to)
    shelf.make()
    known = _Known(to / PAGES)
    homes.sort(key=lambda urn: known.asked(urn))
    summary = ReportsSummary(n_homes=len(homes))
    own = loader is None
    loader = loader or open_downloader(PUBLISHER_HOSTS["report pages"], limits=Limits(attempts=1), gap=_GAP)
    visitor = _Visitor(loader, shelf, known, summary, _Pace(sleep, clock))
    try:
        for number, urn in enumerate(homes[:limit]):
            if progress is not None:
                progress(urn, number, min(len(homes), limit or len(homes)))
            visitor.visit(urn)
            if number % _SAVED_EVERY == _SAVED_EVERY - 1:
                known.save()
    except (_StoppedError, UnreachableError) as error:
        summary.stopped = str(error)
    finally:
        known.save()
        if own:
            loader.close()
    return summary


class _Pace:
    """Lets one request follow another by a second."""

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._free_at: float | None = None

    def wait(self) -> None:
        if self._free_at is not None and (left := self._free_at - self._clock()) > 0:
            self._sleep(left)

    def done(self) -> None:
        """Count the second from the end of a request, however long it took."""
        self._free_at = self._clock() + _GAP


class _Known:
    """What is known of the pages asked for before, kept beside the manifest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._pages: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._pages = {}
        except ValueError as error:
            raise ReleaseError(
                f"it is damaged ({error}).",
                file=path,
                hint="Remove it: every page is then asked for once more.",
            ) from None

    def asked(self, urn: str) -> str:
        """Return when a page was last asked for; what never was comes first."""
        return str(self._pages.get(urn, {}).get("asked", ""))

    def of(self, urn: str) -> dict[str, Any]:
        return self._pages.get(urn, {})

    def keep(self, urn: str, facts: dict[str, Any]) -> None:
        self._pages[urn] = facts

    def save(self) -> None:
        write_text(self._path, json.dumps(self._pages, indent=1, sort_keys=True) + "\n")


class _Visitor:
    """Asks for a home's page and for the reports on it that are not held."""

    def __init__(
        self, loader: Downloader, shelf: Shelf, known: _Known, summary: ReportsSummary, pace: _Pace
    ) -> None:
        self._loader = loader
        self._shelf = shelf
        self._known = known
        self._summary = summary
        self._pace = pace
        self._held = {held.period for held in shelf.held() if held.series == SERIES}
        self._robots: dict[str, RobotFileParser] = {}
        self._failures = 0
        publication = next(item for item in load_catalogue() if item.ask == "report pages")
        self._publisher, self._licence = publication.publisher, publication.licence

    def visit(self, urn: str) -> None:
        try:
            reports = self._read_page(urn)
            self._summary.n_listed += len(reports)
            for report in reports:
                self._take(urn, report)
        except (UnreachableError, _StoppedError):
            raise
        except ReleaseError as error:
            if isinstance(error, StatusError) and error.status in _STOPPED_BY:
                raise _StoppedError(_stop(error.status)) from None
            self._summary.failed[urn] = str(error)
            self._failures += 1
            if self._failures == _MOST_FAILURES:
                raise _StoppedError(
                    f"{_MOST_FAILURES} homes one after another failed: the site is in trouble. Try later."
                ) from None
        else:
            self._failures = 0

    def _read_page(self, urn: str) -> list[ReportFile]:
        url = f"{_SITE}/provider/{_HOMES}/{urn}"
        before = self._known.of(urn)
        self._obey(url)
        self._summary.n_asked += 1
        self._pace.wait()
        try:
            answer = self._loader.get(
                url,
                accept="text/html",
                statuses=(200, 304, 404, *_STOPPED_BY),
                etag=before.get("etag"),
                last_modified=before.get("last_modified"),
                never_again=_STOPPED_BY,
            )
        finally:
            self._pace.done()
        if answer.status in _STOPPED_BY:
            raise _StoppedError(_stop(answer.status))
        if answer.status == 404:
            self._summary.missing.append(urn)
            self._known.keep(urn, {"asked": _now(), "reports": []})
            return []
        if answer.status == 304:
            self._summary.n_unchanged += 1
            reports = [ReportFile(**facts) for facts in before.get("reports", ())]
            self._known.keep(urn, {**before, "asked": _now()})
            return reports
        reports = read_timeline(answer.text, url)
        self._known.keep(
            urn,
            {
                "asked": _now(),
                "etag": answer.headers.get("etag"),
                "last_modified": answer.headers.get("last-modified"),
                "reports": [asdict(report) for report in reports],
            },
        )
        return reports

    def _take(self, urn: str, report: ReportFile) -> None:
        period = f"{urn.lower()}-{report.number}"
        if period in self._held:
            self._summary.n_held += 1
            return
        self._obey(report.url)
        wanted = Wanted(
            series=SERIES,
            period=period,
            url=report.url,
            page=f"{_SITE}/provider/{_HOMES}/{urn}",
            title=f"Inspection report, {report.kind}, home {urn}",
            publisher=self._publisher,
            licence=self._licence,
            published=report.published,
            media_type="application/pdf",
            extension="pdf",
            size=None,
            hosts=PUBLISHER_HOSTS["report pages"],
        )
        self._pace.wait()
        try:
            self._loader.download(wanted, self._shelf)
        finally:
            self._pace.done()
        self._held.add(period)
        self._summary.n_new += 1

    def _obey(self, url: str) -> None:
        """Refuse what a host's robots.txt forbids; a host without one forbids nothing."""
        host = str(urlsplit(url).hostname)
        if host not in self._robots:
            self._pace.wait()
            try:
                answer = self._loader.get(
                    f"https://{host}/robots.txt",
                    statuses=(200, 404, 410, *_STOPPED_BY),
                    never_again=_STOPPED_BY,
                )
            finally:
                self._pace.done()
            if answer.status in _STOPPED_BY:
                raise _StoppedError(_stop(answer.status))
            rules = RobotFileParser()
            rules.parse(answer.text.splitlines() if answer.status == 200 else [])
            self._robots[host] = rules
        if not self._robots[host].can_fetch("ofsight", url):
            raise _StoppedError(f"robots.txt of {host} does not allow this; nothing more was asked.")


def _stop(status: int) -> str:
    return (
        f"the site answers {status}: it does not want to be asked any more. Wait a day before the next run."
    )


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
