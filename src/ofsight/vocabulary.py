"""The words of the domain, each as one ordered list of values.

The values are the labels that Ofsted prints today, so that an analyst finds in the dataset what stands in
the release. Every spelling that has been met is listed in ``definitions/spellings.yaml``.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import polars as pl

__all__ = [
    "Domain",
    "Effectiveness",
    "Framework",
    "Grade",
    "InspectionType",
    "ProvisionType",
    "Sector",
    "enum_type",
    "framework_on",
]


class Grade(StrEnum):
    """A judgement's grade, worst first. Ordered, never averaged."""

    INADEQUATE = "Inadequate"
    REQUIRES_IMPROVEMENT = "Requires improvement to be good"
    GOOD = "Good"
    OUTSTANDING = "Outstanding"


class Domain(StrEnum):
    """What a judgement is about."""

    OVERALL = "overall"
    PROTECTION = "protection"
    LEADERSHIP = "leadership"

    @property
    def label(self) -> str:
        """The domain as a reader of reports knows it."""
        return {
            "overall": "Overall experiences and progress",
            "protection": "How well children are helped and protected",
            "leadership": "Effectiveness of leaders and managers",
        }[self.value]


class Sector(StrEnum):
    """Who runs the home. The first is the reference of every comparison."""

    LOCAL_AUTHORITY = "Local Authority"
    PRIVATE = "Private"
    VOLUNTARY = "Voluntary"

    @property
    def label(self) -> str:
        """The sector in a reader's words."""
        return {
            "Local Authority": "Local authority",
            "Private": "For-profit",
            "Voluntary": "Third sector",
        }[self.value]

    @property
    def key(self) -> str:
        """The sector as it stands in identifiers: ``private``."""
        return self.value.lower().replace(" ", "_")


class InspectionType(StrEnum):
    """What kind of visit an inspection was, the most searching first."""

    FULL = "Full inspection"
    EMERGENCY = "Emergency inspection"
    INTERIM = "Interim inspection"
    ASSURANCE = "Assurance visit"
    MONITORING = "Monitoring inspection"


class Effectiveness(StrEnum):
    """The judgement of an interim inspection (to March 2020)."""

    DECLINED = "Declined effectiveness"
    SUSTAINED = "Sustained effectiveness"
    IMPROVED = "Improved effectiveness"


class ProvisionType(StrEnum):
    """The kinds of setting that Ofsted counts as children's homes."""

    CHILDRENS_HOME = "Children's home"
    SECURE = "Secure children's home"
    RESIDENTIAL_SPECIAL_SCHOOL = "Residential special school (registered as a children's home)"


class Framework(StrEnum):
    """Under which framework an inspection was made: decided by its first day."""

    BEFORE_2014 = "before April 2014"
    APRIL_2014 = "April 2014"
    APRIL_2015 = "April 2015"
    SCCIF = "SCCIF"


_FRAMEWORK_STARTS = (
    (date(2017, 4, 1), Framework.SCCIF),
    (date(2015, 4, 1), Framework.APRIL_2015),
    (date(2014, 4, 1), Framework.APRIL_2014),
)


def framework_on(day: date) -> Framework:
    """Return the framework in force for children's homes on a day."""
    return next((name for start, name in _FRAMEWORK_STARTS if day >= start), Framework.BEFORE_2014)


def enum_type(words: type[StrEnum]) -> pl.Enum:
    """Return the polars type of one of the vocabularies, its order kept."""
    return pl.Enum([word.value for word in words])
