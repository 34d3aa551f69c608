"""One file on its way to the shelf: asked for, gone on with, checked, kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx

from ofsight.errors import ReleaseError
from ofsight.files import hash_file
from ofsight.releases.addresses import name_in
from ofsight.releases.again import again_and_again, conditions, in_time, unexpected
from ofsight.releases.guard import check_file, check_media_type, plain_media_type
from ofsight.releases.partial import Part, PartFacts
from ofsight.releases.refusals import ContentError
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Fetched, Held, Wanted
from ofsight.releases.wire import Limits, PassingError, Wire, body_pieces

__all__ = ["Asking", "Progress", "bring"]

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Asking:
    """How publishers are asked: over which wire, within which limits, which hosts, by which clock."""

    wire: Wire
    limits: Limits
    hosts: frozenset[str]
    clock: Callable[[], float]


def bring(asking: Asking, wanted: Wanted, shelf: Shelf, progress: Progress | None) -> Fetched:
    """Bring a file to the shelf, as `ofsight.releases.download.Downloader.download` tells."""
    with shelf.reserved(wanted.series, wanted.period) as place:
        known = shelf.last_fetched(wanted.series, wanted.period)
        if known is not None and (known.url != wanted.url or shelf.fault(known) is not None):
            known = None
        return _Fetching(asking, wanted, shelf, Part(place), known, progress).run()


class _Fetching:
    """One file on its way to the shelf."""

    def __init__(
        self,
        asking: Asking,
        wanted: Wanted,
        shelf: Shelf,
        part: Part,
        known: Held | None,
        progress: Progress | None,
    ) -> None:
        self._asking = asking
        self._limits = asking.limits
        self._wanted = wanted
        self._shelf = shelf
        self._part = part
        self._known = known
        self._progress = progress
        self._hosts = frozenset(wanted.hosts) & asking.hosts
        self._received = 0
        self._resumed = 0

    def run(self) -> Fetched:
        """Fetch it; when what was gone on with turns out to be spliced wrongly, once more from the start."""
        wanted = self._wanted
        while True:
            facts = again_and_again(self._attempt, wanted.url, self._limits)
            if facts is None:
                return self._unchanged()
            try:
                check_file(self._part.path, wanted.extension, wanted.url, self._limits.content)
            except ContentError:
                self._part.discard()
                if not self._resumed:
                    raise
                self._resumed = 0
                continue
            return self._keep(facts)

    def _attempt(self) -> PartFacts | None:
        """Ask once. None says that the version on the shelf is the one that is published."""
        begun = self._part.facts(self._wanted.url)
        offset = self._part.size if begun is not None else 0
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        known = self._known
        if begun is not None and begun.validator is not None:
            headers |= {"Range": f"bytes={offset}-", "If-Range": begun.validator}
        elif known is not None:
            headers |= conditions(known.etag, known.last_modified)
        url = self._wanted.url
        with self._asking.wire.open(url, headers, self._hosts) as response:
            status = response.status_code
            if status == 304 and known is not None and "Range" not in headers:
                return None
            if status in (206, 416) and begun is not None:
                if status == 416 or not self._part.goes_on(begun, response):
                    self._part.discard()
                    raise PassingError("it does not go on with what was begun", wait=0.0, status=status)
                facts, self._resumed = begun, offset
            elif status == 200:
                check_media_type(
                    plain_media_type(response.headers.get("content-type")), self._wanted.extension, url
                )
                facts, offset, self._resumed = PartFacts.of(url, response), 0, 0
                self._refuse_too_large(facts)
                self._part.begin(facts)
            else:
                raise unexpected(response, url, self._limits)
            self._write(response, facts, offset)
        return facts

    def _refuse_too_large(self, facts: PartFacts) -> None:
        """Refuse before the first byte what is said to be too large, or has no room."""
        said = facts.total or 0
        limit = self._limits.content.file
        if said > limit:
            raise ContentError(
                f"the file has {said / 1e6:,.0f} MB; {limit / 1e6:,.0f} MB are allowed.",
                file=facts.url,
                hint="No release is so large; check where the address leads.",
            )
        free = shutil.disk_usage(self._shelf.path).free
        if said > free:
            raise ReleaseError(
                f"the disk is full: the file has {said / 1e6:,.1f} MB and {free / 1e6:,.1f} MB are free.",
                file=self._shelf.path,
                hint="What was held is as it was. Make room, or choose a shelf on another disk.",
            )

    def _write(self, response: httpx.Response, facts: PartFacts, offset: int) -> None:
        url = self._wanted.url
        expected = facts.total if facts.total is not None else self._wanted.size
        # An answer with neither length nor frames ends where the connection does, wherever that is.
        framed = not response.headers.keys().isdisjoint({"transfer-encoding", "content-encoding"})
        pieces = body_pieces(response, self._limits.content.file - offset, url)
        done = offset
        self._tell(done, expected)
        with self._disk_full_frees(), self._part.path.open("ab" if offset else "wb") as handle:
            for piece in in_time(pieces, self._limits.seconds, self._asking.clock, url):
                handle.write(piece)
                done += len(piece)
                self._received += len(piece)
                self._tell(done, expected)
        if facts.total is not None and done > facts.total:
            self._part.discard()
            raise PassingError(f"{done:,} bytes came of {facts.total:,}", wait=0.0)
        if expected is not None and done < expected and not (facts.total is None and framed):
            raise PassingError(f"it broke off after {done:,} of {expected:,} bytes")

    def _tell(self, done: int, of: int | None) -> None:
        if self._progress is not None:
            self._progress(done, of)

    @contextmanager
    def _disk_full_frees(self) -> Iterator[None]:
        """Give back the room that a download took which filled the disk."""
        try:
            yield
        except OSError:
            self._part.discard()
            raise

    def _keep(self, facts: PartFacts) -> Fetched:
        wanted = self._wanted
        sha256 = hash_file(self._part.path)
        held = Held(
            series=wanted.series,
            period=wanted.period,
            file=f"{wanted.series}/{wanted.period}/{sha256}.{wanted.extension}",
            sha256=sha256,
            size=self._part.size,
            origin="fetched",
            url=wanted.url,
            page=wanted.page,
            retrieved=_now(),
            published=wanted.published,
            last_modified=facts.last_modified,
            etag=facts.etag,
            media_type=plain_media_type(facts.media_type),
            title=wanted.title,
            publisher=wanted.publisher,
            licence=wanted.licence,
            name=name_in(wanted.url),
        )
        kept, status = self._shelf.hold(self._part.path, held)
        self._part.forget()
        return Fetched(kept, status, self._received, self._resumed)

    def _unchanged(self) -> Fetched:
        """Keep what the catalogue says anew of a version whose bytes did not have to come."""
        assert self._known is not None
        wanted = self._wanted
        told = replace(
            self._known,
            page=wanted.page,
            retrieved=_now(),
            published=wanted.published or self._known.published,
            title=wanted.title,
            publisher=wanted.publisher,
            licence=wanted.licence,
        )
        return Fetched(self._shelf.note(told), "unchanged", self._received, 0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
