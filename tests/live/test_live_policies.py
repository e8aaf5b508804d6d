"""Policies made from a seed, stored by a real API server: what is said of them against what it does.

AUDITOR_LIVE_CASES and AUDITOR_LIVE_SEED ask for other and more of them than a normal run has.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from msgspec import structs

from auditor.collect import SourceOptions
from auditor.commands.inputs import collect
from auditor.coverage import Gaps
from auditor.enforcement import admission_policy
from auditor.enforcement.admission_objects import binding, definition
from auditor.enforcement.chain import Goal, ImagePolicy, answer
from auditor.enforcement.matrix import Enforcement, enforcement
from auditor.enforcement.mechanisms import MECHANISMS, RESOURCES
from auditor.enforcement.world import World
from auditor.image import MalformedReference, parse, parse_entry
from auditor.model import Snapshot
from auditor.policy import Policy, Registries
from auditor.prediction import predict
from auditor.probe import Place, Probe
from auditor.proof import Verdict, excuse
from tests.enforcement.admission_worlds import world
from tests.live.conftest import Server, own_server
from tests.live.dry_runs import DIGEST, TARGET, DryRuns, may_do_anything
from tests.live.policy_shapes import ALLOWED, TIERS, Case, Object, case

CASES = int(os.environ.get("AUDITOR_LIVE_CASES", "45"))
SEED = os.environ.get("AUDITOR_LIVE_SEED", "a")
SLOTS = 45
API = "/apis/admissionregistration.k8s.io/v1"
PATHS = {
    "ValidatingAdmissionPolicy": f"{API}/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": f"{API}/validatingadmissionpolicybindings",
}
POLICY = Policy(registries=Registries(allowed=(parse_entry(ALLOWED),)))
KEEPER, LAST = "keeper", "zz-last"
GOOD = f"{ALLOWED}/app@{DIGEST}"
PROBED = f"auditor-probe.invalid/forbidden@{DIGEST}"
FOREIGN = (
    PROBED,
    "evil.com/app:1.2.3",
    "auditor-probe.invalid/forbidden:latest",
    "auditor-probe.invalid/team/forbidden",
)
NEAR = (f"{ALLOWED}.evil.io/x@{DIGEST}", f"{ALLOWED}-evil/x@{DIGEST}", f"evil.com/{ALLOWED}/x@{DIGEST}", "nginx")
LET_IN = (GOOD, f"{ALLOWED}/app:1.0", f"other.example/app@{DIGEST}", "docker.io/library/nginx:1", "prod.example/x:1")
TAGGED = (f"{ALLOWED}/app:1.0", f"{ALLOWED}/app", f"{ALLOWED}/app:latest")
EVERYWHERE: tuple[Place, ...] = ("container", "init container", "image volume", "update", "ephemeral container")


@dataclass
class Batch:
    """Cases that a server was given, what it refused to store, and what there was then."""

    server: Server
    cases: list[Case]
    refused: dict[str, str]
    snapshot: Snapshot
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_server(tmp_path_factory.mktemp("policies")) as server:
        may_do_anything(server, "somebody")
        containers = [{"name": "main", "image": f"{ALLOWED}/main:1"}]
        for slot in range(SLOTS):
            for tier in TIERS:
                name = f"n{slot}-{tier}"
                labels = {"slot": str(slot), "tier": tier}
                server.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
                target = {"metadata": {"name": TARGET}, "spec": {"containers": containers}}
                server.create(f"/api/v1/namespaces/{name}/pods", target)
        # While no policy reads ConfigMaps the API server does not follow them, and takes that up again late.
        ref = {"name": "none", "namespace": "default", "parameterNotFoundAction": "Allow"}
        put(server, KEEPER, "nowhere", {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}, {"paramRef": ref})
        yield server


def put(server: Server, name: str, namespace: str, policy: Object, bound: Object) -> None:
    """A policy that denies every pod of a namespace."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    constraints = {"namespaceSelector": selector, "resourceRules": [rule]}
    spec = {"matchConstraints": constraints, "validations": [{"expression": "false"}], **policy}
    server.create(PATHS["ValidatingAdmissionPolicy"], {"metadata": {"name": name}, "spec": spec})
    spec = {"policyName": name, "validationActions": ["Deny"], **bound}
    server.create(PATHS["ValidatingAdmissionPolicyBinding"], {"metadata": {"name": name}, "spec": spec})


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "the API server did not take it in"
        time.sleep(0.2)
    time.sleep(0.5)


