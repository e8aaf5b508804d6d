"""ImagePolicyWebhook as a mechanism: what decides in its chain, and what stands beside it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.coverage import Gaps
from auditor.enforcement.chain import Answer, Flaw, Goal, ImagePolicy, Link, answer
from auditor.enforcement.image_policy_webhook import image_policies
from auditor.enforcement.world import World
from auditor.hostfacts import Backend, CertificateFacts, HostFacts, HostFile, PluginSettings, ServerFiles, StartFault
from auditor.model import ClusterInfo, ControlPlanePod, Coverage, Namespace, Service, ServicePort, Snapshot
from auditor.policy import Policy
from auditor.webhook_backend import places
from tests.host.making import CONFIG, ON, apiserver

OFF = ("--enable-admission-plugins=NodeRestriction", ON[1])
SERVICE = Service(
    "security", "image-policy", cluster_ip="10.96.14.2", ports=(ServicePort(443, node_port=30080),), ready=2
)
BACKEND = Backend("https", "10.96.14.2", 443)
EXPIRED = CertificateFacts(HostFile("/ca.crt"), "2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z", authority=True)
NAMESPACES = ("kube-system", "prod")


def files(server: str = "kube-apiserver-cp1", **changed: Any) -> ServerFiles:
    usual = ServerFiles(server, HostFile(CONFIG), configured=True, settings=PluginSettings(), backend=BACKEND)
    return msgspec.structs.replace(usual, **changed)


def world(
    *facts: ServerFiles,
    pods: tuple[ControlPlanePod, ...] = (apiserver(),),
    service: Service = SERVICE,
    slices_read: bool = True,
) -> World:
    rows = [Coverage("services", "read")]
    rows += [Coverage("endpointslices.discovery.k8s.io", "read" if slices_read else "forbidden")]
    snapshot = Snapshot(
        ClusterInfo(collected_at="2026-11-21T12:00:00Z"),
        tuple(rows),
        tuple(Namespace(name) for name in NAMESPACES),
        control_plane=pods,
        services=(service,),
        host=HostFacts(facts) if facts else None,
    )
    return World(snapshot, Policy(), Gaps(snapshot))


def said(found: World, goal: Goal = Goal.REGISTRIES) -> Answer:
    """The answer, which is one for every namespace: the plugin exempts none."""
    policies = list(image_policies(found))
    first, *others = (answer(policies, namespace, goal) for namespace in NAMESPACES)
    assert all((other.verdict, other.weakest) == (first.verdict, first.weakest) for other in others)
    return first


def policy(found: World) -> ImagePolicy:
    (only,) = image_policies(found)
    return only


def link(found: World, name: str) -> Link:
    (only,) = [link for link in policy(found).links if link.name == name]
    return only


def test_it_is_absent_where_no_server_has_it() -> None:
    assert not list(image_policies(world(pods=())))
    assert not list(image_policies(world(pods=(apiserver(OFF),))))
    assert not list(image_policies(world(files(configured=False), pods=(apiserver(OFF),))))


def test_configured_and_not_enabled_is_the_nearest_thing() -> None:
    found = said(world(files(), pods=(apiserver(OFF),)))
    assert found.verdict == "not-enforced"
    assert found.weakest is not None
    assert found.weakest.name == "plugin"


def test_what_a_backend_answers_is_not_known() -> None:
    for goal in Goal:
        found = said(world(files()), goal)
        assert found.verdict == "unknown"
        assert found.weakest is not None
        assert found.weakest.name == "backend"


NO_ENDPOINT = msgspec.structs.replace(SERVICE, ready=0)
NO_SLICE = msgspec.structs.replace(SERVICE, ready=None)
CLOSED, OPEN = PluginSettings(default_allow=False), PluginSettings(default_allow=True)
BY_NAME = Backend("https", "image-policy.security.svc", 443)


@pytest.mark.parametrize(
    ("backend", "service", "pod", "dead"),
    [
        (BACKEND, SERVICE, apiserver(), False),
        (BACKEND, NO_ENDPOINT, apiserver(), True),
        (BACKEND, NO_SLICE, apiserver(), True),
        (Backend("https", "10.96.14.2", 8443), SERVICE, apiserver(), True),
        (Backend("https", "10.96.14.2", 8443, proxied=True), SERVICE, apiserver(), False),
        (Backend("https", "10.96.14.3", 443), NO_ENDPOINT, apiserver(), False),
        (BY_NAME, NO_ENDPOINT, apiserver(dns_policy="ClusterFirstWithHostNet"), True),
        (BY_NAME, NO_ENDPOINT, apiserver(), False),  # the node's resolver may know the name
        (Backend("https", "image-policy", 443), NO_ENDPOINT, apiserver(dns_policy="ClusterFirstWithHostNet"), False),
        (Backend("https", "localhost", 30080), NO_ENDPOINT, apiserver(), True),
        (Backend("https", "10.0.3.4", 30080), NO_ENDPOINT, apiserver(), False),  # perhaps no node of this cluster
        (Backend("ftp", "images.example", 0), SERVICE, apiserver(), True),
        (Backend("https", "images.example", 443, authority=EXPIRED), SERVICE, apiserver(), True),
    ],
)
def test_where_no_answer_can_come_failing_decides(
    backend: Backend, service: Service, pod: ControlPlanePod, dead: bool
) -> None:
    def verdict(settings: PluginSettings) -> str:
        return said(world(files(settings=settings, backend=backend), pods=(pod,), service=service)).verdict

    seen = bool(places(backend, (service,)))  # a backend outside of the cluster decides alone, and is trusted to
    assert verdict(CLOSED) == ("enforced" if dead or not seen else "unknown")
    assert verdict(OPEN) == ("not-enforced" if dead else "unknown")
    assert verdict(PluginSettings(default_allow=None)) == "unknown"


def test_a_backend_outside_is_trusted_with_registries_alone() -> None:
    backend = Backend("https", "images.corp.example", 443)
    policies = list(image_policies(world(files(settings=CLOSED, backend=backend), pods=(apiserver(),))))
    verdicts = {goal: answer(policies, "shop", goal).verdict for goal in Goal}
    assert verdicts == {Goal.REGISTRIES: "enforced", Goal.DIGESTS: "unknown", Goal.SIGNATURES: "unknown"}


def test_endpoints_that_were_not_read_prove_nothing() -> None:
    assert said(world(files(settings=OPEN), service=NO_SLICE, slices_read=False)).verdict == "unknown"


def test_a_service_that_leads_outside_may_answer() -> None:
    outside = msgspec.structs.replace(NO_SLICE, type="ExternalName", cluster_ip="10.96.14.2")
    assert said(world(files(settings=OPEN), service=outside)).verdict == "unknown"


@pytest.mark.parametrize(
    ("facts", "ready", "state"),
    [
        ((), None, "unknown"),
        ((files(faults=(StartFault(CONFIG, "it states no kind"),)),), None, "broken"),
        ((files(faults=(StartFault(CONFIG, "it states no kind"),)),), True, "unknown"),  # it runs with what was there
        ((files(faults=(StartFault(CONFIG, "perhaps", certain=False),)),), None, "unknown"),
        ((files(files=(HostFile("/ca.crt", "unread"),)),), None, "unknown"),
        ((files(),), None, "holds"),
    ],
)
def test_a_server_that_does_not_start_enforces_nothing(
    facts: tuple[ServerFiles, ...], ready: bool | None, state: str
) -> None:
    assert link(world(*facts, pods=(apiserver(ready=ready),)), "configuration").state == state


@pytest.mark.parametrize(
    "flags",
    [
        [*ON, "--disable-admission-plugins=ImagePolicyWebhook"],
        ["--enable-admission-plugins=ImagePolicyWebhook,,NodeRestriction", ON[1]],
        ["--admission-control=ImagePolicyWebhook", ON[0], ON[1]],
        [ON[0]],
    ],
)
def test_nor_does_one_whose_flags_stop_it(flags: list[str]) -> None:
    assert link(world(files(), pods=(apiserver(flags),)), "configuration").state == "broken"
    assert link(world(files(), pods=(apiserver(flags, ready=True),)), "configuration").state == "unknown"


def test_the_laxest_of_several_servers_decides() -> None:
    pods = (apiserver(), apiserver(OFF, name="kube-apiserver-cp2"))
    one_off = said(world(files(), pods=pods))
    assert one_off.verdict == "not-enforced"
    assert one_off.weakest is not None
    assert "kube-apiserver-cp2" in one_off.weakest.detail
    pods = (apiserver(), apiserver(name="kube-apiserver-cp2"))
    dead = Backend("ftp", "images.example", 0)
    closed, second = files(backend=dead), files("kube-apiserver-cp2", backend=dead)
    one_open = msgspec.structs.replace(second, settings=OPEN)
    assert said(world(closed, one_open, pods=pods)).verdict == "not-enforced"
    assert said(world(closed, second, pods=pods)).verdict == "enforced"


def test_what_stands_beside_the_verdict() -> None:
    found = policy(world(files(settings=OPEN)))
    states = {link.name: link.state for link in found.links if not link.essential}
    assert states == {
        "failure": "broken",
        "operations": "holds",
        "ephemeral containers": "holds",
        "init containers": "holds",
        "image volumes": "broken",
        "exemptions": "unknown",
    }
    assert {fact.flaw for fact in found.facts} == {Flaw.FAIL_OPEN, Flaw.PARTIAL}
    assert {fact.flaw for fact in policy(world(files())).facts} == {Flaw.PARTIAL}
    assert (found.about.subject.kind, found.about.subject.name) == ("APIServer", "kube-apiserver")
    assert found.allowed is None
