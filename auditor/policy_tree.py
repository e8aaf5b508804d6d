"""The policy file's YAML as a tree of nodes with line numbers, bounded so that a hostile file costs little."""

from __future__ import annotations

import yaml

# A ConfigMap holds at most 1 MiB.
_MAX_BYTES = 1 << 20
_MAX_DEPTH = 32
_MAX_EVENTS = 200_000


class MalformedYAML(ValueError):
    """Not one bounded YAML document. `line` counts from 1; the message quotes nothing of the file but single marks."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse_tree(data: bytes) -> yaml.Node | None:
    """The single document in the data, None where there is none; raises MalformedYAML.

    Scalars stay text with the tag that YAML 1.1 gives them: nothing is constructed. Aliases become the node itself, so
    that the tree may hold cycles, and may be far larger when walked than the file is.
    """
    if len(data) > _MAX_BYTES:
        raise MalformedYAML(1, f"the file is larger than {_MAX_BYTES >> 10} KiB")
    try:
        _check_bounds(data)
        return yaml.compose(data, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        text = ": ".join(part for part in (error.context, error.problem) if part)
        raise MalformedYAML(mark.line + 1 if mark else 1, f"not valid YAML: {text}") from None
    except yaml.reader.ReaderError as error:
        line = data[: error.position].count(b"\n") + 1
        raise MalformedYAML(line, f"not valid YAML: {error.reason}") from None


def _check_bounds(data: bytes) -> None:
    """Depth first of all: composing recurses in C without a check, so that deep nesting would end the process."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(data, Loader=yaml.CSafeLoader), start=1):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if documents > 1:
            raise MalformedYAML(line, "a second document starts here; a policy file holds one")
        if depth > _MAX_DEPTH:
            raise MalformedYAML(line, f"nested more than {_MAX_DEPTH} levels deep")
        if count > _MAX_EVENTS:
            raise MalformedYAML(line, "too many values")
