"""Which addresses may be asked: https, the catalogue's hosts, nothing that a server could talk us into."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import unquote

import httpx

from ofsight.releases.refusals import RefusedError

__all__ = ["check_address", "check_redirect", "is_loopback", "name_in"]

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST: Final = 2048
_LONGEST_NAME: Final = 120
_SEPARATORS: Final = '/\\:*?"<>|'


def is_loopback(address: httpx.URL) -> bool:
    """Whether an address is on this machine, by its host as written."""
    return address.host in _LOOPBACK


def check_address(url: str, hosts: Collection[str], *, allow_loopback: bool = False) -> httpx.URL:
    """Return an address that may be asked.

    Parameters
    ----------
    url : str
        The address.
    hosts : collection of str
        The hosts allowed, in small letters; no host stands for those below it.
    allow_loopback : bool
        Whether this machine may be asked too, over http: for tests and developers.

    Raises
    ------
    RefusedError
        When it is not https, of another host or port, or carries a name and password.
    """
    shown = url if len(url) <= _LONGEST_NAME else f"{url[:_LONGEST_NAME]}…"
    if len(url) > _LONGEST:
        raise RefusedError(f"the address is {len(url):,} letters long.", file=shown, hint=_HINT)
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise RefusedError(f"this is no address ({error}).", file=shown, hint=_HINT) from None
    if address.userinfo:
        # Not shown: what stands there may be a password.
        raise RefusedError("the address carries a name or password.", file=address.host, hint=_HINT)
    if allow_loopback and is_loopback(address) and address.scheme in ("http", "https"):
        return address
    if address.scheme != "https":
        said = address.scheme or "no scheme"
        raise RefusedError(f"only https is asked, and this is {said}.", file=shown, hint=_HINT)
    if address.host not in hosts:
        raise RefusedError(
            f"'{address.host}' is none of the publishers' hosts ({', '.join(sorted(hosts))}).",
            file=shown,
            hint=_HINT,
        )
    if address.port not in (None, 443):
        raise RefusedError(f"port {address.port} is asked of no publisher.", file=shown, hint=_HINT)
    return address


def check_redirect(
    came_from: httpx.URL, location: str, hosts: Collection[str], *, allow_loopback: bool = False
) -> httpx.URL:
    """Return the address that a server sends us on to, if it may be asked.

    Raises
    ------
    RefusedError
        As `check_address` does, and when a publisher leads to this machine, whatever is allowed.
    """
    try:
        target = str(came_from.join(location))
        return check_address(target, hosts, allow_loopback=allow_loopback and is_loopback(came_from))
    except RefusedError as error:
        raise RefusedError(
            f"it leads on to what is not asked: {error.problem}", file=str(came_from), hint=error.hint
        ) from None
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise RefusedError(
            f"it leads on to what is no address ({error}).", file=str(came_from), hint=_HINT
        ) from None


_HINT: Final = (
    "Nothing was asked of it. If the publisher has moved, correct the catalogue; if you trust the file, "
    "download it yourself and give it to: ofsight add"
)


def name_in(address: httpx.URL | str) -> str | None:
    """Return what an address calls its file, for readers to show; None where it is no name of a file.

    It never becomes part of a path: what cannot be printed, and every separator, is left out.
    """
    path = address.path if isinstance(address, httpx.URL) else address
    last = unquote(path.split("?")[0].split("#")[0]).replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if letter.isprintable() and letter not in '/\\:*?"<>|').strip(
        ". "
    )
    stem, dot, ending = plain.rpartition(".")
    if not dot or not stem or not (1 <= len(ending) <= 8 and ending.isalnum()):
        return None
    return f"{stem[:_LONGEST_NAME]}.{ending}"
