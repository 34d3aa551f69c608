"""One question to one server: redirects followed by hand, bodies unpacked within limits, faults told apart.

Nothing here decides to ask again; `ofsight.releases.download` does.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import httpx

from ofsight.releases.addresses import check_address, check_redirect
from ofsight.releases.guard import ContentLimits
from ofsight.releases.refusals import ContentError, RefusedError, UnreachableError

__all__ = ["Limits", "PassingError", "Wire", "user_agent", "body_pieces"]

_PIECE: Final = 1 << 16
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PROJECT: Final = "https://github.com/ofsight/ofsight"
CONTACT: Final = "OFSIGHT_CONTACT"


def user_agent() -> str:
    """Return who asks and where to complain; `OFSIGHT_CONTACT` adds who runs this copy."""
    contact = os.environ.get(CONTACT, "")
    plain = "".join(letter for letter in contact if letter.isascii() and letter.isprintable())[:100]
    try:
        edition = version("ofsight")
    except PackageNotFoundError:
        edition = "0"  # run from a copy of the source that was never installed
    return f"ofsight/{edition} (+{_PROJECT}; complaints: {_PROJECT}/issues{'; ' + plain if plain else ''})"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, how often to ask, how much to take.

    Attributes
    ----------
    connect, silence : float
        Seconds to wait for a connection, and for the next bytes on it.
    seconds : float
        Seconds for one file or answer, however steadily its bytes drip.
    attempts : int
        How often to ask for one thing.
    connections : int
        How often to ask a host that cannot be reached at all: offline is told soon.
    wait_initial, wait_max, wait_jitter : float
        Seconds between attempts: doubled each time, a random part added.
    longest_wait : float
        Seconds; a server that asks for a longer pause is left alone.
    all_attempts : float
        Seconds after which no further attempt is made.
    redirects : int
        How often one question is led on.
    answer : int
        Bytes of an answer that is not a file: a page, JSON.
    content : ContentLimits
        Of files.
    """

    connect: float = 10.0
    silence: float = 30.0
    seconds: float = 1800.0
    attempts: int = 5
    connections: int = 3
    wait_initial: float = 1.0
    wait_max: float = 60.0
    wait_jitter: float = 1.0
    longest_wait: float = 120.0
    all_attempts: float = 900.0
    redirects: int = 5
    answer: int = 50_000_000
    content: ContentLimits = field(default_factory=ContentLimits)


class PassingError(Exception):
    """A fault that may have passed when one asks again.

    Attributes
    ----------
    wait : float or None
        Seconds that the server asks to wait; None for our own choice.
    unreachable : bool
        Whether the server could not be reached at all.
    status : int or None
        The answer's status.
    text : str
        The answer's beginning.
    """

    def __init__(
        self,
        problem: str,
        *,
        wait: float | None = None,
        unreachable: bool = False,
        status: int | None = None,
        text: str = "",
    ) -> None:
        super().__init__(problem)
        self.wait = wait
        self.unreachable = unreachable
        self.status = status
        self.text = text


class Wire:
    """Asks one server at a time for one thing.

    Parameters
    ----------
    client : httpx.Client
        Who asks.
    allow_loopback : bool
        Whether this machine may be asked, over http.
    gap : float
        The least number of seconds between two questions to one host.
    sleep, clock : callable
        How to wait, and by which clock.
    """

    def __init__(
        self,
        client: httpx.Client,
        limits: Limits,
        *,
        allow_loopback: bool,
        gap: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._limits = limits
        self._allow_loopback = allow_loopback
        self._gap = gap
        self._sleep = sleep
        self._clock = clock
        self._turns: dict[str, float] = {}
        self._turn = threading.Lock()

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str], hosts: Collection[str]) -> Iterator[httpx.Response]:
        """Ask, and give the answer with its body still on the wire.

        Raises
        ------
        RefusedError
            When the address, or one that it leads to, is none that may be asked.
        PassingError
            When the connection fails, here or in the block that reads the body.
        UnreachableError
            When the server's certificate is not trusted.
        """
        address = check_address(url, hosts, allow_loopback=self._allow_loopback)
        with _faults_told(url):
            for _ in range(self._limits.redirects + 1):
                self._wait_for_turn(address.host)
                limits = self._limits
                request = self._client.build_request(
                    "GET",
                    address,
                    headers={"User-Agent": user_agent(), **headers},
                    timeout=httpx.Timeout(limits.silence, connect=limits.connect, pool=limits.connect),
                )
                response = self._client.send(request, stream=True, follow_redirects=False)
                try:
                    location = response.headers.get("location")
                    if response.status_code not in _REDIRECTS or location is None:
                        yield response
                        return
                finally:
                    response.close()
                address = check_redirect(address, location, hosts, allow_loopback=self._allow_loopback)
        raise RefusedError(
            f"it leads on more than {self._limits.redirects} times.",
            file=url,
            hint="Open the address in a browser, and correct the catalogue.",
        )

    def _wait_for_turn(self, host: str) -> None:
        """Keep the gap between two questions to one host, over all threads."""
        with self._turn:
            now = self._clock()
            turn = max(now, self._turns.get(host, now - self._gap) + self._gap)
            self._turns[host] = turn
        if turn > now:
            self._sleep(turn - now)


