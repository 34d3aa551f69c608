"""Owners of homes: names as published -> one owner -> group, by date.

``normalise_owner`` folds what does not matter in a name; ``link_owners`` gives every published name an owner,
with the rule and the score; ``load_owner_groups`` says which group an owner belonged to on a day. People edit
``definitions/codes/owner_aliases.csv`` and ``owner_groups.csv``. How good it is: ``docs/owners.md``.

>>> from ofsight.link.owners import normalise_owner
>>> normalise_owner("The Caldecott Foundation Limited")
'caldecott foundation'
"""

from ofsight.link.owners.aliases import load_aliases
from ofsight.link.owners.councils import find_council
from ofsight.link.owners.groups import GroupRow, OwnerGroups, group_on, load_owner_groups
from ofsight.link.owners.likeness import SCORE_AT_LEAST
from ofsight.link.owners.linkage import LINKS, RULES, link_owners
from ofsight.link.owners.naming import company_number, is_withheld, normalise_owner
from ofsight.link.owners.report import chain_sizes, linkage_report, shared_registrations

__all__ = [
    "LINKS",
    "RULES",
    "SCORE_AT_LEAST",
    "GroupRow",
    "OwnerGroups",
    "chain_sizes",
    "company_number",
    "find_council",
    "group_on",
    "is_withheld",
    "link_owners",
    "linkage_report",
    "load_aliases",
    "load_owner_groups",
    "normalise_owner",
    "shared_registrations",
]
