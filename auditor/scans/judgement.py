"""What the vulnerabilities of a scan come to by a policy: which count, how bad it is, which to look at first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from auditor.policy import Policy
from auditor.report import Severity
from auditor.scans.exploits import Exploits, exploits
from auditor.scans.joins import Joined
from auditor.scans.results import LEVELS, Vulnerability, moment

_SEVERITIES = {severity.value: severity for severity in Severity}


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
    that might, since nobody has said how severe they are.
    """

    every: tuple[Weighed, ...] = ()
    counted: tuple[Weighed, ...] = ()
    spared: tuple[Weighed, ...] = ()
    unknown: tuple[Weighed, ...] = ()

    @property
    def worst(self) -> Severity | None:
        return min(
            (each.severity for each in self.counted if each.severity), key=lambda found: found.rank, default=None
        )


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
        now = moment(collected_at)
        self._spared_from = now - timedelta(days=self._rules.grace_days) if now and self._rules.grace_days else None

    def weigh(self, joined: Joined) -> Weight:
        every = sorted(map(self._weighed, joined.found), key=_urgency)
        serious = [each for each in every if self._serious(each)]
        return Weight(
            tuple(every),
            tuple(each for each in serious if not self._spared(each)),
            tuple(each for each in serious if self._spared(each)),
            tuple(
                each
                for each in every
                if each.vulnerability.severity == "unknown" and not each.severity and self._relevant(each)
            ),
        )

    def _weighed(self, found: Vulnerability) -> Weighed:
        exploited = self._exploits.exploited(found)
        severity = Severity.CRITICAL if exploited else _SEVERITIES.get(found.severity)
        return Weighed(found, severity, exploited, self._exploits.score(found))

    def _serious(self, each: Weighed) -> bool:
        reached = each.severity is not None and each.severity.rank <= self._rules.threshold.rank
        return reached and (each.fixable or not self._rules.only_fixable)

    def _relevant(self, each: Weighed) -> bool:
        return (each.fixable or not self._rules.only_fixable) and not self._spared(each)

    def _spared(self, each: Weighed) -> bool:
        """Published within the days of grace. What is exploited has none, nor what has no date."""
        if self._spared_from is None or each.exploited:
            return False
        published: datetime | None = moment(each.vulnerability.published)
        return published is not None and published > self._spared_from


def _urgency(each: Weighed) -> tuple[bool, int, bool, float, str, str]:
    level = each.severity.value if each.severity else each.vulnerability.severity
    found = each.vulnerability
    return not each.exploited, _RANKS[level], not each.fixable, -(each.score or 0), found.id, found.package


_RANKS: dict[str, int] = {level: rank for rank, level in enumerate(LEVELS)}
