"""Values that the image fields of Falco can never equal or begin with: registries, organisations, schemes, globs."""

from __future__ import annotations

import re
from collections.abc import Iterable

_REPOSITORY = "container.image.repository"
_IMAGE = "container.image"
_AUDITED = re.compile(r"ka\.req\.(?:pod\.\w+|container)\.image(\.repository)?")
_EXACT = frozenset({"=", "==", "!=", "in", "intersects"})
_ENDS = frozenset({"startswith", "endswith", "contains", "icontains"})
_HOST = re.compile(r"[^/]*[.:][^/]*|localhost")
_BARE_HOST = re.compile(r"[^/:]*[.][^/:]*|localhost")
# Below these a repository has an organisation or a project first.
_SHARED = frozenset({"quay.io", "gcr.io", "eu.gcr.io", "us.gcr.io", "asia.gcr.io", "ghcr.io"})
_HUB = frozenset({"docker.io", "index.docker.io"})
_WILD = frozenset("*?[")
# What the fields have until the container is looked up.
_NOT_KNOWN_YET = frozenset({"", "<NA>"})
_NO_PATH = re.compile(r"[^a-z0-9._/-]", re.ASCII)
_NO_NAME = re.compile(r"[^A-Za-z0-9._/:@+-]", re.ASCII)


def is_image(field: str) -> bool:
    """Whether a field holds names of images or repositories."""
    return field in (_REPOSITORY, _IMAGE) or _AUDITED.fullmatch(field) is not None


def unequalled(field: str, operator: str, values: Iterable[str]) -> tuple[str, ...]:
    """Those of the values that no image or repository is or, where the operator asks for that, begins or ends with.

    The container plugin gives the full repository, without tag or digest; k8saudit the text of the spec, and as the
    repository what is before its first colon, so that a registry with a port never comes through.
    """
    if not is_image(field):
        return ()
    word = operator.partition(" ")[0]
    audited, repository = field.startswith("ka."), field.endswith(".repository")
    if is_exact(word):
        never = _never_equal
    elif word in ("glob", "iglob"):
        texts = {value: value.lower() if word == "iglob" else value for value in values if not _WILD & set(value)}
        wild = tuple(value for value in values if value not in texts and "://" in value)
        return wild + tuple(v for v, text in texts.items() if _never_equal(text, audited, repository))
    elif word == "regex":
        patterns = {value: _literal(value) for value in values}
        return tuple(v for v, text in patterns.items() if text is not None and _never_equal(text, audited, repository))
    elif word in _ENDS:
        never = _never_part
    else:
        return ()
    return tuple(value for value in values if never(value, audited, repository))


def short(field: str, operator: str, values: Iterable[str]) -> tuple[str, ...]:
    """Those of the values that are Docker Hub's with one name alone: an organisation, or an official image as some
    runtimes call it."""
    if field != _REPOSITORY or not is_exact(operator):
        return ()
    parts = ((value, *value.partition("/")) for value in values)
    return tuple(
        value for value, host, _, path in parts if host in _HUB and path not in ("", "library") and "/" not in path
    )


def is_exact(operator: str) -> bool:
    """Whether an operator compares whole values."""
    return operator.partition(" ")[0] in _EXACT


def _literal(pattern: str) -> str | None:
    """The one text that a regular expression matches, where it is one; a dot counts as itself. Falco's are anchored at
    both ends (libs, sinsp_filtercheck.cpp)."""
    plain = re.sub(r"\\([./-])", r"\1", pattern.removeprefix("^").removesuffix("$"))
    return plain if re.fullmatch(r"[\w./:@-]+", plain, re.ASCII) else None


def _never_equal(value: str, audited: bool, repository: bool) -> bool:
    if value in _NOT_KNOWN_YET:
        return False
    if value.endswith("/") or "://" in value or _NO_NAME.search(value):
        return True
    host, slash, path = value.partition("/")
    if repository:
        if "@" in value or ":" in path or (audited and ":" in host) or _NO_PATH.search(path):
            return True
    elif ":" in path or "@" in path:
        return False
    if not slash:  # a name alone may be an image of Docker Hub; with a dot or a port it is a registry
        return (_HOST if repository else _BARE_HOST).fullmatch(host) is not None
    if host in _SHARED:
        return "/" not in path
    return host in _HUB and path == "library"


def _never_part(value: str, audited: bool, repository: bool) -> bool:
    """Of a prefix, suffix or part. After the colon of a tag there is no slash, after that of a port there is one."""
    if "://" in value:
        return True
    if not repository or not value:
        return False
    host, slash, path = value.partition("/")
    tag = value[:1] == ":" and not slash and not value[1:].isdigit()
    return "@" in value or ":" in path or tag or (audited and ":" in host)
