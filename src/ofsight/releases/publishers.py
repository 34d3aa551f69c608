"""Who asks the publishers, and the one way in which a test or a developer may stand in for them.

`OFSIGHT_PUBLISHERS` names, as a JSON object, publishers' hosts and the address on this machine that answers
in their place: ``{"www.gov.uk": "http://127.0.0.1:8000"}``. Nothing but a loopback address is taken.
Addresses, redirects and everything that is kept speak of the publishers' hosts, as if they had answered.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from typing import Any, Final

import httpx

from ofsight.errors import UsageError
from ofsight.releases.download import Downloader
from ofsight.releases.wire import Limits

__all__ = ["STAND_INS", "StandInTransport", "open_downloader", "read_stand_ins"]

STAND_INS: Final = "OFSIGHT_PUBLISHERS"


def open_downloader(
    hosts: tuple[str, ...], *, limits: Limits | None = None, client: httpx.Client | None = None, **how: Any
) -> Downloader:
    """Return who asks these hosts and no others.

    Parameters
    ----------
    hosts : tuple of str
        The publishers' hosts.
    limits : Limits, optional
        How long to wait, how often to ask.
    client : httpx.Client, optional
        In place of our own, and of what `OFSIGHT_PUBLISHERS` says.
    **how
        More for `Downloader`.

    Raises
    ------
    UsageError
        When `OFSIGHT_PUBLISHERS` cannot be meant.
    """
    stand_ins = read_stand_ins(os.environ.get(STAND_INS)) if client is None else {}
    if not stand_ins:
        return Downloader(client, allowed_hosts=hosts, limits=limits, **how)
    # On this machine nobody has to be spared.
    how.setdefault("gap", 0.0)
    return _StandInDownloader(stand_ins, allowed_hosts=hosts, limits=limits, **how)


class _StandInDownloader(Downloader):
    """Asks stand-ins, over a client of its own."""

    def __init__(self, stand_ins: Mapping[str, httpx.URL], **how: Any) -> None:
        self._stand_in = httpx.Client(transport=StandInTransport(stand_ins), trust_env=False)
        super().__init__(self._stand_in, **how)

    def close(self) -> None:
        """Close the client."""
        super().close()
        self._stand_in.close()


def read_stand_ins(text: str | None) -> dict[str, httpx.URL]:
    """Read the setting; nothing where there is none.

    Raises
    ------
    UsageError
        When it is no JSON object of hosts and loopback addresses.
    """
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{STAND_INS} is no JSON ({error}).{_FORM}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{STAND_INS} is no JSON object.{_FORM}")
    return {str(host).lower(): _address(str(host), target) for host, target in found.items()}


_FORM: Final = ' It is for tests: {"www.gov.uk": "http://127.0.0.1:8000"}; take it out of the environment.'


def _address(host: str, target: Any) -> httpx.URL:
    try:
        url = httpx.URL(target)
        there = ipaddress.ip_address(url.host).is_loopback
    except (httpx.InvalidURL, TypeError, ValueError):
        there = False
    if not there or url.scheme != "http" or url.userinfo or url.path not in ("", "/") or url.query:
        raise UsageError(f"{STAND_INS} puts '{target}' in the place of {host}: no loopback address.{_FORM}")
    return url


class StandInTransport(httpx.BaseTransport):
    """Carries requests for publishers' hosts to addresses on this machine, and no request anywhere else.

    Parameters
    ----------
    stand_ins : mapping of str to URL
        Hosts and where they are.
    """

    def __init__(self, stand_ins: Mapping[str, httpx.URL]) -> None:
        self._stand_ins = dict(stand_ins)
        self._carrier = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request; the header ``Host`` still names the publisher."""
        target = self._stand_ins.get(request.url.host)
        if target is None:
            raise httpx.ConnectError(f"{STAND_INS} names no place of {request.url.host}", request=request)
        carried = httpx.Request(
            request.method,
            request.url.copy_with(scheme="http", host=target.host, port=target.port),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        response = self._carrier.handle_request(carried)
        response.request = request
        return response

    def close(self) -> None:
        """Close the connections."""
        self._carrier.close()
