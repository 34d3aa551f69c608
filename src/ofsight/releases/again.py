"""Asking again: after faults that may have passed, as long as the server asks for, and not for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Final, TypeVar

import httpx
import stamina

from ofsight.errors import ReleaseError
from ofsight.releases.refusals import BrokenOffError, ContentError, StatusError, UnreachableError
from ofsight.releases.versions import http_time
from ofsight.releases.wire import Limits, PassingError, body_pieces

__all__ = ["again_and_again", "conditions", "in_time", "unexpected"]

T = TypeVar("T")

# What may be otherwise in a minute. Of 4xx, only those that say so themselves.
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOLD: Final = 2000
# Without a handler Python would print stamina's notes on the terminal, among the progress.
logging.getLogger("stamina").addHandler(logging.NullHandler())


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Return the headers with which a server sends only what is no longer what we hold.

    What a server called its version in letters that no header may hold is not sent back.
    """
    named = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in named.items() if value and value.isascii() and value.isprintable()}


def again_and_again(act: Callable[[], T], url: str, limits: Limits) -> T:
    """Act, and act again after each fault that may have passed.

    Parameters
    ----------
    act : callable
        What to do; it raises `PassingError` where doing it again may help.
    url : str
        What is asked for, for the message.
    limits : Limits
        How often, and how long to wait.

    Raises
    ------
    UnreachableError, StatusError, BrokenOffError
        After the last attempt, by what went wrong in it.
    """
    unreached = 0

    def may_pass(error: Exception) -> bool | float:
        nonlocal unreached
        if not isinstance(error, PassingError):
            return False
        unreached += error.unreachable
        if unreached >= limits.connections:
            return False
        return True if error.wait is None else error.wait

    try:
        for attempt in stamina.retry_context(
            on=may_pass,
            attempts=limits.attempts,
            timeout=limits.all_attempts,
            wait_initial=limits.wait_initial,
            wait_max=limits.wait_max,
            wait_jitter=limits.wait_jitter,
        ):
            with attempt:
                return act()
    except PassingError as error:
        raise _given_up(error, url) from None
    raise AssertionError("an attempt ends in an answer or an error")


def unexpected(
    response: httpx.Response, url: str, limits: Limits, never_again: Collection[int] = ()
) -> Exception:
    """Return the error for a status that is no answer: one that may pass, or one that does not."""
    status = response.status_code
    try:
        start = next(body_pieces(response, limits.answer, url), b"")[:_TOLD]
    except (ContentError, PassingError, httpx.HTTPError):
        start = b""
    text = start.decode("utf-8", errors="replace")
    wait = _retry_after(response)
    if status not in _PASSING or status in never_again:
        return StatusError(
            f"the server answers {status}.", status=status, text=text, file=url, hint=_HINTS.get(status)
        )
    if wait is not None and wait > limits.longest_wait:
        return StatusError(
            f"the server answers {status} and asks to be left alone for {wait:,.0f} s.",
            status=status,
            text=text,
            file=url,
            hint="Try again after that.",
        )
    return PassingError(f"the server answers {status}", wait=wait, status=status, text=text)


def in_time(pieces: Iterator[bytes], seconds: float, clock: Callable[[], float], url: str) -> Iterator[bytes]:
    """Pass pieces on, and give up on a server that drips them for ever.

    Raises
    ------
    BrokenOffError
        When it takes longer than that.
    """
    until = clock() + seconds
    for piece in pieces:
        if clock() > until:
            raise BrokenOffError(
                f"it took longer than {seconds:,.0f} s.",
                file=url,
                hint="Try again later: where the server can, it goes on from what came.",
            )
        yield piece


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that a server asks to wait; None where it says nothing that can be read."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    until = http_time(said or None)
    return None if until is None else max(0.0, (until - datetime.now(UTC)).total_seconds())


_HINTS: Final = {
    401: "The publisher asks for a password: open the address in a browser.",
    403: "The publisher does not want to be asked this way. Open the address in a browser; a file that you "
    "have can be given with: ofsight add",
    404: "The publisher has moved or removed it: look for it on its page, and correct the catalogue.",
    410: "The publisher has withdrawn it. What the shelf holds stays there.",
    429: "It was asked too often. Wait an hour.",
}


def _given_up(error: PassingError, url: str) -> ReleaseError:
    """Return the error after the last attempt."""
    if error.unreachable:
        return UnreachableError(
            f"{error}.",
            file=url,
            hint="Check the connection (behind a proxy, HTTPS_PROXY). What the shelf holds can be built "
            "without it.",
        )
    if error.status is not None:
        return StatusError(
            f"{error}, again and again.",
            status=error.status,
            text=error.text,
            file=url,
            hint="The publisher's server is in trouble or busy: try again later.",
        )
    return BrokenOffError(
        f"{error}, again and again.",
        file=url,
        hint="Try again: where the server can, it goes on from what came.",
    )
