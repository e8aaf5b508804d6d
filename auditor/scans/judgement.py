"""What the vulnerabilities of a scan come to by a policy: which count, how bad it is, which to look at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import product
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple

from msgspec import Struct

from auditor.policy import Policy
from auditor.report import Severity
from auditor.scans.exploits import Exploits, exploits
from auditor.scans.joins import Joined
from auditor.scans.results import FUTURE, LEVELS, Level, Suppressed, Vulnerability, moment

_SEVERITIES = {severity.value: severity for severity in Severity}
_Side = Literal["counted", "spared", "unknown", ""]


class Weighed(Struct, frozen=True):
    """A vulnerability with what others say of it. `severity` is the one that counts, None where nobody knows it or it
    is negligible: critical for what is known to be exploited, else the scanner's. `level` is that, or the scanner's
    word."""

    vulnerability: Vulnerability
    severity: Severity | None = None
    level: Level = "unknown"
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
        return self.counted[0].severity if self.counted else None


class _Kind(NamedTuple):
    """What a vulnerability comes to but for its days of grace. The least `urgency` comes first: what is exploited, the
    severe, what has a fix. Scores tell apart what is equal in all that, so they add less than one."""

    severity: Severity | None
    level: Level
    side: _Side
    urgency: float


_LEVEL = attrgetter("level")
_URGENCY = itemgetter(0)


def severity_counts(weighed: Iterable[Weighed]) -> dict[str, int]:
    """How many by severity, the worst first: the one that counts, else the scanner's word."""
    found = Counter(map(_LEVEL, weighed))
    return {str(level): found[level] for level in LEVELS if found[level]}


class VulnerabilityRules:
    """Weighs by a policy, at the time when the cluster was read (RFC 3339); without that, nothing is spared."""

    def __init__(self, policy: Policy, collected_at: str | None) -> None:
        self._rules = policy.vulnerabilities
        self._exploits: Exploits = exploits(policy)
        # There may be a million vulnerabilities, and this is all that tells most of them apart here.
        self._kinds = {kind: self._kind(*kind) for kind in product(LEVELS, (False, True), (False, True))}
        now = moment(collected_at)
        self._spared_from = now - timedelta(days=self._rules.grace_days) if now and self._rules.grace_days else None
        self._spared_to = now + FUTURE if now else None

    def weigh(self, joined: Joined) -> Weight:
        ranked: list[tuple[float, _Side, Weighed]] = []
        for found in joined.found:
            exploited, score = self._exploits.of(found)
            severity, level, side, urgency = self._kinds[found.severity, exploited, found.fixed != ""]
            if side and not exploited and self._spared(found):
                side = "spared" if side == "counted" else ""
            if score is not None:
                urgency -= min(max(score, 0), 1) / 2
            ranked.append((urgency, side, Weighed(found, severity, level, exploited, score)))
        ranked.sort(key=_URGENCY)
        sides: dict[_Side, list[Weighed]] = {"counted": [], "spared": [], "unknown": [], "": []}
        for _, side, each in ranked:
            sides[side].append(each)
        every = tuple(each for _, _, each in ranked)
        suppressed = tuple(each for scan in joined.scans for each in scan.suppressed if self._might_count(each))
        return Weight(every, tuple(sides["counted"]), tuple(sides["spared"]), tuple(sides["unknown"]), suppressed)

    def _might_count(self, each: Suppressed) -> bool:
        severity = _SEVERITIES.get(each.severity)
        return each.severity == "unknown" if severity is None else severity.rank <= self._rules.threshold.rank

    def _kind(self, level: Level, exploited: bool, fixable: bool) -> _Kind:
        severity = Severity.CRITICAL if exploited else _SEVERITIES.get(level)
        level = "critical" if exploited else level
        urgency = -len(LEVELS) * 2 * exploited + LEVELS.index(level) * 2 + (not fixable)
        return _Kind(severity, level, self._side(level, severity, fixable), urgency)

    def _side(self, level: Level, severity: Severity | None, fixable: bool) -> _Side:
        """Without days of grace."""
        if self._rules.only_fixable and not fixable:
            return ""
        if severity is None:
            return "unknown" if level == "unknown" else ""
        return "counted" if severity.rank <= self._rules.threshold.rank else ""

    def _spared(self, each: Vulnerability) -> bool:
        """Published within the days of grace. What has no date has none, nor what has one to come."""
        if self._spared_from is None or self._spared_to is None:
            return False
        published: datetime | None = moment(each.published)
        return published is not None and self._spared_from < published <= self._spared_to