@contextmanager
def _faults_told(url: str) -> Iterator[None]:
    """Turn what the network does into faults that pass and faults that do not."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        if _has(error, ssl.SSLCertVerificationError):
            raise UnreachableError(
                f"its certificate is not trusted ({error}).",
                file=url,
                hint="Where your network looks into https, name its certificates in SSL_CERT_FILE.",
            ) from None
        raise PassingError(f"it cannot be reached ({_said(error)})", unreachable=True) from error
    except httpx.TimeoutException as error:
        raise PassingError(f"it fell silent ({_said(error)})") from error
    except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
        # httpx works out where a redirect leads before anybody follows it, and calls this a broken protocol.
        if "location header" in str(error):
            raise _leads_nowhere(error, url) from None
        raise PassingError(f"the connection broke off ({_said(error)})") from error
    except (httpx.InvalidURL, UnicodeError) as error:  # of a host, by the rules of international names
        raise _leads_nowhere(error, url) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise RefusedError(f"it cannot be asked ({_said(error)}).", file=url) from None


def _leads_nowhere(error: Exception, url: str) -> RefusedError:
    return RefusedError(
        f"it leads on to what is no address ({_said(error)}).",
        file=url,
        hint="Open the address in a browser, and correct the catalogue.",
    )


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _has(error: BaseException | None, kind: type[BaseException]) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, kind):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def body_pieces(response: httpx.Response, limit: int, where: str) -> Iterator[bytes]:
    """Give a body piece by piece, unpacked, and never more than the limit of it.

    Parameters
    ----------
    response : httpx.Response
        The answer, its body unread.
    limit : int
        Bytes, unpacked.
    where : str
        Its address, for messages.

    Raises
    ------
    ContentError
        When it is longer, or packed in a way that we did not ask for.
    PassingError
        When what is packed breaks off.
    """
    total = 0
    for piece in _unpacked(response, where):
        total += len(piece)
        if total > limit:
            raise ContentError(
                f"more than {limit / 1e6:,.0f} MB came, and that is the limit.",
                file=where,
                hint="Nothing of it was kept. No release is so large; check where the address leads.",
            )
        yield piece


def _unpacked(response: httpx.Response, where: str) -> Iterator[bytes]:
    if response.is_stream_consumed:  # a test's answer that came whole, and unpacked
        yield response.content
        return
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in ("", "identity"):
        # As it comes: what is held back to fill a piece is lost when the connection breaks off.
        yield from response.iter_raw()
    elif response.status_code in (204, 304):
        return  # without a body, however the headers say that one would be packed
    elif packing in ("gzip", "x-gzip", "deflate"):
        yield from _inflate(response.iter_raw(), packing, where)
    else:
        raise ContentError(f"it is packed as '{packing[:40]}', which was not asked for.", file=where)


def _inflate(pieces: Iterator[bytes], packing: str, where: str) -> Iterator[bytes]:
    """Unpack gzip or deflate a bounded piece at a time: a small body may stand for any number of bytes."""
    bits = zlib.MAX_WBITS if packing == "deflate" else zlib.MAX_WBITS | 16
    inflater = zlib.decompressobj(bits)
    try:
        for packed in pieces:
            while packed:
                if inflater.eof:  # gzip may be several, one behind the other
                    inflater = zlib.decompressobj(bits)
                yield inflater.decompress(packed, _PIECE)
                packed = inflater.unconsumed_tail or inflater.unused_data
            while not inflater.eof and (rest := inflater.decompress(b"", _PIECE)):
                yield rest
    except zlib.error as error:
        raise ContentError(f"it is packed, and damaged ({error}).", file=where) from None
    if not inflater.eof:
        raise PassingError("the packed body broke off")
