"""The pages by subject. Each module offers its questions on a `ofsight.web.offer.Site`."""

from __future__ import annotations

from ofsight.web import api
from ofsight.web.offer import Site
from ofsight.web.pages import about, areas, data, homes, owners, planning, search, service, start, study

__all__ = ["add_questions"]


def add_questions(site: Site) -> None:
    """Offer every question; the order matters where one address could be meant by two."""
    for subject in (service, api, start, search, planning, areas, owners, homes, study, data, about):
        subject.offer(site)
