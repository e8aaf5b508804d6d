"""What counts by the policy, and the files that tell what is exploited."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from auditor.errors import PolicyError
from auditor.policy import Policy, Vulnerabilities
from auditor.policy_files import with_files
from auditor.report import Severity
from auditor.scans.contents import packed
from auditor.scans.exploits import exploits, read_epss, read_kev
from auditor.scans.joins import Joined
from auditor.scans.judgement import VulnerabilityRules, Weight, severity_counts
from auditor.scans.results import Scan, Vulnerability

NOW = "2026-11-21T12:00:00Z"
KEV = b'{"vulnerabilities": [{"cveID": "CVE-1", "dateAdded": "2026-01-01"}]}'
EPSS = b"#model_version:v1,score_date:2026-11-20\ncve,epss,percentile\nCVE-1,0.5,0.9\nCVE-2,0.25,0.5\n"


def weigh(
    *found: Vulnerability, at: str | None = NOW, files: dict[str, bytes] | None = None, **rules: object
) -> Weight:
    named = {name: name for name in files or {}}
    policy = Policy(vulnerabilities=Vulnerabilities(**rules, **named), files=files or {})  # type: ignore[arg-type]
    return VulnerabilityRules(policy, at).weigh(Joined("tag", (Scan("Trivy"),), (packed(found),)))


def ids(weight: Weight) -> list[str]:
    return [each.vulnerability.id for each in weight.counted]


LOW = Vulnerability("CVE-1", severity="low")
HIGH = Vulnerability("CVE-2", severity="high", fixed="1.1")
CRITICAL = Vulnerability("CVE-3", severity="critical")
FRESH = Vulnerability("CVE-4", severity="critical", published="2026-11-20T00:00:00Z")
UNKNOWN = Vulnerability("CVE-5")
NEGLIGIBLE = Vulnerability("CVE-6", severity="negligible")


def test_the_threshold_and_what_is_only_fixable() -> None:
    everything = (LOW, HIGH, CRITICAL, FRESH, UNKNOWN, NEGLIGIBLE)
    assert ids(weigh(*everything)) == ["CVE-3", "CVE-4", "CVE-2"]
    assert ids(weigh(*everything, threshold=Severity.CRITICAL)) == ["CVE-3", "CVE-4"]
    assert ids(weigh(*everything, threshold=Severity.LOW)) == ["CVE-3", "CVE-4", "CVE-2", "CVE-1"]
    assert ids(weigh(*everything, only_fixable=True)) == ["CVE-2"]
    assert severity_counts(weigh(*everything).every) == {
        "critical": 2,
        "high": 1,
        "low": 1,
        "negligible": 1,
        "unknown": 1,
    }
    assert weigh(*everything).worst is Severity.CRITICAL
    assert weigh(LOW).worst is None


def test_unknown_is_told_apart_from_harmless() -> None:
    assert [each.vulnerability.id for each in weigh(UNKNOWN, NEGLIGIBLE).unknown] == ["CVE-5"]
    assert not weigh(UNKNOWN, only_fixable=True).unknown
    assert not weigh(UNKNOWN, files={"kev": KEV.replace(b"CVE-1", b"CVE-5")}).unknown


@pytest.mark.parametrize(
    ("at", "published", "counts"),
    [
        (NOW, "2026-11-20T00:00:00Z", False),
        (NOW, "2026-11-11T12:00:00Z", True),
        (NOW, "2026-11-11T12:00:01Z", False),
        (NOW, "2027-01-01T00:00:00Z", True),
        (NOW, None, True),
        (None, "2026-11-20T00:00:00Z", True),
    ],
)
def test_days_of_grace(at: str | None, published: str | None, counts: bool) -> None:
    found = Vulnerability("CVE-9", severity="critical", published=published)
    weight = weigh(found, at=at, grace_days=10)
    assert bool(weight.counted) == counts
    assert bool(weight.spared) != counts


def test_what_is_exploited_is_critical_and_has_no_grace() -> None:
    fresh = msgspec.structs.replace(LOW, published="2026-11-20T00:00:00Z")
    for exploited in (fresh, msgspec.structs.replace(fresh, id="GHSA-x", aliases=("CVE-1",))):
        weight = weigh(FRESH, exploited, files={"kev": KEV}, grace_days=30)
        assert weight.worst is Severity.CRITICAL
        assert ids(weight) == [exploited.id]
    log4shell = KEV.replace(b"CVE-1", b"CVE-2021-44228")
    for name in ("cve-2021-44228", "CVE-2021-44228 on Ubuntu 20.04 LTS (focal) - medium."):
        assert ids(weigh(msgspec.structs.replace(LOW, id=name), files={"kev": log4shell})) == [name]
    assert weigh(msgspec.structs.replace(LOW, id="CVE-7", exploited=True)).worst is Severity.CRITICAL
    assert not weigh(LOW, files={"kev": KEV}, only_fixable=True).counted


def test_scores_order_what_is_equally_severe() -> None:
    other = Vulnerability("CVE-0", severity="high", fixed="1.1")
    stated = Vulnerability("CVE-8", severity="high", fixed="1.1", epss=0.9)
    weight = weigh(other, HIGH, stated, files={"epss": EPSS})
    assert ids(weight) == ["CVE-8", "CVE-2", "CVE-0"]
    assert [each.score for each in weight.counted] == [0.9, 0.25, None]


@pytest.mark.parametrize("stated", [1e300, -1e300])
def test_a_score_beyond_bounds_outranks_no_severity(stated: float) -> None:
    low = Vulnerability("CVE-8", severity="low", fixed="1.1", epss=stated)
    without = Vulnerability("CVE-9", severity="low")
    assert ids(weigh(without, low, HIGH, threshold=Severity.LOW)) == ["CVE-2", "CVE-8", "CVE-9"]


def test_what_is_told_of_each_is_in_the_order_of_urgency() -> None:
    exploited = Vulnerability("CVE-8", severity="low", exploited=True)
    weight = weigh(LOW, UNKNOWN, NEGLIGIBLE, HIGH, CRITICAL, exploited)
    assert [each.vulnerability.id for each in weight.every] == ["CVE-8", "CVE-3", "CVE-2", "CVE-1", "CVE-6", "CVE-5"]
    assert [each.level for each in weight.every][:1] == ["critical"]


def test_files_gzipped_too() -> None:
    for data in (KEV, gzip.compress(KEV)):
        assert read_kev(data) == {"CVE-1"}
    for data in (EPSS, gzip.compress(EPSS), EPSS.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + EPSS, EPSS + b"\n\n"):
        assert read_epss(data) == {"CVE-1": 0.5, "CVE-2": 0.25}
    assert exploits(Policy()).known == frozenset()


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("kev", b""),
        ("kev", b"[]"),
        ("kev", b'{"vulnerabilities": []}'),
        ("kev", b'{"vulnerabilities": [{"cve": "CVE-1"}]}'),
        ("kev", EPSS),
        ("kev", gzip.compress(KEV)[:-9]),
        ("epss", b""),
        ("epss", KEV),
        ("epss", b"cve,epss\n"),
        ("epss", b"cve,epss\nCVE-1,high\n"),
        ("epss", b"cve,epss\nCVE-1\n"),
        ("epss", b"cve,epss\nCVE-1,nan\n"),
        ("epss", b"cve,epss\nCVE-1,1.5\n"),
        ("epss", b"cve,epss\n\xff,1\n"),
        ("epss", b"cve,epss\n" + b"x" * 200_000),
    ],
)
def test_a_policy_whose_files_hold_something_else_is_refused(key: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    policy = Policy(vulnerabilities=Vulnerabilities(**{key: "file"}), path="policy.yaml")  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match=f"vulnerabilities.{key}: file"):
        with_files(policy, tmp_path)
