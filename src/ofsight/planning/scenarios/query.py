"""A scenario as an address, so that what is on a screen can be sent to somebody: both ways without loss.

``name=..&years=3&occupancy=0.75~0.85~0.9&event=leave(holder=group-caretech;year=1;share=0.5)``. A field
that has its default is left out. A range is ``low~base~high``, or one number.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import ValidationError

from ofsight.errors import UsageError, one_line
from ofsight.planning.scenarios.scenario import MOST_EVENTS, Event, Range, Scenario, explain_faults

__all__ = ["LONGEST_QUERY", "scenario_from_query", "scenario_to_query"]

LONGEST_QUERY: Final = 6000
"""The longest query that is read, in characters: an address must not ask for endless work."""

_EVENT: Final = "event"
_CALL: Final = re.compile(r"(?P<kind>[a-z_]+)\((?P<fields>.*)\)", re.DOTALL)
_SAFE_IN_QUERY: Final = "~(;=)"


def scenario_to_query(scenario: Scenario) -> str:
    """Return a scenario as the query of an address, without the question mark.

    Parameters
    ----------
    scenario : Scenario
        Any; ``scenario_from_query(scenario_to_query(scenario)) == scenario``.
    """
    pairs = [(name, _text(value)) for name, value in _changed(scenario) if name != "events"]
    pairs += [(_EVENT, _event_text(event)) for event in scenario.events]
    return urlencode(pairs, safe=_SAFE_IN_QUERY, quote_via=quote)


def scenario_from_query(query: str) -> Scenario:
    """Return the scenario that an address carries.

    Parameters
    ----------
    query : str
        With or without the question mark. An empty one is the scenario in which nothing is done. Every event
        is one ``event=kind(field=value;..)``.

    Raises
    ------
    UsageError
        When it is too long, or a field is unknown, doubled or does not fit.
    """
    query = query.removeprefix("?")
    if len(query) > LONGEST_QUERY:
        raise UsageError(
            f"This address is {len(query)} characters long; a scenario has at most {LONGEST_QUERY}. Put it "
            "into "
            "a file and use: ofsight plan --scenario FILE."
        )
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=40)
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(
            f"This address carries no scenario that can be read: {one_line(str(error))}."
        ) from None
    data: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    for name, value in pairs:
        if name == _EVENT:
            events.append(_event(value))
        elif name in data:
            raise UsageError(f"The scenario gives {name} twice. Give it once.")
        elif name not in Scenario.model_fields or name == "events":
            raise UsageError(
                f"A scenario has no field '{one_line(name[:40])}'. It has: "
                f"{', '.join(field for field in Scenario.model_fields if field != 'events')}, {_EVENT}."
            )
        else:
            data[name] = _value(value)
    if len(events) > MOST_EVENTS:
        raise UsageError(f"The scenario has {len(events)} events; at most {MOST_EVENTS} can be asked for.")
    try:
        return Scenario.model_validate({**data, "events": events})
    except ValidationError as error:
        raise UsageError(f"The scenario in this address does not fit: {explain_faults(error)}") from None


def _changed(model: Scenario | Event) -> list[tuple[str, Any]]:
    """Return the fields that differ from their defaults, the kind of an event left out."""
    return [
        (name, getattr(model, name))
        for name, field in type(model).model_fields.items()
        if name != "kind" and (field.is_required() or getattr(model, name) != field.get_default())
    ]


def _event_text(event: Event) -> str:
    fields = ";".join(f"{name}={_escaped(_text(value))}" for name, value in _changed(event))
    return f"{event.kind}({fields})"


def _escaped(text: str) -> str:
    """Write the marks that an event is made of as in an address, so that a name may hold them."""
    return re.sub(r"[%;()=]", lambda found: f"%{ord(found[0]):02X}", text)


def _text(value: Any) -> str:
    if isinstance(value, Range):
        ends = (value.base,) if value.is_known else (value.low, value.base, value.high)
        return "~".join(repr(float(end)) for end in ends)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _value(text: str) -> Any:
    """Return a range where the text is one, else the text."""
    parts = text.split("~")
    return dict(zip(("low", "base", "high"), parts, strict=True)) if len(parts) == 3 else text


def _event(text: str) -> dict[str, Any]:
    found = _CALL.fullmatch(text)
    if found is None:
        raise UsageError(
            f"An event is written as kind(field=value;field=value); '{one_line(text[:60])}' is not. "
            "For example: leave(holder=group-caretech;year=1)."
        )
    fields: dict[str, Any] = {"kind": found["kind"]}
    for part in filter(None, found["fields"].split(";")):
        name, mark, value = part.partition("=")
        if not mark or name in fields:
            raise UsageError(f"An event has each field once, as field=value; not '{one_line(part[:60])}'.")
        plain = _unquoted(value)
        # A holder may have any name: only what is no word can be a range.
        fields[name] = plain if name in ("holder", "name") else _value(plain)
    return fields


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UsageError(f"'{one_line(text[:60])}' is no text that can be read.") from None
