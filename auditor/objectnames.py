"""Names that Kubernetes takes for its objects (k8s apimachinery pkg/util/validation)."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_label(text: str) -> bool:
    """An RFC 1123 label, as namespaces have it: lower-case letters, digits and -, at most 63."""
    return _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """An RFC 1123 subdomain, as most objects have it: such labels of any length with dots between, at most 253."""
    return _SUBDOMAIN.fullmatch(text) is not None
