"""Webhooks made from a seed, called by a real API server: when they are, and what happens where nobody answers.

AUDITOR_LIVE_SEED asks for others than a normal run has. Services have addresses of loopback, so that the API server
reaches a backend of the test's own by them.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import structs

from auditor.collect import SourceOptions
from auditor.commands.inputs import collect
from auditor.coverage import Gaps
from auditor.enforcement.chain import Goal, Link, answer, verdict
from auditor.enforcement.matrix import enforcement
from auditor.enforcement.mechanisms import MECHANISMS, RESOURCES
from auditor.enforcement.webhooks import hooks, layer
from auditor.enforcement.world import World
from auditor.image import parse_entry
from auditor.model import Snapshot
from auditor.policy import Policy, Registries
from auditor.prediction import predict
from auditor.probe import Place, Probe
from tests.live.conftest import Server, own_server
from tests.live.dry_runs import DIGEST, TARGET, DryRuns, may_do_anything
from tests.live.hook_backend import HookBackend
from tests.live.policy_expressions import HOOK_CONDITIONS
from tests.live.policy_reach import EPHEMERAL, PODS
from tests.live.policy_shapes import TIERS

SEED = os.environ.get("AUDITOR_LIVE_SEED", "a")
SLOTS = int(os.environ.get("AUDITOR_LIVE_HOOKS", "18"))
API = "/apis/admissionregistration.k8s.io/v1"
PATHS = {True: f"{API}/mutatingwebhookconfigurations", False: f"{API}/validatingwebhookconfigurations"}
POLICY = Policy(registries=Registries(allowed=(parse_entry("registry.example"),)))
ALIVE, SILENT = "127.0.1.77", "127.0.1.78"
BAD, GOOD = f"auditor-probe.invalid/forbidden@{DIGEST}", f"registry.example/app@{DIGEST}"
CHANGES: tuple[Place, ...] = ("update", "ephemeral container")
Object = dict[str, Any]


def hook(chance: random.Random, slot: int, backend: HookBackend) -> tuple[bool, Object]:
    """Whether it mutates, and its configuration's only entry."""

    def one(*options: Any) -> Any:
        return chance.choice(options)

    rule = dict(one(EPHEMERAL, EPHEMERAL, PODS))
    if chance.random() < 0.4:
        key, values = one(
            ("resources", (["*"], ["*/*"], ["pods/*"], ["deployments"], ["Pods"], ["pods/ephemeralcontainers"])),
            ("operations", (["*"], ["CREATE"], ["UPDATE"], ["DELETE"])),
            ("apiGroups", (["*"], ["core"], ["", "apps"])),
            ("apiVersions", (["*"], ["v2"])),
            ("scope", ("*", "Namespaced", "Cluster")),
        )
        rule[key] = one(*values)
    expressions: list[Object] = [{"key": "slot", "operator": "In", "values": [str(slot)]}]
    if chance.random() < 0.2:
        expressions.append(
            one(
                {"key": "tier", "operator": "NotIn", "values": ["dev"]},
                {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [f"n{slot}-dev"]},
                {"key": "ignored", "operator": "DoesNotExist"},
                {"key": "wanted", "operator": "Exists"},
            )
        )
    way = one("deny", "deny", "deny", "deny", "allow", "mutate", "slow", "broken", "garbage", "other")
    service = {"namespace": "hooks", "name": "alive", "path": f"/{way}", "port": backend.port}
    config = one(
        *[{"service": service}] * 6,
        {"service": {**service, "name": "silent"}},
        {"service": {**service, "name": "missing"}},
        {"service": {**service, "port": 1}},
        {"url": f"https://{ALIVE}:{backend.port}/{way}"},
        {"url": f"https://{SILENT}:{backend.port}/{way}"},
    )
    entry: Object = {
        "name": "images.policy.example",
        "clientConfig": {**config, "caBundle": backend.authority},
        "rules": [rule],
        "namespaceSelector": {"matchExpressions": expressions},
        "sideEffects": one("None", "NoneOnDryRun"),
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    if chance.random() < 0.7:
        entry["failurePolicy"] = one("Fail", "Ignore")
    if chance.random() < 0.2:
        entry["objectSelector"] = one(
            {"matchLabels": {"guard": "on"}}, {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}, {}
        )
    if chance.random() < 0.35:
        chosen = chance.sample(HOOK_CONDITIONS, chance.randint(1, 2))
        entry["matchConditions"] = [{"name": f"c{number}", "expression": text} for number, text in enumerate(chosen)]
    if chance.random() < 0.2:
        entry["matchPolicy"] = one("Exact", "Equivalent")
    return chance.random() < 0.3, entry


def configuration(slot: int, entry: Object) -> Object:
    return {"metadata": {"name": f"hook-{slot}"}, "webhooks": [entry]}


def populate(server: Server, port: int) -> None:
    server.create("/api/v1/namespaces", {"metadata": {"name": "hooks"}})
    may_do_anything(server, "somebody")
    for name, address, ready in (("alive", ALIVE, True), ("silent", SILENT, False)):
        ports = [{"port": port, "protocol": "TCP", "name": "https"}]
        service = {"metadata": {"name": name}, "spec": {"clusterIP": address, "ports": ports}}
        server.create("/api/v1/namespaces/hooks/services", service)
        labels = {"kubernetes.io/service-name": name}
        endpoints = [{"addresses": ["10.1.2.3"], "conditions": {"ready": ready}}]
        endpoint_slice = {"metadata": {"name": name, "labels": labels}, "addressType": "IPv4", "endpoints": endpoints}
        server.create("/apis/discovery.k8s.io/v1/namespaces/hooks/endpointslices", {**endpoint_slice, "ports": ports})
    for slot in range(SLOTS):
        for tier in TIERS:
            labels = {"slot": str(slot), "tier": tier}
            server.create("/api/v1/namespaces", {"metadata": {"name": f"n{slot}-{tier}", "labels": labels}})
            containers = [{"name": "main", "image": "registry.example/main:1"}]
            target = {"metadata": {"name": TARGET}, "spec": {"containers": containers}}
            server.create(f"/api/v1/namespaces/n{slot}-{tier}/pods", target)


def test_webhooks_are_called_where_they_are_said_to_be(tmp_path: Path) -> None:
    wrong: list[str] = []
    told: Counter[str] = Counter()
    with (
        own_server(tmp_path, "--service-cluster-ip-range=127.0.1.0/24") as server,
        HookBackend(tmp_path, ALIVE, "alive.hooks.svc", "silent.hooks.svc", "missing.hooks.svc") as backend,
        DryRuns(server, "somebody") as asks,
    ):
        populate(server, backend.port)
        chance = random.Random(SEED)
        made = [hook(chance, slot, backend) for slot in range(SLOTS)]
        for slot, (mutating, entry) in enumerate(made):
            server.create(PATHS[mutating], configuration(slot, entry))
        time.sleep(2)  # what was written last is in force by then
        options = SourceOptions(
            kubeconfig=str(server.kubeconfig), resources=("namespaces", "nodes", "pods", *RESOURCES)
        )
        snapshot = collect(options).snapshot
        for slot, (_, entry) in enumerate(made):
            for tier in TIERS:
                found = differences(snapshot, asks, slot, f"n{slot}-{tier}", entry, told)
                shown = {**entry, "clientConfig": {**entry["clientConfig"], "caBundle": "…"}}
                wrong += [f"seed {SEED}, hook {slot} in {tier}: {text}\n    {shown}" for text in found]
    assert not wrong, "\n".join(wrong)
    assert told["called"] > SLOTS / 5
    assert told["not called"] > SLOTS / 5


def differences(
    snapshot: Snapshot, asks: DryRuns, slot: int, namespace: str, entry: Object, told: Counter[str]
) -> list[str]:
    """What the API server does otherwise than was said of one webhook in one namespace."""
    own = structs.replace(
        snapshot,
        policies=tuple(found for found in snapshot.policies if found.name == f"hook-{slot}"),
        namespaces=tuple(found for found in snapshot.namespaces if found.name == namespace),
        owners=(),
    )
    world = World(own, POLICY, Gaps(own))
    chain = layer(world, hooks(world), engine="x").by_namespace[namespace]
    seen = enforcement(world, MECHANISMS)
    denied = asks.pod_of(namespace, BAD).outcome == "denied"
    found = []
    expected = _expected(chain, entry)
    if expected is not None:
        told["called" if verdict(_without_backend(chain)) == "enforced" else "not called"] += 1
        if expected != denied:
            found.append(f"denied is {denied}, by {chain}")
    said = answer(seen.policies, namespace, Goal.REGISTRIES).verdict
    told[said] += 1
    if (said == "enforced" and not denied) or (said == "not-enforced" and denied):
        found.append(f"{said}, denied is {denied}")
    for probe in [Probe(namespace, place, BAD, True) for place in ("container", *CHANGES)]:
        predicted, outcome = predict(seen, probe), asks.asked(probe, GOOD).outcome
        told[f"probe {predicted}"] += 1
        if predicted not in (None, outcome):
            found.append(f"{probe.place}: predicted {predicted}, was {outcome}")
    return found


def _without_backend(chain: tuple[Link, ...]) -> list[Link]:
    return [link for link in chain if link.name != "backend"]


def _expected(chain: tuple[Link, ...], entry: Object) -> bool | None:
    """Whether a pod is denied, by whether the webhook is called and what its backend is known here to do."""
    called = verdict(_without_backend(chain))
    if called != "enforced":
        return None if called == "unknown" else False
    by_conditions = any(link.detail == "they fail closed" for link in chain)
    config = entry["clientConfig"]
    way = str(config.get("url") or config["service"]["path"]).rpartition("/")[2]
    dead = SILENT in str(config.get("url")) or config.get("service", {}).get("name") in ("silent", "missing")
    dead |= config.get("service", {}).get("port") == 1
    if by_conditions:
        return True
    if dead or way in ("slow", "broken", "garbage", "other"):
        return entry.get("failurePolicy") != "Ignore"
    return way == "deny"
