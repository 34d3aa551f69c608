"""Reading a small YAML file that a person wrote: plain values, each key once, of bounded size and depth."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, Final

import yaml

from ofsight.errors import DefinitionError, one_line

__all__ = ["DEEPEST", "LARGEST_FILE", "read_yaml_file"]

LARGEST_FILE: Final = 64 * 1024
"""The largest file that is read, in bytes."""

DEEPEST: Final = 12
"""How many lists and mappings may stand in one another."""


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases (a few lines of them may stand for gigabytes), doubled keys and depth."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _refuse(f"an alias (*{event.anchor}); write the value out", event.start_mark)
        self._depth += 1
        if self._depth > DEEPEST:
            raise _refuse(f"more than {DEEPEST} levels in one another", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _refuse(f"'{one_line(key.value[:40])}' twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _refuse(what: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=f"it has {what}", problem_mark=mark)


def read_yaml_file(path: Path, what: str) -> Any:
    """Return what a small YAML file holds.

    Parameters
    ----------
    path : Path
        A file of at most `LARGEST_FILE` bytes.
    what : str
        What it should be, for messages: ``scenario``.

    Raises
    ------
    DefinitionError
        When it cannot be read, is too large, or is no YAML of plain values.
    """
    try:
        with path.open("rb") as file:
            # Not by the size that the system tells: of a pipe or device it tells none.
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise DefinitionError(
                f"{path}: larger than {LARGEST_FILE // 1024} KB, which no {what} is. Is it the right file?"
            )
        loader = _PlainLoader(content.decode("utf-8-sig"))
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"{path}: cannot be read ({one_line(str(error))}). Give a YAML file of a {what}."
        ) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        # A date such as 2024-02-30 or a number of thousands of digits is a ValueError of the parser's.
        raise DefinitionError(f"{path}: no YAML that can be read ({_say(error)}).") from None


def _say(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return one_line(f"line {error.problem_mark.line + 1}: {error.problem or error.context}")
    return one_line(next(iter(str(error).splitlines()), type(error).__name__))
