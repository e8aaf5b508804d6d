"""Trivy Operator's reports out of a running cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from auditor.model import SCAN_RESULTS, Snapshot
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.auditing import FIXTURES, audit
from tests.sources.scanning import named, scan

REPORTS = SCAN_RESULTS[0]
PATH = "/apis/aquasecurity.github.io/v1alpha1/vulnerabilityreports"
CHECKS = ("vulnerable-image", "unscanned-image", "stale-scan")
DIGEST = f"sha256:{'a' * 64}"


def reports() -> list[dict[str, Any]]:
    text = (FIXTURES / "scan-results" / "vulnerability-reports.yaml").read_text()
    items: list[dict[str, Any]] = yaml.safe_load(text)["items"]
    return items


def pod(name: str, image: str, digest: str = "") -> dict[str, Any]:
    status = {"name": "web", "image": image, "imageID": digest, "state": {"running": {}}}
    spec = {"containers": [{"name": "web", "image": image}]}
    return named(name, "shop", spec=spec, status={"containerStatuses": [status]})


def served(*items: dict[str, Any]) -> Store:
    store = Store()
    store.serve("aquasecurity.github.io/v1alpha1", "vulnerabilityreports", "VulnerabilityReport")
    store.add("aquasecurity.github.io/v1alpha1", "vulnerabilityreports", items)
    store.add("v1", "pods", [pod("web", "nginx:1.25", f"docker.io/library/nginx@{DIGEST}"), pod("db", "db:1")])
    return store


def verdicts(snapshot: Snapshot) -> dict[str, tuple[int, int, int]]:
    return {row.id: (row.passed, row.fail, row.manual) for row in audit(snapshot, only=CHECKS).checks}


def test_reports_are_read_in_small_pages_and_join(tmp_path: Path) -> None:
    more = [{**reports()[1], "metadata": {"name": f"r{n:03}", "namespace": "shop"}} for n in range(45)]
    with ApiServer(served(*reports(), *more)) as server:
        found = scan(server, tmp_path)
        asked = [request.query.get("limit") for request in server.requests if request.path == PATH]
    assert asked == ["20", "20", "20"]
    row = found.row(REPORTS)
    assert (row.state, row.count, row.complete) == ("read", 47, True)
    told = verdicts(found.snapshot)
    assert told["vulnerable-image"] == (0, 1, 0)
    assert told["unscanned-image"] == (1, 1, 0)
    assert sum(told["stale-scan"]) == 1


def test_a_report_that_does_not_fit_leaves_a_gap_and_costs_no_other(tmp_path: Path) -> None:
    broken = {**reports()[1], "report": {"vulnerabilities": [{"severity": 7}]}}
    with ApiServer(served(reports()[0], broken)) as server:
        found = scan(server, tmp_path)
    assert not found.row(REPORTS).complete
    assert verdicts(found.snapshot)["vulnerable-image"] == (0, 1, 1)
    assert verdicts(found.snapshot)["unscanned-image"] == (1, 0, 1)


def test_a_report_that_counts_more_than_it_lists_leaves_a_gap(tmp_path: Path) -> None:
    cut = {**reports()[0], "report": {**reports()[0]["report"], "summary": {"criticalCount": 5}, "vulnerabilities": []}}
    with ApiServer(served(cut)) as server:
        found = scan(server, tmp_path)
    assert not found.row(REPORTS).complete
    assert verdicts(found.snapshot)["vulnerable-image"] == (0, 0, 1)


def test_forbidden_is_for_a_person_to_judge_once(tmp_path: Path) -> None:
    store = served(*reports())
    store.forbids = lambda identity, plural, namespace: plural == "vulnerabilityreports"
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert found.row(REPORTS).state == "forbidden"
    report = audit(found.snapshot, only=CHECKS)
    assert [(f.check, f.status, f.cause, f.evidence["count"]) for f in report.findings] == [
        (check, "manual", "unreadable", 2) for check in sorted(CHECKS)
    ]


def test_a_cluster_without_the_operator_gets_no_verdicts(tmp_path: Path) -> None:
    store = Store()
    store.add("v1", "pods", [pod("web", "nginx:1.25")])
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert found.row(REPORTS).state == "absent"
    assert not {row.id for row in audit(found.snapshot).checks} & set(CHECKS)


def test_a_token_that_expires_on_the_way(tmp_path: Path) -> None:
    more = [{**reports()[1], "metadata": {"name": f"r{n:03}", "namespace": "shop"}} for n in range(45)]
    store = served(*more)
    with ApiServer(store) as server:
        server.inject(PATH, None, where="continue")
        store.expire(offers=False)
        found = scan(server, tmp_path)
    assert found.row(REPORTS).count == 45
    assert len(found.snapshot.scans.scans) == 1  # the same result of the same image, 45 times
