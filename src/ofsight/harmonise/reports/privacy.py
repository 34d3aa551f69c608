"""The names in a report: learnt where the layout puts them, and taken out of everything that is kept.

Reports name inspectors, managers, responsible individuals, directors and signatories. They are personal
data and nothing here needs them. The pages that carry them are read only to know what to remove.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ofsight.harmonise.reports.layout import plain
from ofsight.harmonise.reports.pages import Line

__all__ = ["REMOVED", "Names", "learn_names"]

REMOVED = "[name removed]"

_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof(?:essor)?|Sir|Dame|Lord|Lady|Cllr|Councillor|Rev(?:erend)?)\.?"
_PART = r"(?:(?:d'|O'|Mc|Mac|de |van |von |der |la |le |al-|bin |bint )*[A-Z][\w'\-]*\.?)"
_NAME = rf"(?:{_TITLE} )?{_PART}(?: {_PART}){{0,4}}"
_ROLE = re.compile(
    r"\b(?:social care|regulatory|inspection|inspector|inspectors|manager|her majesty's|his majesty's"
    r"|hmi|shmi|senior|"
    r"ofsted|associate|additional|lead|deputy|director|directors|children|children's|services|council|head|"
    r"post|vacant|vacancy|none|not|applicable|regional|chief|executive|officer|inspectorate|constabulary|"
    r"quality|assurance|analyst|data|team|adviser|specialist|interim|acting|care|limited|ltd|"
    r"trainee|contracted|online|school|education|unavailable|provider|organisation|individual|oi|ci|cqc"
    r"|hmicfrs|hmip)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:name of )?(?:(?:deputy |co-)?lead inspectors?|team inspectors?|inspectors?|inspector'?s name|"
    r"inspection team|(?:acting |interim )?registered manager(?:\(?s\)?)?|responsible individual(?:\(?s\)?)?|"
    r"quality assurance(?: manager)?|senior (?:data )?analyst|data analyst|shadow inspectors?|"
    r"manager|nominated individual|"
    r"(?:her|his) majesty's inspectors? (?:were|was)|authors?|report author)\b(?:\s*\([^)]*\))?\s*(?::"
    r"|-|$)?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)  # fmt: skip
_STOPS = re.compile(
    r"^(?:unique reference|provision|registered provider|date|inspection|type of|full |page |the office for|"
    r"the |this |a |any |if |judgement|overall|\d)|[.?!]$|:$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^yours (?:sincerely|faithfully|truly)", re.IGNORECASE)
_DEAR = re.compile(rf"^dear ({_NAME})", re.IGNORECASE)
_IN_PROSE = re.compile(
    rf"(?:inspectors?(?: for this (?:visit|inspection))? (?:were|was)|led by|carried out by|"
    rf"majesty's inspectors?,?(?: were| was)?|inspector,) ((?:{_NAME})(?:(?:, | and |, and )(?:{_NAME}))*)"
)
_SPLIT = re.compile(r",|;|/|\band\b|&|\(|\)|\s-\s|\bHMI\b|\bSHMI\b|\bOI\b")
_TITLED = re.compile(rf"\b{_TITLE} {_PART}(?: {_PART}){{0,3}}")


class Names:
    """The names learnt from one report.

    Parameters
    ----------
    names : iterable of str
        Full names as printed.
    ordinary : set of str
        Words that occur in the report in lower case: a surname such as Young is then only taken out
        together with its first name.
    """

    def __init__(self, names: Sequence[str], ordinary: set[str]) -> None:
        self.full = tuple(dict.fromkeys(names))
        parts: set[str] = set()
        wholes: set[str] = set()
        for name in self.full:
            words = re.sub(rf"^{_TITLE} ", "", name).split()
            wholes.add(r"[\s\-]+".join(re.escape(word) for word in words))
            if len(words) > 1:
                wholes.add(rf"{re.escape(words[0])}\s+{re.escape(words[-1])}")
                wholes.add(rf"{re.escape(words[0][0])}\.?\s+{re.escape(words[-1])}")
            parts |= {w for w in words if len(w) > 2 and w.casefold() not in ordinary and "." not in w}
        whole = sorted(wholes, key=len, reverse=True) + sorted(map(re.escape, parts), key=len, reverse=True)
        self._kept_whole = _either(sorted(wholes, key=len, reverse=True))
        self._pattern = _either(whole)

    def remove(self, text: str) -> str:
        """Return a text without the names; each is replaced by `REMOVED`."""
        even = plain(text)
        cuts = [match.span() for match in _TITLED.finditer(even)]
        if self._pattern:
            cuts += [match.span() for match in self._pattern.finditer(even)]
        if not cuts:
            return text
        result, end = "", 0
        for start, stop in sorted(cuts):
            if stop <= end:
                continue
            if start >= end:
                result += text[end:start] + REMOVED
            end = stop
        result += text[end:]
        return re.sub(rf"(?:{re.escape(REMOVED)}[\s,]*)+(?={re.escape(REMOVED)})", "", result)

    def occur_in(self, text: str) -> bool:
        """Whether a full name, or a person's title with a name, stands in a text."""
        even = plain(text)
        return bool(_TITLED.search(even) or (self._kept_whole and self._kept_whole.search(even)))


