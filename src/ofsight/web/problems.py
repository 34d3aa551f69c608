"""What goes wrong on the web, in one shape: a page for people, ``application/problem+json`` for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ofsight.errors import OfsightError

__all__ = ["PROBLEM_JSON", "Refusal", "problem_body", "title_of"]

PROBLEM_JSON = "application/problem+json"

_TITLES: Mapping[int, str] = {
    404: "There is nothing at this address",
    405: "This service only answers GET and HEAD",
    414: "The address is too long",
    422: "A part of the address cannot be meant",
    429: "Too many requests at once",
    500: "Something went wrong on our side",
    503: "The explorer has nothing to show yet",
}


class Refusal(OfsightError):
    """A request that cannot be answered, and what would be allowed.

    Parameters
    ----------
    status : int
        404 for a thing that is not there, 422 for words that cannot be meant.
    detail : str
        What is wrong and what to do next.
    near : sequence of (str, str)
        Labels and addresses of what may have been meant.
    """

    def __init__(self, status: int, detail: str, near: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.near = tuple(near)


def title_of(status: int) -> str:
    """Return what a status means, in plain words."""
    if status in _TITLES:
        return _TITLES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "The request cannot be answered"


def problem_body(
    status: int,
    detail: str,
    *,
    instance: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    near: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a problem (RFC 9457) as JSON.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        What is wrong here.
    instance : str
        The address that was asked for.
    errors : sequence of mapping
        Which parameters are at fault: ``where``, ``problem``.
    near : sequence of (str, str)
        What may have been meant.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "detail": detail,
    }
    if instance:
        body["instance"] = instance
    if errors:
        body["errors"] = [dict(error) for error in errors]
    if near:
        body["suggestions"] = [{"label": label, "address": address} for label, address in near]
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