def stored(server: Server, asks: DryRuns, seed: str) -> Batch:
    cases = [case(seed, slot) for slot in range(SLOTS)]
    refused: dict[str, str] = {}
    for found in cases:
        for item in found.configmaps:
            server.create(f"/api/v1/namespaces/{item['metadata']['namespace']}/configmaps", item)
        for item in (found.policy, *found.bindings):
            status, message = asks.send("POST", PATHS[item["kind"]], item)
            if status >= 300:
                refused[f"{item['kind']} {item['metadata']['name']}"] = message
    # What was written last is in force when all is.
    put(server, LAST, "kube-public", {}, {})
    until(lambda: asks.pod_of("kube-public", "a").outcome == "denied")
    wanted = ("namespaces", "nodes", "pods", "configmaps", *RESOURCES)
    options = SourceOptions(kubeconfig=str(server.kubeconfig), resources=wanted)
    return Batch(server, cases, refused, collect(options).snapshot)


def cleared(batch: Batch, asks: DryRuns) -> None:
    for path in reversed(PATHS.values()):
        batch.server.call("DELETE", f"{path}?fieldSelector=metadata.name%21%3D{KEEPER}")
    for found in batch.cases:
        for item in found.configmaps:
            metadata = item["metadata"]
            batch.server.call("DELETE", f"/api/v1/namespaces/{metadata['namespace']}/configmaps/{metadata['name']}")
    until(lambda: asks.pod_of("kube-public", "a").outcome == "admitted")


def test_what_is_said_of_policies_is_what_the_api_server_does(cluster: Server) -> None:
    wrong: list[str] = []
    told: Counter[str] = Counter()
    with DryRuns(cluster) as admin, DryRuns(cluster, "somebody") as somebody:
        for number in range(0, CASES, SLOTS):
            batch = stored(cluster, admin, f"{SEED}{number}")
            for found in batch.cases:
                judge_case(batch, found, (somebody, admin))
            wrong += [f"seed {SEED}{number}: {text}" for text in batch.wrong]
            told += batch.told
            cleared(batch, admin)
    assert not wrong, "\n".join(wrong)
    # Enough of each was tried, and little was left open.
    assert told["enforced"] > CASES / 10
    assert told["not-enforced"] > CASES / 10
    assert told["unknown"] < (told["enforced"] + told["not-enforced"]) / 2


SKIP = "Object{metadata: Object.metadata{labels: {'skip': 'yes'}}}"
MIRROR = (
    "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', "
    "value: 'registry.example/mirror/' + object.spec.containers[0].image}]"
)