def _either(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile(r"(?<!\w)(?:" + "|".join(patterns) + r")(?!\w)") if patterns else None


def learn_names(lines: Sequence[Line]) -> Names:
    """Collect the names of a report from its labelled fields, letters and signatures."""
    found: list[str] = []
    texts = [plain(line.text).strip() for line in lines]
    for i, text in enumerate(texts):
        label = _LABEL.match(text)
        # In running text the words of a label begin in lower case or go on so.
        if label and text[0].isupper() and not label["rest"][:1].islower():
            found += _from_label(label["rest"], texts[i + 1 : i + 12])
        elif _SIGNATURE.match(text):
            after = (n for t in texts[i + 1 : i + 5] for n in _people(t))
            found += list(after)[:2]
        elif dear := _DEAR.match(text):
            found += _people(dear[1])
            # The addressee's name stands above, among title and address.
            found += [
                n
                for t in texts[max(0, i - 12) : i]
                for n in _people(t)
                if re.match(_TITLE, n) or _shares(n, dear[1])
            ]
    whole = " ".join(texts)
    for match in _IN_PROSE.finditer(whole):
        found += _people(match[1])
    ordinary = set(re.findall(r"\b[a-z][a-z']+\b", whole))
    return Names([name for name in found if len(name) > 3], ordinary)


def _shares(name: str, other: str) -> bool:
    return bool({w for w in name.split() if len(w) > 2} & {w for w in other.split() if len(w) > 2})


def _from_label(rest: str, below: Sequence[str]) -> list[str]:
    # The names may stand beside the label, in the lines below it one a line, or go on there.
    joined, parted, last = rest, rest, rest
    for text in below:
        goes_on = last == "" or len(last) > 45 or bool(re.search(r"(?:,|\band|\w-)$", last))
        a_person = bool(_ROLE.search(text)) and bool(_people(text))
        if not (goes_on or a_person or (not _people(joined) and _people(text))):
            break
        if _LABEL.match(text) or _STOPS.search(text) or len(text) > 110:
            break
        if last and not goes_on:
            joined += ","
        # A long line may break within a name or end with one: both readings are learnt.
        joined, parted, last = f"{joined} {text}", f"{parted}, {text}", text
    return list(dict.fromkeys([*_people(joined), *_people(parted)]))


def _people(text: str) -> list[str]:
    people = []
    for piece in _SPLIT.split(text):
        piece = piece.strip(" .:;-")
        role = _ROLE.search(piece)
        if role:
            piece = piece[: role.start()].strip(" ,.:;-")
        if re.fullmatch(_NAME, piece) and (" " in piece) and not re.search(r"\d", piece):
            people.append(piece)
    return people
