"""Synthetic inspection reports with known truth, in the layouts that Ofsted has used since 2012.

They need reportlab, a development dependency, which is imported when the first one is written.
"""

from ofsight.demo.reports.authorities import write_authority
from ofsight.demo.reports.homes import SENTENCES, write_home
from ofsight.demo.reports.texts import (
    AuthorityText,
    HistoryText,
    HomeText,
    People,
    RecommendationText,
    RequirementText,
    Style,
    say_day,
    say_span,
)

__all__ = [
    "SENTENCES",
    "AuthorityText",
    "HistoryText",
    "HomeText",
    "People",
    "RecommendationText",
    "RequirementText",
    "Style",
    "say_day",
    "say_span",
    "write_authority",
    "write_home",
]