@pytest.mark.parametrize("kind", ["labels", "images"])
def test_what_changes_pods_before_they_are_judged(cluster: Server, kind: str) -> None:
    """A label that lets a pod out, an image that becomes another: admitted, and nothing else was said."""
    mutating = [f"{API}/mutatingadmissionpolicies", f"{API}/mutatingadmissionpolicybindings"]
    with DryRuns(cluster) as asks:
        if asks.send("GET", mutating[0], None)[0] == 404:
            pytest.skip("the API server has no MutatingAdmissionPolicies")
        selector = {"matchLabels": {"kubernetes.io/metadata.name": "n0-prod"}}
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        constraints: Object = {"namespaceSelector": selector, "resourceRules": [rule]}
        opted = {"objectSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}}
        judging = "object.spec.containers.all(c, c.image.startsWith('registry.example/'))"
        matching = {**constraints, **(opted if kind == "labels" else {})}
        put(cluster, "judging", "", {"matchConstraints": matching, "validations": [{"expression": judging}]}, {})
        until(lambda: asks.pod_of("n0-prod", PROBED).outcome == "denied")
        apply = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": SKIP}}
        patch = {"patchType": "JSONPatch", "jsonPatch": {"expression": MIRROR}}
        mutation = apply if kind == "labels" else patch
        spec = {"matchConstraints": constraints, "mutations": [mutation], "reinvocationPolicy": "Never"}
        cluster.create(mutating[0], {"metadata": {"name": "changing"}, "spec": spec})
        cluster.create(mutating[1], {"metadata": {"name": "changing"}, "spec": {"policyName": "changing"}})
        until(lambda: asks.pod_of("n0-prod", PROBED).outcome == "admitted")
        snapshot = collect(SourceOptions(kubeconfig=str(cluster.kubeconfig))).snapshot
        for path in (*mutating, *PATHS.values()):
            cluster.call("DELETE", f"{path}?fieldSelector=metadata.name%21%3D{KEEPER}")
        until(lambda: asks.pod_of("n0-prod", PROBED).outcome == "admitted")
    seen = enforcement(World(snapshot, POLICY, Gaps(snapshot)), MECHANISMS)
    assert predict(seen, Probe("n0-prod", "container", PROBED, True)) is None
    said = answer(seen.policies, "n0-prod", Goal.REGISTRIES)
    # An image that was changed is judged as what it became; a label that was set lets any in.
    assert said.verdict == ("unknown" if kind == "labels" else "enforced")


def judge_case(batch: Batch, found: Case, askers: tuple[DryRuns, ...]) -> None:
    spaces = [f"n{found.slot}-{tier}" for tier in TIERS]
    labels = {name: {"slot": str(found.slot), "tier": name.rpartition("-")[2]} for name in spaces}
    written = world(found.objects, labels)
    refused = _refusals(batch, found, written)
    if f"ValidatingAdmissionPolicy {found.policy['metadata']['name']}" in refused:
        return
    by_source = {"live": _seen(batch, found, spaces)}
    if not refused:
        by_source["manifest"] = Enforcement(policies=tuple(admission_policy.image_policies(written)))
    for namespace in spaces:
        _judge_verdicts(batch, found, namespace, by_source, askers)
        _judge_probes(batch, found, namespace, by_source["live"], askers)


def _wrong(batch: Batch, found: Case, text: str) -> None:
    batch.wrong.append(f"case {found.slot}: {text}\n    {found.objects}")


def _refusals(batch: Batch, found: Case, written: World) -> set[str]:
    """What the server refused to store; of manifests it is foretold."""
    refused = set()
    for item in written.snapshot.policies:
        if item.kind not in PATHS:
            continue
        key = f"{item.kind} {item.name}"
        fault = definition(item).fault if item.kind == "ValidatingAdmissionPolicy" else binding(item).fault
        foretold = fault is not None and fault.refused
        if key in batch.refused:
            refused.add(key)
        if foretold != (key in batch.refused):
            _wrong(batch, found, f"{key}: foretold {fault}, the server said {batch.refused.get(key, 'nothing')}")
    return refused


def _seen(batch: Batch, found: Case, spaces: list[str]) -> Enforcement:
    """What the mechanisms say of the case's objects, as they were read from the server."""
    own = {item["metadata"]["name"] for item in found.objects}
    snapshot = structs.replace(
        batch.snapshot,
        policies=tuple(item for item in batch.snapshot.policies if item.kind not in PATHS or item.name in own),
        namespaces=tuple(item for item in batch.snapshot.namespaces if item.name in spaces),
        owners=(),
    )
    return enforcement(World(snapshot, POLICY, Gaps(snapshot)), MECHANISMS)


def _judge_verdicts(
    batch: Batch, found: Case, namespace: str, by_source: dict[str, Enforcement], askers: tuple[DryRuns, ...]
) -> None:
    somebody = askers[0]
    foreign = [asker.pod_of(namespace, image) for asker in askers for image in FOREIGN]
    near = {image: somebody.pod_of(namespace, image).outcome for image in NEAR}
    let_in = any(somebody.pod_of(namespace, image).outcome == "admitted" for image in LET_IN)
    open_to_foreign = any(told.outcome == "admitted" for told in foreign)
    for source, seen in by_source.items():
        said = answer(seen.policies, namespace, Goal.REGISTRIES)
        batch.told[said.verdict] += 1
        past = [image for image, outcome in near.items() if outcome == "admitted" and not _meant(seen.policies, image)]
        if said.verdict == "enforced" and (open_to_foreign or past):
            _wrong(batch, found, f"{source}: enforced in {namespace}, which lets in {past or FOREIGN}")
        if said.verdict == "not-enforced" and not open_to_foreign and not past and let_in:
            _wrong(batch, found, f"{source}: not enforced in {namespace}, where it is denied: {foreign[0].message}")
        digests = answer(seen.policies, namespace, Goal.DIGESTS)
        if digests.verdict == "enforced" and any(
            somebody.pod_of(namespace, image).outcome == "admitted" for image in TAGGED
        ):
            _wrong(batch, found, f"{source}: digests enforced in {namespace}, which lets in tags")


def _meant(policies: tuple[ImagePolicy, ...], image: str) -> bool:
    """Whether a policy lets an image in on purpose, or was told not to end at a segment."""
    if any("does not end at a segment" in fact.message for policy in policies for fact in policy.facts):
        return True
    entries = [parse_entry(entry) for policy in policies for entry in policy.allowed or ()]
    try:
        return any(entry.covers(parse(image)) for entry in entries)
    except MalformedReference:
        return True


def _judge_probes(batch: Batch, found: Case, namespace: str, seen: Enforcement, askers: tuple[DryRuns, ...]) -> None:
    for asker in askers:
        good = Probe(namespace, "container", GOOD, False)
        probes = [good, *(Probe(namespace, place, PROBED, True) for place in EVERYWHERE)]
        for probe in probes:
            told, predicted = asker.asked(probe, GOOD), predict(seen, probe)
            if predicted in (None, told.outcome):
                continue
            if told.outcome == "denied" and _excused(probe, told, asker):
                continue
            text = f"{probe.place} in {namespace}: predicted {predicted}, was {told.outcome} {told.message}"
            _wrong(batch, found, text)


def _excused(probe: Probe, told: Verdict, asker: DryRuns) -> str:
    return excuse(
        probe, told, lambda: asker.asked(Probe(probe.namespace, probe.place, GOOD, False), GOOD), hidden=False
    )
