"""How much memory the audit of a cluster takes, from what was measured (docs/performance.md)."""

from __future__ import annotations

import math

SMALL = (10_000, 116.4)
LARGE = (150_000, 324.6)
"""Pods, and the peak of a scan in MiB: all checks, JSON report, 50 pods to an owner."""

_STEP = 32


def peak(pods: int) -> float:
    """MiB, on the straight line through both measurements."""
    each = (LARGE[1] - SMALL[1]) / (LARGE[0] - SMALL[0])
    return SMALL[1] + (pods - SMALL[0]) * each


def request(pods: int) -> str:
    """What to set aside: the peak, as a Kubernetes quantity."""
    return f"{_up(peak(pods))}Mi"


def limit(pods: int) -> str:
    """Twice the peak: memory grows with owners and revisions, of which a cluster may have more than was measured."""
    return f"{_up(2 * peak(pods))}Mi"


def _up(mebibytes: float) -> int:
    return math.ceil(mebibytes / _STEP) * _STEP
