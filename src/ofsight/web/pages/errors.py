"""Refusals as pages and as problems: by the address that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ofsight.web.problems import PROBLEM_JSON, problem_body, title_of
from ofsight.web.render import render

__all__ = ["refuse"]


def refuse(
    path: str,
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    near: Sequence[tuple[str, str]] = (),
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body of a refusal.

    Parameters
    ----------
    path : str
        The address: below ``/api/`` the answer is a problem in JSON, else a page.
    status : int
        The HTTP status.
    detail : str
        What is wrong and what to do next; shown as it is, escaped.
    errors, near
        As `ofsight.web.problems.problem_body` takes them.
    """
    if path.startswith("/api/"):
        body = problem_body(status, detail, instance=path[:300], errors=errors, near=near)
        return [(b"content-type", PROBLEM_JSON.encode())], body
    page = render(
        "refusal.html.j2",
        sources=None,
        path="",
        status=status,
        title=title_of(status),
        detail=detail,
        near=near,
    )
    return [(b"content-type", b"text/html; charset=utf-8")], page.encode("utf-8", "replace")
