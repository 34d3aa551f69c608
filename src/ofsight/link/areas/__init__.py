"""Local authorities of England with children's services, through time.

What people edit is in ``definitions/codes``: ``authorities.csv`` (one row per authority),
``authority_changes.csv`` (one row per reorganisation) and ``authority_names.csv`` (spellings that
the normaliser cannot reach, and the names that are not authorities). A new reorganisation is one row
of ``authority_changes.csv``.

>>> from ofsight.link.areas import load_areas
>>> areas = load_areas()
>>> areas.find("Bristol, City of").name
'Bristol'
"""

from ofsight.link.areas.authority import Authority, Change, DatedCode
from ofsight.link.areas.lookup import Areas, MatchStatus, load_areas
from ofsight.link.areas.spelling import normalise_authority_name, without_council_words

__all__ = [
    "Areas",
    "Authority",
    "Change",
    "DatedCode",
    "MatchStatus",
    "load_areas",
    "normalise_authority_name",
    "without_council_words",
]
