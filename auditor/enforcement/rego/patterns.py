"""Regular expressions of Go's regexp package, matched by the RE2 of the CEL runtime, which has their syntax."""

from __future__ import annotations

import functools
from typing import Any

from auditor.enforcement.rego.syntax import Unsupported

_LENGTH = 1000


def search(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text; ValueError where it is none."""
    if len(pattern) > _LENGTH:
        raise Unsupported("a regular expression that is too long")
    found = _program().eval(data={"text": text, "pattern": pattern})
    if found.type().name() != "BOOL":
        raise ValueError("not a regular expression")
    return bool(found.value())


@functools.lru_cache(maxsize=1)
def _program() -> Any:
    try:
        from cel_expr_python import cel  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise Unsupported("a regular expression, without the CEL runtime") from None
    variables = {"text": cel.Type.STRING, "pattern": cel.Type.STRING}
    return cel.NewEnv(variables=variables).compile("text.matches(pattern)")
