"""What the vulnerabilities of a scan come to by a policy: which count, how bad it is, which to look at first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal, NamedTuple

from msgspec import Struct

from auditor.policy import Policy
from auditor.report import Severity
from auditor.scans.exploits import Exploits, exploits
from auditor.scans.joins import Joined
from auditor.scans.results import FUTURE, LEVELS, Suppressed, Vulnerability, moment

_SEVERITIES = {severity.value: severity for severity in Severity}
_RANKS: dict[str, int] = {level: rank for rank, level in enumerate(LEVELS)}
_Side = Literal["counted", "spared", "unknown", ""]
_Urgency = tuple[bool, int, bool, float, str, str]


class Weighed(Struct, frozen=True):
    """A vulnerability with what others say of it. `severity` is the one that counts, None where nobody knows it or it
    is negligible: critical for what is known to be exploited, else the scanner's."""

    vulnerability: Vulnerability
    severity: Severity | None = None
    exploited: bool = False
    score: float | None = None

    @property
    def fixable(self) -> bool:
        return bool(self.vulnerability.fixed)


class Weight(Struct, frozen=True):
    """All of an image's vulnerabilities, the first to look at first: exploited ones, the severe, the likely.

    `counted` are those that fail by the policy; `spared` those that would but for their days of grace; `unknown` those
    that might, since nobody has said how severe they are. `suppressed` are those that the scanner was told to leave
    out, and that might count else.
    """

    every: tuple[Weighed, ...] = ()
    counted: tuple[Weighed, ...] = ()
    spared: tuple[Weighed, ...] = ()
    unknown: tuple[Weighed, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()

    @property
    def worst(self) -> Severity | None:
        return min(
            (each.severity for each in self.counted if each.severity), key=lambda found: found.rank, default=None
        )


class _Judged(NamedTuple):
    urgency: _Urgency
    weighed: Weighed
    side: _Side


_URGENCY = attrgetter("urgency")


def severity_counts(weighed: Iterable[Weighed]) -> dict[str, int]:
    """How many by severity, the worst first: the one that counts, else the scanner's word."""
    found = dict.fromkeys(LEVELS, 0)
    for each in weighed:
        found[each.severity.value if each.severity else each.vulnerability.severity] += 1
    return {str(level): number for level, number in found.items() if number}


class VulnerabilityRules:
    """Weighs by a policy, at the time when the cluster was read (RFC 3339); without that, nothing is spared."""

    def __init__(self, policy: Policy, collected_at: str | None) -> None:
        self._rules = policy.vulnerabilities
        self._exploits: Exploits = exploits(policy)
        self._known: dict[Vulnerability, _Judged] = {}
        now = moment(collected_at)
        self._spared_from = now - timedelta(days=self._rules.grace_days) if now and self._rules.grace_days else None
        self._spared_to = now + FUTURE if now else None

    def weigh(self, joined: Joined) -> Weight:
        """A vulnerability is in many images, and is looked at once."""
        known = sorted(map(self._judged, joined.found), key=_URGENCY)
        sides: dict[_Side, list[Weighed]] = {"counted": [], "spared": [], "unknown": [], "": []}
        for judged in known:
            sides[judged.side].append(judged.weighed)
        every = tuple(judged.weighed for judged in known)
        suppressed = tuple(each for scan in joined.scans for each in scan.suppressed if self._might_count(each))
        return Weight(every, tuple(sides["counted"]), tuple(sides["spared"]), tuple(sides["unknown"]), suppressed)

    def _might_count(self, each: Suppressed) -> bool:
        severity = _SEVERITIES.get(each.severity)
        return each.severity == "unknown" if severity is None else severity.rank <= self._rules.threshold.rank

    def _judged(self, found: Vulnerability) -> _Judged:
        known = self._known.get(found)
        if known is None:
            weighed = self._weighed(found)
            known = self._known[found] = _Judged(_urgency(weighed), weighed, self._side(weighed))
        return known

    def _side(self, each: Weighed) -> _Side:
        if self._rules.only_fixable and not each.fixable:
            return ""
        if each.severity is None:
            return "unknown" if each.vulnerability.severity == "unknown" and not self._spared(each) else ""
        if each.severity.rank > self._rules.threshold.rank:
            return ""
        return "spared" if self._spared(each) else "counted"

    def _weighed(self, found: Vulnerability) -> Weighed:
        exploited = self._exploits.exploited(found)
        severity = Severity.CRITICAL if exploited else _SEVERITIES.get(found.severity)
        return Weighed(found, severity, exploited, self._exploits.score(found))

    def _spared(self, each: Weighed) -> bool:
        """Published within the days of grace. What is exploited has none, nor what has no date, or one to come."""
        if self._spared_from is None or self._spared_to is None or each.exploited:
            return False
        published: datetime | None = moment(each.vulnerability.published)
        return published is not None and self._spared_from < published <= self._spared_to


def _urgency(each: Weighed) -> _Urgency:
    level = each.severity.value if each.severity else each.vulnerability.severity
    found = each.vulnerability
    return not each.exploited, _RANKS[level], not each.fixable, -(each.score or 0), found.id, found.package
