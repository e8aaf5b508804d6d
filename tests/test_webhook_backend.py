"""From a backend's address to the objects behind it."""

from __future__ import annotations

import pytest

from auditor.hostfacts import Backend, CertificateFacts, HostFile
from auditor.model import Container, Owner, Service, ServicePort, Shape
from auditor.webhook_backend import allowlist, cluster_dns, out_of_date, places, replicas, service_name, workloads
from tests.host.making import apiserver

WEB = Service("a", "web", cluster_ip="10.96.0.7", ports=(ServicePort(443, "https", 30443),), selector={"app": "web"})
OTHER = Service("b", "web", cluster_ip="10.96.0.8", ports=(ServicePort(8443),))
HEADLESS = Service("a", "headless", cluster_ip="None")
ALL = (WEB, OTHER, HEADLESS)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("web", ("web", "")),
        ("web.a", ("web", "a")),
        ("web.a.svc", ("web", "a")),
        ("web.a.svc.cluster.local.", ("web", "a")),
        ("web.a.example", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("fd00::1", None),
        ("", None),
        ("a..b", None),
    ],
)
def test_names_of_services(host: str, name: tuple[str, str] | None) -> None:
    found = service_name(host)
    assert found == name or (host == "fd00::1" and not places(Backend("https", host, 443), ALL))


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("web", 443, [("a/web", "name", True), ("b/web", "name", False)]),
        ("web.b", 8443, [("b/web", "name", True)]),
        ("web.a.svc", 30443, [("a/web", "name", True)]),
        ("web.a.svc.cluster.local", 80, [("a/web", "name", False)]),
        ("10.96.0.7", 443, [("a/web", "cluster-ip", True)]),
        ("10.96.0.7", 30443, [("a/web", "cluster-ip", False)]),
        ("192.0.2.1", 30443, [("a/web", "node-port", True)]),
        ("localhost", 30443, [("a/web", "node-port", True)]),
        ("images.corp.example", 443, []),
        ("192.0.2.1", 0, []),
        ("None", 443, []),
        ("headless.a", 1323, [("a/headless", "name", True)]),
    ],
)
def test_where_addresses_lead(host: str, port: int, expected: list[tuple[str, str, bool]]) -> None:
    found = places(Backend("https", host, port), ALL)
    assert [(place.name, place.how, place.port is not None) for place in found] == expected


@pytest.mark.parametrize(
    ("host_network", "policy", "known"),
    [
        (True, "", False),
        (True, "ClusterFirst", False),
        (True, "ClusterFirstWithHostNet", True),
        (False, "", True),
        (False, "Default", False),
        (True, "None", None),
    ],
)
def test_who_resolves_the_names_of_services(host_network: bool, policy: str, known: bool | None) -> None:
    assert cluster_dns(apiserver(host_network=host_network, dns_policy=policy)) is known


def test_workloads_behind_a_service() -> None:
    labels = {"app": "web", "tier": "x"}
    right = Owner("a", "Deployment", "right", labels=labels)
    others = (
        Owner("b", "Deployment", "elsewhere", labels=labels),
        Owner("a", "Deployment", "other", labels={"app": "x"}),
    )
    assert workloads(WEB, (right, *others)) == (right,)
    assert workloads(OTHER, (right, *others)) == ()  # no selector: its endpoints are nobody's pods


@pytest.mark.parametrize(
    ("owner", "count"),
    [
        (Owner("a", "Deployment", "x"), 1),
        (Owner("a", "Deployment", "x", replicas=3), 3),
        (Owner("a", "DaemonSet", "x"), None),
        (Owner("a", "Pod", "x", shapes=(Shape("pods"),)), 1),
        (Owner("a", "Pod", "x", shapes=(Shape("pods", static=True),)), None),
    ],
)
def test_replicas(owner: Owner, count: int | None) -> None:
    assert replicas(owner) == count


def test_allowlists_of_all_containers_once() -> None:
    shapes = tuple(
        Shape("template", (Container("c", "container", "x", allowlist=entries),))
        for entries in (("a", "b"), ("b", "c"))
    )
    assert allowlist([Owner("a", "Deployment", "x", shapes=shapes)]) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (None, ""),
        ("2025-12-31T23:59:59Z", "is not valid before 2026-01-01T00:00:00Z"),
        ("2026-01-01T01:00:00+01:00", ""),
        ("2027-01-01T00:00:00Z", ""),
        ("2027-01-01T00:00:01Z", "expired on 2027-01-01T00:00:00Z"),
    ],
)
def test_certificates_in_time(now: str | None, told: str) -> None:
    certificate = CertificateFacts(HostFile("/x"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert out_of_date(certificate, now) == told
    assert out_of_date(CertificateFacts(HostFile("/x")), now) == ""
