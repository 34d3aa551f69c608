"""Fetching, politely: asked again where a fault may have passed, gone on with where it broke off, kept whole.

What a publisher's server says is believed only as far as it was asked: which hosts, what kind of file and how
much of it are the catalogue's to say (`ofsight.releases.wanted.Wanted`).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import httpx

from ofsight.releases.again import again_and_again, conditions, in_time, unexpected
from ofsight.releases.fetching import Asking, Progress, bring
from ofsight.releases.refusals import ContentError
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Fetched, Wanted
from ofsight.releases.wire import Limits, Wire, body_pieces

__all__ = ["Answer", "Downloader", "Limits", "Progress"]

# Python knows encodings that take hours over a page, or fail; pages of publishers use these.
_ENCODINGS: Final = {
    **dict.fromkeys(("iso-8859-1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    "utf-16": "utf-16",
}
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no file.

    Attributes
    ----------
    status : int
        Its status, one of those asked for.
    url : str
        The address that answered, at the end of what was led on.
    headers : dict of str to str
        Names in small letters.
    content : bytes
        Its body, unpacked.
    """

    status: int
    url: str
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text, in the encoding that the server names or UTF-8; what is no text is replaced."""
        _, _, said = self.headers.get("content-type", "").lower().partition("charset=")
        encoding = _ENCODINGS.get(said.split(";")[0].strip(" \"'"), "utf-8-sig")
        return self.content.decode(encoding, errors="replace")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises
        ------
        ContentError
            When it is none.
        """
        try:
            data = json.loads(self.content)
            if _HALF.search(self.content):
                # Half a character cannot be kept, shown or sent on: it is replaced.
                text = json.dumps(data, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
                data = json.loads(text.decode("utf-16-le", "replace"))
            return data
        except (ValueError, RecursionError) as error:
            raise ContentError(
                f"the server should answer in JSON, and does not ({error}).",
                file=self.url,
                hint="It may be down, or a network's sign-in page answers for it. Try again later.",
            ) from None


class Downloader:
    """Asks the publishers.

    Parameters
    ----------
    client : httpx.Client, optional
        Who asks; without it, one of our own, closed by `close`.
    allowed_hosts : collection of str
        The publishers' hosts; nobody else is asked, whoever leads there.
    limits : Limits, optional
        How long to wait, how often to ask, how much to take.
    allow_loopback : bool
        Whether addresses on this machine may be asked, over http: for tests and developers only.
    gap : float
        The least number of seconds between two questions to one host. GOV.UK allows ten a second.
    sleep, clock : callable
        How to wait for one's turn, and by which clock. Waits between attempts are stamina's.
    """

    def __init__(
        self,
        client: httpx.Client | None = None,
        *,
        allowed_hosts: Collection[str],
        limits: Limits | None = None,
        allow_loopback: bool = False,
        gap: float = 0.1,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        self.allowed_hosts = frozenset(allowed_hosts)
        self._own = client is None
        self._client = httpx.Client() if client is None else client
        self._clock = clock
        self._wire = Wire(
            self._client, self.limits, allow_loopback=allow_loopback, gap=gap, sleep=sleep, clock=clock
        )

    def __enter__(self) -> Downloader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close our own client; one that was given is the giver's to close."""
        if self._own:
            self._client.close()

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        statuses: Collection[int] = (200,),
        etag: str | None = None,
        last_modified: str | None = None,
        never_again: Collection[int] = (),
    ) -> Answer:
        """Ask for what is no file of the shelf: a page, an API's answer.

        Parameters
        ----------
        url : str
            The address.
        accept : str
            The kind of answer wanted.
        statuses : collection of int
            Statuses that are an answer; every other is an error.
        etag, last_modified : str, optional
            What is held of it already: with 304 among `statuses`, an answer without a body says that
            nothing changed.
        never_again : collection of int
            Statuses after which the server is not asked again, though they may pass: a 429 of a host that
            is to be left alone.

        Raises
        ------
        RefusedError
            When the address is none that may be asked.
        UnreachableError, BrokenOffError
            When the network fails, after several attempts.
        StatusError
            When the status is none of those.
        ContentError
            When the answer is longer than allowed.
        """
        headers = {"Accept": accept, "Accept-Encoding": "gzip", **conditions(etag, last_modified)}

        def ask() -> Answer:
            with self._wire.open(url, headers, self.allowed_hosts) as response:
                if response.status_code not in statuses:
                    raise unexpected(response, url, self.limits, never_again)
                pieces = body_pieces(response, self.limits.answer, url)
                content = b"".join(in_time(pieces, self.limits.seconds, self._clock, url))
                return Answer(
                    response.status_code, str(response.url), dict(response.headers.items()), content
                )

        return again_and_again(ask, url, self.limits)

    def get_json(self, url: str) -> Any:
        """Return the JSON of an address that answers 200; else an error as in `get`."""
        return self.get(url, accept="application/json").json()

    def get_text(self, url: str) -> str:
        """Return the text of an address that answers 200; else an error as in `get`."""
        return self.get(url).text

    def download(self, wanted: Wanted, shelf: Shelf, *, progress: Progress | None = None) -> Fetched:
        """Bring a file to the shelf, unless the version there is the one that is published.

        Parameters
        ----------
        wanted : Wanted
            The file.
        shelf : Shelf
            Where to keep it.
        progress : callable, optional
            Called with the bytes that are there and, where it is known, how many there will be.

        Returns
        -------
        Fetched
            The version that stands now, and whether it is new.

        Raises
        ------
        RefusedError, UnreachableError, BrokenOffError, StatusError, ContentError
            As in `get`, and when the bytes are not of the kind wanted. The shelf is as it was.
        ReleaseError
            When the disk is full, or another process does not let go of this file.
        """
        asking = Asking(self._wire, self.limits, self.allowed_hosts, self._clock)
        return bring(asking, wanted, shelf, progress)
