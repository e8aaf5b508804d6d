"""Policy reports on a real API server: applied, split, pruned; beside those of others, and without some rights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml

from auditor.publish import Place
from auditor.publish_apis import APIS, OPENREPORTS, WGPOLICY, ReportApi
from auditor.rbac import cluster_role
from auditor.report import Finding, Report
from auditor.sources.publishing import Result, publish
from tests.live.conftest import Server, own_server, until
from tests.live.definitions import DEFINITIONS, reports, serve_reports
from tests.reporters.hostile import FRAGMENTS
from tests.reporters.samples import finding, report, use

SPACES = ("payments", "web")
EVERYWHERE: tuple[Place, ...] = (None, *SPACES)
RBAC = "/apis/rbac.authorization.k8s.io/v1"
USER = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}
Object = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_server(tmp_path_factory.mktemp("publishing")) as server:
        serve_reports(server)
        server.create("/api/v1/namespaces", *({"metadata": {"name": name}} for name in SPACES))
        yield server


@pytest.fixture(autouse=True)
def empty(server: Server) -> Iterator[None]:
    yield
    for api in APIS:
        for item in published(server, api):
            place = item["metadata"].get("namespace")
            server.call("DELETE", f"{folder(api, place)}/{item['metadata']['name']}")


def failure(place: Place, name: str = "api", message: str = "m") -> Finding:
    return finding("unpinned-image", place, use("Deployment", name, "main"), message)


def audit(*findings: Finding, passed: dict[str, int] | None = None) -> Report:
    return report(findings, passed={"": 1, "payments": 3, "web": 2} if passed is None else passed)


def put(server: Server, found: Report, audited: Sequence[Place] = EVERYWHERE, *, limited: bool = False) -> Result:
    return publish(found, str(server.limited if limited else server.kubeconfig), None, set(audited))


def states(result: Result) -> dict[tuple[Place, str], str]:
    return {(one.namespace, one.name): one.state for one in result.outcomes}


def folder(api: ReportApi, place: Place) -> str:
    namespaced = f"namespaces/{place}/" if place else ""
    return f"/apis/{api.api_version}/{namespaced}{api.plural_in(place)}"


def published(server: Server, api: ReportApi = OPENREPORTS) -> list[Object]:
    return [item for path in reports(api) for item in server.call("GET", path.path())["items"]]


def one(server: Server, place: Place, name: str = "auditor", api: ReportApi = OPENREPORTS) -> Object:
    return server.call("GET", f"{folder(api, place)}/{name}")


def messages(server: Server, place: Place) -> list[str]:
    return [result["message"] for result in one(server, place).get("results", [])]


def test_written_changed_and_left_as_it_is(server: Server) -> None:
    found = audit(failure("payments", message="one"), failure(None, message="two"))
    assert set(states(put(server, found)).values()) == {"written"}
    assert (messages(server, "payments"), messages(server, None), messages(server, "web")) == (["one"], ["two"], [])
    before = one(server, "payments")
    assert {entry["manager"] for entry in before["metadata"]["managedFields"]} == {"auditor"}
    put(server, found)
    assert one(server, "payments") == before
    put(server, audit(failure("payments", message="new")))
    assert (messages(server, "payments"), messages(server, None)) == (["new"], [])


def test_a_large_report_in_parts_and_what_is_left_of_it(server: Server) -> None:
    """Of what each may hold at most, and escapes and umlauts that take several bytes."""
    long = "".join(FRAGMENTS) + "ü" * 5000
    findings = [failure("payments", f"api-{number}", f"{number} {long}") for number in range(400)]
    assert set(states(put(server, audit(*findings))).values()) == {"written"}
    parts = [item for item in published(server) if item["metadata"].get("namespace") == "payments"]
    assert len(parts) >= 4
    assert sum(item["summary"]["fail"] for item in parts) == 400
    result = states(put(server, audit(findings[0])))
    assert set(result.values()) == {"written", "deleted"}
    left = [item["metadata"]["name"] for item in published(server) if item["metadata"].get("namespace") == "payments"]
    assert left == ["auditor"]


def test_what_others_changed_is_set_right(server: Server) -> None:
    found = audit(failure("payments"))
    put(server, found)
    path = f"{folder(OPENREPORTS, 'payments')}/auditor?fieldManager=somebody"
    server.call("PATCH", path, {"results": [], "summary": {"fail": 0}, "metadata": {"labels": {"theirs": "yes"}}})
    assert states(put(server, found))["payments", "auditor"] == "written"
    after = one(server, "payments")
    assert (len(after["results"]), after["summary"]["fail"], after["metadata"]["labels"]["theirs"]) == (1, 1, "yes")


@pytest.mark.parametrize(
    "theirs", [{"results": [{"policy": "p", "message": "theirs"}]}, {"summary": {"pass": 9}}, {}, {"source": "auditor"}]
)
def test_a_report_of_another_with_our_name_stays(server: Server, theirs: Object) -> None:
    body = {"apiVersion": OPENREPORTS.api_version, "kind": "Report", "metadata": {"name": "auditor"}, **theirs}
    made = server.call("POST", folder(OPENREPORTS, "payments"), body)
    result = put(server, audit(failure("payments"), failure("web")))
    assert (states(result)["payments", "auditor"], states(result)["web", "auditor"]) == ("refused", "written")
    assert one(server, "payments") == made


def test_a_namespace_that_is_leaving_or_gone(server: Server) -> None:
    server.create("/api/v1/namespaces", {"metadata": {"name": "leaving"}})
    server.call("DELETE", "/api/v1/namespaces/leaving")  # nobody is there who would end it
    findings = [failure(place) for place in ("leaving", "gone", "web")]
    result = put(server, audit(*findings), (*EVERYWHERE, "leaving", "gone"))
    assert {place: state for (place, _), state in states(result).items() if state != "written"} == {
        "leaving": "gone",
        "gone": "gone",
    }
    assert messages(server, "web") == ["m"]


@pytest.fixture
def rights(server: Server) -> Iterator[Object]:
    """Those that `auditor rbac --publish` prints for policy reports, bound to one user by the test."""
    role = yaml.safe_load(cluster_role((), publish=True))
    binding = {
        "metadata": {"name": "auditor"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "auditor"},
        "subjects": [USER],
    }
    server.create(f"{RBAC}/clusterrolebindings", binding)
    yield role
    for plural in ("clusterrolebindings", "clusterroles"):
        server.call("DELETE", f"{RBAC}/{plural}/auditor")


def test_the_printed_rights_are_enough(server: Server, rights: Object) -> None:
    server.create(f"{RBAC}/clusterroles", rights)
    until(lambda: server.may("limited", "delete", "reports", OPENREPORTS.group), "the role")
    assert set(states(put(server, audit(failure("web")), limited=True)).values()) == {"written"}
    gone = states(put(server, audit(passed={}), limited=True))
    assert {state for (place, _), state in gone.items() if place} == {"deleted"}


@pytest.mark.parametrize("verb", ["create", "patch", "delete"])
def test_each_right_that_is_missing_is_named(server: Server, rights: Object, verb: str) -> None:
    put(server, audit(failure("web")), ["web"])
    for rule in rights["rules"]:
        rule["verbs"].remove(verb)
    server.create(f"{RBAC}/clusterroles", rights)
    until(lambda: server.may("limited", "list", "reports", OPENREPORTS.group), "the role")
    found = audit(failure("payments"), passed={"": 0})
    result = put(server, found, limited=True)
    denied = {(one.namespace, one.reason) for one in result.outcomes if one.state == "denied"}
    expected = {
        "create": {(None, "create clusterreports.openreports.io"), ("payments", "create reports.openreports.io")},
        "patch": {(None, "patch clusterreports.openreports.io"), ("payments", "patch reports.openreports.io")},
        "delete": {("web", "delete reports.openreports.io")},
    }
    assert denied == expected[verb]


def groups(server: Server) -> list[str]:
    return [group["name"] for group in server.call("GET", "/apis")["groups"]]


def test_the_old_api_gives_way(server: Server) -> None:
    plurals = [f"{resource.plural}.{resource.group}" for resource in reports(OPENREPORTS)]
    for name in plurals:
        server.call("DELETE", f"{DEFINITIONS}/{name}")
    until(lambda: OPENREPORTS.group not in groups(server), "the definitions are gone")
    assert put(server, audit(failure("web"))).api == WGPOLICY
    assert one(server, "web", api=WGPOLICY)["results"][0]["message"] == "m"
    serve_reports(server, OPENREPORTS)
    assert put(server, audit(failure("web"))).api == OPENREPORTS
    assert (published(server, WGPOLICY), messages(server, "web")) == ([], ["m"])
